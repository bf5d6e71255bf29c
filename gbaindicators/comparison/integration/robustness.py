"""How far a composite index depends on the choices it was made with: `index_robustness`."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from gbaindicators.comparison.integration.composite import score
from gbaindicators.comparison.integration.matrix import Matrix, read_matrix
from gbaindicators.comparison.integration.scores import (
    Aggregation,
    Array,
    Normalisation,
    aggregated,
    equal_weights,
    pca_weights,
)
from gbaindicators.errors import IndexWarning, UsageError
from gbaindicators.transforms.spreading import check_not_forked, results

__all__ = ["IndexRobustness", "index_robustness"]

_WEIGHTS: Final = ("equal", "pca", "drawn")
#: Draws that share a stream of random numbers, wherever they are made: so an executor changes no digit.
_BATCH: Final = 500


@dataclass(frozen=True)
class IndexRobustness:
    """Scores, ranks and what moves them, over many ways of building the same index.

    Attributes
    ----------
    units
        For each unit ``score``, ``lower_score``, ``upper_score``, ``rank``, ``lower_rank`` and ``upper_rank``: median
        and interval over the draws. Scores are 0 for the lowest and 100 for the highest unit of a draw, since the
        scales of the normalisations differ; rank 1 is the highest.
    sensitivity
        For each ``choice`` the ``share`` of the variance of the ranks that it explains alone (first order), and its
        ``options``.
    draws
        How many indices were built.
    """

    units: pl.DataFrame
    sensitivity: pl.DataFrame
    draws: int


@dataclass
class _Builder:
    """Builds an index for one set of choices; normalised scores and fixed weights are made once for each."""

    matrix: Matrix
    known: dict[tuple[Normalisation, int], tuple[Matrix, Array]] = field(default_factory=dict)
    fixed: dict[tuple[Normalisation, int, str], Array | None] = field(default_factory=dict)

    def scores(self, how: Normalisation, left_out: int) -> tuple[Matrix, Array]:
        """Return the matrix without an indicator (-1 for none) and its normalised scores."""
        key = (how, left_out)
        if key not in self.known:
            part = self.matrix if left_out < 0 else self.matrix.without(left_out)
            self.known[key] = part, score(part, how)
        return self.known[key]

    def weights(self, how: Normalisation, left_out: int, name: str) -> Array | None:
        """Equal or PCA weights, None where PCA gives none."""
        key = (how, left_out, name)
        if key not in self.fixed:
            part, scores = self.scores(how, left_out)
            if name == "equal":
                self.fixed[key] = equal_weights(part.groups)
            else:
                self.fixed[key] = pca_weights(scores) if np.ptp(scores, axis=0).all() else None
        return self.fixed[key]


class _Batch(NamedTuple):
    """Some draws, and the stream of random numbers that they are made with."""

    matrix: Matrix
    normalisations: list[Normalisation]
    stream: np.random.SeedSequence
    size: int


def index_robustness(
    frame: pl.DataFrame,
    *,
    groups: Mapping[str, str] | None = None,
    lower_is_better: Sequence[str] = (),
    base: str | int | None = None,
    draws: int = 1000,
    seed: int = 0,
    coverage: float = 0.9,
    executor: Executor | None = None,
) -> IndexRobustness:
    """Build an index in many ways at random and report the interval of each unit's score and rank.

    Each draw picks a normalisation (min-max, z, rank and, with `base`, base year), weights (equal, PCA where it gives
    some, or drawn uniformly, first those of the groups and then those within each), the arithmetic or the geometric mean, and one indicator to
    leave out, or none, each with the same probability. Min-max and z scores are not all above zero, so they go with
    the arithmetic mean only.

    Parameters
    ----------
    frame, groups, lower_is_better, base
        As for `composite_index`; every unit needs every indicator.
    draws
        How many indices to build.
    seed
        Seed of the random numbers: the same seed gives the same result.
    coverage
        Part of the draws that the intervals hold, between their equally rare ends.
    executor
        Where to make the draws: threads or processes of `concurrent.futures` (begun with ``spawn``: Polars does not
        survive a fork), or a Dask cluster's ``Client(...).get_executor()``. It changes no digit. Batches of 500 are made
        together, so fewer gain nothing from it.

    Returns
    -------
    IndexRobustness
        Median and interval by unit, and the first-order share of each choice in the variance of ranks. The
        normalisation and the mean are not independent, so their shares may overlap; what the shares leave over are
        interactions. Shares are zero when no rank moves.

    Raises
    ------
    FrameError, UsageError
        As `composite_index` does; when there are fewer than three units or two indicators, or `draws` or `coverage`
        make no sense.
    TaskError
        The executor has no answer for some draws; says which.

    Warns
    -----
    WorkerWarning
        A process of the executor ended in the middle of its work, which was done again in another.
    IndexWarning
        When there are fewer than three units for each indicator, so that PCA weights are not to be relied on.

    References
    ----------
    OECD and JRC (2008), step 7; Saisana, M., A. Saltelli and S. Tarantola, "Uncertainty and sensitivity analysis
    techniques as tools for the quality assessment of composite indicators", *Journal of the Royal Statistical Society
    A* 168 (2005), 307-323.

    Examples
    --------
    >>> frame = pl.DataFrame({
    ...     "indicator": ["trips"] * 9 + ["cargo"] * 9,
    ...     "area": list("abcdefghi") * 2,
    ...     "value": [float(x) for x in range(1, 10)] + [float(x * x) for x in range(1, 10)],
    ... })
    >>> found = index_robustness(frame, draws=50)
    >>> found.units.select("area", "rank", "lower_rank", "upper_rank").row(0)
    ('a', 9.0, 9.0, 9.0)
    """
    check_not_forked(executor)
    if draws < 1 or not 0 < coverage < 1:
        raise UsageError(f"draws={draws}, coverage={coverage}: draws is 1 or more, coverage between 0 and 1")
    matrix = read_matrix(frame, groups=groups, lower_is_better=lower_is_better, base=base)
    units, indicators = matrix.values.shape
    if units < 3 or indicators < 2:
        raise UsageError(
            f"{units} units and {indicators} indicators: robustness needs three units and two indicators"
        )
    if units < 3 * indicators:
        warnings.warn(
            f"{units} units for {indicators} indicators, fewer than three for each: the draws with PCA weights say "
            "little beyond this sample",
            IndexWarning,
            stacklevel=2,
        )
    normalisations: list[Normalisation] = ["min_max", "z", "rank"]
    if base is not None:
        normalisations.append("base_year")
    builder = _Builder(matrix)
    for how in normalisations:  # refuses here, by name, what cannot be normalised
        builder.scores(how, -1)
    made = _spread(matrix, normalisations, draws, seed, executor)
    indices = np.concatenate([of_batch for _, of_batch in made])
    return _summary(matrix, indices, [choice for choices, _ in made for choice in choices], coverage)


def _spread(
    matrix: Matrix, normalisations: list[Normalisation], draws: int, seed: int, executor: Executor | None
) -> list[tuple[list[dict[str, str]], Array]]:
    """Make all draws batch by batch, each batch with a stream of its own."""
    starts = range(0, draws, _BATCH)
    streams = np.random.SeedSequence(seed).spawn(len(starts))
    tasks = [
        _Batch(matrix, normalisations, stream, min(_BATCH, draws - start))
        for start, stream in zip(starts, streams, strict=True)
    ]
    names = [
        f"draws {start + 1:,} to {start + task.size:,}" for start, task in zip(starts, tasks, strict=True)
    ]
    return results(_drawn_batch, tasks, names, executor)


def _drawn_batch(batch: _Batch) -> tuple[list[dict[str, str]], Array]:
    """Choices and indices of some draws, made here or in another process."""
    builder, rng = _Builder(batch.matrix), np.random.default_rng(batch.stream)
    drawn = [_draw(builder, batch.normalisations, rng) for _ in range(batch.size)]
    return [choice for choice, _ in drawn], np.array([index for _, index in drawn])


def _draw(
    builder: _Builder, normalisations: list[Normalisation], rng: np.random.Generator
) -> tuple[dict[str, str], Array]:
    """Build one index at random."""
    how = normalisations[rng.integers(len(normalisations))]
    left_out = int(rng.integers(-1, len(builder.matrix.indicators)))
    part, scores = builder.scores(how, left_out)
    options = [w for w in _WEIGHTS if w == "drawn" or builder.weights(how, left_out, w) is not None]
    name = options[rng.integers(len(options))]
    weights = None if name == "drawn" else builder.weights(how, left_out, name)
    if weights is None:
        weights = _drawn(part.groups, rng)
    means: list[Aggregation] = ["arithmetic", "geometric"] if (scores > 0).all() else ["arithmetic"]
    mean = means[rng.integers(len(means))]
    without = "none" if left_out < 0 else builder.matrix.indicators[left_out]
    choice = {"normalisation": str(how), "weights": name, "aggregation": str(mean), "left out": without}
    return choice, aggregated(scores, weights, mean)


def _drawn(groups: list[str], rng: np.random.Generator) -> Array:
    """Draw the weights of the groups, then those of the indicators of each, uniformly from all that sum to one."""
    weights = np.empty(len(groups))
    names = list(dict.fromkeys(groups))
    for name, share in zip(names, rng.dirichlet(np.ones(len(names))), strict=True):
        within = [i for i, g in enumerate(groups) if g == name]
        weights[within] = share * rng.dirichlet(np.ones(len(within)))
    return weights


def _summary(
    matrix: Matrix, indices: Array, chosen: list[dict[str, str]], coverage: float
) -> IndexRobustness:

    from scipy.stats import rankdata

    # rounding keeps units apart by less than a computer's precision from changing places
    ranks = rankdata(-indices.round(10), method="min", axis=1)
    span = np.ptp(indices, axis=1, keepdims=True)
    low = indices.min(axis=1, keepdims=True)
    places = 100 * np.divide(indices - low, span, out=np.full_like(indices, 0.5), where=span > 0)
    tails = [0.5, (1 - coverage) / 2, (1 + coverage) / 2]
    columns = []
    for name, values in (("score", places), ("rank", ranks)):
        median, lower, upper = np.quantile(values, tails, axis=0)
        columns += [
            pl.Series(f"{prefix}{name}", numbers)
            for prefix, numbers in (("", median), ("lower_", lower), ("upper_", upper))
        ]
    choices = pl.DataFrame(chosen)
    shares = [
        {"choice": c, "share": _share(ranks, choices[c]), "options": choices[c].unique().sort().to_list()}
        for c in choices.columns
    ]
    return IndexRobustness(matrix.units.with_columns(columns), pl.DataFrame(shares), len(indices))


def _share(ranks: Array, choice: pl.Series) -> float:
    """Variance of the mean rank by option over the variance of the rank, summed over units (first-order index)."""
    total = ranks.var(axis=0).sum()
    if not total > 0:
        return 0.0
    overall = ranks.mean(axis=0)
    between = 0.0
    for option in choice.unique().sort().to_list():
        of_option = ranks[(choice == option).to_numpy()]
        between += len(of_option) / len(ranks) * ((of_option.mean(axis=0) - overall) ** 2).sum()
    return float(between / total)
