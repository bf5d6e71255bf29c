"""Figures accumulated since January: single periods of them, and January and February together."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from gbaindicators.catalog import catalog, step
from gbaindicators.errors import FrameError, UsageError
from gbaindicators.tables.combinations import combinations
from gbaindicators.tables.series_frame import (
    append_method,
    check_unique_periods,
    is_unique_in_series,
    series_keys,
    series_name,
)
from gbaindicators.transforms.calendar import check_starts, with_how
from gbaindicators.transforms.frequencies import MONTHS, with_frequency
from gbaindicators.transforms.inputs import read_series
from gbaindicators.transforms.lazily import by_series
from gbaindicators.transforms.lookback import earlier_rows
from gbaindicators.transforms.provenance import add_note, collapsed, merge_provenance

__all__ = ["from_ytd", "january_february"]

#: Iglewicz and Hoaglin, "How to Detect and Handle Outliers" (1993): a modified z-score above 3.5 is an outlier.
_OUT_OF_LINE: Final = 3.5 / 0.6745
_YEARS_NEEDED: Final = 6
_ODD: Final = "the difference is out of line with the same period of the other years"
#: What ``note`` can say, by number; the braces take in that it is about one source and vintage.
_NOTES: Final = (
    None,
    "the cumulative figure is missing",
    "January and February published together",
    "the cumulative figure of the period before is missing{}",
    "the difference would cross a break or an unreliable figure",
    "the cumulative figure falls, which it cannot",
    _ODD + ", perhaps a revised year over unrevised periods",
    "two vintages do not fit together: " + _ODD,
)
_NONE, _MISSING, _TOGETHER, _NO_PRIOR, _BROKEN, _FALLS, _WARNED, _UNFIT = range(len(_NOTES))


@by_series({"method": pl.String, "note": pl.String}, changes=["adjustment"], check_piece=check_unique_periods)
def from_ytd(frame: pl.DataFrame) -> pl.DataFrame:
    """Turn figures accumulated since January into figures of single periods.

    Each period becomes the difference to the period before it in the same year, found by date; the first one
    of a year is itself. Annual rows stay as they are. Where a frame holds several editions of a figure (loaded
    with ``all_sources``: columns ``source`` and ``vintage``), each takes the period before from its own source, in
    the newest vintage that is no later than its own.

    Parameters
    ----------
    frame
        Series frame (polars.DataFrame or LazyFrame) of monthly, quarterly or half-yearly cumulative figures, with ``adjustment``
        ``ytd`` if it has that column. Without ``frequency`` the dates must show it. A lazy frame holds one edition of
        each figure.

    Returns
    -------
    polars.DataFrame
        The same rows in the same order, ``adjustment`` ``nsa``. ``note`` says why a value is null: the period
        before is missing; January and February are published together (see `january_february`); the difference
        would cross a break (status B: the figure is of another kind than the one before it) or take in an
        unreliable figure (U); the cumulative figure falls although it cannot (an
        indicator that the catalogue bounds at zero); or the two vintages do not fit together.

        They do not fit where the difference as a share of the cumulative figure is out of line with the same
        period of the other years, six at least: a modified z-score, 0.6745 times the distance from the median
        over the median distance, above 3.5. Within one vintage such a difference may be a revised year over
        unrevised months, or a true shock: it is kept, and ``note`` warns.

        ``sources``, ``status`` and ``vintage`` take in both ends. An empty frame gives an empty frame.

    Raises
    ------
    FrameError
        When rows with another adjustment than ``ytd`` are in the frame, a series has two values for one period of
        one source and vintage, or it is no series frame.
    UsageError
        When the frequency is weekly or daily.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> sales = pl.DataFrame({
    ...     "frequency": "M", "period": [date(2023, m, 1) for m in (2, 3, 4, 6)], "value": [50.0, 75.0, 99.0, 150.0]
    ... })
    >>> single = from_ytd(sales)
    >>> single["value"].to_list()
    [None, 25.0, 24.0, None]
    >>> single["note"].to_list()[0], single["note"].to_list()[3]
    ('January and February published together', 'the cumulative figure of the period before is missing')
    """
    frame = with_frequency(read_series(frame, "from_ytd"))
    codes = frame["frequency"].unique().cast(pl.String).to_list()
    _check_ytd(frame, codes)
    editions = _has_editions(frame)
    check_starts(frame)
    if len(codes) < 2:
        return _singles(frame, codes[0], editions=editions) if codes else frame
    numbered = frame.with_row_index("__row")
    pieces = [
        _singles(piece.drop("__row"), str(code), editions=editions).with_columns(piece["__row"])
        for (code,), piece in numbered.group_by("frequency", maintain_order=True)
    ]
    return pl.concat(pieces, how="diagonal_relaxed").sort("__row").drop("__row")


def _check_ytd(frame: pl.DataFrame, codes: list[str]) -> None:
    if any(c not in MONTHS for c in codes):
        raise UsageError(
            "cumulative figures since January are monthly, quarterly or half-yearly, not weekly or daily"
        )
    if "adjustment" in frame.columns:
        other = pl.col("adjustment").ne_missing(pl.lit("ytd"))
        if "A" in codes:
            other &= pl.col("frequency").cast(pl.String) != "A"
        if frame.select(other.any()).item():
            key = frame.filter(other).select(series_keys(frame)).row(0, named=True)
            raise FrameError(
                f"{series_name(key)} has the adjustment {key['adjustment']!r}, not 'ytd': filter the frame first, "
                "frame.filter(pl.col('adjustment') == 'ytd')"
            )


def _has_editions(frame: pl.DataFrame) -> bool:
    """Whether the frame has several editions of a figure, told apart by source or vintage."""
    columns = [c for c in ("source", "vintage") if c in frame.columns]
    if not columns or is_unique_in_series(frame, pl.col("period")):
        return False
    check_unique_periods(frame.with_columns(pl.col(c).alias(f"__{c}") for c in columns))
    return True


def _singles(frame: pl.DataFrame, code: str, *, editions: bool) -> pl.DataFrame:
    """Single periods of the rows of one frequency."""
    if code != "A":
        return _differences(frame, code, editions=editions)
    if not editions:
        check_unique_periods(frame)
    return frame


def _differences(frame: pl.DataFrame, code: str, *, editions: bool) -> pl.DataFrame:
    start = frame["period"].dt.month() == 1
    earlier = _same_edition(frame, code) if editions else earlier_rows(frame, step(code))
    # what was accumulated before January belongs to the year before
    earlier = earlier.set(start, None)
    ridden = [c for c in ("sources", "status", "vintage") if c in frame.columns]
    before = frame.select(pl.col("value", *ridden).gather(earlier))
    why = _reason(frame, before, code, start)
    value, prior = pl.col("value"), pl.when(start).then(0.0).otherwise(before["value"])
    single = frame.select(pl.when(why == _NONE).then(value - prior).alias("value"))["value"]
    odd = _out_of_line(frame, single, start)
    if odd.any():
        why = why.set(odd, _WARNED)
        if "vintage" in ridden:
            unfit = odd & (frame["vintage"] != before["vintage"]).fill_null(False)
            single, why = single.set(unfit, None), why.set(unfit, _UNFIT)
    result = frame.with_columns(single)
    if "adjustment" in frame.columns:
        result = result.with_columns(pl.lit("nsa").cast(frame.schema["adjustment"]).alias("adjustment"))
    result = append_method(merge_provenance(result, before), "single periods from cumulative figures")
    notes = [n and n.format(" in its source and vintage" if editions else "") for n in _NOTES]
    return add_note(result, pl.lit(pl.Series(notes, dtype=pl.String).gather(why)))


def _same_edition(frame: pl.DataFrame, code: str) -> pl.Series:
    """Row of the period before, from the same source, in the newest vintage up to that of each row."""
    series = [*series_keys(frame), *(c for c in ("source",) if c in frame.columns)]
    vintage = pl.col("vintage").fill_null(date.min) if "vintage" in frame.columns else pl.lit(date.min)
    numbers = frame.select(series).unique(maintain_order=True).with_row_index("series")
    rows = frame.select(*series, "period", vintage.alias("vintage")).with_row_index("row")
    rows = (
        rows.join(numbers, on=series, nulls_equal=True, maintain_order="left")
        if series
        else rows.with_columns(series=0)
    )
    there = rows.select("series", "vintage", at="period", earlier="row").sort("vintage")
    wanted = rows.select("series", "vintage", "row", at=pl.col("period").dt.offset_by(f"-{step(code)}"))
    found = wanted.sort("vintage").join_asof(there, on="vintage", by=["series", "at"], check_sortedness=False)
    return found.sort("row")["earlier"]


def _reason(frame: pl.DataFrame, before: pl.DataFrame, code: str, start: pl.Series) -> pl.Series:
    """Which of the notes says why there can be no difference."""
    cumulated, prior = pl.col("value"), pl.lit(before["value"])
    falls = (frame["value"] < before["value"]).fill_null(False)
    if falls.any():
        falls &= frame.select(pl.lit(True) & _cannot_fall(frame)).to_series()
    doubtful = pl.lit(False)
    if "status" in before.columns:
        doubtful = pl.col("status").is_in(["B", "U"]) | (pl.lit(before["status"]) == "U")
    february = (pl.col("period").dt.month() == 2) if code == "M" else pl.lit(False)
    why = (
        pl.when(cumulated.is_null())
        .then(_MISSING)
        .when(start)
        .then(_NONE)
        .when(prior.is_null() & february)
        .then(_TOGETHER)
        .when(prior.is_null())
        .then(_NO_PRIOR)
        .when(doubtful.fill_null(False))
        .then(_BROKEN)
        .when(falls)
        .then(_FALLS)
        .otherwise(_NONE)
    )
    return frame.select(why.cast(pl.UInt8).alias("why"))["why"]


def _cannot_fall(frame: pl.DataFrame) -> pl.Expr:
    """Rows whose indicator the catalogue bounds at zero or above, so that it only ever adds to the sum."""
    if "indicator" not in frame.columns:
        return pl.lit(False)
    least = {i.id: i.minimum for i in catalog().indicators.values() if i.minimum is not None}
    return pl.col("indicator").cast(pl.String).is_in([i for i, minimum in least.items() if minimum >= 0])


def _out_of_line(frame: pl.DataFrame, single: pl.Series, start: pl.Series) -> pl.Series:
    """Whether a difference, as a share of the cumulative figure, is an outlier among those of its season."""
    series = combinations(frame, series_keys(frame)).rows
    season = (series * 12 + frame["period"].dt.month().cast(pl.UInt32)).alias("season")
    share = (single / frame["value"]).set(start | (frame["value"] == 0), None).alias("share")
    # medians of groups that follow each other take half the time
    shares = pl.DataFrame([season, share]).with_row_index("row").drop_nulls("share").sort("season")
    distance = (pl.col("share") - pl.col("share").median().over("season")).abs()
    distances = shares.select("row", "season", distance=distance)
    usual, years = pl.col("distance").median().over("season"), pl.len().over("season")
    # shares that are the same in most years have no spread to measure by
    measurable = (years >= _YEARS_NEEDED) & (usual > 1e-12)
    odd = distances.filter(measurable & (pl.col("distance") > _OUT_OF_LINE * usual))["row"]
    return pl.repeat(False, frame.height, dtype=pl.Boolean, eager=True).scatter(odd, True)


@by_series({"note": pl.String, "method": pl.String}, changes=["adjustment"])
def january_february(frame: pl.DataFrame, *, how: str | None = None) -> pl.DataFrame:
    """Take January and February together, one observation a year, as the Lunar New Year falls in either.

    The growth of the two months over those of the year before is not moved by the date of the holiday:
    ``frame.pipe(gba.january_february).pipe(gba.growth)``.

    Parameters
    ----------
    frame
        Monthly series frame (polars.DataFrame or LazyFrame): cumulative since January (``adjustment`` ``ytd``), of which February is taken, or
        single months, which are aggregated.
    how
        ``sum``, ``mean`` or ``end`` for single months, as in `to_frequency`; by default what the catalogue says of
        each indicator. Frames without ``indicator`` must give it, unless they are cumulative.

    Returns
    -------
    polars.DataFrame
        One row a year that has one of the two months, in order of first appearance: ``period`` is the 1st of
        February, as statistical offices file the figure; ``adjustment`` of summed months is ``ytd``. Null where one
        of the months needed is missing, as ``note`` says. Other months are left out. ``sources`` is the union,
        ``status`` the worst, ``vintage`` the latest of both. An empty frame gives an empty frame.

    Raises
    ------
    UsageError
        When the frame is not monthly, or it is not known how the figures aggregate.
    FrameError
        When a series has two values for one period, or is there both cumulative and by single months.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> sales = pl.DataFrame({
    ...     "period": [date(y, m, 1) for y in (2023, 2024) for m in (1, 2, 3)],
    ...     "value": [40.0, 60.0, 55.0, 65.0, 45.0, 60.0],
    ... })
    >>> january_february(sales, how="sum").select("period", "value").rows()
    [(datetime.date(2023, 2, 1), 100.0), (datetime.date(2024, 2, 1), 110.0)]
    """
    frame = with_frequency(read_series(frame, "january_february"))
    other = sorted(set(frame["frequency"].cast(pl.String)) - {"M"})
    if other:
        raise UsageError(
            f"January and February are months, the frame has frequency {', '.join(map(repr, other))}: "
            "filter it first, frame.filter(pl.col('frequency') == 'M')"
        )
    check_unique_periods(frame)
    check_starts(frame)
    cumulative = pl.col("adjustment") == "ytd" if "adjustment" in frame.columns else pl.lit(False)
    rows = frame.with_columns(cumulative.fill_null(False).alias("__ytd"))
    ytd, single = rows.filter("__ytd").drop("__ytd"), rows.filter(~pl.col("__ytd")).drop("__ytd")
    single = with_how(single, how) if single.height else single.with_columns(__how=pl.lit("sum"))
    # of what is cumulated, February holds both months
    both = pl.concat([ytd.with_columns(__how=pl.lit("end")), single])
    result = _together(both.filter(pl.col("period").dt.month() <= 2), frame)
    check_unique_periods(result)
    return result


def _together(rows: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    value, how = pl.col("value"), pl.col("__how")
    months = rows.with_columns(
        pl.col("period").dt.truncate("1y").dt.offset_by("1mo"), __month=pl.col("period").dt.month()
    )
    valued = pl.col("__month").filter(value.is_not_null())
    groups = months.group_by([*series_keys(frame), "period", "__how"], maintain_order=True).agg(
        value.sum().alias("sum"),
        value.mean().alias("mean"),
        value.filter(pl.col("__month") == 2).first().alias("end"),
        *[valued.is_in([m]).any().alias(name) for m, name in ((1, "January"), (2, "February"))],
        *collapsed(frame),
    )
    lacking = (
        pl.when(~pl.col("February"))
        .then(pl.lit("February is missing"))
        .when(~pl.col("January") & (how != "end"))
        .then(pl.lit("January is missing"))
    )
    chosen = pl.when(how == "sum").then("sum").when(how == "mean").then("mean").otherwise("end")
    groups = groups.with_columns(lacking.alias("__why")).with_columns(
        pl.when(pl.col("__why").is_null()).then(chosen).alias("value")
    )
    if "adjustment" in frame.columns:
        summed = (how == "sum") & (pl.col("adjustment") == "nsa")
        groups = groups.with_columns(
            pl.when(summed).then(pl.lit("ytd")).otherwise("adjustment").alias("adjustment")
        )
    groups = append_method(add_note(groups, pl.col("__why")), "January and February together")
    return groups.select(list(dict.fromkeys((*frame.columns, "note", "method"))))
