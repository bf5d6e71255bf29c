"""From the periods that figures are published for to shorter ones: temporal disaggregation and benchmarking."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import polars as pl

from gbaindicators.catalog import frequency_code
from gbaindicators.errors import FrameError, SeriesTooShortError, UnknownNameError, UsageError
from gbaindicators.tables.series_frame import (
    FREQUENCY,
    STATUSES,
    append_method,
    check_unique_periods,
    combine_status,
    series_keys,
    series_name,
)
from gbaindicators.transforms.alignment import (
    CONVERSIONS,
    WORDS,
    Benchmark,
    Indicators,
    month_count,
    read_benchmarks,
    read_indicators,
)
from gbaindicators.transforms.distribution import (
    BOUND,
    Array,
    Fit,
    Objective,
    Process,
    benchmarked,
    collinear,
    estimated_rho,
    regressed,
)
from gbaindicators.transforms.frequencies import MONTHS, with_frequency
from gbaindicators.transforms.inputs import in_memory, read_series, refuse_lazy
from gbaindicators.transforms.lazily import Columns, by_series, one_frequency
from gbaindicators.transforms.provenance import add_note, collapsed, merge_provenance
from gbaindicators.transforms.spreading import results

__all__ = ["Disaggregation", "disaggregate", "disaggregation_model"]

Criterion = Literal["proportional", "additive"]

_DENTON: Final = ("denton-cholette", "denton")
#: Regression methods: whether residuals are summed up, and by what rho is estimated (None: it is 0).
_REGRESSIONS: Final[dict[str, tuple[bool, Objective | None]]] = {
    "chow-lin-maxlog": (False, "maxlog"),
    "chow-lin-minrss": (False, "minrss"),
    "chow-lin-minrss-quilis": (False, "minrss-scaled"),
    "fernandez": (True, None),
    "litterman-maxlog": (True, "maxlog"),
    "litterman-minrss": (True, "minrss"),
}
_ALIASES: Final = {
    "chow-lin": "chow-lin-maxlog",
    "chow-lin-minrss-ecotrim": "chow-lin-minrss",
    "litterman": "litterman-maxlog",
}
_CONSTANT: Final = "constant"
#: Series that are computed together, wherever they are computed: so an executor changes no digit.
_CHUNK: Final = 256


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
    errors = {} if method in _DENTON else {"se": pl.Float64()}
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
    options = _Options(
        frequency_code(to), _ALIASES.get(method, method), conversion, constant, rho, truncated, criterion, differences
    )  # fmt: skip
    frame = with_frequency(read_series(frame, "disaggregate"))
    _check_units(frame)
    indicators = None if indicator is None else read_indicators(indicator, frame, options.to)
    benchmarks = read_benchmarks(frame, indicators, options.to, options.conversion)
    fits = _fitted(benchmarks, options, executor)
    statistics = _statistics(frame, benchmarks, fits, options)
    values = _values(frame, indicators, benchmarks, fits, statistics, options)
    return Disaggregation(values, _coefficients(frame, benchmarks, fits, options), statistics)


@dataclass(frozen=True, slots=True)
class _Options:
    """What was asked for, checked."""

    to: str
    method: str
    conversion: str | None
    constant: bool
    rho: float | None
    truncated: bool
    criterion: str
    differences: int

    def __post_init__(self) -> None:
        if self.to not in WORDS:
            raise UsageError(f"disaggregate makes half-years, quarters or months, not frequency {self.to!r}")
        if self.method not in _DENTON and self.method not in _REGRESSIONS:
            raise UnknownNameError("method", self.method, [*_DENTON, *_REGRESSIONS, *_ALIASES])
        if self.conversion is not None and self.conversion not in CONVERSIONS:
            raise UsageError(
                f"conversion={self.conversion!r} is not known: write 'sum', 'mean', 'last' or 'first'"
            )
        if self.criterion not in ("proportional", "additive") or self.differences not in (1, 2):
            raise UsageError("criterion must be 'proportional' or 'additive', differences 1 or 2")
        if self.regression and (self.criterion, self.differences) != ("proportional", 1):
            raise UsageError(f"criterion and differences belong to Denton's methods, not to {self.method!r}")
        if self.rho is not None:
            if self.estimated_by is None:
                raise UsageError(
                    f"{self.method!r} has no rho to set: leave it out or take 'chow-lin' or 'litterman'"
                )
            if not -1 < self.rho < 1:
                raise UsageError(f"rho={self.rho!r} must lie between -1 and 1")

    @property
    def regression(self) -> bool:
        """Whether the method estimates coefficients."""
        return self.method in _REGRESSIONS

    @property
    def integrated(self) -> bool:
        """Whether the method sums residuals up."""
        return _REGRESSIONS[self.method][0]

    @property
    def estimated_by(self) -> Objective | None:
        """By what the method estimates rho."""
        return _REGRESSIONS[self.method][1] if self.regression else None


def _check_units(frame: pl.DataFrame) -> None:
    if "unit" in frame.columns:
        mixed = frame.group_by(series_keys(frame), maintain_order=True).agg(pl.col("unit").n_unique())
        mixed = mixed.filter(pl.col("unit") > 1).drop("unit")
        if mixed.height:
            raise FrameError(
                f"{series_name(mixed.row(0, named=True))} changes its unit: convert it to one first"
            )


def _fitted(benchmarks: list[Benchmark], options: _Options, executor: Executor | None) -> list[Fit]:
    """Distribute all series, some of one layout at once."""
    groups = defaultdict(list)
    for i, benchmark in enumerate(benchmarks):
        groups[benchmark.layout, len(benchmark.names)].append(i)
    chunks = [some[at : at + _CHUNK] for some in groups.values() for at in range(0, len(some), _CHUNK)]
    tasks = [([benchmarks[i] for i in chunk], options) for chunk in chunks]
    names = [f"disaggregation of {benchmarks[c[0]].name} to {benchmarks[c[-1]].name}" for c in chunks]
    fits: dict[int, Fit] = {}
    for chunk, fit in zip(chunks, results(_fit, tasks, names, executor), strict=True):
        fits |= dict(zip(chunk, fit.single(), strict=True))
    return [fits[i] for i in range(len(benchmarks))]


def _fit(task: tuple[list[Benchmark], _Options]) -> Fit:
    """Distribute the series of one task, here or in another process."""
    benchmarks, options = task
    return _regressed(benchmarks, options) if options.regression else _benchmarked(benchmarks, options)


def _benchmarked(benchmarks: list[Benchmark], options: _Options) -> Fit:
    return benchmarked(
        np.stack([b.run.values for b in benchmarks]),
        np.stack([_preliminary(b, options) for b in benchmarks]),
        benchmarks[0].layout,
        cholette=options.method == "denton-cholette",
        additive=options.criterion == "additive",
        differences=options.differences,
    )


def _preliminary(benchmark: Benchmark, options: _Options) -> Array:
    """Return the indicator of Denton's methods; without one, the mean level of the benchmark throughout."""
    b = benchmark
    if len(b.names) > 1:
        raise UsageError(
            f"{options.method!r} takes one indicator, {b.name} has {len(b.names)} ({', '.join(b.names)}): filter the "
            "indicator frame, or take a regression method such as 'chow-lin'"
        )
    if b.layout.low < options.differences and options.method == "denton-cholette":
        raise SeriesTooShortError(f"{b.name} has one period, second differences need two: pass differences=1")
    if not b.names:
        level = b.run.values.mean() / sum(b.layout.weights)
        # only the original starts from a level, and there is none to start from at 0
        return np.full(b.layout.high, level if level and options.method == "denton" else 1.0)
    path: Array = b.regressors[:, 0]
    if options.criterion == "proportional" and not path.all():
        raise FrameError(
            f"the indicator {b.names[0]!r} of {b.name} is 0 in some period, and there is no ratio to 0: pass "
            "criterion='additive', or take a regression method such as 'chow-lin'"
        )
    return path


def _regressed(benchmarks: list[Benchmark], options: _Options) -> Fit:
    layout, count = benchmarks[0].layout, len(benchmarks[0].names) + options.constant
    if not count:
        raise UsageError(
            f"{options.method!r} needs an indicator or a constant: pass indicator= or constant=True"
        )
    if layout.low <= count:
        b = benchmarks[0]
        raise SeriesTooShortError(
            f"{b.name} has {layout.low} periods for {count} regressors ({', '.join(_regressors(b, options))}): it "
            "takes more periods than regressors, or method='denton-cholette'"
        )
    y = np.stack([b.run.values for b in benchmarks])
    x = np.stack([b.regressors for b in benchmarks])
    if options.constant:
        x = np.concatenate([np.ones_like(x, shape=(*x.shape[:2], 1)), x], axis=2)
    for i in np.flatnonzero(collinear(x, layout)):
        raise FrameError(
            f"the regressors of {benchmarks[i].name} ({', '.join(_regressors(benchmarks[i], options))}) are collinear "
            "in its periods: leave one out, or pass constant=False where an indicator does not change"
        )
    process = Process(layout, options.integrated)
    if options.estimated_by is None or options.rho is not None:
        rho = np.full(len(y), options.rho or 0.0)
    else:
        rho = estimated_rho(y, x, process, options.estimated_by, truncated=options.truncated)
    return regressed(y, x, process, rho)


def _regressors(benchmark: Benchmark, options: _Options) -> list[str]:
    return [_CONSTANT] * options.constant + benchmark.names


def _statistics(
    frame: pl.DataFrame, benchmarks: list[Benchmark], fits: list[Fit], options: _Options
) -> pl.DataFrame:
    rho = _numbers([f.rho for f in fits])
    origin = pl.Series("rho_origin", [None] * len(fits), pl.String)
    if options.rho is not None:
        origin = pl.repeat("given", len(fits), eager=True)
    elif options.estimated_by is not None:
        origin = pl.select(
            pl.when(rho.abs() >= BOUND)
            .then(pl.lit("at the bound"))
            .when((rho == 0) & options.truncated)
            .then(pl.lit("truncated"))
            .otherwise(pl.lit("estimated"))
        ).to_series()
    return _keys(frame).with_columns(
        method=pl.lit(options.method),
        conversion=pl.Series([b.conversion for b in benchmarks], dtype=pl.String),
        n_low=pl.Series([b.layout.low for b in benchmarks], dtype=pl.Int64),
        n_high=pl.Series([b.layout.high for b in benchmarks], dtype=pl.Int64),
        rho=rho,
        rho_origin=origin,
        adjusted_r2=_numbers([f.adjusted_r2 for f in fits]),
        log_likelihood=_numbers([f.log_likelihood for f in fits]),
    )


def _coefficients(
    frame: pl.DataFrame, benchmarks: list[Benchmark], fits: list[Fit], options: _Options
) -> pl.DataFrame:
    names = [_regressors(b, options) if options.regression else [] for b in benchmarks]
    coefficient, se = (_numbers(np.concatenate([np.empty(0), *arrays])) for arrays in (
        [f.beta for f in fits], [f.beta_se for f in fits]
    ))  # fmt: skip
    rows = np.repeat(np.arange(len(fits)), [len(n) for n in names])
    return (
        _keys(frame)
        .select(pl.all().gather(rows))
        .with_columns(
            regressor=pl.Series([n for some in names for n in some], dtype=pl.String),
            coefficient=coefficient,
            se=se,
            t=pl.select(pl.when(se > 0).then(coefficient / se)).to_series(),
        )
    )


def _keys(frame: pl.DataFrame) -> pl.DataFrame:
    """Keys of the series in order of first appearance."""
    return frame.select(series_keys(frame)).unique(maintain_order=True)


def _numbers(values: list[Array] | Array) -> pl.Series:
    """Numbers with null for what is not finite: what there is not, or cannot be computed."""
    numbers = np.asarray(values, dtype=float)
    return pl.Series(np.where(np.isfinite(numbers), numbers, np.nan), dtype=pl.Float64, nan_to_null=True)


def _values(
    frame: pl.DataFrame,
    indicators: Indicators | None,
    benchmarks: list[Benchmark],
    fits: list[Fit],
    statistics: pl.DataFrame,
    options: _Options,
) -> pl.DataFrame:
    """Lay the paths out as a series frame with their provenance."""
    if not benchmarks:
        return frame
    step, ratio = MONTHS[options.to], len(benchmarks[0].layout.weights)
    series = _provenance(frame, indicators).with_columns(
        __method=pl.Series(_descriptions(benchmarks, statistics, options)),
        __start=pl.Series([b.run.first for b in benchmarks], dtype=pl.Int64),
        __periods=pl.Series([b.layout.low * ratio for b in benchmarks], dtype=pl.Int64),
    )
    high = [b.layout.high for b in benchmarks]
    position = np.concatenate([np.arange(b.layout.high) - b.layout.before for b in benchmarks])
    path = series.select(pl.all().gather(np.repeat(np.arange(len(series)), high))).with_columns(
        __position=pl.Series(position, dtype=pl.Int64),
        value=_numbers(np.concatenate([f.values for f in fits])),
        se=_numbers(np.concatenate([f.se for f in fits])),
    )
    month = pl.col("__start") + pl.col("__position") * step
    path = path.with_columns(
        period=pl.date(month // 12, month % 12 + 1, 1),
        __long=pl.col("__start") + pl.col("__position") // ratio * (ratio * step),
    )
    path = _of_periods(path, frame, indicators)
    extrapolated = (
        pl.when(pl.col("__position") < 0)
        .then(pl.lit("extrapolated before the first benchmark"))
        .when(pl.col("__position") >= pl.col("__periods"))
        .then(pl.lit("extrapolated past the last benchmark"))
    )
    path = add_note(append_method(path, pl.col("__method")), extrapolated)
    path = path.with_columns(pl.lit(options.to, FREQUENCY).alias("frequency"))
    if "__adjustment" in path.columns:
        path = path.with_columns(pl.coalesce("__adjustment", "adjustment").alias("adjustment"))
    said = ["se"] * options.regression + ["method", "status", "note"]
    provenance = [c for c in ("sources", "vintage") if c in path.columns]
    check_unique_periods(path.select(c for c in path.columns if c in frame.columns))
    return path.select(list(dict.fromkeys((*frame.columns, *provenance, *said))))


def _provenance(frame: pl.DataFrame, indicators: Indicators | None) -> pl.DataFrame:
    """One row a series, with what is said of all its observations and those of its indicators together."""
    keys = series_keys(frame)
    of_series = frame.drop("status", "note", strict=False)
    series = of_series.group_by(keys, maintain_order=True).agg(collapsed(of_series))
    if indicators is None:
        return series
    carried = [c for c in ("sources", "vintage") if c in indicators.frame.columns]
    one_adjustment = []
    if "adjustment" in indicators.frame.columns and "adjustment" in keys:
        adjustment = pl.col("adjustment")
        one_adjustment = [pl.when(adjustment.n_unique() == 1).then(adjustment.first()).alias("__adjustment")]
    beside = _beside(
        series.select(keys),
        indicators,
        [*collapsed(indicators.frame.select("period", "value", *carried)), *one_adjustment],
    )
    for column in carried:
        if column not in series.columns:
            series = series.with_columns(pl.lit(None, beside.schema[column]).alias(column))
    series = merge_provenance(series, beside)
    return series.with_columns(beside["__adjustment"]) if one_adjustment else series


def _beside(rows: pl.DataFrame, indicators: Indicators, taken: list[pl.Expr], *within: str) -> pl.DataFrame:
    """What is `taken` of the indicators together, beside each row that they belong to."""
    on = [*indicators.on, *within]
    if not on:
        together = indicators.frame.group_by(pl.lit(0).alias("__all")).agg(taken).drop("__all")
        return together.select(pl.all().gather(np.zeros(len(rows), int)))
    taken_together = indicators.frame.group_by(on).agg(taken)
    return rows.select(on).join(taken_together, on=on, how="left", nulls_equal=True, maintain_order="left")


def _of_periods(path: pl.DataFrame, frame: pl.DataFrame, indicators: Indicators | None) -> pl.DataFrame:
    """Add ``status`` and ``note`` of the observations that each short period is made from."""
    said = [c for c in ("status", "note") if c in frame.columns]
    keys = [*series_keys(frame), "__long"]
    own = frame.select(*series_keys(frame), *said, month_count().alias("__long"))
    path = path.join(own, on=keys, how="left", nulls_equal=True, maintain_order="left")
    statuses = [pl.lit("E")] + [pl.col("status")] * ("status" in said)
    if indicators is not None and "status" in indicators.frame.columns:
        worst = pl.col("status").cast(pl.Enum(STATUSES)).max().cast(pl.String)
        statuses.append(pl.lit(_beside(path, indicators, [worst], "period")["status"]))
    return path.with_columns(combine_status(statuses))


def _descriptions(benchmarks: list[Benchmark], statistics: pl.DataFrame, options: _Options) -> list[str]:
    """Say for each series by what, with what and how it was disaggregated."""
    additive = ", additive" * (options.criterion == "additive") + ", second differences" * (
        options.differences == 2
    )
    texts = []
    for b, rho, origin in zip(benchmarks, statistics["rho"], statistics["rho_origin"], strict=True):
        names = [n + f" ({run.method})" * bool(run.method) for n, run in b.indicators.items()]
        using = f"with {', '.join(names)}" if names else "without an indicator"
        of_rho = f", rho {rho:.4g} {origin}" if origin else ""
        texts.append(
            f"disaggregated to {WORDS[options.to]} by {options.method} {using} "
            f"({b.conversion} of {WORDS[options.to]}{additive}{of_rho})"
        )
    return texts
