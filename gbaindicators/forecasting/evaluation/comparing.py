"""Whether one model forecast better than another: the test of Diebold and Mariano."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gbaindicators.errors import FrameError, UnknownNameError, UsageError
from gbaindicators.forecasting.evaluation.backtesting import check_backtest, series_of
from gbaindicators.tables.series_frame import series_name

__all__ = ["FEWEST_STRETCHES", "Comparison", "compare_losses", "diebold_mariano"]

Vector = NDArray[np.float64]

_ERROR: Final = pl.col("value") - pl.col("actual")
_LOSSES: Final = {"absolute": _ERROR.abs(), "squared": _ERROR**2}
#: Stretches from which the test can be trusted to say something.
FEWEST_STRETCHES: Final = 4
#: Smallest share of the plain variance that counts as positive: sums of rounded numbers are never quite zero.
_POSITIVE: Final = 1e-10


class Comparison(NamedTuple):
    """Outcome of a test of equal accuracy.

    Attributes
    ----------
    statistic
        Student's t of the mean difference, None where no variance can be estimated.
    p_value
        Two-sided, with one degree of freedom less than there are origins.
    cautious_p_value
        The same with one degree of freedom less than there are stretches.
    stretches
        How many forecasts that do not overlap would fill the time that the origins span.
    note
        What is particular, None where nothing is.
    """

    statistic: float | None
    p_value: float | None
    cautious_p_value: float | None
    stretches: float
    note: str | None


def diebold_mariano(
    backtest: pl.DataFrame, *, benchmark: str = "drift", loss: str = "absolute", step: int | None = None
) -> pl.DataFrame:
    r"""Test whether the models of a backtest forecast as accurately as a benchmark.

    The test [1]_ asks whether the loss of the model less that of the benchmark, at the same origins and the same
    step, is zero on average. With the correction of Harvey, Leybourne and Newbold [2]_ the statistic is

    .. math:: S = \sqrt{1 - \bar{w}} \; \bar{d} \Big/ \sqrt{\tfrac{1}{n^2} \sum_{i,j} w_{ij}
              (d_i - \bar{d})(d_j - \bar{d})}

    and follows Student's t with n - 1 degrees of freedom. The weight :math:`w_{ij}` is 1 where the spans from origin
    to forecast period overlap, which makes errors correlated, and 0 where they do not. With an origin in every period
    these are the h - 1 autocovariances and the factor of the papers; origins further apart, evenly or not, count
    fewer. Where this variance is not positive, the weight is the share of the span that overlaps (Bartlett).

    The test compares forecasts. It rejects too often where the origins span few horizons, and it is a rough guide
    where one model contains the other.

    Parameters
    ----------
    backtest
        Frame as `backtest` returns it, or one of your own with ``origin``, ``period``, ``step``, ``value``,
        ``actual`` and ``model``.
    benchmark
        The model that every other is held against.
    loss
        ``"absolute"`` or ``"squared"`` error.
    step
        How far ahead the forecasts are; every step by itself unless said.

    Returns
    -------
    pl.DataFrame
        One row for each series, model and step, sorted: the series keys, ``model``, ``benchmark``, ``step``,
        ``forecasts`` (how many), ``mean_difference`` (of the losses; negative where the model is the better one),
        ``statistic``, ``p_value`` (two-sided) and ``note``. Statistic and p-value are null where the note says why.

    Raises
    ------
    UnknownNameError, UsageError
        The benchmark, the loss or the step is none of those there are.
    FrameError
        It is no backtest, or the benchmark lacks a forecast that another model has.

    References
    ----------
    .. [1] F. X. Diebold and R. S. Mariano (1995), "Comparing predictive accuracy", Journal of Business and Economic
       Statistics 13(3), 253-263.
    .. [2] D. Harvey, S. Leybourne and P. Newbold (1997), "Testing the equality of prediction mean squared errors",
       International Journal of Forecasting 13(2), 281-291.

    Examples
    --------
    >>> from datetime import date
    >>> years = [date(2010 + i, 1, 1) for i in range(7)]
    >>> one = pl.DataFrame({"origin": years[:6], "period": years[1:], "step": 1, "actual": 0.0})
    >>> past = pl.concat([
    ...     one.with_columns(model=pl.lit("drift"), value=pl.Series([0.0, 2, 3, 3, 5, 6])),
    ...     one.with_columns(model=pl.lit("mine"), value=pl.Series([0.0, 1, 2, 3, 4, 5])),
    ... ])
    >>> test = diebold_mariano(past, loss="squared")
    >>> test.select("model", "forecasts", pl.col("mean_difference", "statistic", "p_value").round(4)).row(0)
    ('mine', 6, -4.6667, -2.4905, 0.0551)
    """
    if loss not in _LOSSES:
        raise UnknownNameError("loss", loss, _LOSSES)
    rows = check_backtest(backtest, "origin", "period", "step")
    if benchmark not in (known := rows["model"].unique()):
        raise UnknownNameError("model", benchmark, known)
    if step is not None:
        rows = _of_step(rows, step)
    groups = [*series_of(rows), "model", "benchmark", "step"]
    rows = _with_difference(rows, benchmark, loss)
    losses = rows.group_by(groups, maintain_order=True).agg("_difference", "origin", "period").sort(groups)
    tests = [compare_losses(*group) for group in losses.select("_difference", "origin", "period").iter_rows()]
    return losses.select(
        *groups,
        forecasts=pl.col("origin").list.len().cast(pl.Int64),
        mean_difference=pl.col("_difference").list.mean(),
        statistic=pl.Series([test.statistic for test in tests], dtype=pl.Float64),
        p_value=pl.Series([test.p_value for test in tests], dtype=pl.Float64),
        note=pl.Series([test.note for test in tests], dtype=pl.String),
    )


def compare_losses(differences: Sequence[float], origins: Sequence[date], ends: Sequence[date]) -> Comparison:
    """Test whether differences of losses, of forecasts from `origins` to `ends`, are zero on average."""
    from scipy.special import stdtr

    d = np.asarray(differences, dtype=np.float64)
    n, start, end = len(d), *_clock(origins, ends)
    stretches = float((end.max() - start.min()) / (end - start).max())
    if not d.any():
        return Comparison(None, None, None, stretches, "the losses are equal")
    # in units of the largest, so that the squares of large losses stay within a float's range
    d = d / np.abs(d).max()
    if n < 2 or np.ptp(d) <= _POSITIVE:
        reason = "a single forecast" if n < 2 else "the difference is the same at every origin"
        return Comparison(None, None, None, stretches, reason)
    overlap = np.minimum.outer(end, end) - np.maximum.outer(start, start)
    weights = (overlap > 0).astype(np.float64)
    correction = 1 - weights.mean()
    if correction <= _POSITIVE:
        return Comparison(
            None, None, None, stretches, "all forecasts overlap, so no variance can be estimated"
        )
    e, notes = d - d.mean(), []
    variance = e @ weights @ e
    if variance <= _POSITIVE * (e @ e):
        length = np.sqrt(end - start)
        variance = e @ (np.clip(overlap, 0, None) / np.outer(length, length)) @ e
        notes.append("Bartlett weights, because the variance with equal weights is not positive")
    if stretches < FEWEST_STRETCHES:
        notes.append(f"the origins span {stretches:.1f} horizons, where the test rejects too often")
    statistic = float(d.mean() * n * np.sqrt(correction / variance))
    p_value, cautious = (float(2 * stdtr(f, -abs(statistic))) for f in (n - 1, min(n, stretches) - 1))
    return Comparison(statistic, p_value, cautious, stretches, "; ".join(notes) or None)


def _clock(origins: Sequence[date], ends: Sequence[date]) -> tuple[Vector, Vector]:
    """Dates in months where all fall on one day of the month, else in days."""
    days = [np.array(dates, dtype="datetime64[D]") for dates in (origins, ends)]
    months = [d.astype("datetime64[M]") for d in days]
    in_month = np.concatenate([d - m.astype("datetime64[D]") for d, m in zip(days, months, strict=True)])
    start, end = (x.astype(np.float64) for x in (months if np.ptp(in_month) == np.timedelta64(0) else days))
    return start, end


def _of_step(rows: pl.DataFrame, step: int) -> pl.DataFrame:
    chosen = rows.filter(pl.col("step") == step) if isinstance(step, int | np.integer) else rows.clear()
    if chosen.is_empty():
        steps = rows["step"].unique().sort().to_list()
        raise UsageError(f"the backtest has no forecasts of step {step!r}: it has {steps[0]} to {steps[-1]}")
    return chosen


def _with_difference(rows: pl.DataFrame, benchmark: str, loss: str) -> pl.DataFrame:
    """Loss of every other model less that of the benchmark, for the same forecast."""
    rows = rows.with_columns(_loss=_LOSSES[loss])
    same = [*series_of(rows.drop("_loss")), "origin", "period", "step"]
    own = rows.filter(pl.col("model") == benchmark).select(*same, _of_benchmark="_loss")
    others = rows.filter(pl.col("model") != benchmark).join(
        own, on=same, how="left", nulls_equal=True, maintain_order="left"
    )
    if others.is_empty():
        raise UsageError(f"the backtest has no model beside the benchmark {benchmark!r}")
    alone = others.filter(pl.col("_of_benchmark").is_null())
    if alone.height:
        row: dict[str, Any] = alone.select(same).row(0, named=True)
        raise FrameError(
            f"{benchmark!r} has no forecast for {series_name(row)} ({alone.height} missing in all), which other models "
            "have: backtest the models together"
        )
    difference = pl.col("_loss") - pl.col("_of_benchmark")
    return others.with_columns(difference.alias("_difference"), benchmark=pl.lit(benchmark)).drop(
        "_loss", "_of_benchmark"
    )
