"""DataSF: no answer of the service to what is asked here was recorded. The answers are made, typed as Socrata types them
(recorded from another of its data sets); the sums are those that the shipped figures were added up to."""

import csv
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbaindicators.catalog import catalog
from gbaindicators.errors import AnswerError
from gbaindicators.ingest.exchange import Page, Request
from gbaindicators.ingest.sources import datasf

RECORDED = Path(__file__).parents[1] / "recordings" / "datasf"
FEEDS = catalog().services["datasf"].feeds
(REQUEST,) = datasf.request(FEEDS, date(2023, 1, 1))


def sums(*rows: tuple[str, str, str]) -> list[dict[str, str]]:
    return [{"activity_period": month, "geo_summary": part, "passengers": sum_} for month, part, sum_ in rows]


SUMMER = sums(
    ("200507", "Domestic", "2425902"), ("200507", "International", "799867"),
    ("200508", "Domestic", "2405904"), ("200508", "International", "789962"),
)  # fmt: skip


def parse(document: Any, request: Request = REQUEST) -> Page:
    return datasf.parse(json.dumps(document).encode(), request)


def test_the_service_adds_up_the_months() -> None:
    assert REQUEST.url == "https://data.sfgov.org/resource/rkru-6vcg.json"
    assert REQUEST.query["$select"] == "activity_period,geo_summary,sum(passenger_count) AS passengers"
    assert REQUEST.query["$group"] == REQUEST.query["$order"] == "activity_period,geo_summary"
    assert REQUEST.key == "header:X-App-Token"
    assert not catalog().services["datasf"].key_needed


def test_what_is_asked_for_are_columns_of_the_data_set() -> None:
    with (RECORDED / "rkru-6vcg_export_2023.csv").open(newline="") as file:
        columns = [name.lower() for name in next(csv.reader(file))]
    assert {"activity_period", "geo_summary", "passenger_count"} <= set(columns)


def test_domestic_and_international_are_the_month() -> None:
    page = parse(SUMMER)
    assert page.following is None
    assert page.objections == ()
    assert page.rows.select("feed", "period", "value").rows() == [
        ("air_passengers/sfo/M/nsa", "2005-07", "3225769"),
        ("air_passengers/sfo/M/nsa", "2005-08", "3195866"),
        ("air_passengers_domestic/sfo/M/nsa", "2005-07", "2425902"),
        ("air_passengers_domestic/sfo/M/nsa", "2005-08", "2405904"),
        ("air_passengers_international/sfo/M/nsa", "2005-07", "799867"),
        ("air_passengers_international/sfo/M/nsa", "2005-08", "789962"),
    ]
    assert page.rows["locator"][0] == "rkru-6vcg sum(passenger_count) Domestic + International 200507"
    assert page.rows.select("unit", "scale", "status").unique().rows() == [("persons", "0", "A")]


@given(st.permutations(SUMMER))
def test_order_does_not_matter(rows: list[dict[str, str]]) -> None:
    assert parse(rows).rows.sort("feed", "period").equals(parse(SUMMER).rows.sort("feed", "period"))


def test_a_month_or_a_part_that_is_missing_is_objected_to() -> None:
    later = sums(("200509", "Domestic", "1"), ("200511", "Domestic", "3"), ("200511", "International", "4"))
    page = parse([*SUMMER, *later])
    assert page.objections == (
        "datasf: no passengers of 200509 International, 200510 Domestic, 200510 International",
    )


def test_a_full_page_leaves_its_last_month_to_the_next() -> None:
    small = replace(REQUEST, query={**REQUEST.query, "$limit": "3"})
    first = parse(SUMMER[:3], small)
    assert first.rows["period"].unique().to_list() == ["2005-07"]
    assert first.following is not None
    assert first.following.query["$offset"] == "2"
    second = parse(SUMMER[2:], first.following)
    assert second.following is None
    assert second.rows["value"].to_list() == ["3195866", "2405904", "789962"]


def test_a_part_of_another_kind_is_refused() -> None:
    with pytest.raises(AnswerError, match="1 rows whose geo_summary is like 'Preclearance'"):
        parse([*SUMMER, *sums(("200508", "Preclearance", "1"))])


@pytest.mark.parametrize("odd", ["1,234", "12.5", "-3", "", "NA"])
def test_a_sum_that_is_no_whole_number_is_refused(odd: str) -> None:
    with pytest.raises(AnswerError, match=f"whose passengers is like '{odd}'"):
        parse(sums(("200507", "Domestic", odd), ("200507", "International", "1")))


@pytest.mark.parametrize("odd", ["2005-07", "200513", "2005", "200507.0"])
def test_a_month_in_another_form_is_refused(odd: str) -> None:
    with pytest.raises(AnswerError, match="whose activity_period is like"):
        parse(sums((odd, "Domestic", "1"), (odd, "International", "1")))


def test_a_field_that_is_null_is_left_out_by_the_service_and_refused_here() -> None:
    rows = [*SUMMER, {"activity_period": "200509", "geo_summary": "Domestic"}]
    with pytest.raises(AnswerError, match="no 'passengers' in 1 of 5 records"):
        parse(rows)


def test_repetition_that_agrees_is_taken_once_and_contradiction_refused() -> None:
    assert parse([*SUMMER, SUMMER[0]]).rows.equals(parse(SUMMER).rows)
    with pytest.raises(AnswerError, match="two sums of 200507 Domestic"):
        parse([*SUMMER, {**SUMMER[0], "passengers": "1"}])


def test_the_recorded_refusal_and_another_data_set() -> None:
    with pytest.raises(AnswerError, match="refused: You must be logged in") as error:
        datasf.parse((RECORDED / "error_403.json").read_bytes(), REQUEST)
    assert "token" in str(error.value)
    with pytest.raises(AnswerError, match="no 'activity_period' in 3 of 3 records"):
        datasf.parse((RECORDED / "soda_json_bike_counts.json").read_bytes(), REQUEST)


def test_empty_cut_and_html_are_refused() -> None:
    with pytest.raises(AnswerError, match="no rows"):
        parse([])
    with pytest.raises(AnswerError, match="no figure of air_passengers_international"):
        parse(SUMMER[:1])
    with pytest.raises(AnswerError, match="not JSON"):
        datasf.parse(json.dumps(SUMMER).encode()[:100], REQUEST)
    with pytest.raises(AnswerError, match="HTML"):
        datasf.parse(b"<html></html>", REQUEST)
