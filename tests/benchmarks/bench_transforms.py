"""Time `convert`, `deflate`, `index` and `from_ytd` against hand-written Polars, and `convert` against pandas.

By hand means joins that are correct by date and give the same columns, the union of the sources among them, on frames
without and with ``sources``; `growth` has a benchmark of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial

import numpy as np
import polars as pl

from gbaindicators.catalog import catalog
from gbaindicators.tables.series_frame import FREQUENCY
from gbaindicators.transforms.indexing import index
from gbaindicators.transforms.money import convert, deflate
from gbaindicators.transforms.year_to_date import from_ytd
from tests.benchmarks.suite import Bench, same
from tests.benchmarks.table import installed

KEYS = ["indicator", "area"]
FIRST, LAST = date(1985, 1, 1), date(2024, 12, 1)
UNITS = ["CNY", "HKD", "JPY"]
Transform = Callable[[pl.DataFrame], pl.DataFrame]


@dataclass(frozen=True)
class Case:
    """One transform, its hand-written counterpart and the frame of both."""

    name: str
    ours: Transform
    by_hand: Transform
    frame: pl.DataFrame


def observations(rows: int, every: str, *, origin: bool) -> pl.DataFrame:
    """Series of 150 indicators and as many areas as it takes, in order, two rows of a hundred missing.

    With `origin` every row has one of nineteen lists of sources, which change from row to row.
    """
    periods = pl.DataFrame({"period": pl.date_range(FIRST, LAST, every, eager=True)})
    areas = pl.DataFrame({"area": [f"area_{i}" for i in range(rows // (periods.height * 150) + 2)]})
    areas = areas.with_columns(unit=pl.Series(UNITS).gather(pl.Series(range(areas.height)) % len(UNITS)))
    series = pl.DataFrame({"indicator": [f"indicator_{i}" for i in range(150)]}).join(areas, how="cross")
    frame = series.join(periods, how="cross", maintain_order="left_right")
    random = np.random.default_rng(0)
    frame = frame.filter(pl.Series(random.random(frame.height) > 0.02)).head(rows)
    frame = frame.select(
        *KEYS,
        pl.repeat("A" if every == "1y" else "M", frame.height, dtype=FREQUENCY, eager=True).alias(
            "frequency"
        ),
        "period",
        pl.Series("value", random.lognormal(size=frame.height)),
        "unit",
    )
    if origin:
        lists = pl.Series(
            [[f"source_{i}"] for i in range(12)] + [[f"source_{i}", "yearbook"] for i in range(7)]
        )
        drawn = random.integers(0, lists.len(), frame.height)
        frame = frame.with_columns(lists.gather(drawn).alias("sources"))
    return frame.rechunk()


def figures(every: str, key: str, names: list[str], *, origin: bool) -> pl.DataFrame:
    """Rates or price indices of every period, above zero."""
    periods = pl.DataFrame({"period": pl.date_range(FIRST, LAST, every, eager=True)})
    frame = pl.DataFrame({key: names}).join(periods, how="cross")
    values = np.random.default_rng(1).uniform(5, 8, frame.height)
    frame = frame.with_columns(value=pl.Series(values), frequency=pl.lit("A" if every == "1y" else "M"))
    if origin:
        frame = frame.with_columns(sources=pl.concat_list(pl.lit("rates of ") + pl.col(key)))
    return frame


def united(frame: pl.DataFrame) -> pl.DataFrame:
    """Union of ``sources`` and ``theirs``, where the frame has them."""
    if "sources" not in frame.columns:
        return frame
    both = pl.concat_list("sources", pl.col("theirs").fill_null([])).list.eval(pl.element().unique().sort())
    return frame.with_columns(sources=both).drop("theirs")


def convert_case(rows: int, *, origin: bool) -> Case:
    """Three currencies in months to US dollars."""
    rates = figures("1mo", "unit", [f"{u} per USD" for u in UNITS], origin=origin)
    theirs = [pl.col("sources").alias("theirs")] if origin else []
    table = rates.select(pl.col("unit").str.head(3), "period", *theirs, rate="value")

    def by_hand(frame: pl.DataFrame) -> pl.DataFrame:
        joined = frame.join(table, on=["unit", "period"], how="left", maintain_order="left")
        result = joined.with_columns(
            value=pl.col("value") / pl.col("rate"), unit=pl.lit("USD"), method=pl.lit("to USD")
        )
        return united(result.drop("rate"))

    frame = observations(rows, "1mo", origin=origin)
    return Case("convert", lambda f: convert(f, "USD", rates=rates), by_hand, frame)


def deflate_case(rows: int, *, origin: bool) -> Case:
    """Three currencies in years to prices of 2015."""
    homes = {u: catalog().currencies[u] for u in UNITS}
    indices = figures("1y", "area", list(homes.values()), origin=origin)
    base = indices.filter(pl.col("period") == date(2015, 1, 1))
    table = indices.join(base, on="area", suffix="_base").select(
        unit=pl.col("area").replace_strict({area: unit for unit, area in homes.items()}),
        period="period",
        price=pl.col("value") / pl.col("value_base"),
        **({"theirs": pl.col("sources").list.set_union("sources_base")} if origin else {}),
    )

    def by_hand(frame: pl.DataFrame) -> pl.DataFrame:
        joined = frame.join(table, on=["unit", "period"], how="left", maintain_order="left")
        result = joined.with_columns(
            value=pl.col("value") / pl.col("price"),
            prices=pl.lit("constant 2015"),
            method="deflated with the GDP deflator of " + pl.col("unit"),
        )
        return united(result.drop("price"))

    return Case(
        "deflate",
        lambda f: deflate(f, "2015", deflator=indices),
        by_hand,
        observations(rows, "1y", origin=origin),
    )


def index_case(rows: int, *, origin: bool) -> Case:
    """Months relative to one month."""
    frame = observations(rows, "1mo", origin=origin)
    base = date(2015, 3, 1)
    within = frame.filter(pl.col("period") == base).select(KEYS)
    frame = frame.join(within, on=KEYS, how="semi", maintain_order="left")

    def by_hand(frame: pl.DataFrame) -> pl.DataFrame:
        theirs = [pl.col("sources").alias("theirs")] if origin else []
        at_base = frame.filter(pl.col("period") == base).select(*KEYS, *theirs, base="value")
        joined = frame.join(at_base, on=KEYS, how="left", maintain_order="left")
        result = joined.with_columns(
            value=100 * pl.col("value") / pl.col("base"), unit=pl.lit("index"), method=pl.lit("index")
        )
        return united(result.drop("base"))

    return Case("index", lambda f: index(f, "2015-03"), by_hand, frame)


def from_ytd_case(rows: int, *, origin: bool) -> Case:
    """Months from figures cumulated since January."""
    frame = observations(rows, "1mo", origin=origin)
    year = [*KEYS, pl.col("period").dt.year()]
    frame = frame.with_columns(pl.col("value").cum_sum().over(year), adjustment=pl.lit("ytd"))

    def by_hand(frame: pl.DataFrame) -> pl.DataFrame:
        theirs = [pl.col("sources").alias("theirs")] if origin else []
        later = frame.select(*KEYS, pl.col("period").dt.offset_by("1mo"), *theirs, before="value")
        later = later.filter(pl.col("period").dt.month() != 1)
        joined = frame.join(later, on=[*KEYS, "period"], how="left", maintain_order="left")
        january = pl.col("period").dt.month() == 1
        result = joined.with_columns(
            value=pl.when(january).then("value").otherwise(pl.col("value") - pl.col("before")),
            adjustment=pl.lit("nsa"),
            method=pl.lit("single periods"),
            note=pl.when(~january & pl.col("before").is_null()).then(pl.lit("the period before is missing")),
        )
        return united(result.drop("before"))

    return Case("from_ytd", from_ytd, by_hand, frame)


def check(case: Case) -> None:
    """End the run when the two do not give the same."""
    ours, theirs = case.ours(case.frame), case.by_hand(case.frame)
    if set(ours.columns) != set(theirs.columns):
        raise AssertionError(f"{case.name}: the columns differ: {ours.columns} and {theirs.columns}")
    same(ours["value"].to_numpy(), theirs["value"].to_numpy(), case.name)
    if "sources" in ours.columns and not ours["sources"].equals(theirs["sources"]):
        raise AssertionError(f"{case.name}: the sources do not agree")


def against_pandas(rows: int, bench: Bench) -> None:
    """Compare `convert` with a merge in pandas."""
    case = convert_case(rows, origin=False)
    work = f"convert {case.frame.height:,} rows"
    if not installed("pandas"):
        bench.absent(work, "pandas by hand")
        return
    frame = case.frame.to_pandas()
    rates = figures("1mo", "unit", [f"{u} per USD" for u in UNITS], origin=False)
    table = rates.select(pl.col("unit").str.head(3), "period", rate="value").to_pandas()

    def by_pandas():
        joined = frame.merge(table, on=["unit", "period"], how="left")
        joined["value"] = joined["value"] / joined["rate"]
        return joined.drop(columns="rate").assign(unit="USD", method="to USD")

    same(case.ours(case.frame)["value"], by_pandas()["value"], work)
    bench.compare(work, partial(case.ours, case.frame), "pandas by hand", by_pandas, rounds=3)


def test_transforms(bench: Bench) -> None:
    """Compare every transform, without and with sources."""
    size = bench.size(2_000_000, 20_000)
    for make in (convert_case, deflate_case, index_case, from_ytd_case):
        for origin in (False, True):
            case = make(size, origin=origin)
            check(case)
            work = f"{case.name}, {case.frame.height:,} rows{' with sources' if origin else ''}"
            ours, theirs = (partial(one, case.frame) for one in (case.ours, case.by_hand))
            bench.compare(work, ours, "Polars by hand", theirs, rounds=3)
    against_pandas(size, bench)
