"""Historical archive of DATA.GOV.HK: earlier states of files of Hong Kong's government, so vintages of their figures.

First the archive lists the times at which it kept a file, then each state is fetched, one request after the other, and
read by the connector of the file's own service. Every figure gets the day of the state (Hong Kong time) as its vintage.

In a feed's code, `file` is the address of the file and `connector` the service that publishes it; the rest is as in that
service's feed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from itertools import groupby
from typing import Any, Final

import polars as pl

from gbaindicators.catalog import Feed, catalog, parse_period
from gbaindicators.ingest.exchange import PAGE, Page, Request
from gbaindicators.ingest.json_answers import read_json, refusal
from gbaindicators.ingest.sources import connector

__all__ = ["parse", "request"]

_HONG_KONG: Final = timezone(timedelta(hours=8))
_STAMP: Final = "%Y%m%d-%H%M"


@dataclass(frozen=True, slots=True)
class _States:
    """States of a file that are still to be read, oldest first; the first is the one asked for, none yet if the list is."""

    file: str
    since: date | None
    stamps: tuple[str, ...] = ()


def request(feeds: Sequence[Feed], since: date | None, *, until: date | None = None) -> list[Request]:
    """Ask at what times each file was kept, from `since` on.

    Parameters
    ----------
    until
        Last day asked for, which must have passed in Hong Kong; yesterday there unless given. The archive takes no
        open end, so this connector alone reads the clock.
    """
    last = until or datetime.now(_HONG_KONG).date() - timedelta(days=1)
    requests = []
    for file, group in groupby(sorted(feeds, key=_file), key=_file):
        series = tuple(group)
        first = since or min(parse_period(one.start).start for one in series)
        requests.append(
            Request(
                url=f"{catalog().services['datagovhk'].base}/list-file-versions",
                feeds=series,
                query={"url": file, "start": f"{min(first, last):%Y%m%d}", "end": f"{last:%Y%m%d}"},
                about=_States(file, since),
            )
        )
    return requests


def _file(feed: Feed) -> str:
    return str(feed.code["file"])


def parse(body: bytes, request: Request) -> Page:
    """Read the list of states, or one state; the next state is the page that follows.

    Of each month the last state is taken: the archive keeps one for every day, and each holds the whole history.

    Raises
    ------
    AnswerError
        When the list is not whole or empty, or as the connector of the file raises for a state.
    """
    asked: _States = request.about
    if not asked.stamps:
        stamps = _last_of_each_month(_listed(body, request))
        return Page(
            rows=pl.DataFrame(schema=PAGE),
            following=_get_file(request, stamps),
            notes=() if stamps else (f"the archive kept no state of {asked.file} since {asked.since}",),
        )
    stamp, *later = asked.stamps
    taken = datetime.strptime(stamp, _STAMP).date()
    # A state older than the start of a series does not hold it.
    series = tuple(one for one in request.feeds if parse_period(one.start).start <= taken)
    own = connector(str(request.feeds[0].code["connector"]))
    page = own.parse(body, replace(request, feeds=series, about=asked.since))
    rows = page.rows.with_columns(
        pl.lit(taken.isoformat()).alias("vintage"),
        pl.format("{}, state {}", "locator", pl.lit(stamp)).alias("locator"),
    )
    return replace(page, rows=rows, following=_get_file(request, tuple(later)))


def _listed(body: bytes, request: Request) -> list[str]:
    answer: Any = read_json(body, request)
    if isinstance(answer, list):
        raise refusal(
            request, f"the archive refused: {str(answer)[:200]}", "correct the file's address or the days"
        )
    stamps = answer.get("timestamps", []) if isinstance(answer, dict) else None
    if not isinstance(stamps, list) or "version-count" not in answer:
        raise refusal(request, "no list of states", "the format has changed; the connector must be mended")
    if str(answer["version-count"]) != str(len(stamps)):
        raise refusal(
            request, f"{len(stamps)} states where {answer['version-count']} are counted", "ask again"
        )
    try:
        for stamp in stamps:
            datetime.strptime(stamp, _STAMP)
    except (TypeError, ValueError) as error:
        raise refusal(
            request, f"a time that is none: {error}", "the format has changed; the connector must be mended"
        ) from None
    if not stamps and request.about.since is None:
        raise refusal(
            request,
            f"no state of {request.about.file} at all",
            "the address is not one that the archive follows",
        )
    return sorted(stamps)


def _last_of_each_month(stamps: Sequence[str]) -> tuple[str, ...]:
    return tuple({stamp[:6]: stamp for stamp in stamps}.values())


def _get_file(request: Request, stamps: tuple[str, ...]) -> Request | None:
    if not stamps:
        return None
    asked: _States = request.about
    return replace(
        request,
        url=f"{catalog().services['datagovhk'].base}/get-file",
        query={"url": asked.file, "time": stamps[0]},
        about=replace(asked, stamps=stamps),
    )
