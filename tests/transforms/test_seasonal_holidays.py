"""Dates of the moving holidays against astronomy and published dates; regressors against hand counts."""

from datetime import date, timedelta
from functools import cache
from math import radians, sin

import pytest

from gbaindicators.errors import FrameError, PeriodError, UnknownNameError, UsageError
from gbaindicators.transforms.seasonal import holidays as h

YEARS = range(h.FIRST_YEAR, h.LAST_YEAR + 1)
NEW_MOON_2000 = 2451550.09766  # Julian ephemeris day of the new moon of 6 January 2000


def china_day(julian: float) -> date:
    """Day in China standard time (UTC+8); dynamical time runs about a minute ahead of universal time."""
    return date(2000, 1, 1) + timedelta(days=int(julian - 65 / 86400 + 8 / 24 - 2451544.5 + 100000) - 100000)


def new_moon(k: int) -> float:
    """Meeus, Astronomical Algorithms, chapter 49, the terms above half a minute."""
    t = k / 1236.85
    e = 1 - 0.002516 * t
    sun = radians(2.5534 + 29.10535670 * k - 0.0000014 * t * t)
    moon = radians(201.5643 + 385.81693528 * k + 0.0107582 * t * t)
    node = radians(160.7108 + 390.67050284 * k - 0.0016118 * t * t)
    mean = NEW_MOON_2000 + 29.530588861 * k + 0.00015437 * t * t
    return mean + (
        -0.40720 * sin(moon) + 0.17241 * e * sin(sun) + 0.01608 * sin(2 * moon) + 0.01039 * sin(2 * node)
        + 0.00739 * e * sin(moon - sun) - 0.00514 * e * sin(moon + sun) + 0.00208 * e * e * sin(2 * sun)
        - 0.00111 * sin(moon - 2 * node) - 0.00057 * sin(moon + 2 * node) + 0.00056 * e * sin(2 * moon + sun)
        - 0.00042 * sin(3 * moon) + 0.00042 * e * sin(sun + 2 * node) + 0.00038 * e * sin(sun - 2 * node)
    )  # fmt: skip


def sun_longitude(julian: float) -> float:
    """Apparent longitude of the sun in degrees; Meeus, chapter 25, to a hundredth of a degree."""
    t = (julian - 2451545.0) / 36525
    m = radians(357.52911 + 35999.05029 * t)
    centre = (1.914602 - 0.004817 * t) * sin(m) + 0.019993 * sin(2 * m) + 0.000289 * sin(3 * m)
    return (
        280.46646 + 36000.76983 * t + centre - 0.00569 - 0.00478 * sin(radians(125.04 - 1934.136 * t))
    ) % 360


def sun_reaches(degrees: float, near: date) -> date:
    julian = (near - date(2000, 1, 1)).days + 2451544.5
    for _ in range(20):
        julian += ((degrees - sun_longitude(julian) + 180) % 360 - 180) * 1.0146
    return china_day(julian)


@cache
def new_moons() -> list[date]:
    return [china_day(new_moon(k)) for k in range(-640, 640)]


def month_with(day: date) -> int:
    """Number of the lunar month in which a day lies."""
    return max(i for i, first in enumerate(new_moons()) if first <= day)


@pytest.mark.parametrize("year", YEARS)
def test_lunar_new_year_is_the_second_new_moon_after_the_month_of_the_solstice(year):
    eleventh = month_with(sun_reaches(270, date(year - 1, 12, 21)))
    # the eleventh month of 2033 is followed by a leap month
    expected = new_moons()[eleventh + (3 if year == 2034 else 2)]
    assert h.lunar_new_year(year) == expected


@pytest.mark.parametrize("year", YEARS)
def test_mid_autumn_is_the_full_moon_of_the_month_of_the_equinox(year):
    eighth = month_with(sun_reaches(180, date(year, 9, 23)))
    # in 2033 the leap month falls late, and the equinox into the ninth month
    first = new_moons()[eighth - (year == 2033)]
    assert h.mid_autumn(year) == first + timedelta(days=14)


@pytest.mark.parametrize("year", YEARS)
def test_ching_ming_is_when_the_sun_reaches_15_degrees(year):
    assert h.ching_ming(year) == sun_reaches(15, date(year, 4, 5))


@pytest.mark.parametrize(
    ("year", "day"),
    # public holidays as gazetted: Hong Kong general holidays 2003, 2008, 2015, 2020 to 2025
    [(2003, (2, 1)), (2008, (2, 7)), (2015, (2, 19)), (2020, (1, 25)), (2021, (2, 12)), (2022, (2, 1)),
     (2023, (1, 22)), (2024, (2, 10)), (2025, (1, 29))],
)  # fmt: skip
def test_lunar_new_year_as_gazetted(year, day):
    assert h.lunar_new_year(year) == date(year, *day)


def test_easter_of_known_years():
    # earliest and latest dates possible, and recent years
    known = {1818: (3, 22), 1943: (4, 25), 2000: (4, 23), 2008: (3, 23), 2024: (3, 31), 2025: (4, 20)}
    assert {y: h.easter(y) for y in known} == {y: date(y, *d) for y, d in known.items()}


def test_golden_week_meets_the_mid_autumn_festival():
    # holidays as the State Council announced them
    def span(year):
        days = list(h._golden_week(year))
        return days[0], days[-1]

    assert span(2012) == (date(2012, 9, 30), date(2012, 10, 7))
    assert span(2017) == (date(2017, 10, 1), date(2017, 10, 8))
    assert span(2018) == (date(2018, 10, 1), date(2018, 10, 7))
    assert span(2020) == (date(2020, 10, 1), date(2020, 10, 8))
    assert span(2023) == (date(2023, 9, 29), date(2023, 10, 6))


def test_golden_week_of_japan_counts_working_days():
    def days(year):
        return [(d.month, d.day) for d in h._golden_week_japan(year)]

    assert days(2024) == [(4, 29), (5, 3), (5, 6)]  # 4 May a Saturday, 5 May a Sunday made up for
    assert days(2023) == [(5, 3), (5, 4), (5, 5)]  # 29 April a Saturday
    assert days(2015) == [(4, 29), (5, 4), (5, 5), (5, 6)]  # 3 May a Sunday
    assert days(2001) == [(4, 30), (5, 3), (5, 4)]  # 29 April a Sunday
    assert days(2019) == [(4, 29), (4, 30), (5, 1), (5, 2), (5, 3), (5, 6)]


def test_ching_ming_on_a_weekend():
    assert h._ching_ming_off(2020) == []  # Saturday
    assert h._ching_ming_off(2021) == [date(2021, 4, 5)]  # Sunday 4 April
    assert h._ching_ming_off(2024) == [date(2024, 4, 4)]


def starts(first, last, step=1):
    return [date(y, m, 1) for y in range(first, last + 1) for m in range(1, 13, step)]


def test_regressors_share_the_days_and_sum_to_zero():
    months = starts(h.FIRST_YEAR, h.LAST_YEAR)
    found = h.regressors(h.HOLIDAYS, "M", months, len(months))
    assert set(found) == {"lny_before", "lny_after", "ching_ming", "golden_week", "golden_week_jp"}
    for name in ("lny_before", "lny_after", "ching_ming"):
        assert sum(found[name]) == pytest.approx(0, abs=1e-9)
        for month in range(12):
            assert sum(found[name][month::12]) == pytest.approx(0, abs=1e-9)
    at = {m: i for i, m in enumerate(months)}
    # 2019: New Year on 5 February: of the week before, 29 to 31 January are three days
    split = found["lny_before"][at[date(2019, 1, 1)]] - found["lny_before"][at[date(2024, 1, 1)]]
    assert split == pytest.approx(3 / 7)  # 2024: all of it in February
    assert found["golden_week"][at[date(2007, 10, 1)]] == 0  # before its rule


def test_lunar_new_year_does_not_move_between_quarters():
    quarters = starts(1990, 2030, 3)
    assert h.regressors(["lunar_new_year"], "Q", quarters, 120) == {}


def test_holidays_by_area_and_by_name():
    assert h.holidays_of("auto", "macao") == ("lunar_new_year", "easter", "ching_ming")
    assert h.holidays_of("auto", "guangzhou") == ("lunar_new_year", "golden_week")
    assert h.holidays_of("auto", "japan") == ("golden_week_japan",)
    assert h.holidays_of(None, None) == ()
    with pytest.raises(UnknownNameError, match="lunar_new_year"):
        h.holidays_of(("lunar_newyear",), None)
    with pytest.raises(FrameError, match="area"):
        h.holidays_of("auto", None)
    with pytest.raises(UsageError, match="calendar"):
        h.holidays_of("auto", "world")
    with pytest.raises(UnknownNameError, match=r"'my_city'.*or None"):
        h.holidays_of("auto", "my_city")


@pytest.mark.parametrize("year", [1949, 2051])
def test_years_outside_the_tables(year):
    with pytest.raises(PeriodError, match="1950 to 2050"):
        h.lunar_new_year(year)
