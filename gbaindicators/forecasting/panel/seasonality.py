"""Seasonal factors of many series at once."""

from __future__ import annotations

from typing import Final

import numpy as np

from gbaindicators.forecasting.panel.panel import Matrix, Panel

__all__ = ["future_factors", "seasonal_factors", "seasonally_adjusted"]

#: What a year counts for against the year after it, so that factors follow a season that changes.
_MEMORY: Final = 0.8
_FEWEST_SEASONS: Final = 3


def seasonal_factors(panel: Panel, season: int) -> Matrix:
    """Estimate additive seasonal factors, one row for each position in the season and one column for each series.

    They are means, over the years, of what a centred moving average leaves, later years counting for more; and
    they are shrunk towards zero by the share of their variance that noise would produce (empirical Bayes, as
    Miller and Williams (2003) advise [1]_). A series without season thus gets factors of about zero, and no test has
    to decide. Fewer than three whole seasons give none.

    References
    ----------
    .. [1] D. M. Miller and D. Williams (2003), "Shrinkage estimators of time series seasonal factors and their
       effect on forecasting accuracy", International Journal of Forecasting 19(4), 669-684.
    """
    factors = np.zeros((season, len(panel.lengths)))
    long = panel.lengths >= _FEWEST_SEASONS * season
    count = int(long.sum())
    if season == 1 or not count:
        return factors
    panel = Panel(panel.values[:, :count], panel.lengths[:count])
    window = np.ones(season + 1 - season % 2)
    if season % 2 == 0:
        window[[0, -1]] = 0.5
    half = len(window) // 2
    windows = np.lib.stride_tricks.sliding_window_view(panel.values, len(window), axis=0)
    time = half + np.arange(len(windows))[:, None]
    known = time < panel.lengths - half
    rest = np.where(known, panel.values[half : half + len(windows)] - windows @ (window / season), 0.0)
    seasons_ago = (panel.lengths - half - 1 - time) // season
    weights = np.where(known, _MEMORY ** np.maximum(seasons_ago, 0), 0.0)
    position = (time[:, 0] % season)[None, :] == np.arange(season)[:, None]
    total = position.astype(float) @ weights
    raw = (position @ (weights * rest)) / np.maximum(total, 1e-300)
    raw -= raw.mean(axis=0)
    noise = np.where(known, rest - raw[time[:, 0] % season], 0.0)
    freedom = np.maximum(known.sum(axis=0) - season, 1)
    means = (position @ weights**2) / np.maximum(total, 1e-300) ** 2
    variance_of_factors = (noise**2).sum(axis=0) / freedom * means.mean(axis=0)
    signal = (raw**2).sum(axis=0) / (season - 1)
    share = np.clip(1 - variance_of_factors / np.maximum(signal, 1e-300), 0.0, 1.0)
    factors[:, :count] = raw * share
    return factors


def seasonally_adjusted(panel: Panel, factors: Matrix) -> Panel:
    """Take the factors out of the series."""
    season = len(factors)
    if season == 1:
        return panel
    return panel.with_values(panel.values - factors[np.arange(len(panel.values)) % season])


def future_factors(panel: Panel, factors: Matrix, horizon: int) -> Matrix:
    """Seasonal factors of the periods after the end of each series, one row for each series."""
    position = (panel.lengths[:, None] + np.arange(horizon)) % len(factors)
    ahead: Matrix = factors[position, np.arange(len(panel.lengths))[:, None]]
    return ahead
