"""STL and MSTL: what they leave, what they refuse, and QS against the program's own."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from gbaindicators.errors import FrameError, SeriesTooShortError, UsageError
from gbaindicators.transforms.seasonal import seasonal_adjust, seasonal_adjustment
from gbaindicators.transforms.seasonal.quality import qs_test

AIR = pl.read_csv(Path(__file__).parents[1] / "reference" / "air_passengers.csv", try_parse_dates=True)


def daily(n, season, start=date(2020, 1, 1)):
    days = np.arange(n)
    values = 100 + 0.01 * days + season(days)
    return pl.DataFrame({"period": [start + timedelta(days=int(d)) for d in days], "value": values})


def test_parts_make_up_the_series():
    result = seasonal_adjustment(AIR, "stl")
    parts = result.components.pivot("component", index="period", values="value", maintain_order=True)
    assert np.allclose(parts["trend"] * parts["seasonal"] * parts["irregular"], AIR["value"], rtol=1e-13)
    assert np.allclose(parts["adjusted"] * parts["seasonal"], AIR["value"], rtol=1e-13)
    additive = seasonal_adjustment(AIR, "stl", transform="none").components
    parts = additive.pivot("component", index="period", values="value", maintain_order=True)
    assert np.allclose(parts["trend"] + parts["seasonal"] + parts["irregular"], AIR["value"], rtol=1e-13)
    assert result.adjusted["method"][0] == "seasonally adjusted by robust STL (multiplicative)"
    assert result.models.select("transform", "model").row(0) == ("log", None)
    assert result.coefficients.is_empty()


def test_qs_is_that_of_the_program():
    # X-13ARIMA-SEATS 1.1 build 62 on the same series: qsori 167.64858
    assert qs_test("qs_original", AIR["value"].to_list(), 12).value == pytest.approx(167.64858, abs=1e-5)


def test_a_fixed_season_goes_and_its_absence_stays():
    quarters = pl.date_range(date(2000, 1, 1), date(2012, 10, 1), "3mo", eager=True)
    values = np.arange(52) * 0.5 + np.tile([10.0, 20.0, 30.0, 20.0], 13)
    adjusted = seasonal_adjust(pl.DataFrame({"period": quarters, "value": values}), "stl", transform="none")
    assert np.allclose(adjusted["value"], np.arange(52) * 0.5 + 20, atol=1e-6)
    plain = pl.DataFrame({"period": quarters, "value": np.exp(np.linspace(3, 4, 52))})
    assert np.allclose(seasonal_adjustment(plain, "stl").adjusted["value"], plain["value"], rtol=1e-6)


def test_weeks_of_daily_figures():
    frame = daily(140, lambda d: 20.0 * (d % 7 == 0))
    adjusted = seasonal_adjustment(frame, "stl", transform="none").adjusted["value"].to_numpy()
    assert np.allclose(np.diff(adjusted), 0.01, atol=0.1)  # of a season of 20


def test_weeks_and_years_of_daily_figures():
    frame = daily(365 * 3, lambda d: 20.0 * (d % 7 == 0) + 10 * np.sin(2 * np.pi * d / 365))
    adjusted = seasonal_adjustment(frame, "mstl", transform="none").adjusted["value"].to_numpy()
    straight = np.polynomial.Polynomial.fit(np.arange(len(adjusted)), adjusted, 1)(np.arange(len(adjusted)))
    assert np.std(adjusted - straight) < 0.5  # of a season whose deviation is 10


def test_weekly_figures():
    weeks = pl.date_range(date(2015, 1, 5), date(2019, 12, 30), "1w", eager=True)
    wave = 50 + 10 * np.sin(2 * np.pi * np.arange(len(weeks)) / 52)
    adjusted = seasonal_adjust(pl.DataFrame({"period": weeks, "value": wave}), "stl")
    assert np.allclose(adjusted["value"], 50, rtol=0.03)


@pytest.mark.parametrize(
    ("frame", "arguments", "error", "message"),
    [
        (AIR, {"method": "stl", "holidays": "easter"}, UsageError, "method='x13'"),
        (AIR, {"method": "stl", "seats": True}, UsageError, "method='x13'"),
        (AIR, {"method": "stl", "model": "(0 1 1)"}, UsageError, "method='x13'"),
        (AIR, {"method": "mstl"}, UsageError, "frequency D"),
        (AIR.head(24), {"method": "stl"}, SeriesTooShortError, "needs 25"),
        (daily(700, np.sin), {"method": "mstl"}, SeriesTooShortError, "needs 731"),
        (AIR.filter(pl.col("period") != date(1950, 1, 1)), {"method": "stl"}, FrameError, "1950-01"),
    ],
)
def test_what_cannot_be_adjusted(frame, arguments, error, message):
    with pytest.raises(error, match=message):
        seasonal_adjustment(frame, **arguments)
