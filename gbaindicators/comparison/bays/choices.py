"""What a comparison of areas may be asked for, and the checks of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from gbaindicators.catalog import catalog
from gbaindicators.errors import UsageError
from gbaindicators.transforms.conversion_rates import PPP, Basis

__all__ = ["BAYS", "PER_HEAD", "Choice", "Mixed", "Years", "check_additive", "check_choice", "rate_target"]

Years = Literal["calendar", "published"]
Mixed = Literal["refuse", "mark"]
#: A definition by its id, or the members themselves.
Choice = str | Sequence[str]

#: The bay areas compared by default.
BAYS: Final = ("greater_bay_area", "new_york_bay_area", "tokyo_bay_area", "san_francisco_bay_area")
#: The ratio that can be made of what its members add up to: their GDP over their population.
PER_HEAD: Final = "gdp_per_capita"


def check_choice(argument: str, value: object, choices: Sequence[str]) -> None:
    """Check that an argument is one of a few words, and raise UsageError that names them otherwise."""
    if value not in choices:
        raise UsageError(f"{argument} must be {' or '.join(map(repr, choices))}, not {value!r}")


def check_additive(indicator: str) -> None:
    """Check that an indicator has a figure for a bay: that it can be added up over the members.

    Raises
    ------
    UsageError
        For a rate, a price, an index, or an amount that counts some things in several areas.
    """
    entry = catalog().indicator(indicator)
    if indicator != PER_HEAD and (entry.kind not in ("flow", "stock") or entry.over_areas != "sum"):
        raise UsageError(
            f"{indicator!r} cannot be added up over the members of a bay area: compare an amount such as 'gdp' or "
            f"'population', or look at the members one by one: gba.load({indicator!r})"
        )


def rate_target(currency: str, basis: Basis) -> str:
    """What a rate is per: a unit of the currency, or an international dollar."""
    return "international dollar" if basis == "ppp" and currency in ("USD", PPP) else currency
