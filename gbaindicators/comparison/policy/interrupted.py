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
    y, design = _values(areas, log=log), _design(areas)
    freedom = len(y) - design.shape[1]
    _check(areas, y, freedom)
    seasonal = design.shape[1] > len(_TERMS)
    used = lags_for(len(y)) if lags is None else lags
    slopes, covariance = regression(design, y, used)
    residual = y - design @ slopes
    rss = float(residual @ residual)
    fitted, low, high = _without_policy(areas, design, slopes, covariance, rss / freedom, freedom)
    if log:
        fitted, low, high = np.exp(fitted), np.exp(low), np.exp(high)
    mean = _mean_effect(areas, design, slopes, log=log)
    actual, error = areas.values[areas.before :], np.sqrt(np.diag(covariance))
    return Estimate(
        fitted=fitted,
        lower=actual - high,
        upper=actual - low,
        weights=_terms(slopes, error, freedom),
        fit={
            "r2": 1 - rss / float(((y - y.mean()) ** 2).sum()),
            "level_change": float(slopes[2]),
            "level_change_error": float(error[2]),
            "slope_change": float(slopes[3]),
            "slope_change_error": float(error[3]),
            "lags": float(used),
        },
        standard_error=float(np.sqrt(mean @ covariance @ mean)),
        freedom=float(freedom),
        done=f"interrupted time series{' of logarithms' if log else ''}: trend{', season' if seasonal else ''}, change of "
        f"level and slope; Newey-West errors with {used} lags",
        remarks=[]
        if seasonal or areas.seasons == 1
        else ["less than a season before the policy, or two in all: no seasonal terms"],
    )


def _check(areas: Areas, y: Array, freedom: int) -> None:
    if min(areas.before, areas.after) < FEWEST or freedom < FEWEST:
        raise SeriesTooShortError(
            f"{areas.before} periods before {areas.text(areas.start)} and {areas.after} from it on: level and slope need "
            f"{FEWEST} on either side and {len(y) - freedom + FEWEST} in all; load a longer span"
        )
    if np.ptp(y) == 0:
        raise FrameError(f"{areas.treated} has one value in every period: there is nothing to estimate")


def _without_policy(
    areas: Areas, design: Array, slopes: Array, covariance: Array, variance: float, freedom: int
) -> tuple[Array, Array, Array]:
    """What would have been in all periods, and its bounds at 95 percent from the policy on."""
    from scipy import stats

    fitted = _without(design) @ slopes
    ahead = _without(design)[areas.before :]
    spread = np.einsum("ti,ij,tj->t", ahead, covariance, ahead) + variance
    half = stats.t.ppf(0.975, freedom) * np.sqrt(spread)
    return fitted, fitted[areas.before :] - half, fitted[areas.before :] + half


def _mean_effect(areas: Areas, design: Array, slopes: Array, *, log: bool) -> Array:
    """How the mean effect changes with each coefficient."""
    without = _without(design)
    if not log:
        return np.asarray((design - without)[areas.before :].mean(0))
    with_it, fitted = np.exp(design @ slopes), np.exp(without @ slopes)
    change = with_it[:, None] * design - fitted[:, None] * without
    return np.asarray(change[areas.before :].mean(0))


def _terms(slopes: Array, error: Array, freedom: int) -> pl.DataFrame:
    """Coefficients with their errors; seasons are against the first."""
    from scipy import stats

    t = slopes / error
    names = [*_TERMS, *(f"season {i}" for i in range(2, len(slopes) - len(_TERMS) + 2))]
    p = 2 * stats.t.sf(np.abs(t), freedom)
    return pl.DataFrame({"control": names, "weight": slopes, "std_error": error, "t": t, "p_value": p})


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
