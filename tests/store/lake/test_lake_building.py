"""A database that a team shares: built and read as a file is."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl
import pytest

import gbaindicators as gba
from gbaindicators.cli.app import main
from gbaindicators.errors import UsageError, ValidationError
from gbaindicators.store import database_bytes, database_place, known_by, using_database
from tests.store.lake.lake_writers import values


def test_a_shared_database_says_what_a_file_says(team: str, shipped: Path, tmp_path: Path) -> None:
    made = gba.build(database=team)
    in_file = gba.query("SELECT observations, findings FROM build", database=shipped).row(0)
    assert (made.observations, made.findings) == in_file
    assert made.database == database_place(team)
    for view in (
        "latest",
        "gdp_usd",
        "disagreements",
        "finding",
        "policy_statement",
        "crossing_daily",
        "port_throughput",
    ):
        sql = f"SELECT * FROM {view} ORDER BY ALL"
        assert gba.query(sql, database=team).equals(gba.query(sql, database=shipped)), view
    for selection in ({}, {"as_of": "2024-06-30"}, {"all_sources": True}):
        ours = gba.load("container_throughput", database=team, **selection)  # type: ignore[arg-type]
        theirs = gba.load("container_throughput", database=shipped, **selection)  # type: ignore[arg-type]
        order = [name for name in ours.columns if name != "sources"]  # what load leaves open
        assert ours.sort(order).equals(theirs.sort(order))
    cite = "SELECT cite('dsec_gba_gdp')"
    assert gba.query(cite, database=team).item() == gba.query(cite, database=shipped).item()
    with known_by("2020-12-31"):
        assert gba.load("gdp", database=team).equals(gba.load("gdp", database=shipped))
    with using_database(team):
        ours = gba.benchmark("gdp")
    with using_database(shipped):
        assert ours.equals(gba.benchmark("gdp"))
    # A second build of the same changes nothing but the record of the build.
    gba.build(database=team)
    last = gba.snapshots(team).row(-1, named=True)
    assert (last["added"], last["removed"], last["observations"]) == (0, 0, made.observations)


def test_snapshots_say_who_and_what(team: str, edition: Callable[..., Path]) -> None:
    first, second = edition(1), edition(2)
    gba.build(first, team)
    gba.build(second, team)
    found = gba.snapshots(team)
    assert found.columns == ["snapshot", "time", "author", "message", "observations", "added", "removed"]
    assert found["author"].unique().to_list() == [getpass.getuser()]
    assert found["message"].to_list() == [f"build of {first.name}", f"build of {second.name}"]
    assert found.select("observations", "added", "removed").rows() == [(30, 30, 0), (30, 30, 30)]
    assert found["time"].is_sorted()
    number = found["snapshot"].to_list()
    assert values(f"{team}&snapshot={number[0]}") == [1e9]
    assert values(f"{team}&snapshot={number[1]}") == values(team) == [2e9]
    with pytest.raises(UsageError, match=rf"no snapshot 99: it has {number[0]} to {number[1]}"):
        values(f"{team}&snapshot=99")
    with pytest.raises(UsageError, match="names a snapshot, which cannot be changed"):
        gba.build(second, f"{team}&snapshot=1")


def test_a_failed_validation_changes_nothing(team: str, edition: Callable[..., Path]) -> None:
    gba.build(edition(1), team)
    with pytest.raises(ValidationError, match="breaks the rule"):
        gba.build(edition("many"), team)
    assert values(team) == [1e9]
    assert gba.snapshots(team).height == 1


def test_readers_cannot_write(team: str, edition: Callable[..., Path], tmp_path: Path) -> None:
    gba.build(edition(1), team)
    before = sorted(p.name for p in (tmp_path / "figures").rglob("*"))
    with gba.connect(team) as connection:
        for sql in (
            "DELETE FROM lake.main.observation", "DROP TABLE lake.main.build", "CREATE TABLE lake.main.mine (i INTEGER)",
            "DELETE FROM __ducklake_metadata_lake.public.ducklake_snapshot",
            "CALL postgres_execute('__ducklake_metadata_lake', 'DROP TABLE ducklake_snapshot')",
        ):  # fmt: skip
            with pytest.raises(duckdb.Error):
                connection.execute(sql)
    for sql in (
        f"COPY (SELECT 1) TO '{tmp_path}/figures/mine.csv'", "FROM read_csv('/etc/passwd')", "DELETE FROM observation",
        "ATTACH 'other.duckdb'", "DETACH lake",
    ):  # fmt: skip
        with pytest.raises(UsageError):
            gba.query(sql, database=team)
    assert sorted(p.name for p in (tmp_path / "figures").rglob("*")) == before
    assert values(team) == [1e9]


def test_the_command_line_shares(team: str, edition: Callable[..., Path], make_datasets, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:  # fmt: skip
    monkeypatch.setenv("GBA_DATABASE", team)
    assert main(["build", "--datasets", str(edition(1))]) == 0
    folder = make_datasets(gdp=[{"period": "2022", "value": "8"}])
    assert main(["contribute", str(folder), "--name", "desk", "--author", "ann", "-m", "the year 2022"]) == 0
    assert main(["snapshots", "--format", "json"]) == 0
    out = capsys.readouterr().out
    assert "contributed to ducklake:postgres:" in out
    listed = json.loads(out[out.index("[") :])
    assert [(s["author"], s["message"], s["added"]) for s in listed][1] == ("ann", "the year 2022", 1)
    assert main(["snapshots"]) == 0
    assert "the year 2022" in capsys.readouterr().out
    assert main(["load", "gdp", "--start", "2022", "--format", "csv"]) == 0
    assert "8000000000" in capsys.readouterr().out
    assert main(["status"]) == 0
    out = capsys.readouterr().out
    assert "Snapshots   2, the last 2 by ann: the year 2022" in " ".join(out.split("\n"))
    assert main(["withdraw", "--name", "desk"]) == 0
    assert main(["withdraw", "--name", "desk"]) == 2
    assert gba.load("gdp")["value"].unique().to_list() == [1e9]
    copy = tmp_path / "copy.duckdb"
    copy.write_bytes(database_bytes())
    assert gba.load("gdp", database=copy).equals(gba.load("gdp"))
    assert isinstance(gba.query("FROM gdp_usd", database=copy), pl.DataFrame)
