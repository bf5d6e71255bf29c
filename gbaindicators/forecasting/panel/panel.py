"""Many series side by side: the shape that the forecasting engine computes in.

Series of unlike lengths stand in the columns of one matrix, the longest first, all beginning in the first row. A
recursion over time then runs over all of them at once, on ever fewer columns, without any mask: the states of a
series that has ended stay as they were at its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Integers", "Matrix", "Panel", "likelihood_weights"]

Matrix = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Panel:
    """Series in columns, sorted by falling length.

    `values` has a row for each point in time and a column for each series, zero after its end.
    """

    values: Matrix
    lengths: Integers

    @classmethod
    def of(cls, series: Sequence[Matrix]) -> Panel:
        """Panel of the series, which must come in the order of falling length."""
        lengths = np.array([len(one) for one in series])
        values = np.zeros((lengths[0], len(series)))
        for column, one in enumerate(series):
            values[: len(one), column] = one
        return cls(values, lengths)

    def cut(self, columns: Integers, lengths: Integers) -> Panel:
        """Panel of these series, each ending at the given length (in falling order)."""
        values = self.values[: lengths[0], columns]
        return Panel(np.where(np.arange(len(values))[:, None] < lengths, values, 0.0), lengths)

    def with_values(self, values: Matrix) -> Panel:
        """Panel of the same lengths with other values."""
        return Panel(np.where(self.inside, values, 0.0), self.lengths)

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Where the series have values."""
        inside: NDArray[np.bool_] = np.arange(len(self.values))[:, None] < self.lengths
        return inside

    @property
    def last(self) -> Matrix:
        """Last value of each series."""
        last: Matrix = self.values[self.lengths - 1, np.arange(len(self.lengths))]
        return last

    @property
    def spread(self) -> Matrix:
        """Largest less smallest value of each series."""
        highest = np.where(self.inside, self.values, -np.inf).max(axis=0)
        lowest = np.where(self.inside, self.values, np.inf).min(axis=0)
        spread: Matrix = highest - lowest
        return spread

    def running(self, time: int) -> int:
        """How many series have a value at this time: they are the first columns."""
        return int(np.searchsorted(-self.lengths, -time, side="left"))

    def lines(self) -> tuple[Matrix, Matrix]:
        """Fit a straight line to each series: its value at time zero and its slope."""
        time = np.arange(len(self.values))[:, None]
        middle = (self.lengths - 1) / 2
        centred = np.where(self.inside, time - middle, 0.0)
        mean = self.values.sum(axis=0) / self.lengths
        slope = (centred * self.values).sum(axis=0) / np.maximum((centred**2).sum(axis=0), 1e-300)
        return mean - slope * middle, slope


def likelihood_weights(
    panel_spread: Matrix, lengths: Matrix | Integers, squared_errors: Matrix, log_prior: Matrix | float = 0.0
) -> tuple[Matrix, Matrix]:
    """Weigh the points of a grid of parameters by their Gaussian likelihood on each series.

    `squared_errors` are sums over time, one row for each series and one column for each point of the grid.
    Averaging over the grid, rather than picking the best point, keeps short series from clinging to one lucky
    value, and needs no optimiser that can fail.

    Returns the weights, and the logarithm of the mean likelihood of each series.
    """
    # The floor treats perfect fits alike: below it, differences are rounding.
    floor = 1e-12 * panel_spread[:, None] ** 2 + 1e-300
    log_likelihood = (
        -0.5 * np.asarray(lengths)[:, None] * np.log(np.maximum(squared_errors, floor)) + log_prior
    )
    # A point whose recursion ran away counts for nothing.
    log_likelihood = np.where(np.isfinite(log_likelihood), log_likelihood, -np.inf)
    best = log_likelihood.max(axis=1, keepdims=True)
    weights = np.exp(log_likelihood - best)
    total = weights.sum(axis=1, keepdims=True)
    return weights / total, (best + np.log(total))[:, 0]
