"""Amounts per head: whose population, of which year, and what lacks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
import pytest

from gbaindicators.errors import FrameError
from gbaindicators.transforms.per_head import per_capita


def series(unit: str, frequency: str, rows: Mapping[date, float | None], **columns: Any) -> pl.DataFrame:
    """Series frame of one unit and frequency."""
    return pl.DataFrame(
        {"period": list(rows), "value": list(rows.values())}, schema={"period": pl.Date, "value": pl.Float64}
    ).with_columns(
        unit=pl.lit(unit), frequency=pl.lit(frequency), **{k: pl.lit(v) for k, v in columns.items()}
    )


def heads(area: str, rows: Mapping[date, float], **columns: Any) -> pl.DataFrame:
    return series("persons", "A", rows, area=area, **columns)


def year(number: int) -> date:
    return date(number, 1, 1)


class TestPerCapita:
    @pytest.mark.parametrize(
        ("area", "unit", "before", "end", "gdp", "published"),
        [
            # DSEC, Greater Bay Area cities: GDP, year-end population (2015, 2016 or 2014, 2015), GDP per head
            ("macao", "MOP", 646_800, 644_900, 360_344e6, 557_938),
            ("guangzhou", "CNY", 15_290_200, 15_949_500, 1_734_737e6, 111_060),
        ],
    )
    def test_published_gdp_per_head_is_reproduced(
        self, area: str, unit: str, before: float, end: float, gdp: float, published: float
    ) -> None:
        population = heads(area, {year(2015): before, year(2016): end})
        frame = series(unit, "A", {year(2016): gdp}, area=area, indicator="gdp")
        out = per_capita(frame, population=population)
        assert round(out["value"].item()) == published
        assert out.select("indicator", "unit", "note").row(0) == ("gdp_per_capita", unit, None)
        assert out["method"].item() == "per head of the mean of the year-end populations"

    def test_hong_kong_publishes_on_mid_year_population(self) -> None:
        # C&SD table 310-31001 (2015: 328 924 HKD) and table 110-01001 (mid-2015: 7 291 300 persons)
        population = heads("hong_kong", {year(2015): 7_291_300}, indicator="population_midyear")
        frame = series("HKD", "A", {year(2015): 2_398_280e6}, area="hong_kong")
        assert per_capita(frame, population=population)["value"].item() == pytest.approx(328_924, abs=1)

    def test_american_areas_take_the_estimate_of_the_year(self) -> None:
        population = heads("new_york_msa", {year(2021): 50.0, year(2022): 20.0})
        out = per_capita(series("USD", "A", {year(2022): 100.0}, area="new_york_msa"), population=population)
        assert out["value"].item() == 5.0
        assert out["method"].item() == "per head of the population of the year"

    @pytest.mark.parametrize("start", [date(2022, 4, 1), date(2022, 1, 1)])
    def test_japanese_years_of_either_kind_take_the_population_of_1_october(self, start: date) -> None:
        population = heads("tokyo", {date(2021, 4, 1): 1.0, date(2022, 4, 1): 14.0})
        out = per_capita(series("JPY", "A", {start: 28.0}, area="tokyo"), population=population)
        assert out["value"].item() == 2.0

    def test_a_bay_area_of_year_end_members_takes_the_mean(self) -> None:
        population = heads("greater_bay_area", {year(2021): 10.0, year(2022): 30.0})
        frame = series("USD", "A", {year(2022): 100.0}, area="greater_bay_area")
        assert per_capita(frame, population=population)["value"].item() == 5.0

    def test_the_first_year_has_no_year_end_before_it(self) -> None:
        population = heads("macao", {year(2020): 10.0, year(2021): 30.0})
        frame = series("MOP", "A", {year(n): 60.0 for n in (2020, 2021, 2022, 2023)}, area="macao")
        out = per_capita(frame, population=population)
        assert out["value"].to_list() == [None, 3.0, None, None]
        assert out["note"].to_list() == [
            "no population at the end of 2019",
            None,
            "no population at the end of 2022",
            "no population of 2023",
        ]

    def test_a_gap_is_no_neighbour(self) -> None:
        population = heads("macao", {year(2018): 10.0, year(2020): 30.0, year(2021): 50.0})
        out = per_capita(
            series("MOP", "A", {year(2020): 1.0, year(2021): 80.0}, area="macao"), population=population
        )
        assert out["value"].to_list() == [None, 2.0]

    def test_counts_are_per_head_in_their_unit(self) -> None:
        frame = series("TEU", "A", {year(2022): 10.0}, area="oakland", indicator="container_throughput")
        out = per_capita(frame, population=heads("oakland", {year(2022): 5.0}))
        assert out.select("value", "unit", "indicator").row(0) == (
            2.0,
            "TEU per head",
            "container_throughput_per_capita",
        )

    def test_status_is_the_worst_and_sources_are_united(self) -> None:
        population = heads("macao", {year(2021): 1.0, year(2022): 1.0}).with_columns(
            status=pl.Series(["E", "A"]), sources=pl.Series([["census"], ["dsec"]])
        )
        frame = series("MOP", "A", {year(2022): 1.0}, area="macao", status="P", sources=["accounts"])
        out = per_capita(frame, population=population)
        assert out["status"].item() == "E"
        assert out["sources"].to_list() == [["accounts", "census", "dsec"]]

    def test_a_users_own_frame(self) -> None:
        frame = pl.DataFrame({"period": [year(2022)], "value": [10.0]})
        population = pl.DataFrame({"period": [year(2022)], "value": [4]})
        assert per_capita(frame, population=population)["value"].item() == 2.5

    def test_half_yearly_population_is_not_mistaken_for_annual(self) -> None:
        annual = heads("hong_kong", {year(2021): 1.0, year(2022): 3.0})
        half = heads("hong_kong", {year(2022): 100.0}).with_columns(frequency=pl.lit("S"))
        frame = series("HKD", "A", {year(2022): 4.0}, area="hong_kong")
        assert per_capita(frame, population=pl.concat([annual, half]))["value"].item() == 2.0

    def test_an_area_without_population_says_how_to_aggregate_it(self) -> None:
        frame = series("USD", "A", {year(2022): 1.0}, area="greater_bay_area")
        with pytest.raises(FrameError, match=r"no population of 'greater_bay_area'.*gba.aggregate"):
            per_capita(frame, population=heads("macao", {year(2022): 1.0}))

    def test_no_common_year_is_an_error(self) -> None:
        frame = series("MOP", "A", {year(1990): 1.0}, area="macao")
        with pytest.raises(FrameError, match=r"macao.*no population of 1990.*pass population="):
            per_capita(frame, population=heads("macao", {year(2021): 1.0, year(2022): 1.0}))

    def test_two_populations_for_one_year(self) -> None:
        population = heads("macao", {year(2022): 1.0})
        with pytest.raises(FrameError, match="two populations of macao, 2022: keep one"):
            per_capita(
                series("MOP", "A", {year(2022): 1.0}, area="macao"),
                population=pl.concat([population, population]),
            )

    def test_a_population_in_other_units(self) -> None:
        population = heads("macao", {year(2022): 1.0}).with_columns(unit=pl.lit("10k persons"))
        with pytest.raises(FrameError, match="must be in 'persons'"):
            per_capita(series("MOP", "A", {year(2022): 1.0}, area="macao"), population=population)

    @pytest.mark.parametrize(
        ("unit", "indicator"),
        [("percent", "gdp"), ("MOP", "gdp_per_capita"), ("index 2015=100", "gdp"), ("TEU per head", "x")],
    )
    def test_ratios_are_refused(self, unit: str, indicator: str) -> None:
        frame = series(unit, "A", {year(2022): 1.0}, area="macao", indicator=indicator)
        with pytest.raises(FrameError, match="cannot be divided among heads"):
            per_capita(frame, population=heads("macao", {year(2022): 1.0}))

    def test_months_are_refused(self) -> None:
        with pytest.raises(FrameError, match="annual figures"):
            per_capita(
                series("MOP", "M", {year(2022): 1.0}, area="macao"),
                population=heads("macao", {year(2022): 1.0}),
            )
