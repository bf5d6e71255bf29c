"""Reading the published database: each reader opens it for as long as it needs, and keeps what it opened."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from gbaindicators.errors import DatabaseError
from gbaindicators.store.current import open_current
from gbaindicators.store.home import chosen_database, database_place
from gbaindicators.store.known import known_day, last_day, look_back
from gbaindicators.store.lake.location import Lake
from gbaindicators.store.names import Database
from gbaindicators.store.opening import open_database

if TYPE_CHECKING:
    import duckdb

__all__ = ["connect", "connect_sealed", "held_open"]


@contextlib.contextmanager
def connect(
    database: Database = None, *, as_of: str | date | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published database for reading; the first read builds it from the shipped datasets.

    A connection keeps the snapshot it opened, also while a new build is published. Within `known_by` its tables are as
    they were on that day.

    Parameters
    ----------
    database
        Path of the database, or connection string of a shared one; by default that of ``GBA_DATABASE``, or the one in
        the data home (``GBA_HOME``).
    as_of
        Of a shared database, open what it held at the end of this day (UTC), or its newest snapshot if it is younger.

    Yields
    ------
    duckdb.DuckDBPyConnection
        Read-only; closed when the block ends.

    Examples
    --------
    >>> with connect() as connection:
    ...     connection.execute("SELECT count(*) > 0 FROM observation").fetchone()
    (True,)
    """
    with _opened(database, None if as_of is None else last_day(as_of), sealed=False) as connection:
        yield connection


@contextlib.contextmanager
def connect_sealed(
    database: Database = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published database as `connect` does, with no way to any other file."""
    with _opened(database, None, sealed=True) as connection:
        yield connection


@contextlib.contextmanager
def held_open(database: Database = None) -> Iterator[None]:
    """Keep a database file open while it is read piece by piece: only the first opening takes time.

    All that is read within the block is of one edition, also while a new build is published; of a shared database of one
    snapshot.
    """
    place = database_place(database)
    if isinstance(place, Lake):
        from gbaindicators.store.lake.session import hold_lake

        with hold_lake(place):
            yield
        return
    with connect(database):
        yield


@contextlib.contextmanager
def _opened(database: Database, day: date | None, *, sealed: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    place = database_place(database)
    if isinstance(place, Lake):
        from gbaindicators.store.lake.session import read_lake

        days = [d for d in (day, known_day()) if d is not None]
        with read_lake(place, min(days, default=None), sealed=sealed) as connection:
            look_back(connection)
            yield connection
        return
    if database is None and chosen_database() is None:
        connection = open_current(place)
    elif place.exists():
        connection = open_database(place)
    else:
        raise DatabaseError(f"there is no database at {place}; build one with: gba build --database {place}")
    try:
        look_back(connection)
        if sealed:
            connection.execute("SET enable_external_access = false")
        yield connection
    finally:
        connection.close()
