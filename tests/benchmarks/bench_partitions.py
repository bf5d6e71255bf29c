"""Build a table larger than memory in daily partitions, change a day, and read it: time, peak memory and size.

Run with ``python -m tests.benchmarks.bench_partitions``. Every step is a fresh process; its peak is the largest resident
set that the operating system saw of it. The target is that a hundred million observations build within 4 GB. With
``--folder`` the datasets that were written there before are used again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from tests.benchmarks.card_rows import (
    TABLE,
    days,
    indicator,
    remove_day,
    revise_day,
    write_datasets,
    write_day,
)

TARGET_GB = 4.0

_MEASURED = """
import json, resource, sys, time
start = time.perf_counter()
datasets, database, indicator = sys.argv[1:4]
{work}
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
times = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({{"seconds": time.perf_counter() - start, "cpu": times.ru_utime + times.ru_stime, "gb": peak, "answer": answer}}))
"""
_BUILD = """
import gbaindicators.store as store
made = store.build(datasets, database)
answer = [made.observations, made.series, made.partitions, made.new_partitions]
"""
_LOAD = """
import gbaindicators as gba
answer = gba.load(indicator, "stop_00001", database=database).height
"""
_SUM = """
import gbaindicators as gba
import polars as pl
stops = gba.query("SELECT id FROM area WHERE level = 'stop'", database=database)["id"].to_list()
whole = gba.scan(indicator, database=database).pipe(gba.aggregate, "all stops", definition=stops)
whole = whole.drop("members").pipe(gba.growth, "1w").collect(engine="streaming")
answer = [whole.height, whole.select(pl.col("value").mean().round(3)).item()]
"""
_GROWTH = """
import gbaindicators as gba
import polars as pl
growth = gba.scan("{table}", database=database).pipe(gba.growth, "1w")
answer = growth.select(pl.len(), pl.col("value").median()).collect(engine="streaming").rows()
"""
STEPS = {
    "load one stop": _LOAD,
    "add all stops up, then growth": _SUM,
    "growth of every series": _GROWTH.format(table=TABLE),
}


def measure(work: str, *arguments: object) -> dict[str, float]:
    """Seconds, peak memory and answer of some work in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED.format(work=work), *map(str, arguments)],
        check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def show(name: str, found: dict[str, float]) -> None:
    """Print one line."""
    print(
        f"{name}: {found['seconds']:.1f} s ({found['cpu']:.0f} s of processors), peak {found['gb']:.2f} GB, "
        f"answer {found['answer']}",
        flush=True,
    )


def size_of(folder: Path) -> float:
    """Gigabytes of a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e9


def run(
    folder: Path,
    rows: int,
    number_of_days: int,
    database: Path | str | None = None,
    figures: Path | None = None,
) -> None:
    """Write what is not there yet, and measure every step: in a database file, or in another one and its figures."""
    datasets = folder / "datasets"
    database = database or folder / "gba.duckdb"
    if not datasets.exists():
        start = perf_counter()
        stops = write_datasets(datasets, rows, number_of_days)
        print(
            f"wrote {stops:,} stops in {perf_counter() - start:.0f} s, {size_of(datasets):.2f} GB", flush=True
        )
    stops = (datasets / "catalog" / "areas.toml").read_text(encoding="utf-8").count("\n[stop_")
    *there, one_more = days(number_of_days + 1)
    between = there[number_of_days // 2]
    remove_day(datasets, one_more)
    write_day(datasets, between, stops)
    arguments = (datasets, database, indicator("adult"))
    build = measure(_BUILD, *arguments)
    show("build", build)
    print(f"its partitions: {size_of(figures or Path(f'{database}.partitions')):.2f} GB", flush=True)
    changes = {
        "nothing new": lambda: None,
        "one day added": lambda: write_day(datasets, one_more, stops),
        "one day replaced": lambda: revise_day(datasets, between),
        "one day removed": lambda: remove_day(datasets, between),
        "that day comes late": lambda: write_day(datasets, between, stops),
    }
    for what, change in changes.items():
        change()
        show(f"build again, {what}", measure(_BUILD, *arguments))
    for name, work in STEPS.items():
        show(name, measure(work, *arguments))
    verdict = "within" if build["gb"] <= TARGET_GB else "above"
    print(f"peak memory of the build is {verdict} the target of {TARGET_GB:g} GB")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000_000)
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.folder:
        run(options.folder, options.rows, options.days)
        return
    with tempfile.TemporaryDirectory(prefix="bench-partitions-") as folder:
        run(Path(folder), options.rows, options.days)


if __name__ == "__main__":
    main()
