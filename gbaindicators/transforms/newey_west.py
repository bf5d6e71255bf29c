"""Newey-West variances: of a mean, and of the coefficients of a regression."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["lags_for", "regression", "variance_of_mean"]

Array = NDArray[np.float64]


def lags_for(observations: int) -> int:
    """Lags by the rule of thumb 4 (n / 100)^(2/9) of Newey and West.

    >>> lags_for(44), lags_for(100), lags_for(3)
    (3, 4, 1)
    """
    return min(int(4 * (observations / 100) ** (2 / 9)), max(observations - 2, 0))


def variance_of_mean(values: Array, lags: int) -> float:
    """Newey-West variance of the mean of a stationary series.

    >>> round(variance_of_mean(np.array([1.0, -1.0, 1.0, -1.0]), 0), 3)
    0.25
    """
    error = values - values.mean()
    n = len(values)
    covariances = [float(error[k:] @ error[: n - k]) / n for k in range(lags + 1)]
    total = covariances[0] + 2 * sum((1 - k / (lags + 1)) * c for k, c in enumerate(covariances) if k)
    return total / n


def regression(design: Array, values: Array, lags: int) -> tuple[Array, Array]:
    """Least squares coefficients and their Newey-West covariance, corrected for the degrees of freedom."""
    from statsmodels.regression.linear_model import OLS

    fitted = OLS(values, design).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True})
    return np.asarray(fitted.params), np.asarray(fitted.cov_params())
