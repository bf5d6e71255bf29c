"""Building a database: aside, validated, and published in one step.

A database is a build product of a datasets folder. It is written as a new file beside the old one and takes its
place atomically once every row is valid, so readers are never blocked and a failed build changes nothing.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from gbaindicators.catalog import catalog, datasets_dir, sql_dir
from gbaindicators.errors import DatabaseError, DatasetError, ValidationError
from gbaindicators.store.archive import Archive
from gbaindicators.store.filling import insert_archive, insert_catalog, insert_tables
from gbaindicators.store.home import database_path
from gbaindicators.store.opening import open_database, quiet
from gbaindicators.tables.validation import FAILURES

if TYPE_CHECKING:
    import duckdb

__all__ = ["BuildSummary", "build", "ensure_current", "fingerprint"]

_MOST_FAILURES: Final = 10_000
Progress = Callable[[str], None]


@dataclass(frozen=True)
class BuildSummary:
    """What a build made."""

    database: Path
    observations: int
    series: int
    sources: int
    findings: int


def _quiet(_: str) -> None:
    return None


def build(
    datasets: str | os.PathLike[str] | None = None,
    database: str | os.PathLike[str] | None = None,
    *,
    progress: Progress | None = None,
) -> BuildSummary:
    """Build a database from a datasets folder and publish it.

    Parameters
    ----------
    datasets
        Folder with ``observations/*.csv`` and, if they are there, ``catalog/``, ``crossings/`` and ``policy/``;
        by default the shipped figures. Without a ``catalog/`` of its own it uses the shipped catalogue. The shipped
        figures in the data home are built together with what refreshes accepted there.
    database
        File to publish to, by default ``gba.duckdb`` in the data home. An older build there is replaced
        atomically: readers that have it open keep it, new readers see the new one.
    progress
        Called with a line of text at every step.

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
    root = Path(datasets).expanduser() if datasets is not None else datasets_dir()
    shipped_at_home = datasets is None and database_path(database) == database_path()
    if not root.is_dir():
        raise DatasetError(
            f"{root} is not a folder: name the one that holds observations/, catalog/ and the rest"
        )
    path = database_path(database)
    report = progress or _quiet
    with _exclusive(path) as aside:
        summary = _write(root, Archive() if shipped_at_home else None, aside, path, report)
        _publish(aside, path)
    report(f"published {path}")
    return summary


@contextlib.contextmanager
def _exclusive(path: Path) -> Iterator[Path]:
    """Hold the build lock and give a path aside; whatever happens, nothing of it is left behind."""
    from filelock import FileLock, Timeout

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        held = path.with_name(path.name + ".lock")
        held.touch()  # tells at once where nothing can be written; the lock would wait
        lock = FileLock(held, timeout=600)
        lock.acquire()
    except Timeout:
        raise DatabaseError(
            f"another build of {path} has held {path}.lock for ten minutes; is it still running?"
        ) from None
    except OSError as error:
        raise DatabaseError(
            f"{path} cannot be written: {error.strerror or error}. Choose another place with GBA_HOME or --database"
        ) from None
    aside = path.with_name(f".{path.name}.{os.getpid()}.building")
    try:
        _refuse_foreign(path)
        _clear(path)
        yield aside
    except OSError as error:
        raise _write_error(path, error) from None
    finally:
        _clear(path)
        lock.release()


def _clear(path: Path) -> None:
    """Remove what builds of a path left aside: this one's, and those of builds that were killed."""
    for rest in path.parent.glob(f".{glob.escape(path.name)}.*.building*"):
        if rest.is_dir():
            shutil.rmtree(rest, ignore_errors=True)
        else:
            rest.unlink(missing_ok=True)


def _spill(aside: Path) -> Path:
    return aside.with_name(aside.name + ".tmp")


def _write_error(path: Path, error: BaseException) -> DatabaseError:
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    if (
        getattr(error, "errno", None) == errno.ENOSPC
        or "No space left" in str(error)
        or "max_temp_directory_size" in str(error)
    ):
        return DatabaseError(
            f"the disk of {path.parent} is full; nothing was published and the last good database stands. "
            "Free some space, or build elsewhere with GBA_HOME or --database"
        )
    return DatabaseError(f"{path} could not be built: {text}. Nothing was published")


def _refuse_foreign(path: Path) -> None:
    """Never replace a file that is not ours."""
    if not path.exists() or path.stat().st_size == 0:
        return
    open_database(path).close()


def _write(root: Path, archive: Archive | None, aside: Path, path: Path, report: Progress) -> BuildSummary:
    import duckdb

    names = catalog(root)
    aside.unlink(missing_ok=True)
    try:
        connection = duckdb.connect(
            str(aside), config={"temp_directory": str(_spill(aside)), "memory_limit": "2GB"}
        )
        try:
            quiet(connection)
            connection.execute("SET preserve_insertion_order = false")
            _run(connection, "schema.sql")
            insert_catalog(connection, names)
            failures = insert_tables(connection, root, names, report)
            _raise(failures)
            if archive is not None:
                insert_archive(connection, archive, names, report)
            _run(connection, "derive.sql")
            report("choosing among sources")
            _run(connection, "prefer.sql")
            _raise(_repeated(connection))
            _run(connection, "views.sql")
            for table in names.tables:
                connection.execute(f"CREATE VIEW {table} AS FROM latest WHERE table_name = '{table}'")
            report("checking across tables")
            _check(connection)
            summary = _record(connection, root, archive, path)
        finally:
            connection.close()
    except duckdb.Error as error:
        if "KeyboardInterrupt" in str(
            error
        ):  # DuckDB makes its own error of an interrupt while it reads a frame
            raise KeyboardInterrupt from None
        raise _write_error(path, error) from None
    return summary


def _run(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    connection.execute((sql_dir() / name).read_text(encoding="utf-8"))


def _repeated(connection: duckdb.DuckDBPyConnection) -> list[pl.DataFrame]:
    """Rows that give one figure of one source and vintage twice, and daily counts that stand twice."""
    found = connection.sql("""
        SELECT file, row, 'period' AS "column", published_value AS value,
               'gives the same figure as row ' || first || ': one row per indicator, area, period, adjustment, prices, source and vintage' AS rule
        FROM (
            SELECT *, min(row) OVER w AS first, row_number() OVER (w ORDER BY file, row) AS n
            FROM observation WHERE method IS NULL AND series_period IN (
                SELECT series_period FROM observation GROUP BY series_period, source, vintage HAVING count(*) > 1)
            WINDOW w AS (PARTITION BY series_period, source, vintage)
        ) WHERE n > 1
        UNION ALL
        SELECT file, row, 'Date', "date"::VARCHAR, 'gives the same day, control point and direction as row ' || first
        FROM (SELECT *, min(row) OVER w AS first, row_number() OVER (w ORDER BY row) AS n FROM crossing_daily
              WINDOW w AS (PARTITION BY "date", area, direction))
        WHERE n > 1
        ORDER BY file, row LIMIT 10000
    """).pl()  # fmt: skip
    return [found.cast(FAILURES)] if found.height else []


def _raise(failures: list[pl.DataFrame]) -> None:
    if not failures:
        return
    report = pl.concat(failures)
    lines = [
        f"{r['file']}, row {r['row']}, {r['column']}: {r['value']!r} breaks the rule: {r['rule']}"
        for r in report.head(10).iter_rows(named=True)
    ]
    more = f"\n... and {report.height - 10} more" if report.height > 10 else ""
    raise ValidationError(
        f"{report.height} cell{'s break' if report.height > 1 else ' breaks'} the rules of their table; nothing was "
        "published:\n" + "\n".join(lines) + more, report,
    )  # fmt: skip


def _check(connection: duckdb.DuckDBPyConnection) -> None:
    for path in sorted((sql_dir() / "checks").glob("*.sql")):
        connection.execute(
            f"INSERT INTO finding BY NAME SELECT '{path.stem}' AS \"check\", * FROM ({path.read_text(encoding='utf-8')})"
        )


def _record(
    connection: duckdb.DuckDBPyConnection, root: Path, archive: Archive | None, path: Path
) -> BuildSummary:
    counts = connection.execute("""
        SELECT (SELECT count(*) FROM observation), (SELECT count(DISTINCT (indicator, area, frequency, adjustment, prices)) FROM observation),
               (SELECT count(DISTINCT source) FROM observation), (SELECT count(*) FROM finding)
    """).fetchone()
    assert counts is not None
    shipped = root.resolve() == datasets_dir().resolve()
    connection.execute(
        "INSERT INTO build VALUES (?, version(), ?, ?, ?, ?, ?, ?)",
        [
            version("gbaindicators"),
            "shipped" if shipped else str(root),
            fingerprint(root),
            archive.fingerprint() if archive is not None else None,
            datetime.now(UTC).replace(tzinfo=None),
            counts[0],
            counts[3],
        ],
    )
    connection.execute("CHECKPOINT")
    return BuildSummary(path, *counts)


def _publish(aside: Path, path: Path) -> None:
    """Put the finished file in place: on disk first, then by one rename."""
    open_database(aside).close()
    with aside.open("rb") as file:
        os.fsync(file.fileno())
    aside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@cache
def fingerprint(root: Path) -> str:
    """Hash of a datasets folder, the SQL and the package version: what a database is made of."""
    digest = hashlib.blake2b(version("gbaindicators").encode(), digest_size=16)
    for path in (*sorted(p for p in root.rglob("*") if p.is_file()), *sorted(sql_dir().rglob("*.sql"))):
        digest.update(f"{path.name}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


_current: set[Path] = set()


def ensure_current(path: Path) -> None:
    """Build the database of the data home if it is missing or was built from other shipped figures.

    A database that somebody built from a datasets folder of their own is left alone.
    """
    if path in _current and path.exists():
        return
    if path.exists() and path.stat().st_size:
        connection = open_database(path)
        try:
            row = connection.execute("SELECT datasets, fingerprint FROM build").fetchone()
        finally:
            connection.close()
        if row is not None and (row[0] != "shipped" or row[1] == fingerprint(datasets_dir())):
            _current.add(path)
            return
    build(database=path)
    _current.add(path)
