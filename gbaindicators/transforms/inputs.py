"""What every transform asks of the frame it is given."""

from __future__ import annotations

import polars as pl

from gbaindicators.errors import FrameError
from gbaindicators.tables.series_frame import check_series_frame

__all__ = ["NoRowsError", "in_memory", "read_series", "refuse_bounds", "refuse_lazy"]


class NoRowsError(FrameError):
    """A frame without the rows that there must be: no fault that the columns of a lazy frame could show."""


def read_series(frame: pl.DataFrame | pl.LazyFrame, doing: str) -> pl.DataFrame:
    """Return the frame with ``period`` as Date and ``value`` as Float64, ready to have its values replaced.

    Raises
    ------
    FrameError
        When it is no series frame, is lazy, or carries interval bounds or standard errors: these would
        stay behind in the old unit, and the bounds of a transformed value are not the transformed bounds.
    """
    if isinstance(frame, pl.LazyFrame):
        raise FrameError(
            f"{doing} needs the whole of each series at once, and that is an eager frame: filter the lazy one to what "
            "fits into memory and call .collect() on it first"
        )
    refuse_bounds(frame, doing)
    return check_series_frame(frame)


def in_memory(frame: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    """Return a frame that stands beside an eager one, such as rates or an indicator, as an eager one."""
    return frame.collect(engine="streaming") if isinstance(frame, pl.LazyFrame) else frame


def refuse_lazy(frame: pl.DataFrame | pl.LazyFrame, doing: str, instead: str) -> None:
    """Raise FrameError for a lazy frame where the result is no frame, and say what stays lazy."""
    if isinstance(frame, pl.LazyFrame):
        raise FrameError(
            f"{doing} returns several tables of one computation, which lazy ones would each do anew: collect the "
            f"frame first, or take gba.{instead}, which stays lazy"
        )


def refuse_bounds(frame: pl.DataFrame | pl.LazyFrame, doing: str) -> None:
    """Raise FrameError for interval bounds and standard errors."""
    names = frame.collect_schema().names() if isinstance(frame, pl.DataFrame | pl.LazyFrame) else []
    bounds = [c for c in names if c == "se" or c.startswith(("lower_", "upper_"))]
    if bounds:
        raise FrameError(
            f"{doing} does not carry {', '.join(map(repr, bounds))} over to the "
            f"new values: drop them first, frame.drop({bounds!r})"
        )
