"""The benchmark suite runs at its smallest and prints its table; how fast anything is, is not asked here."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks import suite
from tests.benchmarks.__main__ import benchmarks

ROOT = Path(__file__).parents[1]


def row(ratio: float | None) -> suite.Row:
    return suite.Row("growth", "pandas", "1.00 s", "2.00 s", ratio, "0.4 to 0.6", 3)


def test_the_smallest_setting_prints_a_table(tmp_path):
    out = tmp_path / "table.md"
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", "--quick", "--only", "growth", "transforms", "--out", str(out)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    table = out.read_text(encoding="utf-8")
    assert done.stdout.strip() == table.strip()
    lines = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("|")]
    assert [cell.strip() for cell in lines[0]][:2] == ["work", "against"]
    assert {len(line) for line in lines} == {7}
    assert len(lines) == 2 + 3 + 9
    assert all(float(line[4]) > 0 for line in lines[2:])
    assert re.search(r"Slower than the other in (none|\d+ of 12)", table)
    assert re.search(r"\d cores, .*Python 3\.\d+", table)


def test_every_benchmark_takes_part():
    files = {path.stem.removeprefix("bench_") for path in (ROOT / "tests" / "benchmarks").glob("bench_*.py")}
    assert {"build", "load", "import", "growth", "transforms", "seasonal", "disaggregation"} <= set(
        benchmarks()
    )
    assert {"forecast", "report", "refresh", "sizes"} <= set(benchmarks())
    assert set(benchmarks()) <= files


def test_the_ratio_is_that_of_pairs():
    mine, theirs = iter([9.0, 1.0, 4.0, 6.0]), iter([9.0, 2.0, 2.0, 2.0])
    found = suite.compare("work", lambda: next(mine), "it", lambda: next(theirs), suite.Setting(), repeats=3)
    # the first pair does not count; the others are 1/2, 4/2 and 6/2
    assert found == suite.Row("work", "it", "4.00 s", "2.00 s", 2.0, "0.5 to 3", 3)


def test_a_table_says_where_the_package_loses_and_what_is_not_there():
    table = suite.in_markdown([row(0.5), row(1.25), suite.absent("forecast", "R forecast")])
    assert "Slower than the other in 1 of 2: growth against pandas (1.25)." in table
    assert "| forecast | R forecast |  | not installed here |  |  |  |" in table
    assert "Slower than the other in none." in suite.in_markdown([row(0.5)])


def test_figures_that_differ_end_the_run():
    suite.same([1.0, None], [1.0 + 1e-9, None], "growth")
    with pytest.raises(SystemExit, match="growth: the two do not agree"):
        suite.same([1.0], [1.1], "growth")
