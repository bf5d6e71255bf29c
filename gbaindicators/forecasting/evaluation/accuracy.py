"""How far forecasts were off, and whether a model beats the simple ones."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from gbaindicators.errors import FrameError, UnknownNameError
from gbaindicators.forecasting.evaluation.backtesting import check_backtest, comparable_by, series_of
from gbaindicators.forecasting.evaluation.comparing import FEWEST_STRETCHES, compare_losses
from gbaindicators.tables.intervals import interval_levels
from gbaindicators.tables.series_frame import series_name

__all__ = ["accuracy"]

#: Models that every other is held against.
_BENCHMARKS: Final = ("drift", "seasonal_naive")
_SIGNIFICANT: Final = 0.05
_ERROR: Final = pl.col("value") - pl.col("actual")
#: Measures that have a mean over series, and those that have none over series of several units.
_WITHOUT_UNIT: Final = ("smape", "mase", "rmsse", "relative_bias", "pinball")
_IN_UNIT: Final = ("mae", "rmse", "bias")
#: Columns that the table is made with and does not keep.
_STRETCHES: Final = "_stretches"


def accuracy(backtest: pl.DataFrame, *, by: str | None = None) -> pl.DataFrame:
    """Measure how accurate the models of a backtest were, and say whether they beat the simple ones.

    Parameters
    ----------
    backtest
        Frame as `backtest` returns it. One of your own needs ``value`` (the forecast), ``actual`` and ``model``; what
        further measures take is ``origin`` and ``period`` (comparisons), ``scale`` and ``squared_scale`` (scaled
        measures), ``lower_80``, ``upper_80`` and so on (intervals).
    by
        None: a row for each series and model. ``"step"``: for each series, model and step. ``"model"``: for each
        model, the mean of the measures of the series, as in the M3 competition [1]_.

    Returns
    -------
    pl.DataFrame
        The series keys, ``step`` (by step), ``model``, ``unit``, then

        - ``forecasts``, ``origins``: how many;
        - ``smape``: mean of 200 abs(y - f) / (abs(y) + abs(f)) in percent, 0 where both are zero;
        - ``mase``: mean absolute error in units of ``scale`` [2]_;
        - ``rmsse``: root of the mean squared error in units of ``squared_scale`` [3]_;
        - ``mae``, ``rmse``, ``bias`` (mean of f - y), in the unit of the series, and ``relative_bias``, the bias in
          percent of the mean absolute actual;
        - ``coverage_80`` and so on: percent of the actuals inside the interval; ``msis_80`` and so on: mean
          interval score [4]_ in units of ``scale``;
        - ``pinball``: mean quantile loss of the forecast as median and of all edges, in units of ``scale``;
        - ``skill_drift``, ``skill_seasonal_naive``: 1 - MAE / MAE of that model for the same forecasts;
        - ``dm_drift_p``, ``dm_seasonal_naive_p``: two-sided p-value of the hypothesis that both are equally accurate in
          absolute error, all steps of an origin together;
        - ``verdict``: one line on what these say; and ``sources``.

        A measure is null where a forecast lacks what it takes. By model there are ``series`` (how many) and
        ``unscaled`` (how many of them have no scaled measures, and are left out of their means); measures in a unit
        are null where the series have several; skill is that of the mean ``mase``; and there are no p-values.

    Raises
    ------
    FrameError
        It is no backtest, a number is missing, a forecast is there twice, or a series has several units.
    UnknownNameError
        `by` is none of the above.

    Notes
    -----
    The p-value is that of `diebold_mariano`, except that degrees of freedom count forecasts that fit side by side
    into the time spanned, where those overlap: with a dozen origins and long horizons the original rejects a true
    hypothesis up to three times as often as it says. For one step ahead both agree. Below four such stretches the
    verdict is that there are too few origins. "Better" and "worse" stand for p < 0.05; among many series some will
    be so by chance.

    References
    ----------
    .. [1] S. Makridakis and M. Hibon (2000), "The M3-Competition: results, conclusions and implications",
       International Journal of Forecasting 16(4), 451-476.
    .. [2] R. J. Hyndman and A. B. Koehler (2006), "Another look at measures of forecast accuracy", International
       Journal of Forecasting 22(4), 679-688.
    .. [3] S. Makridakis, E. Spiliotis and V. Assimakopoulos (2022), "M5 accuracy competition: results, findings, and
       conclusions", International Journal of Forecasting 38(4), 1346-1364.
    .. [4] T. Gneiting and A. E. Raftery (2007), "Strictly proper scoring rules, prediction, and estimation", Journal
       of the American Statistical Association 102(477), 359-378.

    Examples
    --------
    >>> past = pl.DataFrame({
    ...     "model": ["mine", "mine"], "value": [90.0, 110.0], "actual": [100.0, 100.0],
    ...     "lower_80": [80.0, 102.0], "upper_80": [95.0, 120.0], "scale": [5.0, 5.0],
    ... })
    >>> measured = accuracy(past)
    >>> measured.select(pl.col("mase", "mae", "bias", "coverage_80", "msis_80").round(2)).row(0)
    (2.0, 10.0, 0.0, 0.0, 10.3)
    >>> measured["verdict"][0]
    'no benchmark to compare with'
    """
    if by not in (None, "step", "model"):
        raise UnknownNameError("grouping", by, ("step", "model"))
    rows = check_backtest(backtest, *(["step"] if by == "step" else []))
    groups = [*series_of(rows), *(["step"] if by == "step" else []), "model"]
    _check_unit(rows)
    rows = _with_benchmarks(rows)
    measured = rows.group_by(groups).agg(_measures(rows)).sort(groups)
    tested = measured.join(_tests(rows, groups), on=groups, nulls_equal=True, maintain_order="left")
    if by == "model":
        return _over_series(tested)
    verdicts = [_verdict(row) for row in tested.iter_rows(named=True)]
    judged = tested.with_columns(verdict=pl.Series(verdicts, dtype=pl.String))
    last = [c for c in ("verdict", "sources") if c in judged.columns]
    return judged.drop(_STRETCHES, *map(_mae, _BENCHMARKS)).select(pl.exclude(last), *last)


def _check_unit(rows: pl.DataFrame) -> None:
    keys = series_of(rows)
    if "unit" in rows.columns:
        mixed = rows.filter(pl.col("unit").n_unique().over(keys or pl.lit(0)) > 1)
        if mixed.height:
            name = series_name(mixed.select(keys).row(0, named=True))
            raise FrameError(
                f"{name} has several units in the backtest: backtest it in one, gba.convert(...)"
            )


def _with_benchmarks(rows: pl.DataFrame) -> pl.DataFrame:
    """Add the absolute errors of the simple models for the same forecasts, null where there are none."""
    when = comparable_by(rows)
    same = [*series_of(rows), *when]
    for name in _BENCHMARKS:
        own = rows.filter(pl.col("model") == name).select(*same, _ERROR.abs().alias(_error(name)))
        rows = (
            rows.join(own, on=same, how="left", nulls_equal=True, maintain_order="left")
            if when
            else rows.with_columns(pl.lit(None, dtype=pl.Float64).alias(_error(name)))
        )
    return rows


def _error(benchmark: str) -> str:
    return f"_error_{benchmark}"


def _mae(benchmark: str) -> str:
    return f"_mae_{benchmark}"


def _skill(own: pl.Expr, other: pl.Expr) -> pl.Expr:
    return pl.when(other > 0).then(1 - own / other)


def _mean(measure: pl.Expr) -> pl.Expr:
    """Mean that is null where a single one is missing."""
    return pl.when(measure.null_count() == 0).then(measure.mean())


def _positive(column: str, rows: pl.DataFrame) -> pl.Expr:
    """Column of the frame where it is positive, null where it is not or is not there."""
    if column not in rows.columns:
        return pl.lit(None, dtype=pl.Float64)
    return pl.when(pl.col(column) > 0).then(pl.col(column))


def _measures(rows: pl.DataFrame) -> list[pl.Expr]:
    scale, squared_scale = _positive("scale", rows), _positive("squared_scale", rows)
    size = pl.col("value").abs() + pl.col("actual").abs()
    sizes = pl.col("actual").abs().sum()
    measures = {
        "forecasts": pl.len().cast(pl.Int64),
        "origins": (pl.col("origin").n_unique() if "origin" in rows.columns else pl.lit(None)).cast(pl.Int64),
        "smape": pl.when(size > 0).then(200 * _ERROR.abs() / size).otherwise(0.0).mean(),
        "mase": _mean(_ERROR.abs() / scale),
        "rmsse": _mean(_ERROR**2 / squared_scale).sqrt(),
        "mae": _ERROR.abs().mean(),
        "rmse": (_ERROR**2).mean().sqrt(),
        "bias": _ERROR.mean(),
        "relative_bias": pl.when(sizes > 0).then(100 * _ERROR.sum() / sizes),
        **_interval_measures(rows, scale),
        **{_mae(name): _mean(pl.col(_error(name))) for name in _BENCHMARKS},
        **{f"skill_{name}": _skill(_ERROR.abs().mean(), _mean(pl.col(_error(name)))) for name in _BENCHMARKS},
    }
    unit = [pl.col("unit").first()] if "unit" in rows.columns else []
    return [*unit, *(measure.alias(name) for name, measure in measures.items()), *_sources(rows)]


def _sources(rows: pl.DataFrame) -> list[pl.Expr]:
    """Union of all sources, where there are any."""
    return (
        [pl.col("sources").list.explode().drop_nulls().unique().sort()] if "sources" in rows.columns else []
    )


def _interval_measures(rows: pl.DataFrame, scale: pl.Expr) -> dict[str, pl.Expr]:
    """Coverage and interval score of each level, and the quantile loss of all edges and the median."""
    levels = interval_levels(rows)
    actual = pl.col("actual")
    coverage, scores, losses = {}, {}, [_ERROR.abs() / 2]
    for level in levels:
        lower, upper, outside = pl.col(f"lower_{level}"), pl.col(f"upper_{level}"), 1 - float(level) / 100
        below, above = (lower - actual).clip(0), (actual - upper).clip(0)
        score = upper - lower + (below + above) * (2 / outside)
        coverage[f"coverage_{level}"] = _mean(100.0 * ((lower <= actual) & (actual <= upper)))
        scores[f"msis_{level}"] = _mean(score / scale)
        # the losses of both edges add up to half the share outside times the interval score
        losses.append(score * outside / 2)
    pinball = _mean(sum(losses[1:], losses[0]) / (2 * len(levels) + 1) / scale)
    return {**coverage, **scores, "pinball": pinball if levels else pl.lit(None, dtype=pl.Float64)}


def _tests(rows: pl.DataFrame, groups: list[str]) -> pl.DataFrame:
    """Compare every group with the simple models over its origins; null where there is nothing to compare."""
    table = rows.select(groups).unique(maintain_order=True)
    if not {"origin", "period"} <= set(rows.columns):
        nothing = pl.lit(None, dtype=pl.Float64)
        return table.with_columns(
            nothing.alias(_STRETCHES), *(nothing.alias(f"dm_{name}_p") for name in _BENCHMARKS)
        )
    # summed, not averaged, over the steps of an origin: the test is then of the difference of both MAE
    differences = {name: (_ERROR.abs() - pl.col(_error(name))) for name in _BENCHMARKS}
    of_origins = rows.group_by([*groups, "origin"]).agg(
        pl.col("period").max(),
        *(pl.when(d.null_count() == 0).then(d.sum()).alias(name) for name, d in differences.items()),
    )
    lists = (
        of_origins.sort("origin").group_by(groups, maintain_order=True).agg("origin", "period", *_BENCHMARKS)
    )
    p_values: dict[str, list[float | None]] = {name: [] for name in _BENCHMARKS}
    stretches: list[float | None] = []
    for origins, ends, *of_models in lists.select("origin", "period", *_BENCHMARKS).iter_rows():
        tests = [None if None in d else compare_losses(d, origins, ends) for d in of_models]
        stretches.append(next((test.stretches for test in tests if test), None))
        for name, test in zip(_BENCHMARKS, tests, strict=True):
            p_values[name].append(test and test.cautious_p_value)
    return lists.select(
        *groups,
        pl.Series(_STRETCHES, stretches, dtype=pl.Float64),
        *(pl.Series(f"dm_{name}_p", p, dtype=pl.Float64) for name, p in p_values.items()),
    )


def _verdict(row: dict[str, Any]) -> str:
    """What the numbers of one row say about the model."""
    rivals = [name for name in _BENCHMARKS if name != row["model"] and row[_mae(name)] is not None]
    if not rivals:
        return "no benchmark to compare with"
    if row[_STRETCHES] is None:
        return "not tested: the rows do not say their origins and periods"
    if row[_STRETCHES] < FEWEST_STRETCHES:
        overlapping = ", which overlap" if row["origins"] >= FEWEST_STRETCHES else ""
        return f"too few origins to tell ({row['origins']}{overlapping})"
    return "; ".join(_against(name, row["mae"], row[_mae(name)], row[f"dm_{name}_p"]) for name in rivals)


def _against(rival: str, own: float, other: float, p: float | None) -> str:
    name = rival.replace("_", " ")
    if own == other:
        return f"as good as {name} (the same MAE)"
    better = own < other
    by = (
        f"MAE {abs(1 - own / other):.0%} {'lower' if better else 'higher'}"
        if other
        else "which made no error"
    )
    if p is None:
        return f"{'better' if better else 'worse'} than {name} ({by}, at every origin alike)"
    sure = p < _SIGNIFICANT
    word = ("better" if sure else "not clearly better") if better else ("worse" if sure else "no better")
    return f"{word} than {name} ({by}, {'p < 0.01' if p < 0.01 else f'p = {p:.2f}'})"


def _over_series(table: pl.DataFrame) -> pl.DataFrame:
    """Mean over the series of every model."""
    several_units = "unit" in table.columns and table["unit"].n_unique() > 1
    measures = [
        pl.lit(None, dtype=pl.Float64).alias(c) if several_units and c in _IN_UNIT else pl.col(c).mean()
        for c in table.columns
        if c in (*_WITHOUT_UNIT, *_IN_UNIT) or c.startswith(("coverage_", "msis_"))
    ]
    won = {name: (pl.col("mae") < pl.col(_mae(name))) for name in _BENCHMARKS}
    means = table.group_by("model").agg(
        pl.len().cast(pl.Int64).alias("series"),
        pl.col("mase").null_count().cast(pl.Int64).alias("unscaled"),
        pl.col("forecasts").sum(),
        pl.when(pl.col("origins").null_count() == 0).then(pl.col("origins").sum()),
        *measures,
        *(pl.when(w.null_count() == 0).then(w.sum()).alias(f"_won_{name}") for name, w in won.items()),
        *_sources(table),
    )
    models = {row["model"]: row for row in means.iter_rows(named=True)}
    skills = {
        f"skill_{name}": pl.Series(
            [_skill_of_means(row, models.get(name)) for row in models.values()], dtype=pl.Float64
        )
        for name in _BENCHMARKS
    }
    verdicts = pl.Series([_record(row) for row in models.values()], dtype=pl.String)
    means = means.with_columns(**skills, verdict=verdicts).drop(f"_won_{name}" for name in _BENCHMARKS)
    last = [c for c in ("sources",) if c in means.columns]
    return means.select(pl.exclude(last), *last).sort("model")


def _skill_of_means(row: dict[str, Any], rival: dict[str, Any] | None) -> float | None:
    """Skill of a model's mean scaled error over the same series, None where they are not the same."""
    if rival is None or any(row[c] != rival[c] for c in ("series", "unscaled", "forecasts")):
        return None
    return 1 - row["mase"] / rival["mase"] if rival["mase"] else None


def _record(row: dict[str, Any]) -> str:
    """In how many series a model was ahead of the simple ones."""
    wins = {n: row[f"_won_{n}"] for n in _BENCHMARKS if n != row["model"] and row[f"_won_{n}"] is not None}
    parts = [f"lower than {name} in {count} of {row['series']} series" for name, count in wins.items()]
    return "MAE " + " and ".join(parts) if parts else "no benchmark to compare with"
