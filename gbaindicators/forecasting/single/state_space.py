"""What ARIMA and components share: a state space model of statsmodels, estimated, as a `FittedModel`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gbaindicators.errors import SeriesTooShortError
from gbaindicators.forecasting.single.external import External, external
from gbaindicators.forecasting.single.fitted import FittedModel, Future, parameter_table
from gbaindicators.forecasting.single.one_series import OneSeries, Scale, thousands

__all__ = ["SEARCH", "Outside", "outside", "state_space_model"]

Array = NDArray[np.float64]

#: Settings of the search for the maximum of the likelihood, finer than the defaults of statsmodels.
SEARCH: Final = {"maxiter": 500, "pgtol": 1e-6, "factr": 1e4, "disp": 0}


class Outside:
    """External regressors of one series, in units that keep them between 1 and 1000."""

    def __init__(self, given: External, series: OneSeries) -> None:
        self.given = given
        values = given.over(series.periods, f"the model of {series.name}")
        self.sizes = np.array([thousands(column) for column in values.T])
        self.values = values / self.sizes


def outside(regressors: pl.DataFrame | None, series: OneSeries) -> Outside | None:
    """Read the external regressors of a series, if there are any."""
    return None if regressors is None else Outside(external(regressors, series.frequency), series)


def state_space_model(
    fit: Any,
    series: OneSeries,
    scale: Scale,
    model: str,
    method: str,
    *,
    names: Sequence[str],
    powers: Sequence[int],
    components: pl.DataFrame | None = None,
    regressors: Outside | None = None,
    own: Callable[[int], Array] | None = None,
) -> FittedModel:
    """Wrap an estimated state space model.

    Parameters
    ----------
    fit
        Results of statsmodels.
    names, powers
        Readable name of each parameter, and the power of the size of the values in which it is measured: 2 for a
        variance, 1 for a coefficient of a regressor, 0 for a coefficient of the series itself.
    regressors
        The external regressors, whose coefficients come last among those of power 1.
    own
        Gives the regressors of the model itself (periods, regressors) for so many periods ahead; they come first.
    """
    count = int(fit.nobs_effective) - int(fit.nobs_diffuse) - (len(series.values) - series.observed)
    freedom = count - len(fit.params)
    if freedom < 1:
        raise SeriesTooShortError(
            f"{series.name} has {series.observed} values, too few for a model with {len(fit.params)} parameters: take "
            "a simpler model or load a longer span"
        )
    unit = scale.size ** np.array(powers, dtype=float)
    if regressors is not None:
        first = len(powers) - powers[::-1].index(1) - len(regressors.sizes)
        unit[first : first + len(regressors.sizes)] /= regressors.sizes
    # The estimated variance divides by the number of observations; as in a regression, parameters cost some.
    stretch = np.sqrt(count / freedom)

    def exog(future: Future) -> Array | None:
        parts = [own(len(future.periods))] if own else []
        if regressors is not None and future.regressors is not None:
            parts.append(future.regressors / regressors.sizes)
        return np.hstack(parts) if parts else None

    def ahead(future: Future, levels: Sequence[float]) -> tuple[Array, list[tuple[Array, Array]]]:
        from scipy.special import stdtrit

        found = fit.get_forecast(len(future.periods), exog=exog(future))
        mean, error = np.asarray(found.predicted_mean), np.asarray(found.se_mean) * stretch
        widths = [stdtrit(freedom, 0.5 + one / 200) * error for one in levels]
        return scale.leave(mean), [(scale.leave(mean - w), scale.leave(mean + w)) for w in widths]

    def paths(future: Future, count: int, seed: int) -> Array:
        drawn = fit.simulate(
            len(future.periods),
            anchor="end",
            repetitions=count,
            rng=np.random.default_rng(seed),
            exog=exog(future),
        )
        return scale.leave(np.asarray(drawn).reshape(len(future.periods), count).T)

    return FittedModel(
        series=series,
        model=model,
        method=method,
        parameters=parameter_table(
            names, np.asarray(fit.params) * unit, np.asarray(fit.bse) * unit, normal=True, freedom=freedom
        ),
        criteria=_criteria(fit, count, scale),
        residuals=_residuals(fit, series, scale),
        components=components,
        text=lambda: f"{_heading(fit, series, scale, names, powers)}\n{fit.summary()}",
        ahead=ahead,
        paths=paths,
        external=None if regressors is None else regressors.given,
    )


def _heading(fit: Any, series: OneSeries, scale: Scale, names: Sequence[str], powers: Sequence[int]) -> str:
    """What is modelled in which unit, and the names of the regressors that statsmodels calls x1, x2, ..."""
    unit = f"{'log of ' if scale.log else ''}{series.unit or 'value'}"
    size = f" in units of {scale.size:g}" if scale.size != 1 else ""
    named = [f"{s} is {n}" for s, n, k in zip(fit.model.param_names, names, powers, strict=True) if k == 1]
    return "; ".join([f"{series.name}: {unit}{size}", *named])


def _criteria(fit: Any, count: int, scale: Scale) -> dict[str, float]:
    k = len(fit.params)
    # Of values that only tell where the series starts, none counts: so do R's arima, KFAS and the book of Durbin
    # and Koopman.
    likelihood = float(fit.llf) + fit.nobs_diffuse * np.log(2 * np.pi) / 2 - count * np.log(scale.size)
    aic = 2 * k - 2 * likelihood
    corrected = aic + 2 * k * (k + 1) / (count - k - 1) if count > k + 1 else float("inf")
    bic = k * float(np.log(count)) - 2 * likelihood
    return {
        "log_likelihood": float(likelihood),
        "aic": float(aic),
        "aicc": float(corrected),
        "bic": float(bic),
        "observations": float(count),
    }


def _residuals(fit: Any, series: OneSeries, scale: Scale) -> pl.DataFrame:
    """One-step errors; those of the periods that only find out where the series starts are none."""
    errors = np.array(fit.resid, dtype=float) * scale.size
    errors[: int(max(fit.loglikelihood_burn, fit.nobs_diffuse))] = np.nan
    return pl.DataFrame({"period": series.periods, "value": pl.Series(errors, nan_to_null=True)})
