"""What `load`, `query` and the lists give, against the published text itself."""

from __future__ import annotations

import csv
import importlib
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from gbaindicators.catalog import catalog, datasets_dir
from gbaindicators.errors import GbaError, PeriodError, UnknownNameError, UsageError
from gbaindicators.store import areas, build, disagreements, findings, indicators, load, query, sources

COLUMNS = [
    "indicator", "area", "frequency", "period", "value", "unit", "sources", "adjustment", "prices", "status", "vintage", "method",
]  # fmt: skip
FIVE = ["gdp", "port_throughput", "passengers", "card_transactions", "enrolled_residents"]


@pytest.fixture(autouse=True)
def _home(shipped: Path) -> None:
    """Every read here is of the shipped figures unless it names a database."""


@pytest.fixture(scope="module")
def small(make_database) -> Path:
    """Figures of Macao and Tokyo made to tell the rules of reading apart."""

    def people(area: str, period: str, value: int, **other: str) -> dict[str, str]:
        row = {"indicator": "air_passengers", "area": area, "period": period, "value": str(value)}
        return row | {"unit": "persons", "scale": "0", "prices": "", "vintage": "2025-06-30"} | other

    passengers = [
        people("hkg", "2019", 1), people("hkg", "2020", 2), people("hkg", "2020-Q1", 3), people("hkg", "2020-03", 4),
        people("hkg", "2020-03", 5, adjustment="ytd"), people("hkg", "2020-02-29", 6), people("hkg", "2019-04-01/P1Y", 7),
        people("nrt", "2019-04-01/P1Y", 8), people("nrt", "2020-04-01/P1Y", 9),
    ]  # fmt: skip
    return make_database(passengers=passengers)


# --- the frame -------------------------------------------------------------------------------------------------------


def test_a_loaded_frame_has_the_columns_and_types_of_a_series_frame() -> None:
    frame = load("gdp", "macao")
    assert frame.columns == COLUMNS
    assert frame.schema["frequency"] == pl.Enum(["A", "S", "Q", "M", "W", "D"])
    assert frame.schema["period"] == frame.schema["vintage"] == pl.Date
    assert frame.schema["value"] == pl.Float64
    assert frame.schema["sources"] == pl.List(pl.String)
    assert frame["value"].is_nan().sum() == 0
    assert frame.equals(
        frame.sort("indicator", "area", "frequency", "adjustment", "prices", "period", nulls_last=True)
    )
    assert frame["method"].null_count() == frame.height


def published(table: str, **where: str) -> list[dict[str, str]]:
    with (datasets_dir() / "observations" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return [r for r in csv.DictReader(file) if all(r[k] == v for k, v in where.items())]


@pytest.mark.parametrize(
    ("table", "indicator", "area", "period"),
    [
        ("gdp", "gdp", "guangzhou", "2020"), ("gdp", "gdp", "hong_kong", "2023"), ("population", "population", "shenzhen", "2019"),
        ("port_throughput", "container_throughput", "hong_kong", "2015-03"), ("passengers", "air_passengers", "jfk", "2009-07"),
        ("exchange_rates", "fx_rate", "japan", "2020"), ("prices", "cpi", "china", "2010"),
        ("card_transactions", "octopus_cards_in_circulation", "hong_kong", "2014"),
    ],
)  # fmt: skip
def test_a_value_is_the_published_text_in_base_units(
    table: str, indicator: str, area: str, period: str
) -> None:
    frame = load(indicator, area, start=period, end=period)
    wanted = {r["source"]: r for r in published(table, indicator=indicator, area=area, period=period)}
    row = frame.filter(pl.col("frequency") == ("M" if "-" in period else "A")).row(0, named=True)
    text = wanted[row["sources"][0]]
    assert row["value"] == float(Decimal(text["value"]).scaleb(int(text["scale"])))
    assert (row["unit"], row["adjustment"], row["status"]) == (
        text["unit"],
        text["adjustment"],
        text["status"],
    )


def test_all_sources_gives_every_published_row() -> None:
    rows = [r for r in published("gdp", indicator="gdp", area="guangzhou") if r["adjustment"] != "ytd"]
    frame = load("gdp", "guangzhou", all_sources=True)
    assert frame.columns == [*COLUMNS, "source"]
    assert frame.height == len(rows)
    assert set(frame["source"]) == {r["source"] for r in rows}


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["guangzhou", "Guangzhou", "GUANGZHOU", "Canton", "广州", "廣州"])
def test_areas_go_by_id_name_or_alias(name: str) -> None:
    assert load("gdp", name)["area"].unique().to_list() == ["guangzhou"]


def test_several_areas_and_all_areas() -> None:
    assert load("gdp", ["Macau", "hong-kong"])["area"].unique().sort().to_list() == ["hong_kong", "macao"]
    assert load("gdp", ("macao",))["area"].unique().to_list() == ["macao"]
    assert load("gdp")["area"].n_unique() > 40


@pytest.mark.parametrize("name", FIVE)
def test_the_five_tables_are_arguments_and_views(name: str) -> None:
    frame = load(name)
    view = query(f"FROM {name}")
    ids = {i.id for i in catalog().indicators.values() if i.table == name}
    assert set(view["indicator"]) <= ids
    if name == "gdp":  # a name that is both is the indicator
        assert frame["indicator"].unique().to_list() == ["gdp"]
        assert "value_added_tertiary" in set(view["indicator"])
    else:
        assert set(frame["indicator"]) == set(view.filter(pl.col("adjustment") != "ytd")["indicator"])
    assert {"period", "value", "unit", "sources"} <= set(view.columns)


@pytest.mark.parametrize("table", catalog().tables)
def test_every_table_can_be_loaded_and_queried(table: str) -> None:
    assert query(f"SELECT count(*) FROM {table}").item() > 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"indicator": "gpd"}, ["unknown indicator 'gpd'", "did you mean", "'gdp'"]),
        ({"indicator": "container_troughput"}, ["'container_throughput'"]),
        ({"indicator": "gdp", "areas": "guangzhuo"}, ["unknown area 'guangzhuo'", "'guangzhou'"]),
        ({"indicator": "gdp", "areas": ["macao", "shenzen"]}, ["unknown area 'shenzen'", "'shenzhen'"]),
        ({"indicator": "gdp", "frequency": "anual"}, ["unknown frequency 'anual'", "'annual'"]),
        ({"indicator": "gdp", "adjustment": "yts"}, ["unknown adjustment 'yts'", "'ytd'"]),
    ],
)
def test_unknown_names_are_named_with_close_matches(arguments: dict[str, object], says: list[str]) -> None:
    with pytest.raises(UnknownNameError) as error:
        load(**arguments)  # type: ignore[arg-type]
    for words in says:
        assert words in str(error.value)
    assert error.value.exit_code == 2


def test_a_period_that_is_none_is_named() -> None:
    with pytest.raises(PeriodError, match="write 2023-Q2"):
        load("gdp", "macao", start="2023Q2")
    with pytest.raises(PeriodError, match="'2023-13' is not a period"):
        load("gdp", "macao", end="2023-13")
    with pytest.raises(PeriodError):
        load("gdp", "macao", as_of="yesterday")


# --- what there is none of -------------------------------------------------------------------------------------------


def test_a_bay_area_without_figures_of_its_own_says_how_to_make_them() -> None:
    with pytest.raises(
        UsageError, match=r"made of members.*gba\.benchmark\('gdp'\).*gba\.aggregate, 'greater_bay_area'"
    ):
        load("gdp", "greater_bay_area")


def test_an_area_without_figures_says_which_have_them() -> None:
    with pytest.raises(UsageError, match=r"'air_passengers' has no figures for macao; it has them for .*can"):
        load("air_passengers", "macao")
    with pytest.raises(UsageError, match="has no figures for an empty list of areas"):
        load("gdp", [])


def test_a_span_that_ends_before_it_begins_is_named() -> None:
    with pytest.raises(UsageError, match=r"^start 2025 lies after end 2020: exchange them$"):
        load("gdp", "macao", start="2025", end="2020")
    assert load("gdp", "macao", start="2020", end="2020", frequency="A").height == 1


def test_periods_without_figures_say_which_there_are() -> None:
    with pytest.raises(
        UsageError, match=r"no figures of 'gdp' from 2090; there are: macao A nsa \d{4}-01-01 to 20"
    ):
        load("gdp", "macao", start="2090")
    with pytest.raises(UsageError, match=r"as of 1950; there are: .*earliest vintage"):
        load("gdp", "macao", as_of="1950")


def test_year_to_date_figures_alone_say_how_to_ask_for_them(make_database) -> None:
    path = make_database(gdp=[{"adjustment": "ytd"}])
    with pytest.raises(UsageError, match="Year-to-date figures need adjustment='ytd'"):
        load("gdp", database=path)
    assert load("gdp", adjustment="ytd", database=path).height == 1


def test_an_indicator_without_figures_in_these_datasets(make_database) -> None:
    with pytest.raises(
        UsageError, match="'population' is in the catalogue, but no figure of it is among the datasets"
    ):
        load("population", database=make_database(gdp=[{}]))


# --- periods, frequencies, kinds of years ----------------------------------------------------------------------------


def values(path: Path, area: str = "hkg", **options: object) -> list[float]:
    return load("air_passengers", area, database=path, **options)["value"].to_list()  # type: ignore[arg-type]


def test_start_and_end_include_periods_that_begin_and_end_between_them(small: Path) -> None:
    assert values(small) == [1, 2, 3, 4, 6]
    assert values(small, start="2020") == [2, 3, 4, 6]
    assert values(small, start="2020-02", end="2020-06") == [4, 6]
    assert values(small, end="2019") == [1]
    assert values(small, end="2020-03") == [1, 3, 4, 6]
    assert values(small, end=date(2020, 3, 30)) == [1, 6]  # the month and quarter have not ended
    assert values(small, start=date(2020, 2, 29), end="2020-02-29") == [6]
    assert values(small, start="2020-Q1", end="2020-Q1") == [3, 4, 6]


@pytest.mark.parametrize(
    ("word", "wanted"),
    [("A", [1, 2]), ("annual", [1, 2]), ("quarterly", [3]), ("Monthly", [4]), ("day", [6])],
)
def test_frequencies_go_by_code_or_word(small: Path, word: str, wanted: list[float]) -> None:
    assert values(small, frequency=word) == wanted


def test_year_to_date_figures_come_only_when_asked_for(small: Path) -> None:
    assert values(small, adjustment="ytd") == [5]
    assert values(small, adjustment="nsa") == values(small)


def test_fiscal_years_come_only_where_there_are_no_calendar_years(small: Path) -> None:
    assert load("air_passengers", "hkg", frequency="A", database=small)["period"].to_list() == [
        date(2019, 1, 1),
        date(2020, 1, 1),
    ]
    assert load("air_passengers", "nrt", frequency="A", database=small)["period"].to_list() == [
        date(2019, 4, 1),
        date(2020, 4, 1),
    ]
    both = load("air_passengers", frequency="A", database=small)
    assert both["value"].to_list() == [1, 2, 8, 9]
    assert load("air_passengers", "hkg", frequency="A", all_sources=True, database=small).height == 3


def test_a_fiscal_year_is_included_by_its_own_begin_and_end(small: Path) -> None:
    assert values(small, "nrt", end="2020") == [8]  # the year from April 2020 ends in March 2021
    assert values(small, "nrt", start="2020") == [9]


def test_fiscal_and_calendar_years_of_one_area_never_mix_in_the_shipped_figures() -> None:
    for name in ("gdp", *(t for t in catalog().tables)):
        frame = load(name).filter(pl.col("frequency") == "A")
        kinds = frame.group_by("indicator", "area").agg(pl.col("period").dt.month().n_unique())
        assert kinds["period"].max() in (1, None), name


# --- SQL -------------------------------------------------------------------------------------------------------------


def test_sql_of_the_readme_runs() -> None:
    bays = query("SELECT * FROM gdp_usd WHERE area = 'greater_bay_area' ORDER BY period")
    assert bays.height > 10
    assert all(len(m) == 11 for m in bays["members"])
    known = query("FROM as_of(DATE '2024-03-31') WHERE indicator = 'gdp_real_growth'")
    assert known["vintage"].max() <= date(2024, 3, 31)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE mine (x INT)", "DELETE FROM observation", "UPDATE observation SET value = 0", "DROP TABLE observation",
        "INSERT INTO finding SELECT * FROM finding", "CREATE VIEW mine AS SELECT 1",
    ],
)  # fmt: skip
def test_sql_cannot_write(sql: str, shipped: Path) -> None:
    before = shipped.stat().st_mtime_ns
    with pytest.raises(GbaError):
        query(sql)
    assert shipped.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('{file}')", "SELECT * FROM read_text('{file}')", "SELECT * FROM '{file}'",
        "COPY (SELECT 1) TO '{file}.out'", "COPY observation TO '{file}.out'", "EXPORT DATABASE '{file}.out'",
        "ATTACH '{file}.out' AS other", "ATTACH ':memory:' AS other", "INSTALL httpfs", "LOAD httpfs",
        "SET enable_external_access = true; SELECT * FROM read_text('{file}')", "SELECT * FROM glob('{file}*')",
    ],
)  # fmt: skip
def test_sql_cannot_reach_files(sql: str, tmp_path: Path) -> None:
    file = tmp_path / "secret.csv"
    file.write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(GbaError):
        query(sql.format(file=file))
    assert [p.name for p in tmp_path.iterdir()] == ["secret.csv"]


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELEC 1", "syntax error"),
        ("SELECT * FROM gpd", "gdp"),
        ("SELECT valeu FROM gdp", "value"),
        ("SELECT 'x'::INT", "x"),
    ],
)
def test_wrong_sql_is_a_usage_error_in_the_words_of_duckdb(sql: str, says: str) -> None:
    with pytest.raises(UsageError) as error:
        query(sql)
    assert says in str(error.value)


# --- lists -----------------------------------------------------------------------------------------------------------


def test_lists_cover_the_catalogue() -> None:
    names = catalog()
    assert set(indicators()["id"]) == names.indicators.keys()
    assert set(areas()["id"]) == names.areas.keys()
    assert set(sources()["id"]) == names.sources.keys()


def test_lists_are_searched_in_any_language_and_case() -> None:
    assert "gdp" in set(indicators("地区生产总值")["id"]) | set(indicators("生产总值")["id"])
    assert areas("macau")["id"].to_list().count("macao") == 1
    assert areas("東京")["id"].to_list().count("tokyo") == 1
    assert sources("dsec")["id"].len() > 1
    assert indicators("no such thing").height == 0


def test_the_sources_of_a_frame() -> None:
    frame = load("gdp", ["macao", "tokyo"])
    assert set(sources(frame)["id"]) == {s for row in frame["sources"] for s in row}
    with pytest.raises(UsageError, match="no column 'sources'"):
        sources(pl.DataFrame({"value": [1.0]}))


def test_disagreements_are_measured_against_the_preferred_figure() -> None:
    frame = disagreements("container_throughput", "shenzhen", at_least=0.05)
    row = frame.filter(pl.col("period") == date(2018, 1, 1)).row(0, named=True)
    assert row["value"] == 25_740_000
    assert row["other_value"] == 27_740_000
    assert row["other_status"] == "U"
    assert row["relative_difference"] == pytest.approx(2.0 / 25.74)
    assert disagreements("container_throughput")["indicator"].unique().to_list() == ["container_throughput"]
    with pytest.raises(UnknownNameError, match="did you mean"):
        disagreements("container_troughput")


def test_findings_of_one_check() -> None:
    assert findings("renamed_place").height == 2
    with pytest.raises(UnknownNameError, match="unknown check 'too_smoth'"):
        findings("too_smoth")


def test_a_newer_datasets_folder_is_seen_by_the_next_read(make_datasets, tmp_path: Path) -> None:
    path = tmp_path / "x.duckdb"
    build(make_datasets(gdp=[{"value": "1"}]), path)
    assert load("gdp", database=path)["value"].to_list() == [1e9]
    build(make_datasets(gdp=[{"value": "2"}]), path)
    assert load("gdp", database=path)["value"].to_list() == [2e9]


def test_the_package_is_read_without_the_heavy_libraries() -> None:
    import subprocess
    import sys

    script = "import sys, gbaindicators.store; print([m for m in ('pandas', 'pandera', 'statsmodels', 'plotly') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert importlib.import_module("gbaindicators.store")
