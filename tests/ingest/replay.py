"""A web server on this machine that answers as the statistical services do, from their recorded answers.

``python -m tests.ingest.replay`` starts it and prints the variable to set; with it set, ``gba refresh`` asks this server
instead of the services. A request for ``https://host/path`` comes as ``/host/path``.

By default that is a rehearsal (`tests.ingest.rehearsal`): every series is answered, in the recorded shape, with shipped
figures and made-up ones. With ``--recorded-only``, and in tests unless they ask for it, only what a service was recorded
to hold is answered, with counts, pages and parameters made to fit; what it was not, with the error that the service
documents for it. Nothing is made up to fill a series then.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import json
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from tests.ingest.faulty_server import Handler, Reply, Server

RECORDINGS = Path(__file__).parents[1] / "recordings"
MODIFIED = "Sun, 08 Mar 2026 02:00:00 GMT"


@dataclass
class Question:
    """A request, as the service would see it."""

    method: str
    host: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes
    held: Recorded

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))

    @property
    def document(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass
class Answer:
    body: bytes
    status: int = 200
    kind: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


Service = Callable[..., Answer]


def recorded(name: str) -> bytes:
    return (RECORDINGS / name).read_bytes()


def dumped(document: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(json.dumps(document, ensure_ascii=False).encode(), status, headers=headers)


def read(name: str) -> Any:
    return json.loads(recorded(name))


def unchanged_or(body: bytes, asked: Question, kind: str) -> Answer:
    """A file, or 304 where the one who asks has it already."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    modified = asked.held.modified
    headers = {"ETag": tag, "Last-Modified": modified}
    known = asked.headers.get("If-None-Match") == tag
    if known or ("If-None-Match" not in asked.headers and asked.headers.get("If-Modified-Since") == modified):
        return Answer(b"", 304, kind, headers)
    return Answer(body, 200, kind, headers)


# --- what the services hold -------------------------------------------------------------------------------------------


class Recorded:
    """What the services were recorded to hold; None for what was not.

    Attributes
    ----------
    state
        Number of the state in which the services are; the recordings have one only.
    """

    state = 2
    modified = MODIFIED

    def world_bank(self, indicator: str) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
        """Header and rows of an indicator."""
        file = f"worldbank/{indicator}.json"
        return read(file) if (RECORDINGS / file).is_file() else None

    def web_table(self, table: str) -> list[dict[str, Any]] | None:
        """Rows of a table of the Census and Statistics Department."""
        file = f"censtatd/{table}.json"
        return read(file)["dataSet"] if (RECORDINGS / file).is_file() else None

    def passenger_file(self, stamp: str = "") -> bytes:
        """File of the Immigration Department, now or in the state that the archive keeps under a time."""
        return recorded("immd/statistics_on_daily_passenger_traffic.csv")

    def archive(self) -> list[str]:
        """Times at which the archive kept that file."""
        return ["20260308-1000"]

    def key_indicator(self, number: str) -> dict[str, Any] | None:
        """Answer for a key indicator of Macao."""
        file = f"dsec/composed_KeyIndicatorv3_{number}.json"
        return read(file) if (RECORDINGS / file).is_file() else None

    def regional(self) -> dict[str, Any]:
        """Results of the Bureau of Economic Analysis."""
        return read("bea/regional_CAGDP2_state.json")["BEAAPI"]["Results"]

    def fred_series(self, series: str) -> dict[str, Any] | None:
        """Description of a series of FRED."""
        return read("fred/series_GDP.json") if series == "GDP" else None

    def fred_observations(self, series: str, *, vintages: bool) -> dict[str, Any] | None:
        """Observations of a series of FRED, the latest or all that ever held."""
        which = "all_vintages" if vintages else "latest"
        return read(f"fred/observations_GDP_{which}.json") if series == "GDP" else None

    def weo(self, flow: str, key: Sequence[set[str]]) -> bytes | None:
        """Series of the World Economic Outlook; a set of codes for each of economy, indicator and frequency."""
        held = all(code in of for code, of in zip(("SVK", "NGDP_R", "A"), key, strict=True))
        return recorded("imf/WEO_sdmx21_structurespecific.xml") if held else None

    def oecd(self, flow: str, key: Sequence[set[str]]) -> bytes | None:
        """Series of a flow of the OECD; a set of codes for each dimension."""
        held = "DSD_RHPI_TARGET@DF_RHPI_TARGET" in flow and "GBR" in key[1] and "Q" in key[2]
        return recorded("oecd/RHPI_GBR_dataonly.csv") if held else None

    def national_data(self, cid: str, indicator: str, place: str) -> dict[str, Any]:
        """Blocks of the Bureau of Statistics of China by the code of their period."""
        answer = read("nbs/composed_esData_CPI_2026.json")
        blocks = {block["code"]: block for block in answer["data"]}
        held = {value["_id"] for block in blocks.values() for value in block["values"]}
        return blocks if indicator in held else {}

    def port(self, port: str) -> list[dict[str, Any]]:
        """Days of a port, as features."""
        features = read("portwatch/Daily_Ports_Data_port1201.json")["features"]
        return [one for one in features if one["attributes"]["portid"] == port]

    def passengers(self) -> list[dict[str, str]]:
        """Rows of the passengers of San Francisco's airport."""
        lines = csv.DictReader(recorded("datasf/rkru-6vcg_export_2023.csv").decode().splitlines())
        return [{name.lower(): value for name, value in one.items() if value} for one in lines]


RECORDED: Final = Recorded()


# --- the services -----------------------------------------------------------------------------------------------------


def world_bank(asked: Question, economies: str, indicator: str) -> Answer:
    if asked.query.get("format") != "json":
        return Answer(b"\xef\xbb\xbf" + recorded("worldbank/error_175_invalid_format.xml"), kind="text/xml")
    wanted = [one.upper() for one in economies.split(";")]
    held = asked.held.world_bank(indicator)
    if held is None:
        return Answer(recorded("worldbank/error_120_invalid_value.json"))
    head, rows = held
    # one economy that is not known refuses all
    if wanted != ["ALL"] and set(wanted) - {one["countryiso3code"] for one in rows}:
        return Answer(recorded("worldbank/error_120_invalid_value.json"))
    first, _, last = asked.query.get("date", "0000:9999").partition(":")
    kept = [
        one
        for one in rows
        if (wanted == ["ALL"] or one["countryiso3code"] in wanted) and first <= one["date"] <= (last or first)
    ]
    size, page = int(asked.query.get("per_page", 50)), int(asked.query.get("page", 1))
    pages = max(1, -(-len(kept) // size))
    head = head | {"page": page, "pages": pages, "per_page": size, "total": len(kept)}
    return dumped([head, kept[(page - 1) * size : page * size]])


def censtatd(asked: Question) -> Answer:
    """Not `dumped` but in the words of the service: failures have status 200."""
    try:
        query = json.loads(asked.form["query"])
        rows = asked.held.web_table(query["id"])
    except (KeyError, ValueError):
        rows = None
    if rows is None:
        return dumped(
            {"header": {"status": {"name": "Fail", "code": -1, "message": "Table ID is not defined"}}}
        )
    start, end = query["period"].get("start", "0"), query["period"].get("end", "999999")
    kept = [
        one
        for one in rows
        if one["sv"] in query["sv"] and start[: len(one["period"])] <= one["period"] <= end
    ]
    status = {"name": "Success", "code": 0}
    return dumped({"header": {"status": status, "count": len(kept)}, "dataSet": kept})


def immigration(asked: Question) -> Answer:
    return unchanged_or(asked.held.passenger_file(), asked, "text/csv")


IMMIGRATION = "https://www.immd.gov.hk/opendata/eng/transport/immigration_clearance/statistics_on_daily_passenger_traffic.csv"


def archive_versions(asked: Question) -> Answer:
    days = [asked.query.get(name, "") for name in ("start", "end")]
    if not all(re.fullmatch(r"\d{8}", day) for day in days):
        return dumped([{"message": "invalid start or end date"}], 400)
    held = asked.held.archive() if asked.query.get("url") == IMMIGRATION else []
    stamps = [stamp for stamp in held if days[0] <= stamp[:8] <= days[1]]
    return dumped({"version-count": len(stamps), "timestamps": stamps})


def archive_file(asked: Question) -> Answer:
    stamp = asked.query.get("time", "")
    if asked.query.get("url") != IMMIGRATION or stamp not in asked.held.archive():
        return dumped([{"message": "no such file or time"}], 400)
    return unchanged_or(asked.held.passenger_file(stamp), asked, "text/csv")


def dsec_page(asked: Question) -> Answer:
    return Answer(
        b"<html><title>DSEC</title></html>",
        kind="text/html",
        headers={"Set-Cookie": "cs=1; Path=/; HttpOnly"},
    )


def dsec_key_indicator(asked: Question, language: str, number: str) -> Answer:
    nothing = {"Debug_msg": "", "Value": {"indicatorValues": []}, "Status": "OK"}
    return dumped(asked.held.key_indicator(number) or nothing, 201)


def dsec_values(asked: Question) -> Answer:
    if asked.method != "POST":
        return Answer(b"", 405)
    ids, types = asked.document["indicator_ids"], asked.document["types"]
    if len(ids) != len(types):
        return dumped({"Debug_msg": "ArgumentOutOfRange", "Value": None, "Status": "ERROR"}, 201)
    return dumped({"Debug_msg": "", "Value": [], "Status": "OK"}, 201)


def bea(asked: Question) -> Answer:
    query = {name.lower(): value for name, value in asked.query.items()}
    echo = {
        "RequestParam": [{"ParameterName": n.upper(), "ParameterValue": v} for n, v in asked.query.items()]
    }

    def failed(code: str, text: str) -> Answer:
        return dumped(
            {
                "BEAAPI": {
                    "Request": echo,
                    "Results": {"Error": {"APIErrorCode": code, "APIErrorDescription": text}},
                }
            }
        )

    if not query.get("userid"):
        return failed("1", "The API UserID key is missing or invalid.")
    if query.get("datasetname", "").lower() != "regional":
        return failed("20", "The dataset requested is invalid.")
    results = asked.held.regional()
    places, years = (query.get(name, "").upper().split(",") for name in ("geofips", "year"))
    rows = [
        one
        for one in results["Data"]
        if one["Code"] == f"{query.get('tablename')}-{query.get('linecode')}"
        and (one["GeoFips"] in places or places == ["STATE"])
        and (years == ["ALL"] or one["TimePeriod"] in years)
    ]
    if not rows:
        return failed("204", "The values for this parameter are invalid.")
    # one record comes without its list
    return dumped(
        {"BEAAPI": {"Request": echo, "Results": results | {"Data": rows if len(rows) > 1 else rows[0]}}}
    )


def fred(asked: Question, what: str) -> Answer:
    query = asked.query

    def failed(text: str) -> Answer:
        # JSON that is called XML, as the service does
        return Answer(
            json.dumps({"error_code": 400, "error_message": f"Bad Request.  {text}"}).encode(),
            400,
            "text/xml",
        )

    if not query.get("api_key"):
        return failed("The value for variable api_key is not registered.")
    series, since_ever = query.get("series_id", ""), query.get("realtime_start") == "1776-07-04"
    described = asked.held.fred_series(series)
    head = asked.held.fred_observations(series, vintages=since_ever)
    if described is None or head is None:
        return failed("The series does not exist.")
    if what == "series":
        return dumped(described)
    if what != "series/observations":
        return failed("Not recorded.")
    kept = [one for one in head["observations"] if one["date"] >= query.get("observation_start", "")]
    offset, limit = int(query.get("offset", 0)), min(int(query.get("limit", 100_000)), 100_000)
    echo = {
        name: query[name] for name in ("observation_start", "realtime_start", "realtime_end") if name in query
    }
    return dumped(
        head
        | echo
        | {
            "count": len(kept),
            "offset": offset,
            "limit": limit,
            "observations": kept[offset : offset + limit],
        }
    )


def e_stat(asked: Question) -> Answer:
    def failed(status: int, text: str) -> Answer:
        result = {"STATUS": status, "ERROR_MSG": text, "DATE": "2026-03-08T10:00:00.000+09:00"}
        return dumped({"GET_STATS_DATA": {"RESULT": result, "PARAMETER": asked.query}})

    if not asked.query.get("appId"):
        return failed(100, "認証に失敗しました。アプリケーションIDを確認して下さい。")
    if asked.query.get("statsDataId") != "0003425893":
        return failed(1, "正常に終了しましたが、該当データはありませんでした。")
    answer = read("estat/getStatsData_0003425893.json")
    data = answer["GET_STATS_DATA"]["STATISTICAL_DATA"]
    values = data["DATA_INF"]["VALUE"]
    kept = [
        one
        for one in values
        if all(
            one.get(f"@{name[2].lower()}{name[3:]}") in codes.split(",")
            for name, codes in asked.query.items()
            if name.startswith("cd")
        )
    ]
    start, limit = int(asked.query.get("startPosition", 1)), int(asked.query.get("limit", 100_000))
    part = kept[start - 1 : start - 1 + limit]
    last = start - 1 + len(part)
    data["RESULT_INF"] = {"TOTAL_NUMBER": len(kept), "FROM_NUMBER": start, "TO_NUMBER": last}
    if last < len(kept):
        data["RESULT_INF"]["NEXT_KEY"] = last + 1
    data["DATA_INF"]["VALUE"] = part if len(part) != 1 else part[0]
    return dumped(answer)


def imf(asked: Question, flow: str, key: str) -> Answer:
    found = asked.held.weo(flow, _codes(key)) if flow.startswith("IMF.RES,WEO") else None
    # what it has nothing of it answers with nothing
    return Answer(b"", 204, "application/xml") if found is None else Answer(found, kind="application/xml")


def oecd(asked: Question, flow: str, key: str) -> Answer:
    found = asked.held.oecd(flow, _codes(key))
    if found is None:
        return Answer(b"NoRecordsFound", 404, "text/plain")
    return Answer(found, kind="application/vnd.sdmx.data+csv; charset=utf-8")


def _codes(key: str) -> list[set[str]]:
    return [set(part.split("+")) for part in key.split(".")]


def nbs_page(asked: Question) -> Answer:
    return Answer(b"<html></html>", kind="text/html", headers={"Set-Cookie": "JSESSIONID=1; Path=/"})


def nbs(asked: Question) -> Answer:
    ours = "Mozilla" in asked.headers.get("User-Agent", "") and "JSESSIONID" in asked.headers.get(
        "Cookie", ""
    )
    if not ours or "Referer" not in asked.headers:
        return Answer(b"<html><script>WZWS</script></html>", kind="text/html")
    wanted, answer = asked.document, read("nbs/composed_esData_CPI_2026.json")
    (indicator,), (place,) = wanted["indicatorIds"], wanted["das"]
    of_period = asked.held.national_data(wanted["cid"], indicator, place["value"])
    # every period that was asked for comes, with a figure or without
    answer["data"] = [
        of_period.get(code, {"code": code, "name": code, "values": []})
        for code in _nbs_periods(wanted["dts"])
    ]
    return dumped(answer)


def _nbs_periods(ranges: Sequence[str]) -> Iterator[str]:
    for one in ranges:
        first, last = one.split("-")
        kind = first[-2:]
        parts = {"YY": [""], "SS": [f"{n:02}" for n in range(1, 5)], "MM": [f"{n:02}" for n in range(1, 13)]}[
            kind
        ]
        codes = [f"{year}{part}{kind}" for year in range(int(first[:4]), int(last[:4]) + 1) for part in parts]
        yield from (code for code in reversed(codes) if first <= code <= last)


def portwatch(asked: Question) -> Answer:
    found = re.match(r"portid='(\w+)'", asked.query.get("where", ""))
    if not found:
        return dumped(
            {
                "error": {
                    "code": 400,
                    "message": "Cannot perform query. Invalid query parameters.",
                    "details": [],
                }
            }
        )
    answer = read("portwatch/Daily_Ports_Data_port1201.json")
    since = re.search(r"date >= TIMESTAMP '([\d-]{10})", asked.query["where"])
    kept = [
        one
        for one in asked.held.port(found[1].lower())
        if one["attributes"]["date"] >= (since[1] if since else "")
    ]
    kept.sort(key=lambda one: one["attributes"]["date"])
    offset, count = int(asked.query.get("resultOffset", 0)), int(asked.query.get("resultRecordCount", 1000))
    answer["features"] = kept[offset : offset + count]
    answer.pop("exceededTransferLimit", None)
    if offset + count < len(kept):
        answer["exceededTransferLimit"] = True
    return dumped(answer)


def dbnomics(asked: Question, rest: str) -> Answer:
    wanted = asked.query.get("series_ids", unquote(rest).strip("/"))
    if "WEO:latest" in wanted:
        target = f"https://api.db.nomics.world/v22/series?series_ids={wanted.replace('WEO:latest', 'WEO:2023-04')}&observations=1"
        return Answer(b"", 302, headers={"Location": target})
    answer = read("dbnomics/series_IMF_WEO_2023-04.json")
    docs = [
        one
        for one in answer["series"]["docs"]
        if f"{one['provider_code']}/{one['dataset_code']}/{one['series_code']}" in wanted.split(",")
    ]
    offset, limit = int(asked.query.get("offset", 0)), int(asked.query.get("limit", 1000))
    answer["series"] = {
        "docs": docs[offset : offset + limit],
        "limit": limit,
        "num_found": len(docs),
        "offset": offset,
    }
    return dumped(answer)


def socrata(asked: Question, data_set: str) -> Answer:
    if data_set != "rkru-6vcg":
        return Answer(recorded("datasf/error_403.json"), 403)
    rows: list[dict[str, str]] = asked.held.passengers()
    if by := asked.query.get("$group"):
        sums: defaultdict[tuple[str, ...], int] = defaultdict(int)
        for one in rows:
            sums[tuple(one[name] for name in by.split(","))] += int(one["passenger_count"])
        rows = [
            dict(zip(by.split(","), key, strict=True)) | {"passengers": str(total)}
            for key, total in sorted(sums.items())
        ]
    offset, limit = int(asked.query.get("$offset", 0)), int(asked.query.get("$limit", 1000))
    return dumped(rows[offset : offset + limit])


# --- which service answers what ---------------------------------------------------------------------------------------

ROUTES: dict[str, list[tuple[str, Service]]] = {
    "api.worldbank.org": [(r"/v2/(?:\w\w/)?country/([^/]+)/indicator/([^/]+)", world_bank)],
    "www.censtatd.gov.hk": [(r"/api/post\.php", censtatd)],
    "api.data.gov.hk": [
        (r"/v1/historical-archive/list-file-versions", archive_versions),
        (r"/v1/historical-archive/get-file", archive_file),
    ],
    "www.immd.gov.hk": [(urlsplit(IMMIGRATION).path, immigration)],
    "www.dsec.gov.mo": [
        (r"/ts/", dsec_page),
        (r"/TimeSeriesApi/App/KeyIndicatorv3/1/([\w-]+)/(\d+)", dsec_key_indicator),
        (r"/TimeSeriesApi/App/IndicatorValue/LatestSameEndPeriodv3", dsec_values),
    ],
    "apps.bea.gov": [(r"/api/data/?", bea)],
    "api.stlouisfed.org": [(r"/fred/(.+)", fred)],
    "api.e-stat.go.jp": [(r"/rest/3\.0/app/json/getStatsData", e_stat)],
    "api.imf.org": [(r"/external/sdmx/2\.1/data/([^/]+)/([^/]+)", imf)],
    "sdmx.oecd.org": [(r"/public/rest/data/([^/]+)/([^/]+)", oecd)],
    "data.stats.gov.cn": [
        (r"/dg/website/page\.html", nbs_page),
        (r"/dg/website/publicrelease/web/external/(?:stream/esData|getEsDataByCidAndDt)", nbs),
    ],
    "services9.arcgis.com": [
        (r"/[^/]+/arcgis/rest/services/Daily_Ports_Data/FeatureServer/0/query", portwatch)
    ],
    "api.db.nomics.world": [(r"/v22/series(.*)", dbnomics)],
    "data.sfgov.org": [(r"/resource/([\w-]+)\.json", socrata)],
}


def answered(asked: Question) -> Answer:
    """What the service would answer."""
    for pattern, service in ROUTES.get(asked.host, ()):
        if found := re.fullmatch(pattern, asked.path):
            return service(asked, *(unquote(part) for part in found.groups()))
    return Answer(b"<html><title>404 Not Found</title></html>", 404, "text/html")


# --- what can go wrong ------------------------------------------------------------------------------------------------


def forbidden(handler: ReplayHandler) -> None:
    """A gateway's page."""
    handler.send(
        Answer(
            b"<html><head><title>403 Forbidden</title></head><body>Azure gateway</body></html>",
            403,
            "text/html",
        )
    )


def too_many(after: str = "") -> Reply:
    """429, with Retry-After if given."""
    headers = {"Retry-After": after} if after else {}
    return lambda handler: handler.send(Answer(b"Too many requests", 429, "text/plain", headers))  # type: ignore[attr-defined]


def server_error(handler: ReplayHandler) -> None:
    handler.send(Answer(b"Internal Server Error", 500, "text/plain"))


def redirect_loop(handler: ReplayHandler) -> None:
    """To where it was asked, for ever while it is among the faults."""
    handler.send(Answer(b"", 302, headers={"Location": f"https:/{handler.path}"}))


def slow_drip(handler: ReplayHandler) -> None:
    """The right answer, one byte in a twentieth of a second."""
    answer = handler.answered()
    handler.begin(answer, len(answer.body))
    for at in range(len(answer.body)):
        if handler.server.ending.wait(0.05):
            return
        handler.raw(answer.body[at : at + 1])


def cut(handler: ReplayHandler) -> None:
    """Half of the right answer under the length of the whole."""
    answer = handler.answered()
    handler.begin(answer, len(answer.body))
    handler.raw(answer.body[: len(answer.body) // 2])


def shorter_length(handler: ReplayHandler) -> None:
    """The right answer under half its length, so that it seems to be whole when it is not."""
    answer = handler.answered()
    handler.begin(answer, len(answer.body) // 2)
    handler.raw(answer.body)


def longer_length(handler: ReplayHandler) -> None:
    """The right answer under a length it does not have."""
    answer = handler.answered()
    handler.begin(answer, len(answer.body) + 1000)
    handler.raw(answer.body)


def gzip_bomb(handler: ReplayHandler) -> None:
    """Two megabytes that unpack to two gigabytes."""
    member = gzip.compress(bytes(1 << 24))
    handler.begin(Answer(b"", headers={"Content-Encoding": "gzip"}), len(member) * 128)
    for _ in range(128):
        handler.raw(member)


def endless(handler: ReplayHandler) -> None:
    """Two gigabytes, a megabyte at a time."""
    piece = b"[" + b" " * ((1 << 20) - 1)
    handler.begin(Answer(b""), 2 << 30)
    for _ in range(2 << 10):
        if handler.server.ending.is_set():
            return
        handler.raw(piece)


def invalid_json(handler: ReplayHandler) -> None:
    handler.send(Answer(b'{"rows": [1, 2,, ]'))


def xml_with_mark(handler: ReplayHandler) -> None:
    """XML with a byte-order mark where JSON was asked for, as the World Bank does."""
    body = b"\xef\xbb\xbf" + recorded("worldbank/error_175_invalid_format.xml")
    handler.send(Answer(body, kind="text/xml"))


def empty(handler: ReplayHandler) -> None:
    handler.send(Answer(b""))


#: Every fault, by name.
FAULTS: dict[str, Reply] = {
    "forbidden": forbidden,
    "too_many": too_many(),
    "too_many_come_back": too_many("1"),
    "server_error": server_error,
    "redirect_loop": redirect_loop,
    "slow_drip": slow_drip,
    "cut": cut,
    "shorter_length": shorter_length,
    "longer_length": longer_length,
    "gzip_bomb": gzip_bomb,
    "endless": endless,
    "invalid_json": invalid_json,
    "xml_with_mark": xml_with_mark,
    "empty": empty,
}  # type: ignore[dict-item]


# --- the server -------------------------------------------------------------------------------------------------------


class ReplayHandler(Handler):
    server: Replay
    disable_nagle_algorithm = True  # the body need not wait for the word that the headers have come

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = urlsplit(self.path)
        _, host, *rest = parts.path.split("/", 2)
        query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        self.question = Question(
            self.command, host, "/" + "".join(rest), query, self.headers, body, self.server.held
        )
        with self.server.lock:
            self.server.questions.append(self.question)
            faults = self.server.faults.get(host)
            fault = faults.pop(0) if faults else None
        time.sleep(self.server.slow)
        with suppress(OSError):  # whoever asked has had enough
            if fault:
                fault(self)
            else:
                self.send(self.answered())

    do_POST = do_GET

    def answered(self) -> Answer:
        return answered(self.question)

    def begin(self, answer: Answer, length: int) -> None:
        self.send_response(answer.status)
        for name, value in {"Content-Type": answer.kind, **answer.headers}.items():
            self.send_header(name, value)
        if answer.status not in (204, 304):
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def send(self, answer: Answer) -> None:
        body = answer.body
        if len(body) > 1000 and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body)
            answer.headers["Content-Encoding"] = "gzip"
        self.begin(answer, len(body))
        self.wfile.write(body)


class Replay(Server):
    """The services, until the end of the ``with`` block, whose name is the address to put in ``GBA_REPLAY``.

    Parameters
    ----------
    faults
        For each host, what goes wrong with its next requests, one after the other; after them it answers.
    slow
        Seconds that every answer is late.
    port
        Where to listen; any free port unless given.
    rehearse
        Answer for every series, with shipped and made-up figures.
    state
        Of a rehearsal, which of its states the services are in; it may be changed at any time.
    """

    def __init__(
        self,
        faults: Mapping[str, Sequence[Reply]] | None = None,
        slow: float = 0.0,
        port: int = 0,
        rehearse: bool = False,
        state: int = 2,
    ) -> None:
        self.port_wanted = port
        self.held = _rehearsal() if rehearse else RECORDED
        if rehearse:
            self.state = state
        super().__init__()
        self.RequestHandlerClass = ReplayHandler
        self.faults = {host: list(these) for host, these in (faults or {}).items()}
        self.slow = slow
        self.lock = threading.Lock()
        self.questions: list[Question] = []

    @property
    def state(self) -> int:
        return self.held.state

    @state.setter
    def state(self, number: int) -> None:
        self.held.state = number

    def server_bind(self) -> None:
        self.server_address = ("127.0.0.1", self.port_wanted)
        super().server_bind()

    def __enter__(self) -> str:  # type: ignore[override]
        super().__enter__()
        return self.address


def _rehearsal() -> Recorded:
    from tests.ingest.rehearsal import Rehearsal  # which builds on this module

    return Rehearsal()


def main() -> None:
    from tests.ingest import rehearsal

    parser = argparse.ArgumentParser(description="Answer as the statistical services do.")
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument(
        "--slow", type=float, default=0.0, metavar="S", help="seconds that every answer is late"
    )
    parser.add_argument(
        "--recorded-only",
        action="store_true",
        help="the recordings alone, without shipped or made-up figures",
    )
    parser.add_argument(
        "--state",
        type=int,
        choices=rehearsal.STATES,
        default=2,
        help="of the rehearsal: "
        + "; ".join(f"{number} {what}" for number, what in rehearsal.STATES.items()),
    )
    parser.add_argument(
        "--list", action="store_true", help="say which series are rehearsed with which figures, and end"
    )
    asked = parser.parse_args()
    if asked.list:
        with suppress(BrokenPipeError):
            print("\n".join(rehearsal.Rehearsal().told()))
        return
    server = Replay(slow=asked.slow, port=asked.port, rehearse=not asked.recorded_only, state=asked.state)
    print("Recorded answers alone." if asked.recorded_only else rehearsal.SAID)
    print(f"GBA_REPLAY={server.address}", flush=True)
    with suppress(KeyboardInterrupt):
        server.serve_forever()


if __name__ == "__main__":
    # not this module under a second name, which the rehearsal would not know
    from tests.ingest.replay import main as of_the_module

    of_the_module()
