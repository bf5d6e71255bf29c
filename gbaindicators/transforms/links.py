"""Volume indices "previous year = 100" chained into an index, or into volumes in prices of a base year."""

from __future__ import annotations

from typing import Final

import polars as pl

from gbaindicators.catalog import Period
from gbaindicators.errors import FrameError
from gbaindicators.tables.combinations import Combinations, combinations
from gbaindicators.tables.series_frame import append_method, check_series_frame, series_keys, series_name
from gbaindicators.transforms.chaining import base_year, chained, name_of, read_values
from gbaindicators.transforms.inputs import in_memory, read_series
from gbaindicators.transforms.lazily import Columns, by_series
from gbaindicators.transforms.provenance import merge_provenance

__all__ = ["chain_links"]

_LINKS: Final = "index previous year=100"
#: Keys in which the value of the base year may differ from the links.
_NOT_MATCHED: Final = ("indicator", "prices", "adjustment", "frequency")


def _of_links(links: pl.DataFrame, current: pl.DataFrame | None, **_: object) -> Columns:
    """Columns of `chain_links`."""
    columns = links.schema | dict.fromkeys(("prices", "note", "method"), pl.String())
    if current is None:
        return columns | {"unit": pl.String()}
    if "unit" not in current.columns:
        columns.pop("unit", None)
    return columns | {c: current.schema[c] for c in ("indicator", "unit") if c in current.columns}


@by_series(_of_links, changes=["indicator", "prices"])
def chain_links(
    links: pl.DataFrame, base: str | int = "2015", *, current: pl.DataFrame | pl.LazyFrame | None = None
) -> pl.DataFrame:
    """Chain annual volume indices "previous year = 100" into an index, or into volumes in prices of a base year.

    The index is ``100 * product of links / 100`` from the base year on, and divided by them before it. Volumes are
    the index times the value at current prices in the base year.

    Parameters
    ----------
    links
        Annual series frame (polars.DataFrame or LazyFrame) in "index previous year=100" (any positive numbers of a frame without ``unit``).
    base
        Year that is 100, or whose prices to use. It may be the year before the first link.
    current
        Series frame (polars.DataFrame or LazyFrame) at current prices with the base year, matched by the columns that tell series apart
        (indicator, prices and adjustment aside). Without it the result is an index.

    Returns
    -------
    pl.DataFrame
        One row a series and year, from the year before its first link; ``unit`` "index 2015=100" or that of
        `current`, ``prices`` "chained 2015", ``method`` and ``note``. Years that a missing link parts from the base
        are null, and ``note`` says so. An ``indicator`` loses "_previous_year", or becomes that of `current`.
        ``sources``, ``status`` and ``vintage`` take in every link between a year and the base.

    Raises
    ------
    FrameError
        When the links are of another unit, not annual or not positive, or a series has no base.

    Examples
    --------
    >>> from datetime import date
    >>> links = pl.DataFrame({"period": [date(2016, 1, 1), date(2017, 1, 1)], "value": [105.0, 110.0]})
    >>> chain_links(links, "2015")["value"].to_list()
    [100.0, 105.0, 115.5]
    """
    start = base_year(base)
    links = _read_links(links)
    years = links.select(*series_keys(links), "period", *(["unit"] if "unit" in links.columns else []))
    before = years.with_columns(pl.col("period").dt.offset_by("-1y"))
    # a link is a value at prices of the previous year where every year's value at current prices is 100
    whole = pl.concat([before, years]).unique().with_columns(value=pl.lit(100.0), prices=pl.lit("current"))
    values = pl.concat([whole, links.with_columns(prices=pl.lit("previous year"))], how="diagonal_relaxed")
    values = read_values(values, start, "annual_overlap")
    said = f"chained from links, {start.start.year}=100"
    index = chained(values, start, "annual_overlap", said, "no link to the previous year")
    index = index.sort(*(k for k in series_keys(index) if k != "prices"), "period")
    index = index.select(*links.columns, *(c for c in ("prices", "note", "method") if c not in links.columns))
    if "indicator" in index.columns:
        index = index.with_columns(pl.col("indicator").str.strip_suffix("_previous_year"))
    if current is None:
        return index.with_columns(unit=pl.lit(f"index {start.start.year}=100"))
    return _times_level(index, check_series_frame(in_memory(current)), start)


def _read_links(links: pl.DataFrame) -> pl.DataFrame:
    links = read_series(links, "chain_links")
    if "unit" in links.columns and (wrong := [u for u in links["unit"].unique() if u != _LINKS]):
        raise FrameError(f"chain_links takes {_LINKS!r}, the frame has {', '.join(map(repr, wrong))}")
    if "frequency" in links.columns and (links["frequency"].cast(pl.String) != "A").any():
        raise FrameError(
            "chain_links takes annual links: a quarter over that of the previous year says no level"
        )
    if "frequency" not in links.columns:
        links = links.with_columns(frequency=pl.lit("A"))
    return links


def _times_level(index: pl.DataFrame, current: pl.DataFrame, base: Period) -> pl.DataFrame:
    """Multiply an index by the value at current prices in the year where it is 100."""
    levels = _levels(current, base)
    by = [k for k in series_keys(index) if k in levels.columns and k not in _NOT_MATCHED]
    series = combinations(index, by)
    at = _matched(levels, series, by, base).gather(series.rows)
    named = {c: levels[c].gather(at) for c in ("indicator", "unit") if c in levels.columns}
    index = index.drop("unit", strict=False) if "unit" not in named else index
    result = merge_provenance(index, levels, at).with_columns(**named)
    value = pl.col("value") * levels["value"].gather(at) / 100
    return append_method(result.with_columns(value), "times the value at current prices of the base year")


def _levels(current: pl.DataFrame, base: Period) -> pl.DataFrame:
    """Values at current prices in the base year."""
    levels = current.filter(pl.col("period") == base.start, pl.col("value").is_not_null())
    if "frequency" in levels.columns:
        levels = levels.filter(pl.col("frequency").cast(pl.String) == "A")
    if "prices" in levels.columns and (levels["prices"] != "current").any():
        raise FrameError("the values of the base year must be at current prices: filter them, current=...")
    return levels


def _matched(levels: pl.DataFrame, series: Combinations, by: list[str], base: Period) -> pl.Series:
    """Row number of the value that belongs to each series, by the columns that both have."""
    twice = levels.filter(pl.struct(by or ["period"]).is_duplicated())
    if twice.height:
        name = series_name(twice.select(by).row(0, named=True)) if by else "the series"
        raise FrameError(
            f"several values at current prices for {name} in the base year: keep one in current="
        )
    numbered = levels.with_row_index("__level")
    if by:
        beside = series.table.join(numbered, on=by, how="left", nulls_equal=True, maintain_order="left")
        rows = beside["__level"]
    else:
        rows = numbered["__level"].extend_constant(None, 1).head(1)
    for number in pl.arg_where(rows.is_null(), eager=True).head(1):
        raise FrameError(
            f"no value at current prices for {name_of(series.table, number)} in the base year that begins {base.start}: "
            "take another base, or pass it in current="
        )
    return rows
