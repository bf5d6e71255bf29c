"""`published_comparisons`: others' numbers as printed, ours as the members add up."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from gbaindicators.catalog import catalog
from gbaindicators.comparison import benchmark
from gbaindicators.comparison.published import published_comparisons
from gbaindicators.store import load

pytestmark = pytest.mark.usefixtures("shipped")


@pytest.fixture(scope="module")
def table(shipped: Path) -> pl.DataFrame:
    return published_comparisons()


def test_published_numbers_stand_as_printed(table: pl.DataFrame) -> None:
    """Port Authority release of January 2019: 137.9 million; World Shipping Council: 7.98 million TEU in 2018."""
    airports = table.filter(indicator="air_passengers", source="capa_panynj_airports_pax_2018")
    assert airports.select("period", "published").row(0) == (date(2018, 1, 1), 137.9e6)
    ports = table.filter(area="tokyo_bay_area", period=date(2018, 1, 1))
    assert (ports["published"].item(), ports["source"].item()) == (7.98e6, "wsc_ports_teu_2018")


def test_own_numbers_are_the_sums_of_the_members(table: pl.DataFrame) -> None:
    ports = table.filter(area="tokyo_bay_area", period=date(2018, 1, 1)).row(0, named=True)
    parts = load(
        "container_throughput", ["tokyo", "yokohama", "kawasaki"], frequency="A", start="2018", end="2018"
    )
    total = sum(parts["value"].to_list())
    assert ports["value"] == total
    assert ports["difference"] == pytest.approx((7.98e6 / total - 1) * 100)
    airports = table.filter(indicator="air_passengers", period=date(2019, 1, 1))["value"][0]
    assert airports == benchmark("air_passengers", "new_york_bay_area", year=2019)["value"].item()


def test_the_stated_gdp_is_that_of_the_year_before(table: pl.DataFrame) -> None:
    row = table.filter(indicator="gdp").row(0, named=True)
    own = benchmark("gdp", "greater_bay_area", year=2018)["value"].item()
    assert row["value"] == pytest.approx(own, rel=1e-12)
    assert abs(row["difference"]) < 5


def test_every_row_has_a_source_a_definition_and_a_reason(table: pl.DataFrame) -> None:
    assert set(table["source"]) <= catalog().sources.keys()
    for column in ("stated", "reason", "published", "unit", "period"):
        assert table[column].null_count() == 0
    own = table.filter(pl.col("value").is_not_null())
    assert own.height >= 5 and own["sources"].list.len().min() >= 1  # type: ignore[operator]
    without = table.filter(pl.col("value").is_null())
    assert without["reason"].str.starts_with("no own number: no figure of ").all()
    assert without["difference"].null_count() == without.height
