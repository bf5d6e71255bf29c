"""Forecast the series of a frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from typing import Final

import numpy as np
import polars as pl

from gbaindicators.catalog import period_text, step
from gbaindicators.errors import GbaError, UsageError
from gbaindicators.forecasting.arguments import check_horizon, check_levels, check_model
from gbaindicators.forecasting.one_by_one import SINGLE_MODELS, each_alone, take_daily
from gbaindicators.forecasting.panel.engine import PANEL_MODELS, PanelForecast, on_logarithms
from gbaindicators.forecasting.runs import (
    SEASONS,
    Run,
    read_for_forecast,
    report_failures,
    runs,
)
from gbaindicators.forecasting.training import TrainingSeries
from gbaindicators.tables.series_frame import FREQUENCY, series_keys

__all__ = ["forecast"]

_FEW_ORIGINS: Final = 4


def forecast(
    frame: pl.DataFrame,
    horizon: int,
    *,
    model: str = "auto",
    level: float | Iterable[float] = (80, 95),
    executor: Executor | None = None,
) -> pl.DataFrame:
    """Forecast every series of a frame, with prediction intervals and the model's record on the series.

    ``"auto"`` combines Theta, dynamic Theta, exponential smoothing (ETS), complex exponential smoothing, an
    autoregression and, where there can be a season, the value a season before: it is the mean of the middle half of
    their forecasts, each weighted by how far off it was at ten origins in the past of the series, and the more so the
    longer the series. Positive series that are no percentages are modelled on the log scale, and with some members
    as they are beside it. Seasonal factors are estimated with later years counting for more and shrunk towards zero
    by what noise would produce; a season is 4 quarters, 12 months, 2 half-years, 52 weeks or 7 days, and takes three
    whole ones (ETS: more than two). Daily series of four weeks or more go to ``"daily"`` instead.

    Parameters
    ----------
    frame
        Series frame: ``period`` and ``value`` are needed. The frequency of a series is read from ``frequency``
        or, without it, from the dates. Missing values at either end are left out of the training span, which
        ``method`` names; missing values between are an error.
    horizon
        How many periods ahead, from 1 to 1000.
    model
        ``"auto"``; one of its members alone (``"theta"``, ``"dynamic_theta"``, ``"ets"``, ``"ces"``, ``"ar"``, ``"ar_level"``, ``"ari2"``, ``"ses"``, ``"median_drift"``); or
        ``"drift"`` (the last value, moved on by the mean change), ``"naive"`` (the last value) or
        ``"seasonal_naive"`` (the value a season before), which work on the values as they are. Or, fitted to one
        series at a time, ``"arima"``, ``"components"``, ``"regression"`` and ``"daily"``: the automatic choices of
        `arima`, `unobserved_components`, `regression` and `daily_model`. They take missing values between.
    level
        Levels of the intervals in percent, between 0 and 100.
    executor
        Where to compute: threads or processes of `concurrent.futures` (begun with ``spawn``: Polars does not survive
        a fork), or a Dask cluster's ``Client(...).get_executor()``. The result does not depend on it. What a lost
        process had not answered is computed again.

    Returns
    -------
    pl.DataFrame
        The future periods only, `horizon` rows for each series, sorted by the series keys and period: the keys,
        ``frequency``, ``period``, ``value``, ``unit`` and ``sources`` (of the whole training span) where the
        frame has them, ``status`` F, ``method``, ``model``, ``skill`` and ``lower_80, upper_80, lower_95,
        upper_95`` (named after `level`), in the unit of the values.

        ``skill`` is the share of the mean absolute error of a simple forecast (drift for annual series, else the
        value a season before) that the model saved at the same past origins: 0.2 is a fifth less, below zero is
        worse, null where there are no origins and for models fitted alone. `backtest` and `accuracy` give the whole record.

        Intervals rest on the errors of the same model at these origins, on its one-step errors within the
        sample where origins are few, and on how errors grow by the smoothing parameter and slope of the series.
        They are symmetric, nested, never narrower at a longer horizon, and not below zero where the catalogue
        says that the indicator cannot be.

    Raises
    ------
    SeriesTooShortError
        A series has fewer than three values.
    FrameError
        A period is missing or doubled, dates are irregular, values are running totals of the year.
    UnknownNameError, UsageError
        The model, the horizon or a level cannot be what was meant.
    TaskError
        The executor has no answer for some series, which are named.

    Warns
    -----
    WorkerWarning
        A process of the executor ended in the middle of its work, which was done again in another.
    ForecastWarning
        Some series of several cannot be forecast, for one of these reasons: they are named and left out, and the
        others are forecast. Only if none can be is it an error.

    References
    ----------
    .. [1] S. Makridakis, E. Spiliotis and V. Assimakopoulos (2020), "The M4 competition: 100,000 time series and
       61 forecasting methods", International Journal of Forecasting 36(1), 54-74: combinations lead.

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
    >>> ahead.columns[3:]
    ['status', 'method', 'model', 'skill', 'lower_80', 'upper_80', 'lower_95', 'upper_95']
    >>> ahead["method"][0]
    'forecast by random walk with drift, trained on 2019 to 2023 (5 observations), intervals from one-step errors for
    want of past origins'
    """
    periods_ahead, levels = check_horizon(horizon), check_levels(level)
    frame, unread = read_for_forecast(frame)
    failures: list[GbaError] = [*unread]
    check_model(model, {**PANEL_MODELS, **SINGLE_MODELS})
    parts: list[pl.DataFrame] = []
    alone, together = (frame, frame.clear()) if model in SINGLE_MODELS else (frame.clear(), frame)
    if model == "auto":
        alone, together = take_daily(frame)
    if alone.height or model in SINGLE_MODELS:
        name = "daily" if model == "auto" else model
        parts, refused = each_alone(alone, name, periods_ahead, levels, executor)
        failures += refused
    if together.height or not (parts or failures):
        done, short = runs(together, periods_ahead, model, executor)
        failures += short
        for run in done:
            part, runaway = _frame(run, periods_ahead, model, levels)
            parts.append(part)
            failures += runaway
    parts = [part for part in parts if part.height]
    report_failures(failures, any_left=bool(parts))
    keys = [k for k in series_keys(frame) if k != "frequency"]
    columns = _columns(frame, levels)
    typed = pl.concat([part.select(columns) for part in parts], how="vertical_relaxed").with_columns(
        pl.col(k).cast(frame.schema[k]) for k in keys
    )
    return typed.sort([*keys, "frequency", "period"])


def _frame(
    run: Run, horizon: int, model: str, levels: Sequence[float]
) -> tuple[pl.DataFrame, list[UsageError]]:
    """Rows of the forecasts of one run, and the series whose forecast leaves what a number can hold."""
    chunk, result = run.series, run.result
    with np.errstate(over="ignore", invalid="ignore"):
        widths = result.spread.half_widths(levels)
        bounds = np.stack(
            [result.point, *(edge for w in widths for edge in (result.point - w, result.point + w))]
        )
    floors = np.array([[0.0 if s.cannot_be_negative else -np.inf] for s in chunk])
    bounds = np.maximum(bounds, floors)
    fine = np.isfinite(bounds).all(axis=(0, 2))
    runaway = [
        UsageError(
            f"the forecast of {one.name} grows beyond what a number can hold within {horizon} periods: shorten the "
            "horizon"
        )
        for one, good in zip(chunk, fine, strict=True)
        if not good
    ]
    kept = np.flatnonzero(fine).tolist()
    first = chunk[0]
    names = ["value", *(f"{side}_{level:g}" for level in levels for side in ("lower", "upper"))]
    series = pl.DataFrame(
        {
            **{key: [chunk[i].keys[key] for i in kept] for key in first.keys},
            "frequency": pl.Series([first.frequency] * len(kept), dtype=FREQUENCY),
            "_last": pl.Series([chunk[i].periods[-1] for i in kept], dtype=pl.Date),
            "unit": pl.Series([chunk[i].unit for i in kept], dtype=pl.String),
            "sources": pl.Series([chunk[i].sources for i in kept], dtype=pl.List(pl.String)),
            "status": pl.Series(["F"] * len(kept), dtype=pl.String),
            "method": pl.Series(
                [_method(chunk[i], result, i, model, logarithms=run.logarithms) for i in kept],
                dtype=pl.String,
            ),
            "model": pl.Series([model] * len(kept), dtype=pl.String),
            "skill": pl.Series(result.skill[kept], dtype=pl.Float64).fill_nan(None),
        }
    )
    count, unit = int(step(first.frequency).rstrip("ymowd")), step(first.frequency).lstrip("0123456789")
    future = pl.DataFrame({"_step": [f"{count * h}{unit}" for h in range(1, horizon + 1)]})
    rows = (
        series.join(future, how="cross", maintain_order="left_right")
        .with_columns(pl.col("_last").dt.offset_by(pl.col("_step")).alias("period"))
        .with_columns(pl.Series(name, bounds[i][kept].ravel()) for i, name in enumerate(names))
        .drop("_last", "_step")
    )
    return rows, runaway


def _method(
    series: TrainingSeries, result: PanelForecast, place: int, model: str, *, logarithms: bool
) -> str:
    """Sentence on how a series was forecast, after what was done to it before."""
    first, last = (period_text(series.frequency, series.periods[i]) for i in (0, -1))
    words = PANEL_MODELS[model]
    if model == "auto" and SEASONS[series.frequency] > 1:
        words += ", with the value a season before"
    if on_logarithms(model, logarithms=logarithms):
        words += ", on the log scale and as it is" if model == "auto" else " on the log scale"
    if gone := result.left_out[place]:
        words += (
            f" (without {', '.join(sorted(set(gone)))}: not finite)"
            if model == "auto"
            else ", which did not stay finite, so the last value stands in"
        )
    origins = int(result.origins[place])
    if np.ptp(series.values) == 0:
        how = "the series is constant, so the intervals have no width"
    elif origins:
        how = f"intervals from the errors at {origins} past origin{'s' * (origins > 1)}"
        how += " and one-step errors" if origins < _FEW_ORIGINS else ""
    else:
        how = "intervals from one-step errors for want of past origins"
    done = f"forecast by {words}, trained on {first} to {last} ({len(series.values)} observations), {how}"
    skill = result.skill[place]
    if np.isfinite(skill):
        rival = "drift" if result.rival == "drift" else "the value a season before"
        worse = f"{abs(skill):.0%} {'below' if skill >= 0 else 'above'} that of {rival}"
        done += f", where its mean absolute error was {worse}"
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
    return [*names, "status", "method", "model", "skill", *edges]
