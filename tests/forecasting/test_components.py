"""Unobserved components: the Nile of Durbin and Koopman, what components add up to, and odd series."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from gbaindicators.errors import FrameError, SeriesTooShortError, UnknownNameError, UsageError
from gbaindicators.forecasting.single.components import LEVELS, components_forecast, unobserved_components

BOUNDS = ["lower_95", "lower_80", "value", "upper_80", "upper_95"]
MONTHS = {"A": 12, "Q": 3, "M": 1}
REFERENCE = Path(__file__).parents[1] / "reference"


def frame_of(values, frequency="A", start=2000, **columns):
    step = MONTHS[frequency]
    periods = [date(start + i * step // 12, i * step % 12 + 1, 1) for i in range(len(values))]
    return pl.DataFrame(
        {"frequency": frequency, **columns, "period": periods, "value": values},
        schema_overrides={"value": pl.Float64, "period": pl.Date},
    )


@pytest.fixture(scope="module")
def nile():
    from statsmodels.datasets import nile

    return frame_of(nile.load().data["volume"].tolist(), "A", 1871)


@pytest.fixture(scope="module")
def airline():
    return unobserved_components(pl.read_csv(REFERENCE / "air_passengers.csv", try_parse_dates=True))


def wide(fitted):
    return fitted.components.pivot("component", index="period", values="value")


class TestNile:
    def test_local_level(self, nile):
        fitted = unobserved_components(nile, level="local level", log=False)
        found = dict(fitted.parameters.select("name", "estimate").iter_rows())
        # Durbin and Koopman (2012), Time Series Analysis by State Space Methods, 2nd edition, page 37
        assert found["variance.irregular"] == pytest.approx(15099, rel=2e-4)
        assert found["variance.level"] == pytest.approx(1469.1, rel=5e-4)
        # exact diffuse log likelihood of the R package KFAS, as the documentation of Siphon.jl quotes it
        assert fitted.criteria["log_likelihood"] == pytest.approx(-632.5456, abs=5e-4)
        assert fitted.criteria["observations"] == 99

    def test_forecast_is_the_last_level(self, nile):
        fitted = unobserved_components(nile, level="local level", log=False)
        level = fitted.components.filter(pl.col("component") == "level")
        ahead = fitted.forecast(10)
        assert ahead["value"].to_list() == pytest.approx([level["value"][-1]] * 10)
        # filtered level of 1970 and its variance, from C. Fulton, "Estimating time series models by state space
        # methods in Python: statsmodels": 798.37029261 and 4032.15794181
        assert ahead["value"][0] == pytest.approx(798.37, abs=0.05)
        assert level["se"][-1] ** 2 == pytest.approx(4032.16, rel=2e-3)

    def test_missing_years(self, nile):
        # as in the book, section 2.7: years 21 to 40 and 61 to 80
        year = pl.col("period").dt.year()
        gaps = year.is_between(1891, 1910) | year.is_between(1931, 1950)
        fitted = unobserved_components(
            nile.with_columns(value=pl.when(gaps).then(None).otherwise("value")),
            level="local level",
            log=False,
        )
        level = fitted.components.filter(pl.col("component") == "level")
        inside = level.filter(gaps)
        assert inside["value"].null_count() == 0
        assert inside["se"].min() > level.filter(~gaps)["se"].max() * 0.9
        # across a gap a random walk is expected to go straight
        assert inside["value"][:20].diff(2).drop_nulls().std() < 1e-6
        assert "60 observations, 40 missing between" in fitted.method


class TestComponents:
    def test_they_add_up_to_the_logarithms(self, airline):
        parts = wide(airline)
        whole = parts["level"] + parts["seasonal"] + parts["irregular"]
        assert whole.to_numpy() == pytest.approx(np.log(airline.series.values))
        assert list(airline.components["component"].unique(maintain_order=True)) == [
            "level",
            "slope",
            "seasonal",
            "irregular",
        ]

    def test_season_sums_to_about_nothing_and_peaks_in_july(self, airline):
        last = wide(airline)["seasonal"][-12:]
        assert abs(last.sum()) < 0.05
        assert last.arg_max() in (6, 7)

    def test_standard_errors_but_of_what_is_on_the_edge(self, airline):
        table = airline.parameters
        edge = table.filter(pl.col("estimate") == 0)
        assert edge["std_error"].null_count() == edge.height > 0
        assert (table.filter(pl.col("estimate") > 0)["std_error"] > 0).all()
        assert (airline.components.filter(pl.col("component") == "level")["se"] > 0).all()

    def test_cycle(self):
        t = np.arange(80)
        random = np.random.default_rng(3)
        waves = 50 + 3 * np.sin(2 * np.pi * t / 8) + random.normal(0, 0.3, 80)
        fitted = unobserved_components(frame_of(waves), level="local level", cycle=True, log=False)
        found = dict(fitted.parameters.select("name", "estimate").iter_rows())
        assert 2 * np.pi / found["frequency.cycle"] == pytest.approx(8, abs=0.3)
        assert wide(fitted)["cycle"].std() == pytest.approx(3 / np.sqrt(2), rel=0.2)

    def test_regressor(self):
        random = np.random.default_rng(4)
        x, walk = random.normal(size=60), np.cumsum(random.normal(0, 0.1, 60))
        rain = frame_of([*x, 1.0, 2.0])
        fitted = unobserved_components(
            frame_of(20 + walk + 3 * x), level="local level", log=False, regressors=rain
        )
        found = dict(fitted.parameters.select("name", "estimate").iter_rows())
        assert found["regressor"] == pytest.approx(3.0, abs=0.1)
        ahead = fitted.forecast(2)
        assert ahead["value"][1] - ahead["value"][0] == pytest.approx(found["regressor"])
        assert "regression" in fitted.components["component"]
        with pytest.raises(FrameError, match="2062"):
            fitted.forecast(3)

    @pytest.mark.parametrize("seasonal", ["dummy", "trigonometric", None])
    def test_seasonals(self, seasonal):
        values = 100 + np.tile([5.0, -2.0, -4.0, 1.0], 8) + np.random.default_rng(2).normal(0, 0.5, 32)
        fitted = unobserved_components(
            frame_of(values, "Q"), seasonal=seasonal, log=False, level="local level"
        )
        swing = fitted.forecast(4)["value"].to_numpy()
        assert (np.ptp(swing) > 7) == (seasonal is not None)


class TestForecast:
    def test_scaling_scales(self, nile):
        small = unobserved_components(nile, level="local level", log=False)
        large = unobserved_components(
            nile.with_columns(pl.col("value") * 1e9), level="local level", log=False
        )
        assert large.forecast(3).select(BOUNDS).to_numpy() == pytest.approx(
            small.forecast(3).select(BOUNDS).to_numpy() * 1e9, rel=1e-4
        )
        assert large.parameters["estimate"].to_numpy() == pytest.approx(
            small.parameters["estimate"].to_numpy() * 1e18, rel=1e-3
        )

    def test_frame_summary_and_paths(self, airline):
        ahead = airline.forecast(24)
        assert ahead["model"].unique().to_list() == ["components"]
        bounds = ahead.select(BOUNDS).to_numpy()
        assert (np.diff(bounds, axis=1) > 0).all()
        assert "Unobserved Components Results" in airline.summary()
        drawn = airline.simulate(2, 500, 5)
        assert drawn["value"].median() == pytest.approx(ahead["value"][:2].mean(), rel=0.05)

    @pytest.mark.parametrize(
        "values",
        [
            [1, 3, 2, 5, 4, 6, 5],
            [0, 0, 0, 5, 0, 0, 3, 0, 0, 0, 2, 0],
            [1.0] * 10 + [2.0] * 10,
            [1, 2, None, 4, 3, 5, None, None, 6, 5, 7, 8],
            [1e13 * 1.05**i * (1 + 0.01 * (i % 3)) for i in range(20)],
        ],
    )
    def test_odd_series(self, values, recwarn):
        bounds = components_forecast(frame_of(values), 3).select(BOUNDS).to_numpy()
        assert np.isfinite(bounds).all()
        assert (np.diff(bounds, axis=1) >= 0).all()
        assert not recwarn.list


class TestBadInput:
    def test_names(self):
        with pytest.raises(UnknownNameError, match="did you mean 'local level'"):
            unobserved_components(frame_of([1, 2, 3, 4]), level="local levle")
        with pytest.raises(UnknownNameError, match="seasonal"):
            unobserved_components(frame_of([1, 2, 3, 4]), seasonal="monthly")

    @pytest.mark.parametrize("level", LEVELS)
    def test_every_level_that_is_named_exists(self, level, nile):
        assert unobserved_components(nile[:30], level=level, log=False).forecast(1).height == 1

    def test_series(self):
        with pytest.raises(UsageError, match="zhuhai has the value 5 in every period"):
            unobserved_components(frame_of([5.0] * 9, area="zhuhai"))
        with pytest.raises(SeriesTooShortError, match="zhuhai has 4 values, too few for a model"):
            unobserved_components(frame_of([1, 3, 2, 5], area="zhuhai"))
        with pytest.raises(SeriesTooShortError, match="needs at least 4 values"):
            unobserved_components(frame_of([1, 3]))
        with pytest.raises(UsageError, match="annual and has no season"):
            unobserved_components(frame_of([1, 3, 2, 5, 4, 6, 7]), seasonal="dummy")
