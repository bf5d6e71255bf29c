"""The treated area and its controls as arrays over one row of periods, from a frame of several areas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gbaindicators.catalog import frequency_code, parse_period, period_end, period_text
from gbaindicators.comparison.policy.predictors import Predictors
from gbaindicators.errors import FrameError, UnknownNameError, UsageError
from gbaindicators.tables.series_frame import check_unique_periods, one_unit
from gbaindicators.transforms.frequencies import with_frequency
from gbaindicators.transforms.inputs import read_series
from gbaindicators.transforms.whole_span import whole_span

__all__ = ["Areas", "read_areas"]

Array = NDArray[np.float64]

#: Periods of a season: the year, and the week of days.
_SEASONS = {"A": 1, "S": 2, "Q": 4, "M": 12, "W": 1, "D": 7}
#: Columns in which the areas of one panel have to agree.
_SAME = ("indicator", "frequency", "adjustment", "prices", "model")
_DOING = "a policy's effect"


@dataclass(frozen=True, slots=True)
class Areas:
    """One indicator of the treated area and its controls, a value in every period for each of them.

    `values` is (periods,), `others` (periods, controls); `before` counts the periods that end before `start`;
    `predictors` are those of a synthetic control that is not fitted to the outcomes alone.
    """

    treated: str
    controls: list[str]
    frequency: str
    periods: list[date]
    values: Array
    others: Array
    before: int
    start: date
    unit: str | None
    indicator: str | None
    sources: list[str]
    predictors: Predictors | None = None

    @property
    def after(self) -> int:
        """How many periods the policy was in force in."""
        return len(self.periods) - self.before

    @property
    def seasons(self) -> int:
        """How many periods make a season; 1 where there is none to speak of."""
        return _SEASONS[self.frequency]

    @property
    def season(self) -> NDArray[np.int64]:
        """Place of each period in its season, from 0."""
        if self.frequency == "D":
            return np.array([p.weekday() for p in self.periods])
        return np.array([(p.month - 1) * self.seasons // 12 for p in self.periods])

    def text(self, period: date) -> str:
        """Write a period as SDMX text."""
        return period_text(self.frequency, period)


def read_areas(
    frame: pl.DataFrame, treated: str, start: str | date, controls: Sequence[str] | None, *, alone: bool
) -> Areas:
    """Take the treated area and its controls out of a frame; `alone` where the method needs no controls.

    Raises
    ------
    FrameError
        The frame is not one indicator in one unit and frequency, or an area lacks a value; the message names both.
    UnknownNameError
        An area is not in the frame.
    UsageError
        The policy date is not inside the sample.
    """
    frame = _with_area(read_series(frame, _DOING), treated, alone=alone)
    others = _controls(frame, treated, controls)
    frame = frame.filter(pl.col("area").is_in([treated, *others]))
    _check_same(frame)
    frame = with_frequency(frame)
    unit = one_unit(frame, _DOING)
    frequency = frequency_code(frame["frequency"][0])
    wide, periods = _values(frame, treated, others, frequency)
    before = _periods_before(start, frequency, periods, treated)
    return Areas(
        treated=treated,
        controls=others,
        frequency=frequency,
        periods=periods,
        values=wide[:, 0],
        others=wide[:, 1:],
        before=before,
        start=periods[before],
        unit=unit,
        indicator=str(frame["indicator"][0]) if "indicator" in frame.columns else None,
        sources=_sources(frame),
    )


def _with_area(frame: pl.DataFrame, treated: str, *, alone: bool) -> pl.DataFrame:
    if "area" not in frame.columns:
        if not alone:
            raise FrameError(
                "the frame has no column 'area': this method compares the treated area with others; for one series "
                "there is method='interrupted'"
            )
        frame = frame.with_columns(area=pl.lit(treated))
    return frame.with_columns(pl.col("area").cast(pl.String))


def _controls(frame: pl.DataFrame, treated: str, controls: Sequence[str] | None) -> list[str]:
    """Areas to compare with: those that are named, or all others of the frame."""
    known = frame["area"].unique().drop_nulls().sort().to_list()
    if isinstance(controls, str):
        raise UsageError(f"controls is a list of areas: write controls=[{controls!r}]")
    others = [a for a in known if a != treated] if controls is None else list(dict.fromkeys(controls))
    for area in (treated, *others):
        if area not in known:
            raise UnknownNameError("area", area, known, "The frame holds those.")
    if treated in others:
        raise UsageError(f"{treated} cannot be its own control: leave it out of controls")
    return others


def _periods_before(start: str | date, frequency: str, periods: list[date], treated: str) -> int:
    """How many periods end before the policy begins; there must be some on either side."""
    begin = _date(start)
    before = sum(period_end(frequency, p) < begin for p in periods)
    if not 0 < before < len(periods):
        span = f"{period_text(frequency, periods[0])} to {period_text(frequency, periods[-1])}"
        raise UsageError(
            f"the policy date {start} is outside the sample of {treated} ({span}): give a start inside it, or load a "
            "longer span"
        )
    return before


def _check_same(frame: pl.DataFrame) -> None:
    for column in _SAME:
        if column in frame.columns and frame[column].n_unique() > 1:
            values = ", ".join(str(v) for v in frame[column].unique().sort().head(4))
            raise FrameError(
                f"{_DOING} compares areas on one {column}, the frame has {values}: filter it to one"
            )
    check_unique_periods(frame)
    doubled = frame.filter(pl.struct("area", "period").is_duplicated())
    if doubled.height:
        row = doubled.row(0, named=True)
        raise FrameError(
            f"two values for {row['area']} in the period that begins {row['period']}: filter the frame to one series "
            "an area"
        )


def _values(frame: pl.DataFrame, treated: str, others: list[str], frequency: str) -> tuple[Array, list[date]]:
    """Values over the span of the treated area, (periods, 1 + controls), every one of them there."""
    known = frame.filter(pl.col("value").is_not_null())
    own = known.filter(pl.col("area") == treated)["period"].sort()
    if own.is_empty():
        raise FrameError(f"{treated} has no value in the frame: load it first")
    grid = whole_span(treated, frequency, own)
    columns = []
    for area in (treated, *others):
        series = known.filter(pl.col("area") == area).select("period", "value")
        values = grid.to_frame().join(series, on="period", how="left", maintain_order="left")["value"]
        if values.null_count():
            raise FrameError(_missing(area, grid, values, known, [treated, *others], frequency))
        columns.append(values.to_numpy())
    return np.column_stack(columns), grid.to_list()


def _missing(
    area: str, grid: pl.Series, values: pl.Series, known: pl.DataFrame, areas: list[str], frequency: str
) -> str:
    lacking = grid.filter(values.is_null())
    more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
    have = (
        known.filter(pl.col("period").is_in(grid.implode()) & pl.col("area").is_in(areas))
        .group_by("period")
        .agg(pl.col("area").n_unique().alias("areas"))
        .filter(pl.col("areas") == len(areas))["period"]
    )
    runs = (
        grid.to_frame()
        .with_columns(whole=pl.col("period").is_in(have.implode()))
        .with_columns(run=pl.col("whole").rle_id())
        .filter("whole")
        .group_by("run")
        .agg(pl.len(), pl.col("period").min().alias("first"), pl.col("period").max().alias("last"))
        .sort("len", "run")
    )
    if runs.height:
        longest = runs.row(-1, named=True)
        first, last = (period_text(frequency, longest[k]) for k in ("first", "last"))
        common = f"the longest span without gaps is {first} to {last}: filter the frame to it"
    else:
        common = "no period has a value of all of them: choose other controls"
    leave = f", or leave {area} out of controls" if area != areas[0] else ""
    return f"{area} has no value in {period_text(frequency, lacking[0])}{more}; {common}{leave}"


def _date(start: str | date) -> date:
    if isinstance(start, datetime):
        return start.date()
    if isinstance(start, date):
        return start
    if isinstance(start, str):
        return parse_period(start).start
    raise UsageError(f"start is the policy's date, such as '2004-Q1' or date(2004, 1, 1), not {start!r}")


def _sources(frame: pl.DataFrame) -> list[str]:
    if "sources" not in frame.columns:
        return []
    return frame["sources"].explode().drop_nulls().unique().sort().to_list()
