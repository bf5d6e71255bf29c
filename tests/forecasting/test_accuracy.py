"""Accuracy of forecasts: hand-checked numbers, identities, plain numpy on real figures, verdicts, bad input."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators.errors import FrameError, UnknownNameError
from gbaindicators.forecasting.evaluation.accuracy import accuracy
from gbaindicators.forecasting.evaluation.backtesting import backtest
from gbaindicators.forecasting.evaluation.comparing import diebold_mariano
from gbaindicators.store import load

FREE_OF_SCALE = [
    *(
        "smape",
        "mase",
        "rmsse",
        "relative_bias",
        "coverage_80",
        "coverage_95",
        "msis_80",
        "msis_95",
        "pinball",
    ),
    *("skill_drift", "skill_seasonal_naive", "dm_drift_p", "dm_seasonal_naive_p"),
]


def past_of(errors, step=1, start=2000, **columns):
    """Forecasts of a series of 100s that err as given, by model, made every year."""
    count = len(next(iter(errors.values())))
    return pl.concat(
        pl.DataFrame(
            {
                **columns,
                "origin": [date(start + i, 1, 1) for i in range(count)],
                "period": [date(start + i + step, 1, 1) for i in range(count)],
                "step": step,
                "value": [100.0 + float(v) for v in e],
                "actual": 100.0,
                "model": model,
                "scale": 5.0,
                "squared_scale": 40.0,
            }
        )
        for model, e in errors.items()
    )


def series_of_values(values, **columns):
    periods = [date(2000 + i, 1, 1) for i in range(len(values))]
    return pl.DataFrame({**columns, "period": periods, "value": [float(v) for v in values]})


def of_model(table, model):
    return table.filter(model=model).row(0, named=True)


def assert_same(table, other, rel):
    for name in FREE_OF_SCALE:
        assert table[name].is_null().equals(other[name].is_null()), name
        known, expected = (t[name].drop_nulls().to_list() for t in (table, other))
        assert known == pytest.approx(expected, rel=rel, abs=1e-9), name


values = st.lists(st.floats(-1000, 1000).map(lambda v: round(v, 2)), min_size=10, max_size=16).filter(
    lambda v: np.ptp(v[:5]) > 1
)


class TestNumbers:
    def test_by_hand(self):
        row = accuracy(past_of({"mine": [10, -20, 0, 5]})).row(0, named=True)
        assert row["forecasts"] == row["origins"] == 4
        assert row["mae"] == pytest.approx(35 / 4)
        assert row["bias"] == pytest.approx(-5 / 4)
        assert row["relative_bias"] == pytest.approx(-1.25)
        assert row["rmse"] == pytest.approx(np.sqrt(525 / 4))
        assert row["mase"] == pytest.approx(35 / 4 / 5)
        assert row["rmsse"] == pytest.approx(np.sqrt(525 / 4 / 40))
        assert row["smape"] == pytest.approx(np.mean([2000 / 210, 4000 / 180, 0, 1000 / 205]))

    def test_rmsse_of_one_origin_is_that_of_m5(self):
        # M5: the root of the mean squared error over the mean squared naive change in training, here (9 + 1 + 4) / 3
        past = past_of({"mine": [1, 2, 3]}).with_columns(origin=date(2000, 1, 1), squared_scale=14 / 3)
        assert accuracy(past)["rmsse"].item() == pytest.approx(np.sqrt((14 / 3) / (14 / 3)))

    def test_zero_over_zero_is_no_error(self):
        past = pl.DataFrame({"value": [0.0, 1.0], "actual": [0.0, -1.0], "model": "mine"})
        assert accuracy(past)["smape"].item() == (0 + 200) / 2

    def test_intervals_by_hand(self):
        past = past_of({"mine": [0, 0, 0, 0]}).with_columns(
            lower_90=pl.Series([90.0, 101.0, 80.0, 100.0]), upper_90=pl.Series([110.0, 120.0, 98.0, 100.0])
        )
        row = accuracy(past).row(0, named=True)
        assert row["coverage_90"] == 50
        assert row["msis_90"] == pytest.approx((20 + (19 + 20 * 1) + (18 + 20 * 2) + 0) / 4 / 5)

    @settings(deadline=None, max_examples=30)
    @given(st.floats(-50, 50), st.floats(0, 40), st.floats(0, 40))
    def test_pinball_is_the_mean_of_quantile_losses(self, error, inner, outer):
        edges = {0.1: -inner, 0.9: inner, 0.025: -inner - outer, 0.975: inner + outer, 0.5: 0.0}
        y, f = 100.0, {q: 100 + error + edge for q, edge in edges.items()}
        past = past_of({"mine": [error]}).with_columns(
            lower_80=f[0.1], upper_80=f[0.9], lower_95=f[0.025], upper_95=f[0.975]
        )
        losses = [max(q * (y - at), (q - 1) * (y - at)) for q, at in f.items()]
        assert accuracy(past)["pinball"].item() == pytest.approx(np.mean(losses) / 5, abs=1e-12)

    def test_agrees_with_plain_numpy_on_the_gdp_of_hong_kong(self, shipped):
        gdp = load("gdp", "hong_kong", frequency="A", database=shipped)
        past = backtest(gdp, 4)
        table = accuracy(past)
        training = {p: gdp.filter(pl.col("period") <= p)["value"].to_numpy() for p in past["origin"].unique()}
        for model in ("auto", "drift", "seasonal_naive"):
            one = past.filter(model=model)
            f, y, low, high = (one[c].to_numpy() for c in ("value", "actual", "lower_80", "upper_80"))
            q = np.array([np.abs(np.diff(training[o])).mean() for o in one["origin"]])
            q2 = np.array([(np.diff(training[o]) ** 2).mean() for o in one["origin"]])
            score = high - low + 10 * np.maximum(low - y, 0) + 10 * np.maximum(y - high, 0)
            row = of_model(table, model)
            assert row["mase"] == pytest.approx((np.abs(f - y) / q).mean())
            assert row["rmsse"] == pytest.approx(np.sqrt(((f - y) ** 2 / q2).mean()))
            assert row["smape"] == pytest.approx((200 * np.abs(f - y) / (np.abs(f) + np.abs(y))).mean())
            assert row["msis_80"] == pytest.approx((score / q).mean())
            assert row["coverage_80"] == pytest.approx(100 * ((low <= y) & (y <= high)).mean())
        assert table["unit"].to_list() == ["HKD"] * 3
        assert set(gdp["sources"].explode()) >= set(table["sources"][0])


class TestProperties:
    @settings(deadline=None, max_examples=12)
    @given(values, st.sampled_from([2.0**-10, 8.0, 2.0**30]))
    def test_scaling_a_series_changes_no_measure_free_of_scale(self, series, factor):
        # powers of two, so that no rounding moves an actual across the edge of an interval
        before = accuracy(backtest(series_of_values(series), 2, models=("drift", "seasonal_naive")))
        after = accuracy(
            backtest(series_of_values(np.array(series) * factor), 2, models=("drift", "seasonal_naive"))
        )
        assert_same(after, before, rel=1e-6)
        assert after["mae"].to_list() == pytest.approx((before["mae"] * factor).to_list(), rel=1e-6)

    def test_percentages_and_amounts_of_the_same_series_are_as_accurate(self):
        series = 5 + np.random.default_rng(2).normal(size=20).cumsum()
        one, other = (accuracy(backtest(series_of_values(series * f), 3)) for f in (1.0, 3.7e9))
        assert_same(other, one, rel=1e-4)

    def test_perfect_forecasts(self):
        bounds = {f"{side}_{level}": 100.0 for side in ("lower", "upper") for level in (80, 95)}
        row = accuracy(past_of({"mine": [0] * 5}).with_columns(**bounds)).row(0, named=True)
        zero = [
            *(
                "smape",
                "mase",
                "rmsse",
                "mae",
                "rmse",
                "bias",
                "relative_bias",
                "msis_80",
                "msis_95",
                "pinball",
            )
        ]
        assert [row[name] for name in zero] == [0] * len(zero)
        assert row["coverage_80"] == row["coverage_95"] == 100

    @pytest.mark.parametrize("by", [None, "step", "model"])
    def test_order_of_rows_and_series_changes_nothing(self, by):
        random = np.random.default_rng(5)
        frame = pl.concat(series_of_values(random.normal(size=14).cumsum(), area=f"a{i}") for i in range(4))
        past = backtest(frame, 3, models=("drift", "seasonal_naive"))
        assert accuracy(past.sample(fraction=1, shuffle=True, seed=3), by=by).equals(accuracy(past, by=by))

    def test_one_series_alone_is_as_in_the_panel(self):
        past = pl.concat(past_of({"mine": [i, 2, -3], "drift": [1, 1, 4]}, area=f"a{i}") for i in range(3))
        assert accuracy(past.filter(area="a1")).equals(accuracy(past).filter(area="a1"))


class TestGroups:
    def test_by_step(self):
        past = pl.concat([past_of({"mine": [1] * 5}, 1), past_of({"mine": [3] * 5}, 2)])
        table = accuracy(past, by="step")
        assert table.select("step", "model", "mae").rows() == [(1, "mine", 1.0), (2, "mine", 3.0)]

    def test_by_model_is_the_mean_of_the_series(self):
        past = pl.concat(
            [
                past_of({"mine": [1, -3], "drift": [4, 4]}, area="macao", unit="MOP"),
                past_of({"mine": [6, 6, 6], "drift": [4, 4, 4]}, area="zhuhai", unit="MOP"),
            ]
        )
        table = accuracy(past, by="model")
        mine = of_model(table, "mine")
        assert (mine["series"], mine["forecasts"]) == (2, 5)
        assert mine["mae"] == (2 + 6) / 2
        assert mine["mase"] == pytest.approx((2 / 5 + 6 / 5) / 2)
        assert mine["skill_drift"] == pytest.approx(1 - 0.8 / 0.8)
        assert mine["verdict"] == "MAE lower than drift in 1 of 2 series"

    def test_units_have_no_mean_and_constants_are_counted(self):
        past = pl.concat(
            [
                past_of({"mine": [1]}, area="macao", unit="MOP"),
                past_of({"mine": [3]}, area="zhuhai", unit="CNY").with_columns(
                    scale=None, squared_scale=None
                ),
            ]
        )
        mine = accuracy(past, by="model").row(0, named=True)
        assert (mine["mae"], mine["rmse"], mine["bias"]) == (None, None, None)
        assert (mine["series"], mine["unscaled"], mine["mase"]) == (2, 1, 0.2)
        assert mine["smape"] > 0

    def test_columns_of_a_backtest(self):
        table = accuracy(backtest(series_of_values(np.arange(12) ** 1.5, area="macao", unit="MOP"), 2))
        assert table.columns == [
            *(
                "area",
                "frequency",
                "model",
                "unit",
                "forecasts",
                "origins",
                "smape",
                "mase",
                "rmsse",
                "mae",
                "rmse",
            ),
            *("bias", "relative_bias", "coverage_80", "coverage_95", "msis_80", "msis_95", "pinball"),
            *("skill_drift", "skill_seasonal_naive", "dm_drift_p", "dm_seasonal_naive_p", "verdict"),
        ]


class TestVerdict:
    near, far = [1, -2, 1, 2, -1, 1, -2, 1], [9, -8, 7, 9, -10, 8, 9, -7]

    def test_better_and_worse(self):
        past = past_of({"mine": self.near, "drift": self.far, "seasonal_naive": self.near[::-1]})
        table = accuracy(past)
        mine = of_model(table, "mine")
        assert mine["skill_drift"] == pytest.approx(1 - 11 / 67)
        assert (
            mine["verdict"]
            == "better than drift (MAE 84% lower, p < 0.01); as good as seasonal naive (the same MAE)"
        )
        assert of_model(table, "drift")["verdict"] == "worse than seasonal naive (MAE 509% higher, p < 0.01)"

    def test_no_better(self):
        past = past_of({"mine": [9, 1, 8, 1, 9, 2], "drift": [5, 5, 5, 5, 5, 4]})
        assert of_model(accuracy(past), "mine")["verdict"].startswith(
            "no better than drift (MAE 3% higher, p = 0.9"
        )
        past = past_of({"mine": [8, 1, 7, 1, 9, 2], "drift": [5, 5, 5, 5, 5, 4]})
        assert of_model(accuracy(past), "mine")["verdict"].startswith(
            "not clearly better than drift (MAE 3% lower"
        )

    def test_too_few_origins(self):
        assert of_model(accuracy(past_of({"mine": [1, 2, 1], "drift": [9, 8, 9]})), "mine")["verdict"] == (
            "too few origins to tell (3)"
        )
        overlapping = past_of({"mine": self.near, "drift": self.far}, 5)
        assert (
            of_model(accuracy(overlapping), "mine")["verdict"] == "too few origins to tell (8, which overlap)"
        )

    def test_always_alike_and_a_perfect_benchmark(self):
        past = past_of({"mine": [2] * 6, "drift": [1] * 6, "seasonal_naive": [0] * 6})
        mine = of_model(accuracy(past), "mine")
        assert mine["skill_seasonal_naive"] is None
        assert mine["verdict"] == (
            "worse than drift (MAE 100% higher, at every origin alike); "
            "worse than seasonal naive (which made no error, at every origin alike)"
        )

    def test_nothing_to_compare_with(self):
        past = past_of({"mine": self.near, "drift": self.far})
        assert (
            of_model(accuracy(past.filter(model="mine")), "mine")["verdict"] == "no benchmark to compare with"
        )
        row = of_model(
            accuracy(past.filter((pl.col("model") == "mine") | (pl.col("origin") < date(2003, 1, 1)))), "mine"
        )
        assert (row["skill_drift"], row["dm_drift_p"]) == (None, None)

    def test_p_value_is_that_of_diebold_and_mariano_one_step_ahead(self):
        past = past_of({"mine": self.near, "drift": self.far})
        test = diebold_mariano(past).row(0, named=True)
        assert of_model(accuracy(past), "mine")["dm_drift_p"] == pytest.approx(test["p_value"])


class TestOwnFrame:
    def test_value_actual_and_model_are_enough(self):
        past = pl.DataFrame({"value": [1, 3], "actual": [2.0, 2.0], "model": ["a", "a"]})
        row = accuracy(past).row(0, named=True)
        assert (row["forecasts"], row["mae"], row["origins"], row["mase"], row["pinball"]) == (
            2,
            1.0,
            None,
            None,
            None,
        )
        assert accuracy(past, by="model")["mae"].item() == 1

    def test_periods_without_origins_are_compared_and_not_tested(self):
        past = past_of({"mine": [1, 2, 1], "drift": [2, 4, 2]}).drop("origin", "step")
        mine = of_model(accuracy(past), "mine")
        assert mine["skill_drift"] == 0.5
        assert mine["verdict"] == "not tested: the rows do not say their origins and periods"

    def test_a_missing_bound_makes_the_measure_null(self):
        past = past_of({"mine": [1, 2]}).with_columns(lower_80=pl.Series([90.0, None]), upper_80=110.0)
        row = accuracy(past).row(0, named=True)
        assert (row["coverage_80"], row["msis_80"], row["pinball"]) == (None, None, None)

    def test_zero_scale_is_no_scale(self):
        assert accuracy(past_of({"mine": [1]}).with_columns(scale=0.0))["mase"].item() is None


class TestBadInput:
    def test_duplicates(self):
        past = past_of({"mine": [1, 2]}, area="macao")
        with pytest.raises(FrameError, match=r"two forecasts for macao, 2000-01-01.*mine"):
            accuracy(pl.concat([past, past[:1]]))

    def test_missing_columns_and_numbers(self):
        past = past_of({"mine": [1, 2]})
        with pytest.raises(FrameError, match="lacks 'actual'"):
            accuracy(past.drop("actual"))
        with pytest.raises(FrameError, match="lacks 'step'"):
            accuracy(past.drop("step"), by="step")
        with pytest.raises(FrameError, match="'actual' is missing or not finite in 1 rows"):
            accuracy(past.with_columns(actual=pl.Series([1.0, None])))
        with pytest.raises(FrameError, match="'value' is missing or not finite in 2 rows"):
            accuracy(past.with_columns(value=float("nan")))
        with pytest.raises(FrameError, match="must hold numbers"):
            accuracy(past.with_columns(value=pl.lit("x")))
        with pytest.raises(FrameError, match="'origin' must hold dates"):
            accuracy(past.with_columns(origin=2000))
        with pytest.raises(FrameError, match="no rows"):
            accuracy(past.clear())
        with pytest.raises(FrameError, match="got list"):
            accuracy([1, 2])

    def test_by(self):
        with pytest.raises(UnknownNameError, match="step"):
            accuracy(past_of({"mine": [1]}), by="steps")

    def test_several_units(self):
        past = past_of({"mine": [1, 2]}, area="macao").with_columns(unit=pl.Series(["MOP", "USD"]))
        with pytest.raises(FrameError, match="macao has several units"):
            accuracy(past)
