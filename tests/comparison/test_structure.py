"""Structure: shares of a total, location quotients, similarity, shift-share that adds up."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbaindicators.comparison.sector_shares import shares_of_total
from gbaindicators.comparison.shift_share import shift_share
from gbaindicators.comparison.structure import location_quotients, similarity
from gbaindicators.errors import FrameError, UnknownNameError, UsageError

SECTORS = ("value_added_primary", "value_added_secondary", "value_added_tertiary")


def economy(areas, years=(2010, 2020), **columns):
    """Series frame of areas, each with a list of sector values for every year."""
    return pl.DataFrame(
        [
            {
                "indicator": s,
                "area": a,
                "period": date(y, 1, 1),
                "value": None if v is None else float(v),
                **columns,
            }
            for a, by_year in areas.items()
            for y, row in zip(years, by_year, strict=False)
            for s, v in zip(SECTORS, row, strict=False)
        ]
    )


def test_shares_of_a_published_total():
    parts = economy({"macao": [[1, 20, 75]], "shenzhen": [[1, 40, 60]]}, sources=["x"], status="A")
    total = economy({"macao": [[100]], "shenzhen": [[102]]}, sources=["y"], status="P").with_columns(
        indicator=pl.lit("gdp")
    )
    table = shares_of_total(parts, total)
    assert table.filter(area="macao")["value"].to_list() == [1.0, 20.0, 75.0]
    assert table["unit"].unique().to_list() == ["percent"]
    assert table["sources"][0].to_list() == ["x", "y"]
    assert set(table["status"]) == {"P"}


def test_a_year_without_the_total_is_null_and_says_so():
    parts = economy({"macao": [[1, 20, 75], [1, 21, 80]]})
    total = economy({"macao": [[100]]}).with_columns(indicator=pl.lit("gdp"))
    table = shares_of_total(parts, total)
    assert table["value"].null_count() == 3
    assert table["note"].to_list() == [None] * 3 + ["no value of gdp"] * 3


def total_of(value, **columns):
    row = {"indicator": "gdp", "area": "macao", "period": date(2010, 1, 1), "value": float(value), **columns}
    return pl.DataFrame([row])


@pytest.mark.parametrize(
    ("parts", "total", "says"),
    [
        (economy({"macao": [[1, 20, 75]]}), total_of(50), "does not contain it"),
        (economy({"zhuhai": [[1, 20, 75]]}), total_of(500), "no total 'gdp' for value_added_primary, zhuhai"),
        (economy({"macao": [[1, 2, 3]]}, unit="CNY"), total_of(50, unit="MOP"), "'CNY' cannot be a share"),
        (
            economy({"macao": [[1, 2, 3]]}, prices="constant 2015"),
            total_of(50, prices="current"),
            "must agree in 'area', 'prices'",
        ),
        (total_of(50), total_of(50), "among its own parts"),
        (
            total_of(5).with_columns(indicator=pl.lit("air_passengers")),
            total_of(50).with_columns(indicator=pl.lit("container_throughput")),
            "does not contain air_passengers: its parts are",
        ),
        (economy({"macao": [[1, 2, 3]]}), economy({"macao": [[1, 2, 3]]}), "must be one indicator"),
    ],
)
def test_a_share_of_what_does_not_contain_the_part_is_refused(parts, total, says):
    with pytest.raises(FrameError, match=says):
        shares_of_total(parts, total)


def test_location_quotients_by_hand_whatever_the_units():
    frame = pl.concat([
        economy({"macao": [[0, 10, 90]]}, unit="MOP"), economy({"guangdong": [[5, 40, 55]]}, unit="CNY"),
    ])  # fmt: skip
    table = location_quotients(frame, "guangdong")
    assert table["value"].to_list() == pytest.approx([0, 0.25, 90 / 55])
    assert table["area"].unique().to_list() == ["macao"]


def test_location_quotients_weighted_by_the_benchmarks_shares_mean_one():
    frame = economy({"macao": [[2, 10, 90]], "guangdong": [[5, 40, 55]]})
    table = location_quotients(frame, "guangdong")
    assert np.dot(table["value"], [0.05, 0.40, 0.55]) == pytest.approx(1)


def test_a_sector_that_the_benchmark_lacks_has_no_quotient():
    table = location_quotients(economy({"macao": [[2, 10, 90]], "hong_kong": [[0, 40, 55]]}), "hong_kong")
    assert table["value"][0] is None
    assert table["note"][0] == "no share of it in hong_kong"


shares3 = st.lists(st.floats(0.1, 100), min_size=3, max_size=3)


@given(shares3, shares3)
def test_similarity_keeps_its_bounds_and_identity(a, b):
    table = similarity(economy({"x": [a], "y": [b]}))
    m = dict(table.select("measure", "value").rows())
    assert m["finger_kreinin"] == pytest.approx(1 - m["krugman"] / 2)
    assert -1e-12 <= m["krugman"] <= 2
    assert 0 <= m["cosine"] <= 1 + 1e-12


def test_similarity_of_equal_of_opposite_and_of_unknown_structures():
    table = similarity(economy({"x": [[1, 2, 3]], "y": [[10, 20, 30]], "z": [[1, None, 3]]}))
    equal = table.filter(area="x", other="y")
    assert dict(equal.select("measure", "value").rows()) == pytest.approx(
        {"krugman": 0, "finger_kreinin": 1, "cosine": 1}
    )
    unknown = table.filter(area="x", other="z")
    assert unknown["value"].null_count() == 3
    assert unknown["note"].unique().to_list() == ["a sector has no value in one of the two"]
    opposite = similarity(economy({"x": [[1, 0, 0]], "y": [[0, 1, 1]]}))
    assert opposite["value"].to_list() == pytest.approx([2, 0, 0])


def test_similarity_keeps_periods_apart():
    table = similarity(economy({"x": [[1, 2, 3], [3, 2, 1]], "y": [[1, 2, 3], [1, 2, 3]]})).filter(
        measure="krugman"
    )
    assert table["period"].dt.year().to_list() == [2010, 2020]
    assert table["value"].to_list() == pytest.approx([0, 2 / 3])


numbers = st.lists(st.floats(0.1, 1e4), min_size=3, max_size=3)


@given(numbers, numbers, numbers, numbers)
def test_shift_share_adds_up(a0, a1, b0, b1):
    table = shift_share(economy({"macao": [a0, a1], "guangdong": [b0, b1]}), "guangdong", "2010", "2020")
    wide = table.pivot("component", index=["indicator"], values="value")
    assert wide["indicator"].to_list() == [*SECTORS, "total"]
    summed = wide["benchmark"] + wide["mix"] + wide["regional"]
    assert summed.to_list() == pytest.approx(wide["change"].to_list(), abs=1e-6)
    assert wide["change"][:3].to_list() == pytest.approx(
        [y - x for x, y in zip(a0, a1, strict=True)], abs=1e-6
    )
    for component in ("benchmark", "mix", "regional", "change"):
        assert wide[component][:3].sum() == pytest.approx(wide[component][3], abs=1e-6)


def test_shift_share_of_the_benchmark_copied_has_no_shift():
    rows = [[10, 20, 30], [11, 30, 60]]
    table = shift_share(economy({"x": rows, "all": rows}), "all", "2010", "2020").filter(indicator="total")
    assert dict(table.select("component", "value").rows()) == pytest.approx(
        {"benchmark": 41, "mix": 0, "regional": 0, "change": 41}
    )


def test_shift_share_has_the_sources_of_the_area_and_the_benchmark():
    rows = [[10, 20, 30], [11, 30, 60]]
    frame = pl.concat([
        economy({"x": rows}, sources=["x"], status="A", unit="CNY"), economy({"y": rows}, sources=["y"], status="E", unit="CNY"),
        economy({"all": rows}, sources=["all"], status="P", unit="CNY"),
    ])  # fmt: skip
    table = shift_share(frame, "all", "2010", "2020")
    assert table.height == 2 * 4 * 4
    of_x = table.filter(area="x")
    assert of_x["sources"][0].to_list() == ["all", "x"]
    assert of_x["status"].unique().to_list() == ["P"]
    assert table["unit"].unique().to_list() == ["CNY"]


def test_shift_share_across_a_break_is_marked_though_both_ends_are_sound():
    frame = economy(
        {"macao": [[1, 2, 3]] * 3, "zhuhai": [[2, 3, 4]] * 3, "china": [[10, 20, 30]] * 3},
        (2010, 2015, 2020),
        status="A",
    ).with_columns(
        status=pl.when((pl.col("area") == "zhuhai") & (pl.col("period") == date(2015, 1, 1)))
        .then(pl.lit("B"))
        .otherwise("status")
    )
    found = shift_share(frame, "china", "2010", "2020").group_by("area").agg(pl.col("status").unique())
    assert dict(found.rows()) == {"macao": ["A"], "zhuhai": ["B"]}


def test_shift_share_components_by_hand():
    # the benchmark doubles: goods by half, services by 2.5; the area's goods double and its services grow by 2.5
    frame = economy({"x": [[10, 10], [20, 35]], "all": [[100, 50], [150, 150]]})
    table = shift_share(frame, "all", "2010", "2020")
    goods = table.filter(indicator=SECTORS[0])["value"].to_list()
    assert goods == pytest.approx([10, -5, 5, 10])
    services = table.filter(indicator=SECTORS[1])["value"].to_list()
    assert services == pytest.approx([10, 10, 5, 25])


def test_bad_structures_are_named():
    frame = economy({"macao": [[1, 20, 75], [2, 30, 90]], "guangdong": [[1, 2, 3], [2, 3, 4]]})
    with pytest.raises(UnknownNameError, match="unknown area 'china'"):
        location_quotients(frame, "china")
    with pytest.raises(UnknownNameError, match="unknown area 'china'"):
        shift_share(frame, "china", "2010", "2020")
    with pytest.raises(UsageError, match="must lie after"):
        shift_share(frame, "guangdong", "2020", "2010")
    with pytest.raises(FrameError, match="no other area"):
        shift_share(frame.filter(area="guangdong"), "guangdong", "2010", "2020")
    with pytest.raises(FrameError, match="needs two areas"):
        similarity(frame.filter(area="macao"))
    uneven = frame.filter(~((pl.col("area") == "macao") & (pl.col("indicator") == SECTORS[0])))
    for refuses in (
        lambda f: location_quotients(f, "guangdong"),
        similarity,
        lambda f: shift_share(f, "guangdong", "2010", "2020"),
    ):
        with pytest.raises(FrameError, match="macao lacks value_added_primary"):
            refuses(uneven)
    with pytest.raises(FrameError, match=r"macao has no value of 'value_added_primary' in 2020-01-01"):
        late = (
            (pl.col("area") == "macao")
            & (pl.col("indicator") == SECTORS[0])
            & (pl.col("period") > date(2015, 1, 1))
        )
        shift_share(frame.filter(~late), "guangdong", "2010", "2020")
    with pytest.raises(FrameError, match="one unit"):
        shift_share(
            frame.with_columns(unit=pl.col("area").replace("macao", "MOP")), "guangdong", "2010", "2020"
        )
    with pytest.raises(FrameError, match="chain-linked"):
        similarity(frame.with_columns(prices=pl.lit("chained 2017")))
    with pytest.raises(FrameError, match="without a positive value in 2010"):
        shift_share(economy({"x": [[1, 2], [1, 2]], "all": [[0, 2], [1, 2]]}), "all", "2010", "2020")
