"""Every fault through the whole job, by the command line: the last good database answers, the summary says what happened.

The faults of the transport are tested one by one in test_fetching.py, those of the answers in test_source_*.py.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import socket
import ssl
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3

from gbaindicators.catalog import catalog
from gbaindicators.cli.app import main
from tests.ingest import world as made_up
from tests.ingest.job import KEYS, Job, set_up
from tests.ingest.replay import FAULTS, Answer, Question, dumped, recorded
from tests.ingest.world import HOSTS, MADE, World, served

Made = Callable[[Question, int], Answer]
FRED, BANK, IMMD = HOSTS["fred"], HOSTS["worldbank"], HOSTS["immd"]


def whole(body: bytes, status: int = 200, kind: str = "application/json") -> Made:
    return lambda asked, edition: Answer(body, status, kind)


def bank(change: Callable[[dict[str, Any], list[dict[str, Any]]], Any]) -> Made:
    """The World Bank's answer, changed."""

    def answer(asked: Question, edition: int) -> Answer:
        head, rows = json.loads(MADE[BANK](asked, edition).body)
        return dumped(change(head, rows))

    return answer


def file(change: Callable[[str], str]) -> Made:
    """The Immigration Department's file, changed."""
    return lambda asked, edition: Answer(
        change(MADE[IMMD](asked, edition).body.decode()).encode(), kind="text/csv"
    )


def zipped(asked: Question, edition: int) -> Answer:
    """An archive whose member would be written outside of where it is unpacked."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../../../escaped.csv", MADE[IMMD](asked, edition).body)
    return Answer(packed.getvalue(), kind="application/zip")


BOMB = b"""<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaaaaaaaaaaaa">%s]><b>&e9;</b>""" % b"".join(
    b'<!ENTITY e%d "%s">' % (n, (b"&e%d;" % (n - 1) if n else b"&a;") * 20) for n in range(10)
)

#: What is wrong with the answer, of which service, and what the summary must say.
ANSWERS: dict[str, tuple[str, Made, str]] = {
    "gateway page in HTML": ("worldbank", whole(b"<html><title>Azure</title></html>", 200, "text/html"), "HTML|JSON"),
    "invalid JSON": ("worldbank", whole(b'[{"page":1,,}]'), "JSON"),
    "JSON cut in the middle": ("worldbank", lambda a, e: Answer(MADE[BANK](a, e).body[:-40]), "JSON|cut"),
    "XML with a byte-order mark": ("worldbank", whole(b"\xef\xbb\xbf" + recorded("worldbank/error_175_invalid_format.xml"), 200, "text/xml"), "refused"),
    "status 200 that carries an error": ("worldbank", whole(recorded("worldbank/error_120_invalid_value.json")), "120"),
    "status 200 that carries a failure": ("censtatd", whole(b'{"header":{"status":{"name":"Fail","code":-1,"message":"Table ID is not defined"}}}'), "Table ID is not defined"),
    "empty data set": ("censtatd", whole(b'{"header":{"status":{"name":"Success","code":0},"count":0},"dataSet":[]}'), "censtatd: failed"),
    "nothing at all": ("worldbank", whole(b""), "worldbank: failed"),
    "a page that is missing": ("worldbank", bank(lambda head, rows: [head | {"total": len(rows) + 1}, rows]), "page 1 of 1"),
    "another base": ("worldbank", bank(lambda head, rows: [head, [row | {"indicator": row["indicator"] | {"value": "constant 2021"}} for row in rows]]), "unit has changed|other figures"),
    "rows that differ": ("immd", file(lambda text: text + text.splitlines()[1].replace(",", ",9", 4).replace(",9", ",", 3) + "\r\n"), "different counts|immd: (failed|held)"),
    "file cut within a line": ("immd", file(lambda text: text[: len(text) // 2 - 3]), "ends within a line|immd: failed"),
    "dropped column": ("immd", file(lambda text: text.replace("Mainland Visitors", "Mainland", 1)), "without the column Mainland Visitors"),
    "renamed control point": ("immd", file(lambda text: text.replace(",Lo Wu,", ",Luohu,")), "without hk_lo_wu|Luohu"),
    "an archive with a path in it": ("immd", zipped, "immd: failed"),
    "entity bomb": ("imf", whole(BOMB, 200, "application/xml"), "imf: failed"),
    "numbers that are none": ("fred", lambda a, e: Answer(MADE[FRED](a, e).body.replace(b'"value": "5', b'"value": "N/A5')), "fred: (failed|held)"),
    "the key in an error": ("fred", lambda a, e: dumped({"error_code": 400, "error_message": f"Bad Request: {a.query.get('api_key')}"}, 400), "fred: failed"),
}  # fmt: skip


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, make_datasets: Any) -> Iterator[Job]:
    datasets = make_datasets(gdp=[{"period": "2020"}])
    set_up(monkeypatch, tmp_path / "home", datasets)
    monkeypatch.setattr(made_up, "DAYS", 20)
    with (world := World()):
        monkeypatch.setenv("GBA_REPLAY", world.address)
        for name, value in KEYS.items():
            monkeypatch.setenv(name, value)
        yield Job(tmp_path / "home", world)


def figures(job: Job, service: str) -> dict[tuple[str, str, str], list[str]]:
    return {series: list(found.values()) for series, found in job.figures(service).items()}


def expected(service: str, edition: int) -> dict[tuple[str, str, str], list[str]]:
    return {
        (feed.indicator, feed.area, feed.frequency): list(served(feed, edition).values())
        for feed in catalog().services[service].feeds
    }


def survive(
    job: Job,
    service: str,
    said: str,
    capsys: pytest.CaptureFixture[str],
    beside: str = "",
    state: str = "failed",
) -> None:
    """Refresh by the command line while something is wrong, and see that nothing is lost, half-written or shown."""
    capsys.readouterr()
    before, archived = figures(job, service), job.batches().get(service)
    also = ("--source", beside) if beside else ()
    code = main(["refresh", "--force", "--source", service, *also, "--json"])
    out, err = capsys.readouterr()
    assert code == 1
    records = [json.loads(line) for line in err.splitlines()]
    (one,) = (record for record in records if record.get("service") == service)
    assert one["event"] == state and one["level"] == ("error" if state == "failed" else "warning")
    assert re.search(said, f"{service}: {one['state']} " + " ".join(one["reasons"])), one
    assert f"1 {state}" in out
    assert records[-1]["exit_code"] == 1
    assert figures(job, service) == before
    assert job.batches().get(service) == archived
    if state == "failed":
        assert job.archive.held(service) is None
    if beside:
        assert figures(job, beside) == expected(beside, job.world.edition)
    assert not [p for p in job.home.rglob("*") if "writing" in p.name or "building" in p.name]
    assert not list(job.home.parent.rglob("escaped*"))
    everything = job.written() + out.encode() + err.encode()
    for key in KEYS.values():
        assert key.lower().encode() not in everything.lower()


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_faults_of_the_transport(job: Job, fault: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert job.refresh("worldbank", "fred").well
    job.world.edition = 1
    if fault in ("too_many_come_back", "slow_drip"):  # each try waits
        job.world.faults[BANK] = [FAULTS[fault]] * 4
    else:
        job.world.faults[BANK] = [FAULTS[fault]] * 100
    said = {
        "forbidden": "403", "too_many": "429", "too_many_come_back": "429", "server_error": "500",
        "redirect_loop": "redirect loop", "slow_drip": "had not sent the whole answer|without a byte|silent",
        "gzip_bomb": "MB|bytes|larger|more than", "endless": "MB|bytes|larger|more than", "xml_with_mark": "refused",
    }.get(fault, "worldbank: failed")  # fmt: skip
    survive(job, "worldbank", said, capsys, beside="fred")


def test_a_fault_that_passes_is_no_fault(job: Job) -> None:
    job.world.faults[BANK] = [FAULTS["server_error"], FAULTS["cut"], FAULTS["too_many_come_back"]]
    assert main(["refresh", "--source", "worldbank"]) == 0
    assert figures(job, "worldbank") == expected("worldbank", 0)


def no_such_host(*_: Any, **__: Any) -> None:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def no_trust(*_: Any, **__: Any) -> None:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed certificate")
    error.verify_message = "self-signed certificate"
    raise error


@pytest.mark.parametrize(
    ("place", "fails", "said"),
    [
        ((socket, "getaddrinfo"), no_such_host, "(?i)name|address|DNS"),
        ((urllib3.connection.HTTPConnection, "connect"), no_trust, "(?i)certificate|TLS"),
    ],
)
def test_no_way_to_the_service(
    job: Job, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], place: tuple[Any, str], fails: Any, said: str,
) -> None:  # fmt: skip
    assert job.refresh("fred").well
    monkeypatch.setattr(*place, fails)
    survive(job, "fred", said, capsys)


def test_connection_refused(
    job: Job, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert job.refresh("fred").well
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("GBA_REPLAY", f"http://127.0.0.1:{taken.getsockname()[1]}")
        survive(job, "fred", "(?i)refused", capsys)


@pytest.mark.parametrize("fault", ANSWERS)
def test_faults_of_the_answer(job: Job, fault: str, capsys: pytest.CaptureFixture[str]) -> None:
    service, made, said = ANSWERS[fault]
    beside = "worldbank" if service == "fred" else "fred"
    if service in HOSTS:
        assert job.refresh(service, beside).well
    else:
        job.refresh(service, beside)
    job.world.edition = 1
    job.world.made[urlsplit(catalog().services[service].base).hostname or ""] = made
    survive(job, service, said, capsys, beside=beside)


def test_an_object_where_a_list_should_be_is_said_and_not_read_as_nothing(job: Job) -> None:
    whole_answer = MADE[FRED]

    def as_object(asked: Question, edition: int) -> Answer:
        answer = json.loads(whole_answer(asked, edition).body)
        return dumped({name: value[0] if name == "seriess" else value for name, value in answer.items()})

    job.world.made[FRED] = as_object
    done = job.refresh("fred", "worldbank")
    assert [one.state for one in done.outcomes] == ["failed", "accepted"]
    assert "described with id None" in done.outcomes[0].reasons[0]
    assert figures(job, "worldbank") == expected("worldbank", 0)


def test_numbers_with_commas_rows_out_of_order_rows_twice_and_a_new_column_are_no_faults(job: Job) -> None:
    def odd(text: str) -> str:
        head, *rows = text.splitlines()
        cells = [row.split(",") for row in rows]
        rows = [",".join([*c[:3], *(f'"{int(v):,}"' for v in c[3:7]), ""]) for c in cells]
        return "\r\n".join([head.replace("Total,", "Total,Bus,"), *(f"{row}1" for row in rows[::-1]), f"{rows[0]}1"]) + "\r\n"  # fmt: skip

    job.world.made[IMMD] = file(odd)
    done = job.refresh("immd")
    assert done.well
    assert figures(job, "immd") == expected("immd", 0)
    assert any("new column 'Bus'" in reason for one in done.outcomes for reason in one.reasons)


def test_a_stranger_among_the_control_points_is_held_back(
    job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    assert job.refresh("immd").well
    job.world.edition = 4
    job.world.made[IMMD] = file(
        lambda text: (
            text + "01-02-2021,Huanggang,Arrival,1,1,1,3,\r\n01-02-2021,Huanggang,Departure,1,1,1,3,\r\n"
        )
    )
    survive(job, "immd", "Huanggang", capsys, state="held")


def test_raw_answers_are_kept_as_they_came_but_for_the_key(job: Job) -> None:
    job.refresh("bea")
    bodies = [gzip.decompress(path.read_bytes()) for path in (job.archive.root / "raw").rglob("*.gz")]
    echoes = [
        json.loads(body)["BEAAPI"]["Request"]["RequestParam"] for body in bodies if b"RequestParam" in body
    ]
    assert echoes
    for echo in echoes:
        names = {one["ParameterName"]: one["ParameterValue"] for one in echo}
        assert names["USERID"] and names["USERID"] != KEYS["BEA_API_KEY"] and names["METHOD"] == "GetData"
