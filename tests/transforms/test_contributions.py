"""Contributions of parts to the growth of their total."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators.errors import FrameError, UsageError
from gbaindicators.store import load
from gbaindicators.transforms import contributions, growth


def parts(values: dict[str, dict[int, float | None]], by: str = "area", **columns: str) -> pl.DataFrame:
    rows = [(name, date(y, 1, 1), v) for name, series in values.items() for y, v in series.items()]
    frame = pl.DataFrame(rows, schema={by: pl.String, "period": pl.Date, "value": pl.Float64}, orient="row")
    return frame.with_columns(**{k: pl.lit(v) for k, v in columns.items()})


def at(frame: pl.DataFrame, year: int, by: str = "area", column: str = "value") -> dict[str, object]:
    rows = frame.filter(pl.col("period") == date(year, 1, 1))
    return dict(zip(rows[by].to_list(), rows[column].to_list(), strict=True))


def test_by_hand():
    frame = parts({"hong_kong": {2022: 90.0, 2023: 99.0}, "macao": {2022: 10.0, 2023: 8.0}}, unit="HKD")
    result = contributions(frame)
    assert at(result, 2023) == {
        "hong_kong": pytest.approx(9),
        "macao": pytest.approx(-2),
        "total": pytest.approx(7),
    }
    assert at(result, 2022) == {"hong_kong": None, "macao": None, "total": None}
    assert at(result, 2023, column="unit") == {
        "hong_kong": "percentage points", "macao": "percentage points", "total": "percent",
    }  # fmt: skip
    assert result["area"].to_list() == ["hong_kong"] * 2 + ["macao"] * 2 + ["total"] * 2
    assert "growth of the total over 1y" in result["method"][0]


def test_a_part_missing_now_or_before_gives_null_for_all_and_says_which():
    frame = parts(
        {
            "hong_kong": dict.fromkeys(range(2019, 2024), 9.0),
            "macao": {2019: 1.0, 2020: 1.0, 2021: None, 2023: 2.0},
        }
    )
    result = contributions(frame)
    assert at(result, 2020)["total"] == 0
    for year in (2021, 2022, 2023):
        assert set(at(result, year).values()) == {None}
        assert "no value of macao" in str(at(result, year, column="note")["hong_kong"])
    assert at(result, 2023, column="note")["total"] == "no value of macao 1y earlier"
    assert at(result, 2021, column="note")["total"] == "no value of macao"


def test_by_indicator_and_other_spans():
    frame = pl.DataFrame(
        {
            "indicator": ["value_added_primary", "value_added_tertiary"] * 2,
            "frequency": "Q",
            "period": [date(2023, 1, 1)] * 2 + [date(2023, 4, 1)] * 2,
            "value": [20.0, 80.0, 21.0, 84.0],
        }
    )
    latest = contributions(frame, "indicator", over="1q").filter(pl.col("period") == date(2023, 4, 1))
    assert latest["value"].to_list() == pytest.approx([1.0, 4.0, 5.0])
    with pytest.raises(UsageError, match="whole number"):
        contributions(frame, "indicator", over="1mo")


def test_each_group_has_its_total():
    one = parts({"hong_kong": {2022: 1.0, 2023: 2.0}, "macao": {2022: 1.0, 2023: 1.0}}, indicator="gdp")
    two = parts({"zhuhai": {2022: 4.0, 2023: 5.0}}, indicator="population")
    totals = contributions(pl.concat([one, two])).filter(
        pl.col("area") == "total", pl.col("value").is_not_null()
    )
    assert totals.select("indicator", "value").rows() == [("gdp", 50.0), ("population", 25.0)]


@pytest.mark.parametrize("start", [0.0, -3.0])
def test_total_that_is_not_positive_has_no_growth(start: float):
    frame = parts({"hong_kong": {2022: start, 2023: 1.0}, "macao": {2022: 0.0, 2023: 1.0}})
    assert set(at(contributions(frame), 2023).values()) == {None}


def test_a_part_may_be_negative_when_the_total_is_positive():
    frame = parts({"exports": {2022: 12.0, 2023: 15.0}, "imports": {2022: -2.0, 2023: -4.0}}, by="flow")
    assert at(contributions(frame, "flow"), 2023, "flow") == {
        "exports": pytest.approx(30), "imports": pytest.approx(-20), "total": pytest.approx(10),
    }  # fmt: skip


def test_provenance():
    frame = parts({"hong_kong": {2022: 9.0, 2023: 9.0}, "macao": {2022: 1.0, 2023: 1.0}}).with_columns(
        sources=pl.Series([["h22"], ["h23"], ["m22"], ["m23"]]), status=pl.Series(["A", "A", "A", "P"])
    )
    result = contributions(frame)
    assert at(result, 2023, column="sources") == {
        "hong_kong": ["h22", "h23", "m22"], "macao": ["h22", "m22", "m23"], "total": ["h22", "h23", "m22", "m23"],
    }  # fmt: skip
    assert at(result, 2023, column="status") == {"hong_kong": "A", "macao": "P", "total": "P"}


def test_refusals():
    good = parts({"hong_kong": {2022: 9.0}, "macao": {2022: 1.0}})
    with pytest.raises(FrameError, match="no column 'industry'"):
        contributions(good, "industry")
    with pytest.raises(FrameError, match="one unit"):
        contributions(good.with_columns(unit=pl.Series(["HKD", "MOP"])))
    with pytest.raises(FrameError, match="'greater_bay_area' contains 'macao'"):
        contributions(parts({"greater_bay_area": {2022: 9.0}, "macao": {2022: 1.0}}))
    with pytest.raises(FrameError, match="'guangdong' contains 'guangzhou'"):
        contributions(parts({"guangdong": {2022: 9.0}, "guangzhou": {2022: 1.0}}))
    with pytest.raises(FrameError, match="named 'total'"):
        contributions(parts({"total": {2022: 9.0}}))
    with pytest.raises(FrameError, match="agree in 'adjustment'"):
        contributions(good.with_columns(adjustment=pl.Series(["sa", "nsa"])))
    with pytest.raises(FrameError, match="two values"):
        contributions(pl.concat([good, good]))


def test_empty_frame_gives_an_empty_frame_and_one_row_null():
    good = parts({"hong_kong": {2022: 9.0}})
    assert contributions(good.clear()).height == 0
    assert contributions(good)["value"].to_list() == [None, None]


amounts = st.lists(st.floats(0.01, 1e9), min_size=6, max_size=6)


@settings(max_examples=40, deadline=None)
@given(amounts)
def test_contributions_add_up_to_the_growth_of_the_sum(v: list[float]):
    frame = parts(
        {"a": {2022: v[0], 2023: v[1]}, "b": {2022: v[2], 2023: v[3]}, "c": {2022: v[4], 2023: v[5]}}
    )
    latest = contributions(frame).filter(pl.col("period") == date(2023, 1, 1))
    total = latest.filter(pl.col("area") == "total")["value"][0]
    summed = growth(frame.group_by("period").agg(pl.col("value").sum()).sort("period"))["value"][1]
    assert total == pytest.approx(summed, rel=1e-9, abs=1e-9)
    assert latest.filter(pl.col("area") != "total")["value"].sum() == pytest.approx(total, rel=1e-9, abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(amounts, st.permutations(range(6)))
def test_order_of_rows_changes_nothing_but_order(v: list[float], order: list[int]):
    frame = parts(
        {"a": {2022: v[0], 2023: v[1]}, "b": {2022: v[2], 2023: v[3]}, "c": {2022: v[4], 2023: v[5]}}
    )
    ours = contributions(frame[list(order)]).sort("area", "period")["value"].to_list()
    theirs = contributions(frame).sort("area", "period")["value"].to_list()
    assert [x for x in ours if x is not None] == pytest.approx(
        [x for x in theirs if x is not None], rel=1e-9, abs=1e-9
    )


def test_chain_linked_volumes_are_refused():
    """They do not add up to the chain-linked volume of their total."""
    frame = parts({"hong_kong": {2022: 90.0, 2023: 99.0}, "macao": {2022: 10.0, 2023: 8.0}})
    with pytest.raises(FrameError, match="chain-linked volumes do not add up"):
        contributions(frame.with_columns(prices=pl.lit("chained 2022")))
    assert contributions(frame.with_columns(prices=pl.lit("constant 2022")))["value"].null_count() == 3


def test_by_sector_of_published_value_added(shipped: Path):
    """Shenzhen 2019: the three sectors add up exactly, and to the growth of published GDP to its rounding."""
    sectors = ["value_added_primary", "value_added_secondary", "value_added_tertiary"]
    years = {"start": "2018", "end": "2019", "frequency": "A", "database": shipped}
    frame = pl.concat([load(sector, "shenzhen", **years) for sector in sectors])  # type: ignore[arg-type]
    result = at(contributions(frame, by="indicator"), 2019, by="indicator")
    total = result.pop("total")
    assert sum(result.values()) == pytest.approx(total, abs=1e-12)  # type: ignore[arg-type]
    gdp = growth(load("gdp", "shenzhen", **years))["value"][-1]  # type: ignore[arg-type]
    assert total == pytest.approx(gdp, abs=1e-4)
