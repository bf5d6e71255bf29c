"""Cumulative figures of several editions, differences out of line, January and February together, half-years."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators.errors import FrameError, UsageError
from gbaindicators.store import load
from gbaindicators.transforms import growth, to_frequency
from gbaindicators.transforms.year_to_date import from_ytd, january_february

ODD = "the difference is out of line with the same period of the other years"


def months(values: dict[tuple[int, int], float | None], **columns: object) -> pl.DataFrame:
    frame = pl.DataFrame(
        {"frequency": "M", "period": [date(y, m, 1) for y, m in values], "value": list(values.values())},
        schema_overrides={"period": pl.Date, "value": pl.Float64},
    )
    return frame.with_columns(pl.lit(v).alias(k) for k, v in columns.items())


def quarters(years: dict[int, list[float]]) -> pl.DataFrame:
    """Quarters cumulated from single ones."""
    rows = [
        (date(y, 3 * i + 1, 1), sum(single[: i + 1]))
        for y, single in years.items()
        for i in range(len(single))
    ]
    return pl.DataFrame(rows, schema={"period": pl.Date, "value": pl.Float64}, orient="row").with_columns(
        frequency=pl.lit("Q")
    )


class TestEditions:
    def test_each_source_is_differenced_by_itself(self):
        frame = pl.DataFrame(
            {
                "frequency": "M",
                "period": [date(2023, m, 1) for m in (1, 2, 1, 2, 3)],
                "value": [10.0, 20.0, 11.0, 23.0, 36.0],
                "source": ["press", "press", "bureau", "bureau", "bureau"],
            }
        )
        assert from_ytd(frame)["value"].to_list() == [10.0, 10.0, 11.0, 12.0, 13.0]

    def test_revised_earlier_period(self):
        """The figure of February 2023 was revised with that of March: each difference keeps to what was known."""
        frame = pl.DataFrame(
            {
                "frequency": "M",
                "period": [date(2023, m, 1) for m in (1, 2, 2, 3, 4)],
                "value": [10.0, 20.0, 26.0, 39.0, 50.0],
                "source": "bureau",
                "vintage": [date(2023, m, 20) for m in (2, 3, 4, 4, 5)],
            }
        ).sample(fraction=1, shuffle=True, seed=1)
        result = from_ytd(frame).sort("period", "vintage")
        assert result["value"].to_list() == [10.0, 10.0, 16.0, 13.0, 11.0]

    def test_period_before_known_only_later(self):
        frame = pl.DataFrame(
            {
                "frequency": "M",
                "period": [date(2023, 1, 1), date(2023, 1, 1), date(2023, 2, 1)],
                "value": [10.0, 12.0, 20.0],
                "vintage": [date(2023, 5, 1), date(2023, 6, 1), date(2023, 3, 1)],
            }
        )
        result = from_ytd(frame)
        assert result["value"].to_list() == [10.0, 12.0, None]
        assert result["note"][2] == "January and February published together"

    def test_same_edition_twice_is_refused(self):
        frame = months({(2023, 1): 1.0}, source="a", vintage=date(2023, 2, 1))
        with pytest.raises(FrameError, match="two values"):
            from_ytd(pl.concat([frame] * 2))


class TestOutOfLine:
    USUAL = (20.0, 24.0, 26.0, 30.0)

    def series(self, last: float) -> pl.DataFrame:
        """Eight years whose shares differ a little, the fifth of them with another fourth quarter."""
        years = {2010 + i: [v * 1.05**i + 0.1 * (i % 3) for v in self.USUAL] for i in range(8)}
        years[2014][3] = last
        return quarters(years)

    def test_revised_year_over_unrevised_quarters_is_marked(self):
        result = from_ytd(self.series(60.0))
        odd = result.filter(pl.col("note").is_not_null())
        assert odd["period"].to_list() == [date(2014, 10, 1)]
        assert odd["value"].to_list() == pytest.approx([60.0])
        assert odd["note"][0].startswith(ODD)

    def test_across_two_vintages_it_is_null(self):
        at = pl.col("period") == date(2014, 10, 1)
        vintage = pl.when(at).then(pl.lit(date(2019, 1, 1))).otherwise(pl.lit(date(2018, 1, 1)))
        result = from_ytd(self.series(60.0).with_columns(vintage=vintage))
        assert result.filter(pl.col("value").is_null())["period"].to_list() == [date(2014, 10, 1)]
        assert result.filter(at)["note"][0] == f"two vintages do not fit together: {ODD}"

    def test_two_vintages_that_fit_are_differenced(self):
        frame = self.series(self.USUAL[3] * 1.05**4).with_columns(
            vintage=pl.col("period").dt.offset_by("4mo")
        )
        assert from_ytd(frame)["value"].null_count() == 0
        assert from_ytd(frame)["note"].null_count() == frame.height

    def test_five_years_are_too_few_to_tell(self):
        frame = self.series(60.0).filter(pl.col("period") < date(2015, 1, 1))
        assert from_ytd(frame)["note"].null_count() == frame.height

    def test_constant_and_zero_series(self):
        for level in (0.0, 5.0):
            frame = quarters({2010 + i: [level] * 4 for i in range(8)})
            result = from_ytd(frame)
            assert result["value"].to_list() == [level] * 32
            assert result["note"].null_count() == 32


def test_guangdong_across_its_vintages(shipped: Path):
    """Quarters 1 to 3 of 1999 to 2004 were first announced, the year revised: 36 to 41% of it by difference."""
    frame = load("gdp", "guangdong", adjustment="ytd", frequency="Q", database=shipped)
    single = from_ytd(frame)
    bad = single.filter(pl.col("period").is_in([date(y, 10, 1) for y in range(1999, 2005)]))
    assert bad.height == 6
    told = bad["note"].str.contains("out of line|cross a break")
    assert told.all()
    # what is neither null nor marked is a plausible part of its year
    year = pl.col("period").dt.year()
    fourth = single.with_columns(year=pl.lit(frame["value"])).with_columns(
        share=pl.col("value") / pl.col("year").max().over(year)
    )
    fourth = fourth.filter(
        pl.col("period").dt.month() == 10, pl.col("note").is_null(), pl.col("value").is_not_null()
    )
    assert fourth["share"].is_between(0.27, 0.32).all()


class TestJanuaryFebruary:
    def test_of_cumulative_figures_it_is_that_of_february(self):
        frame = months({(2023, 2): 30.0, (2023, 3): 45.0, (2024, 1): 16.0, (2024, 2): 33.0}, adjustment="ytd")
        result = january_february(frame)
        assert result.select("period", "value", "adjustment").rows() == [
            (date(2023, 2, 1), 30.0, "ytd"),
            (date(2024, 2, 1), 33.0, "ytd"),
        ]
        assert growth(result)["value"].to_list() == pytest.approx([None, 10.0])

    def test_of_single_months_it_is_their_sum(self):
        values = {(2023, 1): 10.0, (2023, 2): 20.0, (2024, 1): 21.0, (2024, 2): 12.0, (2024, 12): 9.0}
        result = january_february(months(values, adjustment="nsa", indicator="gdp"))
        assert result["value"].to_list() == [30.0, 33.0]
        assert result["adjustment"].to_list() == ["ytd", "ytd"]
        assert set(result["method"]) == {"January and February together"}

    @pytest.mark.parametrize(("how", "value"), [("sum", 30.0), ("mean", 15.0), ("end", 20.0)])
    def test_ways(self, how: str, value: float):
        assert january_february(months({(2023, 2): 20.0, (2023, 1): 10.0}), how=how)["value"].to_list() == [
            value
        ]

    @settings(max_examples=20, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=1, max_size=10))
    def test_both_kinds_of_figures_agree(self, pairs: list[tuple[int, int]]):
        single = {(2000 + i, m): float(p[m - 1]) for i, p in enumerate(pairs) for m in (1, 2)}
        summed = {(y, m): v + (single[y, 1] if m == 2 else 0) for (y, m), v in single.items()}
        one = january_february(months(single), how="sum")
        assert one["value"].to_list() == january_february(months(summed, adjustment="ytd"))["value"].to_list()

    def test_missing_months_are_named(self):
        values = {(2022, 1): 5.0, (2023, 2): 20.0, (2024, 1): None, (2024, 2): 3.0}
        result = january_february(months(values), how="sum")
        assert result["value"].to_list() == [None] * 3
        assert result["note"].to_list() == ["February is missing", "January is missing", "January is missing"]
        assert january_february(months(values, adjustment="ytd"))["value"].to_list() == [None, 20.0, 3.0]
        assert january_february(months(values), how="end")["value"].to_list() == [None, 20.0, 3.0]

    def test_provenance(self):
        frame = months({(2023, 1): 10.0, (2023, 2): 20.0}).with_columns(
            sources=pl.Series([["b"], ["a"]]), status=pl.Series(["P", "A"]), note=pl.Series([None, "flash"])
        )
        result = january_february(frame, how="sum")
        assert result.select("sources", "status", "note").row(0) == (["a", "b"], "P", "flash")

    def test_refusals(self):
        with pytest.raises(UsageError, match="frequency 'Q'"):
            january_february(quarters({2020: [1.0, 2.0]}), how="sum")
        with pytest.raises(UsageError, match="how="):
            january_february(months({(2023, 1): 1.0}))
        both = pl.concat(
            [
                months({(2023, 1): 1.0, (2023, 2): 2.0}, adjustment=a, indicator="gdp", area="macao")
                for a in ("nsa", "ytd")
            ]
        )
        with pytest.raises(FrameError, match="two values"):
            january_february(both)
        assert january_february(months({}), how="sum").height == 0


class TestLongerPeriods:
    def test_half_years_from_quarters_and_cumulative_figures(self):
        single = from_ytd(quarters({2022: [1.0, 2.0, 3.0, 4.0], 2023: [5.0, 6.0, 7.0]}))
        halves = to_frequency(single, "S", how="sum")
        assert halves["period"].to_list() == [date(y, m, 1) for y in (2022, 2023) for m in (1, 7)]
        assert halves["value"].to_list() == [3.0, 7.0, 11.0, None]
        assert halves["note"][3] == "1 of 2 quarters present"

    def test_cumulative_half_years(self):
        frame = pl.DataFrame(
            {"frequency": "S", "period": [date(2022, 1, 1), date(2022, 7, 1)], "value": [3.0, 10.0]}
        )
        assert from_ytd(frame)["value"].to_list() == [3.0, 7.0]

    def test_weeks_and_months_from_days_flag_what_is_incomplete(self):
        days = pl.DataFrame(
            {"period": pl.date_range(date(2024, 1, 1), date(2024, 2, 27), "1d", eager=True), "value": 1.0}
        ).filter(pl.col("period") != date(2024, 1, 10))
        weeks = to_frequency(days, "W", how="sum")
        assert weeks["value"].to_list() == [7.0, None, *[7.0] * 6, None]
        assert weeks["note"].to_list()[1] == "6 of 7 days present"
        assert weeks["note"].to_list()[-1] == "2 of 7 days present"
        by_month = to_frequency(days.filter(pl.col("period") >= date(2024, 2, 1)), "M", how="mean")
        assert by_month.select("value", "note").rows() == [(None, "27 of 29 days present")]
