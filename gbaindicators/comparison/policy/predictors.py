"""Predictors of a synthetic control: further series of the same areas, as means over the time before the policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gbaindicators.catalog import frequency_code, period_end
from gbaindicators.errors import FrameError
from gbaindicators.tables.series_frame import series_keys
from gbaindicators.transforms.frequencies import frequency_of, with_frequency
from gbaindicators.transforms.inputs import read_series

__all__ = ["Predictors", "read_predictors"]

Array = NDArray[np.float64]
_DOING = "the predictors of a synthetic control"


@dataclass(frozen=True, slots=True)
class Predictors:
    """Values of each predictor, (its periods, treated area and controls), with the last day of each period."""

    names: list[str]
    ends: list[list[date]]
    values: list[Array]

    def means(self, start: date) -> Array:
        """Mean of each predictor over the periods that end before a day: (predictors, areas)."""
        return np.stack(
            [
                values[[end < start for end in ends]].mean(axis=0)
                for ends, values in zip(self.ends, self.values, strict=True)
            ]
        )

    def known_before(self, start: date) -> bool:
        """Whether every predictor has a period that ends before a day."""
        return all(min(ends) < start for ends in self.ends)

    def of(self, columns: Sequence[int]) -> Predictors:
        """Predictors of some of the areas, by their place, in a new order."""
        return replace(self, values=[values[:, list(columns)] for values in self.values])


def read_predictors(frame: pl.DataFrame, areas: Sequence[str], start: date, frequency: str) -> Predictors:
    """Read the predictors of the treated area and its controls.

    Parameters
    ----------
    frame
        Series frame with ``area``; a predictor is each series that its other keys tell apart, such as ``indicator``.
    areas
        The treated area, then the controls.
    start
        First day of the first period with the policy: every predictor needs a value of every area before it.
    frequency
        Frequency of the outcome, taken where neither a column nor the dates tell that of the predictors.

    Raises
    ------
    FrameError
        The frame has no areas, lacks one of them, or a predictor is not the same dates for all areas, or has no period
        before the policy, or is the same everywhere; the message names it.
    """
    frame = read_series(frame, _DOING)
    if "area" not in frame.columns:
        raise FrameError(
            f"{_DOING} need the column 'area': they are series of the treated area and the controls"
        )
    frame = frame.with_columns(pl.col("area").cast(pl.String)).filter(
        pl.col("area").is_in(areas), pl.col("value").is_not_null()
    )
    if "frequency" not in frame.columns and frequency_of(frame) is None:
        frame = frame.with_columns(frequency=pl.lit(frequency))
    frame = with_frequency(frame)
    keys = [k for k in series_keys(frame) if k not in ("area", "frequency")]
    parts = frame.partition_by(keys, as_dict=True, maintain_order=True) if keys else {("predictor",): frame}
    made = [_predictor(_name(key), part, areas, start) for key, part in parts.items()]
    if not made:
        raise FrameError(f"{_DOING} have no value of {areas[0]} and its controls: load them for these areas")
    names, ends, values = zip(*made, strict=True)
    return Predictors(list(names), list(ends), list(values))


def _name(key: tuple[object, ...]) -> str:
    return ", ".join(str(part) for part in key if part is not None) or "predictor"


def _predictor(
    name: str, rows: pl.DataFrame, areas: Sequence[str], start: date
) -> tuple[str, list[date], Array]:
    """Name, ends of the periods, and values of one predictor."""
    if rows["frequency"].n_unique() > 1:
        raise FrameError(f"the predictor {name!r} has several frequencies: filter it to one")
    doubled = rows.filter(pl.struct("area", "period").is_duplicated())
    if doubled.height:
        row = doubled.row(0, named=True)
        raise FrameError(
            f"the predictor {name!r} has two values for {row['area']} in the period that begins {row['period']}: name "
            "each predictor in the column 'indicator'"
        )
    wide = rows.sort("period", maintain_order=True).pivot("area", index="period", values="value")
    if lacking := [a for a in areas if a not in wide.columns]:
        raise FrameError(
            f"the predictor {name!r} has no value of {', '.join(lacking)}: leave it out of controls, or the predictor out"
        )
    code = frequency_code(rows["frequency"][0])
    ends = [period_end(code, period) for period in wide["period"]]
    before = wide.filter(pl.Series([end < start for end in ends], dtype=pl.Boolean))
    if before.is_empty():
        raise FrameError(
            f"the predictor {name!r} has no period that ends before {start}: load earlier ones, or leave it out"
        )
    for area in areas:
        if before[area].null_count():
            period = before.filter(pl.col(area).is_null())["period"][0]
            raise FrameError(
                f"the predictor {name!r} has no value of {area} in the period that begins {period}, which others have: "
                "a mean over other periods does not compare, filter it to periods of all areas"
            )
    values = before.select(areas).to_numpy()
    if np.ptp(values.mean(axis=0)) == 0:
        raise FrameError(f"the predictor {name!r} is the same in all areas: it tells nothing, leave it out")
    return name, [end for end in ends if end < start], values
