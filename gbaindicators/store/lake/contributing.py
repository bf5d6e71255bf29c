"""Contributing to a shared database: figures that one of a team adds beside those of the others."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from gbaindicators.catalog import Catalog, catalog, sql_dir
from gbaindicators.errors import DatabaseError, DatasetError, UsageError
from gbaindicators.store.building import BuildSummary, raise_failures
from gbaindicators.store.filling import insert_catalog, insert_observations
from gbaindicators.store.home import database_place
from gbaindicators.store.lake.attaching import NAME, built_in, columns_of, complaints
from gbaindicators.store.lake.location import Lake
from gbaindicators.store.lake.partitions import edition_of
from gbaindicators.store.lake.publishing import CONTRIBUTED, open_workshop, publish
from gbaindicators.store.lake.recomputing import add_names, recompute
from gbaindicators.store.layout import check_layout
from gbaindicators.store.names import Database
from gbaindicators.tables import observations
from gbaindicators.tables.csv_files import read_batches
from gbaindicators.tables.validation import validate

if TYPE_CHECKING:
    import duckdb

__all__ = ["contribute", "withdraw"]


def contribute(
    datasets: str | os.PathLike[str],
    database: Database = None,
    *,
    name: str,
    author: str | None = None,
    message: str | None = None,
) -> BuildSummary:
    """Add figures to a shared database, under a name, beside those of its build and of other contributions.

    The figures are validated, the database chooses among the sources anew and checks across tables, and all of it
    becomes one snapshot. What was contributed under the same name before is replaced; nobody else's figures change.
    Writers take turns, so several may contribute at once. A build leaves contributions as they are.

    Parameters
    ----------
    datasets
        Folder with ``observations/*.csv``, and with a ``catalog/`` of its own if it uses names that the shipped
        catalogue does not have, such as its sources.
    database
        Connection string of a shared database, by default that of ``GBA_DATABASE``.
    name
        What the contribution is called: letters, digits, ``-`` and ``_``. Its figures stand in the file
        ``contributed/NAME/TABLE.csv``.
    author, message
        Who contributes, by default the login name, and what, for `snapshots`.

    Returns
    -------
    BuildSummary
        Counts of the whole database.

    Raises
    ------
    UsageError
        When the database is a file, which has one writer: put the figures into its datasets and build.
    DatasetError
        When a file cannot be read as a dataset.
    ValidationError
        When rows break the rules, or repeat a figure that stands already. Nothing is published.
    DatabaseError
        When the shared database cannot be reached or written, nothing was built in it yet, or its build is of another
        layout or a newer version.

    Examples
    --------
    >>> contribute("tourism", "gba.duckdb", name="tourism-desk")
    Traceback (most recent call last):
    gbaindicators.errors.UsageError: gba.duckdb is a file, ...
    """
    lake = _shared(database)
    root = Path(datasets).expanduser()
    names = catalog(root)
    frames = _validated(root, names)

    def insert(connection: duckdb.DuckDBPyConnection) -> None:
        for path, rows in frames:
            insert_observations(connection, rows, path.stem, f"{CONTRIBUTED}{name}/{path.name}")
        _add_their_names(connection, names)

    figures = sum(rows.height for _, rows in frames)
    return _rewrite(lake, name, insert, author, message or f"contribution {name}: {figures} figures")


def withdraw(
    name: str, database: Database = None, *, author: str | None = None, message: str | None = None
) -> BuildSummary:
    """Take a contribution out of a shared database; snapshots before this one keep it.

    Parameters
    ----------
    name
        What the contribution is called.
    database
        Connection string of a shared database, by default that of ``GBA_DATABASE``.
    author, message
        Who withdraws it, by default the login name, and why, for `snapshots`.

    Returns
    -------
    BuildSummary
        Counts of the whole database.

    Raises
    ------
    UsageError
        When there is no contribution of this name, or the database is a file.

    Examples
    --------
    >>> withdraw("tourism-desk", "gba.duckdb")
    Traceback (most recent call last):
    gbaindicators.errors.UsageError: gba.duckdb is a file, ...
    """
    return _rewrite(_shared(database), name, None, author, message or f"contribution {name} withdrawn")


def _shared(database: Database) -> Lake:
    place = database_place(database)
    if isinstance(place, Lake):
        return place
    raise UsageError(
        f"{place} is a file, which has one writer: put the figures into its datasets and build it again. Contributions "
        "go to a shared database, such as ducklake:postgres:dbname=gba host=db.example.org"
    )


def _validated(root: Path, names: Catalog) -> list[tuple[Path, pl.DataFrame]]:
    """Normalised rows of every file, all of which keep the rules of their table."""
    other = [d for d in ("crossings", "policy") if any((root / d).glob("*.csv"))]
    if other:
        raise UsageError(f"{root} holds {' and '.join(other)}; only observations/*.csv can be contributed")
    paths = sorted((root / "observations").glob("*.csv"))
    if not paths:
        raise DatasetError(f"{root} holds no figures to contribute: it needs observations/*.csv")
    frames, failures = [], []
    for path in paths:
        if path.stem not in names.tables:
            raise DatasetError(f"{path}: {path.stem!r} is no table of the catalogue")
        schema = observations.observation_schema(names, path.stem)
        for batch in read_batches(path, observations.COLUMNS):
            rows = observations.normalise(batch, names)
            frames.append((path, rows))
            failures.append(validate(rows, schema, f"observations/{path.name}", names))
    raise_failures([f for f in failures if f.height])
    return frames


def _add_their_names(connection: duckdb.DuckDBPyConnection, names: Catalog) -> None:
    """Add what the contributor's catalogue says of names that the shared one does not have."""
    row = connection.execute("SELECT current_database()").fetchone()
    assert row is not None
    connection.execute("ATTACH ':memory:' AS theirs; USE theirs")
    connection.execute((sql_dir() / "schema.sql").read_text(encoding="utf-8"))
    insert_catalog(connection, names)
    connection.execute(f"USE {row[0]}")
    add_names(connection, "theirs")


def _rewrite(
    lake: Lake,
    name: str,
    insert: Callable[[duckdb.DuckDBPyConnection], None] | None,
    author: str | None,
    message: str,
) -> BuildSummary:
    if not re.fullmatch(r"[\w-]+", name):
        raise UsageError(f"{name!r} cannot name a contribution: use letters, digits, - and _")
    mine = f"starts_with(file, '{CONTRIBUTED}{name}/')"
    with (
        tempfile.TemporaryDirectory(prefix="gba-lake-") as folder,
        open_workshop(lake, Path(folder)) as connection,
    ):
        tables = columns_of(connection, NAME)
        if "observation" not in tables:
            raise DatabaseError(f"{lake} holds no figures yet; begin with: gba build --database '{lake}'")
        check_layout(built_in(connection), lake)
        if (
            insert is None
            and not connection.execute(f"FROM {NAME}.main.observation WHERE {mine} LIMIT 1").fetchone()
        ):
            raise UsageError(f"{lake} has no contribution {name!r}: {_contributions(connection)}")
        with complaints(lake):
            edition = edition_of(connection, lake, NAME, Path(folder))
            aside = Path(folder) / "last.duckdb"
            recompute(connection, NAME, lambda: insert and insert(connection), edition, aside, without=mine)
        return publish(connection, lake, "joined", author, message, Path(folder))


def _contributions(connection: duckdb.DuckDBPyConnection) -> str:
    rows = connection.execute(
        f"SELECT DISTINCT split_part(file, '/', 2) FROM {NAME}.main.observation WHERE file LIKE '{CONTRIBUTED}%' ORDER BY 1"
    ).fetchall()
    return "it has " + ", ".join(row[0] for row in rows) if rows else "it has none"
