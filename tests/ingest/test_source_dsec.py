"""Macao's DSEC. No answer was recorded: these are put together from the field names that its clients show and, for the
key indicators, the figures of two shipped files."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from gbaindicators.catalog import Feed, catalog
from gbaindicators.errors import AnswerError
from gbaindicators.ingest.sources import dsec

RECORDINGS = Path(__file__).parents[1] / "recordings" / "dsec"
VISITORS = (RECORDINGS / "composed_KeyIndicatorv3_243.json").read_bytes()
SPENDING = (RECORDINGS / "composed_KeyIndicatorv3_191.json").read_bytes()
FEEDS = {one.indicator: one for one in catalog().services["dsec"].feeds}
ASKED = dsec.request([FEEDS["visitor_arrivals"]], None)[0]
GAMING = Feed(
    "dsec", "gaming_revenue_gross", "macao", "M", "MOP", {"indicator": "1216", "unit": "Million MOP"}, scale=6
)
(TREE,) = dsec.request([GAMING], None)


def row(month: int, value: Any, **other: Any) -> dict[str, Any]:
    name = ("Jan.", "Feb.", "Mar.", "Apr.", "May", "Jun.")[month - 1]
    return {
        "Year": 2025, "PeriodID": month, "ReferencePeriod": f"{name}/2025", "IndicatorValue": value,
        "UnitLabel": "Million MOP", "LastUpdateDate": "2025-07-01T10:00:00", "type": "VAL",
    } | other  # fmt: skip


def answer(*rows: dict[str, Any], id_: Any = 1216.0, **envelope: Any) -> bytes:
    value = [{"indicatorId": id_, "dsecIndicatorData": rows}]
    return json.dumps({"Debug_msg": "", "Value": value, "Status": "OK"} | envelope).encode()


def test_key_indicator_gives_the_shipped_figures() -> None:
    rows = dsec.parse(VISITORS, ASKED).rows
    shipped = Path(__file__).parents[2] / "datasets" / "observations" / "visitors.csv"
    with shipped.open(encoding="utf-8") as file:
        due = {
            one["period"]: one["value"]
            for one in csv.DictReader(file)
            if one["source"] == "dsec_visitor_arrivals_ki243"
            and one["indicator"] == "visitor_arrivals"
            and one["adjustment"] == "nsa"
        }
    assert dict(rows.select("period", "value").rows()) == due and due["2024-01"] == "2861609"


def test_quarters() -> None:
    (asked,) = dsec.request([FEEDS["visitor_spending_per_capita"]], None)
    assert dsec.parse(SPENDING, asked).rows.select("period", "value").row(0) == ("2024-Q1", "2293")


@pytest.mark.parametrize("id_", [1216, 1216.0, "1216"])
def test_indicator_of_the_tree(id_: Any) -> None:
    body = answer(
        row(1, None), row(3, 19_659.5), row(2, "19,744"), row(4, None), row(5, 21_193), row(6, None), id_=id_
    )
    rows = dsec.parse(body, TREE).rows
    assert rows.select("period", "value", "status").rows() == [
        ("2025-02", "19744", "A"), ("2025-03", "19659.5", "A"), ("2025-04", "", "M"), ("2025-05", "21193", "A"),
    ]  # fmt: skip
    assert rows["vintage"].unique().to_list() == ["2025-07-01"]
    assert rows["note"][0] == "unit Million MOP" and rows["scale"][0] == "6"


def test_one_kind_of_value_for_each_indicator_and_one_kind_of_period() -> None:
    other = Feed("dsec", "gdp", "macao", "M", "MOP", {"indicator": "9029"})
    annual = Feed("dsec", "gdp", "macao", "A", "MOP", {"indicator": "9031"})
    yearly, monthly = dsec.request([GAMING, other, annual], None)
    assert monthly.json["indicator_ids"] == ["1216", "9029"] and monthly.json["types"] == ["VAL", "VAL"]
    assert monthly.json["dataPeriods"] == ["Monthly"] and yearly.json["dataPeriods"] == ["Yearly"]
    assert monthly.before == ASKED.before == "https://www.dsec.gov.mo/ts/"
    assert ASKED.url == "https://www.dsec.gov.mo/TimeSeriesApi/App/KeyIndicatorv3/1/en-US/243"


def test_update_that_is_no_date_dates_nothing() -> None:
    assert dsec.parse(answer(row(1, 1, LastUpdateDate="1/7/2025")), TREE).rows["vintage"].to_list() == [""]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty answer"),
        (b"<html></html>", "HTML or XML"),
        (answer(row(1, 1))[:-20], "not JSON"),
        (answer(Status="ERROR", Debug_msg="ArgumentOutOfRange"), "an error: 'ArgumentOutOfRange'"),
        (b'{"Message": "gone"}', "an error"),
        (answer(Value=None), "no dsecIndicatorData"),
        (answer(Value=[]), "no dsecIndicatorData"),
        (answer(row(1, 1), id_=1217), "no dsecIndicatorData"),
        (answer(row(1, None)), "no monthly figure"),
        (answer(), "no monthly figure"),
        (answer({"Year": 2025}), "a row without"),
        (answer(row(1, 1, UnitLabel="MOP")), "in 'MOP', not 'Million MOP'"),
        (answer(row(1, 1, PeriodID=13)), "PeriodID 13"),
        (answer(row(1, 1, PeriodID=2)), "PeriodID 2"),
        (answer(row(1, 1), row(1, 2)), "two figures"),
        (answer(row(1, "n.a.")), "no numbers"),
    ],
)
def test_what_is_not_the_series_is_refused(body: bytes, says: str) -> None:
    with pytest.raises(AnswerError, match="dsec: ") as caught:
        dsec.parse(body, TREE)
    assert says in str(caught.value)
