"""Which areas add up to which: hierarchies of totals and members, given or read from the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gbaindicators.catalog import catalog
from gbaindicators.errors import UsageError

__all__ = ["Hierarchy", "catalog_members", "hierarchies"]

Members = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Areas that hang together by addition.

    Attributes
    ----------
    areas
        The totals, each before those of its members that are totals, and then the areas without members.
    members
        Members of each total.
    summing
        The summing matrix S, one row an area and one column an area without members: 1 where it is part of it.
    """

    areas: tuple[str, ...]
    members: Members
    summing: NDArray[np.float64]

    @property
    def lowest(self) -> NDArray[np.float64]:
        """Matrix that picks the areas without members out of all."""
        n, m = self.summing.shape
        return np.eye(n)[n - m :]


def hierarchies(members: Mapping[str, Sequence[str]]) -> list[Hierarchy]:
    """Put totals and their members into one hierarchy for each group of areas that hang together.

    A member may have members itself, and it may belong to several totals as long as none counts it twice.

    Raises
    ------
    UsageError
        When a total has no members or the same one twice, contains itself, or counts an area twice.

    Examples
    --------
    >>> (one,) = hierarchies({"bay": ["nine", "macao"], "nine": ["zhuhai", "foshan"]})
    >>> one.areas
    ('bay', 'nine', 'macao', 'zhuhai', 'foshan')
    >>> one.summing.astype(int).tolist()[:2]
    [[1, 1, 1], [0, 1, 1]]
    """
    if not isinstance(members, Mapping):
        raise UsageError(f"the hierarchy maps each total to the list of its members, it is {members!r}")
    checked = {total: _checked(total, parts) for total, parts in members.items()}
    try:
        # sorted from the parts to their totals, so the reverse of it begins with the totals
        upward = TopologicalSorter(dict(reversed(checked.items()))).static_order()
        order = [area for area in upward if area in checked][::-1]
    except CycleError as error:
        circle = " is part of ".join(map(repr, error.args[1]))
        raise UsageError(f"the hierarchy goes round in a circle: {circle}") from None
    return [
        _hierarchy({total: checked[total] for total in order if total in together})
        for together in _connected(checked)
    ]


def _checked(total: str, parts: Sequence[str]) -> tuple[str, ...]:
    if isinstance(parts, str) or not len(parts):
        raise UsageError(
            f"the hierarchy maps each total to the list of its members, not {total!r} to {parts!r}"
        )
    if twice := sorted({p for p in parts if list(parts).count(p) > 1}):
        raise UsageError(f"{total!r} lists {', '.join(map(repr, twice))} twice among its members")
    return tuple(parts)


def _connected(members: Members) -> list[set[str]]:
    """Sets of areas that hang together, in the order of their first totals."""
    found: list[set[str]] = []
    for total, parts in members.items():
        here = {total, *parts}
        apart = [s for s in found if not s & here]
        joined = here.union(*(s for s in found if s & here))
        first = next((i for i, s in enumerate(found) if s & here), len(apart))
        found = [*apart[:first], joined, *apart[first:]]
    return found


def _hierarchy(members: Members) -> Hierarchy:
    """Build the summing matrix of totals, each of which stands before those of its members that are totals."""
    lowest = [a for a in dict.fromkeys(p for parts in members.values() for p in parts) if a not in members]
    rows = dict(zip(lowest, np.eye(len(lowest)), strict=True))
    for total in reversed(members):
        rows[total] = np.sum([rows[part] for part in members[total]], axis=0)
        if (rows[total] > 1).any():
            twice = [a for a, count in zip(lowest, rows[total], strict=True) if count > 1]
            raise UsageError(
                f"{total!r} counts {', '.join(map(repr, twice))} twice, through several of its members"
            )
    areas = (*members, *lowest)
    return Hierarchy(areas, members, np.stack([rows[area] for area in areas]))


def catalog_members(forecasts: pl.DataFrame, indicator: str | None, known: set[str]) -> Members:
    """Members of those totals among the forecasts of one indicator that the catalogue can take apart.

    A bay area has the members of the definition that its rows name (in ``definition``, or in ``method`` as
    `aggregate` does), else of the default one. Totals of which no member is in `known` are left out.
    """
    known_indicator = indicator in catalog().indicators
    subject = catalog().subject(str(indicator)) if known_indicator else "economy"
    found: Members = {}
    for area in forecasts["area"].cast(pl.String).unique().sort():
        rows = forecasts.filter(pl.col("area").cast(pl.String) == area)
        choices = [d.id for d in catalog().definitions if d.area == area and d.subject == subject]
        if choices:
            found[area] = catalog().definition(area, subject, _definition(area, rows, choices)).members
        for identity in catalog().identities:
            if identity.over == "areas" and identity.total == area and indicator in identity.indicators:
                found[area] = identity.parts
    return {total: parts for total, parts in found.items() if known.intersection(parts)}


def _definition(area: str, rows: pl.DataFrame, choices: Sequence[str]) -> str | None:
    """Name of the definition by which a total was made, None where nothing names one."""
    if "definition" in rows.columns:
        named = rows["definition"].drop_nulls().unique().to_list()
        if len(named) == 1:
            return str(named[0])
        if named:
            raise UsageError(
                f"the forecasts of {area} are by the definitions {', '.join(map(repr, sorted(named)))}: keep one, "
                "frame.filter(...)"
            )
    said = " ".join(rows["method"].drop_nulls().unique()) if "method" in rows.columns else ""
    if "(given by the user)" in said:
        raise UsageError(
            f"{area} is the sum of members that the user gave: pass hierarchy={{{area!r}: [...]}} here, too"
        )
    return next((choice for choice in choices if f"({choice})" in said), None)
