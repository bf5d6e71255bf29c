"""BEA: against recorded rows of CAGDP2; their envelope was cut by those who published them, errors were only described."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gbaindicators.catalog import catalog
from gbaindicators.errors import AnswerError
from gbaindicators.ingest.exchange import Page, Request
from gbaindicators.ingest.sources import bea

RECORDED = Path(__file__).parents[1] / "recordings" / "bea" / "regional_CAGDP2_state.json"
FEEDS = catalog().services["bea"].feeds
STATES = [
    one for one in FEEDS if one.indicator == "gdp" and one.area in ("united_states", "california_state")
]
(REQUEST,) = bea.request(STATES, None)


def results() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(RECORDED.read_text())["BEAAPI"]["Results"]
    return found


def parse(results: Any, request: Request = REQUEST, **beside: Any) -> Page:
    return bea.parse(json.dumps({"BEAAPI": {"Results": results, **beside}}).encode(), request)


def changed(change: Callable[[dict[str, Any]], object], area: str = "06000") -> dict[str, Any]:
    """Recorded results with a change to the first row of an area."""
    found = results()
    change(next(row for row in found["Data"] if row["GeoFips"] == area))
    return found


def real(unit: str = "Thousands of chained 2017 dollars") -> Page:
    """Real GDP as the service was seen to print it (CAGDP1 line 1 for states in 2020): a made envelope."""
    feed = next(one for one in FEEDS if one.indicator == "gdp_real" and one.area == "united_states")
    (request,) = bea.request([feed], None)
    row = {
        "Code": "CAGDP1-1", "GeoFips": "00000", "GeoName": "United States", "TimePeriod": "2020", "CL_UNIT": unit,
        "UNIT_MULT": "3", "DataValue": "20,267,585,000",
    }  # fmt: skip
    return parse({"Data": [row]}, request)


def test_areas_of_one_kind_are_asked_for_together() -> None:
    requests = bea.request(FEEDS, None)
    asked = [(r.query["TableName"], r.query["LineCode"], len(r.feeds)) for r in requests]
    assert sorted(asked) == [
        ("CAGDP1", "1", 6), ("CAGDP1", "1", 18), ("CAGDP1", "1", 37), ("CAGDP1", "3", 18), ("CAGDP2", "1", 6), ("CAGDP2", "1", 37),
    ]  # fmt: skip
    assert {one.id for r in requests for one in r.feeds} == {one.id for one in FEEDS}
    assert REQUEST.url == "https://apps.bea.gov/api/data/"
    assert REQUEST.query["GeoFips"] == "00000,06000"
    assert (REQUEST.key, "UserID" in REQUEST.query) == ("UserID", False)


def test_the_recorded_gdp_of_california() -> None:
    page = bea.parse(RECORDED.read_bytes(), REQUEST)
    california = page.rows.filter(feed="gdp/california_state/A/nsa/current").sort("period")
    assert california.select("period", "value").rows() == [
        ("2017", "2728743053"), ("2018", "2897200661"), ("2019", "3042694071"), ("2020", "3020173358"), ("2021", "3373240664"),
    ]  # fmt: skip
    assert california.select("unit", "scale", "status").unique().rows() == [("USD", "3", "A")]
    assert california["locator"][-1] == "CAGDP2 06000 line 1 2021"


def test_the_star_of_a_name_is_no_matter_and_other_areas_are_left_out() -> None:
    page = bea.parse(RECORDED.read_bytes(), REQUEST)
    nation = page.rows.filter(feed="gdp/united_states/A/nsa/current").sort("period")
    assert nation["value"].to_list() == ["21060474000", "23315081000"]
    assert page.rows.height == 7  # not the three of Alabama


@pytest.mark.parametrize("mark", ["(NA)", "(D)", "(NM)", "n.a."])
def test_what_is_not_published_is_missing(mark: str) -> None:
    page = parse(changed(lambda row: row.update(DataValue=mark, NoteRef=mark)))
    missing = page.rows.filter(status="M")
    assert missing.select("period", "value", "note").rows() == [("2017", "", mark)]


def test_an_unknown_mark_is_refused() -> None:
    with pytest.raises(AnswerError, match=r"no numbers, the first '\(X\)' at CAGDP2 06000 line 1 2017"):
        parse(changed(lambda row: row.update(DataValue="(X)")))


def test_a_single_row_comes_as_an_object_and_results_may_be_a_list() -> None:
    only = results()["Data"][-1]
    (request,) = bea.request([one for one in STATES if one.area == "california_state"], None)
    assert parse({"Data": only}, request).rows["value"].to_list() == ["3373240664"]
    assert parse([{"Data": only}], request).rows["value"].to_list() == ["3373240664"]


def test_real_gdp_is_in_dollars_of_the_year_of_its_feed() -> None:
    row = real().rows.row(0, named=True)
    assert (row["feed"], row["value"], row["scale"]) == (
        "gdp_real/united_states/A/nsa/chained_2017",
        "20267585000",
        "3",
    )


@pytest.mark.parametrize(
    "unit", ["Thousands of chained 2022 dollars", "Millions of chained 2017 dollars", "Thousands of dollars"]
)
def test_another_reference_year_or_unit_is_refused(unit: str) -> None:
    with pytest.raises(
        AnswerError, match=f"figures in '{unit}' .*, not 'Thousands of chained 2017 dollars'"
    ) as error:
        real(unit)
    assert "such figures are another series" in str(error.value)


def test_a_multiplier_that_contradicts_the_unit_is_refused() -> None:
    with pytest.raises(AnswerError, match="with multiplier 0"):
        parse(changed(lambda row: row.update(UNIT_MULT="0")))


@pytest.mark.parametrize(
    "top",
    [
        {"Error": {"APIErrorCode": "1", "APIErrorDescription": "The API UserId is not valid"}},
        {"Results": {"Error": {"APIErrorCode": "1", "APIErrorDescription": "The API UserId is not valid"}}},
        {"Results": {"Error": [{"error": "1 The API UserId is not valid"}]}},
        {"Results": [{"Error": {"APIErrorCode": "1", "APIErrorDescription": "The API UserId is not valid"}}]},
    ],
)
def test_an_error_is_found_wherever_it_stands_and_the_key_is_not_shown(top: dict[str, Any]) -> None:
    echo = {"RequestParam": [{"ParameterName": "USERID", "ParameterValue": "SECRET"}]}
    with pytest.raises(AnswerError, match="refused with error 1 The API UserId is not valid") as error:
        bea.parse(json.dumps({"BEAAPI": {"Request": echo, **top}}).encode(), REQUEST)
    assert "SECRET" not in str(error.value)


def test_the_echo_of_the_request_makes_no_difference() -> None:
    echo = {"RequestParam": {"ParameterName": "USERID", "ParameterValue": "..."}}
    assert parse(results(), Request=echo).rows.equals(parse(results()).rows)


@pytest.mark.parametrize("nothing", [{}, {"Data": []}, [], None, {"Data": None}])
def test_no_data_is_an_error(nothing: Any) -> None:
    with pytest.raises(AnswerError, match="no data"):
        parse(nothing)


def test_an_area_that_does_not_come_is_named() -> None:
    found = results()
    found["Data"] = [row for row in found["Data"] if row["GeoFips"] != "06000"]
    with pytest.raises(AnswerError, match="no figure of gdp/california_state/A/nsa/current"):
        parse(found)


def test_rows_of_another_line_or_period_are_refused() -> None:
    with pytest.raises(AnswerError, match="rows of CAGDP2-2 instead of CAGDP2-1"):
        parse(changed(lambda row: row.update(Code="CAGDP2-2")))
    with pytest.raises(AnswerError, match="period '2017Q1' that is no year"):
        parse(changed(lambda row: row.update(TimePeriod="2017Q1")))


def test_order_and_repetition_do_not_matter_but_contradiction_does() -> None:
    found = results()
    found["Data"] = [*reversed(found["Data"]), found["Data"][-1]]
    assert parse(found).rows.sort("feed", "period").equals(parse(results()).rows.sort("feed", "period"))
    found["Data"][-1] = {**found["Data"][-1], "DataValue": "1"}
    with pytest.raises(AnswerError, match="two figures"):
        parse(found)


def test_new_and_dropped_columns_are_seen() -> None:
    found = results()
    for row in found["Data"]:
        row["Footnote"] = "x"
    assert "new column Footnote" in parse(found).notes
    for row in found["Data"]:
        del row["UNIT_MULT"]
    with pytest.raises(AnswerError, match="no 'UNIT_MULT'"):
        parse(found)


def test_the_release_is_noted() -> None:
    notes = [{"NoteRef": " ", "NoteText": "Last updated: December 4, 2024-- new statistics for 2023."}]
    assert parse({**results(), "Notes": notes}).notes == (
        "CAGDP2: Last updated: December 4, 2024-- new statistics for 2023.",
    )
    assert parse({**results(), "Notes": notes[0]}).notes == parse({**results(), "Notes": notes}).notes


def test_pages_of_html_and_cut_answers_are_refused() -> None:
    with pytest.raises(AnswerError, match="HTML"):
        bea.parse(b"<html><head><title>Request Rejected</title></head></html>", REQUEST)
    with pytest.raises(AnswerError, match="not JSON"):
        bea.parse(RECORDED.read_bytes()[:900], REQUEST)
