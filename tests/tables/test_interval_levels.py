"""Levels of intervals: both bounds, percent only, and the same reading by the chart, the table and the measures."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from gbaindicators import charts
from gbaindicators.charts import tabular
from gbaindicators.errors import FrameError
from gbaindicators.forecasting import accuracy
from gbaindicators.tables.intervals import interval_levels

#: Of its bounds 80 lacks the upper one, "period" is no percentage and "1e1" no way to write one.
AHEAD = pl.DataFrame(
    {
        "period": [date(2025, 1, 1)], "value": [3.0], "lower_95": [1.0], "upper_95": [5.0], "lower_62.5": [2.0],
        "upper_62.5": [4.0], "lower_80": [1.5], "lower_1e1": [2.9], "upper_1e1": [3.1],
    }
)  # fmt: skip
HISTORY = pl.DataFrame({"period": [date(2023, 1, 1), date(2024, 1, 1)], "value": [1.0, 2.0]})


def test_levels_have_both_bounds_and_come_by_width():
    assert interval_levels(AHEAD) == ["62.5", "95"]
    assert interval_levels(AHEAD.drop("upper_95", "upper_62.5")) == []


def test_chart_table_and_measures_read_the_same_levels():
    figure = charts.fan(HISTORY, AHEAD)
    assert [t.name for t in figure.data if t.name.endswith("%")] == ["95%", "62.5%"]
    html = tabular.forecast(AHEAD).as_raw_html()
    assert html.index("62.5% interval") < html.index("95% interval")
    assert "80%" not in html
    past = AHEAD.with_columns(actual=pl.lit(3.0), model=pl.lit("own"), step=1, scale=1.0)
    assert [c for c in accuracy(past).columns if c.startswith("coverage")] == ["coverage_62.5", "coverage_95"]


def test_without_an_interval_the_chart_and_the_table_say_so():
    bare = AHEAD.select("period", "value", "lower_80")
    for draw in (lambda: charts.fan(HISTORY, bare), lambda: tabular.forecast(bare)):
        with pytest.raises(FrameError, match="has no interval"):
            draw()
