"""Forecast the series of a frame one at a time, with models that are fitted to each alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Final

import polars as pl

from gbaindicators.errors import GbaError, SeriesTooShortError, TaskError, UsageError
from gbaindicators.forecasting.turns import one_fit
from gbaindicators.tables.series_frame import series_keys, series_name
from gbaindicators.transforms.frequencies import frequency_of
from gbaindicators.transforms.spreading import check_not_forked, outcomes

__all__ = ["SINGLE_MODELS", "each_alone", "take_daily"]

#: What each model is, in words.
SINGLE_MODELS: Final = {
    "arima": "ARIMA by automatic choice",
    "components": "unobserved components",
    "regression": "regression on trend and season",
    "daily": "week, year, moving holidays and level of daily figures",
}
#: Four weeks tell the days of the week apart; with less, a daily series is forecast like any other.
_FEWEST_DAYS: Final = 28

_Task = tuple[str, pl.DataFrame, int, list[float]]


def take_daily(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Divide a frame into its daily series that are long enough for a model of days, and all others."""
    if "frequency" in frame.columns:
        daily = pl.col("frequency").cast(pl.String) == "D"
    elif frequency_of(frame) == "D":
        daily = pl.lit(value=True)
    else:
        return frame.clear(), frame
    keys = series_keys(frame)
    known = pl.col("value").is_not_null().sum()
    long = (known.over(keys) if keys else known) >= _FEWEST_DAYS
    marked = frame.with_columns(_daily=daily & long)
    return marked.filter("_daily").drop("_daily"), marked.filter(~pl.col("_daily")).drop("_daily")


def each_alone(
    frame: pl.DataFrame, model: str, horizon: int, levels: Sequence[float], executor: Executor | None
) -> tuple[list[pl.DataFrame], list[GbaError]]:
    """Forecast every series with one of `SINGLE_MODELS`; say of those that it fails on why."""
    if frame.is_empty():
        raise SeriesTooShortError(
            "the frame has no rows, so there is nothing to forecast: see what was filtered out"
        )
    check_not_forked(executor)
    keys = series_keys(frame)
    groups = frame.partition_by(keys, maintain_order=True) if keys else [frame]
    tasks: list[_Task] = [(model, group, horizon, list(levels)) for group in groups]
    names = [series_name(group.select(keys).row(0, named=True)) if keys else "the series" for group in groups]
    parts: list[pl.DataFrame] = []
    failures: list[GbaError] = []
    for name, outcome in zip(names, outcomes(_forecast_one, tasks, names, executor), strict=True):
        if isinstance(outcome, pl.DataFrame):
            parts.append(outcome)
        else:
            failures.append(_named(name, outcome))
    return parts, failures


def _named(name: str, error: GbaError) -> GbaError:
    """Name the series in what is said of it."""
    if isinstance(error, TaskError):
        return error
    return UsageError(str(error) if name in str(error) else f"{name}: {error}")


def _forecast_one(task: _Task) -> pl.DataFrame:
    """Forecast of one series, here or in another process."""
    model, frame, horizon, levels = task
    with one_fit():
        return _function(model)(frame, horizon, levels)


def _function(model: str) -> Callable[[pl.DataFrame, int, list[float]], pl.DataFrame]:
    # Imported when needed: statsmodels takes a second to load.
    if model == "arima":
        from gbaindicators.forecasting.single.arima import arima_forecast as function
    elif model == "components":
        from gbaindicators.forecasting.single.components import components_forecast as function
    elif model == "regression":
        from gbaindicators.forecasting.single.regression import regression_forecast as function
    else:
        from gbaindicators.forecasting.single.daily import daily_forecast as function
    return function
