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
        "DatabaseError", "DatasetError", "ExportError", "FrameError", "GbaError", "MissingRateError", "PeriodError",
        "SeriesTooShortError", "UnknownNameError", "UsageError", "ValidationError",
    ),
    "store": (
        "areas", "build", "connect", "disagreements", "findings", "indicators", "load", "query", "sources",
        "validate_datasets",
    ),
    "transforms": (
        "aggregate", "cagr", "contributions", "convert", "deflate", "from_ytd", "growth", "index", "members",
        "parse_periods", "per_capita", "to_calendar_year", "to_frequency",
    ),
    "forecasting": ("forecast",),
    "comparison": ("benchmark", "sensitivity"),
    "charts": ("export",),
    "reporting": ("report",),
}  # fmt: skip
_HOMES = {name: place for place, names in _PLACES.items() for name in names}

__all__ = [
    "LANGUAGES",
    "DatabaseError",
    "DatasetError",
    "ExportError",
    "FrameError",
    "GbaError",
    "MissingRateError",
    "PeriodError",
    "SeriesTooShortError",
    "UnknownNameError",
    "UsageError",
    "ValidationError",
    "aggregate",
    "areas",
    "benchmark",
    "build",
    "cagr",
    "catalog",
    "chart",
    "connect",
    "contributions",
    "convert",
    "deflate",
    "disagreements",
    "export",
    "findings",
    "forecast",
    "from_ytd",
    "growth",
    "index",
    "indicators",
    "load",
    "members",
    "parse_periods",
    "per_capita",
    "query",
    "report",
    "sensitivity",
    "sources",
    "to_calendar_year",
    "to_frequency",
    "validate_datasets",
]

if TYPE_CHECKING:
    from gbaindicators import charts as chart
    from gbaindicators.catalog import LANGUAGES, catalog
    from gbaindicators.charts import export
    from gbaindicators.comparison import benchmark, sensitivity
    from gbaindicators.errors import (
        DatabaseError,
        DatasetError,
        ExportError,
        FrameError,
        GbaError,
        MissingRateError,
        PeriodError,
        SeriesTooShortError,
        UnknownNameError,
        UsageError,
        ValidationError,
    )
    from gbaindicators.forecasting import forecast
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
        aggregate,
        cagr,
        contributions,
        convert,
        deflate,
        from_ytd,
        growth,
        index,
        members,
        parse_periods,
        per_capita,
        to_calendar_year,
        to_frequency,
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
