"""Placebo tests: the same method where there was no policy, in other areas or at earlier dates."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gbaindicators.comparison.policy import interrupted, panel_data, synthetic
from gbaindicators.comparison.policy.areas import Areas
from gbaindicators.comparison.policy.predictors import Predictors
from gbaindicators.comparison.policy.subsets import Criterion
from gbaindicators.transforms.spreading import results

__all__ = ["gaps", "in_space", "in_time", "p_value", "run"]

#: Earlier dates to try, evenly over the second half of the time before the policy.
_DATES: Final = 10
#: Controls that a control needs when it takes the place of the treated area.
_LEFT: Final = {"panel": 1, "synthetic": 2, "interrupted": 0}
#: Periods from a placebo date to the policy.
_FEWEST_AFTER: Final = {"panel": 2, "synthetic": 2, "interrupted": interrupted.FEWEST}


class _Task(NamedTuple):
    kind: str
    areas: Areas
    method: str
    criterion: Criterion
    log: bool


def in_space(areas: Areas, method: str) -> list[Areas]:
    """Put each control in the place of the treated area, which is left out of their controls."""
    if len(areas.controls) - 1 < _LEFT[method]:
        return []
    return [
        replace(
            areas,
            treated=name,
            controls=[c for c in areas.controls if c != name],
            values=areas.others[:, i],
            others=np.delete(areas.others, i, axis=1),
            predictors=_in_place_of(areas.predictors, i + 1, len(areas.controls) + 1),
        )
        for i, name in enumerate(areas.controls)
    ]


def _in_place_of(predictors: Predictors | None, place: int, count: int) -> Predictors | None:
    """Predictors with another area first, and the treated one left out."""
    if predictors is None:
        return None
    return predictors.of([place, *(j for j in range(1, count) if j != place)])


def in_time(areas: Areas, method: str) -> list[Areas]:
    """Begin the policy at earlier dates and end the sample where it really began."""
    least = {
        "panel": len(areas.controls) + panel_data.SPARE,
        "synthetic": synthetic.FEWEST_BEFORE,
        "interrupted": areas.seasons + interrupted.FEWEST + 1,
    }[method]
    first, last = max(areas.before // 2, least), areas.before - _FEWEST_AFTER[method]
    if first > last:
        return []
    dates = sorted({round(d) for d in np.linspace(first, last, _DATES)})
    if areas.predictors is not None:
        dates = [d for d in dates if areas.predictors.known_before(areas.periods[d])]
    end = areas.before
    return [
        replace(
            areas,
            periods=areas.periods[:end],
            values=areas.values[:end],
            others=areas.others[:end],
            before=d,
            start=areas.periods[d],
        )
        for d in dates
    ]


def run(
    kinds: Sequence[str],
    areas: Areas,
    method: str,
    criterion: Criterion,
    executor: Executor | None,
    *,
    log: bool = False,
) -> pl.DataFrame:
    """Run the placebo tests.

    Returns
    -------
    pl.DataFrame
        ``kind`` (space or time), ``unit``, ``start``, ``mean_effect``, ``pre_rmspe``, ``post_rmspe`` and their
        ``ratio`` (null where the fit before is perfect).
    """
    pretended = {"space": in_space, "time": in_time}
    tasks = [
        _Task(kind, one, method, criterion, log) for kind in kinds for one in pretended[kind](areas, method)
    ]
    names = [
        f"placebo in {one.kind}, {one.areas.treated} from {one.areas.text(one.areas.start)}" for one in tasks
    ]
    rows = results(_placebo, tasks, names, executor)
    schema = {
        "kind": pl.String,
        "unit": pl.String,
        "start": pl.Date,
        "mean_effect": pl.Float64,
        "pre_rmspe": pl.Float64,
        "post_rmspe": pl.Float64,
        "ratio": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _placebo(task: _Task) -> tuple[object, ...]:
    areas = task.areas
    match task.method:
        case "panel":
            fitted = panel_data.counterfactual(areas, task.criterion)
        case "synthetic":
            fitted = synthetic.counterfactual(areas)
        case _:
            fitted = interrupted.counterfactual(areas, log=task.log)
    return (task.kind, areas.treated, areas.start, *gaps(areas, fitted))


def gaps(areas: Areas, fitted: NDArray[np.float64]) -> tuple[float, float, float, float | None]:
    """Mean effect, root mean squared gap before and after the start, and the ratio of the two."""
    gap = areas.values - fitted
    early, late = (float(np.sqrt((g**2).mean())) for g in (gap[: areas.before], gap[areas.before :]))
    exact = early <= 1e-9 * float(np.abs(areas.values).max())
    return float(gap[areas.before :].mean()), early, late, None if exact else late / early


def p_value(ratio: float | None, placebos: pl.DataFrame, kind: str) -> float | None:
    """Share of the treated area and its placebos with a ratio as large as that of the treated area."""
    others = placebos.filter(pl.col("kind") == kind)["ratio"].drop_nulls()
    if ratio is None or others.is_empty():
        return None
    # equal up to rounding counts as equal
    return (1 + int((others >= ratio * (1 - 1e-12)).sum())) / (1 + len(others))
