"""`sensitivity`: ranks over all combinations of definitions."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import polars as pl
import pytest

from gbaindicators.catalog import catalog
from gbaindicators.comparison import BAYS, benchmark, sensitivity
from gbaindicators.errors import PeriodError, UnknownNameError, UsageError

pytestmark = pytest.mark.usefixtures("shipped")


@pytest.fixture(scope="module")
def gdp(shipped: Path) -> pl.DataFrame:
    return sensitivity("gdp")


def test_default_definitions_rank_as_in_benchmark(gdp: pl.DataFrame) -> None:
    year = gdp["period"][0].year
    for basis in ("market", "ppp"):
        usual = benchmark("gdp", basis=basis, year=year)
        both = usual.join(gdp.filter(basis=basis), on=["area", "definition"], suffix="_of_all")
        assert both.height == len(BAYS)
        assert both["rank"].to_list() == both["rank_of_all"].to_list()
        assert both["value"].to_list() == both["value_of_all"].to_list()


def test_the_rank_lies_between_best_and_worst(gdp: pl.DataFrame) -> None:
    assert gdp.filter(~pl.col("rank").is_between("best", "worst")).is_empty()
    assert gdp["best"].min() == 1
    assert gdp["worst"].max() == len(BAYS)


def test_best_and_worst_are_those_of_all_combinations(gdp: pl.DataFrame) -> None:
    """Counted the slow way: rank every combination of definitions with Polars."""
    part = gdp.filter(basis="ppp").with_row_index("cell")
    cells = [rows["cell"].to_list() for rows in part.partition_by("area", maintain_order=True)]
    ranks: dict[int, list[int]] = {}
    for combination in product(*cells):
        chosen = part.filter(pl.col("cell").is_in(combination))
        for cell, rank in zip(chosen["cell"], chosen["value"].rank("min", descending=True), strict=True):
            ranks.setdefault(cell, []).append(rank)
    for cell, best, worst in part.select("cell", "best", "worst").iter_rows():
        assert (best, worst) == (min(ranks[cell]), max(ranks[cell]))


def test_every_definition_with_figures_is_ranked_and_sourced(gdp: pl.DataFrame) -> None:
    known = {(d.area, d.id) for d in catalog().definitions if d.subject == "economy" and d.area in BAYS}
    ranked = set(gdp.select("area", "definition").rows())
    assert ranked <= known
    # the counties have real GDP only
    assert known - ranked == {("new_york_bay_area", "counties"), ("san_francisco_bay_area", "nine_counties")}
    assert gdp["sources"].list.len().min() >= 1  # type: ignore[operator]


def test_what_is_no_money_has_market_rows_only() -> None:
    people = sensitivity("population")
    assert people["basis"].unique().to_list() == ["market"]
    assert people["unit"].unique().to_list() == ["persons"]


def test_a_year_that_lacks_a_default_definition_gives_no_rank_beside_it() -> None:
    table = sensitivity("gdp", year=2023)
    assert table["period"].dt.year().unique().to_list() == [2023]
    assert "five_msas" not in table["definition"].to_list()
    assert table.filter(area="greater_bay_area")["rank"].null_count() > 0
    assert table["best"].null_count() == 0


@pytest.fixture(scope="module")
def grid(shipped: Path) -> pl.DataFrame:
    return sensitivity("gdp", prices=("current", "2015"), year=None)


def test_the_whole_grid_holds_every_way_and_year(grid: pl.DataFrame, gdp: pl.DataFrame) -> None:
    ways = grid.select("basis", "prices").unique().sort("basis", "prices").rows()
    assert ways == [(b, p) for b in ("market", "ppp") for p in ("constant 2015", "current")]
    assert {2017, 2018, 2019, 2020, 2021, 2022} <= set(grid["period"].dt.year())
    one = grid.filter(prices="current", period=gdp["period"][0]).drop("prices")
    assert one.rows() == gdp.drop("prices").rows()


def test_mixed_price_bases_are_ranked_when_asked_for_and_marked(shipped: Path) -> None:
    table = sensitivity("gdp_real", ["new_york_bay_area"], year=2019, mixed="mark")
    assert table["prices"].n_unique() > 1
    assert table["mixed"].list.len().min() == 1


def test_each_cell_of_the_grid_is_that_of_a_benchmark(grid: pl.DataFrame) -> None:
    wide = {"tokyo_bay_area": "capital_region"}
    real = benchmark("gdp", year=2019, definition=wide, basis="ppp", prices="2015")
    cells = grid.filter(basis="ppp", prices="constant 2015").join(real, on=["area", "definition", "period"])
    assert cells.height == len(BAYS)
    assert cells["value"].to_list() == pytest.approx(cells["value_right"].to_list(), rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"year": 1950}, UsageError, "not every bay has a figure for 1950; the years to rank in are .*2022"),
        ({"year": "then"}, PeriodError, "is not a period"),
        ({"indicator": "gpd"}, UnknownNameError, "did you mean 'gdp'"),
        ({"indicator": "gdp_real_growth"}, UsageError, "cannot be added up"),
        (
            {"indicator": "visitor_arrivals"},
            UsageError,
            "no figures of 'visitor_arrivals' for greater_bay_area",
        ),
        ({"bays": ["nowhere_bay"]}, UnknownNameError, "unknown area 'nowhere_bay'"),
        ({"bays": []}, UsageError, "name other bays"),
        ({"mixed": "allow"}, UsageError, "'refuse' or 'mark'"),
        (
            {"indicator": "gdp_real", "bays": ["new_york_bay_area"], "year": 2019},
            UsageError,
            "chained 20.. prices beside others.*mixed='mark'",
        ),
        ({"prices": []}, UsageError, "prices is empty"),
        ({"indicator": "population", "prices": "2015"}, UsageError, "is no money"),
    ],
)
def test_what_cannot_be_ranked_is_a_named_error(
    arguments: dict[str, object], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        sensitivity(**arguments)  # type: ignore[arg-type]
