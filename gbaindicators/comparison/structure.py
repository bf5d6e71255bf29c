"""What economies are made of: location quotients, and how similar the structures of two areas are."""

from __future__ import annotations

from itertools import combinations
from typing import Final

import polars as pl

from gbaindicators.errors import FrameError, UnknownNameError
from gbaindicators.tables.series_frame import append_method, check_series_frame, series_keys
from gbaindicators.transforms import shares
from gbaindicators.transforms.inputs import read_series
from gbaindicators.transforms.provenance import add_note, collapsed, merge_provenance

__all__ = ["area_shares", "location_quotients", "similarity"]

_MEASURES: Final = ("krugman", "finger_kreinin", "cosine")


def location_quotients(frame: pl.DataFrame, benchmark: str, by: str = "indicator") -> pl.DataFrame:
    """Compare the share of each sector in each area with its share in a benchmark area.

    The location quotient is the one share over the other: above one, the area is specialised in the sector.

    Parameters
    ----------
    frame
        Series frame over areas and sectors. Each area is in one unit; areas may differ, as shares have none.
    benchmark
        Area to compare with, among those of the frame: the province, the country, or another city.
    by
        Column that tells the sectors apart. Its values in the frame make up the whole.

    Returns
    -------
    polars.DataFrame
        The rows of the other areas; ``value`` is the quotient (``unit`` ``ratio``), null with a ``note`` where a
        sector has no value in the area or the benchmark, or the benchmark has none of it.

    Raises
    ------
    UnknownNameError
        When the benchmark is not among the areas.
    FrameError
        As `gba.shares` does, and when an area has other sectors than the benchmark.

    References
    ----------
    Isard, W. (1960), "Methods of Regional Analysis".

    Examples
    --------
    >>> from datetime import date
    >>> work = pl.DataFrame({
    ...     "area": ["macao", "macao", "guangdong", "guangdong"], "indicator": ["goods", "services"] * 2,
    ...     "period": date(2023, 1, 1), "value": [1.0, 9.0, 40.0, 60.0],
    ... })
    >>> location_quotients(work, "guangdong").select("area", "indicator", "value").rows()
    [('macao', 'goods', 0.25), ('macao', 'services', 1.5)]
    """
    share = area_shares(frame, by, "location quotients")
    areas = share["area"].unique(maintain_order=True).to_list()
    if benchmark not in areas:
        raise UnknownNameError("area", benchmark, areas, "The benchmark must be in the frame.")
    on = [k for k in series_keys(share) if k != "area"]
    others = share.filter(pl.col("area") != benchmark)
    of_benchmark = share.filter(pl.col("area") == benchmark).drop("area")
    beside = others.select(*on, "period").join(
        of_benchmark, on=[*on, "period"], how="left", nulls_equal=True, maintain_order="left"
    )
    base = pl.lit(beside["value"])
    result = others.with_columns(value=pl.when(base > 0).then(pl.col("value") / base), unit=pl.lit("ratio"))
    nothing = pl.when(pl.lit(beside["value"].is_null()) | (base <= 0)).then(
        pl.lit(f"no share of it in {benchmark}")
    )
    result = add_note(merge_provenance(result, beside), nothing)
    return append_method(result, f"location quotient to {benchmark}")


def similarity(frame: pl.DataFrame, by: str = "indicator") -> pl.DataFrame:
    """Compare the structures of every two areas, period by period.

    With the shares `a` and `b` of the sectors: Krugman's index of specialisation ``sum(abs(a - b))`` is 0 for equal
    structures and 2 for those with nothing in common; Finger and Kreinin's ``sum(min(a, b))`` is 1 and 0, and equals
    one less half of Krugman's; the cosine is 1 and 0 too, and weights the large sectors more.

    Parameters
    ----------
    frame, by
        As for `location_quotients`, without a benchmark.

    Returns
    -------
    polars.DataFrame
        Series frame: ``area``, ``other``, ``measure`` (``krugman``, ``finger_kreinin``, ``cosine``), ``period``,
        ``value``, ``unit`` ``index``; one row for each pair of areas, in the order of the frame. Periods in which one of
        the two has no value of a sector are null with a ``note``.

    Raises
    ------
    FrameError
        As in `location_quotients`, and when there is only one area.

    References
    ----------
    Krugman, P. (1991), "Geography and Trade". Finger, J. and M. Kreinin (1979), "A Measure of 'Export Similarity' and
    Its Possible Uses", Economic Journal 89.

    Examples
    --------
    >>> from datetime import date
    >>> work = pl.DataFrame({
    ...     "area": ["macao", "macao", "guangdong", "guangdong"], "indicator": ["goods", "services"] * 2,
    ...     "period": date(2023, 1, 1), "value": [1.0, 9.0, 40.0, 60.0],
    ... })
    >>> dict(similarity(work).select("measure", pl.col("value").round(4)).rows())
    {'krugman': 0.6, 'finger_kreinin': 0.7, 'cosine': 0.8882}
    """
    share = area_shares(frame, by, "similarity of structures")
    areas = share["area"].unique(maintain_order=True).to_list()
    if len(areas) < 2:
        raise FrameError(
            f"similarity needs two areas, the frame has {', '.join(areas) or 'none'}: load more of them"
        )
    keys = [k for k in series_keys(share) if k not in ("area", by)]
    on = [*keys, "period"]
    pairs = pl.concat(_pair(share, one, other, by, on) for one, other in combinations(areas, 2))
    pairs = append_method(pairs, f"similarity of structures by {by}")
    table = pl.concat(
        pairs.with_columns(pl.col(m).alias("value"), pl.lit(m).alias("measure"), unit=pl.lit("index"))
        for m in _MEASURES
    )
    front = ["area", "other", "measure", *keys, "period", "value", "unit"]
    return table.select(*front, *(c for c in table.columns if c not in front and c not in _MEASURES))


def _pair(share: pl.DataFrame, one: str, other: str, by: str, on: list[str]) -> pl.DataFrame:
    """Give the measures of two areas, period by period, null where a sector has no value in one of them."""
    sides = [share.filter(pl.col("area") == area) for area in (one, other)]
    met = sides[0].join(
        sides[1].select(by, *on, "value"),
        on=[by, *on],
        how="full",
        coalesce=True,
        nulls_equal=True,
        suffix="_other",
    )
    a, b = pl.col("value") / 100, pl.col("value_other") / 100
    measures = met.group_by(on).agg(
        whole=(a * b).is_not_null().all(),
        krugman=(a - b).abs().sum(),
        finger_kreinin=pl.min_horizontal(a, b).sum(),
        cosine=(a * b).sum() / ((a**2).sum() * (b**2).sum()).sqrt(),
    )
    both = pl.concat(sides).drop("note")
    rows = both.group_by(on).agg(collapsed(both)).join(measures, on=on, nulls_equal=True).sort("period")
    whole = pl.col("whole")
    rows = rows.with_columns(pl.when(whole).then(pl.col(_MEASURES)), area=pl.lit(one), other=pl.lit(other))
    return add_note(rows, pl.when(~whole).then(pl.lit("a sector has no value in one of the two"))).drop(
        "whole"
    )


def area_shares(frame: pl.DataFrame, by: str, doing: str) -> pl.DataFrame:
    """Compute the shares of the sectors in percent in each area; areas may have units of their own.

    Raises
    ------
    FrameError
        As `gba.shares` does, and when an area has other sectors than another.
    """
    frame = read_series(frame, doing)
    check_series_frame(frame, "area", by)
    frame = frame.with_columns(pl.col("area", by).cast(pl.String))
    parts = [shares(p, by) for p in frame.partition_by("area", maintain_order=True)]
    sectors = {p["area"][0]: set(p[by]) for p in parts}
    if len({frozenset(s) for s in sectors.values()}) > 1:
        every = set.union(*sectors.values())
        area, have = next((a, s) for a, s in sectors.items() if s != every)
        raise FrameError(
            f"{doing} needs the same sectors in every area: {area} lacks {', '.join(sorted(every - have))}; load them or "
            "filter them out everywhere"
        )
    return pl.concat(parts, how="diagonal_relaxed")
