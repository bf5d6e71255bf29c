"""Complex exponential smoothing of many series at once."""

from __future__ import annotations

from typing import Final

import numpy as np

from gbaindicators.forecasting.panel.panel import Matrix, Panel, likelihood_weights

__all__ = ["complex_smoothing"]


def _stable(real: float, imaginary: float) -> bool:
    """Whether forecasts with this smoothing parameter do not explode (Svetunkov et al. 2022, section 3)."""
    return (
        (real - 2.5) ** 2 + imaginary**2 > 1.25
        and (real - 0.5) ** 2 + (imaginary - 1) ** 2 > 0.25
        and (real - 1.5) ** 2 + (imaginary - 0.5) ** 2 < 1.5
    )


#: Real and imaginary part of the smoothing parameter. What the imaginary part exceeds one by is about the growth
#: from one period to the next, so the grid is fine there.
_GRID: Final = np.array(
    [
        (real, imaginary)
        for real in np.arange(0.7, 2.05, 0.15)
        for imaginary in (0.9, 0.97, 0.99, 1.0, 1.01, 1.02, 1.04, 1.06, 1.1, 1.2)
        if _stable(real, imaginary)
    ]
).T
#: What the starting value of the imaginary part is held back by, in terms of squared responses.
_RIDGE: Final = np.diag([0.0, 1.0])


def complex_smoothing(panel: Panel, horizon: int) -> Matrix:
    """Forecast by complex exponential smoothing without season [1]_.

    The starting state enters the errors linearly, so for every smoothing parameter it is estimated by least
    squares along the way: the last two rows of the recursion are the responses to a unit of either part of it.

    References
    ----------
    .. [1] I. Svetunkov, N. Kourentzes and J. K. Ord (2022), "Complex exponential smoothing", Naval Research
       Logistics 69(8), 1108-1123.
    """
    real, imaginary = _GRID
    y = panel.values.T
    count, points = len(y), len(real)
    level, potential = np.zeros((count, points)), np.zeros((count, points))
    squares, cross = np.zeros((count, points)), np.zeros((2, count, points))
    unit_level, unit_potential = np.zeros((2, points)), np.zeros((2, points))
    # At rest the potential is the level over the real part; the second start is what it is off from that.
    unit_level[0], unit_potential[0], unit_potential[1] = 1.0, 1 / real, 1.0
    products = np.zeros((2, 2, points))
    gram, response = np.zeros((2, 2, count, points)), np.zeros((2, 2, count, points))
    gain, memory = real - imaginary, real + imaginary
    for t in range(y.shape[1]):
        k = panel.running(t)
        error = y[:k, t : t + 1] - level[:k]
        squares[:k] += error**2
        effect = unit_level.copy()
        cross[:, :k] += effect[:, None] * error
        products += effect[:, None] * effect[None]
        level[:k], potential[:k] = (
            level[:k] - (1 - imaginary) * potential[:k] + gain * error,
            level[:k] + (1 - real) * potential[:k] + memory * error,
        )
        unit_level, unit_potential = (
            unit_level - (1 - imaginary) * unit_potential - gain * effect,
            unit_level + (1 - real) * unit_potential - memory * effect,
        )
        ended = slice(panel.running(t + 1), k)
        gram[:, :, ended] = products[:, :, None]
        response[0, :, ended], response[1, :, ended] = unit_level[:, None], unit_potential[:, None]
    start = _solve(gram + _RIDGE[:, :, None, None], cross)
    squares -= (start * cross).sum(axis=0)
    weights, _ = likelihood_weights(panel.spread, panel.lengths, np.maximum(squares, 0.0))
    level += (response[0] * start).sum(axis=0)
    potential += (response[1] * start).sum(axis=0)
    forecasts = np.empty((count, horizon))
    for step in range(horizon):
        forecasts[:, step] = (weights * level).sum(axis=1)
        level, potential = level - (1 - imaginary) * potential, level + (1 - real) * potential
    return forecasts


def _solve(gram: Matrix, right: Matrix) -> Matrix:
    """Solve two equations in two unknowns, elementwise."""
    determinant = gram[0, 0] * gram[1, 1] - gram[0, 1] ** 2
    safe = np.maximum(determinant, 1e-300)
    return np.stack(
        [
            (gram[1, 1] * right[0] - gram[0, 1] * right[1]) / safe,
            (gram[0, 0] * right[1] - gram[0, 1] * right[0]) / safe,
        ]
    )
