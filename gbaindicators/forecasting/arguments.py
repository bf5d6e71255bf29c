"""What callers ask of a forecast: how far ahead, and how sure."""

from __future__ import annotations

import operator
from collections.abc import Collection, Iterable
from typing import Final

import numpy as np

from gbaindicators.errors import UnknownNameError, UsageError

__all__ = ["check_horizon", "check_levels", "check_model"]

_LONGEST_HORIZON: Final = 1000


def check_horizon(horizon: int) -> int:
    """Return the horizon as an integer; raise UsageError unless it is from 1 to 1000."""
    try:
        periods = operator.index(horizon)
    except TypeError:
        periods = 0
    if isinstance(horizon, bool) or not 1 <= periods <= _LONGEST_HORIZON:
        raise UsageError(
            f"horizon is how many periods to forecast, an integer from 1 to 1000, not {horizon!r}"
        )
    return periods


def check_levels(level: float | Iterable[float]) -> list[float]:
    """Return the levels of intervals in ascending order; raise UsageError unless between 0 and 100."""
    given = list(level) if isinstance(level, Iterable) else [level]
    for one in given:
        if isinstance(one, bool) or not isinstance(one, int | float | np.number) or not 0 < one < 100:
            raise UsageError(f"level is a percentage between 0 and 100, such as 80 or 95, not {one!r}")
    return sorted({float(one) for one in given})


def check_model(model: str, known: Collection[str]) -> None:
    """Raise UnknownNameError unless the model is one of those that are known."""
    if model not in known:
        raise UnknownNameError("model", model, list(known))
