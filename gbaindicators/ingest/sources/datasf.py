"""San Francisco's open data (Socrata): passengers of the airport by month, added up by the service itself.

The data set has a row for each airline, terminal and direction. Everything counts: those who board, those who leave
and those in transit. The service adds the rows of a month by `geo_summary`; domestic and international together are the
month.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

import polars as pl

from gbaindicators.catalog import Feed, catalog
from gbaindicators.ingest.exchange import Page, Request, page_rows
from gbaindicators.ingest.json_answers import read_json, read_records, refusal, text_columns

__all__ = ["parse", "request"]

_LIMIT: Final = 50_000
_COLUMNS: Final = ("activity_period", "geo_summary", "passengers")
_NAMED: Final = 6
_ALL: Final = ("Domestic", "International")


def request(feeds: Sequence[Feed], since: date | None) -> list[Request]:
    """Ask for the sums of all months: there are few, and history is issued again without marks."""
    return [
        Request(
            url=f"{catalog().services[feeds[0].service].base}/{data_set}.json",
            feeds=tuple(one for one in feeds if one.code["data_set"] == data_set),
            query={
                "$select": "activity_period,geo_summary,sum(passenger_count) AS passengers",
                "$group": "activity_period,geo_summary",
                "$order": "activity_period,geo_summary",
                "$limit": str(_LIMIT),
                "$offset": "0",
            },
            key="header:X-App-Token",
        )
        for data_set in sorted({str(one.code["data_set"]) for one in feeds})
    ]


def parse(body: bytes, request: Request) -> Page:
    """Read the sums, and add those that a feed counts together.

    Raises
    ------
    AnswerError
        When the service refuses, a column is missing, a sum is not a whole number, a month comes twice or a part of
        the passengers is of a kind that no feed knows.
    """
    read = read_records(body, _COLUMNS)
    if read is None:
        read = text_columns(_array(read_json(body, request), request), _COLUMNS, request)
    sums = _checked(read, request)
    following = None
    if read.height >= int(request.query["$limit"]):
        # the rest of the last month may stand on the next page: it is left to that page
        sums = sums.filter(pl.col("activity_period") < pl.col("activity_period").max())
        following = replace(
            request, query={**request.query, "$offset": str(int(request.query["$offset"]) + sums.height)}
        )
    rows = page_rows(_added(sums, request.feeds), request.feeds)
    if absent := {one.id for one in request.feeds} - set(rows["feed"].unique()):
        raise refusal(request, f"no figure of {', '.join(sorted(absent))}", "look its code up at the portal")
    return Page(rows, following, objections=_gaps(sums, request))


def _array(answer: Any, request: Request) -> list[Any]:
    if not isinstance(answer, list):
        said = str(answer.get("message", ""))[:200] if isinstance(answer, dict) else ""
        mend = "without a token the service is throttled; try again later, or with one"
        raise refusal(request, f"refused: {said}", mend)
    if not answer:
        raise refusal(request, "no rows", "the data set may have been withdrawn; look it up at the portal")
    return answer


def _checked(read: pl.DataFrame, request: Request) -> pl.DataFrame:
    for column, is_right in (
        ("activity_period", pl.col("activity_period").str.contains(r"^\d{4}(?:0[1-9]|1[0-2])$")),
        ("passengers", pl.col("passengers").str.contains(r"^\d{1,18}$")),
        ("geo_summary", pl.col("geo_summary").is_in(_ALL)),
    ):
        if (wrong := read.filter(~is_right)).height:
            raise refusal(
                request,
                f"{wrong.height:,} rows whose {column} is like {wrong[column][0][:40]!r}",
                "learn what it means before the figures are taken",
            )
    month = pl.col("activity_period").cast(pl.Int32)
    sums = read.with_columns(pl.col("passengers").cast(pl.Int64), month=month)
    kind = (pl.col("geo_summary") == _ALL[0]).cast(pl.Int32)
    if sums.select((2 * pl.col("month") + kind).n_unique()).item() == sums.height:
        return sums
    sums = sums.unique(maintain_order=True)
    if (twice := sums.filter(sums.select("month", "geo_summary").is_duplicated())).height:
        raise refusal(
            request,
            f"two sums of {' '.join(twice.row(0)[:2])}",
            "the answer is not grouped as asked, or contradicts itself",
        )
    return sums


def _added(sums: pl.DataFrame, feeds: Sequence[Feed]) -> pl.DataFrame:
    """Sums of the parts that each feed counts, for the months that have one."""
    text = pl.col("activity_period")
    # Each part has one sum a month, so only several parts need adding.
    whole = sums.group_by("month", maintain_order=True).agg(text.first(), pl.col("passengers").sum())
    rows = []
    for feed in feeds:
        part = str(feed.code["indicator"])
        several = part == "*"
        counted = whole if several else sums.filter(pl.col("geo_summary") == part)
        where = f"{feed.code['data_set']} sum(passenger_count) {' + '.join(_ALL) if several else part} "
        rows.append(
            counted.select(
                feed=pl.lit(feed.id),
                period=text.str.head(4) + "-" + text.str.tail(2),
                value=pl.col("passengers").cast(pl.String),
                locator=pl.lit(where) + text,
            )
        )
    return pl.concat(rows)


def _gaps(sums: pl.DataFrame, request: Request) -> tuple[str, ...]:
    """Say which months, or parts of them, are missing between the first and the last."""
    if sums.is_empty():
        return ()
    month = pl.col("activity_period")
    ends: tuple[str, str] = sums.select(month.min().alias("first"), month.max().alias("last")).row(0)
    first, last = (int(end[:4]) * 12 + int(end[4:]) - 1 for end in ends)
    every = range(first, last + 1)
    if sums.height == len(every) * len(_ALL):
        return ()
    there = set(sums.select("activity_period", "geo_summary").iter_rows())
    named = [(f"{n // 12:04d}{n % 12 + 1:02d}", part) for n in every for part in _ALL]
    missing = [" ".join(one) for one in named if one not in there]
    more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
    return (f"{request.feeds[0].service}: no passengers of {', '.join(missing[:_NAMED])}{more}",)
