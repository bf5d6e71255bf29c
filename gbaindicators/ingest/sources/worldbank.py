"""World Bank Indicators API, version 2: annual figures of whole economies.

One request for each indicator, with all its economies in one call. The answer is a list of a header and rows, page by
page. There is no revision history: the day on which the World Bank last updated the indicators is the vintage.

Errors come with HTTP 200, as JSON or, for some, as XML with a byte-order mark although JSON was asked.
Documentation: https://datahelpdesk.worldbank.org/knowledgebase/articles/898581
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

import polars as pl

from gbaindicators.catalog import Feed, catalog, parse_period
from gbaindicators.errors import AnswerError, PeriodError
from gbaindicators.ingest.exchange import Page, Request
from gbaindicators.ingest.json_answers import as_list, figures, read_json, refusal

__all__ = ["parse", "request"]

_PER_PAGE: Final = 20_000
_HEADER: Final = ("page", "pages", "per_page", "total", "lastupdated")
_ROW: Final = ("indicator", "value", "countryiso3code", "date", "obs_status")
_STATUSES: Final = {"": "A", "E": "E", "P": "P", "B": "B"}
_XML_MESSAGE: Final = re.compile(r"<wb:message\b([^>]*)>([^<]*)<")


@dataclass(frozen=True, slots=True)
class _Paging:
    """Where a request is in its pages, and what the pages before it said."""

    since: date | None
    page: int = 1
    total: int | None = None
    updated: str = ""
    held: frozenset[str] = frozenset()


def request(feeds: Sequence[Feed], since: date | None) -> list[Request]:
    """Ask for each indicator once, for all its economies.

    A range of years needs an end, and the service revises decades back, so the whole series is asked for; figures of
    periods before `since` are left out when the answer is read.
    """
    base = catalog().services["worldbank"].base
    of_indicator = sorted(feeds, key=lambda one: str(one.code["indicator"]))
    requests = []
    for indicator, group in groupby(of_indicator, key=lambda one: str(one.code["indicator"])):
        series = tuple(group)
        economies = ";".join(str(one.code["area"]) for one in series)
        requests.append(
            Request(
                url=f"{base}/country/{economies}/indicator/{indicator}",
                feeds=series,
                query={"format": "json", "per_page": str(_PER_PAGE)},
                about=_Paging(since),
            )
        )
    return requests


def parse(body: bytes, request: Request) -> Page:
    """Read one page of an answer.

    Years in which the service has no figure are filled with null before the first and after the last figure of a
    series; only nulls between figures say that one is missing (status M).

    Raises
    ------
    AnswerError
        When the answer is an error document, another page than asked for, short of rows, in another unit, or lacks a
        series altogether.
    """
    asked: _Paging = request.about
    header, rows = _whole_page(*_document(body, request), request)
    of_economy = {str(one.code["area"]): one for one in request.feeds}
    found: dict[str, list[dict[str, str]]] = {one.id: [] for one in request.feeds}
    for row in rows:
        if (feed := of_economy.get(row["countryiso3code"])) is not None:
            found[feed.id].append(_observation(row, feed, request) | {"vintage": header["lastupdated"]})
    kept = {id_: _between_figures(several) for id_, several in found.items()}
    held = asked.held | {id_ for id_, several in kept.items() if several}
    last = asked.page == int(header["pages"])
    # Whether a series is there at all is known on the last page.
    expected = [one.id for one in request.feeds if one.id not in asked.held] if last else []
    page = figures(pl.DataFrame([one for several in kept.values() for one in several]), request, expected)
    if asked.since is not None:
        page = page.filter(_first_days(page) >= asked.since)
    unknown = sorted({row["obs_status"] for row in rows}.difference(_STATUSES))
    return Page(
        rows=page,
        following=None if last else _next_page(request, header, held),
        objections=tuple(
            f"figures of {request.feeds[0].indicator} have the new status {one!r}" for one in unknown
        ),
    )


def _document(body: bytes, request: Request) -> tuple[dict[str, Any], list[Any]]:
    """Header and rows of an answer that is no error."""
    if b"<wb:error" in body[:1_000]:
        found = _XML_MESSAGE.search(body.decode("utf-8-sig", "replace"))
        raise _refused(f"{found[2]} ({' '.join(found[1].split())})" if found else "an error in XML", request)
    answer = read_json(body, request)
    header = answer[0] if isinstance(answer, list) and answer and isinstance(answer[0], dict) else {}
    if "message" in header:
        said = [
            " ".join(map(str, one.values())) for one in as_list(header["message"]) if isinstance(one, dict)
        ]
        raise _refused("; ".join(said)[:200], request)
    if any(name not in header for name in _HEADER):
        raise refusal(
            request,
            f"no header ({', '.join(_HEADER)}) before the rows",
            "the format has changed; the connector must be mended",
        )
    if len(answer) < 2 or not isinstance(answer[1], list):
        raise refusal(request, "a header without rows", "look up whether the indicator was withdrawn")
    return header, answer[1]


def _refused(said: str, request: Request) -> AnswerError:
    return refusal(
        request,
        f"the call was refused: {said}",
        "one economy or indicator that the service does not know refuses the whole call; correct the codes in the catalogue",
    )


def _whole_page(
    header: Mapping[str, Any], rows: list[Any], request: Request
) -> tuple[Mapping[str, str], list[Mapping[str, Any]]]:
    """Header and rows, once the page is the one asked for and as long as its header says."""
    asked: _Paging = request.about
    try:
        page, pages, per_page, total = (int(header[name]) for name in _HEADER[:4])
        date.fromisoformat(header["lastupdated"])
    except (TypeError, ValueError):
        raise refusal(
            request,
            "a header that does not count its pages and rows or name the day of its update",
            "the format has changed; the connector must be mended",
        ) from None
    expected = per_page if page < pages else total - per_page * (pages - 1)
    if page != asked.page or asked.total not in (None, total) or len(rows) != expected:
        raise refusal(
            request,
            f"page {page} of {pages} with {len(rows)} rows of {total}, where page {asked.page} should have {expected}"
            + ("" if asked.total is None else f" of {asked.total}"),
            "ask again from the first page",
        )
    if asked.updated not in ("", header["lastupdated"]):
        raise refusal(
            request,
            f"figures updated between two pages ({asked.updated}, then {header['lastupdated']})",
            "ask again from the first page",
        )
    if not all(_is_documented(row) for row in rows):
        raise refusal(
            request,
            f"rows without one of {', '.join(_ROW)}, or with something else in them",
            "the format has changed; the connector must be mended",
        )
    return header, rows


def _is_documented(row: Any) -> bool:
    if (
        not isinstance(row, dict)
        or any(name not in row for name in _ROW)
        or not isinstance(row["indicator"], dict)
    ):
        return False
    texts = [row["indicator"].get("id"), row["indicator"].get("value"), *(row[name] for name in _ROW[2:])]
    return all(isinstance(text, str) for text in texts) and isinstance(row["value"], str | None)


def _observation(row: Mapping[str, Any], feed: Feed, request: Request) -> dict[str, str]:
    code, name = row["indicator"]["id"], row["indicator"]["value"]
    if code != feed.code["indicator"] or str(feed.code["measure"]) not in name:
        raise refusal(
            request,
            f"{code}, {name!r}, for {feed.id}, which is {feed.code['indicator']} in {feed.code['measure']!r}",
            "the unit has changed or other figures came; look at the indicator's page",
        )
    period = row["date"].replace("M", "-").replace("Q", "-Q")
    try:
        frequency = parse_period(period).frequency
    except PeriodError:
        frequency = ""
    if frequency != feed.frequency:
        raise refusal(request, f"the period {row['date']!r} for {feed.id}", "its frequency is another one")
    return {
        "feed": feed.id,
        "period": period,
        "value": "" if row["value"] is None else _plain(row["value"]),
        "status": "M" if row["value"] is None else _STATUSES.get(row["obs_status"], "A"),
        "locator": f"{row['countryiso3code']} {code} {row['date']}",
    }


def _plain(digits: str) -> str:
    return f"{Decimal(digits):f}" if re.fullmatch(r"-?[\d.]+[eE][+-]?\d+", digits) else digits


def _between_figures(rows: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    ordered = sorted(rows, key=lambda one: one["period"])
    there = [number for number, one in enumerate(ordered) if one["value"]]
    return ordered[there[0] : there[-1] + 1] if there else []


def _first_days(page: pl.DataFrame) -> pl.Series:
    return pl.Series([parse_period(text).start for text in page["period"]], dtype=pl.Date)


def _next_page(request: Request, header: Mapping[str, str], held: frozenset[str]) -> Request:
    asked: _Paging = request.about
    page, total, updated = asked.page + 1, int(header["total"]), header["lastupdated"]
    return replace(
        request,
        query={**request.query, "page": str(page)},
        about=replace(asked, page=page, total=total, updated=updated, held=held),
    )
