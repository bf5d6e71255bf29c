"""The log-t test: do the paths of areas run together?"""

from __future__ import annotations

import numpy as np
import polars as pl

from gbaindicators.comparison.cross_sections import Floats, provenance, read_panel
from gbaindicators.errors import SeriesTooShortError, UsageError
from gbaindicators.tables.series_frame import append_method

__all__ = ["log_t_test"]

_LEAST = 12
#: As Andrews and Monahan advise: beyond it the bandwidth has no bound.
_HIGHEST_AUTOCORRELATION = 0.97


def log_t_test(frame: pl.DataFrame, *, trim: float = 1 / 3) -> pl.DataFrame:
    """Test whether all areas converge in the long run, each on its own path (Phillips and Sul's log-t regression).

    With ``h = y / mean(y)`` over the areas and `H` the mean of ``(h - 1)**2`` in each period `t` from 1 on, it is the
    least squares line ``ln(H_1 / H_t) - 2 * ln(ln(t)) = a + b * ln(t)`` over the periods after the first `trim`.
    Convergence is rejected at 5 percent where the t value of `b` is below -1.65; where it is not, ``b / 2`` is the speed
    at which the areas come together, and `b` of two or more means that levels do. The error takes the long-run
    variance of the residuals with the quadratic spectral kernel and Andrews' automatic bandwidth from an
    autoregression, whose coefficient is kept below 0.97.

    Programs that follow the authors' code find the same `b` but another error: t is -159.6 for 152 countries, where
    this gives -162.5, and they lie further apart where the residuals are nearly a random walk. A t value near -1.65
    decides nothing. The clustering into clubs that is built on the test turns on such differences and is not offered.

    Parameters
    ----------
    frame
        Series frame over areas without gaps, of one unit, as a rule the trend (`gba.hp_filter` with ``lamb=400`` for
        years) of the logarithm of GDP per head. The test is on ratios: in another currency logarithms give another
        result.
    trim
        Share of the periods to leave out at the start.

    Returns
    -------
    polars.DataFrame
        One row: ``period`` (the last), ``areas`` and ``periods`` (how many in the regression), ``estimate`` (`b`), ``se``,
        ``t``, ``p`` (one-sided, small where convergence is rejected), ``rejected`` at 5 percent, ``sources``,
        ``status``, ``vintage`` where the frame has them, and ``method``.

    Raises
    ------
    SeriesTooShortError
        When fewer than 12 periods are left.
    UsageError
        When an area lacks a value, `trim` is not from 0 to 1, or all areas are equal in a period.
    FrameError
        As in `dispersion`.

    References
    ----------
    Phillips, P. and D. Sul (2007), "Transition Modeling and Econometric Convergence Tests", Econometrica 75(6).
    Andrews, D. (1991), "Heteroskedasticity and Autocorrelation Consistent Covariance Matrix Estimation",
    Econometrica 59(3).

    Examples
    --------
    >>> from datetime import date
    >>> paths = pl.DataFrame([
    ...     {"area": a, "period": date(1990 + t, 1, 1), "value": 10 + gap / (1 + t)}
    ...     for a, gap in (("a", -1.0), ("b", 0.5), ("c", 0.5)) for t in range(30)
    ... ])
    >>> log_t_test(paths).select(pl.col("estimate").round(1), "rejected").row(0)
    (1.3, False)
    """
    from scipy.stats import norm

    panel = read_panel(frame, "the log-t test")
    if not 0 < trim < 1:
        raise UsageError(
            f"trim={trim!r}: give the share of periods to leave out, between 0 and 1, such as 1/3"
        )
    gaps = panel.rows.filter(pl.col("note").is_not_null())
    if gaps.height:
        raise UsageError(
            f"{gaps['note'][0]} in the period that begins {gaps['period'][0]}: the log-t test needs all areas in all "
            "periods; filter the areas or the periods out"
        )
    first = round(panel.values.shape[1] * trim)
    left = panel.values.shape[1] - first
    if left < _LEAST or first < 1:
        raise SeriesTooShortError(
            f"{left} periods are left after the first {first}: the log-t test needs {_LEAST}, and one to leave out"
        )
    variation = ((panel.values / panel.values.mean(axis=0) - 1) ** 2).mean(axis=0)
    if (variation == 0).any():
        raise UsageError("all areas are equal in some period: there is nothing to converge")
    log_t = np.log(np.arange(first + 1, first + left + 1))
    y = np.log(variation[0] / variation[first:]) - 2 * np.log(log_t)
    deviation = log_t - log_t.mean()
    spread = float(deviation @ deviation)
    estimate = float(deviation @ y) / spread
    residuals = y - y.mean() - estimate * deviation
    se = float(np.sqrt(_long_run_variance(residuals) / spread))
    table = pl.DataFrame(
        {
            "period": panel.rows["period"][-1],
            "areas": len(panel.areas),
            "periods": left,
            "estimate": estimate,
            "se": se,
            "t": estimate / se,
            "p": float(norm.cdf(estimate / se)),
            "rejected": estimate / se < float(norm.ppf(0.05)),
        }
    )
    return append_method(
        table.hstack(provenance(panel.rows)), f"log-t test without the first {first} periods"
    )


def _long_run_variance(residuals: Floats) -> float:
    """Andrews' (1991) estimate: quadratic spectral kernel, bandwidth by an autoregression of order one."""
    n = len(residuals)
    rho = float(residuals[1:] @ residuals[:-1] / (residuals[:-1] @ residuals[:-1]))
    rho = float(np.clip(rho, -_HIGHEST_AUTOCORRELATION, _HIGHEST_AUTOCORRELATION))
    bandwidth = 1.3221 * (4 * rho**2 / (1 - rho) ** 4 * n) ** 0.2
    lags = np.arange(1, n)
    covariances = np.array([residuals[lag:] @ residuals[:-lag] for lag in lags])
    # a bandwidth of zero, without autocorrelation, weights every lag by zero
    z = 1.2 * np.pi * lags / max(bandwidth, 1e-12)
    kernel = 3 / z**2 * (np.sin(z) / z - np.cos(z))
    return float((residuals @ residuals + 2 * kernel @ covariances) / n)
