"""Forecasts: hand-checked numbers, identities, calendars, what is left out, and bad input by name."""

from __future__ import annotations

import multiprocessing
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators.errors import (
    ForecastWarning,
    FrameError,
    SeriesTooShortError,
    UnknownNameError,
    UsageError,
)
from gbaindicators.forecasting import forecast
from gbaindicators.forecasting.panel import models
from gbaindicators.forecasting.panel.engine import PANEL_MODELS
from gbaindicators.forecasting.panel.origins import past_origins

BOUNDS = ["lower_95", "lower_80", "value", "upper_80", "upper_95"]
MONTHS = {"A": 12, "S": 6, "Q": 3, "M": 1}
MODELS = sorted(PANEL_MODELS)


def frame_of(values, frequency="A", start=2000, **columns):
    step = MONTHS[frequency]
    periods = [date(start + i * step // 12, i * step % 12 + 1, 1) for i in range(len(values))]
    return pl.DataFrame(
        {"frequency": frequency, **columns, "period": periods, "value": values},
        schema_overrides={"value": pl.Float64, "period": pl.Date},
    )


def seasonal_values(years=8, period=12, growth=0.02, noise=0.01):
    t = np.arange(years * period)
    random = np.random.default_rng(1)
    return 100 * np.exp(
        growth * t / period + 0.2 * np.sin(2 * np.pi * t / period) + noise * random.normal(size=len(t))
    )


def walk(length, seed=0):
    return 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0.01, 0.05, length)))


def bounds_of(ahead):
    return ahead.select(BOUNDS).to_numpy()


positive = st.lists(st.floats(1, 1000).map(lambda v: round(v, 2)), min_size=3, max_size=24)
real = st.lists(st.floats(-1000, 1000).map(lambda v: round(v, 2)), min_size=3, max_size=24)
models_ = st.sampled_from(MODELS)


class TestNumbers:
    def test_drift_is_the_last_value_plus_the_mean_change(self):
        # last + h * (last - first) / (n - 1) = 17 + h * (17 - 10) / 4
        ahead = forecast(frame_of([10, 14, 13, 12, 17]), 3, model="drift")
        assert ahead["value"].to_list() == pytest.approx([18.75, 20.5, 22.25])

    def test_naive_repeats_the_last_value_and_seasonal_naive_the_last_season(self):
        assert forecast(frame_of([3, 9, 4]), 2, model="naive")["value"].to_list() == [4.0, 4.0]
        values = seasonal_values(period=4)
        ahead = forecast(frame_of(values, "Q"), 6, model="seasonal_naive")
        assert ahead["value"].to_list() == pytest.approx([*values[-4:], *values[-4:-2]])
        assert "forecast by the value a season before" in ahead["method"][0]
        last = forecast(frame_of(values, "Q"), 6, model="naive")["value"]
        assert last.to_list() == pytest.approx([values[-1]] * 6)

    def test_theta_of_a_straight_line_goes_on_by_half_the_slope(self):
        # Hyndman and Billah (2003); a percentage is not taken in logarithms.
        ahead = forecast(frame_of(np.arange(10.0, 30.0), unit="percent"), 4, model="theta")
        assert ahead["value"].diff().drop_nulls().to_list() == pytest.approx([0.5, 0.5, 0.5])

    @pytest.mark.parametrize("model", ["auto", "theta", "ets", "dynamic_theta", "ar"])
    def test_geometric_growth_goes_on_at_half_the_slope_or_more(self, model):
        ahead = forecast(frame_of(100 * 1.05 ** np.arange(25)), 1, model=model)
        assert 100 * 1.05**24.45 < ahead["value"][0] < 100 * 1.05**25.01

    @pytest.mark.parametrize(
        "model",
        ["auto", "theta", "dynamic_theta", "ets", "ces", "ar", "ar_level", "ari2", "ses", "median_drift"],
    )
    def test_season_is_put_back(self, model):
        values = seasonal_values(noise=0.0)
        ahead = forecast(frame_of(values, "M"), 12, model=model)
        assert ahead["value"].to_numpy() == pytest.approx(values[-12:] * np.exp(0.02), rel=0.03)

    def test_auto_lies_between_its_members(self):
        frame = frame_of(walk(30) - 90)
        auto = forecast(frame, 5)["value"].to_numpy()
        members = [
            forecast(f, 5, model=model)["value"].to_numpy()
            for model in (
                "theta",
                "dynamic_theta",
                "ets",
                "ces",
                "ar",
                "ar_level",
                "ari2",
                "ses",
                "median_drift",
            )
            for f in (frame, frame.with_columns(unit=pl.lit("percent")))
        ]
        assert (np.min(members, axis=0) <= auto).all()
        assert (auto <= np.max(members, axis=0)).all()

    def test_skill_by_hand(self):
        y = np.array([10.0, 14.0, 13.0, 12.0, 17.0, 15.0, 19.0, 18.0])
        own, rival = [], []
        for offset in (1, 2, 3):
            known, actual = y[:-offset], y[-offset:][:2]
            slope = (known[-1] - known[0]) / (len(known) - 1)
            own += np.abs(known[-1] - actual).tolist()
            rival += np.abs(known[-1] + slope * np.arange(1, len(actual) + 1) - actual).tolist()
        ahead = forecast(frame_of(y), 2, model="naive")
        assert past_origins(8, 2, 1).tolist() == [1, 2, 3]
        skill = 1 - np.mean(own) / np.mean(rival)
        assert ahead["skill"].to_list() == pytest.approx([skill] * 2)
        assert "the errors at 3 past origins and one-step errors" in ahead["method"][0]
        words = f"{abs(skill):.0%} {'below' if skill > 0 else 'above'} that of drift"
        assert ahead["method"][0].endswith(f"where its mean absolute error was {words}")

    def test_skill_of_the_rival_is_nothing(self):
        assert forecast(frame_of(walk(20)), 3, model="drift")["skill"].to_list() == [0.0] * 3
        assert forecast(frame_of(walk(40), "M"), 3, model="seasonal_naive")["skill"].to_list() == [0.0] * 3
        # Without a season the value a season before is the last one, but drift remains the one to beat.
        assert forecast(frame_of(walk(20)), 3, model="seasonal_naive")["skill"][0] != 0.0

    def test_skill_needs_origins_and_a_rival_with_errors(self):
        assert forecast(frame_of([1, 2, 4, 3, 5]), 2)["skill"].to_list() == [None, None]
        assert forecast(frame_of(np.arange(1.0, 30.0)), 2)["skill"].to_list() == [None, None]
        assert forecast(frame_of([4.0] * 20), 2)["skill"].to_list() == [None, None]

    def test_auto_has_skill_where_there_is_something_to_find(self):
        ahead = forecast(frame_of(seasonal_values(growth=0.1), "M"), 12)
        assert ahead["skill"][0] > 0.5


class TestIdentities:
    @settings(deadline=None, max_examples=25)
    @given(positive, st.floats(0.01, 1e6), models_)
    def test_scaling_scales_forecast_and_bounds(self, values, factor, model):
        plain = forecast(frame_of(values), 4, model=model)
        scaled = forecast(frame_of(np.array(values) * factor), 4, model=model)
        size = factor * max(values)
        assert bounds_of(scaled) == pytest.approx(bounds_of(plain) * factor, rel=1e-6, abs=1e-6 * size)

    @settings(deadline=None, max_examples=25)
    @given(real, models_, st.integers(-30, 30))
    def test_powers_of_two_change_no_digit(self, values, model, power):
        plain = forecast(frame_of(values), 4, model=model)
        scaled = forecast(frame_of(np.array(values) * 2.0**power), 4, model=model)
        assert np.array_equal(bounds_of(scaled), bounds_of(plain) * 2.0**power)
        assert scaled["skill"].equals(plain["skill"])

    @settings(deadline=None, max_examples=40)
    @given(real, models_, st.sampled_from(["A", "Q"]))
    def test_bounds_are_symmetric_nest_and_never_narrow(self, values, model, frequency):
        bounds = bounds_of(forecast(frame_of(values, frequency), 8, model=model))
        assert np.isfinite(bounds).all()
        slack = 1e-9 * np.abs(bounds).max()
        assert (np.diff(bounds, axis=1) >= -slack).all()
        for low, high in ((0, 4), (1, 3)):
            assert (np.diff(bounds[:, high] - bounds[:, low]) >= -slack).all()
            assert bounds[:, high] + bounds[:, low] == pytest.approx(2 * bounds[:, 2], abs=4 * slack)

    @settings(deadline=None, max_examples=15)
    @given(st.lists(positive, min_size=2, max_size=4), st.randoms(use_true_random=False))
    def test_order_of_series_and_of_rows_changes_nothing(self, panel, random):
        frame = pl.concat(frame_of(values, area=f"area {i}") for i, values in enumerate(panel))
        rows = list(range(frame.height))
        random.shuffle(rows)
        whole = forecast(frame, 3)
        assert forecast(frame[rows], 3).equals(whole)
        alone = forecast(frame.filter(pl.col("area") == "area 0"), 3)
        together = whole.filter(pl.col("area") == "area 0")
        assert bounds_of(alone) == pytest.approx(bounds_of(together), rel=1e-7, abs=1e-7 * max(panel[0]))
        assert alone["skill"].to_list() == pytest.approx(together["skill"].to_list(), abs=1e-7)

    @settings(deadline=None, max_examples=15)
    @given(positive, st.integers(-50, 50), st.sampled_from(sorted(MONTHS)))
    def test_shifting_years_shifts_periods(self, values, years, frequency):
        frame = frame_of(values, frequency)
        moved = frame.with_columns(pl.col("period").dt.offset_by(f"{years}y"))
        here, there = forecast(frame, 5), forecast(moved, 5)
        assert there["period"].to_list() == here["period"].dt.offset_by(f"{years}y").to_list()
        assert there.drop("period", "method").equals(here.drop("period", "method"))

    @pytest.mark.parametrize("model", ["theta", "ets", "ar", "drift", "naive"])
    def test_adding_a_constant_adds_it(self, model):
        values = np.random.default_rng(2).normal(size=20)
        plain, moved = (
            forecast(frame_of(values + constant, unit="percent"), 4, model=model) for constant in (0.0, 40.0)
        )
        # Not so the bounds: errors may be in proportion to the size of a series.
        assert (moved["value"] - 40).to_list() == pytest.approx(plain["value"].to_list(), abs=1e-5)

    @pytest.mark.parametrize("model", MODELS)
    def test_neighbours_lend_nothing(self, model):
        good = frame_of(walk(25), area="good")
        beside = [
            pl.concat([good, frame_of(values, area="other")]) for values in (walk(40, 1), walk(9, 2) * 1e12)
        ]
        expected = forecast(good, 4, model=model)
        for frame in beside:
            ahead = forecast(frame, 4, model=model).filter(pl.col("area") == "good")
            assert bounds_of(ahead) == pytest.approx(bounds_of(expected), rel=1e-9)
            assert ahead["skill"].to_list() == pytest.approx(expected["skill"].to_list(), abs=1e-9)
            assert ahead["method"].to_list() == expected["method"].to_list()


@pytest.fixture(scope="module")
def many():
    """Six hundred series, of which no chunk holds all."""
    frames = [frame_of(walk(8 + i % 5, i), area=f"{i:03}") for i in range(560)]
    frames += [frame_of(walk(40, i) - 100, "Q", area=f"{i:03}") for i in range(40)]
    return pl.concat(frames)


@pytest.fixture(scope="module")
def serial(many):
    return forecast(many, 3)


class TestExecutors:
    def test_threads_change_no_digit(self, many, serial):
        with ThreadPoolExecutor(2) as executor:
            assert forecast(many, 3, executor=executor).equals(serial)

    def test_processes_change_no_digit(self, many, serial):
        # Spawned, as a process that has run Polars cannot safely be forked.
        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
            assert forecast(many, 3, executor=executor).equals(serial)

    def test_the_work_goes_out_in_chunks(self, many):
        batches = []

        class Watched(ThreadPoolExecutor):
            def submit(self, function, of_task, batch, name):
                batches.append(batch)
                return super().submit(function, of_task, batch, name)

        with Watched(1) as executor:
            forecast(many, 3, model="naive", executor=executor)
        assert sorted(len(batch[0]) for batch in batches)[-2:] == [256, 256]
        assert sum(len(batch[0]) for batch in batches) == 600


class TestBounds:
    def test_names_follow_the_levels(self):
        ahead = forecast(frame_of([1, 2, 4, 3]), 1, level=(97.5, 50))
        assert ahead.columns[-4:] == ["lower_50", "upper_50", "lower_97.5", "upper_97.5"]
        assert forecast(frame_of([1, 2, 4, 3]), 1, level=90).columns[-2:] == ["lower_90", "upper_90"]

    @pytest.mark.parametrize("model", MODELS)
    def test_not_below_zero_where_the_catalogue_says_so(self, model):
        falling = [900.0, 500.0, 700.0, 200.0, 400.0, 90.0, 30.0]
        columns = {"area": "macao", "unit": "persons"}
        known = forecast(frame_of(falling, indicator="population", **columns), 10, model=model)
        free = forecast(frame_of(falling, indicator="mine", **columns), 10, model=model)
        assert known.select(pl.col(BOUNDS).min()).row(0) >= (0.0,) * 5
        assert free["lower_95"].min() < 0
        assert np.array_equal(bounds_of(known), np.maximum(bounds_of(free), 0.0))

    def test_a_growth_rate_may_be_negative(self):
        values = [900.0, 500.0, 700.0, 200.0, 400.0, 90.0, 30.0]
        frame = frame_of(values, indicator="population", area="macao", unit="percent")
        assert forecast(frame, 10, model="drift")["lower_95"].min() < 0

    def test_the_value_itself_stays_positive_on_the_log_scale(self):
        for model in (
            "theta",
            "dynamic_theta",
            "ets",
            "ces",
            "ar",
            "ar_level",
            "ari2",
            "ses",
            "median_drift",
        ):
            ahead = forecast(frame_of([900, 500, 700, 200, 400, 90, 30]), 50, model=model)
            assert ahead["value"].min() > 0
            assert "on the log scale" in ahead["method"][0]


class TestFrame:
    def test_columns_of_a_loaded_frame(self):
        frame = frame_of([1e9, 1.1e9, 1.3e9, 1.2e9], indicator="gdp", area="macao", unit="MOP").with_columns(
            sources=pl.Series([["b"], ["a"], ["a", "c"], ["b"]]),
            adjustment=pl.lit("nsa"),
            prices=pl.lit("current"),
            status=pl.lit("P"),
            vintage=date(2024, 1, 1),
            method=pl.lit("added up"),
        )
        order = [
            "indicator",
            "area",
            "frequency",
            "period",
            "value",
            "unit",
            "sources",
            "adjustment",
            "prices",
            "status",
        ]
        ahead = forecast(frame.select(*order, "vintage", "method"), 2)
        own = ["method", "model", "skill", "lower_80", "upper_80", "lower_95", "upper_95"]
        assert ahead.columns == order + own
        assert ahead["sources"].to_list() == [["a", "b", "c"]] * 2
        assert ahead["status"].to_list() == ["F", "F"]
        assert ahead["method"][0].startswith(
            "added up; forecast by the weighted middle of dynamic Theta, exponential smoothing"
        )
        assert "on the log scale and as it is, trained on 2000 to 2003 (4 observations)" in ahead["method"][0]
        assert ahead["unit"].unique().to_list() == ["MOP"]
        assert ahead["model"].to_list() == ["auto", "auto"]
        assert ahead.schema["skill"] == pl.Float64

    def test_training_span_leaves_out_missing_ends(self):
        ahead = forecast(frame_of([None, 1, 2, 3, None]), 1, model="naive")
        assert ahead["period"].to_list() == [date(2004, 1, 1)]
        assert "trained on 2001 to 2003 (3 observations)" in ahead["method"][0]

    @pytest.mark.parametrize(
        "frame",
        [
            frame_of([2.0, 3.0, 2.5, 3.5, 2.8], unit="percent"),
            frame_of([2.0, 3.0, 0.0, 3.5, 2.8]),
            frame_of([2.0, 3.0, -1.0, 3.5, 2.8]),
        ],
    )
    def test_percentages_and_what_is_not_positive_are_not_taken_in_logarithms(self, frame):
        assert "log scale" not in forecast(frame, 2)["method"][0]

    def test_simple_models_are_not_said_to_be_on_the_log_scale(self):
        for model in ("drift", "naive", "seasonal_naive"):
            assert "log scale" not in forecast(frame_of(walk(12)), 2, model=model)["method"][0]

    @pytest.mark.parametrize(
        ("periods", "frequency", "following"),
        [
            ([date(2020 + i, 4, 1) for i in range(3)], "A", date(2023, 4, 1)),
            ([date(2023, m, 1) for m in (1, 7)] + [date(2024, 1, 1)], "S", date(2024, 7, 1)),
            ([date(2023, m, 1) for m in (4, 7, 10)], "Q", date(2024, 1, 1)),
            ([date(2023, 11, 1), date(2023, 12, 1), date(2024, 1, 1)], "M", date(2024, 2, 1)),
            ([date(2024, 2, 12) + timedelta(7 * i) for i in range(3)], "W", date(2024, 3, 4)),
            ([date(2024, 2, 26) + timedelta(i) for i in range(3)], "D", date(2024, 2, 29)),
        ],
    )
    def test_frequency_is_read_from_the_dates(self, periods, frequency, following):
        ahead = forecast(pl.DataFrame({"period": periods, "value": [1.0, 2.0, 4.0]}), 1)
        assert ahead["frequency"].to_list() == [frequency]
        assert ahead["period"].to_list() == [following]

    def test_frequencies_side_by_side(self):
        annual, quarterly = frame_of(walk(9), "A"), frame_of(seasonal_values(period=4), "Q")
        ahead = forecast(pl.concat([annual, quarterly]), 1)
        assert dict(ahead.select(pl.col("frequency").cast(pl.String), "period").iter_rows()) == {
            "A": date(2009, 1, 1),
            "Q": date(2008, 1, 1),
        }
        assert ahead.sort("frequency")["value"].to_list() == pytest.approx(
            [forecast(annual, 1)["value"][0], forecast(quarterly, 1)["value"][0]], rel=1e-9
        )

    def test_a_key_that_is_null_in_some_series(self):
        frame = pl.concat(
            [
                frame_of([1, 2, 4], prices=None).cast({"prices": pl.String}),
                frame_of([1, 2, 4, 5], prices="current"),
            ]
        )
        assert forecast(frame, 1)["prices"].to_list() == [None, "current"]

    def test_breaks_inside_the_span_are_said(self):
        frame = frame_of(walk(14)).with_columns(
            status=pl.when(pl.col("period") == date(2006, 1, 1)).then(pl.lit("B")).otherwise(pl.lit("A"))
        )
        method = forecast(frame, 1)["method"][0]
        assert method.endswith("the training span crosses breaks (status B) in 2006")

    def test_a_member_that_fails_is_named_and_a_single_model_falls_back(self, monkeypatch):
        nothing = np.full((1, 2), np.nan)
        monkeypatch.setitem(
            models._ADJUSTED, "ces", lambda panel, horizon: np.repeat(nothing, len(panel.lengths), 0)
        )
        frame = frame_of(walk(12))
        auto = forecast(frame, 2)
        assert "(without ces: not finite)" in auto["method"][0]
        assert np.isfinite(bounds_of(auto)).all()
        alone = forecast(frame, 2, model="ces")
        assert "which did not stay finite, so the last value stands in" in alone["method"][0]
        assert alone["value"].to_list() == [frame["value"][-1]] * 2


class TestOddSeries:
    @pytest.mark.parametrize("model", MODELS)
    @pytest.mark.parametrize("value", [0.0, 7.3, -2.0])
    def test_constant(self, value, model):
        for frequency in ("A", "Q"):
            ahead = forecast(frame_of([value] * 13, frequency), 3, model=model)
            assert bounds_of(ahead) == pytest.approx(np.full((3, 5), value), rel=1e-12, abs=0)
            assert "the series is constant, so the intervals have no width" in ahead["method"][0]

    @pytest.mark.parametrize("model", MODELS)
    @pytest.mark.parametrize(
        "values",
        [
            [10, 11, 10, 12, 11, 1e6, 10, 11, 12, 11],
            [10, 11, 10, 12, 11, 500, 510, 505, 512, 507],
            [0, 0, 0, 0, 0, 0, 0, 5],
            [1e-300, 2e-300, 1e-300],
            [5, 1, 5, 1, 5, 1, 5, 1, 5, 1, 5, 1, 5],
            [-3, -2, 5, 1e9, -1e9, 4],
        ],
    )
    def test_outlier_shift_and_extremes_stay_in_reach_of_the_past(self, values, model):
        assert np.isfinite(bounds_of(forecast(frame_of(values), 5, model=model))).all()
        # In units of the series; on the log scale it is the logarithms that stay.
        ahead = forecast(frame_of(values, unit="percent"), 5, model=model)
        assert np.isfinite(bounds_of(ahead)).all()
        spread = max(values) - min(values)
        reach = spread * (1 + 2 * np.arange(1, 6) / len(values)) * (1 + 1e-12)
        assert (np.abs(ahead["value"].to_numpy() - values[-1]) <= reach).all()

    @pytest.mark.parametrize("model", MODELS)
    def test_huge_values(self, model):
        assert np.isfinite(
            bounds_of(forecast(frame_of([1e300, 1.1e300, 1e300, 1.2e300]), 5, model=model))
        ).all()

    @pytest.mark.parametrize("model", MODELS)
    def test_after_a_shift_the_new_level_counts(self, model):
        values = [10, 11, 10, 12, 11, 10, 11, 500, 510, 505, 512, 507]
        ahead = forecast(frame_of(values), 1, model=model)["value"][0]
        # An autoregression about the mean knows one level only, and goes back towards it.
        assert (200 if model == "ar_level" else 300) < ahead < 1000

    def test_an_outlier_long_ago_is_forgotten_on_the_log_scale(self):
        values = [10, 11, 1e6, 12, 11, 10, 10, 11, 12, 11, 10, 11, 12, 11]
        for model in (
            "theta",
            "dynamic_theta",
            "ets",
            "ces",
            "ar",
            "ar_level",
            "ari2",
            "ses",
            "median_drift",
        ):
            assert 4 < forecast(frame_of(values), 3, model=model)["value"][-1] < 20

    @pytest.mark.parametrize("model", MODELS)
    def test_a_thousand_periods(self, model):
        ahead = forecast(frame_of(100 + np.sin(np.arange(20.0))), 1000, model=model)
        assert ahead.height == 1000
        assert ahead["period"][-1] == date(3019, 1, 1)
        assert ahead["value"].is_between(-200, 400).all()

    @pytest.mark.parametrize("model", ["auto", "theta", "drift"])
    def test_runaway_growth_is_an_error_that_names_the_series(self, model):
        with pytest.raises(UsageError, match=r"macao.*shorten the horizon"):
            forecast(frame_of([1e307, 4e307, 8e307, 1.7e308], area="macao"), 100, model=model)


#: What is wrong with a series, as its values, and what is said of it.
BAD = {
    "no value": ([None, None], "has 0 values, and a forecast needs at least 3"),
    "one value": ([5.0], "has 1 value, and a forecast needs at least 3"),
    "two values": ([5.0, 6.0], "has 2 values, and a forecast needs at least 3"),
    "a gap": ([5.0, 6.0, None, 7.0], r"has no value for 2002 \(1 missing in all\)"),
    "too large": (
        [1.0e308, 1.7e308, 1.0e308, 1.7e308],
        "grows beyond what a number can hold within 3 periods",
    ),
}


class TestLeftOut:
    @pytest.mark.parametrize("model", MODELS)
    @pytest.mark.parametrize("what", sorted(BAD))
    def test_alone_an_error_and_beside_others_a_warning(self, what, model):
        values, words = BAD[what]
        bad, good = frame_of(values, area="bad"), frame_of(walk(12), area="good")
        with pytest.raises(UsageError, match=f"bad.* {words}") as caught:
            forecast(bad, 3, model=model)
        with pytest.warns(ForecastWarning, match=f"left out:.* bad.* {words}") as warned:
            beside = forecast(pl.concat([bad, good]), 3, model=model)
        own = [w for w in warned if w.category is ForecastWarning]
        assert len(own) == 1
        assert str(caught.value) in str(own[0].message)
        assert own[0].filename == __file__
        assert beside["area"].unique().to_list() == ["good"]
        alone = forecast(good, 3, model=model)
        assert beside.columns == alone.columns
        assert bounds_of(beside) == pytest.approx(bounds_of(alone), rel=1e-12)
        assert beside.drop(BOUNDS, "skill").equals(alone.drop(BOUNDS, "skill"))

    def test_other_reasons(self):
        good = frame_of(walk(12), area="good").with_columns(unit=pl.lit("MOP"), status=pl.lit("A"))
        unit = frame_of([1, 2, 3], area="two units").with_columns(
            unit=pl.Series(["MOP", "MOP", "USD"]), status=pl.lit("A")
        )
        late = frame_of(walk(9), area="broken").with_columns(
            unit=pl.lit("MOP"), status=pl.Series(["A"] * 6 + ["B"] * 1 + ["A"] * 2)
        )
        stray = frame_of([1, 2, 3], area="stray").with_columns(
            pl.Series("period", [date(2000, 1, 1), date(2001, 2, 1), date(2002, 1, 1)]),
            unit=pl.lit("MOP"),
            status=pl.lit("A"),
        )
        for bad, words in (
            (unit, r"two units.* changes its unit \(MOP, USD\)"),
            (late, r"broken.* breaks in 2006 .*only 3 figures follow.*pl.date\(2006, 1, 1\)"),
            (stray, "stray.* has the date 2001-02-01"),
        ):
            with pytest.raises(FrameError, match=words):
                forecast(bad, 1)
            with pytest.warns(ForecastWarning, match=words):
                ahead = forecast(pl.concat([good, bad]), 1)
            assert ahead["area"].to_list() == ["good"]

    def test_irregular_dates_without_a_frequency(self):
        good = frame_of(walk(12), "M", area="good").drop("frequency")
        bad = frame_of([1, 2, 3, 4], "M", area="macao").drop("frequency")[[0, 1, 3]]
        with pytest.raises(FrameError, match="frequency of macao cannot be read"):
            forecast(bad, 1)
        with pytest.warns(ForecastWarning, match="frequency of macao cannot be read"):
            ahead = forecast(pl.concat([good, bad]), 1)
        assert ahead["area"].to_list() == ["good"]

    def test_frequencies_side_by_side_without_a_column(self):
        frame = pl.concat([frame_of(walk(9), "A", area="a"), frame_of(walk(9), "M", area="m")])
        ahead = forecast(frame.drop("frequency"), 1)
        assert ahead["frequency"].cast(pl.String).to_list() == ["A", "M"]

    def test_five_are_named_and_the_others_counted(self):
        good = frame_of(walk(12), area="good")
        bad = [frame_of([1, None, 3], area=f"s{i}") for i in range(8)]
        with pytest.warns(ForecastWarning) as warned:
            ahead = forecast(pl.concat([*bad, good]), 1)
        message = str(warned[0].message)
        assert all(f"s{i}" in message for i in range(5))
        assert not any(f"s{i}" in message for i in range(5, 8))
        assert message.endswith("; and 3 more series")
        assert ahead["area"].to_list() == ["good"]
        with pytest.raises(SeriesTooShortError, match=r"s0.*s4.*and 3 more series$"):
            forecast(pl.concat(bad), 1)
        with pytest.warns(ForecastWarning, match=r"s4[^;]*$"):
            forecast(pl.concat([*bad[:5], good]), 1)

    def test_nothing_is_said_when_nothing_is_left_out(self):
        frame = pl.concat([frame_of(walk(12), area="a"), frame_of([0.0] * 5, area="b")])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert forecast(frame, 3)["area"].n_unique() == 2


class TestBadInput:
    @pytest.mark.parametrize("horizon", [0, -1, 1001, 10_000, 2.5, "3", True, None])
    def test_horizon(self, horizon):
        with pytest.raises(UsageError, match="integer from 1 to 1000"):
            forecast(frame_of([1, 2, 3]), horizon)

    @pytest.mark.parametrize("level", [0, 100, -5, 250, (80, 100), ("95",), float("nan"), (True,)])
    def test_level(self, level):
        with pytest.raises(UsageError, match="between 0 and 100"):
            forecast(frame_of([1, 2, 3]), 1, level=level)

    def test_model(self):
        with pytest.raises(UnknownNameError, match="did you mean 'theta'"):
            forecast(frame_of([1, 2, 3]), 1, model="thetta")

    def test_no_rows(self):
        with pytest.raises(SeriesTooShortError, match="no rows"):
            forecast(frame_of([1.0]).clear(), 1)

    @pytest.mark.parametrize("drop", [True, False])
    def test_gap(self, drop):
        frame = frame_of([1, 2, None, 4, None, 6], "Q", area="zhuhai")
        frame = frame.drop_nulls() if drop else frame
        with pytest.raises(FrameError, match=r"zhuhai.*2000-Q3 \(2 missing.*pl.date\(2001, 4, 1\)"):
            forecast(frame, 1)

    def test_duplicate_periods(self):
        frame = pl.concat([frame_of([1, 2, 3], area="macao")] * 2)
        with pytest.raises(FrameError, match=r"macao has two values for the period.*2000-01-01"):
            forecast(frame, 1)

    def test_series_that_cannot_be_read_take_no_other_down(self):
        twice = pl.concat([frame_of([1, 2, 3], area="macao")] * 2)
        frame = pl.concat(
            [frame_of([1, 2, 4, 5], area="zhuhai"), twice, frame_of([1, float("nan"), 3], area="foshan")]
        )
        with pytest.warns(ForecastWarning, match=r"foshan holds NaN.*macao has two values") as caught:
            ahead = forecast(frame, 2)
        assert len(caught) == 1
        assert ahead["area"].unique().to_list() == ["zhuhai"]
        alone = forecast(frame_of([1, 2, 4, 5], area="zhuhai"), 2)
        assert ahead["value"].to_list() == alone["value"].to_list()

    def test_running_totals(self):
        with pytest.raises(FrameError, match=r"macao.*gba.from_ytd"):
            forecast(frame_of([1, 2, 3], "M", area="macao", adjustment="ytd"), 1)

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_not_finite(self, value):
        with pytest.raises(FrameError, match="NaN or infinite"):
            forecast(frame_of([1, value, 3]), 1)

    def test_a_column_in_the_way_and_a_lazy_frame(self):
        for column in ("model", "skill"):
            with pytest.raises(FrameError, match=f"column '{column}'"):
                forecast(frame_of([1, 2, 3], **{column: "x"}), 1)
        with pytest.raises(FrameError, match="collect"):
            forecast(frame_of([1, 2, 3]).lazy(), 1)
