"""Forecast the past: what a model would have said at origins in it, beside what came."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from concurrent.futures import Executor
from typing import Final

import polars as pl

from gbaindicators.catalog import frequency_code, parse_period
from gbaindicators.errors import FrameError, SeriesTooShortError, UsageError
from gbaindicators.forecasting.forecast import forecast
from gbaindicators.forecasting.runs import SEASONS
from gbaindicators.forecasting.training import FEWEST_AFTER_BREAK
from gbaindicators.tables.series_frame import FREQUENCY, merge_sources, series_keys, series_name
from gbaindicators.transforms.inputs import read_series

__all__ = ["backtest", "check_backtest", "comparable_by", "series_of"]

_MOST_WINDOWS: Final = 12
#: Columns that a backtest adds to the keys of a series.
_OF_BACKTEST: Final = ("origin", "step", "actual", "model", "scale", "squared_scale")


def backtest(
    frame: pl.DataFrame,
    horizon: int,
    *,
    models: str | Iterable[str] = ("auto", "drift", "seasonal_naive"),
    windows: int | None = None,
    start: str | None = None,
    level: float | Iterable[float] = (80, 95),
    executor: Executor | None = None,
) -> pl.DataFrame:
    """Forecast every series of a frame at origins in its past, and put what came beside the forecasts.

    At each origin a model sees the values up to and including that period and nothing after it. Origins go by the
    dates of each series. The newest one leaves a single actual, the others lie evenly spread before it in the later
    half of the series; where that half has fewer than `windows`, it is the newest `windows` of all. An origin has at
    least five values behind it, one season and one more where a year has several, and five since a break (status B).
    Forecasts are not held against actuals on the other side of a break, which stand on another base.

    This is pseudo real time: the figures are those of the frame, as revised since. For what was known at the time,
    load a vintage (``gba.load(..., as_of=...)``) for each origin.

    Parameters
    ----------
    frame
        Series frame, as `forecast` takes it.
    horizon
        How many periods ahead each forecast goes. The newest origins have fewer actuals than that.
    models
        Models of `forecast`. Keep ``"drift"`` and ``"seasonal_naive"``, which `accuracy` holds the others against.
    windows
        How many origins a series has at most, 12 unless said.
    start
        Earliest origin as period text (``"2015"``, ``"2015-Q1"``), instead of the later half.
    level
        Levels of the intervals in percent.
    executor
        Where to compute, as for `forecast`.

    Returns
    -------
    pl.DataFrame
        One row for each forecast that has an actual, sorted by series, origin and period: the series keys,
        ``frequency``, ``origin`` (Date, the last period of training), ``period``, ``step`` (1 to `horizon`), ``value``
        (the forecast), ``actual``, ``unit`` and ``sources`` (of the training span and the actual) where the frame has
        them, ``model``, ``lower_80`` and so on, and ``scale`` and ``squared_scale``: the mean absolute and the mean
        squared difference from a season before (4 quarters, 12 months, ...; one year for annual figures) in the
        training span, null where they are zero.

    Raises
    ------
    SeriesTooShortError
        A series has no origin; all such series are named (at most five).
    UsageError
        An argument cannot be what was meant, or `forecast` refuses a series, which it names.

    References
    ----------
    L. J. Tashman (2000), "Out-of-sample tests of forecasting accuracy: an analysis and review", International Journal
    of Forecasting 16(4), 437-450.

    Examples
    --------
    >>> from datetime import date
    >>> frame = pl.DataFrame({
    ...     "period": [date(year, 1, 1) for year in range(2015, 2023)],
    ...     "value": [10.0, 12.0, 13.0, 15.0, 16.0, 19.0, 18.0, 21.0],
    ... })
    >>> past = backtest(frame, 2, models="naive")
    >>> past.select(pl.col("origin", "period").dt.year(), "step", "value", "actual").rows()
    [(2019, 2020, 1, 16.0, 19.0), (2019, 2021, 2, 16.0, 18.0), (2020, 2021, 1, 19.0, 18.0),
     (2020, 2022, 2, 19.0, 21.0), (2021, 2022, 1, 18.0, 21.0)]
    >>> past["scale"].unique(maintain_order=True).round(4).to_list()
    [1.5, 1.8, 1.6667]
    """
    names, most = _check_models(models), _check_windows(windows)
    observed = _observed(read_series(frame, "a backtest"))
    keys = series_keys(observed)
    training = _with_training(observed, keys)
    origins = _origins(training, keys, most, start)
    seen = [c for c in ("unit", "sources", "status") if c in frame.columns]
    stack = (
        observed.select(*keys, "period", "value", *seen)
        .join(origins.select(*keys, "origin"), on=keys, nulls_equal=True)
        .filter(pl.col("period") <= pl.col("origin"))
    )
    forecasts = pl.concat(
        forecast(stack, horizon, model=name, level=level, executor=executor) for name in names
    )
    return _beside_actuals(forecasts, training, origins, keys)


def series_of(frame: pl.DataFrame) -> list[str]:
    """Columns that tell the series of a backtest apart."""
    return [k for k in series_keys(frame) if k not in _OF_BACKTEST]


def comparable_by(frame: pl.DataFrame) -> list[str]:
    """Columns that tell the forecasts of one model for one series apart; none where nothing does."""
    present: list[str] = [c for c in ("origin", "period", "step") if c in frame.columns]
    return present if "period" in present or len(present) == 2 else []


def check_backtest(frame: pl.DataFrame, *needs: str) -> pl.DataFrame:
    """Check that a frame has forecasts beside actuals, each once; return it in an order of its own.

    Raises
    ------
    FrameError
        A column is missing or of a wrong type, a number is missing, or a forecast is there twice.
    """
    if not isinstance(frame, pl.DataFrame):
        raise FrameError(
            f"expected a frame of forecasts beside actuals, as gba.backtest makes, got {type(frame).__name__}"
        )
    if missing := [c for c in ("value", "actual", "model", *needs) if c not in frame.columns]:
        raise FrameError(
            f"the backtest lacks {', '.join(map(repr, missing))}: 'value' is the forecast, 'actual' what came, 'model' "
            "who said it, and 'origin', 'period' and 'step' say when and for when"
        )
    if frame.is_empty():
        raise FrameError("the backtest has no rows: see what was filtered out")
    _check_types(frame)
    identity = [*series_of(frame), *comparable_by(frame), "model"]
    if comparable_by(frame) and (twice := frame.filter(pl.struct(identity).is_duplicated())).height:
        name = series_name(twice.select(identity).row(0, named=True))
        raise FrameError(f"two forecasts for {name}: keep one of them")
    return frame.cast({"value": pl.Float64, "actual": pl.Float64, "model": pl.String}).sort(identity)


def _check_types(frame: pl.DataFrame) -> None:
    for name in ("origin", "period"):
        if name in frame.columns and frame.schema[name] != pl.Date:
            raise FrameError(f"{name!r} must hold dates, not {frame.schema[name]}")
    for name in ("value", "actual"):
        if not frame.schema[name].is_numeric():
            raise FrameError(f"{name!r} must hold numbers, not {frame.schema[name]}")
        unknown = frame.height - int(frame[name].cast(pl.Float64).is_finite().sum())
        if unknown:
            raise FrameError(
                f"{name!r} is missing or not finite in {unknown} rows: only forecasts beside an actual can be judged, "
                "filter the others out"
            )


def _check_models(models: str | Iterable[str]) -> list[str]:
    names = list(dict.fromkeys([models] if isinstance(models, str) else models))
    if not names:
        raise UsageError("models is empty: name at least one model of gba.forecast")
    return names


def _check_windows(windows: int | None) -> int:
    try:
        most = _MOST_WINDOWS if windows is None else operator.index(windows)
    except TypeError:
        most = 0
    if isinstance(windows, bool) or most < 1:
        raise UsageError(f"windows is how many origins to forecast from, an integer from 1, not {windows!r}")
    return most


def _observed(frame: pl.DataFrame) -> pl.DataFrame:
    """Sort the known values by series and period, with the frequency of each series."""
    taken = [c for c in _OF_BACKTEST if c in frame.columns]
    if taken:
        raise FrameError(
            f"the frame has the columns {', '.join(map(repr, taken))}, which backtests write: rename or drop them"
        )
    # A forecast of the whole frame says, by the series' own names, what no forecast can be made of. Breaks do not
    # count here: origins before them can stand.
    ahead = forecast(frame.drop("status", strict=False), 1, model="naive")
    if "frequency" in frame.columns:
        words = frame["frequency"].cast(pl.String)
        codes = {word: frequency_code(word) for word in words.unique()}
        frame = frame.with_columns(frequency=words.replace_strict(codes, return_dtype=FREQUENCY))
    elif keys := series_keys(frame):
        frame = frame.join(ahead.select(*keys, "frequency"), on=keys, nulls_equal=True)
    else:
        frame = frame.with_columns(frequency=pl.lit(ahead["frequency"][0], dtype=FREQUENCY))
    return frame.filter(pl.col("value").is_not_null()).sort([*series_keys(frame), "period"])


def _with_training(observed: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Add what is known of the training span that ends with each row: its length, its base and its scales."""
    breaks = pl.col("status").eq_missing("B") if "status" in observed.columns else pl.lit(False)
    frame = observed.with_columns(
        _length=pl.int_range(1, pl.len() + 1).over(keys),
        _season=pl.col("frequency").cast(pl.String).replace_strict(SEASONS, return_dtype=pl.Int64),
    ).with_columns(_base=(breaks & (pl.col("_length") > 1)).cum_sum().over(keys))
    change = pl.lit(None, dtype=pl.Float64)
    for season in frame["_season"].unique():
        of_season = pl.col("value").diff(season).over(keys)
        change = pl.when(pl.col("_season") == season).then(of_season).otherwise(change)
    frame = frame.with_columns(scale=change.abs(), squared_scale=change**2)
    means = [(pl.col(c).cum_sum() / pl.col(c).cum_count()).over(keys) for c in ("scale", "squared_scale")]
    return frame.with_columns(pl.when(mean.is_finite() & (mean > 0)).then(mean) for mean in means)


def _origins(training: pl.DataFrame, keys: list[str], most: int, start: str | None) -> pl.DataFrame:
    """Choose the origins of every series; raise SeriesTooShortError for series that have none."""
    base = [*keys, "_base"]
    since_break = pl.int_range(1, pl.len() + 1).over(base)
    possible = training.with_columns(_values=pl.len().over(keys)).filter(
        pl.col("_length") > pl.col("_season"),
        since_break >= FEWEST_AFTER_BREAK,
        since_break < pl.len().over(base),
    )
    if start is not None:
        possible = possible.filter(pl.col("period") >= parse_period(str(start)).start)
    _check_long_enough(training, possible, keys, start)
    possible = possible.with_columns(_back=pl.int_range(pl.len() - 1, -1, -1).over(keys))
    if start is None:
        possible = possible.filter(pl.col("_back") < pl.max_horizontal(pl.lit(most), pl.col("_values") // 2))
    spacing = (pl.len().over(keys) - 1) / (most - 1) if most > 1 else pl.col("_values")
    nearest = (pl.col("_back") / pl.max_horizontal(spacing, 1.0)).round()
    chosen = possible.filter((nearest * pl.max_horizontal(spacing, 1.0)).round() == pl.col("_back"))
    return chosen.select(*keys, "_base", "scale", "squared_scale", origin="period")


def _check_long_enough(
    training: pl.DataFrame, possible: pl.DataFrame, keys: list[str], start: str | None
) -> None:
    short = training.join(possible, on=keys, how="anti", nulls_equal=True)
    counts = short.group_by(keys, maintain_order=True).agg(_values=pl.len())
    rows = zip(counts.select(keys).iter_rows(named=True), counts["_values"], strict=True)
    names = [f"{series_name(row)} ({count})" for row, count in rows]
    if names:
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        since = "" if start is None else f" from {start} on"
        raise SeriesTooShortError(
            f"a backtest needs an origin{since} with {FEWEST_AFTER_BREAK} values behind it (more than a season of them) and one "
            f"after, on the same side of a break; too few values are in {'; '.join(names[:5])}{more}: filter these "
            "series out, load a longer span" + ("" if start is None else ", or start earlier")
        )


def _beside_actuals(
    forecasts: pl.DataFrame, training: pl.DataFrame, origins: pl.DataFrame, keys: list[str]
) -> pl.DataFrame:
    """Join what came, where it stands on the base of the training span, and the scales."""
    kept = ["sources"] if "sources" in training.columns else []
    actuals = training.select(*keys, "_base", "period", pl.col("value").alias("actual"), *kept)
    told = forecasts.with_columns(
        step=pl.col("period").rank("ordinal").over([*keys, "origin", "model"]).cast(pl.Int64)
    )
    told = told.join(origins, on=[*keys, "origin"], nulls_equal=True)
    told = told.join(actuals, on=[*keys, "_base", "period"], nulls_equal=True, suffix="_actual")
    if kept:
        told = told.with_columns(merge_sources("sources", "sources_actual"))
    edges = [c for c in forecasts.columns if c.startswith(("lower_", "upper_"))]
    carried = [c for c in ("unit", "sources") if c in forecasts.columns]
    names = [k for k in keys if k != "frequency"]
    order = [*names, "frequency", "origin", "period", "step", "value", "actual", *carried, "model"]
    return told.select(*order, *edges, "scale", "squared_scale").sort(
        [*names, "frequency", "origin", "period"], maintain_order=True
    )
