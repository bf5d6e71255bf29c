"""Exponential smoothing (ETS) of many series at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Final

import numpy as np

from gbaindicators.forecasting.panel.panel import Integers, Matrix, Panel, likelihood_weights

__all__ = ["exponential_smoothing", "simple_smoothing"]

_ALPHA: Final = (0.05, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1.0)
_COLUMNS: Final = 48
_FEWEST_SEASONS: Final = 2
#: What seasonal starting values are held back by, in terms of squared responses.
_SEASON_RIDGE: Final = 0.3


@dataclass(frozen=True, slots=True)
class _Form:
    """One form of the model: smoothing parameters to try, of the level, trend (as shares of alpha) and season."""

    alpha: Sequence[float]
    beta: Sequence[float] = (0.0,)
    phi: Sequence[float] = (0.0,)
    gamma: Sequence[float] = (0.0,)

    @property
    def parameters(self) -> int:
        """Smoothing parameters, the variance and the starting values of level and trend."""
        estimated = sum(len(one) > 1 for one in (self.alpha, self.beta, self.phi, self.gamma))
        return estimated + 2 + (self.phi != (0.0,))

    def points(self) -> Matrix:
        points = np.array(list(product(self.alpha, self.beta, self.phi, self.gamma)))
        points[:, 1] *= points[:, 0]
        points[:, 3] *= 1 - points[:, 0]
        prior = -self.parameters - np.log(len(points))
        return np.column_stack([points, np.full(len(points), prior)])


_WITHOUT_SEASON: Final = (
    _Form(_ALPHA),
    _Form(_ALPHA, (0.0, 0.05, 0.15, 0.4), (1.0,)),
    _Form(_ALPHA, (0.05, 0.15, 0.4, 0.7), (0.8, 0.9, 0.95, 0.98)),
)
_SEASONAL_ALPHA: Final = (0.05, 0.2, 0.4, 0.6, 0.8, 1.0)
_GAMMA: Final = (0.0, 0.05, 0.15, 0.3, 0.6)
_WITH_SEASON: Final = (
    _Form(_SEASONAL_ALPHA, gamma=_GAMMA),
    _Form(_SEASONAL_ALPHA, (0.0, 0.1, 0.3), (1.0,), _GAMMA),
    _Form(_SEASONAL_ALPHA, (0.05, 0.2, 0.5), (0.85, 0.95), _GAMMA),
)


class _Grid:
    """Every point of some forms, and how errors and states answer to a unit of each starting value.

    The starting values (level, trend, one of each season) enter linearly, so they need no search: for each point
    they follow by least squares from the errors of a run that starts at zero and these responses.
    """

    def __init__(self, forms: Sequence[_Form], season: int, longest: int) -> None:
        table = np.concatenate([form.points() for form in forms]).T[:, :, None]
        self.alpha, self.beta, self.phi, self.gamma = table[:4]
        self.log_prior = table[4, :, 0] - (season - 1 if season > 1 else 0)
        self.season = season
        points, starts = len(self.log_prior), 2 + (season if season > 1 else 0)
        self.effects = np.empty((points, longest, starts))
        states = self.start(starts)
        states[0][:, 0], states[1][:, 1] = 1.0, 1.0
        if season > 1:
            states[2][np.arange(season), :, 2 + np.arange(season)] = 1.0
        self.responses = []
        for t in range(longest):
            self.effects[:, t] = -self.step(states, 0.0, t)
            self.responses.append([one.copy() for one in states])
        self.ridge = np.diag([1e-9, 1e-9, *[_SEASON_RIDGE] * (starts - 2)])

    def start(self, columns: int) -> list[Matrix]:
        """Level, trend and, where there is one, season, all zero."""
        points = len(self.log_prior)
        states = [np.zeros((points, columns)), np.zeros((points, columns))]
        return [*states, np.zeros((self.season, points, columns))] if self.season > 1 else states

    def step(self, states: list[Matrix], value: Matrix | float, time: int) -> Matrix:
        """Move the states on by one period; return the error of the forecast of it."""
        level, trend, *seasons = states
        trend *= self.phi
        level += trend
        error = value - level
        for season in seasons:
            now = season[time % self.season]
            error -= now
            now += self.gamma * error
        level += self.alpha * error
        trend += self.beta * error
        return error

    @property
    def fading(self) -> Matrix:
        """Damping of the trend from one period to the next, by point."""
        fading: Matrix = self.phi[:, 0]
        return fading


@lru_cache(maxsize=12)
def _grid(forms: Sequence[_Form], season: int, longest: int) -> _Grid:
    return _Grid(forms, season, longest)


def simple_smoothing(panel: Panel, horizon: int) -> Matrix:
    """Forecast by simple exponential smoothing, without trend or season, averaged over smoothing parameters."""
    first = panel.values[0]
    moved = panel.with_values(panel.values - first)
    forecasts, _ = _run(
        moved, np.arange(len(first)), panel.lengths, horizon, 1, panel.spread, _WITHOUT_SEASON[:1]
    )
    level: Matrix = forecasts + first[:, None]
    return level


def exponential_smoothing(
    panel: Panel, columns: Integers, lengths: Integers, horizon: int, season: int
) -> Matrix:
    """Forecast by exponential smoothing in innovations form, from several origins of each series in one pass [1]_.

    The forms have no trend, a trend or a damped one, and no season or an additive one; the errors are additive.
    (On the log scale, trend, season and errors thus multiply.) Forms and smoothing parameters are averaged by
    their likelihood, less one for each parameter that is estimated (Akaike). The season takes more than two whole ones.

    Parameters
    ----------
    panel
        The series.
    columns, lengths
        Origins: which series, and after how many of its values. At each, everything is estimated from the values
        up to it.
    horizon
        Periods to forecast.
    season
        Periods in a season, 1 for none.

    Returns
    -------
    Matrix
        One row of forecasts for each origin.

    References
    ----------
    .. [1] R. J. Hyndman, A. B. Koehler, J. K. Ord and R. D. Snyder (2008), "Forecasting with exponential
       smoothing: the state space approach", Springer.
    """
    # A constant that is added changes nothing but the rounding: far from zero, squares would lose their digits.
    first = panel.values[0]
    panel = panel.with_values(panel.values - first)
    back = first[columns][:, None]
    spread = panel.cut(columns, lengths).spread if len(columns) else np.empty(0)
    forecasts, evidence = _run(panel, columns, lengths, horizon, 1, spread, _WITHOUT_SEASON)
    if season == 1:
        shifted: Matrix = forecasts + back
        return shifted
    seasonal, seasonal_evidence = _run(panel, columns, lengths, horizon, season, spread, _WITH_SEASON)
    enough = lengths > _FEWEST_SEASONS * season
    share = np.where(enough, 1 / (1 + np.exp(np.clip(evidence - seasonal_evidence, -700, 700))), 0.0)[:, None]
    both: Matrix = (1 - share) * forecasts + share * np.where(share > 0, seasonal, 0.0) + back
    return both


def _run(
    panel: Panel,
    columns: Integers,
    lengths: Integers,
    horizon: int,
    season: int,
    spread: Matrix,
    forms: Sequence[_Form],
) -> tuple[Matrix, Matrix]:
    """Forecasts of the forms, and the logarithm of their mean likelihood."""
    grid = _grid(forms, season, len(panel.values))
    forecasts, evidence = np.zeros((len(columns), horizon)), np.full(len(columns), -np.inf)
    inverse: dict[int, Matrix] = {}
    for first in range(0, len(panel.lengths), _COLUMNS):
        block = np.arange(first, min(first + _COLUMNS, len(panel.lengths)))
        mine = np.flatnonzero((columns >= block[0]) & (columns <= block[-1]))
        if not len(mine):
            continue
        wanted: dict[int, Integers] = {int(n): mine[lengths[mine] == n] for n in np.unique(lengths[mine])}
        states = grid.start(len(block))
        errors = np.empty((len(grid.log_prior), max(wanted), len(block)))
        for t in range(max(wanted)):
            errors[:, t] = grid.step(states, panel.values[t, block], t)
            for origin in (wanted[t + 1],) if t + 1 in wanted else ():
                if t + 1 not in inverse:
                    effects = grid.effects[:, : t + 1]
                    gram = effects.transpose(0, 2, 1) @ effects
                    inverse[t + 1] = np.linalg.inv(gram + grid.ridge).astype(np.float64)
                at = columns[origin] - first
                forecasts[origin], evidence[origin] = _forecasts_at(
                    grid,
                    inverse[t + 1],
                    errors[:, : t + 1, at],
                    [s[..., at] for s in states],
                    spread[origin],
                    horizon,
                )
    return forecasts, evidence


def _forecasts_at(
    grid: _Grid, inverse: Matrix, errors: Matrix, states: list[Matrix], spread: Matrix, horizon: int
) -> tuple[Matrix, Matrix]:
    """Estimate the starting values at an origin, weigh the points of the grid, and forecast."""
    count = errors.shape[1]
    cross = grid.effects[:, :count].transpose(0, 2, 1) @ errors
    start = inverse @ cross
    squares = np.maximum((errors**2).sum(axis=1) - (start * cross).sum(axis=1), 0.0)
    weights, evidence = likelihood_weights(spread, np.full(len(spread), count), squares.T, grid.log_prior)
    level, trend, *seasons = (
        weights.T * (state + (response[..., None, :] @ start)[..., 0, :])
        for state, response in zip(states, grid.responses[count - 1], strict=True)
    )
    fading = np.cumsum(grid.fading[:, None] ** np.arange(1, horizon + 1), axis=1)
    forecasts: Matrix = level.sum(axis=0)[:, None] + trend.T @ fading
    for season in seasons:
        position = (count + np.arange(horizon)) % grid.season
        forecasts += season.sum(axis=1)[position].T
    return forecasts, evidence
