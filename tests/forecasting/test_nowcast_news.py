"""News: releases, revisions and new parameters add up to the change, and each is what it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest
from test_nowcasting import economy

from gbaindicators.errors import UsageError
from gbaindicators.forecasting.nowcasts.nowcasting import Nowcast, nowcast


def cut(monthly, **last):
    """Only the months up to a date of each series."""
    for name, day in last.items():
        monthly = monthly.filter((pl.col("indicator") != name) | (pl.col("period") <= day))
    return monthly


def again(current: Nowcast, previous: Nowcast) -> Nowcast:
    """The earlier nowcast with the later one's parameters."""
    rows = [previous.panel.row(q) + 2 for q in previous.frame["period"]]
    mean, _ = current.model.of_target(previous.panel.extended(max(rows) + 1))
    return replace(
        previous, model=current.model, frame=previous.frame.with_columns(value=pl.Series(mean[rows]))
    )


@pytest.fixture(scope="module")
def two():
    target, monthly, _ = economy()
    before = cut(monthly, trade=date(2016, 10, 1), retail=date(2016, 9, 1), power=date(2016, 11, 1))
    revised = pl.col("value") + pl.when(pl.col("period") == date(2016, 8, 1)).then(0.9).otherwise(0.0)
    after = cut(monthly, retail=date(2016, 11, 1)).with_columns(revised)
    return nowcast(target.head(46), before), nowcast(target, after)


def test_impacts_add_up_to_the_change_exactly(two):
    previous, current = two
    news = current.news(previous)
    sums = dict(news.group_by("quarter").agg(pl.col("impact").sum()).iter_rows())
    before, after = (dict(n.frame.select("period", "value").iter_rows()) for n in two)
    assert set(sums) == set(before) & set(after) == {date(2016, 10, 1), date(2017, 1, 1)}
    for quarter, total in sums.items():
        assert total == pytest.approx(after[quarter] - before[quarter], abs=1e-10)


def test_with_the_same_parameters_nothing_is_left_over(two):
    previous, current = two
    news = current.news(again(current, previous))
    assert set(news["kind"]) == {"release", "revision", "model"}
    assert news.filter(pl.col("kind") == "model")["impact"].to_numpy() == pytest.approx(0, abs=1e-8)


def test_rows_say_what_was_released(two):
    previous, current = two
    news = current.news(previous).filter(pl.col("quarter") == date(2016, 10, 1))
    releases = news.filter(pl.col("kind") == "release")
    assert set(releases.select("indicator", "period").iter_rows()) == {
        ("trade", date(2016, 11, 1)), ("trade", date(2016, 12, 1)), ("power", date(2016, 12, 1)),
        ("retail", date(2016, 10, 1)), ("retail", date(2016, 11, 1)), ("gdp", date(2016, 9, 1)),
    }  # fmt: skip
    known = news.filter(pl.col("kind") != "model")
    assert known.select((pl.col("value") - pl.col("expected") - pl.col("surprise")).abs().max()).item() < 1e-9
    assert known.select((pl.col("surprise") * pl.col("weight") - pl.col("impact")).abs().max()).item() < 1e-9
    gdp = releases.row(by_predicate=pl.col("indicator") == "gdp", named=True)
    assert gdp["value"] == pytest.approx(current.panel.values[current.panel.row(date(2016, 9, 1)), -1])
    assert news["kind"][-1] == "model"
    # a revised month is part of three months to date in itself and the two after
    revisions = news.filter((pl.col("kind") == "revision") & (pl.col("indicator") == "trade"))
    assert set(revisions["period"]) == {date(2016, 8, 1), date(2016, 9, 1), date(2016, 10, 1)}
    assert revisions["surprise"].to_numpy() == pytest.approx(0.3)


def test_the_impact_of_one_release_is_the_nowcast_with_less_without():
    target, monthly, _ = economy(seed=4)
    current = nowcast(target, cut(monthly, retail=date(2016, 10, 1)))
    without = nowcast(target, cut(monthly, retail=date(2016, 10, 1), power=date(2016, 11, 1)))
    news = current.news(again(current, without)).filter(pl.col("quarter") == date(2016, 10, 1))
    (release,) = news.filter(pl.col("kind") == "release").to_dicts()
    row = current.panel.row(date(2016, 10, 1)) + 2
    column = current.panel.names.index("power, M")
    old = without.panel.extended(row + 1)
    old_nowcast = current.model.of_target(old)[0][row]
    assert release["impact"] == pytest.approx(current.frame["value"][0] - old_nowcast, abs=1e-8)
    results = current.model.smoothed(old)
    expected = (results.model["design"] @ results.smoothed_state)[column, row]
    expected = expected * current.model.deviation[column] + current.model.mean[column]
    assert release["expected"] == pytest.approx(expected, abs=1e-8)


def test_statsmodels_new_estimate_is_the_nowcast(two):
    _, current = two
    values = current.panel.extended(current.panel.row(date(2016, 10, 1)) + 3)
    results = current.model.smoothed(values)
    found = results.news(results, comparison_type="previous", start=len(values) - 1, periods=1)
    assert found.post_impacted_forecasts.iloc[0, -1] == pytest.approx(current.frame["value"][0], abs=1e-8)


def test_no_news_between_a_nowcast_and_itself(two):
    _, current = two
    news = current.news(current)
    assert news["kind"].to_list() == ["model", "model"]
    assert news["impact"].to_numpy() == pytest.approx(0, abs=1e-10)


def test_new_and_withdrawn_series_stay_accounted_for():
    target, monthly, _ = economy()
    before = nowcast(target, monthly.filter(pl.col("indicator") != "power"))
    after = nowcast(target, monthly.filter(pl.col("indicator") != "retail"))
    news = after.news(before)
    change = after.frame["value"] - before.frame["value"]
    assert news.group_by("quarter", maintain_order=True).agg(pl.col("impact").sum())[
        "impact"
    ].to_list() == pytest.approx(change.to_list(), abs=1e-10)
    assert set(news.filter(pl.col("kind") == "release")["indicator"]) == {"power"}


def test_what_cannot_be_compared(two):
    _, current = two
    target, monthly, _ = economy()
    other = nowcast(target.with_columns(indicator=pl.lit("gnp")), monthly)
    with pytest.raises(UsageError, match="gnp, Q and of gdp, Q"):
        current.news(other)
    old = nowcast(
        target.head(30), cut(monthly, **{n: date(2012, 9, 1) for n in ("trade", "retail", "power")})
    )
    with pytest.raises(UsageError, match="no quarter is open in both"):
        current.news(old)
    assert np.isfinite(old.frame["value"].to_numpy()).all()
