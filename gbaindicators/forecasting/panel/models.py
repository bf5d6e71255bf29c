"""The models that run on a whole panel, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from gbaindicators.forecasting.panel.autoregression import (
    about_the_mean,
    autoregression,
    twice_differenced,
)
from gbaindicators.forecasting.panel.complex_smoothing import complex_smoothing
from gbaindicators.forecasting.panel.panel import Integers, Matrix, Panel
from gbaindicators.forecasting.panel.seasonality import future_factors, seasonal_factors, seasonally_adjusted
from gbaindicators.forecasting.panel.smoothing import exponential_smoothing, simple_smoothing
from gbaindicators.forecasting.panel.theta import dynamic_theta, theta

__all__ = ["model_forecasts"]

_BLOCK: Final = 512


def drift(panel: Panel, horizon: int) -> Matrix:
    """Go on from the last value by the mean change."""
    change = (panel.last - panel.values[0]) / np.maximum(panel.lengths - 1, 1)
    ahead: Matrix = panel.last[:, None] + change[:, None] * np.arange(1, horizon + 1)
    return ahead


def median_drift(panel: Panel, horizon: int) -> Matrix:
    """Go on from the last value by half the median change: as in Theta growth reverts, and no single year makes it."""
    changes = np.diff(panel.values, axis=0)
    known = np.arange(len(changes))[:, None] < panel.lengths - 1
    change = 0.5 * np.nanmedian(np.where(known, changes, np.nan), axis=0)
    ahead: Matrix = panel.last[:, None] + change[:, None] * np.arange(1, horizon + 1)
    return ahead


def naive(panel: Panel, horizon: int) -> Matrix:
    """Repeat the last value."""
    return np.repeat(panel.last[:, None], horizon, axis=1)


def seasonal_naive(panel: Panel, horizon: int, season: int) -> Matrix:
    """Repeat the last season; the last value where there is no whole one."""
    back = np.where(panel.lengths >= season, season, 1)[:, None]
    time = panel.lengths[:, None] - back + np.arange(horizon) % back
    ahead: Matrix = panel.values[time, np.arange(len(panel.lengths))[:, None]]
    return ahead


_ADJUSTED: Final[dict[str, Callable[[Panel, int], Matrix]]] = {
    "median_drift": median_drift,
    "theta": theta,
    "dynamic_theta": dynamic_theta,
    "ces": complex_smoothing,
    "ar": autoregression,
    "ar_level": about_the_mean,
    "ari2": twice_differenced,
    "ses": simple_smoothing,
}


def model_forecasts(
    names: Sequence[str], panel: Panel, columns: Integers, lengths: Integers, horizon: int, season: int
) -> Matrix:
    """Forecast from several origins of each series with each of some models.

    Parameters
    ----------
    names
        Names of the models.
    panel
        The series.
    columns, lengths
        Origins: which series, and after how many of its values; in the order of falling length.
    horizon
        Periods to forecast.
    season
        Periods in a season, 1 for none.

    Returns
    -------
    Matrix
        Forecasts by model, origin and step.
    """
    forecasts = np.empty((len(names), len(columns), horizon))
    for first in range(0, len(columns), _BLOCK):
        block = slice(first, first + _BLOCK)
        cut = panel.cut(columns[block], lengths[block])
        factors = seasonal_factors(cut, season)
        adjusted, back = seasonally_adjusted(cut, factors), future_factors(cut, factors, horizon)
        for i, name in enumerate(names):
            if name in _ADJUSTED:
                forecasts[i, block] = _ADJUSTED[name](adjusted, horizon) + back
            elif name == "drift":
                forecasts[i, block] = drift(cut, horizon)
            elif name == "naive":
                forecasts[i, block] = naive(cut, horizon)
            elif name == "seasonal_naive":
                forecasts[i, block] = seasonal_naive(cut, horizon, season)
    if "ets" in names:
        forecasts[names.index("ets")] = exponential_smoothing(panel, columns, lengths, horizon, season)
    return _within_bounds(forecasts, panel.cut(columns, lengths))


def _within_bounds(forecasts: Matrix, cut: Panel) -> Matrix:
    """Keep forecasts within what the past makes thinkable: its range, and twice its mean pace from there on."""
    steps = np.arange(1, forecasts.shape[2] + 1)
    far = cut.spread[:, None] * (1 + 2 * steps / cut.lengths[:, None])
    return np.clip(forecasts, cut.last[:, None] - far, cut.last[:, None] + far)
