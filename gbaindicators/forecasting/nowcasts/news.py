"""Which release moved a nowcast by how much."""

from __future__ import annotations

import math
from datetime import date
from typing import Any, Final, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gbaindicators.errors import UsageError
from gbaindicators.forecasting.nowcasts.factor_model import FactorModel, row_of
from gbaindicators.forecasting.nowcasts.months import Panel

__all__ = ["news"]

Matrix = NDArray[np.float64]

_SCHEMA: Final = {
    "quarter": pl.Date, "kind": pl.String, "indicator": pl.String, "area": pl.String, "name": pl.String, "period": pl.Date, "value": pl.Float64,
    "expected": pl.Float64, "surprise": pl.Float64, "weight": pl.Float64, "impact": pl.Float64,
}  # fmt: skip


class _Estimate(Protocol):
    """What the news is read from: the nowcasts of one day, and the table and model behind them."""

    @property
    def frame(self) -> pl.DataFrame: ...
    @property
    def panel(self) -> Panel: ...
    @property
    def model(self) -> FactorModel: ...


def news(previous: _Estimate, current: _Estimate) -> pl.DataFrame:
    """Take the change from one nowcast to a later one apart by release, after Bańbura and Modugno [1]_.

    A release moves the nowcast by its surprise, the figure less what the model expected of it from the earlier figures,
    times a weight. Both surprises and weights are those of the *later* nowcast's parameters, applied to the earlier
    figures. A revision moves it by the new less the old value, times a weight. What is left is one row of kind
    ``"model"``: the effect of estimating the parameters again, with series joining or leaving, and of figures that were
    withdrawn. So the impacts add up to the change exactly.

    Values are those that enter the model: growth, change or level of three months to date. A revised month thus
    counts in each of the three that it is part of, and again a year later.

    Parameters
    ----------
    previous, current
        Nowcasts of one target.

    Returns
    -------
    pl.DataFrame
        As `Nowcast.news` says; ``quarter`` is the nowcast quarter, ``period`` the month (or last month of the quarter)
        of the figure.

    Raises
    ------
    UsageError
        When the targets differ, or no quarter is open in both.

    References
    ----------
    .. [1] M. Bańbura and M. Modugno (2014), "Maximum likelihood estimation of factor models on datasets with arbitrary
       pattern of missing data", Journal of Applied Econometrics 29(1), 133-160, section 2.3.
    """
    if previous.panel.names[-1] != current.panel.names[-1]:
        raise UsageError(
            f"news compares nowcasts of one target, these are of {previous.panel.names[-1]} and of {current.panel.names[-1]}"
        )
    before = dict(previous.frame.select("period", "value").iter_rows())
    after = dict(current.frame.select("period", "value").iter_rows())
    quarters = [q for q in after if q in before]
    if not quarters:
        raise UsageError(
            f"no quarter is open in both nowcasts (from {min(before)} and from {min(after)}): "
            "compare with a nowcast closer in time"
        )
    panel, model = current.panel, current.model
    rows = max(panel.row(q) + 3 for q in quarters)
    new = panel.extended(rows)
    old = _earlier(previous.panel, panel, len(new))
    results = model.smoothed(new).news(
        model.smoothed(old),
        comparison_type="previous",
        impacted_variable=f"y{new.shape[1] - 1}",
        start=panel.row(quarters[0]) + 2,
        end=rows - 1,
        revisions_details_start=True,
        tolerance=0.0,
    )
    parts = []
    for quarter in quarters:
        found = _rows(results, panel, quarter)
        explained = math.fsum(r["impact"] for r in found)
        change = after[quarter] - before[quarter]
        found.append({"quarter": quarter, "kind": "model", "impact": change - explained})
        parts.append(
            pl.DataFrame(found, schema=_SCHEMA).sort(
                pl.col("kind") == "model",
                pl.col("impact").abs(),
                descending=[False, True],
                maintain_order=True,
            )
        )
    return pl.concat(parts)


def _earlier(previous: Panel, panel: Panel, rows: int) -> Matrix:
    """Lay the earlier figures out as the later ones are; those since withdrawn are taken out."""
    old = np.full((rows, panel.values.shape[1]), np.nan)
    shift = panel.first - previous.first
    known = {_key(s): i for i, s in enumerate(previous.series)}
    for column, one in enumerate(panel.series):
        if (found := known.get(_key(one))) is None:
            continue
        for row in range(max(0, -shift), min(rows, len(previous.values) - shift)):
            old[row, column] = previous.values[row + shift, found]
    old[~np.isfinite(panel.extended(rows))] = np.nan
    return old


def _key(series: dict[str, Any]) -> tuple[object, ...]:
    return tuple(series.get(k) for k in ("name", "transform"))


def _rows(results: Any, panel: Panel, quarter: date) -> list[dict[str, Any]]:
    """Releases and revisions that moved the target in the last month of a quarter."""
    tables = (
        ("release", results.details_by_impact, "observed", "forecast (prev)", "news"),
        ("revision", results.revision_details_by_impact, "revised", "observed (prev)", "revision"),
    )
    found: list[dict[str, Any]] = []
    for kind, table, value, expected, surprise in tables:
        for (impact, _, month, variable), row in table.iterrows():
            if row_of(impact) == panel.row(quarter) + 2:
                series = panel.series[int(variable[1:])]
                found.append(
                    {
                        "quarter": quarter,
                        "kind": kind,
                        **{k: series.get(k) for k in ("indicator", "area", "name")},
                        "period": panel.month(row_of(month)),
                        "value": float(row[value]),
                        "expected": float(row[expected]),
                        "surprise": float(row[surprise]),
                        "weight": float(row["weight"]),
                        "impact": float(row["impact"]),
                    }
                )
    return found
