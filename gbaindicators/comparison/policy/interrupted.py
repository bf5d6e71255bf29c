"""Interrupted time series: the trend before the policy against level and slope after it."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gbaindicators.comparison.policy.areas import Areas
from gbaindicators.comparison.policy.estimate import Estimate
from gbaindicators.errors import FrameError, SeriesTooShortError
from gbaindicators.transforms.newey_west import lags_for, regression

__all__ = ["FEWEST", "assumptions", "counterfactual", "estimate"]

Array = NDArray[np.float64]

#: Periods that a trend needs on either side of the policy.
FEWEST: Final = 3
_TERMS: Final = ("level before", "trend", "level change", "slope change")


def assumptions(areas: Areas, *, log: bool) -> tuple[str, ...]:
    """What has to hold for the effect to be the policy's."""
    season = _seasons(areas) > 1
    change = "the effect is a change of level and of slope from the date on" + (
        ", in logarithms" if log else ""
    )
    if season:
        change += ", and the season stays the same in " + (
            "percent" if log else "amount (take log=True where it grows with the level)"
        )
    return (
        f"without the policy the straight trend {'of the logarithms ' if log else ''}{'and the season ' if season else ''}"
        "before it would have gone on",
        "nothing else happened to the area when the policy began: there is no control that would show it",
        change,
    )


def counterfactual(areas: Areas, *, log: bool = False) -> Array:
    """Trend, and season where there is one, without the policy, in all periods."""
    design = _design(areas)
    slopes = np.linalg.lstsq(design, _values(areas, log=log))[0]
    fitted = np.asarray(_without(design) @ slopes)
    return np.exp(fitted) if log else fitted


def _values(areas: Areas, *, log: bool) -> Array:
    if not log:
        return areas.values
    if (areas.values <= 0).any():
        first = areas.periods[int((areas.values <= 0).argmax())]
        raise FrameError(
            f"{areas.treated} is not above zero in {areas.text(first)}, so it has no logarithm there: leave log=True out, "
            "or load a span without such periods"
        )
    return np.log(areas.values)


def estimate(areas: Areas, lags: int | None, *, log: bool = False) -> Estimate:
    """Estimate level and slope change by least squares with Newey-West errors.

    With `log` all is fitted to logarithms; counterfactual and bounds are in the unit of the figures again, and the
    standard error of the mean effect is by the delta method.

    Raises
    ------
    SeriesTooShortError
        Fewer than three periods on either side, or fewer periods than coefficients and three.
    FrameError
        The area has one value in every period, or one without a logarithm.
    """
    from scipy import stats

    y, before = _values(areas, log=log), areas.before
    design = _design(areas)
    seasonal = design.shape[1] > len(_TERMS)
    names = [*_TERMS, *(f"season {i}" for i in range(2, design.shape[1] - len(_TERMS) + 2))]
    freedom = len(y) - design.shape[1]
    if min(before, areas.after) < FEWEST or freedom < FEWEST:
        raise SeriesTooShortError(
            f"{before} periods before {areas.text(areas.start)} and {areas.after} from it on: level and slope need "
            f"{FEWEST} on either side and {design.shape[1] + FEWEST} in all; load a longer span"
        )
    if np.ptp(y) == 0:
        raise FrameError(f"{areas.treated} has one value in every period: there is nothing to estimate")
    used = lags_for(len(y)) if lags is None else lags
    slopes, covariance = regression(design, y, used)
    error = np.sqrt(np.diag(covariance))
    fitted = _without(design) @ slopes
    residual = y - design @ slopes
    spread2 = float(residual @ residual) / freedom
    ahead = _without(design)[before:]
    quantile = stats.t.ppf(0.975, freedom)
    half = quantile * np.sqrt(np.einsum("ti,ij,tj->t", ahead, covariance, ahead) + spread2)
    low, high = fitted[before:] - half, fitted[before:] + half
    mean = (design - _without(design))[before:].mean(0)
    if log:
        fitted, low, high = np.exp(fitted), np.exp(low), np.exp(high)
        with_it = np.exp(design @ slopes)
        mean = (with_it[:, None] * design - fitted[:, None] * _without(design))[before:].mean(0)
    actual = areas.values[before:]
    t = slopes / error
    total = float(((y - y.mean()) ** 2).sum())
    return Estimate(
        fitted=fitted,
        lower=actual - high,
        upper=actual - low,
        weights=pl.DataFrame(
            {
                "control": names,
                "weight": slopes,
                "std_error": error,
                "t": t,
                "p_value": 2 * stats.t.sf(np.abs(t), freedom),
            }
        ),
        fit={
            "r2": 1 - float(residual @ residual) / total,
            "level_change": float(slopes[2]),
            "level_change_error": float(error[2]),
            "slope_change": float(slopes[3]),
            "slope_change_error": float(error[3]),
            "lags": float(used),
        },
        standard_error=float(np.sqrt(mean @ covariance @ mean)),
        freedom=float(freedom),
        done=f"interrupted time series{' of logarithms' if log else ''}: trend{', season' if seasonal else ''}, change of level and slope; Newey-West "
        f"errors with {used} lags",
        remarks=[]
        if seasonal or areas.seasons == 1
        else ["less than a season before the policy, or two in all: no seasonal terms"],
    )


def _seasons(areas: Areas) -> int:
    """How many seasons the trend goes with; 1 where there is none, or too little time to tell it."""
    known = len(areas.periods) >= 2 * areas.seasons and areas.before >= areas.seasons
    return areas.seasons if known else 1


def _design(areas: Areas) -> Array:
    """Columns: constant, trend (0 at the start), level change, slope change, and seasons against the first."""
    time = np.arange(len(areas.periods)) - areas.before
    after = time >= 0
    seasons = [areas.season == s for s in range(1, _seasons(areas))]
    return np.column_stack([np.ones(len(time)), time, after, after * time, *seasons]).astype(float)


def _without(design: Array) -> Array:
    """Put the design as it would be without the policy."""
    changed = design.copy()
    changed[:, 2:4] = 0.0
    return changed
