"""Money made comparable: between currencies, over time, and per head.

Exchange rates and purchasing power parities are units of local currency per US or international dollar. A
value is divided by the rate of its own currency and multiplied by that of the target; the dollar's own rate
is one. The average over several months is the mean of those rates, not of their inverses.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final, Literal, get_args

import polars as pl
import polars.selectors as cs

from gbaindicators.catalog import catalog, frequency_code, parse_period
from gbaindicators.errors import FrameError, PeriodError, UnknownNameError, UsageError
from gbaindicators.tables.combinations import Combinations, by_period, combinations
from gbaindicators.tables.series_frame import (
    check_series_frame,
    is_unique_in_series,
    one_unit,
    series_keys,
    series_name,
)
from gbaindicators.transforms.aggregation import ratios_in
from gbaindicators.transforms.frequencies import MONTHS, with_frequency
from gbaindicators.transforms.inputs import read_series
from gbaindicators.transforms.lazily import by_series
from gbaindicators.transforms.provenance import add_note, merge_provenance
from gbaindicators.transforms.rates import Figures, mean_over_months, published, read_figures

__all__ = ["convert", "deflate", "per_capita"]

Basis = Literal["market", "ppp"]

_PPP: Final = "international dollars"
#: Rules of conversion: which months a value takes the average rate of. Any other rule is a price base.
_PERIOD, _LAST_MONTH, _SINCE_JANUARY = "period", "last month", "since January"
_YEAR: Final = r"(\d{4})"
#: Currencies of the areas that publish their population at the end of the year.
_YEAR_END: Final = frozenset({"CNY", "HKD", "MOP"})


@by_series({"unit": pl.String, "method": pl.String})
def convert(
    frame: pl.DataFrame,
    to: str = "USD",
    *,
    basis: Basis = "market",
    rates: pl.DataFrame | pl.LazyFrame | None = None,
) -> pl.DataFrame:
    """Convert money into another currency, at market rates or at purchasing power parity.

    At market rates a flow, or a ratio such as GDP per head, takes the average rate of its period: for a
    calendar year the published annual average, for a month its rate, for quarters, half-years and years that do
    not begin in January the mean over their months, for days and weeks the rate of the month in which they
    begin, and for figures accumulated since January (``adjustment`` "ytd") the mean over the months since then.
    A stock or a price takes the rate of the last month of its period. What an indicator is stands in the
    catalogue; any other counts as a flow.

    At purchasing power parity a value is divided by the annual conversion factor of its currency's home economy
    (all renminbi by China's), which gives international dollars; another target multiplies by its own factor.
    Periods shorter than a year take the factor of their year, fiscal years those of their calendar years
    weighted by months.

    Constant prices (``prices`` such as "constant 2015" or "chained 2017") take the average of their price year in
    every period, so that their growth stays real. At purchasing power parity that gives what is called constant 2017
    international dollars: ``frame.pipe(gba.deflate, "2017").pipe(gba.convert, basis="ppp")``.

    Parameters
    ----------
    frame
        Series frame (polars.DataFrame or LazyFrame) with ``frequency`` and ``unit``: CNY, HKD, MOP, USD or JPY, row by row.
    to
        Currency to convert into. With ``basis="ppp"`` "USD" means international dollars.
    basis
        ``"market"`` or ``"ppp"``.
    rates
        Series frame with ``frequency`` and with ``unit`` such as "CNY per USD" or, for PPP, "CNY per
        international dollar". By default the database's ``fx_rate`` or ``ppp``. Figures of low reliability
        (``status`` "U") are not used.

    Returns
    -------
    pl.DataFrame
        The frame in the target unit, with ``method``. Rows already in that unit are unchanged and need no rate,
        and null values stay null. ``sources`` and ``vintage``, where the frame has them, take in the rates'.

    Raises
    ------
    FrameError
        When a row is not money, or is at constant prices of an unstated year.
    MissingRateError
        When a rate is missing: names the currency, the periods and the range there is.
    UnknownNameError
        When `to` is no currency.

    Examples
    --------
    >>> from datetime import date
    >>> gdp = pl.DataFrame({"period": [date(2022, 1, 1)], "value": [673.0], "unit": "CNY", "frequency": "A"})
    >>> rates = gdp.with_columns(value=pl.lit(6.73), unit=pl.lit("CNY per USD"))
    >>> convert(gdp, "USD", rates=rates).select("value", "unit", "method").row(0)
    (100.0, 'USD', "to USD at the period's average market rate")
    """
    target = _target(to, basis)
    frame = with_frequency(_with_unit(frame, "convert"))
    of_rate = [c for c in ("unit", "frequency", "indicator", "adjustment", "prices") if c in frame.columns]
    kinds = combinations(frame, of_rate)
    _check_money(kinds.table, "convert", basis)
    ruled = kinds.table.select("unit", "frequency", _rule=_rule(kinds.table))
    needed = frame["value"].is_not_null()
    if target in ruled["unit"]:
        needed &= frame["unit"] != target
    lookups = by_period(Combinations(kinds.rows, ruled), frame["period"], needed)
    factors = _factors(lookups.table, target, basis, rates)
    return _finish(
        _divided(frame, factors, lookups.rows).with_columns(unit=pl.lit(target)), factors, lookups.rows
    )


@by_series({"prices": pl.String, "method": pl.String})
def deflate(
    frame: pl.DataFrame, base: str | int = "2015", *, deflator: pl.DataFrame | pl.LazyFrame | None = None
) -> pl.DataFrame:
    """Put annual money at current prices into the prices of a base year.

    The value is divided by the GDP deflator of its currency's home area, rebased to the base year = 100. Years
    that do not begin in January take the deflators of their calendar years weighted by months.

    Parameters
    ----------
    frame
        Annual series frame (polars.DataFrame or LazyFrame) of money at current prices. Without ``unit`` every row takes the one
        index given.
    base
        Calendar year whose prices to use.
    deflator
        Series frame of annual price indices on any base, with ``area`` (china, hong_kong, ...), or without it
        for one index for all rows. By default the database's ``gdp_deflator``.

    Returns
    -------
    pl.DataFrame
        The frame in the same unit, with ``prices`` "constant 2015" and ``method``.

    Raises
    ------
    FrameError
        When a row is not money, not annual, or not at current prices.
    MissingRateError
        When the deflator lacks a year.

    Examples
    --------
    >>> from datetime import date
    >>> years = [date(2015, 1, 1), date(2020, 1, 1)]
    >>> gdp = pl.DataFrame({"period": years, "value": [50.0, 66.0]})
    >>> prices = pl.DataFrame({"period": years, "value": [80.0, 88.0]})
    >>> deflate(gdp, "2015", deflator=prices)["value"].round(9).to_list()
    [50.0, 60.0]
    """
    year = _calendar_year(base)
    indices = published("gdp_deflator", deflator, needed=len(frame) > 0)
    by_area = "area" in indices.columns
    needs_unit = by_area or "unit" in frame.columns
    frame = _with_unit(frame, "deflate") if needs_unit else read_series(frame, "deflate")
    kinds = combinations(frame, ["unit"] if needs_unit else [])
    if needs_unit:
        _check_money(kinds.table, "deflate")
    _check_annual(frame, "deflate")
    _check_current_prices(frame)
    if by_area:
        home = pl.col("unit").replace_strict(catalog().currencies, return_dtype=pl.String)
    else:
        one_unit(frame, "deflating with one index")
        home = pl.lit("every area")
    figures = read_figures("GDP deflator", "deflator", indices, pl.col("area") if by_area else home)
    lookups = by_period(kinds, frame["period"], frame["value"].is_not_null())
    needs = lookups.table.select(of=home, first="period")
    step = (
        "deflated with the GDP deflator of " + pl.col("of")
        if by_area
        else pl.lit("deflated with a given index")
    )
    factors = needs.join(
        _rebased(needs, date(year, 1, 1), figures), on=["of", "first"], how="left", maintain_order="left"
    ).with_columns(_step=step)
    work = _divided(frame, factors, lookups.rows).with_columns(prices=pl.lit(f"constant {year}"))
    return _finish(work, factors, lookups.rows)


@by_series({"note": pl.String, "method": pl.String}, changes=["indicator"])
def per_capita(frame: pl.DataFrame, *, population: pl.DataFrame | pl.LazyFrame | None = None) -> pl.DataFrame:
    """Divide annual amounts by the population of the same area and year.

    Areas that publish their population at the end of the year (those of the renminbi, the Hong Kong dollar and
    the pataca) take the mean of this year-end and the one before, which is the practice of the statistical
    offices of the mainland and of Macao. Other areas take their producer's estimate for the year: 1 July in the
    United States, 1 October in Japan. So does every area of a population frame of the indicator
    ``population_midyear``: Hong Kong's own figures per head rest on it, and the mean of year-ends departs from
    them by up to 1.2 percent (2022). The year of a period that does not begin in January is the one in which its
    middle lies: fiscal 2022 from April is compared with the population of 2022.

    Parameters
    ----------
    frame
        Annual series frame (polars.DataFrame or LazyFrame) of money or counts.
    population
        Annual series frame of persons, with ``area`` where `frame` has it; by default the database's
        ``population``. A population without areas is that of the year, whatever its day.

    Returns
    -------
    pl.DataFrame
        Money per head in the unit of money, counts in a unit such as "TEU per head"; ``indicator`` gains
        "_per_capita". A year without its population (the first one has no year-end before it) is null, and
        ``note`` says which figure is missing. ``status`` is the worst of both, and ``sources`` and
        ``vintage`` take in those of the population.

    Raises
    ------
    FrameError
        When an area has no population, the frame is not annual, holds ratios, or a series and its population
        have no year in common.

    Notes
    -----
    The mean of year-ends follows the note to GDP per head in the DSEC table of the Greater Bay Area cities
    ("average permanent population").

    Examples
    --------
    >>> from datetime import date
    >>> gdp = pl.DataFrame({"area": ["macao"], "period": [date(2016, 1, 1)], "value": [360344e6]})
    >>> heads = pl.DataFrame(
    ...     {"area": "macao", "period": [date(2015, 1, 1), date(2016, 1, 1)], "value": [646_800, 644_900]}
    ... )
    >>> per_capita(gdp, population=heads)["value"].round(0).to_list()
    [557938.0]
    """
    frame = read_series(frame, "per_capita")
    _check_annual(frame, "per_capita")
    if ratios := ratios_in(frame):
        raise FrameError(
            f"{', '.join(map(repr, ratios))} cannot be divided among heads: per_capita takes amounts such as gdp, "
            "leave the other rows out with frame.filter(...)"
        )
    heads = _heads(published("population", population, needed=len(frame) > 0), frame)
    keys = [c for c in ("area", "_year") if c in heads.columns]
    work = frame.with_columns(_year=_year_of_middle()).join(heads, on=keys, how="left", maintain_order="left")
    unknown = pl.col("_figure").is_null() & pl.col("value").is_not_null()
    reason = pl.coalesce("_reason", "no population of " + pl.col("_year").cast(pl.String))
    work = add_note(work, pl.when(unknown).then(reason))
    work = work.with_columns(value=pl.col("value") / pl.col("_figure"))
    _check_some_heads(frame, work)
    if "unit" in frame.columns:
        work = work.with_columns(unit=_unit_per_head())
    if "indicator" in frame.columns:
        work = work.with_columns(indicator=pl.col("indicator") + "_per_capita")
    added = [c for c in ("note", "method") if c not in frame.columns]
    return _finish(work, work).select(*frame.columns, *added)


def _target(to: str, basis: str) -> str:
    """Unit that a conversion ends in."""
    if basis not in get_args(Basis):
        raise UsageError(f"basis must be 'market' or 'ppp', not {basis!r}")
    if basis == "ppp" and to in ("USD", _PPP):
        return _PPP
    if to == _PPP:
        raise UsageError(f"{_PPP} have no market rate: use basis='ppp'")
    if to not in catalog().currencies:
        raise UnknownNameError("currency", to, catalog().currencies)
    return to


def _with_unit(frame: pl.DataFrame, doing: str) -> pl.DataFrame:
    frame = read_series(frame, doing)
    if "unit" not in frame.columns:
        raise FrameError(f"{doing} needs the column 'unit': add it, frame.with_columns(unit=pl.lit('CNY'))")
    return frame


def _check_money(kinds: pl.DataFrame, doing: str, basis: str = "market") -> None:
    """Check that every row is money."""
    money = [*catalog().currencies, *([_PPP] if basis == "ppp" else [])]
    others = [u for u in kinds["unit"].unique().sort() if u not in money]
    if _PPP in others:
        raise FrameError(f"{_PPP} have no market rate and no deflator: convert(..., basis='ppp') takes them")
    if others:
        raise FrameError(
            f"{doing} needs money in base units ({', '.join(money)}), the frame has "
            f"{', '.join(map(repr, others))}: leave those rows out, frame.filter(pl.col('unit').is_in({money!r}))"
        )


def _check_annual(frame: pl.DataFrame, doing: str) -> None:
    """Check that a frame is annual; one without frequencies is when no series has two periods in a year."""
    if "frequency" in frame.columns:
        annual = (frame["frequency"].unique().cast(pl.String) == "A").all()
    else:
        annual = is_unique_in_series(frame, pl.col("period").dt.year())
    if not annual:
        raise FrameError(f"{doing} needs annual figures: frame.pipe(gba.to_frequency, 'A') first")


def _check_current_prices(frame: pl.DataFrame) -> None:
    if "prices" not in frame.columns:
        return
    bases = combinations(frame, ["prices"]).table["prices"].drop_nulls().sort()
    if constant := [b for b in bases if b != "current"]:
        raise FrameError(
            f"only current prices can be deflated, the frame has {', '.join(map(repr, constant))}: "
            "leave those rows out, frame.filter(pl.col('prices') == 'current')"
        )


def _calendar_year(base: str | int) -> int:
    period = parse_period(str(base))
    if period.frequency != "A" or period.start.month != 1:
        raise PeriodError(f"the base is a calendar year such as '2015', not {str(base)!r}")
    return period.start.year


def _rebased(needs: pl.DataFrame, base: date, figures: Figures) -> pl.DataFrame:
    """Price index of each area and year (``of, first``), where the year that begins on `base` is one."""
    starts = pl.concat([needs, needs.with_columns(first=pl.lit(base))]).unique()
    years = starts.with_columns(every=pl.lit("A"), last=pl.col("first").dt.offset_by("11mo"))
    means = mean_over_months(years, figures).drop("every", "last")
    at_base = means.filter(pl.col("first") == base).drop("first")
    return means.join(at_base, on="of", suffix="_base").select(
        "of",
        "first",
        _figure=pl.col("_figure") / pl.col("_figure_base"),
        _figure_sources=_united("_figure_sources", "_figure_sources_base"),
        _figure_vintage=pl.max_horizontal("_figure_vintage", "_figure_vintage_base"),
    )


def _rule(frame: pl.DataFrame) -> pl.Expr:
    """Which rate a row takes: that of its period, of another span, or of the base of its constant prices."""
    rule = pl.lit(_PERIOD)
    if "adjustment" in frame.columns and (frame["adjustment"] == "ytd").any():
        rule = pl.when(pl.col("adjustment") == "ytd").then(pl.lit(_SINCE_JANUARY)).otherwise(rule)
    if "indicator" in frame.columns:
        known = catalog().indicators
        levels = [
            i for i in frame["indicator"].unique() if i in known and known[i].kind in ("stock", "price")
        ]
        if levels:
            rule = pl.when(pl.col("indicator").is_in(levels)).then(pl.lit(_LAST_MONTH)).otherwise(rule)
    if "prices" in frame.columns and (frame["prices"] != "current").any():
        rule = pl.when(pl.col("prices") != "current").then("prices").otherwise(rule)
    return rule


def _factors(
    needs: pl.DataFrame, target: str, basis: Basis, rates: pl.DataFrame | pl.LazyFrame | None
) -> pl.DataFrame:
    """Divisor of every unit, frequency, period and rule, with its origin and the words for it."""
    _check_price_bases(needs)
    codes = {f: frequency_code(f) for f in needs["frequency"].unique()}
    code = pl.col("frequency").cast(pl.String).replace_strict(codes, return_dtype=pl.String)
    span = ["every", "first", "last"]
    needs = needs.with_columns(_code=code).with_columns(
        *_span(basis), _step=f"to {target} " + _wording(basis)
    )
    own, others = needs.select(*span, of="unit"), needs.select(*span, of=pl.lit(target))
    wanted = pl.concat([own, others]).unique().filter(~pl.col("of").is_in(["USD", _PPP]))
    if len(wanted):
        means = mean_over_months(wanted, _rates(rates, basis))
    else:
        means = wanted.with_columns(
            _figure=pl.lit(1.0),
            _figure_sources=pl.lit([], dtype=pl.List(pl.String)),
            _figure_vintage=pl.lit(None, dtype=pl.Date),
        )
    targets = means.filter(pl.col("of") == target).drop("of")
    factors = (
        needs.join(means, left_on=["unit", *span], right_on=["of", *span], how="left", maintain_order="left")
        .join(targets, on=span, how="left", suffix="_target", maintain_order="left")
        .with_columns(
            # What is null here is the dollar's own rate: any other that is missing was an error.
            _figure=pl.col("_figure").fill_null(1.0) / pl.col("_figure_target").fill_null(1.0),
            _figure_sources=_united("_figure_sources", "_figure_sources_target"),
            _figure_vintage=pl.max_horizontal("_figure_vintage", "_figure_vintage_target"),
        )
    )
    return factors.drop(*span, "_code", cs.ends_with("_target"))


def _check_price_bases(needs: pl.DataFrame) -> None:
    for base in needs["_rule"].unique():
        if base not in (_PERIOD, _LAST_MONTH, _SINCE_JANUARY) and not re.search(_YEAR, base):
            raise FrameError(
                f"the prices {base!r} do not say of which year, so no rate fits them: say it, "
                "frame.with_columns(prices=pl.lit('constant 2015')), or convert current prices"
            )


def _rates(given: pl.DataFrame | pl.LazyFrame | None, basis: Basis) -> Figures:
    """Exchange rates or PPP conversion factors, by currency."""
    name, indicator, dollar = {
        "market": ("exchange rate", "fx_rate", "USD"),
        "ppp": ("PPP conversion factor", "ppp", "international dollar"),
    }[basis]
    frame = check_series_frame(published(indicator, given), "unit", "frequency")
    of = pl.col("unit").str.extract(rf"^(\w+) per {dollar}$")
    return read_figures(name, "rates", frame, of)


def _span(basis: Basis) -> list[pl.Expr]:
    """Which figures a row takes: annual or monthly ones, from which month to which."""
    rule, code, period = pl.col("_rule"), pl.col("_code"), pl.col("period")
    year = rule.str.extract(_YEAR)
    start = period.dt.month_start()
    months = code.replace_strict(MONTHS, default=1, return_dtype=pl.Int32)
    last = start.dt.offset_by(pl.format("{}mo", months - 1))
    last = (
        pl.when((code == "W") & (rule == _LAST_MONTH))
        .then(period.dt.offset_by("6d").dt.month_start())
        .otherwise(last)
    )
    if basis == "ppp":
        annual, first = pl.lit(True), start
    else:
        annual = (code == "A") & (start.dt.month() == 1) & (rule != _LAST_MONTH)
        first = pl.when(rule == _LAST_MONTH).then(last).otherwise(start)
        to_date = (rule == _SINCE_JANUARY) & (code != "A")
        first = pl.when(to_date).then(start.dt.truncate("1y")).otherwise(first)
    price_year = pl.date(year.cast(pl.Int32), 1, 1)
    return [
        pl.when(annual | year.is_not_null()).then(pl.lit("A")).otherwise(pl.lit("M")).alias("every"),
        pl.coalesce(price_year, first).alias("first"),
        pl.coalesce(price_year, last).alias("last"),
    ]


def _wording(basis: Basis) -> pl.Expr:
    """Say which rate a row takes."""
    rule, code = pl.col("_rule"), pl.col("_code")
    year = rule.str.extract(_YEAR)
    if basis == "ppp":
        return (
            pl.when(year.is_not_null())
            .then("at PPP of " + year)
            .when(code != "A")
            .then(pl.lit("at the PPP of the calendar year"))
            .when(pl.col("period").dt.month() != 1)
            .then(pl.lit("at the PPP of its calendar years weighted by months"))
            .otherwise(pl.lit("at PPP"))
        )
    return (
        pl.when(year.is_not_null())
        .then("at the average market rate of " + year)
        .when(rule == _LAST_MONTH)
        .then(pl.lit("at the market rate of the period's last month"))
        .when((rule == _SINCE_JANUARY) & (code != "A"))
        .then(pl.lit("at the average market rate since January"))
        .when(code.is_in(["W", "D"]))
        .then(pl.lit("at the average market rate of the month"))
        .otherwise(pl.lit("at the period's average market rate"))
    )


def _year_of_middle() -> pl.Expr:
    """Calendar year in which the middle of a year lies that begins in any month."""
    return pl.col("period").dt.offset_by("6mo").dt.year()


def _heads(population: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """Heads to divide by, per area and year, or the reason why there are none."""
    heads = _annual_population(population, frame)
    estimates = heads.with_columns(_step=pl.lit("per head of the population of the year"))
    midyear = "indicator" in population.columns and (population["indicator"] == "population_midyear").all()
    if midyear or "area" not in heads.columns:
        return estimates.with_columns(_reason=pl.lit(None, dtype=pl.String))
    at_year_end = pl.col("area").is_in([a for a in heads["area"].unique() if _publishes_year_ends(a)])
    year_ends = _means_of_year_ends(heads.filter(at_year_end))
    return pl.concat([estimates.filter(~at_year_end), year_ends], how="diagonal")


def _annual_population(population: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """Population by area and year, its origin in columns that begin with ``_figure_``."""
    by_area = "area" in frame.columns
    heads = check_series_frame(population, *(["area"] if by_area else [])).filter(
        pl.col("value").is_not_null()
    )
    if "unit" in heads.columns and (heads["unit"] != "persons").any():
        raise FrameError("the population must be in 'persons': multiply it into persons and set its unit")
    if "frequency" in heads.columns:
        heads = heads.filter(pl.col("frequency").cast(pl.String) == "A")
    keys = ["area", "_year"] if by_area else ["_year"]
    origin = [c for c in ("sources", "status", "vintage") if c in heads.columns]
    heads = heads.with_columns(_year=_year_of_middle()).select(
        *keys, pl.col("value").alias("_figure"), *(pl.col(c).alias(f"_figure_{c}") for c in origin)
    )
    if by_area and (absent := sorted(set(frame["area"]) - set(heads["area"]))):
        raise FrameError(
            f"no population of {', '.join(map(repr, absent))}: pass population= with it; that of a country is "
            "gba.load('population_midyear'), that of a bay area "
            "gba.load('population', gba.members(area)).pipe(gba.aggregate, area)"
        )
    twice = heads.filter(pl.struct(keys).is_duplicated()).select(keys)
    if len(twice):
        raise FrameError(
            f"two populations of {series_name(twice.row(0, named=True))}: keep one in population="
        )
    return heads


def _publishes_year_ends(area: str) -> bool:
    """Whether an area, or each member of a bay area, has its population published at the end of the year."""
    entry = catalog().areas.get(area)
    if entry is None or entry.currency is not None:
        return entry is not None and entry.currency in _YEAR_END
    parts = [
        m
        for d in catalog().definitions
        if (d.area, d.subject, d.default) == (area, "economy", True)
        for m in d.members
    ]
    return bool(parts) and all(_publishes_year_ends(m) for m in parts)


def _means_of_year_ends(heads: pl.DataFrame) -> pl.DataFrame:
    """Mean of the population at the end of each year and of the year before."""
    before = heads.with_columns(pl.col("_year") + 1)
    both = heads.join(before, on=["area", "_year"], how="full", coalesce=True, suffix="_before")
    origin = {c: c.removeprefix("_figure_") for c in heads.columns if c.startswith("_figure_")}
    theirs = both.select(pl.col(f"{c}_before").alias(name) for c, name in origin.items())
    both = merge_provenance(both.rename(origin), theirs).rename({name: c for c, name in origin.items()})
    lacking = (
        pl.when(pl.col("_figure").is_null())
        .then("_year")
        .when(pl.col("_figure_before").is_null())
        .then(pl.col("_year") - 1)
    )
    return both.select(
        *(c for c in heads.columns if c != "_figure"),
        _figure=(pl.col("_figure") + pl.col("_figure_before")) / 2,
        _reason="no population at the end of " + lacking.cast(pl.String),
        _step=pl.lit("per head of the mean of the year-end populations"),
    )


def _check_some_heads(frame: pl.DataFrame, work: pl.DataFrame) -> None:
    """Check that no series is left without a single value because its population is of other years."""
    keys = series_keys(frame)
    had = frame["value"].is_not_null()
    state = work.select(*keys, "note", had=had, has=pl.col("value").is_not_null(), _all=pl.lit("")).group_by(
        "_all", *keys
    )
    empty = state.agg(pl.col("had").any(), pl.col("has").any(), pl.col("note").filter("had").first())
    empty = empty.filter(pl.col("had") & ~pl.col("has")).sort("_all", *keys)
    if len(empty):
        row = empty.select(*keys, "note").row(0, named=True)
        note = row.pop("note")
        raise FrameError(
            f"nothing per head of {series_name(row)} can be computed ({note} for its first period): "
            "pass population= with the years of the frame"
        )


def _unit_per_head() -> pl.Expr:
    """Unit of each row per head: money stays money."""
    money = [id_ for id_, unit in catalog().units.items() if unit.kind in ("money", "money_ppp")]
    unit = pl.col("unit")
    return pl.when(unit.is_in(money)).then(unit).otherwise(unit + " per head")


def _united(ours: str, theirs: str) -> pl.Expr:
    """Union of two columns of sources, of which one may be null."""
    return pl.coalesce(pl.col(ours).list.set_union(theirs), ours, theirs)


def _divided(frame: pl.DataFrame, factors: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    """Values by the figure that each row takes; a row that takes none keeps its value."""
    figure = factors["_figure"].gather(rows)
    return frame.with_columns(pl.col("value") / (figure.fill_null(1.0) if figure.has_nulls() else figure))


def _finish(work: pl.DataFrame, figures: pl.DataFrame, rows: pl.Series | None = None) -> pl.DataFrame:
    """Take in the origin of the figures and say in ``method`` what was done, row by row or by `rows` of figures."""
    origin = {c: c.removeprefix("_figure_") for c in figures.columns if c.startswith("_figure_")}
    work = merge_provenance(work, figures.select(origin.keys()).rename(origin), rows)
    said = pl.lit(figures["_step"] if rows is None else figures["_step"].gather(rows))
    if "method" not in work.columns:
        return work.with_columns(said.alias("method"))
    before = pl.col("method").replace("", None)
    return work.with_columns(method=pl.coalesce(before + "; " + said, said, before))
