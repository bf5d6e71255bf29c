"""Best subsets: against every subset looped over, and the criteria that choose between the sizes."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gbaindicators.comparison.policy.subsets import (
    CRITERIA,
    best_by_criterion,
    best_subsets,
    criteria_of,
)


def rss_of(x, y, columns):
    design = np.column_stack([np.ones(len(y)), x[:, list(columns)]])
    error = y - design @ np.linalg.lstsq(design, y)[0]
    return float(error @ error)


def correlated(seed, width, n):
    """Regressors that share factors, as growth rates of economies do."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3)) @ rng.normal(size=(3, width)) + rng.normal(size=(n, width)) * 0.5
    y = x @ np.where(rng.random(width) < 0.5, rng.normal(size=width), 0) + rng.normal(size=n)
    return x * rng.uniform(0.01, 100, width) + rng.normal(size=width), y


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), width=st.integers(1, 7), spare=st.integers(2, 12))
def test_as_good_as_looking_at_every_subset(seed, width, spare):
    x, y = correlated(seed, width, width + spare)
    found = best_subsets(x, y)
    assert [len(s.columns) for s in found] == list(range(width + 1))
    for size, subset in enumerate(found):
        least = min(rss_of(x, y, c) for c in combinations(range(width), size))
        assert subset.rss == pytest.approx(least, rel=1e-6)
        assert subset.rss == pytest.approx(rss_of(x, y, subset.columns), rel=1e-6)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), width=st.integers(1, 9), criterion=st.sampled_from(CRITERIA))
def test_the_short_cut_chooses_what_the_whole_search_does(seed, width, criterion):
    x, y = correlated(seed, width, width + 6)
    scores = [criteria_of(s.rss, len(s.columns), len(y))[criterion] for s in best_subsets(x, y)]
    chosen = best_by_criterion(x, y, criterion)
    assert criteria_of(chosen.rss, len(chosen.columns), len(y))[criterion] == pytest.approx(min(scores))


def test_twenty_columns_against_every_pair_and_triple():
    x, y = correlated(7, 20, 40)
    found = best_subsets(x, y)
    for size in (2, 3):
        least = min(rss_of(x, y, c) for c in combinations(range(20), size))
        assert found[size].rss == pytest.approx(least, rel=1e-8)
    assert all(a.rss >= b.rss for a, b in pairwise(found))


def test_criteria_by_hand():
    # n 20, two slopes, a constant and the variance: four parameters
    score = criteria_of(20 * np.e, 2, 20)
    assert score["aic"] == pytest.approx(20 + 8)
    assert score["aicc"] == pytest.approx(28 + 2 * 4 * 5 / 15)
    assert score["bic"] == pytest.approx(20 + 4 * np.log(20))
