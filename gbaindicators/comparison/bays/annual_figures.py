"""The published years of the members of an area, and the calendar years that they make."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from gbaindicators.catalog import Definition, catalog
from gbaindicators.comparison.bays.choices import PER_HEAD
from gbaindicators.errors import UsageError
from gbaindicators.store import load
from gbaindicators.tables.series_frame import append_method
from gbaindicators.transforms import to_calendar_year, to_frequency

__all__ = [
    "annual_figures",
    "in_calendar_years",
    "is_stock",
    "lacking",
    "middle_year",
    "missing_years",
    "year_text",
]


def annual_figures(indicator: str, definitions: Iterable[Definition]) -> pl.DataFrame:
    """Load the published years of all members of some definitions, with sums of months where a year lacks.

    For GDP per head these are those of GDP.
    """
    indicator = "gdp" if indicator == PER_HEAD else indicator
    rows = load(indicator, list(dict.fromkeys(m for d in definitions for m in d.members)))
    rows = rows.filter(pl.col("adjustment") == "nsa", pl.col("value").is_not_null())
    years = rows.filter(pl.col("frequency") == "A").with_columns(value_periods=pl.concat_list(year_text()))
    months = rows.filter(pl.col("frequency") == "M")
    if not months.height or catalog().indicator(indicator).over_time != "sum":
        return years
    of_year = pl.concat_list(pl.col("period").dt.offset_by(f"{m}mo").dt.strftime("%Y-%m") for m in range(12))
    missing = append_method(missing_years(years, months), "sum of twelve months")
    return pl.concat([years, missing.with_columns(value_periods=of_year)], how="diagonal_relaxed")


def missing_years(years: pl.DataFrame, shorter: pl.DataFrame) -> pl.DataFrame:
    """Sums of whole years of shorter periods, of the areas and years that have no annual figure."""
    summed = to_frequency(shorter, "A").filter(pl.col("value").is_not_null())
    return summed.join(years, on=["area", "period"], how="anti")


def year_text() -> pl.Expr:
    """Write years as the catalogue does: 2022, and 2022-04-01/P1Y for one that begins in April."""
    calendar = pl.col("period").dt.ordinal_day() == 1
    return (
        pl.when(calendar)
        .then(pl.col("period").dt.strftime("%Y"))
        .otherwise(pl.col("period").dt.strftime("%Y-%m-%d/P1Y"))
    )


def lacking(indicator: str, figures: pl.DataFrame, definition: Definition) -> list[str]:
    """Members of a definition that have no annual figures (for GDP per head: no GDP or no population)."""
    have = set(figures["area"])
    if indicator == PER_HEAD and have:
        have &= set(load("population", list(have), frequency="A")["area"])
    return sorted(set(definition.members) - have)


def check_members(indicator: str, figures: pl.DataFrame, definitions: Iterable[Definition]) -> None:
    """Check that all members of some definitions have annual figures.

    Raises
    ------
    UsageError
        Names those that have none.
    """
    for one in definitions:
        if absent := lacking(indicator, figures, one):
            of = " or 'population'" if indicator == PER_HEAD else ""
            raise UsageError(
                f"no annual figures of {'gdp' if of else indicator!r}{of} for {', '.join(absent)}, so {one.area!r} "
                f"({one.id}) cannot be made; choose another definition or indicator"
            )


def in_calendar_years(figures: pl.DataFrame) -> pl.DataFrame:
    """Turn the fiscal years among annual figures into calendar years: flows by months, stocks by their middle."""
    rows = figures.drop("value_periods")
    rows = _of_mid_year(rows) if is_stock(figures) else to_calendar_year(rows)
    return rows.filter(pl.col("value").is_not_null())


def is_stock(figures: pl.DataFrame) -> bool:
    """Whether figures of one indicator are levels at a moment, such as a population."""
    return catalog().indicator(figures["indicator"][0]).kind == "stock"


def _of_mid_year(years: pl.DataFrame) -> pl.DataFrame:
    """Give a stock of a fiscal year to the calendar year in which its middle lies: Japan counts people on 1 October."""
    fiscal = pl.col("period").dt.month() != 1
    moved = append_method(years.filter(fiscal), "figure of the fiscal year whose middle lies in the year")
    return pl.concat([years.filter(~fiscal), moved.with_columns(middle_year())], how="diagonal_relaxed")


def middle_year() -> pl.Expr:
    """First day of the calendar year in which the middle of a year lies that begins in any month."""
    return pl.col("period").dt.offset_by("6mo").dt.truncate("1y")
