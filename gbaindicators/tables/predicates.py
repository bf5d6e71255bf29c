"""Predicates that Polars hands down to who reads: taken apart, and what they leave of values that are known."""

from __future__ import annotations

import polars as pl

__all__ = ["conjuncts", "left_by"]


def conjuncts(predicate: pl.Expr) -> list[pl.Expr]:
    """Take the conditions apart that must all hold.

    Examples
    --------
    >>> len(conjuncts((pl.col("a") > 1) & pl.col("b").is_null() & (pl.col("c") == 2)))
    3
    """
    sides = predicate.meta.pop()
    if len(sides) == 2:
        for one, other in (sides, sides[::-1]):
            if (one & other).meta.eq(predicate):
                return [*conjuncts(one), *conjuncts(other)]
    return [predicate]


def left_by(predicate: pl.Expr | None, known: pl.DataFrame) -> pl.DataFrame:
    """Keep of known combinations of values those that rows which meet a predicate can have.

    Parameters
    ----------
    predicate
        What rows must meet; its conditions on columns that are not known are passed over.
    known
        The combinations of values that some columns have.

    Examples
    --------
    >>> known = pl.DataFrame({"area": ["macao", "hong_kong"]})
    >>> left_by((pl.col("area") == "macao") & (pl.col("value") > 0), known)["area"].to_list()
    ['macao']
    """
    conditions = [] if predicate is None else conjuncts(predicate)
    about = [
        one
        for one in conditions
        if one.meta.root_names() and set(one.meta.root_names()) <= set(known.columns)
    ]
    return known.filter(*about)
