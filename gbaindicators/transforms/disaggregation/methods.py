"""The methods of temporal disaggregation, and what may be asked of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from gbaindicators.errors import UnknownNameError, UsageError
from gbaindicators.transforms.disaggregation.alignment import CONVERSIONS, WORDS
from gbaindicators.transforms.disaggregation.distribution import Objective

__all__ = ["ALIASES", "DENTON", "Criterion", "Options"]

Criterion = Literal["proportional", "additive"]

DENTON: Final = ("denton-cholette", "denton")
#: Regression methods: whether residuals are summed up, and by what rho is estimated (None: it is 0).
REGRESSIONS: Final[dict[str, tuple[bool, Objective | None]]] = {
    "chow-lin-maxlog": (False, "maxlog"),
    "chow-lin-minrss": (False, "minrss"),
    "chow-lin-minrss-quilis": (False, "minrss-scaled"),
    "fernandez": (True, None),
    "litterman-maxlog": (True, "maxlog"),
    "litterman-minrss": (True, "minrss"),
}
ALIASES: Final = {
    "chow-lin": "chow-lin-maxlog",
    "chow-lin-minrss-ecotrim": "chow-lin-minrss",
    "litterman": "litterman-maxlog",
}


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for, checked."""

    to: str
    method: str
    conversion: str | None
    constant: bool
    rho: float | None
    truncated: bool
    criterion: str
    differences: int

    def __post_init__(self) -> None:
        if self.to not in WORDS:
            raise UsageError(f"disaggregate makes half-years, quarters or months, not frequency {self.to!r}")
        if self.method not in DENTON and self.method not in REGRESSIONS:
            raise UnknownNameError("method", self.method, [*DENTON, *REGRESSIONS, *ALIASES])
        if self.conversion is not None and self.conversion not in CONVERSIONS:
            raise UsageError(
                f"conversion={self.conversion!r} is not known: write 'sum', 'mean', 'last' or 'first'"
            )
        self._check_movement()
        if self.rho is not None:
            self._check_rho(self.rho)

    def _check_movement(self) -> None:
        if self.criterion not in ("proportional", "additive") or self.differences not in (1, 2):
            raise UsageError("criterion must be 'proportional' or 'additive', differences 1 or 2")
        if self.regression and (self.criterion, self.differences) != ("proportional", 1):
            raise UsageError(f"criterion and differences belong to Denton's methods, not to {self.method!r}")

    def _check_rho(self, rho: float) -> None:
        if self.estimated_by is None:
            raise UsageError(
                f"{self.method!r} has no rho to set: leave it out or take 'chow-lin' or 'litterman'"
            )
        if not -1 < rho < 1:
            raise UsageError(f"rho={rho!r} must lie between -1 and 1")

    @property
    def regression(self) -> bool:
        """Whether the method estimates coefficients."""
        return self.method in REGRESSIONS

    @property
    def integrated(self) -> bool:
        """Whether the method sums residuals up."""
        return REGRESSIONS[self.method][0]

    @property
    def estimated_by(self) -> Objective | None:
        """By what the method estimates rho."""
        return REGRESSIONS[self.method][1] if self.regression else None
