"""DuckDB's extensions for a shared database: from their wheels, or from where DuckDB keeps what it has installed."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gbaindicators.errors import DatabaseError

if TYPE_CHECKING:
    import duckdb

__all__ = ["load_extension"]

#: The environment variable by which a user lets DuckDB fetch extensions from its own repository.
_ALLOWED: Final = "GBA_INSTALL_EXTENSIONS"
_WHEELS: Final = {
    "ducklake": "duckdb_extension_ducklake",
    "postgres_scanner": "duckdb_extension_postgres_scanner",
    "httpfs": "duckdb_extension_httpfs",
}


def load_extension(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load an extension of DuckDB.

    Taken are the file in its wheel, then one that DuckDB has installed; from DuckDB's repository only where
    ``GBA_INSTALL_EXTENSIONS=1`` allows it.

    Raises
    ------
    DatabaseError
        When there is none for this version of DuckDB; the message says which versions work together.
    """
    import duckdb

    file = _in_wheel(name, duckdb.__version__)
    try:
        if file is None and os.environ.get(_ALLOWED) == "1":
            connection.execute(f"INSTALL {name}")
        connection.execute(f"LOAD '{str(file).replace(chr(39), chr(39) * 2)}'" if file else f"LOAD {name}")
    except duckdb.Error as error:
        raise DatabaseError(
            f"a shared database needs DuckDB's extension {name}, and there is none for DuckDB {duckdb.__version__} "
            f"({_first_sentence(error)}). Versions that work together: pip install 'gbaindicators[lake]', which is "
            "duckdb 1.5.5 with duckdb-extension-ducklake, duckdb-extension-postgres-scanner and "
            f"duckdb-extension-httpfs 1.5.5; or let DuckDB fetch its own with {_ALLOWED}=1"
        ) from None


def _in_wheel(name: str, version: str) -> Path | None:
    """File of an extension in its wheel, if that is installed and made for this version of DuckDB."""
    found = find_spec(_WHEELS[name])
    if found is None or found.origin is None:
        return None
    file = Path(found.origin).parent / "extensions" / f"v{version}" / f"{name}.duckdb_extension"
    return file if file.exists() else None


def _first_sentence(error: Exception) -> str:
    return str(error).splitlines()[0].split(". ")[0].rstrip(".")
