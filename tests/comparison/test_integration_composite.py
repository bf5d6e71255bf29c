"""The composite index: hand-made numbers, what it refuses, and what must hold for any figures."""

from __future__ import annotations

import warnings
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators.comparison.integration import composite_index
from gbaindicators.errors import FrameError, IndexWarning, UnknownNameError, UsageError


def frame_of(**indicators):
    """Indicators by name: a list of values of the areas a, b, c ..."""
    return pl.DataFrame(
        [
            {"indicator": name, "area": chr(ord("a") + i), "value": None if v is None else float(v)}
            for name, values in indicators.items()
            for i, v in enumerate(values)
        ],
        schema={"indicator": pl.String, "area": pl.String, "value": pl.Float64},
    )


def scores_of(frame, **options):
    return composite_index(frame, **options).filter(group="index").sort("area")["value"].to_list()


def test_groups_are_weighted_equally_by_hand():
    frame = frame_of(trips=[0, 5, 10], cargo=[0, 10, 5], post=[4, 0, 2])
    table = composite_index(frame, groups={"trips": "people", "cargo": "goods", "post": "goods"})
    scores = {g: table.filter(group=g).sort("area")["value"].to_list() for g in ("people", "goods", "index")}
    assert scores["people"] == [0.0, 0.5, 1.0]
    assert scores["goods"] == pytest.approx([0.5, 0.5, 0.5])
    assert scores["index"] == pytest.approx([0.25, 0.5, 0.75])
    assert table.filter(group="index").sort("area")["rank"].to_list() == [3, 2, 1]
    assert table.filter(group="goods")["members"].to_list() == [["cargo", "post"]] * 3


def test_weights_by_indicator_and_by_group():
    frame = frame_of(trips=[0, 10], cargo=[10, 0], post=[10, 0])
    groups = {"trips": "people", "cargo": "goods", "post": "goods"}
    assert scores_of(frame, weights={"trips": 3, "cargo": 1, "post": 0}) == [0.25, 0.75]
    assert scores_of(frame, groups=groups, weights={"people": 3, "goods": 1}) == [0.25, 0.75]


def test_ratio_of_two_years_of_a_geometric_index_does_not_depend_on_the_base():
    frame = pl.DataFrame(
        {
            "indicator": ["trips"] * 3 + ["cargo"] * 3,
            "period": [date(2020 + i, 1, 1) for i in range(3)] * 2,
            "value": [1.0, 2.0, 4.0, 9.0, 3.0, 1.0],
        }
    )
    ratios = []
    for base in (2020, 2021, "2022"):
        table = composite_index(frame, normalise="base_year", base=base, aggregate="geometric")
        assert table.filter(pl.col("period").dt.year() == int(base))["value"].item() == pytest.approx(100)
        assert table["unit"][0] == f"index {base}=100"
        ratios.append(table["value"][2] / table["value"][0])
    # by hand: sqrt(4 * 1/9)
    assert ratios == pytest.approx([2 / 3] * 3)


def test_base_is_that_of_the_same_area():
    frame = pl.DataFrame(
        {
            "indicator": "trips",
            "area": ["x", "x", "y", "y"],
            "period": [date(2020, 1, 1), date(2021, 1, 1)] * 2,
            "value": [1.0, 2.0, 10.0, 15.0],
        }
    )
    table = composite_index(frame, normalise="base_year", base=2020)
    assert table.select("area", "value").rows() == [("x", 100.0), ("x", 200.0), ("y", 100.0), ("y", 150.0)]


def test_nothing_is_imputed():
    frame = frame_of(trips=[1, 2, 3], cargo=[1, None, 3])
    with pytest.raises(FrameError, match=r"cargo in b: nothing is imputed.*available"):
        composite_index(frame)
    table = composite_index(frame, missing="available").sort("area")
    assert table["value"].to_list() == [0.0, 0.5, 1.0]
    assert table["members"].to_list() == [["trips", "cargo"], ["trips"], ["trips", "cargo"]]
    assert table["note"].to_list() == [None, "scored on 1 of 2 indicators", None]
    with pytest.raises(UsageError, match="PCA weights need every indicator"):
        composite_index(frame, missing="available", weights="pca")


def test_an_absent_row_is_missing_too():
    with pytest.raises(FrameError, match="no value of cargo in c"):
        composite_index(frame_of(trips=[1, 2, 3], cargo=[1, 2]))


def test_geometric_mean_refuses_zero_and_says_the_mend():
    frame = frame_of(trips=[1, 2, 3], cargo=[1, 5, 3])
    with pytest.raises(UsageError, match=r"'trips' scores 0 in a under 'min_max'\. Take normalise='rank'"):
        composite_index(frame, aggregate="geometric")
    assert scores_of(frame, aggregate="geometric", normalise="rank") == pytest.approx([1, 6**0.5, 6**0.5])


def test_units_of_measurement_are_not_mixed():
    frame = frame_of(trips=[1, 2]).with_columns(unit=pl.Series(["persons", "thousand persons"]))
    with pytest.raises(FrameError, match="'trips' is in persons and thousand persons"):
        composite_index(frame)


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"normalise": "log"}, UnknownNameError, "unknown normalisation 'log'"),
        ({"weights": "expert"}, UnknownNameError, "unknown weights 'expert'"),
        ({"aggregate": "median"}, UnknownNameError, "unknown aggregation"),
        ({"missing": "impute"}, UsageError, "'refuse' or 'available'"),
        ({"normalise": "base_year"}, UsageError, "needs base"),
        ({"groups": {"trips": "people"}}, UnknownNameError, "groups for the indicator 'cargo'"),
        ({"groups": {"trips": "index", "cargo": "x"}}, UsageError, "cannot be called 'index'"),
        ({"weights": {"trips": 1}}, UnknownNameError, "weights for the indicator 'cargo'"),
        ({"weights": {"trips": -1, "cargo": 2}}, UsageError, "zero or more"),
        ({"lower_is_better": ["cost"]}, UnknownNameError, "lower_is_better 'cost'"),
    ],
)
def test_bad_choices_are_refused(options, error, says):
    with pytest.raises(error, match=says):
        composite_index(frame_of(trips=[1, 2, 3], cargo=[1, 5, 3]), **options)


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (frame_of(trips=[1, 2]).drop("area"), "'area' or 'period'"),
        (frame_of(trips=[1, 2]).drop("value"), "lacks the column 'value'"),
        (frame_of(trips=[1, 2]).clear(), "empty"),
        (frame_of(trips=[1, 2], cargo=[None, None]), "'cargo' has no value in any unit"),
        (frame_of(trips=[2, 2]), "'trips' has the same value in every unit"),
        (pl.concat([frame_of(trips=[1, 2])] * 2), "two values for trips, a"),
        (frame_of(trips=[1, float("nan")]), "NaN"),
        (frame_of(trips=[1, 2]).with_columns(area=pl.lit(None, pl.String)), "'area' is null"),
    ],
)
def test_bad_frames_are_refused(frame, says):
    with pytest.raises(FrameError, match=says):
        composite_index(frame)


def test_base_must_be_above_zero():
    frame = pl.DataFrame(
        {"indicator": "trips", "period": [date(2020, 1, 1), date(2021, 1, 1)], "value": [0.0, 1.0]}
    )
    with pytest.raises(FrameError, match="no value above zero in the base period"):
        composite_index(frame, normalise="base_year", base=2020)


def test_pca_of_a_small_sample_warns():
    frame = frame_of(trips=[1, 2, 3, 4], cargo=[1, 3, 2, 4])
    with pytest.warns(IndexWarning, match="2 indicators rest on 4 units, fewer than three"):
        composite_index(frame, weights="pca")
    frame = frame_of(trips=[1, 2, 3, 4, 5, 6], cargo=[1, 3, 2, 4, 6, 5])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        composite_index(frame, weights="pca")


def test_pca_of_uncorrelated_indicators_is_refused():
    frame = frame_of(trips=[1, 1, 2, 2, 1, 1, 2, 2], cargo=[1, 2, 1, 2, 1, 2, 1, 2])
    with pytest.raises(UsageError, match="not correlated"):
        composite_index(frame, weights="pca")


def test_sources_and_status_ride_along():
    frame = frame_of(trips=[1, 2], cargo=[2, 1]).with_columns(
        sources=pl.Series([["s1"], ["s1"], ["s2"], ["s3"]]), status=pl.Series(["A", "A", "A", "P"])
    )
    table = composite_index(frame, groups={"trips": "people", "cargo": "goods"}).sort("group", "area")
    assert table.filter(group="index")["sources"].to_list() == [["s1", "s2", "s3"]] * 2
    assert table.filter(group="index")["status"].to_list() == ["A", "P"]
    assert table.filter(group="people")["status"].to_list() == ["A", "A"]
    assert table["method"][0] == "composite: min_max normalisation, equal weights, arithmetic mean"


# whole numbers, so that rounding makes no ties where there are none
values = st.lists(
    st.tuples(*[st.integers(1, 1000)] * 3),
    min_size=4,
    max_size=8,
    unique_by=tuple(lambda r, i=i: r[i] for i in range(3)),
)
CHOICES = [("min_max", "arithmetic"), ("z", "arithmetic"), ("rank", "arithmetic"), ("rank", "geometric")]


def as_frame(rows):
    columns = np.array(rows, dtype=float).T
    return frame_of(x=columns[0], y=columns[1], z=columns[2])


@settings(max_examples=30, deadline=None)
@given(values, st.sampled_from(CHOICES), st.sampled_from([0.001, 3.0, 1e6]))
def test_unit_of_measurement_changes_nothing(rows, choice, factor):
    how, mean = choice
    frame = as_frame(rows)
    other = frame.with_columns(
        value=pl.when(pl.col("indicator") == "y").then(pl.col("value") * factor).otherwise("value")
    )
    options = {"normalise": how, "aggregate": mean, "lower_is_better": ["z"]}
    assert scores_of(other, **options) == pytest.approx(scores_of(frame, **options), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(values, st.sampled_from(CHOICES), st.randoms(use_true_random=False))
def test_order_of_rows_and_names_of_units_change_nothing(rows, choice, random):
    how, mean = choice
    frame = as_frame(rows)
    shuffled = list(frame.rows())
    random.shuffle(shuffled)
    other = pl.DataFrame(shuffled, schema=frame.schema, orient="row")
    options = {"normalise": how, "aggregate": mean}
    assert scores_of(other, **options) == pytest.approx(scores_of(frame, **options), abs=1e-9)
    mirrored = as_frame(rows[::-1])
    assert scores_of(mirrored, **options)[::-1] == pytest.approx(scores_of(frame, **options), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(values, st.sampled_from(["arithmetic", "geometric"]), st.integers(0, 2), st.integers(1, 500))
def test_a_better_value_never_lowers_the_rank_score(rows, mean, column, more):
    better = [list(r) for r in rows]
    better[0][column] += more
    options = {"normalise": "rank", "aggregate": mean}
    before, after = scores_of(as_frame(rows), **options), scores_of(as_frame(better), **options)
    assert after[0] >= before[0] - 1e-9
    # ties share the lower rank, so the others cannot gain
    assert all(a <= b + 1e-9 for a, b in zip(after[1:], before[1:], strict=True))


@settings(max_examples=30, deadline=None)
@given(values, st.sampled_from(["arithmetic", "geometric"]), st.integers(0, 2), st.integers(1, 500))
def test_a_higher_value_raises_the_index_against_its_base(rows, mean, column, more):
    def index(table):
        frame = as_frame(table).with_columns(
            period=pl.col("area").replace_strict(
                {chr(ord("a") + i): date(2000 + i, 1, 1) for i in range(len(table))}, return_dtype=pl.Date
            )
        )
        made = composite_index(frame.drop("area"), normalise="base_year", base=2000, aggregate=mean)
        return made["value"].to_list()

    better = [list(r) for r in rows]
    better[-1][column] += more
    before, after = index(rows), index(better)
    assert after[-1] > before[-1]
    assert after[:-1] == pytest.approx(before[:-1])
