"""Autoregressions in differences of many series at once."""

from __future__ import annotations

from typing import Final

import numpy as np

from gbaindicators.forecasting.panel.panel import Integers, Matrix, Panel

__all__ = ["about_the_mean", "autoregression", "twice_differenced"]

_MOST_LAGS: Final = 6
#: Share of the mean change that forecasts go on with: half, as in Theta, because growth reverts.
_DRIFT: Final = 0.5
#: Forecast changes stay within so many times the largest change of the past.
_BOUND: Final = 3.0
_FEWEST_FOR_TWO: Final = 4


def autoregression(panel: Panel, horizon: int) -> Matrix:
    """Forecast by ARIMA(p, 1, 0) with drift, averaged over p from 0 to 6 by Akaike's corrected criterion.

    Coefficients are least squares; the drift is half the mean change; a series of n values uses at most
    (n - 3) / 3 lags. Weights follow Burnham and Anderson (2002) [1]_.

    References
    ----------
    .. [1] K. P. Burnham and D. R. Anderson (2002), "Model selection and multimodel inference", 2nd ed., Springer.
    """
    changes = _changes(panel)
    drift = _DRIFT * changes.values.sum(axis=0) / changes.lengths
    ahead = _averaged(changes.with_values(changes.values - drift), panel.spread, horizon)
    result: Matrix = panel.last[:, None] + np.cumsum(ahead + drift[:, None], axis=1)
    return result


def about_the_mean(panel: Panel, horizon: int) -> Matrix:
    """Forecast by AR(p) about the mean, averaged as `autoregression`: what a series without a trend would do."""
    mean = panel.values.sum(axis=0) / panel.lengths
    departures = panel.with_values(np.where(panel.inside, panel.values - mean, 0.0))
    result: Matrix = mean[:, None] + _averaged(departures, panel.spread, horizon)
    return result


def twice_differenced(panel: Panel, horizon: int) -> Matrix:
    """Forecast by ARIMA(p, 2, 0) without drift, averaged as `autoregression`; nothing (NaN) below four values.

    It lets growth itself drift: what follows a turn of a smooth series goes on from the newest change.
    """
    if len(panel.values) < _FEWEST_FOR_TWO:
        return np.full((len(panel.lengths), horizon), np.nan)
    long = int(np.searchsorted(-panel.lengths, -_FEWEST_FOR_TWO, side="right"))
    first = panel.cut(np.arange(long), panel.lengths[:long])
    changes = _changes(first)
    ahead = changes.last[:, None] + np.cumsum(_averaged(_changes(changes), first.spread, horizon), axis=1)
    result = np.full((len(panel.lengths), horizon), np.nan)
    result[:long] = first.last[:, None] + np.cumsum(ahead, axis=1)
    return result


def _changes(panel: Panel) -> Panel:
    shorter = Panel(panel.values[:-1], panel.lengths - 1)
    return shorter.with_values(np.diff(panel.values, axis=0))


def _averaged(panel: Panel, spread: Matrix, horizon: int) -> Matrix:
    """Forecasts of autoregressions without constant, averaged over their orders."""
    z, count = panel.values, panel.lengths
    most = np.clip((count - 2) // 3, 0, _MOST_LAGS)
    highest = int(most.max())
    lagged = np.stack([np.roll(z, lag, axis=0) for lag in range(highest + 1)])
    # The sample is the same for all orders of a series; rolled values never enter it.
    sample = panel.inside & (np.arange(len(z))[:, None] >= most)
    lagged *= sample
    gram = np.einsum("itk,jtk->kij", lagged, lagged)
    size = np.maximum(sample.sum(axis=0), 1)
    floor = 1e-12 * spread**2 + 1e-300
    recent = _recent(z, count, highest)
    criteria, forecasts = [], []
    for order in range(highest + 1):
        coefficients = _coefficients(gram, order)
        squares = np.maximum(gram[:, 0, 0] - (coefficients * gram[:, 0, 1 : order + 1]).sum(axis=1), floor)
        parameters = order + 1
        correction = 2 * parameters * (parameters + 1) / np.maximum(size - parameters - 1, 0.5)
        criterion = size * np.log(squares / size) + 2 * parameters + correction
        criteria.append(np.where(order <= most, criterion, np.inf))
        forecasts.append(_iterate(coefficients, recent, horizon))
    relative = np.exp(-0.5 * (np.array(criteria) - np.min(criteria, axis=0)))
    weights = relative / relative.sum(axis=0)
    bound = _BOUND * np.abs(z).max(axis=0)[:, None]
    averaged: Matrix = np.einsum("pk,pkh->kh", weights, np.clip(forecasts, -bound, bound))
    return averaged


def _coefficients(gram: Matrix, order: int) -> Matrix:
    """Least-squares coefficients of the first `order` lags, one row for each series."""
    if order == 0:
        return np.zeros((len(gram), 0))
    lags = gram[:, 1 : order + 1, 1 : order + 1]
    # A trace of ridge keeps series without any movement solvable.
    ridge = 1e-8 * np.einsum("kii->k", lags) / order + 1e-300
    solved = np.linalg.solve(lags + ridge[:, None, None] * np.eye(order), gram[:, 1 : order + 1, :1])
    coefficients: Matrix = solved[:, :, 0]
    return coefficients


def _recent(z: Matrix, count: Integers, lags: int) -> Matrix:
    """Last changes of each series, the latest first."""
    position = np.maximum(count[:, None] - 1 - np.arange(max(lags, 1)), 0)
    recent: Matrix = z[position, np.arange(z.shape[1])[:, None]]
    return recent


def _iterate(coefficients: Matrix, recent: Matrix, horizon: int) -> Matrix:
    order = coefficients.shape[1]
    ahead = np.zeros((len(recent), horizon))
    if order == 0:
        return ahead
    history = recent[:, :order].copy()
    for step in range(horizon):
        # An explosive autoregression is cut off by the caller; here it only must not overflow.
        ahead[:, step] = np.clip((coefficients * history).sum(axis=1), -1e100, 1e100)
        history = np.column_stack([ahead[:, step], history[:, :-1]])
    return ahead
