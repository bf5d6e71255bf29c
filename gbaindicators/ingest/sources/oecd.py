"""Organisation for Economic Co-operation and Development: flows of its SDMX service, here its functional urban areas.

Asked for as SDMX-CSV with all its detail: ``detail=dataonly`` would blank the columns that say which figures are
provisional and in what power of ten they are. UNIT_MULT is that power, and is the scale of the figure.
The service allows sixty downloads an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import polars as pl

from gbaindicators.catalog import Feed, catalog
from gbaindicators.ingest.exchange import Page, Request
from gbaindicators.ingest.json_answers import refusal
from gbaindicators.ingest.sdmx_messages import read_sdmx_csv
from gbaindicators.ingest.sdmx_series import by_flow, observation_rows, series_codes

__all__ = ["parse", "request"]

_NOTHING: Final = b"NoRecordsFound"
_HEADERS: Final = {"Accept": "application/vnd.sdmx.data+csv; charset=utf-8"}


def request(feeds: Sequence[Feed], since: date | None) -> list[Request]:
    """Ask for all series of a flow at once, whole: its figures are modelled anew at each release."""
    base = catalog().services["oecd"].base
    query = {"dimensionAtObservation": "AllDimensions", "format": "csvfile"}
    return [
        Request(url=f"{base}/data/{path}", feeds=series, query={**query, **start}, headers=_HEADERS)
        for path, series, start in by_flow(feeds)
    ]


def parse(body: bytes, request: Request) -> Page:
    """Read the series that were asked for; rows may come in any order.

    Raises
    ------
    AnswerError
        When there are no records, the CSV is cut or lacks a column, or UNIT_MULT is blank.
    """
    if body[:100].strip().startswith(_NOTHING):
        raise refusal(
            request, "NoRecordsFound", "the flow or its codes have changed; look them up at the service"
        )
    dimensions = tuple(request.feeds[0].code["dimensions"])
    table = read_sdmx_csv(body, request, dimensions)
    of_feeds = pl.DataFrame(
        [
            {"feed": one.id, "of": f"{one.code['flow']} {'.'.join(codes.values())} ", **codes}
            for one, codes in ((one, series_codes(one)) for one in request.feeds)
        ]
    )
    ours = table.join(of_feeds, on=dimensions, maintain_order="left")
    if not ours["UNIT_MULT"].str.contains(r"^-?\d{1,2}$").all():
        what = "figures without UNIT_MULT, so in no known power of ten"
        raise refusal(request, what, "see that they were not asked for with detail=dataonly")
    base = pl.col("BASE_PER") if "BASE_PER" in table.columns else pl.lit("")
    rows, notes = observation_rows(
        ours.select(
            "feed",
            pl.col("TIME_PERIOD").alias("period"),
            pl.col("OBS_VALUE").alias("value"),
            pl.col("OBS_STATUS").alias("status"),
            pl.col("UNIT_MULT").alias("scale"),
            pl.concat_str("of", "TIME_PERIOD").alias("locator"),
            pl.when(base == "")
            .then(pl.lit(""))
            .otherwise(pl.concat_str(pl.lit("base period "), base))
            .alias("note"),
        ),
        request,
        ours["feed"].unique().to_list(),
    )
    return Page(rows, notes=notes)
