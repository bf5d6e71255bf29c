"""Time travel: `as_of` by vintage and by snapshot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

import gbaindicators as gba
from gbaindicators.errors import UsageError
from gbaindicators.store import held_open, known_by
from gbaindicators.store.lake import publication_time, publishing
from gbaindicators.store.lake.location import parse_lake
from tests.store.lake.lake_server import Server, name_of, psql
from tests.store.lake.lake_writers import values


def test_as_of_is_by_vintage_and_by_snapshot(team: str, server: Server, edition: Callable[..., Path]) -> None:
    old, late = {"vintage": "2021-01-31"}, {"vintage": "2021-03-31"}
    for folder in (edition(1, **old), edition(2, **old), edition(3, **late)):
        gba.build(folder, team)
    times = [datetime(2021, 2, 10, 9), datetime(2021, 2, 20, 23, 59, 59), datetime(2021, 2, 21)]
    for snapshot, time in zip(gba.snapshots(team)["snapshot"], times, strict=True):
        psql(
            server,
            "UPDATE ducklake_snapshot_changes SET commit_extra_info = jsonb_set(commit_extra_info::jsonb, '{published}', "
            f"'\"{time.isoformat()}\"')::text WHERE snapshot_id = {snapshot}",
            name_of(team),
        )
    assert gba.snapshots(team)["time"].to_list() == times
    # What the database said at the end of the day: the first edition, then the second.
    assert values(team, as_of="2021-02-10") == values(team, as_of="2021-02-19") == [1e9]
    assert values(team, as_of="2021-02-20") == [2e9]
    # On the 21st it held the third edition, whose figures were not published before the end of March.
    with pytest.raises(UsageError, match="earliest vintage 2021-03-31"):
        values(team, as_of="2021-02-21")
    assert values(team, as_of="2021-03-31") == values(team, as_of=date(2024, 1, 1)) == [3e9]
    # Before its first snapshot the newest is asked, and the vintage decides.
    with pytest.raises(UsageError, match="earliest vintage 2021-03-31"):
        values(team, as_of="2021-02-09")
    # Everything that reads within the block goes back, and a day of its own never goes forward.
    with known_by("2021-02-19"):
        assert values(team) == values(team, as_of="2021-02-20") == [1e9]
        assert gba.query("SELECT DISTINCT value FROM latest", database=team).item() == 1e9
    with gba.connect(team, as_of="2021-02-20") as connection:
        assert connection.execute("SELECT DISTINCT value FROM observation").fetchall() == [(2e9,)]
    # A snapshot that is named stands, whatever the day.
    assert values(f"{team}&snapshot=3", as_of="2021-03-31") == [3e9]


def test_a_snapshot_is_of_the_time_when_it_can_be_read(
    team: str, edition: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    count, written = publishing._count, []

    def counted(*arguments: object) -> object:
        written.append(datetime.now(UTC).replace(tzinfo=None))
        return count(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(publishing, "_count", counted)
    gba.build(edition(1), team)
    done = datetime.now(UTC).replace(tzinfo=None)
    assert written[0] <= gba.snapshots(team)["time"].item() <= done


def test_a_commit_does_not_reach_over_midnight(monkeypatch: pytest.MonkeyPatch) -> None:
    times = [
        datetime(2021, 2, 28, 23, 59, 30),
        datetime(2021, 2, 28, 23, 59, 59, 999_000),
        datetime(2021, 3, 1, 0, 0, 1),
    ]
    slept: list[float] = []
    monkeypatch.setattr(publication_time, "time", SimpleNamespace(sleep=slept.append))
    monkeypatch.setattr(publication_time, "_now", lambda *_: times[len(slept)])
    with duckdb.connect() as connection:
        found = publication_time.publication_time(connection, parse_lake("ducklake:team.ducklake"))
    assert (found, slept) == (times[2], [30.0, 0.001])


def test_a_snapshot_of_an_older_version_is_of_the_time_that_ducklake_says(
    team: str, server: Server, edition: Callable[..., Path]
) -> None:
    gba.build(edition(1), team)
    for change in (
        "UPDATE ducklake_snapshot_changes SET commit_extra_info = commit_extra_info::jsonb - 'published'",
        "UPDATE ducklake_snapshot SET snapshot_time = '2021-02-10 23:00-02' WHERE snapshot_id > 0",
    ):
        psql(server, change, name_of(team))
    assert gba.snapshots(team)["time"].item() == datetime(2021, 2, 11, 1)


def test_what_is_held_open_is_of_one_snapshot(team: str, edition: Callable[..., Path]) -> None:
    gba.build(edition(1), team)
    with held_open(team):
        gba.build(edition(2), team)
        assert values(team) == [1e9]
        assert gba.query("SELECT DISTINCT value FROM latest", database=team).item() == 1e9
        assert gba.scan("gdp", database=team).collect()["value"].unique().to_list() == [1e9]
    assert values(team) == [2e9]
