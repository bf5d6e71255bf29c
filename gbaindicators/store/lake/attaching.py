"""Attaching a shared database to DuckDB, and saying what went wrong without its password."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from gbaindicators.errors import DatabaseError
from gbaindicators.store.lake.extensions import load_extension
from gbaindicators.store.lake.location import Lake, parse_lake
from gbaindicators.store.layout import Built, built_by
from gbaindicators.store.opening import quiet

if TYPE_CHECKING:
    import duckdb

__all__ = [
    "NAME",
    "TURNS",
    "attach_lake",
    "attach_turns",
    "built_in",
    "columns_of",
    "complaints",
    "data_path",
    "is_made",
    "quoted",
]

#: Name of the lake in a connection, and of the PostgreSQL database where writers take turns.
NAME: Final = "lake"
TURNS: Final = "turns"
#: Seconds to wait for a catalogue in a file that another process has open.
_PATIENCE: Final = 10.0
_LOGIN: Final = "lake_login"
#: Few rows go into the catalogue itself as SQL, and of that DuckDB 1.5 reads numbers a last bit off; PostgreSQL does not.
_EXACT: Final = "DATA_INLINING_ROW_LIMIT 0"
#: The environment variable that says where the figures of a lake go that is made now.
_DATA: Final = "GBA_LAKE_DATA"
#: Keys of an object store, under the names that the usual programs read from the environment.
_STORE: Final = {
    "KEY_ID": "AWS_ACCESS_KEY_ID",
    "SECRET": "AWS_SECRET_ACCESS_KEY",
    "SESSION_TOKEN": "AWS_SESSION_TOKEN",
    "REGION": "AWS_REGION",
}


def attach_lake(connection: duckdb.DuckDBPyConnection, lake: Lake, *, write: bool = False) -> None:
    """Attach a lake under `NAME`; a writer makes it where there is none yet.

    Raises
    ------
    DatabaseError
        When it cannot be reached, or there is none.
    """
    options = _prepared(connection, lake) + ([] if write else ["READ_ONLY"])
    if write and lake.postgres is None:
        options.append(_EXACT)
    with complaints(lake):
        if write and not _is_made(connection, lake, options):
            options.append(f"DATA_PATH {quoted(_new_data_path(lake))}")
        elif lake.data_path is not None:
            options.append(f"DATA_PATH {quoted(lake.data_path)}")
            if not write:  # as seen from here: a shared folder has another path on another machine
                options.append("OVERRIDE_DATA_PATH true")
        _attach(connection, lake, options)
    if data_path(connection, lake).startswith("s3://"):
        _use_object_store(connection)


def is_made(connection: duckdb.DuckDBPyConnection, lake: Lake) -> bool:
    """Tell whether there is a lake where a connection string names one.

    Raises
    ------
    DatabaseError
        When its place cannot be reached.
    """
    options = _prepared(connection, lake)
    with complaints(lake):
        return _is_made(connection, lake, options)


def _prepared(connection: duckdb.DuckDBPyConnection, lake: Lake) -> list[str]:
    """Load what is needed to attach a lake, and return the options that it takes."""
    _prepare(connection, lake)
    load_extension(connection, "ducklake")
    return [] if lake.password is None else [f"META_SECRET {_LOGIN}"]


def _attach(connection: duckdb.DuckDBPyConnection, lake: Lake, options: list[str]) -> None:
    import duckdb

    how = f" ({', '.join(options)})" if options else ""
    attach = f"ATTACH {quoted('ducklake:' + lake.catalog)} AS {NAME}{how}"
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute(attach)
        except duckdb.Error as error:
            if "httpfs" in str(error):
                _use_object_store(connection)  # the catalogue names one, which only now is known
            elif "Could not set lock" in str(error) and time.monotonic() < until:
                time.sleep(0.1)  # a catalogue in a file serves one process at a time
            else:
                raise
        else:
            return


def _is_made(connection: duckdb.DuckDBPyConnection, lake: Lake, options: list[str]) -> bool:
    import duckdb

    try:
        _attach(connection, lake, [*options, "READ_ONLY"])
    except (duckdb.InvalidInputException, duckdb.IOException) as error:
        if _is_missing(str(error)):
            return False
        raise
    connection.execute(f"DETACH {NAME}")
    return True


def _is_missing(text: str) -> bool:
    return "creating a new DuckLake is explicitly disabled" in text or (
        "Cannot open database" in text and "database does not exist" in text
    )


def _new_data_path(lake: Lake) -> str:
    """Where the figures of a lake go that is made now."""
    if lake.data_path is not None:
        return lake.data_path
    if given := os.environ.get(_DATA):
        found = parse_lake(f"{lake}?data_path={given}").data_path
        assert found is not None
        return found
    if lake.postgres is None:
        return f"{lake.catalog}.files/"
    raise DatabaseError(
        f"there is no shared database at {lake} yet, and it does not say where the figures go. Put a folder that the whole "
        f"team reaches, or an object store, behind it: '{lake}?data_path=/mnt/team/gba', or set {_DATA}"
    )


def data_path(connection: duckdb.DuckDBPyConnection, lake: Lake) -> str:
    """Where the figures of an attached lake lie, as seen from here."""
    if lake.data_path is not None:
        return lake.data_path
    with complaints(lake):
        row = connection.execute(
            f"SELECT value FROM {NAME}.options() WHERE option_name = 'data_path'"
        ).fetchone()
    assert row is not None
    return str(row[0])


def attach_turns(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Attach the PostgreSQL database of a lake's catalogue under `TURNS`, for its locks alone."""
    _prepare(connection, lake)
    secret = f", SECRET {_LOGIN}" if lake.password is not None else ""
    with complaints(lake):
        connection.execute(
            f"ATTACH {quoted(lake.postgres or '')} AS {TURNS} (TYPE postgres, READ_ONLY{secret})"
        )


def _prepare(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    quiet(connection)
    connection.execute("SET autoinstall_known_extensions = false")
    if lake.postgres is not None:
        load_extension(connection, "postgres_scanner")
        if lake.password is not None:
            # A secret of this connection: unlike the string, DuckDB never shows it.
            connection.execute(
                f"CREATE OR REPLACE SECRET {_LOGIN} (TYPE postgres, PASSWORD {quoted(lake.password)})"
            )
    if lake.data_path is not None and lake.data_path.startswith("s3://"):
        _use_object_store(connection)


def _use_object_store(connection: duckdb.DuckDBPyConnection) -> None:
    """Give DuckDB the keys of the object store from the environment."""
    load_extension(connection, "httpfs")
    given = {name: os.environ[variable] for name, variable in _STORE.items() if os.environ.get(variable)}
    if address := os.environ.get("AWS_ENDPOINT_URL"):
        given["ENDPOINT"] = re.sub(r"^https?://", "", address).rstrip("/")
        given["USE_SSL"] = str(address.startswith("https")).lower()
        given["URL_STYLE"] = "path"
    settings = "".join(f", {name} {quoted(value)}" for name, value in given.items())
    connection.execute(f"CREATE OR REPLACE SECRET lake_store (TYPE s3{settings})")


@contextlib.contextmanager
def complaints(lake: Lake) -> Iterator[None]:
    """Say what DuckDB and PostgreSQL complain of in words of this package, and without the password.

    Raises
    ------
    DatabaseError
        In place of any error of DuckDB.
    """
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        if "KeyboardInterrupt" in str(error):
            raise KeyboardInterrupt from None
        raise DatabaseError(_reason(lake, " ".join(str(error).split()))) from None


def _reason(lake: Lake, text: str) -> str:
    if lake.password:
        text = text.replace(lake.password, "***")
    if _is_missing(text):
        return f"there is no shared database at {lake}; make one with: gba build --database '{lake}'"
    if "does not match existing data path" in text:
        return f"{lake}: its figures lie elsewhere, and whoever writes must say the same or nothing ({text})"
    if "Could not set lock" in text:
        return f"{lake} is open in another process; a catalogue in a file serves one at a time, PostgreSQL many ({text})"
    if "Transaction conflict" in text:
        return (
            f"{lake} was changed by another program at the same time; nothing was written, try again ({text})"
        )
    return f"{lake} cannot be used: {text}"


def columns_of(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, list[tuple[str, str]]]:
    """Tables of an attached database, each with its columns and their types."""
    rows = connection.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() JOIN duckdb_tables() USING (database_name, schema_name, table_name) "
        "WHERE database_name = ? AND schema_name = 'main' ORDER BY table_name, column_index", [database],
    ).fetchall()  # fmt: skip
    found: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in rows:
        found.setdefault(table, []).append((column, kind))
    return found


def built_in(connection: duckdb.DuckDBPyConnection) -> Built | None:
    """What an attached lake says of its build, None where nothing was built in it yet."""
    return built_by(connection, f"{NAME}.main.build") if "build" in columns_of(connection, NAME) else None


def quoted(text: str) -> str:
    """Text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"
