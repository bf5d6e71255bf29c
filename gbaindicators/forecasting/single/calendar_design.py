"""Regressors of time and the calendar: trend, season, trading days and moving holidays."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gbaindicators.forecasting.single.daily_calendar import WEEKDAYS, holiday_days
from gbaindicators.forecasting.single.one_series import SEASONS
from gbaindicators.transforms.frequencies import MONTHS
from gbaindicators.transforms.seasonal.holidays import Regressor, easter
from gbaindicators.transforms.seasonal.holidays import regressors as holiday_regressors

__all__ = ["Design"]

Array = NDArray[np.float64]

#: Waves of the year in daily and weekly figures.
_WAVES: Final = 4
_YEAR: Final = 365.2425
#: The week before Easter Sunday and the day itself, as in the easter[8] of X-13ARIMA-SEATS.
_EASTER: Final = Regressor("easter", "easter", lambda y: [easter(y) - timedelta(n) for n in range(1, 9)], 8)


@dataclass(frozen=True, slots=True)
class Design:
    """Which regressors a model has."""

    frequency: str
    trend: bool
    season: bool
    trading_days: bool | str
    holidays: tuple[str, ...]

    def columns(self, periods: Sequence[date], observed: int) -> dict[str, dict[str, Array]]:
        """Regressors by what they stand for, from the first period on, of which `observed` are in the past."""
        trend = {"constant": np.ones(len(periods))}
        if self.trend:
            trend["trend"] = np.arange(1.0, len(periods) + 1.0)
        days = self.trading_days
        return {
            "trend": trend,
            "season": _season(self.frequency, periods) if self.season else {},
            "trading_days": _trading_days(self.frequency, periods, days == "one") if days else {},
            "holidays": _holidays(self.holidays, self.frequency, periods, observed),
        }


def _season(frequency: str, periods: Sequence[date]) -> dict[str, Array]:
    columns = {}
    if frequency == "D":
        days = np.array([p.weekday() for p in periods])
        columns = {name: (days == i).astype(float) for i, name in enumerate(WEEKDAYS) if i}
    if frequency in ("D", "W"):
        turn = np.array([p.toordinal() for p in periods]) * 2 * np.pi / _YEAR
        for k in range(1, _WAVES + 1):
            columns |= {f"sin_{k}": np.sin(k * turn), f"cos_{k}": np.cos(k * turn)}
        return columns
    months = MONTHS[frequency]
    part = np.array([(p.month - 1) // months for p in periods])
    return {_part_name(frequency, i): (part == i).astype(float) for i in range(1, SEASONS[frequency])}


def _part_name(frequency: str, part: int) -> str:
    if frequency == "M":
        return f"{date(2000, part + 1, 1):%B}".casefold()
    return "second_half" if frequency == "S" else f"q{part + 1}"


def _trading_days(frequency: str, periods: Sequence[date], one: bool) -> dict[str, Array]:
    """Days of the week in each period, as in X-13ARIMA-SEATS: td1coef and lpyear, or td."""
    months = MONTHS[frequency]
    counts = np.zeros((len(periods), 7))
    leap = np.zeros(len(periods))
    for i, start in enumerate(periods):
        for month in range(start.month, start.month + months):
            first, length = monthrange(start.year, month)
            counts[i] += [length // 7 + ((day - first) % 7 < length % 7) for day in range(7)]
            leap[i] += (length - 28.25) if month == 2 else 0.0
    if one:
        return {"weekdays": counts[:, :5].sum(axis=1) - 2.5 * counts[:, 5:].sum(axis=1), "leap_year": leap}
    named = {name: counts[:, i] - counts[:, 6] for i, name in enumerate(WEEKDAYS[:6])}
    return named | {"leap_year": leap}


def _holidays(
    names: Sequence[str], frequency: str, periods: Sequence[date], observed: int
) -> dict[str, Array]:
    if frequency == "D":
        return holiday_days(names, periods)
    moving = holiday_regressors(names, frequency, periods, observed) if names else {}
    columns = {name: np.array(values) for name, values in moving.items()}
    if "easter" in names:
        columns["easter"] = np.array(_EASTER.values(frequency, periods))
    return columns
