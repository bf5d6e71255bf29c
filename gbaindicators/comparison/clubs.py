"""Clubs of areas whose paths run together: the clustering that Phillips and Sul build on the log-t test."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from gbaindicators.comparison.cross_sections import Panel, provenance
from gbaindicators.comparison.log_t import Line, first_of, log_t_line, read_log_t_panel
from gbaindicators.errors import FrameError, UsageError
from gbaindicators.tables.series_frame import append_method

__all__ = ["convergence_clubs"]

#: The t value below which convergence is rejected at 5 percent.
_REJECTED: Final = -1.65
_SCHEMA: Final[dict[str, pl.DataType]] = {
    "club": pl.Int64(), "merged": pl.List(pl.Int64), "estimate": pl.Float64(), "se": pl.Float64(), "t": pl.Float64(),
}  # fmt: skip


def convergence_clubs(
    frame: pl.DataFrame, *, trim: float = 1 / 3, sieve: float = 0.0, merge: bool = True
) -> pl.DataFrame:
    """Sort areas into clubs within which they converge (Phillips and Sul's clustering algorithm).

    Areas are put in the order of their last value, highest first. A club begins with a core: from the first two
    neighbours on whose log-t test does not reject, areas are added one by one until it does, and the core is as many
    of them as give the highest t value. Then every other area whose t value together with the core is above `sieve`
    joins, and where the whole club is rejected the sieve is raised until it is not, so that those that fit worst leave
    first. What is left over is a club if its test does not reject, and else is clustered in the same way; areas without
    any such core diverge. With `merge` a club and the next become one for as long as the test does not reject them
    together, since the sieve makes too many.

    It is a method for many areas and some decades. With as few as the eleven cities of the Greater Bay Area the clubs may
    turn on the years and the filter.

    Parameters
    ----------
    frame
        As for `log_t_test`: series frame over areas without gaps, as a rule the trend of the logarithm of GDP per head.
    trim
        Share of the periods to leave out at the start.
    sieve
        The critical value `c*` of the sieve: higher makes smaller clubs of areas that belong together more surely. The
        authors advise 0 for fewer than 50 periods.
    merge
        Whether to merge neighbouring clubs.

    Returns
    -------
    polars.DataFrame
        One row a club, those with the highest last values first: ``club`` (1, 2, ...; null in a last row for areas that
        diverge), ``members`` by their last value, ``start`` and ``period`` (first and last), ``areas`` and ``periods``
        (how many in the regression), ``estimate``, ``se`` and ``t`` as in `log_t_test` (null for one area alone),
        ``merged`` (numbers of the clubs that became one), ``sources``, ``status``, ``vintage`` where the frame has them,
        and ``method``.

    Raises
    ------
    SeriesTooShortError
        When fewer than 12 periods are left.
    UsageError
        When an area lacks a value, `trim` is not from 0 to 1, `sieve` is no number, or two areas are equal in a period.
    FrameError
        As in `dispersion`; when an area has the values of another.

    References
    ----------
    Phillips, P. and D. Sul (2007), "Transition Modeling and Econometric Convergence Tests", Econometrica 75(6), section
    4; (2009), "Economic Transition and Growth", Journal of Applied Econometrics 24(7), for the merging. With their 152
    countries it finds the clubs, estimates and t values that Sichera and Pizzuto print (2019, The R Journal 11(2)).

    Examples
    --------
    Two groups, of which each comes together:

    >>> from datetime import date
    >>> import math
    >>> paths = pl.DataFrame([
    ...     {"area": a, "period": date(1990 + t, 1, 1), "value": level + gap / (1 + t) + math.sin(t * (1 + gap)) / 500}
    ...     for a, level, gap in (("a", 20, 1.0), ("b", 20, -1.0), ("c", 10, 0.5), ("d", 10, -0.7), ("e", 10, 0.4))
    ...     for t in range(30)
    ... ])
    >>> [sorted(members) for members in convergence_clubs(paths)["members"]]
    [['a', 'b'], ['c', 'd', 'e']]

    The cities of the Greater Bay Area, by the trends of GDP per head (with the shipped figures)::

        gdp = gba.load("gdp", gba.members("greater_bay_area"), start=2000, end=2024, frequency="A")
        heads = gba.convert(gba.per_capita(gdp), "USD").with_columns(pl.col("value").log())
        trends = gba.hp_filter(heads, lamb=400).filter(component="trend").drop("component")
        gba.convergence_clubs(trends).select("club", "members", "start", "period", "t")
    """
    if isinstance(sieve, bool) or not isinstance(sieve, int | float) or not math.isfinite(sieve):
        raise UsageError(f"sieve={sieve!r}: give the critical value of the sieve as a number, such as 0")
    search = _Search(read_log_t_panel(frame, "the search for clubs", trim), trim)
    clubs, rest = search.clubs(float(sieve))
    groups = [([i], club) for i, club in enumerate(clubs, start=1)]
    if merge:
        groups = search.merged(groups)
    rows = [search.row(number, club, before) for number, (before, club) in enumerate(groups, start=1)]
    if rest:
        rows.append(search.row(None, rest, []))
    panel = search.panel
    table = pl.DataFrame(rows, schema_overrides=_SCHEMA).with_columns(
        start=panel.rows["period"][0],
        period=panel.rows["period"][-1],
        periods=panel.values.shape[1] - search.first,
    )
    table = table.select(
        "club", "members", "start", "period", "areas", "periods", "estimate", "se", "t", "merged"
    ).join(provenance(panel.rows), how="cross")
    done = f"clubs by the log-t test without the first {search.first} periods, sieve {sieve:g}"
    return append_method(table, done + (", neighbouring clubs merged" if merge else ""))


@dataclass
class _Search:
    """The areas of a panel, known by their place in it, and what their log-t tests say."""

    panel: Panel
    trim: float

    def __post_init__(self) -> None:
        self.first = first_of(self.panel, self.trim)
        self.order = [int(i) for i in np.argsort(-self.panel.values[:, -1], kind="stable")]

    def line(self, areas: Iterable[int]) -> Line:
        """Log-t regression of some areas."""
        chosen = sorted(areas)
        found = log_t_line(self.panel.values[chosen], self.first)
        if found is None:
            names = ", ".join(self.panel.areas[i] for i in chosen[:4])
            raise FrameError(
                f"{names} are equal in some period: a club of areas that are equal has no variation to shrink; leave one "
                "of them out"
            )
        return found

    def clubs(self, sieve: float) -> tuple[list[list[int]], list[int]]:
        """Clubs in the order of their cores, and the areas that are in none."""
        clubs, rest = [], self.order
        while len(rest) > 1:
            club = rest if self.line(rest).t > _REJECTED else self.club(rest, sieve)
            if not club:
                break
            clubs.append(club)
            rest = [i for i in rest if i not in club]
        return clubs, rest

    def club(self, areas: list[int], sieve: float) -> list[int]:
        """The first club among areas in order, empty where there is none."""
        core = self.core(areas)
        if not core:
            return []
        others = {i: self.line([*core, i]).t for i in areas if i not in core}
        joining = sorted((i for i, t in others.items() if t > sieve), key=others.__getitem__)
        while joining and self.line([*core, *joining]).t <= _REJECTED:
            joining = joining[1:]
        return [i for i in areas if i in core or i in joining]

    def core(self, areas: list[int]) -> list[int]:
        """Neighbours with the highest t value among those that begin with the first two not rejected."""
        for begin in range(len(areas) - 1):
            ts: list[float] = []
            for end in range(begin + 2, len(areas) + 1):
                t = self.line(areas[begin:end]).t
                if t <= _REJECTED:
                    break
                ts.append(t)
            if ts:
                return areas[begin : begin + 2 + int(np.argmax(ts))]
        return []

    def merged(self, groups: list[tuple[list[int], list[int]]]) -> list[tuple[list[int], list[int]]]:
        """Clubs, each with its numbers before, after every one has taken in the next where the test allows it."""
        done = groups[:1]
        for numbers, club in groups[1:]:
            before, last = done[-1]
            if self.line([*last, *club]).t > _REJECTED:
                done[-1] = ([*before, *numbers], [*last, *club])
            else:
                done.append((numbers, club))
        return done

    def row(self, number: int | None, areas: list[int], merged: list[int]) -> dict[str, object]:
        """What the result says of one club."""
        members = [self.panel.areas[i] for i in self.order if i in areas]
        line = self.line(areas) if len(areas) > 1 else None
        return {
            "club": number, "members": members, "areas": len(members),
            "estimate": line.estimate if line else None, "se": line.se if line else None, "t": line.t if line else None,
            "merged": merged,
        }  # fmt: skip
