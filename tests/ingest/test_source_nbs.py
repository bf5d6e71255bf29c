"""China's National Bureau of Statistics. No answer was recorded whole: that of consumer prices in 2026 is put together
from fragments that two clients show, in the form of one of them; the others here are made in its form."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gbaindicators.catalog import Feed, catalog
from gbaindicators.errors import AnswerError
from gbaindicators.ingest.exchange import Request
from gbaindicators.ingest.sources import nbs

PRICES = (Path(__file__).parents[1] / "recordings" / "nbs" / "composed_esData_CPI_2026.json").read_bytes()
FEEDS = {one.indicator: one for one in catalog().services["nbs"].feeds}
CPI, GDP = FEEDS["cpi_index_previous_year"], FEEDS["gdp"]
BEFORE, NOW = nbs.request([CPI], None)
(PROVINCE,) = nbs.request([GDP], None)


def block(year: int, value: str | None, **other: str) -> dict[str, Any]:
    said = {
        "_id": "aff57de5ee994283974705914fbed246",
        "i_showname": "地区生产总值 (亿元) ",
        "du_name": "亿元",
        "da_name": "广东省",
        "value": value,
    } | other
    return {"code": f"{year}YY", "name": f"{year}年", "values": [] if value is None else [said]}


def answer(*blocks: dict[str, Any], **envelope: Any) -> bytes:
    return json.dumps(
        {"success": True, "state": 20000, "message": "成功", "data": blocks} | envelope
    ).encode()


def read(body: bytes, request: Request = PROVINCE) -> list[tuple[str, str, str]]:
    return nbs.parse(body, request).rows.select("period", "value", "status").rows()


def test_composed_prices_with_their_gap_and_without_the_months_to_come() -> None:
    assert read(PRICES, NOW) == [
        ("2026-01", "100.2", "A"), ("2026-02", "101.3", "A"), ("2026-03", "101.0", "A"), ("2026-04", "", "M"),
        ("2026-05", "101.2", "A"),
    ]  # fmt: skip


def test_newest_catalogue_may_have_no_figure_yet() -> None:
    nothing = answer(*({"code": f"2026{month:02}MM", "name": "", "values": []} for month in range(1, 13)))
    page = nbs.parse(nothing, NOW)
    assert page.rows.is_empty() and "no figure yet" in page.notes[0]
    with pytest.raises(AnswerError, match="without a figure"):
        nbs.parse(nothing, BEFORE)


def test_province() -> None:
    page = nbs.parse(
        answer(block(2025, ""), block(2024, "141,633.81"), block(2023, "无"), block(2022, "1")), PROVINCE
    )
    assert page.rows.select("period", "value", "status").rows() == [
        ("2022", "1", "A"), ("2023", "", "M"), ("2024", "141633.81", "A"),
    ]  # fmt: skip
    row = page.rows.row(2, named=True)
    assert (row["unit"], row["scale"]) == ("CNY", "8")
    assert row["locator"].endswith("440000000000, 2024YY")


def test_each_catalogue_is_asked_for_with_its_own_codes() -> None:
    assert BEFORE.json["dts"] == ["202101MM-202512MM"] and NOW.json["dts"] == ["202601MM-203012MM"]
    assert BEFORE.json["cid"] != NOW.json["cid"] and BEFORE.json["indicatorIds"] != NOW.json["indicatorIds"]
    assert NOW.json["das"] == [{"text": "全国", "value": "000000000000"}]
    assert PROVINCE.json["dts"] == ["1993YY-2030YY"] and PROVINCE.json["das"][0]["value"] == "440000000000"


def test_since_leaves_out_what_is_closed() -> None:
    assert [one.json["dts"] for one in nbs.request([CPI], date(2026, 3, 1))] == [["202601MM-203012MM"]]
    assert nbs.request([GDP], date(2020, 1, 1))[0].json["dts"] == ["2020YY-2030YY"]


def test_quarters_are_written_as_the_service_does() -> None:
    code = {**GDP.code, "catalogues": "2024-2026:c:i"}
    (asked,) = nbs.request([Feed("nbs", "gdp", "guangdong", "Q", "CNY", code)], None)
    assert asked.json["dts"] == ["202401SS-202604SS"]
    value = block(2024, "7", _id="i")["values"]
    assert read(answer({"code": "202602SS", "values": value}), asked) == [("2026-Q2", "7", "A")]


def test_comes_by_the_page_as_a_browser_and_slowly() -> None:
    assert PROVINCE.before == PROVINCE.headers["Referer"] == "https://data.stats.gov.cn/dg/website/page.html"
    assert "Mozilla" in PROVINCE.headers["User-Agent"]
    assert catalog().services["nbs"].pause >= 1


def test_name_tells_a_catalogue_of_another_series() -> None:
    renamed = PRICES.decode().replace("上年同月=100", "上月=100").encode()
    with pytest.raises(AnswerError, match="i_showname"):
        nbs.parse(renamed, NOW)
    with pytest.raises(AnswerError, match="_id"):
        nbs.parse(PRICES, BEFORE)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"\n<html><script>WZWS</script></html>", "blocked: wait 30 minutes"),
        (b"<!DOCTYPE html>", "blocked: wait 30 minutes"),
        (b"", "empty answer"),
        (PRICES[:-30], "not JSON"),
        (answer(), "success without data"),
        (answer(block(2024, "1"), success=False, message="系统繁忙"), "an error: '系统繁忙'"),
        (answer(block(2024, "1"), state=50000), "an error"),
        (b"[]", "an error"),
        (answer(block(2024, None), block(2025, "")), "2 periods without a figure"),
        (answer(block(2024, "1"), block(2024, "2")), "two figures"),
        (answer(block(2024, "1", da_name="北京市")), "da_name '北京市'"),
        (answer(block(2024, "--")), "no numbers"),
        (answer({"code": "2024YY", "values": [{"value": "1"}]}), "a value without all of"),
        (answer({"code": "202401MM", "values": []}), "the period '202401MM'"),
        (answer({"code": "2024YY"}), "other than one value"),
    ],
)
def test_what_is_not_the_series_is_refused(body: bytes, says: str) -> None:
    with pytest.raises(AnswerError, match="nbs: ") as caught:
        nbs.parse(body, PROVINCE)
    assert says in str(caught.value)


def test_unit_that_changed() -> None:
    with pytest.raises(AnswerError, match="du_name '点', not '%'"):
        nbs.parse(PRICES.decode().replace('"%"', '"点"').encode(), NOW)


def test_figures_that_repeat_are_kept_once() -> None:
    assert read(answer(block(2024, "1"), block(2024, "1"))) == [("2024", "1", "A")]
