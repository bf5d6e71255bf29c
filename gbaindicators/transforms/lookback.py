"""Rows of the same series a fixed time earlier, found by date and never by row offset."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import polars as pl

from gbaindicators.catalog import step
from gbaindicators.errors import FrameError, UsageError
from gbaindicators.tables.series_frame import check_unique_periods, moments

__all__ = ["Span", "check_span", "earlier_rows", "read_span"]

#: Dates that a table of all days between them is made for in any case; of more rows it may have as many.
_FEW_DAYS: Final = 10_000
#: Rows by which it is seen how far back the earlier ones mostly are.
_SAMPLE: Final = 1_000
_FORM: Final = re.compile(r"([1-9]\d*)(y|q|mo|w|d)")
_MONTHS: Final = {"y": 12, "q": 3, "mo": 1}
_DAYS: Final = {"w": 7, "d": 1}
#: A year in each unit of a span, as growth rates are annualized: 12 months, 52 weeks or 365 days.
_A_YEAR: Final = {"y": 1, "q": 4, "mo": 12, "w": 52, "d": 365}


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of calendar time, as ``1y``, ``2q``, ``3mo``, ``1w`` or ``1d``."""

    text: str
    count: int
    unit: str

    @property
    def months(self) -> int:
        """Length in months; 0 when it is given in weeks or days."""
        return self.count * _MONTHS.get(self.unit, 0)

    @property
    def days(self) -> int:
        """Length in days; 0 when it is given in years, quarters or months."""
        return self.count * _DAYS.get(self.unit, 0)

    @property
    def per_year(self) -> float:
        """How often it goes into a year."""
        return _A_YEAR[self.unit] / self.count


def read_span(text: str) -> Span:
    """Read a duration.

    Raises
    ------
    UsageError
        When the text is no duration of whole years, quarters, months, weeks or days.

    Examples
    --------
    >>> read_span("3mo").per_year
    4.0
    """
    match = _FORM.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise UsageError(
            f"{text!r} is not a duration: write 1y, 1q, 3mo, 1w or 1d (a count and a unit of time)"
        )
    return Span(text, int(match[1]), match[2])


def check_span(frame: pl.DataFrame, span: Span) -> None:
    """Raise UsageError when `span` is not a whole number of the frame's periods.

    Without a ``frequency`` column nothing is known about the length of a period, but dates that are all ends of
    months are refused: a month before 28 February is 28 January, which would find nothing.
    """
    if "frequency" in frame.columns:
        for frequency in frame["frequency"].cast(pl.String).unique().drop_nulls().sort():
            period = read_span(step(frequency))
            whole = (
                span.days % period.days == 0 and span.days > 0
                if period.days
                else span.months % period.months == 0
            )
            if not (frequency == "D" or (whole and bool(span.days) == bool(period.days))):
                raise UsageError(
                    f"{span.text!r} is not a whole number of periods of frequency {frequency!r} ({period.text}): "
                    f"take a multiple of {period.text!r}" + (" such as '52w'" if frequency == "W" else "")
                )
    elif span.months and frame.height and _all_month_ends(frame["period"]):
        raise FrameError(
            "the periods are ends of months; a series frame carries the first day of each period: "
            "frame.with_columns(pl.col('period').dt.month_start())"
        )


def _all_month_ends(period: pl.Series) -> bool:
    # the first row alone settles nearly every frame
    return all(bool((p == p.dt.month_end()).all()) for p in (period.head(1), period))


def earlier_rows(frame: pl.DataFrame, over: str) -> pl.Series:
    """Row numbers of the observations one `over` before each observation of the same series.

    The frame's order does not matter. Series and date are put into one integer each, and what lies `over`
    earlier is looked up among them by binary search; frames that come in order of series and date, as loaded
    ones do, need no sort.

    Parameters
    ----------
    frame
        A checked series frame.
    over
        A duration as Polars writes it. From 29 February, and from the last days of a long month, it leads to
        the last day of the shorter month.

    Returns
    -------
    polars.Series
        One row number a row, null where there is no such observation.

    Raises
    ------
    FrameError
        When a series has two values for one period.

    Examples
    --------
    >>> from datetime import date
    >>> gap = pl.DataFrame({"period": [date(2020, 1, 1), date(2022, 1, 1), date(2021, 1, 1)], "value": [1.0, 2.0, 3.0]})
    >>> earlier_rows(gap, "1y").to_list()
    [None, 2, 0]
    """
    if not frame.height:
        return pl.Series([], dtype=pl.UInt32)
    now, then = moments(frame, pl.col("period"), pl.lit(_before(frame["period"], over)))
    dates = pl.DataFrame({"now": now, "then": then})
    if bool((dates["now"].diff() > 0).all()):
        return _search(dates)
    order = dates["now"].arg_sort()
    dates = dates.select(pl.all().gather(order))
    if (dates["now"].diff() == 0).any():
        check_unique_periods(frame)
    return order.gather(_search(dates)).gather(order.arg_sort()).rename("")


def _before(period: pl.Series, over: str) -> pl.Series:
    """Dates one `over` earlier; rows are many and dates few, and each date is set back once."""
    date = period.gather(period.arg_unique()).drop_nulls().to_frame("date")
    back = date.select("date", then=pl.col("date").dt.offset_by(f"-{over}"))
    first, last = date.select(first=pl.col("date").min(), last=pl.col("date").max()).cast(pl.Int32).row(0)
    if last is None or last - first > max(period.len(), _FEW_DAYS):
        return period.dt.offset_by(f"-{over}")
    table = pl.Series(dtype=pl.Int32).extend_constant(None, last - first + 1)
    table = table.scatter(back["date"].to_physical() - first, back["then"].to_physical())
    return table.gather(period.to_physical() - first).cast(pl.Date)


def _search(dates: pl.DataFrame) -> pl.Series:
    """Positions of `then` among the ascending `now`, null where absent.

    Series without gaps have every date the same number of rows earlier: only where it is not there it is looked for.
    """
    now, then = dates["now"], dates["then"]
    some = dates.with_row_index("row").gather_every(max(1, now.len() // _SAMPLE))
    back = some["row"].cast(pl.Int64) - now.search_sorted(some["then"]).cast(pl.Int64)
    usual = int(back.mode().min())  # type: ignore[arg-type]
    missed = (now.shift(usual) != then).fill_null(True)
    rows = pl.int_range(now.len(), dtype=pl.UInt32, eager=True)
    sought = then.filter(missed)
    place = now.search_sorted(sought)
    found = pl.select(pl.when(now.gather(place) == sought).then(place)).to_series()
    return (rows - usual).scatter(rows.filter(missed), found).rename("")
