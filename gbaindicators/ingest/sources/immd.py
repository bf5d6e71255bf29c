"""Immigration Department, Hong Kong: daily passengers through the control points.

One file, rewritten every day, holds everything since 2021: for each day and control point a row of arrivals and one of
departures, with three classes of traveller and their total. Nothing marks a figure as missing, provisional or revised.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, cast

import polars as pl

from gbaindicators.catalog import Feed, catalog
from gbaindicators.ingest.exchange import PAGE, Page, Request
from gbaindicators.ingest.json_answers import refusal

__all__ = ["parse", "request"]

_FILE: Final = "transport/immigration_clearance/statistics_on_daily_passenger_traffic.csv"
_KEY: Final = ("Date", "Control Point", "Arrival / Departure")
_CLASSES: Final = ("Hong Kong Residents", "Mainland Visitors", "Other Visitors")
_COUNTS: Final = (*_CLASSES, "Total")
_DIRECTIONS: Final = ("Arrival", "Departure")
_CHANGED: Final = "the format has changed; the connector must be mended"


def request(feeds: Sequence[Feed], since: date | None) -> list[Request]:
    """Ask for the one file; days before `since` are left out when it is read."""
    return [Request(url=f"{catalog().services['immd'].base}/{_FILE}", feeds=tuple(feeds), about=since)]


def parse(body: bytes, request: Request) -> Page:
    """Read the file.

    A control point that closes stays in the file and has no rows from then on. One that the catalogue does not know is
    an objection: it is new, or an old one has a new name.

    Raises
    ------
    AnswerError
        When the file is cut, lacks a column or a control point, has days that are none, or counts that are none.
    """
    table, new = _table(body, request)
    points = {point: one.area for one in request.feeds for point in _names(one)}
    present = set(table["Control Point"].unique())
    if absent := sorted({one.area for one in request.feeds if present.isdisjoint(_names(one))}):
        raise refusal(
            request,
            f"a file without {', '.join(absent)}",
            "it was renamed, or the file is another one; look at it",
        )
    known = table.filter(pl.col("Control Point").is_in(list(points))).with_columns(
        pl.col("Control Point").replace_strict(points, return_dtype=pl.String).alias("area")
    )
    day, notes = _days(known, request)
    rows = _observations(
        day if request.about is None else day.filter(pl.col("day") >= request.about), request.feeds
    )
    return Page(
        rows=rows,
        notes=(*(f"the file has the new column {name!r}" for name in new), *notes),
        objections=(*_strangers(table), *_wrong_totals(day)),
    )


def _names(feed: Feed) -> tuple[str, ...]:
    """Names under which a control point is or was published."""
    names = feed.code["area"]
    return (names,) if isinstance(names, str) else names


def _table(body: bytes, request: Request) -> tuple[pl.DataFrame, list[str]]:
    """Rows of the file as text, numbered from the first below the header, and the columns that are new."""
    if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise refusal(request, "a page of HTML or XML instead of a CSV file", "ask again later")
    if not body.endswith(b"\n"):
        raise refusal(
            request, f"a file of {len(body):,} bytes that ends within a line", "it was cut; ask again"
        )
    try:
        table = pl.read_csv(
            body.removeprefix(b"\xef\xbb\xbf"), infer_schema=False, row_index_name="line", row_index_offset=1
        )
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        raise refusal(
            request, f"no CSV file ({str(error)[:100]})", "it was cut or is of another format"
        ) from None
    named = [name for name in table.columns if name and not name.startswith("_duplicated")]
    if lacking := [name for name in (*_KEY, *_COUNTS) if name not in named]:
        raise refusal(request, f"a file without the column {', '.join(lacking)}", _CHANGED)
    table = table.select("line", *_KEY, *_COUNTS)
    if (holes := table.filter(pl.any_horizontal(pl.all().is_null()))).height:
        raise refusal(
            request, f"row {holes['line'][0]:,} with empty cells", "the file was cut or shifted; look at it"
        )
    if not table.height:
        raise refusal(request, "a file with no rows", "ask again later")
    return table, [name for name in named if name not in ("line", *_KEY, *_COUNTS)]


def _days(known: pl.DataFrame, request: Request) -> tuple[pl.DataFrame, list[str]]:
    """Rows with their day and counts, each day and point with its arrivals and its departures once."""
    table = known.with_columns(
        pl.col("Date").str.to_date("%d-%m-%Y", strict=False).alias("day"),
        pl.col(_COUNTS).str.replace_all(",", "", literal=True),
    ).with_columns(pl.col(_COUNTS).cast(pl.UInt32, strict=False).name.suffix(" counted"))
    counted = pl.all_horizontal(pl.col(f"{name} counted").is_not_null() for name in _COUNTS)
    # Polars reads "1-1-26" and "01-01--026" as days too.
    dated = pl.col("day").is_between(date(2000, 1, 1), date(2999, 12, 31)) & (
        pl.col("Date").str.len_bytes() == 10
    )
    if (wrong := table.filter(~(counted & dated.fill_null(value=False)))).height:
        cells = ", ".join(wrong.select(*_KEY, *_COUNTS).row(0))
        raise refusal(
            request, f"row {wrong['line'][0]:,} with a day or counts that are none ({cells[:200]})", _CHANGED
        )
    if unknown := set(table["Arrival / Departure"].unique()).difference(_DIRECTIONS):
        raise refusal(request, f"the direction {', '.join(sorted(unknown))!r}", _CHANGED)
    key = ["day", "area", "Arrival / Departure"]
    if table.select(key).n_unique() < table.height:
        table = table.unique([*key, *_COUNTS], keep="first", maintain_order=True)
        if (twice := table.filter(table.select(key).is_duplicated())).height:
            raise refusal(
                request,
                f"different counts at {twice['Control Point'][0]} on {twice['Date'][0]} (rows "
                f"{', '.join(str(line) for line in twice['line'][:2])})",
                "the file contradicts itself; ask again tomorrow",
            )
    one_way = table.group_by("day", "area").len().filter(pl.col("len") < len(_DIRECTIONS)).sort("day", "area")
    if one_way.height:
        first = one_way.row(0, named=True)
        raise refusal(
            request,
            f"{first['area']} on {first['day']} with one direction of two ({one_way.height:,} such)",
            "the file was cut; ask again",
        )
    return table, _gone(table)


def _gone(table: pl.DataFrame) -> list[str]:
    """Control points without rows on the last day that had some on the day before."""
    last = cast(date, table["day"].max())
    gone = set(table.filter(day=last - timedelta(days=1))["area"]).difference(table.filter(day=last)["area"])
    return [
        f"no rows for {area} on {last}: closed since the day before, or not in yet" for area in sorted(gone)
    ]


def _observations(table: pl.DataFrame, feeds: Sequence[Feed]) -> pl.DataFrame:
    """One row for each count of each feed."""
    of_count: dict[tuple[str, ...], dict[str, str]] = {}
    for one in feeds:
        of_count.setdefault(tuple(one.code["indicator"]), {})[one.area] = one.id
    ready = table.with_columns(
        pl.col("day").dt.to_string("%Y-%m-%d").alias("period"), pl.format("row {}", "line").alias("locator")
    )
    same = {"unit": feeds[0].unit, "scale": str(feeds[0].scale), "status": "A", "vintage": "", "note": ""}
    parts = [
        ready.filter(pl.col("Arrival / Departure") == direction).select(
            pl.col("area").replace_strict(ids, default=None, return_dtype=pl.String).alias("feed"),
            "period",
            pl.col(column).alias("value"),
            "locator",
            *(pl.lit(value).alias(name) for name, value in same.items()),
        )
        for (direction, column), ids in of_count.items()
    ]
    return pl.concat(parts).filter(pl.col("feed").is_not_null()).select(*PAGE)


def _strangers(table: pl.DataFrame) -> list[str]:
    known = [name for one in catalog().services["immd"].feeds for name in _names(one)]
    strange = table.filter(~pl.col("Control Point").is_in(known)).unique("Control Point", keep="first")
    return [
        f"the control point {name!r} (row {line:,}) is none of the catalogue: new, or an old one renamed; give the area "
        "the name, in areas.toml and services/immd.toml"
        for line, name in strange.sort("line").select("line", "Control Point").iter_rows()
    ]


def _wrong_totals(table: pl.DataFrame) -> list[str]:
    parts = pl.sum_horizontal(f"{name} counted" for name in _CLASSES)
    wrong = table.filter(parts != pl.col("Total counted"))
    if not wrong.height:
        return []
    first = wrong.row(0, named=True)
    return [
        f"{wrong.height:,} rows whose total is not the sum of the three classes, the first row {first['line']:,}: "
        f"{first['Control Point']}, {first['Arrival / Departure']}, {first['Date']}"
    ]
