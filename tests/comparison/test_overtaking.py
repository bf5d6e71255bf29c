"""Probability of overtaking: counted by hand, against the normal distribution, and refused where it says nothing."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from scipy.stats import norm

from gbaindicators.comparison import overtake
from gbaindicators.errors import FrameError, UnknownNameError
from gbaindicators.forecasting import simulate


def paths_of(**areas):
    """Paths by area: a list of paths, each a list of values from 2030 on."""
    return pl.DataFrame(
        [
            {"area": area, "path": i, "period": date(2030 + h, 1, 1), "value": float(value), "unit": "USD"}
            for area, paths in areas.items()
            for i, path in enumerate(paths)
            for h, value in enumerate(path)
        ]
    )


def test_counted_by_hand():
    paths = paths_of(a=[[1, 3, 1], [1, 1, 3], [1, 1, 1], [3, 1, 1]], b=[[2, 2, 2]] * 4)
    table = overtake(paths, "a", "b")
    assert table["period"].dt.year().to_list() == [2030, 2031, 2032]
    assert table["probability"].to_list() == [0.25, 0.25, 0.25]
    assert table["probability_by"].to_list() == [0.25, 0.5, 0.75]
    assert table["standard_error"].to_list() == pytest.approx([(0.25 * 0.75 / 4) ** 0.5] * 3)
    assert table["paths"].to_list() == [4, 4, 4]


def test_order_of_rows_changes_nothing():
    paths = paths_of(a=[[1, 3, 1], [1, 1, 3]], b=[[2, 2, 2]] * 2)
    assert overtake(paths.sample(fraction=1, shuffle=True, seed=1), "a", "b").equals(
        overtake(paths, "a", "b")
    )


def test_the_two_directions_add_up_to_one():
    random = np.random.default_rng(2)
    paths = paths_of(a=random.normal(size=(50, 3)).tolist(), b=random.normal(size=(50, 3)).tolist())
    there, back = overtake(paths, "a", "b"), overtake(paths, "b", "a")
    assert (there["probability"] + back["probability"]).to_list() == pytest.approx([1, 1, 1])


def test_against_the_normal_distribution():
    random = np.random.default_rng(3)
    paths = paths_of(
        a=random.normal(1.0, 1, (20_000, 1)).tolist(), b=random.normal(0.0, 2, (20_000, 1)).tolist()
    )
    row = overtake(paths, "a", "b").row(0, named=True)
    assert row["probability"] == pytest.approx(norm.cdf(1 / 5**0.5), abs=4 * row["standard_error"])


def test_from_simulated_paths():
    years = [date(1990 + i, 1, 1) for i in range(30)]
    leader, follower = 260 * 1.02 ** np.arange(30), 100 * 1.045 ** np.arange(30)
    noise = np.exp(np.random.default_rng(1).normal(0, 0.02, (2, 30)))
    frame = pl.concat(
        pl.DataFrame({"area": area, "period": years, "value": values * noise[i]})
        for i, (area, values) in enumerate({"leader": leader, "follower": follower}.items())
    )
    table = overtake(simulate(frame, 20, paths=500), "follower", "leader")
    # The follower has reached 77% of the leader and grows 2.4 points faster: eleven years at that pace.
    assert table["probability"][0] < 0.05
    assert table["probability"][-1] > 0.3
    assert (table["probability_by"].diff().drop_nulls() >= 0).all()
    assert (table["probability_by"] >= table["probability"]).all()


def test_refusals():
    paths = paths_of(a=[[1.0]], b=[[2.0]])
    with pytest.raises(UnknownNameError, match="unknown area 'c'"):
        overtake(paths, "a", "c")
    with pytest.raises(FrameError, match="one unit"):
        overtake(paths.with_columns(unit=pl.col("area")), "a", "b")
    with pytest.raises(FrameError, match="differ in 'prices'"):
        overtake(paths.with_columns(prices=pl.col("area")), "a", "b")
    with pytest.raises(FrameError, match="no column path"):
        overtake(paths.drop("path"), "a", "b")
    with pytest.raises(FrameError, match="no period of one path in common"):
        overtake(
            pl.concat(
                [
                    paths_of(a=[[1.0]]),
                    paths_of(b=[[2.0]]).with_columns(pl.lit(date(1999, 1, 1)).alias("period")),
                ]
            ),
            "a",
            "b",
        )


def test_sources_of_both_ride_along():
    paths = paths_of(a=[[1, 3]], b=[[2, 2]]).with_columns(
        sources=pl.when(pl.col("area") == "a").then(pl.lit(["x", "y"])).otherwise(pl.lit(["z", "x"]))
    )
    assert overtake(paths, "a", "b")["sources"].to_list() == [["x", "y", "z"]] * 2
    assert "sources" not in overtake(paths.drop("sources"), "a", "b").columns
