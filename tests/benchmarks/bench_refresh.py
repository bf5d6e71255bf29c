"""Time a refresh of 12 services of 100 series each against the slowest of them alone, and parsing against bare parsers.

The services are made up and answer from this machine: 10 requests
each, a second apart (the slowest: a second and a half). A refresh is the whole job, from an empty data home to the
published database. The parsers of the standard library read what the connectors read.
"""

from __future__ import annotations

import csv
import json
import os
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import polars as pl

from gbaindicators.catalog import Feed, Service, catalog
from gbaindicators.ingest import refreshing
from gbaindicators.ingest.exchange import Page, Request, page_rows
from gbaindicators.ingest.sources import datasf, imf, immd
from tests.benchmarks.suite import Bench, told
from tests.ingest.replay import Answer, Question, dumped
from tests.ingest.world import World

SERVICES, SERIES, MONTHS, REQUESTS = 12, 100, 120, 10
_HOST = "made-up.example"


def made_up_services(number_of: int, second: float) -> list[Service]:
    """Services under ids that the catalogue knows as sources, with a hundred monthly series each."""
    of_catalog = sorted(catalog().services.values(), key=lambda one: one.id)[:number_of]
    areas = sorted(catalog().areas)[:SERIES]
    return [
        replace(
            one, base=f"https://{_HOST}/{one.id}", pause=second * (1.5 if number == 0 else 1), key="", key_needed=False,
            feeds=tuple(Feed(one.id, "population", area, "M", "persons", {}) for area in areas),
        )
        for number, one in enumerate(of_catalog)
    ]  # fmt: skip


def made_up_request(feeds: Sequence[Feed], since: date | None) -> list[Request]:
    step = SERIES // REQUESTS
    return [
        Request(f"https://{_HOST}/{feeds[0].service}/{start}", tuple(feeds[start : start + step]))
        for start in range(0, len(feeds), step)
    ]


def made_up_parse(body: bytes, request: Request) -> Page:
    months = json.loads(body, parse_int=str)
    rows = [
        {"feed": feed.id, "period": month, "value": value, "locator": month}
        for feed in request.feeds
        for month, value in months.items()
    ]
    return Page(page_rows(rows, request.feeds))


def made_up_answer(asked: Question, edition: int) -> Answer:
    return dumped({f"{2010 + n // 12}-{n % 12 + 1:02}": 1000 + n for n in range(MONTHS)})


def refreshed(services: Sequence[Service]) -> float:
    """Seconds of a refresh of these services into an empty data home."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-refresh-") as home,
        patch.object(refreshing, "services_of", lambda names, ids: list(services)),
        patch.dict(os.environ, {"GBA_HOME": home}),
    ):
        began = time.perf_counter()
        done = refreshing.refresh()
        taken = time.perf_counter() - began
    new = {one.new for one in done.outcomes}
    if not done.well or not done.published or new != {SERIES * MONTHS}:
        raise AssertionError(f"the refresh did not take over what it should: {done}")
    return taken


def together(bench: Bench) -> None:
    """Compare the refresh of all services with that of the slowest alone."""
    services = made_up_services(bench.size(SERVICES, 2), 0.1 if bench.setting.quick else 1.0)
    with (
        patch.object(
            refreshing, "connector", lambda _: SimpleNamespace(request=made_up_request, parse=made_up_parse)
        ),
        (world := World()),
    ):
        world.made[_HOST] = made_up_answer
        with patch.dict(os.environ, {"GBA_REPLAY": world.address}):
            bench.compare(
                f"refresh of {len(services)} services of {SERIES} series",
                told(lambda: refreshed(services)),
                "the slowest service alone",
                told(lambda: refreshed(services[:1])),
                rounds=1,
                warm=True,
            )


def socrata() -> tuple[bytes, Request]:
    """Sums of every month of ten thousand years: six digits can name no more."""
    rows = [
        {"activity_period": f"{year:04}{month:02}", "geo_summary": kind, "passengers": str(year * month)}
        for year in range(10_000) for month in range(1, 13) for kind in ("Domestic", "International")
    ]  # fmt: skip
    (request,) = datasf.request(catalog().services["datasf"].feeds, None)
    return json.dumps(rows).encode(), replace(request, query={**request.query, "$limit": "1000000"})


def sdmx() -> tuple[bytes, Request]:
    """A thousand series of a thousand years in the frame of a recorded message."""
    one = catalog().services["imf"].feeds[0]
    feeds = tuple(replace(one, area=f"a{n}", code={**one.code, "area": f"A{n}"}) for n in range(1000))
    years = [f'<Obs TIME_PERIOD="{year}" OBS_VALUE="{year}.25"/>' for year in range(1000, 2000)]
    series = (f'<Series COUNTRY="A{n}" INDICATOR="NGDP_R" FREQUENCY="A" UNIT="XDC">{"".join(years)}</Series>' for n in range(1000))  # fmt: skip
    name = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message"
    head = f'<m:StructureSpecificData xmlns:m="{name}"><m:Header><m:Prepared>2026-04-02T16:53:31Z</m:Prepared></m:Header>'
    body = f'{head}<m:DataSet PUBLICATION_DATE="2025-10-14">{"".join(series)}</m:DataSet></m:StructureSpecificData>'
    return body.encode(), Request("https://x.org", feeds)


def crossings() -> tuple[bytes, Request]:
    """Every count of every control point on 7,813 days."""
    feeds = catalog().services["immd"].feeds
    points = [a[0] if isinstance(a, tuple) else a for a in {f.area: f.code["area"] for f in feeds}.values()]
    days = [date(2001, 1, 1) + timedelta(days=n) for n in range(7813)]
    rows = (f"{day:%d-%m-%Y},{point},{way},100,200,300,600,\n" for day in days for point in points for way in ("Arrival", "Departure"))  # fmt: skip
    head = (
        "Date,Control Point,Arrival / Departure,Hong Kong Residents,Mainland Visitors,Other Visitors,Total,\n"
    )
    return (head + "".join(rows)).encode(), Request("https://x.org", feeds)


def test_refresh(bench: Bench) -> None:
    """Compare what a connector does to an answer with what the bare parser does to it, and many services with one."""
    cases: dict[str, tuple[Any, Callable[[], tuple[bytes, Request]], str, Callable[[bytes], Any]]] = {
        "Socrata JSON (datasf)": (datasf, socrata, "json.loads", json.loads),
        "SDMX XML (imf)": (imf, sdmx, "ElementTree", ElementTree.fromstring),
        "CSV (immd)": (immd, crossings, "csv.reader", lambda body: list(csv.reader(body.decode().splitlines()))),
    }  # fmt: skip
    for name, (connector, make, against, bare) in cases.items():
        body, request = make()
        found = connector.parse(body, request).rows
        if found.select(pl.col("value").is_in(["", None]).any()).item():
            raise AssertionError(f"{name}: not all was read")
        ours, theirs = partial(connector.parse, body, request), partial(bare, body)
        bench.compare(f"{name}, {found.height:,} observations read", ours, against, theirs, rounds=2)
    together(bench)
