"""Forecast a panel: every model from every origin, combined, with the spread of its errors and its record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gbaindicators.forecasting.panel.combination import combination_members, combined, record_weights
from gbaindicators.forecasting.panel.intervals import Spread, spread_of_errors
from gbaindicators.forecasting.panel.models import model_forecasts
from gbaindicators.forecasting.panel.origins import FEWEST_VALUES, past_origins
from gbaindicators.forecasting.panel.panel import Integers, Matrix, Panel

__all__ = ["PANEL_MODELS", "PanelForecast", "forecast_panel", "on_logarithms"]

#: What each model is, in words.
PANEL_MODELS: Final = {
    "auto": "the weighted middle of dynamic Theta, exponential smoothing, complex exponential smoothing and "
    "autoregressions; without a season also of drifts and simple smoothing, with one of Theta and the value a season before",
    "theta": "Theta",
    "dynamic_theta": "dynamic Theta",
    "ets": "exponential smoothing (ETS)",
    "ces": "complex exponential smoothing",
    "ar": "an autoregression in differences",
    "ar_level": "an autoregression about the mean",
    "ari2": "an autoregression in second differences",
    "ses": "simple exponential smoothing",
    "median_drift": "half the median change",
    "drift": "random walk with drift",
    "naive": "the last value",
    "seasonal_naive": "the value a season before",
}
_AS_THEY_ARE: Final = ("drift", "naive", "seasonal_naive")
#: Logarithms beyond which a number leaves what a float can hold.
_LARGEST: Final = 650.0


@dataclass(frozen=True, slots=True)
class PanelForecast:
    """Forecasts of the series of a panel, in their own units.

    `point` has a row for each series and a column for each step. `skill` is the share of the mean absolute error
    of `rival` that the model saved at the same origins (NaN without any), `origins` their number, and `left_out` names the members of each combination that
    gave no finite forecast.
    """

    point: Matrix
    spread: Spread
    skill: Matrix
    rival: str
    origins: Integers
    left_out: list[list[str]]


def on_logarithms(model: str, *, logarithms: bool) -> bool:
    """Whether a single model works on the logarithms of series that may be taken in logarithms."""
    return logarithms and model not in _AS_THEY_ARE


def rival_of(season: int) -> str:
    """Model that a forecast must beat to be worth making."""
    return "drift" if season == 1 else "seasonal_naive"


def forecast_panel(
    series: Sequence[Matrix], season: int, horizon: int, model: str, *, logarithms: bool
) -> PanelForecast:
    """Forecast series, given in the order of falling length, with one of `PANEL_MODELS`.

    With `logarithms` (positive series that are no percentages) the combination has its members on the log scale,
    and some as they are beside it; single models work on the log scale if `on_logarithms` says so.
    """
    panel = Panel.of(series)
    # Working in units of about each series' largest value (a power of two, so that nothing is rounded) keeps huge
    # and tiny figures alike within a float's range.
    size = np.exp2(np.frexp(np.abs(panel.values).max(axis=0))[1] - 1.0)
    panel = panel.with_values(panel.values / size)
    first = np.abs(panel.values[:FEWEST_VALUES]).sum(axis=0) / np.minimum(panel.lengths, FEWEST_VALUES)
    columns, lengths, place, offsets = _origins(panel, season, horizon)
    members = _members(model, logarithms, season)
    tries = np.full((len(members) + 1, len(series), offsets.shape[1] + 1, horizon), np.nan)
    for on_logs in (False, True):
        names = [name for name, logs in members if logs == on_logs]
        rows = [i for i, (_, logs) in enumerate(members) if logs == on_logs]
        if not on_logs:
            names, rows = [*names, rival_of(season)], [*rows, len(members)]
        if not names:
            continue
        # The zeros after the end of a series have no logarithm, and are put back. Logarithms are taken in terms of the
        # mean of the first values, which every origin knows: not all models are blind to a constant that is added.
        base = (
            panel.with_values(np.log(np.where(panel.inside, panel.values / first, 1.0))) if on_logs else panel
        )
        with np.errstate(all="ignore"):
            ahead = model_forecasts(names, base, columns, lengths, horizon, season)
        if on_logs:
            # What leaves the range of a float is not finite, and counts for nothing.
            ahead = np.where(np.abs(ahead) < _LARGEST, np.exp(np.clip(ahead, -_LARGEST, _LARGEST)), np.nan)
            ahead *= first[columns][:, None]
        for row, forecasts in zip(rows, ahead, strict=True):
            tries[row, columns, place] = forecasts
    return _assemble(panel, season, horizon, size, tries, members, offsets)


def _members(model: str, logarithms: bool, season: int) -> list[tuple[str, bool]]:
    """Names of the models that a forecast takes, and whether each works on logarithms."""
    if model != "auto":
        return [(model, on_logarithms(model, logarithms=logarithms))]
    return combination_members(season, logarithms=logarithms)


def _origins(panel: Panel, season: int, horizon: int) -> tuple[Integers, Integers, Integers, Integers]:
    """Every origin of every series, by falling length: its series, its length, its place; and all offsets.

    The end of a series is the last place; the places before hold its past origins.
    """
    past = [past_origins(int(n), horizon, season) for n in panel.lengths]
    most = max(len(one) for one in past)
    offsets = np.zeros((len(past), most), dtype=np.int64)
    for i, one in enumerate(past):
        offsets[i, : len(one)] = one
    with_end = np.column_stack([offsets, np.full(len(past), -1)])
    series, place = np.nonzero(with_end)
    lengths = panel.lengths[series] - np.maximum(with_end[series, place], 0)
    order = np.argsort(-lengths, kind="stable")
    return series[order], lengths[order], place[order], offsets


def _assemble(
    panel: Panel,
    season: int,
    horizon: int,
    size: Matrix,
    tries: Matrix,
    members: list[tuple[str, bool]],
    offsets: Integers,
) -> PanelForecast:
    """Combine the members and measure the combination at the past origins."""
    actual = _actuals(panel, offsets, horizon)
    past, count = tries[:, :, :-1], len(members)
    weights = record_weights(past[:count] - actual, panel.lengths)[:, :, :, None]
    middle = combined(tries[:count], weights)
    errors = middle[:, :-1] - actual
    point = middle[:, -1]
    # A model that gives nothing finite at the end falls back on the last value, and says so.
    point = np.where(np.isfinite(point), point, panel.last[:, None])
    constant = panel.spread == 0
    point[constant] = panel.last[constant, None]
    errors[constant] = np.where(np.isfinite(errors[constant]), 0.0, np.nan)
    spread = spread_of_errors(panel, season, horizon, offsets, errors)
    spread.deviation[constant] = 0.0
    rival, own = _mean_absolute(past[count] - actual, errors), _mean_absolute(errors, errors)
    with np.errstate(invalid="ignore", divide="ignore"):
        skill = np.where(rival > 0, 1 - own / rival, np.nan)
    left_out = [
        [members[m][0] for m in range(count) if not np.isfinite(tries[m, k, -1]).all()]
        for k in range(len(point))
    ]
    with np.errstate(over="ignore"):
        point = point * size[:, None]
        spread = replace(spread, deviation=spread.deviation * size[:, None])
    return PanelForecast(
        point,
        spread,
        skill,
        rival_of(season),
        (offsets > 0).sum(axis=1),
        left_out,
    )


def _actuals(panel: Panel, offsets: Integers, horizon: int) -> Matrix:
    """What followed each past origin, by series, origin and step, NaN beyond the end."""
    time = panel.lengths[:, None, None] - offsets[:, :, None] + np.arange(horizon)
    known: NDArray[np.bool_] = (time < panel.lengths[:, None, None]) & (offsets > 0)[:, :, None]
    rows = np.minimum(time, len(panel.values) - 1)
    return np.where(known, panel.values[rows, np.arange(len(offsets))[:, None, None]], np.nan)


def _mean_absolute(errors: Matrix, where: Matrix) -> Matrix:
    """Mean absolute error of each series where all are known, NaN where nothing is."""
    known = np.isfinite(where)
    total = np.where(known, np.abs(errors), 0.0).sum(axis=(1, 2))
    count = known.sum(axis=(1, 2))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
