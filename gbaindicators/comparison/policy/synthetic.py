"""Synthetic control: the average of the controls, with weights that add up to one, nearest to the treated area."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gbaindicators.comparison.policy.areas import Areas
from gbaindicators.comparison.policy.estimate import Estimate
from gbaindicators.errors import SeriesTooShortError, UsageError

__all__ = ["ASSUMPTIONS", "FEWEST_BEFORE", "convex_weights", "counterfactual", "estimate"]

Array = NDArray[np.float64]

#: Periods before the policy from which a weight can be fitted and judged.
FEWEST_BEFORE: Final = 3
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


def counterfactual(areas: Areas) -> Array:
    """Synthetic control in all periods."""
    return np.asarray(
        areas.others @ convex_weights(areas.others[: areas.before], areas.values[: areas.before])
    )


def estimate(areas: Areas) -> Estimate:
    """Estimate the effect: the treated area less its synthetic control.

    The bounds are those of the gaps before the policy, each taken with weights fitted without that period; below 19
    such periods there are none at 95 percent.

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
    weights = convex_weights(x[:before], y[:before])
    fitted = x @ weights
    effect = (y - fitted)[before:]
    half = _bound(x[:before], y[:before])
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
        "Hainmueller 2010), fitted to every period before the policy",
        remarks=[f"{before} periods before the start give no 95% bounds (19 do): they are null"]
        if short
        else [],
    )


def _bound(controls: Array, target: Array) -> float:
    """Gap that 95 of 100 periods stay within when the weights do not know them; NaN below 19 periods."""
    count = len(target)
    place = int(np.ceil(0.95 * (count + 1)))
    if place > count:
        return float("nan")
    gaps = []
    for t in range(count):
        rest = np.arange(count) != t
        gaps.append(abs(target[t] - controls[t] @ convex_weights(controls[rest], target[rest])))
    return float(np.sort(gaps)[place - 1])
