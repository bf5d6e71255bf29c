"""How long the periods of a frame are, and how many short ones make a long one."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from gbaindicators.catalog import period_end
from gbaindicators.errors import FrameError
from gbaindicators.tables.series_frame import FREQUENCY, moments

__all__ = ["MONTHS", "expected_periods", "frequency_of", "nests", "with_frequency"]

#: Months in a period, for the frequencies that consist of months.
MONTHS: Final = {"A": 12, "S": 6, "Q": 3, "M": 1}
_NEEDS_FREQUENCY: Final = (
    "the frame has no column 'frequency' and its dates do not tell it: add one, "
    "frame.with_columns(frequency=pl.lit('M'))"
)


def frequency_of(frame: pl.DataFrame) -> str | None:
    """Frequency that the dates of a frame without ``frequency`` show, None where they do not show it.

    It is read from the smallest distance between two neighbouring dates of a series. Periods of months must
    begin on the first of a month.

    Examples
    --------
    >>> from datetime import date
    >>> frequency_of(pl.DataFrame({"period": [date(2020, 1, 1), date(2020, 7, 1), date(2020, 4, 1)], "value": [1, 2, 3]}))
    'Q'
    """
    (now,) = moments(frame, pl.col("period"))
    gaps = now.diff() if now.is_sorted() else now.sort().diff()
    # dates of two series lie further apart than any two dates of one
    days = gaps.filter(gaps < 2**31).min()
    if not isinstance(days, int) or days < 1:
        return None
    if days <= 7:
        return "W" if days == 7 else "D"
    for code, low, high in (("M", 28, 31), ("Q", 89, 92), ("S", 181, 184), ("A", 365, 366)):
        if low <= days <= high:
            return code if (frame["period"].dt.day() == 1).all() else None
    return None


def with_frequency(frame: pl.DataFrame) -> pl.DataFrame:
    """Add ``frequency`` to a frame that lacks it, as its dates show it.

    Raises
    ------
    FrameError
        When the dates do not tell, or a frequency is null.
    """
    if "frequency" in frame.columns:
        if frame["frequency"].has_nulls():
            raise FrameError("'frequency' is null in some rows: fill it with one of A, S, Q, M, W, D")
        return frame
    frequency = frequency_of(frame)
    if frequency is None and frame.height:
        raise FrameError(_NEEDS_FREQUENCY)
    return frame.with_columns(frequency=pl.lit(frequency, FREQUENCY))


def nests(fine: str, coarse: str) -> bool:
    """Whether periods of `fine` fill periods of `coarse` without a rest.

    >>> nests("M", "Q"), nests("W", "M"), nests("D", "W")
    (True, False, True)
    """
    if fine == "D":
        return coarse != "D"
    return fine in MONTHS and coarse in MONTHS and MONTHS[fine] < MONTHS[coarse]


def expected_periods(fine: str, coarse: str, start: date) -> int:
    """How many periods of `fine` fill the period of `coarse` that begins on `start`.

    >>> expected_periods("M", "Q", date(2023, 4, 1)), expected_periods("D", "M", date(2024, 2, 1))
    (3, 29)
    """
    if fine == "D":
        return (period_end(coarse, start) - start).days + 1
    return MONTHS[coarse] // MONTHS[fine]
