"""What there is to know of the regressions: coefficients and statistics, series by series."""

from __future__ import annotations

import numpy as np
import polars as pl

from gbaindicators.tables.series_frame import series_keys
from gbaindicators.transforms.disaggregation.alignment import Benchmark
from gbaindicators.transforms.disaggregation.distribution import BOUND, Array, Fit
from gbaindicators.transforms.disaggregation.fitting import regressors
from gbaindicators.transforms.disaggregation.methods import Options

__all__ = ["coefficients_of", "numbers", "statistics_of"]


def statistics_of(
    frame: pl.DataFrame, benchmarks: list[Benchmark], fits: list[Fit], options: Options
) -> pl.DataFrame:
    """Statistics of each series, null where its method has none."""
    rho = numbers([f.rho for f in fits])
    origin = pl.Series("rho_origin", [None] * len(fits), pl.String)
    if options.rho is not None:
        origin = pl.repeat("given", len(fits), eager=True)
    elif options.estimated_by is not None:
        origin = pl.select(
            pl.when(rho.abs() >= BOUND)
            .then(pl.lit("at the bound"))
            .when((rho == 0) & options.truncated)
            .then(pl.lit("truncated"))
            .otherwise(pl.lit("estimated"))
        ).to_series()
    return _keys(frame).with_columns(
        method=pl.lit(options.method),
        conversion=pl.Series([b.conversion for b in benchmarks], dtype=pl.String),
        n_low=pl.Series([b.layout.low for b in benchmarks], dtype=pl.Int64),
        n_high=pl.Series([b.layout.high for b in benchmarks], dtype=pl.Int64),
        rho=rho,
        rho_origin=origin,
        adjusted_r2=numbers([f.adjusted_r2 for f in fits]),
        log_likelihood=numbers([f.log_likelihood for f in fits]),
    )


def coefficients_of(
    frame: pl.DataFrame, benchmarks: list[Benchmark], fits: list[Fit], options: Options
) -> pl.DataFrame:
    """Coefficients of each series and regressor."""
    names = [regressors(b, options) if options.regression else [] for b in benchmarks]
    coefficient, se = (numbers(np.concatenate([np.empty(0), *arrays])) for arrays in (
        [f.beta for f in fits], [f.beta_se for f in fits]
    ))  # fmt: skip
    rows = np.repeat(np.arange(len(fits)), [len(n) for n in names])
    return (
        _keys(frame)
        .select(pl.all().gather(rows))
        .with_columns(
            regressor=pl.Series([n for some in names for n in some], dtype=pl.String),
            coefficient=coefficient,
            se=se,
            t=pl.select(pl.when(se > 0).then(coefficient / se)).to_series(),
        )
    )


def _keys(frame: pl.DataFrame) -> pl.DataFrame:
    """Keys of the series in order of first appearance."""
    return frame.select(series_keys(frame)).unique(maintain_order=True)


def numbers(values: list[Array] | Array) -> pl.Series:
    """Numbers with null for what is not finite: what there is not, or cannot be computed."""
    found = np.asarray(values, dtype=float)
    return pl.Series(np.where(np.isfinite(found), found, np.nan), dtype=pl.Float64, nan_to_null=True)
