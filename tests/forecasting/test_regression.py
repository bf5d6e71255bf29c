"""Regression: certified and published estimates, the calendar, and intervals."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from scipy import stats

from gbaindicators.errors import FrameError, SeriesTooShortError, UnknownNameError, UsageError
from gbaindicators.forecasting import forecast
from gbaindicators.forecasting.single.daily_calendar import days_off, holiday_days
from gbaindicators.forecasting.single.regression import regression, regression_forecast
from gbaindicators.transforms.seasonal.holidays import regressors

BOUNDS = ["lower_95", "lower_80", "value", "upper_80", "upper_95"]
MONTHS = {"A": 12, "S": 6, "Q": 3, "M": 1}


def frame_of(values, frequency="A", start=2000, **columns):
    step = MONTHS[frequency]
    periods = [date(start + i * step // 12, i * step % 12 + 1, 1) for i in range(len(values))]
    return pl.DataFrame(
        {"frequency": frequency, **columns, "period": periods, "value": values},
        schema_overrides={"value": pl.Float64, "period": pl.Date},
    )


def table(fitted, column):
    return dict(fitted.parameters.select("name", column).iter_rows())


class TestPublished:
    def test_longley(self):
        # certified by the National Institute of Standards and Technology, Statistical Reference Datasets, Longley:
        # https://www.itl.nist.gov/div898/strd/lls/data/LINKS/DATA/Longley.dat
        from statsmodels.datasets import longley

        data = longley.load().data
        employed = frame_of(data["TOTEMP"].tolist(), "A", 1947)
        others = ("GNPDEFL", "GNP", "UNEMP", "ARMED", "POP")
        explaining = pl.concat(frame_of(data[name].tolist(), "A", 1947, series=name) for name in others)
        fitted = regression(employed, regressors=explaining, errors="OLS", log=False)
        certified = {
            "trend": (1829.15146461355, 455.478499142212),
            "GNPDEFL": (15.0618722713733, 84.9149257747669),
            "GNP": (-0.358191792925910e-01, 0.334910077722432e-01),
            "UNEMP": (-2.02022980381683, 0.488399681651699),
            "ARMED": (-1.03322686717359, 0.214274163161675),
            "POP": (-0.511041056535807e-01, 0.226073200069370),
        }
        for name, (estimate, error) in certified.items():
            assert table(fitted, "estimate")[name] == pytest.approx(estimate, rel=1e-8)
            assert table(fitted, "std_error")[name] == pytest.approx(error, rel=1e-8)
        # the certified constant refers to the year 0, ours to the year before the first
        constant = table(fitted, "estimate")["constant"] - 1946 * 1829.15146461355
        assert constant == pytest.approx(-3482258.63459582, rel=1e-8)
        assert fitted.criteria["r_squared"] == pytest.approx(0.995479004577296, rel=1e-10)

    def test_newey_west(self):
        # Stata 12: newey g_realinv g_realgdp L.realint, lag(4); printed in statsmodels'
        # regression/tests/results/results_macro_ols_robust.py. Four lags is what our rule gives for 202 quarters.
        from statsmodels.datasets import macrodata

        data = macrodata.load().data
        growth = {n: (400 * np.diff(np.log(data[n]))).tolist() for n in ("realinv", "realgdp")}
        investment = frame_of(growth["realinv"], "Q", 1959)
        explaining = pl.concat(
            [
                frame_of(growth["realgdp"], "Q", 1959, series="g_realgdp"),
                frame_of(data["realint"].tolist()[:-1], "Q", 1959, series="realint"),
            ]
        )
        fitted = regression(investment, trend=False, season=False, regressors=explaining, log=False)
        assert "Newey-West errors with 4 lags" in fitted.method
        published = {
            "g_realgdp": (4.3742216647032, 0.33125644884286, 13.204940401864, 5.282334606e-29),
            "realint": (-0.61399696947899, 0.29582347593197, -2.0755518727668, 0.03922090940364),
            "constant": (-9.4816727746549, 1.1859338087713, -7.9951112823729, 1.036821797e-13),
        }
        for row in fitted.parameters.iter_rows():
            assert row[1:] == pytest.approx(published[row[0]], rel=1e-7)


class TestForecast:
    def test_line_and_its_interval(self):
        # y = 2, 4, 5, 4, 5 at x = 1 to 5: slope 0.6, constant 2.2, residual variance 0.8
        fitted = regression(frame_of([2, 4, 5, 4, 5]), errors="OLS", log=False)
        assert table(fitted, "estimate") == pytest.approx({"constant": 2.2, "trend": 0.6})
        ahead = fitted.forecast(1)
        assert ahead["value"][0] == pytest.approx(5.8)
        wide = np.sqrt(0.8 * (1 + 1 / 5 + 3**2 / 10)) * stats.t.ppf(0.975, 3)
        assert ahead["upper_95"][0] - ahead["value"][0] == pytest.approx(wide)

    def test_the_last_error_is_carried_on(self):
        random = np.random.default_rng(6)
        error = np.zeros(200)
        for i in range(1, 200):
            error[i] = 0.9 * error[i - 1] + random.normal()
        error[-1] += 5
        frame = frame_of(50 + 0.1 * np.arange(200) + error, start=1800)
        line, carried = (regression(frame, errors=e, log=False).forecast(60) for e in ("OLS", "HAC"))
        above = (carried["value"] - line["value"]).to_numpy()
        assert above[0] > 4
        share = above[1] / above[0]
        assert 0.8 < share < 0.99
        assert above == pytest.approx(above[0] * share ** np.arange(60))
        widths = (carried["upper_95"] - carried["lower_95"]).to_numpy()
        assert widths[0] < 0.7 * widths[-1]
        # Goldberger: after one period the variance of an autoregressive error is (1 - r^2) of the whole
        drawn = regression(frame, log=False).simulate(2, 4000)["value"].to_numpy().reshape(4000, 2)
        assert drawn.mean(axis=0) == pytest.approx(carried["value"][:2].to_numpy(), abs=0.1)

    def test_season_comes_back(self):
        values = [10 + q + [0, 5, 2, -3][q % 4] for q in range(12)]
        fitted = regression(frame_of(values, "Q"), log=False)
        assert fitted.forecast(4)["value"].to_list() == pytest.approx([22, 28, 26, 22])
        assert table(fitted, "estimate")["q2"] == pytest.approx(5)
        parts = fitted.components.pivot("component", index="period", values="value").drop("period")
        assert parts.sum_horizontal().to_list() == pytest.approx(values)

    def test_on_the_log_scale_growth_is_a_line(self):
        fitted = regression(frame_of([100 * 1.1**i for i in range(8)]))
        assert fitted.forecast(2)["value"].to_list() == pytest.approx([100 * 1.1**8, 100 * 1.1**9])
        assert "on the log scale" in fitted.method

    def test_scaling_scales(self):
        values = [3, 5, 4, 6, 9, 8, 11, 10]
        for log in (True, False):
            small = regression(frame_of(values), log=log).forecast(3).select(BOUNDS).to_numpy()
            large = regression(frame_of([v * 1e9 for v in values]), log=log).forecast(3)
            assert large.select(BOUNDS).to_numpy() == pytest.approx(small * 1e9, rel=1e-9)

    def test_missing_values_are_left_out(self):
        fitted = regression(frame_of([1, 2, None, 4, 5]), log=False)
        assert fitted.forecast(1)["value"][0] == pytest.approx(6)
        assert fitted.criteria["observations"] == 4
        assert fitted.residuals["value"].null_count() == 1

    def test_external_regressors_must_cover_the_horizon(self):
        rain = frame_of([1, 0, 2, 1, 3, 2, 5])
        fitted = regression(frame_of([3, 1, 5, 3, 7.5]), trend=False, regressors=rain, log=False)
        assert fitted.forecast(2).height == 2
        with pytest.raises(FrameError, match=r"regressor in 2007, where it has no value"):
            fitted.forecast(3)

    def test_summary_and_paths(self):
        fitted = regression(frame_of([3, 5, 4, 6, 9, 8, 11, 10]), log=False)
        assert "OLS Regression Results" in fitted.summary()
        drawn = fitted.simulate(2, 4000, 2)["value"].to_numpy().reshape(4000, 2)
        ahead = fitted.forecast(2)
        assert drawn.mean(axis=0) == pytest.approx(ahead["value"].to_numpy(), rel=0.02)

    def test_hook(self):
        ahead = regression_forecast(frame_of([3, 5, 4, 6, 9, 8, 11, 10]), 2, level=90)
        assert ahead.columns[-4:] == ["model", "skill", "lower_90", "upper_90"]


class TestCalendar:
    random = np.random.default_rng(8)

    def test_lunar_new_year_is_found(self):
        # a week from the day on that takes a fifth of a month away where it falls
        months = frame_of([0.0] * 240, "M")["period"].to_list()
        shares = np.array(regressors(["lunar_new_year"], "M", months, 240)["lny_after"])
        values = 100 * np.exp(-0.2 * shares + self.random.normal(0, 0.005, 240))
        fitted = regression(frame_of(values, "M"), holidays="lunar_new_year")
        assert table(fitted, "estimate")["lny_after"] == pytest.approx(-0.2, abs=0.01)

    def test_auto_goes_by_the_area(self):
        values = self.random.normal(100, 1, 72)
        fitted = regression(frame_of(values, "M", area="hong_kong"), holidays="auto")
        assert {"lny_before", "lny_after", "ching_ming", "easter"} <= set(fitted.parameters["name"])
        assert fitted.forecast(24)["value"].is_finite().all()

    def test_trading_days(self):
        months = frame_of([0.0] * 60, "M")["period"]
        sundays = np.array([_count(start, 6) for start in months])
        values = 1000 - 10 * sundays + self.random.normal(0, 0.1, 60)
        fitted = regression(frame_of(values, "M"), trading_days=True, log=False)
        found = table(fitted, "estimate")
        # Sundays cost 10 beside each other day: the six coefficients are 10/7, and minus their sum that of Sundays
        assert [found[d] for d in ("monday", "saturday")] == pytest.approx([10 / 7] * 2, abs=0.3)
        one = regression(frame_of(values, "M"), trading_days="one", log=False)
        assert {"weekdays", "leap_year"} <= set(one.parameters["name"])

    def test_days(self):
        days = pl.date_range(date(2022, 1, 1), date(2024, 12, 31), "1d", eager=True)
        weekend = (days.dt.weekday() >= 6).cast(pl.Float64)
        around = holiday_days(["ching_ming"], days.to_list())["ching_ming+0"]
        values = 100 + 20 * weekend.to_numpy() + 30 * around + self.random.normal(0, 0.5, len(days))
        frame = pl.DataFrame({"period": days, "value": values})
        fitted = regression(frame, holidays=["ching_ming"], log=False)
        assert table(fitted, "estimate")["ching_ming+0"] == pytest.approx(30, abs=1)
        assert table(fitted, "estimate")["sunday"] == pytest.approx(20, abs=0.3)

    def test_general_holidays_of_hong_kong(self):
        # gazetted: https://www.gov.hk/en/about/abouthk/holiday/2023.htm and 2024.htm
        days = pl.date_range(date(2023, 1, 1), date(2024, 12, 31), "1d", eager=True).to_list()
        names = ["new_year", "lunar_new_year", "ching_ming", "easter", "labour_day", "buddha", "tuen_ng", "hksar_day", "mid_autumn", "golden_week", "chung_yeung", "christmas"]  # fmt: skip
        off = days_off(names, days)
        found = {d for d, a, b in zip(days, off["day_off"], off["saturday_off"], strict=True) if a or b}
        gazetted = (
            "2023-01-02 2023-01-23 2023-01-24 2023-01-25 2023-04-05 2023-04-07 2023-04-08 2023-04-10 2023-05-01 "
            "2023-05-26 2023-06-22 2023-07-01 2023-09-30 2023-10-02 2023-10-23 2023-12-25 2023-12-26 2024-01-01 "
            "2024-02-10 2024-02-12 2024-02-13 2024-03-29 2024-03-30 2024-04-01 2024-04-04 2024-05-01 2024-05-15 "
            "2024-06-10 2024-07-01 2024-09-18 2024-10-01 2024-10-11 2024-12-25 2024-12-26"
        )
        assert found == {date.fromisoformat(d) for d in gazetted.split()}


def _count(start, weekday):
    days = [start + timedelta(days=i) for i in range(31)]
    return sum(d.month == start.month and d.weekday() == weekday for d in days)


class TestBadInput:
    def test_too_few_values_for_the_season(self):
        with pytest.raises(SeriesTooShortError, match="macao has 5 values, too few for the 5 regressors"):
            regression(frame_of([1, 2, 3, 4, 6], "Q", area="macao"))

    def test_a_season_that_never_came(self):
        values = [None if i % 4 == 2 else float(i + i % 3) for i in range(16)]
        with pytest.raises(SeriesTooShortError, match="macao has no value in q3"):
            regression(frame_of(values, "Q", area="macao"))

    def test_regressors_that_say_the_same(self):
        with pytest.raises(UsageError, match="linear combinations"):
            regression(frame_of([1, 3, 2, 5, 4]), regressors=frame_of([2, 4, 6, 8, 10]))

    @pytest.mark.parametrize("frequency", ["A", "Q", "M"])
    def test_an_area_of_the_users_own_is_forecast_without_holidays(self, frequency):
        values = [float(i + i % 4 + i % 3) for i in range(48)]
        own, nowhere = (
            forecast(frame_of(values, frequency, **at), 3, model="regression")
            for at in ({"area": "my_city"}, {})
        )
        assert own["value"].to_list() == nowhere["value"].to_list()
        with pytest.raises(
            UnknownNameError, match=r"'my_city'.*name the holidays, holidays=\('easter',\), or None"
        ):
            regression(frame_of(values, "M", area="my_city"), holidays="auto")

    def test_names(self):
        with pytest.raises(UnknownNameError, match="standard error"):
            regression(frame_of([1, 2, 4]), errors="HC3")
        with pytest.raises(UnknownNameError, match="holiday"):
            regression(frame_of([1, 2, 4] * 12, "M"), holidays="ester")
        with pytest.raises(UsageError, match="trading_days is True"):
            regression(frame_of([1, 2, 4] * 12, "M"), trading_days="all")

    def test_what_years_do_not_have(self):
        with pytest.raises(UsageError, match="trading days differ"):
            regression(frame_of([1, 2, 4]), trading_days=True)
        with pytest.raises(UsageError, match="holidays move"):
            regression(frame_of([1, 2, 4]), holidays="easter")

    def test_constant(self):
        with pytest.raises(UsageError, match="in every period"):
            regression(frame_of([1, 1, 1]))
