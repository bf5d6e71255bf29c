"""Time ``gba report`` from end to end: a process that starts, reads the published database and writes the whole report."""

from __future__ import annotations

import tempfile
from pathlib import Path

from gbaindicators.store import build
from tests.benchmarks.suite import Bench, apart

_REPORT = """
import sys, time
start = time.perf_counter()
from gbaindicators.cli.app import main
code = main(["--quiet", "report", "--out", sys.argv[1], "--database", sys.argv[2]])
assert code == 0, code
print()
print(time.perf_counter() - start)
"""


def test_report(bench: Bench) -> None:
    """Nothing else makes this report: its time stands alone."""
    with tempfile.TemporaryDirectory(prefix="bench-report-") as folder:
        root = Path(folder)
        build(database=root / "gba.duckdb")
        report = apart(_REPORT, str(root / "report"), str(root / "gba.duckdb"))
        bench.alone("gba report, from start to end", report)
