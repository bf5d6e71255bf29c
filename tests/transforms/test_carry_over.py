"""Carry-over by hand, by an official number, and by its identity with annual growth."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators.errors import FrameError, UsageError
from gbaindicators.transforms.carry_over import carry_over

LENGTH = {"S": 6, "Q": 3, "M": 1}


def series(values: list[float | None], code: str = "Q", first: int = 2022, **columns: str) -> pl.DataFrame:
    months = LENGTH[code]
    n = 12 // months
    frame = pl.DataFrame(
        {
            "frequency": code,
            "period": [date(first + i // n, months * (i % n) + 1, 1) for i in range(len(values))],
            "value": values,
        },
        schema_overrides={"period": pl.Date, "value": pl.Float64},
    )
    return frame.with_columns(pl.lit(v).alias(k) for k, v in columns.items())


def test_by_hand():
    result = carry_over(series([97.0, 99.0, 101.0, 103.0, 104.0, 106.0, 105.0, 107.0]))
    expected = [None, None, None, 3.0, 4.0, 5.5, 5.0, 100 * (4 * 107 / 422 - 1)]
    assert result["value"].to_list() == pytest.approx(expected)
    assert set(result["unit"]) == {"percent"}
    assert result["note"].to_list()[3:] == [
        f"growth of {y} if the level stays" for y in (2023, 2023, 2023, 2023, 2024)
    ]
    assert result["note"][0] == "a period of this year or of the year before is missing"


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_what_later_periods_add_leads_to_the_growth_of_the_year(data: st.DataObject):
    code = data.draw(st.sampled_from(["S", "Q", "M"]))
    n = 12 // LENGTH[code]
    values = data.draw(st.lists(st.floats(1, 1000), min_size=2 * n, max_size=2 * n))
    rates = carry_over(series(values, code))["value"].to_list()
    base = sum(values[:n])
    growth = 100 * (sum(values[n:]) / base - 1)
    added = [(2 * n - i) * (values[i] - values[i - 1]) / base * 100 for i in range(n, 2 * n)]
    assert rates[n - 1] + sum(added) == pytest.approx(growth, abs=1e-8)
    for i in range(n, 2 * n - 1):
        assert rates[i] - rates[i - 1] == pytest.approx(added[i - n], abs=1e-8)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(1, 1000), min_size=8, max_size=12), st.floats(0.01, 100))
def test_does_not_depend_on_the_unit(values: list[float], scale: float):
    one, other = carry_over(series(values)), carry_over(series([scale * v for v in values]))
    assert other["value"].to_list() == pytest.approx(one["value"].to_list(), abs=1e-8)


def test_constant_series_carries_nothing_over():
    assert carry_over(series([5.0] * 8))["value"].to_list()[3:] == [0.0] * 5


def test_gaps_zero_and_negative():
    gap = carry_over(series([1.0, None, 1.0, 1.0, 1.0]))
    assert gap["value"].to_list() == [None] * 5
    assert set(gap["note"]) == {"a period of this year or of the year before is missing"}
    absent = series([1.0] * 8).filter(pl.col("period") != date(2023, 4, 1))
    assert carry_over(absent)["value"].to_list() == [None, None, None, 0.0, 0.0, None, None]
    for values in ([0.0] * 4, [1.0, -2.0, 0.5, 0.25]):
        result = carry_over(series(values))
        assert result["value"][3] is None
        assert result["note"][3] == "the year before does not sum to more than zero"


def test_provenance_comes_from_what_goes_in():
    frame = series([100.0] * 6, status="A").with_columns(
        status=pl.Series(["P", "A", "A", "A", "A", "U"]),
        sources=pl.Series([["old"], ["a"], ["a"], ["a"], ["a"], ["new"]]),
        vintage=pl.Series([date(2024, 1, 1)] * 5 + [date(2025, 1, 1)]),
    )
    result = carry_over(frame)
    assert result["sources"].to_list()[4] == ["a", "old"]
    assert result["status"].to_list()[3:] == ["P", "P", "U"]
    assert result["vintage"].to_list()[4:] == [date(2024, 1, 1), date(2025, 1, 1)]


def test_several_series_and_frequencies_in_any_order():
    frame = pl.concat(
        [series([97.0, 99.0, 101.0, 103.0], area="macao"), series([1.0, 3.0], "S", area="macao")]
    ).reverse()
    result = carry_over(frame)
    assert result.select("area", "frequency", "period").equals(frame.select("area", "frequency", "period"))
    assert result["value"].to_list() == pytest.approx([50.0, None, 3.0, None, None, None])


def test_refusals():
    years = pl.DataFrame({"period": [date(2022, 1, 1), date(2023, 1, 1)], "value": [1.0, 2.0]})
    with pytest.raises(UsageError, match="half-years, quarters or months"):
        carry_over(years)
    with pytest.raises(UsageError, match="from_ytd"):
        carry_over(series([1.0] * 4, adjustment="ytd"))
    with pytest.raises(FrameError, match="two values"):
        carry_over(pl.concat([series([1.0])] * 2))
    assert carry_over(series([])).height == 0
