"""The database: built from the datasets, published atomically, read by everyone."""

from gbaindicators.store.build import BuildSummary, build, validate_datasets
from gbaindicators.store.connection import connect
from gbaindicators.store.home import database_path, home
from gbaindicators.store.reading import areas, disagreements, findings, indicators, load, query, sources

__all__ = [
    "BuildSummary",
    "areas",
    "build",
    "connect",
    "database_path",
    "disagreements",
    "findings",
    "home",
    "indicators",
    "load",
    "query",
    "sources",
    "validate_datasets",
]
