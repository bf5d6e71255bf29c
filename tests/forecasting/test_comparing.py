"""The Diebold-Mariano test: published outputs of other packages, statsmodels, origins apart, odd cases."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import stdtr

from gbaindicators.errors import FrameError, UnknownNameError, UsageError
from gbaindicators.forecasting.evaluation.comparing import compare_losses, diebold_mariano

# Errors of exponential smoothing and ARIMA one step ahead on the last 20 values of R's WWWusage, the example of
# dm.test in the R package forecast, as printed in the tests of the Julia package HypothesisTests (test/diebold_mariano.jl).
ETS = [
    0.002241270, -0.000661906, -1.200002613, -4.000218178, 3.799373533, 3.401005111, -1.199692125, -0.800490048,
    -1.200048999, 3.399847229, 7.000708948, 2.200989241, -4.800165569, -1.201043375, 3.400167556, 3.000709085,
    0.400267950, -6.800169207, -2.401259050, 1.200112198,
]  # fmt: skip
ARIMA = [
    0.1209998, 8.0622269, -0.9189429, -1.7952436, 5.3431277, 2.0459823, -0.6073261, 0.5516816, -0.7633238, 4.1229472,
    5.8785333, 1.2828331, -3.4854233, 1.1971370, 3.1709314, 2.3408457, 0.4962286, -5.9841362, 0.1537114, 0.4207951,
]  # fmt: skip

differences = st.lists(st.floats(-100, 100).map(lambda v: round(v, 2)), min_size=3, max_size=15)


def years(start, n, apart=1):
    return [date(start + i * apart, 1, 1) for i in range(n)]


def backtest_of(errors, step=1, **columns):
    """Forecasts of zero, made each year for `step` years later, by model."""
    return pl.concat(
        pl.DataFrame(
            {
                **columns,
                "origin": years(2000, len(e)),
                "period": years(2000 + step, len(e)),
                "step": step,
                "value": [float(v) for v in e],
                "actual": 0.0,
                "model": model,
            }
        )
        for model, e in errors.items()
    )


def hac(d, h, kernel):
    """Constant-only regression with autocorrelation-consistent errors, corrected as by Harvey and others."""
    from statsmodels.regression.linear_model import OLS
    from statsmodels.stats import sandwich_covariance as sandwich

    weights = {"uniform": sandwich.weights_uniform, "bartlett": sandwich.weights_bartlett}[kernel]
    options = {"maxlags": h - 1, "weights_func": weights, "use_correction": False}
    fit = OLS(d, np.ones(len(d))).fit(cov_type="HAC", cov_kwds=options)
    n = len(d)
    return float(fit.params[0] / fit.bse[0] * np.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n))


def compare_steps(d, h, apart=1):
    return compare_losses(
        list(d), years(1900, len(d), apart), [date(y.year + h, 1, 1) for y in years(1900, len(d), apart)]
    )


class TestAgainstOthers:
    @pytest.mark.parametrize(
        ("loss", "step", "statistic", "p_value"),
        [
            # printed on the page of dm.test in the reference of the R package forecast
            ("squared", 1, -0.14392, 0.8871),
            # p-values of R in the tests of HypothesisTests
            ("squared", 10, None, 0.9362),
            ("absolute", 1, None, 0.7818),
        ],
    )
    def test_example_of_the_r_package_forecast(self, loss, step, statistic, p_value):
        past = backtest_of({"ets": ETS, "arima": ARIMA}, step)
        test = diebold_mariano(past, benchmark="arima", loss=loss).row(0, named=True)
        assert test["p_value"] == pytest.approx(p_value, abs=5e-5)
        if statistic is not None:
            assert test["statistic"] == pytest.approx(statistic, abs=5e-6)

    def test_example_of_the_python_package_dieboldmariano(self):
        # tests/dieboldmarianotest.py of edoannunziata/dieboldmariano
        past = backtest_of({"mine": [0, 1, 2, 3, 4, 5], "drift": [0, 2, 3, 3, 5, 6]})
        test = diebold_mariano(past, loss="squared").row(0, named=True)
        assert (test["statistic"], test["p_value"]) == pytest.approx((-2.4905, 0.05513), abs=5e-5)

    def test_by_hand(self):
        # d = -1, -3, -2, -2: mean -2, variance (1 + 1) / 4 / 4 = 1/8, factor (n - 1) / n = 3/4
        past = backtest_of({"mine": [1, 1, 2, 3], "drift": [2, 4, 4, 5]})
        test = diebold_mariano(past).row(0, named=True)
        statistic = -2 / np.sqrt(1 / 8) * np.sqrt(3 / 4)
        assert test["mean_difference"] == -2
        assert test["statistic"] == pytest.approx(statistic)
        assert test["p_value"] == pytest.approx(2 * stdtr(3, statistic))

    @pytest.mark.parametrize("h", [1, 2, 4, 7])
    def test_statsmodels_with_equal_weights(self, h):
        random = np.random.default_rng(h)
        d = np.convolve(random.normal(size=40), np.ones(h), "valid") + 0.3
        test = compare_steps(d, h)
        assert test.note is None
        assert test.statistic == pytest.approx(hac(d, h, "uniform"), rel=1e-9)

    def test_statsmodels_with_bartlett_weights_where_the_variance_is_not_positive(self):
        d = np.array([3.0, -2.0, 3.5, -2.5, 3.0, -1.0, 2.0, -2.0, 3.0, -2.0])
        test = compare_steps(d, 2)
        assert "Bartlett" in test.note
        assert test.statistic == pytest.approx(hac(d, 2, "bartlett"), rel=1e-9)


class TestOriginsApart:
    def test_forecasts_that_do_not_overlap_need_no_lags(self):
        d = [3.0, 1.0, -2.0, 4.0, 2.5, 1.0]
        assert compare_steps(d, 3, apart=3) == compare_steps(d, 1)

    def test_lags_count_in_origins(self):
        # origins two years apart: forecasts of four years overlap with one neighbour, as those of two years each year do
        d = [3.0, 1.0, -2.0, 4.0, 2.5, 1.0, 0.5]
        assert compare_steps(d, 4, apart=2).statistic == pytest.approx(compare_steps(d, 2).statistic)

    def test_uneven_origins_overlap_by_date(self):
        # the first two overlap, the third stands alone: weights 1 for the pair, factor 1 - 5/9
        d, origins = np.array([2.0, 1.0, 6.0]), [date(2000, 1, 1), date(2001, 1, 1), date(2010, 1, 1)]
        e = d - 3
        variance = (e @ e + 2 * e[0] * e[1]) / 9
        ends = [date(o.year + 2, 1, 1) for o in origins]
        assert compare_losses(d.tolist(), origins, ends).statistic == pytest.approx(
            3 / np.sqrt(variance) * np.sqrt(4 / 9)
        )

    def test_months_are_alike_however_long(self):
        d = [3.0, -2.0, 3.5, -2.5, 3.0, -1.0, 2.0, -2.0, 3.0, -2.0]
        months = [date(2000 + i // 12, i % 12 + 1, 1) for i in range(12)]
        days = [date(2000, 1, 1) + timedelta(i) for i in range(12)]
        by_month, by_day = (compare_losses(d, x[:10], x[2:]) for x in (months, days))
        assert by_month == by_day
        assert "Bartlett" in by_month.note

    def test_cautious_p_value_counts_stretches(self):
        d = [3.0, 1.0, -2.0, 4.0, 2.5, 1.0, 0.5, 2.0, 3.0, -1.0]
        alone, overlapping = compare_steps(d, 1), compare_steps(d, 3)
        assert alone.cautious_p_value == alone.p_value
        assert overlapping.stretches == pytest.approx(12 / 3)
        assert overlapping.cautious_p_value == pytest.approx(2 * stdtr(3, -abs(overlapping.statistic)))

    def test_cautious_p_value_keeps_its_word_where_the_original_does_not(self):
        # two random walks of the same spread, forecast five steps ahead at twelve origins: no model is better
        random, h, n = np.random.default_rng(3), 5, 12
        rejected = np.zeros(2)
        origins = years(1900, n)
        ends = years(1900 + h, n)
        for _ in range(600):
            shocks = random.normal(size=(2, n + h)).cumsum(axis=1)
            errors = np.abs([[s[i + 1 : i + 1 + h] - s[i] for i in range(n)] for s in shocks]).sum(axis=2)
            test = compare_losses((errors[0] - errors[1]).tolist(), origins, ends)
            rejected += [test.p_value < 0.05, test.cautious_p_value < 0.05]
        assert rejected[0] / 600 > 0.10
        assert rejected[1] / 600 < 0.09


class TestProperties:
    @settings(deadline=None, max_examples=40)
    @given(differences, st.integers(1, 3), st.floats(1e-6, 1e12))
    def test_scale_and_sign(self, d, h, scale):
        test, scaled = compare_steps(d, h), compare_steps([-scale * v for v in d], h)
        if test.statistic is None:
            assert scaled.statistic is None
        else:
            assert scaled.statistic == pytest.approx(-test.statistic, rel=1e-6)
            assert scaled.p_value == pytest.approx(test.p_value, rel=1e-6, abs=1e-12)
            assert 0 <= test.p_value <= test.cautious_p_value <= 1

    def test_order_of_rows_does_not_matter(self):
        past = pl.concat(
            backtest_of({"a": ETS, "drift": ARIMA}, step, area=area)
            for step in (1, 2)
            for area in ("macao", "zhuhai")
        )
        assert diebold_mariano(past.sample(fraction=1, shuffle=True, seed=1)).equals(diebold_mariano(past))

    def test_columns(self):
        past = backtest_of({"a": ETS, "drift": ARIMA}, area="macao", unit="MOP")
        test = diebold_mariano(past)
        own = ["step", "forecasts", "mean_difference", "statistic", "p_value", "note"]
        assert test.columns == ["area", "model", "benchmark", *own]

    def test_each_step_by_itself_or_one(self):
        past = pl.concat(backtest_of({"a": ETS, "drift": ARIMA}, step) for step in (1, 2, 3))
        assert diebold_mariano(past)["step"].to_list() == [1, 2, 3]
        assert diebold_mariano(past, step=2).equals(diebold_mariano(past).filter(step=2))


class TestOddCases:
    @pytest.mark.parametrize(
        ("mine", "step", "note"),
        [
            ([1, 1, 1, 1], 1, "the losses are equal"),
            ([3, 3, 3, 3], 1, "the difference is the same at every origin"),
            ([3], 1, "a single forecast"),
            ([3, 1, 2, 2], 4, "all forecasts overlap, so no variance can be estimated"),
        ],
    )
    def test_no_statistic_and_why(self, mine, step, note):
        past = backtest_of({"mine": mine, "drift": [1] * len(mine)}, step)
        test = diebold_mariano(past).row(0, named=True)
        assert (test["statistic"], test["p_value"], test["note"]) == (None, None, note)

    def test_few_horizons_are_noted(self):
        assert "span 2.5 horizons" in compare_steps([1.0, 2.0, 4.0, 3.0], 2).note

    def test_benchmark_that_lacks_a_forecast(self):
        past = backtest_of({"mine": [1, 2, 3], "drift": [2, 1, 1]}, area="macao")
        with pytest.raises(FrameError, match=r"'drift' has no forecast for macao, 2002-01-01"):
            diebold_mariano(past[:-1])

    def test_unknown_names(self):
        past = backtest_of({"mine": [1, 2, 3], "drift": [2, 1, 1]})
        with pytest.raises(UnknownNameError, match="drift"):
            diebold_mariano(past, benchmark="drfit")
        with pytest.raises(UnknownNameError, match="squared"):
            diebold_mariano(past, loss="square")
        with pytest.raises(UsageError, match="no forecasts of step 4"):
            diebold_mariano(past, step=4)
        with pytest.raises(UsageError, match="no model beside"):
            diebold_mariano(past.filter(model="drift"))

    def test_a_frame_without_steps(self):
        with pytest.raises(FrameError, match="lacks 'step'"):
            diebold_mariano(backtest_of({"mine": [1.0], "drift": [2.0]}).drop("step"))
