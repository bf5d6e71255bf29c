"""`published_comparisons`: others' numbers as printed, ours as the members add up."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from gbaindicators.catalog import catalog
from gbaindicators.comparison import benchmark
from gbaindicators.comparison.bays.published import published_comparisons
from gbaindicators.store import load

pytestmark = pytest.mark.usefixtures("shipped")


@pytest.fixture(scope="module")
def table(shipped: Path) -> pl.DataFrame:
    return published_comparisons()


def test_published_numbers_stand_as_printed(table: pl.DataFrame) -> None:
    """Port Authority release of January 2019: 137.9 million; World Shipping Council: 7.98 million TEU in 2018."""
    airports = table.filter(indicator="air_passengers", source="capa_panynj_airports_pax_2018")
    assert airports.select("period", "published").row(0) == (date(2018, 1, 1), 137.9e6)
    ports = table.filter(indicator="container_throughput", area="tokyo_bay_area", period=date(2018, 1, 1))
    assert (ports["published"].item(), ports["source"].item()) == (7.98e6, "wsc_ports_teu_2018")


def test_own_numbers_are_the_sums_of_the_members(table: pl.DataFrame) -> None:
    ports = table.filter(
        indicator="container_throughput", area="tokyo_bay_area", period=date(2018, 1, 1)
    ).row(0, named=True)
    parts = load(
        "container_throughput", ["tokyo", "yokohama", "kawasaki"], frequency="A", start="2018", end="2018"
    )
    total = sum(parts["value"].to_list())
    assert ports["value"] == total
    assert ports["difference"] == pytest.approx((7.98e6 / total - 1) * 100)
    airports = table.filter(indicator="air_passengers", period=date(2019, 1, 1))["value"][0]
    assert airports == benchmark("air_passengers", "new_york_bay_area", year=2019)["value"].item()


def test_the_stated_gdp_is_that_of_the_year_before(table: pl.DataFrame) -> None:
    row = table.filter(source="policy_npc_2019").row(0, named=True)
    own = benchmark("gdp", "greater_bay_area", year=2018)["value"].item()
    assert (row["published"], row["value"]) == (1.6e12, pytest.approx(own, rel=1e-12))
    assert abs(row["difference"]) < 5


def test_every_row_has_a_source_a_definition_and_a_reason(table: pl.DataFrame) -> None:
    assert set(table["source"]) <= catalog().sources.keys()
    for column in ("stated", "reason", "published", "unit", "period", "members"):
        assert table[column].null_count() == 0
    own = table.filter(pl.col("value").is_not_null())
    assert own["sources"].list.len().min() >= 1 and own["own_period"].null_count() == 0  # type: ignore[operator]
    assert (own["difference"] - (own["published"] / own["value"] - 1) * 100).abs().max() < 1e-9  # type: ignore[operator]
    without = table.filter(pl.col("value").is_null())
    assert without["reason"].str.starts_with("no own number: no figure of ").all()
    assert without["difference"].null_count() == without["own_period"].null_count() == without.height


def test_without_a_member_the_reason_says_what_the_others_make(table: pl.DataFrame) -> None:
    row = table.filter(source="newsday_ny_airports_pax_2016").row(0, named=True)
    assert row["reason"] == "no own number: no figure of ewr for 2016; jfk, lga make 88,600,000"


def test_what_comes_nearest_stands_in_and_is_named(table: pl.DataFrame) -> None:
    """Without Kawasaki in 2016; Hong Kong, Shenzhen and Guangzhou in 2022; the whole province in 2025."""
    keihin = table.filter(area="tokyo_bay_area", period=date(2016, 1, 1)).row(0, named=True)
    assert (keihin["members"], keihin["own_period"]) == (["tokyo", "yokohama"], date(2016, 1, 1))
    assert keihin["value"] == 4_700_000 + 2_781_000 and "Kawasaki" in keihin["reason"]
    ports = table.filter(indicator="container_throughput", area="greater_bay_area").row(0, named=True)
    assert (ports["period"], ports["own_period"]) == (date(2021, 1, 1), date(2022, 1, 1))
    assert ports["value"] == benchmark("container_throughput", "greater_bay_area", year=2022)["value"].item()
    trade = table.filter(indicator="merchandise_trade_total").row(0, named=True)
    assert (trade["value"], trade["members"], trade["unit"]) == (9.49e12, ["guangdong"], "CNY")


def test_a_total_beside_its_parts_in_one_table_differs_by_rounding(table: pl.DataFrame) -> None:
    cargo = table.filter(indicator="port_cargo_with_hong_kong")
    assert cargo.height == 5
    assert (cargo["published"] - cargo["value"]).abs().max() <= 10 * 500  # type: ignore[operator]


def test_an_encyclopedia_is_set_beside_the_bureau_and_not_beside_itself(table: pl.DataFrame) -> None:
    """Notes of the figures: New York 2018 is 2.2% below the bureau's vintage of December 2023, San Francisco 3.7%."""
    gdp = table.filter(indicator="gdp", source="wikipedia_nymsa_sfmsa_gdp_2024")
    of_2018 = gdp.filter(period=date(2018, 1, 1)).sort("area")
    assert of_2018["difference"].round(1).to_list() == [-2.2, -3.7]
    same = gdp.filter(pl.col("reason").str.contains("this figure itself"))
    assert same["difference"].to_list() == [0.0] * same.height and 2024 in same["period"].dt.year().to_list()
    older = table.filter(source="eudic_wikipedia_nymsa_gdp_2014", period=date(2012, 1, 1)).row(0, named=True)
    assert older["sources"] == ["wikipedia_nymsa_sfmsa_gdp_2024"]


def test_cumulated_figures_are_compared_with_cumulated_ones(table: pl.DataFrame) -> None:
    row = table.filter(frequency="Q").row(0, named=True)
    assert row["value"] is None and "for 2021-Q3; dongguan, foshan, guangzhou, shenzhen make" in row["reason"]


def test_the_catalogue_names_what_exists() -> None:
    names = catalog()
    for total in names.published.values():
        assert total.indicator in names.indicators and {total.area, total.bay} <= names.areas.keys()
        for members in (total.members, *(n.members for n in total.nearest)):
            assert members and set(members) <= names.areas.keys() and len(set(members)) == len(members)
        assert set(total.sources) <= names.sources.keys()


def test_the_table_that_divides_by_the_people_of_another_census() -> None:
    """It prints 23,116 dollars a head of 2019 beside 86.17 million people of 2020; the two do not go together."""
    quoted = published_comparisons().filter(source="cwcc_overview_gba")
    assert quoted.height == 12
    ours = {row["indicator"]: row for row in quoted.filter(area="greater_bay_area").iter_rows(named=True)}
    implied = ours["gdp"]["published"] / ours["gdp_per_capita"]["published"]
    assert ours["population"]["published"] / implied == pytest.approx(1.186, abs=0.001)
    # The same GDP and the same people as ours, but a sixth more per head.
    assert ours["gdp"]["difference"] == pytest.approx(0, abs=0.1)
    assert ours["population"]["difference"] == pytest.approx(0, abs=0.3)
    assert ours["gdp_per_capita"]["difference"] > 15
    assert "census" in ours["gdp_per_capita"]["reason"]
