"""IMF PortWatch: ships that call at a port, day by day, from a feature layer of ArcGIS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

import polars as pl

from gbaindicators.catalog import Feed, catalog
from gbaindicators.ingest.exchange import PAGE, Page, Request
from gbaindicators.ingest.json_answers import figures, new_columns, read_json, refusal, text_columns

__all__ = ["parse", "request"]

_LAYER: Final = "Daily_Ports_Data"
_DATE_PARTS: Final = ("year", "month", "day")
_SHIPS: Final = ("", "_container", "_dry_bulk", "_general_cargo", "_roro", "_tanker", "_cargo")
_KNOWN: Final = (
    "date", *_DATE_PARTS, "portid", "portname", "country", "ISO3", "ObjectId",
    *(f"{counted}{ships}" for counted in ("portcalls", "import", "export") for ships in _SHIPS),
)  # fmt: skip


def request(feeds: Sequence[Feed], since: date | None) -> list[Request]:
    """Ask for the days of each port, all that is counted there at once."""
    ports = sorted({str(one.code["area"]) for one in feeds})
    from_day = f" AND date >= TIMESTAMP '{since.isoformat()} 00:00:00'" if since else ""
    return [
        Request(
            url=f"{catalog().services[feeds[0].service].base}/{_LAYER}/FeatureServer/0/query",
            feeds=tuple(one for one in feeds if one.code["area"] == port),
            query={
                "where": f"portid='{port}'{from_day}",
                "outFields": "*",
                "orderByFields": "date",
                "returnGeometry": "false",
                "resultOffset": "0",
                "resultRecordCount": "1000",
                "f": "json",
            },
        )
        for port in ports
    ]


def parse(body: bytes, request: Request) -> Page:
    """Read the days of one port, and ask for the next page while the service has more.

    A date comes as text, as milliseconds since 1970, or only as year, month and day. A day without ships is a zero, so
    a day that is missing is objected to.

    Raises
    ------
    AnswerError
        When the service reports an error, a column is missing, another port answers, or a date cannot be read.
    """
    answer = read_json(body, request)
    error = answer.get("error") if isinstance(answer, dict) else {"message": "no object"}
    if error is not None:
        said = (
            " ".join(str(error[k]) for k in ("code", "message") if k in error)
            if isinstance(error, dict)
            else str(error)
        )
        raise refusal(request, f"refused: {said[:200]}", "ask again later; if it stays, look the layer up")
    features = answer.get("features")
    if not isinstance(features, list) or not (
        features or "TIMESTAMP" in request.query["where"] or request.about
    ):
        raise refusal(
            request, "no days", "the port may have another id now; look it up in PortWatch_ports_database"
        )
    if not features:
        return Page(pl.DataFrame(schema=PAGE), notes=(f"{request.feeds[0].id}: no more days",))
    records = [one.get("attributes") if isinstance(one, dict) else None for one in features]
    counted = sorted({str(one.code["field"]) for one in request.feeds})
    read = text_columns(records, ["portid", *counted], request, optional=["date", *_DATE_PARTS])
    port = str(request.feeds[0].code["area"])
    if other := sorted(set(read["portid"].unique()) - {port}):
        raise refusal(request, f"days of {', '.join(other)} instead of {port}", "ask again")
    days = _days(read, request)
    following = None
    if str(answer.get("exceededTransferLimit", False)) == "True":
        offset = int(request.query["resultOffset"]) + len(features)
        following = replace(request, query={**request.query, "resultOffset": str(offset)}, about=days.max())
    dated = read.with_columns(days.dt.strftime("%Y-%m-%d").alias("day"))
    rows = pl.concat(
        dated.select(
            feed=pl.lit(one.id),
            period="day",
            value=str(one.code["field"]),
            locator=pl.format(f"{_LAYER} {port} {one.code['field']} {{}}", "day"),
        )
        for one in request.feeds
    )
    return Page(
        figures(rows, request), following, notes=new_columns(records, _KNOWN), objections=_gaps(days, request)
    )


def _days(read: pl.DataFrame, request: Request) -> pl.Series:
    """Dates of the rows, in whichever form they come."""
    days = []
    for text, *parts in read.select("date", *_DATE_PARTS).rows():
        try:
            if text is None:
                days.append(date(*map(int, parts)))
            elif text.isdigit() and len(text) > 10:
                days.append(datetime.fromtimestamp(int(text) / 1000, UTC).date())
            else:
                days.append(date.fromisoformat(text))
        except (OSError, OverflowError, TypeError, ValueError):
            mend = "learn what it means before the figures are taken"
            raise refusal(request, f"a date {text or parts!r}"[:100], mend) from None
    return pl.Series("day", days, dtype=pl.Date)


def _gaps(days: pl.Series, request: Request) -> tuple[str, ...]:
    """Say which days are missing since the first, or since the last of the page before."""
    there: set[date] = {*days, *([request.about] if request.about else [])}
    first, last = min(there), max(there)
    missing = [day for n in range((last - first).days) if (day := first + timedelta(n)) not in there]
    port = request.feeds[0].code["area"]
    return (
        (f"portwatch: no row for {len(missing):,} days of {port}, the first {missing[0]}",) if missing else ()
    )
