"""The models of a panel against plain loops, statsmodels and numpy, and what must not change their forecasts."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators.forecasting.panel import models, smoothing, theta
from gbaindicators.forecasting.panel.autoregression import autoregression
from gbaindicators.forecasting.panel.complex_smoothing import _GRID, complex_smoothing
from gbaindicators.forecasting.panel.models import model_forecasts
from gbaindicators.forecasting.panel.panel import Panel, likelihood_weights
from gbaindicators.forecasting.panel.seasonality import future_factors, seasonal_factors, seasonally_adjusted
from gbaindicators.forecasting.panel.smoothing import exponential_smoothing
from gbaindicators.forecasting.panel.theta import dynamic_theta, smoothing_fit

NAMES = [
    "theta",
    "dynamic_theta",
    "ets",
    "ces",
    "ar",
    "ar_level",
    "ari2",
    "ses",
    "median_drift",
    "drift",
    "naive",
    "seasonal_naive",
]
#: Those whose forecasts move by a constant when the series does. (Dynamic Theta starts its level at half of the
#: first value, and the potential of complex smoothing hangs on the level.)
SHIFTING = ["theta", "ets", "ar", "drift", "naive", "seasonal_naive"]


def walk(length, seed=0, season=1, size=0.5):
    random = np.random.default_rng(seed)
    time = np.arange(length)
    return 10 + 0.05 * time + np.cumsum(size * random.normal(size=length)) + np.cos(2 * np.pi * time / season)


def ragged(season=1, lengths=(40, 33, 33, 20, 13, 9, 5, 3)):
    return [walk(n, seed, season) for seed, n in enumerate(lengths)]


def at_ends(names, series, horizon=5, season=1):
    """Forecasts of series in the order of falling length, by model, series and step."""
    lengths = np.array([len(one) for one in series])
    return model_forecasts(names, Panel.of(series), np.arange(len(series)), lengths, horizon, season)


def ets_at_end(values, horizon, season=1):
    panel = Panel.of([values])
    return exponential_smoothing(panel, np.array([0]), panel.lengths, horizon, season)[0]


def likelihoods(squares, count, spread, log_prior=0.0):
    """Weights of the points of a grid on one series, and the logarithm of their mean likelihood, written plainly."""
    log = -count / 2 * np.log(np.maximum(squares, 1e-12 * spread**2)) + log_prior
    return np.exp(log - log.max()) / np.exp(log - log.max()).sum(), log.max() + np.log(
        np.exp(log - log.max()).sum()
    )


class TestPanel:
    def test_values_ends_and_lines_of_ragged_series(self):
        series = [np.array([1.0, 5.0, 2.0, 8.0, 7.0]), np.array([3.0, -1.0, 4.0])]
        panel = Panel.of(series)
        assert panel.last.tolist() == [7.0, 4.0]
        assert panel.spread.tolist() == [7.0, 5.0]
        assert [panel.running(t) for t in range(6)] == [2, 2, 2, 1, 1, 0]
        for column, one in enumerate(series):
            slope, origin = np.polyfit(np.arange(len(one)), one, 1)
            assert [line[column] for line in panel.lines()] == pytest.approx([origin, slope])

    def test_a_cut_is_the_panel_of_the_cut_series(self):
        series = ragged()
        cut = Panel.of(series).cut(np.array([2, 0, 2]), np.array([30, 7, 4]))
        expected = Panel.of([series[2][:30], series[0][:7], series[2][:4]])
        assert np.array_equal(cut.values, expected.values)
        assert cut.lengths.tolist() == [30, 7, 4]

    def test_likelihood_weights_by_hand(self):
        # Ten errors: a sum of squares twice as large is 2 ** 5 times less likely; what ran away counts for nothing.
        weights, evidence = likelihood_weights(
            np.array([1.0]), np.array([10]), np.array([[1.0, 2.0, np.inf, np.nan]])
        )
        assert weights[0] == pytest.approx([32 / 33, 1 / 33, 0, 0])
        assert evidence == pytest.approx([np.log(33 / 32)])

    def test_perfect_fits_count_alike(self):
        weights, _ = likelihood_weights(np.array([1.0]), np.array([30]), np.array([[0.0, 1e-20, 1e-6]]))
        assert weights[0, :2] == pytest.approx([0.5, 0.5])


class TestTheta:
    def test_is_the_mean_of_the_line_and_of_the_smoothed_curve(self):
        y, horizon = walk(25), 4
        slope, origin = np.polyfit(np.arange(25), y, 1)
        line = origin + slope * np.arange(25 + horizon)
        curved = 2 * y - line[:25]
        grid = np.linspace(0.05, 1, 20)
        levels, squares = [], []
        for alpha in grid:
            level, square = curved[0], 0.0
            for value in curved[1:]:
                square += (value - level) ** 2
                level = alpha * value + (1 - alpha) * level
            levels.append(level)
            squares.append(square)
        weights, _ = likelihoods(np.array(squares), 24, np.ptp(y))
        expected = (line[25:] + weights @ levels) / 2
        assert theta.theta(Panel.of([y]), horizon)[0] == pytest.approx(expected, rel=1e-10)

    def test_agrees_with_statsmodels_at_its_smoothing_parameter(self, monkeypatch):
        import pandas as pd
        from statsmodels.tsa.forecasting.theta import ThetaModel

        y = walk(120, seed=3)
        fitted = ThetaModel(pd.Series(y), period=1, deseasonalize=False).fit()
        alpha = fitted.params["alpha"]
        # How statsmodels begins its level has died out by the end.
        assert (1 - alpha) ** 119 < 1e-12
        monkeypatch.setattr(theta, "_ALPHA", np.array([alpha]))
        ours = theta.theta(Panel.of([y]), 6)[0]
        assert ours == pytest.approx(fitted.forecast(6, theta=2).to_numpy(), rel=1e-8)

    def test_straight_line_goes_on_by_half_the_slope(self):
        # Hyndman and Billah (2003): Theta is simple exponential smoothing with half the line's slope as drift.
        ahead = theta.theta(Panel.of([np.arange(10.0, 30.0)]), 4)[0]
        assert np.diff(ahead) == pytest.approx([0.5, 0.5, 0.5])

    def test_fit_for_the_intervals(self, monkeypatch):
        monkeypatch.setattr(theta, "_ALPHA", np.array([0.3]))
        y = walk(30)
        slope = np.polyfit(np.arange(30), y, 1)[0]
        rest, level, square = y - slope / 2 * np.arange(30), None, 0.0
        for value in rest:
            if level is not None:
                square += (value - level) ** 2
            level = value if level is None else 0.3 * value + 0.7 * level
        variance, alpha, steepness = smoothing_fit(Panel.of([y]))
        assert (variance[0], alpha[0], steepness[0]) == pytest.approx((square / 29, 0.3, slope))


class TestDynamicTheta:
    @staticmethod
    def by_the_paper(y, horizon, alpha, theta):
        """Forecast by equations (2) to (7) of Fiorucci et al. (2016), in their letters and counting from one."""
        known = dict(enumerate(y, 1))
        level, mean, slope, origin = alpha * y[0] + (1 - alpha) * y[0] / 2, y[0], 0.0, y[0]
        ahead = []
        for t in range(2, len(y) + horizon + 1):
            mu = level + (1 - 1 / theta) * (
                (1 - alpha) ** (t - 1) * origin + (1 - (1 - alpha) ** t) / alpha * slope
            )
            if t > len(y):
                known[t] = mu
                ahead.append(mu)
            level = alpha * known[t] + (1 - alpha) * level
            slope = ((t - 2) * slope + 6 / t * (known[t] - mean)) / (t + 1)
            mean = ((t - 1) * mean + known[t]) / t
            origin = mean - (t + 1) / 2 * slope
        return ahead

    @pytest.mark.parametrize(("alpha", "coefficient"), [(0.05, 2.0), (0.4, 1.0), (0.7, 5.0), (1.0, 1000.0)])
    def test_one_point_of_the_grid(self, monkeypatch, alpha, coefficient):
        monkeypatch.setattr(theta, "_DYNAMIC", np.array([[alpha], [coefficient]]))
        y = walk(20, seed=5)
        ours = dynamic_theta(Panel.of([y]), 6)[0]
        assert ours == pytest.approx(self.by_the_paper(y, 6, alpha, coefficient), rel=1e-10)

    def test_the_line_is_that_of_least_squares(self):
        # What the paper's recursion for A and B is meant to be: on 25 values, with alpha and theta out of the way.
        y = walk(25, seed=2)
        mean, origin, slope = y[:1, None], y[:1, None], np.zeros((1, 1))
        for count in range(2, 26):
            mean, origin, slope = theta._line_with(y[count - 1 : count, None], mean, slope, np.float64(count))
        # Its intercept is at time zero where the first value has time one.
        expected = np.polyfit(np.arange(1, 26), y, 1)
        assert (slope.item(), origin.item()) == pytest.approx(tuple(expected))

    def test_of_several_points_the_better_weighs_more(self, monkeypatch):
        y = np.cumsum(np.random.default_rng(1).normal(size=80)) + 50
        monkeypatch.setattr(theta, "_DYNAMIC", np.array([[1.0, 0.05], [1.0, 1.0]]))
        # On a random walk, following every step is right and a slow mean is wrong.
        assert dynamic_theta(Panel.of([y]), 1)[0, 0] == pytest.approx(y[-1], abs=1e-6)


def slow_smoothing(y, horizon, forms, season):
    """Exponential smoothing by the definition: one loop for each point, starting values by numpy's least squares."""
    starts = 2 + (season if season > 1 else 0)

    def run(point, start):
        alpha, beta, phi, gamma = point
        level, trend, seasonal, errors = start[0], start[1], list(start[2:]), []
        for t, value in enumerate([*y, *[None] * horizon]):
            ahead = level + phi * trend + (seasonal[t % season] if seasonal else 0)
            error = 0.0 if value is None else value - ahead
            errors.append(ahead if value is None else error)
            level, trend = level + phi * trend + alpha * error, phi * trend + beta * error
            if seasonal:
                seasonal[t % season] += gamma * error
        return np.array(errors[: len(y)]), np.array(errors[len(y) :])

    squares, forecasts, priors = [], [], []
    for form in forms:
        points = list(product(form.alpha, form.beta, form.phi, form.gamma))
        for alpha, share, phi, gamma_share in points:
            point = alpha, share * alpha, phi, gamma_share * (1 - alpha)
            at_rest, _ = run(point, np.zeros(starts))
            design = np.column_stack([at_rest - run(point, unit)[0] for unit in np.eye(starts)])
            held_back = np.diag([0.0, 0.0, *[0.3**0.5] * (starts - 2)])
            start = np.linalg.lstsq(
                np.vstack([design, held_back]), np.concatenate([at_rest, np.zeros(starts)]), rcond=1e-12
            )[0]
            errors, ahead = run(point, start)
            squares.append((errors**2).sum() + 0.3 * (start[2:] ** 2).sum())
            forecasts.append(ahead)
            priors.append(-form.parameters - np.log(len(points)) - (season - 1 if season > 1 else 0))
    weights, evidence = likelihoods(np.array(squares), len(y), np.ptp(y), np.array(priors))
    return weights @ forecasts, evidence


class TestExponentialSmoothing:
    @pytest.mark.parametrize("seed", [0, 1])
    def test_is_what_slow_loops_and_least_squares_give(self, seed):
        y = walk(14, seed)
        expected, _ = slow_smoothing(y, 4, smoothing._WITHOUT_SEASON, 1)
        assert ets_at_end(y, 4) == pytest.approx(expected, rel=1e-6)

    def test_with_a_season_too(self):
        y = walk(13, 6) + np.tile([0.6, -0.4, 0.2, -0.4], 4)[:13]
        plain, evidence = slow_smoothing(y, 6, smoothing._WITHOUT_SEASON, 1)
        seasonal, seasonal_evidence = slow_smoothing(y, 6, smoothing._WITH_SEASON, 4)
        share = 1 / (1 + np.exp(evidence - seasonal_evidence))
        # Both kinds of form must have a say, or the test would not see one of them.
        assert 0.1 < share < 0.9
        assert ets_at_end(y, 6, 4) == pytest.approx((1 - share) * plain + share * seasonal, rel=1e-6)

    @pytest.mark.parametrize(
        ("trend", "damped", "season", "point"),
        [
            (None, False, 1, (0.3, 0.0, 0.0, 0.0)),
            ("add", False, 1, (0.6, 0.15, 1.0, 0.0)),
            ("add", True, 1, (0.45, 0.4, 0.9, 0.0)),
            ("add", True, 4, (0.2, 0.5, 0.95, 0.3)),
        ],
    )
    def test_one_point_agrees_with_statsmodels(self, trend, damped, season, point):
        from statsmodels.tsa.exponential_smoothing.ets import ETSModel

        y = walk(32, 7, season=season)
        alpha, share, phi, gamma = point
        forms = (smoothing._Form((alpha,), (share,), (phi,), (gamma,)),)
        panel = Panel.of([y])
        ours, _ = smoothing._run(panel, np.array([0]), panel.lengths, 6, season, panel.spread, forms)

        def fitted(start):
            model = ETSModel(
                y,
                error="add",
                trend=trend,
                damped_trend=damped,
                seasonal="add" if season > 1 else None,
                seasonal_periods=season if season > 1 else None,
                initialization_method="known",
                initial_level=start[0],
                initial_trend=start[1] if trend else None,
                # Statsmodels wants the season of the first period first.
                initial_seasonal=start[2:] if season > 1 else None,
            )
            smooth = {"smoothing_level": alpha, "smoothing_trend": alpha * share if trend else None}
            smooth |= {"smoothing_seasonal": gamma * (1 - alpha) if season > 1 else None}
            smooth |= {"damping_trend": phi if damped else None}
            return model.smooth([smooth[name] for name in smooth if smooth[name] is not None])

        starts = 2 + (season if season > 1 else 0)
        used = [0, *([1] if trend else []), *range(2, starts)]
        zero = np.zeros(starts)
        at_rest = fitted(zero).resid
        design = np.column_stack([at_rest - fitted(np.eye(starts)[i]).resid for i in used])
        held_back = np.diag([0.3**0.5 if i > 1 else 0.0 for i in used])
        start = zero.copy()
        start[used] = np.linalg.lstsq(
            np.vstack([design, held_back]), np.concatenate([at_rest, np.zeros(len(used))]), rcond=None
        )[0]
        assert ours[0] == pytest.approx(fitted(start).forecast(6), rel=1e-6)

    def test_from_several_origins_in_one_pass_as_from_each_alone(self):
        series = [walk(n, seed, 4) for seed, n in enumerate((30, 26, 26, 17))]
        columns, lengths = np.array([0, 1, 0, 2, 3, 0, 1]), np.array([30, 26, 25, 18, 17, 9, 3])
        together = exponential_smoothing(Panel.of(series), columns, lengths, 5, 4)
        for row, (column, length) in zip(together, zip(columns, lengths, strict=True), strict=True):
            assert row == pytest.approx(ets_at_end(series[column][:length], 5, 4), rel=1e-8)

    def test_more_series_than_one_block_holds(self):
        series = [walk(12, seed) for seed in range(101)]
        together = at_ends(["ets"], series, 3)[0]
        for i in (0, 47, 48, 95, 96, 100):
            assert together[i] == pytest.approx(ets_at_end(series[i], 3), rel=1e-9)

    def test_a_season_of_two_years_is_followed(self):
        season = np.array([5.0, -1.0, -6.0, 2.0])
        noise = 0.1 * np.random.default_rng(0).normal(size=12)
        assert ets_at_end(20 + np.tile(season, 3) + noise, 4, 4) == pytest.approx(20 + season, abs=0.7)


class TestComplexSmoothing:
    def test_is_what_complex_numbers_give(self):
        y, horizon = walk(18, 6), 5
        forecasts, squares = [], []
        for real, imaginary in _GRID.T:
            parameter = complex(real, imaginary)

            def run(start, parameter=parameter):
                # Svetunkov et al. (2022), equation (5): both the forecast and its potential are complex.
                now, errors, ahead = start, [], []
                for value in y:
                    error = value - now.real
                    errors.append(error)
                    now = parameter * complex(value, error) + (1 + 1j - parameter) * now
                for _ in range(horizon):
                    ahead.append(now.real)
                    now = parameter * complex(now.real, 0) + (1 + 1j - parameter) * now
                return np.array(errors), np.array(ahead)

            units = (complex(1, 1 / real), 1j)
            at_rest = run(0j)[0]
            design = np.column_stack([at_rest - run(unit)[0] for unit in units])
            start = np.linalg.lstsq(np.vstack([design, [0, 1]]), np.append(at_rest, 0), rcond=None)[0]
            errors, ahead = run(start[0] * units[0] + start[1] * units[1])
            forecasts.append(ahead)
            squares.append((errors**2).sum() + start[1] ** 2)
        weights, _ = likelihoods(np.array(squares), len(y), np.ptp(y))
        assert (weights > 0.01).sum() > 3
        assert complex_smoothing(Panel.of([y]), horizon)[0] == pytest.approx(weights @ forecasts, rel=1e-7)

    def test_follows_growth(self):
        y = 10 * 1.03 ** np.arange(30)
        assert complex_smoothing(Panel.of([y]), 3)[0] == pytest.approx(
            y[-1] * 1.03 ** np.arange(1, 4), rel=0.02
        )


class TestAutoregression:
    def test_is_the_akaike_mean_of_statsmodels_autoregressions(self):
        from statsmodels.tsa.ar_model import AutoReg

        random = np.random.default_rng(2)
        z = np.zeros(60)
        for t in range(2, 60):
            z[t] = 0.5 * z[t - 1] + 0.3 * z[t - 2] + random.normal()
        y = 50 + np.cumsum(z)
        drift = np.diff(y).mean() / 2
        changes, criteria, forecasts = np.diff(y) - drift, [], []
        for order in range(7):
            if order:
                fitted = AutoReg(changes, order, trend="n", hold_back=6).fit()
                rest, ahead = fitted.resid, fitted.forecast(5)
            else:
                rest, ahead = changes[6:], np.zeros(5)
            k, n = order + 1, len(rest)
            criteria.append(n * np.log((rest**2).sum() / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1))
            forecasts.append(ahead)
        weights = np.exp(-0.5 * (np.array(criteria) - min(criteria)))
        expected = y[-1] + np.cumsum(weights @ forecasts / weights.sum() + drift)
        assert autoregression(Panel.of([y]), 5)[0] == pytest.approx(expected, rel=1e-6)

    def test_a_short_series_has_no_lags_and_goes_on_by_half_the_mean_change(self):
        assert autoregression(Panel.of([np.array([1.0, 4.0, 2.0, 3.0, 9.0])]), 2)[0].tolist() == [10.0, 11.0]

    def test_an_explosion_is_cut_off(self):
        y = np.cumsum(1.5 ** np.arange(20))
        ahead = autoregression(Panel.of([y]), 200)[0]
        largest = np.abs(np.diff(y) - np.diff(y).mean() / 2).max()
        assert (np.diff(ahead) <= 3 * largest + np.diff(y).mean()).all()


class TestSimpleModels:
    def test_by_hand(self):
        series = [np.array([4.0, 6.0, 9.0, 5.0, 7.0, 8.0]), np.array([1.0, 3.0, 8.0])]
        drift, naive, seasonal = at_ends(["drift", "naive", "seasonal_naive"], series, 6, 4)
        assert drift[0] == pytest.approx(8 + 0.8 * np.arange(1, 7))
        assert naive[1].tolist() == [8.0] * 6
        assert seasonal[0].tolist() == [9.0, 5.0, 7.0, 8.0, 9.0, 5.0]
        # The short one has no whole season.
        assert seasonal[1].tolist() == [8.0] * 6

    def test_forecasts_stay_within_the_range_and_twice_the_mean_pace(self, monkeypatch):
        y = np.array([0.0, 2.0, 1.0, 4.0])
        monkeypatch.setitem(models._ADJUSTED, "theta", lambda panel, horizon: np.full((1, horizon), 1e9))
        monkeypatch.setitem(models._ADJUSTED, "ar", lambda panel, horizon: np.full((1, horizon), -1e9))
        up, down = at_ends(["theta", "ar"], [y], 2)
        # Last value 4, spread 4: 4 +- 4 * (1 + 2 h / 4).
        assert up[0].tolist() == [10.0, 12.0]
        assert down[0].tolist() == [-2.0, -4.0]


class TestSeason:
    @pytest.mark.parametrize("season", [2, 4, 7, 12])
    def test_a_known_season_is_recovered(self, season):
        factors = np.random.default_rng(season).normal(size=season)
        factors -= factors.mean()
        time = np.arange(8 * season)
        y = 5 + 0.03 * time + factors[time % season] + 0.01 * np.random.default_rng(9).normal(size=len(time))
        found = seasonal_factors(Panel.of([y]), season)[:, 0]
        assert found == pytest.approx(factors, abs=0.03)
        panel = Panel.of([y[:-1]])
        # The first forecast is of the last position of the season.
        ahead = future_factors(panel, found[:, None], 3)[0]
        assert ahead.tolist() == [found[-1], found[0], found[1 % season]]

    def test_plain_loops_give_the_same(self):
        y, season = walk(23, 8, season=4), 4
        rest, weight = {}, {}
        for t in range(2, 21):
            middle = (y[t - 2] / 2 + y[t - 1] + y[t] + y[t + 1] + y[t + 2] / 2) / 4
            rest[t], weight[t] = y[t] - middle, 0.8 ** ((20 - t) // 4)
        places = [[t for t in rest if t % 4 == place] for place in range(4)]
        raw = np.array([sum(weight[t] * rest[t] for t in p) / sum(weight[t] for t in p) for p in places])
        raw -= raw.mean()
        noise = sum((rest[t] - raw[t % 4]) ** 2 for t in rest) / (19 - 4)
        of_mean = np.mean([sum(weight[t] ** 2 for t in p) / sum(weight[t] for t in p) ** 2 for p in places])
        share = max(0.0, 1 - noise * of_mean / ((raw**2).sum() / 3))
        assert 0 < share < 1
        assert seasonal_factors(Panel.of([y]), season)[:, 0] == pytest.approx(raw * share)

    def test_white_noise_has_next_to_none(self):
        noise = list(np.random.default_rng(4).normal(size=(300, 60)))
        factors = seasonal_factors(Panel.of(noise), 12)
        # Plain means of the four whole years left would have a standard deviation of a half.
        assert np.sqrt((factors**2).mean()) < 0.2
        assert (factors == 0).all(axis=0).mean() > 0.4

    def test_later_years_count_for_more(self):
        early, late = np.array([1.0, -1.0]), np.array([3.0, -3.0])
        y = np.concatenate([np.tile(early, 6), np.tile(late, 6)])
        assert seasonal_factors(Panel.of([y]), 2)[0, 0] > 2.1
        assert seasonal_factors(Panel.of([y[::-1].copy()]), 2)[1, 0] < 1.9

    def test_takes_three_whole_ones(self):
        y = np.tile([5.0, 1.0, -2.0, -4.0], 3)
        factors = seasonal_factors(Panel.of([y, y[:-1]]), 4)
        assert np.abs(factors[:, 0]).max() > 1
        assert (factors[:, 1] == 0).all()

    def test_ragged_panel_as_each_alone(self):
        series = ragged(4)
        together = seasonal_factors(Panel.of(series), 4)
        alone = np.column_stack([seasonal_factors(Panel.of([one]), 4)[:, 0] for one in series])
        assert together == pytest.approx(alone, rel=1e-12, abs=1e-14)

    def test_adjusting_takes_the_factors_out(self):
        panel = Panel.of([np.arange(5.0), np.arange(3.0)])
        adjusted = seasonally_adjusted(panel, np.array([[1.0, 0.5], [-1.0, -0.5]]))
        assert adjusted.values[:, 0].tolist() == [-1.0, 2.0, 1.0, 4.0, 3.0]
        assert adjusted.values[:, 1].tolist() == [-0.5, 1.5, 1.5, 0.0, 0.0]


class TestTwiceDifferenced:
    def test_white_second_differences_go_on_from_the_newest_change(self):
        y = np.array([3.0, 4.0, 6.0, 7.0])
        # Two second differences allow no lag: the last change, 1, goes on.
        assert at_ends(["ari2"], [y], 3)[0, 0] == pytest.approx([8.0, 9.0, 10.0])

    def test_is_an_autoregression_of_the_second_differences(self):
        random = np.random.default_rng(5)
        y = 50 + np.cumsum(np.cumsum(random.normal(size=30)))
        changes = np.diff(y)
        ahead = np.diff(at_ends(["ari2"], [y], 4)[0, 0], prepend=y[-1])
        z = np.diff(changes)
        scale = np.ptp(y)
        # The same, written plainly: least squares for each order, averaged by Akaike's corrected criterion.
        most = min((len(z) - 2) // 3, 6)
        criteria, paths = [], []
        for order in range(most + 1):
            lags = np.column_stack(
                [z[most - k - 1 : len(z) - k - 1] for k in range(order)] or [np.zeros(len(z) - most)]
            )
            coefficients = np.linalg.lstsq(lags, z[most:], rcond=None)[0][:order]
            squares = max(((z[most:] - lags[:, :order] @ coefficients) ** 2).sum(), 1e-12 * scale**2)
            n, k = len(z) - most, order + 1
            criteria.append(n * np.log(squares / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1))
            history, path = list(z), []
            for _ in range(4):
                path.append(float(np.dot(coefficients, history[: -order - 1 : -1])) if order else 0.0)
                history.append(path[-1])
            paths.append(path)
        weights = np.exp(-0.5 * (np.array(criteria) - min(criteria)))
        expected = changes[-1] + np.cumsum(weights @ np.array(paths) / weights.sum())
        assert ahead == pytest.approx(expected, rel=1e-5)

    def test_three_values_are_too_few(self):
        assert np.isnan(at_ends(["ari2"], [np.array([1.0, 2.0, 4.0])], 2)).all()


class TestAboutTheMean:
    def test_goes_back_to_the_mean(self):
        y = np.tile([9.0, 10.0, 11.0, 10.0], 10)[:-1] + 0.01 * np.random.default_rng(1).normal(size=39)
        ahead = at_ends(["ar_level"], [y], 40)[0, 0]
        assert ahead[0] == pytest.approx(10.0, abs=0.1)
        assert ahead.mean() == pytest.approx(y.mean(), abs=0.1)

    def test_white_noise_is_the_mean(self):
        y = np.array([3.0, 5.0, 4.0, 4.0])
        # Four values allow no lag.
        assert at_ends(["ar_level"], [y], 3)[0, 0] == pytest.approx([4.0, 4.0, 4.0])


class TestMedianDrift:
    def test_half_the_median_change_whatever_one_year_did(self):
        y = np.array([0.0, 2.0, 4.0, 40.0, 42.0, 44.0])
        assert at_ends(["median_drift"], [y], 3)[0, 0] == pytest.approx([45.0, 46.0, 47.0])


class TestSimpleSmoothing:
    def test_forecasts_are_flat_and_within_the_past(self):
        y = walk(25, 3)
        flat = at_ends(["ses"], [y], 5)[0, 0]
        assert np.ptp(flat) == pytest.approx(0, abs=1e-9)
        assert y.min() <= flat[0] <= y.max()

    def test_a_random_walk_is_followed_and_noise_averaged(self):
        random = np.random.default_rng(2)
        following, noise = 10 * np.cumsum(random.normal(size=200)), random.normal(size=200)
        assert at_ends(["ses"], [following], 1)[0, 0, 0] == pytest.approx(following[-1], abs=5)
        assert at_ends(["ses"], [noise], 1)[0, 0, 0] == pytest.approx(noise.mean(), abs=0.5)


class TestIdentities:
    @pytest.mark.parametrize("season", [1, 4])
    def test_a_ragged_panel_as_each_series_alone(self, season):
        series = ragged(season)
        together = at_ends(NAMES, series, 6, season)
        for i, one in enumerate(series):
            assert together[:, i] == pytest.approx(
                at_ends(NAMES, [one], 6, season)[:, 0], rel=1e-9, nan_ok=True
            )

    @pytest.mark.parametrize("season", [1, 4])
    def test_several_origins_at_once_as_cut_series(self, season):
        series = ragged(season)
        columns = np.array([0, 1, 2, 0, 3, 1, 4, 0, 2])
        lengths = np.array([40, 33, 31, 28, 20, 14, 12, 6, 4])
        together = model_forecasts(NAMES, Panel.of(series), columns, lengths, 4, season)
        for i, (column, length) in enumerate(zip(columns, lengths, strict=True)):
            alone = at_ends(NAMES, [series[column][:length]], 4, season)[:, 0]
            assert together[:, i] == pytest.approx(alone, rel=1e-8)

    @pytest.mark.parametrize("season", [1, 4])
    def test_what_comes_after_an_origin_changes_no_digit_of_its_forecast(self, season):
        series = ragged(season)[:4]
        columns, lengths = np.array([0, 1, 3, 0, 2, 1]), np.array([30, 25, 20, 16, 13, 5])
        before = model_forecasts(NAMES, Panel.of(series), columns, lengths, 5, season)
        after = [one.copy() for one in series]
        after[0][30:], after[1][25:], after[2][13:] = 1e7, -1e7, 0.0
        later = model_forecasts(NAMES, Panel.of(after), columns, lengths, 5, season)
        # Of those at the last origins, nothing before them has changed.
        for i in (0, 1, 2, 4):
            assert np.array_equal(before[:, i], later[:, i])
        after = [one.copy() for one in series]
        after[0][16:], after[1][5:] = 1e7, -1e7
        later = model_forecasts(NAMES, Panel.of(after), columns, lengths, 5, season)
        for i in (2, 3, 4, 5):
            assert np.array_equal(before[:, i], later[:, i])
        assert not np.allclose(before[:, 0], later[:, 0])

    @settings(deadline=None, max_examples=10)
    @given(st.permutations(range(6)), st.sampled_from([1, 4]))
    def test_order_changes_nothing(self, order, season):
        series = [walk(24, seed, season) for seed in range(6)]
        plain = at_ends(NAMES, series, 3, season)
        permuted = at_ends(NAMES, [series[i] for i in order], 3, season)
        assert permuted == pytest.approx(plain[:, order], rel=1e-9)

    @settings(deadline=None, max_examples=15)
    @given(
        st.lists(st.floats(-100, 100).map(lambda v: round(v, 1)), min_size=4, max_size=30),
        st.integers(-20, 20),
        st.floats(1e-3, 1e3),
    )
    def test_scaling(self, values, power, factor):
        y = np.array(values)
        plain = at_ends(NAMES, [y], 4, 4)
        assert np.isfinite(plain).all()
        # (Powers of two would be exact but for the logarithms of the likelihoods.)
        twos = at_ends(NAMES, [y * 2.0**power], 4, 4)
        assert twos == pytest.approx(plain * 2.0**power, rel=1e-8, abs=1e-8 * 2.0**power * np.abs(y).max())
        scaled = at_ends(NAMES, [y * factor], 4, 4)
        assert scaled == pytest.approx(plain * factor, rel=1e-6, abs=1e-6 * factor * np.abs(y).max())

    @pytest.mark.parametrize("season", [1, 4])
    @pytest.mark.parametrize("constant", [-50.0, 500.0])
    def test_adding_a_constant_adds_it_to_the_forecasts(self, season, constant):
        series = ragged(season)[:6]
        plain = at_ends(SHIFTING, series, 5, season)
        moved = at_ends(SHIFTING, [one + constant for one in series], 5, season)
        assert moved - constant == pytest.approx(plain, abs=1e-4)

    @pytest.mark.parametrize("values", [[3.0] * 9, [0.0] * 9, [0.0, 0.0, 0.0, 0.0, 0.0, 1.0]])
    def test_nearly_nothing_to_go_by_is_no_trouble(self, values):
        ahead = at_ends(NAMES, [np.array(values)], 5, 2)
        assert np.isfinite(ahead).all()
        if len(set(values)) == 1:
            assert (ahead == values[0]).all()
