"""One series from two: an old basis carried on the level of a new one over the time that both cover."""

from __future__ import annotations

from typing import Final

import polars as pl

from gbaindicators.catalog import parse_period, period_end
from gbaindicators.errors import FrameError
from gbaindicators.tables.combinations import combinations
from gbaindicators.tables.series_frame import (
    append_method,
    check_unique_periods,
    combine_status,
    series_keys,
    series_name,
)
from gbaindicators.transforms.inputs import in_memory, read_series
from gbaindicators.transforms.lazily import Columns, by_series
from gbaindicators.transforms.provenance import add_note, collapsed, merge_provenance, without_first_break

__all__ = ["splice"]

#: Columns in which two bases of one series may differ.
_OF_BASIS: Final = ("prices",)


def _of_new(old: pl.DataFrame, new: pl.DataFrame, **_: object) -> Columns:
    """Columns of `splice`."""
    return new.schema | dict.fromkeys(("method", "note"), pl.String())


@by_series(_of_new, changes=["prices"], beside="new", paired=True, valued=True)
def splice(old: pl.DataFrame, new: pl.DataFrame | pl.LazyFrame, *, at: str | None = None) -> pl.DataFrame:
    """Carry a series back in time with an older basis of it, brought to the level of the newer one.

    The old values before the first new one are multiplied by ``mean(new) / mean(old)`` over the overlap. The new
    values stay as they are.

    Parameters
    ----------
    old, new
        Series frames (polars.DataFrame or LazyFrame) of the same series on two bases (price years, classifications, index bases). Series are matched
        by the columns that tell them apart, ``prices`` aside. Money must be in one unit; units of indices may differ.
    at
        Period over which to link, as SDMX text: ``2015``, ``2015-Q4``, ``2015-12``. By default all the periods that
        both have.

    Returns
    -------
    pl.DataFrame
        For every series the old periods before the first new one, then the new ones, in the columns, ``unit`` and
        ``prices`` of `new`. ``method`` of an old value says the factor and the overlap, and ``note`` of the first
        new value that the splice lies before it. Where there is ``status``, old values are estimates (E, or worse
        where they or the overlap are); ``sources`` and ``vintage`` take in those of the overlap.

    Raises
    ------
    FrameError
        When a series stands in one frame only, the two do not overlap (in `at`), a mean over the overlap is not
        positive, or the units differ.
    PeriodError
        When `at` is no period.

    Notes
    -----
    Linking over one period keeps the old growth rates up to that period; the mean over several is less at the mercy
    of one of them. The first new value bears no break (status B), and loses the one that it had: both sides are on one
    level, and growth across the splice is that of the old basis. What is lost is that old values are no longer published ones.

    Examples
    --------
    >>> from datetime import date
    >>> old = pl.DataFrame({"period": [date(y, 1, 1) for y in (2013, 2014, 2015)], "value": [80.0, 90.0, 100.0]})
    >>> new = pl.DataFrame({"period": [date(y, 1, 1) for y in (2015, 2016)], "value": [50.0, 53.0]})
    >>> splice(old, new)["value"].to_list()
    [40.0, 45.0, 50.0, 53.0]
    """
    old, new = _read(old), _read(in_memory(new))
    keys = _matching(old, new)
    series = combinations(new, keys)
    new = new.with_columns(series.rows.alias("__series"))
    new = without_first_break(new, "__series")
    numbered = series.table.with_row_index("__series")
    if keys:
        old = old.join(numbered, on=keys, how="left", nulls_equal=True, maintain_order="left")
    else:
        old = old.with_columns(pl.lit(0, pl.UInt32).alias("__series"))
    _check_counterparts(old, new, keys, series.table)
    overlap = _overlap(old, new, series.table, at)
    old = old.join(
        overlap.select("__series", "__first", "__factor"), on="__series", how="left", maintain_order="left"
    )
    earlier = _rescaled(old.filter(pl.col("period") < pl.col("__first")), overlap, new, at)
    later = new.join(overlap.select("__series", "__first"), on="__series", how="left", maintain_order="left")
    linked = overlap.filter(pl.col("__series").is_in(earlier["__series"].implode()))["__series"]
    starts = (pl.col("period") == pl.col("__first")) & pl.col("__series").is_in(linked.implode())
    later = add_note(
        later, pl.when(starts).then(pl.lit("spliced: earlier values are of another basis, rescaled"))
    )
    result = pl.concat([earlier, later], how="diagonal_relaxed").sort(
        "__series", "period", maintain_order=True
    )
    added = [c for c in ("method", "note") if c not in new.columns]
    return result.select(*(c for c in new.columns if c != "__series"), *added)


def _read(frame: pl.DataFrame) -> pl.DataFrame:
    frame = read_series(frame, "splice").filter(pl.col("value").is_not_null())
    check_unique_periods(frame)
    return frame


def _matching(old: pl.DataFrame, new: pl.DataFrame) -> list[str]:
    """Columns by which series are matched."""
    of_old, of_new = ([k for k in series_keys(f) if k not in _OF_BASIS] for f in (old, new))
    if different := sorted(set(of_old) ^ set(of_new)):
        raise FrameError(
            f"only one of the two frames has {', '.join(map(repr, different))}, by which series are told apart: add it to "
            "the other or drop it"
        )
    for name, frame in (("old", old), ("new", new)):
        if frame.select(pl.struct(*of_old, "period").is_duplicated().any()).item():
            raise FrameError(
                f"the {name} frame has one series on several bases: filter it, pl.col('prices') == ..."
            )
    return of_new


def _check_counterparts(old: pl.DataFrame, new: pl.DataFrame, keys: list[str], series: pl.DataFrame) -> None:
    alone = old.filter(pl.col("__series").is_null())
    if alone.height:
        raise FrameError(
            f"{series_name(alone.select(keys).row(0, named=True))} is in the old frame only: filter it out"
        )
    for number in set(range(series.height)) - set(old["__series"]):
        raise FrameError(
            f"{series_name(series.row(number, named=True))} is in the new frame only: filter it out"
        )
    if "unit" in old.columns and "unit" in new.columns:
        units = pl.concat([f.select("__series", "unit") for f in (old, new)]).unique()
        money = units.filter(~pl.col("unit").str.starts_with("index"))
        mixed = units.filter(
            pl.col("__series").is_in(money["__series"].implode()), pl.col("__series").is_duplicated()
        )
        if mixed.height:
            name = series_name(series.row(mixed["__series"][0], named=True))
            found = mixed.filter(pl.col("__series") == mixed["__series"][0])["unit"].sort()
            raise FrameError(f"{name} is in {' and '.join(found)}: bring both frames into one unit first")


def _overlap(old: pl.DataFrame, new: pl.DataFrame, series: pl.DataFrame, at: str | None) -> pl.DataFrame:
    """Ratio of the means over the periods that both have, with their origin, and the first new period."""
    both = old.join(new.select("__series", "period", __new="value"), on=["__series", "period"])
    if at is not None:
        within = parse_period(at)
        both = both.filter(pl.col("period").is_between(within.start, period_end(*within)))
    found = both.group_by("__series").agg(
        pl.col("value", "__new").mean(),
        pl.col("period").min().alias("__from"),
        pl.col("period").max().alias("__to"),
    )
    used = [
        f.join(both.select("__series", "period"), on=["__series", "period"], how="semi") for f in (old, new)
    ]
    inputs = pl.concat(used, how="diagonal_relaxed")
    found = found.join(inputs.group_by("__series").agg(collapsed(inputs)), on="__series", how="left")
    spans = [
        f.group_by("__series").agg(
            pl.col("period").min().alias(f"__{n}_first"), pl.col("period").max().alias(f"__{n}_last")
        )
        for n, f in (("old", old), ("new", new))
    ]
    table = spans[0].join(spans[1], on="__series").join(found, on="__series", how="left").sort("__series")
    for row in table.iter_rows(named=True):
        name = series_name(series.row(row["__series"], named=True))
        if row["value"] is None:
            where = f" in {at}" if at else ""
            raise FrameError(
                f"the two bases of {name} do not overlap{where}: the old one runs from {row['__old_first']} to "
                f"{row['__old_last']}, the new one from {row['__new_first']} to {row['__new_last']}"
            )
        if min(row["value"], row["__new"]) <= 0:
            raise FrameError(
                f"the mean of {name} over the overlap is not positive: no ratio links the two bases"
            )
    return table.rename({"__new_first": "__first"}).with_columns(__factor=pl.col("__new") / pl.col("value"))


def _rescaled(old: pl.DataFrame, overlap: pl.DataFrame, new: pl.DataFrame, at: str | None) -> pl.DataFrame:
    """Old values on the level of the new ones."""
    at_overlap = pl.Series("rows", overlap["__series"].search_sorted(old["__series"]), dtype=pl.UInt32)
    result = merge_provenance(old, overlap, at_overlap)
    if "status" in result.columns:
        result = result.with_columns(combine_status([pl.col("status"), pl.lit("E")]))
    span = [overlap[c].gather(at_overlap).cast(pl.String) for c in ("__from", "__to")]
    over = pl.lit(at) if at else pl.lit(span[0]) + " to " + pl.lit(span[1])
    said = pl.format("spliced, times {} (overlap {})", pl.col("__factor").round_sig_figs(6), over)
    result = append_method(result, said).with_columns(pl.col("value") * pl.col("__factor"))
    basis = new.group_by("__series").agg(pl.col([c for c in ("unit", "prices") if c in new.columns]).first())
    return result.drop("unit", "prices", strict=False).join(
        basis, on="__series", how="left", maintain_order="left"
    )
