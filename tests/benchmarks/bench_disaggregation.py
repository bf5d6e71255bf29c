"""Time Chow-Lin of annual series to quarters against a loop of the package tempdisagg over the same series.

The loop takes a sample of the series, and its time is scaled up to all.
"""

from __future__ import annotations

from datetime import date
from functools import partial

import numpy as np
import polars as pl

from gbaindicators.transforms.disaggregation import disaggregate
from tests.benchmarks.suite import Bench, Work
from tests.benchmarks.table import installed

YEARS = 30


def panel(series: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Annual series, and one quarterly indicator for each, with residuals of different persistence."""
    random = np.random.default_rng(seed)
    shape = (series, 4 * YEARS)
    x, noise = 100 + np.cumsum(random.normal(size=shape), axis=1), random.normal(size=shape)
    rho = random.uniform(0, 0.95, size=series)
    for quarter in range(1, shape[1]):
        noise[:, quarter] += rho * noise[:, quarter - 1]
    return (20 + 0.5 * x + noise).reshape(series, YEARS, 4).sum(axis=2), x


def as_frame(values: np.ndarray, step: str) -> pl.DataFrame:
    """Long frame of the series, areas named by number."""
    end = date(1989 + YEARS, 12, 31)
    periods = pl.DataFrame({"period": pl.date_range(date(1990, 1, 1), end, step, eager=True)})
    areas = pl.DataFrame({"area": [f"area_{i}" for i in range(len(values))]})
    frame = areas.join(periods, how="cross", maintain_order="left_right")
    return frame.with_columns(value=pl.Series(values.ravel()))


def by_tempdisagg(y: np.ndarray, x: np.ndarray) -> list[np.ndarray]:
    """Disaggregate one series after another."""
    import pandas as pd
    from tempdisagg import TempDisaggModel

    year, quarter = np.repeat(np.arange(1990, 1990 + YEARS), 4), np.tile([1, 2, 3, 4], YEARS)
    paths = []
    for annual, indicator in zip(y, x, strict=True):
        frame = pd.DataFrame({"Index": year, "Grain": quarter, "y": np.repeat(annual, 4), "X": indicator})
        model = TempDisaggModel(method="chow-lin-opt", conversion="sum")
        model.fit(frame)
        paths.append(np.asarray(model.predict(full=False)).ravel())
    return paths


def test_disaggregation(bench: Bench) -> None:
    """Compare on many series with an indicator for each."""
    count, sample = bench.size(1000, 20), bench.size(50, 2)
    work = f"Chow-Lin of {count:,} annual series to quarters"
    if not installed("tempdisagg"):
        bench.absent(work, "tempdisagg")
        return
    y, x = panel(count)
    years, quarters = as_frame(y, "1y"), as_frame(x, "1q")
    ours = partial(disaggregate, years, "Q", indicator=quarters, method="chow-lin", conversion="sum")
    # rho is looked for on other grids, so the two agree in size only
    path, theirs = (
        ours()["value"].to_numpy().reshape(count, -1)[:sample],
        by_tempdisagg(y[:sample], x[:sample]),
    )
    if np.median(np.abs(path / np.array(theirs) - 1)) > 0.02:
        raise AssertionError("Chow-Lin: the two do not agree")
    loop = Work(partial(by_tempdisagg, y[:sample], x[:sample]), times=sample / count)
    bench.compare(work, ours, f"tempdisagg ({sample} series, scaled)", loop, rounds=3)
