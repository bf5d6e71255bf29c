"""What a shared database has been: its snapshots, and a copy of one in a file."""

from __future__ import annotations

import tempfile
from itertools import takewhile
from pathlib import Path

import polars as pl

from gbaindicators.catalog import sql_dir
from gbaindicators.errors import UsageError
from gbaindicators.store.home import database_place
from gbaindicators.store.lake.attaching import NAME, columns_of, complaints, quoted
from gbaindicators.store.lake.location import Lake
from gbaindicators.store.lake.partitions import PUBLISHED
from gbaindicators.store.lake.session import SNAPSHOTS, define_views, read_lake
from gbaindicators.store.names import Database

__all__ = ["archives", "database_bytes", "snapshots"]


def snapshots(database: Database = None) -> pl.DataFrame:
    """List the snapshots of a shared database: who published what, and when.

    ``load(..., as_of=day)`` reads the last one of that day, and ``?snapshot=NUMBER`` behind the connection string any.

    Parameters
    ----------
    database
        Connection string of a shared database, by default that of ``GBA_DATABASE``.

    Returns
    -------
    polars.DataFrame
        ``snapshot, time, author, message, observations, added, removed``, the oldest first; ``time`` is UTC. The last
        three count the observations, and those that the snapshot added and removed; a revised one is both.

    Raises
    ------
    UsageError
        When the database is a file, which has no snapshots.
    DatabaseError
        When the shared database cannot be reached.

    Examples
    --------
    >>> snapshots("gba.duckdb")
    Traceback (most recent call last):
    gbaindicators.errors.UsageError: gba.duckdb is a file and keeps no snapshots; ...
    """
    lake = database_place(database)
    if not isinstance(lake, Lake):
        raise UsageError(
            f"{lake} is a file and keeps no snapshots; those of a shared database are listed by its connection string, "
            "such as ducklake:postgres:dbname=gba host=db.example.org"
        )
    with read_lake(lake) as connection, complaints(lake):
        frame: pl.DataFrame = connection.sql(f"""
            SELECT snapshot, time, author, message, (extra->>'observations')::BIGINT AS observations,
                   (extra->>'added')::BIGINT AS added, (extra->>'removed')::BIGINT AS removed
            FROM ({SNAPSHOTS}) ORDER BY snapshot
        """).pl()
    return frame


def archives(lake: Lake) -> set[str]:
    """Fingerprints of the archives of refreshes whose figures a shared database has taken in.

    Builds of the shipped figures keep what those before them took in; one of other datasets leaves it out.
    """
    with read_lake(lake) as connection, complaints(lake):
        rows = connection.execute(
            f"SELECT extra->>'datasets', extra->>'archive' FROM ({SNAPSHOTS}) ORDER BY snapshot DESC"
        ).fetchall()
    shipped = takewhile(lambda row: row[0] == "shipped", rows)
    return {archive for _, archive in shipped if archive is not None}


def database_bytes(database: Database = None) -> bytes:
    """Give a database as the content of a file: a shared one as it stands, or stood in the snapshot that is named."""
    place = database_place(database)
    if not isinstance(place, Lake):
        return place.read_bytes()
    with tempfile.TemporaryDirectory(prefix="gba-lake-") as folder:
        file = Path(folder) / "gba.duckdb"
        _copy_lake(place, file)
        return file.read_bytes()


def _copy_lake(lake: Lake, file: Path) -> None:
    with read_lake(lake) as connection, complaints(lake):
        row = connection.execute("SELECT current_database()").fetchone()
        assert row is not None
        session = row[0]
        connection.execute(f"ATTACH {quoted(str(file))} AS copied; USE copied")
        connection.execute((sql_dir() / "schema.sql").read_text(encoding="utf-8"))
        there = columns_of(connection, "copied")
        for table in columns_of(connection, NAME):
            if table in PUBLISHED:
                continue  # their rows lie within the file
            if table in there:
                connection.execute(f"INSERT INTO {table} BY NAME FROM {session}.main.{table}")
            else:
                connection.execute(f"CREATE TABLE {table} AS FROM {session}.main.{table}")
        define_views(connection)
        connection.execute(f"USE {session}; DETACH copied")
