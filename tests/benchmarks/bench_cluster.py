"""X-13 of many series on a Dask cluster, whole and with a process killed in the middle: seconds, and whether a digit changed.

Run with ``python -m tests.benchmarks.bench_cluster``; it needs ``distributed``.
"""

from __future__ import annotations

import argparse
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import polars as pl

import gbaindicators as gba

_LONGEST = 600.0


def many_series(count: int) -> pl.DataFrame:
    """Twenty years of months of many cities, with a season and a trend."""
    random = np.random.default_rng(4)
    months = pl.date_range(date(2005, 1, 1), date(2024, 12, 1), "1mo", eager=True)
    season = np.sin(np.arange(len(months)) * np.pi / 6)
    return pl.concat(
        pl.DataFrame(
            {
                "area": f"city {number}", "frequency": "M", "period": months,
                "value": np.exp(5 + 0.1 * season + np.cumsum(random.normal(0.003, 0.02, len(months)))),
            }
        )
        for number in range(count)
    )  # fmt: skip


def timed(work: Callable[[], pl.DataFrame]) -> tuple[pl.DataFrame, float]:
    """What some work gives, and its seconds."""
    start = time.perf_counter()
    return work(), time.perf_counter() - start


def kill_one_at_work(client: Any, processes: dict[str, int]) -> threading.Thread:
    """Kill the first process of a cluster that has tasks, by SIGKILL."""

    def wait_and_kill() -> None:
        until = time.monotonic() + _LONGEST
        while time.monotonic() < until:
            if busy := [processes[worker] for worker, tasks in client.processing().items() if tasks]:
                time.sleep(1)  # into the middle of the work
                os.kill(busy[0], signal.SIGKILL)
                return
            time.sleep(0.01)

    killer = threading.Thread(target=wait_and_kill)
    killer.start()
    return killer


def run(series: int, workers: int) -> bool:
    """Measure, print, and say whether every run gave what the serial one gave."""
    import distributed

    frame = many_series(series)
    alone, seconds = timed(lambda: gba.seasonal_adjust(frame))
    print(f"serial: {seconds:.1f} s for {series} series", flush=True)
    with (
        distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=":0", silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        whole, seconds = timed(lambda: gba.seasonal_adjust(frame, executor=client.get_executor()))
        print(
            f"cluster of {workers} processes: {seconds:.1f} s, same digits: {whole.equals(alone)}", flush=True
        )
        before = client.run(os.getpid)
        killer = kill_one_at_work(client, before)
        maimed, seconds = timed(lambda: gba.seasonal_adjust(frame, executor=client.get_executor()))
        killer.join()
        client.wait_for_workers(workers, timeout=60)
        lost = set(before.values()) - set(client.run(os.getpid).values())
    print(
        f"with {len(lost)} process killed in the middle: {seconds:.1f} s, same digits: {maimed.equals(alone)}"
    )
    return whole.equals(alone) and maimed.equals(alone) and len(lost) == 1


def main() -> int:
    """Measure and print; 1 where a digit changed or no process was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=120)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    warnings.simplefilter("ignore", gba.AdjustmentWarning)  # of noise nobody wants to publish the season
    return 0 if run(options.series, options.workers) else 1


if __name__ == "__main__":
    raise SystemExit(main())
