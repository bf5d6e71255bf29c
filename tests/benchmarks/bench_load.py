"""Time reading: `load` against the bare DuckDB query, and as-of reads against pandas and Polars on a Parquet file.

The as-of figures are series with several vintages of each period; by hand, the last vintage up to the day is what was
known. All open what they read each time, in one warm process.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path

import duckdb
import polars as pl

from gbaindicators.store import build, load
from tests.benchmarks.bench_build import write_transactions
from tests.benchmarks.suite import Row, Setting, absent, compare, installed, same, timed

DAY = date(2026, 6, 30)
VINTAGES = ("2026-03-31", "2026-06-15", "2026-09-30")
KEYS = ["indicator", "area", "period"]
_SQL = """
    SELECT indicator, area, frequency, period, value, unit, [source] AS sources, adjustment, prices, status, vintage, method
    FROM observation o
    WHERE preferred AND indicator = 'gdp' AND adjustment <> 'ytd'
      AND (frequency <> 'A' OR month(period) = 1 OR area NOT IN (
        SELECT area FROM observation WHERE preferred AND indicator = 'gdp' AND frequency = 'A' AND month(period) = 1))
    ORDER BY indicator, area, frequency, adjustment, prices NULLS LAST, period
"""


def bare(path: Path) -> pl.DataFrame:
    """Read the same rows with DuckDB alone."""
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.sql(_SQL).pl()


def write_vintages(path: Path, rows: int) -> None:
    """Write every figure in several vintages, each a little higher than the one before."""
    write_transactions(path, rows // len(VINTAGES))
    frame = pl.read_csv(path, infer_schema=False)
    parts = [
        frame.with_columns(
            vintage=pl.lit(day), value=(pl.col("value").cast(pl.Int64) + i).cast(pl.String),
            period=pl.col("period").str.to_date().dt.offset_by("-1y").cast(pl.String),
        )
        for i, day in enumerate(VINTAGES)
    ]  # fmt: skip
    pl.concat(parts).unique(maintain_order=True).write_csv(path)


def polars_as_of(path: Path, indicator: str) -> pl.DataFrame:
    """What was known, by Polars."""
    known = pl.scan_parquet(path).filter(pl.col("indicator") == indicator, pl.col("vintage") <= DAY)
    return known.sort("vintage").unique(KEYS, keep="last").sort(KEYS).collect()


def pandas_as_of(path: Path, indicator: str):
    """What was known, by pandas."""
    import pandas as pd

    frame = pd.read_parquet(path, filters=[("indicator", "==", indicator), ("vintage", "<=", DAY)])
    return frame.sort_values("vintage").drop_duplicates(KEYS, keep="last").sort_values(KEYS)


def rows(setting: Setting) -> Iterator[Row]:
    """Compare after a check that all return the same figures."""
    with tempfile.TemporaryDirectory(prefix="bench-load-") as folder:
        root = Path(folder)
        shipped, vintages = root / "gba.duckdb", root / "vintages.duckdb"
        build(database=shipped)
        ours = partial(load, "gdp", database=shipped)
        same(ours().sort(KEYS)["value"], bare(shipped).sort(KEYS)["value"], "load")
        yield compare('load("gdp")', timed(ours), "bare DuckDB query", timed(partial(bare, shipped)), setting, repeats=30)  # fmt: skip
        datasets = root / "datasets"
        write_vintages(datasets / "observations" / "card_transactions.csv", setting.size(1_000_000, 6_000))
        build(datasets, vintages)
        parquet = root / "vintages.parquet"
        with duckdb.connect(str(vintages), read_only=True) as connection:
            connection.execute(
                f"COPY (SELECT indicator, area, period, value, unit, source, status, vintage FROM observation) TO '{parquet}'"
            )
            indicator, count = connection.execute(
                "SELECT indicator, count(*) OVER () FROM observation LIMIT 1"
            ).fetchone()
        ours = partial(load, indicator, as_of=DAY, database=vintages)
        work = f"as-of read of one indicator among {count:,} rows"
        theirs = {"Polars by hand": partial(polars_as_of, parquet, indicator)}
        if installed("pandas"):
            theirs["pandas by hand"] = partial(pandas_as_of, parquet, indicator)
        else:
            yield absent(work, "pandas by hand")
        for against, by_hand in theirs.items():
            same(ours().sort(KEYS)["value"], by_hand()["value"], work)
            yield compare(work, timed(ours), against, timed(by_hand), setting, repeats=9)
