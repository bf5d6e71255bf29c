"""Robustness of a composite: certain where nothing can move a rank, seeded, and with shares that add up."""

from __future__ import annotations

import polars as pl
import pytest

from gbaindicators.comparison.integration import composite_index, index_robustness
from gbaindicators.errors import FrameError, IndexWarning, UsageError


def frame_of(**indicators):
    return pl.DataFrame(
        [
            {"indicator": name, "area": chr(ord("a") + i), "value": float(v)}
            for name, values in indicators.items()
            for i, v in enumerate(values)
        ]
    )


AGREED = frame_of(x=range(1, 10), y=[v**2 for v in range(1, 10)], z=[v**3 for v in range(1, 10)])
OPPOSED = frame_of(x=[1, 2, 3, 4, 5, 6], y=[6, 5, 4, 3, 2, 1.5])


def test_where_all_indicators_agree_no_choice_moves_a_rank():
    found = index_robustness(AGREED, draws=200)
    assert found.draws == 200
    for column in ("rank", "lower_rank", "upper_rank"):
        assert found.units[column].to_list() == [9, 8, 7, 6, 5, 4, 3, 2, 1]
    assert found.units["score"][0] == 0
    assert found.units["score"][-1] == 100
    assert found.sensitivity["share"].to_list() == [0.0] * 4


def test_where_indicators_are_opposed_the_interval_spans_all_ranks():
    found = index_robustness(OPPOSED, draws=400, seed=1)
    assert found.units["lower_rank"][0] == 1
    assert found.units["upper_rank"][0] == 6
    assert (found.units["lower_rank"] <= found.units["rank"]).all()
    assert (found.units["rank"] <= found.units["upper_rank"]).all()
    shares = dict(found.sensitivity.select("choice", "share").rows())
    # leaving one of two opposed indicators out settles the order
    assert max(shares, key=shares.get) == "left out"
    assert all(0 <= s <= 1 for s in shares.values())


def test_the_seed_gives_the_same_draws():
    one, two, other = (index_robustness(OPPOSED, draws=100, seed=s) for s in (3, 3, 4))
    assert one.units.equals(two.units)
    assert one.sensitivity.equals(two.sensitivity)
    assert not one.sensitivity.equals(other.sensitivity)


def test_median_rank_is_near_that_of_the_plain_index():
    frame = frame_of(x=[9, 5, 1, 4, 2, 7], y=[8, 6, 2, 3, 1, 7], z=[9, 4, 2, 5, 1, 6])
    plain = composite_index(frame)["rank"].to_list()
    with pytest.warns(IndexWarning, match="6 units for 3 indicators"):
        found = index_robustness(frame, draws=300)
    assert found.units["rank"].to_list() == pytest.approx(plain, abs=1)


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(UsageError, match="three units and two indicators"):
        index_robustness(frame_of(x=[1, 2, 3]))
    with pytest.raises(UsageError, match="draws"):
        index_robustness(OPPOSED, draws=0)
    with pytest.raises(FrameError, match="nothing is imputed"):
        index_robustness(OPPOSED.head(11))
