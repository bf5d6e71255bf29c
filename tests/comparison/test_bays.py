"""`benchmark` against the database's own SQL, against figures added up by hand, and given what it cannot do."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from gbaindicators.catalog import catalog
from gbaindicators.comparison import BAYS, benchmark
from gbaindicators.errors import GbaError, PeriodError, UnknownNameError, UsageError
from gbaindicators.store import load, query

pytestmark = pytest.mark.usefixtures("shipped")


@pytest.fixture(scope="module")
def every_year(shipped: Path) -> pl.DataFrame:
    return benchmark("gdp", year=None)


def _at(frame: pl.DataFrame, area: str, year: int) -> dict[str, object]:
    return frame.filter(pl.col("area") == area, pl.col("period") == date(year, 1, 1)).row(0, named=True)


def _published(indicator: str, area: str, period: date) -> float:
    rows = load(indicator, area, frequency="A").filter(pl.col("period") == period)
    return float(rows["value"].item())


def test_equals_the_sql_view_in_every_bay_and_year(every_year: pl.DataFrame) -> None:
    """Two implementations, one in Polars and one in SQL, know the same years and give the same dollars."""
    sql = query("SELECT area, period, value, members, definition FROM gdp_usd WHERE definition IS NOT NULL")
    both = every_year.join(sql, on=["area", "period"], how="full", suffix="_sql", coalesce=True)
    assert both["value"].null_count() == both["value_sql"].null_count() == 0
    assert both.select((pl.col("value") / pl.col("value_sql") - 1).abs().max()).item() <= 1e-12
    assert both.filter(pl.col("definition") != pl.col("definition_sql")).is_empty()
    assert both.filter(pl.col("members").list.sort() != pl.col("members_sql").list.sort()).is_empty()


def test_a_calendar_year_is_three_twelfths_and_nine_twelfths_of_fiscal_years(
    every_year: pl.DataFrame,
) -> None:
    prefectures = ("tokyo", "kanagawa", "saitama", "chiba")
    before = sum(_published("gdp", p, date(2021, 4, 1)) for p in prefectures)
    after = sum(_published("gdp", p, date(2022, 4, 1)) for p in prefectures)
    rate = _published("fx_rate", "japan", date(2022, 1, 1))
    cell = _at(every_year, "tokyo_bay_area", 2022)
    assert cell["value"] == pytest.approx((3 / 12 * before + 9 / 12 * after) / rate, rel=1e-12)
    assert cell["status"] == "E"
    assert "fiscal years weighted by months" in str(cell["note"])


def test_purchasing_power_parity_gives_international_dollars() -> None:
    table = benchmark("gdp", basis="ppp", year=2022)
    assert table["unit"].unique().to_list() == ["international dollars"]
    hong_kong, macao = (
        _published("gdp", a, date(2022, 1, 1)) / _published("ppp", a, date(2022, 1, 1))
        for a in ("hong_kong", "macao")
    )
    cities = catalog().definition("greater_bay_area", "economy", "pearl_river_delta").members
    mainland = sum(_published("gdp", c, date(2022, 1, 1)) for c in cities) / _published(
        "ppp", "china", date(2022, 1, 1)
    )
    value = _at(table, "greater_bay_area", 2022)["value"]
    assert value == pytest.approx(hong_kong + macao + mainland, rel=1e-12)


def test_another_currency_changes_the_unit_and_no_ratio() -> None:
    dollars, yuan = (benchmark("gdp", year=2022, currency=c).sort("area") for c in ("USD", "CNY"))
    assert yuan["unit"].unique().to_list() == ["CNY"]
    ratios = (yuan["value"] / dollars["value"]).to_list()
    assert ratios == pytest.approx([_published("fx_rate", "china", date(2022, 1, 1))] * 4, rel=1e-12)


def test_per_head_is_gdp_of_the_members_over_their_population() -> None:
    money, heads = benchmark("gdp", year=2022), benchmark("gdp_per_capita", year=2022)
    for bay in ("new_york_bay_area", "san_francisco_bay_area"):
        people = _at(benchmark("population", [bay], year=2022), bay, 2022)["value"]
        expected = _at(money, bay, 2022)["value"] / people  # type: ignore[operator]
        assert _at(heads, bay, 2022)["value"] == pytest.approx(expected, rel=1e-9)
    # Japan's is the estimate for 1 October, which the fiscal accounts print under the fiscal year
    prefectures = ("tokyo", "kanagawa", "saitama", "chiba")
    people = sum(_published("population", p, date(2022, 4, 1)) for p in prefectures)
    expected = _at(money, "tokyo_bay_area", 2022)["value"] / people  # type: ignore[operator]
    assert _at(heads, "tokyo_bay_area", 2022)["value"] == pytest.approx(expected, rel=1e-9)
    mean = benchmark("population", ["greater_bay_area"], year=None)
    ends = [_at(mean, "greater_bay_area", year)["value"] for year in (2021, 2022)]
    expected = _at(money, "greater_bay_area", 2022)["value"] / (sum(ends) / 2)  # type: ignore[arg-type, operator]
    assert _at(heads, "greater_bay_area", 2022)["value"] == pytest.approx(expected, rel=1e-9)


def test_a_year_in_which_a_member_has_no_figure_is_absent() -> None:
    members = catalog().definition("greater_bay_area", "airports").members
    annual = load("air_passengers", list(members)).filter(pl.col("frequency") == "A")
    have = annual.group_by("period").agg(pl.col("area").n_unique())
    lacking = set(have.filter(pl.col("area") < len(members))["period"])
    monthly = load("air_passengers", list(members)).filter(pl.col("frequency") == "M")
    assert lacking, "the figures have years with a missing airport"
    shown = benchmark("air_passengers", ["greater_bay_area"], year=None)
    summed = shown.filter(pl.col("note").str.contains("sums of months"))["period"]
    assert set(shown["period"]) & lacking <= set(summed)
    assert set(summed) <= {date(p.year, 1, 1) for p in monthly["period"]}
    assert shown["value"].null_count() == 0


def test_a_definition_changes_the_members_and_only_of_its_bay() -> None:
    usual = benchmark("gdp", year=2022)
    wide = benchmark("gdp", year=2022, definition={"tokyo_bay_area": "capital_region"})
    assert len(_at(wide, "tokyo_bay_area", 2022)["members"]) == 8  # type: ignore[arg-type]
    assert _at(wide, "tokyo_bay_area", 2022)["definition"] == "capital_region"
    assert _at(wide, "tokyo_bay_area", 2022)["value"] > _at(usual, "tokyo_bay_area", 2022)["value"]  # type: ignore[operator]
    for bay in set(BAYS) - {"tokyo_bay_area"}:
        assert _at(wide, bay, 2022)["value"] == _at(usual, bay, 2022)["value"]


def test_names_of_bays_may_be_those_people_write() -> None:
    by_name = benchmark("gdp", "Tokyo Bay Area", definition={"Tokyo Bay Area": "capital_region"}, year=2022)
    assert by_name.select("area", "definition", "rank").rows() == [("tokyo_bay_area", "capital_region", 1)]
    assert benchmark("gdp", ["tokyo_bay_area", "Tokyo Bay Area"], year=2022).height == 1


@pytest.mark.parametrize(
    "indicator", ["gdp", "gdp_per_capita", "population", "container_throughput", "air_passengers"]
)
def test_every_cell_is_sourced_defined_and_ranked(indicator: str) -> None:
    table = benchmark(indicator)
    assert sorted(table["area"]) == sorted(BAYS)
    assert table["period"].n_unique() == 1
    assert table["rank"].to_list() == [1, 2, 3, 4]
    assert table["value"].is_sorted(descending=True)
    assert table["sources"].list.len().min() >= 1  # type: ignore[operator]
    assert {s for cell in table["sources"] for s in cell} <= catalog().sources.keys()
    for row in table.iter_rows(named=True):
        name = catalog().definition(row["area"], catalog().subject(indicator), row["definition"]).names["en"]
        assert row["note"].startswith(name)


@pytest.mark.parametrize(("basis", "rates"), [("market", "fx_rate"), ("ppp", "ppp")])
def test_converted_cells_name_the_source_of_the_rate(basis: str, rates: str) -> None:
    table = benchmark("gdp", basis=basis, year=2022)  # type: ignore[arg-type]
    for bay, area in (("greater_bay_area", "china"), ("tokyo_bay_area", "japan")):
        rate = load(rates, area, start="2022", end="2022", frequency="A")["sources"].item()
        assert set(rate) <= set(_at(table, bay, 2022)["sources"])  # type: ignore[call-overload]


def test_the_latest_year_is_the_last_that_all_bays_have(every_year: pl.DataFrame) -> None:
    years = [set(rows["period"]) for rows in every_year.partition_by("area")]
    assert benchmark("gdp")["period"].unique().to_list() == [max(set.intersection(*years))]


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"bays": ["greter_bay_area"]}, UnknownNameError, "did you mean 'greater_bay_area'"),
        ({"bays": []}, UsageError, "no bay area is given"),
        ({"bays": ["hong_kong"]}, UsageError, "composites are greater_bay_area"),
        ({"definition": {"tokyo_bay_area": "capital"}}, UnknownNameError, "capital_region"),
        ({"definition": {"tokio_bay": "capital_region"}}, UnknownNameError, "did you mean 'tokyo_bay_area'"),
        (
            {"bays": ["greater_bay_area"], "definition": {"tokyo_bay_area": "capital_region"}},
            UsageError,
            "tokyo_bay_area, which is not among the bays compared",
        ),
        ({"year": 1990}, UsageError, "greater_bay_area has 2000-2024"),
        (
            {"year": "2023"},
            UsageError,
            "2023 of san_francisco_bay_area: .*san_francisco_bay_area has 2017-2022",
        ),
        ({"year": "latest year"}, PeriodError, "is not a period"),
        ({"indicator": "gpd"}, UnknownNameError, "did you mean 'gdp'"),
        ({"indicator": "gdp_real_growth"}, UsageError, "cannot be added up over the members .*'gdp'"),
        ({"indicator": "fx_rate"}, UsageError, "cannot be added up"),
        (
            {"indicator": "visitor_arrivals"},
            UsageError,
            "no annual figures of 'visitor_arrivals' for dongguan",
        ),
        ({"basis": "pps"}, UsageError, "'market' or 'ppp'"),
        ({"currency": "EUR"}, UnknownNameError, "CNY, HKD, JPY, MOP, USD"),
    ],
)
def test_what_cannot_be_compared_is_a_named_error(
    arguments: dict[str, object], error: type[GbaError], says: str
) -> None:
    with pytest.raises(error, match=says) as caught:
        benchmark(**arguments)  # type: ignore[arg-type]
    assert caught.value.exit_code == 2


def test_no_common_year_says_which_years_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    from gbaindicators.comparison import bays

    whole = bays._bay

    def apart(indicator: str, definition: object, *rest: object) -> pl.DataFrame:
        rows = whole(indicator, definition, *rest)  # type: ignore[arg-type]
        early = definition.area == "tokyo_bay_area"  # type: ignore[attr-defined]
        return rows.filter((pl.col("period").dt.year() < 2015) == early)

    monkeypatch.setattr(bays, "_bay", apart)
    with pytest.raises(UsageError, match=r"no year in common: .*tokyo_bay_area has 2012-2014.*year=None"):
        benchmark("gdp", ["tokyo_bay_area", "greater_bay_area"])
