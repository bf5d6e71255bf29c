"""Theta forecasts of many series at once, standard and dynamic."""

from __future__ import annotations

from typing import Final

import numpy as np

from gbaindicators.forecasting.panel.panel import Matrix, Panel, likelihood_weights

__all__ = ["dynamic_theta", "smoothing_fit", "theta"]

_ALPHA: Final = np.linspace(0.05, 1.0, 20)
#: Smoothing parameter and theta of the dynamic model.
_DYNAMIC: Final = np.array(
    [(a, t) for a in np.linspace(0.05, 1.0, 14) for t in (1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 1000.0)]
).T
#: Errors of the first periods say more about the starting values than about the model.
_WARM_UP: Final = 3


def theta(panel: Panel, horizon: int) -> Matrix:
    """Forecast by the Theta method: half of a straight line, half of a smoothed line with doubled curvature [1]_.

    It is simple exponential smoothing with half the slope of the straight line as drift [2]_.

    References
    ----------
    .. [1] V. Assimakopoulos and K. Nikolopoulos (2000), "The theta model: a decomposition approach to
       forecasting", International Journal of Forecasting 16(4), 521-530.
    .. [2] R. J. Hyndman and B. Billah (2003), "Unmasking the Theta method", International Journal of
       Forecasting 19(2), 287-290.
    """
    origin, slope = panel.lines()
    time = np.arange(len(panel.values))[:, None]
    curved = panel.with_values(2 * panel.values - (origin + slope * time))
    weights, states, _ = _smoothed(curved, panel.spread)
    ahead = panel.lengths[:, None] + np.arange(horizon)
    last = (weights * states).sum(axis=1)
    forecasts: Matrix = (origin[:, None] + slope[:, None] * ahead + last[:, None]) / 2
    return forecasts


def smoothing_fit(panel: Panel) -> tuple[Matrix, Matrix, Matrix]:
    """Mean squared one-step error within the sample, smoothing parameter and slope of each series, by Theta."""
    _, slope = panel.lines()
    time = np.arange(len(panel.values))[:, None]
    weights, _, squares = _smoothed(panel.with_values(panel.values - slope / 2 * time), panel.spread)
    variance = (weights * squares).sum(axis=1) / np.maximum(panel.lengths - 1, 1)
    return variance, np.sqrt((weights * _ALPHA**2).sum(axis=1)), slope


def _smoothed(panel: Panel, spread: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """Weights, last states and sums of squared errors of simple exponential smoothing, by smoothing parameter."""
    y = panel.values.T
    states = np.repeat(y[:, :1], len(_ALPHA), axis=1)
    squares = np.zeros_like(states)
    for t in range(1, y.shape[1]):
        k = panel.running(t)
        error = y[:k, t : t + 1] - states[:k]
        squares[:k] += error**2
        states[:k] += _ALPHA * error
    weights, _ = likelihood_weights(spread, panel.lengths - 1, squares)
    return weights, states, squares


def dynamic_theta(panel: Panel, horizon: int) -> Matrix:
    """Forecast by the dynamic Theta model, whose straight line and theta follow the series [1]_.

    References
    ----------
    .. [1] J. A. Fiorucci, T. R. Pellegrini, F. Louzada, F. Petropoulos and A. B. Koehler (2016), "Models for
       optimising the theta method and their relationship to state space models", International Journal of
       Forecasting 32(4), 1151-1161.
    """
    alpha, _ = _DYNAMIC
    y = panel.values.T
    level = alpha * y[:, :1] + (1 - alpha) * y[:, :1] / 2
    squares = np.zeros_like(level)
    mean, origin, slope = y[:, :1].copy(), y[:, :1].copy(), np.zeros((len(y), 1))
    remaining = 1 - alpha
    for t in range(1, y.shape[1]):
        k = panel.running(t)
        ahead = _dynamic_step(level[:k], origin[:k], slope[:k], np.float64(t))
        if t >= _WARM_UP:
            squares[:k] += (y[:k, t : t + 1] - ahead) ** 2
        level[:k] = alpha * y[:k, t : t + 1] + remaining * level[:k]
        mean[:k], origin[:k], slope[:k] = _line_with(y[:k, t : t + 1], mean[:k], slope[:k], np.float64(t + 1))
    weights, _ = likelihood_weights(panel.spread, np.maximum(panel.lengths - _WARM_UP, 1), squares)
    forecasts = np.empty((len(y), horizon))
    for step in range(horizon):
        count = (panel.lengths[:, None] + step).astype(np.float64)
        ahead = _dynamic_step(level, origin, slope, count)
        forecasts[:, step] = (weights * ahead).sum(axis=1)
        level = alpha * ahead + remaining * level
        mean, origin, slope = _line_with(ahead, mean, slope, count + 1)
    return forecasts


def _dynamic_step(level: Matrix, origin: Matrix, slope: Matrix, count: Matrix | np.float64) -> Matrix:
    alpha, coefficient = _DYNAMIC
    faded = (1 - alpha) ** count
    line = faded * origin + (1 - faded * (1 - alpha)) / alpha * slope
    ahead: Matrix = level + (1 - 1 / coefficient) * line
    return ahead


def _line_with(
    value: Matrix, mean: Matrix, slope: Matrix, count: Matrix | np.float64
) -> tuple[Matrix, Matrix, Matrix]:
    """Mean, intercept and slope of the least-squares line with one value more (the `count`-th)."""
    slope = ((count - 2) * slope + 6 * (value - mean) / count) / (count + 1)
    mean = ((count - 1) * mean + value) / count
    return mean, mean - slope * (count + 1) / 2, slope
