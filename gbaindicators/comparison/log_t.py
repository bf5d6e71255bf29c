"""The log-t test: do the paths of areas run together?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl

from gbaindicators.comparison.cross_sections import Floats, Panel, provenance, read_panel
from gbaindicators.errors import SeriesTooShortError, UsageError
from gbaindicators.tables.series_frame import append_method

__all__ = ["Line", "first_of", "log_t_line", "log_t_test", "read_log_t_panel"]

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
    autoregression. As in the authors' program the autocovariances leave the last residual out, which other programs
    that are in use do as well; where this gives no positive variance they have all residuals and the coefficient of the
    autoregression is kept below 0.97. `convergence_clubs` looks for groups where the whole is rejected.

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

    panel = read_log_t_panel(frame, "the log-t test", trim)
    first = first_of(panel, trim)
    line = log_t_line(panel.values, first)
    if line is None:
        raise UsageError("all areas are equal in some period: there is nothing to converge")
    table = pl.DataFrame(
        {
            "period": panel.rows["period"][-1],
            "areas": len(panel.areas),
            "periods": panel.values.shape[1] - first,
            "estimate": line.estimate,
            "se": line.se,
            "t": line.t,
            "p": float(norm.cdf(line.t)),
            "rejected": line.t < float(norm.ppf(0.05)),
        }
    )
    return append_method(
        table.hstack(provenance(panel.rows)), f"log-t test without the first {first} periods"
    )


class Line(NamedTuple):
    """Slope of a log-t regression and its error."""

    estimate: float
    se: float

    @property
    def t(self) -> float:
        """The t value of the slope."""
        return self.estimate / self.se


def read_log_t_panel(frame: pl.DataFrame, doing: str, trim: float) -> Panel:
    """Read a panel in which every area has every period, long enough for a log-t regression."""
    panel = read_panel(frame, doing)
    if not isinstance(trim, int | float) or not 0 < trim < 1:
        raise UsageError(
            f"trim={trim!r}: give the share of periods to leave out, between 0 and 1, such as 1/3"
        )
    gaps = panel.rows.filter(pl.col("note").is_not_null())
    if gaps.height:
        raise UsageError(
            f"{gaps['note'][0]} in the period that begins {gaps['period'][0]}: {doing} needs all areas in all "
            "periods; filter the areas or the periods out"
        )
    first = first_of(panel, trim)
    left = panel.values.shape[1] - first
    if left < _LEAST or first < 1:
        raise SeriesTooShortError(
            f"{left} periods are left after the first {first}: {doing} needs {_LEAST}, and one to leave out"
        )
    return panel


def first_of(panel: Panel, trim: float) -> int:
    """How many periods are left out at the start."""
    periods: int = panel.values.shape[1]
    return round(periods * trim)


def log_t_line(values: Floats, first: int) -> Line | None:
    """Fit the log-t regression to (areas, periods); None where all areas are equal in some period."""
    variation = ((values / values.mean(axis=0) - 1) ** 2).mean(axis=0)
    if (variation == 0).any():
        return None
    log_t = np.log(np.arange(first + 1, values.shape[1] + 1))
    y = np.log(variation[0] / variation[first:]) - 2 * np.log(log_t)
    deviation = log_t - log_t.mean()
    spread = float(deviation @ deviation)
    estimate = float(deviation @ y) / spread
    residuals = y - y.mean() - estimate * deviation
    return Line(estimate, float(np.sqrt(_long_run_variance(residuals) / spread)))


def _long_run_variance(residuals: Floats) -> float:
    """Estimate the variance as Phillips and Sul do, and where that is not positive as Andrews and Monahan advise."""
    rho = float(residuals[1:] @ residuals[:-1] / (residuals[:-1] @ residuals[:-1]))
    theirs = _quadratic_spectral(residuals, residuals[:-1], rho)
    if theirs > 0:
        return theirs
    rho = float(np.clip(rho, -_HIGHEST_AUTOCORRELATION, _HIGHEST_AUTOCORRELATION))
    return _quadratic_spectral(residuals, residuals, rho)


def _quadratic_spectral(residuals: Floats, lagged: Floats, rho: float) -> float:
    """Andrews' (1991) long-run variance, with the autocovariances of `lagged`, at the bandwidth for `rho`."""
    n = len(lagged)
    # a coefficient of one has no bandwidth, and one of zero none but zero, which weights every lag by zero
    ratio = 4 * rho**2 / max(abs(1 - rho), 1e-3) ** 4
    bandwidth = max(1.3221 * (ratio * len(residuals)) ** 0.2, 1e-12)
    lags = np.arange(1, n)
    covariances = np.array([lagged[lag:] @ lagged[:-lag] for lag in lags])
    z = 1.2 * np.pi * lags / bandwidth
    kernel = 3 / z**2 * (np.sin(z) / z - np.cos(z))
    return float((residuals @ residuals + 2 * kernel @ covariances) / n)
