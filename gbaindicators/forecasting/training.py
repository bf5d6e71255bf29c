"""Take a frame apart into the series that a model can be trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gbaindicators.catalog import catalog, frequency_code, period_text
from gbaindicators.errors import FrameError, SeriesTooShortError, UsageError
from gbaindicators.tables.series_frame import series_keys, series_name
from gbaindicators.transforms.whole_span import whole_span

__all__ = [
    "FEWEST_AFTER_BREAK",
    "TrainingSeries",
    "breaks_of",
    "is_bounded_at_zero",
    "sources_of",
    "training_series",
    "unit_of",
]

_MONTHS: Final = {12: "A", 6: "S", 3: "Q", 1: "M"}
_DAYS: Final = {7: "W", 1: "D"}
_FEWEST: Final = 3
#: Figures on a new base before its level can be extrapolated.
FEWEST_AFTER_BREAK: Final = 5


@dataclass(frozen=True, slots=True)
class TrainingSeries:
    """One series from its first to its last value, with nothing missing between."""

    keys: dict[str, Any]
    frequency: str
    periods: pl.Series
    values: NDArray[np.float64]
    unit: str | None
    sources: list[str]
    method: str | None
    breaks: list[date]

    @property
    def name(self) -> str:
        """Readable name, for messages."""
        return series_name(self.keys)

    @property
    def in_proportions(self) -> bool:
        """Whether it can be modelled in proportions: it varies, is positive, and is not itself a percentage."""
        values = self.values
        return self.unit != "percent" and bool(values.min() > 0 and np.ptp(values) > 0)

    @property
    def cannot_be_negative(self) -> bool:
        """Whether the catalogue bounds the indicator at zero, and the values are still in its terms."""
        return is_bounded_at_zero(self.keys, self.unit) and bool((self.values >= 0).all())


def is_bounded_at_zero(keys: Mapping[str, Any], unit: str | None) -> bool:
    """Whether the catalogue says that the indicator cannot be negative, and it has not become a rate of change."""
    indicator = catalog().indicators.get(str(keys.get("indicator")))
    if indicator is None or indicator.minimum is None or indicator.minimum < 0:
        return False
    return not (unit == "percent" and indicator.unit != "percent")


def training_series(frame: pl.DataFrame) -> tuple[list[TrainingSeries], list[UsageError]]:
    """Take the frame apart into the series that can be forecast, and say of each of the others why not."""
    if frame.is_empty():
        raise SeriesTooShortError(
            "the frame has no rows, so there is nothing to forecast: see what was filtered out"
        )
    keys = series_keys(frame)
    frame = frame.sort("period")
    groups = frame.partition_by(keys, maintain_order=True) if keys else [frame]
    series: list[TrainingSeries] = []
    failures: list[UsageError] = []
    for group in groups:
        row = group.select(keys).row(0, named=True) if keys else {}
        known = group["value"].is_not_null().arg_true()
        try:
            if len(known) < _FEWEST:
                raise SeriesTooShortError(
                    f"{series_name(row)} has {len(known)} value{'s' * (len(known) != 1)}, and a forecast needs at "
                    f"least {_FEWEST}: filter the series out, or load a longer span"
                )
            series.append(_one_series(row, group[known[0] : known[-1] + 1]))
        except UsageError as error:
            failures.append(error)
    return series, failures


def _one_series(row: dict[str, Any], span: pl.DataFrame) -> TrainingSeries:
    name = series_name(row)
    frequency = (
        frequency_code(row["frequency"]) if row.get("frequency") else _infer_frequency(name, span["period"])
    )
    _check_no_gap(name, frequency, span)
    unit = unit_of(name, span)
    breaks = breaks_of(name, frequency, span)
    methods = span["method"].drop_nulls() if "method" in span.columns else pl.Series(dtype=pl.String)
    return TrainingSeries(
        keys={k: v for k, v in row.items() if k != "frequency"},
        frequency=frequency,
        periods=span["period"],
        values=span["value"].to_numpy(),
        unit=unit,
        sources=sources_of(span),
        method=methods[-1] if len(methods) else None,
        breaks=breaks,
    )


def unit_of(name: str, span: pl.DataFrame) -> str | None:
    """Unit of a series, None where it tells none; raise FrameError where it changes."""
    units = span["unit"].drop_nulls().unique().sort().to_list() if "unit" in span.columns else []
    if len(units) > 1:
        raise FrameError(
            f"{name} changes its unit ({', '.join(units)}): convert it to one, frame.pipe(gba.convert, ...)"
        )
    return units[0] if units else None


def sources_of(span: pl.DataFrame) -> list[str]:
    """Sources of all values of a series."""
    return (
        span["sources"].explode().drop_nulls().unique().sort().to_list() if "sources" in span.columns else []
    )


def breaks_of(name: str, frequency: str, span: pl.DataFrame) -> list[date]:
    """Periods inside the span from which figures stand on another base (status B).

    Raises FrameError where too few figures follow the last one: their level has no history of its own.
    """
    if "status" not in span.columns:
        return []
    starts: list[date] = span[1:].filter(pl.col("status") == "B")["period"].to_list()
    if starts and (after := span.filter(pl.col("period") >= starts[-1]).height) < FEWEST_AFTER_BREAK:
        last = starts[-1]
        raise FrameError(
            f"{name} breaks in {period_text(frequency, last)} (status B: another source, vintage or base), and only "
            f"{after} figure{'s' * (after > 1)} follow{'s' * (after == 1)}: a level that breaks cannot be "
            f"extrapolated. End before it: frame.filter(pl.col('period') < pl.date({last.year}, {last.month}, {last.day}))"
        )
    return starts


def _infer_frequency(name: str, periods: pl.Series) -> str:
    """Frequency of dates that are all equally far apart, in months or in days."""
    months = (periods.dt.year() * 12 + periods.dt.month()).diff().drop_nulls().unique().to_list()
    days = periods.diff().dt.total_days().drop_nulls().unique().to_list()
    if len(months) == 1 and periods.dt.day().n_unique() == 1 and months[0] in _MONTHS:
        return _MONTHS[months[0]]
    if len(days) == 1 and days[0] in _DAYS:
        return _DAYS[days[0]]
    raise FrameError(
        f"the frequency of {name} cannot be read from its dates: they are not equally a year, half-year, quarter, "
        f"month, week or day apart (from {periods[0]} to {periods[-1]}, {min(days)} to {max(days)} days). "
        "Fill the missing periods, date each period by its first day, or say the frequency in a column 'frequency'"
    )


def _check_no_gap(name: str, frequency: str, span: pl.DataFrame) -> None:
    """Raise FrameError for the first period without a value, or the first date that begins no period."""
    periods = span["period"]
    expected = whole_span(name, frequency, periods)
    known = span.filter(pl.col("value").is_not_null())["period"]
    missing = expected.filter(~expected.is_in(known.to_list()))
    if len(missing):
        first: date = missing[0]
        after = known.filter(known > missing[-1])[0]
        raise FrameError(
            f"{name} has no value for {period_text(frequency, first)} ({len(missing)} missing in all): fill it in "
            f"yourself, or start later, frame.filter(pl.col('period') >= pl.date({after.year}, {after.month}, "
            f"{after.day}))"
        )
