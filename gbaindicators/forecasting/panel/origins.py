"""Origins in the past of a series at which models are tried."""

from __future__ import annotations

from typing import Final

import numpy as np

from gbaindicators.forecasting.panel.panel import Integers

__all__ = ["FEWEST_VALUES", "past_origins"]

#: Values that a model is trained on at least.
FEWEST_VALUES: Final = 5
_MOST: Final = 10
_WHOLE_SEASONS: Final = 3


def past_origins(length: int, horizon: int, season: int) -> Integers:
    """How many values before its end each origin of a series lies, the latest first.

    At most ten, evenly spread over the last two horizons. At each a model has at least five values to train on,
    and three whole seasons if the series has as many: it could not be the same model with fewer.
    """
    shortest = _WHOLE_SEASONS * season if season > 1 and _WHOLE_SEASONS * season <= length else FEWEST_VALUES
    offsets = np.unique(np.linspace(1, 2 * horizon, min(_MOST, 2 * horizon)).round().astype(np.int64))
    possible: Integers = offsets[offsets <= length - shortest]
    return possible
