"""Single periods from cumulative ones, calendar years from fiscal ones, longer periods from shorter ones."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import accumulate

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators.errors import FrameError, SeriesTooShortError, UnknownNameError, UsageError
from gbaindicators.transforms import from_ytd, to_calendar_year, to_frequency


def months(values: dict[int, float | None], year: int = 2023, **columns: object) -> pl.DataFrame:
    """Monthly series; months beyond twelve are those of the next years."""
    frame = pl.DataFrame(
        {
            "frequency": "M",
            "period": [date(year + (m - 1) // 12, (m - 1) % 12 + 1, 1) for m in values],
            "value": list(values.values()),
        },
        schema_overrides={"period": pl.Date, "value": pl.Float64},
    )
    return frame.with_columns(**{k: pl.lit(v) for k, v in columns.items()})


def fiscal(values: dict[int, float | None], month: int = 4, **columns: str) -> pl.DataFrame:
    frame = pl.DataFrame(
        {"frequency": "A", "period": [date(y, month, 1) for y in values], "value": list(values.values())},
        schema_overrides={"period": pl.Date, "value": pl.Float64},
    )
    return frame.with_columns(**{k: pl.lit(v) for k, v in columns.items()})


class TestFromYtd:
    def test_by_hand_over_two_years(self):
        frame = months({1: 10.0, 2: 25.0, 3: 45.0, 13: 11.0, 14: 27.0}, adjustment="ytd")
        result = from_ytd(frame)
        assert result["value"].to_list() == [10.0, 15.0, 20.0, 11.0, 16.0]
        assert set(result["adjustment"]) == {"nsa"}
        assert result["note"].to_list() == [None] * 5
        assert set(result["method"]) == {"single periods from cumulative figures"}

    def test_quarters_of_gdp(self):
        frame = pl.DataFrame(
            {
                "frequency": "Q",
                "period": [date(2023, m, 1) for m in (1, 4, 7, 10)],
                "value": [7.0, 15.0, 23.0, 32.0],
            }
        )
        assert from_ytd(frame)["value"].to_list() == [7.0, 8.0, 8.0, 9.0]
        assert from_ytd(frame.drop("frequency"))["value"].to_list() == [7.0, 8.0, 8.0, 9.0]

    def test_january_and_february_published_together(self):
        result = from_ytd(months({2: 30.0, 3: 45.0, 4: 60.0}))
        assert result["value"].to_list() == [None, 15.0, 15.0]
        assert result["note"].to_list() == ["January and February published together", None, None]

    @pytest.mark.parametrize("gap", [{1: 1.0, 2: 2.0, 4: 4.0}, {1: 1.0, 2: 2.0, 3: None, 4: 4.0}])
    def test_missing_period_before_gives_null_and_says_so(self, gap: dict[int, float | None]):
        result = from_ytd(months(gap))
        assert result["value"][-1] is None
        assert result["note"][-1] == "the cumulative figure of the period before is missing"

    def test_december_is_not_the_period_before_january(self):
        assert from_ytd(months({12: 100.0, 13: 5.0}))["value"].to_list() == [None, 5.0]

    def test_fall_of_what_cannot_fall_is_not_passed_on(self):
        values = {1: 10.0, 2: 25.0, 3: 20.0, 4: 30.0}
        result = from_ytd(months(values, indicator="gdp"))
        assert result["value"].to_list() == [10.0, 15.0, None, 10.0]
        assert "falls" in result["note"][2]
        assert from_ytd(months(values, indicator="my_profits"))["value"].to_list() == [10.0, 15.0, -5.0, 10.0]

    @pytest.mark.parametrize(
        ("status", "values"), [("B", [10.0, None, 10.0, 10.0]), ("U", [10.0, None, None, 10.0])]
    )
    def test_difference_across_a_break_or_an_unreliable_figure_is_null(
        self, status: str, values: list[float | None]
    ):
        """B marks the first figure of another kind: it does not compare with the one before, the next one does."""
        frame = months({1: 10.0, 2: 20.0, 3: 30.0, 4: 40.0}).with_columns(
            status=pl.Series(["A", status, "A", "A"])
        )
        result = from_ytd(frame)
        assert result["value"].to_list() == values
        assert result["note"][1] == "the difference would cross a break or an unreliable figure"
        assert result["status"].to_list() == ["A", status, status, "A"]

    def test_annual_rows_stay_as_they_are(self):
        year = pl.DataFrame(
            {"frequency": ["A"], "period": [date(2023, 1, 1)], "value": [100.0], "adjustment": ["nsa"]}
        )
        frame = pl.concat([months({1: 1.0}, adjustment="ytd"), year, months({2: 3.0}, adjustment="ytd")])
        result = from_ytd(frame)
        assert result["value"].to_list() == [1.0, 100.0, 2.0]
        assert from_ytd(year).select(year.columns).equals(year)

    def test_provenance(self):
        frame = months({1: 10.0, 2: 20.0}).with_columns(
            sources=pl.Series([["b"], ["a"]]), status=pl.Series(["P", "A"]), note=pl.Series([None, "flash"])
        )
        result = from_ytd(frame)
        assert result["sources"].to_list() == [["b"], ["a", "b"]]
        assert result["status"].to_list() == ["P", "P"]
        assert result["note"].to_list() == [None, "flash"]

    def test_refusals(self):
        with pytest.raises(FrameError, match="adjustment 'sa', not 'ytd'"):
            from_ytd(months({1: 1.0}, adjustment="sa"))
        with pytest.raises(FrameError, match="adjustment None"):
            from_ytd(months({1: 1.0}).with_columns(adjustment=pl.lit(None, pl.String)))
        with pytest.raises(UsageError, match="not weekly or daily"):
            from_ytd(months({1: 1.0}).with_columns(frequency=pl.lit("D")))
        with pytest.raises(FrameError, match="add one"):
            from_ytd(months({1: 1.0}).drop("frequency"))
        with pytest.raises(FrameError, match="first day"):
            from_ytd(months({1: 1.0}).with_columns(pl.col("period").dt.month_end()))
        with pytest.raises(FrameError, match="two values"):
            from_ytd(pl.concat([months({1: 1.0})] * 2))

    def test_empty_frame(self):
        assert from_ytd(months({})).height == 0
        assert from_ytd(months({}).drop("frequency")).height == 0

    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.integers(0, 10**9), min_size=1, max_size=12), st.randoms(use_true_random=False))
    def test_undoes_a_cumulative_sum_in_any_order(self, amounts: list[int], random: object):
        frame = months({m: float(v) for m, v in enumerate(accumulate(amounts), start=1)})
        order = list(range(frame.height))
        random.shuffle(order)  # type: ignore[attr-defined]
        assert from_ytd(frame[order])["value"].to_list() == [float(amounts[i]) for i in order]


class TestToCalendarYear:
    def test_april_years_by_hand(self):
        frame = fiscal({2020: 100.0, 2021: 120.0, 2022: 160.0}, area="tokyo", unit="JPY")
        result = to_calendar_year(frame)
        assert result.select("period", "value").rows() == [
            (date(2021, 1, 1), 0.25 * 100 + 0.75 * 120),
            (date(2022, 1, 1), 0.25 * 120 + 0.75 * 160),
        ]
        assert set(result["status"]) == {"E"}
        assert set(result["unit"]) == {"JPY"}
        assert "3/12 and 9/12" in result["method"][0]
        assert "weighted mean" in result["method"][0]

    def test_july_years(self):
        result = to_calendar_year(fiscal({2020: 100.0, 2021: 120.0}, month=7))
        assert result.select("period", "value").rows() == [(date(2021, 1, 1), 110.0)]

    @pytest.mark.parametrize(
        "years",
        [
            {2018: 1.0, 2019: 1.0, 2021: 1.0, 2022: 1.0},
            {2018: 1.0, 2019: 1.0, 2020: None, 2021: 1.0, 2022: 1.0},
        ],
    )
    def test_a_missing_year_inside_gives_null_and_says_so(self, years: dict[int, float | None]):
        result = to_calendar_year(fiscal(years, area="tokyo", unit="JPY"))
        assert result["period"].dt.year().to_list() == [2019, 2020, 2021, 2022]
        assert result["value"].to_list() == [1.0, None, None, 1.0]
        assert result["note"].to_list() == [None, *["one of its two fiscal years is missing"] * 2, None]
        assert set(result["unit"]) == {"JPY"}

    def test_calendar_rows_pass_unchanged(self):
        calendar = fiscal({2020: 5.0, 2021: 6.0}, month=1, area="macao")
        assert to_calendar_year(calendar).equals(calendar)
        quarters = calendar.with_columns(pl.col("period").dt.offset_by("3mo"), frequency=pl.lit("Q"))
        assert to_calendar_year(quarters).equals(quarters)
        mixed = to_calendar_year(pl.concat([fiscal({2020: 1.0, 2021: 3.0}, area="tokyo"), calendar]))
        assert mixed.select("area", "value").rows() == [("macao", 5.0), ("macao", 6.0), ("tokyo", 2.5)]
        assert mixed["status"].to_list() == [None, None, "E"]

    def test_provenance(self):
        frame = fiscal({2020: 1.0, 2021: 3.0}).with_columns(
            sources=pl.Series([["b"], ["a"]]),
            status=pl.Series(["A", "U"]),
            vintage=pl.Series([date(2023, 1, 1), None]),
        )
        result = to_calendar_year(frame)
        assert result.select("sources", "status", "vintage").row(0) == (["a", "b"], "U", date(2023, 1, 1))

    def test_refusals(self):
        with pytest.raises(SeriesTooShortError, match="tokyo has one fiscal year only"):
            to_calendar_year(fiscal({2020: 1.0}, area="tokyo"))
        with pytest.raises(FrameError, match="first of one month"):
            to_calendar_year(pl.concat([fiscal({2020: 1.0}), fiscal({2021: 1.0}, month=7)]))
        with pytest.raises(FrameError, match="two values"):
            to_calendar_year(pl.concat([fiscal({2020: 1.0, 2021: 1.0}), fiscal({2021: 1.0}, month=1)]))

    def test_empty_frame_and_frame_of_one_nameless_series(self):
        assert to_calendar_year(fiscal({})).height == 0
        bare = fiscal({2020: 1.0, 2021: 1.0}).drop("frequency")
        assert to_calendar_year(bare)["value"].to_list() == [1.0]

    @settings(max_examples=30, deadline=None)
    @given(st.floats(-1e9, 1e9), st.integers(2, 12))
    def test_a_constant_stays_constant(self, level: float, month: int):
        result = to_calendar_year(fiscal(dict.fromkeys(range(2000, 2006), level), month))
        assert result["value"].to_list() == pytest.approx([level] * 5)


class TestToFrequency:
    def test_sum_mean_and_end(self):
        frame = months({m: float(m) for m in range(1, 13)}, unit="TEU")
        assert to_frequency(frame, "Q", how="sum")["value"].to_list() == [6.0, 15.0, 24.0, 33.0]
        assert to_frequency(frame, "quarterly", how="mean")["value"].to_list() == [2.0, 5.0, 8.0, 11.0]
        assert to_frequency(frame, "S", how="end")["value"].to_list() == [6.0, 12.0]
        year = to_frequency(frame, "A", how="sum")
        assert year.select("frequency", "period", "value", "unit", "note", "method").rows() == [
            ("A", date(2023, 1, 1), 78.0, "TEU", None, "sum of months")
        ]

    def test_incomplete_periods_are_null_and_say_so(self):
        result = to_frequency(months({1: 1.0, 2: None, 3: 3.0, 4: 4.0, 5: 5.0, 6: 6.0}), "Q", how="sum")
        assert result["value"].to_list() == [None, 15.0]
        assert result["note"].to_list() == ["2 of 3 months present", None]

    def test_end_needs_the_last_period_only(self):
        result = to_frequency(months({3: 3.0, 4: 4.0, 5: 5.0}), "Q", how="end")
        assert result["value"].to_list() == [3.0, None]
        assert result["note"].to_list() == [None, "2 of 3 months present, the last one is missing"]

    def test_the_catalogue_says_how(self):
        frame = pl.concat(
            [
                months({1: 1.0, 2: 2.0, 3: 3.0}, indicator=i)
                for i in ("air_cargo", "fx_rate", "octopus_cards_in_circulation")
            ]
        )
        assert to_frequency(frame, "Q")["value"].to_list() == [6.0, 2.0, 3.0]

    def test_how_must_be_known(self):
        with pytest.raises(UsageError, match="pass how="):
            to_frequency(months({1: 1.0}), "Q")
        with pytest.raises(UsageError, match="does not know the indicator 'mine'"):
            to_frequency(months({1: 1.0}, indicator="mine"), "Q")
        with pytest.raises(UsageError, match="does not aggregate over time"):
            to_frequency(months({1: 1.0}, indicator="retail_sales_value_yoy"), "Q")
        with pytest.raises(UsageError, match="'median' is not known"):
            to_frequency(months({1: 1.0}), "Q", how="median")

    @pytest.mark.parametrize(("fine", "coarse"), [("A", "Q"), ("M", "D"), ("Q", "M"), ("W", "D"), ("M", "W")])
    def test_never_to_shorter_periods(self, fine: str, coarse: str):
        frame = months({1: 1.0}).with_columns(frequency=pl.lit(fine))
        with pytest.raises(UsageError, match="disaggregation"):
            to_frequency(frame, coarse, how="sum")

    @pytest.mark.parametrize("coarse", ["M", "Q", "S", "A"])
    def test_weeks_fill_nothing_longer(self, coarse: str):
        with pytest.raises(UsageError, match="without a rest"):
            to_frequency(months({1: 1.0}).with_columns(frequency=pl.lit("W")), coarse, how="sum")

    def test_days_are_counted(self):
        days = [date(2024, 2, 1) + timedelta(i) for i in range(29 + 30)]
        frame = pl.DataFrame({"period": days, "value": 1.0})
        result = to_frequency(frame, "M", how="sum")
        assert result["value"].to_list() == [29.0, None]
        assert result["note"].to_list() == [None, "30 of 31 days present"]
        weeks = to_frequency(frame.filter(pl.col("period") >= date(2024, 2, 5)), "W", how="sum")
        assert weeks["value"].to_list()[:2] == [7.0, 7.0]
        assert weeks["period"][0] == date(2024, 2, 5)

    def test_cumulative_figures_are_not_added_up(self):
        frame = months({m: float(m) for m in range(1, 13)}, adjustment="ytd", indicator="gdp")
        with pytest.raises(UsageError, match="from_ytd"):
            to_frequency(frame, "A")
        assert to_frequency(frame, "A", how="end")["value"].to_list() == [12.0]

    def test_other_refusals(self):
        frame = months({1: 1.0})
        with pytest.raises(FrameError, match="needs one frequency"):
            to_frequency(pl.concat([frame, frame.with_columns(frequency=pl.lit("Q"))]), "A", how="sum")
        with pytest.raises(FrameError, match="changes its unit"):
            to_frequency(
                months({1: 1.0, 2: 1.0}).with_columns(unit=pl.Series(["CNY", "USD"])), "Q", how="sum"
            )
        with pytest.raises(FrameError, match="first day"):
            to_frequency(frame.with_columns(pl.col("period").dt.offset_by("3d")), "Q", how="sum")
        with pytest.raises(FrameError, match="two values"):
            to_frequency(pl.concat([frame, frame]), "Q", how="sum")
        with pytest.raises(UnknownNameError):
            to_frequency(frame, "decade", how="sum")

    def test_same_frequency_and_empty_frame_come_back(self):
        frame = months({1: 1.0})
        assert to_frequency(frame, "M").equals(frame)
        assert to_frequency(months({}), "Q", how="sum").height == 0

    def test_provenance(self):
        frame = months({1: 1.0, 2: 2.0, 3: 3.0}).with_columns(
            sources=pl.Series([["b"], ["a", "c"], None], dtype=pl.List(pl.String)),
            status=pl.Series(["A", "E", "P"]),
            vintage=pl.Series([date(2023, 5, 1), None, date(2023, 4, 1)]),
            method=pl.Series(["converted", None, "converted"]),
        )
        result = to_frequency(frame, "Q", how="sum")
        assert result["sources"].to_list() == [["a", "b", "c"]]
        assert result.select("status", "vintage", "method").row(0) == (
            "E",
            date(2023, 5, 1),
            "converted; sum of months",
        )

    @settings(max_examples=40, deadline=None)
    @given(
        st.lists(st.integers(-(10**9), 10**9), min_size=24, max_size=24), st.randoms(use_true_random=False)
    )
    def test_sums_keep_the_total_in_any_order(self, amounts: list[int], random: object):
        frame = months({m: float(v) for m, v in enumerate(amounts, start=1)}, area="macao")
        order = list(range(24))
        random.shuffle(order)  # type: ignore[attr-defined]
        for target in ("Q", "S", "A"):
            assert to_frequency(frame[order], target, how="sum")["value"].sum() == sum(amounts)
        by_quarters = to_frequency(to_frequency(frame, "Q", how="sum"), "A", how="sum")
        assert by_quarters["value"].to_list() == to_frequency(frame, "A", how="sum")["value"].to_list()
