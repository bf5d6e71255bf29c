"""Errors that forecasts made in the past, lined up over the areas of a hierarchy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gbaindicators.errors import FrameError, SeriesTooShortError
from gbaindicators.forecasting.coherence.hierarchy import Hierarchy
from gbaindicators.forecasting.coherence.projection import ErrorMatrix, error_matrix
from gbaindicators.tables.series_frame import check_series_frame, one_unit, series_name

__all__ = ["PastErrors", "past_errors", "read_past"]

_FEWEST_PERIODS: Final = 5
#: By how much totals of the past may differ from the sum of their members: figures are rounded and revised.
_APART: Final = 0.01


class PastErrors(NamedTuple):
    """Covariance of one-step errors, from how many periods, and how many were left out for want of an area."""

    covariance: ErrorMatrix
    periods: int
    left_out: int


def read_past(errors: pl.DataFrame) -> pl.DataFrame:
    """Check a frame of forecasts of the past and what came of them; keep the forecasts one step ahead."""
    past = check_series_frame(errors, "area", "actual")
    if "step" in past.columns:
        past = past.filter(pl.col("step") == 1)
    return past.filter(pl.col("value").is_not_null(), pl.col("actual").is_not_null())


def past_errors(
    past: pl.DataFrame, of: Mapping[str, Any], hierarchy: Hierarchy, unit: str | None
) -> PastErrors:
    """Line the errors of one indicator and model up by period; only periods with all areas count.

    Raises
    ------
    SeriesTooShortError
        When fewer than five periods have an error of every area.
    FrameError
        When an area has no errors or two for one period, the unit is another one, totals of the past are not the sums
        of their members, or all errors are zero.
    """
    name = series_name(dict(of))
    same = [pl.col(k).eq_missing(pl.lit(v)) for k, v in of.items() if k in past.columns and k != "origin"]
    area = pl.col("area").cast(pl.String)
    rows = past.filter(area.is_in(hierarchy.areas), *same)
    if absent := [a for a in hierarchy.areas if a not in set(rows["area"].cast(pl.String))]:
        raise FrameError(
            f"errors holds no one-step forecasts of {', '.join(absent)} ({name}): backtest the same series and model "
            "that were forecast"
        )
    if rows.select(pl.struct("area", "period").is_duplicated().any()).item():
        row = rows.filter(pl.struct("area", "period").is_duplicated()).row(0, named=True)
        raise FrameError(
            f"errors holds several one-step forecasts of {row['area']} ({name}) for the period that begins "
            f"{row['period']}: keep one"
        )
    if (theirs := one_unit(rows, "errors")) is not None and unit is not None and theirs != unit:
        raise FrameError(
            f"errors are in {theirs!r}, the forecasts in {unit!r}: backtest the converted series"
        )
    n = len(hierarchy.areas)
    whole = rows.filter(pl.len().over("period") == n)
    periods = whole.height // n
    left_out = rows["period"].n_unique() - periods
    if periods < _FEWEST_PERIODS:
        counts = rows.group_by(area).len().sort("len", "area")
        raise SeriesTooShortError(
            f"the covariance of errors takes at least {_FEWEST_PERIODS} periods with a one-step error of each of {n} "
            f"areas ({name}), there are {periods} ({counts['area'][0]} has {counts['len'][0]} errors): give all "
            "series the same span, backtest from the same start (gba.backtest(..., start=...)), or take method='wls_struct'"
        )
    order = {a: i for i, a in enumerate(hierarchy.areas)}
    whole = whole.sort("period", area.replace_strict(order, return_dtype=pl.UInt32))
    value, actual = (whole[c].cast(pl.Float64).to_numpy().reshape(periods, n) for c in ("value", "actual"))
    _check_sums(actual, hierarchy, whole["period"][::n])
    if not (value != actual).any():
        raise FrameError(f"all one-step errors are zero ({name}), so they tell no area from another")
    return PastErrors(error_matrix(actual - value), periods, left_out)


def _check_sums(actual: NDArray[np.float64], hierarchy: Hierarchy, periods: pl.Series) -> None:
    """Raise FrameError where a total of the past is not about the sum of its members."""
    sums = actual @ hierarchy.lowest.T @ hierarchy.summing.T
    apart = np.abs(actual - sums) / np.maximum(np.maximum(np.abs(actual), np.abs(sums)), np.finfo(float).tiny)
    if (apart > _APART).any():
        period, area = np.unravel_index(int(apart.argmax()), apart.shape)
        raise FrameError(
            f"the past does not add up: for the period that begins {periods[int(period)]}, {hierarchy.areas[area]} is "
            f"{actual[period, area]:g} and its members together are {sums[period, area]:g}: take the members of its "
            "definition, hierarchy={...}, or make the total of them, gba.aggregate"
        )
