"""Seasonal ARIMA models of one series, chosen by the criterion of Akaike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gbaindicators.errors import UsageError
from gbaindicators.forecasting.single.fitted import FittedModel, fitting
from gbaindicators.forecasting.single.one_series import SEASONS, OneSeries, check_varies, one_series, scale_of
from gbaindicators.forecasting.single.state_space import SEARCH, Outside, outside, state_space_model

__all__ = ["arima", "arima_forecast"]

Array = NDArray[np.float64]

_LARGEST: Final = {"p": 5, "q": 5, "seasonal_p": 2, "seasonal_q": 2}
_MOST_MODELS: Final = 94
#: Strength of the season from which it is differenced (Wang, Smith and Hyndman 2006, as used by Hyndman).
_STRONG: Final = 0.64
#: Critical value of the KPSS test of a level at 5 percent (Kwiatkowski and others 1992, table 1).
_KPSS: Final = 0.463
#: Roots of the lag polynomials nearer to the unit circle than this are taken for unit roots.
_NEAREST_ROOT: Final = 1.01


class Order(NamedTuple):
    """Orders of a seasonal ARIMA model, and whether it has a mean (or, once differenced, a drift)."""

    p: int
    d: int
    q: int
    seasonal_p: int
    seasonal_d: int
    seasonal_q: int
    constant: bool

    def words(self, season: int) -> str:
        """As economists write it."""
        text = f"ARIMA({self.p},{self.d},{self.q})"
        if season > 1 and (self.seasonal_p or self.seasonal_d or self.seasonal_q):
            text += f"({self.seasonal_p},{self.seasonal_d},{self.seasonal_q})[{season}]"
        return text + (f" with {'drift' if self.d + self.seasonal_d else 'mean'}" if self.constant else "")


@dataclass(frozen=True, slots=True)
class Choice:
    """What is given of the order, the rest being searched for."""

    order: tuple[int, int, int] | None
    seasonal: tuple[int, int, int] | None
    trend: bool | None


def arima(
    frame: pl.DataFrame,
    *,
    order: str | Sequence[int] = "auto",
    seasonal_order: str | Sequence[int] = "auto",
    log: bool | str = "auto",
    trend: bool | str = "auto",
    regressors: pl.DataFrame | None = None,
) -> FittedModel:
    """Fit a seasonal ARIMA model to one series.

    What is ``"auto"`` is chosen as Hyndman and Khandakar do [1]_: a seasonal difference where the season is
    strong [2]_, differences until the KPSS test takes the rest for stationary, then a stepwise search from four
    models for the smallest AICc, among those with no root near the unit circle. Estimation is by exact maximum
    likelihood in state space form, so values may be missing between the first and the last. A mean, drift or
    regressor enters as a regression with ARIMA errors.

    Parameters
    ----------
    frame
        Series frame with one series. Its season is 2 half-years, 4 quarters, 12 months or 7 days; years and weeks
        have none here.
    order, seasonal_order
        ``(p, d, q)`` and ``(P, D, Q)``, at most 5 and 2 when searched for.
    log
        Whether to model logarithms; ``"auto"`` does so where all values are positive and no percentages.
    trend
        Whether there is a mean or, after one difference, a drift; after two there is none.
    regressors
        Series frame of external regressors of the same frequency, matched by date. They must cover every period
        of the series, and the horizon when it is forecast.

    Returns
    -------
    FittedModel
        Intervals of its forecasts use Student's quantiles with the degrees of freedom that the parameters leave.

    Raises
    ------
    SeriesTooShortError
        There are fewer than four values.
    UsageError
        The series is constant, or an order cannot be what was meant.
    FrameError
        The frame has several series, or a regressor misses a period.
    GbaError
        The estimation breaks down.

    References
    ----------
    .. [1] R. J. Hyndman and Y. Khandakar (2008), "Automatic time series forecasting: the forecast package for R",
       Journal of Statistical Software 27(3).
    .. [2] X. Wang, K. A. Smith and R. J. Hyndman (2006), "Characteristic-based clustering for time series data",
       Data Mining and Knowledge Discovery 13(3), 335-364.

    Examples
    --------
    >>> from datetime import date
    >>> walk = [100.0, 102.0, 101.0, 104.0, 103.0, 106.0, 108.0, 107.0]
    >>> frame = pl.DataFrame({"period": [date(2010 + i, 1, 1) for i in range(8)], "value": walk})
    >>> fitted = arima(frame, order=(0, 1, 0), log=False, trend=True)
    >>> fitted.parameters.select("name", pl.col("estimate").round(3)).rows()
    [('drift', 1.0), ('sigma2', 3.143)]
    >>> fitted.forecast(2)["value"].round(3).to_list()
    [108.0, 109.0]
    """
    series = one_series(frame, "an ARIMA model", 4)
    check_varies(series, "an ARIMA model")
    season = SEASONS[series.frequency]
    choice = Choice(_given(order, "order"), _given(seasonal_order, "seasonal_order"), _trend(trend))
    if choice.seasonal and any(choice.seasonal) and season == 1:
        raise UsageError(
            f"seasonal_order={choice.seasonal} needs a season, and series of frequency {series.frequency} have none here"
        )
    scale = scale_of(series, log)
    y, more = scale.enter(series.values), outside(regressors, series)
    with fitting(series, "an ARIMA model"):
        chosen = _search(y, season, choice, None if more is None else more.values)
    what = chosen.words(season)
    with fitting(series, f"an {what} model") as remarks:
        fit = _estimate(y, chosen, season, more)
    names = _names(fit, chosen, more)
    return state_space_model(
        fit,
        series,
        scale,
        "arima",
        method=_method(series, what + scale.words, more, remarks),
        names=names,
        powers=[
            2 if n == "sigma2" else 0 if n.startswith(("ar.", "ma.", "sar.", "sma.")) else 1 for n in names
        ],
        regressors=more,
        own=(lambda count: _constant(chosen, len(y) + 1, count)) if chosen.constant else None,
    )


def arima_forecast(frame: pl.DataFrame, horizon: int, level: Iterable[float] = (80, 95)) -> pl.DataFrame:
    """Forecast one series by the ARIMA model that `arima` chooses for it."""
    return arima(frame).forecast(horizon, level=level)


def _given(order: str | Sequence[int], which: str) -> tuple[int, int, int] | None:
    if isinstance(order, str) and order == "auto":
        return None
    match list(order):
        case [int(p), int(d), int(q)] if min(p, d, q) >= 0:
            return p, d, q
    raise UsageError(f"{which} is 'auto' or three integers such as (0, 1, 1), not {order!r}")


def _trend(trend: bool | str) -> bool | None:
    if trend not in (True, False, "auto"):
        raise UsageError(f"trend is True, False or 'auto', not {trend!r}")
    return None if isinstance(trend, str) else trend


def _method(series: OneSeries, what: str, more: Outside | None, remarks: Sequence[str]) -> str:
    explained = f" of {', '.join(more.given.names)}" if more else ""
    said = f"; the fit warns: {'; '.join(remarks)}" if remarks else ""
    done = (
        f"forecast by {'regression' + explained + ' with errors ' if more else ''}{what}, {series.span}{said}"
    )
    return f"{series.done}; {done}" if series.done else done


def _model(y: Array, order: Order, season: int, x: Array | None, *, differenced: bool) -> Any:
    """Regression on a constant or a line, and on `x`, with seasonal ARIMA errors."""
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    own = [_constant(order, 1, len(y))] if order.constant else []
    exog = [*own, *([] if x is None else [x])]
    return SARIMAX(
        y,
        exog=np.hstack(exog) if exog else None,
        order=order[:3],
        seasonal_order=(*order[3:6], season if any(order[3:6]) else 0),
        simple_differencing=differenced,
        concentrate_scale=differenced,
    )


def _constant(order: Order, first: int, count: int) -> Array:
    """Regressor of the mean or, after a difference, of the drift, as a column from period `first` on."""
    t = np.arange(first, first + count, dtype=float)
    return (t if order.d + order.seasonal_d else np.ones(count))[:, None]


def _estimate(y: Array, order: Order, season: int, more: Outside | None) -> Any:
    """Maximum likelihood estimates; without gaps those of the differenced series, whose likelihood is the same."""
    x = None if more is None else more.values
    first = _model(y, order, season, x, differenced=True).fit(low_memory=True, **SEARCH)
    estimates = np.append(first.params, first.scale)
    whole = _model(y, order, season, x, differenced=False)
    if np.isfinite(y).all():
        return whole.smooth(estimates, cov_type="approx")
    return whole.fit(start_params=estimates, cov_type="approx", maxiter=SEARCH["maxiter"], disp=0)


def _names(fit: Any, order: Order, more: Outside | None) -> list[str]:
    """Names of the parameters: mean or drift, regressors, then ar.1, ma.1, sar.1, sma.1 and sigma2."""
    own = [("drift" if order.d + order.seasonal_d else "mean")] if order.constant else []
    own += more.given.names if more else []
    orders = [("ar", order.p), ("ma", order.q), ("sar", order.seasonal_p), ("sma", order.seasonal_q)]
    own += [f"{kind}.{i}" for kind, count in orders for i in range(1, count + 1)]
    return [*own, "sigma2"]


def _search(y: Array, season: int, choice: Choice, x: Array | None) -> Order:
    """Order with the smallest AICc that the stepwise search finds, within what is given."""
    if choice.seasonal:
        seasonal_d = choice.seasonal[1]
    else:
        seasonal_d = int(season > 1 and _seasonal_strength(y, season) > _STRONG)
    d = choice.order[1] if choice.order else _differences(y, season, seasonal_d)
    if choice.trend and d + seasonal_d > 1:
        raise UsageError("trend=True needs at most one difference: a constant after two would be a parabola")
    room = _room(y, season, d, seasonal_d)
    tried: dict[Order, float] = {}

    def score(order: Order) -> float:
        if order not in tried:
            tried[order] = _aicc(y, order, season, x) if len(tried) < _MOST_MODELS else np.inf
        return tried[order]

    starts = list(dict.fromkeys(_within(o, choice, room, season) for o in _starts(d, seasonal_d)))
    best = min(starts, key=score)
    while better := next(
        (o for o in _neighbours(best) if _allowed(o, choice, room, season) and score(o) < score(best)), None
    ):
        best = better
    return best


def _starts(d: int, seasonal_d: int) -> Iterator[Order]:
    constant = d + seasonal_d <= 1
    for p, q, seasonal_p, seasonal_q in ((2, 2, 1, 1), (0, 0, 0, 0), (1, 0, 1, 0), (0, 1, 0, 1)):
        yield Order(p, d, q, seasonal_p, seasonal_d, seasonal_q, constant)
    yield Order(0, d, 0, 0, seasonal_d, 0, False)


def _neighbours(order: Order) -> Iterator[Order]:
    for names in (("seasonal_p",), ("seasonal_q",), ("seasonal_p", "seasonal_q"), ("p",), ("q",), ("p", "q")):
        for change in (-1, 1):
            yield order._replace(**{n: getattr(order, n) + change for n in names})
    yield order._replace(constant=not order.constant)


def _room(y: Array, season: int, d: int, seasonal_d: int) -> dict[str, int]:
    """Largest orders that the length of the series bears: a third of what differences leave."""
    left = int(np.isfinite(y).sum()) - d - season * seasonal_d
    short, seasons = max(left // 3, 0), max(left // (3 * season), 0) if season > 1 else 0
    return {n: min(most, seasons if "seasonal" in n else short) for n, most in _LARGEST.items()}


def _within(order: Order, choice: Choice, room: dict[str, int], season: int) -> Order:
    """Nearest order to this one that is allowed."""
    order = order._replace(**{n: min(getattr(order, n), most) for n, most in room.items()})
    if choice.order:
        order = order._replace(p=choice.order[0], q=choice.order[2])
    if choice.seasonal:
        order = order._replace(seasonal_p=choice.seasonal[0], seasonal_q=choice.seasonal[2])
    return order if choice.trend is None else order._replace(constant=choice.trend)


def _allowed(order: Order, choice: Choice, room: dict[str, int], season: int) -> bool:
    if min(order) < 0 or (order.constant and order.d + order.seasonal_d > 1):
        return False
    return _within(order, choice, room, season) == order


def _aicc(y: Array, order: Order, season: int, x: Array | None) -> float:
    """AICc of a model of the differenced series; infinite where it fails or has a root near the unit circle."""
    try:
        model = _model(y, order, season, x, differenced=True)
        fit = model.fit(disp=0, low_memory=True)
    except (np.linalg.LinAlgError, ValueError, IndexError):
        return np.inf
    count = int(np.isfinite(model.endog).sum())
    k = len(fit.params) + 1
    roots = np.concatenate([np.abs(fit.arroots), np.abs(fit.maroots)])
    if not np.isfinite(fit.llf) or count <= k + 1 or (roots < _NEAREST_ROOT).any():
        return np.inf
    return float(2 * k - 2 * fit.llf + 2 * k * (k + 1) / (count - k - 1))


def _filled(y: Array) -> Array:
    """Series with straight lines across its gaps, for the tests that choose differences."""
    known = np.isfinite(y)
    return np.interp(np.arange(len(y)), np.flatnonzero(known), y[known])


def _seasonal_strength(y: Array, season: int) -> float:
    """Share of the detrended variance that the season of an STL decomposition explains."""
    from statsmodels.tsa.seasonal import STL

    if len(y) < 2 * season + 1:
        return 0.0
    # Seasonal figures that do not change, and the trend window that goes with them
    parts = STL(_filled(y), period=season, seasonal=10 * len(y) // season * 2 + 1, seasonal_deg=0).fit()
    rest, both = np.var(parts.resid), np.var(parts.resid + parts.seasonal)
    return max(0.0, 1.0 - float(rest / both)) if both > 0 else 0.0


def _differences(y: Array, season: int, seasonal_d: int) -> int:
    """How many differences, at most two, until the KPSS test no longer rejects a level."""
    z = _filled(y)
    if seasonal_d:
        z = z[season:] - z[:-season]
    for d in range(2):
        if len(z) < 4 or np.ptp(z) <= 1e-9 * np.abs(z).max() or _kpss(z) <= _KPSS:
            return d
        z = np.diff(z)
    return 2


def _kpss(z: Array) -> float:
    """KPSS statistic of a level, with a Bartlett window of 3 sqrt(n) / 13 lags."""
    from statsmodels.tsa.stattools import kpss

    return float(kpss(z, regression="c", nlags=int(3 * np.sqrt(len(z)) / 13))[0])
