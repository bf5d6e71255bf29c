"""Holidays as daily figures feel them: the days around each, and the days off that they make.

Dates of the lunar calendar follow its astronomical definition (new moons and solar terms in China standard time),
which also gives the Lunar New Years and Mid-Autumn Festivals that `gbaindicators.transforms.seasonal` has from the
Hong Kong Observatory. Days off are those of Hong Kong's General Holidays Ordinance (cap. 149): a holiday on a
Sunday, or on another holiday, is made up for on the next day that is neither.
"""

from __future__ import annotations

from calendar import SATURDAY, SUNDAY
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gbaindicators.catalog import catalog
from gbaindicators.errors import PeriodError, UnknownNameError
from gbaindicators.transforms.seasonal.holidays import (
    FIRST_YEAR,
    LAST_YEAR,
    ching_ming,
    easter,
    lunar_new_year,
    mid_autumn,
)

__all__ = ["HOLIDAYS", "WEEKDAYS", "daily_holidays", "days_off", "holiday_days"]

Array = NDArray[np.float64]

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

# month and day of the eighth day of the fourth lunar month, 1950 to 2050
_BUDDHA: Final = (
    "0524 0513 0501 0520 0510 0529 0517 0507 0526 0515 0503 0522 0511 0501 0519 0508 0527 0516 0504 0523 "
    "0512 0502 0520 0510 0429 0518 0506 0525 0514 0503 0521 0511 0501 0520 0508 0527 0516 0505 0523 0512 "
    "0502 0521 0510 0528 0518 0507 0524 0514 0503 0522 0511 0430 0519 0508 0526 0515 0505 0524 0512 0502 "
    "0521 0510 0428 0517 0506 0525 0514 0503 0522 0512 0430 0519 0508 0526 0515 0505 0524 0513 0502 0520 "
    "0509 0528 0516 0506 0525 0515 0503 0522 0511 0430 0518 0507 0526 0516 0505 0524 0513 0502 0520 0509 "
    "0528"
)
# month and day of the fifth day of the fifth lunar month, 1950 to 2050
_TUEN_NG: Final = (
    "0619 0609 0528 0615 0605 0624 0613 0602 0621 0610 0529 0617 0606 0625 0614 0604 0623 0612 0531 0619 "
    "0608 0528 0615 0605 0624 0614 0602 0621 0610 0530 0617 0606 0625 0615 0604 0622 0611 0531 0618 0608 "
    "0528 0616 0605 0624 0613 0602 0620 0609 0530 0618 0606 0625 0615 0604 0622 0611 0531 0619 0608 0528 "
    "0616 0606 0623 0612 0602 0620 0609 0530 0618 0607 0625 0614 0603 0622 0610 0531 0619 0609 0528 0616 "
    "0605 0624 0612 0601 0620 0610 0530 0618 0607 0527 0614 0603 0622 0611 0531 0619 0608 0529 0615 0604 "
    "0623"
)
# month and day of the ninth day of the ninth lunar month, 1950 to 2050
_CHUNG_YEUNG: Final = (
    "1019 1009 1027 1016 1005 1024 1012 1031 1021 1010 1028 1018 1007 1025 1014 1003 1022 1012 1030 1019 "
    "1008 1027 1015 1004 1023 1013 1031 1021 1010 1029 1017 1006 1025 1014 1003 1022 1012 1031 1019 1008 "
    "1026 1016 1004 1023 1013 1101 1020 1010 1028 1017 1006 1025 1014 1004 1022 1011 1030 1019 1007 1026 "
    "1016 1005 1023 1013 1002 1021 1009 1028 1017 1007 1025 1014 1004 1023 1011 1029 1018 1008 1026 1016 "
    "1005 1024 1012 1001 1020 1009 1027 1017 1007 1026 1014 1003 1022 1011 1029 1018 1008 1027 1016 1005 "
    "1024"
)


class Holiday(NamedTuple):
    """A holiday: its day, the days around it that it reaches (first and last), and those of them that are off."""

    day: Callable[[int], date]
    first: int
    last: int
    off: tuple[int, ...] = (0,)


def _tabled(table: str) -> Callable[[int], date]:
    def day(year: int) -> date:
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise PeriodError(f"lunar dates are known from {FIRST_YEAR} to {LAST_YEAR}, not for {year}")
        text = table[5 * (year - FIRST_YEAR) :][:4]
        return date(year, int(text[:2]), int(text[2:]))

    return day


def _fixed(month: int, day: int) -> Callable[[int], date]:
    return lambda year: date(year, month, day)


def _monday(month: int, nth: int) -> Callable[[int], date]:
    """Day of the n-th Monday of a month, the last one for -1."""

    def day(year: int) -> date:
        if nth < 0:
            end = date(year, month + 1, 1) - timedelta(days=1)
            return end - timedelta(days=end.weekday())
        first = date(year, month, 1)
        return first + timedelta(days=-first.weekday() % 7 + 7 * (nth - 1))

    return day


def _thanksgiving(year: int) -> date:
    first = date(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 21)


#: Every holiday that daily models know.
HOLIDAYS: Final = {
    "new_year": Holiday(_fixed(1, 1), -1, 2),
    "lunar_new_year": Holiday(lunar_new_year, -7, 14, (0, 1, 2)),
    "ching_ming": Holiday(ching_ming, -1, 3),
    "easter": Holiday(easter, -4, 5, (-2, -1, 1)),
    "golden_week_japan": Holiday(_fixed(5, 3), -6, 4, (-4, 0, 1, 2)),
    "labour_day": Holiday(_fixed(5, 1), -1, 5),
    "buddha": Holiday(_tabled(_BUDDHA), -1, 1),
    "memorial_day": Holiday(_monday(5, -1), -3, 1),
    "tuen_ng": Holiday(_tabled(_TUEN_NG), -1, 2),
    "hksar_day": Holiday(_fixed(7, 1), -1, 1),
    "independence_day": Holiday(_fixed(7, 4), -3, 3),
    "obon": Holiday(_fixed(8, 13), -3, 5, ()),
    "labor_day": Holiday(_monday(9, 1), -3, 1),
    "mid_autumn": Holiday(lambda year: mid_autumn(year) + timedelta(days=1), -2, 2),
    "golden_week": Holiday(_fixed(10, 1), -1, 7),
    "chung_yeung": Holiday(_tabled(_CHUNG_YEUNG), -1, 1),
    "thanksgiving": Holiday(_thanksgiving, -4, 4),
    "christmas": Holiday(_fixed(12, 25), -5, 6, (0, 1)),
}
_HONG_KONG: Final = (
    "new_year", "lunar_new_year", "ching_ming", "easter", "labour_day", "buddha", "tuen_ng", "hksar_day",
    "mid_autumn", "golden_week", "chung_yeung", "christmas",
)  # fmt: skip
_BY_CURRENCY: Final = {
    "HKD": _HONG_KONG,
    "MOP": tuple(h for h in _HONG_KONG if h != "hksar_day"),
    "CNY": ("new_year", "lunar_new_year", "ching_ming", "labour_day", "tuen_ng", "mid_autumn", "golden_week"),
    "JPY": ("new_year", "golden_week_japan", "obon"),
    "SGD": ("new_year", "lunar_new_year", "easter", "labour_day", "christmas"),
    "USD": ("new_year", "easter", "memorial_day", "independence_day", "labor_day", "thanksgiving", "christmas"),
}  # fmt: skip


def daily_holidays(holidays: str | Sequence[str] | None, area: str | None) -> tuple[str, ...]:
    """Names of the holidays meant: those given, or with ``"auto"`` those of the area, by its currency.

    A series of no area, of one of the user's own, or of one without a calendar here, has no holidays by itself.

    Raises
    ------
    UnknownNameError
        When there is no such holiday.

    Examples
    --------
    >>> daily_holidays("auto", "guangzhou")[:2], daily_holidays("auto", None)
    (('new_year', 'lunar_new_year'), ())
    """
    if holidays == "auto":
        try:
            currency = None if area is None else catalog().area(area).currency
        except UnknownNameError:
            currency = None
        return _BY_CURRENCY.get(currency or "", ())
    names = (holidays,) if isinstance(holidays, str) else tuple(holidays or ())
    for name in names:
        if name not in HOLIDAYS:
            raise UnknownNameError("holiday", name, ("auto", *HOLIDAYS))
    return names


def holiday_days(names: Sequence[str], days: Sequence[date]) -> dict[str, Array]:
    """Indicators of the days around holidays, one for each distance from each holiday.

    Examples
    --------
    >>> around = holiday_days(["ching_ming"], [date(2024, 4, 3), date(2024, 4, 4), date(2024, 4, 5)])
    >>> list(around), around["ching_ming+1"].tolist()
    (['ching_ming-1', 'ching_ming+0', 'ching_ming+1', 'ching_ming+2', 'ching_ming+3'], [0.0, 0.0, 1.0])
    """
    at = {day: i for i, day in enumerate(days)}
    columns: dict[str, Array] = {}
    for name in names:
        holiday = HOLIDAYS[name]
        centres = [holiday.day(year) for year in _years(days)]
        for distance in range(holiday.first, holiday.last + 1):
            column = np.zeros(len(days))
            reached = (at.get(centre + timedelta(days=distance)) for centre in centres)
            column[[i for i in reached if i is not None]] = 1.0
            columns[f"{name}{distance:+d}"] = column
    return columns


def days_off(names: Sequence[str], days: Sequence[date]) -> dict[str, Array]:
    """Indicators of what holidays have in common: days off, their eves, and the long weekends that they make.

    Examples
    --------
    >>> off = days_off(["tuen_ng"], [date(2024, 6, 7), date(2024, 6, 8), date(2024, 6, 9), date(2024, 6, 10)])
    >>> off["day_off"].tolist(), off["weekend_before"].tolist()
    ([0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 1.0, 0.0])
    """
    if not names:
        return {}
    off = frozenset().union(*(_off(tuple(names), year) for year in _years(days)))
    one = timedelta(days=1)

    def free(day: date) -> bool:
        return day in off or day.weekday() >= SATURDAY

    found = {
        "day_off": [d in off and d.weekday() < SATURDAY for d in days],
        "saturday_off": [d in off and d.weekday() == SATURDAY for d in days],
        "eve": [not free(d) and d + one in off for d in days],
        "weekend_before": [d.weekday() == SUNDAY and d + one in off for d in days],
        "weekend_after": [d.weekday() == SATURDAY and d - one in off for d in days],
        "last_day_off": [d in off and d.weekday() < SATURDAY and free(d - one) and not free(d + one) for d in days],
        "between": [not free(d) and free(d - one) and free(d + one) for d in days],
    }  # fmt: skip
    return {name: np.array(values, dtype=float) for name, values in found.items()}


def _years(days: Sequence[date]) -> range:
    """Years whose holidays may reach the days."""
    return range((days[0] - timedelta(days=15)).year, (days[-1] + timedelta(days=15)).year + 1)


@cache
def _off(names: tuple[str, ...], year: int) -> frozenset[date]:
    taken: set[date] = set()
    legal = sorted(HOLIDAYS[n].day(year) + timedelta(days=i) for n in names for i in HOLIDAYS[n].off)
    for day in legal:
        while day in taken or day.weekday() == SUNDAY:
            day += timedelta(days=1)
        taken.add(day)
    return frozenset(taken)
