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
from gbaindicators.comparison.policy.synthetic import convex_weights
from gbaindicators.errors import SeriesTooShortError, UsageError


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
