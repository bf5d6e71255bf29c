"""How far off forecasts are likely to be, by horizon.

Three things are known of a series: how far off the model was at origins in its past; how far off exponential
smoothing is one step ahead, within the sample; and how errors would grow if the series moved as the smoothing
parameter and the slope say. The last gives the shape, the second a scale that rests on every value, and the first
corrects both, by horizon, as far as it has errors to go by. No series is too short, and none falls off an edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from gbaindicators.forecasting.panel.panel import Integers, Matrix, Panel
from gbaindicators.forecasting.panel.seasonality import seasonal_factors, seasonally_adjusted
from gbaindicators.forecasting.panel.theta import smoothing_fit

__all__ = ["Spread", "spread_of_errors"]

#: How many past errors the one-step errors within the sample count for, and how many parameters made those too small.
_WITHIN: Final = 10.0
_FITTED: Final = 5.0
#: How many past errors of a horizon the errors of all horizons count for.
_POOLED: Final = 15.0
#: The forecast goes on with about half of the slope; the truth may be anywhere from none of it to all.
_SLOPE: Final = 0.5
#: Largest squared slope, in squared one-step errors, so that a straight line does not make its own error.
_STEEPEST: Final = 4.0
#: Degrees of freedom, by origin: errors of origins close together say little that is new.
_FREEDOM: Final = 1.5
_FREEDOM_PER_ORIGIN: Final = 0.4
#: A typical error in root mean squared ones: their tails are heavier than a normal distribution's.
_TYPICAL: Final = 0.9
_FEWEST_OF_LATE: Final = 3
#: How many times a series may have grown since an origin for its errors to be taken in proportion.
_MOST_GROWN: Final = 4.0


@dataclass(frozen=True, slots=True)
class Spread:
    """Distribution of forecast errors: Student's t, scaled, symmetric about the forecast.

    `deviation` has a row for each series and a column for each step; `freedom` one number for each series;
    `alpha` and `slope` (in one-step errors) say how the errors of different steps go together.
    """

    deviation: Matrix
    freedom: Matrix
    alpha: Matrix
    slope: Matrix

    def half_widths(self, level: Sequence[float]) -> Matrix:
        """Half widths of the prediction intervals, by level, series and step."""
        from scipy.special import stdtrit

        chance = 0.5 + np.asarray(level, dtype=float)[:, None] / 200
        quantiles = stdtrit(self.freedom[None, :], chance)
        widths: Matrix = quantiles[:, :, None] * self.deviation
        return widths

    def between_steps(self, series: int) -> Matrix:
        """Correlation of the errors of one series at different steps."""
        steps = np.arange(1, self.deviation.shape[1] + 1)
        alpha, slope = self.alpha[series], self.slope[series]
        sooner = np.minimum(steps[:, None], steps)
        shared = alpha + alpha**2 * (sooner - 1) + slope**2 * steps[:, None] * steps
        np.fill_diagonal(shared, 1 + alpha**2 * (steps - 1) + slope**2 * steps**2)
        size = np.sqrt(np.diag(shared))
        correlation: Matrix = shared / (size[:, None] * size)
        return correlation


def spread_of_errors(panel: Panel, season: int, horizon: int, offsets: Integers, errors: Matrix) -> Spread:
    """Estimate the distribution of the forecast errors of each series.

    Parameters
    ----------
    panel
        The series.
    season, horizon
        Periods in a season and to forecast.
    offsets
        How many values before the end each origin lies, by series and origin.
    errors
        Past errors by series, origin and step, NaN where there are none.

    Returns
    -------
    Spread
        With deviations that never fall as the horizon grows.
    """
    adjusted = seasonally_adjusted(panel, seasonal_factors(panel, season))
    variance, alpha, slope = smoothing_fit(adjusted)
    relative_slope = np.sqrt(
        np.minimum((_SLOPE * slope) ** 2 / np.maximum(variance, 1e-300), _SLOPE**2 * _STEEPEST)
    )
    steps = np.arange(1, horizon + 1)
    shape = 1 + (steps - 1) * alpha[:, None] ** 2 + relative_slope[:, None] ** 2 * steps**2
    known = np.isfinite(errors)
    squares = _mean_of_scales(np.where(known, errors, 0.0), known, shape, _sizes(panel, season, offsets))
    counts = known.sum(axis=1)
    pooled = ((squares / shape).sum(axis=1) + _WITHIN * _optimism(panel.lengths) * variance) / (
        counts.sum(axis=1) + _WITHIN
    )
    by_step = (squares + _POOLED * pooled[:, None] * shape) / (counts + _POOLED)
    origins = known.any(axis=2).sum(axis=1)
    return Spread(
        _TYPICAL * _never_falling(np.sqrt(by_step)),
        _FREEDOM + _FREEDOM_PER_ORIGIN * origins,
        alpha,
        relative_slope,
    )


def _optimism(lengths: Integers) -> Matrix:
    """By how much errors within the sample are too small, as Akaike's final prediction error has it."""
    factor: Matrix = (lengths + _FITTED) / np.maximum(lengths - _FITTED, 1)
    return factor


def _sizes(panel: Panel, season: int, offsets: Integers) -> Matrix:
    """Mean absolute value before each origin in terms of that before the end."""
    width = max(season, _FEWEST_OF_LATE)
    total = np.concatenate([np.zeros((1, panel.values.shape[1])), np.cumsum(np.abs(panel.values), axis=0)])

    def of_late(before: Integers) -> Matrix:
        end = np.maximum(panel.lengths[:, None] - before, 1)
        start = np.maximum(end - width, 0)
        column = np.arange(len(panel.lengths))[:, None]
        mean: Matrix = (total[end, column] - total[start, column]) / (end - start)
        return mean

    then, now = of_late(offsets), of_late(np.zeros((len(offsets), 1), dtype=np.int64))
    sizes: Matrix = np.where((then > 0) & (now > 0), then / np.where(now > 0, now, 1.0), 1.0)
    return np.clip(sizes, 1 / _MOST_GROWN, _MOST_GROWN)


def _mean_of_scales(errors: Matrix, known: Matrix, shape: Matrix, sizes: Matrix) -> Matrix:
    """Sums over origins of squared errors, taken as they are or in proportion to the size of the series then.

    What was off by a tenth when a series was small may be off by a tenth now, or by as much as then. The two are
    weighed by which makes the past errors likelier.
    """
    counts = np.maximum(known.sum(axis=(1, 2)), 1)
    per_origin = known.any(axis=2)
    origins = per_origin.sum(axis=1)
    squares, likelihoods = [], []
    for power in (0, 1):
        scaled = (errors / sizes[:, :, None] ** power) ** 2
        mean = (scaled / shape[:, None]).sum(axis=(1, 2)) / counts
        log_size = power * np.where(per_origin, np.log(sizes), 0.0).sum(axis=1)
        likelihoods.append(-0.5 * origins * np.log(np.maximum(mean, 1e-300)) - log_size)
        squares.append(scaled.sum(axis=1))
    share = 1 / (1 + np.exp(np.clip(likelihoods[0] - likelihoods[1], -50, 50)))[:, None]
    blended: Matrix = (1 - share) * squares[0] + share * squares[1]
    return blended


def _never_falling(deviation: Matrix) -> Matrix:
    """Mean of the smallest majorant and the largest minorant that never fall: the running maximum alone is biased."""
    above = np.maximum.accumulate(deviation, axis=1)
    below = np.minimum.accumulate(deviation[:, ::-1], axis=1)[:, ::-1]
    between: Matrix = (above + below) / 2
    return between
