"""Seasonal adjustment by local regression (STL), where the program does not run or the season is no year's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gbaindicators.transforms.seasonal.quality import find_warnings, qs_test
from gbaindicators.transforms.seasonal.result import Adjusted
from gbaindicators.transforms.seasonal.single import SEASON, Single

__all__ = ["decompose"]

#: Seasons of daily figures under ``mstl``: the week and the year.
DAILY: Final = (7, 365)
_ROUNDING: Final = 1e-9


def decompose(series: Single, method: str, transform: str) -> Adjusted:
    """Take the season out by robust STL, or by MSTL the week's and the year's.

    Figures that are all above zero are decomposed in logarithms (`transform` ``auto`` or ``log``), so that the
    season is a factor; others as they are.

    Examples
    --------
    >>> from datetime import date
    >>> quarters = Single({}, "Q", date(2020, 1, 1), tuple([8.0, 9.0, 11.0, 12.0] * 5))
    >>> [round(v, 6) for v in decompose(quarters, "stl", "none").components["adjusted"][:4]]
    [10.0, 10.0, 10.0, 10.0]
    """
    import numpy as np

    values = np.array(series.values)
    logs = transform != "none"
    trend, seasonal = (_stl if method == "stl" else _mstl)(
        np.log(values) if logs else values, series.frequency
    )
    back: Callable[[Any], Any] = np.exp if logs else np.asarray
    trend, seasonal = back(trend), back(seasonal)
    adjusted = values / seasonal if logs else values - seasonal
    irregular = adjusted / trend if logs else adjusted - trend
    named = {"adjusted": adjusted, "trend": trend, "seasonal": seasonal, "irregular": irregular}
    season = SEASON[series.frequency]
    quality = [
        qs_test("qs_original", series.values, season),
        qs_test("qs_adjusted", named["adjusted"], season),
    ]
    kind = "multiplicative" if logs else "additive"
    return Adjusted(
        components={name: component.tolist() for name, component in named.items()},
        multiplicative=logs,
        method=f"seasonally adjusted by robust {method.upper()} ({kind})",
        quality=quality,
        warnings=find_warnings({}, quality),
    )


def _stl(values: Any, frequency: str) -> tuple[Any, Any]:
    from statsmodels.tsa.seasonal import STL

    fit = _fit(values, lambda robust: STL(values, period=SEASON[frequency], robust=robust))
    return fit.trend, fit.seasonal


def _mstl(values: Any, frequency: str) -> tuple[Any, Any]:
    from statsmodels.tsa.seasonal import MSTL

    fit = _fit(values, lambda robust: MSTL(values, periods=DAILY, stl_kwargs={"robust": robust}))
    return fit.trend, fit.seasonal.sum(axis=1)


def _fit(values: Any, model: Callable[[bool], Any]) -> Any:
    """Fit with weights against outliers, unless next to nothing is left over: weights of rounding errors mislead."""
    import numpy as np

    fit = model(False).fit()
    left = np.median(np.abs(fit.resid))
    return fit if left <= _ROUNDING * np.abs(values).max() else model(True).fit()
