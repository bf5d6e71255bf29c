"""e-Stat: against a recorded table of wages, of which four values were kept, read as feeds of their own.

The catalogue has no series of the tables that were seen, so the feeds are made here.
"""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gbaindicators.catalog import Feed, catalog
from gbaindicators.errors import AnswerError
from gbaindicators.ingest.exchange import Page, Request
from gbaindicators.ingest.sources import estat

RECORDED = Path(__file__).parents[1] / "recordings" / "estat" / "getStatsData_0003425893.json"
WAGES = Feed(
    "estat",
    "wages",
    "japan",
    "A",
    "JPY",
    {"statsDataId": "0003425893", "tab": "40", "cat04": "02", "unit": "千円"},
    scale=3,
)
OLDER = replace(WAGES, area="tokyo", code={**WAGES.code, "cat04": "03"})
(REQUEST,) = estat.request([WAGES, OLDER], None)


def answer(values: Any = None, **about_them: Any) -> dict[str, Any]:
    """Recorded answer whose counts are those of the values that it has."""
    found: dict[str, Any] = json.loads(RECORDED.read_text())
    data = found["GET_STATS_DATA"]["STATISTICAL_DATA"]
    if values is not None:
        data["DATA_INF"]["VALUE"] = values
    n = len(data["DATA_INF"]["VALUE"]) if isinstance(data["DATA_INF"]["VALUE"], list) else 1
    data["RESULT_INF"] = {"TOTAL_NUMBER": n, "FROM_NUMBER": 1, "TO_NUMBER": n, **about_them}
    return found


def values() -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(RECORDED.read_text())["GET_STATS_DATA"]["STATISTICAL_DATA"][
        "DATA_INF"
    ]["VALUE"]
    return found


def parse(document: Any, request: Request = REQUEST) -> Page:
    return estat.parse(json.dumps(document, ensure_ascii=False).encode(), request)


def with_first_wage(**changes: str) -> Page:
    found = values()
    found[2] |= {f"@{name}": value for name, value in changes.items() if name != "value"}
    found[2]["$"] = changes.get("value", found[2]["$"])
    return parse(answer(found))


def test_the_series_of_a_table_are_asked_for_at_once() -> None:
    assert REQUEST.url == "https://api.e-stat.go.jp/rest/3.0/app/json/getStatsData"
    asked = {"statsDataId": "0003425893", "cdTab": "40", "cdCat04": "02,03"}
    assert {**REQUEST.query, **asked} == REQUEST.query
    assert (REQUEST.key, "appId" in REQUEST.query) == ("appId", False)
    other = replace(WAGES, code={**WAGES.code, "statsDataId": "0002070008"})
    assert len(estat.request([WAGES, other, OLDER], date(2020, 1, 1))) == 2


def test_the_recorded_wages() -> None:
    page = parse(answer())
    assert page.following is None
    assert page.rows.select("feed", "period", "value", "scale", "status").rows() == [
        ("wages/japan/A/nsa", "2020", "197.0", "3", "A"),
        ("wages/tokyo/A/nsa", "2020", "237.1", "3", "A"),
    ]
    assert page.rows["locator"][0] == "0003425893 tab=40 cat04=02 time=2020000000"


def test_a_single_value_comes_as_an_object() -> None:
    (request,) = estat.request([WAGES], None)
    assert parse(answer(values()[2]), request).rows["value"].to_list() == ["197.0"]


@pytest.mark.parametrize(
    "notes",
    [
        {"@char": "-", "$": "計数のない場合"},
        [{"@char": "***", "$": "不詳"}, {"@char": "-", "$": "計数のない場合"}],
    ],
)
def test_a_mark_that_the_answer_declares_is_missing(notes: Any) -> None:
    found = answer()
    inside = found["GET_STATS_DATA"]["STATISTICAL_DATA"]["DATA_INF"]
    inside["NOTE"], inside["VALUE"][2]["$"] = notes, "-"
    row = parse(found).rows.row(0, named=True)
    assert (row["value"], row["status"], row["note"]) == ("", "M", "計数のない場合")


def test_a_mark_that_is_not_declared_is_refused() -> None:
    with pytest.raises(AnswerError, match="no numbers, the first 'x'"):
        with_first_wage(value="x")
    undeclared = answer()
    inside = undeclared["GET_STATS_DATA"]["STATISTICAL_DATA"]["DATA_INF"]
    del inside["NOTE"]
    inside["VALUE"][2]["$"] = "-"
    with pytest.raises(AnswerError, match="no numbers, the first '-'"):
        parse(undeclared)


@pytest.mark.parametrize("status", [1, "1", 100, "102"])
def test_a_status_other_than_zero_is_an_error(status: object) -> None:
    refused = {"GET_STATS_DATA": {"RESULT": {"STATUS": status, "ERROR_MSG": "認証に失敗しました。"}}}
    with pytest.raises(AnswerError, match=f"status {status}: 認証に失敗しました"):
        parse(refused)


def test_a_status_zero_may_be_text() -> None:
    found = answer()
    found["GET_STATS_DATA"]["RESULT"]["STATUS"] = "0"
    assert parse(found).rows.height == 2


def test_long_tables_are_read_part_by_part() -> None:
    first = parse(answer(values()[:3], TOTAL_NUMBER=4, NEXT_KEY=4))
    assert first.following is not None
    assert first.following.query["startPosition"] == "4"
    second = parse(answer(values()[3:], TOTAL_NUMBER=4, FROM_NUMBER=4, TO_NUMBER=4), first.following)
    assert second.following is None
    assert [*first.rows["value"], *second.rows["value"]] == ["197.0", "237.1"]
    without_key = parse(answer(values()[:3], TOTAL_NUMBER=4)).following
    assert without_key is not None
    assert without_key.query["startPosition"] == "4"


def test_a_series_that_is_in_no_part_is_named() -> None:
    first = parse(answer(values()[:1], TOTAL_NUMBER=3))
    assert first.following is not None
    with pytest.raises(AnswerError, match="no figure of wages/tokyo"):
        parse(answer(values()[1:3], TOTAL_NUMBER=3, FROM_NUMBER=2, TO_NUMBER=3), first.following)


@pytest.mark.parametrize(
    "counts",
    [{"TOTAL_NUMBER": 24, "TO_NUMBER": 24}, {"FROM_NUMBER": 2}, {"TO_NUMBER": 3}, {"TOTAL_NUMBER": 3}],
)
def test_a_part_that_is_missing_is_noticed(counts: dict[str, int]) -> None:
    with pytest.raises(AnswerError, match="a part is missing"):
        parse(answer(**counts))


@pytest.mark.parametrize(
    ("frequency", "time", "name", "period"),
    [
        ("M", "2026000606", "2026年6月", "2026-06"),
        ("Q", "2020000103", "2020年1～3月期", "2020-Q1"),
        ("A", "2020000000", "2020年", "2020"),
        ("A", "2020100000", "2020年度", "2020-04-01/P1Y"),
    ],
)
def test_times_become_periods(frequency: str, time: str, name: str, period: str) -> None:
    found = answer([{**values()[2], "@time": time}])
    classes = found["GET_STATS_DATA"]["STATISTICAL_DATA"]["CLASS_INF"]["CLASS_OBJ"]
    classes[-1]["CLASS"] = {"@code": time, "@name": name, "@level": "1"}
    (request,) = estat.request([replace(WAGES, frequency=frequency)], None)
    assert parse(found, request).rows["period"].to_list() == [period]


def test_rows_of_another_frequency_are_left_out_and_unknown_times_refused() -> None:
    with pytest.raises(AnswerError, match="no figure of wages/japan"):
        with_first_wage(time="2020000606")
    with pytest.raises(AnswerError, match="a time '2020XX0000'"):
        with_first_wage(time="2020XX0000")


def test_another_unit_is_refused_and_that_of_the_table_stands_in() -> None:
    with pytest.raises(AnswerError, match="wages/japan/A/nsa in '円', not '千円'"):
        with_first_wage(unit="円")
    found = values()
    for one in found:
        del one["@unit"]
    assert parse(answer(found)).rows["value"].to_list() == ["197.0", "237.1"]
    neither = answer(found)
    del neither["GET_STATS_DATA"]["STATISTICAL_DATA"]["CLASS_INF"]
    with pytest.raises(AnswerError, match="in None, not '千円'"):
        parse(neither)


def test_a_dimension_that_no_feed_picks_from_contradicts() -> None:
    found = [*values(), {**values()[2], "@cat06": "03", "$": "1.0"}]
    with pytest.raises(AnswerError, match=r"two figures of wages/japan/A/nsa for 2020: '197.0' and '1.0'"):
        parse(answer(found))
    assert parse(answer([*values(), values()[2]])).rows.height == 2


def test_other_faults() -> None:
    empty = answer()
    del empty["GET_STATS_DATA"]["STATISTICAL_DATA"]["DATA_INF"]["VALUE"]
    for document, said in (
        (empty, "no values"),
        ({"error": "x"}, "another shape than documented: 'GET_STATS_DATA'"),
        ([], "another shape than documented"),
        (answer([{k: v for k, v in one.items() if k != "@cat04"} for one in values()]), "no '@cat04'"),
    ):
        with pytest.raises(AnswerError, match=said):
            parse(document)
    with pytest.raises(AnswerError, match="HTML"):
        estat.parse(b"<html>", REQUEST)
    with pytest.raises(AnswerError, match="not JSON"):
        estat.parse(RECORDED.read_bytes()[:-5], REQUEST)


def test_the_service_has_no_feeds_yet_but_its_credit_line() -> None:
    service = catalog().services["estat"]
    assert service.feeds == ()
    assert "国によって保証されたものではありません" in service.note
