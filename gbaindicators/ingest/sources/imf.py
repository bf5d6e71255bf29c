"""International Monetary Fund: data flows of its SDMX service, here the World Economic Outlook (WEO).

The WEO is asked for as SDMX-ML 2.1, the form of the recorded answer: only there is it known that the attribute which
parts figures from projections (LATEST_ACTUAL_ANNUAL_DATA) comes with the series. SDMX-ML 3.0 is read as well.

SCALE is the power of ten that the Fund's site shows the figures in. The values have it in them already: recorded are
SCALE 9 with 94669000000 and SCALE 6 with Japan's 27198880.827 ounces of gold. So it is never multiplied in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import polars as pl

from gbaindicators.catalog import Feed, catalog
from gbaindicators.ingest.exchange import Page, Request
from gbaindicators.ingest.json_answers import refusal
from gbaindicators.ingest.sdmx_messages import Message, read_structure_specific
from gbaindicators.ingest.sdmx_series import by_flow, observation_rows, series_codes

__all__ = ["parse", "request"]

_FORMAT: Final = "application/vnd.sdmx.structurespecificdata+xml;version=2.1"
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_YEAR: Final = re.compile(r"\d{4}")


def request(feeds: Sequence[Feed], since: date | None) -> list[Request]:
    """Ask for all series of a flow at once; the whole of them, as every edition of the WEO revises the years before."""
    base = catalog().services["imf"].base
    return [
        Request(url=f"{base}/data/{path}", feeds=series, query=start, headers={"Accept": _FORMAT})
        for path, series, start in by_flow(feeds)
    ]


def parse(body: bytes, request: Request) -> Page:
    """Read the series that were asked for.

    A year after the last one with actual data is an estimate of the Fund's staff (status E) if it was over when the
    edition was published; the years after that are projections, no observations, and are left out. Where the answer
    does not say which year was the last, all are estimates. Figures are of the day of the data set's last update.

    Raises
    ------
    AnswerError
        When the message is cut or of another kind, a series is missing, or its unit is another.
    """
    dimensions = request.feeds[0].code["dimensions"]
    message = read_structure_specific(body, request, dimensions)
    asked = {tuple(series_codes(one).values()): one for one in request.feeds}
    facts = []
    for number, attributes in enumerate(message.series):
        if feed := asked.get(tuple(attributes.get(name, "") for name in dimensions)):
            facts.append({"series": number, **_facts(feed, attributes, message, request)})
    columns = ("series", "feed", "locator", "note", "vintage", "actual", "over")
    kinds = [pl.UInt32, *[pl.String] * 4, pl.Int32, pl.Int32]
    known = pl.DataFrame(facts, schema=dict(zip(columns, kinds, strict=True)))
    read = message.observations.join(known, on="series", maintain_order="left")
    year = pl.col("period").str.slice(0, 4).cast(pl.Int32, strict=False)
    estimated = year > pl.col("actual")
    read = read.with_columns(
        pl.when(year > pl.col("over"))
        .then(pl.lit("F"))
        .when(estimated & pl.col("status").is_in(["", "A"]))
        .then(pl.lit("E"))
        .otherwise("status")
        .alias("status"),
        pl.concat_str("locator", pl.lit(" "), "period").alias("locator"),
        pl.concat_str(
            "note", pl.when(estimated).then(pl.lit("; IMF staff estimate")).otherwise(pl.lit(""))
        ).alias("note"),
    )
    rows, notes = observation_rows(read.drop("series", "actual", "over"), request, known["feed"].to_list())
    return Page(rows, notes=notes)


def _facts(
    feed: Feed, attributes: Mapping[str, str], message: Message, request: Request
) -> dict[str, str | int | None]:
    """What the attributes of a series say of all its observations."""
    unit = attributes.get("UNIT", "")
    if feed.code.get("unit", unit) != unit:
        raise refusal(request, f"{feed.id} in unit {unit!r}, not {feed.code['unit']!r}", "mend the feed")
    updated = _DAY.match(attributes.get("UPDATE_DATE") or attributes.get("PUBLICATION_DATE", ""))
    published = attributes.get("PUBLICATION_DATE") or message.prepared
    base = attributes.get("BASE_YEAR", "")
    says = [
        f"{attributes['SERIES_NAME']}" if "SERIES_NAME" in attributes else "",
        unit and f"unit {unit}",
        base and f"base year {base}",
    ]
    outlook = str(feed.code["flow"]).endswith("WEO")
    actual = _YEAR.search(attributes.get("LATEST_ACTUAL_ANNUAL_DATA", ""))
    return {
        "feed": feed.id,
        "locator": f"{feed.code['flow']} {'.'.join(series_codes(feed).values())}",
        "note": "; ".join(filter(None, says)),
        "vintage": updated[0] if updated else "",
        "actual": (int(actual[0]) if actual else 0) if outlook else None,
        "over": int(published[:4]) - 1 if outlook and _DAY.match(published) else None,
    }
