"""Growth rates: by date, with provenance, and average growth between two periods."""

from __future__ import annotations

from datetime import date
from math import log

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators.errors import FrameError, PeriodError, UsageError
from gbaindicators.transforms import cagr, growth


def years(values: dict[int, float | None], **columns: object) -> pl.DataFrame:
    frame = pl.DataFrame(
        {"period": [date(y, 1, 1) for y in values], "value": list(values.values())},
        schema_overrides={"period": pl.Date, "value": pl.Float64},
    )
    return frame.with_columns(**{k: pl.lit(v) for k, v in columns.items()})


def months(values: list[float | None], start: int = 2020) -> pl.DataFrame:
    dates = [date(start + i // 12, i % 12 + 1, 1) for i in range(len(values))]
    return pl.DataFrame(
        {"frequency": "M", "period": dates, "value": values}, schema_overrides={"value": pl.Float64}
    )


@st.composite
def panels(draw: st.DrawFn) -> pl.DataFrame:
    """Monthly series of three areas with gaps and nulls."""
    values = st.one_of(st.none(), st.floats(1e-3, 1e9), st.sampled_from([0.0, -5.0, 7.0]))
    rows = [
        (area, date(2000 + m // 12, m % 12 + 1, 1), draw(values))
        for area in ("guangzhou", "macao", None)
        for m in draw(st.lists(st.integers(0, 40), unique=True, max_size=20))
    ]
    return pl.DataFrame(
        rows, schema={"area": pl.String, "period": pl.Date, "value": pl.Float64}, orient="row"
    )


def test_compares_with_the_same_period_a_year_earlier_by_date():
    frame = years({2019: 200.0, 2020: 210.0, 2022: 240.0, 2023: 252.0})
    assert growth(frame)["value"].to_list() == [None, pytest.approx(5), None, pytest.approx(5)]


def test_hong_kong_gdp_growth_of_2020_by_hand():
    # C&SD, National Income: GDP at current prices 2,845,022 and 2,675,314 million HKD: -5.97 percent
    frame = years({2019: 2_845_022e6, 2020: 2_675_314e6})
    assert growth(frame)["value"][1] == pytest.approx(-5.965, abs=1e-3)


def test_a_gap_gives_null_and_never_the_neighbour():
    frame = months([100.0] * 12 + [110.0] * 12).filter(pl.col("period") != date(2020, 3, 1))
    result = growth(frame).filter(pl.col("value").is_not_null())
    assert date(2021, 3, 1) not in result["period"]
    assert result.height == 11


@pytest.mark.parametrize("base", [0.0, -4.0, None])
def test_base_that_is_zero_negative_or_missing_gives_null(base: float | None):
    assert growth(years({2020: base, 2021: 5.0}))["value"][1] is None


def test_negative_value_over_a_positive_base_is_a_fall_but_has_no_logarithm():
    frame = years({2020: 100.0, 2021: -50.0})
    assert growth(frame)["value"][1] == pytest.approx(-150)
    assert growth(frame, log=True)["value"][1] is None
    assert growth(frame, annualize=True)["value"][1] is None


def test_logs_annualized_and_both():
    frame = months([100.0, 101.0])
    assert growth(frame, "1mo", log=True)["value"][1] == pytest.approx(100 * log(1.01))
    assert growth(frame, "1mo", annualize=True)["value"][1] == pytest.approx((1.01**12 - 1) * 100)
    assert growth(frame, "1mo", log=True, annualize=True)["value"][1] == pytest.approx(1200 * log(1.01))
    assert growth(frame, "1mo", log=True, annualize=True)["method"][1] == "annualized log growth over 1mo"


def test_two_years_annualized_is_the_average_rate():
    assert growth(years({2020: 100.0, 2022: 121.0}), "2y", annualize=True)["value"][1] == pytest.approx(10)


def test_constant_series_does_not_grow_and_one_row_has_no_growth():
    assert growth(months([7.0] * 13))["value"].to_list() == [None] * 12 + [0.0]
    assert growth(years({2020: 1.0}))["value"].to_list() == [None]


def test_empty_frame_gives_an_empty_frame():
    result = growth(years({}))
    assert result.height == 0
    assert {"unit", "method"} <= set(result.columns)


def test_a_rate_too_large_for_a_float_is_null():
    assert growth(years({2020: 5e-324, 2021: 1e300}))["value"][1] is None


def test_leap_day_looks_back_to_28_february():
    days = [date(2023, 2, 28), date(2024, 2, 29)]
    frame = pl.DataFrame({"frequency": "D", "period": days, "value": [100.0, 103.0]})
    assert growth(frame)["value"][1] == pytest.approx(3)


@pytest.mark.parametrize(
    ("frequency", "over"), [("A", "1mo"), ("A", "1w"), ("Q", "2mo"), ("M", "10d"), ("W", "1y"), ("W", "10d")]
)
def test_span_must_be_a_whole_number_of_periods(frequency: str, over: str):
    frame = years({2020: 1.0, 2021: 2.0}, frequency=frequency)
    with pytest.raises(UsageError, match="take a multiple of"):
        growth(frame, over)


@pytest.mark.parametrize(
    ("frequency", "over"), [("A", "12mo"), ("Q", "1y"), ("M", "1q"), ("W", "14d"), ("D", "1mo")]
)
def test_spans_that_are_whole(frequency: str, over: str):
    assert growth(years({2020: 1.0}, frequency=frequency), over).height == 1


@pytest.mark.parametrize("over", ["", "y", "-1y", "0y", "1 y", "year", "1h", None])
def test_what_is_no_span(over: str):
    with pytest.raises(UsageError, match="not a duration"):
        growth(years({2020: 1.0}), over)


def test_month_ends_are_refused_in_frames_that_do_not_say_their_frequency():
    frame = pl.DataFrame({"period": [date(2023, 1, 31), date(2023, 2, 28)], "value": [1.0, 2.0]})
    with pytest.raises(FrameError, match="month_start"):
        growth(frame, "1mo")


def test_accumulated_figures_only_over_whole_years():
    frame = months([1.0] * 13).with_columns(adjustment=pl.lit("ytd"))
    assert growth(frame)["value"][12] == 0
    with pytest.raises(UsageError, match="from_ytd"):
        growth(frame, "1mo")


def test_duplicates_nan_lazy_and_intervals_are_refused():
    twice = pl.concat([years({2020: 1.0, 2021: 3.0}), years({2020: 2.0})])
    for order in (twice, twice.sort("period")):
        with pytest.raises(FrameError, match="two values"):
            growth(order)
    with pytest.raises(FrameError, match="NaN"):
        growth(years({2020: float("nan")}))
    with pytest.raises(FrameError, match="collect"):
        growth(years({2020: 1.0}).lazy())  # type: ignore[arg-type]
    with pytest.raises(FrameError, match="lower_80"):
        growth(years({2020: 1.0}, lower_80=0.5))
    with pytest.raises(FrameError, match="Polars frame"):
        growth([1, 2])  # type: ignore[arg-type]


def test_sources_status_and_vintage_take_in_both_ends():
    frame = pl.DataFrame(
        {
            "area": "macao",
            "period": [date(y, 1, 1) for y in (2020, 2021, 2022)],
            "value": [1.0, 2.0, 3.0],
            "unit": "MOP",
            "sources": [["b"], ["a"], ["a"]],
            "prices": "current",
            "status": ["E", "A", "P"],
            "vintage": [date(2023, 1, 1), date(2022, 1, 1), date(2022, 5, 1)],
            "method": [None, "converted", None],
        }
    )
    result = growth(frame)
    assert result["sources"].to_list() == [["b"], ["a", "b"], ["a"]]
    assert result["status"].to_list() == ["E", "E", "P"]
    assert result["vintage"].to_list() == [date(2023, 1, 1), date(2023, 1, 1), date(2022, 5, 1)]
    assert result["method"].to_list() == ["growth over 1y", "converted; growth over 1y", "growth over 1y"]
    assert result["unit"].to_list() == ["percent"] * 3
    assert result["prices"].to_list() == ["current"] * 3
    assert result.columns == frame.columns


@pytest.mark.parametrize("keys", [{}, {"area": "macao"}])
def test_a_break_between_the_two_ends_shows(keys: dict[str, str]):
    frame = months([1.0] * 15).with_columns(status=pl.lit("A"), **{k: pl.lit(v) for k, v in keys.items()})
    frame = frame.with_columns(
        status=pl.when(pl.col("period") == date(2020, 6, 1)).then(pl.lit("B")).otherwise("status")
    ).reverse()
    result = growth(frame).sort("period")
    # every growth rate to 2021 crosses June 2020
    assert result["status"].to_list() == ["A"] * 5 + ["B"] + ["A"] * 6 + ["B"] * 3


@settings(max_examples=40, deadline=None)
@given(panels(), st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing_but_order(frame: pl.DataFrame, random: object):
    order = list(range(frame.height))
    random.shuffle(order)  # type: ignore[attr-defined]
    assert growth(frame[order]).equals(growth(frame)[order])


@settings(max_examples=40, deadline=None)
@given(panels())
def test_agrees_with_a_join_by_date(frame: pl.DataFrame):
    base = frame.select("area", period=pl.col("period").dt.offset_by("1y"), base="value")
    joined = frame.join(base, on=["area", "period"], how="left", nulls_equal=True, maintain_order="left")
    expected = joined.select(pl.when(pl.col("base") > 0).then((pl.col("value") / pl.col("base") - 1) * 100))
    assert growth(frame)["value"].to_list() == expected.to_series().to_list()


@settings(max_examples=40, deadline=None)
@given(panels(), st.integers(-40, 40))
def test_shifting_all_dates_by_years_shifts_the_result(frame: pl.DataFrame, by: int):
    shifted = frame.with_columns(pl.col("period").dt.offset_by(f"{by}y"))
    assert growth(shifted)["value"].to_list() == growth(frame)["value"].to_list()


@settings(max_examples=40, deadline=None)
@given(panels())
def test_names_of_series_mean_nothing(frame: pl.DataFrame):
    renamed = frame.with_columns(pl.col("area").replace({"guangzhou": "macao", "macao": "guangzhou"}))
    assert growth(renamed)["value"].to_list() == growth(frame)["value"].to_list()


def test_average_annual_growth_by_hand():
    result = cagr(years({2010: 100.0, 2015: 130.0, 2020: 200.0}, area="macao", unit="MOP"), "2010", "2020")
    assert result["value"].to_list() == [pytest.approx(7.17734625)]
    assert result.select("area", "period", "unit", "method").rows() == [
        ("macao", date(2020, 1, 1), "percent", "average annual growth 2010 to 2020")
    ]


def test_average_growth_of_quarters_counts_years():
    frame = pl.DataFrame(
        {"frequency": "Q", "period": [date(2020, 1, 1), date(2021, 7, 1)], "value": [100.0, 121.0]}
    )
    assert cagr(frame, "2020-Q1", "2021-Q3")["value"][0] == pytest.approx((1.21 ** (1 / 1.5) - 1) * 100)


def test_average_growth_of_fiscal_years():
    frame = pl.DataFrame(
        {"frequency": "A", "period": [date(2010, 4, 1), date(2012, 4, 1)], "value": [100.0, 121.0]}
    )
    assert cagr(frame, "2010-04-01/P1Y", "2012-04-01/P1Y")["value"][0] == pytest.approx(10)


def test_average_growth_unites_sources():
    frame = years({2010: 1.0, 2020: 2.0}).with_columns(
        sources=pl.Series([["b"], ["a"]]), status=pl.Series(["P", "A"])
    )
    assert cagr(frame, "2010", "2020").select("sources", "status").row(0) == (["a", "b"], "P")
    assert cagr(frame, 2010, 2020).equals(cagr(frame, "2010", "2020"))


def test_average_growth_across_a_break_shows_it_though_both_ends_are_sound():
    broken = years({2010: 1.0, 2015: 5.0, 2020: 6.0, 2024: 7.0}, area="guangzhou", status="A").with_columns(
        status=pl.when(pl.col("period") == date(2015, 1, 1)).then(pl.lit("B")).otherwise("status")
    )
    sound = years({2010: 1.0, 2020: 2.0, 2024: 3.0}, area="macao", status="A")
    both = pl.concat([sound, broken])
    assert cagr(both, "2010", "2020").select("area", "status").rows() == [("macao", "A"), ("guangzhou", "B")]
    assert cagr(both, "2020", "2024")["status"].to_list() == ["A", "A"]
    assert cagr(broken.drop("area"), "2010", "2020")["status"].to_list() == ["B"]
    assert cagr(both.lazy().with_columns(frequency=pl.lit("A")), "2010", "2024").collect().sort("area")[
        "status"
    ].to_list() == ["B", "A"]


def test_average_growth_names_the_series_that_lacks_a_period():
    frame = pl.concat(
        [years({2010: 1.0, 2020: 2.0}, area="macao"), years({2011: 1.0, 2020: 2.0}, area="zhuhai")]
    )
    with pytest.raises(FrameError, match="no value in 2010 for zhuhai"):
        cagr(frame, "2010", "2020")
    with pytest.raises(FrameError, match="reach from 2010-01-01 to 2020-01-01"):
        cagr(frame, "2005", "2020")
    with pytest.raises(FrameError, match="no series has a value in 2025"):
        cagr(frame, "2010", "2025")


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_average_growth_needs_positive_ends(value: float):
    with pytest.raises(FrameError, match="positive"):
        cagr(years({2010: value, 2020: 2.0}), "2010", "2020")


def test_average_growth_refuses_what_makes_no_sense():
    frame = years({2010: 1.0, 2020: 2.0})
    with pytest.raises(UsageError, match="must lie after"):
        cagr(frame, "2020", "2010")
    with pytest.raises(UsageError, match="different length"):
        cagr(frame, "2010", "2020-Q1")
    with pytest.raises(PeriodError):
        cagr(frame, "ten", "2020")
    with pytest.raises(FrameError, match="empty"):
        cagr(frame.clear(), "2010", "2020")
    with pytest.raises(UsageError, match="'2020-01'"):
        cagr(months([1.0] * 30), "2020", "2022")
    with pytest.raises(UsageError, match="frequency 'A'"):
        cagr(months([1.0] * 30).drop("frequency"), "2020", "2022")
