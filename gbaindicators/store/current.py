"""The database of the data home: opened as it is while it is of the shipped figures, built anew when it is not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gbaindicators.catalog.folders import datasets_dir
from gbaindicators.store.fingerprint import remembered_fingerprint
from gbaindicators.store.opening import check_whole, open_database

if TYPE_CHECKING:
    import duckdb

__all__ = ["open_current"]

#: Databases that this process has seen to be current.
_seen: set[Path] = set()


def open_current(path: Path) -> duckdb.DuckDBPyConnection:
    """Open the database of the data home; build it first if it is missing or was built from other shipped figures.

    A database that somebody built from a datasets folder of their own is left alone.
    """
    if path.exists() and path.stat().st_size:
        connection = open_database(path, whole=False)
        try:
            if path in _seen or _is_current(connection, path):
                check_whole(connection, path)
                _seen.add(path)
                return connection
        except BaseException:
            connection.close()
            raise
        connection.close()
    from gbaindicators.store.building import build_file

    build_file(None, path, lambda _: None)
    _seen.add(path)
    return open_database(path)


def _is_current(connection: duckdb.DuckDBPyConnection, path: Path) -> bool:
    rows = connection.execute("SELECT datasets, fingerprint FROM build").fetchall()
    if not rows:
        return False
    ((datasets, made_of),) = rows
    memory = path.with_name(path.name + ".shipped")
    return bool(datasets != "shipped" or made_of == remembered_fingerprint(datasets_dir(), memory))
