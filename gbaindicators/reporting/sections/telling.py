"""What the sections share: names, limits of a comparison in words, and tables of what a chart shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import polars as pl

from gbaindicators.catalog import catalog
from gbaindicators.charts.labels import (
    choose_scale,
    listing,
    name_of,
    period_label,
    subtitle_of,
    title_of,
)
from gbaindicators.reporting.exhibits import Cell, Note, Table
from gbaindicators.reporting.numbers import column_scale, writer
from gbaindicators.reporting.words import Words
from gbaindicators.tables.series_frame import one_unit

__all__ = ["area_name", "chart_table", "definition_name", "drawn", "limits", "unit_line", "year_of"]

_BREAK: Final = "break: "
_SECONDARY: Final = "secondary sources only for "
#: What `benchmark` notes, and the key of its words.
_PIECES: Final = {
    "fiscal years weighted by months": "fiscal_mean",
    "counted in the middle of the fiscal year": "mid_year",
    "years as sums of months": "twelve_months",
    "provisional": "provisional",
    "secondary sources only": "secondary",
}


def area_name(area: str, words: Words) -> str:
    """Name of an area in the language of the words."""
    return name_of("area", area, words.lang)


def definition_name(row: dict[str, Any], words: Words, subject: str = "economy") -> str:
    """Name of the definition that a row of a comparison goes by."""
    return catalog().definition(str(row["area"]), subject, str(row["definition"])).names[words.lang]


def year_of(frame: pl.DataFrame) -> int:
    """Year of the first row."""
    return int(frame["period"].dt.year()[0])


def limits(table: pl.DataFrame, words: Words, *, subject: str = "economy") -> tuple[Note, ...]:
    """Say by which definition each bay is measured and what limits the comparison."""
    said = []
    for (area,), rows in table.partition_by("area", as_dict=True, maintain_order=True).items():
        english = catalog().definition(str(area), subject, str(rows["definition"][0])).names["en"]
        found = {p for note in rows["note"] for p in note.removeprefix(english).split("; ") if p}
        told = [definition_name(rows.row(0, named=True), words, subject)]
        told += [_piece(p, words) for p in sorted(found) if not p.startswith(_BREAK)]
        breaks = rows.sort("period")[1:].filter(pl.col("status") == "B")["period"].dt.year()
        if breaks.len():
            told.append(words("limit.breaks", years=listing([str(y) for y in breaks], words.lang)))
        mark = "; " if words.lang == "en" else "；"
        said.append(words("limit.sentence", area=area_name(str(area), words), limits=mark.join(told)))
    return (Note((" " if words.lang == "en" else "").join(said)),)


def _piece(piece: str, words: Words) -> str:
    if piece.startswith(_SECONDARY):
        ids = piece.removeprefix(_SECONDARY).split(", ")
        return words("limit.secondary_for", areas=listing([area_name(i, words) for i in ids], words.lang))
    return words(f"limit.{_PIECES[piece]}") if piece in _PIECES else piece


def drawn(table: pl.DataFrame, words: Words, *, subject: str = "economy") -> pl.DataFrame:
    """Give a chart the limits in words in place of the methods' ids."""
    told = []
    for row in table.select("area", "definition", "note").iter_rows(named=True):
        english = catalog().definition(row["area"], subject, row["definition"]).names["en"]
        rest = [p for p in row["note"].removeprefix(english).split("; ") if p and not p.startswith(_BREAK)]
        pieces = [definition_name(row, words, subject), *(_piece(p, words) for p in rest)]
        told.append("; ".join(pieces))
    return table.with_columns(pl.Series("method", told, dtype=pl.String))


def unit_line(table: pl.DataFrame, words: Words) -> str:
    """Subtitle of a chart of bay areas: what and in which unit; the limits stand in its note."""
    scale = choose_scale(one_unit(table, "a chart"), table["value"].drop_nulls().to_list(), words.lang)
    return subtitle_of(table, scale, words.lang, lead=title_of(table.select("indicator"), words.lang))


def chart_table(
    frame: pl.DataFrame,
    words: Words,
    label: str | Sequence[str] = "area",
    *,
    value: str = "value",
    write: Callable[[Any], str] | None = None,
) -> Table:
    """Print what a chart shows: periods down and series across, or series down where there is one period.

    Parameters
    ----------
    frame
        The exhibit's data; every number leads to its row.
    label
        Column or columns whose values name a series.
    value, write
        Column to print and how; by default ``value`` in the scale of the largest.
    """
    labels = [label] if isinstance(label, str) else list(label)
    scale = column_scale(frame, words.lang) if write is None else None
    print_ = write or writer(scale)  # type: ignore[arg-type]
    unit = f" ({scale.unit})" if scale is not None and scale.unit else ""
    rows = list(frame.with_row_index("_row").iter_rows(named=True))
    names = list(dict.fromkeys(_label(r, labels, words) for r in rows))
    periods = sorted({(r["period"], str(r.get("frequency") or "A")) for r in rows})
    cells = {(_label(r, labels, words), r["period"]): Cell(print_(r[value]), (r["_row"],)) for r in rows}
    none = Cell(words("table.none"))
    written = [(day, period_label(code, day, words.lang)) for day, code in periods]
    if len(periods) == 1 or len(names) > len(periods):
        body = [[Cell(name), *(cells.get((name, day), none) for day, _ in written)] for name in names]
        head = [
            words("table.series"),
            *(f"{text}{unit}" if len(written) == 1 else text for _, text in written),
        ]
    else:
        body = [[Cell(text), *(cells.get((name, day), none) for name in names)] for day, text in written]
        head = [words("table.period") + unit, *names]
    return Table(head, body, frozenset(range(1, len(head))))


def _label(row: dict[str, Any], columns: Sequence[str], words: Words) -> str:
    mark = ", " if words.lang == "en" else "，"
    return mark.join(_word(column, row, words) for column in columns)


def _word(column: str, row: dict[str, Any], words: Words) -> str:
    match column:
        case "definition":
            return definition_name(row, words)
        case "basis":
            return words(f"ranking.{row['basis']}")
        case "prices" if str(row["prices"]).startswith("constant "):
            return words("ranking.constant", year=str(row["prices"]).removeprefix("constant "))
        case "prices":
            return words("ranking.current")
        case _:
            return name_of(column, row[column], words.lang)
