"""Tables larger than memory: each partition is normalised, validated, and written as Parquet beside the database.

A partition is built by itself, by the same rules as a CSV file and the same SQL that chooses among sources, so the cost
of a build is that of the partitions that are new. The file of a partition is named by the hash of what it was made of:
its inputs and the rules. Nothing that is published is ever changed; a database lists the files of its edition, and those
of earlier editions stay for a day, for readers that have them open.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from gbaindicators.catalog import Catalog, sql_dir
from gbaindicators.errors import DatasetError
from gbaindicators.store.filling import insert_catalog, insert_observations, repeated
from gbaindicators.store.opening import open_database, quiet
from gbaindicators.store.partition_files import partitions_dir, quoted
from gbaindicators.store.partition_inputs import (
    Input,
    Partition,
    outside_of_keys,
    read_partition_file,
)
from gbaindicators.tables import observations
from gbaindicators.tables.validation import validate

if TYPE_CHECKING:
    import duckdb
    import pandera.polars as pa

__all__ = ["Edition", "attach_view", "build_partitions", "record_partitions", "remove_retired"]

#: The checks that ask about single figures. Those over whole series would read the whole table at every build.
CHECKS: Final = ("money_of_another_area", "part_as_whole", "parts_and_total", "sources_disagree")
#: Changes when what is written in a partition does.
_FORMAT: Final = "1"
_MEMORY: Final = "1GB"
#: Rows are sorted by series; one series is found by reading a group or two of each partition.
_ROW_GROUP: Final = 30_720
_MOST_FAILURES: Final = 10_000
#: How long the files of an earlier edition stay.
_KEPT: Final = timedelta(days=1)
_FINDINGS: Final = ".findings.parquet"
_SERIES: Final = "table_name, indicator, area, frequency, adjustment, prices, source"


@dataclass
class Edition:
    """The partitions that a database refers to.

    Attributes
    ----------
    folder
        Where their files lie.
    files
        For each partition its file, relative to the folder.
    inputs
        The files it was made of, by their label.
    new
        Names of the partitions that were written.
    failures
        Cells that break a rule.
    retired
        Files in the folder that are of earlier editions, and since when.
    """

    folder: Path
    files: dict[Partition, str] = field(default_factory=dict)
    inputs: dict[str, Input] = field(default_factory=dict)
    new: list[str] = field(default_factory=list)
    failures: list[pl.DataFrame] = field(default_factory=list)
    retired: dict[str, datetime] = field(default_factory=dict)

    @property
    def tables(self) -> list[str]:
        """Names of the tables that are in partitions."""
        return sorted({partition.table for partition in self.files})

    def paths(self, but: set[str] | frozenset[str] = frozenset()) -> list[str]:
        """Files with their folder, apart from some."""
        return [str(self.folder / file) for file in self.files.values() if file not in but]


def build_partitions(
    partitions: list[Partition], names: Catalog, database: Path, aside: Path, report: Callable[[str], None]
) -> Edition:
    """Write the partitions whose inputs or rules changed, and find those that did not.

    Parameters
    ----------
    partitions
        All there are.
    names
        The catalogue.
    database
        The database that they will be published with; its last edition tells what is known already.
    aside
        A path that only this build writes to.
    report
        Called with a line for each partition.

    Returns
    -------
    Edition
        With ``failures``, the edition is not to be published.
    """
    edition = Edition(partitions_dir(database))
    if not partitions:
        return edition
    known, rules = _known_inputs(database), _rules(names)
    schemas = {p.table: observations.observation_schema(names, p.table) for p in partitions}
    with contextlib.ExitStack() as stack:
        workshop: duckdb.DuckDBPyConnection | None = None
        for number, partition in enumerate(partitions, 1):
            inputs = partition.inputs(known)
            edition.inputs |= {partition.label(i.path): i for i in inputs}
            file = f"{partition.name}/{_key(rules, partition, inputs)}.parquet"
            there = (edition.folder / file).exists()
            state = "reused" if there else "new"
            report(f"observations/{partition.name} ({number} of {len(partitions)}): {state}")
            if not there:
                workshop = workshop or stack.enter_context(_workshop(names, aside))
                failures = _fill(workshop, partition, names, schemas[partition.table])
                edition.failures += failures
                if sum(f.height for f in edition.failures) > _MOST_FAILURES:
                    return edition
                if failures:
                    continue
                _write(workshop, edition.folder / file, aside)
                edition.new.append(partition.name)
            edition.files[partition] = file
    return edition


def _known_inputs(database: Path) -> dict[str, Input]:
    rows = _from_last_edition(database, "SELECT file, size, changed_ns, hash FROM partition_input").rows()
    return {file: Input(Path(file), size, changed, hash_) for file, size, changed, hash_ in rows}


def _from_last_edition(database: Path, sql: str) -> pl.DataFrame:
    """What the database says that is published now, nothing where there is none or it is older than partitions."""
    import duckdb

    if not database.exists() or not database.stat().st_size:
        return pl.DataFrame()
    connection = open_database(database, whole=False)
    try:
        found: pl.DataFrame = connection.sql(sql).pl()
    except duckdb.CatalogException:
        return pl.DataFrame()
    else:
        return found
    finally:
        connection.close()


def _rules(names: Catalog) -> str:
    """Hash of all that decides what becomes of a row."""
    files = [sql_dir() / name for name in ("schema.sql", "prefer.sql")]
    files += [sql_dir() / "checks" / f"{check}.sql" for check in CHECKS]
    entries = ("areas", "identities", "indicators", "preferences", "units")
    files += [*(names.folder / f"{entry}.toml" for entry in entries), names.folder / "sources.csv"]
    files += sorted((names.folder / "services").glob("*.toml"))
    digest = hashlib.blake2b(f"{_FORMAT} {version('gbaindicators')}".encode(), digest_size=16)
    for path in files:
        digest.update(f"\0{path.name}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _key(rules: str, partition: Partition, inputs: list[Input]) -> str:
    made_of = [rules, partition.name, *(f"{i.path.name} {i.hash}" for i in inputs)]
    return hashlib.blake2b("\n".join(made_of).encode(), digest_size=12).hexdigest()


@contextlib.contextmanager
def _workshop(names: Catalog, aside: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory that holds one partition at a time; what is larger goes to disk."""
    import duckdb

    spill = aside.with_name(aside.name + ".partition.tmp")
    connection = duckdb.connect(":memory:", config={"temp_directory": str(spill), "memory_limit": _MEMORY})
    try:
        quiet(connection)
        connection.execute("SET preserve_insertion_order = false")
        connection.execute((sql_dir() / "schema.sql").read_text(encoding="utf-8"))
        insert_catalog(connection, names)
        yield connection
    finally:
        connection.close()


def _fill(
    connection: duckdb.DuckDBPyConnection, partition: Partition, names: Catalog, schema: pa.DataFrameSchema
) -> list[pl.DataFrame]:
    """Take in the rows of a partition and choose among its sources; return the cells that break a rule."""
    failures: list[pl.DataFrame] = []
    connection.execute("TRUNCATE observation; TRUNCATE finding; DROP TABLE IF EXISTS contested")
    for path in partition.files:
        file = partition.label(path)
        for batch in read_partition_file(path):
            rows = observations.normalise(batch, names)
            broken = validate(rows, schema, file, names)
            found = [f for f in (broken, outside_of_keys(rows, partition, file)) if f.height]
            failures += found
            if sum(f.height for f in failures) > _MOST_FAILURES:
                return failures
            if not failures:
                insert_observations(connection, rows, partition.table, file)
    if failures:
        return failures
    connection.execute((sql_dir() / "prefer.sql").read_text(encoding="utf-8"))
    return repeated(connection)


def _write(connection: duckdb.DuckDBPyConnection, final: Path, aside: Path) -> None:
    """Write the partition that is taken in, with what the checks found: whole, or not at all."""
    final.parent.mkdir(parents=True, exist_ok=True)
    for check in CHECKS:
        text = (sql_dir() / "checks" / f"{check}.sql").read_text(encoding="utf-8")
        connection.execute(f"INSERT INTO finding BY NAME SELECT '{check}' AS \"check\", * FROM ({text})")
    if connection.execute("FROM finding LIMIT 1").fetchall():
        _copy(connection, "FROM finding ORDER BY ALL", final.with_name(final.stem + _FINDINGS), aside)
    _copy(
        connection,
        """SELECT * REPLACE (CASE WHEN series_period IN (FROM contested) THEN series_period END AS series_period)
           FROM observation ORDER BY indicator, area, frequency, adjustment, prices, period, source, vintage""",
        final,
        aside,
    )


def _copy(connection: duckdb.DuckDBPyConnection, sql: str, final: Path, aside: Path) -> None:
    part = aside.with_name(aside.name + ".partition")
    connection.execute(
        f"COPY ({sql}) TO {quoted(part)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP})"
    )
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(final)
    _sync(final.parent)


def _sync(folder: Path) -> None:
    entry = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(entry)
    finally:
        os.close(entry)


def record_partitions(connection: duckdb.DuckDBPyConnection, edition: Edition, database: Path) -> None:
    """Write down in a database which partitions it refers to, what they hold and what was found in them.

    Raises
    ------
    DatasetError
        When a table in partitions has figures elsewhere too.
    """
    _check_apart(connection, edition)
    _record_files(connection, edition, database)
    if edition.files:
        _record_series(connection, edition, database)
        beside = [f"{file.removesuffix('.parquet')}{_FINDINGS}" for file in edition.files.values()]
        findings = [str(edition.folder / file) for file in beside if (edition.folder / file).exists()]
        if findings:
            connection.execute(
                "INSERT INTO finding BY NAME FROM read_parquet(?, hive_partitioning = false)", [findings]
            )
    _record_retired(connection, edition, database)


def _check_apart(connection: duckdb.DuckDBPyConnection, edition: Edition) -> None:
    mixed = connection.execute(
        "SELECT DISTINCT table_name, split_part(file, '/', 1) FROM observation WHERE list_contains(?, table_name)",
        [edition.tables],
    ).fetchall()
    if mixed:
        table, place = mixed[0]
        raise DatasetError(
            f"observations/{table} is in partitions, and {place}/ has figures of {table} too, which would not be chosen "
            "among: move them into the partitions"
        )


def _record_files(connection: duckdb.DuckDBPyConnection, edition: Edition, database: Path) -> None:
    """What each partition holds; of those that stood in the last edition that is known."""
    last = "SELECT file, rows, first_period, last_period FROM partition"
    known = {row[0]: row[1:] for row in _from_last_edition(database, last).rows()}
    for partition, file in edition.files.items():
        if file not in known:
            (known[file],) = connection.execute(
                "SELECT count(*), min(period), max(period) FROM read_parquet(?, hive_partitioning = false)",
                [str(edition.folder / file)],
            ).fetchall()
        connection.execute(
            "INSERT INTO partition VALUES (?, ?, ?, ?, ?, ?)",
            [partition.name, partition.table, file, *known[file]],
        )
    for label, made_of in edition.inputs.items():
        connection.execute(
            "INSERT INTO partition_input VALUES (?, ?, ?, ?)",
            [label, made_of.size, made_of.changed_ns, made_of.hash],
        )


def _record_series(connection: duckdb.DuckDBPyConnection, edition: Edition, database: Path) -> None:
    """Every series: those of the last edition and of what was added, or where something was replaced, of all files."""
    before = {str(row[0]) for row in _from_last_edition(database, "SELECT file FROM partition").rows()}
    if not before or before - set(edition.files.values()):
        before = set()
    if before:
        known = _from_last_edition(database, "FROM partition_series")
        connection.register("incoming", known.to_arrow(compat_level=pl.CompatLevel.newest()))
        connection.execute("INSERT INTO partition_series BY NAME FROM incoming")
        connection.unregister("incoming")
    if added := edition.paths(but=before):
        connection.execute(
            f"""INSERT INTO partition_series
                SELECT DISTINCT {_SERIES} FROM read_parquet(?, hive_partitioning = false)
                EXCEPT FROM partition_series""",
            [added],
        )


def _record_retired(connection: duckdb.DuckDBPyConnection, edition: Edition, database: Path) -> None:
    """Files that are not of this edition, since the first edition that they are not of."""
    since = dict(_from_last_edition(database, "SELECT file, since FROM partition_retired").rows())
    now = datetime.now(UTC).replace(tzinfo=None)
    current = {
        name for file in edition.files.values() for name in (file, file.removesuffix(".parquet") + _FINDINGS)
    }
    there = (path.relative_to(edition.folder).as_posix() for path in edition.folder.rglob("*.parquet"))
    for file in there:
        if file not in current:
            edition.retired[file] = since.get(file, now)
            connection.execute("INSERT INTO partition_retired VALUES (?, ?)", [file, edition.retired[file]])


def attach_view(connection: duckdb.DuckDBPyConnection, edition: Edition) -> None:
    """Make ``observation`` a view of the rows inside the database and those of the partitions.

    The files are named relative to a folder that who opens the database tells; else they are where they were built.
    """
    if edition.files:
        files = ", ".join(quoted(file) for file in edition.files.values())
        folder = f"coalesce(getvariable('gba_partitions'), {quoted(edition.folder.absolute())})"
        connection.execute("ALTER TABLE observation RENAME TO inner_observation")
        connection.execute(
            f"""CREATE VIEW observation AS FROM inner_observation UNION ALL BY NAME
                FROM read_parquet([{folder} || '/' || file FOR file IN [{files}]], hive_partitioning = false)"""
        )


def remove_retired(edition: Edition) -> None:
    """Remove the files that no edition of the last day refers to."""
    until = datetime.now(UTC).replace(tzinfo=None) - _KEPT
    for file, since in edition.retired.items():
        if since < until:
            path = edition.folder / file
            path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # until a folder holds something else
                for folder in path.relative_to(edition.folder).parents:
                    (edition.folder / folder).rmdir()
