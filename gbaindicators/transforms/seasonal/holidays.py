"""Moving holidays: the days on which they fall, and the regressors that carry their effect.

A holiday that moves between months is no part of the season, which comes at the same time every year. Its effect
is estimated with a regressor: the share of the days that matter (a week before the day, a week from it on) that
falls into each month or quarter, less the long-run mean share of that calendar month. Centred in this way it moves
activity between months and leaves the level of the series, and the season, alone.

A holiday on fixed dates is part of the season but for the weekday it falls on; its regressor counts the working
days (Monday to Friday) that it takes away.

Dates of the lunar calendar are those of the Gregorian-lunar calendar conversion tables that the Hong Kong
Observatory publishes; two independent algorithms and the astronomical definition (new moons and solar terms in
China standard time) give the same days. Easter follows the Gregorian computus.
"""

from __future__ import annotations

from calendar import MONDAY, SATURDAY, SUNDAY
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Final

from gbaindicators.catalog import catalog
from gbaindicators.errors import FrameError, PeriodError, UnknownNameError, UsageError
from gbaindicators.transforms.frequencies import MONTHS

__all__ = [
    "HOLIDAYS",
    "Regressor",
    "ching_ming",
    "easter",
    "holiday_of",
    "holidays_of",
    "lunar_new_year",
    "mid_autumn",
    "regressors",
]

#: First and last year of the tables of lunar dates.
FIRST_YEAR: Final = 1950
LAST_YEAR: Final = 2050
_YEARS: Final = range(FIRST_YEAR, LAST_YEAR + 1)
# month and day of the first day of the first lunar month, 1950 to 2050
_LUNAR_NEW_YEAR: Final = (
    "0217 0206 0127 0214 0203 0124 0212 0131 0218 0208 0128 0215 0205 0125 0213 0202 0121 0209 0130 0217 "
    "0206 0127 0215 0203 0123 0211 0131 0218 0207 0128 0216 0205 0125 0213 0202 0220 0209 0129 0217 0206 "
    "0127 0215 0204 0123 0210 0131 0219 0207 0128 0216 0205 0124 0212 0201 0122 0209 0129 0218 0207 0126 "
    "0214 0203 0123 0210 0131 0219 0208 0128 0216 0205 0125 0212 0201 0122 0210 0129 0217 0206 0126 0213 "
    "0203 0123 0211 0131 0219 0208 0128 0215 0204 0124 0212 0201 0122 0210 0130 0217 0206 0126 0214 0202 "
    "0123"
)
# month and day of the fifteenth day of the eighth lunar month, 1950 to 2050
_MID_AUTUMN: Final = (
    "0926 0915 1003 0922 0911 0930 0919 0908 0927 0917 1005 0924 0913 1002 0920 0910 0929 0918 1006 0926 "
    "0915 1003 0922 0911 0930 0920 0908 0927 0917 1005 0923 0912 1001 0921 0910 0929 0918 1007 0925 0914 "
    "1003 0922 0911 0930 0920 0909 0927 0916 1005 0924 0912 1001 0921 0911 0928 0918 1006 0925 0914 1003 "
    "0922 0912 0930 0919 0908 0927 0915 1004 0924 0913 1001 0921 0910 0929 0917 1006 0925 0915 1003 0922 "
    "0912 1001 0919 0908 0927 0916 1004 0924 0913 1002 0920 0910 0928 0917 1005 0925 0915 1004 0922 0911 "
    "0930"
)


def lunar_new_year(year: int) -> date:
    """First day of the lunar year that begins in `year`, 1950 to 2050.

    >>> lunar_new_year(2024)
    datetime.date(2024, 2, 10)
    """
    return _tabled(_LUNAR_NEW_YEAR, year)


def mid_autumn(year: int) -> date:
    """Mid-Autumn Festival, the fifteenth day of the eighth lunar month, 1950 to 2050.

    >>> mid_autumn(2023)
    datetime.date(2023, 9, 29)
    """
    return _tabled(_MID_AUTUMN, year)


def ching_ming(year: int) -> date:
    """Ching Ming (Qingming), the day on which the sun reaches 15 degrees, 1950 to 2050.

    >>> ching_ming(2024), ching_ming(2023)
    (datetime.date(2024, 4, 4), datetime.date(2023, 4, 5))
    """
    _check_year(year)
    of_century = year % 100
    day = int(of_century * 0.2422 + (5.59 if year < 2000 else 4.81)) - of_century // 4
    return date(year, 4, day)


def easter(year: int) -> date:
    """Easter Sunday by the Gregorian computus (Meeus, Jones and Butcher).

    >>> easter(2024)
    datetime.date(2024, 3, 31)
    """
    golden = year % 19
    century, of_century = divmod(year, 100)
    epact = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (of_century // 4) - epact - of_century % 4) % 7
    later = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * later + 114, 31)
    return date(year, month, day + 1)


def _tabled(table: str, year: int) -> date:
    _check_year(year)
    text = table[5 * (year - FIRST_YEAR) :][:4]
    return date(year, int(text[:2]), int(text[2:]))


def _check_year(year: int) -> None:
    if year not in _YEARS:
        raise PeriodError(
            f"lunar dates are known from {FIRST_YEAR} to {LAST_YEAR}, not for {year}: adjust the part of the "
            "series whose years, and the four that follow it, lie between them"
        )


@dataclass(frozen=True, slots=True)
class Regressor:
    """One regressor of a holiday: the days of a year that count, and how many make one."""

    name: str
    holiday: str
    days: Callable[[int], Iterable[date]]
    whole: int
    since: int = FIRST_YEAR

    def values(self, frequency: str, starts: Iterable[date]) -> list[float]:
        """Value in each period: share of the days that fall into it less the mean of that calendar period."""
        share, mean = _shares(self, MONTHS[frequency])
        values = []
        for start in starts:
            _check_year(start.year)
            part = (start.month - 1) // MONTHS[frequency]
            here = share.get((start.year, part), 0.0) - mean[part]
            values.append(here if start.year >= self.since else 0.0)
        return values


@cache
def _shares(regressor: Regressor, months: int) -> tuple[dict[tuple[int, int], float], list[float]]:
    share: dict[tuple[int, int], float] = {}
    for year in _YEARS:
        for day in regressor.days(year):
            period = day.year, (day.month - 1) // months
            share[period] = share.get(period, 0.0) + 1 / regressor.whole
    mean = [sum(share.get((y, part), 0.0) for y in _YEARS) / len(_YEARS) for part in range(12 // months)]
    return share, mean


def _week_before_new_year(year: int) -> list[date]:
    return [lunar_new_year(year) - timedelta(days=n) for n in range(7, 0, -1)]


def _week_of_new_year(year: int) -> list[date]:
    return [lunar_new_year(year) + timedelta(days=n) for n in range(7)]


def _ching_ming_off(year: int) -> list[date]:
    """Working day lost: none when the day is a Saturday, the Monday when it is a Sunday."""
    day = ching_ming(year)
    if day.weekday() == SATURDAY:
        return []
    return [day + timedelta(days=day.weekday() == SUNDAY)]


def _golden_week(year: int) -> list[date]:
    """Seven days from 1 October, eight from the Mid-Autumn Festival or 1 October when the two meet."""
    first, festival = date(year, 10, 1), mid_autumn(year)
    meets = date(year, 9, 29) <= festival <= date(year, 10, 8)
    start = min(first, festival) if meets else first
    return [start + timedelta(days=n) for n in range(8 if meets else 7)]


def _golden_week_japan(year: int) -> list[date]:
    """Working days lost to 29 April and 3 to 5 May; a Sunday is made up for by the next day that is none of them."""
    days = {date(year, 4, 29), date(year, 5, 3), date(year, 5, 4), date(year, 5, 5)}
    # before 2007 only the day after was given, and only where it was no holiday itself
    made_up = [
        d for d in days if d.weekday() == SUNDAY and (year >= 2007 or d + timedelta(days=1) not in days)
    ]
    for day in made_up:
        while day in days:
            day += timedelta(days=1)
        days.add(day)
    if year == 2019:  # accession of the emperor
        days |= {date(2019, 4, 30), date(2019, 5, 1), date(2019, 5, 2)}
    return sorted(d for d in days if MONDAY <= d.weekday() < SATURDAY)


_REGRESSORS: Final = (
    Regressor("lny_before", "lunar_new_year", _week_before_new_year, 7),
    Regressor("lny_after", "lunar_new_year", _week_of_new_year, 7),
    Regressor("ching_ming", "ching_ming", _ching_ming_off, 1),
    # a working holiday of all the country, and united with the Mid-Autumn Festival, since 2008
    Regressor("golden_week", "golden_week", _golden_week, 7, since=2008),
    Regressor("golden_week_jp", "golden_week_japan", _golden_week_japan, 1, since=1988),
)
#: Every holiday that `holidays=` may name. The program has regressors for Easter itself.
HOLIDAYS: Final = ("lunar_new_year", "easter", "ching_ming", "golden_week", "golden_week_japan")
_BY_CURRENCY: Final = {
    "HKD": ("lunar_new_year", "easter", "ching_ming"),
    "MOP": ("lunar_new_year", "easter", "ching_ming"),
    "CNY": ("lunar_new_year", "golden_week"),
    "JPY": ("golden_week_japan",),
    "SGD": ("lunar_new_year", "easter"),
    "USD": ("easter",),
}


def holidays_of(holidays: str | Sequence[str] | None, area: str | None) -> tuple[str, ...]:
    """Names of the holidays meant: those given, or with ``"auto"`` those of the area, by its currency.

    Raises
    ------
    UnknownNameError
        When there is no such holiday or area.
    FrameError
        When ``"auto"`` meets a frame without areas.
    UsageError
        When ``"auto"`` meets an area with no calendar of its own.

    Examples
    --------
    >>> holidays_of("auto", "hong_kong")
    ('lunar_new_year', 'easter', 'ching_ming')
    >>> holidays_of("lunar_new_year", None)
    ('lunar_new_year',)
    """
    if holidays == "auto":
        if area is None:
            raise FrameError(
                "holidays='auto' goes by the area, and the frame has no column 'area': name the holidays, "
                "holidays=('lunar_new_year', 'easter')"
            )
        try:
            currency = catalog().area(area).currency
        except UnknownNameError:
            name_them = "For one of your own, name the holidays, holidays=('easter',), or None."
            raise UnknownNameError("area", area, catalog().areas, name_them) from None
        if currency not in _BY_CURRENCY:
            raise UsageError(
                f"no calendar of holidays is known for {area!r}: name them, holidays=('easter',), or None"
            )
        return _BY_CURRENCY[currency]
    names = (holidays,) if isinstance(holidays, str) else tuple(holidays or ())
    for name in names:
        if name not in HOLIDAYS:
            raise UnknownNameError("holiday", name, ("auto", *HOLIDAYS))
    return names


def regressors(
    holidays: Sequence[str], frequency: str, starts: Sequence[date], observed: int
) -> dict[str, list[float]]:
    """Regressors of holidays over the periods that begin on `starts`, the first `observed` of them with figures.

    Those that have no effect of their own there are left out: a holiday that stays within one period of the year
    and on its weekdays is part of the season.

    Examples
    --------
    >>> months = [date(2023, 1, 1), date(2023, 2, 1), date(2024, 1, 1), date(2024, 2, 1)]
    >>> regressors(["lunar_new_year"], "M", months, 4)["lny_after"]
    [0.751..., -0.751..., -0.248..., 0.248...]
    """
    chosen = (r for r in _REGRESSORS if r.holiday in holidays)
    values = {r.name: r.values(frequency, starts) for r in chosen}
    return {name: x for name, x in values.items() if _moves(x[:observed], starts)}


def _moves(values: Sequence[float], starts: Sequence[date]) -> bool:
    of_month: dict[int, set[float]] = {}
    for value, start in zip(values, starts, strict=False):
        of_month.setdefault(start.month, set()).add(round(value, 9))
    return any(len(distinct) > 1 for distinct in of_month.values())


def holiday_of(regressor: str) -> str:
    """Holiday to which a regressor belongs.

    >>> holiday_of("lny_before")
    'lunar_new_year'
    """
    return next(r.holiday for r in _REGRESSORS if r.name == regressor)
