"""ARIMA: numbers that R publishes, what may be missing, and what cannot be fitted."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

from gbaindicators.errors import FrameError, GbaError, SeriesTooShortError, UsageError
from gbaindicators.forecasting.single.arima import arima, arima_forecast
from gbaindicators.forecasting.single.external import external
from gbaindicators.forecasting.single.fitted import FittedModel

MONTHS = {"A": 12, "S": 6, "Q": 3, "M": 1}
BOUNDS = ["lower_95", "lower_80", "value", "upper_80", "upper_95"]
REFERENCE = Path(__file__).parents[1] / "reference"

# lh, USAccDeaths, presidents and LakeHuron of R's package datasets
LH = [
    2.4, 2.4, 2.4, 2.2, 2.1, 1.5, 2.3, 2.3, 2.5, 2.0, 1.9, 1.7, 2.2, 1.8, 3.2, 3.2, 2.7, 2.2, 2.2, 1.9, 1.9, 1.8,
    2.7, 3.0, 2.3, 2.0, 2.0, 2.9, 2.9, 2.7, 2.7, 2.3, 2.6, 2.4, 1.8, 1.7, 1.5, 1.4, 2.1, 3.3, 3.5, 3.5, 3.1, 2.6,
    2.1, 3.4, 3.0, 2.9,
]  # fmt: skip
US_ACCIDENT_DEATHS = [
    9007, 8106, 8928, 9137, 10017, 10826, 11317, 10744, 9713, 9938, 9161, 8927, 7750, 6981, 8038, 8422, 8714, 9512,
    10120, 9823, 8743, 9129, 8710, 8680, 8162, 7306, 8124, 7870, 9387, 9556, 10093, 9620, 8285, 8466, 8160, 8034,
    7717, 7461, 7767, 7925, 8623, 8945, 10078, 9179, 8037, 8488, 7874, 8647, 7792, 6957, 7726, 8106, 8890, 9299,
    10625, 9302, 8314, 8850, 8265, 8796, 7836, 6892, 7791, 8192, 9115, 9434, 10484, 9827, 9110, 9070, 8633, 9240,
]  # fmt: skip
_ = None
PRESIDENTS = [
    _, 87, 82, 75, 63, 50, 43, 32, 35, 60, 54, 55, 36, 39, _, _, 69, 57, 57, 51, 45, 37, 46, 39, 36, 24, 32, 23, 25,
    32, _, 32, 59, 74, 75, 60, 71, 61, 71, 57, 71, 68, 79, 73, 76, 71, 67, 75, 79, 62, 63, 57, 60, 49, 48, 52, 57,
    62, 61, 66, 71, 62, 61, 57, 72, 83, 71, 78, 79, 71, 62, 74, 76, 64, 62, 57, 80, 73, 69, 69, 71, 64, 69, 62, 63,
    46, 56, 44, 44, 52, 38, 46, 36, 49, 35, 44, 59, 65, 65, 56, 66, 53, 61, 52, 51, 48, 54, 49, 49, 61, _, _, 68,
    44, 40, 27, 28, 25, 24, 24,
]  # fmt: skip
LAKE_HURON = [
    580.38, 581.86, 580.97, 580.80, 579.79, 580.39, 580.42, 580.82, 581.40, 581.32, 581.44, 581.68, 581.17, 580.53,
    580.01, 579.91, 579.14, 579.16, 579.55, 579.67, 578.44, 578.24, 579.10, 579.09, 579.35, 578.82, 579.32, 579.01,
    579.00, 579.80, 579.83, 579.72, 579.89, 580.01, 579.37, 578.69, 578.19, 578.67, 579.55, 578.92, 578.09, 579.37,
    580.13, 580.14, 579.51, 579.24, 578.66, 578.86, 578.05, 577.79, 576.75, 576.75, 577.82, 578.64, 580.58, 579.48,
    577.38, 576.90, 576.94, 576.24, 576.84, 576.85, 576.90, 577.79, 578.18, 577.51, 577.23, 578.42, 579.61, 579.05,
    579.26, 579.22, 579.38, 579.10, 577.95, 578.12, 579.75, 580.85, 580.41, 579.96, 579.61, 578.76, 578.18, 577.21,
    577.13, 579.10, 578.25, 577.91, 576.89, 575.96, 576.80, 577.68, 578.38, 578.52, 579.74, 579.31, 579.89, 579.96,
]  # fmt: skip


def frame_of(values, frequency="A", start=2000, **columns):
    step = MONTHS[frequency]
    periods = [date(start + i * step // 12, i * step % 12 + 1, 1) for i in range(len(values))]
    return pl.DataFrame(
        {"frequency": frequency, **columns, "period": periods, "value": values},
        schema_overrides={"value": pl.Float64, "period": pl.Date},
    )


def air_passengers():
    return pl.read_csv(REFERENCE / "air_passengers.csv", try_parse_dates=True)


def estimates(fitted: FittedModel):
    return dict(fitted.parameters.select("name", "estimate").iter_rows())


def errors(fitted: FittedModel):
    return dict(fitted.parameters.select("name", "std_error").iter_rows())


class TestPublished:
    """What R 4.x prints, from tests/Examples/stats-Ex.Rout.save of its sources where not said otherwise."""

    def test_airline_model(self):
        # auto.arima(log(AirPassengers)) of the package forecast, printed in
        # https://rstudio-pubs-static.s3.amazonaws.com/385163_a1fb5aa4a405406e9f65809e34d27261.html
        fitted = arima(air_passengers(), order=(0, 1, 1), seasonal_order=(0, 1, 1), log=True)
        assert estimates(fitted)["ma.1"] == pytest.approx(-0.4018, abs=5e-5)
        assert estimates(fitted)["sma.1"] == pytest.approx(-0.5569, abs=5e-5)
        assert errors(fitted)["ma.1"] == pytest.approx(0.0896, abs=1e-4)
        assert errors(fitted)["sma.1"] == pytest.approx(0.0731, abs=1e-4)
        # sigma^2 is given with 131 - 2 degrees of freedom, 0.001371
        assert estimates(fitted)["sigma2"] * 131 / 129 == pytest.approx(0.001371, abs=3e-6)
        criteria = {"log_likelihood": 244.7, "aic": -483.4, "aicc": -483.21, "bic": -474.77}
        assert {k: fitted.criteria[k] for k in criteria} == pytest.approx(criteria, abs=0.02)
        assert fitted.criteria["observations"] == 131

    def test_choice_on_logarithms(self):
        assert "ARIMA(0,1,1)(0,1,1)[12] on the log scale" in arima(air_passengers()).method

    def test_choice_on_levels(self):
        # auto.arima(AirPassengers) of the package forecast, printed in
        # https://rstudio-pubs-static.s3.amazonaws.com/293535_9a2829a95b124b8fbbe30cdec3eb7b86.html
        fitted = arima(air_passengers(), log=False)
        assert "ARIMA(2,1,1)(0,1,0)[12]" in fitted.method
        published = {"ar.1": 0.5960, "ar.2": 0.2143, "ma.1": -0.9819}
        assert {k: estimates(fitted)[k] for k in published} == pytest.approx(published, abs=1e-4)
        criteria = {"log_likelihood": -504.92, "aic": 1017.85, "aicc": 1018.17, "bic": 1029.35}
        assert {k: fitted.criteria[k] for k in criteria} == pytest.approx(criteria, abs=0.01)

    def test_autoregression_with_mean(self):
        # arima(lh, order = c(3,0,0))
        fitted = arima(frame_of(LH), order=(3, 0, 0), log=False)
        published = {"mean": 2.3931, "ar.1": 0.6448, "ar.2": -0.0634, "ar.3": -0.2198, "sigma2": 0.1787}
        assert estimates(fitted) == pytest.approx(published, abs=1e-4)
        published = {"mean": 0.0963, "ar.1": 0.1394, "ar.2": 0.1668, "ar.3": 0.1421}
        assert {k: errors(fitted)[k] for k in published} == pytest.approx(published, abs=2e-4)
        assert fitted.criteria["log_likelihood"] == pytest.approx(-27.09, abs=0.01)
        # predict(arima0(lh, order = c(3,0,0)), n.ahead = 12)
        ahead = fitted.forecast(12, level=95)
        assert ahead["value"][[0, 1, 11]].to_list() == pytest.approx([2.460173, 2.270829, 2.382697], abs=2e-3)
        # R takes the normal quantile and the variance over n: here Student's, over n - k
        wide = stats.t.ppf(0.975, 43) * np.sqrt(48 / 43)
        width = (ahead["upper_95"] - ahead["value"])[[0, 1, 11]]
        assert width.to_list() == pytest.approx(
            [0.4226823 * wide, 0.5029332 * wide, 0.5397140 * wide], rel=2e-3
        )

    def test_seasonal_forecast(self):
        # arima(USAccDeaths, c(0,1,1), list(order = c(0,1,1))); predict(..., n.ahead = 6) of arima0
        fitted = arima(frame_of(US_ACCIDENT_DEATHS, "M", 1973), log=False)
        assert "ARIMA(0,1,1)(0,1,1)[12]" in fitted.method
        assert estimates(fitted)["ma.1"] == pytest.approx(-0.4303, abs=1e-4)
        assert estimates(fitted)["sma.1"] == pytest.approx(-0.5528, abs=2e-4)
        assert estimates(fitted)["sigma2"] == pytest.approx(99347, rel=1e-4)
        assert fitted.criteria["aic"] == pytest.approx(856.88, abs=0.005)
        published = [8336.028, 7531.760, 8314.593, 8616.864, 9488.916, 9859.727]
        assert fitted.forecast(6)["value"].to_list() == pytest.approx(published, abs=0.1)

    def test_missing_values(self):
        # arima(presidents, c(3, 0, 0)); six of the 120 quarters are missing
        fitted = arima(frame_of(PRESIDENTS, "Q", 1945), order=(3, 0, 0), seasonal_order=(0, 0, 0), log=False)
        published = {"mean": 56.2223, "ar.1": 0.7496, "ar.2": 0.2523, "ar.3": -0.1890, "sigma2": 81.12}
        assert estimates(fitted) == pytest.approx(published, rel=1e-3)
        assert errors(fitted)["mean"] == pytest.approx(4.2845, rel=1e-3)
        assert fitted.criteria["aic"] == pytest.approx(838.16, abs=0.01)
        assert "114 observations, 5 missing between" in fitted.method

    def test_external_regressor(self):
        # arima(LakeHuron, order = c(2,0,0), xreg = time(LakeHuron) - 1920)
        lake = frame_of(LAKE_HURON, "A", 1875)
        time = lake.with_columns(value=pl.col("period").dt.year() - 1920.0)
        fitted = arima(lake, order=(2, 0, 0), log=False, regressors=time)
        published = {
            "mean": 579.0993,
            "regressor": -0.0216,
            "ar.1": 1.0048,
            "ar.2": -0.2913,
            "sigma2": 0.4566,
        }
        assert estimates(fitted) == pytest.approx(published, abs=2e-4)
        published = {"mean": 0.2370, "regressor": 0.0081, "ar.1": 0.0976, "ar.2": 0.1004}
        assert {k: errors(fitted)[k] for k in published} == pytest.approx(published, abs=2e-4)
        assert fitted.criteria["aic"] == pytest.approx(212.4, abs=0.005)


class TestRegressors:
    lake = frame_of(LAKE_HURON, "A", 1875)
    time = frame_of([float(i) for i in range(110)], "A", 1875)

    def test_future_values_are_read_by_date(self):
        covering = arima(self.lake, order=(1, 0, 0), log=False, regressors=self.time)
        short = arima(self.lake, order=(1, 0, 0), log=False, regressors=self.time[:98])
        later = short.forecast(4, regressors=self.time[98:])
        assert later.equals(covering.forecast(4))

    def test_missing_future_is_named(self):
        fitted = arima(self.lake, order=(1, 0, 0), log=False, regressors=self.time[:99])
        with pytest.raises(FrameError, match=r"regressor regressor in 1974, 1975, where it has no value"):
            fitted.forecast(3)

    def test_missing_past_is_named(self):
        with pytest.raises(FrameError, match="1900, where it has no value"):
            arima(self.lake, regressors=self.time.filter(pl.col("period").dt.year() != 1900))

    def test_several_bear_the_keys_that_differ(self):
        two = pl.concat([self.time.with_columns(area=pl.lit(a), indicator=pl.lit("rain")) for a in "ab"])
        assert external(two, "A").names == ["a", "b"]
        assert external(two.filter(pl.col("area") == "a"), "A").names == ["rain"]

    def test_other_frequency(self):
        with pytest.raises(FrameError, match="frequency M, the series A"):
            arima(self.lake, regressors=frame_of([1.0, 2.0], "M"))

    def test_none_were_fitted(self):
        with pytest.raises(UsageError, match="without regressors"):
            arima(frame_of(LH), order=(1, 0, 0)).forecast(2, regressors=self.time)


class TestForecast:
    def test_columns_of_gba_forecast(self):
        frame = frame_of(LH, indicator="gdp", area="macao", prices=None, unit="MOP").with_columns(
            pl.col("prices").cast(pl.String),
            sources=pl.Series([["b"], ["a"]] * 24),
            status=pl.lit("A"),
            method=pl.lit("added up"),
        )
        ahead = arima_forecast(frame, 2)
        assert ahead.columns == [
            "indicator", "area", "prices", "unit", "frequency", "period", "value", "sources", "status", "method",
            "model", "skill", "lower_80", "upper_80", "lower_95", "upper_95",
        ]  # fmt: skip
        assert ahead.schema["prices"] == pl.String
        assert ahead["sources"].to_list() == [["a", "b"]] * 2
        assert ahead["status"].to_list() == ["F"] * 2
        assert ahead["method"][0].startswith("added up; forecast by ARIMA(")
        assert ahead["period"].to_list() == [date(2048, 1, 1), date(2049, 1, 1)]

    def test_scaling_scales(self):
        plain = arima_forecast(frame_of(US_ACCIDENT_DEATHS, "M", 1973), 5).select(BOUNDS).to_numpy()
        large = frame_of([v * 1e9 for v in US_ACCIDENT_DEATHS], "M", 1973)
        assert arima_forecast(large, 5).select(BOUNDS).to_numpy() == pytest.approx(plain * 1e9, rel=1e-4)
        levels = arima(large, order=(0, 1, 1), log=False)
        same = arima(frame_of(US_ACCIDENT_DEATHS, "M", 1973), order=(0, 1, 1), log=False)
        assert levels.forecast(3)["value"].to_numpy() == pytest.approx(
            same.forecast(3)["value"].to_numpy() * 1e9, rel=1e-4
        )
        assert levels.criteria["aic"] == pytest.approx(same.criteria["aic"] + 2 * 59 * np.log(1e9), rel=1e-6)

    def test_simulated_paths_spread_as_the_intervals(self):
        fitted = arima(air_passengers(), order=(0, 1, 1), seasonal_order=(0, 1, 1))
        drawn = fitted.simulate(3, 4000, 1)
        assert drawn.columns == ["path", "period", "value"]
        assert drawn.equals(fitted.simulate(3, 4000, 1))
        edges = drawn.group_by("period", maintain_order=True).agg(
            pl.col("value").quantile(0.1).alias("low"), pl.col("value").quantile(0.9).alias("high")
        )
        ahead = fitted.forecast(3)
        assert edges["low"].to_numpy() == pytest.approx(ahead["lower_80"].to_numpy(), rel=0.01)
        assert edges["high"].to_numpy() == pytest.approx(ahead["upper_80"].to_numpy(), rel=0.01)

    def test_summary_and_residuals(self):
        fitted = arima(air_passengers(), order=(0, 1, 1), seasonal_order=(0, 1, 1))
        assert "SARIMAX Results" in fitted.summary()
        assert "ma.S.L12" in fitted.summary()
        assert fitted.residuals["value"].null_count() == 13
        assert abs(fitted.residuals["value"].mean()) < 0.005

    def test_drift_is_the_mean_change(self):
        fitted = arima(frame_of([3.0, 5.0, 4.0, 8.0, 11.0]), order=(0, 1, 0), log=False, trend=True)
        assert estimates(fitted)["drift"] == pytest.approx(2.0)
        assert fitted.forecast(2)["value"].to_list() == pytest.approx([13.0, 15.0])

    def test_given_orders_are_kept(self):
        fitted = arima(frame_of(LH), order=(1, 0, 1), trend=False)
        assert "ARIMA(1,0,1) on the log scale" in fitted.method
        assert "(0,1,1)[12]" in arima(air_passengers(), seasonal_order=(0, 1, 1)).method


class TestOddSeries:
    @pytest.mark.parametrize(
        "values",
        [
            [1, 3, 2, 5],
            list(range(1, 21)),
            [0, 0, 0, 5, 0, 0, 3, 0, 0, 0, 2, 0, 1, 0, 0],
            [1, 2, None, 4, 3, 5, None, None, 6, 5, 7, 8],
            [1.0] * 10 + [2.0] * 10,
            [10, 11, 10, 12, 11, 1e9, 10, 11, 12, 11],
            [1e13 * 1.05**i * (1 + 0.01 * (i % 3)) for i in range(20)],
        ],
    )
    def test_a_forecast_with_order_among_its_bounds(self, values, recwarn):
        ahead = arima(frame_of(values)).forecast(3)
        bounds = ahead.select(BOUNDS).to_numpy()
        assert np.isfinite(bounds).all()
        assert (np.diff(bounds, axis=1) >= 0).all()
        assert not recwarn.list

    @pytest.mark.parametrize("values", [[1.0, 2.0], [1.0, None, 2.0, None, 3.0]])
    def test_too_short(self, values):
        with pytest.raises(SeriesTooShortError, match="zhuhai has"):
            arima(frame_of(values, area="zhuhai"))

    def test_more_parameters_than_values(self):
        with pytest.raises(SeriesTooShortError, match="zhuhai has 6 values, too few for a model"):
            arima(frame_of([1, 3, 2, 5, 4, 6], area="zhuhai"), order=(2, 1, 2))

    def test_constant(self):
        with pytest.raises(UsageError, match="zhuhai has the value 5 in every period"):
            arima(frame_of([5.0] * 9, area="zhuhai"))

    def test_several_series(self):
        two = pl.concat([frame_of(LH, area=a) for a in ("macao", "zhuhai")])
        with pytest.raises(FrameError, match=r"takes one series, the frame has 2 .*macao; .*zhuhai"):
            arima(two)

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"order": (1, 0)}, "order is 'auto'"),
            ({"order": "many"}, "order is 'auto'"),
            ({"order": (1, -1, 0)}, "order is 'auto'"),
            ({"seasonal_order": (0, 1, 1)}, "needs a season"),
            ({"trend": "yes"}, "trend is True"),
            ({"log": "yes"}, "log is True"),
            ({"order": (0, 2, 1), "trend": True}, "at most one difference"),
        ],
    )
    def test_bad_arguments(self, given, said):
        with pytest.raises(UsageError, match=said):
            arima(frame_of(LH), **given)

    def test_logarithms_of_zero(self):
        with pytest.raises(UsageError, match="no logarithm"):
            arima(frame_of([0.0, 1.0, 2.0, 3.0, 2.0]), log=True)

    def test_running_totals_and_units(self):
        with pytest.raises(FrameError, match=r"gba\.from_ytd"):
            arima(frame_of(LH, adjustment="ytd"))
        with pytest.raises(FrameError, match="changes its unit"):
            arima(frame_of(LH).with_columns(unit=pl.Series(["MOP"] * 40 + ["USD"] * 8)))

    def test_breaks(self):
        status = ["A"] * 44 + ["B"] + ["A"] * 3
        frame = frame_of(LH, area="macao").with_columns(status=pl.Series(status))
        with pytest.raises(FrameError, match=r"macao breaks in 2044 .* only 4 figures follow"):
            arima(frame)
        assert (
            "across breaks (status B) in 2043"
            in arima(frame.with_columns(pl.col("status").shift(-1, fill_value="A")), order=(1, 0, 0)).method
        )

    def test_horizon_and_level(self):
        fitted = arima(frame_of(LH), order=(0, 0, 0))
        with pytest.raises(UsageError, match="from 1 to 1000"):
            fitted.forecast(0)
        with pytest.raises(UsageError, match="between 0 and 100"):
            fitted.forecast(1, level=100)

    def test_failing_estimation_names_the_series(self, monkeypatch):
        def broken(*_, **__):
            raise np.linalg.LinAlgError("SVD did not converge")

        monkeypatch.setattr("gbaindicators.forecasting.single.arima._estimate", broken)
        with pytest.raises(GbaError, match=r"cannot be estimated for macao: SVD did not converge"):
            arima(frame_of(LH, area="macao"), order=(1, 0, 0))
