"""Cost against size: the same work on 1, 10 and 100 times as much, and the exponent of the power law through the times."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl

from gbaindicators.forecasting import forecast
from gbaindicators.store import build
from gbaindicators.transforms.growth import growth
from tests.benchmarks.bench_build import write_transactions
from tests.benchmarks.bench_growth import observations
from tests.benchmarks.suite import Bench
from tests.benchmarks.table import Row, seconds_text

TIMES = (1, 10, 100)


def annual(series: int) -> pl.DataFrame:
    """Annual series of thirty years."""
    random = np.random.default_rng(0)
    years = pl.date_range(date(1990, 1, 1), date(2019, 1, 1), "1y", eager=True)
    values = 500 + random.normal(5, 9, (series, 30)).cumsum(axis=1)
    areas = pl.DataFrame({"city": [f"city_{i}" for i in range(series)]})
    frame = areas.join(pl.DataFrame({"period": years}), how="cross", maintain_order="left_right")
    return frame.with_columns(value=pl.Series(values.ravel()))


def _build(folder: Path, rows: int) -> Callable[[], object]:
    datasets = folder / str(rows)
    write_transactions(datasets / "observations" / "card_transactions.csv", rows)
    return partial(build, datasets, folder / f"{rows}.duckdb")


def test_sizes(bench: Bench) -> None:
    """A row for each kind of work, with the three times and the exponent."""
    with tempfile.TemporaryDirectory(prefix="bench-sizes-") as folder:
        kinds: dict[str, tuple[int, Callable[[int], Callable[[], object]]]] = {
            "build, rows": (bench.size(20_000, 500), partial(_build, Path(folder))),
            "growth, rows": (bench.size(50_000, 500), lambda n: partial(growth, observations(n))),
            "forecast, series": (bench.size(50, 1), lambda n: partial(forecast, annual(n), 5)),
        }
        for name, (least, make) in kinds.items():
            bench.add(_fitted(name, [least * times for times in TIMES], make, bench))


def _fitted(name: str, sizes: list[int], make: Callable[[int], Callable[[], object]], bench: Bench) -> Row:
    seconds = []
    for size in sizes:
        work = make(size)
        # the largest takes long enough to be told from noise, and what it imports is imported
        largest = size == sizes[-1]
        if not largest:
            work()
        seconds.append(median(bench.seconds(f"{name}: {size:,}", work, rounds=1 if largest else 3)))
    exponent = float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])
    last = float(np.log(seconds[-1] / seconds[-2]) / np.log(sizes[-1] / sizes[-2]))
    return Row(
        work=f"{name}: {', '.join(f'{size:,}' for size in sizes)}",
        against="1, 10 and 100 times as much",
        ours=", ".join(seconds_text(one) for one in seconds),
        theirs=f"exponent {exponent:.2f}",
        ratio=None,
        spread=f"last tenfold {last:.2f}",
        runs=len(sizes),
    )
