"""Draw the pictures that README shows, into .github/pictures: run it when figures or charts have changed."""

from __future__ import annotations

from pathlib import Path

import polars as pl

import gbaindicators as gba
from gbaindicators.charts import export_many

CITIES = ["shenzhen", "guangzhou", "hong_kong", "foshan", "dongguan", "macao"]


def passed(frame: pl.DataFrame, one: str, other: str) -> int:
    """First year from which one area stays above another."""
    wide = frame.pivot(on="area", index="period", values="value").sort("period")
    behind = wide.filter(pl.col(one) <= pl.col(other))["period"].max()
    return behind.year + 1  # type: ignore[union-attr]


def draw(folder: Path) -> None:
    """Draw them into a folder."""
    gdp = gba.load("gdp", CITIES, start="2000", end="2024", frequency="A").pipe(gba.convert, "USD")
    first, second = passed(gdp, "shenzhen", "hong_kong"), passed(gdp, "guangzhou", "hong_kong")
    shenzhen = gba.load("gdp", "shenzhen", end="2023", frequency="A")
    ranks = gba.sensitivity("gdp")
    export_many(
        {
            folder / "cities.png": gba.chart.line(
                gdp, title=f"Hong Kong's GDP: passed by Shenzhen's in {first} and by Guangzhou's in {second}"
            ),
            folder / "forecast.png": gba.chart.fan(shenzhen, gba.forecast(shenzhen, 5)),
            folder / "ranks.png": gba.chart.sensitivity(ranks, lang="zh-Hant"),
        },
        preset="report",
        scale=1.5,
    )


if __name__ == "__main__":
    folder = Path(__file__).parents[1] / ".github" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    draw(folder)
