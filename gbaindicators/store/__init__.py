"""The database: built from the datasets, published atomically, read by everyone."""

from typing import TYPE_CHECKING

from gbaindicators.deferred import deferred

if TYPE_CHECKING:
    from gbaindicators.store.building import BuildSummary
    from gbaindicators.store.connection import connect, held_open
    from gbaindicators.store.home import chosen_database, database_path, database_place, using_database
    from gbaindicators.store.known import known_by, known_day
    from gbaindicators.store.lake.contributing import contribute, withdraw
    from gbaindicators.store.lake.location import Lake
    from gbaindicators.store.lake.snapshots import database_bytes, snapshots
    from gbaindicators.store.listing import (
        areas,
        definitions,
        disagreements,
        findings,
        indicators,
        policies,
        sources,
    )
    from gbaindicators.store.publishing import build
    from gbaindicators.store.reading import load, query
    from gbaindicators.store.scanning import scan
    from gbaindicators.store.validating import validate_datasets

__all__ = [
    "BuildSummary",
    "Lake",
    "areas",
    "build",
    "chosen_database",
    "connect",
    "contribute",
    "database_bytes",
    "database_path",
    "database_place",
    "definitions",
    "disagreements",
    "findings",
    "held_open",
    "indicators",
    "known_by",
    "known_day",
    "load",
    "policies",
    "query",
    "scan",
    "snapshots",
    "sources",
    "using_database",
    "validate_datasets",
    "withdraw",
]

#: Who reads does not build, and who reads a file needs no shared database.
__getattr__ = deferred(
    __name__,
    {
        "building": ("BuildSummary",),
        "connection": ("connect", "held_open"),
        "home": ("chosen_database", "database_path", "database_place", "using_database"),
        "known": ("known_by", "known_day"),
        "lake.contributing": ("contribute", "withdraw"),
        "lake.location": ("Lake",),
        "lake.snapshots": ("database_bytes", "snapshots"),
        "listing": (
            "areas", "definitions", "disagreements", "findings", "indicators", "policies", "sources",
        ),
        "publishing": ("build",),
        "reading": ("load", "query"),
        "scanning": ("scan",),
        "validating": ("validate_datasets",),
    },
)  # fmt: skip
