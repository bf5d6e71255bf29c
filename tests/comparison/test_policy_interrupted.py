"""Interrupted time series: exact lines and seasons, statsmodels' Newey-West errors, one series, short series."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from gbaindicators.comparison.policy import policy_effect
from gbaindicators.errors import FrameError, PolicyWarning, SeriesTooShortError, UsageError
from gbaindicators.transforms.newey_west import variance_of_mean


def months(values, first=2010):
    dates = [date(first + t // 12, t % 12 + 1, 1) for t in range(len(values))]
    return pl.DataFrame({"period": dates, "value": values})


def line(periods=60, at=36, level=10.0, slope=0.5, noise=0.0, seed=0):
    time = np.arange(periods)
    season = np.sin(time % 12) * 3
    after = time >= at
    return (
        100
        + 2.0 * (time - at)
        + season
        + after * (level + slope * (time - at))
        + np.random.default_rng(seed).normal(size=periods) * noise
    )


def test_level_and_slope_of_exact_lines():
    effect = policy_effect(months(line()), "x", "2013-01", method="interrupted", placebo=None)
    assert effect.fit["level_change"] == pytest.approx(10)
    assert effect.fit["slope_change"] == pytest.approx(0.5)
    assert effect.frame["effect"][36:].to_list() == pytest.approx([10 + 0.5 * k for k in range(24)])
    assert effect.fit["mean_effect"] == pytest.approx(10 + 0.5 * 11.5)


def test_errors_are_those_of_statsmodels():
    values = line(noise=4.0)
    effect = policy_effect(months(values), "x", "2013-01", method="interrupted", lags=5, placebo=None)
    time = np.arange(60) - 36
    after = (time >= 0).astype(float)
    seasons = [(np.arange(60) % 12 == s).astype(float) for s in range(1, 12)]
    design = np.column_stack([np.ones(60), time, after, after * time, *seasons])
    fitted = sm.OLS(values, design).fit(
        cov_type="HAC", cov_kwds={"maxlags": 5, "use_correction": True}, use_t=True
    )
    assert effect.weights["weight"].to_list() == pytest.approx(list(fitted.params))
    assert effect.weights["std_error"].to_list() == pytest.approx(list(fitted.bse))
    assert effect.weights["p_value"].to_list() == pytest.approx(list(fitted.pvalues))
    contrast = np.zeros(15)
    contrast[2:4] = 1, 11.5
    test = fitted.t_test(contrast)
    assert effect.fit["standard_error"] == pytest.approx(float(test.sd.item()))
    assert effect.fit["mean_effect"] == pytest.approx(float(test.effect.item()))
    assert effect.fit["p_value"] == pytest.approx(float(test.pvalue))
    assert effect.fit["lags"] == 5


def test_newey_west_variance_of_a_mean_as_statsmodels_has_it():
    values = np.random.default_rng(1).normal(size=50).cumsum()
    fitted = sm.OLS(values, np.ones(50)).fit(cov_type="HAC", cov_kwds={"maxlags": 4, "use_correction": False})
    assert variance_of_mean(values, 4) == pytest.approx(float(fitted.bse[0]) ** 2)


def test_days_have_a_week_and_years_no_season():
    days = [date(2023, 1, 2) + timedelta(t) for t in range(70)]
    value = [float(t) + 50 * (d.weekday() == 5) + 7 * (t >= 35) for t, d in enumerate(days)]
    effect = policy_effect(
        pl.DataFrame({"period": days, "value": value}),
        "gate",
        date(2023, 2, 6),
        method="interrupted",
        placebo=None,
    )
    assert effect.fit["level_change"] == pytest.approx(7)
    assert effect.weights.height == 4 + 6
    years = pl.DataFrame(
        {"period": [date(2000 + t, 1, 1) for t in range(12)], "value": [float(t * t) for t in range(12)]}
    )
    with pytest.warns(PolicyWarning, match="x is never below zero, but its counterfactual is -3.333 in 2000"):
        yearly = policy_effect(years, "x", "2006", method="interrupted", placebo=None)
    assert yearly.weights.height == 4 and "only 6 periods" in yearly.note


def test_half_a_season_before_gives_no_seasonal_terms_and_says_so():
    effect = policy_effect(months(line()), "x", "2010-07", method="interrupted", placebo=None)
    assert effect.weights.height == 4 and "no seasonal terms" in effect.note


def test_no_effect_has_low_power_in_words():
    quiet = months(line(level=0.0, slope=0.0, noise=10.0, seed=3))
    effect = policy_effect(quiet, "x", "2013-01", method="interrupted", placebo="time")
    assert "low power" in effect.note and effect.fit["detectable"] > 0
    assert effect.placebos["start"].is_between(date(2011, 6, 1), date(2012, 10, 1)).all()
    covered = effect.frame[36:].select((pl.col("lower_95") <= 0) & (pl.col("upper_95") >= 0)).to_series()
    assert covered.mean() > 0.8


def test_other_areas_are_placebos():
    frame = pl.concat(
        [
            months(line(noise=1.0, seed=s, level=30.0 if s == 0 else 0.0, slope=0.0)).with_columns(
                area=pl.lit(f"a{s}")
            )
            for s in range(5)
        ]
    )
    effect = policy_effect(frame, "a0", "2013-01", method="interrupted")
    assert effect.placebos["unit"].to_list() == ["a1", "a2", "a3", "a4"]
    assert abs(effect.placebos["mean_effect"]).max() < effect.fit["mean_effect"]


def test_series_that_are_too_short_or_flat_or_have_gaps():
    with pytest.raises(SeriesTooShortError, match="2 periods before"):
        policy_effect(months(line()), "x", "2010-03", method="interrupted")
    with pytest.raises(SeriesTooShortError, match="1 from it on"):
        policy_effect(months(line()), "x", "2014-12", method="interrupted")
    with pytest.raises(FrameError, match="one value in every period"):
        policy_effect(months(np.ones(60)), "x", "2013-01", method="interrupted")
    gap = months(line()).with_columns(
        frequency=pl.lit("M"),
        value=pl.when(pl.col("period") == date(2012, 5, 1)).then(None).otherwise("value"),
    )
    with pytest.raises(FrameError, match="no value in 2012-05"):
        policy_effect(gap, "x", "2013-01", method="interrupted")


def test_logarithms_find_growth_rates_and_keep_the_counterfactual_above_zero():
    time = np.arange(60)
    after = time >= 48
    season = 0.3 * np.sin(2 * np.pi * time / 12)
    values = np.exp(9 - 0.1 * time + season + after * (0.5 + 0.02 * (time - 48)))
    with pytest.warns(PolicyWarning, match="log=True"):
        policy_effect(months(values), "x", "2014-01", method="interrupted", placebo=None)
    effect = policy_effect(months(values), "x", "2014-01", method="interrupted", placebo="time", log=True)
    assert effect.fit["level_change"] == pytest.approx(0.5)
    assert effect.fit["slope_change"] == pytest.approx(0.02)
    assert effect.frame["counterfactual"].to_numpy() == pytest.approx(np.exp(9 - 0.1 * time + season))
    assert (effect.frame["counterfactual"] > 0).all()
    assert "of logarithms" in effect.heading and "percent" in effect.assumptions[-1]
    assert effect.placebos.height == 10


def test_error_of_the_mean_effect_in_logarithms_is_that_of_simulated_ones():
    """The delta method against the spread of the estimate itself."""
    rng = np.random.default_rng(5)
    time = np.arange(80)
    line = 3 + 0.01 * time + 0.2 * (time >= 60)
    found = [
        policy_effect(
            pl.DataFrame({"period": [date(1940 + int(t), 1, 1) for t in time], "value": np.exp(line + noise)}),
            "x", "2000", method="interrupted", placebo=None, log=True, lags=0,
        )
        for noise in 0.05 * rng.standard_normal((150, 80))
    ]  # fmt: skip
    slopes = np.array([one.weights["weight"].to_list() for one in found])
    late = time[60:] - 60
    made = np.exp(slopes[:, [0]] + slopes[:, [1]] * late)
    means = (made * (np.exp(slopes[:, [2]] + slopes[:, [3]] * late) - 1)).mean(axis=1)
    assert np.mean([one.fit["standard_error"] for one in found]) == pytest.approx(means.std(), rel=0.15)


def test_years_do_not_speak_of_seasons():
    values = pl.DataFrame(
        {"period": [date(2000 + t, 1, 1) for t in range(12)], "value": [5.0 + t % 3 for t in range(12)]}
    )
    effect = policy_effect(values, "x", "2006", method="interrupted", placebo=None)
    assert "season" not in effect.summary()
    monthly = policy_effect(
        months(np.arange(60) % 7 + 1.0), "x", "2013-06", method="interrupted", placebo=None
    )
    assert "season" in monthly.summary()


def test_zero_has_no_logarithm_and_other_methods_no_log():
    values = [3.0, 2.0, 0.0, 4.0, 5.0, 6.0, 5.0, 7.0]
    frame = pl.DataFrame({"period": [date(2000 + t, 1, 1) for t in range(8)], "value": values})
    with pytest.raises(FrameError, match="x is not above zero in 2002"):
        policy_effect(frame, "x", "2004", method="interrupted", log=True)
    with pytest.raises(UsageError, match="belongs to method='interrupted'"):
        policy_effect(frame.with_columns(area=pl.lit("x")), "x", "2004", method="panel", log=True)
