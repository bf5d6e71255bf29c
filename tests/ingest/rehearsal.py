"""A rehearsal of the services: for every series an answer in the service's own recorded shape.

The answers are put together. Their shape is that of the recordings (`tests/recordings/README.md` says which of those are
fragments, too). Their figures are those of the shipped dataset where it has the series: of the service's own producer
if it has any, else of the source of the best grade with the most of them. Where it has none they are **made up** by the
fixed rule of `_made_up`, as are the revisions of state 3, the changes of state 4, the projections of the World Economic
Outlook (which its connector leaves out) and the days on which ALFRED says that figures were first printed.
``python -m tests.ingest.replay --list`` says which series are which. A database that is built from a rehearsal shows how
a refresh works; it is no data.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any, Concatenate, Final, ParamSpec, TypeVar
from xml.sax.saxutils import quoteattr
from zlib import crc32

import polars as pl

from gbaindicators.catalog import Feed, catalog, datasets_dir, parse_period, period_end, period_text
from gbaindicators.errors import PeriodError
from tests.ingest.replay import Recorded, read, recorded

STATES: Final = {
    1: "a year ago",
    2: "everything",
    3: "the last figures revised by a hundredth",
    4: "as 3, one series cut short and one on another base, both of the World Bank",
}
SAID: Final = (
    "REHEARSAL: answers put together from recorded shapes and shipped figures, with made-up figures where there are none "
    "(--list says where). What is built from them is a rehearsal, not data."
)

#: The day on which the services have issued each state.
_ISSUED: Final = {1: date(2025, 7, 1), 2: date(2026, 7, 13), 3: date(2026, 10, 8), 4: date(2026, 10, 29)}
#: State 4: the series that has lost its first half, and the one whose base is another.
CUT, REBASED = "gdp/macao/A/nsa/current", "gdp_real/macao/A/nsa/constant"
#: Times at which the archive kept the file of the Immigration Department; few, and of when it was short.
_ARCHIVE: Final = {"20210226-1000": 1, "20210331-1000": 1, "20210430-1000": 2, "20210531-1000": 3}

# Made-up figures: around what they lie, in what their service counts in, and where they begin and end.
_AROUND: Final = {
    "gdp_annual_rate": 22_000.0, "gdp": 4e7, "gdp_real": 4e7, "cpi": 105.0, "cpi_index_previous_year": 101.0,
    "fx_rate": 7.0, "gdp_per_capita_ppp": 60_000.0, "port_calls": 70.0, "port_calls_container": 30.0,
}  # fmt: skip
_BEGIN: Final = {"A": 2005, "S": 2010, "Q": 2010, "M": 2015, "D": 2023}
_IN_A_YEAR: Final = {"A": 1, "S": 2, "Q": 4, "M": 12, "D": 365}
_END: Final = date(2026, 6, 30)
_GRADES: Final = ("secondary", "mirror", "official")
_FEWEST: Final = 4  # known figures with fewer of which the guard asks for no share

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as its service counts it: text in plain digits, empty where there is none."""

    period: str
    value: str
    status: str = "A"

    @property
    def start(self) -> date:
        return parse_period(self.period).start


def once_a_state(
    make: Callable[Concatenate[Rehearsal, P], T],
) -> Callable[Concatenate[Rehearsal, P], T]:
    """Keep what was made in a state for the next who asks."""

    def kept(self: Rehearsal, /, *of: P.args, **more: P.kwargs) -> T:
        key = (make.__name__, self.state, repr(of), repr(more))
        if key not in self.made:
            self.made[key] = make(self, *of, **more)
        found: T = self.made[key]
        return found

    return kept


class Rehearsal(Recorded):
    """What the services hold in a rehearsal.

    Attributes
    ----------
    state
        One of `STATES`.
    crossings
        Rows of the Immigration Department's file, the oldest first; fewer of them make a quicker rehearsal.
    """

    def __init__(self, state: int = 2) -> None:
        self.state = state
        self.feeds = {
            (service.id, feed.id): feed for service in catalog().services.values() for feed in service.feeds
        }
        self.shipped = _shipped()
        self.crossings = crossings()
        self.made: dict[tuple[str, int, str, str], Any] = {}

    @property
    def modified(self) -> str:  # type: ignore[override]
        return f"{_ISSUED[self.state]:%a, %d %b %Y} 02:00:00 GMT"

    def figures(self, feed: Feed, state: int | None = None) -> list[Figure]:
        """Figures of a series in a state (that of the services unless given), in order of time."""
        now = self.state if state is None else state
        shipped = self.shipped.get((feed.service, feed.id))
        figures = list(shipped[1]) if shipped else _made_up(feed)
        if now == 1:
            last = figures[-1].start
            year_before = last.replace(year=last.year - 1, day=min(last.day, 28))
            return [one for one in figures if one.start <= year_before] or figures[:1]
        if now >= 3:
            figures = _revised(figures, feed)
        if now == 4 and feed.service == "worldbank" and feed.id == CUT:
            return figures[len(figures) // 2 :]
        if now == 4 and feed.service == "worldbank" and feed.id == REBASED:
            return [replace(one, value=_times(one.value, "1.2345")) for one in figures]
        return figures

    def told(self) -> Iterator[str]:
        """Say of every series where its figures come from."""
        yield SAID
        for (service, id_), feed in self.feeds.items():
            if service in ("immd", "datagovhk"):
                continue
            sources, figures = self.shipped.get((service, id_), ("made up", _made_up(feed)))
            yield f"{service} {id_}: {len(figures)} figures {figures[0].period} to {figures[-1].period}, {sources}"
        yield "immd, all series: shipped, immd_csv_vila_c"
        yield f"datagovhk, all series: the same, in states of {', '.join(_ARCHIVE)}"

    def _of(self, service: str, **code: str) -> list[Feed]:
        """Feeds of a service whose code has these words."""
        return [
            feed
            for (of, _), feed in self.feeds.items()
            if of == service and all(feed.code.get(name) == word for name, word in code.items())
        ]

    # --- what each service holds ---

    @once_a_state
    def world_bank(self, indicator: str) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
        """All years since 1960, the newest first, with null where there is no figure."""
        head, (mould, *_) = read("worldbank/NY.GDP.MKTP.CD.json")
        names = catalog()
        rows = []
        for feed in self._of("worldbank", indicator=indicator):
            of_year = {one.period: one for one in self.figures(feed)}
            indicator_name = (
                f"{names.indicators[feed.indicator].names['en']} ({feed.code['measure']})"  # with its unit
            )
            for year in range(_ISSUED[self.state].year - 1, 1959, -1):
                one = of_year.get(str(year), Figure(str(year), "", "M"))
                rows.append(mould | {
                    "indicator": {"id": indicator, "value": indicator_name},
                    "country": {"id": _ISO2[feed.area], "value": names.areas[feed.area].names["en"]},
                    "countryiso3code": feed.code["area"],
                    "date": one.period,
                    "value": _number(one.value),
                    "obs_status": one.status if one.status in "PEB" else "",
                })  # fmt: skip
        return (head | {"lastupdated": f"{_ISSUED[self.state]}"}, rows) if rows else None

    @once_a_state
    def web_table(self, table: str) -> list[dict[str, Any]] | None:
        rows = []
        for feed in self._of("censtatd", table=table):
            classes: dict[str, Any] = {}
            for name, codes in feed.code.items():
                if name.isupper():
                    of = (
                        codes if isinstance(codes, str) else ""
                    )  # a list is asked for, so that the total is marked
                    classes |= {name: of, f"{name}Desc": of or "Total"}
            for one in self.figures(feed):
                missing = not one.value
                rows.append(classes | {
                    "freq": feed.code["freq"],
                    "period": _last_month(one, str(feed.code["freq"])),
                    "sv": feed.code["indicator"],
                    "svDesc": feed.code["label"],
                    "figure": None if missing else float(one.value),
                    "sd_value": "N.A." if missing else "p" if one.status == "P" else "",
                })  # fmt: skip
        return rows or None

    @once_a_state
    def passenger_file(self, stamp: str = "") -> bytes:
        """The published file; what the archive kept ends on the day before."""
        table = self.crossings
        if stamp:
            table = table.filter(pl.col("day") < date.fromisoformat(f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}"))
        elif self.state == 1:
            table = table.filter(pl.col("day") <= pl.col("day").max().dt.offset_by("-1y"))
        elif self.state >= 3:
            late = pl.col("day") > pl.col("day").max().dt.offset_by("-3d")
            table = table.with_columns(
                pl.when(late)
                .then((pl.col(_CLASSES) * 1.01).round())
                .otherwise(pl.col(_CLASSES))
                .cast(pl.Int64)
            )
        total = pl.sum_horizontal(_CLASSES).alias("Total")
        head = recorded("immd/statistics_on_daily_passenger_traffic.csv").split(b"\n", 1)[0] + b"\n"
        rows = table.select(
            "Date", "Control Point", "Arrival / Departure", *_CLASSES, total, pl.lit("").alias("end")
        )
        return (
            head + rows.write_csv(include_header=False, line_terminator="\r\n", quote_style="never").encode()
        )

    def archive(self) -> list[str]:
        return [stamp for stamp, since in _ARCHIVE.items() if since <= self.state]

    @once_a_state
    def key_indicator(self, number: str) -> dict[str, Any] | None:
        answer = super().key_indicator(number)
        feeds = self._of("dsec", key_indicator=number)
        if answer is None or not feeds:
            return answer
        (block,) = answer["Value"]["indicatorValues"]
        (mould, *_) = block["dsecIndicatorData"]
        block["dsecIndicatorData"] = [
            mould | {
                "Year": one.start.year,
                "PeriodID": one.start.month if feeds[0].frequency == "M" else (one.start.month + 2) // 3,
                "ReferencePeriod": _reference(one.start, feeds[0].frequency),
                "IndicatorValue": _number(one.value),
            }
            for one in self.figures(feeds[0])
        ]  # fmt: skip
        return answer

    @once_a_state
    def regional(self) -> dict[str, Any]:
        """Rows of all tables, years in no order, thousands with commas."""
        results = super().regional()
        (mould, *_) = results["Data"]
        rows = []
        for feed in self._of("bea"):
            dollars = "dollars" if feed.prices == "current" else f"{feed.prices} dollars"
            figures = self.figures(feed)
            Random(feed.id).shuffle(figures)
            rows += [
                {name: value for name, value in mould.items() if name != "NoteRef"} | {
                    "Code": f"{feed.code['table']}-{feed.code['line']}",
                    "GeoFips": feed.code["area"],
                    "GeoName": catalog().areas[feed.area].names["en"],
                    "TimePeriod": one.period,
                    "CL_UNIT": f"Thousands of {dollars}",
                    "DataValue": f"{Decimal(one.value):,f}" if one.value else "(NA)",
                }
                for one in figures
            ]  # fmt: skip
        return results | {"Data": rows}

    @once_a_state
    def fred_series(self, series: str) -> dict[str, Any] | None:
        feeds = self._of("fred", series=series)
        if not feeds:
            return None
        (feed,) = feeds
        figures = self.figures(feed)
        answer: dict[str, Any] = read("fred/series_GDP.json")
        day = f"{_ISSUED[self.state]}"
        units = str(feed.code["units"])
        said = (
            f"{units} Dollars"
            if units.endswith(" of")
            else f"{feed.unit.split()[0]} {units}"
            if units[0] == "t"
            else units
        )
        answer["seriess"] = [
            answer["seriess"][0] | {
                "id": series, "realtime_start": day, "realtime_end": day,
                "title": catalog().indicators[feed.indicator].names["en"],
                "observation_start": f"{figures[0].start}", "observation_end": f"{figures[-1].start}",
                "frequency": _FREQUENCIES[feed.frequency], "frequency_short": feed.frequency,
                "units": said, "units_short": said,
                "seasonal_adjustment_short": feed.code.get("adjusted", feed.adjustment.upper()),
                "last_updated": f"{day} 07:54:01-05", "notes": "",
            }
        ]  # fmt: skip
        return answer | {"realtime_start": day, "realtime_end": day}

    @once_a_state
    def fred_observations(self, series: str, *, vintages: bool) -> dict[str, Any] | None:
        feeds = self._of("fred", series=series)
        if not feeds:
            return None
        (feed,) = feeds
        which, day = "all_vintages" if vintages else "latest", _ISSUED[self.state]
        head: dict[str, Any] = read(f"fred/observations_GDP_{which}.json")
        if not vintages:
            head |= {"realtime_start": f"{day}", "realtime_end": f"{day}"}
            told = [(one, day, day) for one in self.figures(feed)]
        else:
            told = list(self._vintages(feed))
        head["observations"] = [
            {
                "realtime_start": f"{first}",
                "realtime_end": f"{last}",
                "date": f"{one.start}",
                "value": one.value or ".",
            }
            for one, first, last in told
            if feed.frequency != "D" or one.start.weekday() < 5
        ]
        return head

    def _vintages(self, feed: Feed) -> Iterator[tuple[Figure, date, date]]:
        """Figures with the days from and to which they held: as first printed, and as revised in state 3."""
        never = date(9999, 12, 31)
        revised = {one.period: one for one in self.figures(feed)}
        for one in self.figures(feed, 1 if self.state == 1 else 2):
            first = min(period_end(feed.frequency, one.start) + timedelta(days=feed.lag), _ISSUED[2])
            now = revised[one.period]
            if now == one:
                yield one, first, never
            else:
                yield one, first, _ISSUED[3] - timedelta(days=1)
                yield now, _ISSUED[3], never

    @once_a_state
    def weo(self, flow: str, key: Sequence[set[str]]) -> bytes | None:
        """The recorded message with other series; the year after its publication is a projection."""
        text = recorded("imf/WEO_sdmx21_structurespecific.xml").decode()
        head, rest = text.split("    <Group", 1)
        foot = rest[rest.index("  </message:DataSet>") :]
        head = head.replace("2025-11-19T21", f"{_ISSUED[self.state]}T21")
        published = int(re.search(r'PUBLICATION_DATE="(\d{4})', head)[1])  # type: ignore[index]
        groups, series = [], []
        for feed in self._of("imf"):
            codes = str(feed.code["key"]).format_map(feed.code).split(".")
            if feed.code["flow"] != flow or any(code not in of for code, of in zip(codes, key, strict=True)):
                continue
            country, indicator, _ = codes
            figures = self.figures(feed)
            unit = f" UNIT={quoteattr(str(feed.code['unit']))}" if "unit" in feed.code else ""
            name = quoteattr(catalog().indicators[feed.indicator].names["en"])
            actual = max((one.period for one in figures if one.status == "A"), default="0000")
            group = f'    <Group xsi:type="ns1:GROUP_INDICATOR" INDICATOR="{indicator}" SERIES_NAME={name}{unit}/>\n'
            if group not in groups:
                groups.append(group)
            groups.append(
                f'    <Group xsi:type="ns1:GROUP_COUNTRY__INDICATOR" INDICATOR="{indicator}" COUNTRY="{country}"'
                f' LATEST_ACTUAL_ANNUAL_DATA="{actual}"/>\n'
            )
            projected = Figure(str(published + 1), _times(figures[-1].value, "1.02"))
            series.append(
                f'    <Series COUNTRY="{country}" INDICATOR="{indicator}" FREQUENCY="A" OVERLAP="OL" DECIMALS_DISPLAYED="3"'
                f' SCALE="{9 if "unit" in feed.code else 0}">\n'
                + "".join(
                    f'      <Obs TIME_PERIOD="{one.period}" OBS_VALUE="{one.value or "NaN"}"/>\n'
                    for one in (*figures, projected)
                )
                + "    </Series>\n"
            )
        return (head + "".join(groups + series) + foot).encode() if series else None

    @once_a_state
    def oecd(self, flow: str, key: Sequence[set[str]]) -> bytes | None:
        """Rows in no order, in the columns of the recorded answer but for the dimensions, which are those of the flow."""
        columns = recorded("oecd/RHPI_GBR_dataonly.csv").decode().splitlines()[0].split(",")
        rows: list[list[str]] = []
        for feed in self._of("oecd", flow=flow):
            codes = str(feed.code["key"]).format_map(feed.code).split(".")
            if any(code not in of for code, of in zip(codes, key, strict=True)):
                continue
            dimensions = list(feed.code["dimensions"])
            agency, flow_id, version = flow.split(",")
            rows += [
                [
                    f"{agency}:{flow_id}({version})",
                    *codes,
                    one.period,
                    one.value,
                    one.status,
                    str(feed.scale),
                    "0",
                    "2015",
                ]
                for one in self.figures(feed)
            ]
        if not rows:
            return None
        Random(flow).shuffle(rows)
        lines = [columns[0], *dimensions, *columns[columns.index("TIME_PERIOD") :]], *rows
        return "".join(",".join(line) + "\r\n" for line in lines).encode()

    @once_a_state
    def national_data(self, cid: str, indicator: str, place: str) -> dict[str, Any]:
        mould = next(
            block["values"][0]
            for block in read("nbs/composed_esData_CPI_2026.json")["data"]
            if block["values"]
        )
        suffix = {"A": "YY", "Q": "SS", "M": "MM"}
        blocks = {}
        for feed in self._of("nbs", area=place):
            if not any(entry.endswith(f":{cid}:{indicator}") for entry in feed.code["catalogues"]):
                continue
            said = {
                "_id": indicator, "i_showname": feed.code["name"], "du_name": feed.code.get("unit", ""),
                "da_name": feed.code["place"], "catalogid": cid,
            }  # fmt: skip
            for one in self.figures(feed):
                code = one.period.replace("-Q", "0").replace("-", "") + suffix[feed.frequency]
                values = [mould | said | {"value": one.value}] if one.value else []
                blocks[code] = {"code": code, "name": _in_chinese(one.period), "values": values}
        return blocks

    @once_a_state
    def port(self, port: str) -> list[dict[str, Any]]:
        feeds = {str(feed.code["field"]): feed for feed in self._of("portwatch", area=port)}
        if not feeds:
            return []
        mould = read("portwatch/Daily_Ports_Data_port1201.json")["features"][0]["attributes"]
        mould = {
            name: 0 if name.startswith(("portcalls", "import", "export")) else value
            for name, value in mould.items()
        }
        area = catalog().areas[next(iter(feeds.values())).area].names["en"]
        days: defaultdict[date, dict[str, Any]] = defaultdict(dict)
        for field, feed in feeds.items():
            for one in self.figures(feed):
                days[one.start][field] = int(one.value)
        dates = {
            day: {"date": f"{day}", "year": day.year, "month": day.month, "day": day.day} for day in days
        }
        own = {"portid": port, "portname": area, "country": area, "ISO3": "", "portcalls_cargo": 0}
        return [
            {"attributes": mould | own | dates[day] | counts | {"ObjectId": number}}
            for number, (day, counts) in enumerate(days.items(), start=1)
        ]

    @once_a_state
    def passengers(self) -> list[dict[str, str]]:
        """Two rows for each month and part, of those who leave and those who come."""
        (mould, *_) = super().passengers()
        rows = []
        for part in ("Domestic", "International"):
            (feed,) = self._of("datasf", indicator=part)
            for one in self.figures(feed):
                half = int(one.value) // 2
                for kind, count in (("Deplaned", half), ("Enplaned", int(one.value) - half)):
                    own = {"activity_period": one.period.replace("-", ""), "geo_summary": part}
                    rows.append(mould | own | {"activity_type_code": kind, "passenger_count": str(count)})
        return rows


_CLASSES: Final = ("Hong Kong Residents", "Mainland Visitors", "Other Visitors")
_FREQUENCIES: Final = {"A": "Annual", "Q": "Quarterly", "M": "Monthly", "D": "Daily"}
_ISO2: Final = {"china": "CN", "hong_kong": "HK", "macao": "MO", "japan": "JP", "united_states": "US"}


# --- figures ----------------------------------------------------------------------------------------------------------


@cache
def _shipped() -> dict[tuple[str, str], tuple[str, list[Figure]]]:
    """Shipped figures of each series that has some, by service and series, and the sources that they are of."""
    feeds = [feed for service in catalog().services.values() for feed in service.feeds]
    indicators = {feed.indicator for feed in feeds}
    tables = [
        pl.read_csv(file, infer_schema=False, empty_string_is_null=False).filter(
            pl.col("indicator").is_in(indicators)
        )
        for file in sorted((datasets_dir() / "observations").glob("*.csv"))
    ]
    of_series: defaultdict[tuple[str, ...], list[dict[str, str]]] = defaultdict(list)
    for row in pl.concat(tables).iter_rows(named=True):
        key = (
            row["indicator"],
            row["area"],
            _frequency(row["period"]),
            row["adjustment"],
            row["prices"],
            row["unit"],
        )
        of_series[key].append(row)
    found = {}
    for feed in feeds:
        key = (feed.indicator, feed.area, feed.frequency, feed.adjustment, feed.prices, feed.unit)
        if rows := of_series.get(key):
            found[feed.service, feed.id] = _chosen(rows, feed)
    return found


def _chosen(rows: Iterable[Mapping[str, str]], feed: Feed) -> tuple[str, list[Figure]]:
    """Figures of one producer, the latest vintage of each."""
    names = catalog()
    of_producer: defaultdict[str, list[Mapping[str, str]]] = defaultdict(list)
    for row in rows:
        of_producer[names.sources[row["source"]].producer].append(row)

    def rank(producer: str) -> tuple[bool, int, int, str]:
        series = of_producer[producer]
        own = names.services[feed.service].producer.startswith(producer.partition(" (")[0])
        grade = max(_GRADES.index(names.sources[row["source"]].grade) for row in series)
        return own, grade, len({row["period"] for row in series}), producer

    chosen = of_producer[max(of_producer, key=rank)]
    latest = {row["period"]: row for row in sorted(chosen, key=lambda row: row["vintage"])}
    figures = [
        Figure(period, _shifted(row["value"], int(row["scale"]) - feed.scale), row["status"])
        for period, row in sorted(latest.items())
    ]
    sources = sorted({row["source"] for row in latest.values()})
    more = f" and {len(sources) - 2} more" if len(sources) > 2 else ""
    return f"shipped, {', '.join(sources[:2])}{more}", figures


def _made_up(feed: Feed) -> list[Figure]:
    """Figures for a series that is not shipped, always the same.

    They lie around a level, grow by two per cent a year unless they are rates, and differ from that by up to two per
    cent, all by the check sums of the series' and the periods' names. The last is provisional.
    """
    unit = catalog().units[feed.unit]
    rate = unit.kind in ("ratio", "exchange_rate") or feed.indicator in ("cpi_index_previous_year",)
    level = _AROUND.get(feed.indicator, 2.5 if rate else 100.0 if unit.kind == "index" else 1000.0)
    if not rate:
        level *= 0.8 + _share(feed.id) * 0.4
    decimals = (
        4 if "per" in feed.unit.split() else 1 if level < 1000 and unit.kind in ("index", "ratio") else 0
    )
    figures = []
    start, number = date(_BEGIN[feed.frequency], 1, 1), 0
    while (end := period_end(feed.frequency, start)) <= _END:
        period = period_text(feed.frequency, start)
        growth = 1.0 if rate else 1.02 ** (number / _IN_A_YEAR[feed.frequency])
        value = level * growth * (0.98 + 0.04 * _share(f"{feed.id} {period}"))
        figures.append(Figure(period, f"{value:.{decimals}f}"))
        start, number = end + timedelta(days=1), number + 1
    return [*figures[:-1], replace(figures[-1], status="P")]


def _share(name: str) -> float:
    return crc32(name.encode()) % 1000 / 1000


def _revised(figures: list[Figure], feed: Feed) -> list[Figure]:
    """The last three figures a hundredth larger; fewer where so many would be held back."""
    there = [one for one in figures if one.value]
    most = 3 if len(there) < _FEWEST else int(feed.most_revised * len(there))
    last = {one.period for one in there[-min(3, most) :]} if most else set()
    return [replace(one, value=_times(one.value, "1.01")) if one.period in last else one for one in figures]


def _times(text: str, factor: str) -> str:
    """A multiple with as many decimals, never the same number unless it is zero."""
    number = Decimal(text)
    if not number:
        return text
    place = Decimal(1).scaleb(number.as_tuple().exponent)  # type: ignore[arg-type]
    product = (number * Decimal(factor)).quantize(place)
    return f"{product if product != number else number + place:f}"


def _shifted(text: str, power: int) -> str:
    return f"{Decimal(text).scaleb(power):f}" if text and power else text


def _number(text: str) -> float | int | None:
    return None if not text else float(text) if "." in text else int(text)


def _frequency(period: str) -> str:
    """Frequency of a period; none of a fiscal year, which no service of the catalogue has."""
    try:
        return "" if "/" in period else parse_period(period).frequency
    except PeriodError:
        return ""


def _last_month(one: Figure, freq: str) -> str:
    """Period as web tables name it."""
    if freq == "Y":
        return one.period
    months = {"H": 6, "Q": 3, "M": 1, "M3M": 1}[freq]
    return f"{one.start.year}{one.start.month + months - 1:02}"


def _reference(start: date, frequency: str) -> str:
    """Period as Macao's service writes it."""
    if frequency == "Q":
        return f"Q{(start.month + 2) // 3}/{start.year}"
    return f"{start:%b}{'' if start.month == 5 else '.'}/{start.year}"


def _in_chinese(period: str) -> str:
    year, _, part = period.partition("-")
    return f"{year}年" + (f"{int(part)}月" if part.isdigit() else f"第{part[1]}季度" if part else "")


@cache
def crossings() -> pl.DataFrame:
    """The shipped copy of the Immigration Department's file."""
    file = datasets_dir() / "crossings" / "hk_daily_crossings.csv"
    return (
        pl.read_csv(file, infer_schema=False)
        .filter(pl.col("source") == "immd_csv_vila_c")
        .with_columns(pl.col("Date").str.to_date("%d-%m-%Y").alias("day"), pl.col(_CLASSES).cast(pl.Int64))
    )
