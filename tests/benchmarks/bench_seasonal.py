"""Time 100 monthly X-13 adjustments against the program's own time divided by the processors.

Run with ``python -m tests.benchmarks.bench_seasonal``; it prints the ratio, which is to stay below 1.3.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from gbaindicators.transforms.seasonal import seasonal_adjustment
from gbaindicators.transforms.seasonal.program import find_program

YEARS = 20


def observations(count: int) -> pl.DataFrame:
    """Monthly series with a trend, a season and noise."""
    random = np.random.default_rng(0)
    months = pl.date_range(date(2005, 1, 1), date(2004 + YEARS, 12, 1), "1mo", eager=True)
    n = len(months)
    wave = 0.2 * np.sin(2 * np.pi * np.arange(n) / 12)
    frames = [
        pl.DataFrame(
            {
                "period": months,
                "value": np.exp(5 + np.cumsum(random.normal(0, 0.02, n)) + wave + random.normal(0, 0.01, n)),
            }
        ).with_columns(area=pl.lit(f"area {i}"), frequency=pl.lit("M"))
        for i in range(count)
    ]
    return pl.concat(frames)


def program_alone(specifications: list[str], workers: int) -> tuple[float, float]:
    """Seconds that the program takes: the sum of its runs one by one, and all of them side by side."""
    with TemporaryDirectory() as folder:
        for i, text in enumerate(specifications):
            place = Path(folder) / str(i)
            place.mkdir()
            (place / "series.spc").write_text(text + "\n", encoding="ascii")

        def run(i: int) -> None:
            subprocess.run(
                [find_program(), "series", "-s", "-n", "-q"],
                cwd=Path(folder) / str(i),
                stdout=subprocess.DEVNULL,
                check=True,
            )

        start = time.perf_counter()
        for i in range(len(specifications)):
            run(i)
        one_by_one = time.perf_counter() - start
        with ThreadPoolExecutor(workers) as pool:
            start = time.perf_counter()
            list(pool.map(run, range(len(specifications))))
            return one_by_one, time.perf_counter() - start


def processor_seconds() -> tuple[float, float]:
    """Processor time of this process and of the programs it has run, which other work on the machine does not change."""
    times = os.times()
    return times.user + times.system, times.children_user + times.children_system


def main() -> None:
    """Print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=100)
    count = parser.parse_args().series
    frame = observations(count)
    start, own, program = time.perf_counter(), *processor_seconds()
    result = seasonal_adjustment(frame, holidays="lunar_new_year")
    package = time.perf_counter() - start
    own, program = (after - before for after, before in zip(processor_seconds(), (own, program), strict=True))
    cores = os.cpu_count() or 1
    one_by_one, side_by_side = program_alone(result.models["specification"].to_list(), cores)
    print(
        f"{count} series of {YEARS} years: package {package:.1f} s; program one by one {one_by_one:.1f} s on {cores} "
        f"processors, side by side {side_by_side:.1f} s; ratio to one by one / processors "
        f"{package / (one_by_one / cores):.2f}, to side by side {package / side_by_side:.2f}; processor time: package {own:.1f} s, "
        f"program {program:.1f} s, ratio {(own + program) / program:.2f}"
    )


if __name__ == "__main__":
    main()
