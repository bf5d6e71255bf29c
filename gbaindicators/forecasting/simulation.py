"""Joint future paths of the series of a frame, free or with the future of some of them given."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import polars as pl
import polars.selectors as cs
from numpy.typing import NDArray

from gbaindicators.catalog import period_text, step
from gbaindicators.errors import FrameError, UsageError
from gbaindicators.forecasting.arguments import check_horizon, check_levels
from gbaindicators.forecasting.panel.panel import Matrix
from gbaindicators.forecasting.runs import (
    SEASONS,
    Run,
    read_for_forecast,
    report_failures,
    runs,
)
from gbaindicators.forecasting.training import TrainingSeries
from gbaindicators.tables.series_frame import FREQUENCY, check_unique_periods, series_keys, series_name

__all__ = ["simulate", "summarize_paths"]

_MOST_PATHS: Final = 100_000
#: Joint errors are one Gaussian vector over series and steps; its covariance has the square of this many numbers.
_MOST_JOINT: Final = 5_000
#: Periods that two series need in common before their correlation is taken from them.
_FEWEST_COMMON: Final = 8
#: Standard deviations beyond which a given value is no scenario of this model.
_FARTHEST: Final = 6.0


@dataclass(frozen=True, slots=True)
class _Marginal:
    """Forecast of one series, and where its steps stand in the joint vector."""

    series: TrainingSeries
    periods: list[date]
    point: Matrix
    deviation: Matrix
    freedom: float
    factor: Matrix

    def values(self, normal: Matrix) -> Matrix:
        """Turn standard normal errors (paths by steps) into values."""
        from scipy.special import ndtr, stdtrit

        # Tails are mirrored: the distribution function is exact near zero only.
        size = -stdtrit(self.freedom, np.maximum(ndtr(-np.abs(normal)), 1e-300))
        values: Matrix = self.point + np.sign(normal) * size * self.deviation
        return np.maximum(values, 0.0) if self.series.cannot_be_negative else values

    def normal(self, value: float, at: int) -> float:
        """Return the standard normal error at which a step has this value."""
        from scipy.special import ndtri, stdtr

        if self.deviation[at] == 0:
            return 0.0 if value == self.point[at] else np.inf
        error = (value - self.point[at]) / self.deviation[at]
        return float(-np.sign(error) * ndtri(stdtr(self.freedom, -abs(error))))


def simulate(
    frame: pl.DataFrame,
    horizon: int,
    *,
    paths: int = 1000,
    model: str = "auto",
    given: pl.DataFrame | None = None,
    seed: int = 0,
    executor: Executor | None = None,
) -> pl.DataFrame:
    """Draw joint future paths of the series of a frame: what the intervals of `forecast` say, series by series, and
    how the errors go together.

    Each series has, at each step, the distribution behind its prediction intervals. Errors of one series at
    different steps are correlated as its smoothing parameter and slope imply (an error in the level stays).
    Errors of different series of one frequency are correlated as their past growth is (changes over a season, in
    proportion where a series is positive; by date), shrunk towards none by the share of those correlations that
    chance would produce [1]_. The two are joined in a Gaussian copula.

    With `given`, the paths follow a given future of some series exactly, and the others are drawn from their
    distribution under that condition: a scenario.

    Parameters
    ----------
    frame
        Series frame, as for `forecast`.
    horizon
        How many periods ahead, from 1 to 1000.
    paths
        How many paths, from 1 to 100,000.
    model
        A model of `forecast` that runs on whole panels: ``"auto"``, one of its members, or a simple one. (Models that
        are fitted alone draw their own paths: ``arima(frame).simulate(...)``.)
    given
        Series frame with the future of some of these series (the same keys, periods after their end, null where
        nothing is given), in their unit.
    seed
        Seed of the random numbers: the same gives the same paths.
    executor
        Where to compute the forecasts, as for `forecast`.

    Returns
    -------
    pl.DataFrame
        The series keys, ``frequency``, ``path`` (from 0), ``period``, ``value``, ``unit``, and where the frame has them
        ``sources`` (of the whole training span, and of all that is given): `paths` times `horizon` rows for each
        series, sorted by keys, path and period.

    Raises
    ------
    UsageError
        The number of paths, or a given value that the model thinks impossible (six deviations off, or a change of
        a constant).
    FrameError
        `given` holds a series or a period that is not simulated, another unit, or a missing column.
    SeriesTooShortError, UnknownNameError
        As for `forecast`.

    Warns
    -----
    ForecastWarning
        As for `forecast`.

    References
    ----------
    .. [1] J. Schäfer and K. Strimmer (2005), "A shrinkage approach to large-scale covariance matrix estimation",
       Statistical Applications in Genetics and Molecular Biology 4(1), article 32.

    Examples
    --------
    >>> from datetime import date
    >>> frame = pl.DataFrame({
    ...     "area": ["macao"] * 10,
    ...     "period": [date(year, 1, 1) for year in range(2014, 2024)],
    ...     "value": [50.0, 52.0, 55.0, 54.0, 58.0, 60.0, 61.0, 65.0, 66.0, 70.0],
    ... })
    >>> drawn = simulate(frame, 3, paths=500)
    >>> drawn.height, drawn.columns
    (1500, ['area', 'frequency', 'path', 'period', 'value', 'unit'])
    >>> future = pl.DataFrame({"area": ["macao"], "period": [date(2025, 1, 1)], "value": [80.0]})
    >>> under = simulate(frame, 3, paths=500, given=future)
    >>> under.filter(pl.col("period") == date(2025, 1, 1))["value"].round(6).unique().to_list()
    [80.0]
    >>> under.filter(pl.col("period") == date(2026, 1, 1))["value"].mean() > drawn["value"].max() * 0.8
    True
    """
    periods_ahead = check_horizon(horizon)
    if isinstance(paths, bool) or not isinstance(paths, int) or not 1 <= paths <= _MOST_PATHS:
        raise UsageError(f"paths is how many to draw, an integer from 1 to {_MOST_PATHS:,}, not {paths!r}")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise UsageError(f"seed is where the random numbers start, an integer from 0 on, not {seed!r}")
    frame, unread = read_for_forecast(frame)
    done, failures = runs(frame, periods_ahead, model, executor)
    report_failures([*unread, *failures], any_left=bool(done))
    keys = series_keys(frame)
    marginals = sorted(
        (one for run in done for one in _marginals(run, periods_ahead)),
        key=lambda one: (one.series.frequency, one.series.name),
    )
    random = np.random.default_rng(seed)
    fixed = _given_values(given, marginals, keys)
    told = _sources(frame, given)
    parts = []
    for frequency in dict.fromkeys(one.series.frequency for one in marginals):
        places = [i for i, one in enumerate(marginals) if one.series.frequency == frequency]
        together = [marginals[i] for i in places]
        normal = _joint_errors(
            together, paths, random, {(i - places[0], at): v for (i, at), v in fixed.items() if i in places}
        )
        parts += [_rows(one, one.values(errors), told) for one, errors in zip(together, normal, strict=True)]
    own = [k for k in keys if k != "frequency"]
    drawn = pl.concat(parts, how="vertical_relaxed").with_columns(
        pl.col(k).cast(frame.schema[k]) for k in own
    )
    return drawn.select(
        *own, "frequency", "path", "period", "value", "unit", cs.by_name("sources", require_all=False)
    ).sort(*own, "frequency", "path", "period")


def summarize_paths(paths: pl.DataFrame, level: float | Iterable[float] = (80, 95)) -> pl.DataFrame:
    """Turn simulated paths into a forecast frame: their median, and the intervals that hold a share of them.

    Parameters
    ----------
    paths
        What `simulate` gives, or paths made of it (a sum over areas, a ratio) with ``path``, ``period``, ``value``.
    level
        Levels of the intervals in percent, between 0 and 100.

    Returns
    -------
    pl.DataFrame
        The keys, ``period``, ``value`` (median), ``unit`` and ``sources`` where the paths have them, ``status`` F,
        ``method``, ``model``, and ``lower_80, upper_80, ...``: what `gba.chart.fan` draws.

    Raises
    ------
    FrameError
        A column is missing.
    UsageError
        A level is no percentage.

    Examples
    --------
    >>> from datetime import date
    >>> paths = pl.DataFrame({"path": range(5), "period": [date(2030, 1, 1)] * 5, "value": [5.0, 1, 2, 3, 4]})
    >>> summarize_paths(paths, 50).select("value", "lower_50", "upper_50").row(0)
    (3.0, 2.0, 4.0)
    """
    missing = [c for c in ("path", "period", "value") if c not in paths.columns]
    if missing:
        raise FrameError(f"the paths have no column {', '.join(missing)}: they are what gba.simulate gives")
    keys = [c for c in paths.columns if c not in ("path", "value", "sources")]
    sources = cs.by_name("sources", require_all=False)
    edges = [
        pl.col("value").quantile(0.5 + sign * one / 200, interpolation="linear").alias(f"{side}_{one:g}")
        for one in check_levels(level)
        for side, sign in (("lower", -1), ("upper", 1))
    ]
    count = paths["path"].n_unique()
    return (
        paths.group_by(keys, maintain_order=True)
        .agg(pl.col("value").median(), sources.explode().drop_nulls().unique().sort(), *edges)
        .with_columns(
            status=pl.lit("F"),
            method=pl.lit(f"median and quantiles of {count:,} simulated paths"),
            model=pl.lit("simulation"),
        )
        .select(
            *[c for c in paths.columns if c != "path"],
            "status",
            "method",
            "model",
            *[edge.meta.output_name() for edge in edges],
        )
        .sort([k for k in keys if k != "period"] + ["period"])
    )


def _marginals(run: Run, horizon: int) -> list[_Marginal]:
    size, spread = step(run.series[0].frequency), run.result.spread
    count, unit = int(size.rstrip("ymowd")), size.lstrip("0123456789")
    marginals = []
    for i, series in enumerate(run.series):
        last = series.periods[-1]
        ahead = pl.select(
            pl.concat([pl.lit(last).dt.offset_by(f"{count * h}{unit}") for h in range(1, horizon + 1)])
        ).to_series()
        # Rounding may leave the correlation of many steps a little short of positive definite.
        factor = np.linalg.cholesky(spread.between_steps(i) + 1e-10 * np.eye(horizon)).astype(np.float64)
        marginals.append(
            _Marginal(
                series,
                ahead.to_list(),
                run.result.point[i],
                spread.deviation[i],
                float(spread.freedom[i]),
                factor,
            )
        )
    return marginals


def _joint_errors(
    marginals: list[_Marginal],
    paths: int,
    random: np.random.Generator,
    fixed: dict[tuple[int, int], float],
) -> Matrix:
    """Standard normal errors by series, path and step, with the given ones fixed."""
    count, horizon = len(marginals), len(marginals[0].point)
    between = _between_series([one.series for one in marginals])
    shocks = random.standard_normal((count, paths, horizon))
    shocks = np.tensordot(np.linalg.cholesky(between + 1e-10 * np.eye(count)), shocks, axes=1)
    factors = np.stack([one.factor for one in marginals])
    normal: Matrix = np.einsum("ihp,isp->ish", factors, shocks)
    mine = {(i, at): marginals[i].normal(value, at) for (i, at), value in fixed.items()}
    if not mine:
        return normal
    if len(mine) * count * horizon > _MOST_JOINT**2:
        raise UsageError("too many given values for so many series and steps: give fewer, or fewer series")
    far = [(place, z) for place, z in mine.items() if not abs(z) <= _FARTHEST]
    if far:
        (i, at), _ = far[0]
        one = marginals[i]
        raise UsageError(
            f"the value given for {one.series.name} in {period_text(one.series.frequency, one.periods[at])} is further "
            f"from its forecast ({one.point[at]:,.6g}) than this model thinks possible: choose one nearer by"
        )
    series = np.array([i for i, _ in mine])
    steps = np.array([at for _, at in mine])
    wanted = np.array(list(mine.values()))
    # Conditioning by kriging (Matheron's rule): every path is moved by what its given values are off, spread over
    # series and steps by the covariances.
    rows = factors[series, steps]
    covariance = between[series[:, None], series] * (rows @ rows.T)
    covariance += 1e-10 * np.eye(len(wanted))
    off = wanted[:, None] - normal[series, :, steps]
    pull = np.linalg.solve(covariance, off)
    for i in range(count):
        normal[i] += ((between[i, series][:, None] * (rows @ factors[i].T)).T @ pull).T
    return normal


def _between_series(series: list[TrainingSeries]) -> Matrix:
    """Correlation of the past growth of the series, shrunk."""
    count = len(series)
    growth = pl.concat(
        [_growth(one).with_columns(series=pl.lit(i, dtype=pl.Int32)) for i, one in enumerate(series)]
    )
    wide = growth.pivot("series", index="period", values="growth", sort_columns=False)
    z = wide.select(str(i) for i in range(count)).to_numpy()
    known = np.isfinite(z)
    filled = np.where(known, z, 0.0)
    common = known.T.astype(float) @ known
    # Over the periods that a pair has in common: growth is centred already, over all of a series' periods.
    product, square = filled.T @ filled, (filled**2).T @ known
    scale = np.sqrt(square * square.T)
    usable = (common >= _FEWEST_COMMON) & (scale > 0) & ~np.eye(count, dtype=bool)
    raw = np.where(usable, product / np.where(scale > 0, scale, 1.0), 0.0)
    chance = np.where(usable, (1 - raw**2) ** 2 / np.maximum(common - 1, 1), 0.0).sum()
    squares = (raw**2).sum()
    share = 1 - min(chance / squares, 1.0) if squares > 0 else 0.0
    correlation = share * raw + np.eye(count)
    # Pairs with different periods in common may contradict each other a little.
    values, vectors = np.linalg.eigh(correlation)
    mended = (vectors * np.maximum(values, 1e-8)) @ vectors.T
    size = np.sqrt(np.diag(mended))
    result: Matrix = mended / (size[:, None] * size)
    return result


def _growth(series: TrainingSeries) -> pl.DataFrame:
    """Changes over a season, less their mean, in proportion where the series is positive."""
    values = np.log(series.values) if series.in_proportions else series.values
    lag = SEASONS[series.frequency]
    lag = lag if len(values) > 2 * lag else 1
    changes: NDArray[np.float64] = values[lag:] - values[:-lag]
    return pl.DataFrame({"period": series.periods[lag:].cast(pl.Date), "growth": changes - changes.mean()})


def _given_values(
    given: pl.DataFrame | None, marginals: list[_Marginal], keys: list[str]
) -> dict[tuple[int, int], float]:
    """Values that are given, by series and step; raise where they fit none."""
    if given is None:
        return {}
    missing = [c for c in (*keys, "period", "value") if c not in given.columns and c != "frequency"]
    if missing:
        raise FrameError(
            f"given has no column {', '.join(missing)}: it needs the keys of the series it continues"
        )
    given = given.drop_nulls("value")
    check_unique_periods(given.select([*(k for k in keys if k in given.columns), "period", "value"]))
    own = [k for k in keys if k in given.columns]
    fixed: dict[tuple[int, int], float] = {}
    for row in given.iter_rows(named=True):
        wanted = {k: row[k] for k in own}
        fits = [i for i, one in enumerate(marginals) if _fits(one.series, wanted)]
        if len(fits) != 1:
            raise FrameError(
                f"given holds {series_name(wanted)}, which is {'no one' if len(fits) > 1 else 'none'} of the series that "
                f"are simulated ({', '.join(one.series.name for one in marginals[:5])})"
            )
        one = marginals[fits[0]]
        if row.get("unit") is not None and row["unit"] != one.series.unit:
            raise FrameError(
                f"given is in {row['unit']}, {one.series.name} in {one.series.unit}: convert one of them"
            )
        if row["period"] not in one.periods:
            raise FrameError(
                f"given holds {row['period']} for {one.series.name}, which is simulated from {one.periods[0]} to "
                f"{one.periods[-1]}: give periods within that, dated by their first day"
            )
        fixed[fits[0], one.periods.index(row["period"])] = float(row["value"])
    return fixed


def _fits(series: TrainingSeries, wanted: dict[str, object]) -> bool:
    own = {**series.keys, "frequency": series.frequency}
    return all(str(own[key]) == str(value) for key, value in wanted.items())


def _sources(frame: pl.DataFrame, given: pl.DataFrame | None) -> set[str] | None:
    """Sources of a scenario, which moves every series; None where the series tell none of theirs."""
    if "sources" not in frame.columns:
        return None
    if given is None or "sources" not in given.columns:
        return set()
    return set(given.drop_nulls("value")["sources"].explode().drop_nulls())


def _rows(one: _Marginal, values: Matrix, told: set[str] | None) -> pl.DataFrame:
    """Paths of one series, with its sources and those `told` beside them."""
    paths, horizon = values.shape
    sources = {} if told is None else {"sources": sorted({*one.series.sources, *told})}
    return pl.DataFrame(
        {
            "frequency": pl.Series([one.series.frequency] * values.size, dtype=FREQUENCY),
            "path": np.repeat(np.arange(paths, dtype=np.int32), horizon),
            "period": pl.Series(one.periods * paths, dtype=pl.Date),
            "value": values.ravel(),
        }
    ).with_columns(
        pl.lit(one.series.unit, dtype=pl.String).alias("unit"),
        *(pl.lit(value).alias(key) for key, value in one.series.keys.items()),
        **{name: pl.lit(every, pl.List(pl.String)) for name, every in sources.items()},
    )
