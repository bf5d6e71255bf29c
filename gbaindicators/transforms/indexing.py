"""Index numbers: every series relative to a base period."""

from __future__ import annotations

import polars as pl

from gbaindicators.catalog import Period, parse_period, period_end, period_text
from gbaindicators.errors import FrameError, UsageError
from gbaindicators.tables.combinations import Combinations, combinations
from gbaindicators.tables.series_frame import append_method, check_unique_periods, series_keys, series_name
from gbaindicators.transforms.frequencies import expected_periods, frequency_of, nests
from gbaindicators.transforms.inputs import NoRowsError, read_series
from gbaindicators.transforms.lazily import by_series
from gbaindicators.transforms.provenance import collapsed, merge_provenance, without_first_break

__all__ = ["index"]

_BASE = "__base"


@by_series({"value": pl.Float64, "unit": pl.String, "method": pl.String})
def index(frame: pl.DataFrame, base: str | int = "2015") -> pl.DataFrame:
    """Express every series as an index whose mean over the base period is 100.

    Parameters
    ----------
    frame
        Series frame (polars.DataFrame or LazyFrame).
    base
        Base period as SDMX text (``2015``, ``2015-Q1``, ``2015-06``, ``2015-04-01/P1Y``) or a year. When its periods are
        longer than those of a series, the mean of the shorter ones within it is the base, and each must have a
        value: a year needs all twelve months.

    Returns
    -------
    polars.DataFrame
        The same rows in the same order; ``value`` is ``100 * value / base``, ``unit`` is ``index 2015=100``
        (with the base as given), ``method`` says the base. ``sources``, ``status`` and ``vintage`` take in
        those of the base; a break with which the base begins stays where it is.

    Raises
    ------
    PeriodError
        When `base` is no period.
    UsageError
        When the periods of a series do not fill the base period (weeks in a year, years in a month), or the base would
        be a mean of figures accumulated since January.
    FrameError
        When a series lacks a value in the base period, its base is not positive, or the frame is empty.

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> population = pl.DataFrame({"period": [date(2015, 1, 1), date(2020, 1, 1)], "value": [8e6, 10e6]})
    >>> index(population)["value"].to_list(), index(population)["unit"][0]
    ([100.0, 125.0], 'index 2015=100')
    """
    base = str(base)
    period = parse_period(base)
    frame = read_series(frame, "an index")
    check_unique_periods(frame)
    if not frame.height:
        raise NoRowsError(f"the frame is empty: no series has the base period {base}")
    series = combinations(frame, series_keys(frame))
    bases = _bases(frame, series, period, base)
    value = 100 * pl.col("value") / bases[_BASE].gather(series.rows)
    result = frame.with_columns(value=value, unit=pl.lit(f"index {base}=100"))
    return append_method(merge_provenance(result, bases, series.rows), f"index, {base}=100")


def _bases(frame: pl.DataFrame, series: Combinations, period: Period, text: str) -> pl.DataFrame:
    """Mean and provenance of the base period of each series; raise when one cannot be had."""
    dated = "frequency" in series.table.columns
    implied = None if dated else frequency_of(frame) or period.frequency
    frequency = pl.col("frequency").cast(pl.String) if dated else pl.lit(implied)
    within = frame.with_columns(series.rows.alias("__series"))
    within = within.filter(pl.col("period").is_between(period.start, period_end(*period)))
    # a fiscal year that begins within the base year is another year
    within = within.filter((frequency != period.frequency) | (pl.col("period") == period.start))
    within = without_first_break(within, "__series")
    found = within.group_by("__series").agg(
        pl.col("value").mean().alias(_BASE), pl.col("value").count().alias("__n"), *collapsed(within)
    )
    numbered = series.table.with_columns(frequency.alias("__frequency")).with_row_index("__series")
    bases = numbered.join(found, on="__series", how="left", maintain_order="left")
    needed = {
        row["__frequency"]: _needed(
            row["__frequency"], period, text, series_name({k: row[k] for k in series.table.columns})
        )
        for row in numbered.unique("__frequency", maintain_order=True).iter_rows(named=True)
    }
    _refuse_means_of_totals(series.table, needed, text)
    count = pl.col("__frequency").replace_strict(needed, return_dtype=pl.UInt32)
    wrong = bases.with_columns(count.alias("__needed")).filter(
        pl.col("__n").ne_missing(pl.col("__needed")) | (pl.col(_BASE) <= 0)
    )
    for row in wrong.head(1).iter_rows(named=True):
        key = {k: row[k] for k in series.table.columns}
        if row["__n"] != row["__needed"]:
            raise FrameError(
                f"{series_name(key)} has {row['__n'] or 0} of the {row['__needed']} values that the base {text} "
                f"needs; {_reach(frame, key)}: take another base or filter the series out"
            )
        raise FrameError(
            f"the base of {series_name(key)} in {text} is {row[_BASE]:g}: an index needs a positive base"
        )
    return bases


def _refuse_means_of_totals(series: pl.DataFrame, needed: dict[str, int], text: str) -> None:
    """Refuse bases over several of the totals since January, whose mean is that of nothing."""
    several = [code for code, count in needed.items() if count > 1]
    if "adjustment" not in series.columns or not several:
        return
    frequency = pl.col("frequency").cast(pl.String) if "frequency" in series.columns else pl.lit(several[0])
    totals = series.filter(frequency.is_in(several), pl.col("adjustment").cast(pl.String) == "ytd")
    if totals.height:
        raise UsageError(
            f"{series_name(totals.row(0, named=True))} is accumulated since January, and no mean of such totals is a base: "
            f"make single periods first, frame.pipe(gba.from_ytd), or take a base of one period instead of {text!r}"
        )


def _needed(fine: str, period: Period, text: str, name: str) -> int:
    """How many periods of frequency `fine` the base period consists of."""
    if fine == period.frequency:
        return 1
    if nests(fine, period.frequency):
        return expected_periods(fine, period.frequency, period.start)
    raise UsageError(
        f"{name}: periods of frequency {fine!r} do not fill the base {text!r}: "
        f"take a base such as {period_text(fine, period.start)!r}"
    )


def _reach(frame: pl.DataFrame, key: dict[str, object]) -> str:
    of_series = [pl.col(k).eq_missing(pl.lit(v)) for k, v in key.items()]
    known = frame.filter(pl.col("value").is_not_null(), *of_series)["period"]
    return (
        f"its values begin {known.sort()[0]} and end {known.sort()[-1]}"
        if known.len()
        else "it has no values"
    )
