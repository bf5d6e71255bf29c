"""Every period of a span, against which the periods of a series are checked."""

from __future__ import annotations

import polars as pl

from gbaindicators.catalog import step
from gbaindicators.errors import FrameError

__all__ = ["whole_span"]


def whole_span(name: str, frequency: str, periods: pl.Series) -> pl.Series:
    """Give every period from the first to the last of the ascending periods of a series.

    Raises
    ------
    FrameError
        When a date begins none of them; says which.

    Examples
    --------
    >>> from datetime import date
    >>> whole_span("an example", "Q", pl.Series([date(2024, 1, 1), date(2024, 10, 1)])).dt.month().to_list()
    [1, 4, 7, 10]
    """
    every = pl.date_range(periods[0], periods[-1], step(frequency), eager=True).alias("period")
    stray = periods.filter(~periods.is_in(every.implode()))
    if len(stray):
        raise FrameError(
            f"{name} has the date {stray[0]}, which is no whole number of periods (frequency {frequency}) after its "
            f"first, {periods[0]}: date each period by its first day"
        )
    return every
