"""The daily model itself: a robust regression on week, year and holidays, and a level followed day by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gbaindicators.forecasting.single.daily_calendar import WEEKDAYS, days_off, holiday_days

__all__ = ["FEWEST", "DailyRun"]

Array = NDArray[np.float64]

#: Days that a model needs.
FEWEST: Final = 14
_YEAR: Final = 365.2425
#: Waves of the year, from two years of figures on.
_WAVES: Final = 10
#: Days between the knots of the trend, and how stiff it is.
_KNOTS, _STIFFNESS = 91, 1000.0
#: Occurrences without effect that each holiday, and each kind of day off, is taken to have had besides its own.
_NO_EFFECT, _NO_COMMON_EFFECT = 1.0, 0.25
#: Robust standard deviations from which an error counts less (Huber), and from which it moves the level no more.
_HUBER, _CLIP = 2.0, 3.0
_SMOOTHING: Final = (0.02, 0.05, 0.1, 0.2, 0.4)
#: Weekly origins at which the model is tried, and how few of them tell nothing.
_MOST_ORIGINS, _FEWEST_ORIGINS = 26, 6


@dataclass(frozen=True, slots=True)
class Design:
    """Regressors over days, by their names, and the pull of each towards zero."""

    names: list[str]
    columns: Array
    pull: Array


@dataclass(frozen=True, slots=True)
class Fit:
    """What was found in a stretch of days; `level` is that after each of them."""

    coefficients: Array
    errors: Array
    residuals: Array
    spread: float
    level: Array
    slope: float
    smoothing: float

    def ahead(self, rows: Array) -> Array:
        """Forecast the days that follow, of which `rows` are the regressors."""
        line: Array = self.level[-1] + self.slope * np.arange(1, len(rows) + 1) + rows @ self.coefficients
        return line


def _design(days: Sequence[date], holidays: Sequence[str], years: int) -> Design:
    """Regressors for `years` of figures: each holiday by itself takes one, the year two."""
    weekday = np.array([d.weekday() for d in days])
    parts = {name: (weekday == i) * 1.0 - (weekday == 6) for i, name in enumerate(WEEKDAYS[:6])}
    pull = [0.0] * len(parts)
    if years >= 2:
        turn = np.array([d.toordinal() for d in days]) * 2 * np.pi / _YEAR
        for k in range(1, _WAVES + 1):
            parts |= {f"sin_{k}": np.sin(k * turn), f"cos_{k}": np.cos(k * turn)}
            pull += [float(k**2)] * 2
    common, own = days_off(holidays, days), holiday_days(holidays, days) if years else {}
    pull += [_NO_COMMON_EFFECT] * len(common) + [_NO_EFFECT] * len(own)
    parts |= common | own
    return Design(list(parts), np.column_stack(list(parts.values())), np.array(pull))


def _fit(y: Array, design: Design) -> Fit:
    """Fit trend, week, year and holidays together, then follow the level of what is left day by day."""
    n = len(y)
    knots = np.linspace(0, n - 1, max(2, round(n / _KNOTS) + 1))
    trend = np.maximum(0.0, 1.0 - np.abs(np.arange(n)[:, None] - knots) / (knots[1] - knots[0]))
    x = np.hstack([trend, design.columns[:n]])
    penalty = np.diag(np.concatenate([np.zeros(len(knots)), design.pull]))
    bends = np.diff(np.eye(len(knots)), 2, axis=0)
    penalty[: len(knots), : len(knots)] += _STIFFNESS * bends.T @ bends
    penalty += 1e-8 * np.eye(len(penalty))
    known = np.isfinite(y)
    values, weights = np.where(known, y, 0.0), known.astype(float)
    for _ in range(4):
        weighted = x * weights[:, None]
        inverse = np.linalg.inv(x.T @ weighted + penalty)
        found = inverse @ (weighted.T @ values)
        errors = np.where(known, values - x @ found, 0.0)
        spread = _spread(errors[known], float(np.einsum("ij,ij->", weighted @ inverse, x)))
        weights = known * np.minimum(1.0, _HUBER * spread / np.maximum(np.abs(errors), 1e-300))
    coefficients = found[len(knots) :]
    left = y - design.columns[:n] @ coefficients
    level, smoothing = _level(left, spread)
    return Fit(
        coefficients,
        np.sqrt(np.diag(inverse)[len(knots) :]) * spread,
        np.where(known, errors, np.nan),
        spread,
        level,
        _slope(left),
        smoothing,
    )


def _spread(errors: Array, parameters: float) -> float:
    """Robust standard deviation after so many parameters were fitted, not lost where most errors are nil."""
    spared = len(errors) / max(len(errors) - parameters, 1.0)
    return float(max(1.4826 * np.median(np.abs(errors)), 0.1 * errors.std(), 1e-12) * np.sqrt(spared))


def _level(left: Array, spread: float) -> tuple[Array, float]:
    """Levels of exponential smoothing, by the constant whose levels have been nearest to the four weeks after them."""
    known = np.isfinite(left)
    alphas = np.array(_SMOOTHING)
    level = np.full(len(alphas), np.median(left[known][:28]))
    path = np.empty((len(left), len(alphas)))
    for i, value in enumerate(left):
        if known[i]:
            level = level + alphas * np.clip(value - level, -_CLIP * spread, _CLIP * spread)
        path[i] = level
    tried = range(len(left) - 29, max(27, len(left) - 394), -7)
    after = [(i, np.median(v)) for i in tried if len(v := _known(left[i + 1 : i + 29]))]
    distance = sum((np.abs(path[i] - median) for i, median in after), np.zeros(len(alphas)))
    # without a past to go by, one that leaves a regime that has just begun room to move
    best = int(distance.argmin()) if after else 3
    return path[:, best], float(alphas[best])


def _slope(left: Array) -> float:
    """Half the change over the last year, per day, as in Theta; none before there are a year and a quarter."""
    if len(left) < 365 + _KNOTS:
        return 0.0
    return float(np.nanmedian(left[-_KNOTS:]) - np.nanmedian(left[-365 - _KNOTS : -365])) / 365 / 2


def _known(values: Array) -> Array:
    known: Array = values[np.isfinite(values)]
    return known


def _typical(errors: Array) -> Array:
    """Mean absolute error by days ahead, never falling (isotonic regression)."""
    from scipy.optimize import isotonic_regression

    counts = np.isfinite(errors).sum(axis=0)
    there = counts > 0
    if not there.any():
        return np.zeros(max(errors.shape[1], 1))
    means = np.nansum(np.abs(errors), axis=0)[there] / counts[there]
    rising = isotonic_regression(means, weights=counts[there].astype(float)).x
    typical: Array = np.interp(np.arange(len(there)), np.flatnonzero(there), rising)
    return typical


class DailyRun:
    """A fit to all days, and the errors that the same model made at weekly origins in the past."""

    def __init__(self, y: Array, days: Sequence[date], holidays: Sequence[str]) -> None:
        self.y, self.days, self.holidays = y, list(days), tuple(holidays)
        self.years = int(len(y) / _YEAR)
        self.fit = _fit(y, self.design(0))
        errors = self._past_errors()
        self._typical = _typical(errors)
        #: Past errors in proportion to what is typical so many days ahead.
        self.ratios = np.divide(
            errors, self._typical, out=np.zeros_like(errors), where=(self._typical > 0) & np.isfinite(errors)
        )
        self.ratios[~np.isfinite(errors)] = np.nan
        self.error = float(np.nanmean(np.abs(errors))) if np.isfinite(errors).any() else float("nan")

    def design(self, horizon: int) -> Design:
        """Regressors over the days and `horizon` more."""
        after = [self.days[-1] + timedelta(days=i) for i in range(1, horizon + 1)]
        return _design([*self.days, *after], self.holidays, self.years)

    def _past_errors(self) -> Array:
        """Errors by origin, the latest first, and by days ahead; NaN after the last day and where it is missing."""
        n, design = len(self.y), self.design(0)
        origins = [n - 7 * i for i in range(1, _MOST_ORIGINS + 1) if n - 7 * i >= max(FEWEST, n // 2)]
        origins = [o for o in origins if np.isfinite(self.y[:o]).sum() >= FEWEST]
        errors = np.full((len(origins), 7 * len(origins)), np.nan)
        for i, origin in enumerate(origins):
            fit = _fit(self.y[:origin], design)
            errors[i, : n - origin] = self.y[origin:] - fit.ahead(design.columns[origin:n])
        return errors

    def ahead(self, horizon: int) -> Array:
        """Forecast of the days to come."""
        return self.fit.ahead(self.design(horizon).columns[len(self.y) :])

    def widths(self, horizon: int, levels: Sequence[float]) -> list[Array]:
        """Half widths of the intervals, by level.

        They are quantiles of past errors, in proportion to what is typical so many days ahead, and wider by as much
        as Student's quantile exceeds the normal one, with the origins as degrees of freedom. With few origins they
        are what exponential smoothing would have were it the truth.
        """
        from scipy.special import ndtri, stdtrit

        origins, ratios = len(self.ratios), _known(np.abs(self.ratios))
        shares = np.asarray(levels, dtype=float) / 100
        student = stdtrit(origins + 2, 0.5 + shares / 2)
        if origins < _FEWEST_ORIGINS or not len(ratios):
            growth = np.sqrt(1.0 + self.fit.smoothing**2 * np.arange(1, horizon + 1))
            return [t * self.fit.spread * growth for t in student]
        quantiles = np.quantile(ratios, shares) * student / ndtri(0.5 + shares / 2)
        return [q * self._typical_ahead(horizon) for q in quantiles]

    def _typical_ahead(self, horizon: int) -> Array:
        """Typical error by days ahead; after the last one that was tried it grows as that of a random walk."""
        days = len(self._typical)
        beyond = np.sqrt(np.maximum(np.arange(1, horizon + 1) / days, 1.0))
        typical: Array = self._typical[np.minimum(np.arange(horizon), days - 1)] * beyond
        return typical

    def paths(self, horizon: int, count: int, seed: int) -> Array:
        """Draw paths: stretches of past errors, with either sign, one after the other around the forecast."""
        random, line = np.random.default_rng(seed), self.ahead(horizon)
        stretches = [known for row in self.ratios if len(known := _known(row))]
        if len(stretches) < _FEWEST_ORIGINS:
            noise: Array = line + random.normal(0.0, self.fit.spread, (count, horizon))
            return noise
        drawn = np.empty((count, horizon))
        for path in drawn:
            filled = 0
            while filled < horizon:
                stretch = stretches[random.integers(len(stretches))][: horizon - filled]
                path[filled : filled + len(stretch)] = stretch * random.choice((-1.0, 1.0))
                filled += len(stretch)
        around: Array = line + drawn * self._typical_ahead(horizon)
        return around

    def parts(self) -> dict[str, Array]:
        """What makes up the days so far: level, week, year, holidays, and the irregular rest."""
        design, week, year = self.design(0), 6, 2 * _WAVES * (self.years >= 2)
        products = design.columns * self.fit.coefficients
        found = {"level": self.fit.level, "week": products[:, :week].sum(axis=1)}
        if year:
            found["year"] = products[:, week : week + year].sum(axis=1)
        if self.holidays:
            found["holidays"] = products[:, week + year :].sum(axis=1)
        return found | {"irregular": self.y - sum(found.values(), np.zeros(len(self.y)))}
