"""How a ranking of the bay areas depends on how one measures: `sensitivity`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import product

import polars as pl

from gbaindicators.catalog import catalog, parse_period
from gbaindicators.comparison.bays import BAYS, Basis, benchmark, check_additive
from gbaindicators.errors import UsageError

__all__ = ["sensitivity"]


def sensitivity(
    indicator: str = "gdp", bays: Sequence[str] = BAYS, *, year: str | int = "latest"
) -> pl.DataFrame:
    """Rank the bay areas under every combination of definitions, at market rates and at purchasing power parity.

    Parameters
    ----------
    indicator
        As for `benchmark`.
    bays
        Bay areas, by default the four.
    year
        A year, or ``"latest"``: the latest for which every definition that has figures can be compared.

    Returns
    -------
    polars.DataFrame
        ``basis, area, definition, value, unit, period, sources, rank, best, worst``: one row per basis, bay and
        definition with the best and the worst rank it takes over all combinations of the others' definitions;
        ``rank`` is its rank when the others use their default definitions.

    Raises
    ------
    UsageError
        When a bay has no figures by any definition, the bays have no year in common or lack the given one, or the
        indicator cannot be added up.

    Examples
    --------
    >>> table = sensitivity("gdp")
    >>> table.filter(area="greater_bay_area", definition="eleven_cities").select("basis", "rank", "best", "worst").rows()
    [('market', 2, 2, 2), ('ppp', 1, 1, 1)]
    """
    names = catalog()
    check_additive(indicator)
    subject = names.subject(indicator)
    bases: tuple[Basis, ...] = (
        ("market", "ppp") if names.indicator(indicator).unit == "currency" else ("market",)
    )
    tables = []
    for basis in bases:
        for bay in bays:
            for choice in (
                d for d in names.definitions if d.area == names.area(bay).id and d.subject == subject
            ):
                try:
                    one = benchmark(
                        indicator, [bay], definition={choice.area: choice.id}, basis=basis, year=None
                    )
                except UsageError:
                    continue  # a definition whose members have no such figures has no rank
                tables.append(
                    one.with_columns(pl.lit(basis).alias("basis"), pl.lit(choice.default).alias("_default"))
                )
    silent = [id_ for b in bays if (id_ := names.area(b).id) not in {t["area"][0] for t in tables}]
    if silent or not tables:
        raise UsageError(
            f"no figures of {indicator!r} for {', '.join(silent) or 'no bay'} by any definition: name other bays, or "
            "another indicator"
        )
    grid = pl.concat(tables, how="diagonal_relaxed")
    grid = grid.filter(pl.col("period") == _year(grid, year))
    ranked = [_ranks(part) for part in grid.partition_by("basis", maintain_order=True)]
    return pl.concat(ranked).select(
        "basis", "area", "definition", "value", "unit", "period", "sources", "rank", "best", "worst"
    )


def _year(grid: pl.DataFrame, year: str | int) -> date:
    """First day of the year to rank in: one in which every bay has a figure by some definition."""
    cells = ("basis", "area", "definition")
    whole = grid.select(pl.struct(cells).n_unique()).item()
    counts = grid.group_by("period").agg(
        pl.struct(cells).n_unique().alias("n"), pl.col("area").n_unique().alias("areas")
    )
    best = counts.filter(pl.col("areas") == grid["area"].n_unique())
    if best.is_empty():
        raise UsageError("the bays have no year in common: name fewer bays")
    if year != "latest":
        wanted = date(parse_period(str(year)).start.year, 1, 1)
        if wanted not in best["period"].to_list():
            years = ", ".join(str(p.year) for p in best["period"].sort())
            raise UsageError(
                f"not every bay has a figure for {wanted.year}; the years to rank in are {years}"
            )
        return wanted
    complete = best.filter(pl.col("n") == whole)
    chosen = complete if complete.height else best.filter(pl.col("n") == pl.col("n").max())
    latest: date = max(chosen["period"].to_list())
    return latest


def _ranks(part: pl.DataFrame) -> pl.DataFrame:
    """Rank of every bay and definition among all combinations of the others' definitions."""
    choices = {
        area: rows for (area,), rows in part.partition_by("area", as_dict=True, maintain_order=True).items()
    }
    found: dict[tuple[str, str], list[int]] = {}
    default: dict[tuple[str, str], int] = {}
    for combination in product(*(rows.iter_rows(named=True) for rows in choices.values())):
        for row in combination:
            key = (row["area"], row["definition"])
            rank = 1 + sum(other["value"] > row["value"] for other in combination)
            found.setdefault(key, []).append(rank)
            if all(other["_default"] for other in combination if other is not row):
                default[key] = rank
    keys = part.select("area", "definition").rows()
    return part.drop("rank").with_columns(
        pl.Series("rank", [default.get(k) for k in keys], dtype=pl.Int64),
        pl.Series("best", [min(found[k]) for k in keys], dtype=pl.Int64),
        pl.Series("worst", [max(found[k]) for k in keys], dtype=pl.Int64),
    )
