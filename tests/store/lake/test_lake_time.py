"""Time travel: `as_of` by vintage and by snapshot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

import gbaindicators as gba
from gbaindicators.errors import UsageError
from gbaindicators.store import known_by
from tests.store.lake.lake_server import Server, name_of, psql
from tests.store.lake.lake_writers import values


def test_as_of_is_by_vintage_and_by_snapshot(team: str, server: Server, edition: Callable[..., Path]) -> None:
    old, late = {"vintage": "2021-01-31"}, {"vintage": "2021-03-31"}
    for folder in (edition(1, **old), edition(2, **old), edition(3, **late)):
        gba.build(folder, team)
    name = name_of(team)
    days = ["2021-02-10 09:00+00", "2021-02-20 23:59:59+00", "2021-02-21 00:00+00"]
    for snapshot, day in zip(gba.snapshots(team)["snapshot"], days, strict=True):
        psql(
            server,
            f"UPDATE ducklake_snapshot SET snapshot_time = '{day}' WHERE snapshot_id = {snapshot}",
            name,
        )
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
