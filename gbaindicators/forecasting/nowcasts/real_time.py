"""What was known on a day: by the day each figure was published, or by how long such figures take to come out."""

from __future__ import annotations

from datetime import date

import polars as pl

from gbaindicators.catalog import parse_period, period_end, step
from gbaindicators.errors import FrameError, UsageError
from gbaindicators.tables.series_frame import series_keys, series_name
from gbaindicators.transforms.frequencies import with_frequency
from gbaindicators.transforms.inputs import read_series

__all__ = ["known_on", "newest"]


def known_on(frame: pl.DataFrame, day: str | date) -> pl.DataFrame:
    """Keep the figures that were known at the end of a day, one for each series and period.

    Of the editions of a figure (rows of one series and period) the newest with a ``vintage`` no later than the day
    counts: a true real-time figure. Where there is none, because early editions were not kept, but ``lag`` says
    that one was out by then, the earliest edition stands in for it: timely, though it may since have been revised
    (pseudo-real time). To stand in for no figure too early, `lag` is the longest that a release took.

    Parameters
    ----------
    frame
        Series frame with ``vintage`` (the day of publication), ``lag`` (days from the end of a period to the
        publication of its figure, the same for all rows of a series), or both. Missing values are no figures, but one
        of ``status`` M withdraws the figure from its vintage on.
    day
        The day, as SDMX text (the last of a longer period) or a date.

    Returns
    -------
    polars.DataFrame
        The rows that were known, in the order they came in, with ``timing``: ``"vintage"`` or ``"lag"``.

    Raises
    ------
    UsageError
        When the frame has neither column.
    PeriodError
        When the day cannot be read.
    FrameError
        When two values of one period have the same vintage, or the frame is no series frame.

    Examples
    --------
    >>> gdp = pl.DataFrame({
    ...     "frequency": "Q", "period": [date(2023, 7, 1), date(2023, 10, 1), date(2023, 10, 1)], "lag": 45,
    ...     "value": [4.1, 4.3, 4.2], "vintage": [date(2026, 6, 30), date(2024, 1, 31), date(2026, 6, 30)],
    ... })
    >>> known_on(gdp, date(2024, 1, 31)).select("value", "timing").rows()
    [(4.1, 'lag'), (4.3, 'vintage')]
    """
    day = period_end(*parse_period(day)) if isinstance(day, str) else day
    frame = with_frequency(read_series(frame, "known_on"))
    if "vintage" not in frame.columns and "lag" not in frame.columns:
        raise UsageError(
            "what was known on a day cannot be told without the column 'vintage' (day of publication) or 'lag' "
            "(days from the end of a period to its publication): add one, frame.with_columns(lag=pl.lit(30))"
        )
    vintage = pl.col("vintage") if "vintage" in frame.columns else pl.lit(None, pl.Date)
    lag = pl.col("lag") if "lag" in frame.columns else pl.lit(None, pl.Int64)
    next_period = pl.coalesce(
        pl.when(pl.col("frequency").cast(pl.String) == code).then(pl.col("period").dt.offset_by(step(code)))
        for code in frame["frequency"].cast(pl.String).unique()
    )
    out = next_period + pl.duration(days=lag.cast(pl.Int64) - 1)
    rows = frame.with_row_index("_row").filter(
        pl.col("value").is_not_null() | (_withdrawn(frame) & (vintage <= day))
    )
    rows = rows.with_columns(
        pl.when(vintage <= day)
        .then(pl.lit("vintage"))
        .when((out <= day).fill_null(False))
        .then(pl.lit("lag"))
        .alias("timing"),
        vintage.alias("_vintage"),
    ).filter(pl.col("timing").is_not_null())
    one = [*series_keys(frame), "period"]
    double = rows.filter(pl.struct(*one, "_vintage").is_duplicated())
    if double.height:
        row = double.select(series_keys(frame)).row(0, named=True)
        raise FrameError(
            f"two values for {series_name(row)} in the period that begins {double['period'][0]}, of one vintage: keep one"
        )
    by_vintage = pl.col("timing") == "vintage"
    newest = rows.filter(by_vintage).sort("_vintage", descending=True, maintain_order=True)
    earliest = rows.filter(~by_vintage).sort("_vintage", nulls_last=True, maintain_order=True)
    best = pl.concat([newest, earliest]).unique(one, keep="first", maintain_order=True)
    return best.filter(pl.col("value").is_not_null()).sort("_row").drop("_row", "_vintage")


def newest(frame: pl.DataFrame) -> pl.DataFrame:
    """Keep the newest edition of each figure, where editions with their ``vintage`` stand side by side."""
    if "vintage" not in frame.columns:
        return frame
    rows = frame.with_row_index("_row").filter(pl.col("value").is_not_null() | _withdrawn(frame))
    one = [*(k for k in series_keys(frame) if k != "_row"), "period"]
    # two figures of one day are no editions of one another: they stay, to be complained of
    best = pl.col("vintage").is_null() | (pl.col("vintage") == pl.col("vintage").max().over(one))
    return rows.filter(best, pl.col("value").is_not_null()).sort("_row").drop("_row")


def _withdrawn(frame: pl.DataFrame) -> pl.Expr:
    """Tell the editions that take a figure back: what was known before them is known no more."""
    return pl.col("status") == "M" if "status" in frame.columns else pl.lit(False)
