"""What the checks across tables find in the shipped figures, and on made-up figures that they fire and keep quiet."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from gbaindicators.catalog import sql_dir
from gbaindicators.store import findings, load

CHECKS = sorted(p.stem for p in (sql_dir() / "checks").glob("*.sql"))
ONE, OTHER = "dsec_gba_gdp", "dsec_gba_population"


# --- the shipped figures ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def found(shipped: Path) -> pl.DataFrame:
    return findings(database=shipped)


def of(found: pl.DataFrame, check: str, **where: object) -> pl.DataFrame:
    return found.filter(pl.col("check") == check, *(pl.col(k) == v for k, v in where.items()))


def test_findings_name_file_row_column_value_and_rule(found: pl.DataFrame) -> None:
    assert found.columns == [
        "check", "indicator", "area", "frequency", "period", "file", "row", "column", "value", "rule", "detail",
    ]  # fmt: skip
    assert set(found["check"]) <= set(CHECKS)
    for column in ("check", "indicator", "area", "period", "column", "rule", "detail"):
        assert found[column].null_count() == 0
    of_rows = found.filter(pl.col("check") != "fiscal_and_calendar")
    assert of_rows["row"].null_count() == of_rows["file"].null_count() == 0


def test_a_finding_points_at_the_very_row(found: pl.DataFrame) -> None:
    from gbaindicators.catalog import datasets_dir

    for r in of(found, "sources_disagree").sample(25, seed=1).rows(named=True):
        if r["file"].startswith("observations/"):
            line = pl.read_csv(datasets_dir() / r["file"], infer_schema=False).row(r["row"] - 2, named=True)
            assert (line["indicator"], line["area"], line["value"]) == (r["indicator"], r["area"], r["value"])


def test_shenzhen_2018_containers_27_74_against_25_74_million(found: pl.DataFrame) -> None:
    case = of(
        found, "sources_disagree", indicator="container_throughput", area="shenzhen", period=date(2018, 1, 1)
    )
    assert case["value"].to_list() == ["27.74"]
    assert "27740000" in case["detail"][0] and "25740000" in case["detail"][0]


def test_the_two_vintages_of_hong_kong_april_2025_containers(found: pl.DataFrame) -> None:
    case = of(
        found, "sources_disagree", indicator="container_throughput", area="hong_kong", period=date(2025, 4, 1)
    )
    assert any("1179000" in d and "1136000" in d for d in case["detail"])


def test_zhaoqing_gdp_2006_and_2007_against_its_own_gdp_per_head(found: pl.DataFrame) -> None:
    case = of(found, "per_head", area="zhaoqing").filter(pl.col("detail").str.starts_with("dsec_gba_gdp "))
    assert {date(2006, 1, 1), date(2007, 1, 1)} <= set(case["period"])
    assert set(case["period"].dt.year()) <= {1999, 2006, 2007}


def test_the_break_of_city_gdp_from_1999_to_2000(found: pl.DataFrame) -> None:
    case = of(found, "level_break", indicator="gdp", period=date(2000, 1, 1))
    assert {"dongguan", "shenzhen", "zhaoqing"} <= set(case["area"])
    assert all("series of dsec_gba_gdp jump in this year" in d for d in case["detail"])


def test_tokyo_december_2023_containers_against_their_parts(found: pl.DataFrame) -> None:
    case = of(found, "parts_and_total", area="tokyo")
    assert case.select("period", "value").rows() == [(date(2023, 12, 1), "353617")]
    assert "353716" in case["detail"][0] and "difference 99" in case["detail"][0]


def test_sums_that_do_not_add_up_within_rounding(found: pl.DataFrame) -> None:
    assert of(found, "parts_and_total").height >= 3
    years = of(found, "year_and_parts")
    assert of(years, "year_and_parts", indicator="gdp", area="macao", period=date(2023, 1, 1)).height == 1
    # The monthly retail sales of Hong Kong add up to the published years within rounding (see the source's own notes).
    assert "retail_sales_value" not in set(years["indicator"])


def test_fiscal_and_calendar_years_are_kept_apart(found: pl.DataFrame, shipped: Path) -> None:
    case = of(found, "fiscal_and_calendar", indicator="air_passengers", area="nrt")
    assert case["detail"].to_list() == ["16 calendar years and 9 years that begin in month 4"]
    years = load("air_passengers", "nrt", frequency="A", database=shipped)
    assert years["period"].dt.month().unique().to_list() == [1]
    assert years.height == 16


def test_units_mixed_within_an_indicator(found: pl.DataFrame) -> None:
    case = of(found, "mixed_units", indicator="cargo_throughput", area="yokohama")
    assert set(case["value"]) == {"freight tons"}


def test_macau_and_macao_ferry_terminal_are_one_control_point(found: pl.DataFrame, shipped: Path) -> None:
    case = of(found, "renamed_place")
    assert case.select("area", "value").sort("value").rows() == [
        ("hk_macao_ferry_terminal", "Macao Ferry Terminal"), ("hk_macao_ferry_terminal", "Macau Ferry Terminal"),
    ]  # fmt: skip
    days = load("crossings", "hk_macao_ferry_terminal", database=shipped)["period"]
    assert days.is_unique().all()
    assert days.min() < date(2026, 1, 1) <= days.max()


def test_no_shipped_series_is_too_smooth_to_be_published(found: pl.DataFrame) -> None:
    assert of(found, "too_smooth").height == 0


def test_no_year_to_date_figure_falls_and_no_part_stands_for_a_whole(found: pl.DataFrame) -> None:
    assert of(found, "cumulative_falls").height == of(found, "part_as_whole").height == 0


def test_what_is_found_does_not_stop_the_build_but_doubtful_figures_are_not_preferred(shipped: Path) -> None:
    everything = load(
        "container_throughput",
        "shenzhen",
        start="2018",
        end="2018",
        frequency="A",
        all_sources=True,
        database=shipped,
    )
    assert {25_740_000.0, 27_740_000.0} <= set(everything["value"])
    one = load("container_throughput", "shenzhen", start="2018", end="2018", frequency="A", database=shipped)
    assert one["value"].to_list() == [25_740_000.0]


# --- made-up figures -------------------------------------------------------------------------------------------------


def series(
    indicator: str, area: str, values: dict[str, object], unit: str, source: str = ONE, **other: str
) -> list[dict[str, object]]:
    row = {
        "indicator": indicator,
        "area": area,
        "unit": unit,
        "scale": "0",
        "prices": "",
        "source": source,
        "vintage": "2026-01-31",
    }
    return [row | {"period": p, "value": str(v), "locator": f"{area} {p}"} | other for p, v in values.items()]


def containers(
    area: str,
    values: dict[str, object],
    source: str = ONE,
    indicator: str = "container_throughput",
    **other: str,
) -> list[dict[str, object]]:
    return series(indicator, area, values, "TEU", source, **other)


def quarters(first: int, values: object) -> dict[str, str]:
    return {f"{first + i // 4}-Q{i % 4 + 1}": f"{v:.4f}" for i, v in enumerate(values)}  # type: ignore[arg-type]


def spline(seed: int) -> np.ndarray:
    """Cubic spline through twelve annual points, read off at quarters: smooth as no statistic is."""
    from scipy.interpolate import CubicSpline

    points = np.random.default_rng(seed).normal(3, 2, 12)
    return CubicSpline(range(12), points)(np.arange(0, 11.25, 0.25))


def months(year: int, values: list[object]) -> dict[str, object]:
    return {f"{year}-{m:02d}": v for m, v in enumerate(values, 1)}


@pytest.fixture(scope="module")
def made_up(make_database) -> Path:
    noise = np.random.default_rng(7).normal(3, 2, 45)
    steady = {
        str(y): round(1000 * math.exp(0.12 * (y - 2005)) * (1 + 0.01 * (-1) ** y)) for y in range(2005, 2020)
    }
    broken = {y: v if int(y) < 2012 else 2 * v for y, v in steady.items()}
    days = (
        "Date,Control Point,Arrival / Departure,Hong Kong Residents,Mainland Visitors,Other Visitors,Total,source\n"
        + "".join(
            f"{day},{point},Arrival,1,2,3,6,immd_page_zachkongoyu\n"
            for day, point in [
                ("01-01-2020", "Macau Ferry Terminal"),
                ("02-01-2020", "Macao Ferry Terminal"),
                ("01-01-2020", "Airport"),
            ]
        )
    )
    ports = [
        # a part as the whole: Oakland's loaded boxes printed as all, while another source prints all
        *containers("oakland", {"2020": 1_700_000}), *containers("oakland", {"2020": 2_300_000}, OTHER),
        *containers("oakland", {"2020": 1_700_100}, indicator="container_throughput_loaded"),
        # no part: Long Beach's loaded boxes are fewer than both totals, which differ a little
        *containers("long_beach", {"2020": 8_000_000}), *containers("long_beach", {"2020": 8_100_000}, OTHER),
        *containers("long_beach", {"2020": 5_500_000}, indicator="container_throughput_loaded"),
        # since January: Shenzhen's count falls in March, Guangzhou's rises, and begins anew in the next year
        *containers("shenzhen", {"2020-01": 10, "2020-02": 20, "2020-03": 15}, adjustment="ytd"),
        *containers("guangzhou", {"2020-01": 10, "2020-02": 20, "2020-12": 120, "2021-01": 11}, adjustment="ytd"),
        # months and the year: Singapore's add up, within the rounding of a year printed in millions; Los Angeles' do not
        *containers("singapore", months(2020, [100_000] * 12) | {"2020": 1_200_000}), *containers("singapore", months(2021, [100_003] * 12)),
        *containers("singapore", {"2021": "1.2"}, scale="6"),
        *containers("los_angeles", months(2020, [100_000] * 12) | {"2020": 1_200_100}),
        *containers("los_angeles", months(2021, [100_000] * 11) | {"2021": 5}),
        # parts and total: Hong Kong's add up within rounding in 2020, not in 2021
        *containers("hong_kong", {"2020": 1001, "2021": 1003}, scale="3"),
        *containers("hong_kong", {"2020": 600, "2021": 600}, indicator="container_throughput_seaborne", scale="3"),
        *containers("hong_kong", {"2020": 400, "2021": 400}, indicator="container_throughput_river", scale="3"),
        # parts over areas: Tokyo, Yokohama and Kawasaki against their sum
        *(r for area, n in {"tokyo": 5, "yokohama": 3, "kawasaki": 1, "keihin_tokyo_yokohama_kawasaki": 12}.items()
          for r in containers(area, {"2020": n}, indicator="container_throughput_international")),
        # tonnes and freight tons
        *series("cargo_throughput", "yokohama", {"2020": 5}, "freight tons"), *series("cargo_throughput", "guangzhou", {"2020": 5}, "tonnes"),
        *series("cargo_throughput", "shenzhen", {"2020": 5}, "pounds"),
        # two sources: 1.3 million is 1,299,999 within rounding, 1.31 million is not
        *containers("zhuhai", {"2020": 1_299_999}), *containers("zhuhai", {"2020": "1.3"}, OTHER, scale="6"),
        *containers("dongguan", {"2020": 1_299_999}), *containers("dongguan", {"2020": "1.31"}, OTHER, scale="6"),
        # passing from one source to another: Foshan's sources are 3% apart where both print, Huizhou's 0.3%
        *containers("foshan", {str(y): 1000 for y in range(2010, 2016)}, vintage="2025-01-31"),
        *containers("foshan", {str(y): 1030 for y in range(2014, 2020)}, OTHER, vintage="2024-01-31"),
        *containers("huizhou", {str(y): 1000 for y in range(2010, 2016)}, vintage="2025-01-31"),
        *containers("huizhou", {str(y): 1003 for y in range(2014, 2020)}, OTHER, vintage="2024-01-31"),
    ]  # fmt: skip
    air = [
        *series("air_passengers", "nrt", {"2020": 10, "2020-04-01/P1Y": 9}, "persons"),
        *series("air_passengers", "hkg", {"2020": 10, "2021": 9}, "persons"),
    ]
    output = [
        *series("gdp", "foshan", steady, "CNY", prices="current"), *series("gdp", "huizhou", broken, "CNY", prices="current"),
        # GDP per head times mean population is 1100 for both
        *series("gdp", "zhuhai", {"2020": 1100}, "CNY", prices="current"), *series("gdp", "zhaoqing", {"2020": 1200}, "CNY", prices="current"),
        *(r for area in ("zhuhai", "zhaoqing") for r in series("gdp_per_capita", area, {"2020": 10}, "CNY", prices="current")),
        *series("gdp", "macao", {"2020": 5}, "MOP", prices="current"), *series("gdp", "macao", {"2021": 5}, "USD", prices="current"),
    ]  # fmt: skip
    people = [
        r
        for area in ("zhuhai", "zhaoqing")
        for r in series("population", area, {"2019": 100, "2020": 120}, "persons")
    ]
    rates = [
        *series("unemployment_rate", "hong_kong", quarters(2000, 10 + spline(1)), "percent"),
        *series("unemployment_rate", "macao", quarters(2000, 10 + noise), "percent"),
        # a slow series printed with one decimal is as smooth as its rounding, which says nothing
        *series(
            "unemployment_rate",
            "guangdong",
            {q: v[:-3] for q, v in quarters(2000, 10 + spline(2) / 20).items()},
            "percent",
        ),
    ]
    return make_database(
        port_throughput=ports, passengers=air, gdp=output, population=people, labour=rates, crossings=days
    )


#: For every check: where it must fire (area and period) and where it must not.
FIRES: dict[str, tuple[set[tuple[str, str]], set[str]]] = {
    "cumulative_falls": ({("shenzhen", "2020-03-01")}, {"guangzhou"}),
    "fiscal_and_calendar": ({("nrt", "2020-01-01")}, {"hkg"}),
    "level_break": ({("huizhou", "2012-01-01")}, {"foshan"}),
    "mixed_units": ({("yokohama", "2020-01-01")}, {"guangzhou", "shenzhen"}),
    "money_of_another_area": ({("macao", "2021-01-01")}, {"zhuhai", "foshan"}),
    "part_as_whole": ({("oakland", "2020-01-01")}, {"long_beach"}),
    "parts_and_total": ({("hong_kong", "2021-01-01"), ("keihin_tokyo_yokohama_kawasaki", "2020-01-01")}, {"singapore"}),
    "per_head": ({("zhaoqing", "2020-01-01")}, {"zhuhai"}),
    "renamed_place": ({("hk_macao_ferry_terminal", "2020-01-01"), ("hk_macao_ferry_terminal", "2020-01-02")}, {"hk_airport"}),
    "sources_disagree": (
        {("dongguan", "2020-01-01"), ("oakland", "2020-01-01"), ("long_beach", "2020-01-01"), ("foshan", "2014-01-01"),
         ("foshan", "2015-01-01"), ("huizhou", "2014-01-01"), ("huizhou", "2015-01-01")}, {"zhuhai"},
    ),
    "spliced": ({("foshan", "2016-01-01")}, {"huizhou"}),
    "too_smooth": ({("hong_kong", "2000-10-01")}, {"macao", "guangdong"}),
    "year_and_parts": ({("los_angeles", "2020-01-01")}, {"singapore"}),
}  # fmt: skip


def test_every_check_has_its_made_up_case() -> None:
    assert sorted(FIRES) == CHECKS


@pytest.mark.parametrize("check", FIRES)
def test_a_check_fires_where_it_must_and_nowhere_else(check: str, made_up: Path) -> None:
    must, must_not = FIRES[check]
    case = of(findings(database=made_up), check)
    where = {(area, str(period)) for area, period in case.select("area", "period").rows()}
    assert where == must
    assert not {area for area, _ in where} & must_not


def test_the_spline_is_named_with_how_smooth_it_is(made_up: Path) -> None:
    case = of(findings(database=made_up), "too_smooth")
    assert case["indicator"].to_list() == ["unemployment_rate"]
    assert "median third difference" in case["detail"][0]


@pytest.mark.parametrize("seed", [3, 4, 5, 6])
def test_other_splines_are_found_too_in_months_as_in_quarters(make_database, seed: int) -> None:
    from scipy.interpolate import CubicSpline

    points = np.random.default_rng(seed).normal(100, 10, 12)
    monthly = CubicSpline(range(12), points)(np.arange(0, 11 + 1 / 24, 1 / 12))
    values = {f"{2000 + i // 12}-{i % 12 + 1:02d}": f"{v:.4f}" for i, v in enumerate(monthly)}
    rows = series("cpi", "hong_kong", values, "index") + series(
        "cpi", "macao", quarters(2000, 100 + spline(seed)), "index"
    )
    assert set(of(findings(database=make_database(prices=rows)), "too_smooth")["area"]) == {
        "hong_kong",
        "macao",
    }


def test_the_part_is_named_beside_the_whole_it_stands_for(made_up: Path) -> None:
    case = of(findings(database=made_up), "part_as_whole")
    assert case["value"].to_list() == ["1700000"]
    assert "container_throughput_loaded" in case["detail"][0] and "2300000" in case["detail"][0]


def test_a_series_that_passes_to_a_source_that_disagrees_breaks_there(made_up: Path) -> None:
    years = load("container_throughput", "foshan", database=made_up)
    assert years.filter(pl.col("status") == "B")["period"].to_list() == [date(2016, 1, 1)]
    assert "B" not in set(load("container_throughput", "huizhou", database=made_up)["status"])


def test_loaded_and_whole_port_containers_are_two_series(made_up: Path) -> None:
    assert load("container_throughput_loaded", "oakland", database=made_up)["value"].to_list() == [
        1_700_100.0
    ]
    assert load("container_throughput", "oakland", database=made_up).height == 1
