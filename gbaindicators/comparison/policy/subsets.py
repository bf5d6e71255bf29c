"""Best subsets of regressors: the smallest residual sum of squares of every size, by branch and bound."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["CRITERIA", "Criterion", "Subset", "best_by_criterion", "best_subsets", "criteria_of"]

Array = NDArray[np.float64]
Criterion = Literal["aicc", "aic", "bic"]

#: Criteria that choose between the sizes.
CRITERIA: Final = ("aicc", "aic", "bic")
#: Nodes worked on together: enough to keep numpy busy, few enough to stay in the cache.
_BATCH: Final = 2048


class Subset(NamedTuple):
    """A subset of regressors, as columns in ascending order, and its residual sum of squares."""

    columns: tuple[int, ...]
    rss: float


class _Nodes(NamedTuple):
    """Regressions on equally many columns: which, how many of them stay, inverse Gram, coefficients, RSS."""

    columns: NDArray[np.intp]
    kept: NDArray[np.intp]
    inverse: Array
    slopes: Array
    rss: Array


def criteria_of(rss: float, size: int, observations: int) -> dict[str, float]:
    """Criteria of a regression with a constant and `size` slopes; the error variance counts as a parameter.

    >>> {name: round(value, 3) for name, value in criteria_of(2.0, 1, 10).items()}
    {'aicc': -6.094, 'aic': -10.094, 'bic': -9.187}
    """
    parameters = size + 2
    fit = observations * np.log(max(rss, np.finfo(float).tiny) / observations)
    aic = fit + 2 * parameters
    room = observations - parameters - 1
    small = 2 * parameters * (parameters + 1) / room if room > 0 else np.inf
    bic = fit + parameters * np.log(observations)
    return {"aicc": float(aic + small), "aic": float(aic), "bic": float(bic)}


def best_subsets(regressors: Array, values: Array) -> list[Subset]:
    """Find the subset with the smallest residual sum of squares of every size, from none to all columns.

    Every regression has a constant. The search starts from all columns and leaves columns out: a regression on fewer
    columns never fits better, so a branch that is already worse than the best of every size in it is cut. Within a
    branch the columns that matter most go first, which makes the largest branches the first to be cut.

    Parameters
    ----------
    regressors
        (observations, columns), of full rank with a constant, more observations than columns by two or more.
    values
        (observations,).

    Returns
    -------
    list of Subset
        One for each size; the first is the constant alone.

    References
    ----------
    Furnival and Wilson (1974), "Regressions by leaps and bounds", Technometrics 16(4), 499-511; Gatu and
    Kontoghiorghes (2006), "Branch-and-bound algorithms for computing the best-subset regression models", Journal
    of Computational and Graphical Statistics 15(1), 139-156.

    Examples
    --------
    >>> x = np.array([[0.0, 1, 5], [1, 0, 4], [2, 1, 4], [3, 0, 1], [4, 1, 2], [5, 0, 1]])
    >>> [subset.columns for subset in best_subsets(x, x[:, 0] + 2 * x[:, 1])]
    [(), (0,), (0, 1), (0, 1, 2)]
    """
    return _search(regressors, values, None)


def best_by_criterion(regressors: Array, values: Array, criterion: Criterion) -> Subset:
    """Find the subset that a criterion likes best; faster than `best_subsets`, as sizes that cannot win are cut."""
    n, width = regressors.shape
    # the criterion is observations * log(rss) plus this
    penalty = np.array([criteria_of(float(n), size, n)[criterion] for size in range(width + 1)])
    found = _search(regressors, values, penalty)
    scores = [n * np.log(max(s.rss, np.finfo(float).tiny)) + p for s, p in zip(found, penalty, strict=True)]
    return found[int(np.argmin(scores))]


def _search(regressors: Array, values: Array, penalty: Array | None) -> list[Subset]:
    n, width = regressors.shape
    x = regressors - regressors.mean(0)
    x = x / np.linalg.norm(x, axis=0)
    y = values - values.mean()
    total = float(y @ y)
    y = y / np.sqrt(total)
    best = _Best(n, width, penalty)
    inverse = np.linalg.inv(x.T @ x)
    slopes = inverse @ (x.T @ y)
    error = y - x @ slopes
    everything = np.arange(width)
    best.offer(everything, float(error @ error))
    stack = [
        _Nodes(
            everything[None],
            np.zeros(1, dtype=np.intp),
            inverse[None],
            slopes[None],
            np.array([error @ error]),
        )
    ]
    while stack:
        stack += _branches(stack.pop(), best)
    return [
        Subset(tuple(sorted(int(c) for c in columns)), float(rss * total))
        for columns, rss in zip(best.columns, best.rss, strict=True)
    ]


class _Best:
    """The best subset found so far of every size, of values scaled to a sum of squares of one."""

    def __init__(self, observations: int, width: int, penalty: Array | None) -> None:
        self.rss = np.full(width + 1, np.inf)
        self.rss[0] = 1.0
        self.columns: list[NDArray[np.intp]] = [np.arange(0)] * (width + 1)
        self._observations, self._penalty = observations, penalty
        self.limit = self.rss.copy()
        self._tighten()

    def offer(self, columns: NDArray[np.intp], rss: float) -> None:
        """Take a subset where it is better than the best of its size."""
        if rss < self.rss[len(columns)]:
            self.rss[len(columns)], self.columns[len(columns)] = rss, columns
            self._tighten()

    def _tighten(self) -> None:
        """Set what the RSS of each size must stay below to be worth looking for."""
        self.limit = self.rss.copy()
        if self._penalty is not None:
            tiny = np.finfo(float).tiny
            score = float(np.min(self._observations * np.log(np.maximum(self.rss, tiny)) + self._penalty))
            needed = np.exp(np.minimum((score - self._penalty) / self._observations, 700.0))
            self.limit = np.minimum(self.limit, needed)


def _branches(nodes: _Nodes, best: _Best) -> list[_Nodes]:
    """Leave one more column out of each regression; return the branches that may hold something better."""
    count, width = nodes.columns.shape
    place = np.arange(width)
    rises = nodes.slopes**2 / np.einsum("nii->ni", nodes.inverse)
    # columns that stay first, then from the one that matters most to the one that matters least
    order = np.argsort(np.where(place < nodes.kept[:, None], -np.inf, -rises), axis=1, kind="stable")
    row = np.arange(count)[:, None]
    columns, slopes, rises = nodes.columns[row, order], nodes.slopes[row, order], rises[row, order]
    without = np.where(place < nodes.kept[:, None], np.inf, nodes.rss[:, None] + rises)
    which, dropped = np.unravel_index(int(without.argmin()), without.shape)
    best.offer(np.delete(columns[which], dropped), float(without[which, dropped]))
    if width <= 2:
        return []
    # without the column in place j, those before it stay: sizes from j to two fewer than here are still to come
    to_come = np.append(np.maximum.accumulate(best.limit[1 : width - 1][::-1])[::-1], -np.inf)
    reachable = to_come[np.clip(place - 1, 0, width - 2)]
    node, drop = np.nonzero(without < reachable)
    made = []
    for at in range(0, len(node), _BATCH):
        n, j = node[at : at + _BATCH], drop[at : at + _BATCH]
        rest = place[:-1] + (place[:-1] >= j[:, None])
        inner = order[n[:, None], rest]
        inverse = nodes.inverse[n[:, None, None], inner[:, :, None], inner[:, None, :]]
        across = nodes.inverse[n[:, None], inner, order[n, j][:, None]]
        pivot = nodes.inverse[n, order[n, j], order[n, j]]
        made.append(
            _Nodes(
                columns[n[:, None], rest],
                j,
                inverse - across[:, :, None] * (across / pivot[:, None])[:, None, :],
                slopes[n[:, None], rest] - across * (slopes[n, j] / pivot)[:, None],
                without[n, j],
            )
        )
    return made
