"""Time `growth` on ten million rows against a hand-written Polars expression that is correct by date.

Run with ``python -m tests.benchmarks.bench_growth``; it prints the ratio of the medians.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import date
from statistics import median

import numpy as np
import polars as pl

from gbaindicators.transforms.growth import growth

KEYS = ["indicator", "area"]
MONTHS = 480


def observations(rows: int, seed: int = 0) -> pl.DataFrame:
    """Monthly series of 150 indicators and as many areas as it takes, two rows of a hundred missing."""
    areas = [f"area_number_{i}" for i in range(rows // (MONTHS * 150) + 2)]
    series = pl.DataFrame({"indicator": [f"indicator_number_{i}" for i in range(150)]}).join(
        pl.DataFrame({"area": areas}), how="cross"
    )
    months = pl.DataFrame({"period": pl.date_range(date(1985, 1, 1), date(2024, 12, 1), "1mo", eager=True)})
    frame = series.join(months, how="cross", maintain_order="left_right")
    random = np.random.default_rng(seed)
    frame = frame.with_columns(value=pl.Series(random.lognormal(size=frame.height)))
    return frame.filter(pl.Series(random.random(frame.height) > 0.02)).head(rows)


def by_hand(frame: pl.DataFrame) -> pl.DataFrame:
    """Growth over a year by a join of the frame with itself a year later."""
    base = frame.select(*KEYS, pl.col("period").dt.offset_by("1y"), base="value")
    joined = frame.join(base, on=[*KEYS, "period"], how="left", maintain_order="left")
    return joined.with_columns(value=100 * (pl.col("value") / pl.col("base") - 1)).drop("base")


def seconds(run: Callable[[pl.DataFrame], pl.DataFrame], frame: pl.DataFrame) -> float:
    """Wall-clock time of one run."""
    start = time.perf_counter()
    run(frame)
    return time.perf_counter() - start


def compare(frame: pl.DataFrame, label: str, repeats: int) -> None:
    """Print the medians of alternating runs and their ratio, after a check that both agree."""
    ours, theirs = growth(frame)["value"], by_hand(frame)["value"]
    if ours.null_count() != theirs.null_count() or (ours - theirs).abs().max() > 1e-6:  # type: ignore[operator]
        raise SystemExit(f"{label}: the two do not agree")
    times = [(seconds(growth, frame), seconds(by_hand, frame)) for _ in range(repeats)]
    package, hand = (median(t) for t in zip(*times, strict=True))
    print(f"{label}: growth {package:.2f} s, by hand {hand:.2f} s, ratio {package / hand:.2f}")


def main() -> None:
    """Compare on ordered and on shuffled rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    frame = observations(options.rows)
    compare(frame, f"{frame.height:,} rows in order", options.repeats)
    compare(
        frame.sample(fraction=1, shuffle=True, seed=1), f"{frame.height:,} rows shuffled", options.repeats
    )


if __name__ == "__main__":
    main()
