"""`policy_effect`: what a policy did to an area, by comparison with what it would have been without it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace
from datetime import date
from typing import Final, Literal, get_args

import numpy as np
import polars as pl

from gbaindicators.comparison.policy import interrupted, panel_data, placebos, synthetic
from gbaindicators.comparison.policy.areas import Areas, read_areas
from gbaindicators.comparison.policy.estimate import Estimate
from gbaindicators.comparison.policy.predictors import read_predictors
from gbaindicators.comparison.policy.result import PolicyEffect
from gbaindicators.comparison.policy.subsets import CRITERIA, Criterion
from gbaindicators.errors import PolicyWarning, UnknownNameError, UsageError
from gbaindicators.tables.series_frame import FREQUENCY

__all__ = ["policy_effect"]

Method = Literal["panel", "synthetic", "interrupted"]
Placebo = Literal["space", "time"]

#: Below these the answer leans on very little, which the note says.
_FEW_BEFORE: Final = 20
_FEW_AFTER: Final = 4
#: Gap before the policy, in standard deviations of the treated area there, above which a fit is poor.
_POOR: Final = 0.5


def policy_effect(
    frame: pl.DataFrame,
    treated: str,
    start: str | date,
    *,
    method: Method = "panel",
    controls: Sequence[str] | None = None,
    predictors: pl.DataFrame | None = None,
    criterion: Criterion = "aicc",
    log: bool = False,
    placebo: Placebo | Sequence[Placebo] | None = "space",
    lags: int | None = None,
    executor: Executor | None = None,
) -> PolicyEffect:
    """Estimate what a policy did to one area.

    ``"panel"`` regresses the treated area before the policy on a subset of its controls (the best of every size by
    branch and bound, then the size by `criterion`) and takes the prediction after it as the counterfactual.
    ``"synthetic"`` takes the average of the controls, with weights not below zero and one in sum, that was nearest to
    the area before the policy, or with `predictors` those nearest to it in their means, weighted such that the outcomes
    before the policy are nearest. ``"interrupted"`` needs no controls: it goes on with the trend and season before the
    policy and reports the change of level and slope.

    Parameters
    ----------
    frame
        One indicator of several areas in one unit and frequency; for ``"interrupted"`` one series will do.
    treated
        The area with the policy (a name for the series where the frame has no ``area``).
    start
        When the policy began, such as ``"2004-Q1"`` or a date. The period that contains it is the first with it.
    method
        ``"panel"``, ``"synthetic"`` or ``"interrupted"``.
    controls
        Areas that the policy did not touch; by default all others in the frame.
    predictors
        For the synthetic control: a series frame of further indicators of the same areas, of any frequency. Each is
        averaged over its periods that end before the policy; without predictors the outcomes of every such period are
        fitted. Chosen years of the outcome are predictors, too: ``frame.filter(pl.col("period") == date(1980, 1, 1))``
        with an ``indicator`` of their own.
    criterion
        ``"aicc"``, ``"aic"`` or ``"bic"``, for the panel.
    log
        For the interrupted series: fit the logarithm of the figures, so that trend, season and effect are in percent of
        the level and the counterfactual is above zero. ``level_change`` and ``slope_change`` are then logarithms; the
        frame is in the unit of the figures.
    placebo
        Placebo tests: ``"space"`` (each control as if treated), ``"time"`` (earlier dates), both, or None.
    lags
        Newey-West lags of the interrupted series; by default 4 (n/100)^(2/9).
    executor
        Where to run the placebos: threads or processes of `concurrent.futures`, or a Dask cluster's
        ``Client(...).get_executor()``. It changes no digit.

    Returns
    -------
    PolicyEffect
        The effect by period, its test, weights, fit, placebos, and a note on what the data cannot answer. The bounds
        of the panel and of the interrupted series are 95 percent prediction intervals (with controls chosen among 24 in
        44 periods they hold some 85 percent, as the choice is not in them); those of the synthetic control
        are the gaps before the policy, each left out in turn (not with predictors), and null below 19 of these. The mean effect of the panel
        has the variance of Li and Bell: that of the coefficients and that of the effects, both Newey-West.

    Raises
    ------
    UsageError
        The policy date is outside the sample, or an argument cannot be what was meant.
    SeriesTooShortError
        Fewer periods before the policy than the method needs: controls and four for the panel.
    FrameError
        The areas differ in unit, frequency or kind, or lack a value; the message names it.
    UnknownNameError
        An area is not in the frame.

    Warns
    -----
    PolicyWarning
        When figures that are never negative get a counterfactual that is.

    References
    ----------
    Hsiao, Ching and Wan (2012), "A panel data approach for program evaluation: measuring the benefits of political and
    economic integration of Hong Kong with mainland China", Journal of Applied Econometrics 27(5), 705-740; Li and Bell
    (2017), "Estimation of average treatment effects with panel data", Journal of Econometrics 197(1), 65-75; Abadie,
    Diamond and Hainmueller (2010), "Synthetic control methods for comparative case studies", Journal of the American
    Statistical Association 105(490), 493-505; Wagner et al. (2002), "Segmented regression analysis of interrupted time
    series studies", Journal of Clinical Pharmacy and Therapeutics 27(4), 299-309; Newey and West (1987), "A simple,
    positive semi-definite, heteroskedasticity and autocorrelation consistent covariance matrix", Econometrica 55(3).

    Examples
    --------
    >>> years = [date(y, 1, 1) for y in range(2000, 2020)]
    >>> wave = [float(y.year % 7) for y in years]
    >>> policy = [2 * w + y.year % 2 + (5 if y.year >= 2015 else 0) for w, y in zip(wave, years)]
    >>> frame = pl.concat([
    ...     pl.DataFrame({"area": area, "period": years, "value": values})
    ...     for area, values in {"macao": policy, "east": wave, "west": [w * w for w in wave]}.items()
    ... ])
    >>> effect = policy_effect(frame, "macao", "2015", placebo=None)
    >>> round(effect.fit["mean_effect"], 2), effect.weights["control"].to_list()
    (5.12, ['constant', 'east'])
    """
    kinds = _kinds(placebo)
    _check_options(method, criterion, lags, log=log, predictors=predictors is not None)
    areas = read_areas(frame, treated, start, controls, alone=method == "interrupted")
    if predictors is not None:
        needed = [treated, *areas.controls]
        areas = replace(areas, predictors=read_predictors(predictors, needed, areas.start, areas.frequency))
    estimate = _estimated(areas, method, criterion, lags, log=log)
    tests = placebos.run(kinds, areas, method, criterion, executor, log=log)
    fit = _fit(areas, estimate, tests)
    _warn_of_negative(areas, estimate, method)
    return PolicyEffect(
        treated=treated,
        start=areas.start,
        method=method,
        frame=_frame(areas, estimate),
        weights=estimate.weights,
        fit=fit,
        placebos=tests,
        subsets=estimate.subsets,
        predictors=estimate.predictors,
        assumptions=_assumptions(areas, method, log),
        note="; ".join([*estimate.remarks, *_doubts(areas, fit, tests, kinds, method)]),
        heading=f"Effect on {treated} from {areas.text(areas.start)}: {estimate.done}",
    )


def _check_options(method: str, criterion: str, lags: int | None, *, log: bool, predictors: bool) -> None:
    """Check that options are known, and belong to the method."""
    if method not in get_args(Method):
        raise UnknownNameError("method", method, get_args(Method))
    if criterion not in CRITERIA:
        raise UnknownNameError("criterion", criterion, CRITERIA)
    if lags is not None and (not isinstance(lags, int) or lags < 0):
        raise UsageError(f"lags is how many lags the Newey-West errors take, 0 or more, not {lags!r}")
    if predictors and method != "synthetic":
        raise UsageError(f"predictors belong to method='synthetic', not to {method!r}: leave them out")
    if log and method != "interrupted":
        raise UsageError(
            f"log=True belongs to method='interrupted', not to {method!r}: take the logarithms of the frame, "
            "frame.with_columns(pl.col('value').log())"
        )


def _estimated(
    areas: Areas, method: Method, criterion: Criterion, lags: int | None, *, log: bool
) -> Estimate:
    match method:
        case "panel":
            return panel_data.estimate(areas, criterion)
        case "synthetic":
            return synthetic.estimate(areas)
        case _:
            return interrupted.estimate(areas, lags, log=log)


def _assumptions(areas: Areas, method: Method, log: bool) -> tuple[str, ...]:
    match method:
        case "panel":
            return panel_data.ASSUMPTIONS
        case "synthetic":
            return synthetic.ASSUMPTIONS
        case _:
            return interrupted.assumptions(areas, log=log)


def _warn_of_negative(areas: Areas, estimate: Estimate, method: Method) -> None:
    """Warn where figures that are never negative get a counterfactual that is."""
    lowest = int(estimate.fitted.argmin())
    if areas.values.min() < 0 or estimate.fitted[lowest] >= 0:
        return
    mend = "a shorter span"
    if areas.values.min() > 0:
        mend = ("log=True" if method == "interrupted" else "the logarithms of the figures") + f", or {mend}"
    warnings.warn(
        f"{areas.treated} is never below zero, but its counterfactual is {estimate.fitted[lowest]:.4g} in "
        f"{areas.text(areas.periods[lowest])}: an effect against it is no effect; fit {mend}",
        PolicyWarning,
        stacklevel=3,
    )


def _kinds(placebo: Placebo | Sequence[Placebo] | None) -> list[Placebo]:
    kinds = [placebo] if isinstance(placebo, str) else list(placebo or [])
    for kind in kinds:
        if kind not in get_args(Placebo):
            raise UnknownNameError("placebo", kind, get_args(Placebo), "None runs no placebo test.")
    return kinds


def _frame(areas: Areas, estimate: Estimate) -> pl.DataFrame:
    blank = np.full(areas.before, np.nan)
    bounds = {
        "lower_95": np.concatenate([blank, estimate.lower]),
        "upper_95": np.concatenate([blank, estimate.upper]),
    }
    frame = pl.DataFrame(
        {
            "period": areas.periods,
            "actual": areas.values,
            "counterfactual": estimate.fitted,
            "effect": areas.values - estimate.fitted,
            **bounds,
        }
    ).with_columns(pl.col(*bounds).fill_nan(None))
    beside = [
        pl.lit(areas.treated).alias("area"),
        pl.lit(areas.frequency, FREQUENCY).alias("frequency"),
        pl.lit(areas.unit, pl.String).alias("unit"),
        pl.lit(areas.sources, pl.List(pl.String)).alias("sources"),
        pl.lit("E").alias("status"),
        pl.lit(estimate.done).alias("method"),
    ]
    return frame.with_columns(pl.lit(areas.indicator, pl.String).alias("indicator"), *beside)


def _fit(areas: Areas, estimate: Estimate, tests: pl.DataFrame) -> dict[str, float]:
    from scipy import stats

    mean, early, late, ratio = placebos.gaps(areas, estimate.fitted)
    fit: dict[str, float | None] = {
        "pre_periods": float(areas.before),
        "post_periods": float(areas.after),
        "mean_effect": mean,
        "mean_counterfactual": float(estimate.fitted[areas.before :].mean()),
        "pre_rmspe": early,
        "post_rmspe": late,
        "rmspe_ratio": ratio,
        **estimate.fit,
    }
    error = estimate.standard_error
    if error > 0:
        quantile = stats.t.ppf(0.975, estimate.freedom)
        fit |= {
            "standard_error": error,
            "t": mean / error,
            "p_value": float(2 * stats.t.sf(abs(mean / error), estimate.freedom)),
            "detectable": float((quantile + stats.norm.ppf(0.8)) * error),
        }
    for kind in ("space", "time"):
        fit[f"p_{kind}"] = placebos.p_value(ratio, tests, kind)
    return {name: value for name, value in fit.items() if value is not None and np.isfinite(value)}


def _doubts(
    areas: Areas, fit: dict[str, float], tests: pl.DataFrame, kinds: Sequence[str], method: Method
) -> list[str]:
    """Say where the data cannot answer."""
    doubts = []
    if areas.before < _FEW_BEFORE:
        doubts.append(f"only {areas.before} periods before the start")
    if areas.after < _FEW_AFTER:
        doubts.append(f"only {areas.after} period{'s' * (areas.after > 1)} from the start on")
    spread = float(areas.values[: areas.before].std())
    if method != "interrupted" and fit["pre_rmspe"] > _POOR * spread:
        doubts.append(
            f"poor fit before the start: gaps of {fit['pre_rmspe']:.3g} where the area itself varies by {spread:.3g} "
            "(root mean squares); its counterfactual means little"
        )
    if fit.get("p_value", 0.0) > 0.05:
        doubts.append(
            f"low power: the mean effect {fit['mean_effect']:.3g} cannot be told from none (p {fit['p_value']:.2f}); "
            f"only effects beyond {fit['detectable']:.3g} would be found four times in five"
        )
    return [*doubts, *(doubt for kind in kinds if (doubt := _doubt_of_placebos(fit, tests, kind)))]


def _doubt_of_placebos(fit: dict[str, float], tests: pl.DataFrame, kind: str) -> str | None:
    """Say where the placebos of one kind do not bear the effect out, or cannot."""
    count = tests.filter(pl.col("kind") == kind)["ratio"].drop_nulls().len()
    if count == 0:
        return f"no placebo in {kind} can be run: too few areas or periods"
    p, least = fit.get(f"p_{kind}", 0.0), 1 / (count + 1)
    if p > max(0.05, least):
        return f"the effect does not stand out among the placebos in {kind} (p {p:.2f} by the RMSPE ratio)"
    if p > 0.05:
        return f"the effect stands out, but {count} placebos in {kind} cannot give a p below {least:.2f}"
    return None
