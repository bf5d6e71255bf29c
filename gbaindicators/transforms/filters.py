"""Trend and cycle: the filters of Hodrick and Prescott, Hamilton, and Christiano and Fitzgerald; the output gap."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal, get_args

import polars as pl

from gbaindicators.errors import FrameError, UsageError
from gbaindicators.tables.series_frame import append_method
from gbaindicators.transforms.frequencies import MONTHS
from gbaindicators.transforms.inputs import read_series
from gbaindicators.transforms.lazily import Columns, by_series
from gbaindicators.transforms.provenance import add_note
from gbaindicators.transforms.regular import RegularSeries, with_components

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["cf_filter", "hamilton_filter", "hp_filter", "output_gap"]

Filter = Literal["hp", "hamilton", "cf"]
#: Two years ahead, and lags that span one year (Hamilton 2018); a year has no lag but itself.
_HORIZON: Final = {"A": 2, "S": 4, "Q": 8, "M": 24}
_LAGS: Final = {"A": 1, "S": 2, "Q": 4, "M": 12}
#: What the filters add to a frame.
_SPLIT: Final = {"component": pl.String, "status": pl.String, "method": pl.String}


@by_series(_SPLIT)
def hp_filter(frame: pl.DataFrame, lamb: float | None = None) -> pl.DataFrame:
    """Split each series into trend and cycle by the Hodrick-Prescott filter.

    The trend minimises ``sum((value - trend)**2) + lamb * sum((second difference of trend)**2)``.

    Parameters
    ----------
    frame
        Series frame (polars.DataFrame or LazyFrame) without gaps, best seasonally adjusted and, where it grows, in logarithms.
    lamb
        Smoothing parameter; by default 1600 for quarters and, as Ravn and Uhlig (2002) scale it by the fourth
        power of the frequency, 6.25 for years, 100 for half-years and 129,600 for months.

    Returns
    -------
    polars.DataFrame
        The rows of the frame twice, in the same unit: ``component`` ``trend``, then ``cycle``, which add up to
        the series; ``status`` E. A straight line has no cycle. The trend at both ends moves when observations
        are added.

    Raises
    ------
    SeriesTooShortError
        When a series has fewer than 4 values.
    FrameError
        When a series has a gap.
    UsageError
        When `lamb` is not positive, the frequency is weekly or daily and it is not given, or figures are accumulated
        since January.

    References
    ----------
    Hodrick, R. and E. Prescott (1997), "Postwar U.S. Business Cycles", JMCB 29(1). Ravn, M. and H. Uhlig (2002),
    "On Adjusting the Hodrick-Prescott Filter for the Frequency of Observations", REStat 84(2).

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> gdp = pl.DataFrame({"period": [date(y, 1, 1) for y in range(2018, 2024)], "value": [1.0, 2, 3, 2, 5, 6]})
    >>> parts = hp_filter(gdp)
    >>> parts.filter(pl.col("component") == "cycle")["value"].round(2).to_list()
    [0.07, 0.24, 0.41, -1.49, 0.44, 0.32]
    """
    if lamb is not None and not lamb > 0:
        raise UsageError(f"lamb={lamb!r} must be above zero")

    def split(series: RegularSeries) -> dict[str, NDArray[np.float64]]:
        smoothing = lamb or 1600 * (_a_year(series, "pass lamb=") / 4) ** 4
        return _trend_and_cycle(series, _hp_trend(series.values, smoothing))

    shown = "" if lamb is None else f" with lambda {lamb:g}"
    return with_components(
        frame, "the Hodrick-Prescott filter", lambda _: 4, split, f"Hodrick-Prescott filter{shown}"
    )


def _hp_trend(values: NDArray[np.float64], lamb: float) -> NDArray[np.float64]:
    """Solve ``(I + lamb * D'D) trend = values``, D taking second differences: a symmetric band of five."""
    import numpy as np
    from scipy.linalg import solveh_banded

    n = len(values)
    band = np.zeros((3, n))
    for offset, products in enumerate(([1.0, 4.0, 1.0], [-2.0, -2.0], [1.0])):
        for start, product in enumerate(products):
            band[2 - offset, start + offset : start + offset + n - 2] += lamb * product
    band[2] += 1
    # The filter leaves a level as it is: smoothing the distance from the mean keeps the digits.
    mean = values.mean()
    trend: NDArray[np.float64] = solveh_banded(band, values - mean) + mean
    return trend


@by_series(_SPLIT | {"note": pl.String})
def hamilton_filter(frame: pl.DataFrame, horizon: int | None = None, lags: int | None = None) -> pl.DataFrame:
    """Split each series into trend and cycle by Hamilton's regression filter.

    The trend is what a regression on a constant and the `lags` values that were known `horizon` periods before
    predicts: ``value[t] = b0 + b1 * value[t - h] + ... + bp * value[t - h - p + 1] + cycle[t]``.

    Parameters
    ----------
    frame
        Series frame (polars.DataFrame or LazyFrame) without gaps, where it grows best in logarithms.
    horizon
        Periods ahead; by default two years.
    lags
        Number of values in the regression; by default one year of them (4 quarters, 12 months).

    Returns
    -------
    polars.DataFrame
        The rows of the frame twice, in the same unit: ``component`` ``trend``, then ``cycle``, which add up to
        the series; ``status`` E. The first ``horizon + lags - 1`` values are null, and ``note`` says why.

    Raises
    ------
    SeriesTooShortError
        When the regression would have no more observations than coefficients.
    FrameError
        When a series has a gap.
    UsageError
        When `horizon` or `lags` is below 1, the frequency is weekly or daily and they are not given, or figures are accumulated
        since January.

    References
    ----------
    Hamilton, J. (2018), "Why You Should Never Use the Hodrick-Prescott Filter", REStat 100(5).

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> years = [date(y, 1, 1) for y in range(2015, 2024)]
    >>> gdp = pl.DataFrame({"period": years, "value": [1.0, 2, 4, 5, 5, 7, 8, 7, 9]})
    >>> hamilton_filter(gdp).filter(pl.col("component") == "cycle")["value"].round(2).to_list()
    [None, None, -0.13, 0.23, -1.06, 0.3, 1.3, -0.99, 0.36]
    """
    for name, given in (("horizon", horizon), ("lags", lags)):
        if given is not None and given < 1:
            raise UsageError(f"{name}={given!r} must be at least 1")

    def sizes(frequency: str) -> tuple[int, int]:
        return horizon or _HORIZON.get(frequency, 0), lags or _LAGS.get(frequency, 0)

    def least(frequency: str) -> int:
        h, p = sizes(frequency)
        return h + 2 * p + 1

    def split(series: RegularSeries) -> dict[str, NDArray[np.float64]]:
        h, p = sizes(series.frequency)
        if not (h and p):
            _a_year(series, "pass horizon= and lags=")
        return _trend_and_cycle(series, _hamilton_trend(series.values, h, p))

    method = "Hamilton filter"
    if horizon or lags:
        method += f" with horizon {horizon or 'two years'}, lags {lags or 'one year'}"
    result = with_components(frame, "the Hamilton filter", least, split, method)
    had_value = pl.concat([frame["value"].is_not_null()] * 2)
    early = pl.when(pl.col("value").is_null() & pl.lit(had_value))
    return add_note(result, early.then(pl.lit("the regression has no earlier values to start from")))


def _hamilton_trend(values: NDArray[np.float64], h: int, p: int) -> NDArray[np.float64]:
    import numpy as np

    n, first = len(values), h + p - 1
    # Centred, the regression loses no digits where the level is large against the movements.
    centred = values - values.mean()
    lagged = [centred[first - h - i : n - h - i] for i in range(p)]
    regressors = np.column_stack([np.ones(n - first), *lagged])
    coefficients = np.linalg.lstsq(regressors, centred[first:], rcond=None)[0]
    return np.concatenate([np.full(first, np.nan), regressors @ coefficients + values.mean()])


@by_series(_SPLIT)
def cf_filter(frame: pl.DataFrame, low: float | None = None, high: float | None = None) -> pl.DataFrame:
    """Split each series into trend and cycle by the band-pass filter of Christiano and Fitzgerald.

    The cycle is the best approximation, for a random walk, of what moves with periods between `low` and `high`:
    the filter for each date uses all values and is not symmetric. The drift is taken out first. The trend is
    the rest, so faster movements than `low` stay in it.

    Parameters
    ----------
    frame
        Series frame (polars.DataFrame or LazyFrame) without gaps, where it grows best in logarithms.
    low, high
        Shortest and longest cycle in periods of the frame; by default 1.5 to 8 years (6 to 32 quarters, 18 to 96
        months, 3 to 16 half-years), of annual series 2 to 8 years.

    Returns
    -------
    polars.DataFrame
        The rows of the frame twice, in the same unit: ``component`` ``trend``, then ``cycle``, which add up to
        the series; ``status`` E.

    Raises
    ------
    SeriesTooShortError
        When a series has fewer than 4 values.
    FrameError
        When a series has a gap.
    UsageError
        When not ``2 <= low < high``, the frequency is weekly or daily and they are not given, or figures are accumulated
        since January.

    References
    ----------
    Christiano, L. and T. Fitzgerald (2003), "The Band Pass Filter", International Economic Review 44(2).

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> gdp = pl.DataFrame({"period": [date(y, 1, 1) for y in range(2018, 2024)], "value": [1.0, 2, 3, 2, 5, 6]})
    >>> cf_filter(gdp).filter(pl.col("component") == "cycle")["value"].round(2).to_list()
    [0.15, 0.32, 0.45, -1.5, 0.45, 0.32]
    """
    shortest, longest = low or 2, high or float("inf")
    if not 2 <= shortest < longest:
        raise UsageError(
            f"low={low!r} and high={high!r} must be cycles of at least 2 periods, low below high"
        )

    def split(series: RegularSeries) -> dict[str, NDArray[np.float64]]:
        year = 4.0 if low and high else _a_year(series, "pass low= and high=")
        band = low or max(1.5 * year, 2), high or 8 * year
        if band[0] >= band[1]:
            raise UsageError(f"cycles of {band[0]:g} to {band[1]:g} periods are no band: give low= and high=")
        return _trend_and_cycle(series, series.values - _cf_cycle(series.values, *band))

    method = "Christiano-Fitzgerald filter"
    if low or high:
        method += f" of cycles of {low or 'the usual'} to {high or 'the usual'} periods"
    return with_components(frame, "the Christiano-Fitzgerald filter", lambda _: 4, split, method)


def _cf_cycle(values: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    import numpy as np

    n = len(values)
    slow, fast = 2 * np.pi / high, 2 * np.pi / low
    lag = np.arange(1, n)
    weights = np.concatenate(
        [[(fast - slow) / np.pi], (np.sin(lag * fast) - np.sin(lag * slow)) / (np.pi * lag)]
    )
    # What lies beyond an end is expected to stay at that end, which takes the weights of all of it.
    beyond = -0.5 * weights[0] - np.concatenate([[0.0], np.cumsum(weights[1:])])
    drift = (values[-1] - values[0]) / (n - 1)
    flat = values - values.mean() - drift * (np.arange(n) - (n - 1) / 2)
    at = np.arange(n)
    matrix = weights[np.abs(at[:, None] - at[None, :])]
    matrix[:, 0] = np.where(at == 0, 0.5 * weights[0], 0) + np.concatenate([[0.0], beyond[: n - 1]])
    matrix[:, -1] = matrix[::-1, 0]
    cycle: NDArray[np.float64] = matrix @ flat
    return cycle


def _trend_and_cycle(series: RegularSeries, trend: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    return {"trend": trend, "cycle": series.values - trend}


def _a_year(series: RegularSeries, mend: str) -> float:
    """Periods in a year."""
    if series.frequency not in MONTHS:
        raise UsageError(
            f"there is no usual setting for frequency {series.frequency!r} ({series.name}): {mend}"
        )
    return 12 / MONTHS[series.frequency]


def _of_gap(frame: pl.DataFrame, method: Filter) -> Columns:
    """Columns of `output_gap`."""
    says_why = ["note"] if method == "hamilton" else []
    return frame.schema | dict.fromkeys(("method", "status", *says_why, "unit"), pl.String())


@by_series(_of_gap)
def output_gap(frame: pl.DataFrame, method: Filter = "hp") -> pl.DataFrame:
    """Estimate by how many percent each series lies above or below its trend.

    The trend is that of the logarithms: the gap is ``100 * (value / exp(trend of ln(value)) - 1)``.

    Parameters
    ----------
    frame
        Series frame (polars.DataFrame or LazyFrame) of volumes above zero without gaps, best seasonally adjusted.
    method
        ``hp``, ``hamilton`` or ``cf``: the filter, with its usual settings for the frequency.

    Returns
    -------
    polars.DataFrame
        The same rows in the same order; ``value`` is the gap, ``unit`` ``percent``, ``status`` E. Null where the
        filter has no trend yet.

    Raises
    ------
    UsageError
        For another method, and of figures accumulated since January.
    SeriesTooShortError, FrameError
        As the filter does, and when a value is zero or negative.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> gdp = pl.DataFrame({"period": [date(y, 1, 1) for y in range(2018, 2024)], "value": [100.0, 105, 110, 105, 120, 126]})
    >>> output_gap(gdp)["value"].round(1).to_list()
    [0.1, 1.2, 2.0, -6.5, 1.8, 1.6]
    """
    filters: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
        "hp": hp_filter, "hamilton": hamilton_filter, "cf": cf_filter
    }  # fmt: skip
    if method not in get_args(Filter):
        raise UsageError(f"method={method!r} is not known: write 'hp', 'hamilton' or 'cf'")
    frame = read_series(frame, "the output gap")
    bad = frame.filter(pl.col("value") <= 0)
    if bad.height:
        raise FrameError(
            f"the value in the period that begins {bad['period'][0]} is {bad['value'][0]:g}: the output gap is a "
            "percentage of the trend and needs values above zero"
        )
    parts = filters[method](append_method(frame.with_columns(pl.col("value").log()), "logarithms"))
    cycle = parts.filter(pl.col("component") == "cycle").drop("component")
    gap = cycle.with_columns(value=(pl.col("value").exp() - 1) * 100, unit=pl.lit("percent"))
    return append_method(gap, "output gap")
