"""The arithmetic of temporal disaggregation, for many series of one layout at once.

Every method here is one formula. The short periods are ``y = p + X b + u``, where `p` is given, `b` is estimated
by generalised least squares on the long periods and `u` has the covariance `Q`; the best linear unbiased
estimate adds ``Q C' (C Q C')^-1`` times the residuals of the long periods (Chow and Lin 1971). Methods differ in
`p`, `X` and `Q`. Denton-Cholette is the case where what the differences leave free (a level, a trend) is `X`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Final, Literal, TypeAlias

import numpy as np

__all__ = [
    "BOUND",
    "Fit",
    "Layout",
    "Objective",
    "Process",
    "benchmarked",
    "collinear",
    "estimated_rho",
    "regressed",
]

#: Arrays are named by their axes: series, long periods, short periods, regressors.
Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Objective = Literal["maxlog", "minrss", "minrss-scaled"]

#: The autoregressive parameter is looked for up to here.
BOUND: Final = 0.999
_NODES: Final = 33
#: Below this share of the sum of squares, residuals are rounding.
_NOTHING: Final = 1e-24
#: Below this share of the variance before the benchmark is known, what is left of it is rounding.
_ROUNDING: Final = 1e-11
#: A regressor of which less than this share is its own repeats the others.
_COLLINEAR: Final = 1e-10
_COMPLEX_STEP: Final = 1e-30
#: Numbers in the largest array that is held at once.
_ROOM: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class Layout:
    """How the short periods lie in the long ones.

    Attributes
    ----------
    low, high
        Number of long and of short periods.
    before
        Short periods before the first long one.
    weights
        What each short period counts in its long one: ones for sums, 0 0 0 1 for the last.
    """

    low: int
    high: int
    before: int
    weights: tuple[float, ...]

    @property
    def starts(self) -> Array:
        """Position of the first short period of each long one."""
        return self.before + len(self.weights) * np.arange(self.low)

    def matrix(self) -> Array:
        """Matrix (long, short) that aggregates.

        >>> Layout(2, 5, 1, (1.0, 1.0)).matrix().astype(int).tolist()
        [[0, 1, 1, 0, 0], [0, 0, 0, 1, 1]]
        """
        c = np.zeros((self.low, self.high))
        inside = self.starts[:, None] + np.arange(len(self.weights))
        c[np.arange(self.low)[:, None], inside] = self.weights
        return c


@dataclass(frozen=True, slots=True)
class Process:
    """Residuals of the short periods that follow ``u_t = rho u_t-1 + e_t``, or a sum of such from the first period on.

    The covariances are functions of one `rho` a series, up to the variance of `e`; not `integrated` they are the
    correlations ``rho^|t-s|`` (Chow-Lin), `integrated` those of a sum that starts at nothing (Litterman; with
    `rho` 0 the random walk of Fernandez).
    """

    layout: Layout
    integrated: bool

    def low(self, rho: Array) -> Array:
        """Covariance of the long periods (series, long, long)."""
        ratio, periods = len(self.layout.weights), np.arange(self.layout.low)
        if self.integrated:
            loadings = self._loadings(rho)
            return loadings @ loadings.swapaxes(1, 2)
        powers = _powers(rho, ratio * self.layout.low)
        by_lag = sum(
            c * self._weighted(powers, np.abs, ratio * periods - a) for a, c in enumerate(self.layout.weights)
        )
        return np.asarray(by_lag)[:, np.abs(periods[:, None] - periods)]

    def cross(self, rho: Array) -> Array:
        """Covariance of long with short periods (series, long, short)."""
        short = np.arange(self.layout.high)
        if self.integrated:
            return self._loadings(rho) @ _responses(rho, self.layout.high)[:, _lags(self.layout.high)]
        powers = _powers(rho, self.layout.high)
        return self._weighted(powers, np.abs, self.layout.starts[:, None] - short)

    def variance(self, rho: Array) -> Array:
        """Variance of the short periods (series, short)."""
        if self.integrated:
            responses: Array = np.cumsum(_responses(rho, self.layout.high)[:, :-1] ** 2, axis=1)
            return responses
        return np.ones((len(rho), self.layout.high))

    def _loadings(self, rho: Array) -> Array:
        """How the long periods respond to the innovation of each short one (series, long, short)."""
        responses = _responses(rho, self.layout.high)
        distance = self.layout.starts[:, None] - np.arange(self.layout.high)
        return self._weighted(responses, _not_before, distance)

    def _weighted(self, by_distance: Array, index: Any, distance: Array) -> Array:
        """Weighted sum of a function of the distance over the short periods that begin at `distance`."""
        least = int(distance.min())
        every = np.arange(least, int(distance.max()) + 1)
        terms = (by_distance[:, index(every + a)] * c for a, c in enumerate(self.layout.weights) if c)
        return np.take(np.asarray(sum(terms)), distance - least, axis=1)


def _powers(rho: Array, count: int) -> Array:
    """``rho^0, rho^1, ...`` (series, count), by products so that complex numbers keep their last digits."""
    steps = np.repeat(rho[:, None], count, axis=1)
    steps[:, 0] = 1
    return np.asarray(np.cumprod(steps, axis=1))


def _responses(rho: Array, count: int) -> Array:
    """What is left of an innovation after 0, 1, ... periods of a summed process; the last column is 0, for the past."""
    responses = np.cumsum(_powers(rho, count), axis=1)
    return np.concatenate([responses, np.zeros_like(responses[:, :1])], axis=1)


def _not_before(distance: Array) -> Array:
    """Index of a response to an innovation `distance` ago, and of the closing 0 where it is still to come."""
    return np.where(distance < 0, -1, distance)


def _lags(count: int) -> Array:
    """Index of the response of each period (second axis) to each innovation (first axis)."""
    return _not_before(np.arange(count) - np.arange(count)[:, None])


@dataclass(frozen=True, slots=True)
class Fit:
    """What came out for each series; `se` is of the short periods, `beta_se` of the coefficients."""

    values: Array
    se: Array
    beta: Array
    beta_se: Array
    rho: Array
    adjusted_r2: Array
    log_likelihood: Array

    def single(self) -> list[Fit]:
        """Fits of the series one by one."""
        parts = [getattr(self, field.name) for field in fields(self)]
        return [Fit(*row) for row in zip(*parts, strict=True)]


@dataclass(frozen=True, slots=True)
class _Gls:
    """Generalised least squares of each series.

    `whitening` times its transpose is the inverse of the covariance; `weights` are the residuals times that
    inverse, `root` times its transpose is the covariance of `beta` up to the variance.
    """

    beta: Array
    residuals: Array
    weights: Array
    rss: Array
    log_det: Array
    root: Array
    whitening: Array


def _gls(y: Array, x: Array, covariance: Array) -> _Gls:
    factor = np.linalg.cholesky(covariance)
    whitening = np.linalg.inv(factor)
    q, r = np.linalg.qr(whitening @ x)
    white = _times(whitening, y)
    projected = _times(q.swapaxes(1, 2), white)
    root = np.linalg.inv(r)
    residuals = white - _times(q, projected)
    log_det = 2 * np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
    beta = _times(root, projected)
    return _Gls(
        beta, y - _times(x, beta), _times(whitening.swapaxes(1, 2), residuals), (residuals**2).sum(axis=1),
        log_det, root, whitening,
    )  # fmt: skip


def _times(matrices: Array, vectors: Array) -> Array:
    product: Array = (matrices @ vectors[..., None])[..., 0]
    return product


def estimated_rho(y: Array, x: Array, process: Process, objective: Objective, *, truncated: bool) -> Array:
    """Estimate the autoregressive parameter of each series, up to `BOUND` and from 0 if `truncated`.

    ``maxlog`` maximises the likelihood; ``minrss`` minimises the weighted sum of squares with the covariance
    that `process` gives, ``minrss-scaled`` with that times ``1 / (1 - rho^2)``. The range is searched on nodes
    that all series share, then the slope is brought to zero between nodes, so the digits are those of the
    optimum and not of a search that stops where the objective is flat.

    Below 0 the first optimum counts. Near -1 residuals alternate and cancel out within the long periods, which
    then say nothing about them, and the likelihood often rises once more.
    """
    from scipy.optimize.elementwise import find_root

    low_x = process.layout.matrix() @ x
    nodes = _nodes(truncated)
    levels = np.stack([_level(y, low_x, process, objective, node) for node in nodes], axis=1)
    below = levels[:, : len(nodes) - _NODES + 1][:, ::-1]
    past_first = np.cumsum(np.diff(below, axis=1) > 0, axis=1)[:, ::-1] > 0
    levels[:, : past_first.shape[1]][past_first] = np.inf
    best = levels.argmin(axis=1)

    def slope(at: Array, which: Array) -> Array:
        which = which.astype(int)
        return _slope(at, y[which], low_x[which], process, objective)

    series = np.arange(len(y))
    falls = slope(nodes[best], series) < 0
    left, right = nodes[np.maximum(best - ~falls, 0)], nodes[np.minimum(best + falls, len(nodes) - 1)]
    inside = np.flatnonzero((slope(left, series) < 0) & (slope(right, series) > 0))
    rho: Array = nodes[best]
    if len(inside):
        rho[inside] = find_root(slope, (left[inside], right[inside]), args=(inside,)).x
    # what fits without a residual has no parameter
    rho[_gls(y, low_x, process.low(np.zeros(1))).rss <= _NOTHING * (y**2).sum(axis=1)] = 0.0
    return rho


def _nodes(truncated: bool) -> Array:
    """Values of `rho` to look at, closest together near 0 and the bounds."""
    positive: Array = BOUND / 2 * (1 - np.cos(np.linspace(0, np.pi, _NODES)))
    return positive if truncated else np.concatenate([-positive[:0:-1], positive])


def _level(y: Array, low_x: Array, process: Process, objective: Objective, rho: float) -> Array:
    """Value of what is minimised at one `rho` for all series."""
    gls = _gls(y, low_x, process.low(np.array([rho])))
    log_rss = np.log(np.maximum(gls.rss, np.finfo(float).tiny))
    if objective == "maxlog":
        level: Array = y.shape[1] * log_rss + gls.log_det
        return level
    return np.asarray(log_rss + (np.log1p(-(rho**2)) if objective == "minrss-scaled" else 0.0))


def _slope(rho: Array, y: Array, low_x: Array, process: Process, objective: Objective) -> Array:
    """Derivative of what is minimised, at a `rho` of each series."""
    slopes = np.empty(len(rho))
    for some in _pieces(len(rho), process.layout.low * process.layout.high):
        # a complex step gives the derivative of the covariance without a difference
        covariance = process.low(rho[some] + _COMPLEX_STEP * 1j)
        change = covariance.imag / _COMPLEX_STEP
        gls = _gls(y[some], low_x[some], covariance.real)
        of_rss = -(gls.weights * _times(change, gls.weights)).sum(axis=1)
        slope = of_rss / np.maximum(gls.rss, np.finfo(float).tiny)
        if objective == "maxlog":
            slope = y.shape[1] * slope + (gls.whitening * (gls.whitening @ change)).sum(axis=(1, 2))
        elif objective == "minrss-scaled":
            slope = slope - 2 * rho[some] / (1 - rho[some] ** 2)
        slopes[some] = slope
    return slopes


def _pieces(count: int, size: int) -> Iterator[slice]:
    step = max(1, _ROOM // size)
    return (slice(first, first + step) for first in range(0, count, step))


def regressed(y: Array, x: Array, process: Process, rho: Array) -> Fit:
    """Distribute `y` (series, long) by regression on `x` (series, short, regressors) with residuals of `process`.

    Source: Chow and Lin (1971), Fernandez (1981), Litterman (1983). The variance of the innovations is estimated
    from the long periods' residuals with degrees of freedom; `Fit.se` counts the uncertainty of the coefficients
    and of the distribution, and takes `rho` as known.
    """
    layout = process.layout
    pieces = [
        _regressed(y[some], x[some], process, rho[some])
        for some in _pieces(len(y), layout.high * layout.high)
    ]
    columns = zip(*pieces, strict=True)
    values, se, beta, beta_se, r2, log_likelihood = (np.concatenate(c) for c in columns)
    return Fit(values, se, beta, beta_se, rho, r2, log_likelihood)


def _regressed(y: Array, x: Array, process: Process, rho: Array) -> tuple[Array, ...]:
    c = process.layout.matrix()
    n, k = y.shape[1], x.shape[2]
    cross = process.cross(rho)
    gls = _gls(y, c @ x, process.low(rho))
    values = _closed(_times(x, gls.beta), y, c, cross, gls)

    s2 = gls.rss / (n - k)
    white_cross = gls.whitening @ cross
    variance = process.variance(rho)
    distribution = variance - (white_cross**2).sum(axis=1)
    lever = (x - white_cross.swapaxes(1, 2) @ (gls.whitening @ (c @ x))) @ gls.root
    spread = distribution + (lever**2).sum(axis=2)
    # what the benchmark fixes has no variance but what rounding leaves, of either sign
    spread[spread < _ROUNDING * variance] = 0.0
    se, beta_se = (np.sqrt(s2[:, None] * v) for v in (spread, (gls.root**2).sum(axis=2)))

    total = _gls(y, np.ones((len(y), n, 1)), process.low(rho)).rss
    with np.errstate(divide="ignore", invalid="ignore"):
        r2 = 1 - (gls.rss / (n - k)) / (total / (n - 1))
        log_likelihood = -(n * (1 + np.log(2 * np.pi * gls.rss / n)) + gls.log_det) / 2
    return values, se, gls.beta, beta_se, r2, log_likelihood


def _closed(preliminary: Array, y: Array, c: Array, cross: Array, gls: _Gls) -> Array:
    """Distribute the residuals, and once more what rounding has left of them."""
    back = cross.swapaxes(1, 2)
    values = preliminary + _times(back, gls.weights)
    rest = y - values @ c.T
    weights = _times(gls.whitening.swapaxes(1, 2), _times(gls.whitening, rest))
    closed: Array = values + _times(back, weights)
    return closed


def collinear(x: Array, layout: Layout) -> Array:
    """Whether the regressors (series, short, regressors) of each series depend on each other in the long periods."""
    low_x = layout.matrix() @ x
    lengths = np.linalg.norm(low_x, axis=1)
    # what a regressor adds to those before it stands on the diagonal
    own = np.abs(np.diagonal(np.linalg.qr(low_x).R, axis1=1, axis2=2))
    dependent: Array = (own <= _COLLINEAR * lengths).any(axis=1)
    return dependent


def benchmarked(
    y: Array, indicator: Array, layout: Layout, *, cholette: bool, additive: bool, differences: int
) -> Fit:
    """Distribute `y` (series, long) so that it moves as `indicator` (series, short) does.

    Minimises the squares of first or second `differences` of the ratios to the indicator, or of the distances
    from it if `additive`. Denton (1971) takes the level before the first period as given, which bends the start;
    Cholette's version leaves it free (Dagum and Cholette 2006). There is no regression: all but `values` is NaN.
    """
    # the inverse of the differences' cross products: a sum of sums for second differences
    responses = _responses(np.array([differences - 1.0]), layout.high)[0]
    summed = responses[_lags(layout.high)]
    q = summed.T @ summed
    scale = np.ones_like(indicator) if additive else indicator
    time = np.arange(layout.high) / layout.high
    free = time[:, None] ** np.arange(differences if cholette else 0)
    preliminary = np.zeros_like(indicator) if cholette and not additive else indicator
    c = layout.matrix()
    pieces = []
    for some in _pieces(len(y), layout.high * layout.high):
        cross = ((c * scale[some, None]) @ q) * scale[some, None]
        x = scale[some, :, None] * free
        gls = _gls(y[some] - preliminary[some] @ c.T, c @ x, cross @ c.T)
        pieces.append(_closed(preliminary[some] + _times(x, gls.beta), y[some], c, cross, gls))
    values = np.concatenate(pieces)
    none, no_coefficients = np.full(len(y), np.nan), np.empty((len(y), 0))
    return Fit(values, np.full_like(values, np.nan), no_coefficients, no_coefficients, none, none, none)
