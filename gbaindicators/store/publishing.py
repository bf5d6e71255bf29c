"""Building a database and publishing it, to a file or to a database that a team shares."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from gbaindicators.store.building import BuildSummary, build_file
from gbaindicators.store.home import database_place
from gbaindicators.store.names import Database

__all__ = ["build"]


def _quiet(_: str) -> None:
    return None


def build(
    datasets: str | os.PathLike[str] | None = None,
    database: Database = None,
    *,
    progress: Callable[[str], None] | None = None,
    message: str | None = None,
) -> BuildSummary:
    """Build a database from a datasets folder and publish it.

    Parameters
    ----------
    datasets
        Folder with ``observations/*.csv`` and, if they are there, ``catalog/``, ``crossings/`` and ``policy/``;
        a table larger than memory lies in hive partitions, ``observations/TABLE/year=2024/month=05/*.parquet`` (or
        ``*.csv``) with the same columns, of which a further build takes only those that changed; by default the
        shipped figures. Without a ``catalog/`` of its own it uses the shipped catalogue. The shipped
        figures in the data home are built together with what refreshes accepted there.
    database
        File to publish to, by default ``gba.duckdb`` in the data home, or connection string of a shared database
        (``"ducklake:postgres:dbname=gba host=db.example.org"``). An older build there is replaced atomically: readers
        that have it open keep it, new readers see the new one. What others contributed to a shared database, and what
        their refreshes accepted, stays in it.
    progress
        Called with a line of text at every step.
    message
        What `snapshots` says of this build of a shared database, by default what was built.

    Returns
    -------
    BuildSummary
        Path and counts.

    Raises
    ------
    DatasetError
        When a file cannot be read as a dataset.
    ValidationError
        When rows break the rules; its ``failures`` names file, row, column, value and rule. Nothing is published.
    DatabaseError
        When the file cannot be written: a folder, another program's file, a full disk.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     summary = build(database=Path(folder) / "gba.duckdb")
    >>> summary.sources > 1000
    True
    """
    place, say = database_place(database), progress or _quiet
    if isinstance(place, Path):
        made = build_file(datasets, place, say)
        say(f"published {place}")
        return made
    from gbaindicators.store.lake.publishing import build_lake

    return build_lake(datasets, place, say, message)
