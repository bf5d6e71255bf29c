"""Beta convergence: do poorer areas grow faster?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal

import numpy as np
import polars as pl

from gbaindicators.catalog import Period, parse_period
from gbaindicators.comparison.cross_sections import Floats, Panel, provenance, read_panel
from gbaindicators.errors import FrameError, SeriesTooShortError, UnknownNameError, UsageError
from gbaindicators.tables.series_frame import append_method, check_series_frame, combine_status

__all__ = ["at_both_ends", "convergence"]

Robust = Literal["HC0", "HC1", "HC2", "HC3"]
_INITIAL: Final = "initial"
#: Below so many areas a regression over them says little, whatever its errors.
_FEW: Final = 30
_SPEED: Final = ("speed", "speed_se", "half_life")


def convergence(
    frame: pl.DataFrame,
    start: str,
    end: str,
    *,
    controls: Mapping[str, pl.DataFrame] | None = None,
    without: Sequence[str] | Literal["each"] = (),
    robust: Robust = "HC3",
) -> pl.DataFrame:
    """Regress average growth on the initial level: absolute beta convergence, or conditional on controls.

    Over `T` years the least squares line is ``ln(y_end / y_start) / T = a + b * ln(y_start) + controls``. A negative
    `b` means convergence; the speed that it implies is ``-ln(1 + b * T) / T`` a year, and the half-life of the gap
    ``ln(2) / speed`` years. Errors are robust to heteroskedasticity, and p takes Student's t.

    Parameters
    ----------
    frame
        Series frame of one indicator over areas, such as real GDP per head, in one unit.
    start, end
        The two periods as SDMX text (``2005``, ``2023``).
    controls
        What the areas' long-run levels depend on, by name: series frames over the same areas with a value in
        `start`.
    without
        Areas to leave out in a second regression, or ``"each"`` for one regression without each area in turn,
        which shows how much hangs on a single one.
    robust
        Heteroskedasticity-consistent covariance matrix; HC3 is the safest for few areas.

    Returns
    -------
    polars.DataFrame
        One row for each regression and term (``initial``, then the controls): ``without`` (the areas left out),
        ``term``, ``estimate``, ``se``, ``t``, ``p``, ``speed`` (a year), ``speed_se`` (delta method), ``half_life``
        (years), ``r2``, ``areas`` (how many), ``period`` (that of `end`), ``sources``, ``status`` (B where a
        series breaks between the two) and ``vintage`` where the frame has them, ``method``, and ``note``: what the result cannot carry. ``speed`` is null where
        the estimate implies none, ``half_life`` where there is no convergence.

    Raises
    ------
    FrameError
        When an area lacks a value in either period or a control, a value is not positive, or units are mixed.
    SeriesTooShortError
        When there are no more areas than coefficients and one.
    UsageError
        When `end` does not lie after `start`, or the regressors are collinear.
    UnknownNameError
        When an area of `without` is not in the frame.

    References
    ----------
    Barro, R. and X. Sala-i-Martin (1992), "Convergence", Journal of Political Economy 100(2). MacKinnon, J. and
    H. White (1985), "Some Heteroskedasticity-Consistent Covariance Matrix Estimators", Journal of Econometrics 29(3).

    Examples
    --------
    >>> from datetime import date
    >>> heads = pl.DataFrame({
    ...     "area": ["a", "b", "c", "d"] * 2,
    ...     "period": [date(2010, 1, 1)] * 4 + [date(2020, 1, 1)] * 4,
    ...     "value": [1.0, 2.0, 4.0, 8.0, 2.0, 3.0, 4.2, 5.6],
    ... })
    >>> convergence(heads, "2010", "2020").select(pl.col("estimate", "speed", "half_life").round(4)).row(0)
    (-0.0506, 0.0705, 9.8323)
    """
    panel, years = at_both_ends(frame, start, end, "convergence")
    given = dict(controls or {})
    if _INITIAL in given:
        raise UsageError("a control is named 'initial', which is the name of the initial level: rename it")
    logs = np.log(panel.values)
    growth = (logs[:, 1] - logs[:, 0]) / years
    columns = [np.ones_like(growth), logs[:, 0], *(_control(f, n, panel, start) for n, f in given.items())]
    design = np.column_stack(columns)
    terms = [_INITIAL, *given]
    rows = [
        row
        for out in [[], *_left_out(panel.areas, without)]
        for row in _regression(growth, design, panel.areas, out, terms, years, robust)
    ]
    result = pl.DataFrame(
        rows, schema_overrides={"without": pl.List(pl.String), "note": pl.String}, infer_schema_length=None
    )
    inputs = pl.concat([panel.rows, *(_at_start(f, start) for f in given.values())], how="diagonal_relaxed")
    made = provenance(inputs)
    result = result.with_columns(pl.lit(panel.rows["period"][1]).alias("period")).join(made, how="cross")
    kind = f"given {', '.join(given)}" if given else "absolute"
    result = append_method(result, f"beta convergence ({kind}), {start} to {end}, {robust} errors")
    return result.select(*(c for c in result.columns if c not in ("method", "note")), "method", "note")


def at_both_ends(frame: pl.DataFrame, start: str, end: str, doing: str) -> tuple[Panel, float]:
    """Panel of the two periods, complete, and the years between them.

    Raises
    ------
    UsageError
        When `end` does not lie after `start`, or an area lacks a value in one of them.
    """
    first, last = _period(start), _period(end)
    if last.start <= first.start:
        raise UsageError(f"the end {end!r} must lie after the start {start!r}")
    frame = check_series_frame(frame, "area")
    panel = read_panel(frame.filter(pl.col("period").is_in([first.start, last.start])), doing)
    found = panel.rows["period"].to_list()
    for text, period in ((start, first), (end, last)):
        if period.start not in found:
            raise UsageError(
                f"the frame has no value in {text}: take another period, or load more of the series"
            )
    for text, note in zip((start, end), panel.rows["note"], strict=True):
        if note is not None:
            raise UsageError(f"{doing} has {note} in {text}: filter these areas out, or take another period")
    rows = _mark_breaks(panel.rows, frame, first, last)
    return replace(panel, rows=rows), (last.start - first.start).days / 365.25


def _mark_breaks(rows: pl.DataFrame, frame: pl.DataFrame, first: Period, last: Period) -> pl.DataFrame:
    """Give status B (or worse) to the later period when a series breaks on the way to it."""
    if "status" not in frame.columns:
        return rows
    on_the_way = pl.col("period").is_between(first.start, last.start, closed="right")
    broken = frame.filter(on_the_way, pl.col("status") == "B").height > 0
    worst = combine_status([pl.col("status"), pl.lit("B")])
    return rows.with_columns(
        pl.when(broken & (pl.col("period") == last.start)).then(worst).otherwise("status").alias("status")
    )


def _period(text: str) -> Period:
    return parse_period(str(text))


def _control(frame: pl.DataFrame, name: str, panel: Panel, start: str) -> Floats:
    """Values of a control in the order of the areas."""
    at = frame.filter(pl.col("period") == _period(start).start).select(
        "area", pl.col("value").cast(pl.Float64)
    )
    if at["area"].is_duplicated().any():
        raise FrameError(
            f"the control {name!r} has two values of an area in {start}: filter it to one series"
        )
    known = dict(at.drop_nulls().iter_rows())
    if lacking := [a for a in panel.areas if a not in known]:
        raise FrameError(
            f"the control {name!r} has no value of {', '.join(lacking)} in {start}: add it, or filter these areas out"
        )
    return np.array([known[a] for a in panel.areas])


def _at_start(frame: pl.DataFrame, start: str) -> pl.DataFrame:
    rows = frame.filter(pl.col("period") == _period(start).start)
    return rows.select(c for c in ("sources", "status", "vintage") if c in rows.columns)


def _left_out(areas: list[str], without: Sequence[str] | Literal["each"]) -> list[list[str]]:
    if isinstance(without, str):
        if without == "each":
            return [[a] for a in areas]
        without = [without]
    for area in without:
        if area not in areas:
            raise UnknownNameError("area", area, areas, "Areas to leave out must be in the frame.")
    return [list(without)] if without else []


def _regression(
    growth: Floats,
    design: Floats,
    areas: list[str],
    out: list[str],
    terms: list[str],
    years: float,
    robust: Robust,
) -> list[dict[str, object]]:
    """Rows of one regression, without the areas in `out`."""
    from statsmodels.regression.linear_model import OLS

    kept = np.array([a not in out for a in areas])
    x, y = design[kept], growth[kept]
    n, k = x.shape
    if n < k + 2:
        raise SeriesTooShortError(
            f"{n} areas are too few for a regression with {k} coefficients: it needs {k + 2}; add areas or drop controls"
        )
    if np.linalg.matrix_rank(x - [0.0, *x[:, 1:].mean(axis=0)]) < k:
        raise UsageError(
            "the regressors are collinear: the initial level or a control is constant, or one is a combination of "
            "the others; drop it"
        )
    fit = OLS(y, x).fit(cov_type=robust, use_t=True)
    rows: list[dict[str, object]] = []
    for i, term in enumerate(terms, start=1):
        estimate, se = float(fit.params[i]), float(fit.bse[i])
        row: dict[str, object] = {
            "without": out, "term": term, "estimate": estimate, "se": se, "t": float(fit.tvalues[i]),
            "p": float(fit.pvalues[i]),
        }  # fmt: skip
        row |= _speed(estimate, se, years) if term == _INITIAL else dict.fromkeys(_SPEED)
        rows.append({**row, "r2": float(fit.rsquared), "areas": n, "note": _note(n, term, estimate, years)})
    return rows


def _speed(estimate: float, se: float, years: float) -> dict[str, float | None]:
    """Speed a year that a coefficient implies, its error and the half-life in years."""
    left = 1 + estimate * years  # the share of the initial gap that is left at the end
    if left <= 0:
        return dict.fromkeys(_SPEED)
    speed = -float(np.log(left)) / years
    half_life = float(np.log(2)) / speed if speed > 0 else None
    return dict(zip(_SPEED, (speed, se / left, half_life), strict=True))


def _note(n: int, term: str, estimate: float, years: float) -> str | None:
    notes = []
    if n < _FEW:
        notes.append(f"{n} areas are few: the errors are uncertain and single areas weigh much")
    if term == _INITIAL and 1 + estimate * years <= 0:
        notes.append("the estimate implies that the order of areas is reversed, which has no speed")
    if term == _INITIAL and estimate >= 0:
        notes.append("no convergence: richer areas did not grow more slowly")
    return "; ".join(notes) or None
