"""The same figure for each bay area: `benchmark`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, get_args

import polars as pl

from gbaindicators.catalog import Definition, catalog
from gbaindicators.comparison.bays.annual_figures import annual_figures
from gbaindicators.comparison.bays.bay_figures import bay_figures
from gbaindicators.comparison.bays.choices import BAYS, Choice, Mixed, Years, check_additive, check_choice
from gbaindicators.comparison.bays.definitions import chosen_for, definition_of
from gbaindicators.comparison.bays.mixtures import refuse_mixtures, with_mixtures
from gbaindicators.comparison.bays.years import of_year
from gbaindicators.errors import UsageError
from gbaindicators.transforms.conversion_rates import Basis

__all__ = ["benchmark"]

_ORDER: Final = (
    "indicator", "area", "frequency", "period", "value", "unit", "prices", "sources", "status", "vintage", "definition",
    "members", "periods", "vintages", "rates", "rank", "mixed", "method", "note",
)  # fmt: skip


def benchmark(
    indicator: str | Mapping[str, str] = "gdp",
    bays: str | Sequence[str] = BAYS,
    *,
    definition: Mapping[str, Choice] | None = None,
    currency: str = "USD",
    basis: Basis = "market",
    prices: str | int = "current",
    years: Years = "calendar",
    year: str | int | None = "latest",
    mixed: Mixed = "refuse",
) -> pl.DataFrame:
    """Compare bay areas on one indicator, and account for every figure.

    Money is converted at the year's average market rate or at purchasing power parity. Fiscal years (Japan's, from
    April) become calendar years by months. A bay area is the sum of the members of its definition and has no value
    in a year in which a member has none. GDP per head is the GDP of the members over their population, where the
    population is the mean of two year-ends for the cities of the Greater Bay Area and the producer's estimate for the
    year elsewhere. Where a member's year is not published but its twelve months are, the year is their sum.

    What does not measure the same is not put side by side unless asked for: fiscal years beside calendar years,
    real beside nominal figures, different counts of one thing (loaded containers beside all of them), and figures
    made from both sides of a break (a calendar year of a fiscal year before a change of source and one after it, a
    mean population of year-ends before and after a census revision).

    Parameters
    ----------
    indicator
        ``"gdp"``, ``"gdp_per_capita"``, ``"population"``, ``"container_throughput"``, ``"air_passengers"``, or another
        annual indicator that may be added up over areas. Or one for each bay, which mixes counts:
        ``{"new_york_bay_area": "container_throughput_loaded", "tokyo_bay_area": "container_throughput"}``.
    bays
        Bay areas, by default the four; one or several ids, names or aliases.
    definition
        Which definition of a bay, by bay: ``{"new_york_bay_area": "three_states"}``, or a list of its members:
        ``{"tokyo_bay_area": ["tokyo", "kanagawa"]}``; defaults elsewhere.
    currency
        Currency to compare money in.
    basis
        ``"market"`` or ``"ppp"`` (in international dollars for ``currency="USD"``).
    prices
        ``"current"``, or a base year such as ``"2015"``: money at current prices is divided by the GDP deflator of its
        economy, and converted at the base year's rate, which keeps growth real.
    years
        ``"calendar"``, or ``"published"`` for fiscal years as they are, dated by the day they begin.
    year
        ``"latest"``: the latest year for which every bay has a value; a year; or None for all years.
    mixed
        ``"refuse"`` to raise where figures would not measure the same, or ``"mark"`` to say it in ``mixed`` and
        ``note``.

    Returns
    -------
    polars.DataFrame
        ``indicator, area, frequency, period, value, unit, prices, sources, status, vintage, definition, members,
        periods, vintages, rates, rank, mixed, method, note``, one row per bay and year. What went into each cell are
        its ``members``, ``periods`` (the published years or months, "2022-04-01/P1Y" for a year from April),
        ``vintages`` and ``rates`` ("6.7372 CNY per USD"). ``mixed`` is what does not measure the same in the cell or
        beside it (empty by default), and ``note`` says what limits the comparison: also where a member's figure stands in
        secondary sources only (press, encyclopedias, compilations).

    Raises
    ------
    UsageError
        When the indicator cannot be added up over areas, when there is no year for all bays, a bay lacks the given
        year (says which years there are), figures would be mixed, or a base year is given for what is no money at
        current prices.
    UnknownNameError
        For an unknown indicator, bay, definition, member or currency.

    Examples
    --------
    >>> table = benchmark("gdp")
    >>> table.select("area", pl.col("period").dt.year(), (pl.col("value") / 1e12).round(2), "rank").rows()
    [('new_york_bay_area', 2022, 2.16, 1), ('greater_bay_area', 2022, 1.94, 2), ('tokyo_bay_area', 2022, 1.52, 3), ('san_francisco_bay_area', 2022, 1.22, 4)]
    >>> tokyo = table.row(2, named=True)
    >>> tokyo["members"], tokyo["periods"], tokyo["rates"]
    (['chiba', 'kanagawa', 'saitama', 'tokyo'], ['2021-04-01/P1Y', '2022-04-01/P1Y'], ['131.498 JPY per USD'])
    """
    check_choice("basis", basis, get_args(Basis))
    check_choice("years", years, get_args(Years))
    check_choice("mixed", mixed, get_args(Mixed))
    wanted = _definitions(_by_bay(indicator, bays), definition or {})
    tables = [
        bay_figures(
            name,
            annual_figures(name, parts),
            parts,
            currency=currency,
            basis=basis,
            prices=prices,
            years=years,
        )
        for name, parts in wanted.items()
    ]
    table = pl.concat(tables, how="diagonal_relaxed")
    _check_units(table)
    if year is not None:
        table = of_year(table, year)
    table = with_mixtures(table)
    if mixed == "refuse":
        refuse_mixtures(table)
    return _ranked(table).sort(["rank"] if year is not None else ["area", "period"], maintain_order=True)


def _check_units(table: pl.DataFrame) -> None:
    if table["unit"].n_unique() > 1:
        pairs = table.select("indicator", "unit").unique().sort("unit").rows()
        units = ", ".join(f"{indicator}: {unit}" for indicator, unit in pairs)
        raise UsageError(f"figures in different units do not compare ({units}): name indicators of one unit")


def _ranked(table: pl.DataFrame) -> pl.DataFrame:
    """Rank the areas within each year, and say what is mixed in the note as well."""
    rank = pl.col("value").rank("min", descending=True).over(pl.col("period").dt.year()).cast(pl.Int64)
    mixed = pl.col("mixed").list.join("; ").replace("", None)
    note = pl.concat_str("note", mixed, separator="; ", ignore_nulls=True)
    return table.with_columns(rank=rank, note=note).select(_ORDER)


def _by_bay(indicator: str | Mapping[str, str], bays: str | Sequence[str]) -> dict[str, str]:
    """Which indicator each bay is measured by."""
    names = catalog()
    areas = list(dict.fromkeys(names.area(b).id for b in ([bays] if isinstance(bays, str) else bays)))
    if not areas:
        raise UsageError(f"no bay area is given: name some of {', '.join(BAYS)}")
    if isinstance(indicator, str):
        check_additive(indicator)
        return dict.fromkeys(areas, indicator)
    if not isinstance(indicator, Mapping):
        raise UsageError(
            f"the indicator is {indicator!r}: give its id, such as 'gdp', or one for each bay area"
        )
    chosen = {names.area(bay).id: name for bay, name in indicator.items()}
    if differ := set(areas) ^ set(chosen):
        raise UsageError(
            f"indicators by bay must name every bay compared and no other, which is not so for "
            f"{', '.join(sorted(differ))}: pass bays={sorted(chosen)!r}"
        )
    for name in chosen.values():
        check_additive(name)
    return {area: chosen[area] for area in areas}


def _definitions(indicators: Mapping[str, str], choices: Mapping[str, Choice]) -> dict[str, list[Definition]]:
    """Definitions to make, by indicator."""
    names, chosen = catalog(), chosen_for(list(indicators), choices)
    wanted: dict[str, list[Definition]] = {}
    for area, indicator in indicators.items():
        subject, choice = names.subject(indicator), chosen.get(area)
        found = names.definition(area, subject) if choice is None else definition_of(area, subject, choice)
        wanted.setdefault(indicator, []).append(found)
    return wanted
