"""FRED: against the recorded answers for GDP, which hold a few of the observations that their envelopes count."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gbaindicators.catalog import Feed, catalog
from gbaindicators.errors import AnswerError
from gbaindicators.ingest.exchange import PAGE, Request
from gbaindicators.ingest.sources import fred

RECORDED = Path(__file__).parents[1] / "recordings" / "fred"
SERVICE = catalog().services["fred"]
GDP = next(one for one in SERVICE.feeds if one.code["series"] == "GDP")


def answer(name: str = "observations_GDP_latest.json", **changes: Any) -> dict[str, Any]:
    """Recorded answer whose envelope counts the rows that were kept."""
    found: dict[str, Any] = json.loads((RECORDED / name).read_text())
    return {**found, "count": len(found["observations"]), **changes}


def asked(feed: Feed = GDP, since: date | None = None) -> Request:
    """Request for observations that follows the recorded description."""
    (first,) = fred.request([feed], since)
    following = fred.parse((RECORDED / "series_GDP.json").read_bytes(), first).following
    assert following is not None
    return following


def parse(document: Any, request: Request | None = None) -> Any:
    return fred.parse(json.dumps(document).encode(), request or asked())


def test_a_series_is_described_before_its_observations_are_asked() -> None:
    requests = fred.request(SERVICE.feeds, None)
    assert [r.query["series_id"] for r in requests] == [f.code["series"] for f in SERVICE.feeds]
    assert {r.url for r in requests} == {"https://api.stlouisfed.org/fred/series"}
    assert {r.key for r in requests} == {"api_key"}
    page = fred.parse((RECORDED / "series_GDP.json").read_bytes(), requests[0])
    assert page.rows.is_empty()
    assert page.rows.columns == list(PAGE)
    assert page.following is not None
    assert page.following.url == "https://api.stlouisfed.org/fred/series/observations"
    assert page.following.query == {"series_id": "GDP", "file_type": "json"}
    assert page.following.key == "api_key"


def test_revisions_are_asked_from_the_day_given() -> None:
    assert asked(since=date(2020, 1, 1)).query["observation_start"] == "2020-01-01"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("units", "Billions of Chained 2017 Dollars"),
        ("units", "Millions of Dollars"),
        ("frequency_short", "M"),
        ("seasonal_adjustment_short", "NSA"),
        ("id", "GDPC1"),
    ],
)
def test_a_series_that_has_become_another_is_refused(field: str, value: str) -> None:
    described = json.loads((RECORDED / "series_GDP.json").read_text())
    described["seriess"][0][field] = value
    with pytest.raises(AnswerError, match=f"described with {field} {value!r}"):
        parse(described, fred.request([GDP], None)[0])
    with pytest.raises(AnswerError, match="described with id None"):
        parse({"seriess": []}, fred.request([GDP], None)[0])


def test_the_recorded_observations_of_gdp() -> None:
    page = parse(answer())
    assert page.following is None
    assert page.rows.select("period", "value", "status").rows() == [
        ("1946-Q1", "", "M"), ("1946-Q2", "", "M"), ("1946-Q3", "", "M"),
        ("2024-Q1", "28624.069", "A"), ("2024-Q2", "29016.714", "A"), ("2024-Q3", "29349.924", "A"),
    ]  # fmt: skip
    assert page.rows.row(3, named=True) == {
        "feed": "gdp_annual_rate/united_states/Q/sa/current", "period": "2024-Q1", "value": "28624.069", "unit": "USD", "scale": "9",
        "status": "A", "vintage": "", "locator": "FRED GDP 2024-01-01", "note": "",
    }  # fmt: skip


def test_the_order_of_the_observations_does_not_matter() -> None:
    backwards = answer()
    backwards["observations"].reverse()
    assert parse(backwards).rows.sort("period").equals(parse(answer()).rows.sort("period"))


@pytest.mark.parametrize(
    ("frequency", "day", "period"),
    [
        ("A", "2023-01-01", "2023"),
        ("Q", "2023-04-01", "2023-Q2"),
        ("M", "2023-05-01", "2023-05"),
        ("D", "2023-05-17", "2023-05-17"),
    ],
)
def test_dates_become_periods_of_the_frequency(frequency: str, day: str, period: str) -> None:
    request = replace(asked(), feeds=(replace(GDP, frequency=frequency),))
    observation = {"realtime_start": "2024-01-01", "realtime_end": "2024-01-01", "date": day, "value": "7.10"}
    page = parse(answer(observations=[observation], count=1), request)
    assert page.rows.select("period", "value").rows() == [(period, "7.10")]


def test_dates_of_another_frequency_are_refused() -> None:
    monthly = answer()
    monthly["observations"][-1]["date"] = "2024-08-01"
    with pytest.raises(AnswerError, match=r"begin no period of frequency Q, the first '2024-08-01'"):
        parse(monthly)


def test_pages_follow_until_all_are_counted() -> None:
    whole = answer()["observations"]
    first = parse(answer(observations=whole[:4], count=6, limit=4))
    assert first.following.query["offset"] == "4"
    second = parse(answer(observations=whole[4:], count=6, limit=4, offset=4), first.following)
    assert second.following is None
    assert first.rows.height + second.rows.height == 6


@pytest.mark.parametrize("changes", [{"count": 3199}, {"offset": 4}, {"count": 5}])
def test_a_part_that_is_missing_is_noticed(changes: dict[str, int]) -> None:
    with pytest.raises(AnswerError, match="a part is missing"):
        parse(answer(**changes))


def test_errors_of_the_service_are_passed_on() -> None:
    with pytest.raises(AnswerError, match=r"Bad Request. The value for variable api_key is not registered"):
        fred.parse((RECORDED / "error_400_api_key_not_registered.json").read_bytes(), asked())
    with pytest.raises(AnswerError, match=r"Bad Request.  The series does not exist"):
        fred.parse((RECORDED / "error_400_series_does_not_exist.xml").read_bytes(), asked())


def test_what_changed_in_the_format_is_said() -> None:
    odd = answer()
    for one in odd["observations"]:
        one["footnote"] = "r"
    assert parse(odd).notes == ("new column footnote",)
    for one in odd["observations"]:
        del one["value"]
    with pytest.raises(AnswerError, match="no 'value' in 6 of 6 records"):
        parse(odd)
    with pytest.raises(AnswerError, match="no usable 'observations'"):
        parse({k: v for k, v in answer().items() if k != "observations"})
    with pytest.raises(AnswerError, match="transformed by 'pch'"):
        parse(answer(units="pch"))


def test_no_observation_at_all_is_an_error_unless_only_news_were_asked() -> None:
    empty = answer(observations=[], count=0)
    with pytest.raises(AnswerError, match="no figure of gdp_annual_rate/united_states/Q"):
        parse(empty)
    page = parse(empty, asked(since=date(2026, 1, 1)))
    assert page.rows.is_empty()
    assert page.notes == ("gdp_annual_rate/united_states/Q/sa/current: nothing since 2026-01-01",)


def test_two_figures_of_a_quarter_are_refused() -> None:
    twice = answer()
    twice["observations"].append({**twice["observations"][-1], "value": "1"})
    twice["count"] = 7
    with pytest.raises(AnswerError, match=r"two figures .* for 2024-Q3"):
        parse(twice)
    twice["observations"][-1] = twice["observations"][-2]
    assert parse(twice).rows.height == 6


def test_an_answer_cut_in_the_middle_is_refused() -> None:
    body = (RECORDED / "observations_GDP_latest.json").read_bytes()
    with pytest.raises(AnswerError, match="not JSON"):
        fred.parse(body[: len(body) // 2], asked())
