"""Kill refreshes and builds, read while they publish, start two at once, fill the disk, set the clock back.

Run with ``python -m tests.ingest.crashes --kills 200 --publishes 50 --readers 8``. Every refresh is a process of its own
that asks the services of `tests.ingest.world`, so every figure that should be there is known. Ends with 1 if a figure
was lost or a read failed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

from gbaindicators.catalog import Feed, catalog, period_text
from gbaindicators.store import connect
from tests.ingest.world import HOSTS, KEY, World, periods, served

ROOT = Path(__file__).parents[2]
SMALL = ("refresh", "--force", "--source", "fred")
GBA = (sys.executable, "-c", "from tests.ingest.crashes import gba; gba()")
#: Query without pause until told to stop; a read must find one whole edition.
READER = """
import json, os, sys, threading
os.nice(10)
from gbaindicators.store import connect
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
reads, failed, seen = 0, [], set()
print("ready", flush=True)
while not stop.is_set():
    try:
        with connect(sys.argv[1]) as database:
            seen.add(tuple(v for (v,) in database.execute(
                "SELECT published_value FROM observation WHERE source = 'fred' AND indicator = 'fx_rate' AND area = 'japan'"
                " AND frequency = 'M' AND superseded IS NULL ORDER BY period").fetchall()))
        reads += 1
    except Exception as error:
        failed.append(repr(error))
print(json.dumps({"reads": reads, "failed": failed, "seen": sorted(seen)}))
"""
Found = dict[tuple[str, str], dict[str, str]]


def gba() -> None:
    """Run the command line as a process of its own, without the pauses between requests."""
    from gbaindicators.cli.app import main
    from gbaindicators.ingest import refreshing
    from gbaindicators.ingest.fetching import Client

    refreshing.Client = partial(Client, pause=0.0, backoff=0.05)  # type: ignore[assignment,misc]
    sys.exit(main(sys.argv[1:]))


class Home:
    """A data home, and what its database must hold."""

    def __init__(self, folder: Path, world: World, services: Sequence[str] = tuple(HOSTS)) -> None:
        self.folder, self.world, self.services = folder, world, services
        self.forced = (
            "refresh",
            "--force",
            *(word for service in services for word in ("--source", service)),
        )
        self.database = folder / "gba.duckdb"
        self.rows: dict[tuple[str, ...], int] = {}

    def environment(self) -> dict[str, str]:
        paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        return {
            **os.environ, "GBA_HOME": str(self.folder), "GBA_REPLAY": self.world.address, "FRED_API_KEY": KEY,
            "PYTHONPATH": paths,
        }  # fmt: skip

    def start(self, *words: str, **how: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*GBA, *words], env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True, **how,
        )  # fmt: skip

    def run(self, *words: str, **how: Any) -> tuple[int, str]:
        process = self.start(*words, **how)
        said, _ = process.communicate(timeout=300)
        return process.returncode, said

    def check(self) -> None:
        """Whatever happened: the database opens, no row of it is lost, and each value was served."""
        if not self.database.exists():
            assert not self.rows, "the database is gone"
            return
        rows, found = looked(self.database)
        fallen = {series: count for series, count in self.rows.items() if rows.get(series, 0) < count}
        assert not fallen, f"fewer figures than before: {dict(list(fallen.items())[:3])}"
        self.rows = rows
        for key, figures in found.items():
            strange = {period: text for period, text in figures.items() if text not in ever(*key)[period]}
            assert not strange, f"{key}: never served: {dict(list(strange.items())[:3])}"

    def check_all(self) -> None:
        """After a whole refresh: exactly the figures of the edition."""
        self.check()
        _, found = looked(self.database)
        for service, feed in ((s, f) for s in self.services for f in catalog().services[s].feeds):
            assert found[service, feed.id] == served(feed, self.world.edition), (service, feed.id)


def looked(database: Path) -> tuple[dict[tuple[str, ...], int], Found]:
    """Rows by source and series, and the last word of each figure of the made-up services."""
    with connect(database) as connection:
        counts = connection.execute(
            "SELECT source, indicator, area, frequency, adjustment, coalesce(prices, ''), count(*) FROM observation GROUP BY ALL"
        ).fetchall()
        figures = connection.execute(
            "SELECT source, indicator, area, frequency, adjustment, coalesce(prices, ''), period, published_value "
            "FROM observation WHERE list_contains(?, source) AND method IS NULL AND superseded IS NULL",
            [list(HOSTS)],
        ).fetchall()
    found: Found = {}
    for source, indicator, area, frequency, adjustment, prices, period, text in figures:
        feed = Feed(source, indicator, area, frequency, "", {}, adjustment=adjustment, prices=prices)
        found.setdefault((source, feed.id), {})[period_text(frequency, period)] = text
    return {tuple(row[:-1]): row[-1] for row in counts}, found


@cache
def ever(service: str, feed: str) -> Mapping[str, set[str]]:
    """All that the services may have served of a series, in any edition up to the 999th, by period."""
    one = catalog().services[service].feed(feed)
    every: dict[str, set[str]] = {period: set() for period in periods(one.frequency, 999)}
    for edition in range(999, 1004):  # a figure that is not among the last two has its last value
        for period, text in served(one, edition).items():
            every.setdefault(period, set()).add(text)
    return {period: texts | _among_the_last(one, texts) for period, texts in every.items()}


def _among_the_last(feed: Feed, texts: set[str]) -> set[str]:
    parts = 3 if feed.service == "immd" and feed.code["indicator"][1] == "Total" else 1
    more = (parts * extra for extra in range(5))
    if feed.service == "immd":
        return {str(int(text) + extra) for extra in more for text in texts}
    return {repr((round(float(text) * 1000) + extra) / 1000) for extra in more for text in texts}


def killed(home: Home, kills: int, every: int, chance: random.Random, say: Callable[[str], None]) -> str:
    """SIGKILL that many refreshes and builds at random moments; every so many, the next refresh must complete.

    A refresh that ended before its moment came does not count.
    """
    began = time.monotonic()
    code, said = home.run(*home.forced)
    assert code == 0, said
    home.check_all()
    usual, number, alive, completed = time.monotonic() - began, 0, 0, 0
    while number < kills:
        home.world.edition += 1
        command = ("build",) if chance.random() < 0.2 else home.forced
        process = home.start(*command)
        try:
            process.communicate(timeout=chance.uniform(0.0, 1.1 * usual))
            alive += 1
            continue
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            number += 1
        finally:
            home.check()
        if number % every == 0 or number == kills:
            began = time.monotonic()
            code, said = home.run(*home.forced)
            assert code == 0, said
            home.check_all()
            assert not list(home.folder.rglob(".*.writing")) and not list(home.folder.glob(".*.building*"))
            usual, completed = time.monotonic() - began, completed + 1
        if number % 20 == 0:
            say(f"{number} kills")
    return f"{kills} killed ({alive} more ended before), {completed} refreshes completed after, figures lost: none"


def read_while_published(home: Home, publishes: int, readers: int) -> str:
    code, said = home.run(*SMALL)
    assert code == 0, said
    command = [sys.executable, "-c", READER, str(home.database)]
    processes = [
        subprocess.Popen(
            command, env=home.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(readers)
    ]
    feed = next(
        f for f in catalog().services["fred"].feeds if (f.area, f.indicator, f.frequency) == ("japan", "fx_rate", "M")
    )  # fmt: skip
    editions = {tuple(served(feed, home.world.edition).values())}
    try:
        for process in processes:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
        for _ in range(publishes):
            home.world.edition += 1
            code, said = home.run(*SMALL)
            assert code == 0 and "published" in said, said
            editions.add(tuple(served(feed, home.world.edition).values()))
    finally:
        answers = [json.loads(process.communicate()[0]) for process in processes]
    failed = [error for answer in answers for error in answer["failed"]]
    assert not failed, f"{len(failed)} reads failed, the first: {failed[0]}"
    seen = {tuple(one) for answer in answers for one in answer["seen"]}
    assert seen <= editions, "a read found a mixture of editions"
    reads = sum(answer["reads"] for answer in answers)
    assert reads > publishes
    return f"{reads:,} reads by {readers} readers during {publishes} publishes saw {len(seen)} editions, reads failed: none"


def two_at_once(home: Home) -> str:
    home.world.edition += 1
    both = [home.start(*home.forced) for _ in range(2)]
    answers = sorted((process.wait(300), process.communicate()[0]) for process in both)
    assert [code for code, _ in answers] == [0, 1], answers
    assert "another refresh runs" in answers[1][1], answers[1][1]
    home.check_all()
    return "of two refreshes at once one did the work, the other said so and ended with 1"


def full_disk(home: Home, chance: random.Random, times: int) -> str:
    """Files may not grow beyond a limit, as if the disk were full there."""
    ended = []
    for _ in range(times):
        home.world.edition += 1
        most = int(10 ** chance.uniform(2.0, 7.3))
        limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (most, most))
        ended.append(_without_room(home, preexec_fn=limit))
    code, said = home.run(*home.forced)
    assert code == 0, said
    home.check_all()
    return f"{times} refreshes that could not write all, {sum(ended)} ended with 1, figures lost: none; the next completed"


def full_tmpfs(folder: Path, world: World, chance: random.Random, times: int) -> str:
    """A disk of its own that other files fill up; only root can mount one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        return "no disk of its own could be mounted"
    try:
        home, filler, ended = Home(folder / "home", world), folder / "filler", []
        code, said = home.run(*home.forced)
        assert code == 0, said
        home.check_all()
        for _ in range(times):
            world.edition += 1
            free = shutil.disk_usage(folder).free
            filler.write_bytes(bytes(max(0, free - int(10 ** chance.uniform(3.0, 7.3)))))
            ended.append(_without_room(home))
            filler.unlink()
        code, said = home.run(*home.forced)
        assert code == 0, said
        home.check_all()
    finally:
        subprocess.run(["umount", str(folder)], check=True)
    return f"{times} refreshes on a full tmpfs, {sum(ended)} ended with 1, figures lost: none; the next completed"


def _without_room(home: Home, **how: Any) -> int:
    code, said = home.run(*home.forced, **how)
    assert code in (0, 1), said
    assert "this is a bug" not in said and "Traceback" not in said and "unexpected" not in said, said
    home.check()
    return code


def clock_set_back(home: Home) -> str:
    """The clock jumps to and fro by a year; the last edition is what stands, and every older one is known by its day."""
    from gbaindicators.ingest import refreshing
    from gbaindicators.ingest.fetching import Client

    before = {name: os.environ.get(name) for name in ("GBA_HOME", "GBA_REPLAY", "FRED_API_KEY")}
    whole, refreshing.Client = refreshing.Client, partial(Client, pause=0.0)  # type: ignore[assignment,misc]
    os.environ |= {name: home.environment()[name] for name in before}
    now = datetime.now(UTC)
    try:
        for jump in (10, -400, -390, 5, -1, 30):
            home.world.edition += 1
            done = refreshing.refresh(list(home.services), force=True, now=now + timedelta(days=jump))
            assert done.well, done
            home.check_all()
    finally:
        refreshing.Client = whole  # type: ignore[misc]
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value
    return "6 refreshes under a clock that jumps to and fro, figures lost: none"


def run(
    folder: Path, kills: int, every: int, publishes: int, readers: int, seed: int, say: Callable[[str], None] = print
) -> None:  # fmt: skip
    """Run all, and say what each found.

    Raises
    ------
    AssertionError
        When a figure was lost, a read failed, or a refresh did not complete.
    """
    chance = random.Random(seed)
    with (world := World()):
        home = Home(folder, world)
        say(killed(home, kills, every, chance, say))
        say(read_while_published(home, publishes, readers))
        say(two_at_once(home))
        say(full_disk(home, chance, max(2, kills // 20)))
        say(full_tmpfs(folder / "disk", world, chance, max(2, kills // 20)))
        say(clock_set_back(home))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    for name, default in (("kills", 200), ("every", 4), ("publishes", 50), ("readers", 8)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**6)
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="gba-crashes-") as folder:
        run(**vars(asked), folder=Path(folder), say=partial(print, flush=True))


if __name__ == "__main__":
    main()
