"""Train and forecast the series of a frame, chunk by chunk, here or elsewhere."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

import polars as pl

from gbaindicators.errors import ForecastWarning, FrameError, GbaError, UsageError
from gbaindicators.forecasting.arguments import check_model
from gbaindicators.forecasting.panel.engine import PANEL_MODELS, PanelForecast, forecast_panel
from gbaindicators.forecasting.panel.panel import Matrix
from gbaindicators.forecasting.training import TrainingSeries, training_series
from gbaindicators.tables.series_frame import series_keys, series_name
from gbaindicators.transforms.inputs import read_series
from gbaindicators.transforms.spreading import results

__all__ = ["SEASONS", "Run", "read_for_forecast", "report_failures", "runs"]

#: Periods in a season, by frequency.
SEASONS: Final = {"A": 1, "S": 2, "Q": 4, "M": 12, "W": 52, "D": 7}
#: Series that are computed together, wherever they are computed: so an executor changes no digit.
_CHUNK: Final = 256
_NAMED: Final = 5
_UNREAL: Final = "_unreal"


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
    done = results(_forecast_chunk, batches, [_chunk_name(chunk) for chunk, _ in tasks], executor)
    return [Run(*task, result) for task, result in zip(tasks, done, strict=True)], failures


def read_for_forecast(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[UsageError]]:
    """Check that a frame can be forecast; give its series that can be read, and say of each of the others why not."""
    for column in ("model", "skill"):
        if isinstance(frame, pl.DataFrame) and column in frame.columns:
            raise FrameError(f"the frame has a column {column!r}, which forecasts write: rename or drop it")
    # Set aside by series below: one number that is none must not keep the other series from being forecast.
    unreal = pl.Series(_UNREAL, [False])
    if isinstance(frame, pl.DataFrame) and frame.schema.get("value", pl.String).is_float():
        unreal = frame["value"].is_finite().not_().fill_null(value=False).alias(_UNREAL)
        frame = frame.with_columns(value=pl.when(~unreal).then("value"))
    frame = read_series(frame, "a forecast")
    keys = series_keys(frame)
    frame = frame.with_columns(unreal if len(unreal) == frame.height else pl.lit(value=False).alias(_UNREAL))
    failures: list[UsageError] = []
    bad = pl.lit(value=False)
    for said, wrong in _unreadable(frame, keys).items():
        rows = frame.filter(wrong)
        first = rows.unique(keys, keep="first", maintain_order=True) if keys else rows.head(1)
        for row in first.select(*keys, "period").iter_rows(named=True):
            period = row.pop("period")
            failures.append(
                FrameError(f"{series_name(row)} {said} (first in the period that begins {period})")
            )
        bad = bad | (wrong.any().over(keys) if keys else wrong.any())
    sound = frame.filter(~bad).drop(_UNREAL)
    if failures and sound.is_empty():
        report_failures(failures, any_left=False)
    return sound, failures


def _unreadable(frame: pl.DataFrame, keys: Sequence[str]) -> dict[str, pl.Expr]:
    """What keeps a series from being forecast, in words, and the rows in which it does."""
    found = {
        "holds NaN or infinite numbers: a missing value is null (frame.with_columns(pl.col('value').fill_nan(None)))": pl.col(_UNREAL),
        "has two values for the period: keep one of them, or add a column that tells the two series apart": pl.struct(*keys, "period").is_duplicated(),
    }  # fmt: skip
    if "adjustment" in frame.columns:
        running = "holds running totals of the year (adjustment 'ytd'), which start over each January: take them apart first, frame.pipe(gba.from_ytd)"
        found[running] = (pl.col("adjustment").cast(pl.String) == "ytd").fill_null(value=False)
    return found


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


def _chunk_name(chunk: Sequence[TrainingSeries]) -> str:
    more = f" and {len(chunk) - 1} series forecast with it, as far as {chunk[-1].name}" if chunk[1:] else ""
    return chunk[0].name + more


def _forecast_chunk(batch: tuple[list[Matrix], int, int, str, bool]) -> PanelForecast:
    """Forecast the series of one task, here or in another process."""
    values, season, horizon, model, logarithms = batch
    return forecast_panel(values, season, horizon, model, logarithms=logarithms)


def report_failures(failures: Sequence[GbaError], *, any_left: bool) -> None:
    """Raise the failures if nothing is left, else warn of them by name."""
    if not failures:
        return
    said = [str(one) for one in failures[:_NAMED]]
    more = f"; and {len(failures) - _NAMED} more series" if len(failures) > _NAMED else ""
    message = "; ".join(said) + more
    if not any_left:
        raise type(failures[0])(message)
    warnings.warn(f"left out: {message}", ForecastWarning, stacklevel=3)
