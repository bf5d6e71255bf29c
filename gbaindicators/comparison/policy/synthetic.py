"""Synthetic control: the average of the controls, with weights that add up to one, nearest to the treated area."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gbaindicators.comparison.policy.areas import Areas
from gbaindicators.comparison.policy.estimate import Estimate
from gbaindicators.errors import SeriesTooShortError, UsageError

__all__ = [
    "ASSUMPTIONS", "FEWEST_BEFORE", "convex_weights", "counterfactual", "estimate", "predictor_weights",
]  # fmt: skip

Array = NDArray[np.float64]

#: Periods before the policy from which a weight can be fitted and judged.
FEWEST_BEFORE: Final = 3
#: Points from which the weights of the predictors are searched for.
_STARTS: Final = 3
ASSUMPTIONS: Final = (
    "the policy did not touch the controls (no spillovers), before or after",
    "the treated area lies within the range of the controls: weights are not below zero and add up to one",
    "a fit that is close over a long time before the policy would have stayed close without it",
    "nothing else struck the treated area alone when the policy began, and nobody acted ahead of it",
)


def convex_weights(controls: Array, target: Array) -> Array:
    """Weights, none below zero and one in sum, whose average of `controls` is nearest to `target`.

    The point of the hull of the differences ``controls - target`` that is nearest to the origin is found by
    non-negative least squares (an active set method) with one row of ones added: its solution, divided by its
    sum, is the exact minimiser, since for weights that sum to ``s`` the best ``s`` grows as the distance shrinks.

    Parameters
    ----------
    controls
        (periods, controls).
    target
        (periods,).

    References
    ----------
    Lawson and Hanson (1974), Solving Least Squares Problems, chapter 23; Wolfe (1976), "Finding the nearest point
    in a polytope", Mathematical Programming 11, 128-149.

    Examples
    --------
    >>> x = np.array([[0.0, 4.0, 9.0], [0.0, 8.0, 1.0]])
    >>> [round(float(w), 6) for w in convex_weights(x, np.array([1.0, 2.0]))]
    [0.75, 0.25, 0.0]
    """
    from scipy.optimize import nnls

    gaps = controls - target[:, None]
    size = float(np.sqrt((gaps**2).sum(0).min()))
    if size == 0:
        exact: Array = np.zeros(gaps.shape[1])
        exact[int((gaps**2).sum(0).argmin())] = 1.0
        return exact
    rows = np.vstack([gaps / size, np.ones(gaps.shape[1])])
    found, _ = nnls(rows, np.append(np.zeros(len(gaps)), 1.0))
    return np.asarray(found / found.sum())


def predictor_weights(
    predictors: Array, target: Array, controls: Array, outcome: Array
) -> tuple[Array, Array]:
    """Weights of the predictors, and of the controls that they give, with the smallest gaps before the policy.

    For given weights `v` of the predictors, each in units of its standard deviation over the areas, the controls get
    the convex weights whose average is nearest to the treated area's predictors; `v` is searched for such that this
    average is nearest to its outcomes, by Nelder and Mead's method from the best of many points.

    Parameters
    ----------
    predictors, target
        (predictors, controls) and (predictors,): means before the policy.
    controls, outcome
        (periods, controls) and (periods,): outcomes before the policy.

    Returns
    -------
    tuple
        `v`, none below zero and one in sum, and the weights of the controls.

    References
    ----------
    Abadie, Diamond and Hainmueller (2010), section 2.3.

    Examples
    --------
    Only the first predictor goes with the outcome:

    >>> x = np.array([[0.0, 2.0, 4.0], [1.0, 0.0, 5.0]])
    >>> v, w = predictor_weights(x, np.array([1.0, 4.0]), np.array([[0.0, 4.0, 8.0]]), np.array([2.0]))
    >>> round(float(np.array([0.0, 4.0, 8.0]) @ w), 4)
    2.0
    """
    from scipy.optimize import minimize

    spread = np.column_stack([target, predictors]).std(axis=1, ddof=1)
    x, y = predictors / spread[:, None], target / spread
    count = len(x)

    def weights(roots: Array) -> Array:
        size = float(np.abs(roots).max())
        scale = np.abs(roots) / size if size > 0 else np.ones(count)
        return convex_weights(x * scale[:, None], y * scale)

    def gap(roots: Array) -> float:
        return float(((outcome - controls @ weights(roots)) ** 2).mean())

    if count == 1:
        return np.ones(1), weights(np.ones(1))
    drawn = np.sqrt(np.random.default_rng(0).dirichlet(np.ones(count), size=20 * count))
    starts = sorted([*np.eye(count), np.ones(count), *drawn], key=gap)[:_STARTS]
    found = [
        minimize(
            gap, start, method="Nelder-Mead", options={"maxiter": 200 * count, "xatol": 1e-4, "fatol": 0.0}
        )
        for start in starts
    ]
    best = min(found, key=lambda result: float(result.fun)).x
    v = best**2 / float((best**2).sum())
    return np.asarray(v), weights(best)


def _weights(areas: Areas) -> tuple[Array | None, Array]:
    """Weights of the predictors, where there are some, and of the controls."""
    before, y, x = areas.before, areas.values, areas.others
    if areas.predictors is None:
        return None, convex_weights(x[:before], y[:before])
    means = areas.predictors.means(areas.start)
    return predictor_weights(means[:, 1:], means[:, 0], x[:before], y[:before])


def counterfactual(areas: Areas) -> Array:
    """Synthetic control in all periods."""
    return np.asarray(areas.others @ _weights(areas)[1])


def estimate(areas: Areas) -> Estimate:
    """Estimate the effect: the treated area less its synthetic control.

    The bounds are those of the gaps before the policy; where the weights are fitted to the outcomes each gap is taken with
    weights fitted without that period. Below 19 such periods there are none at 95 percent.

    Raises
    ------
    SeriesTooShortError
        Fewer than three periods before the policy.
    """
    y, x, before = areas.values, areas.others, areas.before
    if len(areas.controls) < 2:
        raise UsageError(
            "a synthetic control needs two controls or more: give more areas, or use method='interrupted'"
        )
    if before < FEWEST_BEFORE:
        raise SeriesTooShortError(
            f"{before} periods before {areas.text(areas.start)}: a synthetic control needs {FEWEST_BEFORE} or more; "
            "load a longer span"
        )
    v, weights = _weights(areas)
    fitted = x @ weights
    effect = (y - fitted)[before:]
    half = _highest((y - fitted)[:before] if v is not None else _left_out(x[:before], y[:before]))
    total = float(((y[:before] - y[:before].mean()) ** 2).sum())
    error = float(((y - fitted)[:before] ** 2).sum())
    short = np.isnan(half)
    return Estimate(
        fitted=fitted,
        lower=effect - half,
        upper=effect + half,
        weights=pl.DataFrame({"control": areas.controls, "weight": weights}).sort(
            "weight", descending=True, maintain_order=True
        ),
        fit={
            "r2": 1 - error / total if total > 0 else float("nan"),
            "controls": float((weights > 1e-9).sum()),
        },
        done=f"synthetic control of {int((weights > 1e-9).sum())} of {len(areas.controls)} areas (Abadie, Diamond and "
        f"Hainmueller 2010), fitted to {'every period' if v is None else f'{len(v)} predictors'} before the policy",
        predictors=None if v is None else _balance(areas, v, weights),
        remarks=[f"{before} periods before the start give no 95% bounds (19 do): they are null"]
        if short
        else [],
    )


def _balance(areas: Areas, v: Array, weights: Array) -> pl.DataFrame:
    """What the predictors are in the treated area, in its synthetic control and over the controls."""
    assert areas.predictors is not None
    means = areas.predictors.means(areas.start)
    return pl.DataFrame(
        {
            "predictor": areas.predictors.names,
            "weight": v,
            "treated": means[:, 0],
            "synthetic": means[:, 1:] @ weights,
            "controls": means[:, 1:].mean(axis=1),
        }
    )


def _left_out(controls: Array, target: Array) -> Array:
    """Gap of each period when the weights do not know it."""
    gaps = []
    for t in range(len(target)):
        rest = np.arange(len(target)) != t
        gaps.append(target[t] - controls[t] @ convex_weights(controls[rest], target[rest]))
    return np.array(gaps)


def _highest(gaps: Array) -> float:
    """Size that 95 of 100 gaps stay within; NaN below 19 of them."""
    place = int(np.ceil(0.95 * (len(gaps) + 1)))
    return float("nan") if place > len(gaps) else float(np.sort(np.abs(gaps))[place - 1])
