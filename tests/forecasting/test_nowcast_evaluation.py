"""Evaluation of nowcasts: nothing is known before its day, benchmarks by hand, and what the figures of the package carry."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from test_nowcasting import economy

from gbaindicators.errors import FrameError, UnknownNameError, UsageError
from gbaindicators.forecasting.nowcasts.evaluation import (
    autoregression,
    evaluate_nowcasts,
    summarize_nowcasts,
)
from gbaindicators.forecasting.nowcasts.inputs import nowcast_inputs
from gbaindicators.forecasting.nowcasts.nowcasting import nowcast
from gbaindicators.forecasting.nowcasts.real_time import known_on, newest


@pytest.fixture(scope="module")
def small():
    target, monthly, _ = economy()
    return target.with_columns(lag=45), monthly.with_columns(lag=20)


@pytest.fixture(scope="module")
def evaluation(small):
    return evaluate_nowcasts(*small, start="2015-Q1", days=(-30, 28))


class TestKnownOn:
    days = pl.DataFrame(
        {
            "frequency": "M",
            "period": [date(2020, 1, 1), date(2020, 1, 1), date(2020, 2, 1), date(2020, 2, 1)],
            "value": [1.0, 1.5, 2.0, 2.5],
            "vintage": [date(2020, 2, 10), date(2020, 4, 1), date(2021, 1, 1), date(2022, 1, 1)],
        }
    )

    def test_by_vintage(self):
        assert known_on(self.days, date(2020, 2, 9)).is_empty()
        assert known_on(self.days, date(2020, 2, 10))["value"].to_list() == [1.0]
        assert known_on(self.days, "2020-02-10")["value"].to_list() == [1.0]
        assert known_on(self.days, date(2020, 4, 1))["value"].to_list() == [1.5]
        assert known_on(self.days, date(2023, 1, 1))["value"].to_list() == [1.5, 2.5]

    def test_the_earliest_edition_stands_in_when_the_lag_has_passed(self):
        lagged = self.days.with_columns(lag=30)
        # February ended on the 29th
        assert known_on(lagged, date(2020, 3, 29))["value"].to_list() == [1.0]
        found = known_on(lagged, date(2020, 3, 30))
        assert found.select("value", "timing").rows() == [(1.0, "vintage"), (2.0, "lag")]
        assert known_on(lagged, date(2021, 6, 1))["value"].to_list() == [1.5, 2.0]

    def test_by_lag_alone_and_by_neither(self):
        bare = self.days.drop("vintage").unique("period", keep="first", maintain_order=True)
        assert known_on(bare.with_columns(lag=0), date(2020, 1, 31))["value"].to_list() == [1.0]
        assert known_on(bare.with_columns(lag=pl.lit(None, pl.Int64)), date(2020, 3, 1)).is_empty()
        with pytest.raises(UsageError, match="'vintage'"):
            known_on(bare, date(2020, 1, 31))
        with pytest.raises(FrameError, match="two values for M in the period that begins 2020-01-01"):
            known_on(pl.concat([self.days, self.days.head(1)]), date(2020, 3, 1))

    def test_a_withdrawn_figure_is_known_no_more(self):
        editions = pl.DataFrame(
            {
                "frequency": "M",
                "period": [date(2020, 1, 1)] * 2 + [date(2020, 2, 1)] * 2,
                "value": [1.0, None, 2.0, None],
                "status": ["A", "M", "A", "A"],  # a gap in a later table takes nothing back
                "vintage": [date(2020, 2, 10), date(2020, 4, 1), date(2020, 3, 10), date(2020, 4, 1)],
            }
        )
        assert known_on(editions, date(2020, 3, 31))["value"].to_list() == [1.0, 2.0]
        assert known_on(editions, date(2020, 4, 1))["value"].to_list() == [2.0]
        assert known_on(editions.with_columns(lag=10), date(2020, 4, 1))["value"].to_list() == [2.0]
        assert newest(editions)["value"].to_list() == [2.0]

    def test_quarters_by_their_own_length(self):
        quarter = pl.DataFrame({"frequency": "Q", "period": [date(2020, 1, 1)], "value": [1.0], "lag": [31]})
        assert known_on(quarter, date(2020, 4, 30)).is_empty()
        assert known_on(quarter, date(2020, 5, 1)).height == 1


class TestEvaluation:
    def test_one_row_for_each_open_quarter_and_origin(self, evaluation):
        assert evaluation.height == 14
        first = evaluation.row(0, named=True)
        assert (first["period"], first["days"], first["as_of"]) == (date(2015, 1, 1), -30, date(2015, 3, 1))

    def test_later_figures_do_not_matter(self, small, evaluation):
        target, monthly = small
        day = date(2015, 12, 1)
        late = [
            frame.with_columns(
                pl.when(pl.col("period") > day - timedelta(days=60))
                .then(99.0)
                .otherwise("value")
                .alias("value")
            )
            for frame in (target, monthly)
        ]
        other = evaluate_nowcasts(*late, start="2015-Q1", end="2015-Q3", days=(-30, 28))
        columns = ["period", "days", "nowcast", "lower_80", "mean", "ar"]
        assert other.select(columns).equals(evaluation.head(other.height).select(columns))

    def test_an_origin_is_the_nowcast_of_that_day(self, small, evaluation):
        first = evaluation.row(0, named=True)
        found = nowcast(*small, as_of=first["as_of"])
        assert found.frame.filter(pl.col("period") == first["period"])["value"].item() == pytest.approx(
            first["nowcast"]
        )
        assert "0 figures by day of publication" in found.frame["method"][0]
        assert "pseudo-real time" in found.frame["method"][0]

    def test_benchmarks_know_the_target_alone(self, small, evaluation):
        target, _ = small
        known = target.filter(pl.col("period") < date(2014, 10, 1))["value"].to_numpy()
        row = evaluation.filter((pl.col("period") == date(2015, 1, 1)) & (pl.col("days") == -30)).row(
            0, named=True
        )
        known = np.append(known, target.filter(pl.col("period") == date(2014, 10, 1))["value"].item())
        assert row["mean"] == pytest.approx(known.mean())
        assert row["ar"] == pytest.approx(autoregression(known, 1))

    def test_an_informative_indicator_beats_both(self, evaluation):
        summary = summarize_nowcasts(evaluation, regimes=[2016])
        assert summary["regime"].to_list() == ["to 2015"] * 2 + ["2016 on"] * 2 + ["all"] * 2
        late = summary.filter((pl.col("regime") == "all") & (pl.col("days") == 28)).row(0, named=True)
        assert late["to_mean"] < 0.7 and late["to_ar"] < 0.8

    def test_judged_by_the_first_or_the_latest_edition(self, small):
        target, monthly = small
        editions = pl.concat(
            [
                target.with_columns(vintage=date(2030, 1, 1)),
                target.with_columns(pl.col("value") + 1, vintage=date(2031, 1, 1)),
            ]
        )
        first, latest = (
            evaluate_nowcasts(editions, monthly, start="2016-Q1", end="2016-Q1", days=[0], against=a)
            for a in ("first", "latest")
        )
        assert latest["actual"].item() - first["actual"].item() == pytest.approx(1)
        assert latest["nowcast"].item() == first["nowcast"].item()

    def test_bad_arguments(self, small, evaluation):
        target, monthly = small
        with pytest.raises(UsageError, match="'latest' or 'first'"):
            evaluate_nowcasts(target, monthly, against="last")
        with pytest.raises(UsageError, match="no quarter can be judged"):
            evaluate_nowcasts(target, monthly, start="2030-Q1")
        with pytest.raises(UsageError, match="ascending"):
            summarize_nowcasts(evaluation, regimes=[2020, 2008])

    def test_an_estimate_that_fails_says_when(self, small):
        with pytest.raises(UsageError, match=r"^with what was known on 2015-04-28, 9 factors need more than"):
            evaluate_nowcasts(*small, start="2015-Q1", days=[28], factors=9)

    def test_summary_without_regimes(self, evaluation):
        summary = summarize_nowcasts(evaluation, regimes=[])
        assert summary["regime"].to_list() == ["all", "all"]
        assert summary["quarters"].to_list() == [7, 7]


class TestAutoregression:
    def test_an_exact_one_goes_on(self):
        values = [3.0]
        for _ in range(29):
            values.append(1 + 0.5 * values[-1])
        values = np.array(values) + np.array([0.1, -0.1] * 15)
        ahead = autoregression(values, 1)
        assert ahead == pytest.approx(2.1, abs=0.02)

    def test_by_hand(self):
        random = np.random.default_rng(5)
        y = np.cumsum(random.normal(size=40)) * 0.3
        best = (np.inf, np.nan)
        for p in (1, 2, 3, 4):
            x = np.column_stack([np.ones(36), *(y[4 - k : 40 - k] for k in range(1, p + 1))])
            b = np.linalg.solve(x.T @ x, x.T @ y[4:])
            aic = 36 * np.log(((y[4:] - x @ b) ** 2).mean()) + 2 * p
            path = list(y)
            for _ in range(2):
                path.append(b[0] + sum(b[k] * path[-k] for k in range(1, p + 1)))
            best = min(best, (aic, path[-1]))
        assert autoregression(y, 2) == pytest.approx(best[1])

    def test_gaps_are_left_out_and_few_values_give_the_mean(self):
        y = np.sin(np.arange(60.0))
        y[[10, 30]] = np.nan
        assert autoregression(y, 1) == pytest.approx(np.sin(60), abs=0.05)
        assert autoregression(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), 1) == 3.0


class TestInputs:
    def test_every_area_makes_a_nowcast_in_one_line(self, shipped):
        for area, first in (
            ("hong_kong", date(2026, 7, 1)),
            ("macao", date(2025, 10, 1)),
            ("guangdong", date(2022, 7, 1)),
        ):
            found = nowcast(*nowcast_inputs(area, database=shipped))
            assert found.frame["period"][0] == first
            assert found.frame["sources"].list.len().min() > 1
            assert found.converged

    def test_editions_are_first_prints_and_one_a_day(self, shipped):
        target, monthly = nowcast_inputs("hong_kong", database=shipped)
        # C&SD, advance estimate of 31 January 2024 and later state
        prints = (
            target.filter(pl.col("period") == date(2023, 10, 1))
            .sort("vintage")
            .select("vintage", "value")
            .rows()
        )
        assert prints[0] == (date(2024, 1, 31), 4.3) and prints[-1] == (date(2026, 6, 30), 4.2)
        known = known_on(target, date(2024, 1, 30))["period"].max()
        assert known == date(2023, 7, 1)
        keys = ["indicator", "area", "frequency", "period", "vintage"]
        assert not monthly.select(keys).is_duplicated().any()

    def test_unknown_area(self, shipped):
        with pytest.raises(UnknownNameError, match="hong_kong"):
            nowcast_inputs("hongkong", database=shipped)

    @pytest.mark.slow
    def test_hong_kong_beats_the_mean_until_2022_and_not_since(self, shipped):
        found = evaluate_nowcasts(*nowcast_inputs("hong_kong", database=shipped), start="2005-Q1", days=[28])
        ratio = dict(summarize_nowcasts(found).select("regime", "to_mean").iter_rows())
        assert max(ratio[r] for r in ("to 2007", "2008 to 2019", "2020 to 2022")) < 0.6
        assert ratio["2023 on"] > 1
