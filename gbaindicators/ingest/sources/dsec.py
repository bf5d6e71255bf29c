"""Statistics and Census Service of Macao (DSEC): the interface behind its time series database.

Built to the field names and fragments that clients of the service show; no whole answer was recorded. A feed has either
`key_indicator`, the number of one of the key indicators of the site, or `indicator`, that of a leaf of the database's
tree. Success has HTTP status 201. There is no asking for what is new: series come whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any, Final

import polars as pl

from gbaindicators.catalog import Feed, catalog
from gbaindicators.ingest.exchange import Page, Request
from gbaindicators.ingest.gaps import without_outer_gaps
from gbaindicators.ingest.json_answers import as_list, figures, read_json, refusal

__all__ = ["parse", "request"]

# For its cookies: some clients get no answer without.
_PAGE: Final = "https://www.dsec.gov.mo/ts/"
_LANGUAGE: Final = "en-US"
_KINDS: Final = {"A": "Yearly", "Q": "Quarterly", "M": "Monthly"}
# Sixty years of each.
_NUMBER: Final = {"A": 60, "Q": 240, "M": 720}
_WRITTEN: Final = {"A": "{year:04}", "Q": "{year:04}-Q{part}", "M": "{year:04}-{part:02}"}
_PARTS: Final = {"A": None, "Q": 4, "M": 12}
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def request(feeds: Sequence[Feed], since: date | None) -> list[Request]:
    """Ask for each key indicator, and for all indicators of the tree with the same kind of period at once."""
    base = catalog().services["dsec"].base
    requests = [
        Request(
            url=f"{base}/KeyIndicatorv3/1/{_LANGUAGE}/{feed.code['key_indicator']}",
            feeds=(feed,),
            before=_PAGE,
        )
        for feed in feeds
        if "key_indicator" in feed.code
    ]
    of_tree = sorted((one for one in feeds if "indicator" in one.code), key=lambda one: one.frequency)
    for frequency, group in groupby(of_tree, key=lambda one: one.frequency):
        series = tuple(group)
        asked = {
            "indicator_ids": [str(one.code["indicator"]) for one in series],
            "language": _LANGUAGE,
            # the kind of value, one for each indicator or the service fails
            "types": ["VAL"] * len(series),
            # one kind only, or the same number would be a month and a quarter
            "dataPeriods": [_KINDS[frequency]],
            "num": _NUMBER[frequency],
        }
        requests.append(
            Request(
                url=f"{base}/IndicatorValue/LatestSameEndPeriodv3", feeds=series, json=asked, before=_PAGE
            )
        )
    return requests


def parse(body: bytes, request: Request) -> Page:
    """Read the values of the series that were asked for.

    Raises
    ------
    AnswerError
        When the service reports an error, a series is missing or has no figure, or what a row says of its period
        or unit is contradictory.
    """
    answer = read_json(body, request)
    if not isinstance(answer, dict) or answer.get("Status") != "OK":
        said = str(answer.get("Debug_msg", ""))[:200] if isinstance(answer, dict) else str(answer)[:80]
        raise refusal(request, f"an error: {said!r}", "see whether the series is still in the database")
    rows = []
    for feed, block in _blocks(answer.get("Value"), request):
        kept = without_outer_gaps([_row(one, feed, request) for one in as_list(block)])
        if not kept:
            what = f"no {_KINDS[feed.frequency].lower()} figure of {feed.id}"
            raise refusal(request, what, "the database may have it for other periods only; look it up there")
        rows += kept
    return Page(figures(pl.DataFrame(rows), request))


def _blocks(value: Any, request: Request) -> list[tuple[Feed, Any]]:
    """Rows of each series that was asked for."""
    try:
        if "key_indicator" in request.feeds[0].code:
            return [(request.feeds[0], value["indicatorValues"][0]["dsecIndicatorData"])]
        # ids come as 1216, "1216" or 1216.0
        blocks = {str(one["indicatorId"]).removesuffix(".0"): one["dsecIndicatorData"] for one in value}
        return [(one, blocks[str(one.code["indicator"])]) for one in request.feeds]
    except (KeyError, TypeError, IndexError):
        what = f"no dsecIndicatorData for a series: {str(value)[:80]}"
        raise refusal(request, what, "its number may have changed; look it up in the database") from None


def _row(row: Any, feed: Feed, request: Request) -> dict[str, str]:
    try:
        year, part = int(float(row["Year"])), int(float(row["PeriodID"]))
        value, unit, text = (
            row["IndicatorValue"],
            str(row["UnitLabel"] or "").strip(),
            str(row["ReferencePeriod"]),
        )
    except (KeyError, TypeError, ValueError):
        what = f"a row without Year, PeriodID, ReferencePeriod, IndicatorValue or UnitLabel: {str(row)[:80]}"
        raise refusal(request, what, "the format has changed; the connector must be mended") from None
    _check_period(text, year, part, feed, request)
    wanted = feed.code.get("unit", unit)
    if value is not None and unit != wanted:
        raise refusal(
            request, f"{feed.id} in {unit!r}, not {wanted!r}", "its unit has changed; mend the feed"
        )
    number = feed.code.get("key_indicator") or feed.code["indicator"]
    return {
        "feed": feed.id,
        "period": _WRITTEN[feed.frequency].format(year=year, part=part),
        "value": "" if value is None else str(value).replace(",", ""),
        "status": "M" if value is None else "A",
        "locator": f"indicator {number}, {text}",
        "vintage": _day(row),
        "note": f"unit {unit}" if unit else "",
    }


def _check_period(text: str, year: int, part: int, feed: Feed, request: Request) -> None:
    parts = _PARTS[feed.frequency]
    named = re.fullmatch(r"([A-Z][a-z]{2})[a-z]*\.?/(\d{4})", text)
    month = named is not None and feed.frequency == "M"
    if (parts and not 1 <= part <= parts) or (
        month and named and (named[1], int(named[2])) != (_MONTHS[part - 1], year)
    ):
        what = f"the period {text[:30]!r} with Year {year} and PeriodID {part}"
        raise refusal(request, what, "its periods are not what they were; the connector must be mended")


def _day(row: Mapping[str, Any]) -> str:
    """Day of the last update, where it is written as a date."""
    found = re.match(r"\d{4}-\d{2}-\d{2}(?=$|T| )", str(row.get("LastUpdateDate") or ""))
    return found[0] if found else ""
