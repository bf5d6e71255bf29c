"""A shared database with two builders and a contributor at once, while others read: seconds, snapshots and failed reads.

Run with ``python -m tests.benchmarks.bench_lake`` in an environment with ``gbaindicators[lake]``; it starts PostgreSQL
(Debian's ``postgresql``) in a folder of its own. The builders publish a million rows of a generator in daily partitions, the
second of them a day more. ``--partitioned`` measures one builder instead, and readers after it, as `bench_partitions` does
with a database file: ``--partitioned --rows 100000000 --days 730``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import polars as pl

import gbaindicators as gba
from tests.benchmarks import bench_partitions
from tests.benchmarks.card_rows import days, indicator, write_datasets, write_day
from tests.store.lake.lake_server import PASSWORD, postgres, psql
from tests.store.lake.lake_writers import BUILDER, CONTRIBUTOR, start

READERS = 2
_READER = """
import json, sys, threading, time
import gbaindicators as gba
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
print("ready", flush=True)
reads, failed = [], []
while not stop.is_set():
    start = time.perf_counter()
    try:
        rows = gba.load(sys.argv[2], "stop_00001", database=sys.argv[1]).height
        reads.append((time.perf_counter() - start, rows))
    except Exception as error:
        failed.append(repr(error))
print(json.dumps({"reads": reads, "failed": failed}))
"""


def seconds_of(process: subprocess.Popen[str], began: float, found: dict[str, float], name: str) -> None:
    """Wait for a writer; its seconds, or an error with what it said."""
    _, err = process.communicate(timeout=1200)
    found[name] = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(f"{name} failed: {err}")


def contribution(folder: Path, of: Path) -> Path:
    """Datasets folder with thirty years of one area in another table."""
    (folder / "observations").mkdir(parents=True)
    row = pl.read_csv(of / "observations" / "gdp.csv", infer_schema=False).head(1)
    years = pl.DataFrame({"period": [str(year) for year in range(1990, 2020)]})
    rows = (
        row.drop("period")
        .join(years, how="cross")
        .with_columns(area=pl.lit("macao"), value=pl.lit("7"), unit=pl.lit("MOP"))
    )
    rows.select(row.columns).write_csv(folder / "observations" / "gdp.csv")
    return folder


def run(folder: Path, lake: str, rows: int, number_of_days: int) -> None:
    """Build, then write with three at once while two read; print what came of it."""
    one, more = folder / "one", folder / "more"
    stops = write_datasets(one, rows, number_of_days)
    write_datasets(more, rows, number_of_days)
    write_day(more, list(days(number_of_days + 1))[-1], stops)
    began = time.perf_counter()
    first = gba.build(one, lake)
    print(
        f"first build of {first.observations:,} observations: {time.perf_counter() - began:.1f} s", flush=True
    )
    desk = contribution(folder / "desk", Path(gba.__file__).parents[1] / "datasets")
    writers = {
        "builder of what stands": start(BUILDER, lake, one),
        "builder of a day more": start(BUILDER, lake, more),
        "contributor": start(CONTRIBUTOR, lake, desk, "desk"),
    }
    readers = [start(_READER, lake, indicator("adult")) for _ in range(READERS)]
    for process in (*writers.values(), *readers):
        assert process.stdout is not None
        process.stdout.readline()
    began, found = time.perf_counter(), dict[str, float]()
    for process in writers.values():
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    waiting = [threading.Thread(target=seconds_of, args=(p, began, found, n)) for n, p in writers.items()]
    for one_of in waiting:
        one_of.start()
    for one_of in waiting:
        one_of.join()
    if len(found) < len(writers):
        raise SystemExit("a writer failed")
    answers = [json.loads(reader.communicate(timeout=120)[0]) for reader in readers]
    reads = [read for answer in answers for read in answer["reads"]]
    failed = [error for answer in answers for error in answer["failed"]]
    for name, seconds in found.items():
        print(f"{name}: {seconds:.1f} s")
    took = sorted(seconds for seconds, _ in reads)
    print(
        f"{len(reads)} reads by {READERS} readers, failed {len(failed)}, median {took[len(took) // 2]:.2f} s, rows seen {sorted({n for _, n in reads})}"
    )
    snapshots = gba.snapshots(lake)
    print(
        f"{snapshots.height} snapshots, the last of {snapshots['observations'].to_list()[-1]:,} observations"
    )
    if failed:
        raise SystemExit(failed[0])


def main() -> None:
    """Start PostgreSQL, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument(
        "--partitioned", action="store_true", help="one builder, then readers: time and peak memory"
    )
    parser.add_argument(
        "--folder", type=Path, help="keep the datasets of --partitioned here, or use those that are there"
    )
    options = parser.parse_args()
    os.environ["PGPASSWORD"] = PASSWORD
    print(f"Python {sys.version.split()[0]}, {options.rows:,} rows", flush=True)
    with tempfile.TemporaryDirectory(prefix="bench-lake-") as aside, postgres() as server:
        psql(server, "CREATE DATABASE team")
        where = " ".join(f"{key}={value}" for key, value in server.items())
        figures = Path(aside) / "figures"
        lake = f"ducklake:postgres:dbname=team {where}?data_path={figures}"
        if options.partitioned:
            bench_partitions.run(options.folder or Path(aside), options.rows, options.days, lake, figures)
        else:
            run(Path(aside), lake, options.rows, options.days)


if __name__ == "__main__":
    main()
