"""What `catch_up` takes for granted, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from gbaindicators.catalog import Definition
from gbaindicators.comparison.bays.joint_series import Rate
from gbaindicators.transforms.conversion_rates import Basis

__all__ = ["assumptions"]

#: Years of the past below which the assumptions name a series.
_SHORT: Final = 10


def assumptions(
    past: pl.DataFrame, rates: pl.DataFrame, definitions: Sequence[Definition], *,
    rate: Rate, basis: Basis, base: int | None, model: str, nominal: bool,
) -> list[str]:  # fmt: skip
    """Say in sentences what joint paths rest on.

    Parameters
    ----------
    past, rates, definitions
        The series that are simulated, the rates they are converted at, and what the areas are made of.
    rate, basis, base, model
        What was asked for; `base` is the base year of prices, if any.
    nominal
        Whether amounts are at current prices.
    """
    said = _of_rates(rates, rate, basis) if base is None else _of_prices(rates, base)
    said += _of_growth(past, model)
    said += [f"{d.area} is {d.names['en']} ({d.id})" for d in definitions if d.members != (d.area,)]
    said += _of_breaks(past)
    if nominal:
        said.append("amounts are at current prices, so inflation counts as growth")
    return said


def _of_prices(rates: pl.DataFrame, base: int) -> list[str]:
    """What is assumed where growth is real."""
    values = ", ".join(
        f"{value:.6g} {unit}" for value, unit in rates.sort("part").select("value", "unit").rows()
    )
    converted = f", converted at the rates of that year: {values}" if values else ""
    return [f"amounts are at prices of {base} by the GDP deflator of each economy{converted}"]


def _of_rates(rates: pl.DataFrame, rate: Rate, basis: Basis) -> list[str]:
    """What is assumed of the rates."""
    if rates.is_empty():
        return []
    ends = rates.group_by("part").agg(pl.col("value", "unit", "period").sort_by("period").last()).sort("part")
    word = "exchange rates" if basis == "market" else "purchasing power parities"
    values = ", ".join(
        f"{r['value']:.6g} {r['unit']} ({r['period'].year})" for r in ends.iter_rows(named=True)
    )
    if rate == "held":
        return [f"{word} stay at their last published values: {values}"]
    return [f"{word} follow their own past, drawn jointly with the amounts, from {values}"]


def _of_growth(past: pl.DataFrame, model: str) -> list[str]:
    """What is assumed of growth, and from how few years."""
    years = pl.col("period").dt.year()
    spans = past.group_by("area", "part").agg(first=years.min(), last=years.max()).sort("area", "part")
    seen = ", ".join(f"{area} in {part} {first}-{last}" for area, part, first, last in spans.rows())
    said = [f"growth, its spread and its correlations go on as in the past ({seen}), by the model {model!r}"]
    lengths = [(f"{area} in {part}", last - first + 1) for area, part, first, last in spans.rows()]
    if short := [f"{name} ({length} years)" for name, length in lengths if length < _SHORT]:
        said.append(f"the spread of {', '.join(short)} can be told from so few years")
    return said


def _of_breaks(past: pl.DataFrame) -> list[str]:
    """Which breaks are within the past that growth is learnt from."""
    inside = pl.col("period") > pl.col("period").min().over("area", "part")
    broken = past.filter(inside, "value_broken").select("area", year=pl.col("period").dt.year()).unique()
    years = ", ".join(f"{area} {year}" for area, year in broken.sort("area", "year").rows())
    return [f"breaks of source or vintage in the past are taken as growth ({years})"] if years else []
