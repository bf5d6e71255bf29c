"""From the periods that figures are published for to shorter ones: `disaggregate`."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Literal

import polars as pl

from gbaindicators.catalog import frequency_code
from gbaindicators.errors import FrameError
from gbaindicators.tables.series_frame import FREQUENCY, series_keys, series_name
from gbaindicators.transforms.disaggregation.alignment import read_benchmarks, read_indicators
from gbaindicators.transforms.disaggregation.fitting import fitted
from gbaindicators.transforms.disaggregation.laying_out import laid_out
from gbaindicators.transforms.disaggregation.methods import ALIASES, DENTON, Criterion, Options
from gbaindicators.transforms.disaggregation.regression_tables import coefficients_of, statistics_of
from gbaindicators.transforms.frequencies import with_frequency
from gbaindicators.transforms.inputs import in_memory, read_series, refuse_lazy
from gbaindicators.transforms.lazily import Columns, by_series, one_frequency

__all__ = ["Disaggregation", "disaggregate", "disaggregation_model"]


@dataclass(frozen=True, slots=True)
class Disaggregation:
    """A disaggregation with its regression.

    Attributes
    ----------
    values
        The series of short periods, as `disaggregate` returns them.
    coefficients
        One row a series and regressor: ``regressor``, ``coefficient``, ``se``, ``t``. No rows for Denton's methods.
    statistics
        One row a series: ``method``, ``conversion``, ``n_low`` and ``n_high`` (long and short periods), ``rho``,
        ``rho_origin`` (``estimated``, ``truncated`` to 0, ``at the bound``, ``given``, or null), ``adjusted_r2`` and
        ``log_likelihood`` of the regression of the long periods; null where there is none.
    """

    values: pl.DataFrame
    coefficients: pl.DataFrame
    statistics: pl.DataFrame


def _of_paths(frame: pl.DataFrame, indicator: pl.DataFrame | None, method: str, **_: object) -> Columns:
    """Columns of `disaggregate`."""
    beside = {} if indicator is None else indicator.schema
    carried = {c: beside[c] for c in ("sources", "vintage") if c in beside and c not in frame.schema}
    errors = {} if method in DENTON else {"se": pl.Float64()}
    said = dict.fromkeys(("method", "status", "note"), pl.String())
    return frame.schema | {"frequency": FREQUENCY} | carried | errors | said


@by_series(
    _of_paths, changes=["frequency", "adjustment"], beside="indicator", whole=one_frequency("disaggregate")
)
def disaggregate(
    frame: pl.DataFrame,
    to: str = "Q",
    *,
    indicator: pl.DataFrame | pl.LazyFrame | None = None,
    method: str = "denton-cholette",
    conversion: str | None = None,
    constant: bool = True,
    rho: float | None = None,
    truncated: bool = True,
    criterion: Criterion = "proportional",
    differences: Literal[1, 2] = 1,
    executor: Executor | None = None,
) -> pl.DataFrame:
    """Estimate the shorter periods of series that are published for longer ones only.

    The result aggregates to the benchmark (the frame's own figures) and takes its movement within the longer
    periods from an indicator; without one it is as smooth as the benchmark lets it be. Everything is aligned by
    date: where indicators begin before the benchmark or end after it, the result is extrapolated.

    Parameters
    ----------
    frame
        Series frame (polars.DataFrame or LazyFrame) of one frequency, annual, half-yearly or quarterly, without gaps. Years may begin in any
        month, as fiscal years do.
    to
        Frequency code or word of the result: ``"S"``, ``"Q"`` or ``"M"``.
    indicator
        Series frame (polars.DataFrame or LazyFrame) at that frequency. It is matched by the columns it shares with the frame (``area``, not
        ``indicator``, ``adjustment`` and ``prices``); one without ``area`` serves all areas. Several series for one
        of the frame are several regressors.
    method
        ``"denton-cholette"`` (keeps the movement of the indicator whether or not it is related), ``"denton"``
        (the original, which starts from the indicator's level, so that must be in the benchmark's scale);
        by regression on the long periods: ``"chow-lin"`` (rho by maximum likelihood, also called
        ``"chow-lin-maxlog"``), ``"chow-lin-minrss"`` (rho by least squares with the correlation matrix, as in
        Ecotrim), ``"chow-lin-minrss-quilis"`` (with the covariance matrix), ``"fernandez"``, ``"litterman"``
        (``"litterman-maxlog"``) and ``"litterman-minrss"``.
    conversion
        How short periods make a long one: ``sum``, ``mean``, ``last`` (``end``) or ``first``. By default what the
        catalogue says of each indicator; frames without ``indicator`` must give it.
    constant
        Whether the regression has a constant.
    rho
        Autoregressive parameter of the residuals, between -1 and 1, in place of an estimate.
    truncated
        Whether estimates of rho below 0 become 0. They are mostly a sign of a poor fit, and give a path that zigzags.
    criterion
        For Denton's methods, whether ratios to the indicator are kept smooth or distances from it.
    differences
        For Denton's methods, whether first or second differences of these are made small.
    executor
        Where to compute many series: threads or processes of `concurrent.futures`, or a Dask cluster's
        ``Client(...).get_executor()``. It changes no digit.

    Returns
    -------
    polars.DataFrame
        Series in the frame's order, by date, in its unit. ``status`` is E or worse, ``method`` says by what and with
        what, ``note`` marks extrapolated periods, ``sources`` holds those of the benchmark and the indicators,
        ``vintage`` the latest of both; ``adjustment`` is that of the indicators where there is one. The regression
        methods add ``se``, the standard error, which takes rho as known and is 0 where the benchmark gives the
        value itself. An empty frame gives an empty frame.

    Raises
    ------
    UsageError
        When the direction is wrong, the conversion is not known, options do not go together, or figures
        accumulated since January would be distributed.
    FrameError
        When the benchmark or an indicator has a gap or null, an indicator is missing or does not cover the
        benchmark, regressors are collinear, or ratios to an indicator of 0 would be taken.
    SeriesTooShortError
        When there are not more long periods than regressors.
    TaskError
        When the executor has no answer for some series, which are named.

    Notes
    -----
    Denton (1971); Dagum and Cholette (2006), Benchmarking, Temporal Distribution, and Reconciliation Methods for
    Time Series; Chow and Lin (1971); Fernandez (1981); Litterman (1983). Defaults are those of the R package
    tempdisagg (Sax and Steiner 2013, The R Journal 5/2), but for the method. Rho is looked for up to 0.999.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> gdp = pl.DataFrame({"period": [date(2022, 1, 1), date(2023, 1, 1)], "value": [100.0, 140.0]})
    >>> quarters = disaggregate(gdp, "Q", conversion="sum")
    >>> quarters["value"].round(2).to_list()
    [22.73, 23.64, 25.45, 28.18, 31.82, 34.55, 36.36, 37.27]
    >>> index = pl.DataFrame({
    ...     "period": pl.date_range(date(2022, 1, 1), date(2024, 1, 1), "1q", eager=True),
    ...     "value": [20.0, 25.0, 25.0, 30.0, 30.0, 35.0, 35.0, 40.0, 36.0],
    ... })
    >>> disaggregate(gdp, "Q", indicator=index, conversion="sum").select("value", "note").tail(2).rows()
    [(40.0, None), (36.0, 'extrapolated past the last benchmark')]
    """
    return disaggregation_model(
        frame, to, indicator=None if indicator is None else in_memory(indicator), method=method, conversion=conversion, constant=constant, rho=rho,
        truncated=truncated, criterion=criterion, differences=differences, executor=executor,
    ).values  # fmt: skip


def disaggregation_model(
    frame: pl.DataFrame,
    to: str = "Q",
    *,
    indicator: pl.DataFrame | None = None,
    method: str = "denton-cholette",
    conversion: str | None = None,
    constant: bool = True,
    rho: float | None = None,
    truncated: bool = True,
    criterion: Criterion = "proportional",
    differences: Literal[1, 2] = 1,
    executor: Executor | None = None,
) -> Disaggregation:
    """Disaggregate as `disaggregate` does, and return the regression with the series.

    Parameters
    ----------
    frame, to, indicator, method, conversion, constant, rho, truncated, criterion, differences, executor
        As of `disaggregate`, which also says what is raised. The frames are no LazyFrames: what is returned are several
        tables of one computation, which lazy ones would each do anew.

    Returns
    -------
    Disaggregation
        The series, the coefficients with their standard errors, and the statistics of each series.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> years = pl.date_range(date(2020, 1, 1), date(2023, 1, 1), "1y", eager=True)
    >>> quarters = pl.date_range(date(2020, 1, 1), date(2023, 10, 1), "1q", eager=True)
    >>> sales = pl.DataFrame({"period": years, "value": [30.0, 46.0, 61.0, 79.0]})
    >>> exports = pl.DataFrame({"indicator": "exports", "period": quarters, "value": [float(i) for i in range(16)]})
    >>> model = disaggregation_model(sales, "Q", indicator=exports, method="chow-lin", conversion="sum", rho=0.0)
    >>> model.coefficients.select("regressor", pl.col("coefficient", "se").round(3)).rows()
    [('constant', 5.906, 0.232), ('exports', 1.013, 0.027)]
    """
    refuse_lazy(frame, "disaggregation_model", "disaggregate")
    options = Options(
        frequency_code(to), ALIASES.get(method, method), conversion, constant, rho, truncated, criterion, differences
    )  # fmt: skip
    frame = with_frequency(read_series(frame, "disaggregate"))
    _check_units(frame)
    indicators = None if indicator is None else read_indicators(indicator, frame, options.to)
    benchmarks = read_benchmarks(frame, indicators, options.to, options.conversion)
    fits = fitted(benchmarks, options, executor)
    statistics = statistics_of(frame, benchmarks, fits, options)
    values = laid_out(frame, indicators, benchmarks, fits, statistics, options)
    return Disaggregation(values, coefficients_of(frame, benchmarks, fits, options), statistics)


def _check_units(frame: pl.DataFrame) -> None:
    if "unit" in frame.columns:
        mixed = frame.group_by(series_keys(frame), maintain_order=True).agg(pl.col("unit").n_unique())
        mixed = mixed.filter(pl.col("unit") > 1).drop("unit")
        if mixed.height:
            raise FrameError(
                f"{series_name(mixed.row(0, named=True))} changes its unit: convert it to one first"
            )
