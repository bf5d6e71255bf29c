"""Gateways: ports and airports by bay area, and the boundary of Hong Kong."""

from __future__ import annotations

from typing import Any

import polars as pl

from gbaindicators import charts
from gbaindicators.charts.labels import listing, period_label
from gbaindicators.comparison import benchmark
from gbaindicators.errors import UsageError
from gbaindicators.reporting import tracing
from gbaindicators.reporting.exhibits import Exhibit, Note, Section, Statement
from gbaindicators.reporting.numbers import amount
from gbaindicators.reporting.sections.telling import (
    area_name,
    chart_table,
    definition_name,
    drawn,
    limits,
    unit_line,
    year_of,
)
from gbaindicators.reporting.words import Words
from gbaindicators.store import load
from gbaindicators.transforms import to_frequency

__all__ = ["boundary", "gateways"]


def gateways(words: Words) -> Section:
    """Containers and air passengers by bay area."""
    exhibits: list[Exhibit] = []
    said: list[Statement] = []
    missing: list[Note] = []
    for id_, indicator, subject in (
        ("containers", "container_throughput", "ports"),
        ("air", "air_passengers", "airports"),
    ):
        try:
            found = _gateway(id_, indicator, subject, words)
        except UsageError as error:
            what = Note(words("page.missing_exhibit", what=words(f"gateways.{id_}")))
            missing += [what, Note(str(error), "en")]
            continue
        said.append(found[0])
        exhibits += found[1]
    counted = Statement(words("gateways.counted"))
    return Section("gateways", words("gateways.title"), (*said, counted), tuple(exhibits), tuple(missing))


def _gateway(id_: str, indicator: str, subject: str, words: Words) -> tuple[Statement, list[Exhibit]]:
    """Describe one kind of gateway: the latest common year, and all years."""
    table, long = benchmark(indicator), benchmark(indicator, year=None)
    year, what = year_of(table), words(f"gateways.{id_}")
    rows: list[dict[str, Any]] = list(table.iter_rows(named=True))
    place = next(i for i, r in enumerate(rows) if r["area"] == "greater_bay_area")
    row = rows[place]
    statement = Statement(
        words(
            "gateways.said", what=what, year=year, area=area_name(row["area"], words), definition=definition_name(row, words, subject),
            value=amount(row["value"], row["unit"], words.lang), rank=row["rank"], count=len(rows),
        ),
        [(id_, place)], summary=True,
    )  # fmt: skip
    exhibits = []
    for suffix, frame, title, note, draw in (
        ("", table, words("gateways.in_year", what=what, year=year), words("gateways.latest", year=year), charts.bars),
        ("-history", long, words("gateways.by_area", what=what), words("gateways.open"), charts.line),
    ):  # fmt: skip
        shown = drawn(frame, words, subject=subject)
        figure = draw(shown, title=title, subtitle=unit_line(frame, words), lang=words.lang)
        exhibits.append(
            Exhibit(
                id_ + suffix, title, frame, (*limits(frame, words, subject=subject), Note(note)), figure=figure,
                table=chart_table(frame, words), trail=tracing.of_members(frame),
            )
        )  # fmt: skip
    return statement, exhibits


def boundary(words: Words) -> Section:
    """Hong Kong's boundary crossings by month, and by control point."""
    monthly = to_frequency(load("crossings", "hong_kong", frequency="D"), "M")
    whole = monthly.filter(pl.col("value").is_not_null())
    left = [period_label("M", p, words.lang) for p in monthly.filter(pl.col("value").is_null())["period"]]
    year = _last_whole_year(whole)
    points = _points(year)
    title = words("boundary.crossings")
    note = words("boundary.note") + (
        (" " if words.lang == "en" else "") + words("boundary.left_out", months=listing(left, words.lang))
        if left
        else ""
    )
    by_point = words("boundary.points", year=year)
    return Section("boundary", words("boundary.title"), (_counted(whole, year, words), Statement(words("boundary.counted"))), (
        Exhibit("crossings", title, whole, (Note(note),), figure=charts.line(whole, title=title, subtitle=unit_line(whole, words), lang=words.lang),
                table=chart_table(whole, words), trail=tracing.of_days(whole)),
        Exhibit("control-points", by_point, points, (Note(words("boundary.points_note")),), figure=charts.bars(points, title=by_point, subtitle=unit_line(points, words), lang=words.lang),
                table=chart_table(points, words), trail=tracing.of_days(points)),
    ))  # fmt: skip


def _last_whole_year(months: pl.DataFrame) -> int:
    """Year of the latest twelve whole months from January on."""
    years = months.group_by(pl.col("period").dt.year().alias("year")).len().filter(pl.col("len") == 12)
    if years.is_empty():
        raise UsageError("no calendar year has all twelve months of crossings")
    return int(years["year"].max())  # type: ignore[arg-type]


def _points(year: int) -> pl.DataFrame:
    """Crossings of a year by control point, those that were used."""
    days = load("crossings", frequency="D", start=f"{year}-01", end=f"{year}-12")
    points = to_frequency(days.filter(pl.col("area") != "hong_kong"), "A")
    return points.filter(pl.col("value") > 0).sort("value", descending=True)


def _counted(whole: pl.DataFrame, year: int, words: Words) -> Statement:
    months = whole.with_row_index("row")
    peak = months.sort("value", descending=True).row(0, named=True)
    of_year = months.filter(pl.col("period").dt.year() == year)
    first, last = (period_label("M", whole["period"][i], words.lang) for i in (0, -1))
    text = words(
        "boundary.said", year=year, value=amount(float(of_year["value"].sum()), "persons", words.lang).removesuffix(" persons") + ("次" if words.lang != "en" else ""),
        first=first, last=last, month=period_label("M", peak["period"], words.lang),
        peak=amount(peak["value"], "persons", words.lang).removesuffix(" persons") + ("次" if words.lang != "en" else ""),
    )  # fmt: skip
    return Statement(
        text, [("crossings", row) for row in (*of_year["row"].to_list(), peak["row"])], summary=True
    )
