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
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from gbaindicators.catalog import catalog, datasets_dir, sql_dir
from gbaindicators.errors import DatabaseError, DatasetError, ValidationError
from gbaindicators.store.archive import Archive
from gbaindicators.store.edition import Edition
from gbaindicators.store.filling import insert_archive, insert_catalog, insert_tables, repeated
from gbaindicators.store.fingerprint import fingerprint
from gbaindicators.store.home import database_place
from gbaindicators.store.lake.location import Lake
from gbaindicators.store.layout import LAYOUT
from gbaindicators.store.opening import open_database, quiet
from gbaindicators.store.partition_base import Base
from gbaindicators.store.partition_checks import check_partitions
from gbaindicators.store.partition_files import quoted
from gbaindicators.store.partition_inputs import find_partitions
from gbaindicators.store.partitions import attach_view, build_partitions, record_partitions, remove_retired
from gbaindicators.version import __version__

if TYPE_CHECKING:
    import duckdb

__all__ = ["BuildSummary", "build_file", "count_all", "raise_failures"]

_MOST_FAILURES: Final = 10_000
Progress = Callable[[str], None]


@dataclass(frozen=True)
class BuildSummary:
    """What a build made."""

    database: Path | Lake
    observations: int
    series: int
    sources: int
    findings: int
    partitions: int = 0
    new_partitions: int = 0


def build_file(
    datasets: str | os.PathLike[str] | None,
    path: Path,
    report: Callable[[str], None],
    base: Base | None = None,
) -> BuildSummary:
    """Build a database from a datasets folder, by default the shipped one, and publish it to a file.

    With the partitions of a shared database as its `base`, the file has the rows of tables in CSV files alone, and
    beside it are the partitions that the base does not have.
    """
    root = Path(datasets).expanduser() if datasets is not None else datasets_dir()
    shipped_at_home = datasets is None and path == database_place()
    if not root.is_dir():
        raise DatasetError(
            f"{root} is not a folder: name the one that holds observations/, catalog/ and the rest"
        )
    with _exclusive(path) as aside:
        summary, edition = _write(root, Archive() if shipped_at_home else None, aside, path, report, base)
        _publish(aside, path)
        remove_retired(edition)
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
    open_database(path, whole=False).close()


def _write(
    root: Path, archive: Archive | None, aside: Path, path: Path, report: Progress, base: Base | None
) -> tuple[BuildSummary, Edition]:
    import duckdb

    names = catalog(root)
    partitions = find_partitions(root, names)
    aside.unlink(missing_ok=True)
    try:
        connection = duckdb.connect(
            ":memory:", config={"temp_directory": str(_spill(aside)), "memory_limit": "2GB"}
        )
        try:
            quiet(connection)
            connection.execute("SET preserve_insertion_order = false")
            # A build that ends in the middle is made anew: nothing need be kept twice for its recovery.
            connection.execute(f"ATTACH {quoted(aside)} AS built (RECOVERY_MODE no_wal_writes); USE built")
            _run(connection, "schema.sql")
            insert_catalog(connection, names)
            failures = insert_tables(connection, root, names, report)
            edition = build_partitions(partitions, names, path, aside, report, base)
            raise_failures(failures + edition.failures)
            if archive is not None:
                insert_archive(connection, archive, names, report)
            _run(connection, "derive.sql")
            report("choosing among sources")
            _run(connection, "prefer.sql")
            _run(connection, "agree.sql")
            raise_failures(repeated(connection))
            _run(connection, "views.sql")
            for table in names.tables:
                connection.execute(f"CREATE VIEW {table} AS FROM latest WHERE table_name = '{table}'")
            report("checking across tables")
            with base.attached(connection) if base is not None else contextlib.nullcontext():
                record_partitions(connection, edition, path)
                check_partitions(connection, edition, path)
            summary = _record(connection, root, archive, path, edition)
            if base is None:
                attach_view(connection, edition)
            connection.execute("CHECKPOINT")
        finally:
            connection.close()
    except duckdb.Error as error:
        if "KeyboardInterrupt" in str(
            error
        ):  # DuckDB makes its own error of an interrupt while it reads a frame
            raise KeyboardInterrupt from None
        raise _write_error(path, error) from None
    return summary, edition


def _run(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    connection.execute((sql_dir() / name).read_text(encoding="utf-8"))


def raise_failures(failures: list[pl.DataFrame]) -> None:
    """Raise a `ValidationError` if there are cells that break a rule."""
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


def _record(
    connection: duckdb.DuckDBPyConnection, root: Path, archive: Archive | None, path: Path, edition: Edition
) -> BuildSummary:
    counts = count_all(connection)
    shipped = root.resolve() == datasets_dir().resolve()
    connection.execute(
        "INSERT INTO build VALUES (?, version(), ?, ?, ?, ?, ?, ?, ?)",
        [
            __version__,
            "shipped" if shipped else str(root),
            _made_of(root, edition),
            archive.fingerprint() if archive is not None else None,
            datetime.now(UTC).replace(tzinfo=None),
            counts[0],
            counts[3],
            LAYOUT,
        ],
    )
    observations, series, sources, findings = counts
    return BuildSummary(path, observations, series, sources, findings, len(edition.files), len(edition.new))


def count_all(connection: duckdb.DuckDBPyConnection, of: str = "") -> tuple[int, int, int, int]:
    """Count the observations, series, sources and findings of a database, or of an attached one (``"made.main."``).

    Rows of partitions are counted by what is written down of these.
    """
    row = connection.execute(f"""
        WITH series AS (SELECT indicator, area, frequency, adjustment, prices, source FROM {of}observation
                        UNION ALL SELECT indicator, area, frequency, adjustment, prices, source FROM {of}partition_series)
        SELECT (SELECT count(*) FROM {of}observation) + (SELECT coalesce(sum(rows), 0)::BIGINT FROM {of}partition),
               (SELECT count(DISTINCT (indicator, area, frequency, adjustment, prices)) FROM series),
               (SELECT count(DISTINCT source) FROM series), (SELECT count(*) FROM {of}finding)
    """).fetchone()
    assert row is not None
    observations, series, sources, findings = row
    return observations, series, sources, findings


def _publish(aside: Path, path: Path) -> None:
    """Put the finished file in place: on disk first, then by one rename."""
    open_database(aside, whole=False).close()
    with aside.open("rb") as file:
        os.fsync(file.fileno())
    aside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _made_of(root: Path, edition: Edition) -> str:
    """Hash of a datasets folder with its partitions, whose files are named by the hash of theirs."""
    made_of = [fingerprint(root), *edition.files.values()]
    return (
        hashlib.blake2b("\n".join(made_of).encode(), digest_size=16).hexdigest()
        if edition.files
        else made_of[0]
    )
