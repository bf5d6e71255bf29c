"""The panel data approach of Hsiao, Ching and Wan: the treated area regressed on a subset of its controls."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gbaindicators.comparison.policy.areas import Areas
from gbaindicators.comparison.policy.estimate import Estimate
from gbaindicators.comparison.policy.subsets import (
    Criterion,
    Subset,
    best_by_criterion,
    best_subsets,
    criteria_of,
)
from gbaindicators.errors import FrameError, SeriesTooShortError, UsageError
from gbaindicators.transforms.newey_west import lags_for, regression, variance_of_mean

__all__ = ["ASSUMPTIONS", "SPARE", "counterfactual", "estimate"]

Array = NDArray[np.float64]

#: Periods before the policy that there have to be above the number of controls, so that AICC exists for all of them.
SPARE: Final = 4
#: Periods after the policy from which serial correlation of the effects can be estimated at all.
_FEWEST_AFTER: Final = 8
ASSUMPTIONS: Final = (
    "the policy did not touch the controls (no spillovers), before or after",
    "common factors drive the treated area and the controls, and their loadings did not change at the policy's date",
    "nothing else struck the treated area alone when the policy began, and nobody acted ahead of it",
    "the bounds and the standard error take the chosen controls as given: choosing among many makes them too narrow",
)


def counterfactual(areas: Areas, criterion: Criterion) -> Array:
    """Fit in all periods on the controls that the criterion chooses before the policy."""
    subset = best_by_criterion(areas.others[: areas.before], areas.values[: areas.before], criterion)
    return _fit(areas.values, areas.others, areas.before, subset)[1]


def estimate(areas: Areas, criterion: Criterion) -> Estimate:
    """Estimate the effect: fit before the policy, prediction after it.

    Raises
    ------
    SeriesTooShortError
        Fewer periods before the policy than controls and four.
    FrameError
        A control is constant before the policy, or a sum of others.
    """
    from scipy import stats

    y, before, after = areas.values, areas.before, areas.after
    _check(areas)
    every = best_subsets(areas.others[:before], y[:before])
    scores = [criteria_of(s.rss, size, before) for size, s in enumerate(every)]
    chosen = min(range(len(every)), key=lambda size: scores[size][criterion])
    subset = every[chosen]
    slopes, fitted = _fit(y, areas.others, before, subset)
    design = _design(areas.others, subset)
    freedom = before - chosen - 1
    spread = float(np.sqrt(subset.rss / freedom))
    gram = np.linalg.inv(design[:before].T @ design[:before])
    leverage = np.einsum("ti,ij,tj->t", design[before:], gram, design[before:])
    half = stats.t.ppf(0.975, freedom) * spread * np.sqrt(1 + leverage)
    effect = (y - fitted)[before:]
    total = float(((y[:before] - y[:before].mean()) ** 2).sum())
    error = np.sqrt(np.diag(gram)) * spread
    names = ["constant", *(areas.controls[i] for i in subset.columns)]
    lags = lags_for(after) if after >= _FEWEST_AFTER else 0
    return Estimate(
        fitted=fitted,
        lower=effect - half,
        upper=effect + half,
        weights=pl.DataFrame(
            {"control": names, "weight": slopes, "std_error": error, "t": slopes / error},
        ),
        fit={"r2": 1 - subset.rss / total, **scores[chosen], "controls": float(chosen), "lags": float(lags)},
        standard_error=_error_of_mean(design, y, effect, before, spread),
        freedom=float(freedom if after < _FEWEST_AFTER else min(freedom, after - 1)),
        subsets=_subsets(areas, every, scores, total, chosen),
        done=f"least squares on {chosen} of {len(areas.controls)} controls, chosen by {criterion.upper()} among the "
        "best subsets of every size (Hsiao, Ching and Wan 2012)",
        remarks=_remarks(areas, subset),
    )


def _error_of_mean(design: Array, y: Array, effect: Array, before: int, spread: float) -> float:
    """Standard error of the mean effect: of the coefficients, and of what is left in the periods after."""
    _, covariance = regression(design[:before], y[:before], lags_for(before))
    middle, after = design[before:].mean(0), len(effect)
    noise = variance_of_mean(effect, lags_for(after)) if after >= _FEWEST_AFTER else spread**2 / after
    return float(np.sqrt(middle @ covariance @ middle + noise))


def _subsets(
    areas: Areas, every: list[Subset], scores: list[dict[str, float]], total: float, chosen: int
) -> pl.DataFrame:
    """Best subset of every size, with the criteria that it was chosen by."""
    return pl.DataFrame(
        {
            "size": range(len(every)),
            "controls": [[areas.controls[i] for i in s.columns] for s in every],
            "rss": [s.rss for s in every],
            "r2": [1 - s.rss / total for s in every],
            **{name: [score[name] for score in scores] for name in ("aicc", "aic", "bic")},
            "chosen": [size == chosen for size in range(len(every))],
        },
        schema_overrides={"controls": pl.List(pl.String)},
    )


def _design(others: Array, subset: Subset) -> Array:
    return np.column_stack([np.ones(len(others)), others[:, list(subset.columns)]])


def _fit(values: Array, others: Array, before: int, subset: Subset) -> tuple[Array, Array]:
    design = _design(others, subset)
    slopes: Array = np.linalg.lstsq(design[:before], values[:before])[0].astype(np.float64)
    return slopes, design @ slopes


def _check(areas: Areas) -> None:
    before, controls = areas.before, len(areas.controls)
    if controls == 0:
        raise UsageError(
            "the panel data approach needs controls: give areas that the policy did not touch, or use "
            "method='interrupted'"
        )
    if before < controls + SPARE:
        fewer = (
            f"Choose at most {before - SPARE} controls (controls=[...]), load" if before > SPARE else "Load"
        )
        raise SeriesTooShortError(
            f"{before} periods before {areas.text(areas.start)} for {controls} controls: every subset can be judged "
            f"only from {controls + SPARE} periods on. {fewer} a longer span, or use "
            "method='synthetic'"
        )
    early = areas.others[:before]
    for name, column in zip(areas.controls, early.T, strict=True):
        if np.ptp(column) == 0:
            raise FrameError(
                f"{name} has one value in every period before the policy: leave it out of controls"
            )
    if np.ptp(areas.values[:before]) == 0:
        raise FrameError(
            f"{areas.treated} has one value in every period before the policy: nothing can be fitted"
        )
    scaled = (early - early.mean(0)) / early.std(0)
    if np.linalg.matrix_rank(scaled, tol=1e-8 * np.sqrt(before)) < controls:
        raise FrameError(
            "before the policy some controls are sums or multiples of others (a total beside its parts?): leave "
            "the total out of controls"
        )


def _remarks(areas: Areas, subset: Subset) -> list[str]:
    chosen = areas.others[:, list(subset.columns)]
    early, late = chosen[: areas.before], chosen[areas.before :]
    beyond = ((late < early.min(0)) | (late > early.max(0))).any(1) if subset.columns else np.zeros(1)
    if beyond.mean() > 0.5:
        return [
            f"in {beyond.mean():.0%} of the periods after the start a control is outside its range before it: the "
            "counterfactual is extrapolated"
        ]
    return [] if subset.columns else ["no control helps: the counterfactual is the mean before the policy"]
