"""`gap` and `catch_up`: numbers by hand, what a break does, and what the probability rests on."""

from __future__ import annotations

import math
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbaindicators.comparison import benchmark
from gbaindicators.comparison.gaps import catch_up, gap
from gbaindicators.errors import (
    FrameError,
    MissingRateError,
    PeriodError,
    SeriesTooShortError,
    UnknownNameError,
    UsageError,
)
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


@pytest.mark.usefixtures("shipped")
class TestCatchUp:
    def test_the_assumptions_stand_beside_the_number(self) -> None:
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

    def test_rates_with_a_distribution_of_their_own_spread_the_chances(self) -> None:
        """An uncertain rate makes what is improbable more probable."""
        words = ("greater_bay_area", "new_york_bay_area", 2027)
        held, drawn = (catch_up(*words, paths=2000, rate=r) for r in ("held", "simulated"))
        assert held["probability"][-1] < 0.5
        assert drawn["probability"][-1] > held["probability"][-1]
        assert "drawn jointly" in drawn["assumptions"][0][0]

    def test_who_is_far_ahead_stays_ahead_and_the_other_behind(self) -> None:
        ahead = catch_up("new_york_bay_area", "macao", 2027, paths=50)
        behind = catch_up("macao", "new_york_bay_area", 2027, paths=50)
        assert ahead["probability"].unique().to_list() == [1.0]
        assert behind["probability"].unique().to_list() == [0.0]

    def test_a_held_rate_cancels_between_areas_of_one_currency(self) -> None:
        yuan, dollars = (
            catch_up("guangzhou", "shenzhen", 2027, paths=300, currency=c) for c in ("CNY", "USD")
        )
        assert yuan["probability"].to_list() == dollars["probability"].to_list()

    def test_growth_at_prices_of_a_base_year_is_real_and_needs_no_later_rate(self) -> None:
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

    def test_figures_per_head_are_the_sums_over_people_drawn_with_them(self) -> None:
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

    def test_people_need_no_rate(self) -> None:
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
    def test_bad_input_is_a_named_error(
        self, arguments: dict[str, object], error: type[Exception], says: str
    ) -> None:
        with pytest.raises(error, match=says):
            catch_up(**({"area": "macao", "other": "zhuhai", "until": 2027} | arguments))  # type: ignore[arg-type]

    def test_a_series_too_short_to_forecast_is_named(self) -> None:
        with pytest.warns(UserWarning), pytest.raises(SeriesTooShortError, match="greater_bay_area"):
            catch_up("hong_kong", "greater_bay_area", 2027, indicator="container_throughput", paths=20)
