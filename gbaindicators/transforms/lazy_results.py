"""Lazy frames whose rows a function makes piece by piece when they are collected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from operator import and_
from typing import Final, NamedTuple

import polars as pl
from polars.io.plugins import register_io_source

from gbaindicators.tables.predicates import conjuncts

__all__ = ["Asked", "Made", "lazy_result", "made_by"]

#: What no value depends on: it is not read where nobody asks for it.
_RIDES_ALONG: Final = frozenset({"sources", "method", "note"})
_MADE: Final = "_gbaindicators_made"


class Asked(NamedTuple):
    """What of a result is asked for.

    Attributes
    ----------
    conditions
        Those among its filters that may go before the transform.
    needless
        Columns that nobody asks for and no value depends on.
    few
        Whether the first rows are enough.
    """

    conditions: list[pl.Expr]
    needless: frozenset[str]
    few: bool

    def of(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """Rows and columns of a frame that are needed."""
        names = set(frame.collect_schema())
        fitting = [c for c in self.conditions if set(c.meta.root_names()) <= names]
        return (frame.filter(fitting) if fitting else frame).drop(self.needless, strict=False)

    def predicate(self) -> pl.Expr | None:
        """All the conditions in one."""
        return reduce(and_, self.conditions) if self.conditions else None


class Made(NamedTuple):
    """How a lazy frame is made, for transforms that follow: they take its pieces as they come.

    Attributes
    ----------
    read
        Gives the pieces, with some columns, under a condition, and said whether the first rows are enough.
    keys
        Columns by which it was cut; all rows of a combination are in one piece.
    """

    read: Callable[[Sequence[str] | None, pl.Expr | None, bool], Iterator[pl.DataFrame]]
    keys: list[str] | None


def made_by(frame: pl.LazyFrame) -> Made | None:
    """Tell how a frame is made that came out of a transform and that nothing was done to since."""
    found = vars(frame).get(_MADE)
    return found if isinstance(found, Made) else None


def lazy_result(
    schema: pl.Schema,
    kept: set[str],
    make: Callable[[Asked], Iterator[pl.DataFrame]],
    keys: list[str] | None = None,
) -> pl.LazyFrame:
    """Give the lazy frame of what `make` makes when it is collected.

    Parameters
    ----------
    schema
        Its columns.
    kept
        Columns that the transform leaves as they are: filters on them go before it.
    make
        Gives the pieces.
    keys
        Columns by which they are cut, where they still tell the same rows apart.
    """

    def read(columns: Sequence[str] | None, predicate: pl.Expr | None, few: bool) -> Iterator[pl.DataFrame]:
        needed = set(columns or schema)
        conditions: list[pl.Expr] = []
        if predicate is not None:
            needed |= set(predicate.meta.root_names())
            conditions = [c for c in conjuncts(predicate) if set(c.meta.root_names()) <= kept]
        for piece in make(Asked(conditions, _RIDES_ALONG - needed, few)):
            found = _as(piece, schema)
            found = found if predicate is None else found.filter(predicate)
            yield found if columns is None else found.select(columns)

    def source(
        columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, _batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        pieces = read(columns, predicate, rows is not None)
        return pieces if rows is None else _first(pieces, rows)

    frame = register_io_source(source, schema=schema)
    vars(frame)[_MADE] = Made(read, keys)
    return frame


def _first(pieces: Iterator[pl.DataFrame], rows: int) -> Iterator[pl.DataFrame]:
    for piece in pieces:
        yield piece.head(rows)
        rows -= piece.height
        if rows <= 0:
            return


def _as(made: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """Give a piece the columns of the whole; what was not read, or not said of any row, is null."""
    return made.select(
        (pl.col(name) if name in made.columns else pl.lit(None).alias(name)).cast(dtype)
        for name, dtype in schema.items()
    )
