"""Published figures as the page shows them: as published, with their place in the source; each text held once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, Final

import polars as pl

from gbaindicators.charts.labels import name_of, number_text, period_label
from gbaindicators.reporting.numbers import unit_name
from gbaindicators.reporting.words import Words

__all__ = ["COLUMNS", "SOURCE_COLUMN", "WORDS_COLUMNS", "as_published", "coded", "ranges"]

#: Columns of the figures shown, in the order of ``dialog.columns``.
COLUMNS: Final = (
    "indicator", "area", "period", "published", "status", "vintage", "source", "locator", "note",
)  # fmt: skip
SOURCE_COLUMN: Final = COLUMNS.index("source")
#: Columns whose words are those of sources.
WORDS_COLUMNS: Final = (COLUMNS.index("locator"), COLUMNS.index("note"))
_RAISED: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def as_published(row: dict[str, Any], lang: str) -> str:
    """Write a figure with the digits, scale and unit that it was published with.

    >>> as_published({"published_value": "3235.9", "published_scale": 9, "published_unit": "HKD"}, "en")
    '3235.9 × 10⁹ Hong Kong dollar'
    """
    if row["published_value"] is None:
        value = row["value"]
        number = number_text(value, 0 if value == int(value) else None)
        return f"{number} {unit_name(row['unit'], lang)}"
    scale = row["published_scale"] or 0
    power = f" × 10{str(scale).translate(_RAISED)}" if scale else ""
    return f"{row['published_value']}{power} {unit_name(row['published_unit'] or '', lang)}".strip()


def coded(figures: pl.DataFrame, words: Words) -> tuple[list[str], list[list[int]]]:
    """Give the texts of some figures, and for each figure the places of its texts."""
    texts: dict[str, int] = {}
    rows = []
    for row in figures.iter_rows(named=True):
        cells = _cells(row, words.lang)
        rows.append([texts.setdefault(text, len(texts)) for text in cells])
    return list(texts), rows


def _cells(row: dict[str, Any], lang: str) -> tuple[str, ...]:
    kinds = [k for k in (row["prices"], row["adjustment"]) if k not in (None, "nsa")]
    mark = ", " if lang == "en" else "，"
    what = [name_of("indicator", row["indicator"], lang)]
    what += [name_of("prices" if k == row["prices"] else "adjustment", k, lang) for k in kinds]
    note = "; ".join(t for t in (row["method"], row["note"]) if t)
    return (
        mark.join(what), name_of("area", row["area"], lang), period_label(row["frequency"], row["period"], lang), as_published(row, lang),
        row["status"], row["vintage"].isoformat(), row["source"], row["locator"] or "", note,
    )  # fmt: skip


def ranges(places: Sequence[int]) -> str:
    """Write ascending numbers as spans.

    >>> ranges([1, 2, 3, 7, 9, 10])
    '1-3,7,9-10'
    """
    return ",".join(_span([place for _, place in run]) for _, run in groupby(enumerate(places), _offset))


def _offset(numbered: tuple[int, int]) -> int:
    """What stays the same along numbers that follow one another."""
    return numbered[1] - numbered[0]


def _span(run: Iterable[int]) -> str:
    first, *rest = run
    return f"{first}-{rest[-1]}" if rest else str(first)
