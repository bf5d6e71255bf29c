"""Time a batch of charts through `export_many` against Plotly's ``write_image``, which starts a browser for each."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

import polars as pl

from gbaindicators import charts
from gbaindicators.errors import ExportError
from tests.benchmarks.suite import Bench, Work

AREAS = ("hong_kong", "macao", "shenzhen", "guangzhou", "foshan", "dongguan")


def years_of_areas(number: int) -> pl.DataFrame:
    """Twenty-five years of six areas, a little different in every chart."""
    years = range(2000, 2025)
    values = [1e9 * (2 + place + number / 10) * 1.05**i for place in range(len(AREAS)) for i in range(25)]
    return pl.DataFrame(
        {
            "area": [area for area in AREAS for _ in years],
            "period": [date(year, 1, 1) for year in years] * len(AREAS),
            "value": values,
        }
    )


def test_exports(bench: Bench) -> None:
    """Compare per picture, the start of the browser included on both sides."""
    many, cold = bench.size(20, 2), bench.size(2, 1)
    work, against = f"chart export, a picture of {many} by export_many", "cold write_image"
    drawn = [charts.line(years_of_areas(number)) for number in range(many)]
    with tempfile.TemporaryDirectory(prefix="bench-charts-") as folder:
        place = Path(folder)
        batch = {place / f"{number}.png": figure for number, figure in enumerate(drawn)}
        try:
            charts.export_many(dict(list(batch.items())[:1]))
        except ExportError:
            bench.absent(work, f"{against} (both need Chrome or Chromium)")
            return
        together = Work(lambda: charts.export_many(batch), times=many)
        alone = Work(
            lambda: [one.write_image(place / "cold.png", scale=2) for one in drawn[:cold]], times=cold
        )
        bench.compare(work, together, against, alone, rounds=3)
