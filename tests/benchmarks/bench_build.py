"""Time a validated build of five million rows against a bare DuckDB ``CREATE TABLE ... AS SELECT * FROM read_csv``.

Run with ``python -m tests.benchmarks.bench_build``. Every run is a fresh process that writes a new file; the medians
of three are compared, and the peak memory of the build is its process's own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path
from statistics import median

import polars as pl

from gbaindicators.catalog import catalog
from gbaindicators.tables.observations import COLUMNS

TARGET_RATIO, TARGET_GB = 3.0, 3.0

_BUILD = """
import json, resource, sys, time
start = time.perf_counter()
import gbaindicators.store as store
store.build(sys.argv[1], sys.argv[2])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
print(json.dumps({"seconds": time.perf_counter() - start, "gb": peak}))
"""
_BARE = """
import json, resource, sys, time
start = time.perf_counter()
import duckdb
connection = duckdb.connect(sys.argv[2])
connection.execute("CREATE TABLE observation AS SELECT * FROM read_csv(?)", [sys.argv[1] + "/observations/card_transactions.csv"])
connection.close()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
print(json.dumps({"seconds": time.perf_counter() - start, "gb": peak}))
"""


def write_transactions(path: Path, rows: int) -> None:
    """Write daily card transactions of every area the catalogue knows, in the area's own currency."""
    names = catalog()
    units = {i.id: i.unit for i in names.indicators.values() if i.table == "card_transactions"}
    series = pl.DataFrame(
        [(i, a.id, (a.currency if a.currency in names.units else "CNY") if unit == "currency" else unit) for i, unit in units.items() for a in names.areas.values()],
        schema=["indicator", "area", "unit"], orient="row",
    )  # fmt: skip
    days = -(-rows // series.height)
    last = date(2026, 11, 1)
    day = pl.DataFrame(
        {"period": pl.date_range(last - timedelta(days=days - 1), last, eager=True).cast(pl.String)}
    )
    path.parent.mkdir(parents=True)
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(COLUMNS) + "\n")
        for first in range(0, series.height, 100):
            some = (
                series.slice(first, 100)
                .join(day, how="cross", maintain_order="left_right")
                .head(max(0, rows - first * days))
            )
            frame = some.select(
                "indicator", "area", "period", value=(pl.int_range(pl.len()) * 7919 % 99_991 * 13 + 17).cast(pl.String),
                unit="unit", scale=pl.lit("0"), adjustment=pl.lit("nsa"), prices=pl.lit(None, pl.String), status=pl.lit("A"),
                vintage=pl.lit("2026-11-22"), source=pl.lit("modaily_guangdong_cards_2024_12"),
                locator="row " + pl.int_range(first * days, first * days + pl.len()).cast(pl.String), note=pl.lit("daily file"),
            )  # fmt: skip
            file.write(frame.write_csv(include_header=False))


def measure(script: str, *arguments: str) -> dict[str, float]:
    """Seconds and peak memory of a script in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Compare and print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-build-") as folder:
        root = Path(folder)
        write_transactions(root / "datasets" / "observations" / "card_transactions.csv", options.rows)
        runs: dict[str, list[dict[str, float]]] = {"build": [], "bare": []}
        for _ in range(options.repeats):
            for name, script in (("bare", _BARE), ("build", _BUILD)):
                database = root / f"{name}.duckdb"
                database.unlink(missing_ok=True)
                runs[name].append(measure(script, str(root / "datasets"), str(database)))
    build, bare = (median(r["seconds"] for r in runs[name]) for name in ("build", "bare"))
    peak = max(r["gb"] for r in runs["build"])
    print(
        f"build of {options.rows:,} rows: ratio {build / bare:.2f} (target {TARGET_RATIO:g}), {build:.1f} s against "
        f"{bare:.1f} s bare, peak memory {peak:.2f} GB (target {TARGET_GB:g})"
    )


if __name__ == "__main__":
    main()
