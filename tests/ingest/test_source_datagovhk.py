"""Archive of DATA.GOV.HK. No whole answer was recorded: the list of states is made of the fragments that were, its states
are the cut file of the Immigration Department."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from gbaindicators.catalog import catalog
from gbaindicators.errors import AnswerError
from gbaindicators.ingest.exchange import Page, Request
from gbaindicators.ingest.sources import datagovhk, immd

FILE = "https://www.immd.gov.hk/opendata/eng/transport/immigration_clearance/statistics_on_daily_passenger_traffic.csv"
BODY = (
    Path(__file__).parents[1] / "recordings" / "immd" / "statistics_on_daily_passenger_traffic.csv"
).read_bytes()
FEEDS = tuple(
    one for one in catalog().services["datagovhk"].feeds if one.area != "hk_tuen_mun_ferry_terminal"
)
STAMPS = ["20260309-0105", "20260310-0105", "20260131-2359", "20260401-0000"]


def asked(since: date | None = date(2026, 1, 1)) -> Request:
    (request,) = datagovhk.request(FEEDS, since, until=date(2026, 4, 30))
    return request


def listed(stamps: list[str], count: int | None = None) -> bytes:
    return json.dumps(
        {"version-count": len(stamps) if count is None else count, "timestamps": stamps, "schema-dates": []}
    ).encode()


def test_the_list_is_asked_for_in_days_of_eight_digits() -> None:
    request = asked()
    assert request.url == "https://api.data.gov.hk/v1/historical-archive/list-file-versions"
    assert request.query == {"url": FILE, "start": "20260101", "end": "20260430"}
    assert asked(None).query["start"] == "20210101"
    (today,) = datagovhk.request(FEEDS, None)
    assert "20260101" <= today.query["end"] < "21000101"


def test_the_last_state_of_each_month_is_fetched_one_after_the_other() -> None:
    page = datagovhk.parse(listed(STAMPS), asked())
    assert page.rows.is_empty()
    times = []
    while page.following is not None:
        request = page.following
        assert request.url.endswith("/get-file")
        assert request.query["url"] == FILE
        times.append(request.query["time"])
        page = datagovhk.parse(BODY, request)
    assert times == ["20260131-2359", "20260310-0105", "20260401-0000"]


def first_state(since: date | None = None) -> Page:
    following = datagovhk.parse(listed(["20260310-0105"]), asked(since)).following
    assert following is not None
    return datagovhk.parse(BODY, following)


def test_a_state_is_read_as_the_file_and_dated_by_its_day() -> None:
    page = first_state()
    (plain,) = immd.request(FEEDS, None)
    own = immd.parse(BODY, plain).rows
    assert page.rows.drop("vintage", "locator").equals(own.drop("vintage", "locator"))
    assert set(page.rows["vintage"]) == {"2026-03-10"}
    assert page.rows["locator"][0] == "row 1, state 20260310-0105"
    assert page.following is None


def test_days_before_since_are_left_out_of_every_state() -> None:
    assert set(first_state(date(2026, 1, 1)).rows["period"]) == {"2026-03-08"}


def test_objections_of_the_file_are_those_of_the_page() -> None:
    following = datagovhk.parse(listed(["20260310-0105"]), asked()).following
    assert following is not None
    page = datagovhk.parse(BODY + b"08-03-2026,Liantang,Arrival,1,2,3,6,\r\n", following)
    assert "Liantang" in page.objections[0]


def test_no_state_since_is_noted_and_no_state_at_all_is_an_error() -> None:
    page = datagovhk.parse(b'{"version-count":0,"timestamps":[]}', asked())
    assert page.following is None
    assert "2026-01-01" in page.notes[0]
    assert datagovhk.parse(b'{"version-count":0}', asked()).following is None
    with pytest.raises(AnswerError, match="no state of"):
        datagovhk.parse(b'{"version-count":0,"timestamps":[]}', asked(None))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'["invalid start parameter"]', "invalid start parameter"),
        (listed(STAMPS, 5), "4 states where 5"),
        (listed(["2026-03-10"]), "2026-03-10"),
        (b'{"timestamps":[]}', "no list of states"),
        (b'"x"', "no list of states"),
        (b"<html></html>", "HTML"),
        (b"", "empty"),
        (listed(STAMPS)[:-5], "not JSON"),
    ],
)
def test_a_list_that_is_not_whole_is_refused(body: bytes, said: str) -> None:
    with pytest.raises(AnswerError, match=said):
        datagovhk.parse(body, asked())


@pytest.mark.parametrize("body", [b"<html></html>\n", BODY[:500], b'{"error":"not found"}\n'])
def test_a_state_that_is_not_the_file_is_refused(body: bytes) -> None:
    following = datagovhk.parse(listed(STAMPS), asked()).following
    assert following is not None
    with pytest.raises(AnswerError, match="datagovhk"):
        datagovhk.parse(body, following)


def test_a_state_older_than_the_start_of_a_series_may_lack_it() -> None:
    from dataclasses import replace

    opened = replace(FEEDS[0], area="new", code={**FEEDS[0].code, "area": "Huanggang"}, start="2027-01-01")
    (request,) = datagovhk.request((*FEEDS, opened), date(2026, 1, 1), until=date(2026, 4, 30))
    following = datagovhk.parse(listed(STAMPS), request).following
    assert following is not None
    assert datagovhk.parse(BODY, following).rows.height > 0


def test_the_feeds_are_those_of_the_department() -> None:
    department = catalog().services["immd"].feeds
    assert [one.id for one in catalog().services["datagovhk"].feeds] == [one.id for one in department]
    assert {one.code["file"] for one in catalog().services["datagovhk"].feeds} == {
        immd.request(department, None)[0].url
    }
