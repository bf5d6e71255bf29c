"""Rows of Polars as SQL sees them, without a detour by way of PyArrow."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    import duckdb
    import pyarrow

__all__ = ["incoming"]


@contextlib.contextmanager
def incoming(
    connection: duckdb.DuckDBPyConnection, rows: pl.DataFrame | pyarrow.RecordBatchReader
) -> Iterator[None]:
    """Let SQL see rows as ``incoming`` within the block.

    Examples
    --------
    >>> import duckdb
    >>> connection = duckdb.connect()
    >>> with incoming(connection, pl.DataFrame({"area": ["macao", "zhuhai"]})):
    ...     connection.execute("SELECT area FROM incoming ORDER BY area").fetchall()
    [('macao',), ('zhuhai',)]
    """
    connection.register("incoming", _Stream(rows) if isinstance(rows, pl.DataFrame) else rows)
    try:
        yield
    finally:
        connection.unregister("incoming")


class _Stream:
    """A frame as DuckDB reads it: of Polars' own it would make PyArrow's, which takes longer to import than to insert."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)
