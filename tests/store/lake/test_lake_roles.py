"""Who may read and not write, and what an administrator of a shared database does with DuckLake's own functions."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

import gbaindicators as gba
from gbaindicators.errors import DatabaseError, UsageError
from gbaindicators.store.lake.attaching import attach_lake
from gbaindicators.store.lake.location import parse_lake
from tests.store.lake.lake_server import Server, name_of, psql
from tests.store.lake.lake_writers import DOOMED, start, values


@contextlib.contextmanager
def administrator(team: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB with the lake attached for writing."""
    with contextlib.closing(duckdb.connect()) as connection:
        attach_lake(connection, parse_lake(team), write=True)
        yield connection


def stored(folder: Path) -> set[Path]:
    return set(folder.rglob("*.parquet"))


@pytest.fixture
def reader(team: str, server: Server, edition: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> str:
    """The shared database, after two builds, as a role sees it that may do nothing but select."""
    for value in (1, 2):
        gba.build(edition(value), team)
    name, role = name_of(team), f"reader_{name_of(team)}"
    psql(server, f"CREATE ROLE {role} LOGIN PASSWORD 'look'")
    psql(server, f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}", name)
    monkeypatch.setenv("PGPASSWORD", "look")
    return team.replace("user=team", f"user={role}")


def test_a_role_that_may_only_select_reads(reader: str) -> None:
    found = gba.snapshots(reader)
    assert found.height == 2
    assert values(reader) == [2e9]
    assert values(f"{reader}&snapshot={found['snapshot'][0]}") == [1e9]
    assert gba.query("SELECT DISTINCT value FROM latest", database=reader).item() == 2e9
    assert gba.scan("gdp", database=reader).collect().height == 30


def test_a_role_that_may_only_select_cannot_write(
    reader: str, edition: Callable[..., Path], make_datasets
) -> None:
    figure = make_datasets(gdp=[{"period": "2022", "value": "8"}])
    for write in (lambda: gba.build(edition(3), reader), lambda: gba.contribute(figure, reader, name="mine")):
        with pytest.raises(DatabaseError, match="permission denied"):
            write()
    assert values(reader) == [2e9] and gba.snapshots(reader).height == 2


def test_passwords_are_found_where_libpq_looks(
    reader: str, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGPASSWORD")
    name, role = name_of(reader), f"reader_{name_of(reader)}"
    words = tmp_path / "pgpass"
    words.write_text(f"*:*:{name}:{role}:look\n", encoding="utf-8")
    words.chmod(0o600)
    with monkeypatch.context() as within:
        within.setenv("PGPASSFILE", str(words))
        assert values(reader) == [2e9]
    service = tmp_path / "services"
    settings = server | {"user": role, "password": "look", "dbname": name}
    service.write_text("[gba]\n" + "".join(f"{k}={v}\n" for k, v in settings.items()), encoding="utf-8")
    monkeypatch.setenv("PGSERVICEFILE", str(service))
    assert values("ducklake:postgres:service=gba") == [2e9]


def test_old_snapshots_are_kept_until_somebody_removes_them(
    team: str, edition: Callable[..., Path], tmp_path: Path
) -> None:
    for value in (1, 2, 3):
        gba.build(edition(value), team)
    first, second, third = gba.snapshots(team)["snapshot"]
    before = stored(tmp_path / "figures")
    with administrator(team) as connection:
        connection.execute(f"CALL ducklake_expire_snapshots('lake', versions => [{first}])")
        connection.execute("CALL ducklake_cleanup_old_files('lake', cleanup_all => true)")
    assert stored(tmp_path / "figures") < before
    assert gba.snapshots(team)["snapshot"].to_list() == [second, third]
    assert (values(team), values(f"{team}&snapshot={second}")) == ([3e9], [2e9])
    with pytest.raises(UsageError, match=rf"no snapshot {first}: it has {second} to {third}"):
        values(f"{team}&snapshot={first}")
    gba.build(edition(4), team)
    assert values(team) == [4e9]


def test_files_of_a_killed_writer_are_kept_until_somebody_removes_them(
    team: str, edition: Callable[..., Path], tmp_path: Path
) -> None:
    gba.build(edition(1), team)
    good = stored(tmp_path / "figures")
    doomed = start(DOOMED, team, edition(2))
    assert doomed.stdout is not None and doomed.stdout.readline() == "written\n"
    doomed.send_signal(signal.SIGKILL)
    doomed.communicate()
    assert stored(tmp_path / "figures") > good
    with administrator(team) as connection:
        connection.execute("CALL ducklake_delete_orphaned_files('lake', cleanup_all => true)")
    assert stored(tmp_path / "figures") == good
    assert values(team) == [1e9]
