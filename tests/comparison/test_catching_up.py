"""`catch_up`: what the probability rests on, and that it is one of what was asked for."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from gbaindicators.catalog import catalog
from gbaindicators.comparison.bays import joint_series
from gbaindicators.comparison.bays.annual_figures import annual_figures, in_calendar_years
from gbaindicators.comparison.bays.bay_figures import people_of
from gbaindicators.comparison.bays.catching_up import catch_up
from gbaindicators.comparison.bays.definitions import definitions_of
from gbaindicators.comparison.bays.gaps import gap
from gbaindicators.errors import (
    MissingRateError,
    PeriodError,
    SeriesTooShortError,
    UnknownNameError,
    UsageError,
)
from gbaindicators.store import load

pytestmark = pytest.mark.usefixtures("shipped")


def test_the_assumptions_stand_beside_the_number() -> None:
    held = catch_up("greater_bay_area", "new_york_bay_area", 2028, paths=200)
    rate = load("fx_rate", "china", frequency="A").sort("period").row(-1, named=True)
    said = held["assumptions"][0].to_list()
    assert said[0].startswith("exchange rates stay at their last published values")
    assert f"{rate['value']:.6g} CNY per USD ({rate['period'].year})" in said[0]
    assert any("current prices" in s for s in said)
    assert any("(eleven_cities)" in s for s in said)
    assert held["period"].dt.year().to_list()[-1] == 2028
    assert held["probability"].is_between(0, 1).all()
    assert (held["probability_by"] >= held["probability"]).all()
    assert set(rate["sources"]) <= set(held["sources"][0])


def test_rates_with_a_distribution_of_their_own_spread_the_chances() -> None:
    """An uncertain rate makes what is improbable more probable."""
    words = ("greater_bay_area", "new_york_bay_area", 2027)
    held, drawn = (catch_up(*words, paths=2000, rate=r) for r in ("held", "simulated"))
    assert held["probability"][-1] < 0.5
    assert drawn["probability"][-1] > held["probability"][-1]
    assert "drawn jointly" in drawn["assumptions"][0][0]


def test_who_is_far_ahead_stays_ahead_and_the_other_behind() -> None:
    ahead = catch_up("new_york_bay_area", "macao", 2027, paths=50)
    behind = catch_up("macao", "new_york_bay_area", 2027, paths=50)
    assert ahead["probability"].unique().to_list() == [1.0]
    assert behind["probability"].unique().to_list() == [0.0]


def test_a_held_rate_cancels_between_areas_of_one_currency() -> None:
    yuan, dollars = (catch_up("guangzhou", "shenzhen", 2027, paths=300, currency=c) for c in ("CNY", "USD"))
    assert yuan["probability"].to_list() == dollars["probability"].to_list()


def test_growth_at_prices_of_a_base_year_is_real_and_needs_no_later_rate() -> None:
    """What Shenzhen and Hong Kong are at prices of a year does not turn on what a currency is worth later."""
    words = ("shenzhen", "hong_kong", 2027)
    real = catch_up(*words, prices=2015, paths=200)
    said = " ".join(real["assumptions"][0])
    rate = load("fx_rate", frequency="A", start=2015, end=2015).filter(unit="CNY per USD")
    assert f"at the rates of that year: {rate['value'][0]:.6g} CNY per USD" in said
    assert "prices of 2015 by the GDP deflator of each economy" in said
    assert "current prices" not in said and "stay at their last" not in said
    assert real["method"][0].startswith("share of 200 joint paths in USD at 2015 prices")
    deflators = load("gdp_deflator", ["china", "hong_kong"])["sources"].explode().unique()
    assert set(deflators) <= set(real["sources"][0])


def test_figures_per_head_are_the_sums_over_people_drawn_with_them() -> None:
    """Macao is far behind New York's bay in all, and near it or ahead per head."""
    words = ("macao", "new_york_bay_area", 2027)
    whole, head = (catch_up(*words, indicator=i, paths=100) for i in ("gdp", "gdp_per_capita"))
    assert whole["probability"].max() == 0 < head["probability"].max()
    assert "USD per head" in head["method"][0]
    said = " ".join(head["assumptions"][0])
    assert "macao in persons" in said
    assert "so few years" in said and "new_york_bay_area in persons (" in said
    people = load("population", "macao")["sources"].explode().unique()
    assert set(people) & set(head["sources"][0])


def test_people_need_no_rate() -> None:
    table = catch_up("shenzhen", "guangzhou", 2027, indicator="population", paths=100)
    assert "persons" in table["method"][0]
    assert not any("rate" in s for s in table["assumptions"][0] if "growth" not in s)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"until": 2010}, UsageError, "published to 20.* must be later"),
        ({"other": "macao"}, UsageError, "cannot pass itself"),
        ({"rate": "fixed"}, UsageError, "'held' or 'simulated'"),
        ({"basis": "pps"}, UsageError, "'market' or 'ppp'"),
        ({"currency": "EUR"}, UnknownNameError, "CNY, HKD, JPY, MOP, USD"),
        ({"other": "makau"}, UnknownNameError, "macao"),
        ({"prices": 2015, "rate": "simulated"}, UsageError, "converted at the rates of that year"),
        ({"prices": 2015, "indicator": "population"}, UsageError, "no prices of 2015"),
        ({"start": 2040}, UsageError, "ends in 20.* begin earlier"),
        ({"definition": "itself"}, UsageError, "definition names each area"),
        ({"prices": 1950}, MissingRateError, "no GDP deflator .* for 1950"),
        ({"prices": "real"}, PeriodError, "not a period"),
        ({"indicator": "fx_rate"}, UsageError, "cannot be added up"),
        (
            {"definition": {"tokyo_bay_area": "capital_region"}},
            UsageError,
            "not among the areas compared, macao, zhuhai",
        ),
    ],
)
def test_bad_input_is_a_named_error(arguments: dict[str, object], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        catch_up(**({"area": "macao", "other": "zhuhai", "until": 2027} | arguments))  # type: ignore[arg-type]


def test_a_series_too_short_to_forecast_is_named() -> None:
    with pytest.warns(UserWarning), pytest.raises(SeriesTooShortError, match="greater_bay_area"):
        catch_up("hong_kong", "greater_bay_area", 2027, indicator="container_throughput", paths=20)


def test_who_has_half_the_others_figure_per_head_does_not_pass_it_within_a_year() -> None:
    """Shenzhen has more than twice Hong Kong's people and half its GDP per head; Macao three times that of the bay."""
    for area, other in (("shenzhen", "hong_kong"), ("greater_bay_area", "macao")):
        assert gap("gdp_per_capita", area, other)["value"][-1] < 0.6
        chance = catch_up(area, other, 2026, indicator="gdp_per_capita", paths=200)
        assert chance["probability"][0] < 0.02


def test_people_are_those_that_figures_per_head_are_divided_by() -> None:
    """Macao's are the mean of the year-ends, as published."""
    rows = in_calendar_years(annual_figures("gdp", definitions_of("gdp", ["macao"], {})))
    people = people_of(rows).filter(period=date(2020, 1, 1)).row(0, named=True)
    ends = load("population", "macao", frequency="A", start=2019, end=2020)["value"]
    assert people["value"] == pytest.approx(ends.mean(), rel=1e-12)
    assert (people["indicator"], people["unit"]) == ("population", "persons")


def test_an_area_without_any_annual_figures_is_named() -> None:
    assert catalog().indicator("crossings").over_areas == "sum"
    with pytest.raises(UsageError, match="no annual figures of 'crossings' for hk_airport"):
        catch_up("hk_airport", "hong_kong", 2027, indicator="crossings")


def test_a_rate_that_lacks_in_the_base_year_is_named_and_not_taken_for_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without the check the pataca would pass for a dollar, and Macao for eight times what it is."""

    def without_patacas(indicator: str, **how: object) -> pl.DataFrame:
        rows = load(indicator, **how)  # type: ignore[arg-type]
        return rows.filter((pl.col("unit") != "MOP per USD") | (pl.col("period") != date(2015, 1, 1)))

    monkeypatch.setattr(joint_series, "load", without_patacas)
    with pytest.raises(
        MissingRateError, match=r"no rate of MOP to convert 20\d\d with: choose another base year"
    ):
        catch_up("macao", "zhuhai", 2027, prices=2015, paths=20)
