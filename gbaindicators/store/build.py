"""Building a database: aside, validated, and published in one step.

A database is a build product of a datasets folder. It is written as a new file beside the old one and takes its
place atomically once every row is valid, so readers are never blocked and a failed build changes nothing.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from gbaindicators.catalog import Catalog, catalog, datasets_dir, sql_dir
from gbaindicators.errors import DatabaseError, DatasetError, ValidationError
from gbaindicators.store.home import database_path
from gbaindicators.tables import crossings, observations, policy
from gbaindicators.tables.csv_files import read_batches
from gbaindicators.tables.validation import FAILURES, validate

if TYPE_CHECKING:
    import duckdb

__all__ = ["BuildSummary", "build", "ensure_current", "fingerprint", "validate_datasets"]

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
        by default the shipped figures. Without a ``catalog/`` of its own it uses the shipped catalogue.
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
    """
    root = Path(datasets).expanduser() if datasets is not None else datasets_dir()
    if not root.is_dir():
        raise DatasetError(
            f"{root} is not a folder: name the one that holds observations/, catalog/ and the rest"
        )
    path = database_path(database)
    report = progress or _quiet
    with _exclusive(path) as aside:
        summary = _write(root, aside, path, report)
        _publish(aside, path)
    report(f"published {path}")
    return summary


@contextlib.contextmanager
def _exclusive(path: Path) -> Iterator[Path]:
    """Hold the build lock and give a path aside; whatever happens, nothing of it is left behind."""
    from filelock import FileLock, Timeout

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(str(path) + ".lock", timeout=600)
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
        yield aside
    except OSError as error:
        raise _write_error(path, error) from None
    finally:
        for rest in (aside, aside.with_name(aside.name + ".wal")):
            rest.unlink(missing_ok=True)
        shutil.rmtree(_spill(aside), ignore_errors=True)
        lock.release()


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
    from gbaindicators.store.connection import open_database

    open_database(path).close()


def _write(root: Path, aside: Path, path: Path, report: Progress) -> BuildSummary:
    import duckdb

    names = catalog(root)
    aside.unlink(missing_ok=True)
    try:
        connection = duckdb.connect(
            str(aside), config={"temp_directory": str(_spill(aside)), "memory_limit": "2GB"}
        )
        try:
            connection.execute("SET preserve_insertion_order = false; SET enable_progress_bar = false")
            _run(connection, "schema.sql")
            _insert_catalog(connection, names)
            failures = _insert_tables(connection, root, names, report)
            _raise(failures)
            _run(connection, "derive.sql")
            report("choosing among sources")
            _run(connection, "prefer.sql")
            _raise(_repeated(connection))
            _run(connection, "views.sql")
            for table in names.tables:
                connection.execute(f"CREATE VIEW {table} AS FROM latest WHERE table_name = '{table}'")
            report("checking across tables")
            _check(connection)
            summary = _record(connection, root, path)
        finally:
            connection.close()
    except duckdb.Error as error:
        raise _write_error(path, error) from None
    return summary


def _run(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    connection.execute((sql_dir() / name).read_text(encoding="utf-8"))


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]] | pl.DataFrame
) -> None:
    frame = rows if isinstance(rows, pl.DataFrame) else pl.DataFrame(rows, infer_schema_length=None)
    if frame.height:
        connection.register("incoming", frame.to_arrow())
        connection.execute(f"INSERT INTO {table} BY NAME FROM incoming")
        connection.unregister("incoming")


def _named(entry: Any, *fields: str) -> dict[str, Any]:
    names = {f"name_{language.replace('-', '_').lower()}": text for language, text in entry.names.items()}
    return {"id": entry.id, **names, **{f: getattr(entry, f) for f in fields}}


def _insert_catalog(connection: duckdb.DuckDBPyConnection, names: Catalog) -> None:
    indicator_fields = ("unit", "kind", "over_time", "over_areas", "minimum", "maximum", "description")
    _insert(
        connection,
        "indicator",
        [_named(i, *indicator_fields) | {"table_name": i.table} for i in names.indicators.values()],
    )
    _insert(
        connection, "area",
        [_named(a, "level", "parent", "currency") | {"aliases": list(a.aliases)} for a in names.areas.values()],
    )  # fmt: skip
    _insert(connection, "unit", [_named(u, "kind", "base", "factor") for u in names.units.values()])
    _insert(connection, "source", [{f: getattr(s, f) for f in s.__slots__} for s in names.sources.values()])
    _insert(connection, "definition", [
        {"area": d.area, "subject": d.subject, "id": d.id, "member": m, "is_default": d.default,
         "name_en": d.names["en"], "note": d.note}
        for d in names.definitions for m in d.members
    ])  # fmt: skip
    _insert(connection, "preference", [
        {"indicator": i, "area": a, "frequency": f, "source": s, "rank": rank, "why": p.why}
        for p in names.preferences for i in p.indicators for a in p.areas for f in (p.frequencies or ("*",))
        for rank, s in enumerate(p.sources)
    ])  # fmt: skip
    _insert(connection, "identity", [
        {"id": d.id, "over": d.over, "indicator": i, "total": d.total, "part": part, "parts": len(d.parts)}
        for d in names.identities for i in (d.indicators or (None,)) for part in d.parts
    ])  # fmt: skip


def _tables(
    root: Path, names: Catalog
) -> Iterator[tuple[Path, tuple[str, ...], Any, Callable[[pl.DataFrame, Catalog], pl.DataFrame]]]:
    """Files of a datasets folder: path, header, schema and how to normalise."""
    found = False
    for path in sorted((root / "observations").glob("*.csv")):
        found = True
        if path.stem not in names.tables:
            raise DatasetError(
                f"{path}: {path.stem!r} is no table of the catalogue. Name the file after one of: {', '.join(sorted(names.tables))}"
            )
        yield (
            path,
            observations.COLUMNS,
            observations.observation_schema(names, path.stem),
            observations.normalise,
        )
    for path in sorted((root / "crossings").glob("*.csv")):
        found = True
        yield path, crossings.COLUMNS, crossings.crossings_schema(names), crossings.normalise_crossings
    for path in sorted((root / "policy").glob("*.csv")):
        found = True
        yield path, policy.COLUMNS, policy.policy_schema(names), policy.normalise_policy
    if not found:
        raise DatasetError(
            f"{root} holds no figures: it needs observations/*.csv (and may have crossings/ and policy/)"
        )


def _insert_tables(
    connection: duckdb.DuckDBPyConnection, root: Path, names: Catalog, report: Progress
) -> list[pl.DataFrame]:
    failures: list[pl.DataFrame] = []
    for path, columns, schema, normalise in _tables(root, names):
        file = f"{path.parent.name}/{path.name}"
        report(f"reading {file}")
        for batch in read_batches(path, columns):
            rows = normalise(batch, names)
            broken = validate(rows, schema, file, names)
            if broken.height:
                failures.append(broken)
                if sum(f.height for f in failures) > _MOST_FAILURES:
                    return failures
            elif not failures:
                _INSERTS[columns](connection, rows, path.stem, file)
    return failures


def _insert_observations(
    connection: duckdb.DuckDBPyConnection, rows: pl.DataFrame, table: str, file: str
) -> None:
    _insert(connection, "observation", rows.select(
        pl.lit(table).alias("table_name"), "indicator", "area", "frequency", pl.col("start").alias("period"),
        pl.col("amount").alias("value"), pl.col("base").alias("unit"), "adjustment",
        pl.when(pl.col("prices") != "").then("prices").alias("prices"), "status", pl.col("known").alias("vintage"), "source",
        pl.col("value").alias("published_value"), pl.col("unit").alias("published_unit"),
        pl.col("scale").cast(pl.Int8).alias("published_scale"), "locator",
        pl.when(pl.col("note") != "").then("note").alias("note"), pl.lit(file).alias("file"), "row",
        pl.lit(0, pl.Int32).alias("standing"), pl.lit(True).alias("preferred"),
    ))  # fmt: skip


def _insert_crossings(
    connection: duckdb.DuckDBPyConnection, rows: pl.DataFrame, table: str, file: str
) -> None:
    _insert(connection, "crossing_daily", rows.select(
        "date", pl.col("Control Point").alias("control_point"), pl.col("Arrival / Departure").alias("direction"),
        "residents", "mainland", "other", "total", "source", "area", pl.lit(file).alias("file"), "row",
    ))  # fmt: skip


def _insert_policy(connection: duckdb.DuckDBPyConnection, rows: pl.DataFrame, table: str, file: str) -> None:
    _insert(connection, "policy_statement", rows.select(
        "indicator", "area", "counterpart_area", "as_of", pl.col("amount").alias("value"), "unit", "qualifier", "source",
        "quote", "note", pl.lit(file).alias("file"), "row",
    ))  # fmt: skip


_INSERTS: Final = {
    observations.COLUMNS: _insert_observations,
    crossings.COLUMNS: _insert_crossings,
    policy.COLUMNS: _insert_policy,
}


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


def _record(connection: duckdb.DuckDBPyConnection, root: Path, path: Path) -> BuildSummary:
    counts = connection.execute("""
        SELECT (SELECT count(*) FROM observation), (SELECT count(DISTINCT (indicator, area, frequency, adjustment, prices)) FROM observation),
               (SELECT count(DISTINCT source) FROM observation), (SELECT count(*) FROM finding)
    """).fetchone()
    assert counts is not None
    shipped = root.resolve() == datasets_dir().resolve()
    connection.execute(
        "INSERT INTO build VALUES (?, version(), ?, ?, ?, ?, ?)",
        [
            version("gbaindicators"),
            "shipped" if shipped else str(root),
            fingerprint(root),
            datetime.now(UTC).replace(tzinfo=None),
            counts[0],
            counts[3],
        ],
    )
    connection.execute("CHECKPOINT")
    return BuildSummary(path, *counts)


def _publish(aside: Path, path: Path) -> None:
    """Put the finished file in place: on disk first, then by one rename."""
    from gbaindicators.store.connection import open_database

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
        from gbaindicators.store.connection import open_database

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


def validate_datasets(datasets: str | os.PathLike[str] | None = None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Validate a datasets folder or one CSV file without publishing anything.

    Parameters
    ----------
    datasets
        A datasets folder, by default the shipped one, or a single observation, crossings or policy CSV file.

    Returns
    -------
    failures : polars.DataFrame
        Cells that break a rule: ``file, row, column, value, rule``. None must be left for a build.
    findings : polars.DataFrame
        What the checks across tables found and could not decide: ``check, indicator, area, frequency, period, file,
        row, column, value, rule, detail``.
    """
    import tempfile

    import duckdb

    root = Path(datasets).expanduser() if datasets is not None else datasets_dir()
    with tempfile.TemporaryDirectory() as folder:
        if root.is_file():
            root = _as_folder(root, Path(folder))
        elif not root.is_dir():
            raise DatasetError(f"{root}: there is no such file or folder")
        database = Path(folder) / "validate.duckdb"
        try:
            build(root, database)
        except ValidationError as error:
            return error.failures, pl.DataFrame()
        connection = duckdb.connect(str(database), read_only=True)
        try:
            return pl.DataFrame(schema=FAILURES), connection.sql("FROM finding ORDER BY ALL").pl()
        finally:
            connection.close()


def _as_folder(file: Path, folder: Path) -> Path:
    """Make a datasets folder of a single file, its kind told by the header, its table by the indicators in it."""
    from gbaindicators.tables.csv_files import read_header

    header = read_header(file)
    kind, name = "observations", file.stem
    if "Control Point" in header:
        kind = "crossings"
    elif "qualifier" in header:
        kind = "policy"
    elif name not in catalog().tables:
        name = _table_of(file, header)
    (folder / "datasets" / kind).mkdir(parents=True)
    shutil.copy(file, folder / "datasets" / kind / f"{name}.csv")
    return folder / "datasets"


def _table_of(file: Path, header: list[str]) -> str:
    names = catalog()
    if "indicator" in header:
        first = next(read_batches(file, observations.COLUMNS, 1000), pl.DataFrame({"indicator": []}))
        for name in first["indicator"]:
            if name in names.indicators:
                return names.indicators[name].table
    return "gdp"
