"""Structural breaks: dates at which the mean or the trend of a series shifts, after Bai and Perron."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, get_args

import polars as pl

from gbaindicators.catalog import period_text
from gbaindicators.errors import SeriesTooShortError, UsageError
from gbaindicators.transforms.frequencies import with_frequency
from gbaindicators.transforms.inputs import read_series
from gbaindicators.transforms.lazily import Columns, by_series
from gbaindicators.transforms.regular import RegularSeries, estimated, one_row, regular_series
from gbaindicators.transforms.spreading import results

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["breaks"]

Model = Literal["mean", "trend"]
#: Below this share of the whole sum of squares, what remains is rounding.
_NOTHING: Final = 1e-12


def _of_breaks(frame: pl.DataFrame, **_: object) -> Columns:
    """Columns of `breaks`."""
    return _empty(frame).schema | {"status": pl.String()}


@by_series(_of_breaks)
def breaks(
    frame: pl.DataFrame,
    model: Model = "mean",
    *,
    number: int | None = None,
    most: int = 5,
    trim: float = 0.15,
    autocorrelated: bool = False,
    executor: Executor | None = None,
) -> pl.DataFrame:
    """Date the structural breaks of each series by the method of Bai and Perron, with confidence intervals.

    Of all ways to cut a series into segments, dynamic programming finds the one with the least sum of squared
    residuals, for each number of breaks. Their number is that of the least BIC, which counts each break date as a
    parameter: ``ln(SSR / n) + breaks * (q + 1) * ln(n) / n`` with `q` coefficients a segment.

    Parameters
    ----------
    frame
        Series frame (polars.DataFrame or LazyFrame) without gaps; of figures that grow, growth rates (``frame.pipe(gba.growth)``) or logarithms.
    model
        ``mean``: each segment has its own mean. ``trend``: each has its own straight line.
    number
        How many breaks to date, instead of leaving their number to the BIC.
    most
        Largest number that the BIC may choose; fewer where the series is too short for them.
    trim
        Shortest segment as a share of the series.
    autocorrelated
        Whether the intervals allow for residuals that depend on those before (long-run variance by the
        quadratic spectral kernel, prewhitened, Andrews' bandwidth). Without, variances differ by segment only.
    executor
        Where to compute many series: threads or processes of `concurrent.futures`, or a Dask cluster's
        ``Client(...).get_executor()``. It changes no digit.

    Returns
    -------
    polars.DataFrame
        One row a break, none for a series without: the columns of the series; ``period``, the last one before
        the shift, as the literature dates breaks; ``lower_period`` and ``upper_period``, the 95% interval of it,
        within the series; ``value``, the change of the mean (or of the slope, per period), from
        ``value_before`` to ``value_after``; ``unit``, the union of ``sources``, ``status`` E or worse, the latest
        ``vintage``, and ``method``. The BIC finds too many breaks where residuals depend strongly on each other.

    Raises
    ------
    SeriesTooShortError
        When a segment of the shortest length has no more values than coefficients, or has no room for `number`
        breaks.
    FrameError
        When a series has a gap.
    UsageError
        When `model` is not known, `trim` does not lie between 0 and 0.5, `number` or `most` is negative, or figures are
        accumulated since January.
    TaskError
        When the executor has no answer for some series, which is named.

    Warns
    -----
    WorkerWarning
        When a process of the executor ended in the middle of its work, which was done again in another.

    References
    ----------
    Bai, J. and P. Perron (2003), "Computation and Analysis of Multiple Structural Change Models", Journal of
    Applied Econometrics 18(1); Bai, J. (1997), "Estimation of a Change Point in Multiple Regression Models",
    REStat 79(4), for the intervals, of trends too; Andrews, D. and J. Monahan (1992), "An Improved
    Heteroskedasticity and Autocorrelation Consistent Covariance Matrix Estimator", Econometrica 60(4).

    Examples
    --------
    >>> import polars as pl
    >>> from datetime import date
    >>> rates = [2.0, 2.2, 1.9, 2.1, 2.0, 1.8, 2.1, 1.9, 5.1, 4.9, 5.0, 5.2, 4.8, 5.1, 5.0, 4.9]
    >>> growth = pl.DataFrame({"period": [date(2005 + i, 1, 1) for i in range(16)], "value": rates})
    >>> breaks(growth).select("period", "value_before", "value_after").rows()
    [(datetime.date(2012, 1, 1), 2.0, 5.0)]
    """
    if model not in get_args(Model):
        raise UsageError(f"model={model!r} is not known: write 'mean' or 'trend'")
    if not 0 < trim < 0.5:
        raise UsageError(f"trim={trim!r} must lie between 0 and 0.5")
    if most < 0 or (number is not None and number < 0):
        raise UsageError("number= and most= are counts of breaks: give 0 or more")
    frame = with_frequency(read_series(frame, "the search for breaks"))
    every = list(regular_series(frame, "the search for breaks", 1))
    tasks = [_Search(one.name, one.values, model, number, most, trim, autocorrelated) for one in every]
    found = results(_breaks_of, tasks, [one.name for one in every], executor)
    rows = [
        _row(one, model, at, its) for one, its in zip(every, found, strict=True) for at in range(len(its))
    ]
    return pl.concat([_empty(frame), *rows], how="diagonal_relaxed")


class _Search(NamedTuple):
    """A series, and what breaks to look for in it."""

    name: str
    values: NDArray[np.float64]
    model: Model
    number: int | None
    most: int
    trim: float
    autocorrelated: bool


class _Break(NamedTuple):
    """A break: the first position after it, how far the interval reaches, and the coefficients around it."""

    cut: int
    back: float
    on: float
    before: float
    after: float


def _breaks_of(search: _Search) -> list[_Break]:
    """Breaks of one series, here or in another process."""
    ends = _best_ends(search, _shortest(search))
    return [_described(search, *ends[at - 1 : at + 2]) for at in range(1, len(ends) - 1)]


def _shortest(search: _Search) -> int:
    model, trim, n = search.model, search.trim, len(search.values)
    shortest = int(trim * n + 1e-9)
    least = 2 if model == "mean" else 3
    if shortest < least:
        raise SeriesTooShortError(
            f"segments of {trim:g} of the {n} values of {search.name} have fewer than {least}: "
            f"load at least {math.ceil(least / trim)} values or raise trim="
        )
    return shortest


def _best_ends(search: _Search, shortest: int) -> list[int]:
    """Where the segments end: 0, the last position of each but the last plus one, and the length."""
    values, model, number, n = search.values, search.model, search.number, len(search.values)
    room = n // shortest - 1
    if number is not None and number > room:
        raise SeriesTooShortError(
            f"{search.name} has room for {room} breaks at most with segments of {shortest} values: "
            "ask for fewer or lower trim="
        )
    ways, residuals = _partitions(
        values, model, shortest, min(search.most, room) if number is None else number
    )
    if number is not None:
        return ways[number]
    least = _NOTHING * float(((values - values.mean()) ** 2).sum())
    if least == 0:
        return ways[0]
    coefficients = 1 if model == "mean" else 2
    penalty = (coefficients + 1) * math.log(n) / n
    criteria = [math.log(max(r, least) / n) + m * penalty for m, r in enumerate(residuals)]
    return ways[criteria.index(min(criteria))]


def _partitions(
    values: NDArray[np.float64], model: Model, shortest: int, most: int
) -> tuple[list[list[int]], list[float]]:
    """Best partition for each number of breaks up to `most`, with its sum of squared residuals."""
    import numpy as np

    n = len(values)
    best = np.full((most + 1, n + 1), np.inf)
    before = np.zeros((most + 1, n + 1), dtype=np.int64)
    residuals = _segments(values, model)
    for end in range(shortest, n + 1):
        starts = np.arange(end - shortest + 1)
        rest = residuals(starts, end)
        best[0, end] = rest[0]
        for m in range(1, most + 1):
            sums = best[m - 1, starts] + rest
            before[m, end] = int(sums.argmin())
            best[m, end] = sums[before[m, end]]
    ways = []
    for m in range(most + 1):
        ends = [n]
        for k in range(m, 0, -1):
            ends.insert(0, int(before[k, ends[0]]))
        ways.append([0, *ends])
    return ways, [float(b) for b in best[:, n]]


def _segments(
    values: NDArray[np.float64], model: Model
) -> Callable[[NDArray[np.int64], int], NDArray[np.float64]]:
    """Give the function of starts and an end that says what squared residuals a segment leaves."""
    import numpy as np

    n = len(values)
    y = values - values.mean()
    t = np.arange(n) - (n - 1) / 2
    sums = {
        name: np.concatenate([[0.0], np.cumsum(terms)])
        for name, terms in {"y": y, "yy": y * y, "t": t, "tt": t * t, "ty": t * y}.items()
    }

    def residuals(starts: NDArray[np.int64], end: int) -> NDArray[np.float64]:
        count = end - starts
        total = {name: s[end] - s[starts] for name, s in sums.items()}
        left = total["yy"] - total["y"] ** 2 / count
        if model == "trend":
            spread = total["tt"] - total["t"] ** 2 / count
            left = left - (total["ty"] - total["t"] * total["y"] / count) ** 2 / spread
        clipped: NDArray[np.float64] = np.maximum(left, 0)
        return clipped

    return residuals


def _described(search: _Search, start: int, cut: int, end: int) -> _Break:
    """Describe the break between two segments."""
    before, after = (
        _fit(search.values, start, cut, cut - 1, search.model),
        _fit(search.values, cut, end, cut - 1, search.model),
    )
    variances = [
        (_long_run_variance if search.autocorrelated else _variance)(segment.residuals)
        for segment in (before, after)
    ]
    back, on = _interval(after.level - before.level, *variances)
    return _Break(cut, back, on, before.coefficient, after.coefficient)


def _row(series: RegularSeries, model: Model, at: int, its: list[_Break]) -> pl.DataFrame:
    """Set one of the breaks of a series as a row."""
    one, periods = its[at], series.rows["period"]
    last = one.cut - 1
    return estimated(one_row(series)).with_columns(
        period=periods[last],
        lower_period=periods[int(max(last + one.back, 0))],
        upper_period=periods[int(min(last + one.on, len(periods) - 1))],
        value=pl.lit(one.after - one.before),
        value_before=pl.lit(one.before),
        value_after=pl.lit(one.after),
        method=pl.lit(
            f"break {at + 1} of {len(its)} in the {model}, Bai-Perron, {len(periods)} values from "
            f"{period_text(series.frequency, periods[0])} to {period_text(series.frequency, periods[-1])}"
        ),
    )


def _empty(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.clear().with_columns(
        pl.lit(None, pl.Date).alias("lower_period"),
        pl.lit(None, pl.Date).alias("upper_period"),
        pl.lit(None, pl.Float64).alias("value_before"),
        pl.lit(None, pl.Float64).alias("value_after"),
        pl.lit(None, pl.String).alias("method"),
    )


class _Segment(NamedTuple):
    """A fitted segment: what shifts (mean or slope), what it fits at the break, and what it leaves."""

    coefficient: float
    level: float
    residuals: NDArray[np.float64]


def _fit(values: NDArray[np.float64], start: int, end: int, at: int, model: Model) -> _Segment:
    import numpy as np

    y = values[start:end]
    if model == "mean":
        return _Segment(float(y.mean()), float(y.mean()), y - y.mean())
    t = np.arange(start, end) - (start + end - 1) / 2
    slope = float(t @ (y - y.mean()) / (t @ t))
    level = float(y.mean()) + slope * (at - (start + end - 1) / 2)
    return _Segment(slope, level, y - y.mean() - slope * t)


def _variance(residuals: NDArray[np.float64]) -> float:
    return float(residuals @ residuals) / len(residuals)


def _long_run_variance(residuals: NDArray[np.float64]) -> float:
    """Variance of the sum per observation: prewhitened, quadratic spectral kernel, Andrews' bandwidth."""
    import numpy as np

    if not residuals.any():
        return 0.0
    memory = _memory(residuals[1:], residuals[:-1])
    white = residuals[1:] - memory * residuals[:-1]
    n = len(white)
    rest = _memory(white[1:] - white[1:].mean(), white[:-1] - white[:-1].mean())
    bandwidth = 1.3221 * (n * 4 * rest**2 / (1 - rest) ** 4) ** 0.2
    x = 6 * np.pi / 5 * np.arange(1, n) / max(bandwidth, 1e-9)
    weights = 3 / x**2 * (np.sin(x) / x - np.cos(x))
    covariances = np.array([white[lag:] @ white[: n - lag] for lag in range(1, n)])
    summed = float(white @ white + 2 * weights @ covariances) / (1 - memory) ** 2
    return max(summed, 0.0) / (len(residuals) - 1)


def _memory(now: NDArray[np.float64], before: NDArray[np.float64]) -> float:
    """Autoregressive coefficient, kept away from the unit root as Andrews and Monahan do."""
    spread = float(before @ before)
    return min(max(float(now @ before) / spread, -0.97), 0.97) if spread else 0.0


def _interval(jump: float, variance_before: float, variance_after: float) -> tuple[float, float]:
    """How many periods before and after the date found the break may lie with 95% confidence."""
    if jump == 0:
        return -math.inf, math.inf
    # Without any variance there is no scale. What is far below the other does not matter.
    least = max(_NOTHING * jump**2, 1e-6 * max(variance_before, variance_after))
    variance_before, variance_after = max(variance_before, least), max(variance_after, least)
    # A date found too late means a break before it. Seen from the other side of the break, time runs backwards
    # and the variances change places.
    late = _quantile(variance_after / variance_before) * variance_before / jump**2
    early = _quantile(variance_before / variance_after) * variance_after / jump**2
    return -math.ceil(late - 1e-9), math.ceil(early - 1e-9)


def _quantile(ratio: float) -> float:
    """Find what the scaled date exceeds with a probability of 2.5%; `ratio` as in `_beyond`."""
    from scipy.optimize import brentq

    low, high = 1e-9 * ratio, ratio
    if _beyond(low, ratio) <= 0.025:
        return 0.0
    while _beyond(high, ratio) > 0.025:
        high *= 2
    return float(brentq(lambda x: _beyond(x, ratio) - 0.025, low, high))


def _beyond(x: float, ratio: float) -> float:
    """Probability that the date found, scaled, lies more than `x` after the break (Bai 1997, appendix B).

    `ratio` is the variance after the break to that before. ``exp(a) * Phi(-b)`` of the paper is written by the
    scaled complementary error function, whose factors all share one exponential.
    """
    from scipy.special import erfcx

    root = math.sqrt(x / ratio)
    far = (ratio + 1) * ratio
    terms = (
        -root / math.sqrt(2 * math.pi)
        - (2 * ratio + 1) / far / 2 * erfcx((ratio + 0.5) * root / math.sqrt(2))
        + ((2 * ratio + 1) ** 2 / far - 2 + root**2 / 2) / 2 * erfcx(root / math.sqrt(8))
    )
    return float(terms * math.exp(-(root**2) / 8))
