"""The folders of figures and of SQL that ship with the package."""

from __future__ import annotations

from pathlib import Path

from gbaindicators.errors import DatasetError

__all__ = ["datasets_dir", "sql_dir"]


def datasets_dir() -> Path:
    """Folder of the shipped figures and catalogue."""
    return _shipped("datasets")


def sql_dir() -> Path:
    """Folder of the schema, views and macros."""
    return _shipped("sql")


def _shipped(folder: str) -> Path:
    """Find a data folder beside the package's modules (installed) or beside the package (checkout)."""
    package = Path(__file__).resolve().parents[1]
    for place in (package / folder, package.parent / folder):
        if place.is_dir():
            return place
    raise DatasetError(
        f"the folder {folder!r} that ships with gbaindicators is missing: reinstall the package"
    )
