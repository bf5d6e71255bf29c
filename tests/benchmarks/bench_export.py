"""Time per picture of a batch through one browser against separate cold calls of Plotly.

    python tests/benchmarks/bench_export.py

Three cold ``figure.write_image`` calls, each with a browser of its own, and twenty pictures of `export_many`, start of the
browser included. The batch should take at most a tenth of the time per picture.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl

from gbaindicators import charts

_COLD, _WARM = 3, 20
_AREAS = ("hong_kong", "macao", "shenzhen", "guangzhou", "foshan", "dongguan")


def _frame(number: int) -> pl.DataFrame:
    years = range(2000, 2025)
    return pl.DataFrame({
        "area": [area for area in _AREAS for _ in years], "period": [date(year, 1, 1) for year in years] * len(_AREAS),
        "value": [1e9 * (2 + place + number / 10) * 1.05**i for place in range(len(_AREAS)) for i in range(len(years))],
    })  # fmt: skip


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    figures = [charts.line(_frame(number)) for number in range(_WARM)]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        # the first call also imports what later ones find imported
        figures[0].write_image(place / "first.png", scale=2)
        cold = (
            sum(_seconds(lambda f=f: f.write_image(place / "cold.png", scale=2)) for f in figures[:_COLD])
            / _COLD
        )
        batch = {place / f"{number}.png": figure for number, figure in enumerate(figures)}
        warm = _seconds(lambda: charts.export_many(batch)) / _WARM
    print(f"cold write_image      {cold:6.2f} s a picture (mean of {_COLD})")
    print(f"export_many           {warm:6.2f} s a picture (mean of {_WARM}, start of the browser included)")
    print(f"ratio                 {warm / cold:6.3f} (asked for: 0.1 or less)")


if __name__ == "__main__":
    main()
