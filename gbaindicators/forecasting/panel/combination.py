"""Combine the forecasts of several models by what each has been worth on the series.

Errors differ by series, but a short series says little about which model suits it. The weight of a model is
therefore its past mean absolute error to a negative power that grows with the length of the series, from nothing
(equal weights) to two; and of the weighted forecasts at each step only the middle half is averaged, so that a
model that runs off takes nothing with it. The members, the power and the middle half were chosen on the training
parts of the M3 series and on the M1 and tourism competitions (see `tests/benchmarks/choices.py`), not on
the values that the README reports.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from gbaindicators.forecasting.panel.panel import Integers, Matrix

__all__ = ["combination_members", "combined", "record_weights"]

#: Models in the combination, and whether each works on logarithms. They err in different ways, which is what makes
#: their middle better than each; drift and simple smoothing are the ends between which the others lie. Complex
#: smoothing models levels: what it makes of logarithms depends on their zero.
_WITHOUT_SEASON: Final = (
    ("ets", True),
    ("ar", True),
    ("drift", True),
    ("median_drift", True),
    ("dynamic_theta", False),
    ("ets", False),
    ("ces", False),
    ("ar_level", False),
    ("ari2", False),
    ("ses", False),
)
_WITH_SEASON: Final = (
    ("theta", True),
    ("dynamic_theta", True),
    ("ets", True),
    ("ar", True),
    ("dynamic_theta", False),
    ("ets", False),
    ("ces", False),
    ("seasonal_naive", False),
)
_LENGTH_PER_POWER: Final = 50
_HIGHEST_POWER: Final = 2.0
_LEFT_OUT: Final = 0.25
#: No model can be so good that it counts for more than a hundred times the average.
_BEST: Final = 0.01


def combination_members(season: int, *, logarithms: bool) -> list[tuple[str, bool]]:
    """Models of the combination for a season (1 for none), and whether each works on logarithms.

    Series that have no logarithms, or percentages, take each model once, as it is.
    """
    chosen = _WITH_SEASON if season > 1 else _WITHOUT_SEASON
    return (
        list(chosen) if logarithms else [(name, False) for name in dict.fromkeys(name for name, _ in chosen)]
    )


def record_weights(errors: Matrix, lengths: Integers) -> Matrix:
    """Weigh models by their past errors.

    Parameters
    ----------
    errors
        Errors by model, series, origin and step, NaN where there are none.
    lengths
        Lengths of the series.

    Returns
    -------
    Matrix
        Weights by model, series and origin, with one origin more at the end: that which uses all errors. At each
        other, the errors of the origin itself are left out, so that a trial at it does not know its outcome.
    """
    steps = np.sqrt(np.arange(1, errors.shape[3] + 1))
    known = np.isfinite(errors).all(axis=0)
    size = np.where(known, np.abs(np.where(known, errors, 0.0)) / steps, 0.0)
    sums, counts = size.sum(axis=3), known.sum(axis=2)
    # Added up without the origin itself rather than subtracted: one huge error must not swallow the others' digits.
    origins = sums.shape[2]
    others = np.column_stack([1.0 - np.eye(origins), np.ones(origins)])
    mean = (sums @ others) / np.maximum(counts @ others, 1)
    counts = counts @ others
    average = mean.mean(axis=0)
    told = (counts > 0) & (average > 0)
    relative = np.where(told, mean / np.where(told, average, 1.0), 1.0)
    power = np.minimum(lengths / _LENGTH_PER_POWER, _HIGHEST_POWER)[:, None]
    weights: Matrix = np.maximum(relative, _BEST) ** -power
    return weights


def combined(forecasts: Matrix, weights: Matrix) -> Matrix:
    """Weighted mean of the middle half of the forecasts, which differ along the first axis.

    A forecast that is not finite has no weight; where none is finite, the result is NaN.
    """
    finite = np.isfinite(forecasts)
    weights = np.where(finite, np.broadcast_to(weights, forecasts.shape), 0.0)
    # A stable order keeps the result from depending on ties.
    order = np.argsort(forecasts, axis=0, kind="stable")
    ordered = np.take_along_axis(np.where(finite, forecasts, 0.0), order, axis=0)
    share = np.take_along_axis(weights, order, axis=0)
    total = share.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = share / total
        above = np.clip(np.cumsum(share, axis=0), _LEFT_OUT, 1 - _LEFT_OUT)
        below = np.clip(np.cumsum(share, axis=0) - share, _LEFT_OUT, 1 - _LEFT_OUT)
        middle: Matrix = ((above - below) * ordered).sum(axis=0) / (above - below).sum(axis=0)
    return middle
