"""Train and forecast the series of a frame, chunk by chunk, here or elsewhere."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

import polars as pl

from gbaindicators.errors import ForecastWarning, FrameError, UsageError
from gbaindicators.forecasting.arguments import check_model
from gbaindicators.forecasting.panel.engine import PANEL_MODELS, PanelForecast, forecast_panel
from gbaindicators.forecasting.panel.panel import Matrix
from gbaindicators.forecasting.training import TrainingSeries, training_series
from gbaindicators.tables.series_frame import check_unique_periods, series_keys, series_name
from gbaindicators.transforms.inputs import read_series

__all__ = ["SEASONS", "Run", "read_for_forecast", "report_failures", "runs"]

#: Periods in a season, by frequency.
SEASONS: Final = {"A": 1, "S": 2, "Q": 4, "M": 12, "W": 52, "D": 7}
#: Series that are computed together, wherever they are computed: so an executor changes no digit.
_CHUNK: Final = 256
_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Run:
    """Some series of one frequency, by falling length, and their forecasts."""

    series: list[TrainingSeries]
    logarithms: bool
    result: PanelForecast


def runs(
    frame: pl.DataFrame, horizon: int, model: str, executor: Executor | None
) -> tuple[list[Run], list[UsageError]]:
    """Forecast the series of a frame that `read_for_forecast` has read; say of the others why not."""
    check_model(model, PANEL_MODELS)
    series, failures = training_series(frame)
    tasks = _tasks(series)
    batches = [
        ([one.values for one in chunk], SEASONS[chunk[0].frequency], horizon, model, logarithms)
        for chunk, logarithms in tasks
    ]
    results = executor.map(_forecast_chunk, batches) if executor else map(_forecast_chunk, batches)
    return [Run(*task, result) for task, result in zip(tasks, results, strict=True)], failures


def read_for_forecast(frame: pl.DataFrame) -> pl.DataFrame:
    """Check that a frame is one that can be forecast, whatever its series are."""
    frame = read_series(frame, "a forecast")
    for column in ("model", "skill"):
        if column in frame.columns:
            raise FrameError(f"the frame has a column {column!r}, which forecasts write: rename or drop it")
    check_unique_periods(frame)
    if "adjustment" in frame.columns:
        running = frame.filter(pl.col("adjustment").cast(pl.String) == "ytd")
        if running.height:
            name = series_name(running.select(series_keys(frame)).row(0, named=True))
            raise FrameError(
                f"{name} holds running totals of the year (adjustment 'ytd'), which start over each January: "
                "take them apart first, frame.pipe(gba.from_ytd)"
            )
    return frame


def _tasks(series: Sequence[TrainingSeries]) -> list[tuple[list[TrainingSeries], bool]]:
    """Series that are forecast together, by falling length, and whether they may be taken in logarithms.

    The order and the division depend on the series alone, not on their order in the frame.
    """
    groups: dict[tuple[str, bool], list[TrainingSeries]] = defaultdict(list)
    for one in series:
        groups[one.frequency, one.in_proportions].append(one)
    tasks = []
    for (_, logs), group in sorted(groups.items(), key=lambda item: item[0]):
        group.sort(key=lambda one: (-len(one.values), str(sorted(one.keys.items()))))
        tasks += [(group[first : first + _CHUNK], logs) for first in range(0, len(group), _CHUNK)]
    return tasks


def _forecast_chunk(batch: tuple[list[Matrix], int, int, str, bool]) -> PanelForecast:
    """Forecast the series of one task, here or in another process."""
    values, season, horizon, model, logarithms = batch
    return forecast_panel(values, season, horizon, model, logarithms=logarithms)


def report_failures(failures: Sequence[UsageError], *, any_left: bool) -> None:
    """Raise the failures if nothing is left, else warn of them by name."""
    if not failures:
        return
    said = [str(one) for one in failures[:_NAMED]]
    more = f"; and {len(failures) - _NAMED} more series" if len(failures) > _NAMED else ""
    message = "; ".join(said) + more
    if not any_left:
        raise type(failures[0])(message)
    warnings.warn(f"left out: {message}", ForecastWarning, stacklevel=3)
