"""The table of a benchmark: bay areas with value, rank, definition and what limits the comparison."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from gbaindicators.catalog import catalog, period_text
from gbaindicators.charts.labels import choose_scale, methods_of, name_of, period_label, subtitle_of, title_of
from gbaindicators.charts.tabular.layout import (
    Column,
    Marks,
    Sheet,
    build,
    scaled,
    status_column,
    written,
)
from gbaindicators.charts.tabular.words import word
from gbaindicators.charts.wording import check_language
from gbaindicators.errors import FrameError
from gbaindicators.tables.series_frame import check_series_frame, one_unit

if TYPE_CHECKING:
    from great_tables import GT

__all__ = ["benchmark"]


def benchmark(
    frame: pl.DataFrame,
    *,
    title: str | None = None,
    subtitle: str | None = None,
    lang: str = "en",
) -> GT:
    """Set a benchmark as a table: areas by rank, several years one below the other.

    What is mixed in a value, and what limits the comparison, are numbered footnotes; statuses are raised letters.

    Parameters
    ----------
    frame
        What `gba.benchmark` gives, or part of it: ``area``, ``period``, ``value``, ``rank`` and, where there are,
        ``unit``, ``definition``, ``mixed``, ``note``, ``status``, ``method`` and ``sources``.
    title, subtitle
        By default the indicator; and unit, prices and, where all rows have one, the year.
    lang
        ``en``, ``zh-Hans`` or ``zh-Hant``. Notes and methods are in English.

    Returns
    -------
    great_tables.GT
        Columns are area, rank, value, the year where rows differ, and the definition.

    Raises
    ------
    FrameError
        When the frame is not one that `gba.benchmark` gives, is empty, or mixes units.
    ExportError
        When great-tables is not installed.

    Examples
    --------
    >>> from datetime import date
    >>> frame = pl.DataFrame({
    ...     "area": ["greater_bay_area", "new_york_bay_area"], "period": [date(2022, 1, 1)] * 2,
    ...     "value": [1.94e12, 2.16e12], "unit": ["USD"] * 2, "rank": [2, 1], "note": ["eleven cities", None],
    ... })
    >>> table = benchmark(frame).as_raw_html()
    >>> table.index("New York Bay Area") < table.index("Greater Bay Area"), "US$ trillion" in table
    (True, True)
    """
    check_language(lang)
    frame = check_series_frame(frame, "area", "rank")
    if frame["value"].null_count() == frame.height:
        raise FrameError("the frame has no figures, so there is nothing to set as a table")
    scale = choose_scale(one_unit(frame, "a benchmark table"), frame["value"].drop_nulls().to_list(), lang)
    frame = frame.sort(pl.col("period").dt.year(), "rank", maintain_order=True)
    periods: list[date] = frame["period"].to_list()
    years = [str(p.year) for p in periods]
    shared = period_label("A", periods[0], lang) if len(set(periods)) == 1 else ""
    marks = Marks()
    rows = list(frame.iter_rows(named=True))
    columns = [
        Column(
            "area", word("area", lang), [name_of("area", r["area"], lang) for r in rows],
            marks=[_joined(marks.note(text) for text in _limits(r)) for r in rows],
        ),
        Column("rank", word("rank", lang), frame["rank"].to_list(), align="right"),
        Column(
            "value", scale.unit or word("value", lang), scaled(frame["value"], scale), written(scale), align="right",
            marks=[_joined([marks.status(r.get("status")), *(marks.note(m) for m in r.get("mixed") or ())]) for r in rows],
        ),
    ]  # fmt: skip
    if not shared and any((p.month, p.day) != (1, 1) for p in periods):
        labels = {period_text("A", p): period_label("A", p, lang) for p in periods}
        columns.append(
            Column("year", word("year", lang), [period_text("A", p) for p in periods], labels.__getitem__)
        )
    if "definition" in frame.columns:
        columns.append(Column("definition", word("definition", lang), [_definition(r, lang) for r in rows]))
    what = title_of(frame.select(c for c in ("indicator",) if c in frame.columns), lang)
    parts = [subtitle_of(frame, scale, lang, lead=what if title else ""), shared]
    return build(
        Sheet(
            title=what if title is None else title,
            subtitle=(", " if lang == "en" else "，").join(p for p in parts if p) if subtitle is None else subtitle,
            columns=columns, lang=lang, marks=marks, notes=[_method(frame)], frames=[frame],
            groups=None if len(set(years)) == 1 else years, beside=_beside(frame, scale.unit, periods),
        )
    )  # fmt: skip


def _definition(row: dict[str, Any], lang: str) -> str | None:
    """Name of the definition of an area, its id where the catalogue has no such definition."""
    id_ = row["definition"]
    names = {(d.area, d.id): d.names[lang] for d in catalog().definitions}
    return None if id_ is None else names.get((row["area"], id_), str(id_))


def _limits(row: dict[str, Any]) -> list[str]:
    """What a row's note says beyond the definition, which has a column."""
    note = row.get("note") or ""
    if row.get("definition") is not None:
        note = note.removeprefix(_definition(row, "en") or "")
    return [piece for piece in note.split("; ") if piece]


def _method(frame: pl.DataFrame) -> str:
    """How values were made comparable; of which members they are sums, the definitions say."""
    steps = methods_of("en", frame).split("; ")
    return "; ".join(s for s in steps if not s.startswith(("sum of ", "its one member")))


def _joined(marks: Any) -> str:
    return " ".join(mark for mark in marks if mark)


def _beside(frame: pl.DataFrame, unit: str, periods: Sequence[date]) -> dict[str, list[Any]]:
    beside: dict[str, list[Any]] = {"time_period": [period_text("A", p) for p in periods]}
    if "status" in frame.columns:
        beside["status"] = status_column(frame)
    if unit:
        beside["unit"] = [unit] * frame.height
    if "sources" in frame.columns:
        beside["sources"] = ["; ".join(catalog().cite(ids or ())) for ids in frame["sources"].to_list()]
    return beside
