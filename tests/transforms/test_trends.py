"""Trend growth against statsmodels' HAC errors, and what must hold of any series."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators.errors import FrameError, PeriodError, SeriesTooShortError, UsageError
from gbaindicators.transforms.trends import trend_growth


def years(values: list[Any], first: int = 2000, **columns: str) -> pl.DataFrame:
    frame = pl.DataFrame(
        {"period": [date(first + i, 1, 1) for i in range(len(values))], "value": values},
        schema={"period": pl.Date, "value": pl.Float64},
    )
    return frame.with_columns(pl.lit(v).alias(k) for k, v in columns.items())


def test_against_statsmodels():
    """OLS with cov_type HAC, small-sample correction and t, on US real GDP by quarters."""
    import statsmodels.api as sm

    gdp = sm.datasets.macrodata.load_pandas().data["realgdp"].to_numpy()
    n = len(gdp)
    time = sm.add_constant(np.arange(n) / 4)
    lags = math.floor(4 * (n / 100) ** (2 / 9))
    fit = sm.OLS(np.log(gdp), time).fit(
        cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}, use_t=True
    )
    periods = [date(1959 + i // 4, 3 * (i % 4) + 1, 1) for i in range(n)]
    (found,) = trend_growth(pl.DataFrame({"period": periods, "value": gdp})).to_dicts()
    assert found["value"] == pytest.approx(100 * math.expm1(fit.params[1]), rel=1e-10)
    assert found["value_standard_error"] == pytest.approx(
        100 * math.exp(fit.params[1]) * fit.bse[1], rel=1e-9
    )
    bounds = [100 * math.expm1(b) for b in fit.conf_int()[1]]
    assert [found["lower_95"], found["upper_95"]] == pytest.approx(bounds, rel=1e-9)
    assert found["period"] == date(2009, 7, 1)


@settings(max_examples=40, deadline=None)
@given(st.floats(-0.3, 0.5), st.integers(4, 40), st.floats(1e-3, 1e9))
def test_steady_growth_is_found_exactly(rate: float, n: int, level: float):
    (found,) = trend_growth(years([level * (1 + rate) ** i for i in range(n)])).to_dicts()
    assert found["value"] == pytest.approx(100 * rate, abs=1e-8)
    assert found["value_standard_error"] == pytest.approx(0, abs=1e-8)


def test_constant_series_grows_by_nothing():
    (found,) = trend_growth(years([5.0] * 6)).to_dicts()
    assert (found["value"], found["lower_95"], found["upper_95"]) == pytest.approx((0, 0, 0), abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.1, 100), min_size=4, max_size=30), st.floats(0.001, 1000))
def test_does_not_depend_on_the_unit(values: list[float], scale: float):
    one, other = (trend_growth(years(v)) for v in (values, [scale * v for v in values]))
    columns = ["value", "lower_95", "upper_95", "value_standard_error"]
    assert other.select(columns).row(0) == pytest.approx(one.select(columns).row(0), rel=1e-6, abs=1e-6)


def test_rate_is_a_year_whatever_the_frequency():
    for step, count in (("1y", 10), ("6mo", 20), ("1q", 40), ("1mo", 60)):
        periods = pl.date_range(date(2000, 1, 1), date(2020, 1, 1), step, eager=True).head(count)
        months = [12 * p.year + p.month - 24001 for p in periods]
        frame = pl.DataFrame({"period": periods, "value": [1.05 ** (m / 12) for m in months]})
        assert trend_growth(frame)["value"][0] == pytest.approx(5)


def test_window_series_and_provenance():
    values = [1.0, 50.0, *[1.1**i for i in range(6)], 9.0]
    frame = pl.concat(
        [years(values, area=a, unit="HKD", status="A", method="m", note="n") for a in ("macao", "hong_kong")]
    )
    origins = pl.Series([["b"] if i % 2 else ["a"] for i in range(frame.height)])
    result = trend_growth(frame.with_columns(sources=origins), "2002", "2007")
    assert result["area"].to_list() == ["macao", "hong_kong"]
    assert result["value"].to_list() == pytest.approx([10, 10])
    assert result.select("period", "unit", "status", "sources").row(0) == (
        date(2007, 1, 1), "percent", "E", ["a", "b"],
    )  # fmt: skip
    assert result["method"][0] == ("log-linear trend growth, Newey-West errors, 6 values from 2002 to 2007")
    assert "note" not in result.columns


def test_refusals():
    with pytest.raises(SeriesTooShortError, match="needs 4 values, the series has 3"):
        trend_growth(years([1.0, 2.0, 3.0]))
    with pytest.raises(SeriesTooShortError, match="macao has 0"):
        trend_growth(years([1.0] * 9, area="macao"), "1990", "1995")
    with pytest.raises(FrameError, match="none for 2002"):
        trend_growth(years([1.0, 2.0, None, 3.0, 4.0]))
    for bad in (0.0, -2.0):
        with pytest.raises(FrameError, match="above zero"):
            trend_growth(years([1.0, bad, 2.0, 3.0]))
    with pytest.raises(FrameError, match="empty"):
        trend_growth(years([]))
    with pytest.raises(UsageError, match="after the start"):
        trend_growth(years([1.0] * 9), "2005", "2001")
    with pytest.raises(PeriodError):
        trend_growth(years([1.0] * 9), "then")
