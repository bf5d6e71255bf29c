"""The result of a policy evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

__all__ = ["PolicyEffect"]


@dataclass(frozen=True, slots=True)
class PolicyEffect:
    """What a policy did to one area, by one method.

    Attributes
    ----------
    treated, start, method
        The area, the first period with the policy, and ``"panel"``, ``"synthetic"`` or ``"interrupted"``.
    frame
        ``period, actual, counterfactual, effect, lower_95, upper_95``, in the unit of the figures. Before the start
        the counterfactual is the fit, the effect its gap, and the bounds of the effect are null. ``area``,
        ``indicator``, ``frequency``, ``unit``, ``sources``, ``status`` E and ``method`` stand beside them.
    weights
        ``control, weight``: coefficients of the chosen controls (constant first) with ``std_error`` and ``t``; or
        convex weights; or the terms of the interrupted series.
    fit
        By name: ``pre_periods``, ``post_periods``, ``mean_effect`` (and ``mean_counterfactual`` after the start),
        ``pre_rmspe``, ``post_rmspe``, ``rmspe_ratio``, ``r2``; ``standard_error``, ``t``, ``p_value`` and
        ``detectable`` (the mean effect that a 5 percent test finds four times in five) of the mean effect where the
        method has them; ``aicc``, ``aic``, ``bic`` of the panel; ``level_change`` and ``slope_change`` of the
        interrupted series; ``p_space`` and ``p_time``: rank of the RMSPE ratio among the placebos.
    placebos
        ``kind, unit, start, mean_effect, pre_rmspe, post_rmspe, ratio``: one row for each placebo.
    subsets
        Best subset of every size, with its criteria, for the panel; else None.
    predictors
        ``predictor, weight, treated, synthetic, controls``: the weight of each predictor in the search, its mean before
        the policy in the treated area, in the synthetic control and over the controls; None without predictors.
    assumptions
        What has to hold for the effect to be the policy's.
    note
        Where the data cannot answer, and why; empty when nothing speaks against the answer.
    """

    treated: str
    start: date
    method: str
    frame: pl.DataFrame
    weights: pl.DataFrame
    fit: Mapping[str, float]
    placebos: pl.DataFrame
    subsets: pl.DataFrame | None
    predictors: pl.DataFrame | None
    assumptions: tuple[str, ...]
    note: str
    heading: str = field(repr=False)

    def summary(self) -> str:
        """Write the result, what it assumes and what speaks against it, as text."""
        fit = self.fit
        lines = [
            self.heading,
            f"  {fit['pre_periods']:.0f} periods before, {fit['post_periods']:.0f} from the start on",
            f"  mean effect {fit['mean_effect']:.6g} (actual {fit['mean_effect'] + fit['mean_counterfactual']:.6g}, "
            f"counterfactual {fit['mean_counterfactual']:.6g})",
        ]
        if "standard_error" in fit:
            lines.append(
                f"  standard error {fit['standard_error']:.4g}, t {fit['t']:.2f}, p {fit['p_value']:.4f}; effects below "
                f"{fit['detectable']:.4g} would mostly go unnoticed"
            )
        if "level_change" in fit:
            lines.append(
                f"  level change {fit['level_change']:.6g} (se {fit['level_change_error']:.4g}), slope change "
                f"{fit['slope_change']:.6g} a period (se {fit['slope_change_error']:.4g})"
            )
        lines.append(
            f"  RMSPE {fit['pre_rmspe']:.4g} before, {fit['post_rmspe']:.4g} after"
            + (f", ratio {fit['rmspe_ratio']:.2f}" if "rmspe_ratio" in fit else "")
            + (f"; R2 {fit['r2']:.4f}" if "r2" in fit else "")
        )
        for kind, other in (("space", "areas"), ("time", "dates")):
            if f"p_{kind}" in fit:
                count = self.placebos.filter(pl.col("kind") == kind).height
                lines.append(f"  placebo in {kind}: p {fit[f'p_{kind}']:.4f} among {count} other {other}")
        lines.append("Weights" if self.method != "interrupted" else "Terms")
        shown = self.weights.filter(pl.col("weight").abs() > 1e-9)
        lines += [f"  {name:<24} {weight: .6g}" for name, weight in shown.select("control", "weight").rows()]
        if self.predictors is not None:
            lines.append("Predictors before the policy (weight; treated, synthetic, mean of the controls)")
            lines += [
                f"  {name:<24} {weight:.3f}; {treated:.6g}, {synthetic:.6g}, {controls:.6g}"
                for name, weight, treated, synthetic, controls in self.predictors.rows()
            ]
        lines += ["Assumes that", *(f"  - {one}" for one in self.assumptions)]
        lines += ["Note", f"  {self.note}"] if self.note else []
        return "\n".join(lines)
