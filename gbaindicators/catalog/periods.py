"""Periods: SDMX time period text to dates and back.

A period is written as SDMX writes it (``2023``, ``2023-S1``, ``2023-Q2``, ``2023-05``, ``2023-W18``,
``2023-05-17``) and carried in frames as the date of its first day beside an SDMX frequency code.
A year that does not begin in January is written as an SDMX time range: ``2022-04-01/P1Y`` is the
Japanese fiscal year 2022.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from gbaindicators.errors import PeriodError, UnknownNameError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["FREQUENCIES", "Period", "frequency_code", "parse_period", "period_end", "period_text", "step"]

#: SDMX FREQ codes, from the longest period to the shortest.
FREQUENCIES: Final = ("A", "S", "Q", "M", "W", "D")

_NAMES: Final = {
    "annual": "A", "year": "A", "yearly": "A", "half-year": "S", "half-yearly": "S", "quarter": "Q",
    "quarterly": "Q", "month": "M", "monthly": "M", "week": "W", "weekly": "W", "day": "D", "daily": "D",
}  # fmt: skip
_MONTHS: Final = {"A": 12, "S": 6, "Q": 3, "M": 1}
_DURATIONS: Final = {"A": "1y", "S": "6mo", "Q": "3mo", "M": "1mo", "W": "1w", "D": "1d"}
_FORMS: Final = (
    ("A", re.compile(r"(\d{4})-(\d{2})-(\d{2})/P1Y")),
    ("A", re.compile(r"(\d{4})")),
    ("S", re.compile(r"(\d{4})-S([12])")),
    ("Q", re.compile(r"(\d{4})-Q([1-4])")),
    ("M", re.compile(r"(\d{4})-(\d{2})")),
    ("W", re.compile(r"(\d{4})-W(\d{2})")),
    ("D", re.compile(r"(\d{4})-(\d{2})-(\d{2})")),
)


class Period(NamedTuple):
    """One period: its frequency and first day."""

    frequency: str
    start: date


def frequency_code(name: str) -> str:
    """SDMX code of a frequency given as code or word.

    >>> frequency_code("monthly"), frequency_code("Q")
    ('M', 'Q')
    """
    code = _NAMES.get(str(name).casefold(), str(name).upper())
    if code not in FREQUENCIES:
        raise UnknownNameError("frequency", name, (*FREQUENCIES, *_NAMES))
    return code


def step(frequency: str) -> str:
    """Length of one period as Polars writes durations.

    >>> step("Q")
    '3mo'
    """
    return _DURATIONS[frequency_code(frequency)]


def parse_period(text: str | int) -> Period:
    """Read SDMX time period text, or the number of a year.

    Raises
    ------
    PeriodError
        When the text is no period; the message says which forms are.

    Examples
    --------
    >>> parse_period("2023-Q2")
    Period(frequency='Q', start=datetime.date(2023, 4, 1))
    >>> parse_period("2022-04-01/P1Y")
    Period(frequency='A', start=datetime.date(2022, 4, 1))
    >>> parse_period(2023)
    Period(frequency='A', start=datetime.date(2023, 1, 1))
    """
    text = str(text)
    for frequency, form in _FORMS:
        match = form.fullmatch(text)
        if match is None:
            continue
        parts = [int(p) for p in match.groups()]
        try:
            if frequency in ("S", "Q"):
                return Period(frequency, date(parts[0], (parts[1] - 1) * _MONTHS[frequency] + 1, 1))
            if frequency == "W":
                return Period(frequency, date.fromisocalendar(parts[0], parts[1], 1))
            start = date(parts[0], *[*parts[1:], 1, 1][:2])
        except ValueError as error:
            raise PeriodError(f"{text!r} is not a period: {error}") from None
        if "/" in text and start.day != 1:
            break
        return Period(frequency, start)
    near = re.fullmatch(r"(\d{4})[ .]?[qQ]([1-4])", text)
    hint = f"; write {near[1]}-Q{near[2]}" if near else ""
    raise PeriodError(
        f"{text!r} is not a period{hint}. Periods are written 2023, 2023-S1, 2023-Q2, 2023-05, 2023-W18, "
        "2023-05-17, and 2022-04-01/P1Y for a year that begins in April."
    )


def period_end(frequency: str, start: date) -> date:
    """Last day of the period that begins on `start`.

    >>> period_end("Q", date(2023, 4, 1))
    datetime.date(2023, 6, 30)
    """
    code = frequency_code(frequency)
    if code == "D":
        return start
    if code == "W":
        return start + timedelta(days=6)
    months = start.year * 12 + start.month - 1 + _MONTHS[code]
    return date(months // 12, months % 12 + 1, 1) - timedelta(days=1)


def period_text(frequency: str, start: date) -> str:
    """Write a period as SDMX text, the inverse of `parse_period`.

    >>> period_text("A", date(2022, 4, 1)), period_text("M", date(2023, 5, 1))
    ('2022-04-01/P1Y', '2023-05')
    """
    match frequency_code(frequency):
        case "A":
            return f"{start.year}" if (start.month, start.day) == (1, 1) else f"{start.isoformat()}/P1Y"
        case "S":
            return f"{start.year}-S{(start.month + 5) // 6}"
        case "Q":
            return f"{start.year}-Q{(start.month + 2) // 3}"
        case "M":
            return f"{start:%Y-%m}"
        case "W":
            year, week, _ = start.isocalendar()
            return f"{year}-W{week:02d}"
        case _:
            return start.isoformat()


def period_text_expr(frequency: str = "frequency", period: str = "period") -> pl.Expr:
    """Polars expression that writes a frame's periods as SDMX text."""
    import polars as pl

    f, p = pl.col(frequency).cast(pl.String), pl.col(period)
    year = p.dt.strftime("%Y")
    fiscal = (p.dt.month() != 1) | (p.dt.day() != 1)
    return (
        pl.when(f == "A")
        .then(pl.when(fiscal).then(p.dt.strftime("%Y-%m-%d/P1Y")).otherwise(year))
        .when(f == "S")
        .then(year + "-S" + ((p.dt.month() + 5) // 6).cast(pl.String))
        .when(f == "Q")
        .then(year + "-Q" + p.dt.quarter().cast(pl.String))
        .when(f == "M")
        .then(p.dt.strftime("%Y-%m"))
        .when(f == "W")
        .then(p.dt.strftime("%G-W%V"))
        .otherwise(p.dt.strftime("%Y-%m-%d"))
    )
