"""Who overtook whom: the ranks of areas in two periods, and how much they moved."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gbaindicators.comparison.convergence import at_both_ends
from gbaindicators.comparison.cross_sections import Floats, provenance
from gbaindicators.errors import UsageError
from gbaindicators.tables.series_frame import append_method

__all__ = ["mobility", "rank_changes"]

Whole = NDArray[np.int64]


def rank_changes(frame: pl.DataFrame, start: str, end: str) -> pl.DataFrame:
    """Rank areas in two periods.

    Parameters
    ----------
    frame
        Series frame of one indicator over areas, in one unit, all values positive.
    start, end
        The two periods as SDMX text.

    Returns
    -------
    polars.DataFrame
        One row an area, by its rank in `end`: ``area``, ``value_start``, ``value_end``, ``rank_start``, ``rank_end``
        (1 is the largest; ties share the better rank), ``rank_change`` (positive: moved up), ``method``.

    Raises
    ------
    FrameError, UsageError
        As `convergence` does.

    Examples
    --------
    >>> from datetime import date
    >>> heads = pl.DataFrame({
    ...     "area": ["a", "b", "c"] * 2,
    ...     "period": [date(2010, 1, 1)] * 3 + [date(2020, 1, 1)] * 3,
    ...     "value": [3.0, 2.0, 1.0, 3.0, 5.0, 4.0],
    ... })
    >>> rank_changes(heads, "2010", "2020").select("area", "rank_end", "rank_change").rows()
    [('b', 1, 1), ('c', 2, 1), ('a', 3, -2)]
    """
    panel, _ = at_both_ends(frame, start, end, "a ranking")
    table = pl.DataFrame(
        {"area": panel.areas, "value_start": panel.values[:, 0], "value_end": panel.values[:, 1]}
    )
    ranks = (
        pl.col(f"value_{w}").rank("min", descending=True).cast(pl.Int64).alias(f"rank_{w}")
        for w in ("start", "end")
    )
    table = table.with_columns(ranks).with_columns(rank_change=pl.col("rank_start") - pl.col("rank_end"))
    return table.with_columns(method=pl.lit(f"ranks in {start} and {end}")).sort("rank_end", "area")


def mobility(frame: pl.DataFrame, start: str, end: str, *, classes: int = 3) -> pl.DataFrame:
    """Measure how much areas changed places between two periods.

    Spearman's and Kendall's (tau-b) rank correlations are 1 when nobody moved. For Shorrocks' index the areas are cut
    into classes of equal number by rank in each period; with `P` the shares that pass from each class into each other,
    it is ``(classes - trace(P)) / (classes - 1)``: 0 when every area stays in its class, 1 when the class says
    nothing about the later one.

    Parameters
    ----------
    frame, start, end
        As for `rank_changes`.
    classes
        Number of classes.

    Returns
    -------
    polars.DataFrame
        One row: ``period`` (that of `end`), ``areas`` (how many), ``spearman``, ``kendall`` and its ``kendall_p`` (exact
        without ties), ``mean_rank_change`` (absolute), ``shorrocks``, ``sources``, ``status``, ``vintage`` where the
        frame has them, and ``method``.

    Raises
    ------
    FrameError, UsageError
        As `convergence` does, and when there are fewer areas than classes or fewer classes than two.

    References
    ----------
    Shorrocks, A. (1978), "The Measurement of Mobility", Econometrica 46(5). Boyle, G. and T. McCarthy (1997), "A Simple
    Measure of Beta-Convergence", Oxford Bulletin of Economics and Statistics 59(2).

    Examples
    --------
    >>> from datetime import date
    >>> heads = pl.DataFrame({
    ...     "area": ["a", "b", "c"] * 2,
    ...     "period": [date(2010, 1, 1)] * 3 + [date(2020, 1, 1)] * 3,
    ...     "value": [3.0, 2.0, 1.0, 3.0, 5.0, 4.0],
    ... })
    >>> mobility(heads, "2010", "2020").select("spearman", "shorrocks").row(0)
    (-0.5, 1.5)
    """
    from scipy.stats import kendalltau, spearmanr

    panel, _ = at_both_ends(frame, start, end, "mobility")
    n = len(panel.areas)
    if not 2 <= classes <= n:
        raise UsageError(f"classes={classes}: give from 2 to {n}, the number of areas")
    first, last = panel.values.T
    tau = kendalltau(first, last)
    ranks = rank_changes(frame, start, end)
    table = pl.DataFrame(
        {
            "period": panel.rows["period"][1],
            "areas": n,
            "spearman": float(spearmanr(first, last).statistic),
            "kendall": float(tau.statistic),
            "kendall_p": float(tau.pvalue),
            "mean_rank_change": ranks["rank_change"].abs().mean(),
            "shorrocks": _shorrocks(_classes(first, classes), _classes(last, classes), classes),
        }
    )
    table = table.hstack(provenance(panel.rows))
    return append_method(table, f"mobility {start} to {end}, {classes} classes")


def _classes(values: Floats, classes: int) -> Whole:
    """Class of each value by rank, from 0 for the smallest; equal values stay in the class of the first."""
    below: Whole = (values[:, None] > values[None]).sum(axis=1)
    return below * classes // len(values)


def _shorrocks(before: Whole, after: Whole, classes: int) -> float:
    stay = [float((after[before == c] == c).mean()) for c in range(classes) if (before == c).any()]
    # ties can leave a class empty
    return (len(stay) - sum(stay)) / (len(stay) - 1) if len(stay) > 1 else 0.0
