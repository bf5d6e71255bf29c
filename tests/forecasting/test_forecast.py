"""Forecasts: hand-checked numbers, identities, calendars, intervals that cover, and bad input by name."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators.errors import FrameError, SeriesTooShortError, UnknownNameError, UsageError
from gbaindicators.forecasting import forecast
from gbaindicators.forecasting.intervals import rolling_origins
from gbaindicators.forecasting.theta import MODELS, is_seasonal, point_forecasts

BOUNDS = ["lower_95", "lower_80", "value", "upper_80", "upper_95"]
MONTHS = {"A": 12, "S": 6, "Q": 3, "M": 1}


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


positive = st.lists(st.floats(1, 1000).map(lambda v: round(v, 2)), min_size=3, max_size=24)
real = st.lists(st.floats(-1000, 1000).map(lambda v: round(v, 2)), min_size=3, max_size=24)
models = st.sampled_from(sorted(MODELS))


class TestNumbers:
    def test_drift_is_the_last_value_plus_the_mean_change(self):
        # last + h * (last - first) / (n - 1) = 17 + h * (17 - 10) / 4
        ahead = forecast(frame_of([10, 14, 13, 12, 17]), 3, model="drift")
        assert ahead["value"].to_list() == pytest.approx([18.75, 20.5, 22.25])

    def test_naive_repeats_the_last_value_or_the_last_season(self):
        assert forecast(frame_of([3, 9, 4]), 2, model="naive")["value"].to_list() == [4.0, 4.0]
        values = seasonal_values(period=4)
        ahead = forecast(frame_of(values, "Q"), 6, model="naive")
        assert ahead["value"].to_list() == pytest.approx([*values[-4:], *values[-4:-2]])
        assert "the value 4 periods before" in ahead["method"][0]

    def test_theta_of_a_straight_line_goes_on_by_half_the_slope(self):
        # Hyndman and Billah (2003): Theta is simple exponential smoothing with half the line's slope as drift.
        line = np.arange(10.0, 30.0)[None, :]
        ahead = point_forecasts("theta", line, 4)[0]
        assert np.diff(ahead) == pytest.approx([0.5, 0.5, 0.5])

    def test_auto_follows_geometric_growth_at_half_the_slope_or_more(self):
        ahead = forecast(frame_of(100 * 1.05 ** np.arange(25)), 1)
        assert 100 * 1.05**24.5 < ahead["value"][0] < 100 * 1.05**25

    def test_season_is_put_back(self):
        values = seasonal_values(noise=0.0)
        ahead = forecast(frame_of(values, "M"), 12)
        assert ahead["value"].to_numpy() == pytest.approx(values[-12:] * np.exp(0.02), rel=0.02)
        assert "after seasonal adjustment over 12 periods" in ahead["method"][0]

    def test_season_needs_three_whole_seasons_and_no_line_has_one(self):
        values = seasonal_values()
        assert is_seasonal(values[None, :60], 12).item()
        assert not is_seasonal(values[None, :35], 12).item()
        assert not is_seasonal(np.arange(60.0)[None, :], 12).item()


class TestIdentities:
    @settings(deadline=None, max_examples=40)
    @given(positive, st.floats(0.01, 1e6), models)
    def test_scaling_scales_forecast_and_bounds(self, values, factor, model):
        plain = forecast(frame_of(values), 4, model=model).select(BOUNDS).to_numpy()
        scaled = forecast(frame_of(np.array(values) * factor), 4, model=model).select(BOUNDS).to_numpy()
        assert scaled == pytest.approx(plain * factor, rel=1e-6, abs=1e-6 * factor)

    @settings(deadline=None, max_examples=40)
    @given(real, models)
    def test_bounds_nest_and_never_narrow(self, values, model):
        ahead = forecast(frame_of(values), 8, model=model)
        bounds = ahead.select(BOUNDS).to_numpy()
        assert np.isfinite(bounds).all()
        slack = 1e-9 * np.abs(bounds).max()
        assert (np.diff(bounds, axis=1) >= -slack).all()
        on_log_scale = "log scale" in ahead["method"][0]
        edges = np.log(bounds) if on_log_scale else bounds
        for low, high in ((0, 4), (1, 3)):
            assert (np.diff(edges[:, high] - edges[:, low]) >= -1e-9 * (1 + np.abs(edges).max())).all()

    @settings(deadline=None, max_examples=20)
    @given(st.lists(positive, min_size=2, max_size=4), st.randoms(use_true_random=False))
    def test_order_of_series_and_of_rows_changes_nothing(self, panel, random):
        frame = pl.concat(frame_of(values, area=f"area {i}") for i, values in enumerate(panel))
        rows = list(range(frame.height))
        random.shuffle(rows)
        whole, shuffled = forecast(frame, 3), forecast(frame[rows], 3)
        assert shuffled.drop(BOUNDS).equals(whole.drop(BOUNDS))
        assert shuffled.select(BOUNDS).to_numpy() == pytest.approx(whole.select(BOUNDS).to_numpy(), rel=1e-9)
        alone = forecast(frame.filter(pl.col("area") == "area 0"), 3)
        together = whole.filter(pl.col("area") == "area 0")
        assert alone.select(BOUNDS).to_numpy() == pytest.approx(together.select(BOUNDS).to_numpy(), rel=1e-9)

    @settings(deadline=None, max_examples=20)
    @given(positive, st.integers(-50, 50), st.sampled_from(sorted(MONTHS)))
    def test_shifting_years_shifts_periods(self, values, years, frequency):
        frame = frame_of(values, frequency)
        moved = frame.with_columns(pl.col("period").dt.offset_by(f"{years}y"))
        here, there = forecast(frame, 5), forecast(moved, 5)
        assert there["period"].to_list() == here["period"].dt.offset_by(f"{years}y").to_list()
        assert there["value"].to_list() == here["value"].to_list()


class TestIntervals:
    @pytest.mark.parametrize("model", ["auto", "drift", "naive"])
    def test_cover_what_they_promise_on_random_walks(self, model):
        # Each on walks that it is right for: the last value is no forecast of a walk with drift.
        drift = 0.0 if model == "naive" else 0.02
        changes = np.random.default_rng(7).normal(drift, 0.05, size=(400, 36))
        walks = 1000 * np.exp(np.cumsum(changes, axis=1))
        panel = pl.concat(frame_of(walk[:30], area=f"{i:03}") for i, walk in enumerate(walks))
        ahead = forecast(panel, 6, model=model)
        actual = walks[:, 30:].ravel()
        inside = {
            n: ((ahead[f"lower_{n}"] <= actual) & (ahead[f"upper_{n}"] >= actual)).mean() for n in (80, 95)
        }
        assert 0.74 <= inside[80] <= 0.88
        assert 0.90 <= inside[95] <= 0.98

    def test_names_follow_the_levels(self):
        ahead = forecast(frame_of([1, 2, 4, 3]), 1, level=(97.5, 50))
        assert ahead.columns[-4:] == ["lower_50", "upper_50", "lower_97.5", "upper_97.5"]
        assert forecast(frame_of([1, 2, 4, 3]), 1, level=90).columns[-2:] == ["lower_90", "upper_90"]

    def test_few_origins_are_said_and_widen(self):
        short, longer = frame_of([5, 6, 5, 7, 6]), frame_of([5, 6, 5, 7, 6] * 6)
        few, many = forecast(short, 1, model="naive"), forecast(longer, 1, model="naive")
        assert "for want of rolling origins" in few["method"][0]
        assert "24 rolling origins" in many["method"][0]
        assert few["upper_95"][0] - few["value"][0] > many["upper_95"][0] - many["value"][0]

    def test_origins_leave_three_seasons_and_are_at_most_24(self):
        assert rolling_origins(40, 12, 12).tolist() == [36, 37, 38, 39]
        assert len(rolling_origins(400, 18, 12)) == 24
        assert rolling_origins(5, 6, 1).size == 0

    def test_not_below_zero_where_the_catalogue_says_so(self):
        falling = [900.0, 500.0, 700.0, 200.0, 400.0, 90.0, 30.0]
        columns = {"area": "macao", "unit": "persons"}
        known = forecast(frame_of(falling, indicator="population", **columns), 10, model="drift")
        free = forecast(frame_of(falling, indicator="mine", **columns), 10, model="drift")
        assert known.select(pl.col(BOUNDS).min()).row(0) >= (0.0,) * 5
        assert free["value"].min() < 0
        growth = forecast(
            frame_of(falling, indicator="population", area="macao", unit="percent"), 10, model="drift"
        )
        assert growth["lower_95"].min() < 0

    def test_stay_positive_on_the_log_scale(self):
        ahead = forecast(frame_of([900, 500, 700, 200, 400, 90, 30]), 50)
        assert ahead["lower_95"].min() > 0


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
        own = ["method", "model", "lower_80", "upper_80", "lower_95", "upper_95"]
        assert ahead.columns == order + own
        assert ahead["sources"].to_list() == [["a", "b", "c"]] * 2
        assert ahead["status"].to_list() == ["F", "F"]
        assert ahead["method"][0].startswith(
            "added up; forecast by the mean of Theta and damped trend on the log scale"
        )
        assert ahead["unit"].unique().to_list() == ["MOP"]

    def test_training_span_leaves_out_missing_ends(self):
        ahead = forecast(frame_of([None, 1, 2, 3, None]), 1, model="naive")
        assert ahead["period"].to_list() == [date(2004, 1, 1)]
        assert "trained on 2001 to 2003 (3 observations)" in ahead["method"][0]

    def test_percentages_are_not_taken_in_logarithms(self):
        ahead = forecast(frame_of([2.0, 3.0, 2.5, 3.5, 2.8], unit="percent"), 2)
        assert "log scale" not in ahead["method"][0]

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
        frame = pl.concat([frame_of([1, 2, 3, 4], "A"), frame_of([5, 4, 6, 5], "Q")])
        ahead = forecast(frame, 1)
        assert dict(ahead.select(pl.col("frequency").cast(pl.String), "period").iter_rows()) == {
            "A": date(2004, 1, 1),
            "Q": date(2001, 1, 1),
        }

    def test_a_key_that_is_null_in_some_series(self):
        frame = pl.concat(
            [
                frame_of([1, 2, 4], prices=None).cast({"prices": pl.String}),
                frame_of([1, 2, 4, 5], prices="current"),
            ]
        )
        assert forecast(frame, 1)["prices"].to_list() == [None, "current"]


class TestOddSeries:
    @pytest.mark.parametrize("model", sorted(MODELS))
    @pytest.mark.parametrize("value", [0.0, 7.3, -2.0])
    def test_constant(self, value, model):
        ahead = forecast(frame_of([value] * 9), 3, model=model)
        assert ahead.select(BOUNDS).to_numpy() == pytest.approx(value, abs=0)
        assert "the series is constant" in ahead["method"][0]

    @pytest.mark.parametrize("model", sorted(MODELS))
    @pytest.mark.parametrize(
        "values",
        [
            [10, 11, 10, 12, 11, 1e6, 10, 11, 12, 11],
            [10, 11, 10, 12, 11, 500, 510, 505, 512, 507],
            [0, 0, 0, 0, 0, 0, 0, 5],
            [1e300, 1.1e300, 1e300, 1.2e300],
            [1e-300, 2e-300, 1e-300],
        ],
    )
    def test_outlier_shift_and_extremes_stay_finite(self, values, model):
        bounds = forecast(frame_of(values), 5, model=model).select(BOUNDS)
        assert np.isfinite(bounds.drop("upper_95").to_numpy()).all()

    def test_a_thousand_periods(self):
        ahead = forecast(frame_of(100 + np.sin(np.arange(20.0))), 1000)
        assert ahead.height == 1000
        assert ahead["period"][-1] == date(3019, 1, 1)

    def test_runaway_growth_is_an_error_that_names_the_series(self):
        with pytest.raises(UsageError, match=r"macao.*shorten the horizon"):
            forecast(frame_of([1, 1e4, 1e8, 1e12], area="macao"), 1000)


class TestBadInput:
    @pytest.mark.parametrize("horizon", [0, -1, 1001, 2.5, "3", True, None])
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

    def test_short_series_are_all_named(self):
        frame = pl.concat(
            [frame_of([1, 2, 3], area="long"), *(frame_of([1, None, 3], area=f"s{i}") for i in range(7))]
        )
        with pytest.raises(SeriesTooShortError, match=r"s0 \(2\).*s4 \(2\) and 2 more: filter") as caught:
            forecast(frame, 1)
        assert "long (" not in str(caught.value)

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
        with pytest.raises(FrameError, match=r"two values for.*macao"):
            forecast(frame, 1)

    def test_irregular_dates_without_a_frequency(self):
        frame = frame_of([1, 2, 3, 4], "M", area="macao").drop("frequency")[[0, 1, 3]]
        with pytest.raises(FrameError, match="frequency of macao cannot be read"):
            forecast(frame, 1)

    def test_dates_that_begin_no_period(self):
        frame = frame_of([1, 2, 3], area="macao")
        frame = frame.with_columns(
            pl.Series("period", [date(2000, 1, 1), date(2001, 2, 1), date(2002, 1, 1)])
        )
        with pytest.raises(FrameError, match=r"macao has the date 2001-02-01"):
            forecast(frame, 1)

    def test_running_totals(self):
        with pytest.raises(FrameError, match=r"macao.*gba.from_ytd"):
            forecast(frame_of([1, 2, 3], "M", area="macao", adjustment="ytd"), 1)

    def test_not_finite(self):
        with pytest.raises(FrameError, match="NaN or infinite"):
            forecast(frame_of([1, float("nan"), 3]), 1)

    def test_changing_unit(self):
        frame = frame_of([1, 2, 3], area="macao").with_columns(unit=pl.Series(["MOP", "MOP", "USD"]))
        with pytest.raises(FrameError, match=r"macao changes its unit \(MOP, USD\)"):
            forecast(frame, 1)

    def test_a_column_in_the_way_and_a_lazy_frame(self):
        with pytest.raises(FrameError, match="column 'model'"):
            forecast(frame_of([1, 2, 3], model="x"), 1)
        with pytest.raises(FrameError, match="collect"):
            forecast(frame_of([1, 2, 3]).lazy(), 1)
