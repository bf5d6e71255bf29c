"""Time Chow-Lin of annual series to quarters against a loop of the package tempdisagg over the same series.

Run with ``python -m tests.benchmarks.bench_disaggregation``. The package is no dependency of the project: without
it (``pip install tempdisagg==0.2.13``) there is nothing to compare with. Its loop is timed on a sample of the
series and scaled up.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import date
from statistics import median

import numpy as np
import polars as pl

from gbaindicators.transforms.disaggregation import disaggregate

TARGET = 0.1
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


def seconds(task: Callable[[], object]) -> float:
    """Wall time of one run."""
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def main() -> None:
    """Compare and print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--sample", type=int, default=100, help="series that tempdisagg is timed on")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    try:
        import pandas as pd
        from tempdisagg import TempDisaggModel
    except ImportError as error:
        print(f"skipped: {error.name} is not installed, so there is nothing to compare with")
        return

    y, x = panel(options.series)
    years, quarters = as_frame(y, "1y"), as_frame(x, "1q")

    def loop() -> None:
        year, quarter = np.repeat(np.arange(1990, 1990 + YEARS), 4), np.tile([1, 2, 3, 4], YEARS)
        for annual, indicator in zip(y[: options.sample], x[: options.sample], strict=True):
            frame = pd.DataFrame({"Index": year, "Grain": quarter, "y": np.repeat(annual, 4), "X": indicator})
            model = TempDisaggModel(method="chow-lin-opt", conversion="sum")
            model.fit(frame)
            model.predict(full=False)

    def ours() -> None:
        disaggregate(years, "Q", indicator=quarters, method="chow-lin", conversion="sum")

    runs = [(seconds(ours), seconds(loop) * options.series / options.sample) for _ in range(options.repeats)]
    mine, theirs = (median(times) for times in zip(*runs, strict=True))
    print(
        f"Chow-Lin of {options.series:,} annual series to quarters: ratio {mine / theirs:.3f} (target {TARGET:g}), "
        f"{mine:.2f} s against {theirs:.1f} s by tempdisagg"
    )


if __name__ == "__main__":
    main()
