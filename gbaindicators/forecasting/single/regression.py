"""Regression of one series on time, the calendar and external regressors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gbaindicators.errors import SeriesTooShortError, UnknownNameError, UsageError
from gbaindicators.forecasting.single.calendar_design import Design
from gbaindicators.forecasting.single.daily_calendar import daily_holidays
from gbaindicators.forecasting.single.fitted import FittedModel, Future, fitting, parameter_table
from gbaindicators.forecasting.single.one_series import OneSeries, check_varies, one_series, scale_of
from gbaindicators.forecasting.single.state_space import Outside, outside
from gbaindicators.transforms.frequencies import with_frequency
from gbaindicators.transforms.newey_west import lags_for
from gbaindicators.transforms.seasonal.holidays import holidays_of

__all__ = ["regression", "regression_forecast"]

Array = NDArray[np.float64]

ERRORS: Final = ("HAC", "OLS")
#: Share of an error that a period leaves at most, so that forecasts come back to the line.
_MOST_CARRIED: Final = 0.99
TRADING_DAYS: Final = (True, False, "one")


def regression(
    frame: pl.DataFrame,
    *,
    trend: bool = True,
    season: bool = True,
    trading_days: bool | str = False,
    holidays: str | Sequence[str] | None = None,
    regressors: pl.DataFrame | None = None,
    errors: str = "HAC",
    log: bool | str = "auto",
) -> FittedModel:
    """Regress one series on time, the calendar and other series, by ordinary least squares.

    With ``errors="HAC"`` forecasts carry the last error on, by as much as errors have carried over from one period
    to the next [3]_; with ``"OLS"`` they lie on the regression line.

    Parameters
    ----------
    frame
        Series frame with one series. Periods without a value are left out.
    trend
        Whether there is a straight line in time; its coefficient is the change per period.
    season
        Whether half-years, quarters, months or weekdays have a coefficient each (beside the first of them);
        weeks and days get four waves of the year.
    trading_days
        For quarters and months, the number of each weekday less that of Sundays, and the leap year; ``"one"`` for
        the one coefficient of weekdays against weekends.
    holidays
        Moving holidays: names as of `gba.seasonal_adjust`, ``"auto"`` for those of the area, None for none. For
        days, one coefficient for each day around each holiday. Areas that the catalogue does not know have no
        holidays of their own: name them.
    regressors
        Series frame of external regressors of the same frequency, matched by date. They must cover every period
        of the series, and the horizon when it is forecast.
    errors
        Standard errors: ``"HAC"``, after Newey and West [1]_ with floor(4 (n/100)^(2/9)) lags [2]_ and the
        correction n / (n - k); or ``"OLS"``, for errors that are independent and alike.
    log
        Whether to model logarithms; ``"auto"`` does so where all values are positive and no percentages.

    Returns
    -------
    FittedModel
        With ``components``: trend, season, trading_days, holidays, regressors and irregular. Intervals of the
        forecasts count the variance of the errors and that of the estimates.

    Raises
    ------
    SeriesTooShortError
        There are no more values than regressors, or none in one of the seasons.
    UnknownNameError
        There is no such holiday or kind of standard error.
    UsageError
        The series is constant, its frequency has no trading days, or regressors are multiples of each other.
    FrameError
        The frame has several series, or a regressor misses a period.

    References
    ----------
    .. [1] W. K. Newey and K. D. West (1987), "A simple, positive semi-definite, heteroskedasticity and
       autocorrelation consistent covariance matrix", Econometrica 55(3), 703-708.
    .. [2] W. K. Newey and K. D. West (1994), "Automatic lag selection in covariance matrix estimation", Review
       of Economic Studies 61(4), 631-653.
    .. [3] A. S. Goldberger (1962), "Best linear unbiased prediction in the generalized linear regression model",
       Journal of the American Statistical Association 57(298), 369-375.

    Examples
    --------
    >>> from datetime import date
    >>> sales = [10.0, 14.0, 11.1, 15.1, 12.0, 16.1, 13.0, 16.9]
    >>> halves = [date(2020 + i // 2, 1 + i % 2 * 6, 1) for i in range(8)]
    >>> fitted = regression(pl.DataFrame({"period": halves, "value": sales}), log=False)
    >>> fitted.parameters.select("name", pl.col("estimate").round(2)).rows()
    [('constant', 9.57), ('trend', 0.49), ('second_half', 3.51)]
    >>> fitted.forecast(2)["value"].round(2).to_list()
    [13.97, 17.97]
    """
    if errors not in ERRORS:
        raise UnknownNameError("kind of standard error", errors, ERRORS)
    series = one_series(frame, "a regression")
    check_varies(series, "a regression")
    design = _design(series, trend, season, trading_days, holidays)
    scale, more = scale_of(series, log), outside(regressors, series)
    columns, count = _distinct(design, series), len(series.periods)
    if more is not None:
        columns["regressors"] = dict(zip(more.given.names, more.values.T, strict=True))
    names = list(_flat(columns))
    own = len(names) - (0 if more is None else len(more.sizes))
    x = np.column_stack(list(_flat(columns).values()))
    y = scale.enter(series.values)
    fit, lags = _estimate(series, y, x, names, errors)
    unit = np.full(len(names), scale.size)
    if more is not None:
        unit[own:] /= more.sizes
    spread = float(np.sqrt(fit.ssr / fit.df_resid))
    rest = y - x @ fit.params
    carried = _carried(rest) if errors == "HAC" else 0.0

    def over(future: Future) -> Array:
        given = [] if more is None or future.regressors is None else [future.regressors / more.sizes]
        known = _flat(design.columns(series.periods + future.periods, count))
        return np.column_stack([*(known[name][count:] for name in names[:own]), *given])

    def ahead(future: Future, levels: Sequence[float]) -> tuple[Array, list[tuple[Array, Array]]]:
        from scipy.special import stdtrit

        rows = over(future)
        left = carried ** np.arange(1, len(rows) + 1)
        mean = rows @ fit.params + left * rest[-1]
        estimation = np.einsum("ij,jk,ik->i", rows, fit.cov_params(), rows)
        error = np.sqrt(spread**2 * (1 - left**2) + estimation)
        widths = [stdtrit(fit.df_resid, 0.5 + one / 200) * error for one in levels]
        return scale.leave(mean), [(scale.leave(mean - w), scale.leave(mean + w)) for w in widths]

    def paths(future: Future, draws: int, seed: int) -> Array:
        random = np.random.default_rng(seed)
        estimates = random.multivariate_normal(fit.params, fit.cov_params(), size=draws, method="eigh")
        drawn = estimates @ over(future).T
        error = np.full(draws, rest[-1])
        for period in range(drawn.shape[1]):
            error = carried * error + random.normal(0.0, spread * np.sqrt(1 - carried**2), draws)
            drawn[:, period] += error
        return scale.leave(drawn)

    residuals = rest * scale.size
    return FittedModel(
        series=series,
        model="regression",
        method=_method(series, design, more, scale.words, lags, carried),
        parameters=parameter_table(
            names, fit.params * unit, fit.bse * unit, normal=False, freedom=fit.df_resid
        ),
        criteria=_criteria(fit, scale.size),
        residuals=pl.DataFrame({"period": series.periods, "value": pl.Series(residuals, nan_to_null=True)}),
        components=_components(series, columns, x * fit.params * scale.size, residuals),
        text=lambda: f"{series.name}\n{fit.summary(xname=names, yname=series.unit or 'value')}",
        ahead=ahead,
        paths=paths,
        external=None if more is None else more.given,
    )


def regression_forecast(frame: pl.DataFrame, horizon: int, level: Iterable[float] = (80, 95)) -> pl.DataFrame:
    """Forecast one series by its trend and season, and the moving holidays of its area where some are known."""
    area = frame["area"][0] if "area" in frame.columns else None
    # the areas with a calendar are the same for days and for months
    known = with_frequency(frame)["frequency"][0] in ("M", "Q", "D") and daily_holidays("auto", area)
    return regression(frame, holidays="auto" if known else None).forecast(horizon, level=level)


def _design(
    series: OneSeries,
    trend: bool,
    season: bool,
    trading_days: bool | str,
    holidays: str | Sequence[str] | None,
) -> Design:
    if trading_days not in TRADING_DAYS:
        raise UsageError(f"trading_days is True, False or 'one', not {trading_days!r}")
    if trading_days and series.frequency not in ("M", "Q"):
        raise UsageError(
            f"trading days differ between months and quarters; {series.name} has frequency {series.frequency}: "
            "use trading_days=False"
        )
    meant = daily_holidays if series.frequency == "D" else holidays_of
    named = meant(holidays, series.keys.get("area"))
    if named and series.frequency not in ("M", "Q", "D"):
        raise UsageError(
            f"holidays move between months, quarters or days; {series.name} has frequency {series.frequency}: "
            "use holidays=None"
        )
    return Design(series.frequency, trend, season, trading_days, named)


def _carried(rest: Array) -> float:
    """First-order autocorrelation of the residuals, over pairs of neighbouring periods; none when it is negative."""
    pairs = np.isfinite(rest[1:]) & np.isfinite(rest[:-1])
    before, after = rest[:-1][pairs], rest[1:][pairs]
    squares = float(before @ before)
    return float(np.clip(before @ after / squares, 0.0, _MOST_CARRIED)) if squares > 0 else 0.0


def _distinct(design: Design, series: OneSeries) -> dict[str, dict[str, Array]]:
    """Regressors that vary over the periods with a value: an effect that never came cannot be estimated.

    Raises
    ------
    SeriesTooShortError
        When it is a season that never came.
    """
    known = np.isfinite(series.values)
    groups = design.columns(series.periods, len(series.periods))
    if unseen := [n for n, x in groups["season"].items() if np.ptp(x[known]) == 0]:
        raise SeriesTooShortError(
            f"{series.name} has no value in {', '.join(unseen)}, so no season: use season=False or load a longer span"
        )
    return {
        group: {n: x for n, x in columns.items() if n == "constant" or np.ptp(x[known]) > 0}
        for group, columns in groups.items()
    }


def _flat(groups: Mapping[str, Mapping[str, Array]]) -> dict[str, Array]:
    return {name: x for columns in groups.values() for name, x in columns.items()}


def _estimate(series: OneSeries, y: Array, x: Array, names: Sequence[str], errors: str) -> tuple[Any, int]:
    from statsmodels.regression.linear_model import OLS

    known = np.isfinite(y)
    n, k = int(known.sum()), x.shape[1]
    if n <= k:
        raise SeriesTooShortError(
            f"{series.name} has {n} values, too few for the {k} regressors {', '.join(names)}: leave some out "
            "(season=False, holidays=None) or load a longer span"
        )
    if np.linalg.matrix_rank(x[known] / np.abs(x[known]).max(axis=0)) < k:
        raise UsageError(
            f"the regressors {', '.join(names)} are linear combinations of each other over the span of "
            f"{series.name}: leave out one that says the same as others"
        )
    lags = lags_for(n) if errors == "HAC" else 0
    with fitting(series, "a regression"):
        model = OLS(y[known], x[known])
        if errors == "OLS":
            return model.fit(), lags
        return model.fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}, use_t=True), lags


def _method(
    series: OneSeries, design: Design, more: Outside | None, scale: str, lags: int, carried: float
) -> str:
    seasonal = design.season and series.frequency != "A"
    on = [w for w, there in (("trend", design.trend), ("season", seasonal)) if there]
    on += ["trading days"] if design.trading_days else []
    on += [h.replace("_", " ") for h in design.holidays] + (more.given.names if more else [])
    what = f"regression on {', '.join(on) or 'a constant'}{scale}"
    how = f"Newey-West errors with {lags} lag{'s' * (lags != 1)}" if lags else "errors taken for independent"
    how += f", {carried:.2f} of the last error carried on" if carried else ""
    done = f"forecast by {what}, {series.span}, {how}"
    return f"{series.done}; {done}" if series.done else done


def _criteria(fit: Any, size: float) -> dict[str, float]:
    n, k = int(fit.nobs), len(fit.params) + 1
    likelihood = float(fit.llf) - n * float(np.log(size))
    aic = 2 * k - 2 * likelihood
    return {
        "log_likelihood": likelihood,
        "aic": aic,
        "aicc": aic + 2 * k * (k + 1) / (n - k - 1) if n > k + 1 else float("inf"),
        "bic": k * float(np.log(n)) - 2 * likelihood,
        "r_squared": float(fit.rsquared),
        "observations": float(n),
    }


def _components(
    series: OneSeries, columns: Mapping[str, Mapping[str, Array]], parts: Array, residuals: Array
) -> pl.DataFrame:
    """What each group of regressors adds to the fit, in units of the values (of logarithms on the log scale)."""
    groups: dict[str, Array] = {}
    for i, group in enumerate(g for g, names in columns.items() for _ in names):
        groups[group] = groups.get(group, np.zeros(len(parts))) + parts[:, i]
    groups["irregular"] = residuals
    return pl.concat(
        pl.DataFrame(
            {"component": name, "period": series.periods, "value": pl.Series(value, nan_to_null=True)}
        )
        for name, value in groups.items()
    ).with_columns(se=pl.lit(None, pl.Float64))
