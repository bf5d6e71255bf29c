"""Make forecasts of areas and of their totals add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gbaindicators.catalog import catalog
from gbaindicators.errors import UnknownNameError, UsageError
from gbaindicators.forecasting.coherence.base_forecasts import levels_of, lined_up, read_forecasts
from gbaindicators.forecasting.coherence.hierarchy import Hierarchy, catalog_members, hierarchies
from gbaindicators.forecasting.coherence.past_errors import PastErrors, past_errors, read_past
from gbaindicators.forecasting.coherence.projection import (
    ErrorMatrix,
    least_squares,
    reconciled_widths,
    top_down,
    weighting,
)
from gbaindicators.tables.series_frame import append_method, one_unit, series_keys

__all__ = ["reconcile"]

Matrix = NDArray[np.float64]

_METHODS: Final = {
    "bottom_up": "bottom-up",
    "top_down": "top-down by forecast proportions",
    "ols": "by least squares",
    "wls_struct": "by least squares weighted by numbers of members",
    "wls_var": "by least squares weighted by error variances",
    "mint": "by MinT",
}
_NEEDS_ERRORS: Final = ("wls_var", "mint")
_UNTOUCHED: Final = "part of no total, so not reconciled"
#: Columns in which forecasts that are reconciled together may differ.
_WITHIN: Final = ("area", "definition", "step", "actual", "scale", "squared_scale")


def reconcile(
    forecasts: pl.DataFrame,
    hierarchy: Mapping[str, Sequence[str]] | None = None,
    *,
    method: str = "mint",
    errors: pl.DataFrame | None = None,
    non_negative: bool | None = None,
) -> pl.DataFrame:
    """Make forecasts of areas and of their totals add up.

    Cities forecast one by one do not add up to the forecast of their bay area. Reconciliation changes both so
    that they do, and the changes use what each forecast knows: MinT [1]_ makes the sum of the variances of the
    reconciled errors as small as it can be. Each indicator, model, frequency and price basis is reconciled by
    itself, and so is each group of areas that hang together.

    Parameters
    ----------
    forecasts
        What `forecast` returns: ``area``, ``period`` and ``value``, and intervals if there are any, of the members
        and of their totals, in one unit.
    hierarchy
        The members of each total, ``{"greater_bay_area": ["pearl_river_delta", "hong_kong", "macao"],
        "pearl_river_delta": ["guangzhou", ...]}``. Members may have members, and may belong to several totals.
        By default what the catalogue says about the totals in the frame: the definition in the column
        ``definition`` or in the ``method`` that `aggregate` wrote, else the default one.
    method
        - ``"mint"``: least squares weighted with the covariance of the errors, shrunk towards no correlation [2]_;
        - ``"wls_var"``: weighted with the variances of the errors;
        - ``"wls_struct"``: as if every lowest area had the same variance, and totals the sum of those;
        - ``"ols"``: unweighted;
        - ``"bottom_up"``: totals are the sums of the lowest areas, which stay as they are;
        - ``"top_down"``: totals are split in the proportions of the members' forecasts.
    errors
        Forecasts of the past and what came of them, as `backtest` returns them, for ``"mint"`` and ``"wls_var"``:
        ``area, period, value, actual``, of which the rows with ``step`` 1 are taken, and the indicator and model
        where there are several. Only periods with an error of every area count, and ``method`` says how many do
        not; it takes at least 5. With the other methods they serve the intervals. Series
        that begin in different years are best backtested from one ``start``, so that they have periods in common.
    non_negative
        Whether values must not fall below zero; by default where the catalogue says that of the indicator. The
        quadratic programme with this bound is solved exactly [3]_.

    Returns
    -------
    pl.DataFrame
        The frame with ``value`` and the intervals reconciled, in the order of its rows. ``sources`` is the union
        of what went in: all areas of the hierarchy, or with ``"bottom_up"`` the members. ``method`` says how far
        totals and members were apart, and of areas that are in no total that they were left as they are.

        With `errors`, a half width becomes as many times as wide as the standard deviation does when errors have
        the variances of the intervals and the correlations of `errors`. These are not shrunk here: with few periods
        that would make the intervals of totals too narrow. Without `errors` nothing tells how areas err together,
        and widths stay as they were. Both sides of an interval keep their proportion, higher levels stay wider, and
        no bound falls below zero where values cannot. With ``"top_down"`` deviations are those of the linear
        approximation; those of values held at zero are taken as if they were not.

    Raises
    ------
    FrameError
        When a forecast of an area of the hierarchy is missing, doubled or in another unit, values cannot be added
        (rates, ratios, indices), or totals of the past are not the sums of their members.
    SeriesTooShortError
        When there are too few periods with an error of every area.
    UnknownNameError, UsageError
        When there is no such method, errors are needed, no total is among the areas, or the hierarchy goes round in a
        circle or counts an area twice.

    References
    ----------
    .. [1] S. L. Wickramasuriya, G. Athanasopoulos and R. J. Hyndman (2019), "Optimal forecast reconciliation for
       hierarchical and grouped time series through trace minimization", Journal of the American Statistical
       Association 114(526), 804-819.
    .. [2] J. Schäfer and K. Strimmer (2005), "A shrinkage approach to large-scale covariance matrix estimation and
       implications for functional genomics", Statistical Applications in Genetics and Molecular Biology 4(1), 32.
    .. [3] S. L. Wickramasuriya, B. A. Turlach and R. J. Hyndman (2020), "Optimal non-negative forecast
       reconciliation", Statistics and Computing 30, 1167-1182.

    Examples
    --------
    >>> from datetime import date
    >>> ahead = pl.DataFrame({
    ...     "area": ["both", "hong_kong", "macao"], "period": date(2026, 1, 1), "value": [106.0, 80.0, 20.0],
    ... })
    >>> whole = {"both": ["hong_kong", "macao"]}
    >>> reconcile(ahead, whole, method="ols")["value"].round(9).to_list()
    [104.0, 82.0, 22.0]
    >>> reconcile(ahead, whole, method="top_down")["value"].round(9).to_list()
    [106.0, 84.8, 21.2]
    >>> reconcile(ahead, whole, method="bottom_up")["method"][0]
    'reconciled bottom-up: 2 areas and 1 total that were up to 5.7% apart'
    """
    if method not in _METHODS:
        raise UnknownNameError("method of reconciliation", method, _METHODS)
    if method in _NEEDS_ERRORS and errors is None:
        raise UsageError(
            f"{method!r} weighs the areas by the errors of their forecasts in the past: pass "
            "errors=gba.backtest(frame, 1), where frame holds the series that were forecast, or take method='wls_struct'"
        )
    frame = read_forecasts(forecasts)
    past = None if errors is None else read_past(errors)
    keys = [k for k in series_keys(frame) if k not in _WITHIN]
    numbered = frame.with_row_index("__row")
    done = []
    for left in numbered.partition_by(keys, maintain_order=True) if keys else [numbered]:
        of = left.select(keys).row(0, named=True) if keys else {}
        for one in hierarchies(_members(frame, left, of) if hierarchy is None else hierarchy):
            inside = _area().is_in(one.areas)
            if (rows := left.filter(inside)).height:
                ordered = lined_up(frame, rows, of, one)
                done.append(_reconciled(ordered, of, one, method, past, non_negative))
                left = left.filter(~inside)
        done.append(append_method(left, _UNTOUCHED))
    result = pl.concat(done).sort("__row").drop("__row")
    if result["method"].str.ends_with(_UNTOUCHED).all():
        raise UsageError(
            "none of the areas is a total with members in the frame: put forecasts of the total and of its members into "
            "one frame, or say what adds up, hierarchy={'total': ['member', ...]}"
        )
    return result


def _area() -> pl.Expr:
    return pl.col("area").cast(pl.String)


def _members(frame: pl.DataFrame, group: pl.DataFrame, of: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Members of the totals in a group by the catalogue; those that differ in a key count as there."""
    indicator = of.get("indicator")
    same = frame.filter(pl.col("indicator").eq_missing(pl.lit(indicator))) if "indicator" in of else frame
    return catalog_members(group, indicator, set(same["area"].cast(pl.String)))


def _reconciled(
    rows: pl.DataFrame,
    of: Mapping[str, Any],
    hierarchy: Hierarchy,
    method: str,
    past: pl.DataFrame | None,
    non_negative: bool | None,
) -> pl.DataFrame:
    """Reconcile the forecasts of one hierarchy, sorted by area and period."""
    if non_negative is None:
        indicator = catalog().indicators.get(str(of.get("indicator")))
        non_negative = indicator is not None and indicator.minimum is not None and indicator.minimum >= 0
    base = _matrix(rows, "value", hierarchy)
    errors = None if past is None else past_errors(past, of, hierarchy, one_unit(rows, "reconcile"))
    known = None if errors is None else errors.covariance
    if method == "top_down":
        values, maps = top_down(base, hierarchy)
    else:
        weights = weighting(method, hierarchy, known)
        values, maps = least_squares(base, hierarchy, weights, non_negative=non_negative)
    new = {"value": values, **_intervals(rows, hierarchy, values, maps, known)}
    if non_negative:
        new = {name: np.maximum(matrix, 0.0) for name, matrix in new.items()}
    done = rows.with_columns(pl.Series(name, matrix.ravel()) for name, matrix in new.items())
    if "sources" in rows.columns:
        done = done.with_columns(_sources(rows["sources"], hierarchy, method))
    said = _sentence(method, base, hierarchy, errors, intervals=len(new) > 1)
    held = non_negative and bool((maps @ base.T[:, :, None] < 0).any())
    return append_method(done, said + ", held at zero or above" * held)


def _matrix(rows: pl.DataFrame, column: str, hierarchy: Hierarchy) -> Matrix:
    """Column of sorted rows, one row an area and one column a period."""
    return rows[column].cast(pl.Float64).to_numpy().reshape(len(hierarchy.areas), -1)


def _intervals(
    rows: pl.DataFrame, hierarchy: Hierarchy, values: Matrix, maps: Matrix, errors: ErrorMatrix | None
) -> dict[str, Matrix]:
    """Bounds about the reconciled values."""
    base = _matrix(rows, "value", hierarchy)
    bounds: dict[str, Matrix] = {}
    sides = np.zeros((2, *base.shape))
    for lower, upper in levels_of(rows):
        before = np.stack([base - _matrix(rows, lower, hierarchy), _matrix(rows, upper, hierarchy) - base])
        width = before.mean(axis=0)
        # what had no width has no proportion to keep, so both sides become alike
        shares = np.divide(before, width, out=np.ones_like(before), where=width > 0)
        # the maximum keeps a level within the next
        after = width if errors is None else reconciled_widths(width, maps, errors.correlation)
        sides = np.maximum(sides, shares * after)
        bounds |= {lower: values - sides[0], upper: values + sides[1]}
    return bounds


def _sentence(
    method: str, base: Matrix, hierarchy: Hierarchy, errors: PastErrors | None, *, intervals: bool
) -> str:
    """Say how forecasts were reconciled, from what, and how far apart they were."""
    facts = []
    if errors and method == "mint":
        facts.append(f"shrinkage {errors.covariance.shrinkage:.2f}")
    if errors and (method in _NEEDS_ERRORS or intervals):
        facts.append(f"one-step errors of {errors.periods} periods")
        if errors.left_out:
            facts.append(f"{errors.left_out} that lack an area left out")
    n, m = hierarchy.summing.shape
    sums = hierarchy.summing @ hierarchy.lowest @ base
    larger = np.maximum(np.maximum(np.abs(base), np.abs(sums)), np.finfo(float).tiny)
    given = f" ({', '.join(facts)})" if facts else ""
    return (
        f"reconciled {_METHODS[method]}{given}: {m} areas and "
        f"{n - m} total{'s' * (n - m > 1)} that were up to {(np.abs(base - sums) / larger).max():.1%} apart"
        + ", intervals as wide as before for want of errors"
        * (intervals and not errors)
    )


def _sources(sources: pl.Series, hierarchy: Hierarchy, method: str) -> pl.Series:
    """Sources of all that went into the forecast of each area."""
    n = len(hierarchy.areas)
    periods = len(sources) // n
    each = [set(sources[i * periods : (i + 1) * periods].explode().drop_nulls()) for i in range(n)]
    takes = hierarchy.summing @ hierarchy.lowest if method == "bottom_up" else np.ones((n, n))
    unions = [sorted(set().union(*(each[j] for j in np.flatnonzero(row)))) for row in takes]
    return pl.Series("sources", [u for u in unions for _ in range(periods)], dtype=pl.List(pl.String))
