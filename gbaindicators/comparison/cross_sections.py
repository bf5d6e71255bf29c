"""A series frame read as a panel: the values of several areas, period by period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gbaindicators.errors import FrameError
from gbaindicators.tables.series_frame import check_series_frame, check_unique_periods, one_unit, series_keys
from gbaindicators.transforms.contributions import check_parts
from gbaindicators.transforms.inputs import read_series
from gbaindicators.transforms.provenance import add_note, collapsed, merge_provenance

__all__ = ["Floats", "Panel", "provenance", "read_panel"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Panel:
    """Positive values of one indicator by area and period, with the provenance of each period."""

    areas: list[str]
    #: One row an area, one column a period; NaN where there is no value.
    values: Floats
    #: Weights of the same shape; ones where none were given.
    weights: Floats
    #: One row a period: what the areas have in common, provenance, and in ``note`` which values are missing.
    rows: pl.DataFrame

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Periods in which every area has a value and a weight."""
        whole: NDArray[np.bool_] = np.logical_and.reduce(np.isfinite(self.values * self.weights))
        return whole


def read_panel(
    frame: pl.DataFrame, doing: str, *, weights: pl.DataFrame | None = None, least: int = 2
) -> Panel:
    """Read a series frame of one indicator over several areas.

    Parameters
    ----------
    frame
        Series frame with ``area``.
    doing
        What it is for, in messages.
    weights
        Series frame with ``area`` of what to weight the areas by; it may reach further than `frame`.
    least
        How many areas are needed.

    Raises
    ------
    FrameError
        When there are too few areas, the frame holds more than one series an area or several units, an area
        contains another, or a value is zero or negative.
    """
    values, rows = _read(frame, doing, least)
    areas = values["area"].to_list()
    ones = np.ones((values.height, rows.height))
    if weights is None:
        return Panel(areas, values.drop("area").to_numpy(), ones, rows)
    given, of_weights = _read(weights, f"the weights of {doing}", 1)
    if unknown := sorted(set(areas) - set(given["area"])):
        raise FrameError(
            f"the weights of {doing} lack {', '.join(unknown)}: add them, or filter the frame to areas with weights"
        )
    periods = rows["period"].cast(pl.String).to_list()
    nothing = pl.lit(None, pl.Float64)
    aligned = values.select("area").join(given, on="area", maintain_order="left", how="left")
    aligned = aligned.select(pl.col(p) if p in given.columns else nothing.alias(p) for p in periods)
    beside = rows.select("period").join(of_weights, on="period", how="left", maintain_order="left")
    lacking = _lacking(aligned.to_numpy(), areas, "no weight of ")
    rows = add_note(merge_provenance(rows, beside), pl.lit(lacking))
    return Panel(areas, values.drop("area").to_numpy(), aligned.to_numpy(), rows)


def provenance(rows: pl.DataFrame) -> pl.DataFrame:
    """One row with the sources, status, vintage and method of all rows, those of them that there are."""
    columns = [c for c in ("sources", "status", "vintage", "method") if c in rows.columns]
    one = rows.select(columns).group_by(pl.lit(0).alias("all")).agg(collapsed(rows.select(columns)))
    return one.drop("all") if columns else pl.DataFrame({"method": [None]}, schema={"method": pl.String})


def _read(frame: pl.DataFrame, doing: str, least: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Values with areas in rows and periods in columns, and what belongs to the periods."""
    frame = read_series(frame, doing)
    check_series_frame(frame, "area")
    frame = frame.with_columns(pl.col("area").cast(pl.String))
    one_unit(frame, doing)
    check_parts(frame.select("area", "period", "value"), "area")
    _check_one_series(frame, doing)
    check_unique_periods(frame)
    names = frame["area"].unique(maintain_order=True).to_list()
    if len(names) < least:
        raise FrameError(
            f"{doing} needs at least {least} areas, the frame has {', '.join(names) or 'none'}: "
            "load more of them, such as gba.load(indicator, gba.members('greater_bay_area'))"
        )
    if (bad := frame.filter(pl.col("value") <= 0)).height:
        row = bad.row(0, named=True)
        raise FrameError(
            f"{doing} needs positive values: {row['area']} has {row['value']:g} in the period that begins "
            f"{row['period']}; filter the area or the period out"
        )
    frame = frame.sort("period", maintain_order=True)
    wide = frame.pivot("period", index="area", values="value")
    wide = pl.DataFrame({"area": names}).join(wide, on="area", how="left", maintain_order="left")
    shared = [pl.col(k).first() for k in series_keys(frame) if k != "area"]
    rows = frame.group_by("period", maintain_order=True).agg(*shared, *collapsed(frame))
    lacking = _lacking(wide.drop("area").to_numpy(), names, "no value of ")
    return wide, add_note(rows, pl.lit(lacking))


def _check_one_series(frame: pl.DataFrame, doing: str) -> None:
    """Raise FrameError when other columns than the area tell series apart: real and nominal figures, or two years."""
    for column in (k for k in series_keys(frame) if k != "area"):
        if frame[column].n_unique() > 1:
            found = ", ".join(map(repr, frame[column].unique(maintain_order=True).head(4)))
            raise FrameError(
                f"{doing} compares one series of each area, the frame has several in {column!r} ({found}): "
                "filter it to one, or set the column to one value where the difference does not matter"
            )


def _lacking(values: Floats, areas: list[str], words: str) -> pl.Series:
    """Text that names the areas without a number, for each column; null where there is none."""
    missing = np.isnan(values)
    names = [[a for a, gone in zip(areas, column, strict=True) if gone] for column in missing.T]
    return pl.Series("note", [words + ", ".join(n) if n else None for n in names], dtype=pl.String)
