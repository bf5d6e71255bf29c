"""Where the database is: a file in the data home, one of the user's, or one that a team shares."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Final

from gbaindicators.errors import DatabaseError
from gbaindicators.store.lake.location import Lake, is_lake, parse_lake

__all__ = ["Place", "chosen_database", "database_path", "database_place", "home", "using_database"]

#: Where a database is: a file, or one that a team shares.
Place = Path | Lake
_CHOSEN: Final[ContextVar[Place | None]] = ContextVar("database", default=None)


def home() -> Path:
    """Folder of the package's data: ``GBA_HOME``, or the platform's data folder."""
    if named := os.environ.get("GBA_HOME"):
        return Path(named).expanduser()
    from platformdirs import user_data_path

    return user_data_path("gbaindicators", appauthor=False)


def database_place(database: str | os.PathLike[str] | Lake | None = None) -> Place:
    """Find where a database is: the one given, that of `using_database`, of ``GBA_DATABASE``, or of the data home.

    Parameters
    ----------
    database
        Path of a file, or connection string of a shared database: ``ducklake:postgres:dbname=gba host=db``.

    Raises
    ------
    DatabaseError
        When the path is a folder.
    UsageError
        When the connection string is none.
    """
    if isinstance(database, Lake):
        return database
    given = database if database is not None else chosen_database()
    if given is None:
        return home() / "gba.duckdb"
    if isinstance(given, Lake):
        return given
    if is_lake(given):
        return parse_lake(os.fspath(given))
    path = Path(given).expanduser()
    if path.is_dir():
        raise DatabaseError(
            f"{path} is a folder: name the database file in it, such as {path / 'gba.duckdb'}"
        )
    return path


def database_path(database: str | os.PathLike[str] | Lake | None = None) -> Path:
    """Path of the database, as `database_place` finds it, where only a file will do.

    Raises
    ------
    DatabaseError
        When the path is a folder, or the database is shared and so no file.
    """
    place = database_place(database)
    if isinstance(place, Lake):
        raise DatabaseError(f"this needs a database file, and {place} is a shared database; name a file")
    return place


def chosen_database() -> Place | str | None:
    """Database that `using_database` or the environment names, None where that of the data home is meant."""
    return _CHOSEN.get() or os.environ.get("GBA_DATABASE") or None


@contextlib.contextmanager
def using_database(database: str | os.PathLike[str] | Lake | None) -> Iterator[None]:
    """Read from a database of one's own wherever none is named, in everything that runs within the block.

    Parameters
    ----------
    database
        Its path, or the connection string of a shared one; None leaves things as they are.

    Examples
    --------
    >>> with using_database("mine.duckdb"):
    ...     print(database_path())
    mine.duckdb
    """
    if database is None:
        yield
        return
    token = _CHOSEN.set(database_place(database))
    try:
        yield
    finally:
        _CHOSEN.reset(token)
