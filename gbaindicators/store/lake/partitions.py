"""Tables in partitions in a shared database: their rows stand in ``observation``, each partition in files of its own.

A partition is deleted and inserted whole, so that a build costs what is new: DuckLake drops the files of a partition
without reading the others, and a reader skips those of other partitions by what is known of their column ``file``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gbaindicators.catalog import sql_dir
from gbaindicators.errors import DatasetError
from gbaindicators.store.edition import Edition
from gbaindicators.store.lake.attaching import (
    NAME,
    attach_lake,
    built_in,
    columns_of,
    complaints,
    is_made,
    quoted,
)
from gbaindicators.store.lake.location import Lake
from gbaindicators.store.layout import check_not_older
from gbaindicators.store.partition_checks import FIGURE_CHECKS
from gbaindicators.store.partition_files import partitions_dir
from gbaindicators.store.partition_inputs import Partition

if TYPE_CHECKING:
    import duckdb

__all__ = [
    "PUBLISHED",
    "SharedPartitions",
    "edition_of",
    "exchange_partitions",
    "in_no_partition",
    "take_over_partitions",
    "unchanged_since",
    "write_down",
]

#: What is written down of partitions, and stands in a lake too; a lake keeps what it retires in its snapshots.
PUBLISHED: Final = (
    "partition",
    "partition_agreement",
    "partition_content",
    "partition_input",
    "partition_series",
    "partition_switch",
)
#: Whether an input ``i`` is one of those that a partition ``p`` was made of.
_MADE_OF: Final = "regexp_replace(i.file, '/[^/]*$', '') = 'observations/' || p.name"


@dataclass(frozen=True)
class SharedPartitions:
    """The partitions of a lake in one of its snapshots, as the base of a build.

    Attributes
    ----------
    lake
        Where they are.
    snapshot
        The snapshot; null where there are none.
    files
        For each file that a partition would have beside a database, the names of those that it was made of.
    """

    lake: Lake
    snapshot: int | None = None
    files: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, lake: Lake, known: Path) -> SharedPartitions:
        """Look which there are, and write down what is known of them in a new database file."""
        import duckdb

        connection = duckdb.connect()
        try:
            if not is_made(connection, lake):
                known.unlink(missing_ok=True)
                return cls(lake)
            attach_lake(connection, lake)
            with complaints(lake):
                check_not_older(built_in(connection), lake)
                found = (
                    cls.attached_now(connection, lake) if write_down(connection, NAME, known) else cls(lake)
                )
            return found
        finally:
            connection.close()

    @classmethod
    def attached_now(cls, connection: duckdb.DuckDBPyConnection, lake: Lake) -> SharedPartitions:
        """Look which there are in a lake that is attached."""
        ((snapshot,),) = connection.execute(f"SELECT id FROM {NAME}.current_snapshot()").fetchall()
        rows = connection.execute(
            f"SELECT p.file, list(i.file) FROM {NAME}.main.partition p JOIN {NAME}.main.partition_input i ON {_MADE_OF} "
            "GROUP BY p.file"
        ).fetchall()
        return cls(lake, snapshot, dict(rows))

    @contextlib.contextmanager
    def attached(self, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """Let a connection read them within the block."""
        if not self.files:
            yield
            return
        attach_lake(connection, self.lake)
        try:
            yield
        finally:
            connection.execute(f"DETACH {NAME}")

    def rows(self, files: Sequence[str]) -> str:
        """SQL that reads the rows of some of them."""
        return f"FROM {NAME}.main.observation AT (VERSION => {self.snapshot}) WHERE file IN ({self._inputs(files)})"

    def findings(self, files: Sequence[str]) -> str:
        """SQL that reads what the checks of single figures found in some of them."""
        checks = ", ".join(quoted(check) for check in FIGURE_CHECKS)
        return (
            f"FROM {NAME}.main.finding AT (VERSION => {self.snapshot}) "
            f'WHERE "check" IN ({checks}) AND file IN ({self._inputs(files)})'
        )

    def _inputs(self, files: Sequence[str]) -> str:
        return ", ".join(quoted(label) for file in files for label in self.files[file])


def in_no_partition(connection: duckdb.DuckDBPyConnection, database: str) -> str:
    """Condition on those observations of an attached database that are in no partition.

    It names the tables one by one: so the files of partitions are passed over, which a subquery would have read.
    """
    if "partition" not in columns_of(connection, database):  # written by an older version
        return "true"
    tables = connection.execute(f"SELECT DISTINCT table_name FROM {database}.main.partition").fetchall()
    return " AND ".join(f"table_name <> {quoted(table)}" for (table,) in tables) or "true"


def unchanged_since(connection: duckdb.DuckDBPyConnection, made: Path) -> bool:
    """Tell whether a lake still has every partition that a build attached as ``made`` did not make itself."""
    new, old = columns_of(connection, "made"), columns_of(connection, NAME)
    needed = connection.execute("SELECT file FROM made.main.partition").fetchall()
    folder = partitions_dir(made)
    if new["observation"] != old.get("observation") or new["partition"] != old.get("partition"):
        there = set()
    else:
        there = {file for (file,) in connection.execute(f"SELECT file FROM {NAME}.main.partition").fetchall()}
    return all(file in there or (folder / file).exists() for (file,) in needed)


def exchange_partitions(connection: duckdb.DuckDBPyConnection, origin: str, folder: Path) -> tuple[int, int]:
    """Delete the partitions of a lake that an attached database does not name, and insert those that are new.

    Parameters
    ----------
    connection
        In the transaction of the publication, before what is written down of the partitions is exchanged.
    origin
        Name of the attached database.
    folder
        Where the files of new partitions are.

    Returns
    -------
    tuple of int
        Rows that were inserted and deleted.
    """
    gone = connection.execute(
        f"SELECT i.file FROM {NAME}.main.partition p JOIN {NAME}.main.partition_input i ON {_MADE_OF} "
        f"WHERE p.file NOT IN (SELECT file FROM {origin}.main.partition)"
    ).fetchall()
    come = connection.execute(
        f"SELECT file FROM {origin}.main.partition WHERE file NOT IN (SELECT file FROM {NAME}.main.partition) ORDER BY name"
    ).fetchall()
    added = removed = 0
    if gone:
        labels = ", ".join(quoted(label) for (label,) in gone)
        found = connection.execute(f"DELETE FROM {NAME}.main.observation WHERE file IN ({labels})").fetchall()
        removed = found[0][0]
    for (file,) in come:  # one by one, for each to have files of its own
        found = connection.execute(
            f"INSERT INTO {NAME}.main.observation BY NAME FROM read_parquet(?, hive_partitioning = false)",
            [str(folder / file)],
        ).fetchall()
        added += found[0][0]
    return added, removed


def write_down(connection: duckdb.DuckDBPyConnection, database: str, path: Path) -> bool:
    """Write what an attached database says of partitions, and what was found in them, into a new database file.

    It is the last edition for a build that takes them over. Of a database of another version nothing is taken.

    Returns
    -------
    bool
        Whether it is of this version.
    """
    path.unlink(missing_ok=True)
    ((here,),) = connection.execute("SELECT current_database()").fetchall()
    connection.execute(f"ATTACH {quoted(str(path))} AS last_edition; USE last_edition")
    connection.execute((sql_dir() / "schema.sql").read_text(encoding="utf-8"))
    new, old = columns_of(connection, "last_edition"), columns_of(connection, database)
    known = all(old.get(table) == new[table] for table in ("observation", "finding", *PUBLISHED))
    if known:
        for table in PUBLISHED:
            connection.execute(f"INSERT INTO {table} BY NAME FROM {database}.main.{table}")
        connection.execute(
            f"INSERT INTO finding BY NAME FROM {database}.main.finding "
            "WHERE indicator IN (SELECT indicator FROM partition_content)"
        )
    connection.execute(f"USE {here}; DETACH last_edition")
    return known


def edition_of(connection: duckdb.DuckDBPyConnection, lake: Lake, origin: str, folder: Path) -> Edition:
    """Partitions that an attached database names, to be read where they stand: in a folder, else in the attached lake."""
    rows = connection.execute(f"SELECT name, table_name, file FROM {origin}.main.partition").fetchall()
    files = {}
    for name, table, file in rows:
        keys = tuple((key, value) for key, _, value in (part.partition("=") for part in name.split("/")[1:]))
        files[Partition(table, keys, ())] = file
    there = "partition" in columns_of(connection, NAME)
    return Edition(folder, SharedPartitions.attached_now(connection, lake) if there else None, files)


def take_over_partitions(connection: duckdb.DuckDBPyConnection, base: str) -> None:
    """Write down in a database what an attached one says of its partitions.

    Raises
    ------
    DatasetError
        When there are contributed figures of a table in partitions.
    """
    for table in PUBLISHED:
        connection.execute(f"INSERT INTO {table} BY NAME FROM {base}.main.{table}")
    mixed = connection.execute(
        "SELECT DISTINCT table_name, split_part(file, '/', 2) FROM observation "
        "WHERE table_name IN (SELECT table_name FROM partition) ORDER BY ALL"
    ).fetchall()
    if mixed:
        table, name = mixed[0]
        raise DatasetError(
            f"{table} is in partitions, and the contribution {name} has figures of {table} too, which would not be chosen "
            f"among: put them into the partitions of the datasets folder, and where {name} stands already take it out with: "
            f"gba withdraw --name {name}"
        )
