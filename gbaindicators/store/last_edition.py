"""What the database that is published now says, for a build that takes over what did not change."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from gbaindicators.store.incoming import incoming
from gbaindicators.store.names import fetch
from gbaindicators.store.opening import open_database

if TYPE_CHECKING:
    import duckdb

__all__ = ["Ask", "last_edition", "take_over"]

#: Answers an SQL query on the last edition with a frame.
Ask = Callable[[str], pl.DataFrame]


@contextlib.contextmanager
def last_edition(database: Path) -> Iterator[Ask]:
    """Open what is published now; the answers are empty where there is none, or it is older than what is asked for."""
    import duckdb

    if not database.exists() or not database.stat().st_size:
        yield lambda _: pl.DataFrame()
        return
    connection = open_database(database, whole=False)

    def ask(sql: str) -> pl.DataFrame:
        try:
            found = fetch(connection, sql)
        except duckdb.CatalogException:
            return pl.DataFrame()
        return found

    try:
        yield ask
    finally:
        connection.close()


def take_over(connection: duckdb.DuckDBPyConnection, table: str, rows: pl.DataFrame) -> None:
    """Insert what the last edition said into a table of the next."""
    if rows.height:
        with incoming(connection, rows):
            connection.execute(f"INSERT INTO {table} BY NAME FROM incoming")
