"""Where the database lives."""

from __future__ import annotations

import os
from pathlib import Path

from gbaindicators.errors import DatabaseError

__all__ = ["database_path", "home"]


def home() -> Path:
    """Folder of the package's data: ``GBA_HOME``, or the platform's data folder."""
    if named := os.environ.get("GBA_HOME"):
        return Path(named).expanduser()
    from platformdirs import user_data_path

    return user_data_path("gbaindicators", appauthor=False)


def database_path(path: str | os.PathLike[str] | None = None) -> Path:
    """Path of the database: the one given, or ``gba.duckdb`` in the data home.

    Raises
    ------
    DatabaseError
        When the path is a folder.
    """
    chosen = Path(path).expanduser() if path is not None else home() / "gba.duckdb"
    if chosen.is_dir():
        raise DatabaseError(
            f"{chosen} is a folder: name the database file in it, such as {chosen / 'gba.duckdb'}"
        )
    return chosen
