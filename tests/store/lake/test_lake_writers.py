"""Several writers and readers of a shared database at once, some of them killed."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import gbaindicators as gba
from tests.store.lake.lake_server import Server, name_of, psql
from tests.store.lake.lake_writers import BUILDER, CONTRIBUTOR, DOOMED, YEARS, go_together, start, values

READER = """
import json, sys, threading
from gbaindicators.store import load
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
seen, failed = set(), []
load("gdp", database=sys.argv[1])
print("ready", flush=True)
while not stop.is_set() or not (seen or failed):
    try:
        frame = load("gdp", database=sys.argv[1])
        seen.add(tuple(frame["value"].unique().to_list()) + (frame.height,))
    except Exception as error:
        failed.append(repr(error))
print(json.dumps({"seen": sorted(seen), "failed": failed}))
"""


def test_writers_at_once_lose_nothing(team: str, edition: Callable[..., Path], make_datasets) -> None:
    gba.build(edition(1), team)
    areas = ["hong_kong", "guangzhou", "shenzhen"]
    desks = [
        make_datasets(gdp=[{"area": area, "period": str(y), "value": "7", "unit": "HKD" if area == "hong_kong" else "CNY"} for y in YEARS])
        for area in areas
    ]  # fmt: skip
    go_together(
        [start(CONTRIBUTOR, team, folder, area) for folder, area in zip(desks, areas, strict=True)]
        + [start(BUILDER, team, edition(2))]
    )
    frame = gba.load("gdp", database=team)
    assert dict(frame.group_by("area").len().rows()) == dict.fromkeys([*areas, "macao"], 30)
    assert frame.filter(area="macao")["value"].unique().to_list() == [2e9]
    found = gba.snapshots(team)
    assert found.height == 5
    assert {m for m in found["message"] if m.startswith("from ")} == {f"from {area}" for area in areas}
    assert found["observations"].to_list()[-1] == 120
    assert found.filter(author="hong_kong")["added"].item() == 30


def test_two_first_builds_at_once_make_one_database(team: str, edition: Callable[..., Path]) -> None:
    go_together([start(BUILDER, team, edition(n)) for n in (1, 2)])
    assert values(team) in ([1e9], [2e9])
    assert gba.snapshots(team)["added"].to_list() == [30, 30]


def test_a_writer_that_is_killed_before_its_commit_leaves_nothing(
    team: str, edition: Callable[..., Path]
) -> None:
    gba.build(edition(1), team)
    doomed = start(DOOMED, team, edition(2))
    assert doomed.stdout is not None and doomed.stdout.readline() == "written\n"
    waiting = start(BUILDER, team, edition(3))
    assert waiting.stdout is not None and waiting.stdout.readline() == "ready\n"
    assert waiting.stdin is not None
    waiting.stdin.write("go\n")
    waiting.stdin.flush()
    assert values(team) == [1e9]  # all tables are written, and nobody sees it
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(timeout=4)  # the turn is taken
    doomed.send_signal(signal.SIGKILL)
    doomed.communicate()
    _, err = waiting.communicate(timeout=600)
    assert (err, waiting.returncode) == ("", 0)
    assert values(team) == [3e9]
    assert gba.snapshots(team)["added"].to_list() == [30, 30]


def test_readers_see_whole_editions_while_writers_publish(team: str, edition: Callable[..., Path]) -> None:
    folders = [edition(n) for n in (1, 2, 3)]
    gba.build(folders[0], team)
    readers = [start(READER, team) for _ in range(2)]
    try:
        for reader in readers:
            assert reader.stdout is not None and reader.stdout.readline() == "ready\n"
        for folder in folders[1:]:
            gba.build(folder, team)
    finally:
        answers = [reader.communicate() for reader in readers]
    for out, err in answers:
        assert err == ""
        answer = json.loads(out)
        assert answer["failed"] == []
        assert {tuple(s) for s in answer["seen"]} <= {(n * 1e9, len(YEARS)) for n in (1, 2, 3)}
        assert answer["seen"], "a reader read nothing"
    with gba.connect(team) as connection:
        assert connection.execute("SELECT DISTINCT value FROM observation").fetchall() == [(3e9,)]
        gba.build(folders[0], team)
        # A connection keeps the snapshot that it opened.
        assert connection.execute("SELECT DISTINCT value FROM observation").fetchall() == [(3e9,)]
    assert values(team) == [1e9]


def test_a_server_that_was_started_anew_is_found_again(
    team: str, server: Server, edition: Callable[..., Path]
) -> None:
    gba.build(edition(1), team)
    assert values(team) == [1e9]
    name = name_of(team)
    psql(server, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    assert values(team) == [1e9]
