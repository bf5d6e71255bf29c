"""Daily figures: the week, the year, moving holidays, and a level that is followed from day to day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gbaindicators.errors import UsageError
from gbaindicators.forecasting.single.daily_calendar import daily_holidays
from gbaindicators.forecasting.single.daily_run import FEWEST, DailyRun
from gbaindicators.forecasting.single.fitted import FittedModel, fitting, parameter_table
from gbaindicators.forecasting.single.one_series import OneSeries, Scale, one_series, scale_of

__all__ = ["daily_forecast", "daily_forecasts", "daily_model"]

Array = NDArray[np.float64]

#: A level three times as high or low, over two weeks, is another regime.
_REGIME, _WINDOW = 3.0, 14
#: Share of days without traffic that logarithms may leave out.
_CLOSED: Final = 0.02


def daily_model(
    frame: pl.DataFrame,
    *,
    holidays: str | Sequence[str] | None = "auto",
    start: date | None = None,
    log: bool | str = "auto",
) -> FittedModel:
    """Model one series of daily figures: week, year, moving holidays and level.

    A regression, robust against days of typhoons [1]_, has coefficients for weekdays, waves for the year (from
    two years of figures on), for each day around each holiday, and a smooth trend; they are shrunk, so that what
    was seen once is not believed whole. What is left is followed by exponential smoothing, and forecast at its
    last level with half the slope of the last year, as in Theta [2]_. Values may be missing.

    A border that closes or opens makes another regime. Figures before the last change of level by a factor of
    three (mean of two weeks) are left out, unless `start` says from when on figures count.

    Parameters
    ----------
    frame
        Series frame with one series of days.
    holidays
        Names as of `gbaindicators.forecasting.single.daily_calendar.HOLIDAYS`, None for none, or ``"auto"``: those of the
        area by its currency, none where the frame has no area or one of the user's own.
    start
        First day to count, in place of the one that is found.
    log
        Whether to model logarithms; ``"auto"`` does so where values are all positive and no percentages. Days
        without traffic, up to one in fifty, are then left out.

    Returns
    -------
    FittedModel
        ``parameters`` are the effects of weekdays and holidays; those of the seven days add up to nothing, so that of
        Sunday is the others' sum with the other sign. Intervals come from the errors of the same model
        at up to 26 weekly origins in the past, and are as wide on either side. ``criteria`` are ``observations``,
        ``origins`` and ``past_error``, the mean absolute error from there (of logarithms on the log scale).

    Raises
    ------
    SeriesTooShortError
        There are fewer than 14 values.
    UsageError
        The figures are not daily, or `start` leaves too few.
    UnknownNameError
        There is no such holiday.

    References
    ----------
    .. [1] P. J. Huber (1964), "Robust estimation of a location parameter", Annals of Mathematical Statistics
       35(1), 73-101.
    .. [2] V. Assimakopoulos and K. Nikolopoulos (2000), "The theta model: a decomposition approach to
       forecasting", International Journal of Forecasting 16(4), 521-530.

    Examples
    --------
    >>> days = pl.date_range(date(2024, 1, 1), date(2024, 2, 25), "1d", eager=True)
    >>> frame = pl.DataFrame({"period": days, "value": [100.0, 100.0, 100.0, 100.0, 100.0, 150.0, 150.0] * 8})
    >>> daily_model(frame).forecast(7)["value"].round(1).to_list()
    [100.0, 100.0, 100.0, 100.0, 100.0, 150.0, 150.0]
    """
    series = one_series(frame, "a daily model", FEWEST)
    if series.frequency != "D":
        raise UsageError(f"a daily model takes daily figures, {series.name} has frequency {series.frequency}")
    names = daily_holidays(holidays, series.keys.get("area"))
    series = _of_regime(series, start)
    opened = _open_days(series, log)
    scale = scale_of(opened, log)
    with fitting(series, "a daily model"):
        run = DailyRun(scale.enter(opened.values), series.periods, names)
    method = _method(series, run, scale, series.observed - opened.observed)
    return FittedModel(
        series=series,
        model="daily",
        method=method,
        parameters=_parameters(run, scale),
        criteria=_criteria(series, run, scale),
        residuals=_frame(series, {"irregular": run.fit.residuals * scale.size}).select("period", "value"),
        components=_frame(series, {name: part * scale.size for name, part in run.parts().items()}),
        text=lambda: _text(f"{series.name}: {method}", run, scale),
        ahead=lambda future, levels: _bounds(run, scale, len(future.periods), levels),
        paths=lambda future, count, seed: scale.leave(run.paths(len(future.periods), count, seed)),
    )


def daily_forecast(frame: pl.DataFrame, horizon: int, level: Iterable[float] = (80, 95)) -> pl.DataFrame:
    """Forecast one series of daily figures, with the holidays of its area."""
    return daily_model(frame).forecast(horizon, level=level)


def daily_forecasts(
    values: Array,
    days: Sequence[date],
    horizon: int,
    level: Iterable[float] = (80, 95),
    *,
    holidays: Sequence[str] = (),
) -> tuple[Array, list[tuple[Array, Array]]]:
    """Forecast plain daily values, NaN where missing, by the model of `daily_model`.

    Returns
    -------
    tuple
        The forecast (horizon,), and lower and upper bounds by level, in the order of `level`.

    Examples
    --------
    >>> days = pl.date_range(date(2024, 1, 1), date(2024, 2, 25), "1d", eager=True).to_list()
    >>> value, bounds = daily_forecasts(np.array([100.0, 100.0, 100.0, 100.0, 100.0, 150.0, 150.0] * 8), days, 2)
    >>> value.round(1).tolist(), len(bounds)
    ([100.0, 100.0], 2)
    """
    frame = pl.DataFrame({"period": days, "value": pl.Series(values, dtype=pl.Float64, nan_to_null=True)})
    levels = list(level)
    ahead = daily_model(frame, holidays=holidays).forecast(horizon, level=levels)
    return ahead["value"].to_numpy(), [
        (ahead[f"lower_{one:g}"].to_numpy(), ahead[f"upper_{one:g}"].to_numpy()) for one in levels
    ]


def _bounds(
    run: DailyRun, scale: Scale, horizon: int, levels: Sequence[float]
) -> tuple[Array, list[tuple[Array, Array]]]:
    line = run.ahead(horizon)
    widths = run.widths(horizon, levels)
    return scale.leave(line), [(scale.leave(line - w), scale.leave(line + w)) for w in widths]


def _of_regime(series: OneSeries, start: date | None) -> OneSeries:
    """Series from `start` on, or from where its two-week level has stayed within a factor of three of the last one."""
    first = _regime(series.values) if start is None else _on(series, start)
    if start is not None and np.isfinite(series.values[first:]).sum() < FEWEST:
        raise UsageError(
            f"start={start} leaves fewer than {FEWEST} values of {series.name}, which ends on {series.periods[-1]}"
        )
    return replace(series, periods=series.periods[first:], values=series.values[first:])


def _on(series: OneSeries, start: date) -> int:
    return next((i for i, day in enumerate(series.periods) if day >= start), len(series.periods))


def _regime(values: Array) -> int:
    """Index from which the mean of two weeks has stayed near the last one, where levels have a ratio at all."""
    window = _WINDOW
    if len(values) <= window or np.nanmin(values) < 0:
        return 0
    known = np.isfinite(values)
    sums = np.convolve(np.where(known, values, 0.0), np.ones(window), "valid")
    level = sums / np.maximum(np.convolve(known, np.ones(window), "valid"), 1.0)
    near = (level <= _REGIME * level[-1]) & (level[-1] <= _REGIME * level)
    far = np.flatnonzero(~near)
    first = int(far[-1]) + window if len(far) else 0
    first = min(first, len(values) - window)
    while not known[first]:
        first -= 1
    return first


def _open_days(series: OneSeries, log: bool | str) -> OneSeries:
    """Series without its days without traffic, if they are few and it else has logarithms."""
    shut = series.values == 0
    few = shut.sum() <= _CLOSED * len(shut) and not shut[-_WINDOW:].all()
    if log is False or not few or np.nanmin(series.values) < 0:
        return series
    return replace(series, values=np.where(shut, np.nan, series.values))


def _method(series: OneSeries, run: DailyRun, scale: Scale, closed: int) -> str:
    with_ = [f"{len(run.holidays)} holidays"] if run.holidays else []
    seasons = ", ".join(["the week", *(["the year"] if run.years >= 2 else []), *with_])
    shut = f", {closed} day{'s' * (closed > 1)} without traffic left out" if closed else ""
    origins = len(run.ratios)
    how = f"the errors at {origins} weekly origins" if origins >= 6 else "the model for want of past errors"
    done = f"forecast by daily model of {seasons}{scale.words}, {series.span}{shut}, intervals from {how}"
    return f"{series.done}; {done}" if series.done else done


def _criteria(series: OneSeries, run: DailyRun, scale: Scale) -> dict[str, float]:
    counts = {"observations": float(series.observed), "origins": float(len(run.ratios))}
    return counts | ({"past_error": run.error * scale.size} if len(run.ratios) else {})


def _parameters(run: DailyRun, scale: Scale) -> pl.DataFrame:
    fit = run.fit
    return parameter_table(
        run.design(0).names,
        fit.coefficients * scale.size,
        fit.errors * scale.size,
        normal=True,
        freedom=np.inf,
    )


def _frame(series: OneSeries, parts: dict[str, Array]) -> pl.DataFrame:
    return pl.concat(
        pl.DataFrame(
            {"component": name, "period": series.periods, "value": pl.Series(part, nan_to_null=True)}
        )
        for name, part in parts.items()
    ).with_columns(se=pl.lit(None, pl.Float64))


def _text(heading: str, run: DailyRun, scale: Scale) -> str:
    """Summary in plain text: the effects of weekdays and holidays with their errors."""
    lines = [
        heading,
        f"smoothing constant {run.fit.smoothing:g}, robust standard deviation {run.fit.spread * scale.size:.4g}",
        f"{'':24}{'effect':>12}{'std error':>12}{'z':>9}",
    ]
    for name, estimate, error, z, _ in _parameters(run, scale).iter_rows():
        if not name.startswith(("sin_", "cos_")):
            lines.append(f"{name:24}{estimate:12.4g}{error:12.4g}{z if z is not None else float('nan'):9.2f}")
    return "\n".join(lines)
