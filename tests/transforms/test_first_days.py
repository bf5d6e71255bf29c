"""Dates of periods: first days only, on the clock of the frame."""

from datetime import date, datetime

import polars as pl
import pytest

import gbaindicators as gba
from gbaindicators.errors import FrameError

YEARS = [date(2015, 1, 1), date(2016, 1, 1)]
GDP = pl.DataFrame(
    {"area": "guangzhou", "frequency": "A", "period": YEARS, "value": [50.0, 66.0], "unit": "CNY"}
)
PRICES = pl.DataFrame({"period": [*YEARS, date(2017, 1, 1)], "value": [80.0, 88.0, 99.0]})
RATES = pl.DataFrame(
    {
        "frequency": "M",
        "period": pl.date_range(date(2015, 1, 1), date(2017, 12, 1), "1mo", eager=True),
        "unit": "CNY per USD",
    }
).with_columns(value=pl.int_range(1, pl.len() + 1) + 0.0)
HEADS = pl.DataFrame({"area": "guangzhou", "period": [date(2014, 1, 1), *YEARS], "value": [1.0, 2.0, 3.0]})


def dated_by_ends(frame, length):
    return frame.with_columns(pl.col("period").dt.offset_by(length).dt.offset_by("-1d"))


@pytest.mark.parametrize(
    "transform",
    [
        pytest.param(lambda frame: gba.convert(frame, rates=RATES), id="convert"),
        pytest.param(lambda frame: gba.deflate(frame, "2015", deflator=PRICES), id="deflate"),
        pytest.param(lambda frame: gba.per_capita(frame, population=HEADS), id="per_capita"),
        pytest.param(gba.growth, id="growth"),
        pytest.param(lambda frame: gba.forecast(frame, 1), id="forecast"),
        pytest.param(lambda frame: gba.growth(frame.lazy()).collect(), id="growth of a lazy frame"),
    ],
)
def test_years_dated_by_their_last_day_are_no_years_from_december(transform):
    with pytest.raises(FrameError, match=r"2015-12-31 is not the first day of a period of frequency 'A'"):
        transform(dated_by_ends(GDP, "1y"))


def test_so_are_they_where_the_frame_does_not_say_its_frequency_and_the_transform_takes_years():
    ends = dated_by_ends(GDP.drop("frequency"), "1y")
    with pytest.raises(FrameError, match="2015-12-31 is not the first day"):
        gba.deflate(ends, "2015", deflator=PRICES)
    with pytest.raises(FrameError, match="2015-12-31 is not the first day"):
        gba.per_capita(ends, population=HEADS)


def test_population_dated_by_year_ends_is_not_that_of_the_next_year():
    with pytest.raises(FrameError, match="2014-12-31 is not the first day"):
        gba.per_capita(GDP, population=dated_by_ends(HEADS, "1y"))


def test_quarters_dated_by_their_last_day_take_no_rates_of_the_next_quarter():
    quarters = pl.DataFrame(
        {"frequency": "Q", "period": [date(2015, 1, 1), date(2015, 4, 1)], "value": [2.0, 5.0], "unit": "CNY"}
    )
    assert gba.convert(quarters, rates=RATES)["value"].to_list() == [1.0, 1.0]
    with pytest.raises(FrameError, match=r"2015-03-31 .*truncate\('3mo'\)"):
        gba.convert(dated_by_ends(quarters, "3mo"), rates=RATES)


def test_rates_dated_by_the_ends_of_months_are_named_as_such():
    with pytest.raises(FrameError, match="2015-01-31 is not the first day"):
        gba.convert(GDP, rates=dated_by_ends(RATES, "1mo"))


def test_a_month_before_the_end_of_february_would_find_no_end_of_january():
    months = pl.DataFrame(
        {
            "frequency": "monthly",
            "period": pl.date_range(date(2023, 1, 1), date(2023, 4, 1), "1mo", eager=True),
            "value": [1.0, 2.0, 4.0, 8.0],
        }
    )
    assert gba.growth(months.with_columns(frequency=pl.lit("M")), "1mo")["value"].to_list() == [
        None,
        100,
        100,
        100,
    ]
    with pytest.raises(FrameError, match=r"2023-01-31 .*truncate\('1mo'\)"):
        gba.growth(dated_by_ends(months, "1mo"), "1mo")


def test_days_and_weeks_begin_on_any_day():
    for code, over in (("D", "1d"), ("W", "1w")):
        days = pl.date_range(date(2024, 2, 26), date(2024, 3, 18), over, eager=True)
        frame = pl.DataFrame({"frequency": code, "period": days, "value": [2.0] * len(days)})
        assert gba.growth(frame, over)["value"].to_list() == [None] + [0.0] * (len(days) - 1)


@pytest.mark.parametrize("zone", ["Asia/Hong_Kong", "America/New_York", "UTC"])
def test_a_day_is_that_of_the_clock_it_was_written_by(zone):
    there = GDP.with_columns(pl.col("period").cast(pl.Datetime).dt.replace_time_zone(zone))
    assert gba.index(there, "2015").select("period", "value").rows() == [(YEARS[0], 100.0), (YEARS[1], 132.0)]
    lazy = gba.index(there.lazy(), "2015").collect()
    assert lazy.select("period", "value").rows() == [(YEARS[0], 100.0), (YEARS[1], 132.0)]


def test_times_of_the_day_are_not_cut_off():
    hours = pl.DataFrame(
        {"period": [datetime(2023, 12, 31, 16), datetime(2024, 12, 31, 16)], "value": [1.0, 2.0]}
    )
    with pytest.raises(FrameError, match="times of the day"):
        gba.growth(hours)
