"""What a method gives before it becomes a result: the counterfactual and what is known about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

__all__ = ["Estimate"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """Counterfactual in all periods; bounds of the effect after the start, NaN where there is no ground for any.

    `standard_error` is that of the mean effect, NaN where the method has none, `freedom` its degrees of freedom.
    """

    fitted: Array
    lower: Array
    upper: Array
    weights: pl.DataFrame
    fit: Mapping[str, float]
    done: str
    standard_error: float = float("nan")
    freedom: float = float("nan")
    subsets: pl.DataFrame | None = None
    predictors: pl.DataFrame | None = None
    remarks: Sequence[str] = field(default_factory=list)
