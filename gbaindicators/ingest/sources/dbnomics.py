"""DBnomics, a mirror of many statistical services: to check the figures of others against, never to replace them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import polars as pl

from gbaindicators.catalog import Feed, catalog, parse_period
from gbaindicators.errors import PeriodError
from gbaindicators.ingest.exchange import Page, Request
from gbaindicators.ingest.json_answers import as_list, documented, figures, read_json, refusal

__all__ = ["parse", "request"]

_TOGETHER: Final = 50


def request(feeds: Sequence[Feed], since: date | None) -> list[Request]:
    """Ask for up to fifty series at once, with all their observations; the service has no way to ask for fewer."""
    return [
        Request(
            url=f"{catalog().services[feeds[0].service].base}/series",
            feeds=tuple(feeds[first : first + _TOGETHER]),
            query={
                "series_ids": ",".join(str(one.code["series"]) for one in feeds[first : first + _TOGETHER]),
                "observations": "1",
                "limit": "1000",
                "offset": "0",
            },
        )
        for first in range(0, len(feeds), _TOGETHER)
    ]


def parse(body: bytes, request: Request) -> Page:
    """Read the series. One of the latest release of a data set is found under the release that it stands for.

    Raises
    ------
    AnswerError
        When the service reports errors, series are missing, or one is of another frequency or unit than its feed.
    """
    answer = read_json(body, request)
    if not isinstance(answer, dict) or answer.get("errors") or "series" not in answer:
        errors = as_list(answer.get("errors")) if isinstance(answer, dict) else []
        said = "; ".join(str(one.get("message", "")) if isinstance(one, dict) else str(one) for one in errors)
        raise refusal(request, f"refused: {said[:200] or 'no series'}", "look the codes up at the service")
    with documented(request):
        return _page(answer["series"]["docs"], int(answer["series"]["num_found"]), request)


def _page(docs: list[dict[str, Any]], found: int, request: Request) -> Page:
    """Figures of the series of an answer, of which the service found so many in all."""
    following, offset = None, int(request.query["offset"])
    if offset + len(docs) < found:
        if not docs:
            what = f"no series from number {offset:,} of {found:,} on"
            raise refusal(request, what, "a part is missing; ask again")
        following = replace(request, query={**request.query, "offset": str(offset + len(docs))})
    rows = [row for doc in docs for row in _rows(doc, request)]
    before = request.about or ()
    expected = [] if following else [one.id for one in request.feeds if one.id not in before]
    seen = tuple(sorted({*before, *(row["feed"] for row in rows)}))
    page = figures(pl.DataFrame(rows, infer_schema_length=None), request, expected)
    return Page(page, replace(following, about=seen) if following else None)


def _rows(doc: dict[str, Any], request: Request) -> Iterator[dict[str, str]]:
    """Observations of a series, for each feed that it is."""
    provider, data_set, series = doc["provider_code"], doc["dataset_code"], doc["series_code"]
    periods, values = doc["period"], doc["value"]
    code = f"{provider}/{data_set}/{series}"
    latest = f"{provider}/{data_set.partition(':')[0]}:latest/{series}"
    if len(periods) != len(values):
        raise refusal(
            request,
            f"{len(periods)} periods and {len(values)} values of {code}",
            "a part is missing; ask again",
        )
    for feed in request.feeds:
        if feed.code["series"] not in (code, latest):
            continue
        unit = (doc.get("dimensions") or {}).get("unit")
        if unit != feed.code["unit"]:
            raise refusal(request, f"{code} in {unit!r}, not {feed.code['unit']!r}", "mend the feed")
        for period, value in zip(periods, values, strict=True):
            if _frequency(period) != feed.frequency:
                raise refusal(
                    request,
                    f"{code} for {period!r}, which is not of frequency {feed.frequency}",
                    "mend the feed",
                )
            absent = value in (None, "NA")
            yield {
                "feed": feed.id,
                "period": period,
                "value": "" if absent else _plain(str(value)),
                "status": "M" if absent else "A",
                "locator": f"{code} {period}",
            }


def _frequency(period: str) -> str | None:
    try:
        return parse_period(period).frequency
    except PeriodError:
        return None


def _plain(value: str) -> str:
    """Write out a power of ten; anything else stays as it is.

    >>> _plain("1.5e-05"), _plain("3.108"), _plain("n/a")
    ('0.000015', '3.108', 'n/a')
    """
    try:
        return format(Decimal(value), "f") if "e" in value.lower() else value
    except InvalidOperation:
        return value
