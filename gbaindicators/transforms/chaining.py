"""Chain-linked volumes from values at current prices and at prices of the previous year.

A value of one year at the average prices of another is a volume in that year's prices. Let G(y) be the factor that
turns volumes in prices of year y into the chained volume: a period t of year y has the chained volume
``G(y-1) * previous(t)``, where ``previous`` is its value at prices of the year before, and also ``G(y) * same(t)``,
where ``same`` is its value at the average prices of its own year. What ties G(y) to G(y-1) is the technique:

- annual overlap: ``G(y) / G(y-1) = sum of previous(t) / sum of current(t)``, both over year y;
- one-quarter overlap: ``previous(t) / same(t)`` of the last quarter of year y;
- over the year: ``previous(t) / same(t)`` of each quarter by itself, so every quarter has its own G.

In the year in which a chain begins every period has the same G. All of it is scaled so that the periods of the base
year add up to their values at current prices.

The techniques are those of the IMF's Quarterly National Accounts Manual (2017 edition, chapter 8) and of Eurostat's
Handbook on quarterly national accounts (2013, chapter 6): annual overlap makes the quarters of a year add up to the
chained annual volume, one-quarter overlap has no step between the fourth quarter and the first, over the year keeps
the rates over the same quarter of the previous year but may distort the path within the year.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

import polars as pl

from gbaindicators.catalog import Period, parse_period
from gbaindicators.errors import FrameError, PeriodError, UsageError
from gbaindicators.tables.combinations import combinations
from gbaindicators.tables.series_frame import (
    append_method,
    check_series_frame,
    check_unique_periods,
    series_keys,
    series_name,
)
from gbaindicators.transforms.frequencies import MONTHS, with_frequency
from gbaindicators.transforms.inputs import NoRowsError, read_series
from gbaindicators.transforms.lazily import Columns, by_series
from gbaindicators.transforms.provenance import add_note, collapsed

__all__ = ["base_year", "chain", "chained", "name_of", "read_values"]

Technique = Literal["annual_overlap", "one_quarter_overlap", "over_the_year"]

_PRICES: Final = {"current": "current", "previous year": "previous", "same year": "same"}


def _of_volumes(frame: pl.DataFrame, **_: object) -> Columns:
    """Columns of `chain`."""
    return frame.schema | dict.fromkeys(("prices", "note", "method"), pl.String())


@by_series(_of_volumes, changes=["prices"], valued=True)
def chain(
    frame: pl.DataFrame, base: str | int = "2015", *, method: Technique = "annual_overlap"
) -> pl.DataFrame:
    """Chain-link volumes from values at current prices and at prices of the previous year.

    Parameters
    ----------
    frame
        Series frame (polars.DataFrame or LazyFrame), annual, half-yearly, quarterly or monthly, with ``prices``: every series has rows at "current"
        prices and rows at average prices of the "previous year". One-quarter overlap also needs the last quarter of
        each year at average prices of the "same year", over the year every quarter. All values are positive.
    base
        Year whose prices to use, as SDMX text; ``2015-04-01/P1Y`` for fiscal years. The accounting year of quarters
        and months begins when it does.
    method
        How the years of quarterly or monthly volumes are linked; in annual figures there is but one way.

    Returns
    -------
    pl.DataFrame
        One row a series and period, in order of first appearance, in the same unit, with ``prices``
        "chained 2015" and ``method``. The periods of the base year add up to their values at current prices;
        outside of it chained volumes of parts do not add up to that of their total. A period without a value at
        prices of the previous year, and one between which and the base the chain is broken, is null, and ``note``
        says so; in the first year of a chain volumes can be had from values at prices of the same year.
        ``sources``, ``status`` and ``vintage`` take in every figure of the years between a period and the base.

    Raises
    ------
    FrameError
        When a value is not positive, a price basis is none of the three, a series has no values at prices of the
        previous year or lacks one that the base year or the method needs, or the units of a series differ.
    UsageError
        When the method is unknown or does not fit the frequency.
    PeriodError
        When `base` is no year.

    Notes
    -----
    Formulas and sources stand at the head of the module. Without values at prices of the same year one-quarter
    overlap cannot be told from annual overlap: prices of the year derived from the annual totals give its result.

    Examples
    --------
    >>> from datetime import date
    >>> years = [date(2015, 1, 1), date(2016, 1, 1), date(2017, 1, 1)]
    >>> gdp = pl.DataFrame({
    ...     "period": years + years[1:],
    ...     "value": [100.0, 110.0, 132.0, 105.0, 121.0],
    ...     "prices": ["current"] * 3 + ["previous year"] * 2,
    ... })
    >>> chain(gdp, "2015").select("value", "prices").rows()
    [(100.0, 'chained 2015'), (105.0, 'chained 2015'), (115.5, 'chained 2015')]
    """
    if method not in get_args(Technique):
        raise UsageError(f"method must be one of {', '.join(map(repr, get_args(Technique)))}, not {method!r}")
    start = base_year(base)
    frame = read_values(frame, start, method)
    said = f"chain-linked in prices of {start.start.year}, {method.replace('_', ' ')}"
    return chained(frame, start, method, said, "no value at prices of the previous year")


def chained(frame: pl.DataFrame, base: Period, method: str, said: str, absent: str) -> pl.DataFrame:
    """Chain a checked frame; `said` goes to ``method``, `absent` is the note where there is nothing to chain."""
    series = combinations(frame, [k for k in series_keys(frame) if k != "prices"])
    inputs = frame.with_columns(series.rows.alias("__series"), _year_of(base))
    rows = _side_by_side(inputs, series.table, method)
    _check_inputs(rows, series.table, method)
    volumes = _scaled(rows, _factors(rows, method), series.table, base)
    result = _with_provenance(volumes, inputs, series.table)
    broken = f"the chain is broken between this period and {base.start.year}"
    why = pl.when(pl.col("__previous").is_null()).then(pl.lit(absent)).otherwise(pl.lit(broken))
    result = append_method(add_note(result, pl.when(pl.col("value").is_null()).then(why)), said)
    result = result.with_columns(prices=pl.lit(f"chained {base.start.year}"))
    return result.select(*frame.columns, *(c for c in ("note", "method") if c not in frame.columns))


def base_year(base: str | int) -> Period:
    """Year whose prices to use, or that is 100."""
    period = parse_period(str(base))
    if period.frequency != "A":
        raise PeriodError(f"the base is a year such as '2015' or '2015-04-01/P1Y', not {str(base)!r}")
    return period


def read_values(frame: pl.DataFrame, base: Period, method: str) -> pl.DataFrame:
    """Read what is to be chained: positive values at the three kinds of prices, in periods that a method can link."""
    frame = check_series_frame(read_series(frame, "chain"), "prices").filter(pl.col("value").is_not_null())
    if not frame.height:
        raise NoRowsError("the frame has no values: there is nothing to chain")
    if others := [p for p in frame["prices"].unique().sort() if p not in _PRICES]:
        raise FrameError(
            f"chain takes values whose prices are {', '.join(map(repr, _PRICES))}, the frame has "
            f"{', '.join(map(repr, others))}: leave those rows out; links 'previous year = 100' are for gba.chain_links"
        )
    check_unique_periods(frame)
    frame = with_frequency(frame)
    _check_frequencies(frame["frequency"].unique().cast(pl.String).to_list(), method)
    _check_positive(frame)
    _check_years(frame, base)
    return frame


def _check_frequencies(codes: list[str], method: str) -> None:
    if any(c not in MONTHS for c in codes):
        raise UsageError(
            "chain takes annual, half-yearly, quarterly or monthly figures, not weekly or daily ones"
        )
    if method != "annual_overlap" and "A" in codes:
        raise UsageError(
            f"{method!r} links quarters; annual figures have one way of linking, leave the method out"
        )
    if method == "one_quarter_overlap" and codes != ["Q"]:
        raise UsageError("'one_quarter_overlap' takes quarters: take 'annual_overlap' or 'over_the_year'")


def _check_positive(frame: pl.DataFrame) -> None:
    bad = frame.filter(pl.col("value") <= 0).select(*series_keys(frame), "period", "value")
    for row in bad.head(1).iter_rows(named=True):
        period, value = row.pop("period"), row.pop("value")
        raise FrameError(
            f"the value of {series_name(row)} in the period that begins {period} is {value:g}: volumes are chained "
            "from positive values; add items up until they are (changes in inventories cannot be chained)"
        )


def _check_years(frame: pl.DataFrame, base: Period) -> None:
    annual = pl.col("frequency").cast(pl.String) == "A"
    other = frame.filter(annual & (pl.col("period").dt.month() != base.start.month))
    if other.height:
        raise FrameError(
            f"a year begins {other['period'][0]}, the base {base.start}: give the base as "
            f"'{base.start.year}-{other['period'][0]:%m-%d}/P1Y'"
        )


def _year_of(base: Period) -> pl.Expr:
    """Year of a period, counted from the base year."""
    months = pl.col("period").dt.year().cast(pl.Int64) * 12 + pl.col("period").dt.month()
    return ((months - (base.start.year * 12 + base.start.month)) // 12).alias("__year")


def _side_by_side(inputs: pl.DataFrame, series: pl.DataFrame, method: str) -> pl.DataFrame:
    """One row a series and period: its value at each prices, its season, and how many periods a year has (``__n``)."""
    values = [pl.col("value").filter(pl.col("prices") == p).first().alias(c) for p, c in _PRICES.items()]
    units = pl.col("unit").n_unique() if "unit" in inputs.columns else pl.lit(1)
    rows = inputs.group_by("__series", "period", maintain_order=True).agg(
        *values, pl.col("__year", "frequency").first(), __units=units
    )
    for number in rows.filter(pl.col("__units") > 1)["__series"].head(1):
        raise FrameError(
            f"the values of {name_of(series, number)} are in several units: bring them into one first"
        )
    per_year = {code: 12 // months for code, months in MONTHS.items()}
    rows = rows.with_columns(
        __n=pl.col("frequency").cast(pl.String).replace_strict(per_year, return_dtype=pl.Int64)
    )
    # annual values at current prices are at average prices of the same year
    same = pl.when(pl.col("__n") == 1).then(pl.coalesce("same", "current")).otherwise("same")
    season = pl.col("period").dt.month() if method == "over_the_year" else pl.lit(0, pl.Int8)
    return rows.with_columns(same.alias("same"), season.alias("__season"))


def name_of(series: pl.DataFrame, number: int) -> str:
    """Name of the series in a row of the table of series, for messages."""
    return series_name(series.row(number, named=True))


def _check_inputs(rows: pl.DataFrame, series: pl.DataFrame, method: str) -> None:
    has = rows.group_by("__series", maintain_order=True).agg(pl.col("previous", "same").count())
    for number, previous, same in has.iter_rows():
        if not previous:
            raise FrameError(
                f"{name_of(series, number)} has no values at prices of the previous year: there is nothing to chain"
            )
        if method != "annual_overlap" and not same:
            raise FrameError(
                f"{method!r} needs values of {name_of(series, number)} at average prices of the year they are of: add rows "
                "with the prices 'same year', or take 'annual_overlap'"
            )


def _factors(rows: pl.DataFrame, method: str) -> pl.DataFrame:
    """Factor G of each series, season and year, and the unbroken run of years within which it holds."""
    ends_year = pl.col("period").rank("ordinal").over("__series", "__year") == pl.col("__n")
    rows = rows.with_columns(ends_year.alias("__last"))
    whole = [
        pl.when(pl.col(c).count() == pl.col("__n").first()).then(pl.col(c).sum())
        for c in ("previous", "current")
    ]
    overlap = pl.col("previous") / pl.col("same")
    link = {
        "annual_overlap": whole[0] / whole[1],
        "one_quarter_overlap": overlap.filter("__last").first(),
        "over_the_year": overlap.first(),
    }[method]
    found = rows.group_by("__series", "__season", "__year").agg(link.alias("__link"))
    # the first year's own link leads back to prices of the year before it
    spans = rows.group_by("__series").agg(
        pl.int_ranges(pl.col("__year").min() - 1, pl.col("__year").max() + 1).first().alias("__year")
    )
    grid = spans.explode("__year").join(rows.select("__series", "__season").unique(), on="__series")
    years = grid.join(found, on=["__series", "__season", "__year"], how="left").sort("__year")
    # where one season has no link, the others would go on from another level
    linked = pl.col("__link").is_not_null().all().over("__series", "__year")
    years = years.with_columns(pl.when(linked).then("__link"))
    years = years.with_columns(
        pl.col("__link").is_null().cum_sum().over("__series", "__season").alias("__run")
    )
    factor = pl.col("__link").fill_null(1.0).cum_prod().over("__series", "__season", "__run")
    return years.select("__series", "__season", "__year", "__run", factor.alias("__factor"), __begins=~linked)


def _scaled(rows: pl.DataFrame, factors: pl.DataFrame, series: pl.DataFrame, base: Period) -> pl.DataFrame:
    """Chained volumes, whose periods in the base year add up to the values at current prices."""
    by = ["__series", "__season", "__year"]
    for year, suffix in ((pl.col("__year") + 1, "_before"), (pl.col("__year"), "_same")):
        theirs = factors.select("__series", "__season", year, pl.col("__factor", "__run").name.suffix(suffix))
        rows = rows.join(theirs, on=by, how="left", maintain_order="left")
    from_before, from_same = (
        pl.col(c) * pl.col(f) for c, f in (("previous", "__factor_before"), ("same", "__factor_same"))
    )
    run = pl.when(from_before.is_not_null()).then("__run_before").otherwise("__run_same")
    rows = rows.with_columns(pl.coalesce(from_before, from_same).alias("value"), run.alias("__run"))
    scales = _scales(rows, factors, series, base)
    rows = rows.join(scales, on="__series", how="left", maintain_order="left")
    held = pl.col("__run") == pl.col("__base_run")
    return rows.with_columns(pl.when(held).then(pl.col("value") * pl.col("__scale")).alias("value"))


def _scales(rows: pl.DataFrame, factors: pl.DataFrame, series: pl.DataFrame, base: Period) -> pl.DataFrame:
    """What the relative volumes of each series are multiplied by, and the run of years in which that holds."""
    in_base = rows.filter(pl.col("__year") == 0).group_by("__series").agg(
        pl.col("__n", "__run").first(), pl.col("current", "value").sum(),
        count=pl.col("current").count(), volumes=pl.col("value").count(),
    )  # fmt: skip
    at_base = (
        factors.filter(pl.col("__year") == 0).unique("__series").select("__series", "__begins", first="__run")
    )
    found = pl.DataFrame({"__series": pl.int_range(series.height, dtype=pl.UInt32, eager=True)})
    for table in (in_base, at_base):
        found = found.join(table, on="__series", how="left", maintain_order="left")
    _check_base(found, series, base)
    whole = pl.col("volumes") == pl.col("__n")
    return found.select(
        "__series",
        # at the beginning of a chain the factor is one, so volumes are in prices of that year already
        __scale=pl.when(whole).then(pl.col("current") / pl.col("value")).otherwise(1.0),
        __base_run=pl.when(whole).then("__run").otherwise("first"),
    )


def _check_base(found: pl.DataFrame, series: pl.DataFrame, base: Period) -> None:
    """Check that each series has the whole base year: its values, and volumes unless its chain begins there."""
    for row in found.iter_rows(named=True):
        needed = row["__n"] or 1
        if row["count"] != needed:
            raise FrameError(
                f"{name_of(series, row['__series'])} has {row['count'] or 0} of the {needed} values at current prices that "
                f"the base {base.start.year} needs: take another base or filter the series out"
            )
        if row["volumes"] != needed and not row["__begins"]:
            raise FrameError(
                f"{name_of(series, row['__series'])} has {row['volumes']} of the {needed} values at prices of the previous "
                f"year that the base {base.start.year} needs: take another base or filter the series out"
            )


def _with_provenance(volumes: pl.DataFrame, inputs: pl.DataFrame, series: pl.DataFrame) -> pl.DataFrame:
    """Add the columns of the series, and the origin of every figure from the year of a period to the base year."""
    years = volumes.select("__series", "__year").unique()
    among = pl.col("__year_right").is_between(pl.min_horizontal("__year", 0), pl.max_horizontal("__year", 0))
    used = years.join(inputs, on="__series").filter(among)
    origin = used.group_by("__series", "__year").agg(collapsed(inputs))
    result = volumes.select("__series", "__year", "period", "value", __previous="previous")
    result = pl.concat([result, series[result["__series"]]], how="horizontal")
    return result.join(origin, on=["__series", "__year"], how="left", maintain_order="left")
