"""What a seasonal adjustment gives: of one series, and of all the series of a frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl

__all__ = ["Adjusted", "Coefficient", "SeasonalAdjustment", "Statistic"]


class Coefficient(NamedTuple):
    """One estimated coefficient."""

    regressor: str
    estimate: float
    standard_error: float
    t: float


class Statistic(NamedTuple):
    """One statistic of quality, with the p-value where it is one of a test."""

    statistic: str
    value: float | None
    p_value: float | None = None


@dataclass(frozen=True, slots=True)
class Adjusted:
    """The adjustment of one series.

    `components` holds a list as long as the series under each name; with ``adjusted`` among them.
    """

    components: dict[str, list[float]]
    multiplicative: bool
    method: str
    model: str | None = None
    regressors: tuple[str, ...] = ()
    holidays: tuple[str, ...] = ()
    specification: str | None = None
    coefficients: list[Coefficient] = field(default_factory=list)
    quality: list[Statistic] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class SeasonalAdjustment:
    """The seasonal adjustment of every series of a frame, as frames that carry the series' keys.

    Attributes
    ----------
    adjusted
        The frame as it was, row by row, with the seasonally adjusted values: ``adjustment`` is ``sa`` and
        ``method`` says program, model, calendar effects and outliers.
    components
        Series frame with a ``component`` column. The value is ``trend`` times ``seasonal``, ``trading_days``,
        ``holidays``, ``irregular`` (and ``transitory`` from SEATS), or their sum when the adjustment is additive;
        factors that an adjustment does not have are not there. ``adjusted`` and the effect of ``outliers``, which
        stays in the adjusted series, stand beside them. Factors have the unit ``ratio``.
    coefficients
        ``regressor``, ``estimate``, ``standard_error`` and ``t`` of regression and ARIMA model.
    quality
        ``statistic``, ``value`` and, of a test, ``p_value``: ``m1`` to ``m11``, ``q`` and ``q2`` (0 to 3, above 1 is
        bad; from X-11 only), ``qs_original`` and ``qs_adjusted`` (seasonality before and after, each also without
        extreme values), tests of the residuals, ``aicc``, ``bic``, ...
    models
        What was chosen, one row a series: ``transform``, ``model``, ``regressors``, ``holidays``, ``specification``
        (the program's input, which can be kept and run again). Given as ``model=`` to a later adjustment it is
        used as it stands.
    warnings
        ``check`` and ``message`` for each reason not to publish an adjustment before someone has looked at it.
    """

    adjusted: pl.DataFrame
    components: pl.DataFrame
    coefficients: pl.DataFrame
    quality: pl.DataFrame
    models: pl.DataFrame
    warnings: pl.DataFrame

    def __repr__(self) -> str:
        """Say how many series there are and how many of them not to publish."""
        keys = [c for c in self.warnings.columns if c not in ("check", "message")]
        doubtful = self.warnings.select(keys).n_unique() if self.warnings.height else 0
        return f"<SeasonalAdjustment of {self.models.height} series, {doubtful} of them with warnings>"
