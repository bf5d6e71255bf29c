"""How a ranking of the bay areas depends on how one measures: `sensitivity`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import product
from typing import Any, Final, get_args

import polars as pl

from gbaindicators.catalog import Definition, catalog, parse_period
from gbaindicators.comparison.bays.annual_figures import annual_figures, lacking
from gbaindicators.comparison.bays.bay_figures import bay_figures
from gbaindicators.comparison.bays.choices import BAYS, Mixed, check_additive, check_choice
from gbaindicators.comparison.bays.mixtures import refuse_mixtures, with_mixtures
from gbaindicators.errors import UsageError
from gbaindicators.transforms.conversion_rates import Basis

__all__ = ["sensitivity"]

#: One way to measure: what a ranking is made within.
_WAY: Final = ("basis", "_kind", "period")


def sensitivity(
    indicator: str = "gdp",
    bays: Sequence[str] = BAYS,
    *,
    prices: str | int | Sequence[str | int] = "current",
    year: str | int | None = "latest",
    mixed: Mixed = "refuse",
) -> pl.DataFrame:
    """Rank the bay areas under every combination of definitions, at market rates and at purchasing power parity.

    ``sensitivity("gdp", prices=("current", "2015"), year=None)`` is the whole grid: definitions, market rates and
    purchasing power parity, nominal and real, all years.

    Parameters
    ----------
    indicator
        As for `benchmark`.
    bays
        Bay areas, by default the four.
    prices
        ``"current"`` or base years such as ``"2015"``, one or several: at the prices and rates of a base year figures
        are real.
    year
        A year; ``"latest"``: the latest for which every definition that has figures can be compared; or None for every
        year in which each bay has a figure by some definition.
    mixed
        As for `benchmark`: ``"refuse"``, or ``"mark"`` what does not measure the same.

    Returns
    -------
    polars.DataFrame
        ``indicator, basis, prices, area, definition, value, unit, period, sources, rank, best, worst, mixed``: one row per basis,
        prices, year, bay and definition with the best and the worst rank it takes over all combinations of the others'
        definitions; ``rank`` is its rank when the others use their default definitions (null in a year in which one of
        those has no figure). Definitions whose members have no figures of the indicator are not among them.

    Raises
    ------
    UsageError
        When a bay has no figures by any definition, the bays have no year in common or lack the given one, the
        indicator cannot be added up, figures would be mixed, or prices of a base year are asked for of what is no
        money.

    Examples
    --------
    >>> table = sensitivity("gdp")
    >>> table.filter(area="greater_bay_area", definition="eleven_cities").select("basis", "rank", "best", "worst").rows()
    [('market', 2, 2, 2), ('ppp', 1, 1, 1)]
    """
    check_additive(indicator)
    check_choice("mixed", mixed, get_args(Mixed))
    bases: tuple[Basis, ...] = (
        ("market", "ppp") if catalog().indicator(indicator).unit == "currency" else ("market",)
    )
    kinds = list(dict.fromkeys([prices] if isinstance(prices, str | int) else prices))
    if not kinds:
        raise UsageError("prices is empty: give 'current', a base year such as '2015', or several of these")
    definitions, figures = _comparable(indicator, bays)
    grid = pl.concat(
        [
            bay_figures(indicator, figures, definitions, basis=basis, prices=kind).with_columns(
                basis=pl.lit(basis), _kind=pl.lit(str(kind))
            )
            for basis in bases
            for kind in kinds
        ],
        how="diagonal_relaxed",
    )
    grid = grid.filter(pl.col("period").is_in(_years(grid, year)))
    ways = [with_mixtures(way) for way in grid.partition_by(_WAY, maintain_order=True)]
    if mixed == "refuse":
        refuse_mixtures(pl.concat(ways))
    default = {d.area: d.id for d in definitions if d.default}
    return pl.concat([_ranks(way, default) for way in ways]).select(
        pl.lit(indicator).alias("indicator"), "basis", "prices", "area", "definition", "value", "unit", "period", "sources",
        "rank", "best", "worst", "mixed",
    )  # fmt: skip


def _comparable(indicator: str, bays: Sequence[str]) -> tuple[list[Definition], pl.DataFrame]:
    """Definitions of the bays whose members all have figures, and these figures."""
    found = _all_definitions(indicator, bays)
    figures = annual_figures(indicator, found) if found else pl.DataFrame({"area": []})
    definitions = [d for d in found if not lacking(indicator, figures, d)]
    have = {d.area for d in definitions}
    silent = [id_ for b in bays if (id_ := catalog().area(b).id) not in have]
    if silent or not have:
        raise UsageError(
            f"no figures of {indicator!r} for {', '.join(silent) or 'no bay'} by any definition: name other bays, or "
            "another indicator"
        )
    return definitions, figures


def _all_definitions(indicator: str, bays: Sequence[str]) -> list[Definition]:
    names = catalog()
    subject = names.subject(indicator)
    areas = dict.fromkeys(names.area(b).id for b in bays)
    return [d for area in areas for d in names.definitions if d.area == area and d.subject == subject]


def _years(grid: pl.DataFrame, year: str | int | None) -> list[date]:
    """First days of the years to rank in: those in which every bay has a figure by some definition."""
    bays = grid["area"].n_unique()
    of_way = grid.group_by(_WAY).agg(pl.len().alias("n"), pl.col("area").n_unique().alias("areas"))
    counts = of_way.group_by("period").agg(pl.col("n").sum(), pl.col("areas").min(), pl.len().alias("ways"))
    whole = pl.col("areas") == bays, pl.col("ways") == of_way.select(_WAY[:2]).n_unique()
    best = counts.filter(*whole).sort("period")
    if best.is_empty():
        raise UsageError("the bays have no year in common: name fewer bays")
    if year is None:
        return best["period"].to_list()
    if year == "latest":
        return best.filter(pl.col("n") == pl.col("n").max())["period"].to_list()[-1:]
    wanted = date(parse_period(str(year)).start.year, 1, 1)
    if wanted not in best["period"].to_list():
        years = ", ".join(str(p.year) for p in best["period"])
        raise UsageError(f"not every bay has a figure for {wanted.year}; the years to rank in are {years}")
    return [wanted]


def _ranks(way: pl.DataFrame, default: dict[str, str]) -> pl.DataFrame:
    """Rank of every bay and definition among all combinations of the others' definitions."""
    cells: dict[str, list[dict[str, Any]]] = {}
    for cell in way.select("area", "definition", "value").iter_rows(named=True):
        cells.setdefault(cell["area"], []).append(cell)
    found: dict[tuple[str, str], list[int]] = {}
    usual: dict[tuple[str, str], int] = {}
    for combination in product(*cells.values()):
        for cell in combination:
            key = (cell["area"], cell["definition"])
            rank = 1 + sum(other["value"] > cell["value"] for other in combination)
            found.setdefault(key, []).append(rank)
            if all(default.get(o["area"]) == o["definition"] for o in combination if o is not cell):
                usual[key] = rank
    keys = way.select("area", "definition").rows()
    return way.with_columns(
        pl.Series("rank", [usual.get(k) for k in keys], dtype=pl.Int64),
        pl.Series("best", [min(found[k]) for k in keys], dtype=pl.Int64),
        pl.Series("worst", [max(found[k]) for k in keys], dtype=pl.Int64),
    )
