"""Forecast the series of a frame."""

from __future__ import annotations

import operator
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gbaindicators.catalog import period_text, step
from gbaindicators.errors import FrameError, UnknownNameError, UsageError
from gbaindicators.forecasting.intervals import half_widths, rolling_origins
from gbaindicators.forecasting.theta import MODELS, is_seasonal, point_forecasts
from gbaindicators.forecasting.training import TrainingSeries, training_series
from gbaindicators.tables.series_frame import (
    FREQUENCY,
    check_unique_periods,
    series_keys,
    series_name,
)
from gbaindicators.transforms.inputs import read_series

__all__ = ["forecast"]

_SEASONS: Final = {"A": 1, "S": 2, "Q": 4, "M": 12, "W": 52, "D": 7}
_FEW_ORIGINS: Final = 6
_LONGEST_HORIZON: Final = 1000


def forecast(
    frame: pl.DataFrame, horizon: int, *, model: str = "auto", level: float | Iterable[float] = (80, 95)
) -> pl.DataFrame:
    """Forecast every series of a frame, with prediction intervals.

    ``"auto"`` is the mean of two methods that err in different ways: Theta [1]_, which is simple exponential
    smoothing with half the slope of the straight line as drift [2]_, and exponential smoothing with a damped
    trend. Both work on logarithms where a series is positive and no percentage, so that forecasts stay
    positive. Where a test finds a season (and there are three whole ones) it is taken out first by classical
    decomposition and put back; a season is 4 quarters, 12 months, 2 half-years, 52 weeks or 7 days.

    Parameters
    ----------
    frame
        Series frame: ``period`` and ``value`` are needed. The frequency of a series is read from ``frequency``
        or, without it, from the dates. Missing values at either end are left out of the training span, which
        ``method`` names; missing values between are an error.
    horizon
        How many periods ahead, from 1 to 1000.
    model
        ``"auto"``, ``"theta"``, ``"drift"`` (the last value, moved on by the mean change) or ``"naive"`` (the
        last value, or that of a season ago). Drift and naive work on the values as they are.
    level
        Levels of the intervals in percent, between 0 and 100.

    Returns
    -------
    pl.DataFrame
        The future periods only, `horizon` rows for each series, sorted by the series keys and period: the keys,
        ``frequency``, ``period``, ``value``, ``unit`` and ``sources`` (of the whole training span) where the
        frame has them, ``status`` F, ``method``, ``model`` and ``lower_80, upper_80, lower_95, upper_95`` (named
        after `level`), in the unit of the values.

        Intervals come from the errors of the same model at rolling origins in the past of the series. They are
        nested, never narrower at a longer horizon, and not below zero where the catalogue says that the
        indicator cannot be.

    Raises
    ------
    SeriesTooShortError
        A series has fewer than three values; all such series are named (at most five).
    FrameError
        A period is missing or doubled, dates are irregular, values are running totals of the year.
    UnknownNameError, UsageError
        The model, the horizon or a level cannot be what was meant.

    References
    ----------
    .. [1] V. Assimakopoulos and K. Nikolopoulos (2000), "The theta model: a decomposition approach to
       forecasting", International Journal of Forecasting 16(4), 521-530.
    .. [2] R. J. Hyndman and B. Billah (2003), "Unmasking the Theta method", International Journal of
       Forecasting 19(2), 287-290.

    Examples
    --------
    >>> from datetime import date
    >>> frame = pl.DataFrame({
    ...     "period": [date(year, 1, 1) for year in range(2019, 2024)],
    ...     "value": [100.0, 104.0, 103.0, 109.0, 112.0],
    ... })
    >>> ahead = forecast(frame, 2, model="drift")
    >>> ahead["period"].dt.year().to_list(), ahead["value"].to_list()
    ([2024, 2025], [115.0, 118.0])
    >>> ahead.columns
    ['frequency', 'period', 'value', 'status', 'method', 'model', 'lower_80', 'upper_80', 'lower_95', 'upper_95']
    >>> ahead["method"][0]
    'forecast by random walk with drift, trained on 2019 to 2023 (5 observations), intervals widened from one-period
    changes for want of rolling origins'
    """
    periods_ahead = _check_horizon(horizon)
    levels = _check_levels(level)
    if model not in MODELS:
        raise UnknownNameError("model", model, MODELS)
    frame = read_series(frame, "a forecast")
    _check_columns(frame)
    check_unique_periods(frame)
    batches: dict[tuple[str, int, bool], list[TrainingSeries]] = defaultdict(list)
    for one in training_series(frame):
        batches[one.frequency, len(one.values), _on_log_scale(one, model)].append(one)
    parts = [_forecast_batch(batch, periods_ahead, model, levels) for batch in batches.values()]
    keys = [k for k in series_keys(frame) if k != "frequency"]
    columns = _columns(frame, levels)
    typed = pl.concat(parts, how="vertical_relaxed").with_columns(
        pl.col(k).cast(frame.schema[k]) for k in keys
    )
    return typed.select(columns).sort([*keys, "frequency", "period"])


def _check_horizon(horizon: int) -> int:
    try:
        periods = operator.index(horizon)
    except TypeError:
        periods = 0
    if isinstance(horizon, bool) or not 1 <= periods <= _LONGEST_HORIZON:
        raise UsageError(
            f"horizon is how many periods to forecast, an integer from 1 to 1000, not {horizon!r}"
        )
    return periods


def _check_levels(level: float | Iterable[float]) -> list[float]:
    given = list(level) if isinstance(level, Iterable) else [level]
    for one in given:
        if isinstance(one, bool) or not isinstance(one, int | float | np.number) or not 0 < one < 100:
            raise UsageError(f"level is a percentage between 0 and 100, such as 80 or 95, not {one!r}")
    return sorted({float(one) for one in given})


def _check_columns(frame: pl.DataFrame) -> None:
    if "model" in frame.columns:
        raise FrameError("the frame has a column 'model', which forecasts write: rename or drop it")
    if "adjustment" in frame.columns:
        running = frame.filter(pl.col("adjustment").cast(pl.String) == "ytd")
        if running.height:
            name = series_name(running.select(series_keys(frame)).row(0, named=True))
            raise FrameError(
                f"{name} holds running totals of the year (adjustment 'ytd'), which start over each January: "
                "take them apart first, frame.pipe(gba.from_ytd)"
            )


def _forecast_batch(
    batch: list[TrainingSeries], horizon: int, model: str, levels: Sequence[float]
) -> pl.DataFrame:
    """Forecast series of one frequency, length and scale together."""
    one = batch[0]
    season, log = _SEASONS[one.frequency], _on_log_scale(one, model)
    values = np.stack([s.values for s in batch])
    # Working in units of about each series' largest value (a power of two, so that nothing is rounded) keeps huge
    # and tiny figures alike within a float's range.
    size = np.exp2(np.frexp(np.abs(values).max(axis=1, keepdims=True))[1] - 1.0)
    y = np.log(values) - np.log(size) if log else values / size
    ahead = point_forecasts(model, y, horizon, season)
    widths = half_widths(model, y, horizon, season, levels, relative=not log)
    constant = np.ptp(values, axis=1) == 0
    ahead[constant], widths[:, constant] = y[constant, -1:], 0.0
    bounds = np.stack([ahead, *(edge for width in widths for edge in (ahead - width, ahead + width))])
    with np.errstate(over="ignore"):
        bounds = (np.exp(bounds) if log else bounds) * size
    floors = np.array([[0.0 if s.cannot_be_negative else -np.inf] for s in batch])
    bounds = np.maximum(bounds, floors)
    _check_finite(batch, bounds, horizon)
    seasonal = is_seasonal(y, season)
    origins = len(rolling_origins(y.shape[1], horizon, season))
    methods = [
        _method(s, model, season if seasonal[i] else 1, log, bool(constant[i]), origins)
        for i, s in enumerate(batch)
    ]
    names = ["value", *(f"{side}_{level:g}" for level in levels for side in ("lower", "upper"))]
    series = pl.DataFrame(
        {
            **{key: [s.keys[key] for s in batch] for key in one.keys},
            "frequency": pl.Series([s.frequency for s in batch], dtype=FREQUENCY),
            "_last": [s.periods[-1] for s in batch],
            "unit": pl.Series([s.unit for s in batch], dtype=pl.String),
            "sources": pl.Series([s.sources for s in batch], dtype=pl.List(pl.String)),
            "status": ["F"] * len(batch),
            "method": methods,
            "model": [model] * len(batch),
        }
    )
    count, unit = int(step(one.frequency).rstrip("ymowd")), step(one.frequency).lstrip("0123456789")
    future = pl.DataFrame({"_step": [f"{count * h}{unit}" for h in range(1, horizon + 1)]})
    return (
        series.join(future, how="cross", maintain_order="left_right")
        .with_columns(pl.col("_last").dt.offset_by(pl.col("_step")).alias("period"))
        .with_columns(pl.Series(name, bounds[i].ravel()) for i, name in enumerate(names))
        .drop("_last", "_step")
    )


def _on_log_scale(series: TrainingSeries, model: str) -> bool:
    """Whether a series is modelled in proportions: it varies, is positive, and is not itself a percentage."""
    values = series.values
    return (
        model in ("auto", "theta")
        and series.unit != "percent"
        and bool(values.min() > 0 and np.ptp(values) > 0)
    )


def _check_finite(batch: list[TrainingSeries], bounds: NDArray[np.float64], horizon: int) -> None:
    runaway = ~np.isfinite(bounds).all(axis=(0, 2))
    if runaway.any():
        name = batch[int(runaway.argmax())].name
        raise UsageError(
            f"the forecast of {name} grows beyond what a number can hold within {horizon} periods: shorten the horizon"
        )


def _method(series: TrainingSeries, model: str, season: int, log: bool, constant: bool, origins: int) -> str:
    """Sentence on how a series was forecast, after what was done to it before."""
    first, last = (period_text(series.frequency, series.periods[i]) for i in (0, -1))
    words = MODELS[model]
    if model == "naive" and season > 1:
        words = f"the value {season} periods before"
    elif season > 1:
        words += f" after seasonal adjustment over {season} periods"
    words += " on the log scale" if log else ""
    if constant:
        how = "the series is constant, so the intervals have no width"
    elif origins >= _FEW_ORIGINS:
        how = f"intervals from the errors at {origins} rolling origins"
    elif origins:
        how = f"intervals from the errors at {origins} rolling origin{'s' * (origins > 1)}, widened for want of more"
    else:
        how = "intervals widened from one-period changes for want of rolling origins"
    done = f"forecast by {words}, trained on {first} to {last} ({len(series.values)} observations), {how}"
    if series.breaks:
        years = ", ".join(period_text(series.frequency, b) for b in series.breaks)
        done += f"; the training span crosses breaks (status B) in {years}"
    return f"{series.method}; {done}" if series.method else done


def _columns(frame: pl.DataFrame, levels: Sequence[float]) -> list[str]:
    """Columns of the result in order: those of the frame that forecasts have, then their own."""
    kept = {*series_keys(frame), "period", "value", "unit", "sources"} - {"frequency"}
    names = [c for c in frame.columns if c in kept]
    names.insert(names.index("period"), "frequency")
    edges = [f"{side}_{level:g}" for level in levels for side in ("lower", "upper")]
    return [*names, "status", "method", "model", *edges]
