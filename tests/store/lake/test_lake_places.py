"""Where a shared database is: passwords, object stores, catalogues in files, places that are wrong."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import duckdb
import pytest

import gbaindicators as gba
from gbaindicators.cli.app import main
from gbaindicators.errors import DatabaseError
from gbaindicators.store import Lake, database_place
from gbaindicators.store.lake.attaching import attach_lake
from tests.store.lake.lake_server import PASSWORD, Server, name_of
from tests.store.lake.lake_writers import BUILDER, go_together, start, values


def test_a_password_in_the_string_opens_and_is_never_shown(
    team: str, edition: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:  # fmt: skip
    monkeypatch.delenv("PGPASSWORD")
    where, path = team.split("?")
    escaped = PASSWORD.replace("'", "\\'")
    with pytest.raises(DatabaseError, match="no password supplied"):
        gba.build(edition(1), team)
    strings = [
        f"{where} password='{escaped}'?{path}",
        f"{where} PASSWORD = '{escaped}' connect_timeout=60?{path}",
    ]
    for string in strings:
        lake = database_place(string)
        assert isinstance(lake, Lake) and lake.password == PASSWORD
        assert PASSWORD not in f"{lake} {lake!r}"
        said: list[str] = []
        made = gba.build(edition(1), string, progress=said.append)
        assert values(string) == [1e9]
        assert PASSWORD not in f"{made} {said}"
        shown = gba.query("SELECT path, options::VARCHAR FROM duckdb_databases()", database=string)
        secrets = gba.query("SELECT secret_string FROM duckdb_secrets()", database=string)
        assert PASSWORD not in f"{shown.rows()} {secrets.rows()}"
    for broken in ("wrong", "wro'ng"):
        wrong = strings[0].replace(escaped, broken.replace("'", "\\'"))
        with pytest.raises(DatabaseError) as error:
            values(wrong)
        assert "password authentication failed" in str(error.value)
        assert broken not in str(error.value)
    # The command line says the place in its log and its status, also where it fails.
    assert main(["status", "--json", "--database", strings[0]]) == 0
    assert main(["build", "--json", "--datasets", str(edition(2)), "--database", strings[0]]) == 0
    assert main(["load", "gdp", "--json", "--database", strings[0].replace("dbname=t", "dbname=x")]) == 1
    out, err = capfd.readouterr()
    assert "dbname=t" in err and PASSWORD not in out + err and escaped not in out + err
    for file in (tmp_path / "figures").rglob("*.parquet"):
        assert PASSWORD.encode() not in file.read_bytes()


def test_a_password_in_an_address(
    team: str, server: Server, edition: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGPASSWORD")
    name = name_of(team)
    path = team.split("?")[1]
    word = "hush%20it%27s%20secret"
    address = f"ducklake:postgres:postgresql://team:{word}@127.0.0.1:{server['port']}/{name}?connect_timeout=60&{path}"
    gba.build(edition(1), address)
    assert values(address) == [1e9]
    shown = f"ducklake:postgres:host=127.0.0.1 port={server['port']} user=team dbname={name} connect_timeout=60?{path}/"
    assert str(database_place(address)) == shown


def test_where_there_is_none_it_says_how_to_make_one(team: str, server: Server, edition: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    with pytest.raises(
        DatabaseError, match=r"there is no shared database at .*; make one with: gba build --database"
    ):
        gba.load("gdp", database=team)
    where = team.split("?")[0]
    with pytest.raises(DatabaseError, match=r"does not say where the figures go.*GBA_LAKE_DATA"):
        gba.build(edition(1), where)
    with pytest.raises(DatabaseError, match='database "nowhere" does not exist'):
        gba.load("gdp", database=where.replace(name_of(team), "nowhere"))
    monkeypatch.setenv("GBA_LAKE_DATA", team.split("data_path=")[1])
    gba.build(edition(1), where)
    assert values(where) == [1e9]
    with pytest.raises(DatabaseError, match="its figures lie elsewhere"):
        gba.build(edition(2), f"{where}?data_path=/tmp/elsewhere")


def test_figures_in_an_object_store(team: str, object_store: str, edition: Callable[..., Path]) -> None:
    where = team.split("?")[0]
    gba.build(edition(1), f"{where}?data_path={object_store}")
    gba.build(edition(2), where)
    number = gba.snapshots(where)["snapshot"][0]
    assert (
        values(where)
        == gba.query("SELECT DISTINCT value FROM latest", database=where)["value"].to_list()
        == [2e9]
    )
    assert values(f"{where}?snapshot={number}") == [1e9]
    with urlopen(f"{os.environ['AWS_ENDPOINT_URL']}/team?list-type=2&prefix=gba/main/observation/") as answer:
        assert b".parquet" in answer.read()


def test_another_programs_lake_is_left_alone(team: str, edition: Callable[..., Path], tmp_path: Path) -> None:
    lake = database_place(team)
    assert isinstance(lake, Lake)
    with contextlib.closing(duckdb.connect()) as connection:
        attach_lake(connection, lake, write=True)
        connection.execute("CREATE TABLE lake.main.orders (i INTEGER)")
    with pytest.raises(DatabaseError, match="a DuckLake of another program"):
        gba.load("gdp", database=team)
    with pytest.raises(DatabaseError, match="of another program, with the tables orders"):
        gba.build(edition(1), team)


def test_a_catalogue_in_a_file(edition: Callable[..., Path], tmp_path: Path) -> None:
    here = f"ducklake:{tmp_path / 'team.ducklake'}"
    with pytest.raises(DatabaseError, match="there is no shared database at"):
        gba.load("gdp", database=here)
    gba.build(edition(1), here)
    assert values(here) == [1e9]
    go_together([start(BUILDER, here, edition(n)) for n in (2, 3)])
    assert values(here) in ([2e9], [3e9])
    assert gba.snapshots(here).height == 3
