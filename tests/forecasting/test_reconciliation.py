"""Reconciliation: numbers of another package and by hand, identities, intervals, provenance and bad input by name."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators.catalog import catalog
from gbaindicators.errors import FrameError, SeriesTooShortError, UnknownNameError, UsageError
from gbaindicators.forecasting import forecast
from gbaindicators.forecasting.coherence.hierarchy import hierarchies
from gbaindicators.forecasting.coherence.projection import (
    error_matrix,
    least_squares,
    reconciled_widths,
    top_down,
    weighting,
)
from gbaindicators.forecasting.coherence.reconciliation import reconcile
from gbaindicators.forecasting.evaluation.backtesting import backtest

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "reconciliation.json").read_text(encoding="utf-8")
)
(TREE,) = hierarchies(REFERENCE["members"])
ORDER = [REFERENCE["areas"].index(a) for a in TREE.areas]
METHODS = ["bottom_up", "top_down", "ols", "wls_struct", "wls_var", "mint"]
WHOLE = {"both": ["hong_kong", "macao"]}
PERIODS = [date(2024 + i, 1, 1) for i in range(3)]


def numbers(name):
    """Numbers of the reference file, one row an area in the order of the hierarchy."""
    return np.array(REFERENCE[name])[ORDER]


def published(name, what="mean"):
    return np.array(REFERENCE["results"][name][what])[ORDER]


def frame_of(values, areas=TREE.areas, periods=PERIODS, widths=None, **columns):
    """Forecasts from a matrix with one row an area; half widths of 80% make intervals at two levels."""
    frame = pl.DataFrame(
        [
            {**columns, "area": area, "period": period, "value": float(values[i][j])}
            for i, area in enumerate(areas)
            for j, period in enumerate(periods)
        ]
    )
    if widths is not None:
        half = pl.Series(np.asarray(widths, dtype=float).ravel())
        frame = frame.with_columns(
            (sign * times * half + frame["value"]).alias(f"{side}_{level}")
            for level, times in ((80, 1.0), (95, 1.5))
            for side, sign in (("lower", -1), ("upper", 1))
        )
    return frame


def past_of(errors, areas=TREE.areas, tree=TREE, **columns):
    """Make a backtest with these errors (one row an area) about actuals that add up."""
    actual = tree.summing @ np.full(tree.summing.shape[1], 1e6)
    return pl.DataFrame(
        [
            {
                **columns,
                "area": area,
                "origin": date(1999 + t, 1, 1),
                "period": date(2000 + t, 1, 1),
                "step": 1,
                "value": float(actual[i] - errors[i][t]),
                "actual": float(actual[i]),
            }
            for i, area in enumerate(areas)
            for t in range(len(errors[0]))
        ]
    )


def matrix(frame, column="value"):
    return frame[column].to_numpy().reshape(frame["area"].n_unique(), -1)


PAST = past_of(numbers("errors"))


class TestOtherPackage:
    """Outputs of hierarchicalforecast 1.5.3 on one tree of eight areas."""

    @pytest.mark.parametrize("method", ["bottom_up", "top_down", "ols", "wls_struct", "wls_var"])
    def test_forecasts(self, method):
        result = reconcile(frame_of(numbers("base")), REFERENCE["members"], method=method, errors=PAST)
        assert matrix(result) == pytest.approx(published(method), rel=1e-8)

    def test_mint(self):
        """The package centres the errors for MinT (not for wls_var); the paper does not.

        Wickramasuriya et al. (2019, section 2.4) estimate W as the mean of e e', as hts and fabletools do. So the
        package's numbers come of errors less their means, and ours of the errors differ from them.
        """
        errors = numbers("errors")
        centred = past_of(errors - errors.mean(axis=1, keepdims=True))
        base = frame_of(numbers("base"))
        result = reconcile(base, REFERENCE["members"], errors=centred)
        assert matrix(result) == pytest.approx(published("mint"), rel=1e-8)
        assert matrix(reconcile(base, REFERENCE["members"], errors=PAST)) != pytest.approx(
            published("mint"), rel=1e-4
        )

    @pytest.mark.parametrize("method", ["ols", "wls_struct", "wls_var", "mint"])
    def test_non_negative(self, method):
        """The package rounds these forecasts to 32-bit numbers and its solver stops near the optimum."""
        errors = numbers("errors")
        base = numbers("base_with_low_totals")
        past = past_of(errors - errors.mean(axis=1, keepdims=True)) if method == "mint" else PAST
        result = reconcile(
            frame_of(base), REFERENCE["members"], method=method, errors=past, non_negative=True
        )
        assert matrix(result) == pytest.approx(published(f"non_negative_{method}"), rel=1e-6, abs=2e-4)

    @pytest.mark.parametrize("method", ["ols", "wls_struct", "wls_var", "mint"])
    def test_deviations(self, method):
        """Its intervals take the correlations of W: none, or with MinT the shrunk ones, which ours do not shrink."""
        errors = numbers("errors").T
        known = error_matrix(errors - errors.mean(axis=0) if method == "mint" else errors)
        _, maps = least_squares(numbers("base"), TREE, weighting(method, TREE, known), non_negative=False)
        correlation = np.eye(8)
        if method == "mint":
            correlation = (1 - known.shrinkage) * known.correlation + known.shrinkage * correlation
        widths = reconciled_widths(numbers("half_widths"), maps, correlation)
        assert widths == pytest.approx(published(method, "sigma"), rel=1e-8)


class TestByHand:
    def test_mint_of_one_total_spreads_the_gap_by_the_covariance(self):
        # y - W C' (C W C')^-1 C y with C = (1, -1, -1); errors of the total are sums, so W c' is known by hand
        random = np.random.default_rng(3)
        errors = random.normal(size=(12, 3)) * [5.0, 3.0, 1.0]
        known = error_matrix(errors)
        covariance = errors.T @ errors / 12  # the paper's estimate: not centred
        covariance = known.shrinkage * np.diag(np.diag(covariance)) + (1 - known.shrinkage) * covariance
        base, c = np.array([106.0, 80.0, 20.0]), np.array([1.0, -1.0, -1.0])
        expected = base - covariance @ c / (c @ covariance @ c) * (c @ base)
        (one,) = hierarchies(WHOLE)
        result = reconcile(
            frame_of(base[:, None], one.areas, PERIODS[:1]),
            WHOLE,
            errors=past_of(errors.T, one.areas, one),
        )
        assert matrix(result)[:, 0] == pytest.approx(expected, rel=1e-12)

    def test_shrinkage_by_its_definition(self):
        # Schäfer and Strimmer (2005): sum of the variances of the correlations over the sum of their squares
        errors = np.random.default_rng(5).normal(size=(9, 4)) @ np.random.default_rng(6).normal(size=(4, 4))
        z = errors / np.sqrt((errors**2).mean(axis=0))
        over, under = 0.0, 0.0
        for i in range(4):
            for j in range(4):
                if i != j:
                    w = z[:, i] * z[:, j]
                    over += w.var(ddof=1) / len(w)
                    under += w.mean() ** 2
        assert error_matrix(errors).shrinkage == pytest.approx(over / under)

    def test_least_squares_of_equal_weights(self):
        ahead = frame_of([[106.0], [80.0], [20.0]], ["both", "hong_kong", "macao"], PERIODS[:1])
        # a gap of 6 over three forecasts is 2 each; with the total at twice the variance 3, 1.5 and 1.5
        assert reconcile(ahead, WHOLE, method="ols")["value"].to_list() == pytest.approx([104, 82, 22])
        weighted = reconcile(ahead, WHOLE, method="wls_struct")["value"].to_list()
        assert weighted == pytest.approx([103, 81.5, 21.5])

    def test_a_series_that_never_erred_is_left_where_it_is(self):
        (one,) = hierarchies(WHOLE)
        errors = np.array([[2.0, -1, 3, 1, -2, 1], [0.0] * 6, [1.0, 1, -1, 2, -1, 1]])
        ahead = frame_of([[106.0], [0.0], [100.0]], one.areas, PERIODS[:1])
        for method in ("wls_var", "mint"):
            result = reconcile(ahead, WHOLE, method=method, errors=past_of(errors, one.areas, one))
            assert result["value"][1] == pytest.approx(0.0, abs=1e-9)

    def test_derivatives_of_top_down(self):
        base = numbers("base")
        values, slopes = top_down(base, TREE)
        for j in range(len(base)):
            moved = base.copy()
            moved[j] += 1e-5
            difference = (top_down(moved, TREE)[0] - values) / 1e-5
            assert difference == pytest.approx(slopes[:, :, j].T, abs=1e-6)


parts = st.lists(st.floats(-1e3, 1e3).map(lambda v: round(v, 3)), min_size=8, max_size=8)
methods = st.sampled_from([m for m in METHODS if m != "top_down"])


class TestProperties:
    @given(parts, methods, st.booleans())
    @settings(max_examples=60, deadline=None)
    def test_totals_are_the_sums_of_their_members(self, base, method, non_negative):
        ahead = frame_of(np.array(base)[:, None], periods=PERIODS[:1])
        result = reconcile(ahead, REFERENCE["members"], method=method, errors=PAST, non_negative=non_negative)
        value = dict(result.select("area", "value").iter_rows())
        size = max(map(abs, value.values()))
        for total, members in REFERENCE["members"].items():
            assert value[total] == pytest.approx(sum(value[m] for m in members), rel=1e-9, abs=1e-12 * size)
        assert not non_negative or min(value.values()) >= 0

    @given(parts)
    @settings(max_examples=40, deadline=None)
    def test_non_negative_solution_is_the_optimum(self, base):
        """Conditions of Karush, Kuhn and Tucker: no slope where positive, none downwards at zero."""
        known = error_matrix(numbers("errors").T)
        for method in ("ols", "wls_struct", "wls_var", "mint"):
            weights = weighting(method, TREE, known)
            problem, y = weights @ TREE.summing, np.array(base)
            values, _ = least_squares(y[:, None], TREE, weights, non_negative=True)
            lowest = TREE.lowest @ values[:, 0]
            slope = problem.T @ (problem @ lowest - weights @ y)
            tolerance = 1e-9 * np.linalg.norm(problem, axis=0) * max(np.linalg.norm(weights @ y), 1e-9)
            assert (slope >= -tolerance).all()
            assert (np.abs(slope) <= tolerance)[lowest > 0].all()

    @given(st.lists(st.floats(0.01, 1e3), min_size=5, max_size=5), st.sampled_from(METHODS))
    @settings(max_examples=40, deadline=None)
    def test_what_adds_up_stays(self, lowest, method):
        base = TREE.summing @ np.array(lowest)[:, None]
        ahead = frame_of(base, periods=PERIODS[:1])
        result = reconcile(ahead, REFERENCE["members"], method=method, errors=PAST)
        assert matrix(result) == pytest.approx(base, rel=1e-9)

    @pytest.mark.parametrize("method", METHODS)
    def test_scale_and_order_of_rows_change_nothing(self, method):
        ahead = frame_of(numbers("base"), widths=numbers("half_widths"))
        result = reconcile(ahead, REFERENCE["members"], method=method, errors=PAST)
        shuffled = reconcile(
            ahead.sample(fraction=1, shuffle=True, seed=4),
            REFERENCE["members"],
            method=method,
            errors=PAST.sample(fraction=1, shuffle=True, seed=5),
        )
        by = ["area", "period"]
        assert shuffled.sort(by).equals(result.sort(by))
        columns = ["value", "lower_80", "upper_80", "lower_95", "upper_95"]
        times = 1e12
        large = reconcile(
            ahead.with_columns(pl.col(columns) * times),
            REFERENCE["members"],
            method=method,
            errors=PAST.with_columns(pl.col("value", "actual") * times),
        )
        for column in columns:
            assert large[column].to_numpy() / times == pytest.approx(result[column].to_numpy(), rel=1e-9)

    def test_bottom_up_leaves_the_lowest_areas_exactly(self):
        ahead = frame_of(numbers("base"), widths=numbers("half_widths"))
        result = reconcile(ahead, REFERENCE["members"], method="bottom_up", errors=PAST)
        assert (matrix(result)[3:] == matrix(ahead)[3:]).all()
        for column in ("lower_95", "upper_80"):
            assert matrix(result, column)[3:] == pytest.approx(matrix(ahead, column)[3:])

    def test_top_down_leaves_the_top_exactly(self):
        ahead = frame_of(numbers("base"), widths=numbers("half_widths"))
        result = reconcile(ahead, REFERENCE["members"], method="top_down", errors=PAST)
        assert matrix(result)[0] == pytest.approx(matrix(ahead)[0], rel=1e-15)
        assert matrix(result, "upper_95")[0] == pytest.approx(matrix(ahead, "upper_95")[0])


class TestStructures:
    def test_an_area_may_belong_to_totals_that_cross(self):
        crossed = {
            "all": ["north", "south"], "north": ["n_men", "n_women"], "south": ["s_men", "s_women"],
            "men": ["n_men", "s_men"], "women": ["n_women", "s_women"],
        }  # fmt: skip
        (one,) = hierarchies(crossed)
        base = np.random.default_rng(2).uniform(10, 20, size=(len(one.areas), 3))
        result = reconcile(frame_of(base, one.areas), crossed, method="wls_struct")
        value = dict(result.filter(period=PERIODS[0]).select("area", "value").iter_rows())
        assert value["all"] == pytest.approx(value["north"] + value["south"], rel=1e-12)
        assert value["all"] == pytest.approx(value["men"] + value["women"], rel=1e-12)
        with pytest.raises(UsageError, match="n_men, n_women, s_men, s_women belong to several"):
            reconcile(frame_of(base, one.areas), crossed, method="top_down")

    def test_groups_that_do_not_hang_together_are_reconciled_apart(self):
        two = {**WHOLE, "bay": ["tokyo", "chiba"]}
        one_bay = frame_of([[106.0], [80.0], [20.0]], ["both", "hong_kong", "macao"], PERIODS[:1], unit="HKD")
        other = frame_of([[7.0], [4.0], [2.0]], ["bay", "tokyo", "chiba"], PERIODS[:1], unit="JPY")
        result = reconcile(pl.concat([one_bay, other]), two, method="ols")
        assert result["value"].to_list() == pytest.approx([104, 82, 22, 7 - 1 / 3, 4 + 1 / 3, 2 + 1 / 3])

    def test_bad_hierarchies(self):
        with pytest.raises(UsageError, match=r"goes round in a circle: '[abc]' is part of"):
            hierarchies({"a": ["b"], "b": ["c"], "c": ["a"]})
        with pytest.raises(UsageError, match="goes round in a circle"):
            hierarchies({"a": ["a", "b"]})
        with pytest.raises(UsageError, match="'a' counts 'x' twice"):
            hierarchies({"a": ["b", "c"], "b": ["x", "y"], "c": ["x"]})
        with pytest.raises(UsageError, match="'a' lists 'b' twice"):
            hierarchies({"a": ["b", "b"]})
        for wrong in ({"a": "b"}, {"a": []}, ["a"]):
            with pytest.raises(UsageError, match="maps each total to the list of its members"):
                hierarchies(wrong)

    def test_each_indicator_and_model_by_itself(self):
        areas = ["both", "hong_kong", "macao"]
        many = [
            frame_of([[106.0 * k], [80.0 * k], [20.0 * k]], areas, PERIODS[:1], indicator=name, model=model)
            for k, (name, model) in enumerate(
                [("sales", "auto"), ("sales", "drift"), ("visits", "auto")], start=1
            )
        ]
        result = reconcile(pl.concat(many), WHOLE, method="ols")
        assert result["value"].to_list() == pytest.approx([v * k for k in (1, 2, 3) for v in (104, 82, 22)])

    def test_errors_are_those_of_the_same_model(self):
        (one,) = hierarchies(WHOLE)
        ahead = pl.concat(
            frame_of([[106.0], [80.0], [20.0]], one.areas, PERIODS[:1], model=m) for m in ("auto", "drift")
        )
        random = np.random.default_rng(8)
        first, second = (random.normal(size=(3, 10)) * np.array([[9.0], [s], [1.0]]) for s in (1, 30))
        past = pl.concat(past_of(e, one.areas, one, model=m) for m, e in (("auto", first), ("drift", second)))
        result = reconcile(ahead, WHOLE, errors=past)
        alone = reconcile(ahead.filter(model="drift"), WHOLE, errors=past.filter(model="drift"))
        assert result.filter(model="drift").equals(alone)
        assert result["value"][1] != pytest.approx(result["value"][4])


class TestCatalogue:
    """Members from the definitions of the bay areas."""

    BAY = tuple(catalog().definition("tokyo_bay_area").members)

    def test_default_definition(self):
        areas = ["tokyo_bay_area", *self.BAY]
        result = reconcile(
            frame_of([[100.0], [60.0], [20.0], [10.0], [5.0]], areas, PERIODS[:1], indicator="gdp"),
            method="bottom_up",
        )
        assert result["value"][0] == 95.0

    def test_the_indicator_says_which_members(self):
        airports = catalog().definition("tokyo_bay_area", "airports").members
        result = reconcile(
            frame_of(
                [[10.0], [4.0], [5.0]], ["tokyo_bay_area", *airports], PERIODS[:1], indicator="air_passengers"
            ),
            method="bottom_up",
        )
        assert result["value"][0] == 9.0

    def test_definition_named_in_the_frame(self):
        eight = catalog().definition("tokyo_bay_area", name="capital_region").members
        areas = ["tokyo_bay_area", *eight]
        ahead = frame_of([[100.0], *([[10.0]] * 8)], areas, PERIODS[:1], indicator="gdp")
        is_bay = pl.col("area") == "tokyo_bay_area"
        by_column = ahead.with_columns(definition=pl.when(is_bay).then(pl.lit("capital_region")))
        by_method = ahead.with_columns(
            method=pl.when(is_bay).then(pl.lit("sum of 8 members (capital_region); forecast"))
        )
        for frame in (by_column, by_method):
            assert reconcile(frame, method="bottom_up")["value"][0] == 80.0
        by_user = ahead.with_columns(method=pl.lit("sum of 8 members (given by the user)"))
        with pytest.raises(UsageError, match="pass hierarchy="):
            reconcile(by_user, method="bottom_up")
        two = pl.concat(
            [by_column, by_column.filter(is_bay).with_columns(definition=pl.lit("four_prefectures"))]
        )
        with pytest.raises(UsageError, match="'capital_region', 'four_prefectures': keep one"):
            reconcile(two, method="bottom_up")

    def test_totals_that_statistics_print(self):
        ports = ["tokyo", "yokohama", "kawasaki"]
        areas = ["keihin_tokyo_yokohama_kawasaki", *ports]
        ahead = frame_of(
            [[9.0], [4.0], [3.0], [1.0]], areas, PERIODS[:1], indicator="container_throughput_international"
        )
        assert reconcile(ahead, method="bottom_up")["value"][0] == 8.0

    def test_other_areas_stay_and_say_so(self):
        areas = ["tokyo_bay_area", *self.BAY, "osaka"]
        ahead = frame_of(
            [[100.0], [60.0], [20.0], [10.0], [5.0], [40.0]], areas, PERIODS[:1], indicator="gdp"
        )
        result = reconcile(ahead, method="bottom_up")
        assert result["value"].to_list() == [95.0, 60.0, 20.0, 10.0, 5.0, 40.0]
        assert result["method"][-1] == "part of no total, so not reconciled"

    def test_indicators_that_cannot_be_negative_do_not_become_so(self):
        areas = ["tokyo_bay_area", *self.BAY]
        base = [[10.0], [60.0], [20.0], [10.0], [5.0]]
        ahead = frame_of(base, areas, PERIODS[:1], widths=np.full((5, 1), 30.0) * 0.1, indicator="population")
        result = reconcile(ahead, method="ols")
        assert min(result["value"]) == 0.0
        assert min(result["lower_95"]) == 0.0
        assert "held at zero or above" in result["method"][0]
        free = reconcile(ahead, method="ols", non_negative=False)
        assert min(free["value"]) < 0
        assert "held" not in free["method"][0]


class TestIntervals:
    def test_independent_members_add_their_variances(self):
        # errors with no correlation at all: the half width of the sum is the root of the sum of squares
        (one,) = hierarchies(WHOLE)
        errors = np.array(
            [[1, 1, 1, 1, -1, -1, -1, -1], [1, 1, -1, -1, 1, 1, -1, -1], [1, -1, 1, -1, 1, -1, 1, -1]]
        )
        ahead = frame_of([[100.0], [80.0], [20.0]], one.areas, PERIODS[:1], widths=[[9.0], [3.0], [4.0]])
        result = reconcile(ahead, WHOLE, method="bottom_up", errors=past_of(errors, one.areas, one))
        assert result["upper_80"].to_list() == pytest.approx([105, 83, 24])
        assert result["lower_95"].to_list() == pytest.approx([92.5, 75.5, 14])

    def test_members_that_err_together_add_their_widths(self):
        (one,) = hierarchies(WHOLE)
        together = np.array([1.0, -2.0, 1.5, 0.5, -1.0, 2.0])
        errors = np.stack([4 * together, 3 * together, together])
        ahead = frame_of([[100.0], [80.0], [20.0]], one.areas, PERIODS[:1], widths=[[9.0], [3.0], [4.0]])
        result = reconcile(ahead, WHOLE, method="bottom_up", errors=past_of(errors, one.areas, one))
        assert result["upper_80"][0] == pytest.approx(107)

    def test_without_errors_widths_stay(self):
        ahead = frame_of(numbers("base"), widths=numbers("half_widths"))
        result = reconcile(ahead, REFERENCE["members"], method="ols")
        for side in ("lower_80", "upper_95"):
            assert matrix(result, side) - matrix(result) == pytest.approx(matrix(ahead, side) - matrix(ahead))
        assert "as wide as before for want of errors" in result["method"][0]

    def test_sides_keep_their_proportion(self):
        ahead = frame_of(numbers("base"), widths=numbers("half_widths"))
        ahead = ahead.with_columns(upper_95=pl.col("upper_95") + pl.col("value") * 0.1)
        result = reconcile(ahead, REFERENCE["members"], errors=PAST)
        before, after = (
            (matrix(f, "upper_95") - matrix(f)) / (matrix(f) - matrix(f, "lower_95")) for f in (ahead, result)
        )
        assert after == pytest.approx(before)

    @given(st.lists(st.tuples(*[st.floats(0, 50)] * 4), min_size=8, max_size=8), st.sampled_from(METHODS))
    @settings(max_examples=40, deadline=None)
    def test_levels_stay_nested_about_the_value(self, sides, method):
        low80, high80, low95, high95 = np.array(sides).T
        ahead = frame_of(numbers("base")[:, :1], periods=PERIODS[:1]).with_columns(
            lower_80=pl.col("value") - low80,
            upper_80=pl.col("value") + high80,
            lower_95=pl.col("value") - low80 - low95,
            upper_95=pl.col("value") + high80 + high95,
        )
        result = reconcile(ahead, REFERENCE["members"], method=method, errors=PAST, non_negative=True)
        bounds = [result[c].to_numpy() for c in ("lower_95", "lower_80", "value", "upper_80", "upper_95")]
        assert (np.diff(bounds, axis=0) >= 0).all()
        assert (bounds[0] >= 0).all()

    def test_mint_narrows_intervals_when_they_match_the_errors(self):
        known = error_matrix(numbers("errors").T)
        widths = known.deviations[:, None] * 50.0
        ahead = frame_of(numbers("base")[:, :1], periods=PERIODS[:1], widths=widths)
        result = reconcile(ahead, REFERENCE["members"], method="wls_var", errors=PAST)
        before, after = (matrix(f, "upper_80") - matrix(f, "lower_80") for f in (ahead, result))
        assert after.sum() < before.sum()


class TestProvenance:
    AHEAD = frame_of(
        [[106.0], [80.0], [20.0]], ["both", "hong_kong", "macao"], PERIODS[:1], status="F"
    ).with_columns(sources=pl.Series([["x"], ["a", "b"], ["b", "c"]]), method=pl.lit("forecast"))

    def test_sources_are_of_all_that_went_in(self):
        bottom_up = reconcile(self.AHEAD, WHOLE, method="bottom_up")
        assert bottom_up["sources"].to_list() == [["a", "b", "c"], ["a", "b"], ["b", "c"]]
        assert reconcile(self.AHEAD, WHOLE, method="ols")["sources"].to_list() == [["a", "b", "c", "x"]] * 3

    def test_method_says_how_and_from_what(self):
        result = reconcile(self.AHEAD, WHOLE, method="ols")
        assert result["method"].unique().to_list() == [
            "forecast; reconciled by least squares: 2 areas and 1 total that were up to 5.7% apart"
        ]
        assert result["status"].unique().to_list() == ["F"]
        assert result.columns == self.AHEAD.columns

    def test_method_counts_the_periods_that_lack_an_area(self):
        result = reconcile(frame_of(numbers("base")), REFERENCE["members"], errors=PAST[1:])
        assert "one-step errors of 15 periods, 1 that lack an area left out" in result["method"][0]
        assert "reconciled by MinT (shrinkage 0." in result["method"][0]


class TestWithForecasts:
    def test_forecasts_and_backtests_of_the_package(self):
        random = np.random.default_rng(11)
        (one,) = hierarchies(WHOLE)
        lowest = np.exp(np.cumsum(0.05 + 0.03 * random.normal(size=(2, 20)), axis=1)) * [[1000.0], [100.0]]
        years = [date(2000 + i, 1, 1) for i in range(20)]
        frame = frame_of(one.summing @ lowest, one.areas, years, indicator="gdp", unit="HKD")
        ahead = forecast(frame, 4)
        result = reconcile(ahead, WHOLE, errors=backtest(frame, 1, models="auto"))
        value = {a: result.filter(area=a)["value"].to_numpy() for a in one.areas}
        assert value["both"] == pytest.approx(value["hong_kong"] + value["macao"], rel=1e-12)
        assert result.drop("value", "method", "^(lower|upper)_.*$").equals(
            ahead.drop("value", "method", "^(lower|upper)_.*$")
        )
        assert (result["lower_95"] <= result["lower_80"]).all()
        assert "reconciled by MinT" in result["method"][0]

    def test_forecasts_at_each_origin_of_a_backtest(self):
        areas = ["both", "hong_kong", "macao"]
        past = pl.concat(
            frame_of([[106.0 * k], [80.0 * k], [20.0 * k]], areas, PERIODS[:1]).with_columns(
                origin=date(2019 + k, 1, 1), step=k, actual=pl.col("value") + k
            )
            for k in (1, 2)
        )
        result = reconcile(past, WHOLE, method="ols")
        assert result["value"].to_list() == pytest.approx([v * k for k in (1, 2) for v in (104, 82, 22)])
        assert result["actual"].equals(past["actual"])


class TestBadInput:
    AHEAD = frame_of(numbers("base"), indicator="sales", prices="current")

    def test_no_such_method(self):
        with pytest.raises(UnknownNameError, match="did you mean 'mint'"):
            reconcile(self.AHEAD, REFERENCE["members"], method="mintt")

    @pytest.mark.parametrize("method", ["mint", "wls_var"])
    def test_errors_are_needed(self, method):
        with pytest.raises(UsageError, match=r"errors=gba\.backtest\(frame, 1\)"):
            reconcile(self.AHEAD, REFERENCE["members"], method=method)

    def test_missing_area(self):
        some = self.AHEAD.filter(~pl.col("area").is_in(["s1", "s2"]))
        with pytest.raises(FrameError, match="there is none of s1, s2: forecast all areas"):
            reconcile(some, REFERENCE["members"], method="ols")

    def test_missing_period(self):
        with pytest.raises(FrameError, match="none of s3 for the period that begins 2026-01-01"):
            reconcile(self.AHEAD[:-1], REFERENCE["members"], method="ols")

    @pytest.mark.parametrize(
        ("column", "here", "there"), [("prices", "current", "constant"), ("frequency", "A", "Q")]
    )
    def test_another_basis(self, column, here, there):
        other = pl.when(pl.col("area") == "n2").then(pl.lit(there)).otherwise(pl.lit(here)).alias(column)
        with pytest.raises(
            FrameError, match=f"none of n2 .the frame has n2 with {column} '{there}' instead of '{here}'"
        ):
            reconcile(self.AHEAD.with_columns(other), REFERENCE["members"], method="ols")

    def test_another_basis_by_the_catalogue(self):
        members = catalog().definition("tokyo_bay_area").members
        ahead = frame_of(
            np.ones((5, 1)), ["tokyo_bay_area", *members], PERIODS[:1], indicator="gdp"
        ).with_columns(
            prices=pl.when(pl.col("area") == "tokyo_bay_area")
            .then(pl.lit("constant"))
            .otherwise(pl.lit("current"))
        )
        with pytest.raises(FrameError, match="with prices 'current' instead of 'constant'"):
            reconcile(ahead, method="ols")

    def test_other_units(self):
        mixed = self.AHEAD.with_columns(
            unit=pl.when(pl.col("area") == "n2").then(pl.lit("HKD")).otherwise(pl.lit("CNY"))
        )
        with pytest.raises(FrameError, match=r"one unit.*gba\.convert"):
            reconcile(mixed, REFERENCE["members"], method="ols")

    def test_doubled_forecasts(self):
        with pytest.raises(FrameError, match="two forecasts of total"):
            reconcile(pl.concat([self.AHEAD, self.AHEAD[:1]]), REFERENCE["members"], method="ols")

    def test_rates_cannot_be_added(self):
        for rate in (
            self.AHEAD.with_columns(unit=pl.lit("percent")),
            self.AHEAD.with_columns(indicator=pl.lit("gdp_per_capita")),
        ):
            with pytest.raises(FrameError, match="cannot be added over areas"):
                reconcile(rate, REFERENCE["members"], method="ols")

    def test_no_total_at_all(self):
        for frame in (self.AHEAD, self.AHEAD.filter(pl.col("area") == "n1")):
            with pytest.raises(UsageError, match="none of the areas is a total"):
                reconcile(frame, method="ols")

    def test_frames_that_are_no_forecasts(self):
        with pytest.raises(FrameError, match="collect"):
            reconcile(self.AHEAD.lazy(), method="ols")
        with pytest.raises(FrameError, match="no rows"):
            reconcile(self.AHEAD.clear(), method="ols")
        with pytest.raises(FrameError, match="drop it first"):
            reconcile(self.AHEAD.with_columns(se=pl.lit(1.0)), method="ols")
        empty = self.AHEAD.with_columns(value=pl.when(pl.col("area") != "n1").then("value"))
        with pytest.raises(FrameError, match=r"n1.*begins 2024-01-01 has no value"):
            reconcile(empty, REFERENCE["members"], method="ols")

    def test_intervals_that_are_none(self):
        with pytest.raises(FrameError, match="lacks 'upper_80'"):
            reconcile(self.AHEAD.with_columns(lower_80=pl.lit(1.0)), REFERENCE["members"], method="ols")
        with pytest.raises(FrameError, match="named after its level"):
            reconcile(self.AHEAD.with_columns(lower_bound=pl.lit(1.0)), REFERENCE["members"], method="ols")
        for lower, upper in ((2e9, 3e9), (None, 3e9), (float("nan"), 3e9)):
            bad = self.AHEAD.with_columns(lower_80=pl.lit(lower, pl.Float64), upper_80=pl.lit(upper))
            with pytest.raises(FrameError, match="do not enclose"):
                reconcile(bad, REFERENCE["members"], method="ols")

    def test_proportions_of_nothing(self):
        base = numbers("base").copy()
        base[TREE.areas.index("n1")] = -5.0
        with pytest.raises(FrameError, match="members of north"):
            reconcile(frame_of(base), REFERENCE["members"], method="top_down")

    @pytest.mark.parametrize(
        ("past", "error", "words"),
        [
            (PAST.filter(pl.col("area") != "s2"), FrameError, "no one-step forecasts of s2"),
            (PAST.filter(pl.col("period").dt.year() < 2004), SeriesTooShortError, "there are 4"),
            (pl.concat([PAST, PAST[:1]]), FrameError, "several one-step forecasts of total"),
            (PAST.with_columns(value="actual"), FrameError, "all one-step errors are zero"),
            (PAST.drop("actual"), FrameError, "lacks the column 'actual'"),
            (PAST.with_columns(unit=pl.lit("HKD")), FrameError, "errors are in 'HKD', the forecasts in 'CNY'"),
            (
                PAST.with_columns(pl.when(pl.col("area") == "north").then(pl.col("actual") * 1.1).otherwise("actual")),
                FrameError,
                "does not add up",
            ),
        ],
    )  # fmt: skip
    def test_errors_that_cannot_serve(self, past, error, words):
        ahead = frame_of(numbers("base"), unit="CNY")
        with pytest.raises(error, match=words):
            reconcile(ahead, REFERENCE["members"], errors=past)

    def test_only_one_step_counts(self):
        further = PAST.with_columns(pl.col("value") * 2, step=pl.lit(2))
        ahead = frame_of(numbers("base"))
        expected = reconcile(ahead, REFERENCE["members"], errors=PAST)
        assert reconcile(
            ahead,
            REFERENCE["members"],
            errors=pl.concat([further, PAST.cast({"step": pl.Int32})], how="vertical_relaxed"),
        ).equals(expected)
