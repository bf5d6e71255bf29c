"""What the report shows: exhibits, each with its words, its picture, its table and the frame behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Exhibit", "Section", "Table", "amount", "money", "people", "percent", "source_ids"]


@dataclass(frozen=True)
class Table:
    """A table as it is printed: text in cells, numbers already written."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Exhibit:
    """A chart or a table with all that it needs to stand alone.

    `data` is the series frame behind it, written as CSV and into the workbook.
    """

    id: str
    title: str
    data: pl.DataFrame
    notes: str = ""
    figure: go.Figure | None = None
    table: Table | None = None

    @property
    def sources(self) -> list[str]:
        """Ids of the sources behind the exhibit."""
        return source_ids(self.data)


@dataclass(frozen=True)
class Section:
    """A part of the report under one heading."""

    id: str
    title: str
    text: Sequence[str] = ()
    exhibits: Sequence[Exhibit] = field(default_factory=tuple)


def source_ids(frame: pl.DataFrame) -> list[str]:
    """Ids of the sources of a frame, sorted."""
    if "sources" in frame.columns:
        return sorted(frame["sources"].explode().drop_nulls().unique().to_list())
    if "source" in frame.columns:
        return sorted(frame["source"].drop_nulls().unique().to_list())
    return []


def amount(value: float) -> str:
    """Write an amount with its scale word.

    >>> amount(1.9419e12), amount(17104000), amount(40000)
    ('1.94 trillion', '17.10 million', '40,000')
    """
    for size, word in ((1e12, " trillion"), (1e9, " billion"), (1e6, " million")):
        if abs(value) >= size:
            return f"{value / size:,.2f}{word}"
    return f"{value:,.0f}"


def money(value: float | None, unit: str) -> str:
    """Write an amount of money with its sign and scale word.

    >>> money(1.9419e12, "USD"), money(22433.4, "USD"), money(2.1e12, "international dollars")
    ('US$1.94 trillion', 'US$22,433', 'Int$2.10 trillion')
    """
    sign = {"USD": "US$", "international dollars": "Int$"}.get(unit, unit + " ")
    return "–" if value is None else sign + amount(value)


def people(value: float | None) -> str:
    """Write a count with its scale word.

    >>> people(86439700), people(40000)
    ('86.4 million', '40,000')
    """
    if value is None:
        return "–"
    return f"{value / 1e6:,.1f} million" if abs(value) >= 1e6 else f"{value:,.0f}"


def percent(value: Any) -> str:
    """Write a rate.

    >>> percent(4.256), percent(None)
    ('4.3%', '–')
    """
    return "–" if value is None else f"{value:,.1f}%"
