"""C&SD web tables. The rows are recorded field for field; the header over them is put together of fragments."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbaindicators.catalog import Feed, catalog
from gbaindicators.errors import AnswerError
from gbaindicators.ingest.exchange import Request
from gbaindicators.ingest.sources import censtatd

RECORDED = Path(__file__).parents[1] / "recordings" / "censtatd"
RETAIL_BODY = (RECORDED / "620-67001.json").read_bytes()


def of_table(table: str) -> tuple[Feed, ...]:
    return tuple(one for one in catalog().services["censtatd"].feeds if one.code["table"] == table)


def asked(feeds: tuple[Feed, ...], since: date | None = None) -> Request:
    (request,) = censtatd.request(feeds, since)
    return request


RETAIL = asked(of_table("620-67001"))
# The recorded rows are of the Chinese table, so the label is too.
POPULATION = asked(
    tuple(replace(one, code={**one.code, "label": "數目 ('000)"}) for one in of_table("110-01001"))
)


def edited(change: Any, body: bytes = RETAIL_BODY) -> bytes:
    document = json.loads(body)
    document["dataSet"] = change(document["dataSet"])
    return json.dumps(document, ensure_ascii=False).encode()


def test_the_recorded_retail_rows_become_ten_series() -> None:
    page = censtatd.parse(RETAIL_BODY, RETAIL)
    assert page.rows["feed"].n_unique() == 10
    assert page.rows.height == 25
    value = page.rows.filter(feed="retail_sales_value/hong_kong/M/nsa")
    assert value.select("period", "value", "status", "unit", "scale").rows() == [
        ("2025-01", "35379.0", "A", "HKD", "6"),
        ("2025-08", "30367.0", "A", "HKD", "6"),
        ("2025-09", "31325.0", "P", "HKD", "6"),
    ]
    assert value["locator"][0] == "table 620-67001, sv VAL_RS, HK$ million, 202501"
    volume = page.rows.filter(feed="retail_sales_volume_yoy/hong_kong/A/nsa")
    assert volume.select("period", "value").rows() == [("2023", "13.8"), ("2024", "-8.9")]
    assert page.notes == page.objections == ()


def test_the_recorded_figures_are_those_that_ship() -> None:
    from gbaindicators.catalog import datasets_dir

    shipped = pl.read_csv(datasets_dir() / "observations" / "activity.csv", infer_schema=False).filter(
        source="csd_webtables_2025_12_01"
    )
    mine = censtatd.parse(RETAIL_BODY, RETAIL).rows.with_columns(
        pl.col("feed").str.split("/").list.get(0).alias("indicator")
    )
    both = mine.join(shipped, on=["indicator", "period"], suffix="_shipped")
    assert both.height == mine.height
    assert (both["value"].cast(float) == both["value_shipped"].cast(float)).all()
    for name in ("unit", "scale", "status", "locator"):
        assert both[name].equals(both[f"{name}_shipped"].alias(name))


def test_the_total_of_the_population_is_taken_and_half_years_end_in_june_and_december() -> None:
    page = censtatd.parse((RECORDED / "110-01001_tc.json").read_bytes(), POPULATION)
    assert page.rows.select("period", "value", "status", "unit", "scale").rows() == [
        ("2024-S2", "7500.6", "A", "persons", "3"),
        ("2025-S1", "7527.5", "P", "persons", "3"),
    ]
    assert page.rows["locator"][0].startswith("table 110-01001, AGE total, SEX total, sv POP")


def test_a_figure_not_available_is_missing_and_a_footnote_stays_beside_its_figure() -> None:
    (one,) = POPULATION.feeds
    men = replace(one, code={**one.code, "SEX": "M"})
    page = censtatd.parse((RECORDED / "110-01001_tc.json").read_bytes(), asked((men,)))
    assert page.rows.select("period", "value", "status").row(0) == ("1961-S2", "", "M")
    oldest = replace(one, code={**one.code, "SEX": "M", "AGE": "85+", "label": "佔總人口的百分比(%)"})
    page = censtatd.parse((RECORDED / "110-01001_tc.json").read_bytes(), asked((oldest,)))
    assert page.rows.select("period", "value", "status", "note").rows() == [
        ("1961-S1", "0.0", "A", "marked [-φ32]")
    ]


def test_a_figure_that_is_withheld_is_missing_whatever_stands_in_its_place() -> None:
    def withheld(rows: list[Any]) -> list[Any]:
        return [rows[0] | {"sd_value": "[*1]", "figure": 0.0}, *rows[1:]]

    page = censtatd.parse(edited(withheld), RETAIL)
    first = page.rows.filter(feed="retail_sales_value/hong_kong/A/nsa", period="2023")
    assert first.select("value", "status", "note").rows() == [("", "M", "marked [*1]")]


def test_what_is_asked_for_is_what_the_site_itself_asks_for() -> None:
    retail = json.loads((RECORDED / "request_620-67001.json").read_text())
    assert RETAIL.form is not None
    mine = json.loads(RETAIL.form["query"])
    assert {key: sorted(value) for key, value in mine["sv"].items()} == {
        key: sorted(value) for key, value in retail["sv"].items()
    }
    assert (mine["id"], mine["lang"], mine["cv"]) == (retail["id"], retail["lang"], retail["cv"])
    prices = json.loads((RECORDED / "request_510-60001.json").read_text())
    mine = json.loads(asked(of_table("510-60001")).form["query"])  # type: ignore[index]
    assert all(set(sp) <= set(prices["sv"][sv]) for sv, sp in mine["sv"].items())
    assert RETAIL.url == "https://www.censtatd.gov.hk/api/post.php"
    assert RETAIL.headers["Referer"].endswith("web_table.html?id=620-67001")
    assert "Mozilla" in RETAIL.headers["User-Agent"]


def test_a_start_is_always_asked_for_and_leaves_room_for_the_annual_figures() -> None:
    def start(since: date | None, table: str = "310-31001") -> str:
        form = asked(of_table(table), since).form
        assert form is not None
        return str(json.loads(form["query"])["period"]["start"])

    assert [start(None), start(date(1950, 1, 1)), start(date(2026, 3, 1))] == ["196101", "196101", "202401"]
    assert start(date(2019, 6, 1), "410-50001") == "201801"


def test_every_table_is_asked_once_and_each_class_that_a_series_needs() -> None:
    feeds = catalog().services["censtatd"].feeds
    requests = censtatd.request(feeds, None)
    assert sorted(one.about for one in requests) == sorted({str(one.code["table"]) for one in feeds})
    labour = next(one for one in requests if one.about == "210-06401")
    assert labour.form is not None
    assert json.loads(labour.form["query"])["cv"] == {"SEX": ["M", "F"], "AGE": ["15-24"]}


def test_youth_are_not_the_total_although_the_service_gives_it_for_a_class_it_does_not_know() -> None:
    def row(age: str, figure: float) -> dict[str, Any]:
        common = {"freq": "Y", "period": "2025", "sv": "UR", "svDesc": "(%)", "sd_value": ""}
        return {"AGE": age, "AGEDesc": age, "SEX": "", "SEXDesc": "Total", **common, "figure": figure}

    request = asked(of_table("210-06401"))
    page = censtatd.parse(edited(lambda _: [row("", 3.8), row("15-24", 13.4)]), request)
    assert dict(page.rows.select("feed", "value").rows()) == {
        "unemployment_rate/hong_kong/A/nsa": "3.8",
        "unemployment_rate_age_15_24/hong_kong/A/nsa": "13.4",
    }
    with pytest.raises(AnswerError, match="unemployment_rate_age_15_24"):
        censtatd.parse(edited(lambda _: [row("", 3.8)]), request)
    unmarked = [{k: v for k, v in row("", 3.8).items() if not k.startswith("AGE")}]
    with pytest.raises(AnswerError, match="AGE"):
        censtatd.parse(edited(lambda _: unmarked), request)


def test_three_months_are_named_by_their_last_and_quarters_too() -> None:
    common = {"figure": 1.5, "sd_value": "", "SEX": None, "SEXDesc": "Total"}
    rows = [
        {"freq": "M3M", "period": "202508", "sv": "SAUR", "svDesc": "(%)", **common},
        {"freq": "M3M", "period": "202508", "sv": "LF", "svDesc": "No. ('000)", **common},
    ]
    page = censtatd.parse(edited(lambda _: rows), asked(of_table("210-06101")))
    assert set(page.rows["period"]) == {"2025-08"}
    gdp = tuple(one for one in of_table("310-31001") if one.id == "gdp/hong_kong/Q/nsa/current")
    quarter = {
        "freq": "Q",
        "period": "202509",
        "sv": "CUR",
        "svDesc": "HK$ million",
        "figure": "835,123",
        "sd_value": "r",
    }
    page = censtatd.parse(edited(lambda _: [quarter]), asked(gdp))
    assert page.rows.select("period", "value", "status").rows() == [("2025-Q3", "835123", "A")]
    for wrong in ("202508", "2025", "202513", "2025Q3"):
        with pytest.raises(AnswerError, match=wrong):
            censtatd.parse(edited(lambda _, wrong=wrong: [quarter | {"period": wrong}]), asked(gdp))


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ({"name": "Fail", "code": 1, "message": ["Table ID is not defined"]}, "Table ID is not defined"),
        ({"name": "Fail", "code": 1}, "Fail"),
    ],
)
def test_failures_with_status_200_are_errors(status: dict[str, Any], said: str) -> None:
    with pytest.raises(AnswerError, match=said):
        censtatd.parse(json.dumps({"header": {"status": status}, "dataSet": []}).encode(), RETAIL)


def test_success_without_a_row_is_an_error() -> None:
    with pytest.raises(AnswerError, match="without a row"):
        censtatd.parse(edited(lambda _: []), RETAIL)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"null", b'{"header":{}}', b"<html>403 Forbidden</html>"]
)
def test_what_is_no_answer_is_refused(body: bytes) -> None:
    with pytest.raises(AnswerError):
        censtatd.parse(body, RETAIL)


@given(st.integers(min_value=1, max_value=len(RETAIL_BODY.rstrip()) - 1))
def test_a_cut_answer_is_refused_wherever_it_is_cut(length: int) -> None:
    with pytest.raises(AnswerError):
        censtatd.parse(RETAIL_BODY[:length], RETAIL)


@given(st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(random: Any) -> None:
    def shuffled(rows: list[Any]) -> list[Any]:
        random.shuffle(rows)
        return rows

    assert censtatd.parse(edited(shuffled), RETAIL).rows.equals(censtatd.parse(RETAIL_BODY, RETAIL).rows)


def test_rows_that_repeat_are_taken_once_and_those_that_differ_are_refused() -> None:
    assert censtatd.parse(edited(lambda rows: [*rows, rows[0]]), RETAIL).rows.height == 25
    with pytest.raises(AnswerError, match="two figures"):
        censtatd.parse(edited(lambda rows: [*rows, rows[0] | {"figure": 1}]), RETAIL)


@pytest.mark.parametrize(
    ("old", "new"),
    [("HK$ million", "HK$ thousand"), ("Index", "Index (Year 2025=100)"), ("VAL_RS", "VAL_RS_2")],
)
def test_another_unit_base_or_code_is_refused_and_what_came_is_said(old: str, new: str) -> None:
    changed = RETAIL_BODY.decode().replace(f'"{old}"', f'"{new}"').encode()
    with pytest.raises(AnswerError, match="without a figure of retail_sales") as raised:
        censtatd.parse(changed, RETAIL)
    assert old == "VAL_RS" or new in str(raised.value)


def test_a_dropped_column_is_refused_and_a_new_one_noted() -> None:
    with pytest.raises(AnswerError, match="sd_value"):
        censtatd.parse(
            edited(lambda rows: [{k: v for k, v in one.items() if k != "sd_value"} for one in rows]), RETAIL
        )
    page = censtatd.parse(edited(lambda rows: [one | {"revised": ""} for one in rows]), RETAIL)
    assert page.notes == ("table 620-67001 has the new column revised",)


def test_a_mark_that_is_not_known_is_refused() -> None:
    with pytest.raises(AnswerError, match="'x'"):
        censtatd.parse(edited(lambda rows: [rows[0] | {"sd_value": "x"}, *rows[1:]]), RETAIL)


def test_the_feeds_are_series_that_the_catalogue_has() -> None:
    for one in catalog().services["censtatd"].feeds:
        assert one.indicator in catalog().indicators
        assert one.area == "hong_kong"
        assert one.unit in catalog().units
        assert {"Y": "A", "H": "S", "Q": "Q", "M": "M", "M3M": "M"}[str(one.code["freq"])] == one.frequency
