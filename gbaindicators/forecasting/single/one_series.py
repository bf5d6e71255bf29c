"""One series out of a frame, as the models that are fitted to one series take it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gbaindicators.catalog import frequency_code, period_text, step
from gbaindicators.errors import FrameError, SeriesTooShortError, UsageError
from gbaindicators.forecasting.training import breaks_of, is_bounded_at_zero, sources_of, unit_of
from gbaindicators.tables.series_frame import check_unique_periods, series_keys, series_name
from gbaindicators.transforms.frequencies import with_frequency
from gbaindicators.transforms.inputs import read_series
from gbaindicators.transforms.whole_span import whole_span

__all__ = [
    "SEASONS",
    "OneSeries",
    "Scale",
    "check_varies",
    "following",
    "one_series",
    "scale_of",
    "thousands",
]

Array = NDArray[np.float64]

#: Periods of a season that models of one series know: the year, and the week of days.
SEASONS: Final = {"A": 1, "S": 2, "Q": 4, "M": 12, "W": 1, "D": 7}


@dataclass(frozen=True, slots=True)
class OneSeries:
    """One series from its first to its last value, a value for every period, NaN where it is missing.

    `columns` are those of the frame that its forecasts have, in order, `types` the types of its keys.
    """

    keys: dict[str, Any]
    frequency: str
    periods: list[date]
    values: Array
    unit: str | None
    sources: list[str]
    done: str | None
    columns: list[str]
    types: dict[str, pl.DataType]
    breaks: list[date]

    @property
    def name(self) -> str:
        """Readable name, for messages."""
        return series_name(self.keys)

    @property
    def observed(self) -> int:
        """How many values are there."""
        return int(np.isfinite(self.values).sum())

    @property
    def floor(self) -> float:
        """Zero where the catalogue says that the indicator cannot be below it, else minus infinity."""
        bounded = is_bounded_at_zero(self.keys, self.unit) and np.nanmin(self.values) >= 0
        return 0.0 if bounded else -np.inf

    @property
    def span(self) -> str:
        """Training span in words."""
        first, last = (period_text(self.frequency, self.periods[i]) for i in (0, -1))
        missing = len(self.values) - self.observed
        gaps = f", {missing} missing between" if missing else ""
        return f"trained on {first} to {last} ({self.observed} observations{gaps}){self._crossed()}"

    def _crossed(self) -> str:
        inside = [period_text(self.frequency, b) for b in self.breaks if b > self.periods[0]]
        return f" across breaks (status B) in {', '.join(inside)}" if inside else ""


def one_series(frame: pl.DataFrame, doing: str, least: int = 3) -> OneSeries:
    """Take the one series out of a frame; missing values between the first and the last are NaN.

    Raises
    ------
    FrameError
        When the frame has several series, a doubled period, two units or running totals of the year, or when the
        series breaks (status B) less than five values before its end.
    SeriesTooShortError
        When there are fewer than `least` values.

    Examples
    --------
    >>> years = pl.DataFrame({"period": [date(y, 1, 1) for y in (2020, 2021, 2023)], "value": [1.0, 2.0, 4.0]})
    >>> one_series(years, "an example").values.tolist()
    [1.0, 2.0, nan, 4.0]
    """
    told = series_keys(frame) if isinstance(frame, pl.DataFrame) else []
    frame = with_frequency(read_series(frame, doing))
    if "model" in told:
        raise FrameError("the frame has a column 'model', which forecasts write: rename or drop it")
    check_unique_periods(frame)
    series = frame.select(series_keys(frame)).unique(maintain_order=True)
    if series.height > 1:
        names = "; ".join(series_name({k: r[k] for k in told}) for r in series.head(3).iter_rows(named=True))
        raise FrameError(
            f"{doing} takes one series, the frame has {series.height} ({names}{'; ...' * (series.height > 3)}): "
            "filter it to one, or forecast them all with gba.forecast(frame, horizon, model=...)"
        )
    known = frame.filter(pl.col("value").is_not_null()).sort("period")
    name = series_name({k: series[k][0] for k in told}) if series.height else "the series"
    if known.height < least:
        raise SeriesTooShortError(
            f"{doing} needs at least {least} values, {name} has {known.height}: load a longer span"
        )
    _check_kind(name, known)
    unit, frequency = unit_of(name, known), frequency_code(known["frequency"][0])
    return OneSeries(
        keys={k: known[k][0] for k in told if k != "frequency"},
        frequency=frequency,
        periods=(every := whole_span(name, frequency, known["period"])).to_list(),
        values=every.to_frame().join(known, on="period", how="left", maintain_order="left")["value"].to_numpy(),
        unit=unit,
        sources=sources_of(known),
        done=known["method"].drop_nulls().last() if "method" in known.columns else None,  # type: ignore[arg-type]
        columns=_columns(frame, told),
        types={k: known.schema[k] for k in told},
        breaks=breaks_of(name, frequency, known),
    )  # fmt: skip


def _check_kind(name: str, known: pl.DataFrame) -> None:
    if "adjustment" in known.columns and known["adjustment"][0] == "ytd":
        raise FrameError(
            f"{name} holds running totals of the year (adjustment 'ytd'), which start over each January: "
            "take them apart first, frame.pipe(gba.from_ytd)"
        )


def _columns(frame: pl.DataFrame, told: Sequence[str]) -> list[str]:
    kept = {*told, "period", "value", "unit", "sources"} - {"frequency"}
    names = [c for c in frame.columns if c in kept]
    names.insert(names.index("period"), "frequency")
    return names


def check_varies(series: OneSeries, doing: str) -> None:
    """Raise UsageError for a series that has the same value in every period."""
    known = series.values[np.isfinite(series.values)]
    if np.ptp(known) == 0:
        raise UsageError(
            f"{series.name} has the value {known[0]:g} in every period: there is nothing for {doing} to estimate "
            "(gba.forecast(frame, horizon, model='naive') repeats it)"
        )


def following(series: OneSeries, horizon: int) -> list[date]:
    """Periods that come after the last one of a series."""
    return pl.date_range(
        series.periods[-1],
        pl.select(pl.lit(series.periods[-1]).dt.offset_by(_times(step(series.frequency), horizon))).item(),
        step(series.frequency),
        eager=True,
    ).to_list()[1:]


def _times(duration: str, count: int) -> str:
    unit = duration.lstrip("0123456789")
    return f"{int(duration.removesuffix(unit)) * count}{unit}"


@dataclass(frozen=True, slots=True)
class Scale:
    """How values enter a model: as logarithms, or in units of `size`, a power of a thousand."""

    log: bool
    size: float

    def enter(self, values: Array) -> Array:
        """Values as the model sees them."""
        return np.log(values) if self.log else values / self.size

    def leave(self, modelled: Array) -> Array:
        """Values in their own units; on the log scale the median, as logarithms average to it."""
        with np.errstate(over="ignore"):
            back: Array = np.exp(modelled) if self.log else modelled * self.size
        return back

    @property
    def words(self) -> str:
        """What is said of it in the method."""
        return " on the log scale" if self.log else ""


def scale_of(series: OneSeries, log: bool | str) -> Scale:
    """Choose the scale: logarithms, with ``"auto"``, where values are all positive and no percentages."""
    known = series.values[np.isfinite(series.values)]
    if log not in (True, False, "auto"):
        raise UsageError(f"log is True, False or 'auto', not {log!r}")
    positive = bool(known.min() > 0)
    if log is True and not positive:
        raise UsageError(f"{series.name} has values at or below zero, which have no logarithm: use log=False")
    if log is True or (log == "auto" and positive and series.unit != "percent"):
        return Scale(True, 1.0)
    return Scale(False, thousands(known))


def thousands(values: Array) -> float:
    """Power of a thousand that brings the largest value between 1 and 1000, where variances are well-behaved."""
    largest = float(np.abs(values).max(initial=0.0))
    return 1000.0 ** np.floor(np.log10(largest) / 3) if largest > 0 else 1.0
