"""What others publish for the bay areas, beside this package's own number: `published_comparisons`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from gbaindicators.catalog import catalog
from gbaindicators.comparison.bays import annual_figures, bay_figures, definition_of, lacking
from gbaindicators.store import query

__all__ = ["published_comparisons"]


#: Stands for all members of the bay area's usual definition.
_ALL_CITIES: Final[tuple[str, ...]] = ()


@dataclass(frozen=True, slots=True)
class _Total:
    """A total that others publish, and the members that make the nearest of our own."""

    indicator: str
    area: str
    bay: str
    stated: str
    members: tuple[str, ...]
    reason: str


_TOTALS: Final = (
    _Total(
        "air_passengers", "panynj_airports", "new_york_bay_area",
        "the Port Authority's airports: Kennedy, Newark, LaGuardia, Stewart (and Atlantic City where the note says so)",
        ("jfk", "ewr", "lga"),
        "the published number counts Stewart too; both are rounded in recent years, by more than Stewart may add",
    ),
    _Total(
        "container_throughput", "keihin_tokyo_yokohama_kawasaki", "tokyo_bay_area",
        "Keihin ports: Tokyo, Yokohama and Kawasaki", ("tokyo", "yokohama", "kawasaki"),
        "the published number is rounded and from a ranking, the own one from the ports or another ranking",
    ),
    _Total(
        "container_throughput", "greater_bay_area", "greater_bay_area", "all ports of the Greater Bay Area",
        _ALL_CITIES, "ports are counted as their cities report them",
    ),
    _Total(
        "cargo_throughput", "greater_bay_area", "greater_bay_area", "all ports of the Greater Bay Area",
        _ALL_CITIES, "ports are counted as their cities report them",
    ),
)  # fmt: skip
#: Year that a statement is compared with where it names none: the last full one before it was made.
_STATED_GDP: Final = _Total(
    "gdp", "greater_bay_area", "greater_bay_area", "the Greater Bay Area, in US dollars, year and rate not given",
    _ALL_CITIES, "the statement is rounded and names neither year nor rate; the own number is of the year before, at market rates",
)  # fmt: skip


def published_comparisons() -> pl.DataFrame:
    """Set totals that others publish for the bay areas beside the package's own number for the same year.

    The published totals are those among the shipped figures that come with a definition of their own: as printed, with
    their source. The own number adds the members of that definition up, as far as they have figures.

    Returns
    -------
    polars.DataFrame
        One row for each published number, sorted: ``indicator, area`` (the bay area), ``period``, ``stated`` (the
        definition in the source's words), ``published`` and ``source``; ``value``, the own number, with its ``members``
        and ``sources`` (null where a member has no figure of the year); ``unit`` of both; ``difference``, the published
        number's in percent of the own one; ``reason`` for the difference, or for there being no own number; ``note``,
        what the source's row says of it.

    Raises
    ------
    DatabaseError
        When the database cannot be read.

    Examples
    --------
    >>> table = published_comparisons().filter(indicator="gdp")
    >>> table.select("area", pl.col("period").dt.year(), "published", "source").row(0)
    ('greater_bay_area', 2018, 1600000000000.0, 'policy_npc_2019')
    """
    tables = [_beside(total, _published(total)) for total in _TOTALS]
    tables.append(_beside(_STATED_GDP, _statements()))
    return pl.concat(tables).sort("indicator", "area", "period", "source")


def _published(total: _Total) -> pl.DataFrame:
    return query(
        f"""SELECT period, value AS published, unit, source, note FROM observation
            WHERE indicator = '{total.indicator}' AND area = '{total.area}' AND frequency = 'A'"""
    )


def _statements() -> pl.DataFrame:
    """Policy statements of the Greater Bay Area's GDP, in dollars."""
    said = query(
        """SELECT as_of, value, unit, source, note FROM policy_statement
           WHERE indicator = 'gdp' AND area = 'greater_bay_area' AND unit = 'USD trillion'"""
    )
    before = [date(int(when[:4]) - 1, 1, 1) for when in said["as_of"]]
    return said.select(
        pl.Series("period", before, dtype=pl.Date), published=pl.col("value") * 1e12, unit=pl.lit("USD"),
        source="source", note="note",
    )  # fmt: skip


def _beside(total: _Total, published: pl.DataFrame) -> pl.DataFrame:
    """Own sums of the members beside published numbers."""
    parts = total.members or catalog().definition(total.bay).members
    definitions = [definition_of(m, catalog().subject(total.indicator)) for m in parts]
    figures = annual_figures(total.indicator, definitions)
    have = [d for d in definitions if not lacking(total.indicator, figures, d)]
    rows = bay_figures(total.indicator, figures, have)
    own = rows.group_by("period").agg(
        pl.col("value").sum(), pl.col("area").sort().alias("members"),
        pl.col("sources").explode().drop_nulls().unique().sort(),
    )  # fmt: skip
    members = pl.lit(sorted(parts), pl.List(pl.String))
    table = published.join(own, on="period", how="left", maintain_order="left").with_columns(
        absent=members.list.set_difference(pl.col("members").fill_null([])).list.sort()
    )
    whole = pl.col("absent").list.len() == 0
    return table.select(
        pl.lit(total.indicator).alias("indicator"), pl.lit(total.bay).alias("area"), "period",
        pl.lit(total.stated).alias("stated"), "published", "source",
        pl.when(whole).then("value").alias("value"), members.alias("members"),
        pl.when(whole).then("sources").alias("sources"), "unit",
        pl.when(whole).then((pl.col("published") / pl.col("value") - 1) * 100).alias("difference"),
        pl.when(whole).then(pl.lit(total.reason)).otherwise(
            pl.format("no own number: no figure of {} for {}", pl.col("absent").list.join(", "), pl.col("period").dt.year())
        ).alias("reason"),
        "note",
    )  # fmt: skip
