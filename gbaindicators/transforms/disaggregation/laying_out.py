"""Paths of shorter periods laid out as a series frame, with the provenance of benchmark and indicators."""

from __future__ import annotations

import numpy as np
import polars as pl

from gbaindicators.tables.series_frame import (
    FREQUENCY,
    STATUSES,
    append_method,
    check_unique_periods,
    combine_status,
    series_keys,
)
from gbaindicators.transforms.disaggregation.alignment import WORDS, Benchmark, Indicators, month_count
from gbaindicators.transforms.disaggregation.distribution import Fit
from gbaindicators.transforms.disaggregation.methods import Options
from gbaindicators.transforms.disaggregation.regression_tables import numbers
from gbaindicators.transforms.frequencies import MONTHS
from gbaindicators.transforms.provenance import add_note, collapsed, merge_provenance

__all__ = ["laid_out"]


def laid_out(
    frame: pl.DataFrame,
    indicators: Indicators | None,
    benchmarks: list[Benchmark],
    fits: list[Fit],
    statistics: pl.DataFrame,
    options: Options,
) -> pl.DataFrame:
    """Lay the paths out as a series frame with their provenance."""
    if not benchmarks:
        return frame
    series = _provenance(frame, indicators).with_columns(
        __method=pl.Series(_descriptions(benchmarks, statistics, options)),
        __start=pl.Series([b.run.first for b in benchmarks], dtype=pl.Int64),
        __end=pl.Series([b.run.end for b in benchmarks], dtype=pl.Int64),
    )
    path = _of_periods(_dated(series, benchmarks, fits, MONTHS[options.to]), frame, indicators)
    path = add_note(append_method(path, pl.col("__method")), _extrapolated())
    path = path.with_columns(pl.lit(options.to, FREQUENCY).alias("frequency"))
    if "__adjustment" in path.columns:
        path = path.with_columns(pl.coalesce("__adjustment", "adjustment").alias("adjustment"))
    said = ["se"] * options.regression + ["method", "status", "note"]
    provenance = [c for c in ("sources", "vintage") if c in path.columns]
    check_unique_periods(path.select(c for c in path.columns if c in frame.columns))
    return path.select(list(dict.fromkeys((*frame.columns, *provenance, *said))))


def _dated(series: pl.DataFrame, benchmarks: list[Benchmark], fits: list[Fit], step: int) -> pl.DataFrame:
    """Values of the short periods of `step` months: ``period``, its month, and the month the long one begins in."""
    numbers_of_series = np.repeat(np.arange(len(series)), [b.layout.high for b in benchmarks])
    months = np.concatenate([b.first + step * np.arange(b.layout.high) for b in benchmarks])
    month, start = pl.col("__month"), pl.col("__start")
    long = step * len(benchmarks[0].layout.weights)
    return (
        series.select(pl.all().gather(numbers_of_series))
        .with_columns(
            __month=pl.Series(months, dtype=pl.Int64),
            value=numbers(np.concatenate([f.values for f in fits])),
            se=numbers(np.concatenate([f.se for f in fits])),
        )
        .with_columns(
            period=pl.date(month // 12, month % 12 + 1, 1), __long=start + (month - start) // long * long
        )
    )


def _extrapolated() -> pl.Expr:
    """Say where the benchmark does not reach."""
    return (
        pl.when(pl.col("__month") < pl.col("__start"))
        .then(pl.lit("extrapolated before the first benchmark"))
        .when(pl.col("__month") >= pl.col("__end"))
        .then(pl.lit("extrapolated past the last benchmark"))
    )


def _provenance(frame: pl.DataFrame, indicators: Indicators | None) -> pl.DataFrame:
    """One row a series, with what is said of all its observations and those of its indicators together."""
    keys = series_keys(frame)
    of_series = frame.drop("status", "note", strict=False)
    series = of_series.group_by(keys, maintain_order=True).agg(collapsed(of_series))
    if indicators is None:
        return series
    carried = [c for c in ("sources", "vintage") if c in indicators.frame.columns]
    taken = collapsed(indicators.frame.select("period", "value", *carried))
    if "adjustment" in indicators.frame.columns and "adjustment" in keys:
        adjustment = pl.col("adjustment")
        taken.append(pl.when(adjustment.n_unique() == 1).then(adjustment.first()).alias("__adjustment"))
    beside = _beside(series.select(keys), indicators, taken)
    lacking = [c for c in carried if c not in series.columns]
    series = series.with_columns(pl.lit(None, beside.schema[c]).alias(c) for c in lacking)
    return merge_provenance(series, beside).with_columns(beside.select(pl.col("^__adjustment$")))


def _beside(rows: pl.DataFrame, indicators: Indicators, taken: list[pl.Expr], *within: str) -> pl.DataFrame:
    """What is `taken` of the indicators together, beside each row that they belong to."""
    on = [*indicators.on, *within]
    if not on:
        together = indicators.frame.group_by(pl.lit(0).alias("__all")).agg(taken).drop("__all")
        return together.select(pl.all().gather(np.zeros(len(rows), int)))
    taken_together = indicators.frame.group_by(on).agg(taken)
    return rows.select(on).join(taken_together, on=on, how="left", nulls_equal=True, maintain_order="left")


def _of_periods(path: pl.DataFrame, frame: pl.DataFrame, indicators: Indicators | None) -> pl.DataFrame:
    """Add ``status`` and ``note`` of the observations that each short period is made from."""
    said = [c for c in ("status", "note") if c in frame.columns]
    keys = [*series_keys(frame), "__long"]
    own = frame.select(*series_keys(frame), *said, month_count().alias("__long"))
    path = path.join(own, on=keys, how="left", nulls_equal=True, maintain_order="left")
    statuses = [pl.lit("E")] + [pl.col("status")] * ("status" in said)
    if indicators is not None and "status" in indicators.frame.columns:
        worst = pl.col("status").cast(pl.Enum(STATUSES)).max().cast(pl.String)
        statuses.append(pl.lit(_beside(path, indicators, [worst], "period")["status"]))
    return path.with_columns(combine_status(statuses))


def _descriptions(benchmarks: list[Benchmark], statistics: pl.DataFrame, options: Options) -> list[str]:
    """Say for each series by what, with what and how it was disaggregated."""
    additive = ", additive" * (options.criterion == "additive") + ", second differences" * (
        options.differences == 2
    )
    texts = []
    for b, rho, origin in zip(benchmarks, statistics["rho"], statistics["rho_origin"], strict=True):
        names = [n + f" ({run.method})" * bool(run.method) for n, run in b.indicators.items()]
        using = f"with {', '.join(names)}" if names else "without an indicator"
        of_rho = f", rho {rho:.4g} {origin}" if origin else ""
        texts.append(
            f"disaggregated to {WORDS[options.to]} by {options.method} {using} "
            f"({b.conversion} of {WORDS[options.to]}{additive}{of_rho})"
        )
    return texts
