"""PortWatch: against recorded days of Singapore (three of a month were kept), read as feeds of their own."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from gbaindicators.catalog import Feed, catalog
from gbaindicators.errors import AnswerError
from gbaindicators.ingest.exchange import Page, Request
from gbaindicators.ingest.sources import portwatch

RECORDED = Path(__file__).parents[1] / "recordings" / "portwatch" / "Daily_Ports_Data_port1201.json"
FEEDS = catalog().services["portwatch"].feeds
CALLS = Feed(
    "portwatch", "port_calls", "singapore", "D", "port calls", {"area": "port1201", "field": "portcalls"}
)
BOXES = replace(CALLS, indicator="port_calls_container", code={**CALLS.code, "field": "portcalls_container"})
(REQUEST,) = portwatch.request([CALLS, BOXES], None)


def answer(days: int = 3, **beside: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(RECORDED.read_text())
    return {**found, "features": found["features"][:days], **beside}


def parse(document: Any, request: Request = REQUEST) -> Page:
    return portwatch.parse(json.dumps(document).encode(), request)


def each(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    for one in document["features"]:
        one["attributes"] |= changes
    return document


def test_each_port_is_asked_once_for_all_that_is_counted() -> None:
    requests = portwatch.request(FEEDS, date(2026, 3, 1))
    assert [(r.query["where"], len(r.feeds)) for r in requests] == [
        ("portid='port425' AND date >= TIMESTAMP '2026-03-01 00:00:00'", 2),
        ("portid='port474' AND date >= TIMESTAMP '2026-03-01 00:00:00'", 2),
    ]
    assert {one.id for r in requests for one in r.feeds} == {one.id for one in FEEDS}
    assert REQUEST.url.endswith("/Daily_Ports_Data/FeatureServer/0/query")
    assert REQUEST.query["where"] == "portid='port1201'"
    assert REQUEST.query["orderByFields"] == "date"


def test_the_recorded_days_of_singapore() -> None:
    page = portwatch.parse(RECORDED.read_bytes(), REQUEST)
    assert page.following is None
    assert page.notes == ()
    assert page.rows.select("feed", "period", "value").rows() == [
        ("port_calls/singapore/D/nsa", "2023-01-01", "110"),
        ("port_calls/singapore/D/nsa", "2023-01-02", "139"),
        ("port_calls/singapore/D/nsa", "2023-01-31", "117"),
        ("port_calls_container/singapore/D/nsa", "2023-01-01", "31"),
        ("port_calls_container/singapore/D/nsa", "2023-01-02", "36"),
        ("port_calls_container/singapore/D/nsa", "2023-01-31", "44"),
    ]
    assert page.rows["locator"][0] == "Daily_Ports_Data port1201 portcalls 2023-01-01"


def test_days_that_are_missing_are_objected_to() -> None:
    assert portwatch.parse(RECORDED.read_bytes(), REQUEST).objections == (
        "portwatch: no row for 28 days of port1201, the first 2023-01-03",
    )
    assert parse(answer(2)).objections == ()


def test_a_day_without_ships_is_a_zero() -> None:
    page = parse(each(answer(1), portcalls=0, portcalls_container=0))
    assert page.rows.select("value", "status").rows() == [("0", "A"), ("0", "A")]


def test_a_date_may_come_in_three_forms() -> None:
    expected = parse(answer()).rows
    milliseconds = answer()
    for one in milliseconds["features"]:
        day = datetime.fromisoformat(one["attributes"]["date"]).replace(tzinfo=UTC)
        one["attributes"]["date"] = int(day.timestamp() * 1000)
    assert parse(milliseconds).rows.equals(expected)
    for one in milliseconds["features"]:
        for part in ("year", "month", "day"):
            del one["attributes"][part]
    assert parse(milliseconds).rows.equals(expected)
    parts = answer()
    for one in parts["features"]:
        del one["attributes"]["date"]
    assert parse(parts).rows.equals(expected)
    with pytest.raises(AnswerError, match="a date 'soon'"):
        parse(each(answer(1), date="soon", year=None))


def test_pages_follow_while_the_service_has_more() -> None:
    first = parse(answer(1, exceededTransferLimit=True))
    assert first.following is not None
    assert first.following.query["resultOffset"] == "1"
    rest = answer()
    rest["features"] = rest["features"][1:2]
    second = parse(rest, first.following)
    assert (second.following, second.objections) == (None, ())
    rest["features"] = answer()["features"][2:]
    assert parse(rest, first.following).objections == (
        "portwatch: no row for 29 days of port1201, the first 2023-01-02",
    )
    assert parse(answer(0), first.following).rows.is_empty()
    assert parse(answer(1, exceededTransferLimit=False)).following is None


def test_an_error_with_status_200_is_passed_on() -> None:
    error = {
        "error": {
            "code": 400,
            "message": "Cannot perform query. Invalid query parameters.",
            "details": ["..."],
        }
    }
    with pytest.raises(AnswerError, match=r"refused: 400 Cannot perform query"):
        parse(error)
    with pytest.raises(AnswerError, match="refused: no object"):
        parse([])


def test_no_days_are_an_error_unless_only_news_were_asked() -> None:
    with pytest.raises(AnswerError, match="the port may have another id"):
        parse(answer(0))
    with pytest.raises(AnswerError, match="no days"):
        parse({"fields": []}, portwatch.request([CALLS], date(2026, 3, 1))[0])
    page = parse(answer(0), portwatch.request([CALLS], date(2026, 3, 1))[0])
    assert page.rows.is_empty()
    assert page.notes == ("port_calls/singapore/D/nsa: no more days",)


def test_another_port_is_refused() -> None:
    with pytest.raises(AnswerError, match="days of port1188 instead of port1201"):
        parse(each(answer(), portid="port1188"))


def test_new_and_dropped_columns_are_seen() -> None:
    assert parse(each(answer(), portcalls_cruise=1)).notes == ("new column portcalls_cruise",)
    for gone, said in (("portcalls", "no 'portcalls' in 3 of 3"), ("portid", "no 'portid'")):
        fewer = answer()
        for one in fewer["features"]:
            del one["attributes"][gone]
        with pytest.raises(AnswerError, match=said):
            parse(fewer)


def test_order_and_repetition_do_not_matter_but_contradiction_does() -> None:
    shuffled = answer()
    shuffled["features"] = [*reversed(shuffled["features"]), shuffled["features"][0]]
    assert parse(shuffled).rows.sort("feed", "period").equals(parse(answer()).rows)
    twice = answer()
    again = json.loads(json.dumps(twice["features"][0]))
    again["attributes"]["portcalls"] = 7
    twice["features"].append(again)
    with pytest.raises(AnswerError, match="two figures of port_calls/singapore/D/nsa for 2023-01-01"):
        parse(twice)


def test_figures_that_are_no_counts_are_refused() -> None:
    with pytest.raises(AnswerError, match="no numbers"):
        parse(each(answer(), portcalls="many"))
    with pytest.raises(AnswerError, match="no 'portcalls'"):
        parse(each(answer(), portcalls=None))


def test_cut_and_html_are_refused() -> None:
    with pytest.raises(AnswerError, match="not JSON"):
        portwatch.parse(RECORDED.read_bytes()[:4000], REQUEST)
    with pytest.raises(AnswerError, match="HTML"):
        portwatch.parse(b"<html></html>", REQUEST)
