"""How unequal areas are: dispersion (sigma convergence), Theil's and Gini's indices, and their decomposition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import polars as pl

from gbaindicators.catalog import catalog
from gbaindicators.comparison.cross_sections import Floats, Panel, read_panel
from gbaindicators.errors import UsageError
from gbaindicators.tables.series_frame import append_method

__all__ = ["dispersion", "inequality"]

_MEASURES: Final = ("theil_t", "theil_l", "gini")


def dispersion(frame: pl.DataFrame, *, weights: pl.DataFrame | None = None) -> pl.DataFrame:
    """Measure how far areas lie apart, period by period: sigma convergence is its fall over time.

    With weights `p` that sum to one (equal ones by default) and the mean ``m = sum(p * y)``, the coefficient of
    variation is ``sqrt(sum(p * (y - m)**2)) / m`` (with weights by population: Williamson's), and the standard
    deviation of the logarithms is taken in the same way, with `n` and not `n - 1` below the line. The ratio of the
    largest to the smallest value takes no weights. `trend_growth` of the result tells whether a fall is more than
    chance.

    Parameters
    ----------
    frame
        Series frame of one indicator over areas, such as GDP per head, in one unit, all values positive.
    weights
        Series frame over the same areas, such as population.

    Returns
    -------
    polars.DataFrame
        Series frame with a row for each ``measure`` and period: ``coefficient_of_variation``, ``sd_log``, and
        ``max_to_min``; ``unit`` is ``ratio``. Where an area has no value the period's ``value`` is null and
        ``note`` names the area: the set of areas is the same in all periods. ``sources``, ``status`` and
        ``vintage`` take in all areas and weights.

    Raises
    ------
    FrameError
        When there is one area only, units or prices are mixed, a value is zero or negative, an area contains
        another, or weights are lacking.

    References
    ----------
    Barro, R. and X. Sala-i-Martin (1992), "Convergence", Journal of Political Economy 100(2). Williamson, J. (1965),
    "Regional Inequality and the Process of National Development", Economic Development and Cultural Change 13(4).

    Examples
    --------
    >>> from datetime import date
    >>> heads = pl.DataFrame({"area": ["shenzhen", "macao"], "period": date(2023, 1, 1), "value": [1.0, 3.0]})
    >>> dict(dispersion(heads).select("measure", "value").rows())
    {'coefficient_of_variation': 0.5, 'sd_log': 0.5493061443340549, 'max_to_min': 3.0}
    """
    panel = read_panel(frame, "dispersion", weights=weights)
    share = panel.weights / panel.weights.sum(axis=0)
    logs = np.log(panel.values)
    mean = (share * panel.values).sum(axis=0)
    measures = {
        "coefficient_of_variation": _deviation(panel.values, share) / mean,
        "sd_log": _deviation(logs, share),
        # the extremes of what is there, made null below where an area is missing
        "max_to_min": np.fmax.reduce(panel.values) / np.fmin.reduce(panel.values),
    }
    return pl.concat(
        _series(panel, value, measure=name, said=_said("dispersion", weights))
        for name, value in measures.items()
    )


def inequality(
    frame: pl.DataFrame,
    *,
    groups: Mapping[str, str] | str | None = None,
    weights: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Measure inequality among areas by Theil's two indices and Gini's, and split it between and within groups.

    With weights `p` that sum to one (equal ones by default, shares in population for persons in place of areas)
    and the mean ``m = sum(p * y)``: Theil's T is ``sum(p * y / m * ln(y / m))``, Theil's L (the mean log
    deviation) ``sum(p * ln(m / y))``, Gini's index half the mean absolute difference over the mean.

    Theil's indices split exactly: ``between`` is the index when every area has its group's mean, ``within`` the
    mean of the groups' indices, weighted by their share in the sum of the values (T) or of the weights (L). Gini's
    splits into ``between``, ``within`` (weighted by the product of both shares) and ``overlap``: what comes of
    areas of a poorer group that lie above areas of a richer one, and zero where no group overlaps another.

    Parameters
    ----------
    frame
        Series frame of one indicator over areas, such as GDP per head, in one unit, all values positive.
    groups
        Group of each area: ``{"hong_kong": "sar", "shenzhen": "mainland", ...}``, or ``"level"`` for the
        levels of the catalogue, which tell special administrative regions (``sar``) from mainland cities
        (``city``). Without groups there is no decomposition.
    weights
        Series frame over the same areas, such as population.

    Returns
    -------
    polars.DataFrame
        Series frame with a row for each ``measure`` (``theil_t``, ``theil_l``, ``gini``), ``component``
        (``total``, and with groups ``between``, ``within`` and for Gini ``overlap``, which add up to it) and
        period; ``unit`` is ``index``. Null with a ``note`` where an area has no value. The share of each
        component: ``.filter(pl.col("component") != "total").pipe(gba.shares, "component")``.

    Raises
    ------
    FrameError
        As in `dispersion`.
    UsageError
        When an area has no group, or all are in one.
    UnknownNameError
        With ``groups="level"`` for an area that is not in the catalogue.

    References
    ----------
    Theil, H. (1967), "Economics and Information Theory". Shorrocks, A. (1980), "The Class of Additively Decomposable
    Inequality Measures", Econometrica 48(3). Lambert, P. and J. R. Aronson (1993), "Inequality Decomposition
    Analysis and the Gini Coefficient Revisited", Economic Journal 103.

    Examples
    --------
    >>> from datetime import date
    >>> heads = pl.DataFrame({
    ...     "area": ["shenzhen", "zhaoqing", "hong_kong", "macao"],
    ...     "period": date(2023, 1, 1),
    ...     "value": [2.0, 1.0, 4.0, 5.0],
    ... })
    >>> table = inequality(heads, groups="level").filter(measure="gini")
    >>> dict(table.select("component", pl.col("value").round(4)).rows())
    {'total': 0.2917, 'between': 0.25, 'within': 0.0417, 'overlap': 0.0}
    """
    panel = read_panel(frame, "inequality", weights=weights)
    share = panel.weights / panel.weights.sum(axis=0)
    parts = _Gathered(panel.values, share).indices()
    components = {"total": parts}
    if groups is not None:
        components |= _decomposed(panel.values, share, _members(panel.areas, groups), parts)
    return pl.concat(
        _series(panel, indices[name], measure=name, component=component, said=_said("inequality", weights))
        for name in _MEASURES
        for component, indices in components.items()
        if name in indices
    )


class _Gathered:
    """Values and weights of some areas, period by period."""

    def __init__(self, values: Floats, share: Floats) -> None:
        self.values = values
        self.weight: Floats = share.sum(axis=0)
        self.p: Floats = share / self.weight
        self.mean: Floats = (self.p * values).sum(axis=0)

    def indices(self) -> dict[str, Floats]:
        relative = self.values / self.mean
        logs = np.log(relative)
        gaps = np.abs(self.values[:, None] - self.values[None])
        difference = np.einsum("it,jt,ijt->t", self.p, self.p, gaps)
        return {
            "theil_t": (self.p * relative * logs).sum(axis=0),
            "theil_l": -(self.p * logs).sum(axis=0),
            "gini": difference / (2 * self.mean),
        }


def _decomposed(
    values: Floats, share: Floats, members: list[list[int]], total: Mapping[str, Floats]
) -> dict[str, dict[str, Floats]]:
    gathered = [_Gathered(values[m], share[m]) for m in members]
    means = np.array([g.mean for g in gathered])
    people = np.array([g.weight for g in gathered])
    income = people * means / (people * means).sum(axis=0)
    between = _Gathered(means, people).indices()
    by = {"theil_t": income, "theil_l": people, "gini": people * income}
    own = [g.indices() for g in gathered]
    within = {
        n: sum((w * o[n] for w, o in zip(by[n], own, strict=True)), np.zeros_like(total[n]))
        for n in _MEASURES
    }
    overlap = total["gini"] - between["gini"] - within["gini"]
    # a difference of sums: what is left by rounding is no overlap
    overlap = np.where(np.abs(overlap) < 1e-12, 0.0, overlap)
    return {"between": between, "within": within, "overlap": {"gini": overlap}}


def _members(areas: list[str], groups: Mapping[str, str] | str) -> list[list[int]]:
    """Numbers of the areas of each group."""
    if isinstance(groups, str):
        if groups != "level":
            raise UsageError(
                f"groups={groups!r}: give 'level' or the group of each area, {{'macao': 'sar', ...}}"
            )
        names = [catalog().area(a).level for a in areas]
    else:
        if lacking := [a for a in areas if a not in groups]:
            raise UsageError(f"groups lacks {', '.join(lacking)}: every area of the frame needs its group")
        names = [groups[a] for a in areas]
    if len(set(names)) < 2:
        raise UsageError(
            f"all areas are in the group {names[0]!r}, so nothing lies between groups: give two or more groups, "
            "or leave groups out"
        )
    return [[i for i, name in enumerate(names) if name == group] for group in dict.fromkeys(names)]


def _deviation(values: Floats, share: Floats) -> Floats:
    mean = (share * values).sum(axis=0)
    deviation: Floats = np.sqrt((share * (values - mean) ** 2).sum(axis=0))
    return deviation


def _said(what: str, weights: pl.DataFrame | None) -> str:
    return f"{what} among areas, " + ("each counted once" if weights is None else "weighted")


def _series(panel: Panel, values: Floats, *, said: str, **keys: str) -> pl.DataFrame:
    """Series frame of one measure, null where the panel is not complete."""
    numbers = pl.Series("value", np.where(panel.complete, values, np.nan)).fill_nan(None)
    rows = panel.rows.with_columns(
        numbers,
        *(pl.lit(v).alias(k) for k, v in keys.items()),
        unit=pl.lit("ratio" if len(keys) == 1 else "index"),
    )
    rows = append_method(rows, f"{said} ({len(panel.areas)} areas)")
    front = [*keys, "period", "value", "unit"]
    return rows.select(*front, *(c for c in rows.columns if c not in front))
