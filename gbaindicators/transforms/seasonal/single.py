"""One series out of a frame, checked for what any seasonal adjustment needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from gbaindicators.catalog import period_text, step
from gbaindicators.errors import FrameError, SeriesTooShortError, UsageError
from gbaindicators.tables.series_frame import series_name

__all__ = ["Single", "name_of", "single"]

#: Periods of a season, by frequency: the year, and the week of daily figures.
SEASON: Final = {"Q": 4, "M": 12, "W": 52, "D": 7}


@dataclass(frozen=True, slots=True)
class Single:
    """One series without gaps: its keys, frequency, first period and values."""

    keys: dict[str, Any]
    frequency: str
    start: date
    values: tuple[float, ...]

    @property
    def name(self) -> str:
        """Readable name, for messages."""
        return name_of(self.keys)

    @property
    def area(self) -> str | None:
        """Area of the series, None where the frame has no areas."""
        return self.keys.get("area")


def name_of(keys: dict[str, Any]) -> str:
    """Readable name of the series with these keys.

    >>> name_of({"area": "macao", "frequency": "M"}), name_of({"frequency": "M"})
    ('macao, M', 'the series')
    """
    named = any(value is not None for key, value in keys.items() if key != "frequency")
    return series_name(keys if named else {})


def single(keys: dict[str, Any], observed: pl.DataFrame, method: str) -> Single:
    """Take the rows of one series, sorted by period and without missing ends, when they can be adjusted.

    Raises
    ------
    UsageError
        When it is of a frequency that the method does not take, is adjusted already, or does not vary.
    FrameError
        When a period is missing between two others.
    SeriesTooShortError
        When it has less than three years (two years for ``stl`` and ``mstl``).
    """
    name, frequency = name_of(keys), str(keys["frequency"])
    _check_kind(name, frequency, keys.get("adjustment"), method)
    _check_length(name, frequency, observed.height, method)
    _check_gaps(name, frequency, observed["period"])
    values = observed["value"]
    if values.n_unique() == 1:
        raise UsageError(
            f"{name} has the value {values[0]:g} in every period: it has no season to take out; leave it out"
        )
    return Single(keys, frequency, observed["period"][0], tuple(values.to_list()))


def _check_kind(name: str, frequency: str, adjustment: str | None, method: str) -> None:
    known = {"x13": ("Q", "M"), "stl": tuple(SEASON), "mstl": ("D",)}[method]
    if frequency not in known:
        mend = "method='stl'" if frequency in SEASON else "a series with periods shorter than a year"
        raise UsageError(
            f"method={method!r} adjusts series of frequency {' or '.join(known)}, {name} is {frequency}: use {mend}"
        )
    if adjustment == "sa":
        raise UsageError(
            f"{name} is seasonally adjusted already: take the unadjusted figures, adjustment 'nsa'"
        )
    if adjustment in ("ytd", "cumulative"):
        mend = ": make single periods of it first, frame.pipe(gba.from_ytd)" if adjustment == "ytd" else ""
        raise UsageError(f"{name} is accumulated and has no season of its own{mend}")


def _check_length(name: str, frequency: str, count: int, method: str) -> None:
    years = 3 if method == "x13" else 2
    season = 365 if method == "mstl" else SEASON[frequency]
    needed = years * season + (method != "x13")
    if count < needed:
        raise SeriesTooShortError(
            f"{name} has {count} figures, method={method!r} needs {needed} of frequency {frequency}: the season "
            "cannot be told from chance in less; load an earlier start or adjust fewer series"
        )


def _check_gaps(name: str, frequency: str, periods: pl.Series) -> None:
    there = pl.date_range(periods[0], periods[-1], step(frequency), eager=True)
    missing = there.filter(~there.is_in(periods.to_list()))
    if len(missing) == 0 and len(there) == len(periods):
        return
    if len(missing) == 0:
        raise FrameError(
            f"{name} has periods that do not begin on the first day of a period of frequency {frequency}"
        )
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    first, last = _longest_part(periods, missing)
    raise FrameError(
        f"{name} has no figure for {period_text(frequency, missing[0])}{more}: fill the gap and say so, or adjust its "
        f"longest part without gaps, frame.filter(pl.col('period').is_between(pl.date({_date(first)}), "
        f"pl.date({_date(last)})))"
    )


def _longest_part(periods: pl.Series, missing: pl.Series) -> tuple[date, date]:
    """First and last period of the longest stretch in which none is missing."""
    gaps_before = missing.search_sorted(periods)
    parts = pl.DataFrame([periods.alias("period"), gaps_before.alias("part")]).group_by(
        "part", maintain_order=True
    )
    longest = parts.agg(pl.len(), pl.min("period").alias("first"), pl.max("period").alias("last"))
    row = longest.row(longest["len"].arg_max() or 0, named=True)
    return row["first"], row["last"]


def _date(day: date) -> str:
    return f"{day.year}, {day.month}, {day.day}"
