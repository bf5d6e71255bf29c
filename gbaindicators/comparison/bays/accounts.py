"""What went into the figures of an area, and what that means for the comparison."""

from __future__ import annotations

from typing import Final

import polars as pl

from gbaindicators.catalog import Definition, catalog
from gbaindicators.comparison.bays.annual_figures import is_stock, middle_year, year_text
from gbaindicators.comparison.bays.choices import Years
from gbaindicators.comparison.bays.mixtures import BREAK
from gbaindicators.store import load
from gbaindicators.transforms.per_head import publishes_year_ends

__all__ = ["parts_of_figures", "parts_of_people", "with_account"]

_NOTHING: Final = pl.lit([], pl.List(pl.String))


def parts_of_figures(figures: pl.DataFrame, years: Years) -> pl.DataFrame:
    """Which published figures go into which year: ``area, into, periods, vintage, secondary, straddles``.

    A fiscal flow goes into two calendar years; where a break comes with it, the first of them has both sides.
    """
    split = pl.col("period").dt.month() != 1
    if years == "published":
        into, split = pl.concat_list("period"), pl.lit(value=False)
    elif is_stock(figures):
        into, split = pl.concat_list(middle_year()), pl.lit(value=False)
    else:
        first = pl.col("period").dt.truncate("1y")
        into = pl.when(split).then(_with_next(first)).otherwise(pl.concat_list(first))
    parts = figures.select(
        "area", "vintage", into=into, periods="value_periods", secondary=_secondary(),
        breaks_in=pl.when(split & (pl.col("status") == "B")).then(pl.col("period").dt.truncate("1y")),
    ).explode("into")  # fmt: skip
    return _straddling(parts)


def parts_of_people(people: pl.DataFrame) -> pl.DataFrame:
    """Which published populations go into a year: two year-ends where they are counted then, else one estimate."""
    areas = people["area"].unique()
    published = load("population", areas.to_list(), frequency="A").sort("area", "period")
    mean = pl.col("area").is_in([a for a in areas if publishes_year_ends(a)])
    year = middle_year()
    parts = published.select(
        "area", "vintage", periods=pl.concat_list(year_text()), secondary=_secondary(),
        into=pl.when(mean).then(_with_next(year)).otherwise(pl.concat_list(year)),
        breaks_in=pl.when(mean & ((pl.col("status") == "B") | _changed_source())).then(year),
    ).explode("into")  # fmt: skip
    years = people.select("area", "period", into=middle_year())
    return _straddling(parts).join(years, on=["area", "into"]).drop("into").rename({"period": "into"})


def with_account(whole: pl.DataFrame, parts: pl.DataFrame, definition: Definition) -> pl.DataFrame:
    """Add to the years of an area what went into them, what they mix by themselves, and a note in words."""
    mine = parts.filter(pl.col("area").is_in(definition.members))
    account = mine.group_by(pl.col("into").alias("period")).agg(
        pl.col("periods").explode().unique().sort(),
        pl.col("vintage").drop_nulls().unique().sort().dt.strftime("%Y-%m-%d").alias("vintages"),
        pl.col("rate").drop_nulls().unique().sort().alias("rates"),
        pl.col("straddles").any(),
        _said_of_grade(definition),
    )
    mixed = pl.when("straddles").then(pl.lit([BREAK])).otherwise(_NOTHING)
    return (
        whole.join(account, on="period", how="left", maintain_order="left")
        .with_columns(definition=pl.lit(definition.id), note=_note(definition), mixed=mixed)
        .drop("straddles")
    )


def _with_next(year: pl.Expr) -> pl.Expr:
    return pl.concat_list(year, year.dt.offset_by("1y"))


def _straddling(parts: pl.DataFrame) -> pl.DataFrame:
    """Say which parts carry the far side of a break into the year in which the break comes."""
    straddles = pl.col("into").eq(pl.col("breaks_in")).fill_null(value=False)
    return parts.select("area", "into", "periods", "vintage", "secondary", straddles=straddles)


def _changed_source() -> pl.Expr:
    """Whether the figure of the year before is of other sources, of figures in order of area and time."""
    period, sources = (pl.col(c).shift().over("area") for c in ("period", "sources"))
    return (period == pl.col("period").dt.offset_by("-1y")) & (sources != pl.col("sources"))


def _secondary() -> pl.Expr:
    """Whether nobody but secondary sources (press, encyclopedias, compilations) has a figure."""
    ids = [id_ for id_, source in catalog().sources.items() if source.grade == "secondary"]
    sources = pl.col("sources").list
    return sources.eval(pl.element().is_in(ids)).list.all() & (sources.len() > 0)


def _said_of_grade(definition: Definition) -> pl.Expr:
    """Say which members' figures of a year stand in secondary sources only."""
    weak = pl.col("area").filter(pl.col("secondary")).unique().sort()
    whole = pl.lit("secondary sources only")
    return (
        pl.when(weak.len() == len(definition.members))
        .then(whole)
        .when(weak.len() > 0)
        .then(pl.format("{} for {}", whole, weak.str.join(", ")))
        .alias("grade")
    )


def _note(definition: Definition) -> pl.Expr:
    """Say in words what a status or a method means for the comparison."""
    method = pl.col("method").fill_null("")
    return pl.concat_str(
        [
            pl.lit(definition.names["en"]),
            pl.when(method.str.contains("weighted mean")).then(pl.lit("fiscal years weighted by months")),
            pl.when(method.str.contains("whose middle")).then(pl.lit("counted in the middle of the fiscal year")),
            pl.when(method.str.contains("twelve months")).then(pl.lit("years as sums of months")),
            pl.when(pl.col("status") == "B").then(pl.lit("break: the source or its vintage changes in this year")),
            pl.when(pl.col("status") == "P").then(pl.lit("provisional")),
            pl.col("grade"),
        ],
        separator="; ", ignore_nulls=True,
    )  # fmt: skip
