"""Forecasts of M3 by the package forecast of R: exponential smoothing, Theta, ARIMA, and their combinations.

The models are those that an R user names first: ``ets``, ``thetaf`` and ``auto.arima`` as they come, each with its
80% and 95% intervals, and the mean and the median of the three at every step, which the field calls simple combinations;
the edges of a combination's intervals are the mean and the median of theirs. R reads the same series from a CSV file,
forecasts a few of them first, and says itself how long each model took: its start-up and its reading are left out.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from tests.benchmarks.m3 import KINDS, ONE_THREAD, R_MODELS, WARM_UP, Array, series_of

COMBINATIONS = {"mean of R's three": np.mean, "median of R's three": np.median}

#: Writes an array (models, 5, series, horizon) as numbers of eight bytes, the last index first, as R does, and prints
#: the seconds of every model.
_SCRIPT = """
suppressMessages(library(forecast))
given <- commandArgs(TRUE)
rows <- read.csv(given[1])
season <- as.integer(given[2]); horizon <- as.integer(given[3]); first <- as.integer(given[4])
series <- lapply(split(rows$value, rows$id), ts, frequency = season)
levels <- c(80, 95)
models <- list(
  ets = function(y) forecast(ets(y), h = horizon, level = levels),
  thetaf = function(y) thetaf(y, h = horizon, level = levels),
  auto.arima = function(y) forecast(auto.arima(y), h = horizon, level = levels)
)
columns <- function(f) cbind(f$mean, f$lower[, 1], f$upper[, 1], f$lower[, 2], f$upper[, 2])
found <- array(dim = c(horizon, length(series), 5, length(models)))
for (m in seq_along(models)) {
  for (y in series[seq_len(first)]) models[[m]](y)
  start <- proc.time()[["elapsed"]]
  ahead <- lapply(series, models[[m]])
  cat(proc.time()[["elapsed"]] - start, "\\n")
  for (i in seq_along(ahead)) found[, i, , m] <- columns(ahead[[i]])
}
writeBin(as.vector(found), given[5], endian = "little")
"""


@cache
def version() -> str | None:
    """Version of the package, None where R or the package is not installed."""
    if shutil.which("Rscript") is None:
        return None
    code = "cat(as.character(packageVersion('forecast')))"
    done = subprocess.run(["Rscript", "-e", code], check=False, capture_output=True, text=True)
    return None if done.returncode else done.stdout.strip()


def run(kinds: Sequence[str], limit: int | None = None) -> dict[str, dict[str, Any]]:
    """Forecasts and seconds of every model, as `m3.run_apart` gives them for one."""
    if version() is None:
        raise SystemExit("R's forecast is not installed here (Debian: r-cran-forecast)")
    results: dict[str, dict[str, Any]] = {model: {} for model in R_MODELS}
    for kind in kinds:
        ahead, seconds = _forecasts(series_of(kind)[:limit], KINDS[kind][1])
        for model, array, taken in zip(R_MODELS, ahead, seconds, strict=True):
            results[model] |= {kind: array, f"{kind} seconds": taken}
    return results


def combinations(results: dict[str, dict[str, Any]], kinds: Sequence[str]) -> dict[str, dict[str, Array]]:
    """Forecasts of the combinations of R's models."""
    return {
        name: {kind: middle([results[model][kind] for model in R_MODELS], axis=0) for kind in kinds}
        for name, middle in COMBINATIONS.items()
    }


def _forecasts(series: Sequence[Any], season: int) -> tuple[Array, list[float]]:
    horizon = len(series[0].xx)
    with TemporaryDirectory(prefix="bench-r-") as folder:
        script, values, to = (Path(folder) / name for name in ("run.R", "series.csv", "forecasts.bin"))
        script.write_text(_SCRIPT, encoding="utf-8")
        with values.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "value"])
            writer.writerows([place, float(value)] for place, one in enumerate(series) for value in one.x)
        numbers = [season, horizon, min(WARM_UP, len(series))]
        command = ["Rscript", str(script), str(values), *map(str, numbers), str(to)]
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, env={**os.environ, **ONE_THREAD}
        )
        found = np.fromfile(to, "<f8").reshape(len(R_MODELS), 5, len(series), horizon)
    return found, [float(line) for line in done.stdout.split()]
