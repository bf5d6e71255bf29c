"""Filters against statsmodels' own, and the identities that they keep."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators.errors import FrameError, SeriesTooShortError, UsageError
from gbaindicators.transforms.filters import cf_filter, hamilton_filter, hp_filter, output_gap

Filter = Callable[[pl.DataFrame], pl.DataFrame]
FILTERS: list[Any] = [hp_filter, hamilton_filter, cf_filter]


def quarters(values: Any, first: int = 1959, **columns: str) -> pl.DataFrame:
    periods = [date(first + i // 4, 3 * (i % 4) + 1, 1) for i in range(len(values))]
    frame = pl.DataFrame(
        {"period": periods, "value": values}, schema={"period": pl.Date, "value": pl.Float64}
    )
    return frame.with_columns(pl.lit(v).alias(k) for k, v in columns.items())


def part(frame: pl.DataFrame, component: str) -> np.ndarray[Any, Any]:
    return frame.filter(pl.col("component") == component)["value"].to_numpy()


@pytest.fixture(scope="module")
def log_gdp() -> np.ndarray[Any, Any]:
    from statsmodels.datasets import macrodata

    return 100 * np.log(macrodata.load_pandas().data["realgdp"].to_numpy())


class TestAgainstStatsmodels:
    @pytest.mark.parametrize(("lamb", "used"), [(None, 1600), (6.25, 6.25), (129_600, 129_600)])
    def test_hodrick_prescott(self, log_gdp: Any, lamb: float | None, used: float):
        from statsmodels.tsa.filters.hp_filter import hpfilter

        cycle, trend = hpfilter(log_gdp, used)
        result = hp_filter(quarters(log_gdp), lamb)
        assert part(result, "trend") == pytest.approx(trend, abs=1e-7)
        assert part(result, "cycle") == pytest.approx(cycle, abs=1e-7)

    def test_hamilton(self, log_gdp: Any):
        from statsmodels.tsa.filters.hamilton_filter import hamilton_filter as theirs

        cycle, trend = theirs(log_gdp, h=8, p=4)
        result = hamilton_filter(quarters(log_gdp))
        assert part(result, "trend") == pytest.approx(trend, abs=1e-8, nan_ok=True)
        assert part(result, "cycle") == pytest.approx(cycle, abs=1e-8, nan_ok=True)
        assert result["value"].null_count() == 2 * 11

    @pytest.mark.parametrize("n", [4, 5, 30, 203])
    def test_christiano_fitzgerald(self, log_gdp: Any, n: int):
        from statsmodels.tsa.filters.cf_filter import cffilter

        cycle, _ = cffilter(log_gdp[:n], low=6, high=32, drift=True)
        assert part(cf_filter(quarters(log_gdp[:n])), "cycle") == pytest.approx(cycle, abs=1e-8)


@pytest.mark.parametrize(
    ("frequency", "step", "lamb"), [("A", "1y", 6.25), ("S", "6mo", 100), ("M", "1mo", 129_600)]
)
def test_lambda_by_frequency_of_ravn_and_uhlig(frequency: str, step: str, lamb: float):
    periods = pl.date_range(date(2000, 1, 1), date(2019, 12, 1), step, eager=True)
    values = np.random.default_rng(1).normal(size=periods.len()).cumsum()
    frame = pl.DataFrame({"period": periods, "value": values, "frequency": frequency})
    assert part(hp_filter(frame), "trend") == pytest.approx(part(hp_filter(frame, lamb), "trend"))


@pytest.mark.parametrize("split", FILTERS)
class TestEveryFilter:
    @settings(max_examples=25, deadline=None)
    @given(
        values=st.lists(st.floats(-1e6, 1e6), min_size=20, max_size=60),
        shift=st.floats(-1e6, 1e6),
        scale=st.floats(0.01, 100),
    )
    def test_parts_add_up_and_move_with_the_series(
        self, split: Filter, values: list[float], shift: float, scale: float
    ):
        frame = quarters(values)
        trend, cycle = (part(split(frame), c) for c in ("trend", "cycle"))
        known = ~np.isnan(trend)
        size = max(abs(v) for v in values) + 1
        assert (trend + cycle)[known] == pytest.approx(np.array(values)[known], abs=1e-9 * size)
        if split is hamilton_filter:
            return  # the regression may be singular; least squares then has many solutions
        moved = split(quarters([shift + scale * v for v in values]))
        assert part(moved, "cycle")[known] == pytest.approx(
            scale * cycle[known], abs=1e-7 * (scale * size + abs(shift))
        )

    def test_constant_series_has_no_cycle(self, split: Filter):
        assert np.nan_to_num(part(split(quarters([7.0] * 30)), "cycle")) == pytest.approx(0, abs=1e-9)

    def test_straight_line_has_no_cycle(self, split: Filter):
        cycle = part(split(quarters([3.0 + 2.0 * i for i in range(40)])), "cycle")
        assert np.nan_to_num(cycle) == pytest.approx(0, abs=1e-8)

    def test_shape_order_and_provenance(self, split: Filter):
        values = np.random.default_rng(0).normal(size=40).cumsum().tolist()
        frame = pl.concat(
            [quarters(values, area=a, unit="HKD", status=s) for a, s in (("macao", "A"), ("hong_kong", "B"))]
        ).sample(fraction=1, shuffle=True, seed=3)
        result = split(frame)
        assert result.height == 2 * frame.height
        for component, rows in zip(("trend", "cycle"), (result.head(80), result.tail(80)), strict=True):
            assert rows.select("area", "period", "unit").equals(frame.select("area", "period", "unit"))
            assert set(rows["component"]) == {component}
        assert set(result.filter(pl.col("area") == "macao")["status"]) == {"E"}
        assert set(result.filter(pl.col("area") == "hong_kong")["status"]) == {"B"}
        alone = split(quarters(values))
        there = result.filter(pl.col("area") == "macao").sort("component", "period", descending=[True, False])
        assert there["value"].to_list() == pytest.approx(alone["value"].to_list(), nan_ok=True)

    def test_nulls_at_the_ends_stay_null(self, split: Filter):
        values = np.random.default_rng(0).normal(size=40).cumsum().tolist()
        result = split(quarters([None, *values, None]))
        expected = split(quarters(values, 1959))
        assert part(result, "trend")[1:-1] == pytest.approx(part(expected, "trend"), nan_ok=True)
        assert result.filter(pl.col("period") == date(1959, 1, 1))["value"].to_list() == [None, None]

    def test_gap_is_refused(self, split: Filter):
        values = [float(i) for i in range(40)]
        with pytest.raises(FrameError, match="none for 1961-Q3"):
            split(quarters([*values[:10], None, *values[11:]]))
        with pytest.raises(FrameError, match="none for 1961-Q3"):
            split(quarters(values).filter(pl.col("period") != date(1961, 7, 1)))

    def test_too_short(self, split: Filter):
        with pytest.raises(SeriesTooShortError, match="has 3"):
            split(quarters([1.0, 2.0, 4.0]))
        with pytest.raises(SeriesTooShortError, match="has 0"):
            split(quarters([None, None]).with_columns(frequency=pl.lit("Q")))

    def test_days_need_their_own_setting(self, split: Filter):
        days = pl.DataFrame(
            {"period": pl.date_range(date(2023, 1, 1), date(2023, 3, 1), "1d", eager=True), "value": 1.0}
        )
        with pytest.raises(UsageError, match="no usual setting for frequency 'D'"):
            split(days)

    def test_empty_frame(self, split: Filter):
        result = split(quarters([]))
        assert result.height == 0
        assert "component" in result.columns


def test_settings():
    with pytest.raises(UsageError, match="above zero"):
        hp_filter(quarters([1.0] * 8), 0)
    with pytest.raises(UsageError, match="at least 1"):
        hamilton_filter(quarters([1.0] * 8), horizon=0)
    for low, high in ((1.5, 8), (8, 8), (9, 8)):
        with pytest.raises(UsageError, match="low below high"):
            cf_filter(quarters([1.0] * 8), low, high)
    with pytest.raises(UsageError, match="no band"):
        cf_filter(quarters([1.0] * 8), low=40)
    weeks = pl.DataFrame(
        {"period": pl.date_range(date(2023, 1, 2), date(2024, 1, 1), "1w", eager=True), "value": 1.0}
    )
    assert hp_filter(weeks, 1e5).height == 2 * weeks.height
    assert hamilton_filter(weeks, horizon=10, lags=2).height == 2 * weeks.height
    assert cf_filter(weeks, 6, 30).height == 2 * weeks.height


class TestOutputGap:
    @pytest.mark.parametrize(("method", "split"), list(zip(("hp", "hamilton", "cf"), FILTERS, strict=True)))
    def test_is_the_distance_from_the_trend_of_logarithms(self, log_gdp: Any, method: Any, split: Filter):
        levels = np.exp(log_gdp / 100)
        potential = np.exp(part(split(quarters(log_gdp / 100)), "trend"))
        result = output_gap(quarters(levels, unit="USD"), method)
        assert result["value"].to_numpy() == pytest.approx(100 * (levels / potential - 1), nan_ok=True)
        assert set(result["unit"]) == {"percent"}
        assert "component" not in result.columns
        assert result["method"][0].startswith("logarithms; ")

    def test_does_not_depend_on_the_unit(self, log_gdp: Any):
        levels = np.exp(log_gdp / 100)
        one, other = output_gap(quarters(levels)), output_gap(quarters(levels * 7.8))
        assert one["value"].to_list() == pytest.approx(other["value"].to_list(), abs=1e-8)

    def test_steady_growth_has_no_gap(self):
        assert output_gap(quarters([1.02**i for i in range(40)]))["value"].to_list() == pytest.approx(
            [0] * 40, abs=1e-9
        )

    @pytest.mark.parametrize("value", [0.0, -1.0])
    def test_zero_and_negative_are_refused(self, value: float):
        with pytest.raises(FrameError, match="above zero"):
            output_gap(quarters([1.0, value, 2.0, 3.0]))

    def test_unknown_method(self):
        with pytest.raises(UsageError, match="'bk'"):
            output_gap(quarters([1.0] * 8), "bk")  # type: ignore[arg-type]
