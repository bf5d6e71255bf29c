"""The integration index of the six factor flows: its mapping, its coverage, and the shipped figures by hand."""

from __future__ import annotations

import polars as pl
import pytest

from gbaindicators.catalog import LANGUAGES, catalog
from gbaindicators.comparison.integration import (
    composite_index,
    index_robustness,
    integration_coverage,
    integration_index,
    integration_inputs,
)
from gbaindicators.comparison.integration import index as module
from gbaindicators.comparison.integration.flows import factor_flows, flow_indicators
from gbaindicators.errors import IndexWarning, SeriesTooShortError, UnknownNameError, UsageError
from gbaindicators.store import load


@pytest.fixture(scope="module", autouse=True)
def figures(shipped):
    """Figures of the mapping, read once for all tests."""
    read = module.yearly_figures()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "yearly_figures", lambda: read)
        yield read


@pytest.fixture(scope="module")
def index(figures):
    return integration_index()


@pytest.fixture(scope="module")
def coverage(figures):
    return integration_coverage()


def test_mapping_names_what_the_catalogue_knows():
    flows = {f.id for f in factor_flows()}
    names = catalog()
    assert len(flows) == 6
    for flow in factor_flows():
        assert set(flow.names) == set(LANGUAGES)
        assert flow.source in names.sources
        assert flow.needed
    for entry in flow_indicators():
        assert entry.flow in flows
        names.indicator(entry.indicator)
        for area in (entry.area, *entry.points):
            assert names.area(area).id == area
        assert entry.direction in ("higher", "lower")
        assert entry.treatment in ("level", "per_head")
        assert entry.source in names.sources
    assert len({e.name for e in flow_indicators()}) == len(flow_indicators())
    assert {e.flow for e in flow_indicators()} == flows


def test_flows_with_too_few_observations_say_so(index):
    for flow in ("services", "capital", "data", "technology"):
        rows = index.filter(flow=flow)
        assert rows["value"].null_count() == rows.height == 4
        assert rows["status"].unique().to_list() == ["M"]
        assert all(n.startswith("too few observations") and "needed:" in n for n in rows["note"])
    whole = index.filter(flow="index")
    assert "rests on people, goods; too few observations to score services, capital, data" in whole["note"][0]


def test_goods_by_hand(index):
    cargo = load("port_cargo_with_hong_kong", frequency="A").filter(
        pl.col("area") != "gba_other_than_hong_kong"
    )
    years = {
        y: dict(cargo.filter(pl.col("period").dt.year() == y).select("area", "value").rows())
        for y in (2021, 2024)
    }
    ratio = 1.0
    for area, then in years[2021].items():
        ratio *= then / years[2024][area]
    found = dict(index.filter(flow="goods").select(pl.col("period").dt.year(), "value").rows())
    assert len(years[2021]) == 10
    assert found[2021] == pytest.approx(100 * ratio ** (1 / 10))
    assert found[2024] == pytest.approx(100)


def test_whole_is_the_geometric_mean_of_the_scored_flows(index):
    wide = index.filter(pl.col("value").is_not_null()).pivot("flow", index="period", values="value")
    assert wide["index"].to_list() == pytest.approx((wide["people"] * wide["goods"]).sqrt().to_list())


def test_coverage_says_what_there_is(coverage):
    used = coverage.filter("used")
    assert set(used["flow"]) == {"people", "goods"}
    assert used["note"].null_count() == used.height
    assert coverage.filter(~pl.col("used"))["note"].null_count() == 0
    hkmo = coverage.filter(indicator="crossings_arrivals_mainland").row(0, named=True)
    # the daily file begins on 24 January 2020 and ends in March 2026: 2021 to 2025 are whole
    assert (hkmo["first"].year, hkmo["last"].year, hkmo["observations"]) == (2021, 2025, 5)
    labs = coverage.filter(indicator="joint_laboratories").row(0, named=True)
    assert labs["observations"] == 1
    assert labs["note"] == "no figure for 2021, 2022, 2023"
    signed = coverage.filter(indicator="asset_management_centre_amount_signed").row(0, named=True)
    assert signed["observations"] == 1
    trade = coverage.filter(indicator="merchandise_exports").row(0, named=True)
    assert not trade["used"]
    assert "whole world" in trade["note"]


def test_trips_of_residents_are_per_head():
    inputs = integration_inputs().filter(pl.col("indicator") == "crossings_departures_residents, hong_kong")
    trips = inputs.filter(pl.col("period").dt.year() == 2024)["value"].item()
    # 93,342,535 departures over land and ferry points (Immigration Department), some 7.5 million people
    assert trips == pytest.approx(93_342_535 / 7.53e6, rel=0.01)


def test_other_years_may_be_asked_for():
    index = integration_index(start=2011, end=2017)
    scored = index.filter(pl.col("value").is_not_null())
    assert set(scored["flow"]) == {"people", "index"}
    assert scored["members"].to_list()[0] == ["visitor_arrivals_from_mainland, macao"]
    # 22,196,203 visitors from the mainland in 2017, 16,162,747 in 2011 (DSEC)
    first = scored.filter(flow="index")["value"][0]
    assert first == pytest.approx(100 * 16_162_747 / 22_196_203)


def test_a_flow_that_lacks_one_year_of_the_window_is_not_scored():
    index = integration_index(start=2021, end=2025)
    goods = index.filter(flow="goods")
    assert goods["value"].null_count() == 5
    assert "no figure has a value in every year from 2021 to 2025" in goods["note"][0]
    assert index.filter(flow="people")["value"].null_count() == 0


def test_order_of_the_years_hangs_on_the_weights():
    # people and goods move apart in the shipped figures: the years change places
    inputs = integration_inputs()
    groups = dict(inputs.select("indicator", "flow").unique().rows())
    with pytest.warns(IndexWarning, match="4 units for 12 indicators"):
        found = index_robustness(inputs, groups=groups, base=2024, draws=500)
    assert found.units.select("lower_rank", "upper_rank").row(0) == (1.0, 4.0)
    shares = dict(found.sensitivity.select("choice", "share").rows())
    assert max(shares, key=shares.get) == "weights"


def test_inputs_give_the_same_index():
    inputs = integration_inputs()
    groups = dict(inputs.select("indicator", "flow").unique().rows())
    mine = composite_index(inputs, groups=groups, normalise="base_year", base=2024, aggregate="geometric")
    theirs = integration_index(base=2024).filter(flow="index")["value"].to_list()
    assert mine.filter(group="index")["value"].to_list() == pytest.approx(theirs)


def test_weights_by_flow():
    index = integration_index(weights={"people": 1, "goods": 3}).filter(pl.col("value").is_not_null())
    wide = index.pivot("flow", index="period", values="value")
    assert wide["index"].to_list() == pytest.approx(
        (wide["people"] ** 0.25 * wide["goods"] ** 0.75).to_list()
    )


def test_what_cannot_be_scored_is_refused():
    with pytest.raises(SeriesTooShortError, match="fewer than 4 years"):
        integration_index(start=2023, end=2024)
    with pytest.raises(SeriesTooShortError, match="no figure"):
        integration_index(start=1950, end=1960)
    with pytest.raises(UnknownNameError, match="scored flow in weights 'data'"):
        integration_index(weights={"people": 1, "goods": 1, "data": 1})
    with pytest.raises(UsageError, match="not a year"):
        integration_index(start="2021-03")
    with pytest.raises(UsageError, match="above zero"):
        integration_index(normalise="min_max")
