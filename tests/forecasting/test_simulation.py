"""Joint paths: the distribution of the intervals, correlation over steps and series, scenarios, bad input."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from gbaindicators.comparison import overtake
from gbaindicators.errors import ForecastWarning, FrameError, UsageError
from gbaindicators.forecasting import forecast, simulate, summarize_paths

PATHS = 4000


def frame_of(values, area="macao", start=1990, **columns):
    return pl.DataFrame(
        {
            "indicator": "mine",
            "area": area,
            "period": [date(start + i, 1, 1) for i in range(len(values))],
            "value": values,
            "unit": "USD",
            **columns,
        },
        schema_overrides={"value": pl.Float64, "period": pl.Date},
    )


def two_areas(correlation, n=40):
    """Random walks in logarithms with correlated growth."""
    random = np.random.default_rng(5)
    shocks = random.multivariate_normal(
        [0.03, 0.03], 0.002 * np.array([[1, correlation], [correlation, 1]]), n
    )
    walks = 100 * np.exp(np.cumsum(shocks, axis=0))
    return pl.concat([frame_of(walks[:, 0], "macao"), frame_of(walks[:, 1], "zhuhai")])


def of_area(paths, area):
    """Values of one area, one row for each path and one column for each step."""
    own = paths.filter(pl.col("area") == area).sort("path", "period")
    return own["value"].to_numpy().reshape(own["path"].n_unique(), -1)


class TestDistribution:
    def test_paths_have_the_quantiles_of_the_intervals(self):
        frame = two_areas(0.5)
        ahead = forecast(frame, 6, level=(50, 80, 95))
        drawn = summarize_paths(simulate(frame, 6, paths=PATHS), (50, 80, 95))
        width = (ahead["upper_95"] - ahead["lower_95"]).to_numpy()
        for name in ("value", "lower_50", "upper_50", "lower_80", "upper_80"):
            # The standard error of an 80% edge from 4,000 draws is below 0.02 of the 95% width.
            assert (np.abs(drawn[name] - ahead[name]).to_numpy() / width).max() < 0.04, name

    def test_sources_of_each_series_and_of_what_is_given(self):
        frame = pl.concat(
            two_areas(0.5)
            .filter(area=area)
            .with_columns(sources=pl.lit([f"{area} office"], pl.List(pl.String)))
            for area in ("macao", "zhuhai")
        )
        frame = frame.with_row_index("i").with_columns(
            sources=pl.when(pl.col("i") == 3)
            .then(pl.lit(["yearbook"], pl.List(pl.String)))
            .otherwise("sources")
        )
        of_macao, of_zhuhai = ["macao office", "yearbook"], ["zhuhai office"]
        drawn = simulate(frame.drop("i"), 2, paths=3)
        assert drawn.columns[-2:] == ["unit", "sources"]
        assert drawn["sources"].to_list() == [of_macao] * 6 + [of_zhuhai] * 6
        assert summarize_paths(drawn)["sources"].to_list() == [of_macao] * 2 + [of_zhuhai] * 2
        last = frame.filter(area="macao").tail(1)
        given = last.with_columns(
            pl.col("period").dt.offset_by("1y"), sources=pl.lit(["budget"], pl.List(pl.String))
        )
        under = simulate(frame.drop("i"), 2, paths=3, given=given.drop("i"))
        assert under["sources"].unique(maintain_order=True).to_list() == [
            ["budget", *of_macao],
            ["budget", *of_zhuhai],
        ]
        assert under.drop("value", "sources").equals(drawn.drop("value", "sources"))
        assert "sources" not in simulate(two_areas(0.5), 2, paths=3, given=given.drop("i")).columns
        table = overtake(drawn, "macao", "zhuhai")
        assert table["sources"].to_list() == [[*of_macao, *of_zhuhai]] * 2

    def test_shape_and_order(self):
        drawn = simulate(two_areas(0.5), 3, paths=7)
        assert drawn.columns == ["indicator", "area", "frequency", "path", "period", "value", "unit"]
        assert drawn.height == 2 * 7 * 3
        assert drawn["area"].to_list() == ["macao"] * 21 + ["zhuhai"] * 21
        assert drawn["path"].to_list()[:4] == [0, 0, 0, 1]
        assert drawn["period"].to_list()[:3] == [date(2030, 1, 1), date(2031, 1, 1), date(2032, 1, 1)]

    def test_the_seed_decides(self):
        frame = two_areas(0.5)
        assert simulate(frame, 3, paths=5, seed=3).equals(simulate(frame, 3, paths=5, seed=3))
        assert not simulate(frame, 3, paths=5, seed=3).equals(simulate(frame, 3, paths=5, seed=4))

    def test_errors_stay_from_step_to_step_of_a_random_walk(self):
        values = of_area(simulate(two_areas(0.0), 6, paths=PATHS), "macao")
        correlation = np.corrcoef(values.T)
        assert correlation[4, 5] > correlation[0, 5] > 0.2
        assert correlation[4, 5] > 0.8

    @pytest.mark.parametrize(
        ("built_in", "low", "high"), [(0.9, 0.75, 0.97), (0.0, -0.25, 0.25), (-0.8, -0.95, -0.5)]
    )
    def test_series_go_together_as_their_growth_did(self, built_in, low, high):
        drawn = simulate(two_areas(built_in), 4, paths=PATHS)
        found = np.corrcoef(of_area(drawn, "macao")[:, 3], of_area(drawn, "zhuhai")[:, 3])[0, 1]
        assert low < found < high

    def test_too_few_common_years_are_no_correlation(self):
        frame = two_areas(0.95, n=7)
        drawn = simulate(frame, 2, paths=PATHS)
        found = np.corrcoef(of_area(drawn, "macao")[:, 1], of_area(drawn, "zhuhai")[:, 1])[0, 1]
        assert abs(found) < 0.1

    def test_years_are_matched_by_date(self):
        # The same growth, one series twenty years later: not one year in common.
        walk = 100 * np.exp(np.cumsum(np.random.default_rng(1).normal(0.02, 0.05, 19)))
        frame = pl.concat([frame_of(walk, "macao", 1980), frame_of(walk, "zhuhai", 2000)])
        drawn = simulate(frame, 1, paths=PATHS)
        found = np.corrcoef(of_area(drawn, "macao")[:, 0], of_area(drawn, "zhuhai")[:, 0])[0, 1]
        assert abs(found) < 0.1

    def test_not_below_zero_where_the_catalogue_says_so(self):
        falling = [900.0, 500.0, 700.0, 200.0, 400.0, 90.0, 30.0]
        frame = frame_of(falling).with_columns(indicator=pl.lit("population"), unit=pl.lit("persons"))
        assert simulate(frame, 8, paths=200)["value"].min() == 0.0

    def test_a_constant_stays(self):
        assert simulate(frame_of([5.0] * 9), 3, paths=10)["value"].unique().to_list() == [5.0]


class TestScenario:
    def test_given_values_hold_and_pull_the_other_with_them(self):
        frame = two_areas(0.9)
        free = forecast(frame, 4)
        high = free.filter(pl.col("area") == "macao").select("area", "period", value=pl.col("upper_80"))
        drawn = simulate(
            frame, 4, paths=PATHS, given=high.with_columns(indicator=pl.lit("mine"), unit=pl.lit("USD"))
        )
        assert of_area(drawn, "macao") == pytest.approx(
            np.tile(high["value"].to_numpy(), (PATHS, 1)), rel=1e-5
        )
        other = free.filter(pl.col("area") == "zhuhai")
        under = of_area(drawn, "zhuhai")
        assert (under.mean(axis=0) > other["value"].to_numpy()).all()
        before = of_area(simulate(frame, 4, paths=PATHS), "zhuhai")
        # With correlation r, the variance under the condition is 1 - r^2 of what it was.
        assert under[:, 3].std() < 0.75 * before[:, 3].std()

    def test_what_is_given_for_one_year_moves_the_years_around(self):
        frame = two_areas(0.0)
        free = forecast(frame, 4).filter(pl.col("area") == "macao")
        third = free[2].select("indicator", "area", "period", value=pl.col("upper_95"))
        drawn = of_area(simulate(frame, 4, paths=PATHS, given=third), "macao").mean(axis=0)
        assert drawn[2] == pytest.approx(third["value"][0], rel=1e-5)
        assert drawn[1] > free["value"][1]
        assert drawn[3] > free["value"][3]

    def test_giving_the_forecast_leaves_the_middle_where_it_is(self):
        frame = two_areas(0.8)
        free = forecast(frame, 3)
        given = free.filter(pl.col("area") == "macao").select("indicator", "area", "period", "value")
        drawn = of_area(simulate(frame, 3, paths=PATHS, given=given), "zhuhai")
        other = free.filter(pl.col("area") == "zhuhai")
        width = (other["upper_80"] - other["lower_80"]).to_numpy()
        assert (np.abs(np.median(drawn, axis=0) - other["value"].to_numpy()) < 0.05 * width).all()

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"value": 1e9}, r"mine, macao in 2030 is further from its forecast"),
            ({"area": "lantau"}, "mine, lantau, which is none of the series"),
            ({"unit": "CNY"}, "given is in CNY, mine, macao in USD"),
            ({"period": date(2050, 1, 1)}, "from 2030-01-01 to 2031-01-01"),
        ],
    )
    def test_bad_scenarios(self, change, message):
        row = {
            "indicator": "mine",
            "area": "macao",
            "period": date(2030, 1, 1),
            "value": 300.0,
            "unit": "USD",
        }
        with pytest.raises(UsageError, match=message):
            simulate(two_areas(0.5), 2, paths=10, given=pl.DataFrame([row | change]))

    def test_a_key_is_missing(self):
        given = pl.DataFrame({"area": ["macao"], "period": [date(2030, 1, 1)], "value": [300.0]})
        with pytest.raises(FrameError, match="no column indicator"):
            simulate(two_areas(0.5), 2, paths=10, given=given)


class TestBadInput:
    @pytest.mark.parametrize("paths", [0, -1, 2.5, True, 1_000_000])
    def test_paths(self, paths):
        with pytest.raises(UsageError, match="from 1 to 100,000"):
            simulate(frame_of([1, 2, 4]), 1, paths=paths)

    def test_one_series_that_fails_leaves_the_others(self):
        frame = pl.concat([frame_of([1, 2, 4, 3, 5]), frame_of([1.0], "zhuhai")])
        with pytest.warns(ForecastWarning, match="zhuhai has 1 value"):
            drawn = simulate(frame, 2, paths=5)
        assert drawn["area"].unique().to_list() == ["macao"]

    def test_summary_of_something_else(self):
        with pytest.raises(FrameError, match="no column path"):
            summarize_paths(frame_of([1, 2]))
