"""Publishing to a shared database: what changed, in one transaction, as one snapshot with its author and message."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gbaindicators.errors import DatabaseError, UsageError
from gbaindicators.store.building import BuildSummary, build_file, count_all
from gbaindicators.store.home import using_database
from gbaindicators.store.lake.attaching import NAME, attach_lake, built_in, columns_of, complaints, quoted
from gbaindicators.store.lake.location import Lake
from gbaindicators.store.lake.partitions import (
    PUBLISHED,
    SharedPartitions,
    edition_of,
    exchange_partitions,
    in_no_partition,
    unchanged_since,
)
from gbaindicators.store.lake.publication_time import publication_time
from gbaindicators.store.lake.recomputing import add_figures, recompute
from gbaindicators.store.lake.turns import take_turn
from gbaindicators.store.layout import check_not_older
from gbaindicators.store.partition_files import partitions_dir

if TYPE_CHECKING:
    import duckdb

__all__ = ["CONTRIBUTED", "build_lake", "open_workshop", "publish"]

Progress = Callable[[str], None]
#: Where the files of contributions seem to lie.
CONTRIBUTED: Final = "contributed/"
#: What only partitions beside a database file have.
_OF_FILES: Final = "partition_retired"
_SORT: Final = ("table_name", "indicator", "area", "frequency", "period")
#: How the figures of a lake are stored that is made now: rows are sorted by series, so one is found by reading a group or two.
_STORED: Final = {"parquet_compression": "zstd", "parquet_row_group_size": "30720"}


def build_lake(
    datasets: str | os.PathLike[str] | None, lake: Lake, report: Progress, message: str | None = None
) -> BuildSummary:
    """Build a database aside and publish it to a lake, together with what others contributed to that.

    Partitions that the lake has already stay where they are. Should another builder take one of them away while this one
    builds, this one looks again which there are, and makes only those that are missing.

    Parameters
    ----------
    datasets
        As for `build`. The shipped figures are joined with what refreshes accepted in this data home, and with what
        builds of other machines brought from theirs.
    lake
        Where to publish to; it is made where there is none.
    report
        Called with a line of text at every step.
    message
        What the snapshot says, by default what was built.
    """
    _refuse_snapshot(lake)
    message = message or f"build of {_named(datasets)}"
    with tempfile.TemporaryDirectory(prefix="gba-lake-") as folder:
        made = Path(folder) / "made.duckdb"
        while True:
            base = SharedPartitions.of(lake, made) if _in_partitions(datasets) else None
            # Shipped figures come with the archive of this home, as where they are built in it.
            with using_database(made if datasets is None else None):
                build_file(datasets, made, report, base)
            with open_workshop(lake, Path(folder)) as connection:
                connection.execute(f"ATTACH {quoted(str(made))} AS made (READ_ONLY)")
                if not unchanged_since(connection, made):
                    report(f"partitions of {lake} were changed meanwhile: looking again")
                    continue
                partitions = partitions_dir(made)
                origin = _join(connection, datasets, lake, partitions, report)
                report(f"publishing to {lake}")
                return publish(connection, lake, origin, None, message, partitions)


def _join(
    connection: duckdb.DuckDBPyConnection,
    datasets: str | os.PathLike[str] | None,
    lake: Lake,
    partitions: Path,
    report: Progress,
) -> str:
    """Join a build with what others contributed; returns where the result is."""
    kept = f"file LIKE '{CONTRIBUTED}%'" + (" OR file LIKE 'archive/%'" if datasets is None else "")
    kept = f"({kept}) AND {in_no_partition(connection, NAME)}"
    if not _any(connection, kept):
        return "made"
    report("joining what others contributed")
    with complaints(lake):
        edition = edition_of(connection, lake, "made", partitions)
        last = partitions.with_name("last.duckdb")
        recompute(connection, "made", lambda: add_figures(connection, NAME, kept), edition, last)
    return "joined"


def _named(datasets: str | os.PathLike[str] | None) -> str:
    return "the shipped figures" if datasets is None else Path(datasets).name


def _any(connection: duckdb.DuckDBPyConnection, condition: str) -> bool:
    if "observation" not in columns_of(connection, NAME):
        return False
    row = connection.execute(f"FROM {NAME}.main.observation WHERE {condition} LIMIT 1").fetchone()
    return row is not None


def _in_partitions(datasets: str | os.PathLike[str] | None) -> bool:
    if datasets is None:
        return False
    return any(path.is_dir() for path in (Path(datasets).expanduser() / "observations").glob("*"))


def _refuse_snapshot(lake: Lake) -> None:
    if lake.snapshot is not None:
        raise UsageError(
            f"{lake} names a snapshot, which cannot be changed: leave snapshot={lake.snapshot} away"
        )


@contextlib.contextmanager
def open_workshop(lake: Lake, folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty database with a lake attached for writing, and hold the turn of its writers.

    Raises
    ------
    UsageError
        When the connection string names a snapshot.
    DatabaseError
        When the lake cannot be reached, is another program's, or was built by a newer version of this one.
    """
    import duckdb

    _refuse_snapshot(lake)
    connection = duckdb.connect(
        str(folder / "joined.duckdb"),
        config={"temp_directory": str(folder / "spilled"), "memory_limit": "2GB"},
    )
    try:
        with take_turn(connection, lake):
            attach_lake(connection, lake, write=True)
            tables = columns_of(connection, NAME)
            if not tables:
                for option, value in _STORED.items():
                    connection.execute(f"CALL {NAME}.set_option({quoted(option)}, {quoted(value)})")
            if tables and "build" not in tables:
                raise DatabaseError(
                    f"{lake} is a DuckLake of another program, with the tables {', '.join(sorted(tables)[:5])}. It is "
                    "left alone: choose another database of PostgreSQL for the figures"
                )
            check_not_older(built_in(connection), lake)
            yield connection
    finally:
        connection.close()


def publish(
    connection: duckdb.DuckDBPyConnection,
    lake: Lake,
    origin: str,
    author: str | None,
    message: str,
    partitions: Path,
) -> BuildSummary:
    """Make the tables of a lake equal to those of an attached database, in one transaction that is one snapshot.

    Rows that are in both stay as they are: a snapshot costs what changed, and can be asked what that was. Partitions
    that are not in the lake yet come from their files in a folder.

    Raises
    ------
    DatabaseError
        When it cannot be written, or another program wrote at the same time. Nothing is published then.
    """
    import duckdb

    with complaints(lake):
        connection.execute("BEGIN")
        try:
            columns = _make_tables(connection, origin)
            before = _partitions(connection)
            rows = _merge(connection, origin, "observation", columns.pop("observation"))
            changed = exchange_partitions(connection, origin, partitions)
            for table, names in columns.items():
                _merge(connection, origin, table, names)
            summary = _count(connection, origin, lake, before)
            ((of, archive),) = connection.execute(
                f"SELECT datasets, archive FROM {origin}.main.build"
            ).fetchall()
            extra = {
                "observations": summary.observations,
                "added": rows[0] + changed[0],
                "removed": rows[1] + changed[1],
                "datasets": of,
                "archive": archive,
                "published": publication_time(connection, lake).isoformat(),
            }
            connection.execute(
                f"CALL {NAME}.set_commit_message({quoted(author or _login())}, {quoted(message)}, "
                f"extra_info => {quoted(json.dumps(extra))})"
            )
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(duckdb.Error):  # a COMMIT that fails has ended the transaction
                connection.rollback()
            raise
    return summary


def _make_tables(connection: duckdb.DuckDBPyConnection, origin: str) -> dict[str, list[str]]:
    """Make the tables that a lake lacks, or has in the columns of another version; returns all with their columns."""
    new, old = columns_of(connection, origin), columns_of(connection, NAME)
    new.pop(_OF_FILES)
    others = {table for table, columns in new.items() if old.get(table) != columns}
    if "observation" in others:  # the rows of partitions are in it
        others |= set(PUBLISHED)
    for table in others:
        connection.execute(f'DROP TABLE IF EXISTS {NAME}.main."{table}"')
        connection.execute(f'CREATE TABLE {NAME}.main."{table}" AS FROM {origin}.main."{table}" LIMIT 0')
    return {table: [name for name, _ in columns] for table, columns in new.items()}


def _partitions(connection: duckdb.DuckDBPyConnection) -> set[str]:
    return {file for (file,) in connection.execute(f"SELECT file FROM {NAME}.main.partition").fetchall()}


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without a name for its user
        return "unknown"


def _merge(
    connection: duckdb.DuckDBPyConnection, origin: str, table: str, columns: list[str]
) -> tuple[int, int]:
    """Make a table of the lake equal to the new one; returns how many rows were added and removed.

    Rows are matched by their hash and compared whole; among equal rows the first with the first. Those of partitions are
    left out.
    """
    mine = in_no_partition(connection, NAME) if table == "observation" else "true"
    listed = ", ".join(f'"{c}"' for c in columns)
    entry = "{" + ", ".join(f"'{c}': \"{c}\"" for c in columns) + "}"
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE past AS
        SELECT *, hash(entry) AS key, row_number() OVER (PARTITION BY hash(entry)) AS copy
        FROM (SELECT rowid AS spot, {entry} AS entry FROM {NAME}.main."{table}" WHERE {mine});
        CREATE OR REPLACE TEMP TABLE present AS
        SELECT *, hash(entry) AS key, row_number() OVER (PARTITION BY hash(entry)) AS copy
        FROM (SELECT {entry} AS entry FROM {origin}.main."{table}");
    """)
    same = "present.key = past.key AND present.copy = past.copy AND present.entry IS NOT DISTINCT FROM past.entry"
    gone = connection.execute(
        f'DELETE FROM {NAME}.main."{table}" WHERE rowid IN (SELECT spot FROM past ANTI JOIN present ON {same})'
    ).fetchone()
    order = ", ".join(f'"{c}"' for c in _SORT if c in columns) or "ALL"
    come = connection.execute(
        f"""INSERT INTO {NAME}.main."{table}" ({listed})
            SELECT {listed} FROM (SELECT unnest(entry) FROM present ANTI JOIN past ON {same}) ORDER BY {order}"""
    ).fetchone()
    connection.execute("DROP TABLE past; DROP TABLE present")
    return int(come[0]) if come else 0, int(gone[0]) if gone else 0


def _count(connection: duckdb.DuckDBPyConnection, origin: str, lake: Lake, before: set[str]) -> BuildSummary:
    files = _partitions(connection)
    return BuildSummary(lake, *count_all(connection, f"{origin}.main."), len(files), len(files - before))
