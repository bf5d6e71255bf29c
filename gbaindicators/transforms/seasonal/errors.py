"""What can go wrong in a seasonal adjustment, and what should be looked at before it is published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gbaindicators.errors import GbaError

if TYPE_CHECKING:
    from gbaindicators.transforms.seasonal.result import SeasonalAdjustment

__all__ = ["AdjustmentError", "AdjustmentWarning"]


class AdjustmentError(GbaError):
    """A seasonal adjustment that the program could not make, or several of them.

    Attributes
    ----------
    failures
        The reason for each series that failed, by its name; empty when the program itself is missing.
    partial
        The adjustments of the other series; None when there are none.
    """

    def __init__(
        self,
        message: str,
        failures: Mapping[str, GbaError] | None = None,
        partial: SeasonalAdjustment | None = None,
    ) -> None:
        super().__init__(message)
        self.failures = dict(failures or {})
        self.partial = partial

    def __reduce__(self) -> tuple[object, ...]:
        # raised in a worker process it must arrive whole
        return type(self), (str(self), self.failures, self.partial)


class AdjustmentWarning(UserWarning):
    """An adjusted series that should not be published before someone has looked at it."""
