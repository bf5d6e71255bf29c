"""Indicators, areas, units, definitions, sources and periods: what the names mean."""

from typing import TYPE_CHECKING

from gbaindicators.deferred import deferred

if TYPE_CHECKING:
    from gbaindicators.catalog.citing import citation
    from gbaindicators.catalog.entries import (
        LANGUAGES,
        Area,
        Catalog,
        Definition,
        Identity,
        Indicator,
        Nearest,
        Policy,
        Preference,
        Published,
        Source,
        Unit,
        catalog,
    )
    from gbaindicators.catalog.folders import datasets_dir, sql_dir
    from gbaindicators.catalog.periods import (
        FREQUENCIES,
        Period,
        frequency_code,
        parse_period,
        period_end,
        period_text,
        period_text_expr,
        step,
    )
    from gbaindicators.catalog.services import Feed, Service

__all__ = [
    "FREQUENCIES",
    "LANGUAGES",
    "Area",
    "Catalog",
    "Definition",
    "Feed",
    "Identity",
    "Indicator",
    "Nearest",
    "Period",
    "Policy",
    "Preference",
    "Published",
    "Service",
    "Source",
    "Unit",
    "catalog",
    "citation",
    "datasets_dir",
    "frequency_code",
    "parse_period",
    "period_end",
    "period_text",
    "period_text_expr",
    "sql_dir",
    "step",
]

#: Reading a figure takes periods alone; the entries take longer to import than most figures to read.
__getattr__ = deferred(
    __name__,
    {
        "citing": ("citation",),
        "entries": (
            "LANGUAGES", "Area", "Catalog", "Definition", "Identity", "Indicator", "Nearest", "Policy", "Preference",
            "Published", "Source", "Unit", "catalog",
        ),
        "folders": ("datasets_dir", "sql_dir"),
        "periods": (
            "FREQUENCIES", "Period", "frequency_code", "parse_period", "period_end", "period_text", "period_text_expr",
            "step",
        ),
        "services": ("Feed", "Service"),
    },
)  # fmt: skip
