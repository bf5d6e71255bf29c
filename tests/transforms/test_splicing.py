"""Splicing: the level of the new basis, the growth of the old, and what is refused."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators.errors import FrameError, PeriodError
from gbaindicators.transforms import growth
from gbaindicators.transforms.splicing import splice


def years(values: dict[int, float | None], **columns: str) -> pl.DataFrame:
    frame = pl.DataFrame(
        {"period": [date(y, 1, 1) for y in values], "value": list(values.values())},
        schema={"period": pl.Date, "value": pl.Float64},
    )
    return frame.with_columns(**{k: pl.lit(v) for k, v in columns.items()})


OLD = years({2012: 90.0, 2013: 100.0, 2014: 110.0, 2015: 121.0}, unit="index 2013=100")
NEW = years({2014: 50.0, 2015: 56.0, 2016: 60.0}, unit="index 2018=100")


def test_mean_over_the_overlap() -> None:
    out = splice(OLD, NEW)
    factor = (50 + 56) / (110 + 121)
    assert out["value"].to_list() == pytest.approx([90 * factor, 100 * factor, 50, 56, 60])
    assert out["unit"].unique().to_list() == ["index 2018=100"]
    assert out["method"].to_list()[1:3] == [
        "spliced, times 0.458874 (overlap 2014-01-01 to 2015-01-01)",
        None,
    ]
    assert out["note"].to_list() == [
        None,
        None,
        "spliced: earlier values are of another basis, rescaled",
        None,
        None,
    ]


def test_one_period_keeps_the_growth_of_the_old_basis_up_to_it() -> None:
    out = splice(OLD, NEW, at="2014")
    assert out["value"].to_list() == pytest.approx([90 * 50 / 110, 100 * 50 / 110, 50, 56, 60])
    assert growth(out)["value"].to_list()[1:3] == pytest.approx(growth(OLD)["value"].to_list()[1:3])


def test_a_year_of_months() -> None:
    months = [date(2019 + i // 12, i % 12 + 1, 1) for i in range(36)]
    old = pl.DataFrame({"period": months[:24], "value": [float(i + 1) for i in range(24)]})
    new = pl.DataFrame({"period": months[12:], "value": [2.0 * i + 5 for i in range(24)]})
    factor = sum(2 * i + 5 for i in range(12)) / sum(range(13, 25))
    assert splice(old, new, at="2020")["value"][0] == pytest.approx(factor)
    assert splice(old, new)["value"].len() == 36


def test_prices_may_differ_and_series_stay_apart() -> None:
    old = pl.concat([OLD.with_columns(area=pl.lit(a), prices=pl.lit("chained 2013")) for a in ("b", "a")])
    new = pl.concat(
        [
            NEW.with_columns(area=pl.lit(a), prices=pl.lit("chained 2018"), value=pl.col("value") * k)
            for a, k in (("a", 1), ("b", 2))
        ]
    )
    out = splice(old, new)
    assert out["prices"].unique().to_list() == ["chained 2018"]
    values = [out.filter(pl.col("area") == a)["value"].to_list() for a in ("a", "b")]
    assert values[1] == pytest.approx([2 * v for v in values[0]])


def test_origin_and_status() -> None:
    old = OLD.with_columns(
        sources=pl.lit(["old"]), status=pl.Series(["A", "U", "A", "A"]), vintage=pl.lit(date(2016, 1, 1))
    )
    new = NEW.with_columns(
        sources=pl.lit(["new"]), status=pl.Series(["A", "P", "P"]), vintage=pl.lit(date(2020, 1, 1))
    )
    out = splice(old, new, at="2014")
    assert out["status"].to_list() == ["E", "U", "A", "P", "P"]
    assert out["sources"].to_list() == [["new", "old"]] * 2 + [["new"]] * 3
    assert out["vintage"].unique().to_list() == [date(2020, 1, 1)]


def test_the_break_that_a_splice_mends_is_no_break_any_more() -> None:
    old = OLD.with_columns(status=pl.lit("A"))
    new = NEW.with_columns(status=pl.Series(["B", "A", "A"]))
    assert splice(old, new)["status"].to_list() == ["E", "E", "A", "A", "A"]
    within = NEW.with_columns(status=pl.Series(["A", "B", "A"]))
    assert splice(old, within)["status"].to_list() == ["B", "B", "A", "B", "A"]


def test_new_values_stay_and_nothing_old_fills_their_gaps() -> None:
    new = years({2013: 50.0, 2015: 60.0}, unit="index 2018=100")
    assert splice(OLD, new)["period"].dt.year().to_list() == [2012, 2013, 2015]


def test_no_old_values_before_the_new_ones() -> None:
    out = splice(OLD.tail(2), NEW)
    assert out["value"].to_list() == NEW["value"].to_list()
    assert out["note"].null_count() == 3


@settings(max_examples=40, deadline=None)
@given(
    values=st.lists(st.floats(0.1, 1e9), min_size=4, max_size=20),
    factor=st.floats(0.01, 100),
    cut=st.integers(1, 3),
)
def test_a_rescaled_series_is_put_together_again(values: list[float], factor: float, cut: int) -> None:
    whole = years({1990 + i: v for i, v in enumerate(values)})
    old = whole.with_columns(pl.col("value") * factor).head(cut + 1)
    assert splice(old, whole.slice(cut))["value"].to_list() == pytest.approx(values, rel=1e-9)


class TestErrors:
    def test_no_overlap(self) -> None:
        with pytest.raises(
            FrameError,
            match=r"do not overlap: the old one runs from 2012-01-01 to 2013-01-01, the new one from 2014",
        ):
            splice(OLD.head(2), NEW)
        with pytest.raises(FrameError, match="do not overlap in 2016"):
            splice(OLD, NEW, at="2016")
        with pytest.raises(FrameError, match="do not overlap"):
            splice(years({2013: 1.0, 2014: None}), years({2014: 1.0}))

    @pytest.mark.parametrize("value", [0.0, -1.0])
    def test_a_mean_that_is_not_positive(self, value: float) -> None:
        with pytest.raises(FrameError, match="not positive"):
            splice(OLD.with_columns(value=value), NEW)

    def test_units(self) -> None:
        with pytest.raises(FrameError, match="in CNY and HKD"):
            splice(OLD.with_columns(unit=pl.lit("CNY")), NEW.with_columns(unit=pl.lit("HKD")))
        with pytest.raises(FrameError, match="one unit"):
            splice(OLD, NEW.with_columns(unit=pl.lit("HKD")))

    def test_series_in_one_frame_only(self) -> None:
        macao, zhuhai = (f.with_columns(area=pl.lit(a)) for f, a in ((OLD, "macao"), (NEW, "zhuhai")))
        with pytest.raises(FrameError, match="macao is in the old frame only"):
            splice(macao, zhuhai)
        both = pl.concat([zhuhai, NEW.with_columns(area=pl.lit("macao"))])
        with pytest.raises(FrameError, match="zhuhai is in the new frame only"):
            splice(macao, both)
        with pytest.raises(FrameError, match="only one of the two frames has 'area'"):
            splice(OLD, zhuhai)

    def test_several_bases_in_one_frame(self) -> None:
        two = pl.concat([OLD.with_columns(prices=pl.lit(p)) for p in ("chained 2013", "chained 2018")])
        with pytest.raises(FrameError, match="the old frame has one series on several bases"):
            splice(two, NEW)

    def test_at_is_a_period(self) -> None:
        with pytest.raises(PeriodError):
            splice(OLD, NEW, at="overlap")
