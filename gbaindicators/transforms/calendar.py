"""From the periods that figures are published for to the periods that are needed."""

from __future__ import annotations

from typing import Final

import polars as pl

from gbaindicators.catalog import catalog, frequency_code, step
from gbaindicators.errors import FrameError, SeriesTooShortError, UsageError
from gbaindicators.tables.series_frame import (
    FREQUENCY,
    append_method,
    check_unique_periods,
    combine_status,
    series_keys,
    series_name,
)
from gbaindicators.transforms.frequencies import MONTHS, nests, with_frequency
from gbaindicators.transforms.inputs import read_series
from gbaindicators.transforms.lazily import by_series, one_frequency
from gbaindicators.transforms.lookback import earlier_rows
from gbaindicators.transforms.provenance import add_note, collapsed, merge_provenance

__all__ = ["check_starts", "to_calendar_year", "to_frequency", "with_how"]

_WORDS: Final = {"A": "years", "S": "half-years", "Q": "quarters", "M": "months", "W": "weeks", "D": "days"}
_FIRST_MONTHS: Final = {"A": (1,), "S": (1, 7), "Q": (1, 4, 7, 10), "M": tuple(range(1, 13))}


@by_series({"method": pl.String, "status": pl.String, "note": pl.String})
def to_calendar_year(frame: pl.DataFrame) -> pl.DataFrame:
    """Turn fiscal years into calendar years by weights of months.

    A fiscal year that begins in April gives three quarters of itself to the calendar year in which it begins
    and a quarter to the next: calendar 2022 is 3/12 of fiscal 2021 (January to March) and 9/12 of fiscal 2022.
    That assumes an even course within each fiscal year. For stocks and ratios, such as population, the result
    is a weighted mean of the two fiscal years.

    Parameters
    ----------
    frame
        Series frame (polars.DataFrame or LazyFrame); annual rows whose period does not begin in January are fiscal
        years.

    Returns
    -------
    polars.DataFrame
        The rows that follow the calendar already, as they were; then the calendar years made from fiscal ones,
        each series from its second fiscal year to its last, with status E and a `method` that states the
        weights. The calendar years at the edges, which only one fiscal year reaches into, are left out; within
        a series a calendar year that lacks one of its fiscal years is null, and ``note`` says so. An empty
        frame gives an empty frame.

    Raises
    ------
    FrameError
        When the fiscal years of a series begin in several months or not on the first of a month, or the series
        has calendar years too that would come out twice.
    SeriesTooShortError
        When a series has but one fiscal year.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> gdp = pl.DataFrame({"frequency": "A", "period": [date(2021, 4, 1), date(2022, 4, 1)], "value": [100.0, 200.0]})
    >>> to_calendar_year(gdp).select("period", "value").rows()
    [(datetime.date(2022, 1, 1), 175.0)]
    """
    frame = with_frequency(read_series(frame, "to_calendar_year"))
    check_unique_periods(frame)
    starts = pl.col("period")
    is_fiscal = (pl.col("frequency").cast(pl.String) == "A") & (starts.dt.ordinal_day() != 1)
    fiscal = frame.filter(is_fiscal)
    if not fiscal.height:
        return frame
    made = _calendar_years(_without_gaps(fiscal))
    result = pl.concat([frame.filter(~is_fiscal), made], how="diagonal_relaxed")
    check_unique_periods(result)
    return result


def _without_gaps(fiscal: pl.DataFrame) -> pl.DataFrame:
    """Fiscal years of each series from its first to its last, in order, null where there was no row."""
    keys = series_keys(fiscal)
    months, first, last = (
        pl.col("period").dt.month().n_unique(),
        pl.col("period").min(),
        pl.col("period").max(),
    )
    series = fiscal.group_by(keys, maintain_order=True).agg(
        first=first, last=last, months=months, day=pl.col("period").dt.day().max(), unit=_unit(fiscal)
    )
    for row in series.iter_rows(named=True):
        name = series_name({k: row[k] for k in keys})
        if row["months"] > 1 or row["day"] > 1:
            raise FrameError(
                f"the fiscal years of {name} must all begin on the first of one month: split the series"
            )
        if row["first"] == row["last"]:
            raise SeriesTooShortError(
                f"{name} has one fiscal year only ({row['first']}), which makes no calendar year: "
                "load the years around it or filter the series out"
            )
    grid = series.select(*keys, "unit", pl.date_ranges("first", "last", "1y").alias("period")).explode(
        "period"
    )
    rows = fiscal.drop("unit") if "unit" in fiscal.columns else fiscal
    filled = grid.join(rows, on=[*keys, "period"], how="left", nulls_equal=True, maintain_order="left")
    return filled.select(fiscal.columns)


def _unit(frame: pl.DataFrame) -> pl.Expr:
    return pl.col("unit").first() if "unit" in frame.columns else pl.lit(None, pl.String).first()


def _calendar_years(fiscal: pl.DataFrame) -> pl.DataFrame:
    earlier = earlier_rows(fiscal, "1y")
    ridden = [c for c in ("sources", "status", "vintage") if c in fiscal.columns]
    before = fiscal.select(pl.col("value", *ridden).gather(earlier))
    of_before = pl.col("period").dt.month().cast(pl.Int32) - 1
    value = (pl.lit(before["value"]) * of_before + pl.col("value") * (12 - of_before)) / 12
    weights = pl.format(
        "calendar year of {}/12 and {}/12 of two fiscal years (weighted mean)", of_before, 12 - of_before
    )
    made = merge_provenance(fiscal.with_columns(value=value), before)
    made = append_method(made, weights)
    estimated = (
        combine_status([pl.col("status"), pl.lit("E")]) if "status" in ridden else pl.lit("E").alias("status")
    )
    made = made.with_columns(estimated, pl.col("period").dt.truncate("1y"))
    made = add_note(
        made, pl.when(pl.col("value").is_null()).then(pl.lit("one of its two fiscal years is missing"))
    )
    return made.filter(pl.lit(earlier.is_not_null()))


@by_series(
    {"frequency": FREQUENCY, "note": pl.String, "method": pl.String}, whole=one_frequency("to_frequency")
)
def to_frequency(frame: pl.DataFrame, frequency: str, *, how: str | None = None) -> pl.DataFrame:
    """Aggregate to longer periods: months to quarters, quarters to years, days to weeks.

    Parameters
    ----------
    frame
        Series frame (polars.DataFrame or LazyFrame) of one frequency; without ``frequency`` its dates must show it.
    frequency
        Frequency code or word: ``"Q"``, ``"annual"``. The periods of the frame must fill its periods without a
        rest: weeks fill no months.
    how
        ``sum``, ``mean`` or ``end`` (the last period within the longer one). By default what the catalogue
        says of each indicator; frames without ``indicator`` must give it.

    Returns
    -------
    polars.DataFrame
        One row for each longer period that the frame reaches into, in order of first appearance, in the same
        unit. A longer period is null unless all its periods (for ``end``, the last one) have a value, and
        ``note`` says how many have. ``sources`` is the union, ``status`` the worst, ``vintage`` the latest of
        what went in. A frame of that frequency already, or an empty one, comes back as it is.

    Raises
    ------
    UsageError
        When the periods do not nest, when they would have to be split (which is disaggregation), when it is
        not known how the figures aggregate, or when figures accumulated since January would be added up.
    FrameError
        When the frame has several frequencies or a series several units.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> sales = pl.DataFrame({"period": [date(2023, m, 1) for m in range(1, 6)], "value": [1.0, 2.0, 3.0, 4.0, 5.0]})
    >>> quarters = to_frequency(sales, "Q", how="sum")
    >>> quarters["value"].to_list(), quarters["note"].to_list()
    ([6.0, None], [None, '2 of 3 months present'])
    """
    target = frequency_code(frequency)
    if how not in (None, "sum", "mean", "end"):
        raise UsageError(f"how={how!r} is not known: write 'sum', 'mean' or 'end'")
    frame = with_frequency(read_series(frame, "to_frequency"))
    codes = frame["frequency"].cast(pl.String).unique().sort().to_list()
    if len(codes) > 1:
        raise FrameError(
            f"to_frequency needs one frequency, the frame has {', '.join(codes)}: "
            f"filter it first, frame.filter(pl.col('frequency') == {codes[-1]!r})"
        )
    check_unique_periods(frame)
    if not codes or codes == [target]:
        return frame
    _check_nesting(codes[0], target)
    check_starts(frame)
    frame = with_how(frame, how)
    _refuse_cumulative(frame)
    return _aggregated(frame, codes[0], target)


def check_starts(frame: pl.DataFrame) -> None:
    """Raise FrameError when a half-year, quarter or month does not begin on its first day."""
    codes = frame["frequency"].unique().cast(pl.String).to_list()
    for code in sorted({"S", "Q", "M"}.intersection(codes), reverse=True):
        rows = frame.filter(pl.col("frequency").cast(pl.String) == code) if len(codes) > 1 else frame
        starts = rows["period"]
        off = starts.dt.day() != 1
        if code != "M":
            off |= ~starts.dt.month().is_in(_FIRST_MONTHS[code])
        wrong = starts.filter(off)
        if wrong.len():
            raise FrameError(
                f"{wrong[0]} is not the first day of a period of frequency {code!r}: a series frame carries the "
                "first day of each period (pl.col('period').dt.truncate('1mo'), '1q' or '6mo')"
            )


def _check_nesting(fine: str, coarse: str) -> None:
    if nests(fine, coarse):
        return
    if nests(coarse, fine) or (fine, coarse) in (("A", "W"), ("S", "W"), ("Q", "W"), ("M", "W")):
        raise UsageError(
            f"to_frequency makes longer periods only; {_WORDS[fine]} become {_WORDS[coarse]} by disaggregation, "
            "which estimates what was not measured (gba.disaggregate)"
        )
    raise UsageError(f"{_WORDS[fine]} do not fill {_WORDS[coarse]} without a rest: start from days")


def with_how(frame: pl.DataFrame, how: str | None) -> pl.DataFrame:
    """Say in ``__how`` how each row aggregates: sum, mean or end."""
    if how is not None:
        return frame.with_columns(pl.lit(how).alias("__how"))
    if "indicator" not in frame.columns:
        raise UsageError(
            "the frame has no 'indicator' to tell how it aggregates: pass how='sum', 'mean' or 'end'"
        )
    known = catalog().indicators
    ways: dict[str, str] = {}
    for indicator in frame["indicator"].unique().sort():
        if indicator not in known:
            raise UsageError(
                f"the catalogue does not know the indicator {indicator!r}, so not how it aggregates: "
                "pass how='sum', 'mean' or 'end'"
            )
        ways[indicator] = known[indicator].over_time
        if ways[indicator] == "none":
            raise UsageError(
                f"{indicator!r} does not aggregate over time: aggregate the levels that it is computed from, "
                "or pass how='mean' or 'end' if that is meant"
            )
    return frame.with_columns(
        pl.col("indicator").cast(pl.String).replace_strict(ways, return_dtype=pl.String).alias("__how")
    )


def _refuse_cumulative(frame: pl.DataFrame) -> None:
    if "adjustment" in frame.columns:
        added = frame.filter(pl.col("adjustment").is_in(["ytd", "cumulative"]) & (pl.col("__how") != "end"))
        if added.height:
            row = added.select(series_keys(added.drop("__how"))).row(0, named=True)
            raise UsageError(
                f"{series_name(row)} is cumulative and cannot be added up: "
                "make single periods first (gba.from_ytd for 'ytd'), or pass how='end'"
            )


def _aggregated(frame: pl.DataFrame, fine: str, coarse: str) -> pl.DataFrame:
    """Aggregate rows that say in ``__how`` by which way."""
    original = frame.drop("__how")
    longer = pl.col("period").dt.truncate(step(coarse))
    last = longer.dt.offset_by(step(coarse)).dt.offset_by(f"-{step(fine)}")
    days = (longer.dt.offset_by(step(coarse)) - longer).dt.total_days()
    expected = days if fine == "D" else pl.lit(MONTHS.get(coarse, 0) // MONTHS.get(fine, 1))
    rows = frame.with_columns(
        pl.lit(coarse, FREQUENCY).alias("frequency"),
        longer.alias("period"),
        (pl.col("period") == last).alias("__last"),
        expected.alias("__expected"),
    )
    value, how = pl.col("value"), pl.col("__how")
    groups = rows.group_by([*series_keys(original), "period", "__how"], maintain_order=True).agg(
        value.count().alias("__present"),
        pl.col("__expected").first(),
        value.sum().alias("sum"),
        value.mean().alias("mean"),
        value.filter("__last").first().alias("end"),
        *_units(original),
        *collapsed(original),
    )
    whole = pl.col("__present") == pl.col("__expected")
    chosen = (
        pl.when(how == "end").then("end").when(whole & (how == "sum")).then("sum").when(whole).then("mean")
    )
    present = pl.format("{} of {} " + _WORDS[fine] + " present", "__present", "__expected")
    late = pl.when(how == "end").then(present + ", the last one is missing").otherwise(present)
    groups = groups.with_columns(chosen.alias("value"))
    _check_units(groups, series_keys(original))
    groups = add_note(groups, pl.when(pl.col("value").is_null()).then(late))
    done = pl.format("{} of " + _WORDS[fine], how.replace({"end": "last"}))
    groups = append_method(groups, done)
    return groups.select(list(dict.fromkeys((*original.columns, "note", "method"))))


def _units(frame: pl.DataFrame) -> list[pl.Expr]:
    return [pl.col("unit").n_unique().alias("__units")] if "unit" in frame.columns else []


def _check_units(groups: pl.DataFrame, keys: list[str]) -> None:
    if "__units" in groups.columns:
        mixed = groups.filter(pl.col("__units") > 1)
        if mixed.height:
            row = mixed.select(*keys, "period").row(0, named=True)
            period = row.pop("period")
            raise FrameError(
                f"{series_name(row)} changes its unit within the period that begins {period}: convert it to one first"
            )
