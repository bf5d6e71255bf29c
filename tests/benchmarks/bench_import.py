"""Time ``import gbaindicators`` against ``import polars, duckdb``, each in fresh processes.

Run with ``python -m tests.benchmarks.bench_import``; it prints the ratio of the medians of ten alternating runs.
"""

from __future__ import annotations

import subprocess
import sys
from statistics import median

TARGET = 1.3
REPEATS = 10
#: Names are imported when first used, so the second case is what a session that loads figures pays.
WHAT = ("gbaindicators", "gbaindicators; gbaindicators.load", "polars, duckdb")
_TIMED = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"


def seconds(what: str) -> float:
    """Time of importing modules in a fresh process, the interpreter's own start left out."""
    done = subprocess.run(
        [sys.executable, "-c", _TIMED.format(what)], check=True, capture_output=True, text=True
    )
    return float(done.stdout)


def main() -> None:
    """Compare and print one line."""
    for what in WHAT:
        seconds(what)  # so that all are compiled and in the file cache
    package, used, floor = (
        median(t) for t in zip(*([seconds(w) for w in WHAT] for _ in range(REPEATS)), strict=True)
    )
    print(
        f"import gbaindicators: ratio {package / floor:.2f} (target {TARGET:g}), {1000 * package:.0f} ms against "
        f"{1000 * floor:.0f} ms of polars and duckdb; with gba.load looked up {used / floor:.2f}, {1000 * used:.0f} ms"
    )


if __name__ == "__main__":
    main()
