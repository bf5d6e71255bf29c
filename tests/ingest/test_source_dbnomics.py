"""DBnomics: against the recorded answer for the population of New Zealand, read as a feed of its own."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gbaindicators.catalog import Feed, catalog
from gbaindicators.errors import AnswerError
from gbaindicators.ingest.exchange import Page, Request
from gbaindicators.ingest.sources import dbnomics

RECORDED = Path(__file__).parents[1] / "recordings" / "dbnomics" / "series_IMF_WEO_2023-04.json"
PEOPLE = Feed(
    "dbnomics",
    "population",
    "japan",
    "A",
    "persons",
    {"series": "IMF/WEO:latest/NZL.LP.persons", "unit": "persons"},
)
(REQUEST,) = dbnomics.request([PEOPLE], None)


def answer(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(RECORDED.read_text(), parse_float=float)
    found["series"]["docs"][0] |= changes
    return found


def parse(document: Any, request: Request = REQUEST) -> Page:
    return dbnomics.parse(json.dumps(document).encode(), request)


def test_fifty_series_are_asked_for_at_once() -> None:
    assert REQUEST.url == "https://api.db.nomics.world/v22/series"
    assert REQUEST.query["series_ids"] == "IMF/WEO:latest/NZL.LP.persons"
    many = [replace(PEOPLE, area=f"a{n}", code={"series": f"A/B/{n}", "unit": ""}) for n in range(120)]
    assert [len(r.feeds) for r in dbnomics.request(many, date(2020, 1, 1))] == [50, 50, 20]


def test_the_latest_release_is_read_under_the_name_of_the_release_it_is() -> None:
    page = dbnomics.parse(RECORDED.read_bytes(), REQUEST)
    assert page.following is None
    assert page.rows.select("period", "value", "status", "locator").rows() == [
        ("1980", "3.108", "A", "IMF/WEO:2023-04/NZL.LP.persons 1980")
    ]


def test_a_release_that_was_named_must_be_that_one() -> None:
    named = replace(PEOPLE, code={**PEOPLE.code, "series": "IMF/WEO:2025-10/NZL.LP.persons"})
    with pytest.raises(AnswerError, match="no figure of population/japan/A/nsa"):
        parse(answer(), dbnomics.request([named], None)[0])


def test_na_and_null_are_missing_and_powers_of_ten_are_written_out() -> None:
    page = parse(answer(period=["1980", "1981", "1982", "1983"], value=[3.108, "NA", None, 1.5e-05]))
    assert page.rows.select("value", "status").rows() == [
        ("3.108", "A"),
        ("", "M"),
        ("", "M"),
        ("0.000015", "A"),
    ]
    with pytest.raises(AnswerError, match="no numbers"):
        parse(answer(value=["n/a"]))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"period": ["1980-Q1"]}, "for '1980-Q1', which is not of frequency A"),
        ({"period": ["early"]}, "for 'early', which is not of frequency A"),
        ({"period": ["1980", "1981"]}, "2 periods and 1 values"),
        ({"dimensions": {"unit": "index"}}, "in 'index', not 'persons'"),
        ({"dimensions": None}, "in None, not 'persons'"),
        ({"series_code": "NZL.PCPI.index"}, "no figure of population/japan"),
        ({"period": ["1980", "1980"], "value": [1, 2]}, "two figures"),
    ],
)
def test_a_series_that_is_not_as_its_feed_says_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(AnswerError, match=said):
        parse(answer(**changes))


def test_pages_follow_until_all_series_are_there() -> None:
    both = (
        PEOPLE,
        replace(PEOPLE, area="china", code={**PEOPLE.code, "series": "IMF/WEO:latest/AUS.LP.persons"}),
    )
    found = answer()
    found["series"]["num_found"] = 2
    first = parse(found, dbnomics.request(both, None)[0])
    assert first.following is not None
    assert first.following.query["offset"] == "1"
    found["series"]["docs"][0]["series_code"] = "AUS.LP.persons"
    second = parse(found, first.following)
    assert second.following is None
    assert second.rows["feed"].to_list() == ["population/china/A/nsa"]
    found["series"]["docs"] = []
    with pytest.raises(AnswerError, match="a part is missing"):
        parse(found, first.following)
    with pytest.raises(AnswerError, match="no figure of population/china/A/nsa, population/japan/A/nsa"):
        parse({"series": {"docs": [], "num_found": 0}}, dbnomics.request(both, None)[0])


def test_errors_and_other_formats_are_refused() -> None:
    for document, said in (
        ({"errors": [{"message": "Dataset not found"}]}, "refused: Dataset not found"),
        ({**answer(), "errors": [{"message": "one series was not found"}]}, "one series was not found"),
        ({"message": "hello"}, "refused: no series"),
        ([], "refused: no series"),
        (
            {"series": {"docs": [{"period": []}], "num_found": 1}},
            "another shape than documented: 'provider_code'",
        ),
    ):
        with pytest.raises(AnswerError, match=said):
            parse(document)
    with pytest.raises(AnswerError, match="HTML"):
        dbnomics.parse(b"<html><title>502</title></html>", REQUEST)
    with pytest.raises(AnswerError, match="not JSON"):
        dbnomics.parse(RECORDED.read_bytes()[:400], REQUEST)


def test_it_is_a_mirror_without_feeds() -> None:
    service = catalog().services["dbnomics"]
    assert (service.grade, service.feeds) == ("mirror", ())
