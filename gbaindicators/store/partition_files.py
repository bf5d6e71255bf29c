"""Where the partitions of a database lie, and how an open database finds them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

__all__ = ["attach_partitions", "findings_beside", "missing_partition", "partitions_dir", "quoted"]


def partitions_dir(database: Path) -> Path:
    """Folder beside a database that holds the partitions of its large tables.

    >>> partitions_dir(Path("home/gba.duckdb")).name
    'gba.duckdb.partitions'
    """
    return database.with_name(database.name + ".partitions")


def findings_beside(partition: Path) -> Path:
    """File beside one of a partition that holds what the checks of its figures found; there is none if nothing was.

    >>> findings_beside(Path("gdp/year=2020/4f2a.parquet")).name
    '4f2a.findings.parquet'
    """
    return partition.with_name(f"{partition.stem}.findings.parquet")


def quoted(text: str | Path) -> str:
    """Write a text as an SQL literal."""
    return "'" + str(text).replace("'", "''") + "'"


def attach_partitions(connection: duckdb.DuckDBPyConnection, database: Path) -> None:
    """Tell an open database where its partitions are, so that it may be moved together with them.

    Without it, as in another DuckDB client, they are looked for where they were built.
    """
    folder = partitions_dir(database).absolute()
    if folder.is_dir():
        connection.execute(f"SET VARIABLE gba_partitions = {quoted(folder)}")
        # They stay readable where a query may reach nothing else outside of the database. Connections of one process
        # share that setting: where a query has sealed it already, it was made before.
        if connection.execute("SELECT current_setting('enable_external_access')").fetchall() == [(True,)]:
            connection.execute(f"SET allowed_directories = [{quoted(folder)}]")


def missing_partition(connection: duckdb.DuckDBPyConnection, database: Path) -> str | None:
    """Name a file of an open database's partitions that does not lie beside it, None where all do."""
    import duckdb

    try:
        files = connection.execute("SELECT file FROM partition").fetchall()
    except duckdb.CatalogException:  # built before there were partitions
        return None
    folder = partitions_dir(database)
    return next((file for (file,) in files if not (folder / file).exists()), None)
