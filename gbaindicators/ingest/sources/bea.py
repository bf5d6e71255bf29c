"""Regional accounts of the US Bureau of Economic Analysis: GDP of the nation, states, counties and metropolitan areas."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Any, Final

import polars as pl

from gbaindicators.catalog import Feed, catalog
from gbaindicators.ingest.exchange import Page, Request
from gbaindicators.ingest.json_answers import as_list, figures, new_columns, read_json, refusal, text_columns

__all__ = ["parse", "request"]

#: Not available, suppressed, not meaningful.
_MARKS: Final = ("(NA)", "(D)", "(NM)", "n.a.")
_POWERS: Final = {3: "Thousands", 6: "Millions", 9: "Billions"}
_COLUMNS: Final = ("Code", "GeoFips", "TimePeriod", "CL_UNIT", "UNIT_MULT", "DataValue")


def request(feeds: Sequence[Feed], since: date | None) -> list[Request]:
    """Ask for each line of each table, for all areas of one kind together and for all years.

    The service takes lists of years only, and the years are few.
    """
    return [
        Request(
            url=catalog().services[together[0].service].base,
            feeds=tuple(together),
            query={
                "method": "GetData",
                "datasetname": "Regional",
                "TableName": table,
                "LineCode": line,
                "GeoFips": ",".join(str(one.code["area"]) for one in together),
                "Year": "ALL",
                "ResultFormat": "JSON",
            },
            key="UserID",
        )
        for (table, line, _), together in (
            (kind, list(some)) for kind, some in groupby(sorted(feeds, key=_kind), key=_kind)
        )
    ]


def parse(body: bytes, request: Request) -> Page:
    """Read the years of all areas of one line of a table.

    The echo of the request is not looked at. A thousands comma is taken out; what is suppressed or not available has
    status M.

    Raises
    ------
    AnswerError
        When the service refuses, or the unit or the year of chained dollars is not that of the feeds.
    """
    table, line = request.query["TableName"], request.query["LineCode"]
    results = _results(read_json(body, request), request)
    read = text_columns(as_list(results.get("Data")), _COLUMNS, request)
    ours = read.with_columns(
        pl.col("GeoFips").replace_strict(
            {str(one.code["area"]): one.id for one in request.feeds}, default=None, return_dtype=pl.String
        ).alias("feed")
    ).filter(pl.col("feed").is_not_null())  # fmt: skip
    _check(ours, request)
    plain = pl.col("DataValue").str.strip_chars().str.replace_all(",", "")
    absent = plain.is_in(list(_MARKS))
    rows = ours.select(
        "feed",
        period="TimePeriod",
        value=pl.when(absent).then(pl.lit("")).otherwise(plain),
        status=pl.when(absent).then(pl.lit("M")).otherwise(pl.lit("A")),
        locator=pl.format(f"{table} {{}} line {line} {{}}", "GeoFips", "TimePeriod"),
        note=pl.when(absent).then(plain).otherwise(pl.lit("")),
    )
    notes = [str(one.get("NoteText", "")) for one in as_list(results.get("Notes")) if isinstance(one, dict)]
    release = tuple(f"{table}: {text}" for text in notes if text.startswith("Last updated"))
    known = (*_COLUMNS, "GeoName", "NoteRef")
    return Page(figures(rows, request), notes=(*release, *new_columns(as_list(results["Data"]), known)))


def _kind(feed: Feed) -> tuple[str, str, str]:
    return str(feed.code["table"]), str(feed.code["line"]), str(feed.code["kind"])


def _results(answer: Any, request: Request) -> dict[str, Any]:
    """Results of an answer, which are there once or as a list of one; an error may stand beside or in them."""
    top = answer.get("BEAAPI") if isinstance(answer, dict) else None
    top = top if isinstance(top, dict) else {}
    results = next(iter(as_list(top.get("Results"))), None)
    results = results if isinstance(results, dict) else {}
    for error in as_list(top.get("Error") or results.get("Error")):
        said = error if isinstance(error, dict) else {"error": error}
        words = " ".join(
            str(said[name]) for name in ("APIErrorCode", "APIErrorDescription", "error") if name in said
        )
        raise refusal(request, f"refused with error {words[:200]}", "check the key, the table and the areas")
    if not as_list(results.get("Data")):
        raise refusal(
            request, "no data", "the table, line or areas may have changed; look them up at the service"
        )
    return results


def _check(ours: pl.DataFrame, request: Request) -> None:
    """Refuse rows of another line, year or unit than those that were asked for."""
    code = f"{request.query['TableName']}-{request.query['LineCode']}"
    if other := sorted(set(ours["Code"].unique()) - {code}):
        raise refusal(
            request, f"rows of {', '.join(other)} instead of {code}", "the table has been rearranged"
        )
    if (bad := ours.filter(~pl.col("TimePeriod").str.contains(r"^\d{4}$"))).height:
        raise refusal(
            request, f"period {bad['TimePeriod'][0]!r} that is no year", "the table is no longer annual"
        )
    feed = request.feeds[0]
    power = _POWERS[feed.scale]
    wanted = [
        f"{power} of {feed.prices} dollars",
        *([f"{power} of dollars"] if feed.prices == "current" else []),
    ]
    for unit, multiplier in ours.select("CL_UNIT", "UNIT_MULT").unique().rows():
        if unit not in wanted or multiplier != str(feed.scale):
            raise refusal(
                request,
                f"figures in {unit!r} with multiplier {multiplier}, not {wanted[0]!r} with {feed.scale}",
                "where the year of chained dollars has moved on, the feeds need the new `prices`: such figures are another series",
            )
