"""What the report is made of: sections of statements and exhibits, each with the frame behind it and its trail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["Cell", "Exhibit", "Note", "Section", "Statement", "Table", "plain", "source_ids"]


@dataclass(frozen=True)
class Cell:
    """A printed cell: its text, the rows of the exhibit's data that it shows, and the language if it is not the page's."""

    text: str
    rows: tuple[int, ...] = ()
    lang: str | None = None
    #: Source that a text is quoted from.
    source: str | None = None


@dataclass(frozen=True)
class Table:
    """A table as it is printed: text in cells, numbers already written."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    numeric: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Note:
    """A text, and the language it is in if it is not the page's."""

    text: str
    lang: str | None = None


@dataclass(frozen=True)
class Statement:
    """A sentence of the report, with the rows of the exhibits that its numbers stand in.

    `rows` are pairs of an exhibit's id and a row of its data; `summary` says that the summary repeats it.
    """

    text: str
    rows: Sequence[tuple[str, int]] = ()
    summary: bool = False


@dataclass(frozen=True)
class Exhibit:
    """A chart or a table with all that it needs to stand alone.

    `data` is the frame behind it, written as CSV and into the workbook. `trail` names the published figures behind
    each row of it (see `tracing`). `open_table` prints the table at once instead of behind a chart.
    """

    id: str
    title: str
    data: pl.DataFrame
    notes: Sequence[Note] = ()
    figure: go.Figure | None = None
    table: Table | None = None
    trail: pl.DataFrame | None = None
    open_table: bool = False

    @property
    def sources(self) -> list[str]:
        """Ids of the sources behind the exhibit."""
        return source_ids(self.data)


@dataclass(frozen=True)
class Section:
    """A part of the report under one heading; `missing` says why it, or a part of it, cannot be made."""

    id: str
    title: str
    text: Sequence[Statement] = ()
    exhibits: Sequence[Exhibit] = field(default_factory=tuple)
    missing: Sequence[Note] = ()


def plain(*texts: str) -> tuple[Cell, ...]:
    """Cells that show words rather than numbers.

    >>> [cell.text for cell in plain("a", "b")]
    ['a', 'b']
    """
    return tuple(Cell(text) for text in texts)


def source_ids(frame: pl.DataFrame) -> list[str]:
    """Ids of the sources of a frame, sorted."""
    if "sources" in frame.columns:
        return sorted(frame["sources"].explode().drop_nulls().unique().to_list())
    if "source" in frame.columns:
        return sorted(frame["source"].drop_nulls().unique().to_list())
    return []
