"""Prediction intervals from the errors that a model made on the series itself.

The model is fitted again at origins in the past and its errors on what followed are collected for each horizon.
Theory enters as a few pseudo-observations, so that no series is too short and none falls off an edge: the errors
of all horizons, scaled by the square root of the horizon as in a random walk, stand in where a horizon has few
errors of its own, and the variance of the one-period changes stands in where there are few origins. The variance
is estimated from few origins, so Student's quantile widens the interval as many times as it takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gbaindicators.forecasting.theta import is_seasonal, point_forecasts, seasonally_adjusted

__all__ = ["half_widths", "rolling_origins"]

Matrix = NDArray[np.float64]

_MOST_ORIGINS: Final = 24
_SHORTEST_TRAINING: Final = 5
#: How many observed errors the theory counts for.
_PRIOR: Final = 3
#: Periods that tell how large a series is at an origin: whole seasons of quarters and months.
_OF_LATE: Final = 12


def rolling_origins(n: int, horizon: int, season: int) -> NDArray[np.int64]:
    """Training lengths at which the model is tried on a series of `n` observations.

    At most 24, the latest ones, spread over the past that the horizon asks for; each leaves enough to fit the
    same kind of model, which takes three whole seasons where the series has that many.
    """
    shortest = 3 * season if season > 1 and 3 * season <= n else _SHORTEST_TRAINING
    first = max(shortest, n - _MOST_ORIGINS - horizon)
    if first >= n:
        return np.empty(0, dtype=np.int64)
    return np.unique(np.linspace(first, n - 1, min(_MOST_ORIGINS, n - first)).astype(np.int64))


def half_widths(
    model: str, y: Matrix, horizon: int, season: int, level: Sequence[float], *, relative: bool
) -> Matrix:
    """Half width of the intervals, by level, series and horizon.

    Intervals of a higher level are wider, and none is narrower at a longer horizon. With `relative`, past errors
    count in proportion to the size of the series then and now: what was off by a tenth when it was small is off
    by a tenth when it is large. On the log scale they are relative already.
    """
    from scipy.special import stdtrit

    n = y.shape[1]
    origins = rolling_origins(n, horizon, season)
    size = _size(y, 1.0)
    growth = np.sqrt(np.arange(1, horizon + 1))
    squares, counts = np.zeros((len(y), horizon)), np.zeros(horizon)
    for origin in origins:
        ahead = min(horizon, n - int(origin))
        errors = y[:, origin : origin + ahead] - point_forecasts(model, y[:, :origin], ahead, season)
        if relative:
            errors *= size / _size(y[:, :origin], size)
        squares[:, :ahead] += errors**2
        counts[:ahead] += 1
    adjusted, _ = seasonally_adjusted(y, season, is_seasonal(y, season))
    changes = np.diff(adjusted, axis=1).var(axis=1, ddof=1)
    pooled = ((squares / growth**2).sum(axis=1) + _PRIOR * changes) / (counts.sum() + _PRIOR)
    variance = (squares + _PRIOR * pooled[:, None] * growth**2) / (counts + _PRIOR)
    deviation = _never_falling(np.sqrt(variance))
    quantiles = stdtrit(len(origins) + _PRIOR, 0.5 + np.asarray(level, dtype=float) / 200)
    widths: Matrix = quantiles[:, None, None] * deviation
    return widths


def _size(y: Matrix, otherwise: Matrix | float) -> Matrix:
    """Mean absolute value of each series of late, and `otherwise` where that is zero."""
    size = np.abs(y[:, -_OF_LATE:]).mean(axis=1, keepdims=True)
    return np.where(size > 0, size, otherwise)


def _never_falling(deviation: Matrix) -> Matrix:
    """Mean of the smallest majorant and the largest minorant that never fall: the running maximum alone is biased."""
    above = np.maximum.accumulate(deviation, axis=1)
    below = np.minimum.accumulate(deviation[:, ::-1], axis=1)[:, ::-1]
    between: Matrix = (above + below) / 2
    return between
