"""Filling a database: the catalogue, and the rows of every dataset file that keep the rules of their table."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from gbaindicators.catalog import Catalog
from gbaindicators.errors import DatasetError
from gbaindicators.store.archive import Archive
from gbaindicators.store.incoming import incoming
from gbaindicators.store.names import fetch
from gbaindicators.tables import crossings, observations, policy
from gbaindicators.tables.csv_files import read_batches
from gbaindicators.tables.validation import FAILURES, TableSchema, validate

if TYPE_CHECKING:
    import duckdb
    import pyarrow

__all__ = ["insert_archive", "insert_catalog", "insert_observations", "insert_tables", "repeated"]

_MOST_FAILURES: Final = 10_000
_Normalise = Callable[[pl.DataFrame, Catalog], pl.DataFrame]


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]] | pl.DataFrame
) -> None:
    frame = rows if isinstance(rows, pl.DataFrame) else pl.DataFrame(rows, infer_schema_length=None)
    if frame.height:
        with incoming(connection, frame):
            connection.execute(f"INSERT INTO {table} BY NAME FROM incoming")


def _named(entry: Any, *fields: str) -> dict[str, Any]:
    names = {f"name_{language.replace('-', '_').lower()}": text for language, text in entry.names.items()}
    return {"id": entry.id, **names, **{f: getattr(entry, f) for f in fields}}


def insert_catalog(connection: duckdb.DuckDBPyConnection, names: Catalog) -> None:
    """Insert all that the catalogue says."""
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
         "name_en": d.names["en"], "source": d.source or None, "note": d.note}
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


def _tables(root: Path, names: Catalog) -> Iterator[tuple[Path, tuple[str, ...], TableSchema, _Normalise]]:
    """Files of a datasets folder: path, header, schema and how to normalise."""
    found = any(path.is_dir() for path in (root / "observations").glob("*"))  # tables in partitions
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
            f"{root} holds no figures: it needs observations/*.csv or observations/TABLE/ in partitions (and may have crossings/ and policy/)"
        )


def insert_tables(
    connection: duckdb.DuckDBPyConnection, root: Path, names: Catalog, report: Callable[[str], None]
) -> list[pl.DataFrame]:
    """Insert the rows of every file, and return the cells that break a rule; after the first, none is inserted."""
    failures: list[pl.DataFrame] = []
    for path, columns, schema, normalise in _tables(root, names):
        file = f"{path.parent.name}/{path.name}"
        report(f"reading {file}")
        batches = _valid(path, columns, schema, normalise, names, failures)
        _INSERTS[columns](connection, batches, path.stem, file)
        if _too_many(failures):
            break
    return failures


def _too_many(failures: list[pl.DataFrame]) -> bool:
    return sum(f.height for f in failures) > _MOST_FAILURES


def _valid(
    path: Path, columns: tuple[str, ...], schema: TableSchema, normalise: _Normalise, names: Catalog,
    failures: list[pl.DataFrame],
) -> Iterator[pl.DataFrame]:  # fmt: skip
    """Yield the normalised rows of a file until some break a rule; of the rest only look for more of these."""
    for batch in read_batches(path, columns):
        rows = normalise(batch, names)
        broken = validate(rows, schema, f"{path.parent.name}/{path.name}", names)
        if broken.height:
            failures.append(broken)
            if _too_many(failures):
                return
        elif not failures:
            yield rows


def insert_archive(
    connection: duckdb.DuckDBPyConnection, archive: Archive, names: Catalog, report: Callable[[str], None]
) -> None:
    """Insert what refreshes accepted.

    A figure was valid when it was accepted. One that breaks a rule of today, because the catalogue changed since, is left
    out and becomes a finding: it must neither stop a nightly build nor vanish unsaid.
    """
    schema = observations.observation_schema(names)
    tables = {i.id: i.table for i in names.indicators.values()}
    for service in archive.services():
        report(f"reading archive/{service}")
        rows = observations.normalise(archive.known(service), names).rename({"row": "row_of_file"})
        rows = (
            rows.unique(_SAME, keep="last", maintain_order=True).with_row_index("row").cast({"row": pl.Int64})
        )
        broken = validate(rows, schema, f"archive/{service}", names)
        if broken.height:
            at = rows.select("row", "file", "row_of_file")
            found = (
                broken.drop("file").join(at, on="row", how="left").drop("row").rename({"row_of_file": "row"})
            )
            _insert(connection, "finding", found.with_columns(pl.lit("archive").alias("check")))
            rows = rows.filter(~pl.col("row").is_in(broken["row"].implode()))
        insert_observations(
            connection,
            rows.drop("row").rename({"row_of_file": "row"}),
            rows["indicator"].replace_strict(tables, return_dtype=pl.String),
            rows["file"],
        )


#: What may come once from a service, whatever words it has for the period and the day.
_SAME: Final = ("indicator", "area", "frequency", "start", "adjustment", "prices", "known")


def insert_observations(
    connection: duckdb.DuckDBPyConnection, rows: pl.DataFrame, table: str | pl.Series, file: str | pl.Series
) -> None:
    """Insert normalised rows of an observation file."""
    # What is the same in every row is written by DuckDB: it costs nothing there and much as text from Polars.
    given = {"table_name": table, "file": file}
    same = {name: value for name, value in given.items() if isinstance(value, str)}
    rows = rows.with_columns(**{name: value for name, value in given.items() if name not in same})
    with incoming(connection, rows):
        _insert_incoming(connection, same)


def _insert_incoming(connection: duckdb.DuckDBPyConnection, same: dict[str, str]) -> None:
    """Insert the normalised observations that are ``incoming``, with what is the `same` in each of them."""
    own = ", ".join(f"? AS {name}" if name in same else name for name in ("table_name", "file"))
    connection.execute(
        f"""
        INSERT INTO observation BY NAME
        SELECT {own}, indicator, area, frequency, "start" AS period, amount AS value, base AS unit, adjustment,
               nullif(prices, '') AS prices, status, known AS vintage, is_dated(known, source) AS dated, source,
               value AS published_value, unit AS published_unit, scale::TINYINT AS published_scale, locator,
               nullif(note, '') AS note, row,
               figure_hash(indicator, area, frequency, "start", adjustment, nullif(prices, '')) AS series_period,
               0 AS standing, true AS preferred
        FROM incoming
        """,
        list(same.values()),
    )


def _insert_file(
    connection: duckdb.DuckDBPyConnection, batches: Iterator[pl.DataFrame], table: str, file: str
) -> None:
    """Insert the batches of an observation file by one statement: DuckDB compresses its rows once, as they come."""
    first = next(batches, None)
    if first is None:
        return
    second = next(batches, None)
    if second is None:
        insert_observations(connection, first, table, file)
        return
    stream = _Stream(itertools.chain([first, second], batches))
    try:
        with incoming(connection, stream.reader(first)):
            _insert_incoming(connection, {"table_name": table, "file": file})
    except Exception:
        if stream.error is not None:
            raise stream.error from None
        raise


class _Stream:
    """Batches that DuckDB pulls, and the error that reading them ended with: DuckDB makes one of its own of it."""

    def __init__(self, batches: Iterator[pl.DataFrame]) -> None:
        self._batches = batches
        self.error: BaseException | None = None

    def reader(self, like: pl.DataFrame) -> pyarrow.RecordBatchReader:
        import pyarrow

        return pyarrow.RecordBatchReader.from_batches(_arrow(like).schema, self._pull())

    def _pull(self) -> Iterator[pyarrow.RecordBatch]:
        try:
            for batch in self._batches:
                yield from _arrow(batch).to_batches()
        except BaseException as error:
            self.error = error
            raise


def _arrow(frame: pl.DataFrame) -> pyarrow.Table:
    return frame.to_arrow(compat_level=pl.CompatLevel.newest())


def repeated(connection: duckdb.DuckDBPyConnection) -> list[pl.DataFrame]:
    """Rows that give one figure of one source and vintage twice, and daily counts that stand twice."""
    found = fetch(connection, """
        SELECT file, row, 'period' AS "column", published_value AS value,
               'gives the same figure as row ' || first || ': one row per indicator, area, period, adjustment, prices, source and vintage' AS rule
        FROM (
            SELECT *, min(row) OVER w AS first, row_number() OVER (w ORDER BY file, row) AS n
            FROM observation WHERE method IS NULL AND standing <> 0  -- alone prints a figure once: nothing was ranked
            WINDOW w AS (PARTITION BY series_period, source, vintage)
        ) WHERE n > 1
        UNION ALL
        SELECT file, row, 'Date', "date"::VARCHAR, 'gives the same day, control point and direction as row ' || first
        FROM (SELECT *, min(row) OVER w AS first, row_number() OVER (w ORDER BY file, row) AS n
              FROM crossing_daily SEMI JOIN (
                  SELECT "date", area, direction FROM crossing_daily GROUP BY ALL HAVING count(*) > 1
              ) USING ("date", area, direction)
              WINDOW w AS (PARTITION BY "date", area, direction))
        WHERE n > 1
        ORDER BY file, row LIMIT 10000
    """)  # fmt: skip
    return [found.cast(pl.Schema(FAILURES))] if found.height else []


def _insert_crossings(
    connection: duckdb.DuckDBPyConnection, batches: Iterator[pl.DataFrame], table: str, file: str
) -> None:
    for rows in batches:
        _insert(connection, "crossing_daily", rows.select(
            "date", pl.col("Control Point").alias("control_point"), pl.col("Arrival / Departure").alias("direction"),
            "residents", "mainland", "other", "total", "source", "area", pl.lit(file).alias("file"), "row",
        ))  # fmt: skip


def _insert_policy(
    connection: duckdb.DuckDBPyConnection, batches: Iterator[pl.DataFrame], table: str, file: str
) -> None:
    for rows in batches:
        _insert(connection, "policy_statement", rows.select(
            "indicator", "area", "counterpart_area", "as_of", pl.col("amount").alias("value"), "unit", "qualifier", "source",
            "quote", "note", pl.lit(file).alias("file"), "row",
        ))  # fmt: skip


_INSERTS: Final = {
    observations.COLUMNS: _insert_file,
    crossings.COLUMNS: _insert_crossings,
    policy.COLUMNS: _insert_policy,
}
