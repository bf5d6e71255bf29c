"""Unobserved components of one series: level, slope, season, cycle and irregular, by the Kalman filter."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gbaindicators.errors import UnknownNameError, UsageError
from gbaindicators.forecasting.single.fitted import FittedModel, fitting
from gbaindicators.forecasting.single.one_series import (
    SEASONS,
    OneSeries,
    Scale,
    check_varies,
    one_series,
    scale_of,
)
from gbaindicators.forecasting.single.state_space import SEARCH, Outside, outside, state_space_model

__all__ = ["components_forecast", "unobserved_components"]

Array = NDArray[np.float64]

#: Levels by the names of Harvey (1989) and of statsmodels.
LEVELS: Final = (
    "local level", "local linear trend", "smooth trend", "random walk with drift", "random walk",
    "local linear deterministic trend", "random trend", "deterministic trend", "fixed intercept",
)  # fmt: skip
SEASONALS: Final = ("dummy", "trigonometric")
#: Weeks of a year, and how many harmonics its season in weekly figures has.
_WEEKS, _HARMONICS = 365.25 / 7, 3
#: Cycles last from one and a half to twelve years (Burns and Mitchell 1946).
_CYCLE: Final = (1.5, 12.0)
#: Variances this small beside the largest one are zero.
_EDGE: Final = 1e-6
_PER_YEAR: Final = {"A": 1.0, "S": 2.0, "Q": 4.0, "M": 12.0, "W": _WEEKS, "D": 365.25}


def unobserved_components(
    frame: pl.DataFrame,
    *,
    level: str = "local linear trend",
    seasonal: str | None = "auto",
    cycle: bool = False,
    log: bool | str = "auto",
    regressors: pl.DataFrame | None = None,
) -> FittedModel:
    """Fit an unobserved components model to one series: Harvey's structural time series model.

    The series is the sum of a level that may drift and change its slope, a season that may change its shape, a
    damped stochastic cycle and an irregular [1]_; on logarithms, the product. Variances are estimated by maximum
    likelihood with an exact diffuse start [2]_. Values may be missing between the first and the last.

    Parameters
    ----------
    frame
        Series frame with one series.
    level
        ``"local level"``, ``"local linear trend"``, ``"smooth trend"`` (a trend whose level has no variance of its
        own), ``"random walk with drift"``, ``"random walk"``, ``"local linear deterministic trend"``,
        ``"random trend"``, ``"deterministic trend"`` or ``"fixed intercept"``.
    seasonal
        ``"dummy"`` (seasonal figures that sum to noise), ``"trigonometric"``, None, or ``"auto"``: dummy where
        there are two whole seasons of 2 half-years, 4 quarters, 12 months or 7 days, trigonometric with three
        harmonics over two years of weeks.
    cycle
        Whether there is a cycle of one and a half to twelve years.
    log
        Whether to model logarithms; ``"auto"`` does so where all values are positive and no percentages.
    regressors
        Series frame of external regressors of the same frequency, matched by date. They must cover every period
        of the series, and the horizon when it is forecast.

    Returns
    -------
    FittedModel
        With ``components``: level, slope, seasonal, cycle, regression and irregular, as far as the model has
        them, given all data (smoothed), with standard errors.

    Raises
    ------
    SeriesTooShortError
        There are fewer than four values.
    UnknownNameError
        There is no such level or seasonal.
    UsageError
        The series is constant, or has no season where one is asked for.
    FrameError
        The frame has several series, or a regressor misses a period.
    GbaError
        The estimation breaks down.

    References
    ----------
    .. [1] A. C. Harvey (1989), Forecasting, Structural Time Series Models and the Kalman Filter, Cambridge.
    .. [2] J. Durbin and S. J. Koopman (2012), Time Series Analysis by State Space Methods, 2nd edition, Oxford.

    Examples
    --------
    >>> from datetime import date
    >>> values = [3.0, 5.0, 4.0, 6.0, 5.0, 7.0, 6.0, 8.0, 7.0, 9.0]
    >>> frame = pl.DataFrame({"period": [date(2010 + i, 1, 1) for i in range(10)], "value": values})
    >>> fitted = unobserved_components(frame, level="deterministic trend", log=False)
    >>> fitted.components["component"].unique(maintain_order=True).to_list()
    ['level', 'slope', 'irregular']
    >>> fitted.forecast(2)["value"].round(2).to_list()
    [9.0, 9.55]
    """
    if level not in LEVELS:
        raise UnknownNameError("level", level, LEVELS)
    series = one_series(frame, "an unobserved components model", 4)
    check_varies(series, "an unobserved components model")
    kind = _seasonal(series, seasonal)
    scale = scale_of(series, log)
    more = outside(regressors, series)
    what = f"unobserved components: {', '.join(_parts(level, kind, cycle, more))}"
    with fitting(series, "an unobserved components model") as remarks:
        fit = _estimate(scale.enter(series.values), series.frequency, level, kind, cycle, more)
    names = [n.replace("sigma2.", "variance.") for n in fit.model.param_names]
    if more:
        names = [n for n in names if not n.startswith("beta.")] + more.given.names
    said = f"; the fit warns: {'; '.join(remarks)}" if remarks else ""
    done = f"forecast by {what}{scale.words}, {series.span}{said}"
    return state_space_model(
        fit,
        series,
        scale,
        "components",
        method=f"{series.done}; {done}" if series.done else done,
        names=names,
        powers=[_power(n) for n in fit.model.param_names],
        components=_smoothed(fit, series, scale),
        regressors=more,
    )


def components_forecast(frame: pl.DataFrame, horizon: int, level: Iterable[float] = (80, 95)) -> pl.DataFrame:
    """Forecast one series by a local linear trend with the season it has."""
    return unobserved_components(frame).forecast(horizon, level=level)


def _seasonal(series: OneSeries, seasonal: str | None) -> str | None:
    if seasonal not in (None, "auto", *SEASONALS):
        raise UnknownNameError("seasonal", seasonal, ("auto", *SEASONALS), "or None for no season")
    if seasonal in (None, *SEASONALS):
        if seasonal and series.frequency == "A":
            raise UsageError(f"{series.name} is annual and has no season: use seasonal=None")
        return "trigonometric" if seasonal and series.frequency == "W" else seasonal
    length = _WEEKS if series.frequency == "W" else SEASONS[series.frequency]
    if length == 1 or series.observed < 2 * length:
        return None
    return "trigonometric" if series.frequency == "W" else "dummy"


def _parts(level: str, kind: str | None, cycle: bool, more: Outside | None) -> list[str]:
    parts = [level, *([f"{kind} season"] if kind else []), *(["cycle"] if cycle else [])]
    return parts + ([f"regression on {', '.join(more.given.names)}"] if more else [])


def _estimate(
    y: Array, frequency: str, level: str, kind: str | None, cycle: bool, more: Outside | None
) -> Any:
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    length = _WEEKS if frequency == "W" else SEASONS[frequency]
    harmonics = _HARMONICS if frequency == "W" else int(length) // 2
    waves = [{"period": length, "harmonics": harmonics}] if kind == "trigonometric" else None
    model = UnobservedComponents(
        y,
        level=level,
        seasonal=int(length) if kind == "dummy" else None,
        freq_seasonal=waves,
        cycle=cycle,
        stochastic_cycle=cycle,
        damped_cycle=cycle,
        cycle_period_bounds=tuple(years * _PER_YEAR[frequency] for years in _CYCLE) if cycle else None,
        exog=None if more is None else more.values,
        # the fastest wave of a season of even length has a state that no value ever tells of
        use_exact_diffuse=not (kind == "trigonometric" and 2 * harmonics == length),
    )
    return _maximum(model)


def _maximum(model: Any) -> Any:
    """Maximum likelihood estimates; those on the edge of what is possible have no standard error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tried = [model.fit(start, low_memory=True, **SEARCH) for start in _starts(model)]
        first = max(tried, key=lambda fit: float(fit.llf))
        # A simplex finds its way out of the flat places where the gradient leaves variances at zero.
        rounds = 200 * len(first.params)
        again = model.fit(first.params, method="nm", maxiter=rounds, disp=0, low_memory=True)
    if not (first.mle_retvals["converged"] or again.mle_retvals["converged"]):
        warnings.warn("the search for the maximum likelihood did not converge", UserWarning, stacklevel=2)
    best = dict(zip(model.param_names, (again if again.llf > first.llf else first).params, strict=True))
    edge = _on_edge(model, best)
    with model.fix_params(edge):
        return model.smooth([v for n, v in best.items() if n not in edge], cov_type="approx")


def _starts(model: Any) -> list[Array]:
    """Parameters from which to search: those of statsmodels, with cycles of several lengths, as waves have many peaks."""
    start = np.asarray(model.start_params, dtype=float)
    if "frequency.cycle" not in model.param_names:
        return [start]
    at = model.param_names.index("frequency.cycle")
    low, high = model.cycle_frequency_bound
    return [np.r_[start[:at], wave, start[at + 1 :]] for wave in np.geomspace(low, high, 7)[1:-1]]


def _on_edge(model: Any, estimates: dict[str, float]) -> dict[str, float]:
    """Parameters on the edge of what they may be: variances of zero, the longest and shortest of cycles."""
    variances = {n: v for n, v in estimates.items() if n.startswith("sigma2.")}
    edge = {n: 0.0 for n, v in variances.items() if v < _EDGE * max(variances.values())}
    frequency = estimates.get("frequency.cycle", np.nan)
    for bound in model.cycle_frequency_bound:
        if abs(frequency - bound) < 1e-4 * bound:
            edge["frequency.cycle"] = float(bound)
    return edge


def _power(name: str) -> int:
    """Power of the size of the values in which a parameter of statsmodels is measured."""
    return 2 if name.startswith("sigma2.") else 1 if name.startswith("beta.") else 0


def _smoothed(fit: Any, series: OneSeries, scale: Scale) -> pl.DataFrame:
    """Components given all data, with standard errors, in units of the values (of logarithms on the log scale)."""
    seasonal = fit.seasonal or (fit.freq_seasonal[0] if fit.freq_seasonal else None)
    found = {"level": fit.level, "slope": fit.trend, "seasonal": seasonal, "cycle": fit.cycle}
    pieces, explained = [], np.zeros(len(series.values))
    for name, part in found.items():
        if part is None:
            continue
        value, variance = np.asarray(part.smoothed), np.asarray(part.smoothed_cov)
        pieces.append(
            _piece(name, series, value * scale.size, np.sqrt(np.maximum(variance, 0.0)) * scale.size)
        )
        if name != "slope":
            explained += value
    if fit.model.exog is not None:
        regression = np.asarray(fit.model.exog) @ np.asarray(fit.params)[-fit.model.k_exog :]
        pieces.append(_piece("regression", series, regression * scale.size, None))
        explained += regression
    rest = scale.enter(series.values) - explained
    return pl.concat([*pieces, _piece("irregular", series, rest * scale.size, None)])


def _piece(name: str, series: OneSeries, value: Array, error: Array | None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "component": name,
            "period": series.periods,
            "value": pl.Series(value, nan_to_null=True),
            "se": pl.Series([None] * len(value) if error is None else error, dtype=pl.Float64),
        }
    )
