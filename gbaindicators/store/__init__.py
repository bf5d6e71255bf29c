"""The database: built from the datasets, published atomically, read by everyone."""

from gbaindicators.store.building import BuildSummary, build
from gbaindicators.store.connection import connect
from gbaindicators.store.home import database_path, home, using_database
from gbaindicators.store.listing import (
    areas,
    definitions,
    disagreements,
    findings,
    indicators,
    policies,
    sources,
)
from gbaindicators.store.reading import load, query
from gbaindicators.store.validating import validate_datasets

__all__ = [
    "BuildSummary",
    "areas",
    "build",
    "connect",
    "database_path",
    "definitions",
    "disagreements",
    "findings",
    "home",
    "indicators",
    "load",
    "policies",
    "query",
    "sources",
    "using_database",
    "validate_datasets",
]
