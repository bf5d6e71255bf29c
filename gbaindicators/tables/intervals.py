"""Intervals of forecasts, by the columns that hold their bounds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

__all__ = ["interval_levels"]


def interval_levels(frame: pl.DataFrame) -> list[str]:
    """Levels in percent of the intervals that have both bounds, as the columns write them, the narrowest first.

    Examples
    --------
    >>> import polars as pl
    >>> bounds = ["lower_95", "upper_95", "lower_62.5", "upper_62.5", "lower_80", "lower_period", "upper_period"]
    >>> interval_levels(pl.DataFrame(schema=bounds))
    ['62.5', '95']
    """
    named = (re.fullmatch(r"lower_(\d+(?:\.\d+)?)", column) for column in frame.columns)
    return sorted((n[1] for n in named if n and f"upper_{n[1]}" in frame.columns), key=float)
