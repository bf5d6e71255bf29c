"""Services that answer with made-up figures of an edition, in the words of the real ones; the others are replayed.

The World Bank, FRED and the Immigration Department of an edition have a period more than four editions before, and the
figures of the last two periods change with every edition. What was served can be computed, so it can be checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from zlib import crc32

from gbaindicators.catalog import Feed, catalog
from tests.ingest.replay import Answer, Question, Replay, ReplayHandler, dumped

#: Services that are made up, and their hosts.
HOSTS = {
    "worldbank": "api.worldbank.org", "fred": "api.stlouisfed.org", "immd": "www.immd.gov.hk",
}  # fmt: skip
KEY = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
FIRST_DAY = date(2021, 1, 1)
YEARS, MONTHS, DAYS = 20, 120, 200


def periods(frequency: str, edition: int) -> list[str]:
    """Periods that have a figure in an edition, as SDMX text: those of a thousand editions lie in the past."""
    more = edition // 4
    if frequency == "A":
        return [str(1940 + n) for n in range(YEARS + more)]
    if frequency == "Q":
        return [f"{1970 + n // 4}-Q{n % 4 + 1}" for n in range(MONTHS // 3 + more)]
    if frequency == "M":
        return [f"{1990 + n // 12}-{n % 12 + 1:02}" for n in range(MONTHS + more)]
    return [(FIRST_DAY + timedelta(days=n)).isoformat() for n in range(DAYS + more)]


def count_of(series: str, number: int, last: int, edition: int) -> int:
    """A whole number: that of the period of this number, among so many."""
    return 5000 + crc32(series.encode()) % 1000 + 3 * number + (edition % 5 if number >= last - 2 else 0)


def served(feed: Feed, edition: int) -> dict[str, str]:
    """Figures of a series in an edition, by period, as they are printed."""
    every = periods(feed.frequency, edition)
    if feed.service == "immd":
        parts = _classes(feed)
        counts = [sum(count_of(part, n, len(every), edition) for part in parts) for n in range(len(every))]
        return dict(zip(every, map(str, counts), strict=True))
    return {period: repr(count_of(feed.id, n, len(every), edition) / 1000) for n, period in enumerate(every)}


def _classes(feed: Feed) -> list[str]:
    direction, column = feed.code["indicator"]
    names = ("Hong Kong Residents", "Mainland Visitors", "Other Visitors")
    return [f"{feed.area} {direction} {name}" for name in names if column in ("Total", name)]


def world_bank(asked: Question, edition: int) -> Answer:
    *_, economies, _, indicator = asked.path.split("/")
    feeds = [
        feed
        for feed in catalog().services["worldbank"].feeds
        if feed.code["indicator"] == indicator and str(feed.code["area"]) in economies.split(";")
    ]
    rows = [
        {
            "indicator": {"id": indicator, "value": str(feed.code["measure"])},
            "country": {"id": feed.area, "value": feed.area}, "countryiso3code": str(feed.code["area"]),
            "date": period, "value": float(text), "unit": "", "obs_status": "", "decimal": 0,
        }
        for feed in feeds for period, text in served(feed, edition).items()
    ]  # fmt: skip
    updated = date(2026, 1, 1) + timedelta(days=edition)
    head = {
        "page": 1,
        "pages": 1,
        "per_page": 20000,
        "total": len(rows),
        "sourceid": "2",
        "lastupdated": f"{updated}",
    }
    return dumped([head, rows])


def fred(asked: Question, edition: int) -> Answer:
    if asked.query.get("api_key") != KEY:
        return dumped({"error_code": 400, "error_message": "Bad Request."}, 400)
    feed = next(f for f in catalog().services["fred"].feeds if f.code["series"] == asked.query["series_id"])
    if asked.path == "/fred/series":
        one = {
            "id": feed.code["series"], "frequency_short": feed.frequency, "units": feed.code["units"],
            "seasonal_adjustment_short": feed.code.get("adjusted", feed.adjustment.upper()),
        }  # fmt: skip
        return dumped({"seriess": [one]})
    rows = [
        {
            "realtime_start": "2026-01-01",
            "realtime_end": "2026-01-01",
            "date": _first_day(period),
            "value": text,
        }
        for period, text in served(feed, edition).items()
        if _first_day(period) >= asked.query.get("observation_start", "")
    ]
    return dumped({"units": "lin", "count": len(rows), "offset": 0, "limit": 100000, "observations": rows})


def _first_day(period: str) -> str:
    if "Q" in period:
        return f"{period[:4]}-{3 * int(period[-1]) - 2:02}-01"
    return period + "-01-01"[3 * (len(period) // 5) :] if len(period) < 10 else period


def immigration(asked: Question, edition: int) -> Answer:
    names = "Hong Kong Residents,Mainland Visitors,Other Visitors"
    lines = [f"Date,Control Point,Arrival / Departure,{names},Total,", *_crossings(edition)]
    return Answer(("\ufeff" + "\r\n".join(lines) + "\r\n").encode(), kind="text/csv")


def _crossings(edition: int) -> Iterator[str]:
    points = {feed.area: feed.code["area"] for feed in catalog().services["immd"].feeds}
    every = periods("D", edition)
    for n, day in enumerate(every):
        year, month, of_month = day.split("-")
        for area, name in points.items():
            for direction in ("Arrival", "Departure"):
                counts = [
                    count_of(f"{area} {direction} {kind}", n, len(every), edition)
                    for kind in ("Hong Kong Residents", "Mainland Visitors", "Other Visitors")
                ]
                point = name if isinstance(name, str) else name[0]
                yield f"{of_month}-{month}-{year},{point},{direction},{','.join(map(str, counts))},{sum(counts)},"


MADE = {
    "api.worldbank.org": world_bank, "api.stlouisfed.org": fred, "www.immd.gov.hk": immigration,
}  # fmt: skip


class WorldHandler(ReplayHandler):
    server: World

    def answered(self) -> Answer:
        made = self.server.made.get(self.question.host)
        return made(self.question, self.server.edition) if made else super().answered()


class World(Replay):
    """The services in the edition that stands in `edition`; the name of the ``with`` block is the address.

    `made` may be given other answers by host.
    """

    def __init__(self, edition: int = 0, **of_replay: Any) -> None:
        super().__init__(**of_replay)
        self.RequestHandlerClass = WorldHandler
        self.edition = edition
        self.made = dict(MADE)

    def asked_of(self, host: str) -> int:
        """How many requests came for a host."""
        return sum(question.host == host for question in self.questions)
