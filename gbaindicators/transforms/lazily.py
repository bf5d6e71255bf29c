"""Transforms of lazy frames: piece by piece when they are collected, so that memory holds a piece and not the frame.

Most transforms look at the series of a frame one by one, some at its periods, some at a period and an earlier one. A lazy
frame is cut accordingly (`cutting`) into pieces of about a million rows, and each goes through the very function that eager
frames go through. Nothing is read before the result is collected. What can be told from the columns and the arguments is
refused at once, the rest when the frame is collected.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextvars import copy_context
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, Protocol, overload

import polars as pl

from gbaindicators.errors import FrameError
from gbaindicators.tables.series_frame import check_series_frame, series_keys
from gbaindicators.transforms.cutting import PIECE, Part, cut, pieces
from gbaindicators.transforms.inputs import NoRowsError, in_memory, refuse_bounds
from gbaindicators.transforms.lazy_results import Asked, Made, lazy_result, made_by

__all__ = ["Columns", "Transform", "by_change", "by_period", "by_series", "one_frequency"]

#: Attributes in which a series may differ from another that a transform looks at together with it.
_NOT_CUT_BY: Final = ("frequency", "prices", "adjustment")
P = ParamSpec("P")
Piece = Callable[[pl.DataFrame], pl.DataFrame]
Columns = Mapping[str, "pl.DataType | type[pl.DataType]"]
#: Columns that a transform changes or adds, in the order of the result; or the function that makes the columns of the
#: result from a frame without rows and the arguments.
Result = Columns | Callable[..., Columns]


class Transform(Protocol[P]):
    """A transform of eager and of lazy frames."""

    @overload
    def __call__(self, frame: pl.DataFrame, *args: P.args, **kwargs: P.kwargs) -> pl.DataFrame: ...
    @overload
    def __call__(self, frame: pl.LazyFrame, *args: P.args, **kwargs: P.kwargs) -> pl.LazyFrame: ...


Eager = Callable[Concatenate[pl.DataFrame, P], pl.DataFrame]


def by_series(
    result: Result,
    *,
    changes: Collection[str] = (),
    beside: str = "",
    paired: bool = False,
    valued: bool = False,
    within: Collection[str] = (),
    whole: Callable[..., dict[str, Any]] | None = None,
    check_piece: Callable[[pl.DataFrame], None] | None = None,
) -> Callable[[Eager[P]], Transform[P]]:
    """Let a transform that treats every series by itself take lazy frames.

    Parameters
    ----------
    result
        Columns of the result.
    changes
        Further columns of the series that it changes.
    beside
        Argument with a second frame, of which each series takes the rows with its keys. Other frames among the
        arguments are read whole.
    paired
        Whether series that stand in the second frame only are looked at too.
    valued
        Whether rows without a value count as absent.
    within
        Columns of what series are made of, where the frame has those and not the values of series.
    whole
        Called with the lazy frame and the arguments when the result is collected: checks what must hold for the frame as
        a whole, and gives the arguments that it settles.
    check_piece
        What must hold for a lazy frame beyond what the transform asks, piece by piece.
    """

    def lazy(call: _Call) -> pl.LazyFrame:
        series = series_keys(call.frame)
        keys = [k for k in series if k not in (*_NOT_CUT_BY, *within)]
        of_second = keys if paired else [k for k in keys if k != "indicator"]
        kept = {k for k in series if k not in (*changes, *within) and (callable(result) or k not in result)}

        def cut_in_pieces(asked: Asked) -> Iterator[list[pl.DataFrame]]:
            sources = [asked.of(call.frame)]
            if call.second is not None:
                sources.append((asked if paired else asked._replace(conditions=[])).of(call.second))
            if valued:
                sources = [source.filter(pl.col("value").is_not_null()) for source in sources]
            table = cut(sources if paired else sources[:1], keys) if keys else None
            if table is None or table.height or not asked.conditions:
                yield from _in_pieces(sources, table, [keys, of_second], few=asked.few)

        def made(asked: Asked) -> Iterator[pl.DataFrame]:
            function = call.settled({} if whole is None else whole(call.frame, **call.rest))
            before = made_by(call.frame)
            follows = before is not None and before.keys == keys and call.second is None and not valued
            for piece in (
                _of_pieces(call.frame, before, asked) if before and follows else cut_in_pieces(asked)
            ):
                if check_piece is not None:
                    check_piece(piece[0])
                yield function(*piece)

        return lazy_result(call.columns(result), kept, made, keys if kept.issuperset(keys) else None)

    return _taking_both(lazy, beside, paired=paired, of_values=not within)


def by_period(prepare: Callable[..., Piece], result: Result) -> Callable[[Eager[P]], Transform[P]]:
    """Let a transform that treats every period by itself take lazy frames.

    Parameters
    ----------
    prepare
        Called with one row for each series of the frame (without values), and the arguments; gives the function of a
        piece.
    result
        Columns of the result.
    """

    def lazy(call: _Call) -> pl.LazyFrame:
        def made(asked: Asked) -> Iterator[pl.DataFrame]:
            # a filter on periods takes no part away from the others
            function = prepare(_series_of(call.frame), **call.rest)
            source = asked.of(call.frame)
            for (rows,) in _in_pieces([source], cut([source], ["period"]), [["period"]], few=asked.few):
                yield function(rows)

        return lazy_result(call.columns(result), {"period"}, made)

    return _taking_both(lazy)


def by_change(prepare: Callable[..., Piece], result: Result) -> Callable[[Eager[P]], Transform[P]]:
    """Let a transform take lazy frames that treats every period together with the one that lies `over` before it.

    Parameters
    ----------
    prepare
        As for `by_period`, called with the lazy frame after the series.
    result
        Columns of the result.
    """

    def lazy(call: _Call) -> pl.LazyFrame:
        def made(asked: Asked) -> Iterator[pl.DataFrame]:
            function = prepare(_series_of(call.frame), call.frame, **call.rest)
            # periods that are not asked for may be those that others are compared with
            source = asked._replace(conditions=[]).of(call.frame)
            own = cut([source], ["period"])
            if asked.conditions:
                own = own.filter(asked.conditions).with_columns(pl.col(PIECE).rle_id())
                if own.is_empty():
                    return
            before = own.with_columns(pl.col("period").dt.offset_by(f"-{call.rest['over']}"))
            needs = pl.concat([own, before]).unique(maintain_order=True)
            for piece, (rows,) in enumerate(_in_pieces([source], needs, [["period"]], few=asked.few)):
                periods = own.filter(pl.col(PIECE) == piece)["period"]
                yield function(rows).filter(pl.col("period").is_in(periods.implode()))

        return lazy_result(call.columns(result), {"period"}, made)

    return _taking_both(lazy)


def one_frequency(doing: str) -> Callable[..., dict[str, Any]]:
    """Give the check that a lazy frame has one frequency."""

    def check(frame: pl.LazyFrame, **_: object) -> dict[str, Any]:
        found = frame.select(pl.col("frequency").cast(pl.String).unique()).collect(engine="streaming")
        codes = found["frequency"].drop_nulls().sort().to_list()
        if len(codes) > 1:
            raise FrameError(
                f"{doing} needs one frequency, the frame has {', '.join(codes)}: "
                f"filter it first, frame.filter(pl.col('frequency') == {codes[-1]!r})"
            )
        return {}

    return check


class _Call:
    """A call of a transform with a lazy frame: refused at once where its columns and arguments tell that it is wrong.

    Attributes
    ----------
    frame, second
        The frame, and the one that is cut as it is, if any.
    rest
        The other arguments.
    """

    def __init__(
        self,
        function: Callable[..., pl.DataFrame],
        arguments: dict[str, Any],
        beside: str,
        *,
        paired: bool,
        of_values: bool,
    ) -> None:
        (_, frame), *rest = arguments.items()
        self._function, self._beside = function, beside
        # rows are made in threads of Polars, which know nothing of `known_by` and of the database that was chosen
        self._context = copy_context()
        self.frame, self.rest = _checked(frame, function.__name__, of_values=of_values), dict(rest)
        second = (
            self.rest.pop(beside) if isinstance(self.rest.get(beside), pl.DataFrame | pl.LazyFrame) else None
        )
        self.second = None if second is None else check_series_frame(second.lazy())
        rowless = {k: _without_rows(v) if paired or isinstance(v, pl.LazyFrame) else v for k, v in rest}
        self._tried = (_without_rows(self.frame), rowless)
        try:
            function(self._tried[0], **rowless)
        except NoRowsError:
            return

    def columns(self, result: Result) -> pl.Schema:
        """Columns of the result."""
        frame, arguments = self._tried
        if callable(result):
            return pl.Schema(result(frame, **arguments))
        return pl.Schema({**frame.schema, **result})

    def settled(self, arguments: dict[str, Any]) -> Callable[..., pl.DataFrame]:
        """Give the function of a piece, and of the piece of the second frame; read the other frames."""
        rest = {
            k: in_memory(v) if isinstance(v, pl.LazyFrame) else v for k, v in self.rest.items()
        } | arguments

        def function(rows: pl.DataFrame, *second: pl.DataFrame) -> pl.DataFrame:
            both = dict(zip([self._beside], second, strict=False))
            return self._context.copy().run(self._function, rows, **rest, **both)

        return function


def _without_rows(frame: Any) -> Any:
    """Give the eager frame of no rows; what is no frame stays what it is."""
    is_frame = isinstance(frame, pl.DataFrame | pl.LazyFrame)
    return pl.DataFrame(schema=frame.collect_schema()) if is_frame else frame


def _taking_both(
    lazy: Callable[[_Call], pl.LazyFrame], beside: str = "", *, paired: bool = False, of_values: bool = True
) -> Callable[[Eager[P]], Transform[P]]:
    """Give the decorator by which eager frames go to the transform itself, and lazy ones to `lazy`."""

    def decorate(function: Eager[P]) -> Transform[P]:
        @wraps(function)
        def transform(frame: pl.DataFrame | pl.LazyFrame, *args: P.args, **kwargs: P.kwargs) -> object:
            if isinstance(frame, pl.LazyFrame):
                bound = inspect.signature(function).bind(frame, *args, **kwargs)
                bound.apply_defaults()
                return lazy(_Call(function, bound.arguments, beside, paired=paired, of_values=of_values))
            return function(frame, *args, **kwargs)

        return transform  # type: ignore[return-value]

    return decorate


def _checked(frame: pl.LazyFrame, doing: str, *, of_values: bool) -> pl.LazyFrame:
    """Check what the columns of a lazy frame tell."""
    refuse_bounds(frame, doing)
    frame = check_series_frame(frame) if of_values else frame
    if "frequency" not in frame.collect_schema():
        raise FrameError(
            f"{doing} of a lazy frame needs the column 'frequency', as its dates are not read before it is collected: "
            "add it, frame.with_columns(frequency=pl.lit('M'))"
        )
    return frame


def _series_of(frame: pl.LazyFrame) -> pl.DataFrame:
    """One row for each series; years, which calendars and fiscal ones are told apart by, with the month they begin in."""
    unit = [name for name in ("unit",) if name in frame.collect_schema()]
    month = pl.when(pl.col("frequency").cast(pl.String) == "A").then(pl.col("period").dt.month()).otherwise(1)
    rows = frame.select(*series_keys(frame), *unit, period=pl.date(2000, month, 1)).unique()
    return rows.collect(engine="streaming").sort(pl.all())


def _in_pieces(
    sources: Sequence[pl.LazyFrame], table: pl.DataFrame | None, keys: Sequence[Collection[str]], *, few: bool
) -> Iterator[list[pl.DataFrame]]:
    """Read frames piece by piece, each by its keys, as a cut has it; without one, or without rows, in one piece."""
    if table is None or table.is_empty():
        yield [source.collect(engine="streaming") for source in sources]
        return
    parts = []
    for source, names in zip(sources, keys, strict=False):
        on = [k for k in names if k in source.collect_schema()]
        parts.append(Part(source, table.select(*on, PIECE).unique(maintain_order=True) if on else None))
    yield from pieces(parts, int(table[PIECE].max()) + 1, few=few)  # type: ignore[arg-type]


def _of_pieces(frame: pl.LazyFrame, before: Made, asked: Asked) -> Iterator[list[pl.DataFrame]]:
    """Read the pieces that a transform makes as those of the next one, so that the rows are cut once for both."""
    names = [name for name in frame.collect_schema() if name not in asked.needless]
    empty = not asked.conditions
    for rows in before.read(names, asked.predicate(), asked.few):
        if rows.height:
            empty = False
            yield [rows]
    if empty:
        yield [_without_rows(frame)]
