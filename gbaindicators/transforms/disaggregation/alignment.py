"""Benchmarks and their indicators, aligned by date for disaggregation."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Final

import numpy as np
import polars as pl

from gbaindicators.catalog import catalog, period_text
from gbaindicators.errors import FrameError, UsageError
from gbaindicators.tables.series_frame import check_unique_periods, series_keys, series_name
from gbaindicators.transforms.disaggregation.distribution import Array, Layout
from gbaindicators.transforms.frequencies import MONTHS, nests, with_frequency
from gbaindicators.transforms.inputs import NoRowsError, read_series

__all__ = [
    "CONVERSIONS",
    "WORDS",
    "Benchmark",
    "Indicators",
    "month_count",
    "read_benchmarks",
    "read_indicators",
]

#: What the periods are called that others are disaggregated to.
WORDS: Final = {"S": "half-years", "Q": "quarters", "M": "months"}
#: Ways in which short periods make a long one, by what they may be called.
CONVERSIONS: Final = {
    "sum": "sum", "mean": "mean", "average": "mean", "last": "last", "end": "last", "first": "first",
}  # fmt: skip
#: Attributes in which an indicator may differ from what it is the indicator of.
_NOT_MATCHED: Final = ("indicator", "frequency", "adjustment", "prices")


@dataclass(frozen=True, slots=True)
class Run:
    """Values of consecutive periods from the month `first` on; months are counted from year 0."""

    key: dict[str, Any]
    first: int
    values: Array
    method: str | None

    @property
    def name(self) -> str:
        """Name for messages."""
        return series_name({k: v for k, v in self.key.items() if k != "frequency"})

    @property
    def end(self) -> int:
        """Month after the last period."""
        return self.first + len(self.values) * MONTHS[self.key["frequency"]]


@dataclass(frozen=True, slots=True)
class Indicators:
    """Indicators, by the columns `on` that they are matched by, each with the name it bears as a regressor."""

    frame: pl.DataFrame
    on: list[str]
    runs: dict[tuple[Any, ...], dict[str, Run]]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A series to be distributed over the short periods from the month `first` on, and its regressors there.

    `regressors` (short periods, regressors) are the values of `indicators` in the periods that they have in common.
    """

    run: Run
    first: int
    layout: Layout
    regressors: Array
    indicators: dict[str, Run]
    conversion: str

    @property
    def names(self) -> list[str]:
        """Names of the indicators."""
        return list(self.indicators)

    @property
    def name(self) -> str:
        """Name for messages."""
        return self.run.name


def month_count(period: str = "period") -> pl.Expr:
    """Months from year 0 to the month of a date."""
    return pl.col(period).dt.year().cast(pl.Int64) * 12 + pl.col(period).dt.month() - 1


def _date(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def read_indicators(indicator: pl.DataFrame, frame: pl.DataFrame, to: str) -> Indicators:
    """Read the indicators of a series frame at the frequency `to`.

    Raises
    ------
    UsageError
        When they are of another frequency.
    FrameError
        When one has a null or a gap, or two values for a period, or there is none.
    """
    indicator = with_frequency(read_series(indicator, "an indicator of disaggregate"))
    codes = indicator["frequency"].cast(pl.String).unique().sort().to_list()
    if not codes:
        raise NoRowsError("the indicator has no rows: add them, or leave the argument out")
    if codes != [to]:
        raise UsageError(
            f"the indicator must be of frequency {to!r}, it has {', '.join(codes)}: "
            f"filter it, or aggregate it with gba.to_frequency(indicator, {to!r})"
        )
    _refuse_cumulative(indicator)
    on = [k for k in series_keys(indicator) if k in series_keys(frame) and k not in _NOT_MATCHED]
    groups: dict[tuple[Any, ...], list[Run]] = defaultdict(list)
    for run in _runs(indicator, to, "the indicator"):
        groups[tuple(run.key[k] for k in on)].append(run)
    return Indicators(indicator, on, {match: _named(runs, on) for match, runs in groups.items()})


def _named(runs: list[Run], on: list[str]) -> dict[str, Run]:
    """Name regressors by their indicator, or by all that tells them apart where that is not enough."""
    names = [str(run.key.get("indicator") or "indicator") for run in runs]
    if len(set(names)) < len(names):
        own = [{k: v for k, v in run.key.items() if k not in on and k != "frequency"} for run in runs]
        names = [", ".join(str(v) for v in key.values() if v is not None) for key in own]
    return dict(zip(names, runs, strict=True))


def read_benchmarks(
    frame: pl.DataFrame, indicators: Indicators | None, to: str, conversion: str | None
) -> list[Benchmark]:
    """Read the series of a frame, in order of first appearance, and lay their indicators beside them.

    Raises
    ------
    UsageError
        When the periods do not consist of those of `to`, or it is not known how these make them.
    FrameError
        When there is a null, a gap, two values for a period, or no indicator for all of it.
    """
    codes = frame["frequency"].cast(pl.String).unique().sort().to_list()
    if len(codes) > 1:
        raise FrameError(
            f"disaggregate needs one frequency, the frame has {', '.join(codes)}: "
            f"filter it first, frame.filter(pl.col('frequency') == {codes[0]!r})"
        )
    if codes and not nests(to, codes[0]):
        mend = "start from annual, half-yearly or quarterly figures"
        if nests(codes[0], to):
            mend = f"longer periods are made by gba.to_frequency(frame, {to!r})"
        raise UsageError(f"periods of frequency {codes[0]!r} do not consist of several {WORDS[to]}: {mend}")
    how = {} if conversion is not None else _ways(frame)
    ways = {*how.values()} if conversion is None else {CONVERSIONS[conversion]}
    _refuse_cumulative(frame, stocks=ways == {"last"})
    return [
        _benchmark(
            run, to, how[run.key["indicator"]] if conversion is None else CONVERSIONS[conversion], indicators
        )
        for run in _runs(frame, to, "the benchmark")
    ]


def _ways(frame: pl.DataFrame) -> dict[str, str]:
    """How each indicator of the frame aggregates over time, as the catalogue says."""
    give = "pass conversion='sum', 'mean', 'last' or 'first'"
    if "indicator" not in frame.columns:
        raise UsageError(f"the frame has no 'indicator' to tell how it aggregates: {give}")
    known = catalog().indicators
    ways = {}
    for name in frame["indicator"].unique(maintain_order=True):
        if name not in known:
            raise UsageError(
                f"the catalogue does not know the indicator {name!r}, so not how it aggregates: {give}"
            )
        if known[name].over_time not in CONVERSIONS:
            raise UsageError(
                f"{name!r} does not aggregate over time: disaggregate the levels that it is computed from, "
                "or pass conversion='mean' or 'last' if that is meant"
            )
        ways[name] = CONVERSIONS[known[name].over_time]
    return ways


def _refuse_cumulative(frame: pl.DataFrame, *, stocks: bool = False) -> None:
    if "adjustment" not in frame.columns:
        return
    wrong = frame.filter(pl.col("adjustment").is_in(["ytd"] if stocks else ["ytd", "cumulative"]))
    if wrong.height:
        raise UsageError(
            f"{series_name(wrong.select(series_keys(wrong)).row(0, named=True))} is cumulative, disaggregation takes "
            "single periods: make them first (gba.from_ytd for 'ytd'), or, where each figure is the total of its "
            "whole period, set 'adjustment' to 'nsa'"
        )


def _runs(frame: pl.DataFrame, to: str, what: str) -> list[Run]:
    """Return the series of a frame, of which each must be free of gaps."""
    check_unique_periods(frame)
    missing = frame.filter(pl.col("value").is_null())
    if missing.height:
        key = missing.select(*series_keys(frame), "period").row(0, named=True)
        period = period_text(key.pop("frequency"), key.pop("period"))
        raise FrameError(
            f"{what} has no value for {period} of {series_name(key)}: drop what is missing at the ends, "
            "frame.drop_nulls('value'), and fill in what is missing within or split the series there"
        )
    wrong = frame.filter((pl.col("period").dt.day() != 1) | (month_count() % MONTHS[to] != 0))["period"]
    if wrong.len():
        mend = (
            "a series frame carries the first day of each period"
            if to == "M"
            else "disaggregate to 'M' months"
        )
        raise FrameError(f"{what} has a period that begins {wrong[0]}, within one of the {WORDS[to]}: {mend}")
    keys = series_keys(frame)
    methods = pl.col("method").drop_nulls().unique(maintain_order=True).str.join("; ")
    lists = frame.group_by(keys, maintain_order=True).agg(
        month_count().sort().alias("__months"),
        pl.col("value").sort_by("period").alias("__values"),
        (methods if "method" in frame.columns else pl.lit(None, pl.String).first()).alias("__method"),
    )
    runs = []
    for row in lists.iter_rows(named=True):
        months, values = row.pop("__months"), np.array(row.pop("__values"))
        run = Run(row, months[0], values, row.pop("__method"))
        if months != list(range(run.first, run.end, MONTHS[row["frequency"]])):
            raise FrameError(_gap(months, run, what))
        runs.append(run)
    return runs


def _gap(months: list[int], run: Run, what: str) -> str:
    code = run.key["frequency"]
    step = MONTHS[code]
    before = next(m for m, after in pairwise(months) if after - m != step)
    return (
        f"{what} has a gap or changes the month in which its years begin: {run.name} has nothing for "
        f"{period_text(code, _date(before + step))}; add the figure or split the series there"
    )


def _benchmark(run: Run, to: str, how: str, indicators: Indicators | None) -> Benchmark:
    step, length = MONTHS[to], MONTHS[run.key["frequency"]]
    beside = {} if indicators is None else _matched(run, indicators)
    first = max((r.first for r in beside.values()), default=run.first)
    end = min((r.end for r in beside.values()), default=run.end)
    if first > run.first or end < run.end:
        latest = f"{_date(end - length):%Y-%m-%d}"
        raise FrameError(
            f"the indicator of {run.name} runs from {_date(first)} to before {_date(end)} and does not "
            f"cover the benchmark, {_date(run.first)} to before {_date(run.end)}: leave out what it does not "
            f"cover, frame.filter(pl.col('period').is_between(pl.lit('{_date(first)}').str.to_date(), "
            f"pl.lit('{latest}').str.to_date()))"
        )
    high = (end - first) // step
    columns = [r.values[(first - r.first) // step :][:high] for r in beside.values()]
    return Benchmark(
        run,
        first,
        Layout(len(run.values), high, (run.first - first) // step, _weights(how, length // step)),
        np.stack(columns, axis=-1) if columns else np.empty((high, 0)),
        beside,
        how,
    )


def _matched(run: Run, indicators: Indicators) -> dict[str, Run]:
    match = tuple(run.key[k] for k in indicators.on)
    if match not in indicators.runs:
        of = " and ".join(f"{k} {v!r}" for k, v in zip(indicators.on, match, strict=True))
        raise FrameError(
            f"there is no indicator for {run.name}, the indicator frame has no rows of {of}: add them, or "
            f"use one indicator for all, indicator.drop({indicators.on!r})"
        )
    return indicators.runs[match]


def _weights(how: str, ratio: int) -> tuple[float, ...]:
    if how in ("first", "last"):
        counts = 0 if how == "first" else ratio - 1
        return tuple(float(i == counts) for i in range(ratio))
    return (1.0 if how == "sum" else 1.0 / ratio,) * ratio
