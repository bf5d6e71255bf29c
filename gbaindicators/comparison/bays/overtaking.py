"""The probability that one area passes another, from simulated joint paths."""

from __future__ import annotations

import polars as pl

from gbaindicators.errors import FrameError, UnknownNameError, UsageError
from gbaindicators.tables.series_frame import one_unit

__all__ = ["overtake"]

#: Columns that need not be the same for both: bay areas differ in their definition by nature.
_OF_PATHS = (
    "frequency",
    "path",
    "period",
    "value",
    "unit",
    "definition",
    "sources",
    "status",
    "vintage",
    "method",
)


def overtake(paths: pl.DataFrame, area: str, other: str) -> pl.DataFrame:
    """Give the probability that one area's value passes another's, by period, from joint paths.

    Parameters
    ----------
    paths
        What `simulate` gives for both areas together, in one unit: simulate one indicator in one currency.
    area, other
        Ids of the area that may pass and of the one it may pass.

    Returns
    -------
    pl.DataFrame
        One row for each period: ``area``, ``other``, ``frequency``, ``period``, ``probability`` that `area` is above
        `other` in that period, ``probability_by`` that it has been at least once by then, ``standard_error`` of
        the first (from the number of paths alone, not from what the model gets wrong), ``paths``, ``sources`` where the
        paths have them (those of both, over all periods) and ``method``.

    Raises
    ------
    UnknownNameError
        An area is not among the paths.
    FrameError
        The two are in different units, or other keys than the area tell the series apart.

    Examples
    --------
    >>> from datetime import date
    >>> paths = pl.DataFrame({
    ...     "area": ["shenzhen", "shenzhen", "hong_kong", "hong_kong"],
    ...     "path": [0, 1, 0, 1],
    ...     "period": [date(2030, 1, 1)] * 4,
    ...     "value": [5.0, 7.0, 6.0, 6.0],
    ... })
    >>> overtake(paths, "shenzhen", "hong_kong").select("probability", "standard_error").row(0)
    (0.5, 0.3535533905932738)
    """
    both = _of_both(paths, area, other)
    met = _side_by_side(both, area, other)
    periods = [c for c in ("frequency", "period") if c in met.columns]
    origin = {}
    if "sources" in both.columns:
        every = both["sources"].explode().drop_nulls().unique().sort().to_list()
        origin["sources"] = pl.lit(every, pl.List(pl.String))
    probability = pl.col("probability")
    said = "share of {} joint paths; units, prices and exchange rates stay as in the series simulated"
    return (
        met.group_by(periods)
        .agg(probability=pl.col("above").mean(), probability_by=pl.col("by").mean(), paths=pl.len())
        .sort("period")
        .select(
            pl.lit(area).alias("area"),
            pl.lit(other).alias("other"),
            *periods,
            "probability",
            "probability_by",
            (probability * (1 - probability) / pl.col("paths")).sqrt().alias("standard_error"),
            "paths",
            **origin,
            method=pl.format(said, "paths"),
        )
    )


def _of_both(paths: pl.DataFrame, area: str, other: str) -> pl.DataFrame:
    """Paths of both areas, after checking that they are one series each, in one unit."""
    missing = [c for c in ("area", "path", "period", "value") if c not in paths.columns]
    if missing:
        raise FrameError(f"the paths have no column {', '.join(missing)}: they are what gba.simulate gives")
    known = paths["area"].unique().sort().to_list()
    for one in (area, other):
        if one not in known:
            raise UnknownNameError("area", one, known, "Simulate both areas in one call.")
    if area == other:
        raise UsageError(f"{area} cannot pass itself: name two areas")
    both = paths.filter(pl.col("area").is_in([area, other]))
    for column in (c for c in paths.columns if c not in (*_OF_PATHS, "area")):
        if both[column].n_unique() > 1:
            values = ", ".join(str(v) for v in both[column].unique().sort().head(3))
            raise FrameError(
                f"the paths differ in {column!r} ({values}): filter them to one, or the two do not compare"
            )
    one_unit(both, "overtaking")
    return both


def _side_by_side(both: pl.DataFrame, area: str, other: str) -> pl.DataFrame:
    """Whether the one is ``above`` the other on each path in each period, and whether it has been ``by`` then."""
    keys = [c for c in ("frequency", "path", "period") if c in both.columns]
    ours, theirs = (both.filter(pl.col("area") == one).select(*keys, "value") for one in (area, other))
    met = ours.join(theirs, on=keys, suffix="_other").sort(keys)
    if met.is_empty():
        raise FrameError(
            f"{area} and {other} have no period of one path in common: simulate them at one frequency"
        )
    path = [k for k in keys if k != "period"]
    return met.with_columns(above=pl.col("value") > pl.col("value_other")).with_columns(
        by=pl.col("above").cum_max().over(path, order_by="period")
    )
