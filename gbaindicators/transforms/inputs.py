"""What every transform asks of the frame it is given."""

from __future__ import annotations

import polars as pl

from gbaindicators.catalog import frequency_code, step
from gbaindicators.errors import FrameError
from gbaindicators.tables.series_frame import check_series_frame, is_unique_in_series
from gbaindicators.transforms.frequencies import MONTHS

__all__ = [
    "NoRowsError",
    "check_annual",
    "check_first_days",
    "in_memory",
    "read_series",
    "refuse_bounds",
    "refuse_lazy",
]


class NoRowsError(FrameError):
    """A frame without the rows that there must be: no fault that the columns of a lazy frame could show."""


def read_series(frame: pl.DataFrame | pl.LazyFrame, doing: str) -> pl.DataFrame:
    """Return the frame with ``period`` as Date and ``value`` as Float64, ready to have its values replaced.

    Raises
    ------
    FrameError
        When it is no series frame, is lazy, dates months or longer periods by another day than their first, or
        carries interval bounds or standard errors: these would stay behind in the old unit, and the bounds of a
        transformed value are not the transformed bounds.
    """
    if isinstance(frame, pl.LazyFrame):
        raise FrameError(
            f"{doing} needs the whole of each series at once, and that is an eager frame: filter the lazy one to what "
            "fits into memory and call .collect() on it first"
        )
    refuse_bounds(frame, doing)
    frame = check_series_frame(frame)
    check_first_days(frame)
    return frame


def check_first_days(frame: pl.DataFrame, every: str | None = None) -> None:
    """Refuse years, half-years, quarters and months that are dated by another day than their first.

    Ends of periods would pass for periods that begin there: of year-ends, every figure for that of the next year.

    Parameters
    ----------
    frame
        Series frame.
    every
        Frequency of all its rows where it has no ``frequency``; without it, such a frame is not looked at.

    Raises
    ------
    FrameError
        Names the first such date, and how to mend it.
    """
    period = frame["period"]
    if (period.gather(period.arg_unique()).dt.day() == 1).all():  # dates are few beside rows
        return
    wrong = period.dt.day() != 1
    code = pl.col("frequency").cast(pl.String) if "frequency" in frame.columns else pl.lit(every, pl.String)
    found = frame.filter(wrong).select("period", code=code).drop_nulls().unique("code", keep="first")
    for period, name in found.sort("period").rows():
        if frequency_code(name) in MONTHS:
            of = " (of calendar years)" if frequency_code(name) == "A" else ""
            raise FrameError(
                f"{period} is not the first day of a period of frequency {name!r}: a series frame carries the first day of "
                f"each period, frame.with_columns(pl.col('period').dt.truncate({step(name)!r})){of}"
            )


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


def check_annual(frame: pl.DataFrame, doing: str) -> None:
    """Check that a frame is annual; one without frequencies is when no series has two periods in a year."""
    if "frequency" in frame.columns:
        annual = (frame["frequency"].unique().cast(pl.String) == "A").all()
    else:
        annual = is_unique_in_series(frame, pl.col("period").dt.year())
    if not annual:
        raise FrameError(f"{doing} needs annual figures: frame.pipe(gba.to_frequency, 'A') first")
    check_first_days(frame, "A")
