"""Nowcast quarterly growth from monthly indicators with ragged ends."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gbaindicators.catalog import parse_period, period_end, period_text
from gbaindicators.errors import UsageError
from gbaindicators.forecasting.arguments import check_levels
from gbaindicators.forecasting.nowcasts.factor_model import FactorModel, estimate
from gbaindicators.forecasting.nowcasts.months import Panel, make_panel
from gbaindicators.tables.series_frame import FREQUENCY
from gbaindicators.transforms.lookback import read_span

__all__ = ["Nowcast", "nowcast"]

Matrix = NDArray[np.float64]

_OVER: Final = {"1y": "over a year", "3mo": "on the three months before"}


@dataclass(frozen=True)
class Nowcast:
    """Nowcasts of the quarters that are not published yet, and what they were made from.

    Attributes
    ----------
    frame
        Series frame of the nowcasts, as `forecast` gives forecasts: the keys of the target, ``frequency``, ``period``,
        ``value``, ``unit``, ``sources``, ``status`` F, ``method``, ``model`` and the bounds.
    inputs
        One row for each series of the model, the target last: its keys, ``transform``, the first and last month
        that it is known in, the number of figures, and the loading on each factor in standard deviations.
    left_out
        Series that were of no use, and why.
    converged
        Whether the EM algorithm converged.
    as_of
        The day whose knowledge the nowcasts stand on; None for all of the figures given.
    """

    frame: pl.DataFrame
    inputs: pl.DataFrame
    left_out: dict[str, str]
    converged: bool
    as_of: date | None
    panel: Panel = field(repr=False)
    model: FactorModel = field(repr=False)

    def news(self, previous: Nowcast) -> pl.DataFrame:
        """Say which release moved the nowcast by how much since an earlier one; see `gbaindicators.forecasting.nowcasts.news`.

        Parameters
        ----------
        previous
            A nowcast of the same target from earlier figures.

        Returns
        -------
        pl.DataFrame
            For each quarter that both nowcasts leave open (``quarter``), one row for each figure that was released or
            revised since: ``kind`` (``"release"``, ``"revision"`` or ``"model"``), ``indicator, area, name`` and ``period``
            (the last of its three months), ``value``, ``expected``, ``surprise``, ``weight`` and ``impact`` in points,
            largest impact first. Impacts of a quarter add up to the change of its nowcast exactly.

        Raises
        ------
        UsageError
            When the targets differ or no quarter is open in both.
        """
        from gbaindicators.forecasting.nowcasts.news import news

        return news(previous, self)

    def summary(self) -> str:
        """Tell the nowcasts and what they stand on in a few lines of text."""
        rows = self.frame.to_dicts()
        low, high = [c for c in self.frame.columns if c.startswith(("lower_", "upper_"))][:2]
        name = self.panel.names[-1]
        lines = [f"Nowcast of {name}" + (f" as known on {self.as_of}" if self.as_of else "")]
        lines += [
            f"  {period_text('Q', r['period'])}  {r['value']:6.2f} percent  ({r[low]:.2f} to {r[high]:.2f})"
            for r in rows
        ]
        lines.append("Series (transform, last month known, loading)")
        lines += [
            f"  {r['name']}: {r['transform']}, {r['last']:%Y-%m}, {r['loading_1']:.2f}"
            for r in self.inputs.to_dicts()
        ]
        lines += [f"  left out: {k}, {v}" for k, v in self.left_out.items()]
        return "\n".join(lines)


def nowcast(
    target: pl.DataFrame,
    monthly: pl.DataFrame,
    *,
    as_of: str | date | None = None,
    over: str = "1y",
    factors: int = 1,
    factor_order: int = 1,
    level: float | Iterable[float] = (80, 95),
) -> Nowcast:
    """Nowcast quarterly growth from monthly indicators by a dynamic factor model.

    All series share a few unobserved factors, each has an autoregressive part of its own, and the Kalman smoother
    fills in whatever is not published yet [1]_ [2]_.

    Every monthly series enters as the growth of its *three months to date*, which in the last month of a quarter is
    the growth of the quarter itself. Months and quarters so measure the same and no weights must link them: the
    quarterly target is a monthly series known in every third month only. (The weights 1, 2, 3, 2, 1 of Mariano and
    Murasawa [3]_, which statsmodels builds in, make growth on the quarter before from growth on the month before.
    Quarterly growth over a year is the mean of three monthly rates over a year; with those weights nowcasts of Hong Kong
    in pseudo-real time erred by up to a fifth more.) Three months together also even out Lunar New Year.

    Parameters
    ----------
    target
        Series frame of one quarterly series, growth in percent, at least 20 quarters. Quarters may be missing.
    monthly
        Series frame of the indicators, monthly or quarterly, with ends as ragged as they are. Optional columns: ``lag``
        (see `as_of`) and ``transform``, what makes a series stationary:

        - ``"growth"``: growth of the three months' mean, in percent. The default of whatever has a level. It is
          taken by date and not across breaks (status B).
        - ``"change"``: difference of the three months' mean. The default of rates such as unemployment.
        - ``"level"``: the three months' mean as it stands. The default of figures in percent that are no such rates
          (growth rates already) and of diffusion indices.

        Quarterly indicators are not averaged again; those of three months that end in any month, such as unemployment,
        have the frequency Q and are dated by the first of the three. A series known in fewer than 12 quarters of the
        target is left out; `Nowcast.left_out` names it.
    as_of
        Use what was known at the end of this day (see `known_on`): figures with a ``vintage`` no later, and where
        editions were not kept, figures that were out by their ``lag``, days from the end of the period. By default
        all figures given.
    over
        The span of the target's growth: ``"1y"``, or ``"3mo"`` for growth on the quarter before, which wants
        seasonally adjusted figures throughout.
    factors, factor_order
        Number of factors and order of their vector autoregression.
    level
        Levels of the intervals in percent. They are those of the model given its parameters, so rather too narrow.

    Returns
    -------
    Nowcast
        With ``frame``: the quarters after the last one published up to the one after the current quarter, which is
        that of `as_of` or of the last figure. ``news`` explains a change, ``summary`` tells it in words.

    Raises
    ------
    FrameError
        The target is no single quarterly series of growth, an indicator is neither monthly nor quarterly, constant, or
        has growth from zero or less, or none overlaps the target.
    SeriesTooShortError
        Fewer than 20 quarters of the target are known.
    UsageError
        An argument cannot be what was meant, or the algorithm breaks down.

    Warns
    -----
    RuntimeWarning
        The EM algorithm did not converge.

    References
    ----------
    .. [1] M. Bańbura and M. Modugno (2014), "Maximum likelihood estimation of factor models on datasets with arbitrary
       pattern of missing data", Journal of Applied Econometrics 29(1), 133-160.
    .. [2] M. Bańbura, D. Giannone and L. Reichlin (2011), "Nowcasting", in The Oxford Handbook of Economic Forecasting.
    .. [3] R. S. Mariano and Y. Murasawa (2003), "A new coincident index of business cycles based on monthly and
       quarterly series", Journal of Applied Econometrics 18(4), 427-443.

    Examples
    --------
    >>> import math
    >>> months = pl.date_range(pl.date(2010, 1, 1), pl.date(2020, 5, 1), "1mo", eager=True)
    >>> wave = [math.sin(i / 9) + math.cos(i / 5) / 9 for i in range(125)]
    >>> trade = pl.DataFrame({"indicator": "trade", "period": months, "unit": "percent", "value": wave})
    >>> quarters = trade.pipe(lambda f: f.group_by_dynamic("period", every="1q").agg(pl.col("value").mean()))
    >>> gdp = quarters.filter(pl.col("period") < pl.date(2020, 4, 1)).with_columns(pl.col("value") * 2 + 3)
    >>> now = nowcast(gdp, trade)
    >>> now.frame["period"].to_list()
    [datetime.date(2020, 4, 1), datetime.date(2020, 7, 1)]
    """
    day = read_day(as_of)
    if over not in _OVER:
        raise UsageError(f"over is the span of the target's growth, '1y' or '3mo', not {over!r}")
    for name, number in (("factors", factors), ("factor_order", factor_order)):
        if isinstance(number, bool) or not 1 <= operator.index(number) <= 12:
            raise UsageError(f"{name} is a whole number from 1 to 12, not {number!r}")
    levels = check_levels(level)
    panel = make_panel(target, monthly, day, read_span(over).months)
    model = estimate(panel.values, factors, factor_order)
    if not model.converged:
        warnings.warn(
            f"the EM algorithm did not converge for {panel.names[-1]}: take fewer factors or a lower factor_order",
            RuntimeWarning,
            stacklevel=2,
        )
    return _nowcast(panel, model, day, over, levels)


def _nowcast(panel: Panel, model: FactorModel, day: date | None, over: str, levels: list[float]) -> Nowcast:
    quarters = open_quarters(panel, day)
    mean, error = model.of_target(panel.extended(quarters[-1][0] + 1))
    rows = [row for row, _ in quarters]
    target = panel.series[-1]
    keys = {k: v for k, v in target.items() if k not in ("name", "transform", "frequency", "lag")}
    frame = pl.DataFrame(
        {
            **{k: [v] * len(rows) for k, v in keys.items()},
            "frequency": pl.Series(["Q"] * len(rows), dtype=FREQUENCY),
            "period": [first for _, first in quarters],
            "value": mean[rows],
            "unit": ["percent"] * len(rows),
            "sources": pl.Series([list(panel.sources)] * len(rows), dtype=pl.List(pl.String)),
            "status": ["F"] * len(rows),
            "method": [_method(panel, model, day, over)] * len(rows),
            "model": ["nowcast"] * len(rows),
            "skill": pl.Series([None] * len(rows), dtype=pl.Float64),
            **bounds(mean[rows], error[rows], levels),
        }
    )
    return Nowcast(frame, _inputs(panel, model), panel.left_out, model.converged, day, panel, model)


def open_quarters(panel: Panel, day: date | None) -> list[tuple[int, date]]:
    """Last month's row and first day of the quarters after the last one published, up to the one after the current."""
    known = np.isfinite(panel.values[:, -1]).nonzero()[0]
    current = panel.row(day) if day is not None else len(panel.values) - 1
    # the last month of the quarter after the one that `current` lies in
    last = current + (2 - panel.first - current) % 3 + 3
    return [(row, panel.month(row - 2)) for row in range(int(known[-1]) + 3, last + 1, 3)]


def read_day(given: str | date | None) -> date | None:
    """Day of a date, or the last day of a period in text."""
    return period_end(*parse_period(given)) if isinstance(given, str) else given


def bounds(mean: Matrix, error: Matrix, levels: Sequence[float]) -> dict[str, Matrix]:
    """Columns of normal intervals."""
    from scipy.special import ndtri

    found = {}
    for level in levels:
        width = ndtri(0.5 + level / 200) * error
        found[f"lower_{level:g}"], found[f"upper_{level:g}"] = mean - width, mean + width
    return found


def _method(panel: Panel, model: FactorModel, day: date | None, over: str) -> str:
    count, first, last = len(panel.series) - 1, panel.month(0), panel.month(len(panel.values) - 1)
    text = (
        f"nowcast of growth {_OVER[over]} by a dynamic factor model ({model.factors} factor{'s' * (model.factors > 1)} "
        f"of order {model.order}) of three months to date from {count} series, estimated on {first:%Y-%m} to {last:%Y-%m}"
    )
    if day is not None:
        text += (
            f"; known on {day}: {panel.by_vintage} figures by day of publication, {panel.by_lag} by publication lag"
            + (" (pseudo-real time: as revised since)" if panel.by_lag else "")
        )
    if panel.left_out:
        text += f"; left out: {', '.join(panel.left_out)}"
    return text + ("" if model.converged else "; the EM algorithm did not converge")


def _inputs(panel: Panel, model: FactorModel) -> pl.DataFrame:
    known = np.isfinite(panel.values)
    rows = [
        {
            **{k: None if v is None else str(v) for k, v in one.items() if k != "lag"},
            "first": panel.month(int(known[:, i].argmax())),
            "last": panel.month(int(known[:, i].nonzero()[0][-1])),
            "figures": int(known[:, i].sum()),
            **{f"loading_{j + 1}": float(loading) for j, loading in enumerate(model.loadings()[i])},
        }
        for i, one in enumerate(panel.series)
    ]
    return pl.DataFrame(rows, infer_schema_length=None)
