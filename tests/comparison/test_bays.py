"""`benchmark` against the database's own SQL, against figures added up by hand, and given what it cannot do."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from gbaindicators.catalog import catalog
from gbaindicators.comparison import BAYS, benchmark
from gbaindicators.comparison.bays import bay_figures as module
from gbaindicators.comparison.bays import benchmarking
from gbaindicators.comparison.bays.bay_figures import people_of
from gbaindicators.errors import GbaError, PeriodError, UnknownNameError, UsageError
from gbaindicators.store import load, query
from gbaindicators.transforms import deflate

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


def test_a_definition_may_be_a_list_of_members() -> None:
    members = ["Tokyo", "kanagawa", "saitama", "chiba"]
    table = benchmark("gdp_per_capita", year=2022, definition={"tokyo_bay_area": members})
    cell, usual = (_at(t, "tokyo_bay_area", 2022) for t in (table, benchmark("gdp_per_capita", year=2022)))
    assert (cell["value"], cell["definition"]) == (usual["value"], "given")
    assert str(cell["note"]).startswith("Members given: Tokyo, Kanagawa")
    one = benchmark("gdp", "tokyo_bay_area", year=2022, definition={"tokyo_bay_area": ["tokyo"]})
    assert one["members"].to_list() == [["tokyo"]]


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
        (
            {"definition": {"tokyo_bay_area": ["tokyo", "kanegawa"]}},
            UnknownNameError,
            "did you mean 'kanagawa'",
        ),
        ({"definition": {"tokyo_bay_area": []}}, UsageError, "must be named once each"),
        ({"definition": {"tokyo_bay_area": ["tokyo", "Tokyo"]}}, UsageError, "must be named once each"),
        (
            {"definition": {"tokyo_bay_area": ["tokyo", "hnd"]}},
            UsageError,
            "no annual figures of 'gdp' for hnd",
        ),
        ({"definition": {"tokio_bay": "capital_region"}}, UnknownNameError, "did you mean 'tokyo_bay_area'"),
        (
            {"bays": ["greater_bay_area"], "definition": {"tokyo_bay_area": "capital_region"}},
            UsageError,
            "tokyo_bay_area, which is not among the areas compared, greater_bay_area",
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
    whole = benchmarking.bay_figures

    def apart(*arguments: object, **rest: object) -> pl.DataFrame:
        rows = whole(*arguments, **rest)  # type: ignore[arg-type]
        early = pl.col("area") == "tokyo_bay_area"
        return rows.filter((pl.col("period").dt.year() < 2015) == early)

    monkeypatch.setattr(benchmarking, "bay_figures", apart)
    with pytest.raises(UsageError, match=r"no year in common: .*tokyo_bay_area has 2012-2014.*year=None"):
        benchmark("gdp", ["tokyo_bay_area", "greater_bay_area"])


def test_every_cell_says_which_years_vintages_and_rates_went_in() -> None:
    table = benchmark("gdp", year=2022)
    tokyo, york = (_at(table, f"{bay}_bay_area", 2022) for bay in ("tokyo", "new_york"))
    assert tokyo["periods"] == ["2021-04-01/P1Y", "2022-04-01/P1Y"]
    assert tokyo["rates"] == [f"{_published('fx_rate', 'japan', date(2022, 1, 1)):.6g} JPY per USD"]
    assert (york["periods"], york["rates"]) == (["2022"], [])
    vintage = load("gdp", "new_york_msa", start="2022", end="2022")["vintage"].item()
    assert york["vintages"] == [str(vintage)]
    loaded = benchmark("container_throughput_loaded", "new_york_bay_area", year=2024).row(0, named=True)
    assert loaded["periods"] == [f"2024-{month:02}" for month in range(1, 13)], "a year made of months"
    parity = _at(benchmark("gdp", basis="ppp", year=2022), "tokyo_bay_area", 2022)
    assert parity["rates"] == [
        f"{_published('ppp', 'japan', date(2022, 1, 1)):.6g} JPY per international dollar"
    ]
    heads = _at(benchmark("gdp_per_capita", year=2022), "greater_bay_area", 2022)
    assert heads["periods"] == ["2021", "2022"], "two year-ends of the population"


def test_real_figures_are_deflated_and_converted_at_the_base_year() -> None:
    table = benchmark("gdp", ["new_york_bay_area", "tokyo_bay_area"], prices=2015, year=2020)
    assert table["prices"].unique().to_list() == ["constant 2015"]
    york = (
        load("gdp", "new_york_msa", frequency="A", start="2020", end="2020")
        .pipe(deflate, 2015)["value"]
        .item()
    )
    assert _at(table, "new_york_bay_area", 2020)["value"] == pytest.approx(york, rel=1e-12)
    rate = f"{_published('fx_rate', 'japan', date(2015, 1, 1)):.6g} JPY per USD"
    assert _at(table, "tokyo_bay_area", 2020)["rates"] == [rate]
    nominal, real = (
        benchmark("gdp", year=2015, bays=BAYS[:3], prices=p).sort("area")["value"]
        for p in ("current", "2015")
    )
    assert real.to_list() == pytest.approx(nominal.to_list(), rel=1e-12)


_LOADED = {
    "new_york_bay_area": "container_throughput_loaded",
    "san_francisco_bay_area": "container_throughput",
}
_REAL = {"new_york_bay_area": "gdp_real", "san_francisco_bay_area": "gdp"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"years": "published", "year": 2022}, "fiscal year beside calendar years"),
        (
            {"indicator": _LOADED, "bays": list(_LOADED)},
            "container_throughput_loaded beside another indicator",
        ),
        ({"indicator": _REAL, "bays": list(_REAL)}, "chained 2012 prices beside others"),
    ],
)
def test_what_measures_differently_is_refused_or_marked(arguments: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError, match=f"{says}.*mixed='mark'"):
        benchmark(**arguments)  # type: ignore[arg-type]
    marked = benchmark(**arguments, mixed="mark")  # type: ignore[arg-type]
    cells = marked.filter(pl.col("mixed").list.contains(says))
    assert cells.height and cells["note"].str.contains(says, literal=True).all()
    assert (marked["mixed"].list.len() > 0).any()


def test_fiscal_years_alone_are_no_mixture() -> None:
    table = benchmark("gdp", "tokyo_bay_area", years="published", year=2021)
    expected = sum(_published("gdp", p, date(2021, 4, 1)) for p in ("tokyo", "kanagawa", "saitama", "chiba"))
    cell = table.row(0, named=True)
    assert (cell["period"], cell["mixed"]) == (date(2021, 4, 1), [])
    yen = benchmark("gdp", "tokyo_bay_area", years="published", year=2021, currency="JPY")["value"].item()
    assert yen == pytest.approx(expected, rel=1e-12)


def test_a_calendar_year_from_both_sides_of_a_break_is_refused_or_marked() -> None:
    from gbaindicators.comparison.bays.annual_figures import annual_figures
    from gbaindicators.comparison.bays.bay_figures import bay_figures
    from gbaindicators.comparison.bays.mixtures import BREAK

    definition = catalog().definition("tokyo_bay_area")
    figures = annual_figures("gdp", [definition]).with_columns(
        status=pl.when(pl.col("period") == date(2018, 4, 1)).then(pl.lit("B")).otherwise("status")
    )
    made = bay_figures("gdp", figures, [definition])
    mixed = made.filter(pl.col("mixed").list.contains(BREAK))
    assert mixed["period"].to_list() == [date(2018, 1, 1)], (
        "calendar 2018 has fiscal 2017 and 2018, 2019 only the new"
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"mixed": "allow"}, "mixed must be 'refuse' or 'mark'"),
        ({"years": "fiscal"}, "years must be 'calendar' or 'published'"),
        ({"indicator": "population", "prices": 2015}, "'population' is no money"),
        ({"prices": 1950}, "no GDP deflator of china for 1950"),
        ({"indicator": {"new_york_bay_area": "gdp"}}, "must name every bay compared"),
        ({"indicator": {"new_york_bay_area": "gdp", "tokyo_bay_area": "population"}, "bays": ["new_york_bay_area", "tokyo_bay_area"]}, "figures in different units"),
    ],
)  # fmt: skip
def test_bad_ways_to_compare_are_named_errors(arguments: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        benchmark(**arguments)  # type: ignore[arg-type]


def test_the_note_says_where_only_secondary_sources_have_a_figure(shipped) -> None:
    """New York's metropolitan GDP of 2023 and 2024 stands in an encyclopedia only; the rate it is beside is a mirror's."""
    table = benchmark("gdp", "new_york_bay_area", year=None)
    weak = table.filter(pl.col("note").str.contains("secondary sources only"))["period"].dt.year().to_list()
    assert {2023, 2024} <= set(weak) and not set(weak) & set(range(2017, 2023))
    assert "secondary" not in benchmark("gdp", "greater_bay_area", year=2022)["note"].item()
    ports = benchmark("container_throughput", "greater_bay_area", year=2019)["note"].item()
    assert ports.endswith("; secondary sources only for guangzhou, shenzhen")
    heads = benchmark("gdp_per_capita", "new_york_bay_area", year=2022)["note"].item()
    assert "secondary" not in heads


def test_a_figure_per_head_is_as_new_and_no_surer_than_its_population(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cell = benchmark("gdp_per_capita", "new_york_bay_area", year=2022).row(0, named=True)
    assert cell["vintage"].isoformat() == max(cell["vintages"]) > "2023-12-07"
    monkeypatch.setattr(module, "people_of", lambda gdp: people_of(gdp).with_columns(status=pl.lit("P")))
    assert benchmark("gdp_per_capita", "new_york_bay_area", year=2022)["status"].item() == "P"


def test_a_parity_is_per_international_dollar_however_that_is_asked_for() -> None:
    named, dollars = (
        benchmark("gdp", "greater_bay_area", basis="ppp", year=2022, currency=c)["rates"].item().to_list()
        for c in ("international dollars", "USD")
    )
    assert named == dollars and named[0].endswith(" CNY per international dollar")
