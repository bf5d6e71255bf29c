"""Time reading: `load` against the bare DuckDB query, and as-of reads against pandas and Polars on a Parquet file.

The as-of figures are series with several vintages of each period, of which some are printed by a second source, too. By
hand, as here, the last word of each source up to the day stands, doubtful figures are left out, and of what remains the
better source speaks. All open what they read each time, in one warm process.
"""

from __future__ import annotations

import tempfile
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import polars as pl

from gbaindicators.store import build, load
from tests.benchmarks.bench_build import write_transactions
from tests.benchmarks.suite import Bench, same
from tests.benchmarks.table import installed

if TYPE_CHECKING:
    import pandas as pd

DAY = date(2026, 6, 30)
VINTAGES = ("2026-03-31", "2026-06-15", "2026-09-30")
KEYS = ["indicator", "area", "period"]
FIGURE = ["indicator", "area", "frequency", "period", "adjustment", "prices"]
GRADES = {"official": 0, "mirror": 1, "secondary": 2}
#: One figure in so many is printed by a second source of a higher grade.
SHARED = 20
SECOND = "gcs_mo_macao_gdp_2025_q2"
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
    """Write every figure in several vintages, each a little higher than the one before, and some by a second source."""
    write_transactions(path, int(rows / (len(VINTAGES) + 1 / SHARED)))
    frame = pl.read_csv(path, infer_schema=False)
    before = frame.with_columns(period=pl.col("period").str.to_date().dt.offset_by("-1y").cast(pl.String))
    before = before.unique(maintain_order=True)
    parts = [
        before.with_columns(vintage=pl.lit(day), value=(pl.col("value").cast(pl.Int64) + i).cast(pl.String))
        for i, day in enumerate(VINTAGES)
    ]
    again = parts[0].gather_every(SHARED).with_columns(source=pl.lit(SECOND), vintage=pl.lit("2026-06-20"))
    pl.concat([*parts, again]).write_csv(path)


def polars_as_of(path: Path, grades: pl.DataFrame, indicator: str) -> pl.DataFrame:
    """What was known, by Polars."""
    known = pl.scan_parquet(path).filter(pl.col("indicator") == indicator, pl.col("vintage") <= DAY)
    last = known.sort("vintage").unique([*FIGURE, "source"], keep="last").filter(pl.col("status") != "U")
    ranked = last.join(grades.lazy(), on="source").sort("grade", "vintage", descending=[False, True])
    return ranked.unique(FIGURE, keep="first").sort(FIGURE).drop("grade").collect()


def pandas_as_of(path: Path, grades: pd.DataFrame, indicator: str) -> pd.DataFrame:
    """What was known, by pandas."""
    import pandas as pd

    known = pd.read_parquet(path, filters=[("indicator", "==", indicator), ("vintage", "<=", DAY)])
    last = known.sort_values("vintage").drop_duplicates([*FIGURE, "source"], keep="last")
    ranked = last[last["status"] != "U"].merge(grades, on="source")
    ranked = ranked.sort_values(["grade", "vintage"], ascending=[True, False])
    return ranked.drop_duplicates(FIGURE, keep="first").sort_values(FIGURE).drop(columns="grade")


def _grades(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    found = connection.execute("SELECT id, grade FROM source").fetchall()
    return pl.DataFrame(
        [(id_, GRADES[grade]) for id_, grade in found], schema=["source", "grade"], orient="row"
    )


def test_reads(bench: Bench) -> None:
    """Compare after a check that all return the same figures."""
    with tempfile.TemporaryDirectory(prefix="bench-load-") as folder:
        root = Path(folder)
        shipped, vintages = root / "gba.duckdb", root / "vintages.duckdb"
        build(database=shipped)
        ours = partial(load, "gdp", database=shipped)
        same(ours().sort(KEYS)["value"], bare(shipped).sort(KEYS)["value"], "load")
        bench.compare('load("gdp")', ours, "bare DuckDB query", partial(bare, shipped), rounds=30)
        datasets = root / "datasets"
        write_vintages(datasets / "observations" / "card_transactions.csv", bench.size(1_000_000, 6_000))
        build(datasets, vintages)
        parquet = root / "vintages.parquet"
        with duckdb.connect(str(vintages), read_only=True) as connection:
            connection.execute(
                f"COPY (SELECT {', '.join(FIGURE)}, value, unit, source, status, vintage FROM observation) TO '{parquet}'"
            )
            indicator, count = connection.execute(
                "SELECT indicator, count(*) OVER () FROM observation LIMIT 1"
            ).fetchone()
            grades = _grades(connection)
        ours = partial(load, indicator, as_of=DAY, database=vintages)
        work = f"as-of read of one indicator among {count:,} rows"
        theirs = {"Polars by hand": partial(polars_as_of, parquet, grades, indicator)}
        if installed("pandas"):
            theirs["pandas by hand"] = partial(pandas_as_of, parquet, grades.to_pandas(), indicator)
        else:
            bench.absent(work, "pandas by hand")
        for against, by_hand in theirs.items():
            same(ours().sort(KEYS)["value"], by_hand()["value"], work)
            bench.compare(work, ours, against, by_hand, rounds=9)
