"""How far an amount is concentrated in a few areas, and the rank-size rule."""

from __future__ import annotations

import numpy as np
import polars as pl

from gbaindicators.comparison.cross_sections import Floats, Panel, read_panel
from gbaindicators.errors import UsageError
from gbaindicators.tables.series_frame import append_method

__all__ = ["concentration", "rank_size"]


def concentration(frame: pl.DataFrame, *, largest: int = 1) -> pl.DataFrame:
    """Measure how far an amount is concentrated in a few areas, period by period.

    Herfindahl's index is the sum of the squared shares, from ``1 / n`` to 1, and its inverse the number of areas of
    equal size that would give it; the share of the largest areas is called primacy when it is that of one.

    Parameters
    ----------
    frame
        Series frame of an amount that adds up over areas (GDP, population, containers), in one unit, all positive.
    largest
        How many areas the share of the largest is for.

    Returns
    -------
    polars.DataFrame
        Series frame with a row for each ``measure`` and period: ``herfindahl`` (``unit`` ``index``),
        ``effective_number`` (``areas``), ``share_of_largest`` (``percent``). Null with a ``note`` where an area has
        no value.

    Raises
    ------
    FrameError
        As in `dispersion`.
    UsageError
        When `largest` is not from one to the number of areas.

    Examples
    --------
    >>> from datetime import date
    >>> gdp = pl.DataFrame({"area": ["hong_kong", "macao"], "period": date(2023, 1, 1), "value": [3.0, 1.0]})
    >>> dict(concentration(gdp).select("measure", "value").rows())
    {'herfindahl': 0.625, 'effective_number': 1.6, 'share_of_largest': 75.0}
    """
    panel = read_panel(frame, "concentration")
    if not 1 <= largest <= len(panel.areas):
        raise UsageError(f"largest={largest}: give from 1 to {len(panel.areas)}, the number of areas")
    share = panel.values / panel.values.sum(axis=0)
    herfindahl = (share**2).sum(axis=0)
    measures = {
        "herfindahl": (herfindahl, "index"),
        "effective_number": (1 / herfindahl, "areas"),
        "share_of_largest": (100 * np.sort(share, axis=0)[-largest:].sum(axis=0), "percent"),
    }
    said = f"concentration among {len(panel.areas)} areas"
    return pl.concat(
        _front(panel, said, {"measure": pl.lit(name), "value": _numbers(panel, values), "unit": pl.lit(unit)})
        for name, (values, unit) in measures.items()
    )


def rank_size(frame: pl.DataFrame) -> pl.DataFrame:
    """Fit the rank-size rule (Zipf's law is an exponent of one), period by period.

    Least squares of ``ln(rank - 1/2) = a - exponent * ln(value)``: the shift by one half takes away the bias in few
    areas, and the standard error is ``exponent * sqrt(2 / n)``, not the one of least squares, which is far too small.

    Parameters
    ----------
    frame
        Series frame of the sizes of areas, such as population, in one unit, all positive.

    Returns
    -------
    polars.DataFrame
        Series frame with a row a period: ``value`` is the exponent (``unit`` ``index``), ``value_standard_error``
        its error, ``value_r2`` how well the rule fits. Null with a ``note`` where an area has no value.

    Raises
    ------
    FrameError
        As in `dispersion`; three areas are needed.

    References
    ----------
    Gabaix, X. and R. Ibragimov (2011), "Rank - 1/2: A Simple Way to Improve the OLS Estimation of Tail Exponents",
    Journal of Business and Economic Statistics 29(1).

    Examples
    --------
    >>> from datetime import date
    >>> cities = pl.DataFrame({"area": ["a", "b", "c"], "period": date(2023, 1, 1), "value": [12.0, 4.0, 2.4]})
    >>> rank_size(cities).select(pl.col("value").round(6), pl.col("value_r2").round(6)).row(0)
    (1.0, 1.0)
    """
    panel = read_panel(frame, "a rank-size rule", least=3)
    x = -np.sort(-np.log(panel.values), axis=0)
    y = np.log(np.arange(1, len(x) + 1) - 0.5)[:, None]
    dx, dy = x - x.mean(axis=0), y - y.mean()
    spread = (dx**2).sum(axis=0)
    if (spread == 0).any():
        raise UsageError(
            "all areas are of one size in some period, which has no order of rank: filter it out"
        )
    slope = (dx * dy).sum(axis=0) / spread
    exponent = -slope
    of_fit = slope**2 * spread / (dy**2).sum()
    columns = {
        "value": _numbers(panel, exponent),
        "value_standard_error": _numbers(panel, exponent * np.sqrt(2 / len(x))),
        "value_r2": _numbers(panel, of_fit),
        "unit": pl.lit("index"),
    }
    return _front(panel, f"rank-size rule over {len(x)} areas, rank less one half", columns)


def _numbers(panel: Panel, values: Floats) -> pl.Expr:
    return pl.lit(pl.Series(np.where(panel.complete, values, np.nan), dtype=pl.Float64).fill_nan(None))


def _front(panel: Panel, said: str, columns: dict[str, pl.Expr]) -> pl.DataFrame:
    rows = append_method(panel.rows.with_columns(**columns), said)
    return rows.select("period", *columns, *(c for c in rows.columns if c not in ("period", *columns)))
