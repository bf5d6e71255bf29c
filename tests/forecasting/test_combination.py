"""The combination of models: weights and middles by hand, and the whole engine against a plain loop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators.forecasting.panel.combination import (
    combination_members,
    combined,
    record_weights,
)
from gbaindicators.forecasting.panel.engine import PANEL_MODELS, forecast_panel
from gbaindicators.forecasting.panel.models import model_forecasts
from gbaindicators.forecasting.panel.origins import past_origins
from gbaindicators.forecasting.panel.panel import Panel


def errors_of(*models, steps=1):
    """Errors of one series, by model and origin, the same at every step but for the root of the step."""
    errors = np.array(models, dtype=float)[:, None, :, None]
    return errors * np.sqrt(np.arange(1, steps + 1))


def middle(*forecasts, weights=None):
    given = np.array(forecasts, dtype=float)[:, None]
    weights = np.ones(len(forecasts)) if weights is None else np.array(weights, dtype=float)
    return combined(given, weights[:, None])[0]


class TestMiddle:
    @pytest.mark.parametrize(
        ("forecasts", "weights", "expected"),
        [
            ([4, 1, 3, 2], None, 2.5),
            # Of thirds, a quarter falls off either end: a twelfth, a third and a twelfth are left.
            ([3, 1, 2], None, 2.0),
            ([1, 2, 9], None, (1 + 4 * 2 + 9) / 6),
            ([5, 7], None, 6.0),
            ([8], None, 8.0),
            # Shares 1/2, 1/4 and 1/4: the middle half is half 1, half 2.
            ([1, 2, 3], [2, 1, 1], 1.5),
            ([1, 2, 3], [1, 0, 1], 2.0),
            ([1, 2, 3], [0, 5, 0], 2.0),
            # Shares 3/5, 1/5, 1/5: of the first 7/20 are left, of the second 3/20.
            ([10, 20, 30], [3, 1, 1], (10 * 0.35 + 20 * 0.15) / 0.5),
        ],
    )
    def test_by_hand(self, forecasts, weights, expected):
        assert middle(*forecasts, weights=weights) == pytest.approx(expected)

    def test_one_that_runs_off_takes_nothing_with_it(self):
        assert middle(1, 2, 3, 1e12, 4) == pytest.approx(middle(1, 2, 3, 5, 4))

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_what_is_not_finite_has_no_weight(self, bad):
        assert middle(4, bad, 1, 3, 2) == pytest.approx(2.5)
        assert middle(bad, 7, weights=[100, 1]) == 7.0
        assert np.isnan(middle(bad, bad))

    @settings(deadline=None)
    @given(
        st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(0.01, 100)), min_size=1, max_size=9),
        st.randoms(use_true_random=False),
    )
    def test_lies_between_and_does_not_depend_on_order_or_on_the_sum_of_weights(self, pairs, random):
        forecasts, weights = zip(*pairs, strict=True)
        result = middle(*forecasts, weights=weights)
        assert min(forecasts) - 1e-6 <= result <= max(forecasts) + 1e-6
        random.shuffle(pairs)
        forecasts, weights = zip(*pairs, strict=True)
        shuffled = middle(*forecasts, weights=np.array(weights) * 3)
        assert shuffled == pytest.approx(result, rel=1e-9, abs=1e-5)


class TestWeights:
    def test_equal_errors_are_equal_weights(self):
        errors = errors_of([1, -2, 3], [-1, 2, 3], [1, 2, -3])
        assert record_weights(errors, np.array([200])) == pytest.approx(np.ones((3, 1, 4)))

    def test_without_any_error_weights_are_equal(self):
        errors = np.full((3, 1, 2, 4), np.nan)
        assert (record_weights(errors, np.array([80])) == 1).all()
        assert (record_weights(np.zeros((3, 1, 2, 4)), np.array([80])) == 1).all()

    def test_by_hand(self):
        # Mean absolute errors 1 and 3, relative to their average 1/2 and 3/2; at a length of 50 to the power -1,
        # at 100 and beyond to the power -2.
        errors = errors_of([1, -1], [3, 3])
        assert record_weights(errors, np.array([50]))[:, 0, -1] == pytest.approx([2, 2 / 3])
        for length in (100, 5000):
            assert record_weights(errors, np.array([length]))[:, 0, -1] == pytest.approx([4, 4 / 9])

    def test_errors_of_later_steps_count_by_the_root_of_the_step(self):
        one, four = errors_of([2.0], [6.0]), errors_of([2.0], [6.0], steps=4)
        assert four[0, 0, 0].tolist() == pytest.approx([2.0, 2 * 2**0.5, 2 * 3**0.5, 4.0])
        assert record_weights(four, np.array([70])) == pytest.approx(record_weights(one, np.array([70])))

    def test_short_series_nearly_equal(self):
        weights = record_weights(errors_of([1, 1], [3, 3]), np.array([5]))[:, 0, -1]
        assert weights[0] > weights[1]
        assert weights[0] / weights[1] == pytest.approx(3**0.1)

    def test_one_that_was_always_right_gets_most_but_not_all(self):
        weights = record_weights(errors_of([0, 0, 0], [2, 1, 3], [2, 2, 2]), np.array([100]))[:, 0, -1]
        assert weights[0] / weights.sum() > 0.99
        # A hundredth of the average error is as good as it gets.
        assert weights[0] == pytest.approx(1e4)

    def test_an_origin_does_not_know_its_outcome(self):
        errors = errors_of([1, 2, 1], [2, 1, 3])
        weights = record_weights(errors, np.array([50]))
        # At the first origin the other two count: means of 1.5 and 2, at the second 1 and 2.5, at the third both 1.5.
        assert weights[:, 0, 0] == pytest.approx([1.75 / 1.5, 1.75 / 2])
        assert weights[:, 0, 1] == pytest.approx([1.75 / 1, 1.75 / 2.5])
        assert weights[:, 0, 2] == pytest.approx([1, 1])
        other = errors.copy()
        other[0, 0, 1] = 40.0
        changed = record_weights(other, np.array([50]))
        assert changed[:, 0, 1] == pytest.approx(weights[:, 0, 1])
        assert (changed[0, 0, [0, 2, 3]] < weights[0, 0, [0, 2, 3]]).all()

    def test_an_error_that_one_model_lacks_counts_for_none(self):
        errors = errors_of([1, 1, 7], [3, 3, np.nan])
        assert record_weights(errors, np.array([50]))[:, 0, -1] == pytest.approx([2, 2 / 3])

    def test_each_series_has_its_own(self):
        errors = np.concatenate([errors_of([1, 1], [3, 3]), errors_of([3, 3], [1, 1])], axis=1)
        weights = record_weights(errors, np.array([50, 50]))[:, :, -1]
        assert weights == pytest.approx(np.array([[2, 2 / 3], [2 / 3, 2]]))


class TestOrigins:
    def test_spread_over_two_horizons_and_at_most_ten(self):
        assert past_origins(100, 2, 1).tolist() == [1, 2, 3, 4]
        assert past_origins(100, 5, 1).tolist() == list(range(1, 11))
        many = past_origins(1000, 18, 12)
        assert len(many) == 10
        assert (many[0], many[-1]) == (1, 36)
        assert np.diff(many).max() - np.diff(many).min() <= 1

    def test_leave_five_values_and_three_seasons_where_there_are_as_many(self):
        assert past_origins(5, 4, 1).tolist() == []
        assert past_origins(8, 4, 1).tolist() == [1, 2, 3]
        assert past_origins(39, 12, 12).max() <= 3
        assert past_origins(30, 2, 12).tolist() == [1, 2, 3, 4]


def slow_forecast(y, season, horizon, members, rival):
    """Point forecast and skill, one origin and one member after the other, each on the cut series alone."""
    # What logarithms are taken in terms of: not all models are blind to it.
    unit = y[:5].mean()

    def ahead(name, logs, values):
        base = np.log(values / unit) if logs else values
        panel = Panel.of([base])
        result = model_forecasts([name], panel, np.array([0]), panel.lengths, horizon, season)[0, 0]
        return np.exp(result) * unit if logs else result

    def middle_half(forecasts, weights):
        order = np.argsort(forecasts)
        edges = np.clip(np.append(0, np.cumsum(weights[order])) / weights.sum(), 0.25, 0.75)
        return (np.diff(edges) * forecasts[order]).sum() / 0.5

    offsets = past_origins(len(y), horizon, season).tolist()
    tries, sizes, rivals = {}, {}, {}
    for offset in offsets:
        known, actual = y[:-offset], y[-offset:][:horizon]
        tries[offset] = np.array([ahead(name, logs, known) for name, logs in members])
        errors = np.abs(tries[offset][:, : len(actual)] - actual) / np.sqrt(np.arange(1, len(actual) + 1))
        sizes[offset] = errors.sum(axis=1), len(actual)
        rivals[offset] = np.abs(ahead(rival, False, known)[: len(actual)] - actual)

    def weights(without=None):
        others = [sizes[o] for o in offsets if o != without]
        if not others:
            return np.ones(len(members))
        mean = sum(total for total, _ in others) / sum(count for _, count in others)
        return np.maximum(mean / mean.mean(), 0.01) ** -min(len(y) / 50, 2)

    own = []
    for offset in offsets:
        actual = y[-offset:][:horizon]
        for step, value in enumerate(actual):
            own.append(abs(middle_half(tries[offset][:, step], weights(without=offset)) - value))
    end = np.array([ahead(name, logs, y) for name, logs in members])
    point = [middle_half(end[:, step], weights()) for step in range(horizon)]
    return point, 1 - np.mean(own) / np.mean(np.concatenate(list(rivals.values())))


class TestEngine:
    @pytest.mark.parametrize(
        ("length", "season", "horizon", "logarithms"),
        [(30, 1, 6, True), (8, 1, 3, False), (41, 4, 8, True), (60, 12, 4, False), (6, 1, 2, True)],
    )
    def test_is_what_a_plain_loop_gives(self, length, season, horizon, logarithms):
        random = np.random.default_rng(length)
        time = np.arange(length)
        y = 7 * np.exp(np.cumsum(random.normal(0.02, 0.1, length)) + 0.2 * np.cos(2 * np.pi * time / season))
        members = combination_members(season, logarithms=logarithms)
        rival = "drift" if season == 1 else "seasonal_naive"
        result = forecast_panel([y], season, horizon, "auto", logarithms=logarithms)
        point, skill = slow_forecast(y, season, horizon, members, rival)
        assert result.point[0] == pytest.approx(point, rel=1e-5)
        assert result.skill[0] == pytest.approx(skill, abs=1e-5)
        assert result.rival == rival
        assert result.left_out == [[]]

    @pytest.mark.parametrize("model", ["theta", "ar", "naive"])
    def test_skill_of_a_single_model(self, model):
        y = 5 + np.cumsum(np.random.default_rng(3).normal(size=25)) ** 2
        result = forecast_panel([y], 1, 4, model, logarithms=True)
        point, skill = slow_forecast(y, 1, 4, [(model, model != "naive")], "drift")
        assert result.point[0] == pytest.approx(point, rel=1e-6)
        assert result.skill[0] == pytest.approx(skill, abs=1e-6)

    def test_origins_and_skill_of_ragged_series_as_of_each_alone(self):
        random = np.random.default_rng(0)
        series = [50 + np.cumsum(random.normal(size=n)) for n in (40, 22, 9, 7, 5, 4)]
        together = forecast_panel(series, 1, 5, "auto", logarithms=True)
        assert together.origins.tolist() == [10, 10, 4, 2, 0, 0]
        for i, one in enumerate(series):
            alone = forecast_panel([one], 1, 5, "auto", logarithms=True)
            assert together.point[i] == pytest.approx(alone.point[0], rel=1e-8)
            assert together.skill[i] == pytest.approx(alone.skill[0], abs=1e-7, nan_ok=True)
            assert together.spread.deviation[i] == pytest.approx(alone.spread.deviation[0], rel=1e-7)

    @pytest.mark.parametrize("factor", [1.5, 128.01 / 127.99, 1e-3])
    def test_the_unit_does_not_matter(self, factor):
        y = 100 * np.exp(np.cumsum(np.random.default_rng(1).normal(0.02, 0.1, 25)))
        y *= 127.99 / y.max()
        for model in PANEL_MODELS:
            for logarithms in (True, False):
                plain = forecast_panel([y], 4, 6, model, logarithms=logarithms)
                scaled = forecast_panel([y * factor], 4, 6, model, logarithms=logarithms)
                assert scaled.point == pytest.approx(plain.point * factor, rel=1e-6)
                assert scaled.skill == pytest.approx(plain.skill, abs=1e-6)

    @pytest.mark.parametrize("model", sorted(PANEL_MODELS))
    def test_powers_of_two_change_no_digit(self, model):
        random = np.random.default_rng(8)
        y = 50 * np.exp(np.cumsum(random.normal(0, 0.05, 30)))
        for logarithms in (True, False):
            plain = forecast_panel([y], 4, 5, model, logarithms=logarithms)
            for power in (-200, -1, 3, 300):
                scaled = forecast_panel([y * 2.0**power], 4, 5, model, logarithms=logarithms)
                assert np.array_equal(scaled.point, plain.point * 2.0**power)
                assert np.array_equal(scaled.spread.deviation, plain.spread.deviation * 2.0**power)
                assert np.array_equal(scaled.skill, plain.skill)
