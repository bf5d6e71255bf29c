"""Refreshes into a shared database: real processes of the command line ask services of this machine."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import gbaindicators as gba
from gbaindicators.catalog import catalog
from tests.ingest.world import World, served
from tests.store.lake.lake_server import name_of
from tests.store.lake.refreshing_home import Machine


@pytest.fixture
def world() -> Iterator[World]:
    with (made := World()):
        yield made


@pytest.fixture
def machines(team: str, world: World, edition: Callable[..., Path], tmp_path: Path) -> list[Machine]:
    """Two machines of a team whose database is built."""
    both = [Machine(tmp_path / name, team, world.address, edition(1)) for name in ("desk", "laptop")]
    both[1].datasets = both[0].datasets
    code, said = both[0].run("build")
    assert code == 0, said
    return both


def figures(team: str, service: str) -> dict[str, dict[str, str]]:
    """Last word on each figure of a service in a shared database, as published, by series."""
    feeds = {(f.indicator, f.area, f.frequency): f.id for f in catalog().services[service].feeds}
    rows = gba.query(
        "SELECT indicator, area, frequency, strftime(period, '%Y-%m-%d') AS day, published_value AS text FROM observation "
        f"WHERE source = '{service}' AND superseded IS NULL AND method IS NULL", database=team,
    )  # fmt: skip
    found: dict[str, dict[str, str]] = {}
    for indicator, area, frequency, day, text in rows.iter_rows():
        found.setdefault(feeds[indicator, area, frequency], {})[day] = text
    return found


def test_what_a_refresh_accepts_becomes_a_snapshot(machines: list[Machine], world: World, team: str) -> None:
    desk = machines[0]
    code, said = desk.run("refresh", "--source", "fred")
    assert code == 0, said
    assert "published ducklake:postgres:" in said
    counted = {f.id: len(served(f, 0)) for f in catalog().services["fred"].feeds}
    assert {series: len(texts) for series, texts in figures(team, "fred").items()} == counted
    last = gba.snapshots(team).row(-1, named=True)
    new = sum(counted.values())
    assert (last["author"], last["message"]) == (getpass.getuser(), f"refresh: fred {new} new")
    assert (last["added"], last["removed"]) == (new, 0)
    # All is asked again, and nothing is new.
    code, said = desk.run("refresh", "--source", "fred", "--force")
    assert code == 0 and "nothing new to publish" in said, said
    assert gba.snapshots(team).height == 2
    # What is revised is a snapshot that says so, and the one before still says what it said.
    world.edition += 1
    code, said = desk.run("refresh", "--source", "fred", "--force")
    assert code == 0, said
    last = gba.snapshots(team).row(-1, named=True)
    assert "revised" in last["message"]
    number = gba.snapshots(team)["snapshot"][1]
    assert {s: len(t) for s, t in figures(f"{team}&snapshot={number}", "fred").items()} == counted
    before, after = figures(f"{team}&snapshot={number}", "fred"), figures(team, "fred")
    assert before != after
    assert {text for texts in after.values() for text in texts.values()} == {
        text for feed in catalog().services["fred"].feeds for text in served(feed, 1).values()
    }


def test_two_machines_refresh_into_one(machines: list[Machine], team: str) -> None:
    desk, laptop = machines
    for machine, service in ((desk, "fred"), (laptop, "worldbank")):
        code, said = machine.run("refresh", "--source", service)
        assert code == 0, said
    both = {service: figures(team, service) for service in ("fred", "worldbank")}
    assert all(both.values())
    # Neither sends again what the other left in place.
    for machine, service in ((desk, "fred"), (laptop, "worldbank"), (desk, "fred")):
        code, said = machine.run("refresh", "--source", service)
        assert code == 0 and "nothing new to publish" in said, said
    found = gba.snapshots(team)
    assert found.height == 3
    assert [text.split(":")[0] for text in found["message"]] == [
        "build of the shipped figures",
        "refresh",
        "refresh",
    ]
    assert {service: figures(team, service) for service in both} == both


def test_where_the_database_cannot_be_reached_nothing_is_lost(machines: list[Machine], team: str) -> None:
    desk = machines[0]
    away = team.replace("host=/", "host=/nowhere/")
    code, said = desk.run("refresh", "--source", "fred", database=away)
    assert code == 1
    assert "cannot be used" in said and "The last good database stands" in said and "not published" in said
    accepted = desk.accepted("fred")
    assert accepted.height == sum(len(served(f, 0)) for f in catalog().services["fred"].feeds)
    assert gba.snapshots(team).height == 1 and not figures(team, "fred")
    # It is there again: what was accepted comes with the next refresh, though nothing is due.
    code, said = desk.run("refresh", "--source", "fred")
    assert code == 0 and "not due" in said, said
    assert sum(map(len, figures(team, "fred").values())) == accepted.height
    assert gba.snapshots(team)["message"][-1] == "refresh: what was accepted before"


def test_a_database_that_is_not_made_yet_is_named(
    team: str, world: World, edition: Callable[..., Path], tmp_path: Path
) -> None:
    desk = Machine(tmp_path / "desk", team, world.address, edition(1))
    code, said = desk.run("refresh", "--source", "fred")
    assert code == 1
    assert f"dbname={name_of(team)}" in said and "make one with: gba build" in said
    assert desk.accepted("fred").height
    code, said = desk.run("build")
    assert code == 0, said
    assert figures(team, "fred")
