"""Synthetic control: exact weights, bounds from left-out periods, placebos and their ranks."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from gbaindicators.comparison.policy import policy_effect
from gbaindicators.comparison.policy.synthetic import convex_weights, predictor_weights
from gbaindicators.errors import FrameError, SeriesTooShortError, UsageError


def years(values, first=1980):
    """Frame of areas ``a0, a1, ...`` from (periods, areas)."""
    dates = [date(first + t, 1, 1) for t in range(len(values))]
    return pl.concat(
        [
            pl.DataFrame({"area": f"a{i}", "period": dates, "value": column})
            for i, column in enumerate(values.T)
        ]
    )


def walks(seed, periods=30, areas=8):
    rng = np.random.default_rng(seed)
    return 100 + np.cumsum(rng.normal(size=(periods, 1)), 0) + rng.normal(size=(periods, areas))


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    rows=st.integers(1, 12),
    columns=st.integers(1, 9),
    scale=st.sampled_from([1e-3, 1, 1e6]),
)
def test_weights_satisfy_the_conditions_of_the_minimum(seed, rows, columns, scale):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(rows, columns)) * scale, rng.normal(size=rows) * scale
    w = convex_weights(x, y)
    assert w.min() >= 0 and w.sum() == pytest.approx(1)
    # Karush, Kuhn and Tucker: the gradient is least where the weights are
    gradient = x.T @ (x @ w - y)
    size = np.linalg.norm(x, 2) ** 2 + np.linalg.norm(y) ** 2
    assert (w > 0) @ (gradient - gradient.min()) <= 1e-7 * size


def test_weights_as_a_general_optimiser_finds_them():
    values = walks(3)
    x, y = values[:, 1:], values[:, 0]
    n = x.shape[1]
    other = minimize(
        lambda w: ((y - x @ w) ** 2).sum(), np.full(n, 1 / n), method="SLSQP", bounds=[(0, 1)] * n,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1}, options={"maxiter": 1000, "ftol": 1e-14},
    )  # fmt: skip
    assert convex_weights(x, y) == pytest.approx(other.x, abs=1e-4)
    assert ((y - x @ convex_weights(x, y)) ** 2).sum() <= other.fun * (1 + 1e-9)


def test_a_mixture_is_recovered_with_its_effect():
    values = walks(1)
    values[:, 0] = 0.3 * values[:, 2] + 0.7 * values[:, 5]
    values[20:, 0] += 4
    effect = policy_effect(years(values), "a0", "2000", method="synthetic", placebo=None)
    assert dict(effect.weights.rows()) == pytest.approx(
        {"a5": 0.7, "a2": 0.3, "a1": 0, "a3": 0, "a4": 0, "a6": 0, "a7": 0}, abs=1e-8
    )
    assert effect.frame["effect"][20:].to_list() == pytest.approx([4.0] * 10)
    assert "rmspe_ratio" not in effect.fit or effect.fit["rmspe_ratio"] > 1e6


def test_ranks_among_the_placebos():
    values = walks(2)
    values[20:, 0] += 15
    effect = policy_effect(years(values), "a0", "2000", method="synthetic", placebo=("space", "time"))
    space = effect.placebos.filter(pl.col("kind") == "space")
    assert space["unit"].to_list() == [f"a{i}" for i in range(1, 8)]
    assert effect.fit["p_space"] == pytest.approx(1 / 8)
    assert "stands out, but 7 placebos in space cannot give a p below 0.12" in effect.note
    time = effect.placebos.filter(pl.col("kind") == "time")
    assert time["start"].is_between(date(1990, 1, 1), date(1998, 1, 1)).all()
    assert (space["ratio"] == space["post_rmspe"] / space["pre_rmspe"]).all()


def test_processes_change_no_digit():
    frame = years(walks(4))
    alone = policy_effect(frame, "a0", "2000", method="synthetic", placebo=("space", "time")).placebos
    with ProcessPoolExecutor(2) as executor:
        shared = policy_effect(
            frame, "a0", "2000", method="synthetic", placebo=("space", "time"), executor=executor
        ).placebos
    assert shared.equals(alone)


def test_bounds_are_the_gaps_of_periods_left_out():
    values = walks(5)
    effect = policy_effect(years(values), "a0", "2000", method="synthetic", placebo=None)
    early = values[:20]
    gaps = sorted(
        abs(
            early[t, 0]
            - early[t, 1:] @ convex_weights(np.delete(early, t, 0)[:, 1:], np.delete(early, t, 0)[:, 0])
        )
        for t in range(20)
    )
    after = effect.frame[20:]
    # 0.95 * 21 = 19.95: the largest of twenty
    assert (after["upper_95"] - after["effect"]).to_list() == pytest.approx([gaps[-1]] * 10)
    short = policy_effect(years(values), "a0", "1995", method="synthetic", placebo=None)
    assert short.frame["lower_95"].null_count() == 30
    assert "null" in short.note and "only 15 periods" in short.note


def test_an_area_outside_the_range_of_its_controls_is_a_poor_fit():
    values = walks(6)
    values[:, 0] += 50
    effect = policy_effect(years(values), "a0", "2000", method="synthetic")
    assert "poor fit" in effect.note


def test_too_little_to_weigh():
    values = walks(7)
    with pytest.raises(SeriesTooShortError, match="2 periods before 1982"):
        policy_effect(years(values), "a0", "1982", method="synthetic")
    with pytest.raises(UsageError, match="two controls"):
        policy_effect(years(values[:, :2]), "a0", "2000", method="synthetic")
    two = policy_effect(years(values[:, :3]), "a0", "2000", method="synthetic")
    assert two.placebos.is_empty() and "no placebo in space" in two.note


def factor_panel(seed=0, periods=24, controls=9, effect=5.0):
    """Outcomes with two factors; the treated area's loadings are the mean of those of the first two controls.

    Returns the outcomes and, as predictors, the loadings and a number that has nothing to do with anything.
    """
    rng = np.random.default_rng(seed)
    loadings = rng.uniform(0, 10, size=(controls, 2))
    loadings = np.vstack([loadings[:2].mean(axis=0), loadings])
    factors = np.cumsum(rng.normal(size=(periods, 2)), axis=0) + 3
    values = factors @ loadings.T
    values[periods // 2 :, 0] += effect
    names = [f"a{i}" for i in range(controls + 1)]
    predictors = pl.DataFrame(
        [
            {
                "indicator": name,
                "area": area,
                "period": date(1980 + t, 1, 1),
                "value": float(x) * (1 + 0.1 * (t - 1)),
            }
            for name, column in (
                ("one", loadings[:, 0]),
                ("two", loadings[:, 1]),
                ("noise", rng.normal(size=controls + 1)),
            )
            for area, x in zip(names, column, strict=True)
            for t in range(3)
        ]
    )
    return years(values), predictors


@pytest.mark.parametrize("seed", range(3))
def test_predictors_find_the_effect_and_tell_noise(seed):
    frame, predictors = factor_panel(seed)
    found = policy_effect(frame, "a0", "1992", method="synthetic", predictors=predictors, placebo=None)
    assert found.fit["mean_effect"] == pytest.approx(5, abs=0.3)
    table = found.predictors
    assert table["predictor"].to_list() == ["one", "two", "noise"]
    assert table["weight"].sum() == pytest.approx(1)
    shown = table.head(2)
    assert shown["synthetic"].to_numpy() == pytest.approx(shown["treated"].to_numpy(), rel=0.02)
    assert "3 predictors" in found.heading and "noise" in found.summary()


def test_gaps_before_are_no_smaller_than_those_of_a_fit_to_every_period():
    frame, predictors = factor_panel(7)
    rng = np.random.default_rng(1)
    rough = frame.with_columns(pl.col("value") + pl.Series(rng.normal(size=frame.height)))
    free, bound = (
        policy_effect(rough, "a0", "1992", method="synthetic", predictors=p, placebo=None)
        for p in (None, predictors)
    )
    assert bound.fit["pre_rmspe"] >= free.fit["pre_rmspe"] * (1 - 1e-9)
    assert free.predictors is None


def test_search_for_predictor_weights_is_no_worse_than_a_grid():
    rng = np.random.default_rng(2)
    for _ in range(4):
        x, target = rng.normal(size=(2, 7)), rng.normal(size=2) * 0.3
        controls, outcome = rng.normal(size=(10, 7)), rng.normal(size=10)
        v, w = predictor_weights(x, target, controls, outcome)
        assert w.min() >= 0 and (w.sum(), v.sum()) == pytest.approx((1, 1))
        spread = np.column_stack([target, x]).std(axis=1, ddof=1)
        errors = [
            (
                (outcome - controls @ convex_weights(x / spread[:, None] * s[:, None], target / spread * s))
                ** 2
            ).mean()
            for s in (np.sqrt([share, 1 - share]) for share in np.linspace(0, 1, 101))
        ]
        assert ((outcome - controls @ w) ** 2).mean() <= min(errors) * 1.02


def test_units_of_predictors_do_not_matter():
    frame, predictors = factor_panel(4)
    scaled = predictors.with_columns(
        value=pl.when(pl.col("indicator") == "one").then(pl.col("value") * 1e6).otherwise("value")
    )
    one, other = (
        policy_effect(frame, "a0", "1992", method="synthetic", predictors=p, placebo=None)
        for p in (predictors, scaled)
    )
    assert one.frame["counterfactual"].to_numpy() == pytest.approx(
        other.frame["counterfactual"].to_numpy(), rel=1e-3
    )


def test_chosen_years_of_the_outcome_are_predictors_and_later_values_do_not_count():
    frame, _ = factor_panel(5)
    lags = pl.concat(
        frame.filter(pl.col("period").dt.year() == year).with_columns(indicator=pl.lit(f"in {year}"))
        for year in (1980, 1985, 1990)
    )
    later = frame.filter(pl.col("period").dt.year() >= 1992).with_columns(indicator=pl.lit("in 1980"))
    words = {"treated": "a0", "start": "1992", "method": "synthetic", "placebo": None}
    one, other = (policy_effect(frame, predictors=p, **words) for p in (lags, pl.concat([lags, later])))
    assert one.fit["mean_effect"] == other.fit["mean_effect"] == pytest.approx(5, abs=0.5)


def test_placebos_take_their_own_predictors():
    frame, predictors = factor_panel(6, controls=5)
    found = policy_effect(
        frame, "a0", "1992", method="synthetic", predictors=predictors, placebo=["space", "time"]
    )
    alone = policy_effect(
        frame.filter(pl.col("area") != "a0"),
        "a3",
        "1992",
        method="synthetic",
        predictors=predictors,
        placebo=None,
    )
    row = found.placebos.filter(kind="space", unit="a3").row(0, named=True)
    assert row["mean_effect"] == pytest.approx(alone.fit["mean_effect"])
    assert found.placebos.filter(kind="time").height > 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda p: p.drop("area"), "need the column 'area'"),
        (lambda p: p.filter(pl.col("area") != "a2"), "'one' has no value of a2: leave it out of controls"),
        (lambda p: p.head(-1), "'noise' has no value of a9 in the period that begins 1982"),
        (lambda p: p.with_columns(pl.col("period").dt.offset_by("30y")), "no period that ends before 1992"),
        (lambda p: p.drop("indicator"), "two values for a0 .* name each predictor"),
        (lambda p: p.with_columns(value=pl.lit(1.0)), "same in all areas"),
        (lambda p: p.with_columns(area=pl.lit("elsewhere")), "no value of a0 and its controls"),
    ],
)
def test_bad_predictors_are_named(change, says):
    frame, predictors = factor_panel()
    with pytest.raises(FrameError, match=says):
        policy_effect(frame, "a0", "1992", method="synthetic", predictors=change(predictors), placebo=None)


def test_predictors_belong_to_the_synthetic_control():
    frame, predictors = factor_panel()
    with pytest.raises(UsageError, match="belong to method='synthetic'"):
        policy_effect(frame, "a0", "1992", method="panel", predictors=predictors)
