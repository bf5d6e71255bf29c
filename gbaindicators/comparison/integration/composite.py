"""One score for each unit from several indicators: `composite_index`."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Final, Literal, get_args

import numpy as np
import polars as pl

from gbaindicators.comparison.integration.matrix import TOTAL, Matrix, check_names, read_matrix, unit_keys
from gbaindicators.comparison.integration.scores import (
    NORMALISATIONS,
    Aggregation,
    Array,
    Normalisation,
    aggregated,
    equal_weights,
    normalised,
    pca_weights,
)
from gbaindicators.errors import FrameError, IndexWarning, UnknownNameError, UsageError
from gbaindicators.tables.series_frame import STATUSES

__all__ = ["Missing", "Weights", "composite_index", "score", "weigh"]

Weights = Literal["equal", "pca"] | Mapping[str, float]
Missing = Literal["refuse", "available"]
_SCALES: Final = {"min_max": "score 0 to 1", "z": "standard deviations", "rank": "mean rank"}


def composite_index(
    frame: pl.DataFrame,
    *,
    groups: Mapping[str, str] | None = None,
    lower_is_better: Sequence[str] = (),
    normalise: Normalisation = "min_max",
    base: str | int | None = None,
    weights: Weights = "equal",
    aggregate: Aggregation = "arithmetic",
    missing: Missing = "refuse",
) -> pl.DataFrame:
    """Combine several indicators into one score for each area, period, or area and period.

    Indicators are normalised over all units of the frame, weighted, and aggregated within groups and as a whole.

    Parameters
    ----------
    frame
        One row for each indicator and unit: ``indicator``, ``value`` and ``area``, ``period`` or both. Each indicator
        is in one unit of measurement.
    groups
        Group of each indicator, for scores by group; without it there is only the whole.
    lower_is_better
        Indicators of which less is better; of all others more is.
    normalise
        ``"min_max"``: 0 for the lowest and 1 for the highest unit; ``"z"``: distance from the mean in standard
        deviations; ``"rank"``: 1 for the lowest; ``"base_year"``: 100 in the period `base` of the same area.
    base
        The period, as SDMX text or a year, that ``normalise="base_year"`` compares with.
    weights
        ``"equal"``: equal between groups and equal within each; ``"pca"``: from principal components (see
        References); or a mapping of every indicator, or of every group, to its weight. A group's weight is shared
        equally by its indicators.
    aggregate
        ``"arithmetic"``: a low score can be made up for by a high one; ``"geometric"``: less so, and every score must
        be above zero.
    missing
        ``"refuse"``: every unit needs a value of every indicator; ``"available"``: a unit is scored on those it has,
        ``members`` names them and ``note`` counts them. Nothing is imputed.

    Returns
    -------
    polars.DataFrame
        ``area`` and ``period`` as in the frame, then ``group, value, unit, rank, members, method, note``, and
        ``sources`` and ``status`` where the frame has them: for each unit a row for each group and one for the whole,
        ``"index"``. ``rank`` is 1 for the highest, ties sharing it.

    Raises
    ------
    FrameError
        When a column is missing, an indicator has two values for a unit, two units of measurement, no variation
        (min-max, z and PCA need some) or no positive base; and when values are missing.
    UsageError
        When the geometric mean meets a score of zero or less, PCA finds no correlation or an incomplete matrix, or
        weights are negative.
    UnknownNameError
        When groups, weights or directions name an indicator that the frame lacks, or leave one out.

    Warns
    -----
    IndexWarning
        When PCA weights rest on fewer than three units for each indicator.

    References
    ----------
    OECD and JRC, *Handbook on Constructing Composite Indicators: Methodology and User Guide*, OECD Publishing, 2008.

    Examples
    --------
    >>> frame = pl.DataFrame({
    ...     "indicator": ["trips"] * 3 + ["delay"] * 3,
    ...     "area": ["a", "b", "c"] * 2,
    ...     "value": [10.0, 20.0, 30.0, 5.0, 5.0, 1.0],
    ... })
    >>> composite_index(frame, lower_is_better=["delay"]).select("area", "value", "rank").rows()
    [('a', 0.0, 3), ('b', 0.25, 2), ('c', 1.0, 1)]
    """
    if missing not in get_args(Missing):
        raise UsageError(f"missing={missing!r}: it is 'refuse' or 'available'")
    matrix = read_matrix(
        frame, groups=groups, lower_is_better=lower_is_better, base=base, complete=missing == "refuse"
    )
    scores = score(matrix, normalise)
    weight = weigh(matrix, scores, weights)
    _check_aggregate(matrix, scores, normalise, aggregate)
    parts = [TOTAL] if groups is None else [*dict.fromkeys(matrix.groups), TOTAL]
    rows = [_of_group(frame, matrix, scores, weight, aggregate, part) for part in parts]
    named = weights if isinstance(weights, str) else "given"
    scale = f"index {base}=100" if normalise == "base_year" else _SCALES[normalise]
    return pl.concat(rows).with_columns(
        pl.lit(scale).alias("unit"),
        pl.lit(f"composite: {normalise} normalisation, {named} weights, {aggregate} mean").alias("method"),
    )


def score(matrix: Matrix, how: Normalisation) -> Array:
    """Normalise a matrix, or say why it cannot be."""
    if how not in NORMALISATIONS:
        raise UnknownNameError("normalisation", how, NORMALISATIONS)
    if how == "base_year":
        _check_base(matrix)
    elif how != "rank":
        constant = np.nanmax(matrix.values, axis=0) == np.nanmin(matrix.values, axis=0)
        if constant.any():
            raise FrameError(
                f"{matrix.indicators[int(constant.argmax())]!r} has the same value in every unit, so {how!r} cannot "
                "scale it: leave the indicator out, or take normalise='rank'"
            )
    return normalised(matrix.values, how, matrix.falling, matrix.base)


def weigh(matrix: Matrix, scores: Array, weights: Weights) -> Array:
    """Weight of each indicator, summing to one."""
    if isinstance(weights, str):
        if weights == "equal":
            return equal_weights(matrix.groups)
        if weights == "pca":
            return _principal(matrix, scores)
        raise UnknownNameError(
            "weights", weights, ("equal", "pca"), "Or give a mapping of indicators or groups."
        )
    by_group = set(weights) == set(matrix.groups)
    if not by_group:
        check_names("weights", set(weights), set(matrix.indicators), whole=True)
    given = np.array(
        [weights[g] / matrix.groups.count(g) for g in matrix.groups]
        if by_group
        else [weights[i] for i in matrix.indicators],
        dtype=np.float64,
    )
    if not np.isfinite(given).all() or (given < 0).any() or not given.sum() > 0:
        raise UsageError("weights are numbers of zero or more, and not all zero")
    return np.asarray(given / given.sum())


def _principal(matrix: Matrix, scores: Array) -> Array:
    units, indicators = scores.shape
    if np.isnan(scores).any():
        raise UsageError(
            "PCA weights need every indicator in every unit: take weights='equal', or fewer units"
        )
    constant = np.ptp(scores, axis=0) == 0
    if constant.any():
        raise FrameError(
            f"{matrix.indicators[int(constant.argmax())]!r} does not vary, so PCA cannot weigh it: leave it out"
        )
    if units < 3 * indicators:
        warnings.warn(
            f"PCA weights of {indicators} indicators rest on {units} units, fewer than three for each indicator: "
            "they say little beyond this sample",
            IndexWarning,
            stacklevel=4,
        )
    weights = pca_weights(scores)
    if weights is None:
        raise UsageError(
            "no principal component explains more than one indicator: the indicators are not correlated, and PCA "
            "gives no weights. Take weights='equal'"
        )
    return weights


def _check_aggregate(matrix: Matrix, scores: Array, normalise: str, aggregate: Aggregation) -> None:
    if aggregate not in get_args(Aggregation):
        raise UnknownNameError("aggregation", aggregate, get_args(Aggregation))
    low = np.argwhere(scores <= 0)
    if aggregate == "geometric" and len(low):
        row, column = low[0]
        raise UsageError(
            f"a geometric mean needs scores above zero: {matrix.indicators[column]!r} scores {scores[row, column]:g} "
            f"in {matrix.names()[row]} under {normalise!r}. Take normalise='rank' or 'base_year' (of positive "
            "values), or aggregate='arithmetic'"
        )


def _of_group(
    frame: pl.DataFrame, matrix: Matrix, scores: Array, weight: Array, aggregate: Aggregation, part: str
) -> pl.DataFrame:
    """Scores, ranks and provenance of one group."""
    within = [i for i, g in enumerate(matrix.groups) if part in (TOTAL, g)]
    names = [matrix.indicators[i] for i in within]
    if not weight[within].sum() > 0:
        raise UsageError(f"the indicators of {part!r} all weigh nothing: leave them out of the frame")
    value = aggregated(scores[:, within], weight[within], aggregate)
    there = [[n for n, ok in zip(names, row, strict=True) if ok] for row in np.isfinite(scores[:, within])]
    notes = [
        None if len(t) == len(names) else f"scored on {len(t)} of {len(names)} indicators" for t in there
    ]
    result = matrix.units.with_columns(
        pl.lit(part).alias("group"),
        pl.Series("value", value, dtype=pl.Float64).fill_nan(None),
        pl.Series("members", there, dtype=pl.List(pl.String)),
        pl.Series("note", notes, dtype=pl.String),
    ).with_columns(pl.col("value").rank("min", descending=True).cast(pl.Int64).alias("rank"))
    used = frame.filter(pl.col("indicator").cast(pl.String).is_in(names), pl.col("value").is_not_null())
    return _with_provenance(result, used)


def _with_provenance(result: pl.DataFrame, used: pl.DataFrame) -> pl.DataFrame:
    """Add sources of all units (each is scored against the others) and the worst status of the unit's own values."""
    if "sources" in used.columns:
        sources = used["sources"].explode().drop_nulls().unique().sort()
        result = result.with_columns(pl.lit(sources.implode()).first().alias("sources"))
    if "status" in used.columns:
        keys = unit_keys(used)
        worst = used.group_by(keys).agg(pl.col("status").cast(pl.Enum(STATUSES)).max().cast(pl.String))
        result = result.join(worst, on=keys, how="left", maintain_order="left")
        result = result.with_columns(pl.col("status").fill_null("M"))
    return result


def _check_base(matrix: Matrix) -> None:
    if np.isnan(matrix.base).all():
        raise UsageError(
            "normalise='base_year' needs base, a period that is in the frame: base='2024' for instance"
        )
    needed = ~np.isnan(matrix.values)
    wrong = np.argwhere(needed & ~(matrix.base > 0))
    if len(wrong):
        row, column = wrong[0]
        raise FrameError(
            f"{matrix.indicators[column]!r} has no value above zero in the base period of {matrix.names()[row]}: take "
            "another base or another normalisation"
        )
    falling = np.argwhere(needed & matrix.falling & ~(matrix.values > 0))
    if len(falling):
        row, column = falling[0]
        raise FrameError(
            f"{matrix.indicators[column]!r} is not above zero in {matrix.names()[row]}: where less is better, the base "
            "is divided by the value"
        )
