"""Tables larger than memory: each partition is normalised, validated, and written as Parquet beside the database.

A partition is built by itself, by the same rules as a CSV file and the same SQL that chooses among sources, so the cost
of a build is that of the partitions that are new. The file of a partition is named by the hash of what it was made of:
its inputs and the rules. Nothing that is published is ever changed; a database lists the files of its edition, and those
of earlier editions stay for a day, for readers that have them open.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from gbaindicators.catalog import Catalog, sql_dir
from gbaindicators.errors import DatasetError
from gbaindicators.store.edition import Edition
from gbaindicators.store.filling import insert_catalog, insert_observations, repeated
from gbaindicators.store.last_edition import Ask, last_edition, take_over
from gbaindicators.store.names import fetch
from gbaindicators.store.opening import quiet
from gbaindicators.store.partition_base import Base
from gbaindicators.store.partition_checks import FIGURE_CHECKS, insert_findings
from gbaindicators.store.partition_files import findings_beside, partitions_dir, quoted
from gbaindicators.store.partition_inputs import (
    Input,
    Partition,
    outside_of_keys,
    read_partition_file,
)
from gbaindicators.store.partition_series import record_series
from gbaindicators.tables import observations
from gbaindicators.tables.validation import TableSchema, validate
from gbaindicators.version import __version__

if TYPE_CHECKING:
    import duckdb

__all__ = ["attach_view", "build_partitions", "record_partitions", "remove_retired"]

#: Changes when what is written in a partition does.
_FORMAT: Final = "1"
_MEMORY: Final = "1GB"
#: Rows are sorted by series; one series is found by reading a group or two of each partition.
_ROW_GROUP: Final = 30_720
_MOST_FAILURES: Final = 10_000
#: How long the files of an earlier edition stay.
_KEPT: Final = timedelta(days=1)


def build_partitions(
    partitions: list[Partition],
    names: Catalog,
    database: Path,
    aside: Path,
    report: Callable[[str], None],
    base: Base | None = None,
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
    base
        Partitions that a shared database holds, which need not be made.

    Returns
    -------
    Edition
        With ``failures``, the edition is not to be published.
    """
    edition = Edition(partitions_dir(database), base)
    if not partitions:
        return edition
    known, rules = _known_inputs(database), _rules(names)
    schema = functools.cache(functools.partial(observations.observation_schema, names))
    with contextlib.ExitStack() as stack:
        workshop: duckdb.DuckDBPyConnection | None = None
        for number, partition in enumerate(partitions, 1):
            inputs = partition.inputs(known)
            edition.inputs |= {partition.label(i.path): i for i in inputs}
            file = f"{partition.name}/{_key(rules, partition, inputs)}.parquet"
            there = edition.has(file)
            state = "reused" if there else "new"
            report(f"observations/{partition.name} ({number} of {len(partitions)}): {state}")
            if not there:
                workshop = workshop or stack.enter_context(_workshop(names, aside))
                failures = _fill(workshop, partition, names, schema(partition.table))
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
    with last_edition(database) as ask:
        rows = ask("SELECT file, size, changed_ns, hash FROM partition_input").rows()
    return {file: Input(Path(file), size, changed, hash_) for file, size, changed, hash_ in rows}


def _rules(names: Catalog) -> str:
    """Hash of all that decides what becomes of a row."""
    files = [sql_dir() / name for name in ("schema.sql", "prefer.sql", "agree.sql")]
    files += sorted((sql_dir() / "checks").glob("*.sql"))
    entries = ("areas", "identities", "indicators", "preferences", "units")
    files += [*(names.folder / f"{entry}.toml" for entry in entries), names.folder / "sources.csv"]
    files += sorted((names.folder / "services").glob("*.toml"))
    digest = hashlib.blake2b(f"{_FORMAT} {__version__}".encode(), digest_size=16)
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
    connection: duckdb.DuckDBPyConnection, partition: Partition, names: Catalog, schema: TableSchema
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
    for check in FIGURE_CHECKS:
        insert_findings(connection, check)
    if connection.execute("FROM finding LIMIT 1").fetchall():
        _copy(connection, "FROM finding ORDER BY ALL", findings_beside(final), aside)
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
    """Write down in a database which partitions it refers to, what they hold and what is known of their series.

    Raises
    ------
    DatasetError
        When a table in partitions has figures elsewhere too.
    """
    if not edition.files and not edition.folder.is_dir():
        return
    _check_apart(connection, edition)
    with last_edition(database) as ask:
        _record_files(connection, edition, ask)
        record_series(connection, edition, ask)
        _record_retired(connection, edition, ask)


def _check_apart(connection: duckdb.DuckDBPyConnection, edition: Edition) -> None:
    mixed = connection.execute(
        "SELECT DISTINCT table_name, split_part(file, '/', 1) FROM observation WHERE list_contains(?, table_name) ORDER BY ALL",
        [edition.tables],
    ).fetchall()
    if mixed:
        table, place = mixed[0]
        raise DatasetError(
            f"observations/{table} is in partitions, and {place}/ has figures of {table} too, which would not be chosen "
            "among: move them into the partitions"
        )


def _record_files(connection: duckdb.DuckDBPyConnection, edition: Edition, ask: Ask) -> None:
    """What each partition holds and was made of; of those that stood in the last edition that is known."""
    files = pl.DataFrame(
        {
            "name": [partition.name for partition in edition.files],
            "table_name": [partition.table for partition in edition.files],
            "file": list(edition.files.values()),
        },
        schema=dict.fromkeys(("name", "table_name", "file"), pl.String),
    )
    content = ask("FROM partition_content")
    known = content.join(files, on="file", how="semi") if content.height else files.clear()
    take_over(connection, "partition_content", known)
    for file in files.join(known, on="file", how="anti")["file"]:
        connection.execute(
            f"""INSERT INTO partition_content
                SELECT ?, indicator, frequency, adjustment, unit, count(*), min(period), max(period)
                FROM ({edition.rows([file])}) GROUP BY ALL""",
            [file],
        )
    held = fetch(
        connection,
        """SELECT file, sum(rows)::BIGINT AS rows, min(first_period) AS first_period, max(last_period) AS last_period
           FROM partition_content GROUP BY file""",
    )
    take_over(
        connection,
        "partition",
        files.join(held, on="file", how="left").with_columns(pl.col("rows").fill_null(0)),
    )
    made_of = [(label, i.size, i.changed_ns, i.hash) for label, i in edition.inputs.items()]
    take_over(
        connection,
        "partition_input",
        pl.DataFrame(made_of, schema=["file", "size", "changed_ns", "hash"], orient="row"),
    )


def _record_retired(connection: duckdb.DuckDBPyConnection, edition: Edition, ask: Ask) -> None:
    """Files that are not of this edition, since the first edition that they are not of."""
    since = dict(ask("SELECT file, since FROM partition_retired").rows())
    now = datetime.now(UTC).replace(tzinfo=None)
    files = [Path(file) for file in edition.files.values()]
    current = {name.as_posix() for file in files for name in (file, findings_beside(file))}
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
