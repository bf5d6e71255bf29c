"""When one area may catch up with another: `catch_up`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import get_args

import polars as pl

from gbaindicators.catalog import catalog, parse_period
from gbaindicators.comparison.bays.annual_figures import annual_figures, check_members, in_calendar_years
from gbaindicators.comparison.bays.assumptions import assumptions
from gbaindicators.comparison.bays.choices import PER_HEAD, Choice, check_additive, check_choice, rate_target
from gbaindicators.comparison.bays.definitions import definitions_of
from gbaindicators.comparison.bays.joint_series import (
    Rate,
    draw_jointly,
    held,
    in_one_currency,
    past_series,
    rates_since,
)
from gbaindicators.comparison.bays.overtaking import overtake
from gbaindicators.errors import MissingRateError, UsageError
from gbaindicators.store import load
from gbaindicators.transforms import deflate
from gbaindicators.transforms.conversion_rates import Basis

__all__ = ["catch_up"]


def catch_up(
    area: str,
    other: str,
    until: str | int,
    *,
    indicator: str = "gdp",
    definition: Mapping[str, Choice] | None = None,
    currency: str = "USD",
    basis: Basis = "market",
    prices: str | int = "current",
    rate: Rate = "held",
    start: str | int = 2000,
    paths: int = 1000,
    model: str = "auto",
    seed: int = 0,
) -> pl.DataFrame:
    """Give the probability that one area passes another by a year, with the assumptions beside the number.

    The members of each area are added up by currency, and `simulate` draws joint paths of these sums in their own
    currencies: of the Greater Bay Area one for the mainland cities, one for Hong Kong and one for Macao. Path by path
    they are converted and added, and `overtake` counts the paths in which `area` is above `other`. Years that are
    published already for some of the sums, or rates, are taken as published. For GDP per head the population of each
    area is one more series of the joint paths, and the sums are divided by it. With a base year as `prices` growth is
    real: amounts are divided by the GDP deflator of their economy and converted at the rates of the base year.

    Parameters
    ----------
    area, other
        The area that may pass, and the one it may pass: bay areas or other areas.
    until
        Last year to look at.
    indicator
        An annual amount that may be added up over areas, such as ``"gdp"`` or ``"population"``, or
        ``"gdp_per_capita"``.
    definition
        Which definition of a bay, by bay, as for `benchmark`.
    currency, basis, prices
        Currency to compare money in, at market rates or purchasing power parity, and ``"current"`` or a base year, as
        for `benchmark`.
    rate
        ``"held"``: rates stay at their last published value. ``"simulated"``: they are series of the joint paths, with
        the distribution and the correlations that their own past gives them. At the prices of a base year there is
        nothing to simulate.
    start
        First year of the past that the model is fitted to.
    paths, model, seed
        As for `simulate`.

    Returns
    -------
    polars.DataFrame
        What `overtake` gives, one row a year from the first that is not published for both, with ``sources`` and
        ``assumptions``, one sentence each.

    Raises
    ------
    UsageError
        When `until` is published already, the indicator cannot be added up, both areas are the same, or `prices` is a
        year and the figures are no money or the rate is to be simulated.
    SeriesTooShortError
        When some series has too few years to be forecast: names it.
    MissingRateError
        When a currency has no rate, or an economy no GDP deflator for the base year.
    UnknownNameError
        For an unknown area, indicator, definition or currency.

    Examples
    --------
    >>> chance = catch_up("shenzhen", "hong_kong", 2027, paths=200)
    >>> chance.select("area", "other").row(0), chance["period"][-1].year
    (('shenzhen', 'hong_kong'), 2027)
    >>> chance["assumptions"][0][0][:51]
    'exchange rates stay at their last published values:'
    >>> real = catch_up("shenzhen", "hong_kong", 2027, indicator="gdp_per_capita", prices=2015, paths=200)
    >>> real["method"][0][:58]
    'share of 200 joint paths in USD at 2015 prices per head, a'
    >>> real["assumptions"][0][0].split(",")[0]
    'amounts are at prices of 2015 by the GDP deflator of each economy'
    """
    check_choice("rate", rate, get_args(Rate))
    check_choice("basis", basis, get_args(Basis))
    check_additive(indicator)
    area, other = catalog().area(area).id, catalog().area(other).id
    if area == other:
        raise UsageError(f"{area!r} cannot pass itself: name two areas")
    first, last = (parse_period(str(year)).start.year for year in (start, until))
    definitions = definitions_of(indicator, (area, other), definition or {})
    figures = annual_figures(indicator, definitions)
    check_members(indicator, figures, definitions)
    rows = in_calendar_years(figures)
    base = None
    if prices != "current":
        rows = _deflated(rows, indicator, prices, rate)
        base = parse_period(str(prices)).start.year
    money = catalog().currency_of(rows["unit"][0]) is not None
    past = past_series(rows, definitions, per_head=indicator == PER_HEAD, first=first)
    rates = rates_since(base or first, past, currency, basis) if money else past.clear()
    if base is not None:
        rates = rates.filter(pl.col("period") == date(base, 1, 1))
    known_until = _known_until(past)
    if last <= known_until.year:
        raise UsageError(f"both areas are published to {known_until.year}: until={until!r} must be later")
    simulated = pl.concat([past, rates]) if rate == "simulated" else past
    drawn = draw_jointly(simulated, last, known_until, paths, model, seed)
    ahead = _rates_ahead(drawn, rates, rate, base, last)
    joint = in_one_currency(drawn, ahead, currency if money else None)
    unit = _unit(rows, currency, basis, base, indicator)
    nominal = money and base is None and "current" in rows["prices"]
    said = assumptions(
        past, rates, definitions, rate=rate, basis=basis, base=base, model=model, nominal=nominal
    )
    sources = sorted({s for frame in (past, rates) for cell in frame["sources"] for s in cell})
    return overtake(joint.with_columns(unit=pl.lit(unit)), area, other).with_columns(
        sources=pl.lit(sources, pl.List(pl.String)),
        method=pl.lit(f"share of {paths:,} joint paths in {unit}, added up from members by currency"),
        assumptions=pl.lit(said, pl.List(pl.String)),
    )


def _rates_ahead(
    drawn: pl.DataFrame, rates: pl.DataFrame, rate: Rate, base: int | None, last: int
) -> pl.DataFrame:
    """Rates to convert the paths with: drawn with them, those of the base year, or the last ones held."""
    if rate == "simulated":
        return drawn.filter(pl.col("series") == "rate")
    return held(rates, last) if base is None else rates.select("part", "value")


def _deflated(rows: pl.DataFrame, indicator: str, prices: str | int, rate: Rate) -> pl.DataFrame:
    """Money at the prices of a base year, in the years that have a deflator."""
    if catalog().currency_of(rows["unit"][0]) is None:
        raise UsageError(f"{indicator!r} is no money, so it has no prices of {prices}: leave prices= out")
    if rate == "simulated":
        raise UsageError(
            f"amounts at the prices of {prices} are converted at the rates of that year: leave rate= out, or use "
            "prices='current'"
        )
    deflators = load("gdp_deflator", frequency="A").select("period", _home="area")
    home = pl.col("unit").replace_strict(catalog().currencies, default=None)
    known = rows.with_columns(_home=home).join(deflators, on=["_home", "period"], how="semi").drop("_home")
    if known.is_empty():
        raise MissingRateError("no year of these figures has a GDP deflator: use prices='current'")
    return deflate(known, prices)


def _known_until(past: pl.DataFrame) -> date:
    """Last year that is published for all series."""
    ends: list[date] = past.group_by("series", "area", "part").agg(pl.col("period").max())["period"].to_list()
    return min(ends)


def _unit(rows: pl.DataFrame, currency: str, basis: Basis, base: int | None, indicator: str) -> str:
    """What the areas are compared in, in words."""
    unit = str(rows["unit"][0])
    if catalog().currency_of(unit) is not None:
        unit = rate_target(currency, basis).replace("dollar", "dollars")
    return unit + (f" at {base} prices" if base else "") + (" per head" if indicator == PER_HEAD else "")
