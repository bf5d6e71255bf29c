"""The linear algebra of reconciliation: forecasts of all levels projected onto those that add up.

A reconciled forecast is ``S P y``: P makes forecasts of the areas without members from the base forecasts y of all
areas, the summing matrix S adds them up. The methods differ in P. All but top-down minimise
``(y - S b)' W^-1 (y - S b)`` over b, the least squares problem ``|T y - T S b|`` with ``W^-1 = T'T``, which bottom-up
solves with the lowest level alone; that is also the problem to solve where b must not be negative.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gbaindicators.errors import FrameError, UsageError
from gbaindicators.forecasting.coherence.hierarchy import Hierarchy

__all__ = ["ErrorMatrix", "error_matrix", "least_squares", "reconciled_widths", "top_down", "weighting"]

Matrix = NDArray[np.float64]

#: The least error, as a share of the largest one, and the least shrinkage: they keep W invertible.
_LEAST_ERROR: Final = 1e-6
_LEAST_SHRINKAGE: Final = 1e-10


class ErrorMatrix(NamedTuple):
    """What is known of errors.

    Attributes
    ----------
    deviations
        Standard deviations, relative to the largest.
    correlation
        Correlations as they are in the errors.
    shrinkage
        How far they are to be shrunk towards none, from 0 to 1.
    """

    deviations: Matrix
    correlation: Matrix
    shrinkage: float


def error_matrix(errors: Matrix) -> ErrorMatrix:
    """Estimate variances, correlations and shrinkage of errors, one row a period and one column a series.

    Errors of unbiased forecasts have mean zero, so they are not centred (Wickramasuriya, Athanasopoulos and Hyndman
    2019). The shrinkage is that of Schäfer and Strimmer (2005).
    """
    n = len(errors)
    deviations = np.sqrt(np.mean(errors**2, axis=0))
    z = errors / np.where(deviations > 0, deviations, 1.0)
    r = z.T @ z / n
    np.fill_diagonal(r, 1.0)
    variance = ((z**2).T @ z**2 - n * r**2) / (n * (n - 1))
    off = ~np.eye(len(r), dtype=bool)
    squares = (r[off] ** 2).sum()
    shrinkage = float(np.clip(variance[off].sum() / squares, _LEAST_SHRINKAGE, 1.0)) if squares > 0 else 1.0
    return ErrorMatrix(np.maximum(deviations / deviations.max(), _LEAST_ERROR), r, shrinkage)


def weighting(method: str, hierarchy: Hierarchy, errors: ErrorMatrix | None) -> Matrix:
    """Matrix T of the least squares problem of a method."""
    n = len(hierarchy.areas)
    match method:
        case "bottom_up":
            return hierarchy.lowest
        case "wls_struct":
            return np.diag(1 / np.sqrt(hierarchy.summing.sum(axis=1)))
        case "wls_var" if errors:
            return np.diag(1 / errors.deviations)
        case "mint" if errors:
            shrunk = (1 - errors.shrinkage) * errors.correlation + errors.shrinkage * np.eye(n)
            root = np.linalg.cholesky(shrunk)
            inverse: Matrix = np.linalg.solve(root, np.diag(1 / errors.deviations))
            return inverse
        case _:
            return np.eye(n)


def least_squares(
    base: Matrix, hierarchy: Hierarchy, weights: Matrix, *, non_negative: bool
) -> tuple[Matrix, Matrix]:
    """Reconcile base forecasts (one row an area, one column a period) by weighted least squares.

    Where the result must not be negative and would be, the quadratic programme with that bound is solved by the
    active set method of Lawson and Hanson, which ends after finitely many steps at the exact solution; totals are
    sums of it (Wickramasuriya, Turlach and Hyndman 2020).

    Returns the reconciled forecasts and the matrix ``S P`` of the problem without bound, the same for each period.
    """
    from scipy.optimize import nnls

    problem = weights @ hierarchy.summing
    p = np.linalg.lstsq(problem, weights, rcond=None)[0]
    # a power of two, so that nothing is rounded
    size = np.exp2(np.ceil(np.log2(max(np.abs(base).max(), np.finfo(float).tiny))))
    lowest = p @ (base / size)
    for i in np.flatnonzero((lowest < 0).any(axis=0) & non_negative):
        lowest[:, i] = nnls(problem, weights @ (base[:, i] / size), maxiter=100 * len(p))[0]
    maps = np.broadcast_to(hierarchy.summing @ p, (base.shape[1], len(base), len(base)))
    return hierarchy.summing @ lowest * size, maps


def top_down(base: Matrix, hierarchy: Hierarchy) -> tuple[Matrix, Matrix]:
    """Split each total among its members in proportion to their base forecasts.

    Returns the reconciled forecasts and, for each period, the matrix of their derivatives by the base forecasts, which
    stands in for ``S P`` in the variances.

    Raises
    ------
    UsageError
        When an area is member of several totals.
    FrameError
        When members have negative forecasts or none above zero, so that they have no proportions.
    """
    parts = [part for of_total in hierarchy.members.values() for part in of_total]
    if several := sorted({p for p in parts if parts.count(p) > 1}):
        raise UsageError(
            f"'top_down' needs one total above each area, {', '.join(several)} belong to several: take 'ols', "
            "'wls_struct' or 'mint'"
        )
    place = {area: i for i, area in enumerate(hierarchy.areas)}
    values, slopes = base.copy(), np.tile(np.eye(len(base)), (base.shape[1], 1, 1))
    for total, of_total in hierarchy.members.items():
        top, rows = place[total], [place[p] for p in of_total]
        sums = base[rows].sum(axis=0)
        if (base[rows] < 0).any() or (sums <= 0).any():
            raise FrameError(
                f"the members of {total} have forecasts below zero or all at zero, and so no proportions by which "
                "'top_down' could split it: take 'ols', 'wls_struct' or 'mint'"
            )
        shares = base[rows] / sums
        values[rows] = shares * values[top]
        # d(share * total) = share * d(total) + total / sum * (d(member) - share * d(sum))
        own = np.eye(len(base))[rows]
        change = own - shares.T[:, :, None] * own.sum(axis=0)
        slopes[:, rows] = (
            shares.T[:, :, None] * slopes[:, [top]] + (values[top] / sums)[:, None, None] * change
        )
    lowest = hierarchy.lowest
    return hierarchy.summing @ (lowest @ values), hierarchy.summing @ (lowest @ slopes)


def reconciled_widths(widths: Matrix, maps: Matrix, correlation: Matrix) -> Matrix:
    """Half widths of intervals of reconciled forecasts.

    The variance of each period, ``W = D R D`` with the half widths D and the correlations R, becomes ``M W M'``; the
    quantile that makes widths of deviations is the same before and after.

    Parameters
    ----------
    widths
        Half widths of the base forecasts, one row an area and one column a period.
    maps
        Matrix M from base to reconciled forecasts, for each period.
    correlation
        Correlation matrix R of the base forecasts' errors.
    """
    parts = maps * widths.T[:, None, :]
    variances = ((parts @ correlation) * parts).sum(axis=2)
    # rounding can take what cancels out a little below zero
    half_widths: Matrix = np.sqrt(np.maximum(variances, 0.0)).T
    return half_widths
