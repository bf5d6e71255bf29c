"""Money made comparable: between currencies, over time, and per head.

Exchange rates and purchasing power parities are units of local currency per US or international dollar. A
value is divided by the rate of its own currency and multiplied by that of the target; the dollar's own rate
is one. The average over several months is the mean of those rates, not of their inverses.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, get_args

import polars as pl

from gbaindicators.catalog import catalog, parse_period, period_text, period_text_expr
from gbaindicators.errors import FrameError, MissingRateError, PeriodError, UnknownNameError, UsageError
from gbaindicators.tables.series_frame import (
    FREQUENCY,
    append_method,
    check_series_frame,
    check_unique_periods,
    combine_status,
    merge_sources,
    series_keys,
    series_name,
)

__all__ = ["convert", "deflate", "per_capita"]

Basis = Literal["market", "ppp"]

_PPP: Final = "international dollars"
_MONTHS_AFTER_FIRST: Final = {"A": 11, "S": 5, "Q": 2, "M": 0, "W": 0, "D": 0}
#: Of which rate a value takes the average: its period's, its last month's, or that since January.
_AVERAGE, _LAST_MONTH, _SINCE_JANUARY = "average", "last month", "since January"
_PRICE_YEAR: Final = r"(\d{4})"
#: Currencies of the areas that publish their population at the end of the year.
_YEAR_END: Final = frozenset({"CNY", "HKD", "MOP"})


class _Figures(NamedTuple):
    """Published rates or indices: what they are called, which argument passes them, and one row for each.

    The columns are ``of`` (a currency or an area), ``every`` ("A" or "M"), ``at`` (the first day), ``figure``,
    ``figure_sources`` and ``figure_vintage``.
    """

    name: str
    argument: str
    table: pl.DataFrame


def convert(
    frame: pl.DataFrame, to: str = "USD", *, basis: Basis = "market", rates: pl.DataFrame | None = None
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
    every period, so that their growth stays real.

    Parameters
    ----------
    frame
        Series frame with ``frequency`` and ``unit``: CNY, HKD, MOP, USD or JPY, row by row.
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
    frame = _with_frequency(_money(frame, basis))
    keys = ["unit", "frequency", "period", "_rule"]
    work = frame.with_columns(_rule(frame).alias("_rule"))
    needs = work.lazy().filter(pl.col("value").is_not_null(), pl.col("unit") != target).select(keys).unique()
    factors = _factors(needs.collect(), target, basis, rates)
    work = work.join(factors, on=keys, how="left", maintain_order="left")
    work = work.with_columns(value=pl.col("value") / pl.col("figure").fill_null(1.0), unit=pl.lit(target))
    return _finish(frame, work)


def deflate(
    frame: pl.DataFrame, base: str | int = "2015", *, deflator: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Put annual money at current prices into the prices of a base year.

    The value is divided by the GDP deflator of its currency's home area, rebased to the base year = 100. Years
    that do not begin in January take the deflators of their calendar years weighted by months.

    Parameters
    ----------
    frame
        Annual series frame of money at current prices. Without ``unit`` every row takes the one index given.
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
    published = _published("gdp_deflator", deflator)
    by_area = "area" in published.columns
    frame = _money(frame) if by_area or "unit" in frame.columns else check_series_frame(frame)
    _check_annual(frame, "deflate")
    _check_current_prices(frame)
    if not by_area:
        one_unit(frame, "deflate with one index for all rows")
    homes = pl.col("unit").replace_strict(catalog().currencies, return_dtype=pl.String)
    work = frame.with_columns(of=homes if by_area else pl.lit("the whole frame"))
    needs = work.filter(pl.col("value").is_not_null()).select("of", "period").unique()
    bases = needs.select("of", period=pl.date(year, 1, 1))
    spans = pl.concat([needs, bases]).unique().select(
        "of", every=pl.lit("A"), first="period", last=pl.col("period").dt.offset_by("11mo")
    )
    figures = _figures("GDP deflator", "deflator", published, pl.col("area") if by_area else pl.lit("the whole frame"))
    means = _means(spans, figures).drop("every", "last")
    at_base = means.filter(pl.col("first") == pl.date(year, 1, 1)).select("of", base="figure")
    work = work.join(means, left_on=["of", "period"], right_on=["of", "first"], how="left", maintain_order="left")
    work = work.join(at_base, on="of", how="left", maintain_order="left")
    work = work.with_columns(
        value=pl.col("value") * pl.col("base") / pl.col("figure"),
        prices=pl.lit(f"constant {year}"),
        step="deflated with the GDP deflator of " + pl.col("of") if by_area else pl.lit("deflated with the given index"),
    )
    return _finish(frame, work, "prices")


def per_capita(frame: pl.DataFrame, *, population: pl.DataFrame | None = None) -> pl.DataFrame:
    """Divide annual amounts by the population of the same area and year.

    Areas that publish their population at the end of the year (those of the renminbi, the Hong Kong dollar and
    the pataca) take the mean of this year-end and the one before, which is the practice of the statistical
    offices of the mainland and of Macao. Other areas take their producer's estimate for the year: 1 July in the
    United States, 1 October in Japan. So does a population frame of the indicator ``population_midyear``, which
    reproduces the figures of Hong Kong's statistical office. The year of a period that does not begin in January
    is the one in which its middle lies: fiscal 2022 from April is compared with the population of 2022.

    Parameters
    ----------
    frame
        Annual series frame of money or counts.
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
    frame = check_series_frame(frame)
    _check_annual(frame, "per_capita")
    _check_amounts(frame)
    keys = ["area", "_year"] if "area" in frame.columns else ["_year"]
    heads = _heads(_published("population", population), frame)
    work = frame.with_columns(_year=_middle_year()).join(heads, on=keys, how="left", maintain_order="left")
    work = work.with_columns(value=pl.col("value") / pl.col("figure"), **_names_per_head(frame))
    _check_every_series_has_years(frame, work)
    lacking = pl.col("figure").is_null()
    reason = pl.coalesce("reason", "no population of " + pl.col("_year").cast(pl.String))
    work = work.with_columns(note=_after(frame, "note", pl.when(lacking).then(reason)))
    if {"status", "figure_status"} <= set(work.columns):
        work = work.with_columns(combine_status([pl.col("status"), pl.col("figure_status")]))
    return _finish(frame, work, "note")


# --- what goes in ---


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


def _money(frame: pl.DataFrame, basis: str = "market") -> pl.DataFrame:
    """Check that every row is money."""
    if isinstance(frame, pl.DataFrame) and "unit" not in frame.columns:
        raise FrameError("the frame lacks the column 'unit': add it, frame.with_columns(unit=pl.lit('CNY'))")
    frame = check_series_frame(frame, "unit")
    currencies = [*catalog().currencies, *([_PPP] if basis == "ppp" else [])]
    others = [u for u in frame["unit"].unique().sort() if u not in currencies]
    if _PPP in others:
        raise FrameError(f"{_PPP} have no market rate or deflator: use convert(..., basis='ppp') to leave them")
    if others:
        raise FrameError(
            f"not money: {', '.join(map(repr, others))} (money is in {', '.join(currencies)}, one of them a unit); "
            "leave those rows out with frame.filter(pl.col('unit').is_in([...]))"
        )
    return frame


def _with_frequency(frame: pl.DataFrame) -> pl.DataFrame:
    """Check that every row has a frequency."""
    if "frequency" not in frame.columns:
        raise FrameError("the frame lacks the column 'frequency': add it, frame.with_columns(frequency=pl.lit('A'))")
    codes = frame["frequency"].cast(FREQUENCY, strict=False)
    if codes.has_nulls():
        wrong = frame["frequency"].filter(codes.is_null())[0]
        raise FrameError(f"the frequency {wrong!r} is none of {', '.join(FREQUENCY.categories)}: write it as a code")
    return frame.with_columns(codes)


def _check_annual(frame: pl.DataFrame, doing: str) -> None:
    """Check that a frame is annual; one without frequencies is, when no series has two periods in a year."""
    if "frequency" in frame.columns:
        annual = (frame["frequency"].cast(pl.String) == "A").all()
    else:
        years = pl.struct(*series_keys(frame), pl.col("period").dt.year())
        annual = not frame.select(years.is_duplicated().any()).item()
    if not annual:
        raise FrameError(f"{doing} needs annual figures: make them so first, frame.pipe(gba.to_frequency, 'A')")


def _check_current_prices(frame: pl.DataFrame) -> None:
    others = [p for p in frame["prices"].unique().sort() if p not in (None, "current")] if "prices" in frame.columns else []
    if others:
        raise FrameError(
            f"only current prices can be deflated, the frame has {', '.join(map(repr, others))}: "
            "leave those rows out with frame.filter(pl.col('prices') == 'current')"
        )


def _check_amounts(frame: pl.DataFrame) -> None:
    """Check that values are amounts, of which each head can have a share."""
    known = catalog().indicators
    names = frame["indicator"].unique().drop_nulls().sort().to_list() if "indicator" in frame.columns else []
    ratios = [n for n in names if n in known and known[n].kind not in ("flow", "stock")] or ratio_units(frame)
    if ratios:
        raise FrameError(
            f"{', '.join(map(repr, ratios))} cannot be divided among heads: per_capita takes amounts such as gdp, "
            "leave the other rows out with .filter(...)"
        )


def _calendar_year(base: str | int) -> int:
    period = parse_period(str(base))
    if period.frequency != "A" or period.start.month != 1:
        raise PeriodError(f"the base is a calendar year such as '2015', not {str(base)!r}")
    return period.start.year


def _published(indicator: str, given: pl.DataFrame | None) -> pl.DataFrame:
    """Take the frame given, or else the database's."""
    if given is not None:
        return check_series_frame(given)
    from gbaindicators.store import load

    return load(indicator)


def _figures(name: str, argument: str, published: pl.DataFrame, of: pl.Expr) -> _Figures:
    """Put published rates or indices into one table to look them up in."""
    columns = published.columns
    table = published.filter(pl.col("value").is_not_null())
    if "status" in columns:
        table = table.filter(pl.col("status").ne_missing("U"))
    table = table.select(
        of=of,
        every=pl.col("frequency").cast(pl.String) if "frequency" in columns else pl.lit("A"),
        at="period",
        figure="value",
        figure_sources=pl.col("sources") if "sources" in columns else pl.lit([], dtype=pl.List(pl.String)),
        figure_vintage=pl.col("vintage") if "vintage" in columns else pl.lit(None, dtype=pl.Date),
    ).filter(pl.col("of").is_not_null())
    twice = table.filter(pl.struct("of", "every", "at").is_duplicated())
    if len(twice):
        of_, every, at = twice.select("of", "every", "at").row(0)
        raise FrameError(f"two figures for the {name} of {of_} in {period_text(every, at)}: keep one in {argument}=")
    if (table["figure"] <= 0).any():
        raise FrameError(f"the {name} is not above zero in some rows of {argument}=: leave them out")
    return _Figures(name, argument, table)


# --- rates ---


def _rule(frame: pl.DataFrame) -> pl.Expr:
    """Of which rate each row takes the average: its period's, another rule, or the price base of its prices."""
    rule = pl.lit(_AVERAGE)
    if "adjustment" in frame.columns and (frame["adjustment"] == "ytd").any():
        within_year = (pl.col("adjustment") == "ytd") & (pl.col("frequency") != "A")
        rule = pl.when(within_year).then(pl.lit(_SINCE_JANUARY)).otherwise(rule)
    if "indicator" in frame.columns:
        known = catalog().indicators
        levels = [i for i in frame["indicator"].unique() if i in known and known[i].kind in ("stock", "price")]
        if levels:
            rule = pl.when(pl.col("indicator").is_in(levels)).then(pl.lit(_LAST_MONTH)).otherwise(rule)
    if "prices" in frame.columns and (frame["prices"] != "current").any():
        constant = pl.col("prices").is_not_null() & (pl.col("prices") != "current")
        rule = pl.when(constant).then("prices").otherwise(rule)
    return rule


def _factors(
    needs: pl.DataFrame, target: str, basis: Basis, rates: pl.DataFrame | None
) -> pl.DataFrame:
    """Divisor of each combination of unit, frequency, period and rule, with its origin and what to say of it."""
    span = ["every", "first", "last"]
    _check_price_years(needs)
    needs = needs.with_columns(_span(basis)).with_columns(step=pl.lit(f"to {target} ") + _wording(basis))
    wanted = pl.concat([needs.select(*span, of="unit"), needs.select(*span, of=pl.lit(target))]).unique()
    wanted = wanted.filter(~pl.col("of").is_in(["USD", _PPP]))
    means = _means(wanted, _rates(rates, basis) if len(wanted) else _Figures("", "", _NO_FIGURES))
    targets = means.filter(pl.col("of") == target).drop("of")
    return (
        needs.join(means, left_on=[*span, "unit"], right_on=[*span, "of"], how="left")
        .join(targets, on=span, how="left", suffix="_target")
        .with_columns(
            # What is left null here is a dollar's own rate: a missing one has been an error already.
            figure=pl.col("figure").fill_null(1.0) / pl.col("figure_target").fill_null(1.0),
            figure_sources=merge_sources("figure_sources", "figure_sources_target"),
            figure_vintage=pl.max_horizontal("figure_vintage", "figure_vintage_target"),
        )
        .drop(*span, cs.ends_with("_target"))
    )


def _check_price_years(needs: pl.DataFrame) -> None:
    rules = [r for r in needs["_rule"].unique() if r not in (_AVERAGE, _LAST_MONTH, _SINCE_JANUARY)]
    for rule in rules:
        if re.search(_PRICE_YEAR, rule) is None:
            raise FrameError(
                f"the prices {rule!r} do not say of which year, so no rate fits them: state it, "
                "frame.with_columns(prices=pl.lit('constant 2015')), or convert current prices"
            )


def _rates(given: pl.DataFrame | None, basis: Basis) -> _Figures:
    """Exchange rates or PPP factors by currency."""
    name, per, indicator = {
        "market": ("exchange rate", "USD", "fx_rate"),
        "ppp": ("PPP conversion factor", "international dollar", "ppp"),
    }[basis]
    published = check_series_frame(_published(indicator, given), "unit", "frequency")
    return _figures(name, "rates", published, pl.col("unit").str.extract(rf"^(\w+) per {per}$"))


def _span(basis: Basis) -> list[pl.Expr]:
    """Give which figures a row needs: annual or monthly ones, from the first month to the last."""
    rule, monthly_start = pl.col("_rule"), pl.col("period").dt.month_start()
    year = rule.str.extract(_PRICE_YEAR)
    january = pl.date(year.cast(pl.Int32), 1, 1)
    after = pl.col("frequency").cast(pl.String).replace_strict(_MONTHS_AFTER_FIRST, return_dtype=pl.Int32)
    last = monthly_start.dt.offset_by(pl.format("{}mo", after))
    weekly = (pl.col("frequency") == "W") & (rule == _LAST_MONTH)
    last = pl.when(weekly).then(pl.col("period").dt.offset_by("6d").dt.month_start()).otherwise(last)
    calendar_year = (pl.col("frequency") == "A") & (pl.col("period").dt.month() == 1) & (rule == _AVERAGE)
    annual = pl.lit(basis == "ppp") | calendar_year | year.is_not_null()
    first = (
        pl.when(rule == _LAST_MONTH)
        .then(last if basis == "market" else monthly_start)
        .when(rule == _SINCE_JANUARY)
        .then(monthly_start.dt.truncate("1y"))
        .otherwise(monthly_start)
    )
    return [
        pl.when(annual).then(pl.lit("A")).otherwise(pl.lit("M")).alias("every"),
        pl.when(year.is_not_null()).then(january).otherwise(first).alias("first"),
        pl.when(year.is_not_null()).then(january).otherwise(last).alias("last"),
    ]


def _wording(basis: Basis) -> pl.Expr:
    """Say which rate a row takes."""
    frequency, rule = pl.col("frequency").cast(pl.String), pl.col("_rule")
    year = rule.str.extract(_PRICE_YEAR)
    if basis == "ppp":
        return (
            pl.when(year.is_not_null())
            .then("at PPP of " + year)
            .when(frequency != "A")
            .then(pl.lit("at PPP of the whole year"))
            .when(pl.col("period").dt.month() != 1)
            .then(pl.lit("at PPP of the calendar years weighted by months"))
            .otherwise(pl.lit("at PPP"))
        )
    return (
        pl.when(year.is_not_null())
        .then("at the average market rate of " + year)
        .when(rule == _LAST_MONTH)
        .then(pl.lit("at the market rate of the period's last month"))
        .when(rule == _SINCE_JANUARY)
        .then(pl.lit("at the average market rate since January"))
        .when(frequency.is_in(["W", "D"]))
        .then(pl.lit("at the average market rate of the month"))
        .otherwise(pl.lit("at the period's average market rate"))
    )


def _means(spans: pl.DataFrame, figures: _Figures) -> pl.DataFrame:
    """Mean figure over the months of each span (``of, every, first, last``), all of which are needed.

    Where there are only annual figures each of them counts for the months of its year.
    """
    span = ["of", "every", "first", "last"]
    at = pl.col("at")
    lookups = (
        spans.with_columns(at=pl.date_ranges("first", "last", "1mo"))
        .explode("at")
        .with_columns(at=pl.when(pl.col("every") == "A").then(at.dt.truncate("1y")).otherwise(at))
        .group_by(*span, "at")
        .agg(months=pl.len())
        .join(figures.table, on=["of", "every", "at"], how="left")
    )
    missing = lookups.filter(pl.col("figure").is_null())
    if len(missing):
        raise _missing_rate(missing, figures)
    weighted = (pl.col("figure") * pl.col("months")).sum() / pl.col("months").sum()
    return lookups.group_by(span).agg(
        # A single figure is taken as it was published, to the last digit.
        figure=pl.when(pl.len() == 1).then(pl.col("figure").first()).otherwise(weighted),
        figure_sources=pl.col("figure_sources").explode().drop_nulls().unique().sort(),
        figure_vintage=pl.col("figure_vintage").max(),
    )


def _missing_rate(missing: pl.DataFrame, figures: _Figures) -> MissingRateError:
    """Error that names what is missing, of which periods, and what there is."""
    lines = []
    for (of, every), rows in missing.group_by("of", "every", maintain_order=True):
        periods = [period_text(str(every), at) for at in rows["at"].unique().sort()]
        more = f" and {len(periods) - 5} more" if len(periods) > 5 else ""
        known = figures.table.filter(pl.col("of") == of)
        there_is = [
            f"{word} ones run from {period_text(e, first)} to {period_text(e, last)}"
            for e, word in (("A", "annual"), ("M", "monthly"))
            for first, last in known.filter(pl.col("every") == e).select(f=pl.min("at"), l=pl.max("at")).rows()
            if first is not None
        ]
        if every == "M" and "M" not in known["every"]:
            there_is.insert(0, "there are no monthly ones")
        lines.append(
            f"no {figures.name} of {of} for {', '.join(periods[:5])}{more} ({', '.join(there_is) or 'there are none'})"
        )
    return MissingRateError(
        f"{'; '.join(sorted(lines))}: leave the rows that need them out with .filter(...), or pass "
        f"{figures.argument}= with them"
    )


# --- heads ---


def _middle_year() -> pl.Expr:
    """Calendar year in which the middle of a year lies that begins in any month."""
    return pl.col("period").dt.offset_by("6mo").dt.year()


def _heads(population: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """Persons to divide by, per area and year, and why there are none."""
    by_area = "area" in frame.columns
    heads = check_series_frame(population, *(["area"] if by_area else []))
    if "unit" in heads.columns and (heads["unit"] != "persons").any():
        raise FrameError("the population must be in 'persons': multiply it and set its unit")
    if "frequency" in heads.columns:
        heads = heads.filter(pl.col("frequency").cast(pl.String) == "A")
    keys = ["area"] if by_area else []
    midyear = "indicator" in heads.columns and (heads["indicator"] == "population_midyear").any()
    table = _figures("population", "population", heads, pl.col("area") if by_area else pl.lit("all"))
    return table.table


def _finish(frame: pl.DataFrame, work: pl.DataFrame, *more: str) -> pl.DataFrame:
    """Take in the origin of the figures, say what was done in ``method``, and drop what was only needed here."""
    origin = [merge_sources("sources", "figure_sources")] if "sources" in frame.columns else []
    if "vintage" in frame.columns:
        origin.append(pl.max_horizontal("vintage", "figure_vintage").alias("vintage"))
    work = work.with_columns(*origin, method=_after(frame, "method", pl.col("step")))
    return work.select(*frame.columns, *(c for c in (*more, "method") if c not in frame.columns))


def _after(frame: pl.DataFrame, column: str, text: pl.Expr) -> pl.Expr:
    """Text after what a column says already; where the text is null the column stays."""
    if column not in frame.columns:
        return text
    return pl.coalesce(pl.col(column) + "; " + text, text, pl.col(column))
