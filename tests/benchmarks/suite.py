"""The shape of every benchmark: a piece of work, done by this package and by what its user would take instead.

Every run is a round of pytest-benchmark, which times it and keeps, saves and compares the statistics. Rounds of the two
sides alternate, so that a machine that slows down slows both; the ratio is that of the medians, its range that of the
pairs. A rival that is not installed is said, never made up, and so is a benchmark that fails.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any

from pytest_benchmark.fixture import BenchmarkFixture
from pytest_benchmark.utils import NameWrapper

from tests.benchmarks.table import Row, seconds_text

__all__ = ["OURS", "ROOT", "Bench", "Setting", "Work", "apart", "processor_time", "same", "told"]

ROOT = Path(__file__).parents[2]
OURS = "gbaindicators"

#: Compiled bytecode of every process that is started here. An installed wheel comes with its own, and this one takes
#: the place of both sides', also where the environment forbids to write it.
_BYTECODE = tempfile.TemporaryDirectory(prefix="bench-bytecode-")


@dataclass(frozen=True)
class Setting:
    """How much to measure.

    `quick` takes the smallest sizes once, to see that everything runs. `opponents` is an interpreter with the rivals that
    cannot live beside this package. `whole` asks for the whole of M3, which takes half an hour.
    """

    quick: bool = False
    opponents: str | None = None
    whole: bool = False

    def size(self, usual: int, quick: int) -> int:
        return quick if self.quick else usual


@dataclass(frozen=True)
class Work:
    """What is timed: a call, the clock to time it by, and how many times the work one call does it."""

    run: Callable[[], Any]
    clock: Callable[[], float] = time.perf_counter
    times: float = 1


class _Told:
    """Clock that shows the seconds that runs said they took."""

    shown = 0.0

    def __call__(self) -> float:
        return self.shown


def told(run: Callable[[], float]) -> Work:
    """Time a call by the seconds it returns."""
    clock = _Told()

    def once() -> None:
        clock.shown += run()

    return Work(once, clock)


def apart(script: str, *arguments: str) -> Work:
    """Time a script in a fresh process of this interpreter; it prints its own seconds, start-up left out."""
    return told(lambda: float(_output([sys.executable, "-c", script, *arguments]).splitlines()[-1]))


def processor_time(command: Sequence[str]) -> Work:
    """Time a command from start to end by the processor time it takes, which other work on the machine changes least."""
    # not on Windows
    import resource

    def clock() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    return Work(lambda: _output(command), clock)


def _output(command: Sequence[str]) -> str:
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = {
        **kept,
        "PYTHONPATH": path,
        "PYTHONWARNINGS": "ignore",
        "PYTHONPYCACHEPREFIX": _BYTECODE.name,
    }
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return done.stdout


class Bench:
    """Makes rows of the table: what the fixture ``bench`` of a benchmark is.

    Parameters
    ----------
    session
        That of pytest-benchmark.
    nodeid
        Of the benchmark that asks.
    setting
        How much to measure.
    report
        Takes each row as it is made.
    """

    def __init__(self, session: Any, nodeid: str, setting: Setting, report: Callable[[Row], None]):
        self.setting = setting
        self._session, self._nodeid, self._report = session, nodeid, report

    def size(self, usual: int, quick: int) -> int:
        return self.setting.size(usual, quick)

    def compare(
        self,
        work: str,
        ours: Work | Callable[[], Any],
        against: str,
        theirs: Work | Callable[[], Any],
        *,
        rounds: int = 5,
        warm: bool = False,
        beside: tuple[str, str] = ("", ""),
    ) -> None:
        """Run both in turn, after a run each that does not count unless they are `warm`; `beside` stands beside the times."""
        both = [
            self._side(f"{work} / {against}", OURS, ours),
            self._side(f"{work} / {against}", against, theirs),
        ]
        if not (self.setting.quick or warm):
            for side in both:
                side.warm_up()
        pairs = [(both[0].round(), both[1].round()) for _ in range(1 if self.setting.quick else rounds)]
        ratios = [mine / other for mine, other in pairs]
        mine, other = (median(column) for column in zip(*pairs, strict=True))
        times = [
            "; ".join(filter(None, (seconds_text(t), s))) for t, s in zip((mine, other), beside, strict=True)
        ]
        spread = f"{min(ratios):.3g} to {max(ratios):.3g}"
        self._report(Row(work, against, *times, mine / other, spread, len(pairs)))

    def alone(self, work: str, ours: Work | Callable[[], Any], *, rounds: int = 3) -> None:
        """Time what nothing else does."""
        times = self.seconds(work, ours, rounds=rounds)
        spread = f"{seconds_text(min(times))} to {seconds_text(max(times))}"
        self._report(
            Row(work, "nothing like it", seconds_text(median(times)), spread=spread, runs=len(times))
        )

    def seconds(self, work: str, ours: Work | Callable[[], Any], *, rounds: int) -> list[float]:
        """Give the seconds of runs, for a row of another kind."""
        side = self._side(work, OURS, ours)
        return [side.round() for _ in range(1 if self.setting.quick else rounds)]

    def absent(self, work: str, against: str) -> None:
        """Say that a rival is not installed."""
        self._report(Row(work, against, theirs="not installed here"))

    def add(self, row: Row) -> None:
        """Add a row of another kind."""
        self._report(row)

    def _side(self, group: str, name: str, work: Work | Callable[[], Any]) -> _Side:
        node = SimpleNamespace(name=name, nodeid=f"{self._nodeid}[{group}, {name}]")
        return _Side(self._session, node, group, work if isinstance(work, Work) else Work(work))


class _Side:
    """Who does the work: one entry of pytest-benchmark's statistics, a round at a time."""

    def __init__(self, session: Any, node: SimpleNamespace, group: str, work: Work):
        self._session, self._node, self._group, self._work = session, node, group, work
        self._entry: Any = None

    def warm_up(self) -> None:
        self._work.run()

    def round(self) -> float:
        """Time one run, in seconds of the work done once."""
        made: list[Any] = []
        options = {**self._session.options, "timer": NameWrapper(self._work.clock)}
        # a fixture of pytest-benchmark times all its rounds at a stretch, so that each round has one of its own
        fixture = BenchmarkFixture(
            self._node, add_stats=made.append, logger=self._session.logger, warner=None, disabled=False,
            group=self._group, **options,
        )  # fmt: skip
        fixture.pedantic(self._work.run)
        (taken,) = made[0].stats.data
        seconds = taken / self._work.times
        if self._entry is None:
            self._entry = made[0]
            self._entry.stats.data.clear()
            self._session.benchmarks.append(self._entry)
        self._entry.stats.update(seconds)
        return seconds


def same(ours: Any, theirs: Any, what: str, tolerance: float = 1e-6) -> None:
    """End the benchmark when the two do not give the same numbers: then there is nothing to compare."""
    import numpy as np

    a, b = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    if a.shape != b.shape or not np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True):
        raise AssertionError(f"{what}: the two do not agree")
