"""FRED of the Federal Reserve Bank of St. Louis: the latest figures of its series.

Each series is first described, so that a changed unit, frequency or adjustment is seen: the answer with the
observations states none of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

import polars as pl

from gbaindicators.catalog import Feed, catalog, parse_period
from gbaindicators.catalog.periods import period_text
from gbaindicators.ingest.exchange import PAGE, Page, Request
from gbaindicators.ingest.json_answers import figures, new_columns, read_json, refusal, text_columns

__all__ = ["observations", "parse", "request", "requests"]

_KNOWN: Final = ("realtime_start", "realtime_end", "date", "value")


def request(feeds: Sequence[Feed], since: date | None) -> list[Request]:
    """Ask for the description of each series; its observations follow."""
    return requests(feeds, since, {})


def parse(body: bytes, request: Request) -> Page:
    """Read a description or a page of observations.

    Raises
    ------
    AnswerError
        When the service refuses, a series is no longer what its feed says, or the answer is not whole.
    """
    return observations(body, request, vintages=False)


def requests(feeds: Sequence[Feed], since: date | None, realtime: Mapping[str, str]) -> list[Request]:
    """Requests for the description of each series, which carry what to ask for its observations."""
    start = {"observation_start": since.isoformat()} if since else {}
    return [
        Request(
            url=f"{catalog().services[feed.service].base}/series",
            feeds=(feed,),
            query={"series_id": str(feed.code["series"]), "file_type": "json"},
            key="api_key",
            about={"series_id": str(feed.code["series"]), "file_type": "json", **start, **realtime},
        )
        for feed in feeds
    ]


def observations(body: bytes, request: Request, *, vintages: bool) -> Page:
    """Read an answer; with `vintages` every figure is dated by the day from which it held."""
    answer = read_json(body, request)
    if not isinstance(answer, dict) or "error_message" in answer:
        said = (
            " ".join(str(answer.get("error_message", "")).split())
            if isinstance(answer, dict)
            else "no object"
        )
        raise refusal(request, f"refused: {said[:200]}", "check the key, then the series at the service")
    if request.about is not None:
        _check_description(answer, request)
        url = request.url.removesuffix("/series") + "/series/observations"
        asking = replace(request, url=url, query=request.about, about=None)
        return Page(pl.DataFrame(schema=PAGE), asking)
    found, after = _whole(answer, request)
    following = replace(request, query={**request.query, "offset": str(after)}) if after else None
    if not found and "observation_start" in request.query:
        return Page(
            pl.DataFrame(schema=PAGE),
            notes=(f"{request.feeds[0].id}: nothing since {request.query['observation_start']}",),
        )
    return Page(_rows(found, request, vintages), following, notes=new_columns(found, _KNOWN))


def _check_description(answer: dict[str, Any], request: Request) -> None:
    feed = request.feeds[0]
    described = answer.get("seriess")
    one = described[0] if isinstance(described, list) and len(described) == 1 else None
    one = one if isinstance(one, dict) else {}
    adjusted = feed.code.get("adjusted", feed.adjustment.upper())
    for field, expected, fits in (
        ("id", feed.code["series"], one.get("id") == feed.code["series"]),
        ("frequency_short", feed.frequency, one.get("frequency_short") == feed.frequency),
        ("seasonal_adjustment_short", adjusted, one.get("seasonal_adjustment_short") == adjusted),
        ("units", feed.code["units"], str(feed.code["units"]) in str(one.get("units"))),
    ):
        if not fits:
            raise refusal(
                request,
                f"series {feed.code['series']} is described with {field} {one.get(field)!r}, not {expected!r}",
                "the series has changed; make a new feed of what it is now",
            )


def _whole(answer: dict[str, Any], request: Request) -> tuple[list[Any], int]:
    """Observations, if the envelope says that they are those asked for, and where the next page begins (0: nowhere)."""
    try:
        found: list[Any] = answer["observations"]
        count, offset, limit = (int(answer[name]) for name in ("count", "offset", "limit"))
        units, number = answer["units"], len(found)
    except (KeyError, TypeError, ValueError) as error:
        mend = "the format has changed; the connector must be mended"
        raise refusal(request, f"no usable {error}", mend) from None
    if units != "lin":
        raise refusal(request, f"figures transformed by {units!r}", "ask for units=lin")
    asked = int(request.query.get("offset", "0"))
    if offset != asked or number != max(0, min(count - offset, limit)):
        raise refusal(
            request,
            f"{number:,} observations from number {offset:,} of {count:,}, limit {limit:,}, asked from {asked:,}",
            "a part is missing; ask again",
        )
    return found, offset + number if offset + number < count else 0


def _rows(found: list[Any], request: Request, vintages: bool) -> pl.DataFrame:
    feed = request.feeds[0]
    series = str(feed.code["series"])
    read = text_columns(found, ("realtime_start", "date", "value"), request)
    absent = pl.col("value") == "."
    held = pl.col("realtime_start") if vintages else pl.lit("")
    rows = read.select(
        feed=pl.lit(feed.id),
        period=pl.col("date").replace_strict(_periods(read["date"], request), return_dtype=pl.String),
        value=pl.when(absent).then(pl.lit("")).otherwise("value"),
        status=pl.when(absent).then(pl.lit("M")).otherwise(pl.lit("A")),
        vintage=held,
        locator=pl.format(
            "FRED " + series + (" {} from {}" if vintages else " {}"), "date", *([held] if vintages else [])
        ),
    )
    return figures(rows, request)


def _periods(days: pl.Series, request: Request) -> dict[str, str]:
    """Period that each date is the first day of."""
    frequency = request.feeds[0].frequency
    periods, wrong = {}, []
    for day in days.unique():
        try:
            periods[day] = period_text(frequency, date.fromisoformat(day))
        except ValueError:
            wrong.append(day)
            continue
        if "/" in periods[day] or parse_period(periods[day]).start.isoformat() != day:
            wrong.append(day)
    if wrong:
        raise refusal(
            request,
            f"{len(wrong):,} dates that begin no period of frequency {frequency}, the first {min(wrong)!r}",
            "the frequency of the series has changed; make a new feed",
        )
    return periods
