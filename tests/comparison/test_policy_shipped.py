"""Policies and the shipped figures: what they show, and where they end before a policy begins."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from gbaindicators.comparison.policy import policy_effect
from gbaindicators.errors import FrameError, PolicyWarning, UsageError
from gbaindicators.store import load


def test_reopening_of_lo_wu_in_2023():
    """Closed from 4 February 2020, open again from 6 February 2023: what would have been is nothing."""
    days = load("crossings", "hk_lo_wu", start="2022-07-01", end="2023-06-30")
    with pytest.warns(PolicyWarning, match="never below zero"):
        effect = policy_effect(days, "hk_lo_wu", date(2023, 2, 6), method="interrupted", placebo=None)
    after = effect.frame.filter(pl.col("period") >= effect.start)
    assert effect.fit["pre_periods"] == 220
    assert effect.fit["mean_effect"] == pytest.approx(after["actual"].mean(), rel=0.01)
    assert effect.fit["level_change"] > 10 * effect.fit["level_change_error"]
    assert (
        effect.frame["unit"].unique().to_list() == ["persons"]
        and effect.frame["sources"].list.len().min() > 0
    )


def test_a_control_that_was_shut_is_named():
    gates = load(
        "crossings", ["hk_shenzhen_bay", "hk_airport", "hk_lo_wu"], start="2022-07-01", end="2022-12-31"
    )
    late = load(
        "crossings", ["hk_shenzhen_bay", "hk_airport", "hk_lo_wu"], start="2023-01-01", end="2023-03-31"
    )
    with pytest.raises(FrameError, match="hk_lo_wu has one value in every period before"):
        policy_effect(pl.concat([gates, late]), "hk_shenzhen_bay", date(2023, 1, 8))


def test_visitors_to_macao_end_before_the_bridge():
    """Monthly arrivals are whole from January 2011 to August 2018; the bridge opened in October 2018."""
    months = load("visitor_arrivals", "macao", frequency="M", start="2011-01", end="2018-08")
    with pytest.raises(UsageError, match=r"2018-10 is outside the sample of macao \(2011-01 to 2018-08\)"):
        policy_effect(months, "macao", "2018-10", method="interrupted")
    holed = load("visitor_arrivals", "macao", frequency="M", start="2011-01", end="2024-12")
    with pytest.raises(FrameError, match="longest span without gaps is 2011-01 to 2018-08"):
        policy_effect(holed, "macao", "2018-10", method="interrupted")


def test_retail_sales_do_not_show_the_bridge_or_the_reopening():
    for start, first, last in (("2018-10", "2016-01", "2019-05"), ("2023-02", "2020-07", "2024-12")):
        months = load("retail_sales_volume_index", "hong_kong", frequency="M", start=first, end=last)
        effect = policy_effect(months, "hong_kong", start, method="interrupted", placebo="time")
        assert "low power" in effect.note
        assert "does not stand out" in effect.note
