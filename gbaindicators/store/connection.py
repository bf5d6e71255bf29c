"""Opening a published database for reading."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gbaindicators.errors import DatabaseError
from gbaindicators.store.home import database_path

if TYPE_CHECKING:
    import duckdb

__all__ = ["connect", "identify", "open_database"]

_PATIENCE: Final = 3.0


def identify(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether an open database is one of this package."""
    import duckdb

    try:
        connection.execute(
            "SELECT fingerprint FROM build, (SELECT series_period, standing FROM observation LIMIT 0) LIMIT 0"
        )
    except (duckdb.CatalogException, duckdb.BinderException):
        return False
    return True


def open_database(path: Path) -> duckdb.DuckDBPyConnection:
    """Open a database file read-only, waiting a moment for a writer that is not this package's.

    Raises
    ------
    DatabaseError
        When the file is no database of this package, cannot be read, or stays locked.
    """
    import duckdb

    until = time.monotonic() + _PATIENCE
    while True:
        try:
            connection = duckdb.connect(str(path), read_only=True)
            break
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            if "lock" in reason.casefold():
                if time.monotonic() < until:
                    time.sleep(0.1)
                    continue
                raise DatabaseError(
                    f"{path} is locked by another program that has it open for writing ({reason}). Close that "
                    "program; this package itself never writes to a published database"
                ) from None
            if (
                "not a valid DuckDB" in reason
                or "Serialization" in reason
                or "not a database" in reason.casefold()
            ):
                raise DatabaseError(
                    f"{path} is not a database of gbaindicators (another program's file, damaged, or written by a "
                    "newer DuckDB). Move it away and run: gba build"
                ) from None
            raise DatabaseError(f"{path} cannot be opened: {reason}") from None
    if not identify(connection):
        connection.close()
        raise DatabaseError(
            f"{path} is a DuckDB database of another program: it lacks this package's tables. Choose another file "
            "(GBA_HOME, or --database), or move it away and run: gba build"
        )
    return connection


@contextlib.contextmanager
def connect(database: str | os.PathLike[str] | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published database for reading; the first read builds it from the shipped datasets.

    A connection keeps the snapshot it opened, also while a new build is published.

    Parameters
    ----------
    database
        Path of the database, by default the one in the data home (``GBA_HOME``).
    """
    path = database_path(database)
    if database is None:
        from gbaindicators.store.build import ensure_current

        ensure_current(path)
    elif not path.exists():
        raise DatabaseError(f"there is no database at {path}; build one with: gba build --database {path}")
    connection = open_database(path)
    connection.execute("SET enable_progress_bar = false")
    try:
        yield connection
    finally:
        connection.close()
