"""Beta convergence and mobility: speeds that are known, errors by formula, bad input."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from scipy.stats import t as student

from gbaindicators.comparison.convergence import convergence
from gbaindicators.comparison.mobility import mobility, rank_changes
from gbaindicators.errors import FrameError, PeriodError, SeriesTooShortError, UnknownNameError, UsageError


def ends(first, last, years=(2000, 2020), **columns):
    """Series frame of areas a0, a1, ... with a value in each of two years."""
    return pl.DataFrame(
        [
            {"area": f"a{i}", "period": date(y, 1, 1), "value": float(v), **columns}
            for y, side in zip(years, (first, last), strict=True)
            for i, v in enumerate(side)
        ]
    )


def converging(speed, years, n=12, seed=0, noise=0.0):
    rng = np.random.default_rng(seed)
    first = rng.uniform(8, 12, n)
    last = 10.5 + (first - 10.5) * np.exp(-speed * years) + noise * rng.standard_normal(n)
    return np.exp(first), np.exp(last)


@pytest.mark.parametrize("speed", [0.02, 0.1, -0.01])
def test_speed_that_made_the_figures_is_found(speed):
    years = 7305 / 365.25  # 2000 to 2020
    row = convergence(ends(*converging(speed, years)), "2000", "2020").row(0, named=True)
    assert row["speed"] == pytest.approx(speed)
    assert row["r2"] == pytest.approx(1)
    if speed > 0:
        assert row["half_life"] == pytest.approx(np.log(2) / speed)
    else:
        assert row["half_life"] is None
        assert "no convergence" in row["note"]


def test_estimate_and_hc3_error_follow_their_formulas():
    first, last = converging(0.03, 20, noise=0.2)
    row = convergence(ends(first, last), "2000", "2020").row(0, named=True)
    x = np.column_stack([np.ones(12), np.log(first)])
    y = np.log(last / first) / 20
    inverse = np.linalg.inv(x.T @ x)
    b = inverse @ x.T @ y
    left = (y - x @ b) / (1 - np.einsum("ij,jk,ik->i", x, inverse, x))
    se = np.sqrt((inverse @ (x.T * left**2) @ x @ inverse)[1, 1])
    assert row["estimate"] == pytest.approx(b[1])
    assert row["se"] == pytest.approx(se)
    assert row["p"] == pytest.approx(2 * student.sf(abs(b[1] / se), 10))
    assert row["speed_se"] == pytest.approx(se / (1 + 20 * b[1]))
    assert row["areas"] == 12
    assert "12 areas are few" in row["note"]


def test_unit_and_common_growth_do_not_change_the_estimate():
    first, last = converging(0.03, 20, noise=0.2)
    one = convergence(ends(first, last), "2000", "2020")
    other = convergence(ends(7.8 * first, 5 * 7.8 * last), "2000", "2020")
    assert other["estimate"][0] == pytest.approx(one["estimate"][0])
    assert other["se"][0] == pytest.approx(one["se"][0])


def test_controls_take_away_what_they_explain():
    rng = np.random.default_rng(1)
    first, level = rng.uniform(8, 12, 30), rng.uniform(0, 4, 30)
    last = (9 + level) + (first - 9 - level) * np.exp(-0.05 * 20)
    frame = ends(np.exp(first), np.exp(last))
    schooling = ends(level, level, sources=["school"])
    table = convergence(frame, "2000", "2020", controls={"schooling": schooling})
    assert table["term"].to_list() == ["initial", "schooling"]
    assert table["speed"][0] == pytest.approx(0.05)
    assert table["estimate"][1] == pytest.approx((1 - np.exp(-1)) / 20)
    assert table["speed"][1] is None
    assert abs(convergence(frame, "2000", "2020")["speed"][0] - 0.05) > 0.005


def test_without_areas_is_the_regression_on_the_others():
    first, last = converging(0.03, 20, noise=0.2)
    frame = ends(first, last)
    both = convergence(frame, "2000", "2020", without=["a3", "a5"])
    assert both["without"].to_list() == [[], ["a3", "a5"]]
    alone = convergence(frame.filter(~pl.col("area").is_in(["a3", "a5"])), "2000", "2020")
    assert both["estimate"][1] == alone["estimate"][0]
    assert both["areas"].to_list() == [12, 10]
    each = convergence(frame, "2000", "2020", without="each")
    assert each["without"].to_list() == [[], *([f"a{i}"] for i in range(12))]
    assert convergence(frame, "2000", "2020", without="a3")["without"].to_list() == [[], ["a3"]]


def test_provenance_is_of_both_ends_and_the_controls():
    first, last = converging(0.03, 20, noise=0.2)
    frame = ends(first, last, sources=["x"], status="A", vintage=date(2024, 1, 1))
    control = ends(np.arange(12), np.arange(12), sources=["y"], status="E", vintage=date(2025, 1, 1))
    row = convergence(frame, "2000", "2020", controls={"c": control}).row(0, named=True)
    assert (row["sources"], row["status"], row["vintage"]) == (["x", "y"], "E", date(2025, 1, 1))
    assert row["period"] == date(2020, 1, 1)
    assert "given c" in row["method"]


def test_a_break_between_the_ends_is_told():
    first, last = converging(0.03, 20, noise=0.2)
    frame = ends(first, last, status="A")
    broken = pl.concat([frame, ends([1], [1], years=(2010, 2011), status="B").head(1)])
    assert convergence(broken, "2000", "2020")["status"][0] == "B"
    assert mobility(broken, "2000", "2020")["status"][0] == "B"
    assert convergence(broken.filter(pl.col("status") == "A"), "2000", "2020")["status"][0] == "A"


def test_mobility_is_one_row_whatever_the_sources():
    frame = pl.concat([
        ends([1], [2], sources=["x"], status="A"), ends([0, 3], [0, 4], sources=["y"], status="P").filter(area="a1"),
    ])  # fmt: skip
    row = mobility(frame, "2000", "2020", classes=2)
    assert row.height == 1
    assert (row["sources"][0].to_list(), row["status"][0]) == (["x", "y"], "P")


def test_reversal_of_the_order_has_no_speed():
    row = convergence(ends([1, 2, 4, 8], [9, 5, 2, 1]), "2000", "2020").row(0, named=True)
    assert row["speed"] is None
    assert "reversed" in row["note"]


@pytest.mark.parametrize(
    ("frame", "arguments", "error", "says"),
    [
        (ends([1, 2, 3], [2, 3, 4]), {}, SeriesTooShortError, "3 areas are too few"),
        (ends([1, 2, 3, 4], [2, 3, 4, 0]), {}, FrameError, "positive values: a3 has 0"),
        (ends([1, 2, 3, 4], [2, 3, 4, 5]).head(7), {}, UsageError, "no value of a3 in 2020"),
        (ends([1, 1, 1, 1], [2, 3, 4, 5]), {}, UsageError, "collinear"),
        (ends([1, 2, 3, 4], [2, 3, 4, 5]), {"without": ["macao"]}, UnknownNameError, "unknown area 'macao'"),
        (ends([1, 2, 3, 4], [2, 3, 4, 5]), {"end": "1990"}, UsageError, "must lie after"),
        (ends([1, 2, 3, 4], [2, 3, 4, 5]), {"end": "2019"}, UsageError, "no value in 2019"),
        (ends([1, 2, 3, 4], [2, 3, 4, 5]), {"end": "later"}, PeriodError, "later"),
        (
            ends([1, 2, 3, 4, 5], [2, 3, 4, 5, 6]),
            {"controls": {"c": ends([1, 2], [1, 2])}},
            FrameError,
            "control 'c' has no value of a2, a3, a4",
        ),
        (
            ends([1, 2, 3, 4, 5], [2, 3, 4, 5, 6]),
            {"controls": {"initial": ends([1, 2], [1, 2])}},
            UsageError,
            "rename it",
        ),
    ],
)
def test_bad_input_is_named(frame, arguments, error, says):
    with pytest.raises(error, match=says):
        convergence(frame, "2000", **{"end": "2020", **arguments})


def test_mobility_when_nobody_moves_and_when_all_do():
    still = mobility(ends([1, 2, 3, 4, 5, 6], [2, 3, 4, 5, 6, 7]), "2000", "2020").row(0, named=True)
    assert [still[k] for k in ("spearman", "kendall", "shorrocks", "mean_rank_change")] == pytest.approx(
        [1, 1, 0, 0]
    )
    turned = mobility(ends([1, 2, 3, 4, 5, 6], [7, 6, 5, 4, 3, 2]), "2000", "2020").row(0, named=True)
    assert (turned["spearman"], turned["kendall"]) == pytest.approx((-1, -1))
    assert turned["shorrocks"] == 1.0  # the middle class stays: (3 - 1) / 2
    assert turned["mean_rank_change"] == 3.0


def test_rank_changes_sum_to_zero_and_ties_share_the_better_rank():
    table = rank_changes(ends([1, 2, 3, 4], [8, 2, 3, 1]), "2000", "2020")
    assert table["rank_change"].sum() == 0
    assert table.row(0, named=True)["area"] == "a0"
    tied = rank_changes(ends([1, 2, 2], [1, 2, 3]), "2000", "2020")
    assert tied.filter(area="a1")["rank_start"][0] == tied.filter(area="a2")["rank_start"][0] == 1


def test_mobility_refuses_more_classes_than_areas():
    with pytest.raises(UsageError, match="from 2 to 3"):
        mobility(ends([1, 2, 3], [1, 2, 3]), "2000", "2020", classes=4)
    with pytest.raises(UsageError, match="no value of a2 in 2020"):
        mobility(ends([1, 2, 3], [1, 2, 3]).head(5), "2000", "2020")
