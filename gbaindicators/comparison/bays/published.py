"""What others publish for the bay areas, beside this package's own number: `published_comparisons`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

import polars as pl

from gbaindicators.catalog import Published, catalog, period_text
from gbaindicators.comparison.bays.annual_figures import annual_figures, lacking
from gbaindicators.comparison.bays.bay_figures import bay_figures
from gbaindicators.comparison.bays.definitions import definition_of
from gbaindicators.store import load, query

__all__ = ["published_comparisons"]

_SCHEMA: Final[dict[str, Any]] = {
    "indicator": pl.String, "area": pl.String, "frequency": pl.String, "period": pl.Date, "stated": pl.String,
    "published": pl.Float64, "source": pl.String, "value": pl.Float64, "own_period": pl.Date,
    "members": pl.List(pl.String), "sources": pl.List(pl.String), "unit": pl.String, "difference": pl.Float64,
    "reason": pl.String, "note": pl.String,
}  # fmt: skip

#: Value and sources of each member that has a figure, by period.
_Parts = dict[date, dict[str, tuple[float, list[str]]]]


def published_comparisons() -> pl.DataFrame:
    """Set totals that others publish for the bay areas beside the package's own number for the same year.

    The published totals are those among the shipped figures that come with a definition of their own: as printed, with
    their source. ``datasets/catalog/published.toml`` lists them with the members of that definition, which the own
    number adds up. Where a member has no figure of the year, the own number is what comes nearest (other members, or
    another year) and the reason says so; where nothing comes near, there is none.

    Returns
    -------
    polars.DataFrame
        One row for each published number, sorted: ``indicator, area`` (the bay area), ``frequency, period, stated``
        (the definition in the source's words), ``published`` and ``source``; ``value``, the own number, with its
        ``own_period``, ``members`` and ``sources`` (null where there is none); ``unit`` of both; ``difference``, the
        published number's in percent of the own one; ``reason`` for the difference, or for there being no own number,
        with what the members that have figures make; ``note``, what the source's row says of it.

    Raises
    ------
    DatabaseError
        When the database cannot be read.

    Examples
    --------
    >>> table = published_comparisons().filter(indicator="gdp", area="greater_bay_area", frequency="A")
    >>> table.select(pl.col("period").dt.year(), "published", "source").row(0)
    (2018, 1600000000000.0, 'policy_npc_2019')
    """
    rows = [row for total in catalog().published.values() for row in _compared(total)]
    return pl.DataFrame(rows, schema=_SCHEMA).sort("indicator", "area", "period", "source")


def _compared(total: Published) -> Iterator[dict[str, Any]]:
    """Published numbers of one definition, each with the own number for it."""
    figures = _figures(total) if total.year is None else _statements(total)
    choices = [(total.members, None, total.reason), *((n.members, n.year, n.reason) for n in total.nearest)]
    unit = figures["unit"][0]
    parts = [(_parts(total, members, unit), set(members), year, reason) for members, year, reason in choices]
    for figure in figures.iter_rows(named=True):
        row = figure | {
            "indicator": total.indicator, "area": total.bay, "frequency": total.frequency, "stated": total.stated,
            "value": None, "own_period": None, "members": sorted(total.members), "sources": None, "difference": None,
            "reason": _without(total, figure["period"], parts[0][0]),
        }  # fmt: skip
        for known, members, year, reason in parts:
            when = figure["period"] if year is None else date(year, 1, 1)
            have = known.get(when, {})
            if have.keys() == members:
                row |= _own(figure, have, when, reason, total)
                break
        yield row


def _own(
    figure: dict[str, Any],
    have: dict[str, tuple[float, list[str]]],
    when: date,
    reason: str,
    total: Published,
) -> dict[str, Any]:
    value = sum(v for v, _ in have.values())
    sources = sorted({s for _, ids in have.values() for s in ids})
    if have.keys() == {total.area} and sources == [figure["source"]]:
        reason = "the own number is this figure itself: no better source has the year"
    return {
        "value": value, "own_period": when, "members": sorted(have), "sources": sources,
        "difference": (figure["published"] / value - 1) * 100, "reason": reason,
    }  # fmt: skip


def _without(total: Published, period: date, known: _Parts) -> str:
    """Say which members have no figure of a period, and what the others make."""
    have = known.get(period, {})
    absent = ", ".join(sorted(set(total.members) - have.keys()))
    rest = f"; {', '.join(sorted(have))} make {sum(v for v, _ in have.values()):,.0f}" if have else ""
    return f"no own number: no figure of {absent} for {period_text(total.frequency, period)}{rest}"


def _figures(total: Published) -> pl.DataFrame:
    """Figures among the observations that print a total."""
    rows = query(
        f"""SELECT period, value AS published, unit, source, note FROM observation
            WHERE indicator = '{total.indicator}' AND area = '{total.area}' AND frequency = '{total.frequency}'
              AND adjustment = '{total.adjustment}' ORDER BY period, source"""
    )
    return rows.filter(pl.col("source").is_in(total.sources)) if total.sources else rows


def _statements(total: Published) -> pl.DataFrame:
    """Policy statements of a total in trillions of a currency, as figures of the year they are compared with."""
    said = query(
        f"""SELECT value * 1e12 AS published, split_part(unit, ' ', 1) AS unit, source, note FROM policy_statement
            WHERE indicator = '{total.indicator}' AND area = '{total.area}' AND unit LIKE '% trillion'"""
    )
    return said.filter(pl.col("source").is_in(total.sources)).with_columns(
        period=pl.date(total.year, 1, 1)  # type: ignore[arg-type]
    )


def _parts(total: Published, members: tuple[str, ...], unit: str) -> _Parts:
    """Figures of the members in the unit of the published number."""
    known = set(query(f"SELECT DISTINCT area FROM observation WHERE indicator = '{total.indicator}'")["area"])
    made = {definition.area for definition in catalog().definitions}
    wanted = [member for member in members if member in known | made]
    if not wanted:
        return {}
    if total.frequency == "A":
        definitions = [
            definition_of(member, catalog().subject(total.indicator), total.definition) for member in wanted
        ]
        figures = annual_figures(total.indicator, definitions)
        have = [d for d in definitions if not lacking(total.indicator, figures, d)]
        currency = catalog().currency_of(unit) or "USD"
        rows = bay_figures(total.indicator, figures, have, currency=currency) if have else figures
    else:
        rows = load(total.indicator, wanted, frequency=total.frequency, adjustment=total.adjustment)
    found: _Parts = {}
    for area, period, value, sources in (
        rows.drop_nulls("value").select("area", "period", "value", "sources").iter_rows()
    ):
        found.setdefault(period, {})[area] = (value, sources)
    return found
