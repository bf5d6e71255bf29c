"""Connection strings of a shared database, and what is said where it cannot be opened; needs no extension."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gbaindicators as gba
from gbaindicators.cli.app import main
from gbaindicators.errors import DatabaseError, UsageError
from gbaindicators.store import Lake, database_path, database_place, using_database
from gbaindicators.store.lake import extensions
from gbaindicators.store.lake.location import parse_lake

TEAM = "ducklake:postgres:dbname=gba host=db"


def test_the_parts_of_a_string() -> None:
    assert parse_lake(TEAM) == Lake("postgres:dbname=gba host=db")
    whole = parse_lake(f"{TEAM} user = ann?data_path=s3://team/gba&snapshot=12")
    assert whole == Lake("postgres:dbname=gba host=db user=ann", "s3://team/gba/", 12)
    assert parse_lake(str(whole)) == whole
    assert parse_lake(f"{TEAM}?data_path=~/figures").data_path == f"{Path.home()}/figures/"
    assert parse_lake("ducklake:team.ducklake?snapshot=3") == Lake(
        str(Path("team.ducklake").absolute()), snapshot=3
    )
    assert pickle.loads(pickle.dumps(whole)) == whole


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1))
def test_any_password_is_read_and_hidden(word: str) -> None:
    escaped = word.replace("\\", "\\\\").replace("'", "\\'")
    lake = parse_lake(f"{TEAM} password='{escaped}' user='ann lee'?data_path=s3://team/gba")
    assert lake.password == word
    assert str(lake) == f"{TEAM} user='ann lee'?data_path=s3://team/gba/"
    assert repr(lake) == f"Lake({str(lake)!r})"


@pytest.mark.parametrize(
    ("address", "shown", "password"),
    [
        ("postgresql://ann:hu%40sh@db:5433/gba", "host=db port=5433 user=ann dbname=gba", "hu@sh"),
        (
            "postgres://ann@db/gba?sslmode=require&password=hush",
            "host=db user=ann dbname=gba sslmode=require",
            "hush",
        ),
        (
            "postgresql://db/gba?application_name=our%20desk",
            "host=db dbname=gba application_name='our desk'",
            None,
        ),
    ],
)
def test_addresses(address: str, shown: str, password: str | None) -> None:
    lake = parse_lake(f"ducklake:postgres:{address}")
    assert (lake.postgres, lake.password) == (shown, password)


@pytest.mark.parametrize(
    "text",
    [
        "ducklake:postgres:host=db password='hush", "ducklake:postgres:db hush", "ducklake:sqlite:hush", "ducklake:",
        "ducklake:postgres:host=db sslpassword=hush",
    ],
)  # fmt: skip
def test_a_string_that_cannot_be_read_is_not_repeated(text: str) -> None:
    with pytest.raises(UsageError) as error:
        database_place(text)
    assert "hush" not in str(error.value)


def test_a_snapshot_goes_by_number() -> None:
    with pytest.raises(UsageError, match="snapshot=last is no snapshot"):
        parse_lake(f"{TEAM}?snapshot=last")


def test_the_place_is_the_one_given_then_chosen_then_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert database_place() == Path(database_path())
    monkeypatch.setenv("GBA_DATABASE", TEAM)
    assert database_place() == parse_lake(TEAM)
    with using_database(tmp_path / "mine.duckdb"):
        assert database_place() == tmp_path / "mine.duckdb"
        assert database_place(f"{TEAM} user=ann") == parse_lake(f"{TEAM} user=ann")
    with pytest.raises(DatabaseError, match="this needs a database file"):
        database_path()
    monkeypatch.setenv("GBA_DATABASE", str(tmp_path / "gba.duckdb"))
    assert database_path() == tmp_path / "gba.duckdb"
    with pytest.raises(DatabaseError, match="there is no database at"):
        gba.load("gdp")


def test_without_extensions_it_says_which_versions_work_together(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(extensions, "find_spec", lambda name: None)
    monkeypatch.setenv("HOME", str(tmp_path))  # where DuckDB keeps what it has installed
    assert main(["load", "gdp", "--database", f"{TEAM} password=hush"]) == 1
    said = capsys.readouterr().err
    for words in (
        "needs DuckDB's extension postgres_scanner",
        "gbaindicators[lake]",
        "duckdb 1.5.5",
        "GBA_INSTALL_EXTENSIONS=1",
    ):
        assert words in said
    assert "hush" not in said
