"""Theta, damped trend, drift and naive forecasts of many series of one length at once.

Every function takes a matrix with one series a row and gives one row of forecasts for each. Smoothing parameters
are not picked but averaged: each point of a grid counts by its likelihood on the series, which keeps short series
from clinging to one lucky value.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["MODELS", "is_seasonal", "point_forecasts", "seasonally_adjusted"]

Matrix = NDArray[np.float64]

#: What each model is, in words.
MODELS: Final = {
    "auto": "the mean of Theta and damped trend",
    "theta": "Theta",
    "drift": "random walk with drift",
    "naive": "the last value",
}
_ALPHA: Final = np.linspace(0.05, 1.0, 20)
_DAMPED_GRID: Final = np.array(
    [
        (a, b, p)
        for a in (0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
        for b in (0, 0.05, 0.1, 0.2, 0.4)
        for p in (0.8, 0.9, 0.95, 0.98)
    ]
).T


def is_seasonal(y: Matrix, season: int) -> NDArray[np.bool_]:
    """Test each series for a season: its detrended autocorrelation at that lag, one-sided at 5%.

    The limit is Bartlett's, as in Assimakopoulos and Nikolopoulos (2000). Fewer than three whole seasons are
    taken as not seasonal.
    """
    k, n = y.shape
    if season == 1 or n < 3 * season:
        return np.zeros(k, dtype=bool)
    level, slope, t = _line(y)
    rest = y - level - slope * t
    variance = (rest**2).sum(axis=1)
    # A straight line leaves rounding errors, which must not pass for a season.
    flat = variance <= n * (1e-12 * np.abs(y).max(axis=1)) ** 2
    lags = [
        (rest[:, j:] * rest[:, :-j]).sum(axis=1) / np.where(flat, 1.0, variance) for j in range(1, season + 1)
    ]
    limit = 1.645 * np.sqrt((1 + 2 * np.sum(np.square(lags[:-1]), axis=0)) / n)
    found: NDArray[np.bool_] = (lags[-1] > limit) & ~flat
    return found


def seasonally_adjusted(y: Matrix, season: int, seasonal: NDArray[np.bool_]) -> tuple[Matrix, Matrix]:
    """Take the season out of the series that have one, by classical additive decomposition.

    Returns the adjusted series and the seasonal factors, one column for each position in the season.
    """
    k, n = y.shape
    factors = np.zeros((k, season))
    if seasonal.any():
        factors[seasonal] = _factors(y[seasonal], season)
    return y - factors[:, np.arange(n) % season], factors


def point_forecasts(model: str, y: Matrix, horizon: int, season: int = 1) -> Matrix:
    """Forecast every row `horizon` periods ahead with a model of `MODELS`."""
    n = y.shape[1]
    seasonal = is_seasonal(y, season)
    if model == "naive":
        year_ago = np.maximum(n - season + np.arange(horizon) % season, 0)
        return np.where(seasonal[:, None], y[:, year_ago], y[:, -1:])
    adjusted, factors = seasonally_adjusted(y, season, seasonal)
    match model:
        case "auto":
            ahead = (_theta(adjusted, horizon) + _damped_trend(adjusted, horizon)) / 2
        case "theta":
            ahead = _theta(adjusted, horizon)
        case _:
            ahead = _drift(adjusted, horizon)
    return ahead + factors[:, np.arange(n, n + horizon) % season]


def _line(y: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """Fit a straight line: its level and slope, as columns, and the time they refer to."""
    t = np.arange(y.shape[1]) - (y.shape[1] - 1) / 2
    return y.mean(axis=1, keepdims=True), (y @ t / (t @ t))[:, None], t


def _factors(y: Matrix, season: int) -> Matrix:
    window = np.ones(season + 1 - season % 2)
    if season % 2 == 0:
        window[[0, -1]] = 0.5
    trend = np.lib.stride_tricks.sliding_window_view(y, len(window), axis=1) @ (window / season)
    first = len(window) // 2
    rest = y[:, first : first + trend.shape[1]] - trend
    position = (np.arange(trend.shape[1]) + first) % season
    factors = np.stack([rest[:, position == j].mean(axis=1) for j in range(season)], axis=1)
    centred: Matrix = factors - factors.mean(axis=1, keepdims=True)
    return centred


def _likelihood_weights(y: Matrix, squared_errors: Matrix) -> Matrix:
    """Weights of the grid points of each series, from their sums of squared one-step errors."""
    spread = np.ptp(y, axis=1)[:, None] ** 2
    # The floor treats perfect fits alike: below it, differences are rounding.
    log_likelihood = -0.5 * (y.shape[1] - 1) * np.log(np.maximum(squared_errors, 1e-12 * spread + 1e-300))
    weights = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True))
    shares: Matrix = weights / weights.sum(axis=1, keepdims=True)
    return shares


def _theta(y: Matrix, horizon: int) -> Matrix:
    """Mean of the straight line and of simple exponential smoothing of the theta line with coefficient two."""
    level, slope, t = _line(y)
    line = 2 * y - (level + slope * t)
    states = np.repeat(line[:, :1], len(_ALPHA), axis=1)
    squares = np.zeros_like(states)
    for i in range(1, y.shape[1]):
        error = line[:, i : i + 1] - states
        squares += error**2
        states += _ALPHA * error
    smoothed = (_likelihood_weights(line, squares) * states).sum(axis=1, keepdims=True)
    trend = level + slope * (t[-1] + np.arange(1, horizon + 1))
    ahead: Matrix = (trend + smoothed) / 2
    return ahead


def _damped_trend(y: Matrix, horizon: int) -> Matrix:
    """Exponential smoothing with a trend that fades out."""
    alpha, beta, phi = _DAMPED_GRID
    start = min(y.shape[1] - 1, 5)
    level = np.repeat(y[:, :1], len(alpha), axis=1)
    trend = np.repeat((y[:, start : start + 1] - y[:, :1]) / start, len(alpha), axis=1)
    squares = np.zeros_like(level)
    for i in range(1, y.shape[1]):
        trend = phi * trend
        error = y[:, i : i + 1] - level - trend
        squares += error**2
        level += trend + alpha * error
        trend += alpha * beta * error
    weights = _likelihood_weights(y, squares)
    fading = np.cumsum(phi[:, None] ** np.arange(1, horizon + 1), axis=1)
    ahead: Matrix = (weights * level).sum(axis=1, keepdims=True) + (weights * trend) @ fading
    return ahead


def _drift(y: Matrix, horizon: int) -> Matrix:
    """Go on from the last value by the mean change."""
    change = (y[:, -1:] - y[:, :1]) / (y.shape[1] - 1)
    ahead: Matrix = y[:, -1:] + np.arange(1, horizon + 1) * change
    return ahead
