"""Shift-share: how much of an area's growth is the benchmark's, its mix of sectors, and its own."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from gbaindicators.catalog import parse_period
from gbaindicators.comparison.cross_sections import provenance
from gbaindicators.comparison.structure import area_shares
from gbaindicators.errors import FrameError, UnknownNameError, UsageError
from gbaindicators.tables.series_frame import append_method, check_series_frame, one_unit, series_keys
from gbaindicators.transforms.growth import with_breaks
from gbaindicators.transforms.inputs import read_series

__all__ = ["shift_share"]

_COMPONENTS: Final = ("benchmark", "mix", "regional", "change")


def shift_share(
    frame: pl.DataFrame, benchmark: str, start: str, end: str, by: str = "indicator"
) -> pl.DataFrame:
    """Account for the change of each sector in each area by the growth of a benchmark area (Dunn's shift-share).

    With the growth `G` of the benchmark's total, `Gs` of its sector and `g` of the area's own: the change of a
    sector ``value * g`` is exactly ``value * G`` (``benchmark``), what it would have grown by with the benchmark, plus
    ``value * (Gs - G)`` (``mix``), from being in sectors that grow fast or slowly, plus ``value * (g - Gs)``
    (``regional``), from doing better or worse than the same sector elsewhere.

    Parameters
    ----------
    frame
        Series frame over areas and sectors, in one unit, positive in the benchmark.
    benchmark
        Area of the frame to measure against, as a rule one that contains the others.
    start, end
        The two periods as SDMX text.
    by
        Column that tells the sectors apart; its values in the frame make up the whole.

    Returns
    -------
    polars.DataFrame
        For each other area, each sector and then their ``total``: rows with ``component`` ``benchmark``, ``mix``,
        ``regional``, and ``change``, their sum; ``value`` in the unit of the frame, ``period`` that of `end`. The
        sources and ``status`` are those of both ends and of the benchmark; a break between the ends makes it B.

    Raises
    ------
    UnknownNameError
        When the benchmark is not among the areas.
    UsageError
        When `end` does not lie after `start`.
    FrameError
        When a sector has no value in one of the periods, units or prices are mixed, or figures are chain-linked.

    References
    ----------
    Dunn, E. (1960), "A Statistical and Analytical Technique for Regional Analysis", Papers of the Regional Science
    Association 6.

    Examples
    --------
    >>> from datetime import date
    >>> work = pl.DataFrame({
    ...     "area": ["macao"] * 4 + ["all"] * 4, "indicator": ["goods", "services"] * 4,
    ...     "period": ([date(2010, 1, 1)] * 2 + [date(2020, 1, 1)] * 2) * 2,
    ...     "value": [10.0, 10.0, 12.0, 18.0, 100.0, 100.0, 110.0, 150.0],
    ... })
    >>> parts = shift_share(work, "all", "2010", "2020").filter(indicator="total")
    >>> dict(parts.select("component", pl.col("value").round(9)).rows())
    {'benchmark': 6.0, 'mix': 0.0, 'regional': 4.0, 'change': 10.0}
    """
    first, last = parse_period(str(start)).start, parse_period(str(end)).start
    if last <= first:
        raise UsageError(f"the end {end!r} must lie after the start {start!r}")
    frame = check_series_frame(read_series(frame, "shift-share"), "area", by)
    one_unit(frame, "shift-share")
    frame = frame.with_columns(pl.col("area", by).cast(pl.String))
    frame = with_breaks(frame, series_keys(frame), first, last)
    frame = frame.filter(pl.col("period").is_in([first, last]))
    areas = frame["area"].unique(maintain_order=True).to_list()
    if benchmark not in areas:
        raise UnknownNameError("area", benchmark, areas, f"It needs figures in {start} and {end}.")
    if len(areas) < 2:
        raise FrameError(f"the frame has no other area than the benchmark {benchmark!r}: load more of them")
    _check_one_way(frame, by)
    area_shares(frame, by, "shift-share")  # the same sectors everywhere, once each, at prices that add up
    cells = _ends(frame, by, first, last)
    base = cells.filter(pl.col("area") == benchmark)
    if (base["before"] <= 0).any():
        raise FrameError(
            f"{benchmark!r} has a sector without a positive value in {start}, which has no growth: filter it out"
        )
    terms = pl.concat(_terms(cells.filter(pl.col("area") == a), base, by) for a in areas if a != benchmark)
    made = pl.concat(
        _made_of(frame.filter(pl.col("area").is_in([a, benchmark])), a, by) for a in areas if a != benchmark
    )
    table = terms.join(made, on="area", maintain_order="left").with_columns(period=pl.lit(last))
    front = ["area", by, "component", "period", "value"]
    table = append_method(table, f"shift-share against {benchmark}, {start} to {end}")
    return table.select(*front, *(c for c in table.columns if c not in front))


def _terms(cells: pl.DataFrame, base: pl.DataFrame, by: str) -> pl.DataFrame:
    """Rows of one area: the components of each sector, then those of the total."""
    total_before, total_after = base.select(pl.col("before", "after").sum()).row(0)
    overall = total_after / total_before
    sector = base.select(by, growth=pl.col("after") / pl.col("before"))
    before, after, growth = pl.col("before"), pl.col("after"), pl.col("growth")
    rows = cells.join(sector, on=by, maintain_order="left").select(
        "area",
        by,
        benchmark=before * (overall - 1),
        mix=before * (growth - overall),
        regional=after - before * growth,
        change=after - before,
    )
    total = rows.group_by("area").agg(pl.lit("total").alias(by), pl.col(_COMPONENTS).sum())
    both = pl.concat([rows, total])
    # sector by sector, each with its components in order
    long = pl.concat(
        both.select("area", by, pl.lit(c).alias("component"), value=pl.col(c)) for c in _COMPONENTS
    )
    return both.select("area", by).join(long, on=["area", by], maintain_order="left_right")


def _made_of(rows: pl.DataFrame, area: str, by: str) -> pl.DataFrame:
    """What the rows of an area have in common, and where they and those of the benchmark come from."""
    shared = [k for k in (*series_keys(rows), "unit") if k in rows.columns and k not in ("area", by)]
    common = rows.select(pl.lit(area).alias("area"), *(pl.col(k).first() for k in shared))
    return common.hstack(provenance(rows))


def _check_one_way(frame: pl.DataFrame, by: str) -> None:
    for column in (k for k in series_keys(frame) if k not in ("area", by)):
        if frame[column].n_unique() > 1:
            found = ", ".join(map(repr, frame[column].unique(maintain_order=True).head(4)))
            raise FrameError(
                f"shift-share compares like with like, the frame has several in {column!r} ({found}): filter it to one"
            )


def _ends(frame: pl.DataFrame, by: str, first: date, last: date) -> pl.DataFrame:
    """Value before and after of every area and sector."""
    values = frame.select("area", by, "period", "value")
    before, after = (
        values.filter(period=p).select("area", by, pl.col("value").alias(n))
        for p, n in ((first, "before"), (last, "after"))
    )
    cells = values.select("area", by).unique(maintain_order=True)
    for side in (before, after):
        cells = cells.join(side, on=["area", by], how="left", maintain_order="left")
    lacking = cells.filter(pl.any_horizontal(pl.col("before", "after").is_null()))
    if lacking.height:
        row = lacking.row(0, named=True)
        raise FrameError(
            f"{row['area']} has no value of {row[by]!r} in {first if row['before'] is None else last}: "
            "filter the area out, or take other periods"
        )
    return cells
