"""What is asked of an adjustment, and the specification file that asks the program for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from gbaindicators.errors import UnknownNameError, UsageError
from gbaindicators.transforms.frequencies import MONTHS
from gbaindicators.transforms.seasonal.holidays import holiday_of, regressors
from gbaindicators.transforms.seasonal.single import Single

__all__ = ["Settings", "specification"]

METHODS: Final = ("x13", "stl", "mstl")
TRANSFORMS: Final = ("auto", "log", "none")
TRADING_DAYS: Final = ("auto", "td", "td1coef")
OUTLIERS: Final = ("ao", "ls", "tc")
# how many years regressors go on after the last figure: the program forecasts up to three
_YEARS_AHEAD: Final = 4
# no figure is this: the program's own code for a missing one, -99999, might be one
_MISSING: Final = "-1.0e300"
_MODEL: Final = re.compile(r"\([0-9] [0-9] [0-9]\)(\([0-9] [0-9] [0-9]\))?")
_REGRESSOR: Final = re.compile(
    r"const|lpyear|td1coef|td|tdnolpyear|easter\[\d{1,2}\]|(ao|ls|tc)\d{4}\.([a-z]{3}|\d{1,2})"
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What is asked of the adjustment of one series.

    `regressors` are the program's own names of fixed regressors; when it is not None everything is fixed: nothing
    is tested or searched for.
    """

    method: str = "x13"
    seats: bool = False
    holidays: tuple[str, ...] = ()
    test_holidays: bool = False
    trading_days: str | None = "auto"
    outliers: tuple[str, ...] = OUTLIERS
    model: str | None = None
    transform: str = "auto"
    regressors: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise UnknownNameError("method", self.method, METHODS)
        if self.transform not in TRANSFORMS:
            raise UnknownNameError("transform", self.transform, TRANSFORMS)
        if self.trading_days not in (None, *TRADING_DAYS):
            raise UnknownNameError(
                "trading_days", self.trading_days, TRADING_DAYS, "or None for no such effect"
            )
        for kind in self.outliers:
            if kind not in OUTLIERS:
                raise UnknownNameError("type of outlier", kind, OUTLIERS)
        if self.model is not None and not _MODEL.fullmatch(self.model):
            raise UsageError(f"{self.model!r} is no model: write it '(0 1 1)(0 1 1)', with blanks")
        for name in self.regressors or ():
            if not _REGRESSOR.fullmatch(name):
                raise UsageError(
                    f"{name!r} is no regressor that can be fixed, such as 'td1coef' or 'ao2020.feb'"
                )

    def for_values(self, values: Sequence[float]) -> Settings:
        """Return the settings with a transformation that the values allow: of zeros and negatives there is no log."""
        positive = min(values) > 0
        if self.transform == "log" and not positive:
            raise UsageError(
                "transform='log' needs values above zero: use transform='none' for an additive adjustment"
            )
        return self if positive else replace(self, transform="none")


def specification(series: Single, settings: Settings) -> str:
    """Write the specification file of one series.

    It carries figures and regressors itself, so that it can be kept, and run again, as it is. Nothing that a user
    names goes into it: series and regressors bear the names given here.

    Examples
    --------
    >>> series = Single({}, "M", date(2020, 1, 1), (1.0, 2.0, 4.0))
    >>> print(specification(series, Settings(model="(0 1 1)(0 1 1)", outliers=(), trading_days=None)))
    series{
      title="series" period=12 start=2020.1 missingcode=-1.0e300
      data=(
        1.0 2.0 4.0
      )
    }
    transform{function=auto}
    arima{model=(0 1 1)(0 1 1)}
    check{save=(acf)}
    x11{save=(d10 d11 d12 d13)}
    """
    blocks = [_series(series), _transform(settings), _regression(series, settings)]
    if settings.outliers and settings.regressors is None:
        blocks.append(f"outlier{{types=({' '.join(settings.outliers)})}}")
    blocks.append(f"arima{{model={settings.model}}}" if settings.model else "automdl{}")
    blocks += ["check{save=(acf)}", _decomposition(settings)]
    return "\n".join(b for b in blocks if b)


def _series(series: Single) -> str:
    return (
        f'series{{\n  title="series" period={12 // MONTHS[series.frequency]} start={_when(series)} '
        f"missingcode={_MISSING}\n  data=(\n{_lines(series.values)}\n  )\n}}"
    )


def _when(series: Single) -> str:
    return f"{series.start.year}.{(series.start.month - 1) // MONTHS[series.frequency] + 1}"


def _lines(numbers: Sequence[float], width: int = 4) -> str:
    rows = (numbers[i : i + width] for i in range(0, len(numbers), width))
    return "\n".join("    " + " ".join(repr(float(n)) for n in row) for row in rows)


def _transform(settings: Settings) -> str:
    return f"transform{{function={settings.transform}}}"


def _regression(series: Single, settings: Settings) -> str:
    """Write regressors of trading days and holidays, each kept or tested as the settings say."""
    variables, tests = list(settings.regressors or ()), []
    if settings.regressors is None:
        if settings.trading_days == "auto":
            tests.append("td")
        elif settings.trading_days:
            variables.append(settings.trading_days)
        if "easter" in settings.holidays:
            tests.append("easter")
    moving = _holiday_regressors(series, settings)
    if moving and settings.test_holidays:
        tests.append("user")
    lines = []
    if variables:
        lines.append(f"  variables=({' '.join(variables)})")
    if moving:
        rows = [value for row in zip(*moving.values(), strict=True) for value in row]
        lines += [
            # a holiday's effect is taken out of the adjusted series; that of any other user's regressor stays in
            f"  user=({' '.join(moving)}) usertype=holiday start={_when(series)}",
            f"  data=(\n{_lines(rows, len(moving))}\n  )",
        ]
    if tests:
        lines.append(f"  aictest=({' '.join(tests)})")
    if not lines and not settings.outliers:
        return ""
    return "\n".join(["regression{", *lines, "  save=(td hol ao ls tc)", "}"])


def _holiday_regressors(series: Single, settings: Settings) -> dict[str, list[float]]:
    """Regressors of the series' holidays, from its first period to four years after its last.

    A holiday asked for by name must have an effect of its own; the others are tested anyway.
    """
    months = MONTHS[series.frequency]
    count = len(series.values) + _YEARS_AHEAD * 12 // months
    first = series.start.year * 12 + series.start.month - 1
    starts = [date(m // 12, m % 12 + 1, 1) for m in range(first, first + count * months, months)]
    moving = regressors(settings.holidays, series.frequency, starts, len(series.values))
    idle = set(settings.holidays) - {"easter"} - {holiday_of(name) for name in moving}
    if idle and not settings.test_holidays:
        raise UsageError(
            f"{', '.join(sorted(idle))} never moves between the periods of {series.name} (frequency "
            f"{series.frequency}, from {series.start}): it is part of the season; leave it out of holidays"
        )
    return moving


def _decomposition(settings: Settings) -> str:
    if settings.seats:
        return "seats{save=(s10 s11 s12 s13 s14)}"
    mode = "mode=add " if settings.transform == "none" else ""
    return f"x11{{{mode}save=(d10 d11 d12 d13)}}"
