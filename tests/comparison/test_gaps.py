"""`gap`: numbers by hand, and what a break does."""

from __future__ import annotations

import math
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbaindicators.comparison import benchmark
from gbaindicators.comparison.bays.gaps import gap
from gbaindicators.errors import FrameError, UnknownNameError, UsageError
from gbaindicators.store import load
from gbaindicators.tables.series_frame import FREQUENCY
from gbaindicators.transforms import convert


def test_the_gap_says_of_which_indicator_it_is():
    frame = _frame([50, 60], [100, 110], indicator="gdp", unit="USD", frequency="A")
    table = gap(frame, "macao", "zhuhai")
    assert table.columns[:5] == ["indicator", "area", "other", "frequency", "period"]
    assert table["indicator"].to_list() == ["gdp", "gdp"]
    assert "indicator" not in gap(_frame([50, 60], [100, 110]), "macao", "zhuhai").columns
    shipped = gap("gdp_per_capita", "greater_bay_area", "tokyo_bay_area")
    assert set(shipped["indicator"]) == {"gdp_per_capita"}
    assert shipped["frequency"].dtype == FREQUENCY


def _frame(ours: list[float], theirs: list[float], **columns: str) -> pl.DataFrame:
    years = [date(2018 + i, 1, 1) for i in range(len(ours))]
    made = pl.concat(
        pl.DataFrame({"area": [a] * len(v), "period": years, "value": v})
        for a, v in (("macao", ours), ("zhuhai", theirs))
    )
    return made.with_columns(**{k: pl.lit(v) for k, v in columns.items()})


def test_ratios_growth_and_parity_by_hand() -> None:
    table = gap(_frame([50, 60, 72], [100, 110, 121]), "macao", "zhuhai", over=2)
    assert table["value"].to_list() == pytest.approx([0.5, 60 / 110, 72 / 121])
    assert table["growth_area"].to_list()[1:] == pytest.approx([20, 20])
    assert table["growth_differential"].to_list()[1:] == pytest.approx([10, 10])
    years = table["years_to_parity"][2]
    assert 72 * 1.2**years == pytest.approx(121 * 1.1**years)
    assert table["years_to_parity"].to_list()[:2] == [None, None]
    assert "no figures of both 2 years before" in table["note"][1]
    assert table["unit"].unique().to_list() == ["ratio"]


@given(st.floats(1, 99), st.floats(0.01, 0.3), st.floats(-0.3, 0.0))
def test_parity_is_where_the_two_paths_meet(start: float, faster: float, slower: float) -> None:
    frame = _frame([start, start * (1 + faster)], [1000.0, 1000 * (1 + slower)])
    row = gap(frame, "macao", "zhuhai", over=1).row(1, named=True)
    years = row["years_to_parity"]
    assert math.log(row["value_area"]) + years * math.log1p(faster) == pytest.approx(
        math.log(row["value_other"]) + years * math.log1p(slower)
    )


def test_a_gap_that_grows_or_is_closed_has_no_years_to_parity() -> None:
    slow = gap(_frame([50, 51], [100, 110]), "macao", "zhuhai", over=1).row(1, named=True)
    assert slow["years_to_parity"] is None
    assert slow["note"] == "parity never comes at these rates: macao grows no faster than zhuhai"
    ahead = gap(_frame([50, 51], [10, 11]), "macao", "zhuhai", over=1).row(1, named=True)
    assert ahead["years_to_parity"] is None and "macao is ahead already" in ahead["note"]


def test_a_missing_year_is_no_neighbour() -> None:
    frame = _frame([50, 60, 72], [100, 110, 121]).filter(pl.col("period") != date(2019, 1, 1))
    table = gap(frame, "macao", "zhuhai", over=1)
    assert table["growth_area"].to_list() == [None, None]
    assert "no figure of macao a year before" in table["note"][1]


def test_growth_across_a_break_is_left_out_unless_asked_for() -> None:
    broken = (pl.col("area") == "macao") & (pl.col("period") == date(2019, 1, 1))
    frame = _frame([50, 60, 72], [100, 110, 121]).with_columns(
        status=pl.when(broken).then(pl.lit("B")).otherwise(pl.lit("A"))
    )
    refused = gap(frame, "macao", "zhuhai", over=2)
    assert refused["growth_area"].to_list() == [None, None, pytest.approx(20)]
    assert refused["years_to_parity"][2] is None
    assert "no growth of macao across its break" in refused["note"][1]
    assert "a break lies in the 2 years before" in refused["note"][2]
    assert refused["mixed"].list.len().to_list() == [0, 0, 0]
    marked = gap(frame, "macao", "zhuhai", over=2, mixed="mark")
    assert marked["growth_area"].to_list()[1:] == pytest.approx([20, 20])
    assert marked["mixed"].to_list() == [
        [], ["growth across a break of macao"], ["growth of the 2 years before across a break"],
    ]  # fmt: skip
    assert marked["years_to_parity"][2] > 0
    assert marked["status"].to_list() == ["A", "B", "A"]


def test_a_census_breaks_a_population() -> None:
    frame = _frame([50, 60], [100, 110], indicator="population", unit="persons").with_columns(
        sources=pl.when(pl.col("period") == date(2018, 1, 1))
        .then(pl.lit(["old census"]))
        .otherwise(pl.lit(["new census"]))
    )
    table = gap(frame, "macao", "zhuhai", over=1)
    assert table["growth_area"].to_list() == [None, None]
    assert "across its break" in table["note"][1]
    assert table["sources"].to_list() == [["old census"], ["new census"]]


def test_per_head_is_the_ratio_over_the_ratio_of_heads() -> None:
    people = _frame([10, 10], [40, 50])
    table = gap(_frame([50, 60], [100, 110]), "macao", "zhuhai", population=people)
    assert table["per_head"].to_list() == pytest.approx([5 / 2.5, 6 / 2.2])
    assert gap(_frame([50, 60], [100, 110]), "macao", "zhuhai")["per_head"].null_count() == 2


def test_the_sources_of_the_population_are_among_those_of_the_gap() -> None:
    gdp = _frame([50, 60], [100, 110]).with_columns(sources=pl.lit(["accounts"]))
    people = _frame([10, 10], [40, 50]).with_columns(sources=pl.lit(["census"]))
    assert gap(gdp, "macao", "zhuhai", population=people)["sources"][0].to_list() == ["accounts", "census"]


def test_a_population_of_other_periods_is_refused() -> None:
    """On the first of January a quarter's population would pass for that of the year."""
    gdp, people = _frame([50], [100], frequency="A"), _frame([10], [40], frequency="Q")
    with pytest.raises(FrameError, match="the population is of frequency 'Q', the figures of 'A'"):
        gap(gdp, "macao", "zhuhai", population=people)


def test_a_figure_with_both_sides_of_a_break_grows_neither_into_it_nor_out_of_it() -> None:
    """The mean of two year-ends before and after a census lies halfway: half the break comes with each step."""
    years = [date(2018 + i, 1, 1) for i in range(4)]
    mixed = [[], ["figures from before and after a break in one"], [], []]
    frame = pl.concat(
        pl.DataFrame({"area": [a] * 4, "period": years, "value": v, "mixed": m}, schema_overrides={"mixed": pl.List(pl.String)})
        for a, v, m in (("macao", [50, 60, 70, 77], mixed), ("zhuhai", [100, 110, 120, 130], [[]] * 4))
    )  # fmt: skip
    table = gap(frame, "macao", "zhuhai", over=1)
    assert table["growth_area"].to_list() == [None, None, None, pytest.approx(10)]
    assert ["across its break" in (note or "") for note in table["note"]] == [False, True, True, False]


@pytest.mark.parametrize(
    ("ours", "theirs", "says"),
    [
        ([-4, -6], [-2, -3], "a figure is not above zero"),  # twice the deficit is not ahead
        ([-2, -3], [-4, -6], "macao is ahead already"),
        ([1, 2], [3, -1], "macao is ahead already"),
        ([-1, 2], [3, 4], "a figure is not above zero"),
    ],
)
def test_figures_below_zero_are_said_to_be_so(ours: list[float], theirs: list[float], says: str) -> None:
    table = gap(_frame(ours, theirs), "macao", "zhuhai", over=1)
    assert table["years_to_parity"].null_count() == 2
    assert says in table["note"][1]


def test_no_growth_from_a_figure_below_zero_is_said() -> None:
    table = gap(_frame([-1, 2], [3, 4]), "macao", "zhuhai", over=1)
    assert (table["growth_area"][1], table["growth_other"][1]) == (None, pytest.approx(100 / 3))
    assert "no growth of macao from a figure that is not above zero" in table["note"][1]


@pytest.mark.usefixtures("shipped")
def test_the_gap_of_bays_is_that_of_the_benchmark() -> None:
    table = gap("gdp", "greater_bay_area", "tokyo_bay_area", basis="ppp").filter(period=date(2022, 1, 1))
    for indicator, column in (("gdp", "value"), ("gdp_per_capita", "per_head")):
        bays = benchmark(indicator, ["greater_bay_area", "tokyo_bay_area"], basis="ppp", year=2022)
        values = dict(bays.select("area", "value").iter_rows())
        expected = values["greater_bay_area"] / values["tokyo_bay_area"]
        assert table[column].item() == pytest.approx(expected, rel=1e-12)
    assert set(bays["sources"][0]) <= set(table["sources"][0])


@pytest.mark.usefixtures("shipped")
def test_areas_that_are_no_bays_have_gaps_too() -> None:
    table = gap("gdp", "shenzhen", "Hong Kong").filter(period=date(2022, 1, 1))
    money = load("gdp", ["shenzhen", "hong_kong"], frequency="A", start="2022", end="2022").pipe(convert)
    values = dict(money.select("area", "value").iter_rows())
    assert table["value"].item() == pytest.approx(values["shenzhen"] / values["hong_kong"], rel=1e-12)


@pytest.mark.parametrize(
    ("change", "arguments", "error", "says"),
    [
        ({}, {"over": 0}, UsageError, "from 1 to 50"),
        ({}, {"other": "macao"}, UsageError, "no gap to itself"),
        ({}, {"area": "makao"}, UnknownNameError, "did you mean 'macao'"),
        ({}, {"mixed": "allow"}, UsageError, "'refuse' or 'mark'"),
        ({"unit": pl.col("area")}, {}, FrameError, "needs one unit"),
        ({"prices": pl.col("area")}, {}, FrameError, "differ in 'prices'"),
        ({"period": pl.when(pl.col("area") == "macao").then(date(1999, 1, 1)).otherwise("period")}, {}, FrameError, "two values"),
    ],
)  # fmt: skip
def test_bad_frames_are_named_errors(
    change: dict[str, pl.Expr], arguments: dict[str, object], error: type[Exception], says: str
) -> None:
    frame = _frame([50, 60], [100, 110]).with_columns(**change)
    with pytest.raises(error, match=says):
        gap(frame, **({"area": "macao", "other": "zhuhai"} | arguments))  # type: ignore[arg-type]


def test_no_common_period_says_what_there_is() -> None:
    frame = _frame([50], [100]).with_columns(
        pl.when(pl.col("area") == "macao").then(date(1999, 1, 1)).otherwise("period").alias("period")
    )
    with pytest.raises(UsageError, match="macao has 1999-01-01 to 1999-01-01, zhuhai has 2018"):
        gap(frame, "macao", "zhuhai")
