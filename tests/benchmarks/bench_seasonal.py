"""Time X-13 adjustments against statsmodels' wrapper of the same program, on the same series with the same options."""

from __future__ import annotations

import warnings
from datetime import date
from functools import partial

import numpy as np
import polars as pl

from gbaindicators.errors import AdjustmentError
from gbaindicators.transforms.seasonal import seasonal_adjustment
from gbaindicators.transforms.seasonal.program import find_program
from tests.benchmarks.suite import Bench

YEARS = 20


def observations(count: int) -> pl.DataFrame:
    """Monthly series with a trend, a season and noise."""
    random = np.random.default_rng(0)
    months = pl.date_range(date(2005, 1, 1), date(2004 + YEARS, 12, 1), "1mo", eager=True)
    n = len(months)
    wave = 0.2 * np.sin(2 * np.pi * np.arange(n) / 12)
    frames = [
        pl.DataFrame(
            {
                "period": months,
                "value": np.exp(5 + np.cumsum(random.normal(0, 0.02, n)) + wave + random.normal(0, 0.01, n)),
            }
        ).with_columns(area=pl.lit(f"area {i}"), frequency=pl.lit("M"))
        for i in range(count)
    ]
    return pl.concat(frames)


def by_statsmodels(frame: pl.DataFrame) -> list[np.ndarray]:
    """Adjust one series after another with the wrapper, which also chooses the model and looks for outliers."""
    import pandas as pd
    from statsmodels.tsa.x13 import x13_arima_analysis

    adjusted = []
    for (_,), series in frame.group_by("area", maintain_order=True):
        months = pd.PeriodIndex(series["period"].to_list(), freq="M").to_timestamp()
        values = pd.Series(series["value"].to_numpy(), index=months)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # the package's defaults: outliers looked for, trading days tested
            found = x13_arima_analysis(values, outlier=True, trading=True, x12path=str(find_program()))
        adjusted.append(found.seasadj.to_numpy())
    return adjusted


def test_adjustment(bench: Bench) -> None:
    """Compare on monthly series of twenty years."""
    count = bench.size(12, 2)
    work = f"X-13 of {count} monthly series of {YEARS} years"
    try:
        find_program()
        import statsmodels.tsa.x13  # noqa: F401
    except (AdjustmentError, ImportError):
        bench.absent(work, "statsmodels x13_arima_analysis")
        return
    frame = observations(count)
    ours, theirs = partial(seasonal_adjustment, frame), partial(by_statsmodels, frame)
    # models and regressors are chosen a little differently, so the two agree in size only
    apart = ours().adjusted["value"].to_numpy() / np.concatenate(theirs()) - 1
    if np.median(np.abs(apart)) > 0.01:
        raise AssertionError("X-13: the two do not adjust alike")
    bench.compare(work, ours, "statsmodels x13_arima_analysis", theirs, rounds=3)
