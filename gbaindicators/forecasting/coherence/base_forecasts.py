"""Forecasts of the areas of a hierarchy, checked and lined up by area and period."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from gbaindicators.catalog import catalog
from gbaindicators.errors import FrameError
from gbaindicators.forecasting.coherence.hierarchy import Hierarchy
from gbaindicators.tables.series_frame import check_series_frame, one_unit, series_keys, series_name
from gbaindicators.transforms.aggregation import ratios_in

__all__ = ["levels_of", "lined_up", "read_forecasts"]


def levels_of(frame: pl.DataFrame) -> list[tuple[str, str]]:
    """Lower and upper bound of each interval in the frame, from the lowest level to the highest."""
    names = {
        c.removeprefix("lower_").removeprefix("upper_")
        for c in frame.columns
        if c.startswith(("lower_", "upper_"))
    }
    try:
        return [(f"lower_{name}", f"upper_{name}") for name in sorted(names, key=float)]
    except ValueError:
        raise FrameError(
            "the bounds of an interval are named after its level in percent, 'lower_80' and 'upper_80'; the frame has "
            + ", ".join(repr(c) for c in frame.columns if c.startswith(("lower_", "upper_")))
        ) from None


def read_forecasts(forecasts: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    """Check that each forecast has a value within the bounds of its intervals."""
    if isinstance(forecasts, pl.LazyFrame):
        raise FrameError("reconcile needs an eager frame: call .collect() on it first")
    frame = check_series_frame(forecasts, "area")
    if frame.is_empty():
        raise FrameError("the frame has no rows, so there is nothing to reconcile: see what was filtered out")
    levels = levels_of(frame)
    if lone := [c for pair in levels for c in pair if c not in frame.columns]:
        raise FrameError(f"the frame lacks {', '.join(map(repr, lone))}: an interval has two bounds")
    if "se" in frame.columns:
        raise FrameError(
            "reconcile does not carry 'se' over to the new values: drop it first, frame.drop('se')"
        )
    frame = frame.with_columns(pl.col(c).cast(pl.Float64) for pair in levels for c in pair)
    encloses = [pl.col("value").is_between(*pair) & pl.sum_horizontal(pair).is_finite() for pair in levels]
    usable = pl.all_horizontal(pl.col("value").is_not_null(), *encloses)
    for row in frame.filter(~usable.fill_null(False)).head(1).iter_rows(named=True):
        raise FrameError(
            f"the forecast of {series_name({k: row[k] for k in series_keys(frame)})} for the period that begins "
            f"{row['period']} has no value, or bounds that do not enclose it: filter the series out, or forecast it "
            "again"
        )
    return frame


def lined_up(
    frame: pl.DataFrame, rows: pl.DataFrame, of: Mapping[str, Any], hierarchy: Hierarchy
) -> pl.DataFrame:
    """Sort the rows by area and period, after a check that each area has one forecast for each period."""
    _check_additive(rows)
    one_unit(rows, "reconcile")
    place = {area: i for i, area in enumerate(hierarchy.areas)}
    rows = rows.with_columns(
        pl.col("area").cast(pl.String).replace_strict(place, return_dtype=pl.UInt32).alias("__area")
    )
    rows = rows.sort("__area", "period")
    twice = rows.filter(pl.struct("__area", "period").is_duplicated())
    for row in twice.head(1).iter_rows(named=True):
        raise FrameError(
            f"two forecasts of {row['area']} ({series_name(dict(of))}) for the period that begins {row['period']}: keep "
            "one of them"
        )
    periods = rows["period"].unique().sort()
    if rows.height < len(place) * len(periods):
        has = set(rows.select("__area", "period").iter_rows())
        area, period = next((a, p) for a, i in place.items() for p in periods if (i, p) not in has)
        lacking = [a for a, i in place.items() if i not in set(rows["__area"])]
        what = ", ".join(lacking) or f"{area} for the period that begins {period}"
        raise FrameError(
            f"reconciling {hierarchy.areas[0]} ({series_name(dict(of))}) takes forecasts of all its areas, and there is "
            f"none of {what}{_differs(frame, area, of)}: forecast all areas to the same end on the same basis, or pass a "
            "hierarchy without these"
        )
    return rows.drop("__area")


def _differs(frame: pl.DataFrame, area: str, of: Mapping[str, Any]) -> str:
    """Say how forecasts of an area that are elsewhere in the frame differ from the others."""
    for row in frame.filter(pl.col("area").cast(pl.String) == area).head(1).iter_rows(named=True):
        other = [f"{key} {row[key]!r} instead of {value!r}" for key, value in of.items() if row[key] != value]
        return f" (the frame has {area} with {', '.join(other)})" if other else ""
    return ""


def _check_additive(rows: pl.DataFrame) -> None:
    known = catalog().indicators
    names = rows["indicator"].unique().drop_nulls().to_list() if "indicator" in rows.columns else []
    overlapping = [n for n in names if n in known and known[n].over_areas != "sum"]
    if wrong := ratios_in(rows) or overlapping:
        raise FrameError(
            f"{', '.join(map(repr, wrong))} cannot be added over areas, so there is nothing to reconcile: reconcile the "
            "levels, or leave those rows out with frame.filter(...)"
        )
