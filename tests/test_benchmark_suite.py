"""The benchmark suite runs at its smallest and prints its table; how fast anything is, is not asked here."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from pytest_benchmark.utils import NameWrapper

from tests.benchmarks import suite, table
from tests.benchmarks.__main__ import benchmarks

ROOT = Path(__file__).parents[1]
FAST = "def test_it(bench):\n    bench.compare('sum', lambda: 1, 'hand', lambda: 2)\n    raise ValueError('the rival | is gone')\n"


def run(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", *arguments],
        cwd=cwd, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip


def row(ratio: float | None) -> table.Row:
    return table.Row("growth", "pandas", "1.00 s", "2.00 s", ratio, "0.4 to 0.6", 3)


def test_the_smallest_setting_prints_a_table(tmp_path):
    out, rounds = tmp_path / "table.md", tmp_path / "rounds.json"
    done = run("--quick", "--only", "growth", "transforms", "--out", str(out), f"--benchmark-json={rounds}")
    assert done.returncode == 0, done.stderr
    text = out.read_text(encoding="utf-8")
    assert done.stdout == text
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    assert [cell.strip() for cell in lines[0]][:2] == ["work", "against"]
    assert {len(line) for line in lines} == {7}
    assert len(lines) == 2 + 3 + 9
    assert all(float(line[4]) > 0 for line in lines[2:])
    assert re.search(r"Slower than the other in (none|\d+ of 12)", text)
    assert re.search(r"\d cores, .*Python 3\.\d+", text)
    # pytest-benchmark keeps both sides of every row, each under a name of its own
    kept = json.loads(rounds.read_text(encoding="utf-8"))["benchmarks"]
    assert len({one["fullname"] for one in kept}) == len(kept) == 2 * 12
    assert all(one["stats"]["rounds"] == 1 and one["stats"]["median"] > 0 for one in kept)


def test_every_benchmark_takes_part():
    every = {"build", "charts", "disaggregation", "forecast", "growth", "import", "load", "refresh", "report", "seasonal"}  # fmt: skip
    assert every | {"sizes", "transforms"} == set(benchmarks())


class Session:
    """What a benchmark needs of a session of pytest-benchmark."""

    def __init__(self):
        self.benchmarks, self.logger = [], SimpleNamespace(debug=lambda *_, **__: None)
        self.options = dict.fromkeys(
            ("min_rounds", "min_time", "max_time", "precision", "confidence", "calibration_precision", "disable_gc",
             "warmup", "warmup_iterations", "cprofile", "cprofile_loops", "cprofile_dump"), 0
        ) | {"timer": NameWrapper(None)}  # fmt: skip


@pytest.fixture
def made() -> tuple[suite.Bench, list[table.Row], Session]:
    rows: list[table.Row] = []
    session = Session()
    return suite.Bench(session, "bench", suite.Setting(), rows.append), rows, session


def test_the_ratio_is_that_of_pairs(made):
    bench, rows, session = made
    order: list[str] = []
    sides = {"mine": iter([9.0, 1.0, 4.0, 6.0]), "theirs": iter([9.0, 2.0, 2.0, 2.0])}

    def side(name: str) -> suite.Work:
        return suite.told(lambda: order.append(name) or next(sides[name]))

    bench.compare("work", side("mine"), "it", side("theirs"), rounds=3)
    # the first pair does not count; the others are 1/2, 4/2 and 6/2
    assert rows == [table.Row("work", "it", "4.00 s", "2.00 s", 2.0, "0.5 to 3", 3)]
    assert order == ["mine", "theirs"] * 4
    assert [(one.name, one.stats.data) for one in session.benchmarks] == [
        ("gbaindicators", [1.0, 4.0, 6.0]),
        ("it", [2.0, 2.0, 2.0]),
    ]


def test_work_done_several_times_counts_once(made):
    bench, rows, _ = made
    many = suite.told(lambda: 10.0)
    times = suite.Work(many.run, many.clock, times=20)
    bench.compare("picture", times, "one by one", suite.told(lambda: 2.0), rounds=2, beside=("small", ""))
    assert rows == [table.Row("picture", "one by one", "500 ms; small", "2.00 s", 0.25, "0.25 to 0.25", 2)]
    bench.alone("picture", times, rounds=2)
    assert rows[1] == table.Row("picture", "nothing like it", "500 ms", spread="500 ms to 500 ms", runs=2)


def test_a_benchmark_that_fails_is_named_and_what_it_measured_stands(tmp_path):
    (tmp_path / "bench_broken.py").write_text(FAST, encoding="utf-8")
    written = tmp_path / "table.md"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-o", "addopts=", "-o", "python_files=bench_*.py", "-p", "no:cacheprovider",
         "-p", "tests.benchmarks.conftest", "--rootdir", str(tmp_path), str(tmp_path), "--quick", "--table", str(written)],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    text = written.read_text(encoding="utf-8")
    assert "| sum | hand |" in text
    assert "| the rest of broken | failed | the rival / is gone |" in text
    assert "Failed: the rest of broken." in text


def test_a_table_says_where_the_package_loses_and_what_is_not_there(made):
    bench, rows, _ = made
    bench.absent("forecast", "R forecast")
    text = table.in_markdown([row(0.5), row(1.25), *rows])
    assert "Slower than the other in 1 of 2: growth against pandas (1.25)." in text
    assert "| forecast | R forecast |  | not installed here |  |  |  |" in text
    assert "Slower than the other in none." in table.in_markdown([row(0.5)])


def test_figures_that_differ_end_the_benchmark():
    suite.same([1.0, None], [1.0 + 1e-9, None], "growth")
    with pytest.raises(AssertionError, match="growth: the two do not agree"):
        suite.same([1.0], [1.1], "growth")
