"""Money made comparable: between currencies and over time."""

from __future__ import annotations

from datetime import date
from typing import get_args

import polars as pl

from gbaindicators.catalog import catalog, parse_period
from gbaindicators.errors import FrameError, PeriodError, UnknownNameError, UsageError
from gbaindicators.tables.combinations import Combinations, by_period, combinations
from gbaindicators.tables.series_frame import one_unit
from gbaindicators.transforms.conversion_rates import PPP, Basis, conversion_factors, rate_rule
from gbaindicators.transforms.dividing import divided, united
from gbaindicators.transforms.frequencies import with_frequency
from gbaindicators.transforms.inputs import check_annual, read_series
from gbaindicators.transforms.lazily import by_series
from gbaindicators.transforms.rates import Figures, mean_over_months, published, read_figures

__all__ = ["convert", "deflate"]


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
    ruled = kinds.table.select("unit", "frequency", _rule=rate_rule(kinds.table))
    needed = frame["value"].is_not_null()
    if target in ruled["unit"]:
        needed &= frame["unit"] != target
    lookups = by_period(Combinations(kinds.rows, ruled), frame["period"], needed)
    factors = conversion_factors(lookups.table, target, basis, rates)
    return divided(frame.with_columns(unit=pl.lit(target)), factors, lookups.rows)


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
    frame, units = _to_deflate(frame, by_area=by_area)
    if by_area:
        home, whose = (
            pl.col("unit").replace_strict(catalog().currencies, return_dtype=pl.String),
            pl.col("area"),
        )
        step = "deflated with the GDP deflator of " + pl.col("of")
    else:
        home = whose = pl.lit("every area")
        step = pl.lit("deflated with a given index")
    figures = read_figures("GDP deflator", "deflator", indices, whose)
    lookups = by_period(units, frame["period"], frame["value"].is_not_null())
    factors = _rebased(lookups.table.select(of=home, first="period"), date(year, 1, 1), figures)
    frame = frame.with_columns(prices=pl.lit(f"constant {year}"))
    return divided(frame, factors.with_columns(_step=step), lookups.rows)


def _target(to: str, basis: str) -> str:
    """Unit that a conversion ends in."""
    if basis not in get_args(Basis):
        raise UsageError(f"basis must be 'market' or 'ppp', not {basis!r}")
    if basis == "ppp" and to in ("USD", PPP):
        return PPP
    if to == PPP:
        raise UsageError(f"{PPP} have no market rate: use basis='ppp'")
    if to not in catalog().currencies:
        raise UnknownNameError("currency", to, catalog().currencies)
    return to


def _with_unit(frame: pl.DataFrame, doing: str) -> pl.DataFrame:
    frame = read_series(frame, doing)
    if "unit" not in frame.columns:
        raise FrameError(f"{doing} needs the column 'unit': add it, frame.with_columns(unit=pl.lit('CNY'))")
    return frame


def _to_deflate(frame: pl.DataFrame, *, by_area: bool) -> tuple[pl.DataFrame, Combinations]:
    """Read a frame of annual money at current prices and its units, which one index for all rows may do without."""
    if by_area or "unit" in frame.columns:
        frame = _with_unit(frame, "deflate")
        units = combinations(frame, ["unit"])
        _check_money(units.table, "deflate")
    else:
        frame = read_series(frame, "deflate")
        units = combinations(frame, [])
    check_annual(frame, "deflate")
    _check_current_prices(frame)
    if not by_area:
        one_unit(frame, "deflating with one index")
    return frame, units


def _check_money(kinds: pl.DataFrame, doing: str, basis: str = "market") -> None:
    """Check that every row is money."""
    money = [*catalog().currencies, *([PPP] if basis == "ppp" else [])]
    others = [u for u in kinds["unit"].unique().sort() if u not in money]
    if PPP in others:
        raise FrameError(f"{PPP} have no market rate and no deflator: convert(..., basis='ppp') takes them")
    if others:
        raise FrameError(
            f"{doing} needs money in base units ({', '.join(money)}), the frame has "
            f"{', '.join(map(repr, others))}: leave those rows out, frame.filter(pl.col('unit').is_in({money!r}))"
        )


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
    """Price index of each area and year that is needed (``of, first``), where the year that begins on `base` is one."""
    starts = pl.concat([needs, needs.with_columns(first=pl.lit(base))]).unique()
    years = starts.with_columns(every=pl.lit("A"), last=pl.col("first").dt.offset_by("11mo"))
    means = mean_over_months(years, figures).drop("every", "last")
    at_base = means.filter(pl.col("first") == base).drop("first")
    found = needs.join(means, on=["of", "first"], how="left", maintain_order="left")
    return found.join(at_base, on="of", how="left", suffix="_base", maintain_order="left").select(
        "of",
        "first",
        _figure=pl.col("_figure") / pl.col("_figure_base"),
        _figure_sources=united("_figure_sources", "_figure_sources_base"),
        _figure_vintage=pl.max_horizontal("_figure_vintage", "_figure_vintage_base"),
    )
