"""Trend growth: the annual rate of a straight line through the logarithms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import polars as pl

from gbaindicators.catalog import parse_period, period_text
from gbaindicators.errors import FrameError, UsageError
from gbaindicators.transforms.frequencies import MONTHS
from gbaindicators.transforms.inputs import NoRowsError, read_series
from gbaindicators.transforms.lazily import Columns, by_series
from gbaindicators.transforms.newey_west import lags_for
from gbaindicators.transforms.regular import (
    RegularSeries,
    columns_of_one_row,
    estimated,
    one_row,
    regular_series,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["trend_growth"]

_A_YEAR: Final = {code: 12 / months for code, months in MONTHS.items()} | {"W": 365.25 / 7, "D": 365.25}


def _of_trends(frame: pl.DataFrame, **_: object) -> Columns:
    """Columns of `trend_growth`."""
    bounds = dict.fromkeys(("lower_95", "upper_95", "value_standard_error"), pl.Float64())
    text = pl.String()
    columns = columns_of_one_row(frame) | {
        "status": text,
        "period": pl.Date(),
        "value": pl.Float64(),
        "unit": text,
    }
    return columns | bounds | {"method": text}


@by_series(_of_trends)
def trend_growth(frame: pl.DataFrame, start: str | None = None, end: str | None = None) -> pl.DataFrame:
    """Estimate the trend growth of each series in percent a year by log-linear regression.

    It is ``100 * (exp(b) - 1)`` of the least squares line ``ln(value) = a + b * t``, `t` in years. Every
    observation counts, not the two ends alone as in `cagr`. The standard error of `b` is robust to
    heteroskedasticity and autocorrelation: Newey and West's, with ``floor(4 * (n / 100) ** (2 / 9))`` lags, the
    covariance times ``n / (n - 2)``. The interval takes Student's t with ``n - 2`` degrees of freedom.

    Parameters
    ----------
    frame
        Series frame (polars.DataFrame or LazyFrame) of positive values without gaps.
    start, end
        First and last period as SDMX text (``2010``, ``2015-Q1``); by default those of each series.

    Returns
    -------
    polars.DataFrame
        One row a series, in order of first appearance: the columns of the series, ``period`` (the last in the
        regression), ``value`` (``unit`` ``percent``), the bounds ``lower_95`` and ``upper_95``,
        ``value_standard_error`` in percentage points (delta method), the union of ``sources``, ``status`` E or
        worse, the latest ``vintage``, and ``method``.

    Raises
    ------
    SeriesTooShortError
        When a series has fewer than 4 values from `start` to `end`.
    FrameError
        When a series has a gap, a value that is zero or negative, or the frame is empty.
    PeriodError
        When `start` or `end` is no period.
    UsageError
        When `end` does not lie after `start`, or figures are accumulated since January.

    References
    ----------
    Newey, W. and K. West (1987), "A Simple, Positive Semi-Definite, Heteroskedasticity and Autocorrelation
    Consistent Covariance Matrix", Econometrica 55(3). The number of lags is the rule of their "Automatic Lag
    Selection in Covariance Matrix Estimation" (1994), REStud 61(4), without its second step.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> years = [date(y, 1, 1) for y in range(2018, 2024)]
    >>> gdp = pl.DataFrame({"period": years, "value": [100.0, 103, 107, 110, 115, 118]})
    >>> trend_growth(gdp).select(pl.col("value", "lower_95", "upper_95").round(2)).row(0)
    (3.45, 3.33, 3.56)
    """
    first, last = (None if text is None else parse_period(text).start for text in (start, end))
    if first is not None and last is not None and last <= first:
        raise UsageError(f"the end {end!r} must lie after the start {start!r}")
    frame = read_series(frame, "trend growth")
    if not frame.height:
        raise NoRowsError("the frame is empty: there is no trend growth to estimate")
    period = pl.col("period")
    inside = (period >= first if first else pl.lit(True)) & (period <= last if last else pl.lit(True))
    # a series that has nothing inside must be named as too short, not vanish
    within = frame.with_columns(pl.when(inside).then("value").alias("value"))
    return pl.concat([_row(s) for s in regular_series(within, "trend growth", 4)], how="diagonal_relaxed")


def _row(series: RegularSeries) -> pl.DataFrame:
    import numpy as np
    from scipy.stats import t as student

    _check_positive(series)
    n = len(series.values)
    years = np.arange(n) / _A_YEAR[series.frequency]
    slope, error = _slope(years, np.log(series.values))
    margin = float(student.ppf(0.975, n - 2)) * error
    span = f"{n} values from {_text(series, 0)} to {_text(series, -1)}"
    return estimated(one_row(series)).with_columns(
        period=series.rows["period"][-1],
        value=_percent(slope),
        unit=pl.lit("percent"),
        lower_95=_percent(slope - margin),
        upper_95=_percent(slope + margin),
        value_standard_error=pl.lit(100 * float(np.exp(slope)) * error),
        method=pl.lit(f"log-linear trend growth, Newey-West errors, {span}"),
    )


def _percent(slope: float) -> pl.Expr:
    return pl.lit(100 * math.expm1(slope))


def _text(series: RegularSeries, at: int) -> str:
    return period_text(series.frequency, series.rows["period"][at])


def _slope(years: NDArray[np.float64], logs: NDArray[np.float64]) -> tuple[float, float]:
    """Slope of the least squares line, with its standard error of Newey and West."""
    import numpy as np

    n = len(years)
    distance = years - years.mean()
    slope = float(distance @ (logs - logs.mean()) / (distance @ distance))
    scores = distance * (logs - logs.mean() - slope * distance)
    lags = lags_for(n)
    covariances = [float(scores[lag:] @ scores[: n - lag]) for lag in range(lags + 1)]
    summed = covariances[0] + 2 * sum(c * (1 - lag / (lags + 1)) for lag, c in enumerate(covariances) if lag)
    error = np.sqrt(max(summed, 0.0) * n / (n - 2)) / (distance @ distance)
    return slope, float(error)


def _check_positive(series: RegularSeries) -> None:
    bad = series.rows.filter(pl.col("value") <= 0)
    if bad.height:
        raise FrameError(
            f"the value of {series.name} in {period_text(series.frequency, bad['period'][0])} is "
            f"{bad['value'][0]:g}: trend growth needs values above zero"
        )
