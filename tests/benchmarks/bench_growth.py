"""Time `growth` against Polars and pandas by hand: a join of the figures with themselves a year later, by date."""

from __future__ import annotations

from datetime import date
from functools import partial

import numpy as np
import polars as pl

from gbaindicators.transforms.growth import growth
from tests.benchmarks.suite import Bench, same
from tests.benchmarks.table import installed

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


def by_pandas(frame):
    """The same in pandas."""
    import pandas as pd

    base = frame.assign(period=frame["period"] + pd.DateOffset(years=1)).rename(columns={"value": "base"})
    joined = frame.merge(base, on=[*KEYS, "period"], how="left")
    return joined.assign(value=100 * (joined["value"] / joined["base"] - 1)).drop(columns="base")


def test_growth(bench: Bench) -> None:
    """Compare on ordered and on shuffled rows."""
    frame = observations(bench.size(2_000_000, 20_000))
    shuffled = frame.sample(fraction=1, shuffle=True, seed=1)
    work = f"growth of {frame.height:,} rows"
    for what, some in ((work, frame), (f"{work}, shuffled", shuffled)):
        same(growth(some)["value"], by_hand(some)["value"], what)
        bench.compare(what, partial(growth, some), "Polars by hand", partial(by_hand, some))
    if not installed("pandas"):
        bench.absent(work, "pandas by hand")
        return
    theirs = frame.to_pandas()
    same(growth(frame)["value"], by_pandas(theirs)["value"], work)
    bench.compare(work, partial(growth, frame), "pandas by hand", partial(by_pandas, theirs), rounds=3)
