"""Reading a shared database: one snapshot of it, with the views and macros of the SQL files on top."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from gbaindicators.catalog import sql_dir
from gbaindicators.errors import DatabaseError, UsageError
from gbaindicators.store.lake.attaching import NAME, attach_lake, columns_of, complaints, data_path, quoted
from gbaindicators.store.lake.location import Lake
from gbaindicators.store.layout import built_by, check_layout

if TYPE_CHECKING:
    import duckdb

__all__ = ["SNAPSHOTS", "define_views", "hold_lake", "read_lake", "snapshot_of"]

#: Snapshots of an attached lake that hold figures; time is UTC.
SNAPSHOTS: Final = f"""
    SELECT snapshot_id AS snapshot,
           coalesce((commit_extra_info->>'published')::TIMESTAMP, make_timestamp(epoch_us(snapshot_time))) AS time,
           author, commit_message AS message, commit_extra_info AS extra
    FROM {NAME}.snapshots() WHERE snapshot_id > 0
"""
#: Begins the name of the database in memory that shows a snapshot.
_SNAPSHOT: Final = "snapshot_"
#: Attached lakes of this process. To load the extensions takes half a second: once in a process is enough.
_attached: Final[dict[tuple[int, Lake, bool], duckdb.DuckDBPyConnection]] = {}
_one_at_a_time: Final = threading.Lock()
#: A lake of which nothing newer than a snapshot is read.
_held: Final[ContextVar[tuple[Lake, int] | None]] = ContextVar("held_lake", default=None)


@contextlib.contextmanager
def read_lake(
    lake: Lake, day: date | None = None, *, sealed: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Read a snapshot of a lake: that of its connection string, that of the end of a day, or the newest.

    Parameters
    ----------
    lake
        Where it is.
    day
        Read what the lake said at the end of this day, in UTC. Before its first snapshot, the newest is read.
    sealed
        Let nothing but the lake be read.

    Raises
    ------
    DatabaseError
        When there is no lake, it cannot be reached, or it is not one of this package.
    UsageError
        When there is no such snapshot.
    """
    try:
        connection = _open(lake, day, sealed)
    except DatabaseError:
        # What was kept attached may be of a server that has been started anew since.
        if _attached.pop(_key(lake, sealed), None) is None:
            raise
        connection = _open(lake, day, sealed)
    try:
        yield connection
    finally:
        connection.close()


@contextlib.contextmanager
def hold_lake(lake: Lake) -> Iterator[None]:
    """Read nothing of a lake within the block that is newer than its snapshot of now.

    Raises
    ------
    DatabaseError
        As `read_lake`.
    """
    with read_lake(lake) as connection:
        newest = snapshot_of(connection)
    token = _held.set((lake, newest))
    try:
        yield
    finally:
        _held.reset(token)


def _key(lake: Lake, sealed: bool) -> tuple[int, Lake, bool]:
    return os.getpid(), lake, sealed


def _open(lake: Lake, day: date | None, sealed: bool) -> duckdb.DuckDBPyConnection:
    with _one_at_a_time:
        root = _attached.get(_key(lake, sealed)) or _attach(lake, sealed)
        if lake.postgres is not None:  # a catalogue in a file is let go after every read, for others to write
            _attached[_key(lake, sealed)] = root
        connection = root.cursor()
        try:
            snapshot = _snapshot(connection, lake, day)
            # Views and macros live in memory, once for each snapshot: a lake cannot hold macros of tables.
            defined = f"{_SNAPSHOT}{snapshot}"
            if not connection.execute(
                "FROM duckdb_databases() WHERE database_name = ?", [defined]
            ).fetchone():
                _define(connection, lake, snapshot, defined)
            connection.execute(f"USE {defined}")
        except BaseException:
            connection.close()
            raise
    return connection


def _attach(lake: Lake, sealed: bool) -> duckdb.DuckDBPyConnection:
    import duckdb

    connection = duckdb.connect()
    try:
        attach_lake(connection, lake)
        if sealed:
            connection.execute(f"SET allowed_directories = [{quoted(data_path(connection, lake))}]")
            connection.execute("SET enable_external_access = false")
    except BaseException:
        connection.close()
        raise
    return connection


def _snapshot(connection: duckdb.DuckDBPyConnection, lake: Lake, day: date | None) -> int:
    with complaints(lake):
        rows = connection.execute(f"SELECT snapshot, time FROM ({SNAPSHOTS}) ORDER BY snapshot").fetchall()
    held = _held.get()
    if held is not None and held[0] == lake:
        rows = [row for row in rows if row[0] <= held[1]]
    if not rows:
        raise DatabaseError(f"{lake} holds no figures yet; publish some with: gba build --database '{lake}'")
    numbers = [int(row[0]) for row in rows]
    if lake.snapshot is not None:
        if lake.snapshot not in numbers:
            raise UsageError(f"{lake} has no snapshot {lake.snapshot}: it has {numbers[0]} to {numbers[-1]}")
        return lake.snapshot
    by_then = [] if day is None else [n for n, time in rows if time.date() < day + timedelta(days=1)]
    return int(by_then[-1]) if by_then else numbers[-1]


def snapshot_of(connection: duckdb.DuckDBPyConnection) -> int:
    """Tell which snapshot a connection of `read_lake` reads."""
    ((name,),) = connection.execute("SELECT current_database()").fetchall()
    return int(str(name).removeprefix(_SNAPSHOT))


def define_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Define what readers ask on the tables of a connection, as a database file has it."""
    connection.execute((sql_dir() / "views.sql").read_text(encoding="utf-8"))
    for (table,) in connection.execute("SELECT DISTINCT table_name FROM indicator").fetchall():
        connection.execute(f'CREATE VIEW "{table}" AS FROM latest WHERE table_name = {quoted(table)}')


def _define(connection: duckdb.DuckDBPyConnection, lake: Lake, snapshot: int, name: str) -> None:
    """Define, in a database in memory, the tables as they were in a snapshot, and the views and macros of a file."""
    import duckdb

    tables = columns_of(connection, NAME)
    if "build" not in tables or "observation" not in tables:
        raise DatabaseError(
            f"{lake} is a DuckLake of another program: it lacks this package's tables. Choose another database of "
            "PostgreSQL for the figures"
        )
    connection.execute(f"ATTACH ':memory:' AS {name}; USE {name}")
    try:
        built = built_by(connection, f"{NAME}.main.build AT (VERSION => {snapshot})")
        check_layout(built, lake, f"snapshot {snapshot} of ")
        connection.execute((sql_dir() / "schema.sql").read_text(encoding="utf-8"))
        for table in tables:
            connection.execute(f'DROP TABLE IF EXISTS "{table}"')
            connection.execute(
                f'CREATE VIEW "{table}" AS FROM {NAME}.main."{table}" AT (VERSION => {snapshot})'
            )
        define_views(connection)
    except BaseException as error:
        connection.execute(f"USE memory; DETACH {name}")
        if isinstance(error, (duckdb.BinderException, duckdb.CatalogException)):
            raise DatabaseError(
                f"snapshot {snapshot} of {lake} was written by another version of gbaindicators, whose tables differ "
                f"({str(error).splitlines()[0]}). Read it with that version, or publish anew: gba build --database '{lake}'"
            ) from None
        raise
