"""Transforms of lazy frames: piece by piece when they are collected, so that memory holds a piece and not the frame.

Most transforms look at the series of a frame one by one, some at its periods. A lazy frame is cut along the areas, or
along the periods, into pieces of about a million rows; each is read with a filter that reaches down to where the data
lie (Parquet skips what it does not need), and goes through the very function that eager frames go through. Nothing is
read before the result is collected. What can be told from the columns and the arguments is refused at once, the rest
when the frame is collected.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import wraps
from typing import Concatenate, Final, ParamSpec, Protocol, overload

import polars as pl
from polars.io.plugins import register_io_source

from gbaindicators.errors import FrameError
from gbaindicators.tables.series_frame import check_series_frame, series_keys
from gbaindicators.transforms.inputs import refuse_bounds

__all__ = ["Columns", "Transform", "by_period", "by_series", "one_frequency"]

#: Rows of a piece. A transform takes a few hundred bytes a row.
_ROWS: Final = 1_000_000
#: What no value depends on: it is not read where nobody asks for it.
_RIDES_ALONG: Final = frozenset({"sources", "method", "note"})
P = ParamSpec("P")
Piece = Callable[[pl.DataFrame], pl.DataFrame]
Columns = dict[str, "pl.DataType | type[pl.DataType]"]


class Transform(Protocol[P]):
    """A transform of eager and of lazy frames."""

    @overload
    def __call__(self, frame: pl.DataFrame, *args: P.args, **kwargs: P.kwargs) -> pl.DataFrame: ...
    @overload
    def __call__(self, frame: pl.LazyFrame, *args: P.args, **kwargs: P.kwargs) -> pl.LazyFrame: ...


def by_series(
    adds: Columns,
    *,
    changes: Collection[str] = (),
    check: Callable[[pl.LazyFrame], None] | None = None,
    check_piece: Callable[[pl.DataFrame], None] | None = None,
) -> Callable[[Callable[Concatenate[pl.DataFrame, P], pl.DataFrame]], Transform[P]]:
    """Let a transform that treats every series by itself take lazy frames.

    Parameters
    ----------
    adds
        Columns that the transform changes or adds, in the order of the result, with their types.
    changes
        Further columns of the series that it changes, of their type before.
    check
        What must hold for the frame as a whole; asked when it is collected.
    check_piece
        What must hold for a lazy frame beyond what the transform asks, piece by piece.
    """

    def decorate(function: Callable[Concatenate[pl.DataFrame, P], pl.DataFrame]) -> Transform[P]:
        @wraps(function)
        def transform(frame: pl.DataFrame | pl.LazyFrame, *args: P.args, **kwargs: P.kwargs) -> object:
            if not isinstance(frame, pl.LazyFrame):
                return function(frame, *args, **kwargs)
            frame = _checked(frame, function.__name__)
            _try(lambda empty: function(empty, *args, **kwargs), frame)

            def prepare(source: pl.LazyFrame) -> Piece:
                if check is not None:
                    check(source)
                return piece

            def piece(rows: pl.DataFrame) -> pl.DataFrame:
                if check_piece is not None:
                    check_piece(rows)
                return function(rows, *args, **kwargs)

            keys = series_keys(frame)
            along = next((key for key in ("area", "indicator") if key in keys), None)
            return _in_pieces(frame, along, prepare, adds, set(keys) - {*adds, *changes})

        return transform  # type: ignore[return-value]

    return decorate


def by_period(
    prepare: Callable[Concatenate[pl.DataFrame, P], Piece], adds: Columns
) -> Callable[[Callable[Concatenate[pl.DataFrame, P], pl.DataFrame]], Transform[P]]:
    """Let a transform that treats every period by itself take lazy frames.

    Parameters
    ----------
    prepare
        Called with one row for each series of the frame (without values), and the arguments; gives the function of a
        piece.
    adds
        As for `by_series`.
    """

    def decorate(function: Callable[Concatenate[pl.DataFrame, P], pl.DataFrame]) -> Transform[P]:
        @wraps(function)
        def transform(frame: pl.DataFrame | pl.LazyFrame, *args: P.args, **kwargs: P.kwargs) -> object:
            if not isinstance(frame, pl.LazyFrame):
                return function(frame, *args, **kwargs)
            frame = _checked(frame, function.__name__)
            _try(lambda empty: function(empty, *args, **kwargs), frame)
            return _in_pieces(
                frame, "period", lambda source: prepare(_series_of(source), *args, **kwargs), adds, {"period"}
            )

        return transform  # type: ignore[return-value]

    return decorate


def one_frequency(source: pl.LazyFrame) -> None:
    """Raise FrameError when a lazy frame has several frequencies."""
    found = source.select(pl.col("frequency").cast(pl.String).unique()).collect(engine="streaming")
    codes = found["frequency"].drop_nulls().sort().to_list()
    if len(codes) > 1:
        raise FrameError(
            f"to_frequency needs one frequency, the frame has {', '.join(codes)}: "
            f"filter it first, frame.filter(pl.col('frequency') == {codes[-1]!r})"
        )


def _checked(frame: pl.LazyFrame, doing: str) -> pl.LazyFrame:
    """Check what the columns of a lazy frame tell."""
    refuse_bounds(frame, doing)
    frame = check_series_frame(frame)
    if "frequency" not in frame.collect_schema():
        raise FrameError(
            f"{doing} of a lazy frame needs the column 'frequency', as its dates are not read before it is collected: "
            "add it, frame.with_columns(frequency=pl.lit('M'))"
        )
    return frame


def _try(function: Piece, frame: pl.LazyFrame) -> None:
    """Refuse wrong arguments at once, by a frame without rows; that it has none is no error yet."""
    try:
        function(pl.DataFrame(schema=frame.collect_schema()))
    except FrameError:
        return


def _series_of(frame: pl.LazyFrame) -> pl.DataFrame:
    """One row for each series; years, which calendars and fiscal ones are told apart by, with the month they begin in."""
    unit = [name for name in ("unit",) if name in frame.collect_schema()]
    month = pl.when(pl.col("frequency").cast(pl.String) == "A").then(pl.col("period").dt.month()).otherwise(1)
    rows = frame.select(*series_keys(frame), *unit, period=pl.date(2000, month, 1)).unique()
    return rows.collect(engine="streaming").sort(pl.all())


def _in_pieces(
    frame: pl.LazyFrame, along: str | None, prepare: Callable[[pl.LazyFrame], Piece], adds: Columns, kept: set[str]
) -> pl.LazyFrame:  # fmt: skip
    """Apply a function to the pieces of a frame when the result is collected.

    Filters on the columns `kept`, which the function leaves as they are, go before it.
    """
    schema = pl.Schema({**frame.collect_schema(), **adds})

    def read(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        needed = set(with_columns or schema)
        source = frame
        if predicate is not None:
            needed |= set(predicate.meta.root_names())
            for condition in _conditions(predicate):
                if set(condition.meta.root_names()) <= kept:
                    source = source.filter(condition)
        source = source.drop(_RIDES_ALONG - needed, strict=False)
        function, left = prepare(source), n_rows
        for piece in _cut(source, along):
            made = _as(function(piece), schema)
            made = made if predicate is None else made.filter(predicate)
            made = (made if with_columns is None else made.select(with_columns)).head(
                made.height if left is None else left
            )
            yield made
            if left is not None:
                left -= made.height
                if not left:
                    return

    return register_io_source(read, schema=schema)


def _conditions(predicate: pl.Expr) -> list[pl.Expr]:
    """Take the conditions apart that must all hold."""
    sides = predicate.meta.pop()
    if len(sides) == 2:
        for one, other in (sides, sides[::-1]):
            if (one & other).meta.eq(predicate):
                return [*_conditions(one), *_conditions(other)]
    return [predicate]


def _cut(source: pl.LazyFrame, along: str | None) -> Iterator[pl.DataFrame]:
    """Collect a frame piece by piece; one without rows is one piece."""
    if along is None:
        yield source.collect(engine="streaming")
        return
    counts = source.group_by(along).agg(pl.len().alias("__rows")).sort(along).collect(engine="streaming")
    known = counts.filter(pl.col(along).is_not_null())
    number = (known["__rows"].cum_sum() - 1) // _ROWS
    for _, values in known.group_by(number.alias("__piece"), maintain_order=True):
        # text in a range is what Parquet can skip the rest by
        first, last = values[along][0], values[along][-1]
        asked = (
            pl.col(along).is_between(pl.lit(first), pl.lit(last))
            if _is_plain(known, along)
            else pl.col(along).is_in(values[along].implode())
        )
        yield source.filter(asked).collect(engine="streaming")
    if known.height < counts.height or not counts.height:
        yield source.filter(pl.col(along).is_null()).collect(engine="streaming")


def _is_plain(frame: pl.DataFrame, column: str) -> bool:
    return frame.schema[column] in (pl.String, pl.Date)


def _as(made: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """Give a piece the columns of the whole; what was not read, or not said of any row, is null."""
    return made.select(
        (pl.col(name) if name in made.columns else pl.lit(None).alias(name)).cast(dtype)
        for name, dtype in schema.items()
    )
