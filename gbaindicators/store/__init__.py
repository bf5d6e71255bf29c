"""The database: built from the datasets, published atomically, read by everyone."""

from gbaindicators.store.build import BuildSummary, build, validate_datasets
from gbaindicators.store.connection import connect
from gbaindicators.store.home import database_path, home

__all__ = ["BuildSummary", "build", "connect", "database_path", "home", "validate_datasets"]
