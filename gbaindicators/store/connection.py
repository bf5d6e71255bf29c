"""Reading the published database: each reader opens it for as long as it needs, and keeps what it opened."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gbaindicators.errors import DatabaseError
from gbaindicators.store.building import ensure_current
from gbaindicators.store.home import chosen_database, database_path
from gbaindicators.store.opening import open_database

if TYPE_CHECKING:
    import duckdb

__all__ = ["connect"]


@contextlib.contextmanager
def connect(database: str | os.PathLike[str] | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published database for reading; the first read builds it from the shipped datasets.

    A connection keeps the snapshot it opened, also while a new build is published.

    Parameters
    ----------
    database
        Path of the database, by default the one in the data home (``GBA_HOME``).

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
    path = database_path(database)
    if database is None and chosen_database() is None:
        ensure_current(path)
    elif not path.exists():
        raise DatabaseError(f"there is no database at {path}; build one with: gba build --database {path}")
    connection = open_database(path)
    try:
        yield connection
    finally:
        connection.close()
