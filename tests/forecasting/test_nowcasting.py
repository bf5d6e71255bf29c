"""Nowcasts: identities of three months to date, the smoother's information, equivariance, calendars and bad input."""

from __future__ import annotations

import warnings
from datetime import date

import numpy as np
import polars as pl
import pytest

from gbaindicators.errors import FrameError, SeriesTooShortError, UnknownNameError, UsageError
from gbaindicators.forecasting.forecast import forecast
from gbaindicators.forecasting.nowcasts import factor_model
from gbaindicators.forecasting.nowcasts.factor_model import FactorModel, estimate
from gbaindicators.forecasting.nowcasts.months import make_panel
from gbaindicators.forecasting.nowcasts.nowcasting import nowcast


def months(count, first=date(2005, 1, 1), every="1mo"):
    return (
        pl.select(pl.date_ranges(first, pl.lit(first).dt.offset_by(f"{count * 12}mo"), every))
        .item()
        .head(count)
    )


def economy(years=12, seed=1, missing_quarters=1):
    """A factor, three monthly rates that follow it, and quarterly growth: the mean of three months of the factor."""
    random = np.random.default_rng(seed)
    count = years * 12
    factor = np.zeros(count)
    for t in range(1, count):
        factor[t] = 0.9 * factor[t - 1] + random.normal()
    monthly = pl.concat(
        pl.DataFrame(
            {
                "indicator": name,
                "frequency": "M",
                "unit": "percent",
                "period": months(count),
                "value": scale * factor + 0.7 * random.normal(size=count) + level,
            }
        )
        for name, scale, level in (("trade", 2.0, 5.0), ("retail", 1.0, 3.0), ("power", -1.0, 0.0))
    )
    growth = factor.reshape(-1, 3).mean(axis=1) + 2 + 0.1 * random.normal(size=count // 3)
    target = pl.DataFrame(
        {
            "indicator": "gdp",
            "frequency": "Q",
            "unit": "percent",
            "period": months(count // 3, every="3mo"),
            "value": growth,
        }
    )
    return target.head(target.height - missing_quarters), monthly, growth


@pytest.fixture(scope="module")
def small():
    return economy()


@pytest.fixture(scope="module")
def now(small):
    target, monthly, _ = small
    return nowcast(target, monthly)


class TestNowcast:
    def test_follows_the_months_of_a_quarter_that_is_not_published(self, small, now):
        target, _, growth = small
        error = now.frame["value"][0] - growth[-1]
        assert abs(error) < 0.5 * target["value"].std()
        assert now.frame["lower_95"][0] < growth[-1] < now.frame["upper_95"][0]

    def test_frame_is_a_forecast_frame(self, small, now):
        target, _, _ = small
        loaded = target.with_columns(sources=pl.lit(["a"]))
        assert sorted(now.frame.columns) == sorted(forecast(loaded, 1).columns)
        assert now.frame["period"].to_list() == [date(2016, 10, 1), date(2017, 1, 1)]
        assert now.frame["status"].to_list() == ["F", "F"]
        assert now.frame["unit"].to_list() == ["percent"] * 2
        assert "three months to date from 3 series" in now.frame["method"][0]
        for row in now.frame.to_dicts():
            assert row["lower_95"] < row["lower_80"] < row["value"] < row["upper_80"] < row["upper_95"]

    def test_is_the_smoothed_prediction_not_the_stale_one(self, now):
        # statsmodels #8419, #9600: by default get_prediction is one step ahead and does not see the quarter's months
        results = now.model.smoothed(now.panel.values)
        smoothed = results.get_prediction(information_set="smoothed").predicted_mean.iloc[-1, -1]
        stale = results.get_prediction().predicted_mean.iloc[-1, -1]
        assert now.frame["value"][0] == pytest.approx(smoothed, abs=1e-8)
        assert abs(stale - smoothed) > 1e-4

    def test_standard_error_is_the_smoothed_one(self, now):
        prediction = now.model.smoothed(now.panel.values).get_prediction(information_set="smoothed")
        expected = (
            prediction.se_mean.iloc[-1, -1]
            if hasattr(prediction.se_mean, "iloc")
            else prediction.se_mean[-1, -1]
        )
        width = now.frame["upper_80"][0] - now.frame["value"][0]
        assert width / 1.2815515655446004 == pytest.approx(expected, rel=1e-6)

    def test_a_published_quarter_is_its_figure(self, now):
        mean, error = now.model.of_target(now.panel.values)
        known = np.isfinite(now.panel.values[:, -1])
        assert mean[known] == pytest.approx(now.panel.values[known, -1], abs=1e-8)
        assert error[known] == pytest.approx(0, abs=1e-6)

    def test_units_do_not_matter(self, small, now):
        target, monthly, _ = small
        scaled = monthly.with_columns(
            pl.when(pl.col("indicator") == "trade")
            .then(pl.col("value") * 1000 - 7)
            .otherwise("value")
            .alias("value")
        )
        other = nowcast(
            target.with_columns(pl.col("value") * 2 + 3), scaled.sample(fraction=1, shuffle=True, seed=3)
        )
        assert other.frame["value"].to_list() == pytest.approx(
            (now.frame["value"] * 2 + 3).to_list(), abs=1e-3
        )

    def test_order_of_rows_does_not_matter(self, small, now):
        target, monthly, _ = small
        order = [*monthly["indicator"].unique(maintain_order=True)]
        mixed = pl.concat([monthly.filter(pl.col("indicator") == i).reverse() for i in order])
        assert nowcast(target.reverse(), mixed).frame["value"].to_list() == pytest.approx(
            now.frame["value"].to_list()
        )

    def test_ragged_ends_widen_the_interval(self, small, now):
        target, monthly, _ = small
        cut = monthly.filter((pl.col("indicator") != "retail") | (pl.col("period") < date(2016, 10, 1)))
        cut = cut.filter((pl.col("indicator") != "trade") | (pl.col("period") < date(2016, 12, 1)))
        other = nowcast(target, cut).frame
        assert other["period"].to_list() == now.frame["period"].to_list()
        assert (
            other["upper_80"][0] - other["lower_80"][0] > now.frame["upper_80"][0] - now.frame["lower_80"][0]
        )

    @pytest.mark.filterwarnings("ignore:the EM algorithm")
    def test_missing_quarters_and_two_factors(self, small):
        target, monthly, _ = small
        holes = target.filter(pl.col("period").dt.year() != 2010)
        found = nowcast(holes, monthly, factors=2)
        assert found.inputs.select("loading_1", "loading_2").null_count().sum_horizontal().item() == 0
        assert np.isfinite(found.frame["value"].to_numpy()).all()

    def test_frames_of_only_period_and_value(self, small):
        target, monthly, _ = small
        one = monthly.filter(pl.col("indicator") == "trade").select("period", pl.col("value") + 100)
        found = nowcast(target.select("period", "value"), one)
        assert found.inputs["transform"].to_list() == ["growth", "level"]
        assert "Nowcast of" in found.summary()

    def test_summary_tells_quarters_and_series(self, now):
        text = now.summary()
        for word in ("2016-Q4", "trade, M", "gdp, Q", "percent"):
            assert word in text

    def test_algorithm_that_does_not_converge_warns(self, small, monkeypatch):
        target, monthly, _ = small
        monkeypatch.setattr(factor_model, "_ITERATIONS", 2)
        with pytest.warns(RuntimeWarning, match="did not converge"):
            found = nowcast(target, monthly)
        assert not found.converged
        assert "did not converge" in found.frame["method"][0]

    def test_no_warning_otherwise(self, small):
        target, monthly, _ = small
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            nowcast(target, monthly)


class TestPanel:
    def test_three_months_to_date_end_in_the_quarters_own_growth(self):
        levels = pl.DataFrame(
            {"period": months(96), "value": 100 + np.arange(96) + 9 * np.sin(np.arange(96))}
        )
        sums = levels.group_by_dynamic("period", every="1q").agg(pl.col("value").sum())
        growth = sums.with_columns((pl.col("value") / pl.col("value").shift(4) - 1) * 100).drop_nulls()
        panel = make_panel(growth.select("period", "value"), levels, None, 12)
        both = panel.values[np.isfinite(panel.values[:, 1])]
        assert both[:, 0] == pytest.approx(both[:, 1])
        assert len(both) == 28

    def test_growth_on_the_quarter_before(self):
        levels = pl.DataFrame({"period": months(96), "value": 100 + np.arange(96.0) ** 1.1})
        sums = levels.group_by_dynamic("period", every="1q").agg(pl.col("value").sum())
        growth = sums.with_columns((pl.col("value") / pl.col("value").shift(1) - 1) * 100).drop_nulls()
        panel = make_panel(growth.select("period", "value"), levels, None, 3)
        both = panel.values[np.isfinite(panel.values[:, 1])]
        assert both[:, 0] == pytest.approx(both[:, 1])

    def test_transforms_by_default_and_on_request(self):
        target, monthly, _ = economy()
        names = {"trade": "unemployment_rate", "retail": "cpi_inflation", "power": "container_throughput"}
        monthly = monthly.with_columns(
            pl.col("indicator").replace(names),
            unit=pl.when(pl.col("indicator") == "power").then(pl.lit("TEU")).otherwise(pl.lit("percent")),
            value=pl.col("value") + 100,
        )
        found = {
            s["name"].split(",")[0]: s["transform"] for s in make_panel(target, monthly, None, 12).series
        }
        assert found == {
            "unemployment_rate": "change", "cpi_inflation": "level", "container_throughput": "growth", "gdp": "level",
        }  # fmt: skip
        asked = make_panel(target, monthly.with_columns(transform=pl.lit("change")), None, 12)
        assert {s["transform"] for s in asked.series[:-1]} == {"change"}

    def test_quarterly_indicators_and_moving_quarters(self):
        target, _, _ = economy()
        value = 3.0 + np.sin(np.arange(144))
        moving = pl.DataFrame(
            {"frequency": "Q", "period": months(142), "value": value[:142], "transform": "level"}
        )
        panel = make_panel(target, moving, None, 12)
        # the first three months end in March
        assert panel.month(int(np.isfinite(panel.values[:, 0]).argmax())) == date(2005, 3, 1)
        assert panel.values[panel.row(date(2005, 3, 1)), 0] == value[0]

    def test_growth_does_not_cross_breaks(self):
        target, monthly, _ = economy()
        levels = monthly.filter(pl.col("indicator") == "trade").with_columns(
            value=pl.lit(100.0) + pl.int_range(pl.len()),
            unit=pl.lit("TEU"),
            status=pl.when(pl.col("period") == date(2010, 5, 1)).then(pl.lit("B")).otherwise(pl.lit("A")),
        )
        panel = make_panel(target, levels, None, 12)
        missing = [panel.month(i) for i in range(20, len(panel.values)) if np.isnan(panel.values[i, 0])]
        # the first three months after the break end in July 2010, and a year later their base is whole
        assert missing == months(14, date(2010, 5, 1)).to_list()

    def test_series_known_too_shortly_are_named(self):
        target, monthly, _ = economy()
        short = monthly.filter((pl.col("indicator") != "power") | (pl.col("period") > date(2015, 1, 1)))
        found = nowcast(target, short)
        assert list(found.left_out) == ["power, M"]
        assert "left out: power, M" in found.frame["method"][0]
        assert "left out: power, M, known in 6 quarters" in found.summary()

    def test_newest_edition_counts(self):
        target, monthly, _ = economy()
        old = monthly.with_columns(pl.col("value") * 0, vintage=date(2020, 1, 1))
        both = pl.concat([old, monthly.with_columns(vintage=date(2021, 1, 1))])
        assert make_panel(target, both, None, 12).values == pytest.approx(
            make_panel(target, monthly, None, 12).values, nan_ok=True
        )


class TestStationary:
    def test_explosive_roots_are_shrunk_and_others_kept(self):
        random = np.random.default_rng(2)
        walk = np.cumsum(np.cumsum(random.normal(size=(120, 1)), axis=0), axis=0)
        model = estimate(walk + random.normal(size=(120, 3)), 1, 2)
        mean, error = model.of_target(np.vstack([walk + np.zeros((120, 3)), np.full((24, 3), np.nan)]))
        assert np.isfinite(mean).all() and np.isfinite(error).all()
        blocks = np.array([[[1.2], [0.1]]])
        assert factor_model._largest_root(blocks) == pytest.approx(np.abs(np.roots([1, -1.2, -0.1])).max())

    def test_loadings_follow_the_target(self, now):
        loadings = dict(now.inputs.select("indicator", "loading_1").iter_rows())
        assert loadings["gdp"] > 0 and loadings["trade"] > 0 and loadings["power"] < 0
        assert isinstance(now.model, FactorModel)


class TestBadInput:
    def test_target_must_be_one_quarterly_series_of_growth(self, small):
        target, monthly, _ = small
        two = pl.concat([target, target.with_columns(indicator=pl.lit("other"))])
        with pytest.raises(FrameError, match="one quarterly series, the frame has gdp, Q; other, Q"):
            nowcast(two, monthly)
        with pytest.raises(FrameError, match="target is quarterly, not of frequency 'M'"):
            nowcast(monthly.filter(pl.col("indicator") == "trade"), monthly)
        with pytest.raises(FrameError, match="growth in percent, the frame is in 'HKD'"):
            nowcast(target.with_columns(unit=pl.lit("HKD")), monthly)
        with pytest.raises(SeriesTooShortError, match="at least 20 quarters of its target, 19 are there"):
            nowcast(target.head(19), monthly)

    def test_indicators_must_be_monthly_or_quarterly_and_overlap(self, small):
        target, monthly, _ = small
        with pytest.raises(FrameError, match="frequency 'A', 'D'"):
            nowcast(target, monthly.with_columns(frequency=pl.Series(["A", "D"] * (monthly.height // 2))))
        with pytest.raises(FrameError, match="no monthly series overlaps"):
            nowcast(target, monthly.filter(pl.col("period") > date(2015, 6, 1)))
        with pytest.raises(FrameError, match="no monthly figure is known"):
            nowcast(target, monthly.head(0))
        with pytest.raises(FrameError, match="from_ytd"):
            nowcast(target, monthly.with_columns(adjustment=pl.lit("ytd")))

    def test_constant_and_negative_levels(self, small):
        target, monthly, _ = small
        flat = monthly.with_columns(
            pl.when(pl.col("indicator") == "power").then(5.0).otherwise("value").alias("value")
        )
        with pytest.raises(FrameError, match="power, M is constant"):
            nowcast(target, flat)
        with pytest.raises(FrameError, match=r"zero or less.*'change'"):
            nowcast(target, monthly.with_columns(unit=pl.lit("index")))

    def test_arguments(self, small):
        target, monthly, _ = small
        with pytest.raises(UsageError, match="'1y' or '3mo'"):
            nowcast(target, monthly, over="1mo")
        with pytest.raises(UsageError, match="factors is a whole number"):
            nowcast(target, monthly, factors=0)
        with pytest.raises(UsageError, match="factor_order is a whole number"):
            nowcast(target, monthly, factor_order=True)
        with pytest.raises(UsageError, match="4 factors need more than the 3 series"):
            nowcast(target, monthly, factors=4)
        with pytest.raises(UsageError, match="between 0 and 100"):
            nowcast(target, monthly, level=0)
        with pytest.raises(UnknownNameError, match="transform"):
            nowcast(target, monthly.with_columns(transform=pl.lit("diff")))
        with pytest.raises(UsageError, match=r"'vintage'.*'lag'"):
            nowcast(target, monthly, as_of="2015")

    def test_doubled_figures(self, small):
        target, monthly, _ = small
        lags = monthly.with_columns(lag=pl.when(pl.col("period") < date(2011, 1, 1)).then(20).otherwise(30))
        with pytest.raises(FrameError, match="trade, M is there twice"):
            nowcast(target, lags)
        with pytest.raises(FrameError, match="two values for trade"):
            nowcast(target, pl.concat([monthly, monthly.head(1)]))
