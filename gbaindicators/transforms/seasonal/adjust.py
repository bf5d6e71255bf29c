"""Seasonal adjustment of the series of a frame: `seasonal_adjust` and `seasonal_adjustment`."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final, NamedTuple

import polars as pl

from gbaindicators.errors import AdjustmentError, AdjustmentWarning, FrameError, GbaError, UsageError
from gbaindicators.tables.series_frame import (
    append_method,
    check_unique_periods,
    series_keys,
)
from gbaindicators.transforms.frequencies import with_frequency
from gbaindicators.transforms.inputs import read_series, refuse_lazy
from gbaindicators.transforms.lazily import by_series
from gbaindicators.transforms.seasonal.decomposition import decompose
from gbaindicators.transforms.seasonal.holidays import holidays_of
from gbaindicators.transforms.seasonal.output import read_output
from gbaindicators.transforms.seasonal.program import find_program, run_program
from gbaindicators.transforms.seasonal.result import Adjusted, SeasonalAdjustment
from gbaindicators.transforms.seasonal.single import Single, name_of, single
from gbaindicators.transforms.seasonal.specification import OUTLIERS, Settings, specification
from gbaindicators.transforms.spreading import outcomes

__all__ = ["seasonal_adjust", "seasonal_adjustment"]

_ROW: Final = "row of the frame"
#: Components that are in the unit of the series even where the others are factors.
_LEVELS: Final = ("adjusted", "trend")
#: Failures that a message names one by one.
_NAMED: Final = 20
_MODELS: Final = ("transform", "model", "regressors", "holidays", "specification")


@by_series({"adjustment": pl.String, "method": pl.String})
def seasonal_adjust(
    frame: pl.DataFrame,
    method: str = "x13",
    *,
    seats: bool = False,
    holidays: str | Sequence[str] | None = None,
    trading_days: str | None = "auto",
    outliers: Sequence[str] | None = OUTLIERS,
    model: str | pl.DataFrame | None = None,
    transform: str = "auto",
    executor: Executor | None = None,
) -> pl.DataFrame:
    """Take season, trading days and moving holidays out of monthly and quarterly series.

    The work is done by the Census Bureau's program X-13ARIMA-SEATS. It fits a regression with ARIMA errors, which
    carries holidays, trading days and outliers, and splits what remains by X-11's moving averages or by SEATS.
    Outliers stay in the adjusted series.

    Parameters
    ----------
    frame
        Series frame (polars.DataFrame or LazyFrame): ``period``, ``value`` and any columns that tell series apart, in
        any order of rows. Figures that are missing before the first and after the last stay missing.
    method
        ``"x13"``, for three years or more of months or quarters; ``"stl"``, robust local regression, which needs
        no program and takes weekly figures (season of 52 weeks) and daily ones (of 7 days) too; ``"mstl"`` for
        daily figures with a week's and a year's season.
    seats
        Split by SEATS, from the model, in place of X-11.
    holidays
        Moving holidays: ``"lunar_new_year"``, ``"easter"``, ``"ching_ming"``, ``"golden_week"`` (mainland,
        October), ``"golden_week_japan"``, or several of them. They are kept in the model, but Easter, whose window
        (1, 8, 15 days or none) is always chosen by AICc. ``"auto"`` takes those of each series' area, all of
        them or none as AICc says.
    trading_days
        ``"auto"`` tests by AICc whether the days of the week matter, ``"td"`` takes six coefficients, ``"td1coef"``
        one for working days against weekends, None none.
    outliers
        Types of outliers to search for: ``"ao"`` single values, ``"ls"`` level shifts, ``"tc"`` temporary changes;
        None for no search.
    model
        ARIMA model such as ``"(0 1 1)(0 1 1)"``; by default the program chooses. A frame ``models`` of an earlier
        `seasonal_adjustment` fixes model, transformation, regressors and outliers of each series, so that a
        production job does not jump from one choice to another between runs.
    transform
        ``"log"`` for a multiplicative adjustment, ``"none"`` for an additive one; ``"auto"`` decides by AICc, and
        for the additive one where a value is not above zero. STL takes logarithms where it can.
    executor
        Where to compute: threads or processes of `concurrent.futures`, or a Dask cluster's
        ``Client(...).get_executor()``; by default one thread for each processor. It changes no digit.

    Returns
    -------
    polars.DataFrame
        The same rows in the same order; ``value`` is adjusted, in the unit it had, ``adjustment`` is ``sa``,
        ``method`` says program, model, holidays and outliers. Every figure of a series goes into each adjusted
        value: ``sources`` is their union and ``vintage`` the latest. ``status`` is kept.

    Warns
    -----
    AdjustmentWarning
        For each reason not to publish an adjusted series before someone has looked at it.

    Raises
    ------
    UsageError
        When an argument is not one of those above, or a series is adjusted already, accumulated, constant or of a
        frequency that the method does not take.
    FrameError
        When it is no series frame, has two values for one period of a series, or a gap.
    SeriesTooShortError
        When a series has less than three years (two for STL, two and a day for MSTL).
    PeriodError
        When a lunar holiday is asked for outside the years 1950 to 2050.
    AdjustmentError
        When the program is missing or reports an error. When several series are adjusted and some fail in any of
        these ways, it names each with its reason, and its ``partial`` holds the adjustments of the others.

    Notes
    -----
    X-13ARIMA-SEATS Reference Manual, U.S. Census Bureau (version 1.1). Cleveland, Cleveland, McRae and Terpenning
    (1990), STL: a seasonal-trend decomposition procedure based on loess, Journal of Official Statistics 6(1).
    Bandara, Hyndman and Bergmeir (2021), MSTL, arXiv:2107.13462.

    A series without a season comes back nearly as it was, within the moving averages' response to its noise.

    Examples
    --------
    >>> from datetime import date
    >>> months = pl.date_range(date(2015, 1, 1), date(2020, 12, 1), "1mo", eager=True)
    >>> season = [80.0, 60.0] + [106.0] * 10
    >>> visitors = pl.DataFrame({"period": months, "value": season * 6})
    >>> seasonal_adjust(visitors, "stl", transform="none")["value"][:4].round(3).to_list()
    [100.0, 100.0, 100.0, 100.0]
    """
    result = seasonal_adjustment(
        frame,
        method,
        seats=seats,
        holidays=holidays,
        trading_days=trading_days,
        outliers=outliers,
        model=model,
        transform=transform,
        executor=executor,
    )
    for row in result.warnings.to_dicts():
        del row["check"]
        message = row.pop("message")
        warnings.warn(f"{name_of(row)}: {message}", AdjustmentWarning, stacklevel=3)
    return result.adjusted


def seasonal_adjustment(
    frame: pl.DataFrame,
    method: str = "x13",
    *,
    seats: bool = False,
    holidays: str | Sequence[str] | None = None,
    trading_days: str | None = "auto",
    outliers: Sequence[str] | None = OUTLIERS,
    model: str | pl.DataFrame | None = None,
    transform: str = "auto",
    executor: Executor | None = None,
) -> SeasonalAdjustment:
    """Adjust the series of a frame and give everything that is known about it.

    Parameters
    ----------
    frame, method, seats, holidays, trading_days, outliers, model, transform, executor
        As for `seasonal_adjust`, and so are the errors; reasons not to publish are rows of ``warnings`` here. The frame is
        no LazyFrame: what is returned are several tables of one computation, which lazy ones would each do anew.

    Returns
    -------
    SeasonalAdjustment
        Frames ``adjusted``, ``components``, ``coefficients``, ``quality``, ``models`` and ``warnings``.

    Examples
    --------
    >>> from datetime import date
    >>> quarters = pl.date_range(date(2015, 1, 1), date(2020, 10, 1), "3mo", eager=True)
    >>> cargo = pl.DataFrame({"period": quarters, "value": [8.0, 9.0, 11.0, 12.0] * 6})
    >>> result = seasonal_adjustment(cargo, "stl", transform="none")
    >>> result.components.filter(component="seasonal")["value"][:4].round(3).to_list()
    [-2.0, -1.0, 1.0, 2.0]
    """
    refuse_lazy(frame, "seasonal_adjustment", "seasonal_adjust")
    asked = _asked(method, seats, holidays, trading_days, outliers, model, transform)
    frame = read_series(frame, "seasonal adjustment")
    check_unique_periods(frame)
    if method == "x13":
        find_program()
    tries = _prepare(with_frequency(frame).with_row_index(_ROW), asked, holidays, model)
    ready = [t for t in tries if t.series is not None]
    found = iter(_run(ready, executor))
    done = [t._replace(outcome=next(found)) if t.series is not None else t for t in tries]
    result = _assemble(frame, [t for t in done if isinstance(t.outcome, Adjusted)])
    _raise_failures(done, result)
    return result


class _Try(NamedTuple):
    """One series on its way: its rows, what is asked for it, and what came of it."""

    keys: dict[str, Any]
    rows: pl.DataFrame
    series: Single | None
    settings: Settings
    outcome: Adjusted | GbaError | None = None


def _asked(
    method: str,
    seats: bool,
    holidays: str | Sequence[str] | None,
    trading_days: str | None,
    outliers: Sequence[str] | None,
    model: str | pl.DataFrame | None,
    transform: str,
) -> Settings:
    """Check the arguments, before any series is looked at."""
    if holidays != "auto":
        holidays_of(holidays, None)
    plain = holidays is None and trading_days == "auto" and tuple(outliers or ()) == OUTLIERS
    if method in ("stl", "mstl") and not (plain and model is None and not seats):
        raise UsageError(
            f"method={method!r} knows no holidays, trading days, outliers, models or SEATS: leave them out, or use "
            "method='x13'"
        )
    if isinstance(model, pl.DataFrame):
        missing = {"transform", "model", "regressors", "holidays"} - set(model.columns)
        if missing:
            raise FrameError(
                f"model= lacks {', '.join(sorted(missing))}: give it seasonal_adjustment(...).models"
            )
        if not (plain and transform == "auto"):
            raise UsageError(
                "model= is a frame of models, which fixes holidays, trading days, outliers and transform: leave "
                "these arguments out"
            )
    return Settings(
        method=method,
        seats=seats,
        test_holidays=holidays == "auto",
        trading_days=trading_days,
        outliers=tuple(outliers or ()),
        model=model if isinstance(model, str) else None,
        transform=transform,
    )


def _prepare(
    frame: pl.DataFrame,
    asked: Settings,
    holidays: str | Sequence[str] | None,
    model: str | pl.DataFrame | None,
) -> list[_Try]:
    """Take the frame apart into its series; one that cannot be adjusted has its error as outcome."""
    keys = [k for k in series_keys(frame) if k != _ROW]
    tries: list[_Try] = []
    for values, rows in frame.sort("period").group_by(keys, maintain_order=True):
        named = dict(zip(keys, values, strict=True))
        try:
            series = single(named, rows.drop_nulls("value"), asked.method)
            settings = _settings(series, asked, holidays, model)
            tries.append(_Try(named, rows, series, settings))
        except GbaError as error:
            tries.append(_Try(named, rows, None, asked, error))
    return sorted(tries, key=lambda t: t.rows[_ROW].min())  # type: ignore[arg-type, return-value]


def _settings(
    series: Single, asked: Settings, holidays: str | Sequence[str] | None, model: str | pl.DataFrame | None
) -> Settings:
    """Settle what is asked of one series: the holidays of its area, or the model fixed for it."""
    if isinstance(model, pl.DataFrame):
        chosen = _row_of(model, series)
        asked = replace(
            asked,
            model=chosen["model"],
            transform=chosen["transform"],
            regressors=tuple((chosen["regressors"] or "").split()),
            holidays=holidays_of((chosen["holidays"] or "").split(), None),
        )
    else:
        asked = replace(asked, holidays=holidays_of(holidays, series.area))
    return asked.for_values(series.values)


def _row_of(models: pl.DataFrame, series: Single) -> dict[str, Any]:
    for column in set(series.keys) & set(models.columns):
        models = models.filter(
            pl.col(column).cast(pl.String).eq_missing(pl.lit(series.keys[column], pl.String))
        )
    if models.height != 1:
        raise UsageError(
            f"model= has {models.height} rows for {series.name}, not one: adjust it once without, and add its row"
        )
    return models.row(0, named=True)


def _run(tries: Sequence[_Try], executor: Executor | None) -> list[Adjusted | GbaError]:
    work = [(t.series, t.settings) for t in tries if t.series is not None]
    names = [one.name for one, _ in work]
    if executor is not None:
        return outcomes(_adjust, work, names, executor)
    # the work is done by other processes: threads are enough to wait for them
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as threads:
        return outcomes(_adjust, work, names, threads)


def _adjust(work: tuple[Single, Settings]) -> Adjusted:
    series, settings = work
    if settings.method != "x13":
        return decompose(series, settings.method, settings.transform)
    text = specification(series, settings)
    try:
        return read_output(run_program(text), len(series.values), text)
    except AdjustmentError as error:
        raise AdjustmentError(f"{series.name}: {error}") from error


def _raise_failures(done: Sequence[_Try], result: SeasonalAdjustment) -> None:
    failures = {name_of(t.keys): t.outcome for t in done if isinstance(t.outcome, GbaError)}
    if not failures:
        return
    if len(done) == 1:
        raise next(iter(failures.values()))
    reasons = [
        f"- {error}" if name in str(error) else f"- {name}: {error}" for name, error in failures.items()
    ]
    more = [f"- and {len(reasons) - _NAMED} more, in its attribute 'failures'"] * (len(reasons) > _NAMED)
    raise AdjustmentError(
        "\n".join(
            [
                f"{len(failures)} of {len(done)} series could not be adjusted (this error's attribute 'partial' has "
                "the others):",
                *reasons[:_NAMED],
                *more,
            ]
        ),
        failures,
        result if len(failures) < len(done) else None,
    )


def _assemble(frame: pl.DataFrame, done: Sequence[_Try]) -> SeasonalAdjustment:
    """Put the adjustments of all series into frames that carry the series' keys."""
    pairs = [(t, t.outcome) for t in done if isinstance(t.outcome, Adjusted)]
    number, text = pl.Float64, pl.String
    keys = {k: v for k, v in with_frequency(frame).schema.items() if k in series_keys(with_frequency(frame))}
    keys.pop("adjustment", None)

    def table(
        columns: dict[str, Any], rows: Iterable[tuple[_Try, Iterable[tuple[Any, ...]]]]
    ) -> pl.DataFrame:
        data = [(*(t.keys[k] for k in keys), *row) for t, of_series in rows for row in of_series]
        return pl.DataFrame(data, schema={**keys, **columns}, orient="row")

    return SeasonalAdjustment(
        adjusted=_adjusted_frame(frame, pairs),
        components=_components(pairs, list(keys)),
        coefficients=table(
            {"regressor": text, "estimate": number, "standard_error": number, "t": number},
            ((t, a.coefficients) for t, a in pairs),
        ),
        quality=table(
            {"statistic": text, "value": number, "p_value": number}, ((t, a.quality) for t, a in pairs)
        ),
        models=table(
            dict.fromkeys(_MODELS, text),
            ((t, [_model_row(a)]) for t, a in pairs),
        ),
        warnings=table({"check": text, "message": text}, ((t, a.warnings) for t, a in pairs)),
    )


def _model_row(adjusted: Adjusted) -> tuple[str | None, ...]:
    return (
        "log" if adjusted.multiplicative else "none",
        adjusted.model,
        " ".join(adjusted.regressors),
        " ".join(adjusted.holidays),
        adjusted.specification,
    )


def _adjusted_frame(frame: pl.DataFrame, pairs: Sequence[tuple[_Try, Adjusted]]) -> pl.DataFrame:
    parts = [_adjusted_rows(t.rows, a) for t, a in pairs]
    columns = [*frame.columns, *(c for c in ("adjustment", "method") if c not in frame.columns)]
    if not parts:
        return append_method(frame.clear().with_columns(adjustment=pl.lit("sa")), "").select(columns)
    return pl.concat(parts).sort(_ROW).select(columns)


def _adjusted_rows(rows: pl.DataFrame, adjusted: Adjusted) -> pl.DataFrame:
    new = rows.drop_nulls("value").select(
        _ROW, value=pl.Series(adjusted.components["adjusted"], dtype=pl.Float64)
    )
    rows = rows.drop("value").join(new, on=_ROW, how="left", maintain_order="left")
    # every figure of the series goes into each adjusted value
    if "sources" in rows.columns:
        everything = rows["sources"].explode().drop_nulls().unique().sort().to_list()
        rows = rows.with_columns(sources=pl.lit(everything, dtype=pl.List(pl.String)))
    if "vintage" in rows.columns:
        rows = rows.with_columns(pl.col("vintage").max())
    return append_method(rows.with_columns(adjustment=pl.lit("sa")), adjusted.method)


def _components(pairs: Sequence[tuple[_Try, Adjusted]], keys: list[str]) -> pl.DataFrame:
    parts = []
    for t, adjusted in pairs:
        carried = [*keys, "period", *(c for c in ("unit",) if c in t.rows.columns)]
        rows = t.rows.drop_nulls("value").select(carried)
        for name, values in adjusted.components.items():
            part = rows.with_columns(component=pl.lit(name), value=pl.Series(values, dtype=pl.Float64))
            if "unit" in carried and adjusted.multiplicative and name not in _LEVELS:
                part = part.with_columns(unit=pl.lit("ratio"))
            parts.append(part)
    if not parts:
        return pl.DataFrame(schema={"period": pl.Date, "component": pl.String, "value": pl.Float64})
    ends = [c for c in ("unit",) if c in parts[0].columns]
    return pl.concat(parts).select(*keys, "component", "period", "value", *ends)
