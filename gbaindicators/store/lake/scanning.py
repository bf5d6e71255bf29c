"""Reading a shared database in batches: a lazy frame of what a query says of one of its snapshots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import polars as pl
from polars.io.plugins import register_io_source

from gbaindicators.catalog import FREQUENCIES
from gbaindicators.store.lake.attaching import complaints, quoted
from gbaindicators.store.lake.location import Lake
from gbaindicators.store.lake.session import read_lake
from gbaindicators.tables.predicates import left_by

__all__ = ["scan_lake"]

#: Rows of a batch.
_BATCH: Final = 122_880
#: Values that are listed; of more the first and the last are said.
_MOST_LISTED: Final = 100
_COLUMNS: Final[dict[str, Any]] = {
    "indicator": pl.String, "area": pl.String, "frequency": pl.Enum(FREQUENCIES), "period": pl.Date,
    "value": pl.Float64, "unit": pl.String, "sources": pl.List(pl.String), "adjustment": pl.String,
    "prices": pl.String, "status": pl.String, "vintage": pl.Date, "method": pl.String,
}  # fmt: skip


def scan_lake(
    lake: Lake, snapshot: int, sql: str, values: Sequence[Any], known: Sequence[pl.DataFrame], *, all_sources: bool
) -> pl.LazyFrame:  # fmt: skip
    """Scan what a query gives of a snapshot.

    Nothing is read before the frame is collected, and then a batch at a time. Of a filter on the frame the query asks
    for the series and periods that can meet it, so that files of others are passed over.

    Parameters
    ----------
    lake, snapshot
        Where, and as it stood when: the frame says the same whenever it is collected.
    sql, values
        Query with its parameters, whose columns are those of `load`.
    known
        Frames of the values that some columns of the result have, such as all series and all periods.
    all_sources
        Whether it has the column ``source`` too.
    """
    pinned = replace(lake, snapshot=snapshot)
    schema = pl.Schema({**_COLUMNS, "source": pl.String} if all_sources else _COLUMNS)

    def read(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        needed = list(schema) if with_columns is None else list(with_columns)
        asked = [*needed, *(predicate.meta.root_names() if predicate is not None else ())]
        columns = ", ".join(f'"{name}"' for name in dict.fromkeys(asked))
        conditions = [text for frame in known for text in _conditions(left_by(predicate, frame), frame)]
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        left = n_rows
        for rows in _batches(pinned, f"SELECT {columns or 'period'} FROM ({sql}){where}", values):
            found = rows.cast({name: dtype for name, dtype in schema.items() if name in rows.columns})
            found = (found if predicate is None else found.filter(predicate)).select(needed)
            found = found if left is None else found.head(left)
            yield found
            if left is not None:
                left -= found.height
                if not left:
                    return

    return register_io_source(read, schema=schema)


def _conditions(left: pl.DataFrame, known: pl.DataFrame) -> Iterator[str]:
    """SQL of the values that are left of those that are known."""
    if left.height == known.height:
        return
    for name in known.columns:
        some = left[name].drop_nulls().unique().sort()
        if left[name].null_count() or some.len() == known[name].drop_nulls().n_unique():
            continue
        if some.len() <= _MOST_LISTED:
            yield f'"{name}" IN ({", ".join(map(_literal, some)) or "NULL"})'
        else:
            yield f'"{name}" BETWEEN {_literal(some[0])} AND {_literal(some[-1])}'


def _literal(value: object) -> str:
    return quoted(str(value))


def _batches(lake: Lake, sql: str, values: Sequence[Any]) -> Iterator[pl.DataFrame]:
    with read_lake(lake) as connection, complaints(lake):
        batches: Any = connection.execute(sql, values).to_arrow_reader(_BATCH)
        for batch in batches:
            frame = pl.from_arrow(batch)
            assert isinstance(frame, pl.DataFrame)
            yield frame
