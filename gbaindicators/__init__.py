"""Sourced, comparable indicators of the Greater Bay Area and the bay areas it is compared with.

>>> import gbaindicators as gba
>>> gdp = gba.load("gdp", "hong_kong", start="2022", end="2023")
>>> gdp.pipe(gba.convert, "USD").pipe(gba.growth)["value"].round(1).to_list()
[None, 6.2]
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

# Names and where they live. They are imported when first used, so that `import gbaindicators` stays light.
_PLACES = {
    "catalog": ("catalog", "LANGUAGES"),
    "errors": (
        "AdjustmentError", "AdjustmentWarning", "DatabaseError", "DatasetError", "ExportError", "ForecastWarning", "FrameError", "GbaError", "MissingRateError", "PeriodError",
        "SeriesTooShortError", "UnknownNameError", "UsageError", "ValidationError",
    ),
    "store": (
        "areas", "build", "connect", "disagreements", "findings", "indicators", "load", "query", "sources",
        "validate_datasets",
    ),
    "transforms": (
        "Disaggregation", "SeasonalAdjustment", "aggregate",
        "breaks", "cagr", "carry_over", "cf_filter", "chain", "chain_links", "contributions",
        "convert", "deflate", "disaggregate", "disaggregation_model", "from_ytd", "growth",
        "hamilton_filter", "hp_filter", "index", "january_february", "members", "output_gap",
        "parse_periods", "per_capita", "price_index", "quantity_index", "seasonal_adjust",
        "seasonal_adjustment", "share_changes", "shares", "splice", "to_calendar_year",
        "to_frequency", "trend_growth",
    ),
    "forecasting": (
        "FittedModel", "Nowcast", "accuracy", "arima", "backtest", "daily_model", "diebold_mariano",
        "evaluate_nowcasts", "forecast", "known_on", "nowcast", "nowcast_inputs", "reconcile", "regression",
        "simulate", "summarize_nowcasts", "summarize_paths", "unobserved_components",
    ),
    "comparison": ("benchmark", "overtake", "sensitivity"),
    "charts": ("export",),
    "reporting": ("report",),
}  # fmt: skip
_HOMES = {name: place for place, names in _PLACES.items() for name in names}

__all__ = [
    "LANGUAGES",
    "AdjustmentError",
    "AdjustmentWarning",
    "DatabaseError",
    "DatasetError",
    "Disaggregation",
    "ExportError",
    "FittedModel",
    "ForecastWarning",
    "FrameError",
    "GbaError",
    "MissingRateError",
    "Nowcast",
    "PeriodError",
    "SeasonalAdjustment",
    "SeriesTooShortError",
    "UnknownNameError",
    "UsageError",
    "ValidationError",
    "accuracy",
    "aggregate",
    "areas",
    "arima",
    "backtest",
    "benchmark",
    "breaks",
    "build",
    "cagr",
    "carry_over",
    "catalog",
    "cf_filter",
    "chain",
    "chain_links",
    "chart",
    "connect",
    "contributions",
    "convert",
    "daily_model",
    "deflate",
    "diebold_mariano",
    "disaggregate",
    "disaggregation_model",
    "disagreements",
    "evaluate_nowcasts",
    "export",
    "findings",
    "forecast",
    "from_ytd",
    "growth",
    "hamilton_filter",
    "hp_filter",
    "index",
    "indicators",
    "january_february",
    "known_on",
    "load",
    "members",
    "nowcast",
    "nowcast_inputs",
    "output_gap",
    "overtake",
    "parse_periods",
    "per_capita",
    "price_index",
    "quantity_index",
    "query",
    "reconcile",
    "regression",
    "report",
    "seasonal_adjust",
    "seasonal_adjustment",
    "sensitivity",
    "share_changes",
    "shares",
    "simulate",
    "sources",
    "splice",
    "summarize_nowcasts",
    "summarize_paths",
    "to_calendar_year",
    "to_frequency",
    "trend_growth",
    "unobserved_components",
    "validate_datasets",
]

if TYPE_CHECKING:
    from gbaindicators import charts as chart
    from gbaindicators.catalog import LANGUAGES, catalog
    from gbaindicators.charts import export
    from gbaindicators.comparison import benchmark, overtake, sensitivity
    from gbaindicators.errors import (
        AdjustmentError,
        AdjustmentWarning,
        DatabaseError,
        DatasetError,
        ExportError,
        ForecastWarning,
        FrameError,
        GbaError,
        MissingRateError,
        PeriodError,
        SeriesTooShortError,
        UnknownNameError,
        UsageError,
        ValidationError,
    )
    from gbaindicators.forecasting import (
        FittedModel,
        Nowcast,
        accuracy,
        arima,
        backtest,
        daily_model,
        diebold_mariano,
        evaluate_nowcasts,
        forecast,
        known_on,
        nowcast,
        nowcast_inputs,
        reconcile,
        regression,
        simulate,
        summarize_nowcasts,
        summarize_paths,
        unobserved_components,
    )
    from gbaindicators.reporting import report
    from gbaindicators.store import (
        areas,
        build,
        connect,
        disagreements,
        findings,
        indicators,
        load,
        query,
        sources,
        validate_datasets,
    )
    from gbaindicators.transforms import (
        Disaggregation,
        SeasonalAdjustment,
        aggregate,
        breaks,
        cagr,
        carry_over,
        cf_filter,
        chain,
        chain_links,
        contributions,
        convert,
        deflate,
        disaggregate,
        disaggregation_model,
        from_ytd,
        growth,
        hamilton_filter,
        hp_filter,
        index,
        january_february,
        members,
        output_gap,
        parse_periods,
        per_capita,
        price_index,
        quantity_index,
        seasonal_adjust,
        seasonal_adjustment,
        share_changes,
        shares,
        splice,
        to_calendar_year,
        to_frequency,
        trend_growth,
    )


def __getattr__(name: str) -> Any:
    if name == "chart":
        return importlib.import_module("gbaindicators.charts")
    if name == "__version__":
        from importlib.metadata import version

        return version("gbaindicators")
    if name in _HOMES:
        return getattr(importlib.import_module(f"gbaindicators.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'gbaindicators' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
