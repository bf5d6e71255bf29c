"""The dynamic factor model behind a nowcast: estimated on one panel, applied to any panel of the same series."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gbaindicators.errors import UsageError

__all__ = ["FactorModel", "estimate", "row_of"]

Matrix = NDArray[np.float64]

_ITERATIONS: Final = 200
_TOLERANCE: Final = 1e-5
#: Months that only number the rows.
_FIRST: Final = "2000-01"
#: Largest root of an autoregression: beyond it the variance of a state would have no bound.
_LARGEST_ROOT: Final = 0.98


@dataclass(frozen=True)
class FactorModel:
    """Estimated parameters, with the means and deviations that standardise the series."""

    factors: int
    order: int
    mean: Matrix
    deviation: Matrix
    parameters: Matrix
    converged: bool

    def smoothed(self, values: Matrix) -> Any:
        """Statsmodels' results for a panel of values, given all of it (``information_set="smoothed"``)."""
        with _quiet():
            return _specify(self, values).smooth(self.parameters)

    def of_target(self, values: Matrix) -> tuple[Matrix, Matrix]:
        """Mean and standard error of the last column in every month, given the whole panel."""
        results = self.smoothed(values)
        design = results.model["design"][-1]
        mean = design @ results.smoothed_state
        variance = np.einsum("i,ijt,j->t", design, results.smoothed_state_cov, design)
        scale = self.deviation[-1]
        return mean * scale + self.mean[-1], np.sqrt(np.maximum(variance, 0)) * scale

    def loadings(self) -> Matrix:
        """Loadings of the standardised series on the factors, series by factor; the target's first is not negative."""
        count = len(self.mean) * self.factors
        loadings = self.parameters[:count].reshape(len(self.mean), self.factors)
        signs: Matrix = np.where(loadings[-1] < 0, -1.0, 1.0)
        return loadings * signs


def estimate(values: Matrix, factors: int, order: int) -> FactorModel:
    """Estimate by the EM algorithm of Bańbura and Modugno (2014).

    Raises
    ------
    UsageError
        When the factors are more than the series, or the algorithm breaks down.
    """
    if factors >= values.shape[1]:
        raise UsageError(
            f"{factors} factors need more than the {values.shape[1] - 1} series that are of use: take fewer factors "
            "or add series"
        )
    # sample moments of what is known, as statsmodels takes them
    mean, deviation = np.nanmean(values, axis=0), np.nanstd(values, axis=0, ddof=1)
    start = FactorModel(factors, order, mean, deviation, np.empty(0), False)
    model = _specify(start, values)
    from threadpoolctl import threadpool_limits

    # The matrices are so small that threads only wait for each other.
    with threadpool_limits(1, "blas"), _quiet() as caught:
        try:
            # Started from the smoothed state of the iteration before, statsmodels' default, the algorithm breaks
            # down: that state has no variance of its own in directions that the data fix.
            found = model.fit_em(
                maxiter=_ITERATIONS,
                tolerance=_TOLERANCE,
                em_initialization=False,
                return_params=True,
                disp=False,
            )
        except (np.linalg.LinAlgError, ValueError) as error:
            raise UsageError(
                f"the factor model cannot be estimated ({error}): take fewer factors or a lower factor_order, or "
                "leave out series that are nearly the same"
            ) from error
    parameters = _stationary(model, np.array(found, dtype=float))
    if not np.isfinite(parameters).all():
        raise UsageError(
            "the factor model cannot be estimated (a parameter is no number): take fewer factors or a lower "
            "factor_order, or leave out series that are nearly the same"
        )
    converged = not any("without achieving convergence" in text for text in caught)
    return FactorModel(factors, order, mean, deviation, parameters, converged)


def _specify(model: FactorModel, values: Matrix) -> Any:
    import pandas as pd
    from statsmodels.tsa.statespace.dynamic_factor_mq import DynamicFactorMQ

    months = pd.period_range(_FIRST, periods=len(values), freq="M")
    names = [f"y{i}" for i in range(values.shape[1])]
    return DynamicFactorMQ(
        pd.DataFrame(values, index=months, columns=names),
        factors={name: [f"f{j}" for j in range(model.factors)] for name in names},
        factor_orders={tuple(f"f{j}" for j in range(model.factors)): model.order},
        standardize=(
            pd.Series(model.mean, index=names),
            pd.Series(model.deviation, index=names),
        ),
    )


def row_of(month: Any) -> int:
    """Row of a month as statsmodels labels it."""
    return int((month.year - 2000) * 12 + month.month - 1)


def _stationary(model: Any, parameters: Matrix) -> Matrix:
    """Shrink autoregressions with a root near or beyond one, where they have no stationary start."""
    own, common = model._p["idiosyncratic_ar1"], model._p["factor_ar"]
    parameters[own] = np.clip(parameters[own], -_LARGEST_ROOT, _LARGEST_ROOT)
    count = model.k_factors
    blocks = parameters[common].reshape(count, -1, count)
    largest = _largest_root(blocks)
    if largest > _LARGEST_ROOT:
        # coefficients of lag k times c to the k divide every root by the same number
        lags = np.arange(1, blocks.shape[1] + 1)[None, :, None]
        parameters[common] = (blocks * (_LARGEST_ROOT / largest) ** lags).ravel()
    return parameters


def _largest_root(blocks: Matrix) -> float:
    count, order, _ = blocks.shape
    companion = np.eye(count * order, k=-count)
    companion[:count] = blocks.reshape(count, -1)
    return float(np.abs(np.linalg.eigvals(companion)).max())


@contextmanager
def _quiet() -> Iterator[Sequence[str]]:
    """Collect the texts of warnings instead of showing them."""
    texts: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield texts
    texts.extend(str(w.message) for w in caught)
