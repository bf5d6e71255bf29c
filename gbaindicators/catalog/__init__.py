"""Indicators, areas, units, definitions, sources and periods: what the names mean."""

from gbaindicators.catalog.entries import (
    LANGUAGES,
    Area,
    Catalog,
    Definition,
    Identity,
    Indicator,
    Policy,
    Preference,
    Source,
    Unit,
    catalog,
    datasets_dir,
    sql_dir,
)
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
    "Period",
    "Policy",
    "Preference",
    "Service",
    "Source",
    "Unit",
    "catalog",
    "datasets_dir",
    "frequency_code",
    "parse_period",
    "period_end",
    "period_text",
    "period_text_expr",
    "sql_dir",
    "step",
]
