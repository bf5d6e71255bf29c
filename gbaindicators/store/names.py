"""What a reader's words stand for in the published database."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from gbaindicators.errors import UnknownNameError
from gbaindicators.store.lake.location import Lake

if TYPE_CHECKING:
    import duckdb

__all__ = ["Database", "area_ids", "fetch", "kind_of"]

#: Path of a database, or where a shared one is; None is that of the environment or the one in the data home.
Database = str | os.PathLike[str] | Lake | None


def fetch(connection: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any] = ()) -> pl.DataFrame:
    """Run SQL and fetch the result as a Polars frame."""
    # Straight from DuckDB to Polars: .pl() would load PyArrow, which takes as long as both of them to import.
    return pl.DataFrame(_Stream(connection.sql(sql, params=list(values)).__arrow_c_stream__()))


class _Stream:
    """What a query gives, as Polars takes it: Polars keeps the class of what it reads, and DuckDB's must not be kept."""

    def __init__(self, capsule: object) -> None:
        self._capsule = capsule

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._capsule


def kind_of(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """Column that a name is looked up in: ``indicator`` or ``table_name``; a name that is both is the indicator."""
    known = connection.execute("SELECT id, table_name FROM indicator").fetchall()
    if any(name == id_ for id_, _ in known):
        return "indicator"
    if any(name == table for _, table in known):
        return "table_name"
    raise UnknownNameError("indicator", name, {n for row in known for n in row})


def area_ids(connection: duckdb.DuckDBPyConnection, wanted: list[str] | None) -> list[str] | None:
    """Ids of areas given by id, name in any language, or alias."""
    if wanted is None:
        return None
    rows = connection.execute("SELECT id, name_en, name_zh_hans, name_zh_hant, aliases FROM area").fetchall()
    ids = {row[0] for row in rows}
    names = {
        str(n).casefold(): row[0]
        for row in rows
        for n in (*row[1:4], row[0].replace("_", "-"), *(row[4] or ()))
        if n
    }
    found = []
    for name in wanted:
        id_ = name if name in ids else names.get(str(name).casefold())
        if id_ is None:
            raise UnknownNameError("area", name, ids)
        found.append(id_)
    return found
