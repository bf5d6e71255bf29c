"""Where the database lives."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Final

from gbaindicators.errors import DatabaseError

__all__ = ["chosen_database", "database_path", "home", "using_database"]

_CHOSEN: Final[ContextVar[Path | None]] = ContextVar("database", default=None)


def home() -> Path:
    """Folder of the package's data: ``GBA_HOME``, or the platform's data folder."""
    if named := os.environ.get("GBA_HOME"):
        return Path(named).expanduser()
    from platformdirs import user_data_path

    return user_data_path("gbaindicators", appauthor=False)


def database_path(path: str | os.PathLike[str] | None = None) -> Path:
    """Path of the database: the one given, that of `using_database`, or ``gba.duckdb`` in the data home.

    Raises
    ------
    DatabaseError
        When the path is a folder.
    """
    chosen = Path(path).expanduser() if path is not None else _CHOSEN.get() or home() / "gba.duckdb"
    if chosen.is_dir():
        raise DatabaseError(
            f"{chosen} is a folder: name the database file in it, such as {chosen / 'gba.duckdb'}"
        )
    return chosen


def chosen_database() -> Path | None:
    """Database that `using_database` names, None outside of it."""
    return _CHOSEN.get()


@contextlib.contextmanager
def using_database(path: str | os.PathLike[str] | None) -> Iterator[None]:
    """Read from a database of one's own wherever none is named, in everything that runs within the block.

    Parameters
    ----------
    path
        The database; None leaves things as they are.

    Examples
    --------
    >>> with using_database("mine.duckdb"):
    ...     print(database_path())
    mine.duckdb
    """
    if path is None:
        yield
        return
    token = _CHOSEN.set(database_path(path))
    try:
        yield
    finally:
        _CHOSEN.reset(token)
