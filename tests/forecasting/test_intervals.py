"""Prediction intervals: their parts by hand, coverage of simulated series, and what they can never do."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators.forecasting import forecast
from gbaindicators.forecasting.panel.intervals import Spread, spread_of_errors
from gbaindicators.forecasting.panel.panel import Panel
from gbaindicators.forecasting.panel.theta import smoothing_fit

MONTHS = {"A": 12, "Q": 3, "M": 1}


def frame_of(panel, frequency="A", **columns):
    """Series frame of the series in the rows of a matrix."""
    apart = MONTHS[frequency]
    periods = [date(1990 + i * apart // 12, i * apart % 12 + 1, 1) for i in range(len(panel[0]))]
    return pl.concat(
        pl.DataFrame({"period": periods, "value": np.asarray(values, dtype=float)}).with_columns(
            area=pl.lit(f"{i:03}"),
            frequency=pl.lit(frequency),
            **{name: pl.lit(value) for name, value in columns.items()},
        )
        for i, values in enumerate(panel)
    )


def spread(values, offsets=(), errors=None, horizon=3, season=1):
    """Spread of one series whose past errors have a row for each offset."""
    errors = np.full((len(offsets), horizon), np.nan) if errors is None else np.asarray(errors, dtype=float)
    return spread_of_errors(
        Panel.of([np.asarray(values, dtype=float)]),
        season,
        horizon,
        np.array([offsets], dtype=np.int64),
        errors[None],
    )


def level_series(length=30):
    """Series of ones and minus ones in no order: its size never changes."""
    return np.random.default_rng(0).permutation(np.tile([1.0, -1.0], length // 2))


class TestSpread:
    @settings(deadline=None, max_examples=30)
    @given(
        st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=1, max_size=4),
        st.lists(st.floats(0.1, 99.9), min_size=1, max_size=4),
        st.floats(2, 30),
    )
    def test_half_widths_are_quantiles_of_student(self, deviations, levels, freedom):
        from scipy.stats import t

        deviation = np.array(deviations)
        series = len(deviation)
        given_spread = Spread(deviation, np.full(series, freedom), np.zeros(series), np.zeros(series))
        widths = given_spread.half_widths(levels)
        assert widths.shape == (len(levels), series, 2)
        for i, level in enumerate(levels):
            high = t(freedom, scale=np.maximum(deviation, 1e-300)).ppf(0.5 + level / 200)
            assert widths[i] == pytest.approx(high, rel=1e-6, abs=1e-12)

    @settings(deadline=None, max_examples=40)
    @given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 40))
    def test_steps_go_together_as_shocks_and_slope_make_them(self, alpha, slope, horizon):
        one = Spread(np.ones((1, horizon)), np.array([4.0]), np.array([alpha]), np.array([slope]))
        correlation = one.between_steps(0)
        # The error h steps ahead is its own shock, alpha times those before, and h times that of the slope.
        of_shocks = np.tril(np.full((horizon, horizon), alpha), -1) + np.eye(horizon)
        loads = np.column_stack([of_shocks, slope * np.arange(1, horizon + 1)])
        covariance = loads @ loads.T
        size = np.sqrt(np.diag(covariance))
        assert correlation == pytest.approx(covariance / np.outer(size, size))
        assert np.diag(correlation) == pytest.approx(np.ones(horizon))
        assert np.linalg.eigvalsh(correlation).min() > -1e-10

    def test_without_past_errors_the_shape_and_the_one_step_error_remain(self):
        y = 20 + np.cumsum(np.random.default_rng(3).normal(size=30))
        (variance,), (alpha,), (slope,) = smoothing_fit(Panel.of([y]))
        relative = min((0.5 * slope) ** 2 / variance, 1.0)
        steps = np.arange(1, 4)
        result = spread(y)
        # Thirty values, of which five are counted as used up; nine tenths of the root mean square are typical.
        one_step = variance * 35 / 25
        expected = 0.9 * np.sqrt(one_step * (1 + (steps - 1) * alpha**2 + relative * steps**2))
        assert result.deviation[0] == pytest.approx(expected)
        assert result.freedom.tolist() == [1.5]
        assert (result.alpha[0], result.slope[0]) == pytest.approx((alpha, np.sqrt(relative)))

    def test_past_errors_correct_it_by_step(self):
        y = level_series()
        (variance,), (alpha,), (slope,) = smoothing_fit(Panel.of([y]))
        shape = 1 + (np.arange(1, 4) - 1) * alpha**2 + (0.5 * slope) ** 2 / variance * np.arange(1, 4) ** 2
        errors = np.array([[1.0, np.nan, np.nan], [-2.0, 3.0, np.nan], [1.0, -4.0, 6.0]])
        squares, counts = np.array([6.0, 25.0, 36.0]), np.array([3, 2, 1])
        one_step = variance * (len(y) + 5) / (len(y) - 5)
        pooled = ((squares / shape).sum() + 10 * one_step) / (6 + 10)
        expected = 0.9 * np.sqrt((squares + 15 * pooled * shape) / (counts + 15))
        # They rise already, so nothing had to be made to.
        assert (np.diff(expected) > 0).all()
        result = spread(y, (1, 2, 3), errors)
        assert result.deviation[0] == pytest.approx(expected)
        assert result.freedom[0] == pytest.approx(1.5 + 3 * 0.4)

    def test_many_errors_are_believed(self):
        random = np.random.default_rng(0)
        errors = 7 * random.normal(size=(3000, 1))
        result = spread(level_series(), tuple(range(1, 4)) * 1000, errors, horizon=1)
        assert result.deviation[0, 0] == pytest.approx(0.9 * 7, rel=0.06)

    def test_errors_in_proportion_to_the_size_grow_with_it(self):
        y = 1.15 ** np.arange(40)
        # It grows fourfold over these origins; beyond that, errors are scaled no further.
        offsets = tuple(range(1, 11))
        sizes = np.array([y[40 - offset - 3 : 40 - offset].mean() for offset in offsets])
        signs = np.where(np.arange(10) % 2, 1.0, -1.0)[:, None]
        now = y[-3:].mean()
        in_proportion = spread(y, offsets, signs * 0.3 * sizes[:, None], horizon=1).deviation[0, 0]
        constant = spread(y, offsets, signs * 0.3 * sizes.mean(), horizon=1).deviation[0, 0]
        # Three tenths of the size now, drawn down by the one-step errors within the sample, which are smaller.
        assert 0.15 * now < in_proportion <= 0.3 * now
        assert constant < 0.8 * in_proportion

    @settings(deadline=None, max_examples=40)
    @given(
        st.lists(st.floats(-100, 100).map(lambda v: round(v, 2)), min_size=4, max_size=20),
        st.lists(st.lists(st.floats(-1e3, 1e3), min_size=6, max_size=6), min_size=1, max_size=3),
    )
    def test_deviations_never_fall(self, values, errors):
        result = spread(values, tuple(range(1, len(errors) + 1)), errors, horizon=6)
        assert np.isfinite(result.deviation).all()
        assert (np.diff(result.deviation[0]) >= -1e-12 * result.deviation.max()).all()
        assert (result.deviation >= 0).all()

    def test_a_falling_run_becomes_level_between_its_ends(self):
        errors = np.array([[9.0, 1.0]] * 200)
        raw = spread(level_series(), (1,) * 200, errors, horizon=2).deviation[0]
        assert raw[0] == pytest.approx(raw[1])
        assert 4 < raw[0] < 6

    def test_scaling(self):
        random = np.random.default_rng(5)
        y, errors = random.normal(size=20), random.normal(size=(4, 3))
        plain, scaled = (spread(y * f, (1, 2, 3, 4), errors * f).deviation for f in (1.0, 8.0))
        assert scaled == pytest.approx(8 * plain, rel=1e-12)

    def test_a_season_is_no_error(self):
        season = np.tile([10.0, -4.0, 1.0, -7.0], 6) + 0.1 * np.random.default_rng(2).normal(size=24)
        assert spread(season, season=4).deviation.max() < 0.5
        assert spread(season, season=1).deviation.min() > 5


def random_walks(random, series, length):
    return 500 + np.cumsum(random.normal(size=(series, length)), axis=1)


def white_noise(random, series, length):
    return random.normal(size=(series, length))


def autoregressions(random, series, length):
    values = np.zeros((series, length + 30))
    for t in range(1, length + 30):
        values[:, t] = 0.7 * values[:, t - 1] + random.normal(size=series)
    return 20 + values[:, 30:]


def seasonal_growth(random, series, length):
    time = np.arange(length)
    season = random.normal(0, 0.2, size=(series, 12))[:, time % 12]
    level = np.cumsum(random.normal(0.004, 0.02, size=(series, length)), axis=1)
    return 300 * np.exp(level + season + 0.02 * random.normal(size=(series, length)))


class TestCoverage:
    @pytest.mark.parametrize(
        ("made", "frequency", "series", "length", "horizon", "of_80", "of_95"),
        [
            (random_walks, "A", 300, 25, 6, (0.74, 0.88), (0.92, 0.985)),
            (random_walks, "M", 120, 60, 8, (0.74, 0.88), (0.92, 0.985)),
            (white_noise, "A", 300, 25, 6, (0.77, 0.91), (0.92, 0.99)),
            (white_noise, "Q", 200, 40, 6, (0.77, 0.91), (0.92, 0.99)),
            (autoregressions, "A", 300, 30, 6, (0.75, 0.90), (0.92, 0.99)),
            (autoregressions, "Q", 200, 48, 8, (0.75, 0.90), (0.92, 0.99)),
            (seasonal_growth, "M", 120, 72, 12, (0.76, 0.91), (0.92, 0.99)),
        ],
    )
    def test_of_the_combination(self, made, frequency, series, length, horizon, of_80, of_95):
        values = made(np.random.default_rng(11), series, length + horizon)
        ahead = forecast(frame_of(values[:, :length], frequency), horizon)
        actual = values[:, length:].ravel()
        for level, (fewest, most) in ((80, of_80), (95, of_95)):
            inside = ((ahead[f"lower_{level}"] <= actual) & (ahead[f"upper_{level}"] >= actual)).to_numpy()
            assert fewest <= inside.mean() <= most
            # Neither the next period nor the last one hides behind the others.
            by_step = inside.reshape(series, horizon).mean(axis=0)
            assert fewest - 0.06 <= by_step.min()

    @pytest.mark.parametrize(
        "model",
        ["naive", "theta", "dynamic_theta", "ets", "ces", "ar", "ar_level", "ari2", "ses", "median_drift"],
    )
    def test_of_each_model_on_random_walks(self, model):
        values = random_walks(np.random.default_rng(5), 300, 30)
        ahead = forecast(frame_of(values[:, :26]), 4, model=model)
        actual = values[:, 26:].ravel()
        inside = [
            ((ahead[f"lower_{n}"] <= actual) & (ahead[f"upper_{n}"] >= actual)).mean() for n in (80, 95)
        ]
        assert 0.74 <= inside[0] <= 0.88
        assert 0.92 <= inside[1] <= 0.98

    def test_widths_of_random_walks_are_about_right(self):
        # An interval of infinite width covers too: that of a walk with unit steps is 1.28 by the root of the step.
        values = random_walks(np.random.default_rng(6), 200, 60)
        ahead = forecast(frame_of(values), 9, model="naive")
        width = (ahead["upper_80"] - ahead["value"]).to_numpy().reshape(200, 9).mean(axis=0)
        assert width / (1.28 * np.sqrt(np.arange(1, 10))) == pytest.approx(np.ones(9), abs=0.35)


class TestOfForecasts:
    @pytest.mark.parametrize("count", [3, 4, 5])
    def test_short_series_have_finite_ones(self, count):
        ahead = forecast(frame_of([[8.0, 9.0, 8.5, 9.5, 9.0][:count]]), 10)
        widths = (ahead["upper_95"] - ahead["value"]).to_numpy()
        assert np.isfinite(widths).all()
        assert (widths > 0).all()
        assert ahead["skill"].null_count() == 10
        assert "intervals from one-step errors for want of past origins" in ahead["method"][0]

    def test_a_straight_line_is_not_certain(self):
        widths = forecast(frame_of([np.arange(10.0, 40.0)]), 5, model="naive")
        assert (widths["upper_80"] - widths["value"]).min() > 0.1

    def test_fewer_past_errors_are_wider(self):
        y = 100 + np.cumsum(np.random.default_rng(9).normal(size=40))
        few, many = (forecast(frame_of([y[-n:]]), 5, model="naive") for n in (6, 40))
        assert "1 past origin and one-step errors" in few["method"][0]
        assert "10 past origins" in many["method"][0]
        tails = [(f["upper_95"] - f["value"])[0] / (f["upper_80"] - f["value"])[0] for f in (few, many)]
        assert tails[0] > tails[1]

    @pytest.mark.parametrize("first", [[0.0, 0.0, 0.0, 0.0, 5e-17], [1.0, 1.0, 1.1, 1.0, 1.0]])
    def test_a_jump_at_the_end_does_not_blow_them_up(self, first):
        ahead = forecast(frame_of([[*first, 100.0]]), 1, model="naive")
        assert (ahead["upper_95"] - ahead["value"]).item() < 1000
