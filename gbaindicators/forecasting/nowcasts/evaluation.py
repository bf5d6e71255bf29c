"""How nowcasts would have done: in real or pseudo-real time, against the historical mean and an autoregression."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from datetime import date, timedelta
from itertools import groupby, pairwise
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gbaindicators.catalog import parse_period, period_end
from gbaindicators.errors import FrameError, SeriesTooShortError, UsageError
from gbaindicators.forecasting.nowcasts.factor_model import FactorModel, estimate
from gbaindicators.forecasting.nowcasts.months import Panel, make_panel
from gbaindicators.forecasting.nowcasts.nowcasting import bounds
from gbaindicators.forecasting.turns import one_fit
from gbaindicators.transforms.inputs import read_series
from gbaindicators.transforms.lookback import read_span
from gbaindicators.transforms.spreading import check_not_forked, results

__all__ = ["evaluate_nowcasts", "summarize_nowcasts"]

Matrix = NDArray[np.float64]

_LONGEST_MEMORY: Final = 4
_MODELS: Final = ("nowcast", "mean", "ar")


class _Origin(NamedTuple):
    """A quarter to nowcast, the day and its distance from the end of the quarter, and what it came to."""

    day: date
    shift: int
    quarter: date
    actual: float


class _Year(NamedTuple):
    """The origins of one calendar year, which share their parameters, and what they are nowcast from."""

    target: pl.DataFrame
    monthly: pl.DataFrame
    origins: list[_Origin]
    span: int
    factors: int
    order: int


class _Nowcasts(NamedTuple):
    """Nowcasts of one year, and why there are none of the origins before the first of them."""

    rows: list[dict[str, Any]]
    too_early: list[FrameError | SeriesTooShortError]


def evaluate_nowcasts(
    target: pl.DataFrame,
    monthly: pl.DataFrame,
    *,
    start: str | date | None = None,
    end: str | date | None = None,
    days: Iterable[int] = (-60, -30, 0, 28),
    against: Literal["latest", "first"] = "latest",
    over: str = "1y",
    factors: int = 1,
    factor_order: int = 1,
    executor: Executor | None = None,
) -> pl.DataFrame:
    """Nowcast every past quarter from what was known at the time, beside two benchmarks.

    On each day of each quarter both frames are cut to what was known then (see `known_on`: true real time where
    editions with their ``vintage`` were kept, pseudo-real time by ``lag`` elsewhere) and the quarter is nowcast. The
    parameters are estimated on an expanding window, once in every calendar year, with what was known at its first
    origin. The benchmarks know the target alone: its mean so far, and an autoregression of up to four quarters with the
    order of the smallest AIC, by least squares.

    Parameters
    ----------
    target, monthly
        As for `nowcast`, with ``vintage``, ``lag`` or both; several editions of a figure may stand side by side
        (``gba.load(..., all_sources=True)``).
    start, end
        First and last quarter to nowcast; by default from the first with 20 quarters known before it.
    days
        Days of the origins, counted from the last day of the quarter: -60 is about the end of its first month.
    against
        Judge by the ``"latest"`` edition of the target or by the ``"first"``.
    over, factors, factor_order
        As for `nowcast`.
    executor
        Where to compute the years, as for `forecast`: threads, spawned processes, or a Dask cluster's
        ``Client(...).get_executor()``. It changes no digit.

    Returns
    -------
    pl.DataFrame
        One row for each quarter and origin at which it was not published: ``period, days, as_of, series`` (how many were
        of use), ``actual, nowcast, lower_80, upper_80, mean, ar``, all in percent. `summarize_nowcasts` sums it up.

    Raises
    ------
    FrameError, SeriesTooShortError, UsageError
        As `nowcast` does; or there is no quarter to judge by.
    TaskError
        The executor has no answer for some year, which is named.

    Warns
    -----
    WorkerWarning
        A process of the executor ended in the middle of its work, which was done again in another.

    Examples
    --------
    >>> import math
    >>> months = pl.date_range(pl.date(2010, 1, 1), pl.date(2017, 12, 1), "1mo", eager=True)
    >>> wave = [math.sin(i / 9) + math.cos(i / 5) / 9 for i in range(96)]
    >>> trade = pl.DataFrame({"indicator": "trade", "period": months, "unit": "percent", "value": wave, "lag": 20})
    >>> gdp = trade.group_by_dynamic("period", every="1q").agg(pl.col("value").mean() * 2 + 3, lag=pl.lit(30))
    >>> past = evaluate_nowcasts(gdp, trade, start="2017-Q1", end="2017-Q2", days=[28])
    >>> (past["nowcast"] - past["actual"]).abs().max() < (past["mean"] - past["actual"]).abs().max()
    True
    """
    first, last = _quarter(start), _quarter(end)
    if against not in ("latest", "first"):
        raise UsageError(
            f"against is 'latest' or 'first', the edition of the target to judge by, not {against!r}"
        )
    check_not_forked(executor)
    span = read_span(over).months
    origins = sorted(
        _Origin(period_end("Q", quarter) + timedelta(days=shift), shift, quarter, value)
        for quarter, value in _editions(target, against)
        for shift in days
        if (first is None or quarter >= first) and (last is None or quarter <= last)
    )
    years = {year: list(some) for year, some in groupby(origins, key=lambda one: one.day.year)}
    tasks = [_Year(target, monthly, some, span, factors, factor_order) for some in years.values()]
    done = results(_one_year, tasks, [f"nowcasts made in {year}" for year in years], executor)
    rows: list[dict[str, Any]] = []
    too_early = None
    for year in done:
        for too_early in year.too_early:
            if first is not None or rows:
                raise too_early
        rows += year.rows
    if not rows:
        raise UsageError(
            "no quarter can be judged: each needs a figure to judge by, and 20 known quarters before it"
            + (f" (on the last day: {too_early})" if too_early else "")
        )
    return pl.DataFrame(rows).sort("period", "days")


def _one_year(year: _Year) -> _Nowcasts:
    """Nowcast from every origin of a year, here or in another process."""
    with one_fit():
        return _nowcasts(year)


def _nowcasts(year: _Year) -> _Nowcasts:
    model: FactorModel | None = None
    names: list[str] = []
    found = _Nowcasts([], [])
    for origin in year.origins:
        try:
            panel = make_panel(year.target, year.monthly, origin.day, year.span)
        except (SeriesTooShortError, FrameError) as error:
            if found.rows:
                raise
            found.too_early.append(error)
            continue
        if model is None:
            model, names = _estimated(panel, origin.day, year), panel.names
        row = _one_origin(panel.of_series(names), model, origin.quarter)
        if row is not None:
            found.rows.append(
                {
                    "period": origin.quarter,
                    "days": origin.shift,
                    "as_of": origin.day,
                    "series": len(names) - 1,
                    "actual": origin.actual,
                    **row,
                }
            )
    return found


def _estimated(panel: Panel, day: date, year: _Year) -> FactorModel:
    """Parameters for a year; an error says with whose knowledge they were sought."""
    try:
        return estimate(panel.values, year.factors, year.order)
    except UsageError as error:
        raise UsageError(f"with what was known on {day}, {error}") from error


def _one_origin(panel: Panel, model: FactorModel, quarter: date) -> dict[str, float] | None:
    """Nowcast and benchmarks of a quarter, None where it is published already."""
    row = panel.row(quarter) + 2
    known = panel.values[:, -1]
    if row < len(known) and np.isfinite(known[row]):
        return None
    mean, error = model.of_target(panel.extended(row + 1))
    edges = bounds(mean[[row]], error[[row]], [80.0])
    quarters = known[row % 3 :: 3]
    # the last of them is the last one published
    quarters = quarters[: int(np.isfinite(quarters).nonzero()[0][-1]) + 1]
    steps = row // 3 - (len(quarters) - 1)
    return {
        "nowcast": float(mean[row]),
        **{name: float(edge[0]) for name, edge in edges.items()},
        "mean": float(np.nanmean(quarters)),
        "ar": autoregression(quarters, steps),
    }


def autoregression(values: Matrix, steps: int) -> float:
    """Forecast by an autoregression of the order, up to four, with the smallest AIC; missing quarters are left out."""
    best, forecast = np.inf, float(np.nanmean(values))
    lags = np.column_stack(
        [values[_LONGEST_MEMORY - k : len(values) - k] for k in range(_LONGEST_MEMORY + 1)]
    )
    rows = lags[np.isfinite(lags).all(axis=1)]
    for order in range(1, _LONGEST_MEMORY + 1):
        past = values[-order:]
        if len(rows) < 3 * (order + 1) or not np.isfinite(past).all():
            break
        design = np.column_stack([np.ones(len(rows)), rows[:, 1 : order + 1]])
        coefficients, *_ = np.linalg.lstsq(design, rows[:, 0], rcond=None)
        residual = float(((rows[:, 0] - design @ coefficients) ** 2).mean())
        aic = len(rows) * np.log(max(residual, 1e-300)) + 2 * order
        if aic < best:
            best, forecast = aic, _iterate(coefficients, past, steps)
    return forecast


def _iterate(coefficients: NDArray[Any], past: Matrix, steps: int) -> float:
    recent = list(past)
    for _ in range(steps):
        recent.append(float(coefficients[0] + coefficients[1:] @ recent[: -len(coefficients) : -1]))
    return float(recent[-1])


def summarize_nowcasts(
    evaluation: pl.DataFrame, *, regimes: Sequence[int] = (2008, 2020, 2023)
) -> pl.DataFrame:
    """Sum the errors of an evaluation up by regime and origin.

    Parameters
    ----------
    evaluation
        What `evaluate_nowcasts` gives.
    regimes
        First years of the regimes after the first; none for the whole span alone.

    Returns
    -------
    pl.DataFrame
        One row for each regime (``"to 2007"``, ..., ``"all"``) and origin: ``regime, days, quarters``, root mean squared
        errors ``rmse_nowcast, rmse_mean, rmse_ar``, mean absolute errors ``mae_...``, the ratios ``to_mean`` and ``to_ar``
        of the nowcast's root mean squared error to the benchmarks' (below 1 the nowcast is better), and ``coverage_80``,
        the share of quarters within the 80 percent interval.

    Raises
    ------
    UsageError
        The regimes do not ascend.

    Examples
    --------
    >>> errors = pl.DataFrame({
    ...     "period": [date(2019, 1, 1), date(2023, 1, 1)], "days": 0, "actual": [3.0, 2.0], "nowcast": [2.0, 2.0],
    ...     "lower_80": [1.0, 1.0], "upper_80": [3.5, 3.0], "mean": [5.0, 3.0], "ar": [3.5, 2.5],
    ... })
    >>> summarize_nowcasts(errors, regimes=[2020]).select("regime", "quarters", "rmse_nowcast", "to_mean").rows()
    [('to 2019', 1, 1.0, 0.5), ('2020 on', 1, 0.0, 0.0), ('all', 2, 0.7071..., 0.4472...)]
    """
    if list(regimes) != sorted(set(regimes)):
        raise UsageError(f"regimes are first years in ascending order, not {list(regimes)!r}")
    year = pl.col("period").dt.year()
    names = _regime_names(regimes)
    regime = pl.lit(names[0] if names else "all")
    for name, since in zip(names[1:], regimes, strict=bool(names)):
        regime = pl.when(year >= since).then(pl.lit(name)).otherwise(regime)
    parts = [evaluation.with_columns(regime=regime)] if regimes else []
    both = pl.concat([*parts, evaluation.with_columns(regime=pl.lit("all"))])
    order = pl.Enum([*names, "all"])
    errors = {m: pl.col(m) - pl.col("actual") for m in _MODELS}
    inside = pl.col("actual").is_between("lower_80", "upper_80")
    return (
        both.group_by(pl.col("regime").cast(order), "days")
        .agg(
            pl.len().alias("quarters"),
            *[(e**2).mean().sqrt().alias(f"rmse_{m}") for m, e in errors.items()],
            *[e.abs().mean().alias(f"mae_{m}") for m, e in errors.items()],
            inside.mean().alias("coverage_80"),
        )
        .with_columns((pl.col("rmse_nowcast") / pl.col(f"rmse_{m}")).alias(f"to_{m}") for m in ("mean", "ar"))
        .sort("regime", "days")
        .with_columns(pl.col("regime").cast(pl.String))
    )


def _regime_names(regimes: Sequence[int]) -> list[str]:
    if not regimes:
        return []
    between = [f"{a} to {b - 1}" for a, b in pairwise(regimes)]
    return [f"to {regimes[0] - 1}", *between, f"{regimes[-1]} on"]


def _quarter(given: str | date | None) -> date | None:
    return parse_period(given)[1] if isinstance(given, str) else given


def _editions(target: pl.DataFrame, against: str) -> list[tuple[date, float]]:
    """Value of each quarter by its latest or first edition."""
    frame = read_series(target, "an evaluation").filter(pl.col("value").is_not_null())
    if "vintage" in frame.columns:
        frame = frame.sort("vintage", descending=against == "latest", nulls_last=True, maintain_order=True)
    return (
        frame.unique("period", keep="first", maintain_order=True)
        .sort("period")
        .select("period", "value")
        .rows()
    )
