"""Real growth that the transforms make of the shipped figures, against published real growth.

Where both come from one vintage of one producer they agree to the last digit; else the differences are those of
vintages, and stand here as they are.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from gbaindicators.store import load
from gbaindicators.transforms import deflate, growth
from gbaindicators.transforms.links import chain_links

AREAS = ["china", "hong_kong", "macao"]
WORLD_BANK = "wdi_gdp_growth_processed"


def annual(indicator: str, database: Path, areas: list[str] | None = None) -> pl.DataFrame:
    frame = load(indicator, areas or AREAS, database=database)
    return frame.filter(pl.col("frequency").cast(pl.String) == "A")


def differences(real: pl.DataFrame, database: Path, areas: list[str] | None = None) -> pl.DataFrame:
    """Percentage points between computed and published real growth, ``apart``, with the publisher."""
    published = annual("gdp_real_growth", database, areas)
    published = published.select(
        "area", "period", published="value", publisher=pl.col("sources").list.first()
    )
    both = real.drop_nulls("value").join(published, on=["area", "period"])
    return both.with_columns(apart=(pl.col("value") - pl.col("published")).abs())


def largest(apart: pl.DataFrame) -> dict[str, float]:
    return dict(apart.group_by("area").agg(pl.col("apart").max()).iter_rows())


def test_growth_of_chained_volumes_is_the_published_growth(shipped: Path) -> None:
    levels = annual("gdp_real", shipped).filter(pl.col("prices").is_in(["chained 2020", "chained 2021"]))
    apart = differences(growth(levels), shipped).filter(pl.col("publisher") == WORLD_BANK)
    assert apart.group_by("area").len().sort("area")["len"].to_list() == [63, 51, 26]
    assert max(largest(apart).values()) < 1e-12


def test_growth_at_constant_prices_is_the_published_growth(shipped: Path) -> None:
    levels = annual("gdp_real", shipped).filter(pl.col("prices") == "constant")
    apart = differences(growth(levels), shipped).filter(pl.col("publisher") == WORLD_BANK)
    assert apart["area"].n_unique() == 3
    assert max(largest(apart).values()) < 1e-12


def test_nominal_growth_over_growth_of_the_deflator_is_the_published_growth(shipped: Path) -> None:
    prices = annual("gdp_deflator_growth", shipped).select("area", "period", prices_up="value")
    nominal = growth(annual("gdp", shipped)).join(prices, on=["area", "period"])
    ratio = (1 + pl.col("value") / 100) / (1 + pl.col("prices_up") / 100)
    real = nominal.with_columns(value=100 * (ratio - 1))
    apart = differences(real, shipped).filter(pl.col("publisher") == WORLD_BANK)
    before_revision = apart.filter(pl.col("period").dt.year() < 2022)
    assert largest(before_revision) == {
        "china": pytest.approx(0, abs=1e-10),
        "hong_kong": pytest.approx(0, abs=0.005),
        "macao": pytest.approx(0, abs=0.01),
    }


def test_deflated_growth_follows_the_published_growth(shipped: Path) -> None:
    # The deflators are the IMF's of April 2024, whose 2023 was a forecast; the growth rates are the World Bank's.
    deflated = deflate(
        annual("gdp", shipped).filter(pl.col("period").dt.year().is_between(2001, 2022)), "2015"
    )
    apart = differences(growth(deflated), shipped).filter(pl.col("publisher") == WORLD_BANK)
    assert apart.filter(pl.col("area") == "hong_kong")["apart"].max() < 0.01  # type: ignore[operator]
    macao = apart.filter(pl.col("area") == "macao", pl.col("period").dt.year() < 2022)
    assert macao["apart"].max() < 0.01  # type: ignore[operator]
    # China's accounts are deflated item by item, and the deflator of the IMF is of another vintage
    china = apart.filter(pl.col("area") == "china")["apart"]
    assert china.median() < 0.3  # type: ignore[operator]
    assert china.max() < 1.7  # type: ignore[operator]


def test_chained_links_of_the_cities_grow_as_published(shipped: Path) -> None:
    links = load("gdp_real_index_previous_year", database=shipped)
    cities = links["area"].unique().to_list()
    assert len(cities) == 9
    index = chain_links(links, "2015")
    years = index.group_by("area").agg(pl.col("period").dt.year().min().alias("first"), pl.len())
    assert years.select("first", "len").unique().rows() == [(1999, 25)]
    rates = growth(index).filter(pl.col("period").dt.year() > 1999)
    given = links.select("area", "period", given=pl.col("value") - 100)
    both = rates.join(given, on=["area", "period"])
    assert (both["value"] - both["given"]).abs().max() < 1e-10  # type: ignore[operator]
    # first announcements against later yearbooks: Dongguan 2021 was revised from 8.2 to 8.5
    apart = differences(rates, shipped, cities)
    assert apart.height >= 8
    assert apart["apart"].max() < 0.31  # type: ignore[operator]


def test_volumes_of_the_cities_in_prices_of_2015(shipped: Path) -> None:
    links = load("gdp_real_index_previous_year", database=shipped)
    current = load("gdp", links["area"].unique().to_list(), database=shipped)
    volumes = chain_links(links, "2015", current=current)
    at_base = volumes.filter(pl.col("period").dt.year() == 2015).select("area", "value")
    nominal = current.filter(pl.col("period").dt.year() == 2015, pl.col("frequency").cast(pl.String) == "A")
    both = at_base.join(nominal.select("area", given="value"), on="area")
    assert both.height == 9
    assert (both["value"] / both["given"] - 1).abs().max() < 1e-14  # type: ignore[operator]
    assert volumes.select("unit", "prices", "indicator").unique().rows() == [("CNY", "chained 2015", "gdp")]
