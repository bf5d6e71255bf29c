"""Scanning figures that do not fit into memory: `scan`, the lazy counterpart of `load`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

import polars as pl

from gbaindicators.catalog import FREQUENCIES, frequency_code
from gbaindicators.store.connection import connect
from gbaindicators.store.home import database_place
from gbaindicators.store.known import known_day, last_day
from gbaindicators.store.lake.location import Lake
from gbaindicators.store.names import Database, area_ids, fetch, kind_of
from gbaindicators.store.partition_files import partitions_dir
from gbaindicators.store.reading import (
    checked_adjustment,
    ended_by,
    first_or_last_day,
    load,
    nothing_found,
    one_kind_of_year,
    select_figures,
)

if TYPE_CHECKING:
    import duckdb

__all__ = ["scan"]

_SERIES: Final = "table_name, indicator, area, frequency, adjustment, prices, source"
#: What tells figures apart that several sources, or one source at several times, print.
_FIGURE: Final = ("indicator", "area", "frequency", "period", "adjustment", "prices")


def scan(
    indicator: str,
    areas: str | Sequence[str] | None = None,
    *,
    start: str | date | None = None,
    end: str | date | None = None,
    frequency: str | None = None,
    as_of: str | date | None = None,
    adjustment: str | None = None,
    all_sources: bool = False,
    database: Database = None,
) -> pl.LazyFrame:
    """Scan published figures as a lazy series frame, for tables that do not fit into memory.

    Of a table in partitions nothing is read before the frame is collected, and then what is asked for:
    ``scan(...).filter(...).collect(engine="streaming")`` or ``.sink_parquet(...)``. The transforms take it as
    it is and stay lazy. Figures that lie within the database are loaded.
    Of a shared database the frame reads the snapshot that stands now, in batches, whenever it is collected.

    Parameters
    ----------
    indicator, areas, start, end, frequency, as_of, adjustment, all_sources, database
        As in `load`.

    Returns
    -------
    polars.LazyFrame
        The columns of `load`. Rows of a table in partitions come partition by partition, not sorted over all.

    Raises
    ------
    UnknownNameError
        For an unknown indicator, area or frequency, with the nearest names.
    UsageError
        When there is no such series: which areas, periods and frequencies there are.
    PeriodError
        For a date that cannot be read.
    DatabaseError
        When the database cannot be read, or lacks partitions.

    Examples
    --------
    >>> gdp = scan("gdp", "macao", start="2018", end="2019")
    >>> gdp.select("period", "value").collect().rows()
    [(datetime.date(2018, 1, 1), 445527000000.0), (datetime.date(2019, 1, 1), 444540000000.0)]
    """
    wanted = [areas] if isinstance(areas, str) else None if areas is None else list(areas)
    code = frequency_code(frequency) if frequency is not None else None
    first = None if start is None else first_or_last_day(start, last=False)
    last = None if end is None else first_or_last_day(end, last=True)
    known = min((day for day in (as_of and last_day(as_of), known_day()) if day), default=None)
    checked_adjustment(adjustment)
    with connect(database, as_of=known) as connection:
        column = kind_of(connection, indicator)
        if not _in_partitions(connection, column, indicator):
            return load(
                indicator, areas, start=start, end=end, frequency=frequency, as_of=as_of, adjustment=adjustment,
                all_sources=all_sources, database=database,
            ).lazy()  # fmt: skip
        ids = area_ids(connection, wanted)
        named = pl.col(column if column == "indicator" else "table_name") == indicator
        conditions = [] if ids is None else [pl.col("area").is_in(ids)]
        conditions += [] if code is None else [pl.col("frequency") == code]
        conditions += [
            pl.col("adjustment") != "ytd" if adjustment is None else pl.col("adjustment") == adjustment
        ]
        series = connection.sql(f"SELECT {_SERIES} FROM partition_series").pl().filter(named, *conditions)
        files = _files(connection, series["table_name"].head(1).to_list(), first, last)
        if not files:
            raise nothing_found(connection, column, indicator, ids, start, end, code, as_of, adjustment)
        conditions += [] if first is None else [pl.col("period") >= first]
        conditions += [] if last is None else [pl.col("period") <= last, ended_by(last)]
        place = database_place(database)
        if isinstance(place, Lake):
            chosen = _of_lake(connection, place, series, files, known, all_sources).filter(conditions)
        else:
            rows = pl.scan_parquet(
                [partitions_dir(place) / file for file in files], hive_partitioning=False, glob=False
            ).filter(named, *conditions)
            chosen = _all_of(rows, known) if all_sources else _preferred(rows, known)
            if not all_sources and known is None:
                chosen = _broken_at(chosen, _splices(connection, series).filter(conditions))
            chosen = _series_frame(chosen, all_sources)
    if not all_sources and (series["frequency"] == "A").any():
        annual = pl.col("frequency") == "A"
        chosen = pl.concat([chosen.filter(~annual), one_kind_of_year(chosen.filter(annual))])
    return chosen


def _of_lake(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    series: pl.DataFrame,
    files: list[str],
    known: date | None,
    all_sources: bool,
) -> pl.LazyFrame:
    """What `load` asks a shared database about some series, in batches."""
    from gbaindicators.store.lake.scanning import scan_lake
    from gbaindicators.store.lake.session import snapshot_of

    span = connection.execute(
        "SELECT min(first_period), max(last_period) FROM partition WHERE list_contains(?, file)", [files]
    ).fetchall()
    days = pl.date_range(*span[0], eager=True).alias("period").to_frame()
    indicators = series["indicator"].unique().sort().to_list()
    sql = f"{select_figures(all_sources, known)} WHERE indicator IN ({', '.join('?' * len(indicators))})"
    values = [*([] if known is None else [known]), *indicators]
    columns = series.drop("table_name", "source").unique()
    return scan_lake(lake, snapshot_of(connection), sql, values, [columns, days], all_sources=all_sources)


def _in_partitions(connection: duckdb.DuckDBPyConnection, column: str, name: str) -> bool:
    import duckdb

    try:
        found = connection.execute(
            f"SELECT 1 FROM partition_series WHERE {column} = ? LIMIT 1", [name]
        ).fetchall()
    except duckdb.CatalogException:  # a store without partitions
        return False
    return bool(found)


def _files(
    connection: duckdb.DuckDBPyConnection, table: list[str], first: date | None, last: date | None
) -> list[str]:
    """Files of a table in which there may be periods between two days."""
    found = connection.execute(
        """SELECT file FROM partition WHERE list_contains(?, table_name) AND last_period >= coalesce(?, last_period)
           AND first_period <= coalesce(?, first_period) ORDER BY first_period, file""",
        [table, first, last],
    ).fetchall()
    return [str(file) for (file,) in found]


def _all_of(rows: pl.LazyFrame, known: date | None) -> pl.LazyFrame:
    return rows if known is None else rows.filter(pl.col("vintage") <= known)


def _preferred(rows: pl.LazyFrame, known: date | None) -> pl.LazyFrame:
    """The preferred row of each figure: of all there are, or as the macro ``as_of`` has it, of those known on a day."""
    if known is None:
        return rows.filter("preferred")
    last_word = pl.col("superseded").is_null() | (pl.col("superseded") > known)
    there = rows.filter(pl.col("vintage") <= known, last_word, pl.col("status") != "U")
    alone = pl.col("standing") == 0
    digits = pl.col("published_value").str.len_chars().cast(pl.Int64) - pl.col("published_scale")
    best = (
        there.filter(~alone)
        .sort("standing", "vintage", digits, "source", descending=[False, True, True, False], nulls_last=True)
        .unique(_FIGURE, keep="first", maintain_order=True)
    )
    return pl.concat([there.filter(alone), best])


def _splices(connection: duckdb.DuckDBPyConnection, series: pl.DataFrame) -> pl.DataFrame:
    """Where series of some indicators pass to a source that disagrees with the one before."""
    indicators = series["indicator"].unique().to_list()
    return fetch(connection, "FROM splice WHERE list_contains(?, indicator)", [indicators])


def _broken_at(rows: pl.LazyFrame, splices: pl.DataFrame) -> pl.LazyFrame:
    """Give status B to the first figure of a source that disagrees with the one before it, as the view ``latest``."""
    if splices.is_empty():
        return rows
    there = splices.lazy().select(*_FIGURE, splice=True)
    broken = pl.col("splice") & pl.col("status").is_in(["A", "P", "E"])
    return rows.join(there, on=_FIGURE, how="left", nulls_equal=True).with_columns(
        pl.when(broken).then(pl.lit("B")).otherwise("status").alias("status")
    )


def _series_frame(rows: pl.LazyFrame, all_sources: bool) -> pl.LazyFrame:
    return rows.select(
        "indicator", "area", pl.col("frequency").cast(pl.Enum(FREQUENCIES)), "period", "value", "unit",
        pl.concat_list("source").alias("sources"), "adjustment", "prices", "status", "vintage", "method",
        *(["source"] if all_sources else []),
    )  # fmt: skip
