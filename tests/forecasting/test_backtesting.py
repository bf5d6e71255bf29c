"""Backtests: no look-ahead, which origins, what stands beside the forecasts, and bad input by name."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from gbaindicators.errors import FrameError, PeriodError, SeriesTooShortError, UnknownNameError, UsageError
from gbaindicators.forecasting import forecast
from gbaindicators.forecasting.evaluation.backtesting import backtest

MONTHS = {"A": 12, "S": 6, "Q": 3, "M": 1}
RESULT = ["value", "lower_80", "upper_80", "lower_95", "upper_95", "scale", "squared_scale"]


def frame_of(values, frequency="A", start=2000, **columns):
    step = MONTHS[frequency]
    periods = [date(start + i * step // 12, i * step % 12 + 1, 1) for i in range(len(values))]
    return pl.DataFrame(
        {"frequency": frequency, **columns, "period": periods, "value": values},
        schema_overrides={"value": pl.Float64, "period": pl.Date},
    )


def walk(n, seed=1):
    return 100 * np.exp(np.random.default_rng(seed).normal(0.03, 0.05, n).cumsum())


def years(past):
    return past["origin"].dt.year().unique().sort().to_list()


class TestNoLookAhead:
    @pytest.mark.parametrize(("frequency", "n"), [("A", 24), ("Q", 40), ("M", 50)])
    def test_changing_what_came_later_changes_no_forecast(self, frequency, n):
        frame = frame_of(walk(n), frequency)
        past = backtest(frame, 3)
        cut = past["origin"].unique().sort()[-3]
        later = pl.col("period") > cut
        changed = frame.with_columns(pl.when(later).then(pl.col("value") * 7 + 50).otherwise("value"))
        kept = ["origin", "period", "step", "model", *RESULT]
        before = pl.col("origin") <= cut
        assert backtest(changed, 3).filter(before).select(kept).equals(past.filter(before).select(kept))

    def test_equals_forecasts_of_the_frame_cut_by_hand(self):
        frame = frame_of(walk(30), "Q", area="macao")
        past = backtest(frame, 4, models="auto", windows=3)
        for origin in past["origin"].unique():
            by_hand = forecast(frame.filter(pl.col("period") <= origin), 4)
            of_origin = past.filter(origin=origin)
            bounds = RESULT[:5]
            together = by_hand.join(of_origin, on="period").select(*bounds, pl.col("^.*_right$"))
            assert together.height == of_origin.height
            np.testing.assert_allclose(
                together.select(bounds), together.select(f"{b}_right" for b in bounds), rtol=1e-9
            )

    def test_actuals_and_steps_are_those_of_the_dates(self):
        frame = frame_of(np.arange(30.0), "M")
        past = backtest(frame, 3, models="naive")
        months = past.select(
            (pl.col("period").dt.year() - pl.col("origin").dt.year()) * 12
            + pl.col("period").dt.month()
            - pl.col("origin").dt.month()
        ).to_series()
        assert past["step"].to_list() == months.to_list()
        assert (
            past.join(frame, on="period", suffix="_then")
            .select((pl.col("actual") == pl.col("value_then")).all())
            .item()
        )


class TestOrigins:
    def test_newest_leaves_one_actual_and_there_are_twelve(self):
        past = backtest(frame_of(walk(40)), 5, models="naive")
        assert years(past)[-1] == 2038
        assert len(years(past)) == 12
        assert past.filter(pl.col("origin") == pl.col("origin").max())["step"].to_list() == [1]

    def test_evenly_spread_over_the_later_half(self):
        origins = years(backtest(frame_of(walk(65)), 1, models="naive"))
        assert origins[0] == 2032  # the 32nd newest of 65 values
        assert set(np.diff(origins)) == {2, 3}

    def test_few_values_use_every_origin_with_five_behind_it(self):
        assert years(backtest(frame_of(walk(9)), 2, models="naive")) == [2004, 2005, 2006, 2007]

    def test_windows_and_start(self):
        frame = frame_of(walk(40))
        assert years(backtest(frame, 1, models="naive", windows=1)) == [2038]
        assert years(backtest(frame, 1, models="naive", windows=2)) == [2019, 2038]
        assert len(years(backtest(frame, 1, models="naive", windows=100))) == 35
        assert years(backtest(frame, 1, models="naive", start="2034")) == [2034, 2035, 2036, 2037, 2038]
        early = years(backtest(frame, 1, models="naive", start="1990"))
        assert (early[0], early[-1], len(early)) == (2004, 2038, 12)

    def test_start_of_a_quarter(self):
        past = backtest(frame_of(walk(40), "Q"), 1, models="naive", start="2008-Q3")
        assert past["origin"].min() == date(2008, 7, 1)

    def test_months_are_not_all_the_same(self):
        past = backtest(frame_of(walk(288), "M"), 1, models="naive")
        assert past["origin"].dt.month().n_unique() > 6

    def test_a_season_and_one_more_are_behind_the_first(self):
        past = backtest(frame_of(walk(16), "M"), 1, models="naive")
        assert past["origin"].min() == date(2001, 1, 1)
        assert past["scale"].null_count() == 0

    def test_each_series_by_its_own_dates(self):
        frame = pl.concat([frame_of(walk(12), area="macao"), frame_of(walk(9), area="zhuhai", start=2010)])
        newest = backtest(frame, 2, models="naive").group_by("area").agg(pl.col("origin").max().dt.year())
        assert dict(newest.iter_rows()) == {"macao": 2010, "zhuhai": 2017}


class TestBreaks:
    def test_actuals_on_another_base_are_left_out(self):
        values = walk(24)
        values[14:] *= 3
        frame = frame_of(values).with_columns(
            status=pl.when(pl.col("period") == date(2014, 1, 1)).then(pl.lit("B")).otherwise(pl.lit("A"))
        )
        past = backtest(frame, 3, models="drift")
        broken = pl.lit(date(2014, 1, 1))
        assert past.filter(pl.col("origin") < broken, pl.col("period") >= broken).is_empty()
        # 2013 has no actual on its base, 2014 to 2017 fewer than five values after the break
        assert years(past) == [*range(2006, 2013), *range(2018, 2023)]

    def test_a_break_at_the_end_leaves_the_origins_before_it(self):
        frame = frame_of(walk(14)).with_columns(
            status=pl.when(pl.col("period") == date(2013, 1, 1)).then(pl.lit("B")).otherwise(pl.lit("A"))
        )
        assert years(backtest(frame, 2, models="naive"))[-1] == 2011


class TestScale:
    def test_by_hand_for_years(self):
        past = backtest(frame_of([1.0, 3.0, 2.0, 5.0, 4.0, 6.0]), 1, models="naive")
        assert past["scale"].to_list() == [(2 + 1 + 3 + 1) / 4]
        assert past["squared_scale"].to_list() == [(4 + 1 + 9 + 1) / 4]

    def test_by_hand_for_quarters(self):
        values = [1.0, 2.0, 3.0, 4.0, 3.0, 5.0, 7.0]
        past = backtest(frame_of(values, "Q"), 1, models="naive")
        assert past["scale"].to_list() == [2.0, 2.5]
        assert past["squared_scale"].to_list() == [4.0, 6.5]

    def test_of_a_constant_is_null(self):
        past = backtest(frame_of([7.0] * 8), 1)
        assert past["scale"].null_count() == past["squared_scale"].null_count() == past.height

    def test_of_several_frequencies_at_once(self):
        frame = pl.concat([frame_of([1.0, 2, 4, 7, 11, 16, 22]), frame_of([1.0, 2, 4, 7, 11, 16, 22], "Q")])
        past = backtest(frame, 1, models="naive", windows=1)
        assert past["scale"].to_list() == [3.0, (10 + 14) / 2]


class TestFrame:
    def test_columns_of_a_loaded_frame(self):
        frame = frame_of(walk(8), indicator="gdp", area="macao", unit="MOP").with_columns(
            sources=pl.when(pl.col("period") == date(2007, 1, 1))
            .then(pl.lit(["new"]))
            .otherwise(pl.lit(["old"])),
            adjustment=pl.lit("nsa"),
            status=pl.lit("P"),
            vintage=date(2024, 1, 1),
            method=pl.lit("added up"),
        )
        past = backtest(frame, 2, models=["naive", "drift"])
        assert past.columns == [
            *(
                "indicator",
                "area",
                "adjustment",
                "frequency",
                "origin",
                "period",
                "step",
                "value",
                "actual",
                "unit",
            ),
            *("sources", "model", "lower_80", "upper_80", "lower_95", "upper_95", "scale", "squared_scale"),
        ]
        of_last = past["period"] == date(2007, 1, 1)
        assert past.filter(of_last)["sources"].to_list()[0] == ["new", "old"]
        assert past.filter(~of_last)["sources"].to_list()[0] == ["old"]
        assert past["model"].to_list()[:2] == ["naive", "drift"]

    def test_only_period_and_value(self):
        frame = frame_of(walk(40), "Q")
        past = backtest(frame.drop("frequency"), 2)
        assert past.equals(backtest(frame, 2))
        assert past.columns[:3] == ["frequency", "origin", "period"]

    def test_frequency_is_read_for_each_series(self):
        frame = pl.concat([frame_of(walk(12), area="macao"), frame_of(walk(12), "Q", area="zhuhai")])
        assert backtest(frame.drop("frequency"), 2).equals(
            backtest(frame, 2).select("area", pl.exclude("area"))
        )

    def test_order_of_rows_and_missing_ends_change_nothing(self):
        frame = pl.concat([frame_of(walk(12, i), area=f"a{i}", prices=None) for i in range(3)])
        past = backtest(frame, 2)
        ends = frame_of([None], start=2030, area="a1", prices=None)
        again = pl.concat([frame, ends]).sample(fraction=1, shuffle=True, seed=2)
        assert backtest(again, 2).equals(past)

    def test_levels(self):
        assert "lower_50" in backtest(frame_of(walk(8)), 1, models="naive", level=50).columns


class TestBadInput:
    def test_short_series_are_named_at_most_five(self):
        short = [frame_of(walk(5), area=f"s{i}") for i in range(7)]
        with pytest.raises(SeriesTooShortError, match=r"A, s0 \(5\)") as caught:
            backtest(pl.concat([frame_of(walk(9), area="long"), *short]), 1)
        assert "and 2 more" in str(caught.value)
        assert "long" not in str(caught.value).split("too few")[1].split(":")[0]

    def test_start_after_the_end(self):
        with pytest.raises(SeriesTooShortError, match=r"from 2040 on.*or start earlier"):
            backtest(frame_of(walk(9)), 1, start="2040")
        with pytest.raises(PeriodError, match="2020-Q1"):
            backtest(frame_of(walk(9), "Q"), 1, start="2020Q1")

    @pytest.mark.parametrize("windows", [0, -1, 2.5, True, "3"])
    def test_windows(self, windows):
        with pytest.raises(UsageError, match="an integer from 1"):
            backtest(frame_of(walk(9)), 1, windows=windows)

    def test_models(self):
        with pytest.raises(UsageError, match="models is empty"):
            backtest(frame_of(walk(9)), 1, models=[])
        with pytest.raises(UnknownNameError, match="naive"):
            backtest(frame_of(walk(9)), 1, models=["naif"])

    def test_horizon_is_checked_by_forecast(self):
        with pytest.raises(UsageError, match="horizon"):
            backtest(frame_of(walk(9)), 0)

    def test_gap_is_named_without_an_origin(self):
        values = [*walk(9), None, *walk(9)]
        with pytest.raises(FrameError, match=r"macao.*2009"):
            backtest(frame_of(values, area="macao"), 1)

    def test_columns_in_the_way(self):
        with pytest.raises(FrameError, match="'step'"):
            backtest(frame_of(walk(9), step=1), 1)
        with pytest.raises(FrameError, match="lower_80"):
            backtest(frame_of(walk(9), lower_80=1.0), 1)
