"""Opening a database file, and telling whether it is one of this package."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gbaindicators.errors import DatabaseError
from gbaindicators.store.layout import built_by, check_layout
from gbaindicators.store.partition_files import attach_partitions, missing_partition, partitions_dir

if TYPE_CHECKING:
    import duckdb

__all__ = ["check_whole", "open_database", "quiet"]

_PATIENCE: Final = 3.0


_FOREIGN: Final = (
    "{} is not a database of gbaindicators: another program's file, damaged, or written by a newer DuckDB. "
    "Move it away and run: gba build"
)


def _is_duckdb(path: Path) -> bool:
    """Tell a DuckDB file by its mark, so that no other kind of file makes DuckDB look for an extension."""
    try:
        with path.open("rb") as file:
            return file.read(12)[8:] == b"DUCK"
    except OSError as error:
        raise DatabaseError(f"{path} cannot be read: {error.strerror or error}") from None


def _is_ours(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether an open database is one of this package."""
    import duckdb

    try:
        connection.execute(
            "SELECT fingerprint FROM build, (SELECT series_period, standing FROM observation LIMIT 0) LIMIT 0"
        )
    except (duckdb.CatalogException, duckdb.BinderException):
        return False
    except duckdb.IOException:  # partitions are missing, which is another matter
        return True
    return True


def quiet(connection: duckdb.DuckDBPyConnection) -> None:
    """Keep DuckDB's progress bar off the output of programs."""
    import duckdb

    # In a notebook without ipywidgets there is no bar, and setting it is an error.
    with contextlib.suppress(duckdb.InvalidInputException):
        connection.execute("SET enable_progress_bar = false")


def open_database(path: Path, *, whole: bool = True) -> duckdb.DuckDBPyConnection:
    """Open a database file read-only, waiting a moment for a writer that is not this package's.

    Parameters
    ----------
    path
        The file.
    whole
        Whether it must be of the layout that is read now, and its partitions all there; a build makes anew what is not.

    Raises
    ------
    DatabaseError
        When the file is no database of this package, cannot be read, stays locked, is of another layout, or lacks
        partitions.
    """
    import duckdb

    if not _is_duckdb(path):
        raise DatabaseError(_FOREIGN.format(path))
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            connection = duckdb.connect(
                str(path), read_only=True, config={"autoinstall_known_extensions": "false"}
            )
            break
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            if "set lock" in reason:
                if time.monotonic() < until:
                    time.sleep(0.1)
                    continue
                raise DatabaseError(
                    f"{path} is locked by another program that has it open for writing ({reason}). Close that "
                    "program; this package itself never writes to a published database"
                ) from None
            raise DatabaseError(f"{_FOREIGN.format(path)} (DuckDB says: {reason})") from None
    quiet(connection)
    attach_partitions(connection, path)
    if not _is_ours(connection):
        connection.close()
        raise DatabaseError(
            f"{path} is a DuckDB database of another program: it lacks this package's tables. Choose another file "
            "(GBA_HOME, or --database), or move it away and run: gba build"
        )
    if whole:
        try:
            check_whole(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def check_whole(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Raise when an open database is of another layout than is read now, or lacks partitions."""
    check_layout(built_by(connection), path)
    if missing := missing_partition(connection, path):
        raise DatabaseError(
            f"{path} lacks its partition {missing}: the folder {partitions_dir(path).name} lies beside a database and moves "
            "together with it; gba build makes anew what is missing"
        )
