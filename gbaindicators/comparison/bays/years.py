"""The year to compare in: one in which every area has a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from gbaindicators.catalog import parse_period
from gbaindicators.errors import UsageError

__all__ = ["of_year", "spans"]


def of_year(table: pl.DataFrame, year: str | int) -> pl.DataFrame:
    """Keep one year of a table of several areas, or the ``"latest"`` that all of them have.

    Raises
    ------
    UsageError
        When there is no such year for all; says which years each has.
    """
    have = table.group_by("area", maintain_order=True).agg(pl.col("period").dt.year().unique().sort())
    years: dict[str, list[int]] = dict(have.iter_rows())
    wanted = _latest(years) if year == "latest" else parse_period(str(year)).start.year
    if lacking := [area for area, known in years.items() if wanted not in known]:
        raise UsageError(
            f"no comparable figure for {wanted} of {', '.join(lacking)}: {_say(years)}. year='latest' takes the last "
            "common year"
        )
    return table.filter(pl.col("period").dt.year() == wanted)


def _latest(years: Mapping[str, Sequence[int]]) -> int:
    common = set.intersection(*map(set, years.values()))
    if not common:
        raise UsageError(
            f"the bays have no year in common: {_say(years)}. Name fewer bays, or year=None for all years"
        )
    return max(common)


def _say(years: Mapping[str, Sequence[int]]) -> str:
    return "; ".join(f"{area} has {spans(have)}" for area, have in years.items())


def spans(years: Sequence[int]) -> str:
    """Write years as spans: 2010, 2015, 2018-2020."""
    parts: list[list[int]] = []
    for year in years:
        if parts and year == parts[-1][-1] + 1:
            parts[-1].append(year)
        else:
            parts.append([year])
    return ", ".join(f"{p[0]}-{p[-1]}" if len(p) > 1 else f"{p[0]}" for p in parts)
