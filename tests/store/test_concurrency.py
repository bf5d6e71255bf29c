"""Real processes: readers are never blocked by builders, nor builders by readers, and two builders take turns."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gbaindicators.store import build, load

#: Read in a loop until told to stop; every read must find all figures of one build, or it is counted as torn.
READER = """
import json, sys, threading
from gbaindicators.store import load
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
seen, failed = set(), []
print("ready", flush=True)
while not stop.is_set():
    try:
        frame = load("gdp", database=sys.argv[1])
        seen.add(tuple(frame["value"].unique().to_list()) + (frame.height,))
    except Exception as error:
        failed.append(repr(error))
print(json.dumps({"seen": sorted(seen), "failed": failed}))
"""
#: Open once, read now, and read again when told.
SNAPSHOT = """
import sys
from gbaindicators.store import connect
with connect(sys.argv[1]) as connection:
    for line in sys.stdin:
        print(connection.execute("SELECT DISTINCT value FROM observation").fetchall()[0][0], flush=True)
"""
BUILDER = "import sys\nfrom gbaindicators.store import build\nbuild(sys.argv[1], sys.argv[2])\nprint('built', flush=True)\n"
YEARS = range(1950, 2020)


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def editions(make_datasets) -> list[Path]:
    """Datasets folders whose figures are all 1, all 2, all 3 billion."""
    return [make_datasets(gdp=[{"period": str(y), "value": str(n)} for y in YEARS]) for n in (1, 2, 3)]


def test_two_processes_read_while_a_third_publishes(editions: list[Path], tmp_path: Path) -> None:
    database = tmp_path / "gba.duckdb"
    build(editions[0], database)
    readers = [start(READER, database) for _ in range(2)]
    try:
        for reader in readers:
            assert reader.stdout is not None and reader.stdout.readline() == "ready\n"
        for folder in (*editions[1:], *editions):
            build(folder, database)
    finally:
        answers = [reader.communicate() for reader in readers]
    for out, err in answers:
        assert err == ""
        answer = json.loads(out)
        assert answer["failed"] == []
        assert answer["seen"], "a reader read nothing"
        # Every read saw one whole edition, never a mixture.
        assert {tuple(s) for s in answer["seen"]} <= {(n * 1e9, len(YEARS)) for n in (1, 2, 3)}
    assert load("gdp", database=database)["value"].unique().to_list() == [3e9]


def test_a_reader_that_stays_open_keeps_its_snapshot(editions: list[Path], tmp_path: Path) -> None:
    database = tmp_path / "gba.duckdb"
    build(editions[0], database)
    reader = start(SNAPSHOT, database)
    assert reader.stdin is not None and reader.stdout is not None

    def ask() -> float:
        reader.stdin.write("read\n")  # type: ignore[union-attr]
        reader.stdin.flush()  # type: ignore[union-attr]
        return float(reader.stdout.readline())  # type: ignore[union-attr]

    try:
        assert ask() == 1e9
        build(editions[1], database)
        assert ask() == 1e9
        assert load("gdp", database=database)["value"].unique().to_list() == [2e9]
        assert ask() == 1e9
    finally:
        _, err = reader.communicate()
    assert err == ""


def test_two_builders_at_once_both_succeed_one_after_the_other(editions: list[Path], tmp_path: Path) -> None:
    database = tmp_path / "gba.duckdb"
    builders = [start(BUILDER, folder, database) for folder in editions[:2]]
    for builder in builders:
        out, err = builder.communicate()
        assert (out, err, builder.returncode) == ("built\n", "", 0)
    assert load("gdp", database=database)["value"].unique().to_list() in ([1e9], [2e9])
    assert {p.name for p in tmp_path.iterdir()} <= {"gba.duckdb", "gba.duckdb.lock"}
