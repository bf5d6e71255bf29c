"""Daily figures: what made-up days are made of is found again, borders that close, intervals that cover."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from gbaindicators.errors import SeriesTooShortError, UnknownNameError, UsageError
from gbaindicators.forecasting import forecast
from gbaindicators.forecasting.single.daily import daily_forecast, daily_forecasts, daily_model
from gbaindicators.forecasting.single.daily_calendar import HOLIDAYS, daily_holidays
from gbaindicators.store import load

BOUNDS = ["lower_95", "lower_80", "value", "upper_80", "upper_95"]
WEEK = np.array([-0.08, -0.14, -0.13, -0.12, 0.02, 0.25, 0.20])


def days_from(start, count):
    return [start + timedelta(days=i) for i in range(count)]


def frame_of(values, start=date(2022, 1, 1), **columns):
    return pl.DataFrame({**columns, "period": days_from(start, len(values)), "value": values}).cast(
        {"value": pl.Float64}
    )


def traffic(count=1096, start=date(2022, 1, 1), noise=0.03, seed=1, level=1e5):
    """Days with a week, a year, half as much again at the Lunar New Year, and noise."""
    days = days_from(start, count)
    random = np.random.default_rng(seed)
    week = WEEK[[d.weekday() for d in days]]
    year = 0.15 * np.sin(2 * np.pi * np.array([d.timetuple().tm_yday for d in days]) / 365.25)
    festive = [
        0.4 * any(0 <= (d - HOLIDAYS["lunar_new_year"].day(y)).days < 4 for y in (d.year,)) for d in days
    ]
    walk = np.cumsum(random.normal(0, 0.002, count))
    return level * np.exp(week + year + np.array(festive) + walk + random.normal(0, noise, count))


@pytest.fixture(scope="module")
def fitted():
    return daily_model(frame_of(traffic(), area="hong_kong"))


class TestWhatIsFound:
    def test_week(self, fitted):
        found = dict(fitted.parameters.select("name", "estimate").iter_rows())
        assert found["saturday"] == pytest.approx(WEEK[5], abs=0.01)
        assert found["tuesday"] == pytest.approx(WEEK[1], abs=0.01)

    def test_year(self, fitted):
        year = fitted.components.filter(pl.col("component") == "year")
        assert year["value"].max() == pytest.approx(0.15, abs=0.03)
        assert year.filter(pl.col("value") == pl.col("value").max())["period"].dt.month().is_in([3, 4]).all()

    def test_moving_holiday(self, fitted):
        # 22 January 2023, 10 February 2024, 29 January 2025: the model has seen 2022 to 2024
        ahead = fitted.forecast(60)
        at = dict(ahead.select("period", "value").iter_rows())
        festive = at[date(2025, 1, 30)] / at[date(2025, 1, 16)]
        assert np.log(festive) == pytest.approx(0.4, abs=0.12)

    def test_components_add_up(self, fitted):
        parts = fitted.components.pivot("component", index="period", values="value").drop("period")
        assert parts.sum_horizontal().to_numpy() == pytest.approx(np.log(fitted.series.values))
        assert fitted.components["component"].unique(maintain_order=True).to_list() == [
            "level", "week", "year", "holidays", "irregular",
        ]  # fmt: skip

    def test_typhoons_do_not_move_the_forecast(self):
        values = traffic(400)
        struck = values.copy()
        struck[[120, 121, 395]] *= 0.03
        calm, stormy = (daily_model(frame_of(v)).forecast(14)["value"].to_numpy() for v in (values, struck))
        assert stormy == pytest.approx(calm, rel=0.04)


class TestForecast:
    def test_columns_and_method(self, fitted):
        ahead = fitted.forecast(7)
        assert ahead.columns == [
            "area", "frequency", "period", "value", "status", "method", "model", "skill",
            "lower_80", "upper_80", "lower_95", "upper_95",
        ]  # fmt: skip
        assert ahead["period"].to_list() == days_from(date(2025, 1, 1), 7)
        assert "the week, the year, 12 holidays on the log scale" in ahead["method"][0]
        assert "26 weekly origins" in ahead["method"][0]

    def test_bounds_nest_and_never_narrow(self, fitted):
        bounds = np.log(fitted.forecast(400).select(BOUNDS).to_numpy())
        assert (np.diff(bounds, axis=1) > 0).all()
        assert (np.diff(bounds[:, 4] - bounds[:, 0]) >= -1e-9).all()

    def test_intervals_cover(self):
        inside = {80: [], 95: []}
        for seed in range(8):
            values = traffic(1060, seed=seed, noise=0.05)
            ahead = daily_model(frame_of(values[:1000], area="hong_kong")).forecast(60)
            for level, found in inside.items():
                low, high = ahead[f"lower_{level}"].to_numpy(), ahead[f"upper_{level}"].to_numpy()
                found.append(np.mean((values[1000:] >= low) & (values[1000:] <= high)))
        assert 0.70 <= np.mean(inside[80]) <= 0.92
        assert 0.88 <= np.mean(inside[95]) <= 1.0

    def test_scaling_scales(self):
        for shift in (0.0, -9e4):  # on the log scale, and not
            values = traffic(200) + shift
            small = daily_model(frame_of(values)).forecast(9).select(BOUNDS).to_numpy()
            large = daily_model(frame_of(values * 1e9)).forecast(9).select(BOUNDS).to_numpy()
            assert large == pytest.approx(small * 1e9, rel=1e-6)

    def test_missing_days(self):
        values = [None if 50 <= i < 60 else v for i, v in enumerate(traffic(300))]
        run = daily_model(frame_of(values))
        assert "290 observations, 10 missing between" in run.method
        whole = daily_model(frame_of(traffic(300))).forecast(14)["value"].to_numpy()
        assert run.forecast(14)["value"].to_numpy() == pytest.approx(whole, rel=0.03)

    def test_plain_values(self):
        values = traffic(120)
        value, bounds = daily_forecasts(values, days_from(date(2022, 1, 1), 120), 10, (90,))
        ahead = daily_forecast(frame_of(values), 10, 90)
        assert value == pytest.approx(ahead["value"].to_numpy())
        assert bounds[0][1] == pytest.approx(ahead["upper_90"].to_numpy())

    def test_paths_spread_as_the_intervals(self, fitted):
        drawn = fitted.simulate(30, 1500, 3)["value"].to_numpy().reshape(1500, 30)
        ahead = fitted.forecast(30)
        inside = (drawn >= ahead["lower_80"].to_numpy()) & (drawn <= ahead["upper_80"].to_numpy())
        assert inside.mean() == pytest.approx(0.8, abs=0.07)
        assert fitted.simulate(3, 2, 3).equals(fitted.simulate(3, 2, 3))

    def test_summary(self, fitted):
        assert "lunar_new_year+0" in fitted.summary()
        assert "saturday" in fitted.summary()


class TestRegimes:
    def test_figures_before_the_border_opened_do_not_count(self):
        closed, opened = traffic(600, level=5e3), traffic(300, start=date(2023, 8, 24), seed=2)
        run = daily_model(frame_of([*closed, *opened]))
        first = run.series.periods[0]
        assert abs((first - date(2023, 8, 24)).days) < 14
        assert run.forecast(7)["value"].mean() == pytest.approx(opened[-28:].mean(), rel=0.3)

    def test_still_closed(self):
        values = [*traffic(300), *[0.0] * 40]
        ahead = daily_model(frame_of(values)).forecast(10)
        assert ahead.select(BOUNDS).to_numpy() == pytest.approx(0.0, abs=1e-6)

    def test_few_days_without_traffic_are_left_out(self):
        values = traffic(300)
        values[[40, 200]] = 0.0
        run = daily_model(frame_of(values))
        assert "2 days without traffic left out" in run.method
        assert "log scale" in run.method

    def test_start(self):
        run = daily_model(frame_of(traffic(400)), start=date(2022, 6, 1))
        assert run.series.periods[0] == date(2022, 6, 1)
        with pytest.raises(UsageError, match="leaves fewer than 14 values of the series"):
            daily_model(frame_of(traffic(400)), start=date(2023, 2, 1))

    def test_short_regime(self):
        ahead = daily_model(frame_of(traffic(20))).forecast(7)
        assert np.isfinite(ahead.select(BOUNDS).to_numpy()).all()
        assert "for want of past errors" in ahead["method"][0]

    @pytest.mark.parametrize(
        "values", [[0.0] * 60, [7.0] * 60, [0, 0, 3, 0, 5, 0, 0] * 12, [-1.0, 2.0, 0.5] * 20]
    )
    def test_odd_series(self, values, recwarn):
        bounds = daily_model(frame_of(values)).forecast(10).select(BOUNDS).to_numpy()
        assert np.isfinite(bounds).all()
        assert (np.diff(bounds, axis=1) >= -1e-9).all()
        assert not recwarn.list


class TestHongKong:
    def test_beats_last_week_and_last_year_on_the_crossings(self, shipped):
        crossings = load("crossings", "hong_kong", frequency="D")
        days, values = crossings["period"].to_list(), crossings["value"].to_numpy()
        errors = {"daily": 0.0, "week": 0.0, "year": 0.0}
        inside = []
        for origin in (date(2025, 4, 30), date(2025, 8, 28), date(2025, 12, 26)):
            n = days.index(origin)
            actual = values[n : n + 60]
            ahead = daily_model(crossings[:n]).forecast(60)
            guesses = {
                "daily": ahead["value"].to_numpy(),
                "week": values[n - 7 + np.arange(60) % 7],
                "year": values[n - 364 + np.arange(60)],
            }
            for name, guess in guesses.items():
                errors[name] += np.abs(guess - actual).sum() / values[n : n + 60].sum() / 3
            inside.append(
                np.mean((actual >= ahead["lower_95"].to_numpy()) & (actual <= ahead["upper_95"].to_numpy()))
            )
        assert errors["daily"] < 0.6 * min(errors["week"], errors["year"])
        assert 0.85 <= np.mean(inside) <= 1.0


class TestBadInput:
    def test_not_daily(self):
        months = pl.DataFrame(
            {"period": [date(2020 + i // 12, i % 12 + 1, 1) for i in range(20)], "value": 1.0}
        )
        with pytest.raises(UsageError, match="takes daily figures"):
            daily_model(months)

    def test_too_short(self):
        with pytest.raises(SeriesTooShortError, match="at least 14 values, macao has 13"):
            daily_model(frame_of(traffic(13), area="macao"))

    def test_an_area_of_the_users_own_has_no_holidays(self):
        values = traffic(60)
        own, nowhere = (daily_model(frame_of(values, **at)).forecast(7) for at in ({"area": "my_city"}, {}))
        assert own["value"].to_list() == nowhere["value"].to_list()
        assert "holidays" not in own["method"][0]
        assert "12 holidays" in daily_model(frame_of(values, area="hong_kong")).method
        assert forecast(frame_of(values, area="my_city"), 7)["model"].unique().to_list() == ["daily"]

    def test_holidays(self):
        with pytest.raises(UnknownNameError, match="did you mean 'easter'"):
            daily_model(frame_of(traffic(30)), holidays="ester")
        assert daily_holidays("auto", "jfk")[-1] == "christmas"
        assert "hksar_day" not in daily_holidays("auto", "macao")
        assert daily_holidays(None, "macao") == ()
