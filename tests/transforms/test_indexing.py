"""Index numbers: the base is the mean over its period, and growth survives."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators.errors import FrameError, PeriodError, UsageError
from gbaindicators.transforms import growth, index


def months(values: list[float | None], start: int = 2015, **columns: str) -> pl.DataFrame:
    dates = [date(start + i // 12, i % 12 + 1, 1) for i in range(len(values))]
    frame = pl.DataFrame({"period": dates, "value": values}, schema_overrides={"value": pl.Float64})
    return frame.with_columns(**{k: pl.lit(v) for k, v in columns.items()})


def annual(values: dict[int, float | None], month: int = 1, **columns: str) -> pl.DataFrame:
    frame = pl.DataFrame(
        {"period": [date(y, month, 1) for y in values], "value": list(values.values())},
        schema_overrides={"value": pl.Float64},
    )
    return frame.with_columns(**{k: pl.lit(v) for k, v in columns.items()})


def test_annual_base():
    result = index(annual({2014: 50.0, 2015: 80.0, 2016: None, 2017: 100.0}, unit="persons"))
    assert result["value"].to_list() == [62.5, 100.0, None, 125.0]
    assert set(result["unit"]) == {"index 2015=100"}
    assert set(result["method"]) == {"index, 2015=100"}
    years = annual({2014: 50.0, 2015: 80.0})
    assert index(years, 2014).equals(index(years, "2014"))


@pytest.mark.parametrize("columns", [{}, {"frequency": "M"}])
def test_months_of_the_base_year_average_100(columns: dict[str, str]):
    result = index(months([float(i) for i in range(1, 25)], **columns))
    assert result["value"].head(12).mean() == pytest.approx(100)
    assert result["value"][12] == pytest.approx(100 * 13 / 6.5)


def test_base_of_a_month_a_quarter_and_a_fiscal_year():
    assert index(months([50.0, 75.0], frequency="M"), "2015-02")["value"].to_list() == [
        pytest.approx(200 / 3),
        100.0,
    ]
    assert index(months([1.0, 2.0, 3.0, 4.0], frequency="M"), "2015-Q1")["value"][3] == 200
    fiscal = annual({2015: 80.0, 2016: 100.0}, month=4, frequency="A")
    assert index(fiscal, "2015-04-01/P1Y")["value"].to_list() == [100.0, 125.0]


def test_a_fiscal_year_is_not_the_calendar_year():
    with pytest.raises(FrameError, match="0 of the 1 values"):
        index(annual({2015: 80.0, 2016: 100.0}, month=4, frequency="A"), "2015")


def test_every_period_of_the_base_year_is_needed():
    for value in (None, 1.0):
        frame = months([1.0] * 11 + [value], frequency="M")
        frame = frame if value is None else frame.head(11)
        with pytest.raises(FrameError, match="has 11 of the 12 values that the base 2015 needs"):
            index(frame)


def test_series_without_the_base_is_named():
    frame = pl.concat([annual({2015: 1.0}, area="macao"), annual({2016: 1.0}, area="zhuhai")])
    with pytest.raises(FrameError, match=r"zhuhai has 0 of the 1 .* begin 2016-01-01"):
        index(frame)


@pytest.mark.parametrize("value", [0.0, -2.0])
def test_base_must_be_positive(value: float):
    with pytest.raises(FrameError, match="positive base"):
        index(annual({2015: value, 2016: 1.0}))


def test_refuses_weeks_in_a_year_years_in_a_month_no_period_and_nothing():
    with pytest.raises(UsageError, match="2015-W01"):
        index(annual({2015: 1.0}, frequency="W"))
    with pytest.raises(UsageError, match="do not fill"):
        index(annual({2015: 1.0}, frequency="A"), "2015-01")
    with pytest.raises(PeriodError):
        index(annual({2015: 1.0}), "base")
    with pytest.raises(FrameError, match="empty"):
        index(annual({2015: 1.0}).clear())
    with pytest.raises(FrameError, match="two values"):
        index(pl.concat([annual({2015: 1.0})] * 2))


def test_provenance_of_the_base_is_taken_in():
    frame = annual({2015: 1.0, 2016: 2.0}).with_columns(
        sources=pl.Series([["b"], ["a"]]),
        status=pl.Series(["P", "A"]),
        vintage=pl.Series([date(2020, 1, 1), None]),
    )
    result = index(frame)
    assert result["sources"].to_list() == [["b"], ["a", "b"]]
    assert result["status"].to_list() == ["P", "P"]
    assert result["vintage"].to_list() == [date(2020, 1, 1)] * 2


def test_a_break_with_which_the_base_begins_stays_where_it_is():
    frame = annual({y: float(y) for y in range(2013, 2018)}).with_columns(
        status=pl.Series(["A", "A", "B", "A", "P"])
    )
    assert index(frame)["status"].to_list() == ["A", "A", "B", "A", "P"]
    quarters = pl.DataFrame(
        {"frequency": "Q", "period": [date(2015, m, 1) for m in (1, 4, 7, 10)], "value": [1.0, 2.0, 3.0, 4.0]}
    )
    # a mean over both sides of a break is of neither
    broken = quarters.with_columns(status=pl.Series(["A", "A", "B", "A"]))
    assert index(broken)["status"].to_list() == ["B"] * 4


def test_one_row_and_constant_series():
    assert index(annual({2015: 3.0}))["value"].to_list() == [100.0]
    assert index(annual({2015: 3.0, 2016: 3.0}))["value"].to_list() == [100.0, 100.0]


values = st.lists(st.floats(0.1, 1e12), min_size=24, max_size=40)


@settings(max_examples=30, deadline=None)
@given(values)
def test_an_index_grows_as_its_series(levels: list[float]):
    frame = months(levels, frequency="M")
    ours, theirs = growth(index(frame))["value"], growth(frame)["value"]
    assert ours.to_list()[12:] == pytest.approx(theirs.to_list()[12:], rel=1e-9, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(values, st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing_but_order(levels: list[float], random: object):
    frame = pl.concat([months(levels, area="macao"), months([v + 1 for v in levels], area="zhuhai")])
    order = list(range(frame.height))
    random.shuffle(order)  # type: ignore[attr-defined]
    assert index(frame[order])["value"].to_list() == pytest.approx(index(frame)[order]["value"].to_list())
