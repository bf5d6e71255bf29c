"""National Bureau of Statistics of China: the interface behind its site of 2026.

Built to fragments: answers as three clients show them, none whole. The interface before it (``easyquery.htm``) is
retired and not read.

The Bureau splits a series at each change of basket or base into catalogues with codes of their own; a feed lists them
as `catalogues`, each ``first-last:cid:indicator``, and one request asks for each. The name of the indicator is the only
thing that tells whether two of them are one series, so it is checked in every value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import polars as pl

from gbaindicators.catalog import Feed, catalog
from gbaindicators.ingest.exchange import PAGE, Page, Request
from gbaindicators.ingest.gaps import without_outer_gaps
from gbaindicators.ingest.json_answers import figures, read_json, refusal

__all__ = ["parse", "request"]

_PAGE: Final = "https://data.stats.gov.cn/dg/website/page.html"
# The firewall before the site turns away what is no browser that has come by its page.
_HEADERS: Final = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Referer": _PAGE,
    "Accept": "application/json, text/plain, */*",
}
# How the periods of a frequency are written: 2024YY, 202602SS, 202603MM.
_SUFFIX: Final = {"A": "YY", "Q": "SS", "M": "MM"}
_LAST: Final = {"A": "", "Q": "04", "M": "12"}
_PERIOD: Final = {"A": r"(\d{4})YY", "Q": r"(\d{4})0([1-4])SS", "M": r"(\d{4})(0[1-9]|1[0-2])MM"}
_WRITTEN: Final = {"A": "{}", "Q": "{}-Q{}", "M": "{}-{}"}
_NO_FIGURE: Final = frozenset({"", "无"})
_FINE: Final = "20000"


def request(feeds: Sequence[Feed], since: date | None) -> list[Request]:
    """Ask for each series, in each of its catalogues that may have figures from `since` on."""
    base = catalog().services["nbs"].base
    requests = []
    for feed in feeds:
        for entry in _catalogues(feed):
            window, cid, indicator = entry.split(":")
            first, last = window.split("-")
            if since and int(last) < since.year:
                continue
            start = max(first, str(since.year)) if since else first
            suffix = _SUFFIX[feed.frequency]
            opening = "" if feed.frequency == "A" else "01"
            requests.append(
                Request(
                    url=f"{base}/stream/esData",
                    feeds=(feed,),
                    json={
                        "cid": cid,
                        "indicatorIds": [indicator],
                        "daCatalogId": "",
                        "das": [{"text": feed.code["place"], "value": feed.code["area"]}],
                        "showType": "1",
                        "dts": [f"{start}{opening}{suffix}-{last}{_LAST[feed.frequency]}{suffix}"],
                        "rootId": feed.code["root"],
                    },
                    headers=_HEADERS,
                    before=_PAGE,
                    about=(cid, indicator),
                )
            )
    return requests


def parse(body: bytes, request: Request) -> Page:
    """Read the values of the catalogue that was asked for.

    The service sends every period of the range, those to come too. A period without a figure is missing (status M) only
    if there are figures on both sides of it. The newest of several catalogues may have none yet: for some weeks after
    each change there is none.

    Raises
    ------
    AnswerError
        When the firewall stands before the service, the service reports an error or sends nothing, or a value is of
        another indicator, name, unit or place.
    """
    if body.lstrip().startswith(b"<"):
        raise refusal(
            request, "a page of the site's firewall", "blocked: wait 30 minutes before asking again"
        )
    answer = read_json(body, request)
    if (
        not isinstance(answer, dict)
        or answer.get("success") is not True
        or str(answer.get("state", _FINE)) != _FINE
    ):
        said = str(answer.get("message", ""))[:200] if isinstance(answer, dict) else ""
        raise refusal(request, f"an error: {said!r}", "look up its catalogue and indicator on the site")
    periods = answer.get("data")
    if not isinstance(periods, list) or not periods:
        # now and then the service says so of series that it has
        raise refusal(
            request, "success without data", "ask again; if it lasts, look up the catalogue on the site"
        )
    (feed,) = request.feeds
    rows = [_row(one, feed, request) for one in periods]
    kept = without_outer_gaps(rows)
    if not kept and request.about[1] != _newest(feed):
        raise refusal(request, f"{len(rows):,} periods without a figure", "look up the catalogue on the site")
    if not kept:
        return Page(
            pl.DataFrame(schema=PAGE), notes=(f"{feed.id}: no figure yet since its newest catalogue began",)
        )
    return Page(figures(pl.DataFrame(kept), request))


def _catalogues(feed: Feed) -> tuple[str, ...]:
    entries = feed.code["catalogues"]
    return entries if isinstance(entries, tuple) else (entries,)


def _newest(feed: Feed) -> str:
    """Indicator of the newest of several catalogues; empty where there is one only."""
    entries = _catalogues(feed)
    return max(entries).split(":")[2] if len(entries) > 1 else ""


def _row(block: Any, feed: Feed, request: Request) -> dict[str, str]:
    try:
        code, values = str(block["code"]), block["values"]
        (value,) = values or [None]
    except (KeyError, TypeError, ValueError):
        what = f"a period with other than one value: {str(block)[:80]}"
        raise refusal(request, what, "the format has changed; the connector must be mended") from None
    if not (found := re.fullmatch(_PERIOD[feed.frequency], code)):
        raise refusal(request, f"the period {code[:20]!r} for frequency {feed.frequency}", "mend the feed")
    cid, indicator = request.about
    text = "" if value is None else _checked(value, feed, request)
    return {
        "feed": feed.id,
        "period": _WRITTEN[feed.frequency].format(*found.groups()),
        "value": "" if text in _NO_FIGURE else text.replace(",", ""),
        "status": "M" if text in _NO_FIGURE else "A",
        "locator": f"cid {cid}, indicator {indicator}, {feed.code['area']}, {code}",
    }


def _checked(value: Any, feed: Feed, request: Request) -> str:
    """Text of a value, once all that it says of itself is as the feed has it."""
    try:
        said = {
            name: str(value[name]).strip() for name in ("_id", "i_showname", "du_name", "da_name", "value")
        }
    except (KeyError, TypeError):
        what = f"a value without all of _id, i_showname, du_name, da_name and value: {str(value)[:80]}"
        raise refusal(request, what, "the format has changed; the connector must be mended") from None
    due = {"_id": request.about[1], "i_showname": feed.code["name"], "da_name": feed.code["place"]}
    if "unit" in feed.code:
        due["du_name"] = feed.code["unit"]
    if other := [f"{name} {said[name]!r}, not {text!r}" for name, text in due.items() if said[name] != text]:
        raise refusal(
            request, "; ".join(other), "the series may have been split anew; look it up on the site"
        )
    return said["value"]
