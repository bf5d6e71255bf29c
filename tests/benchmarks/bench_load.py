"""Time ``gba.load("gdp")`` against the bare DuckDB query that returns the same rows as a Polars frame.

Run with ``python -m tests.benchmarks.bench_load``. Both sides open the published database read-only each time; the
medians of alternating runs in one warm process are compared.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import duckdb
import polars as pl

from gbaindicators.store import build, load

TARGET = 3.0
REPEATS = 50
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


def seconds(run: Callable[[], pl.DataFrame]) -> float:
    """Wall-clock time of one run."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main() -> None:
    """Compare and print one line, after a check that both return the same rows."""
    with tempfile.TemporaryDirectory(prefix="bench-load-") as folder:
        path = Path(folder) / "gba.duckdb"
        build(database=path)
        ours, theirs = load("gdp", database=path), bare(path)
        same = ["indicator", "area", "period", "value", "unit", "sources"]
        if not ours.select(same).sort(same[:3]).equals(theirs.select(same).sort(same[:3])):
            raise SystemExit("the two do not return the same rows")
        times = [
            (seconds(lambda: load("gdp", database=path)), seconds(lambda: bare(path))) for _ in range(REPEATS)
        ]
        package, query = (median(t) for t in zip(*times, strict=True))
        print(
            f"load('gdp'), {ours.height:,} rows: ratio {package / query:.2f} (target {TARGET:g}), "
            f"{1000 * package:.1f} ms against {1000 * query:.1f} ms bare"
        )


if __name__ == "__main__":
    main()
