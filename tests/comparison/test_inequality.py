"""Inequality and dispersion: PySAL's outputs, exact decompositions, bad input."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbaindicators.comparison.concentration import concentration, rank_size
from gbaindicators.comparison.inequality import dispersion, inequality
from gbaindicators.errors import FrameError, UnknownNameError, UsageError
from gbaindicators.transforms import shares, trend_growth

REFERENCE = Path(__file__).parents[1] / "reference"
#: PySAL inequality 1.1.2 on its example `mexico`, 1940 to 2000: Theil(y).T, TheilD(y, hanson98).bg and .wg, Gini(y).g.
THEIL = [0.20894344230358594, 0.1522245052653124, 0.10472941488245856, 0.10194724969688372, 0.09560112758525616,
         0.1051125639798185, 0.10660832349588023]  # fmt: skip
BETWEEN = [0.03458890004670405, 0.028168529078722478, 0.05260921482184199, 0.05931219111227932, 0.032052570973453376,
           0.029637312183149408, 0.03635871887968048]  # fmt: skip
WITHIN = [0.1743545422568819, 0.12405597618658992, 0.052120200060616566, 0.0426350585846044, 0.06354855661180278,
          0.07547525179666909, 0.07024960461619975]  # fmt: skip
GINI = [0.3537237117345285, 0.29644613439022827, 0.2537183285655905, 0.25513356494927303, 0.24505338049421577,
        0.25181825879538217, 0.2581130824882791]  # fmt: skip


def frame_of(values, start=2020, **columns):
    """Series frame of areas, each with a list of annual values."""
    return pl.DataFrame(
        [
            {"area": a, "period": date(start + i, 1, 1), "value": None if v is None else float(v), **columns}
            for a, series in values.items()
            for i, v in enumerate(series)
        ]
    )


@pytest.fixture(scope="module")
def mexico():
    with (REFERENCE / "mexican_states.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    frame = pl.DataFrame(
        [
            {"area": r["state"], "period": date(y, 1, 1), "value": float(r[str(y)])}
            for r in rows
            for y in range(1940, 2010, 10)
        ]
    )
    return frame, {r["state"]: r["region"] for r in rows}


def values(table, **keys):
    return table.filter(**keys)["value"].to_list()


def test_equals_pysal_to_the_last_digits(mexico):
    table = inequality(mexico[0], groups=mexico[1])
    for component, published in (("total", THEIL), ("between", BETWEEN), ("within", WITHIN)):
        assert values(table, measure="theil_t", component=component) == pytest.approx(
            published, abs=1e-15, rel=1e-13
        )
    assert values(table, measure="gini", component="total") == pytest.approx(GINI, rel=1e-14)


def test_equals_what_pysal_prints(mexico):
    printed = [0.20894344, 0.15222451, 0.10472941, 0.10194725, 0.09560113, 0.10511256, 0.10660832]
    assert np.round(values(inequality(mexico[0]), measure="theil_t"), 8).tolist() == printed


def test_default_groups_are_the_levels_of_the_catalogue():
    frame = frame_of({"hong_kong": [4], "macao": [5], "shenzhen": [2], "zhaoqing": [1]})
    named = {"hong_kong": "s", "macao": "s", "shenzhen": "m", "zhaoqing": "m"}
    assert inequality(frame, groups="level").equals(inequality(frame, groups=named))


positive = st.floats(0.01, 1e6)


@given(st.lists(st.tuples(positive, positive, st.sampled_from("abc")), min_size=3, max_size=12))
def test_components_add_up_and_none_is_negative(rows):
    groups = {str(i): g for i, (_, _, g) in enumerate(rows)}
    if len(set(groups.values())) < 2:
        return
    frame = frame_of({str(i): [v] for i, (v, _, _) in enumerate(rows)})
    weights = frame_of({str(i): [w] for i, (_, w, _) in enumerate(rows)})
    table = inequality(frame, groups=groups, weights=weights)
    for (_,), part in table.partition_by("measure", as_dict=True).items():
        whole = part.filter(component="total")["value"][0]
        rest = part.filter(pl.col("component") != "total")["value"]
        assert rest.sum() == pytest.approx(whole, abs=1e-9)
        assert rest.min() > -1e-9


def test_weights_count_as_copies_of_an_area():
    weighted = inequality(frame_of({"a": [1], "b": [4]}), weights=frame_of({"a": [3], "b": [1]}))
    copies = inequality(frame_of({"a": [1], "a2": [1], "a3": [1], "b": [4]}))
    assert weighted["value"].to_list() == pytest.approx(copies["value"].to_list())
    one = dispersion(frame_of({"a": [1], "b": [4]}), weights=frame_of({"a": [3], "b": [1]}))
    other = dispersion(frame_of({"a": [1], "a2": [1], "a3": [1], "b": [4]}))
    assert one["value"].to_list() == pytest.approx(other["value"].to_list())


def test_measures_do_not_depend_on_the_scale():
    frame = frame_of({"a": [1, 3], "b": [2, 2], "c": [7, 1]})
    scaled = frame.with_columns(pl.col("value") * 7.8)
    for measure in (dispersion, inequality, concentration):
        assert measure(scaled)["value"].to_list() == pytest.approx(measure(frame)["value"].to_list())


def test_groups_that_do_not_overlap_leave_gini_no_overlap():
    frame = frame_of({"a": [1], "b": [2], "c": [4], "d": [5]})
    apart = inequality(frame, groups={"a": "x", "b": "x", "c": "y", "d": "y"}).filter(measure="gini")
    assert values(apart, component="overlap") == [0.0]
    mixed = inequality(frame, groups={"a": "x", "b": "y", "c": "x", "d": "y"}).filter(measure="gini")
    assert values(mixed, component="overlap")[0] > 0


def test_equal_areas_have_no_inequality():
    frame = frame_of({"a": [3], "b": [3], "c": [3]})
    assert inequality(frame)["value"].to_list() == pytest.approx([0, 0, 0], abs=1e-15)
    assert values(dispersion(frame), measure="max_to_min") == [1.0]


def test_dispersion_by_hand():
    table = dispersion(frame_of({"a": [1, 2], "b": [3, 2]}))
    assert values(table, measure="coefficient_of_variation") == [0.5, 0.0]
    assert values(table, measure="sd_log") == pytest.approx([np.log(3) / 2, 0.0])


def test_result_is_a_series_frame_for_other_functions():
    frame = frame_of({"a": [1, 1.1, 1.2, 1.3, 1.4], "b": [4, 4.1, 4.2, 4.3, 4.4]}, frequency="A")
    trend = trend_growth(dispersion(frame))
    assert trend.filter(measure="sd_log")["value"][0] < 0
    parts = inequality(frame, groups={"a": "x", "b": "y"}).filter(pl.col("component") != "total")
    of_theil = shares(parts.filter(measure="theil_t"), "component").filter(component="between")
    assert of_theil["value"].to_list() == pytest.approx([100.0] * 5)


def test_a_missing_area_makes_the_year_null_and_is_named():
    table = dispersion(frame_of({"a": [1, 2], "b": [3, None], "c": [4, 5]}))
    rows = table.filter(measure="max_to_min")
    assert rows["value"].to_list() == [4.0, None]
    assert rows["note"].to_list() == [None, "no value of b"]
    absent_row = frame_of({"a": [1, 2], "b": [3]})
    assert values(inequality(absent_row), measure="gini")[1] is None


def test_a_missing_weight_makes_the_year_null_and_is_named():
    table = dispersion(frame_of({"a": [1, 2], "b": [3, 4]}), weights=frame_of({"a": [1, 1], "b": [1]}))
    assert table.filter(measure="sd_log")["note"].to_list() == [None, "no weight of b"]
    assert values(table, measure="sd_log")[1] is None


def test_provenance_takes_in_every_area_and_weight():
    frame = pl.concat([
        frame_of({"a": [1]}, sources=["x"], status="A", unit="CNY"),
        frame_of({"b": [2]}, sources=["y"], status="P", unit="CNY"),
    ])  # fmt: skip
    weights = frame_of({"a": [1], "b": [1]}, sources=["z"], status="E", unit="persons")
    table = inequality(frame, weights=weights)
    assert table["sources"][0].to_list() == ["x", "y", "z"]
    assert set(table["status"]) == {"E"}
    assert "weighted" in table["method"][0]


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (frame_of({"macao": [1]}), "at least 2 areas, the frame has macao"),
        (frame_of({"a": [1], "b": [0]}), "positive values: b has 0"),
        (frame_of({"a": [1], "b": [-2]}), "positive values: b has -2"),
        (pl.concat([frame_of({"a": [1]}, unit="CNY"), frame_of({"b": [1]}, unit="HKD")]), "one unit"),
        (
            pl.concat([frame_of({"a": [1]}, prices="current"), frame_of({"b": [1]}, prices="constant 2015")]),
            "several in 'prices'",
        ),
        (frame_of({"guangdong": [9], "shenzhen": [4], "macao": [1]}), "'guangdong' contains 'shenzhen'"),
        (pl.concat([frame_of({"a": [1], "b": [2]}), frame_of({"a": [1]})]), "two values for a"),
        (pl.DataFrame({"period": [date(2020, 1, 1)], "value": [1.0]}), "lacks the column 'area'"),
    ],
)
def test_bad_frames_are_named(frame, says):
    for measure in (dispersion, inequality, concentration, rank_size):
        with pytest.raises(FrameError, match=says if measure is not rank_size else ".") as caught:
            measure(frame)
        assert measure is rank_size or says in str(caught.value)


def test_bad_groups_and_weights_are_named():
    frame = frame_of({"a": [1], "b": [2]})
    with pytest.raises(UsageError, match="groups lacks b"):
        inequality(frame, groups={"a": "x"})
    with pytest.raises(UsageError, match="all areas are in the group 'x'"):
        inequality(frame, groups={"a": "x", "b": "x"})
    with pytest.raises(UsageError, match="give 'level'"):
        inequality(frame, groups="region")
    with pytest.raises(UnknownNameError):
        inequality(frame, groups="level")
    with pytest.raises(FrameError, match="weights of dispersion lack b"):
        dispersion(frame, weights=frame_of({"a": [1]}))
    with pytest.raises(FrameError, match="positive values"):
        dispersion(frame, weights=frame_of({"a": [1], "b": [0]}))


def test_concentration_by_hand():
    table = concentration(frame_of({"a": [5], "b": [3], "c": [2]}), largest=2)
    assert values(table, measure="herfindahl")[0] == pytest.approx(0.38)
    assert values(table, measure="effective_number")[0] == pytest.approx(1 / 0.38)
    assert values(table, measure="share_of_largest")[0] == pytest.approx(80.0)
    with pytest.raises(UsageError, match="from 1 to 2"):
        concentration(frame_of({"a": [5], "b": [3]}), largest=3)


def test_rank_size_finds_the_exponent_that_made_the_sizes():
    n, exponent = 40, 1.2
    sizes = (np.arange(1, n + 1) - 0.5) ** (-1 / exponent)
    table = rank_size(frame_of({f"a{i}": [s] for i, s in enumerate(sizes)}))
    assert table["value"][0] == pytest.approx(exponent)
    assert table["value_standard_error"][0] == pytest.approx(exponent * np.sqrt(2 / n))
    assert table["value_r2"][0] == pytest.approx(1)


def test_rank_size_of_few_or_equal_sizes_is_refused():
    with pytest.raises(FrameError, match="at least 3 areas"):
        rank_size(frame_of({"a": [1], "b": [2]}))
    with pytest.raises(UsageError, match="one size"):
        rank_size(frame_of({"a": [1], "b": [1], "c": [1]}))
