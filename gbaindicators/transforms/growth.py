"""Growth rates over a fixed span of calendar time, and average annual growth between two periods."""

from __future__ import annotations

from datetime import date

import polars as pl

from gbaindicators.catalog import Period, parse_period, period_text
from gbaindicators.errors import FrameError, UsageError
from gbaindicators.tables.series_frame import (
    append_method,
    check_unique_periods,
    combine_status,
    moments,
    series_keys,
    series_name,
)
from gbaindicators.transforms.frequencies import MONTHS, frequency_of
from gbaindicators.transforms.inputs import NoRowsError, read_series
from gbaindicators.transforms.lazily import Columns, by_series
from gbaindicators.transforms.lookback import Span, check_span, earlier_rows, read_span
from gbaindicators.transforms.provenance import merge_provenance

__all__ = ["cagr", "grown", "growth", "with_breaks"]


@by_series({"value": pl.Float64, "unit": pl.String, "method": pl.String})
def growth(
    frame: pl.DataFrame, over: str = "1y", *, log: bool = False, annualize: bool = False
) -> pl.DataFrame:
    """Compute growth in percent against the observation one span earlier, by date.

    The rate is ``100 * (value / base - 1)``, where `base` is the value of the same series at ``period - over``.
    A gap gives null: the neighbouring row never stands in for a date that is missing.

    Parameters
    ----------
    frame
        Series frame (polars.DataFrame or LazyFrame): ``period``, ``value`` and any columns that tell series apart,
        in any order of rows.
    over
        Calendar span as ``1y``, ``1q``, ``3mo``, ``1mo``, ``1w`` or ``1d``: a whole number of the frame's
        periods. In daily data a year before 29 February is 28 February, and a month before the last days of
        a long month is the last day of the shorter one.
    log
        Give ``100 * ln(value / base)`` instead.
    annualize
        Give the rate that growth at this pace makes in a year: ``(1 + g) ** n - 1`` (or ``n * g`` of logs) for
        a span that goes `n` times into a year of 12 months, 52 weeks or 365 days.

    Returns
    -------
    polars.DataFrame
        The same rows in the same order; ``value`` is the rate, ``unit`` is ``percent``, ``method`` says what
        was done. ``sources`` is the union and ``vintage`` the latest of both ends. ``status`` is the worst of
        both ends, and B (or worse) where a break lies between them. An empty frame gives an empty frame.

        The rate is null where the value or its base is missing, and where the base is zero or negative: growth
        from such a level has no meaning. Of logs, and of annualized rates, both ends must be positive.
        A rate too large for a 64-bit float is null as well.

    Raises
    ------
    UsageError
        When `over` is no span, no whole number of periods, or, for cumulative figures since January, not a
        whole number of years.
    FrameError
        When the frame is no series frame, holds NaN, or has two values for one period of a series.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> years = [date(2019, 1, 1), date(2020, 1, 1), date(2022, 1, 1)]
    >>> gdp = pl.DataFrame({"period": years, "value": [200.0, 210.0, 240.0]})
    >>> growth(gdp)["value"].round(6).to_list()
    [None, 5.0, None]
    >>> growth(gdp)["method"][0]
    'growth over 1y'
    """
    return grown(frame, over, log=log, annualize=annualize)


def grown(
    frame: pl.DataFrame,
    over: str,
    *,
    log: bool = False,
    annualize: bool = False,
    breaks: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Compute growth as `growth` does; `breaks` has the series and periods of status B where the frame lacks some."""
    span = read_span(over)
    frame = read_series(frame, "growth")
    check_span(frame, span)
    if span.months == 0 or span.months % 12:
        _refuse_ytd(frame, f"growth over {over!r}", "growth over '1y'")
    base_rows = earlier_rows(frame, over)
    rate = _rate(
        pl.col("value"), pl.lit(frame["value"].gather(base_rows)), span, log=log, annualize=annualize
    )
    result = frame.with_columns(
        pl.when(rate.is_finite()).then(rate).alias("value"), pl.lit("percent").alias("unit")
    )
    result = _mark_breaks(merge_provenance(result, frame, base_rows), frame, base_rows, breaks)
    name = ("annualized " if annualize else "") + ("log growth" if log else "growth")
    return append_method(result, f"{name} over {over}")


def _rate(value: pl.Expr, base: pl.Expr, span: Span, *, log: bool, annualize: bool) -> pl.Expr:
    ratio = value / base
    if not (log or annualize):
        return pl.when(base > 0).then((ratio - 1) * 100)
    times = span.per_year if annualize else 1.0
    rate = ratio.log() * (100 * times) if log else (ratio.pow(times) - 1) * 100
    return pl.when((base > 0) & (value > 0)).then(rate)


def _refuse_ytd(frame: pl.DataFrame, doing: str, instead: str) -> None:
    if "adjustment" in frame.columns and (frame["adjustment"] == "ytd").any():
        raise UsageError(
            f"{doing} of figures accumulated since January has no meaning: "
            f"make single periods of them first, frame.pipe(gba.from_ytd), or take {instead}"
        )


def _mark_breaks(
    result: pl.DataFrame, frame: pl.DataFrame, base_rows: pl.Series, breaks: pl.DataFrame | None
) -> pl.DataFrame:
    """Give status B (or worse) to rates between whose ends the series breaks."""
    if "status" not in frame.columns:
        return result
    breaks = frame.filter(pl.col("status") == "B") if breaks is None else breaks
    if not breaks.height:
        return result
    dated = [*series_keys(frame), "period"]
    (at,) = moments(pl.concat([frame.select(dated), breaks.select(dated)]), pl.col("period"))
    # series by series in order of time: of one series, breaks up to a date less those up to an earlier one lie between
    passed = at.tail(breaks.height).sort().search_sorted(at.head(frame.height), side="right").cast(pl.Int64)
    crossed = pl.when(pl.lit(passed > passed.gather(base_rows))).then(pl.lit("B"))
    return result.with_columns(combine_status([pl.col("status"), crossed]))


def _of_ends(frame: pl.DataFrame, **_: object) -> Columns:
    """Columns of `cagr`."""
    ridden = [c for c in ("sources", "status", "vintage") if c in frame.columns]
    types = frame.schema | {"unit": pl.String(), "method": pl.String()}
    return {c: types[c] for c in (*series_keys(frame), "period", "value", "unit", *ridden, "method")}


@by_series(_of_ends)
def cagr(frame: pl.DataFrame, start: str | int, end: str | int) -> pl.DataFrame:
    """Compute the average annual growth in percent of each series between two periods.

    It is the compound annual growth rate ``100 * ((last / first) ** (1 / years) - 1)``.

    Parameters
    ----------
    frame
        Series frame (polars.DataFrame or LazyFrame).
    start, end
        The two periods as SDMX text, or years: ``2010``, ``2015-Q1``, ``2015-01``, ``2010-04-01/P1Y`` for a fiscal year.

    Returns
    -------
    polars.DataFrame
        One row a series, in order of first appearance: the columns of the series, ``period`` (that of `end`),
        ``value`` and ``unit`` ``percent``, the union of ``sources``, the worst ``status`` and the latest
        ``vintage`` of both ends where the frame has them, and ``method``. ``status`` is B (or worse) where a break
        lies between the ends.

    Raises
    ------
    PeriodError
        When `start` or `end` is no period.
    UsageError
        When `end` does not lie after `start`, they or the series are of different frequency, or figures accumulated
        since January are to be compared with those of another part of the year.
    FrameError
        When a series lacks a value in either period, or one of the two is not positive, or the frame is empty.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> gdp = pl.DataFrame({"period": [date(2010, 1, 1), date(2020, 1, 1)], "value": [100.0, 200.0]})
    >>> cagr(gdp, "2010", "2020")["value"].round(4).to_list()
    [7.1773]
    """
    start, end = str(start), str(end)
    first_period, last_period = parse_period(start), parse_period(end)
    if first_period.frequency != last_period.frequency:
        raise UsageError(f"{start!r} and {end!r} are periods of different length: give two of the same")
    if last_period.start <= first_period.start:
        raise UsageError(f"the end {end!r} must lie after the start {start!r}")
    frame = read_series(frame, "average annual growth")
    check_unique_periods(frame)
    _check_frequency(frame, first_period, start)
    if first_period.start.month != last_period.start.month:
        _refuse_ytd(
            frame, f"average annual growth from {start} to {end}", "periods of the same part of the year"
        )
    keys = series_keys(frame)
    frame = with_breaks(frame, keys, first_period.start, last_period.start)
    first, last = (_at(frame, keys, p) for p in (first_period, last_period))
    _check_ends(frame, keys, {start: first, end: last})
    years = _years(first_period, last_period)
    rate = ((pl.col("value") / first["value"]).pow(1 / years) - 1) * 100
    columns = [*keys, "period", "value", "unit", "sources", "status", "vintage"]
    result = last.with_columns(value=rate, unit=pl.lit("percent"))
    result = merge_provenance(result.select(c for c in columns if c in result.columns), first)
    return result.with_columns(method=pl.lit(f"average annual growth {start} to {end}"))


def with_breaks(frame: pl.DataFrame, keys: list[str], first: date, last: date) -> pl.DataFrame:
    """Give status B (or worse) to the last values of series that break after the first period."""
    if "status" not in frame.columns:
        return frame
    inside = (pl.col("period") > first) & (pl.col("period") <= last) & (pl.col("status") == "B")
    crossed = (inside.any().over(keys) if keys else inside.any()) & (pl.col("period") == last)
    return frame.with_columns(combine_status([pl.col("status"), pl.when(crossed).then(pl.lit("B"))]))


def _check_frequency(frame: pl.DataFrame, period: Period, text: str) -> None:
    if "frequency" in frame.columns:
        found = set(frame["frequency"].cast(pl.String).unique().drop_nulls())
    else:
        found = {frequency_of(frame)} - {None}
    other = sorted(f for f in found if f != period.frequency)
    if other:
        raise UsageError(
            f"{text!r} is a period of frequency {period.frequency!r}, the frame has {', '.join(map(repr, other))}: "
            f"name periods of that length, such as {period_text(other[0], period.start)!r}, or filter or aggregate "
            "first (gba.to_frequency)"
        )


def _at(frame: pl.DataFrame, keys: list[str], period: Period) -> pl.DataFrame:
    """Observations of each series at one period, null where there is none, in order of first appearance."""
    rows = frame.filter(pl.col("period") == period.start)
    if not keys:
        return rows if rows.height else frame.clear(1).with_columns(period=pl.lit(period.start))
    series = frame.select(keys).unique(maintain_order=True)
    return series.join(rows, on=keys, how="left", nulls_equal=True, maintain_order="left")


def _check_ends(frame: pl.DataFrame, keys: list[str], ends: dict[str, pl.DataFrame]) -> None:
    if not frame.height:
        raise NoRowsError("the frame is empty: there is nothing to take average growth of")
    for text, rows in ends.items():
        if rows["value"].is_null().all():
            raise FrameError(f"no series has a value in {text}: {_range(frame)}")
    for text, rows in ends.items():
        lacking = [
            series_name(row) for row in rows.filter(pl.col("value").is_null()).select(keys).rows(named=True)
        ]
        if lacking:
            more = f" and {len(lacking) - 5} more" if len(lacking) > 5 else ""
            raise FrameError(
                f"no value in {text} for {'; '.join(lacking[:5])}{more}: "
                "filter these series out or take another period"
            )
        bad = rows.filter(pl.col("value") <= 0)
        if bad.height:
            name = series_name({k: bad[k][0] for k in keys})
            raise FrameError(
                f"the value of {name} in {text} is {bad['value'][0]:g}: "
                "average growth needs positive values at both ends"
            )


def _range(frame: pl.DataFrame) -> str:
    known = frame.filter(pl.col("value").is_not_null())
    if not known.height:
        return "every value of the frame is null"
    codes = known["frequency"].cast(pl.String).unique().to_list() if "frequency" in known.columns else []
    low, high = known.select(low=pl.col("period").min(), high=pl.col("period").max()).row(0)
    low, high = (period_text(codes[0], p) if len(codes) == 1 else str(p) for p in (low, high))
    return f"the values reach from {low} to {high}"


def _years(first: Period, last: Period) -> float:
    if first.frequency in MONTHS:
        return _months(last.start) / 12 - _months(first.start) / 12
    return (last.start - first.start).days / 365.25


def _months(day: date) -> int:
    return day.year * 12 + day.month
