"""Carry-over: how much growth of a year is settled before the year has gone by."""

from __future__ import annotations

import polars as pl

from gbaindicators.catalog import step
from gbaindicators.errors import UsageError
from gbaindicators.tables.series_frame import append_method, check_unique_periods
from gbaindicators.transforms.frequencies import MONTHS, with_frequency
from gbaindicators.transforms.inputs import read_series
from gbaindicators.transforms.lazily import by_series
from gbaindicators.transforms.lookback import earlier_rows
from gbaindicators.transforms.provenance import add_note, merge_provenance

__all__ = ["carry_over"]


@by_series({"unit": pl.String, "note": pl.String, "method": pl.String})
def carry_over(frame: pl.DataFrame) -> pl.DataFrame:
    """Compute what the annual growth would be if the level stayed where each period leaves it.

    From the last period of a year it is the statistical carry-over (overhang) into the next year: for quarters
    ``100 * (4 * Q4 / (Q1 + Q2 + Q3 + Q4) - 1)``. From an earlier one it is the growth acquired for its own year:
    after the second quarter ``100 * ((Q1 + 3 * Q2) / sum of the year before - 1)``. What each later period adds
    or takes away, ``(periods left + 1) * change / sum of the year before``, leads from the carry-over to the
    growth of the year.

    Parameters
    ----------
    frame
        Series frame (polars.DataFrame or LazyFrame) of half-yearly, quarterly or monthly levels, seasonally adjusted: of unadjusted ones the
        season of the last period would be carried over.

    Returns
    -------
    polars.DataFrame
        The same rows in the same order; ``value`` is a rate in ``percent`` (``unit``). ``note`` says which year it
        is the growth of, or why it is null: a period of the year before or of this one is missing, or the year
        before does not sum to more than zero. ``sources``, ``status`` and ``vintage`` take in both years.

    Raises
    ------
    UsageError
        When the frequency is annual, weekly or daily, or the figures are cumulative.
    FrameError
        When the frame is no series frame, or has two values for one period of a series.

    References
    ----------
    European Central Bank (2010), "The carry-over effect on annual average real GDP growth", Monthly Bulletin,
    March, box 6.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> quarters = [date(2023, m, 1) for m in (1, 4, 7, 10)] + [date(2024, 1, 1)]
    >>> gdp = pl.DataFrame({"period": quarters, "value": [97.0, 99.0, 101.0, 103.0, 104.0]})
    >>> grown = carry_over(gdp)
    >>> grown["value"].round(6).to_list(), grown["note"][3]
    ([None, None, None, 3.0, 4.0], 'growth of 2024 if the level stays')
    """
    frame = with_frequency(read_series(frame, "carry-over"))
    check_unique_periods(frame)
    _check(frame)
    rows = frame.with_row_index("__row")
    pieces = [
        _carried(piece, str(code)) for (code,), piece in rows.group_by("frequency", maintain_order=True)
    ]
    if not pieces:
        return frame
    return pl.concat(pieces, how="diagonal_relaxed").sort("__row").drop("__row")


def _check(frame: pl.DataFrame) -> None:
    wrong = sorted(set(frame["frequency"].cast(pl.String)) - {"S", "Q", "M"})
    if wrong:
        raise UsageError(
            f"carry-over is taken from half-years, quarters or months, the frame has {', '.join(map(repr, wrong))}: "
            "filter it first"
        )
    if "adjustment" in frame.columns and frame["adjustment"].is_in(["ytd", "cumulative"]).any():
        raise UsageError(
            "cumulative figures have no carry-over: make single periods first, frame.pipe(gba.from_ytd)"
        )


def _carried(rows: pl.DataFrame, code: str) -> pl.DataFrame:
    frame = rows.drop("__row")
    months, n = MONTHS[code], 12 // MONTHS[code]
    position = (frame["period"].dt.month().cast(pl.Int32) - 1) // months + 1
    at_end = position == n
    value = frame["value"]
    # after the last period of a year, all n periods of the next one are still to come
    year = value * pl.select(pl.when(at_end).then(n).otherwise(n - position + 1)).to_series()
    base = pl.select(pl.when(at_end).then(value).otherwise(0.0)).to_series()
    ridden = [c for c in ("sources", "status", "vintage") if c in frame.columns]
    result = rows
    for back in range(1, 2 * n - 1):
        in_year = ~at_end & (position > back)
        in_base = (at_end & (back < n)) | (~at_end & (position <= back) & (back < position + n))
        at = earlier_rows(frame, f"{back * months}mo")
        earlier = value.gather(at)
        year += pl.select(pl.when(in_year).then(earlier).otherwise(0.0)).to_series()
        base += pl.select(pl.when(in_base).then(earlier).otherwise(0.0)).to_series()
        used = pl.select(pl.when(in_year | in_base).then(at)).to_series()
        result = merge_provenance(result, frame.select(pl.col(ridden).gather(used)))
    last = pl.col("period").dt.offset_by(step(code)).dt.year()
    why = (
        pl.when(pl.lit(year.is_null() | base.is_null()))
        .then(pl.lit("a period of this year or of the year before is missing"))
        .when(pl.lit(base <= 0))
        .then(pl.lit("the year before does not sum to more than zero"))
    )
    reason = frame.select(why.alias("why"))["why"]
    rate = pl.when(pl.lit(reason.is_null())).then(pl.lit(100 * (year / base - 1)))
    result = result.with_columns(rate.alias("value"), pl.lit("percent").alias("unit"))
    result = add_note(result, pl.coalesce(pl.lit(reason), pl.format("growth of {} if the level stays", last)))
    return append_method(result, "carry-over to annual growth")
