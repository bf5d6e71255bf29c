"""The checks across tables where tables are in partitions: each reads the partitions that hold what it looks at.

What concerns single figures was found when a partition was written. The other checks look at slow frequencies, at
year-to-date figures, at odd units and at totals whose parts lie elsewhere; a table of daily counts has none of them,
and nothing of it is read. What they found in a table that did not change since the last edition is taken over.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from gbaindicators.catalog import sql_dir
from gbaindicators.store.last_edition import Ask, last_edition, take_over
from gbaindicators.store.partition_files import findings_beside, quoted

if TYPE_CHECKING:
    import duckdb

    from gbaindicators.store.edition import Edition

__all__ = ["FIGURE_CHECKS", "check_partitions", "insert_findings"]

#: The checks that ask about single figures and those of the same period: made within each partition.
FIGURE_CHECKS: Final = ("money_of_another_area", "part_as_whole", "parts_and_total", "sources_disagree")
#: Those of them that compare indicators or areas, which may lie in several partitions.
_COMPARING: Final = ("part_as_whole", "parts_and_total")
#: Keys that part what these compare.
_PARTING: Final = {"indicator", "area", "prices"}
_PORTS: Final = "i.id LIKE 'container_throughput%' OR i.id LIKE 'cargo_throughput%'"
#: What a check reads of partitions: a condition on their content ``c`` and its indicator ``i``.
_READS: Final[Mapping[str, str]] = {
    "cumulative_falls": "c.adjustment = 'ytd' AND i.kind IN ('flow', 'stock') AND i.minimum = 0",
    "fiscal_and_calendar": "c.frequency = 'A'",
    "level_break": "c.frequency = 'A' AND i.table_name IN ('gdp', 'population', 'labour')",
    "mixed_units": "c.unit <> i.unit AND c.unit IN "
    "(SELECT id FROM unit WHERE kind IN ('mass', 'freight', 'mass_unknown', 'count'))",
    "money_of_another_area": "false",
    "part_as_whole": f"list_contains($apart, i.table_name) AND ({_PORTS})",
    "parts_and_total": "list_contains($apart, i.table_name) AND "
    "i.id IN (SELECT unnest([total, part, indicator]) FROM identity)",
    "per_head": "c.frequency = 'A' AND i.id IN ('gdp', 'gdp_per_capita', 'population')",
    "renamed_place": "false",
    "sources_disagree": "false",
    "spliced": "false",
    "too_smooth": "c.frequency IN ('Q', 'M') AND c.adjustment IN ('nsa', 'sa')",
    "year_and_parts": "c.frequency IN ('A', 'Q', 'M') AND i.over_time = 'sum' AND "
    "i.id IN (SELECT indicator FROM (FROM partition_content UNION ALL FROM changed_content) WHERE frequency = 'A')",
}
#: The check that reads several tables.
_ACROSS: Final = ("per_head",)
#: The checks that find something in figures of one period, or of one year.
_REACH: Final = {"cumulative_falls": "year", "part_as_whole": "day", "parts_and_total": "day"}


def insert_findings(connection: duckdb.DuckDBPyConnection, check: str) -> None:
    """Write down what a check finds."""
    text = (sql_dir() / "checks" / f"{check}.sql").read_text(encoding="utf-8")
    connection.execute(f"INSERT INTO finding BY NAME SELECT '{check}' AS \"check\", * FROM ({text})")


def check_partitions(connection: duckdb.DuckDBPyConnection, edition: Edition, database: Path) -> None:
    """Write down what the checks across tables find, in the rows of a database and of its partitions.

    Of what a check looks at in partitions, only that is looked at again which changed since the last edition.

    Parameters
    ----------
    connection
        To the database that is being built; its partitions and their series are written down.
    edition
        The partitions.
    database
        What is published now.
    """
    apart, spanning = _apart(connection, edition)
    with last_edition(database) as ask:
        _find_changes(connection, ask)
        for check in _READS:
            if check in _ACROSS or (check in _COMPARING and spanning):
                again, span = set(edition.tables), None
            else:
                again, span = _changed(connection, check, apart)
                looked_at = set(apart if check in _COMPARING else edition.tables)
                _keep_findings(connection, check, ask, looked_at, again, span)
            rows = edition.rows(_files(connection, check, apart, again, span))
            within = f" WHERE period BETWEEN DATE '{span[0]}' AND DATE '{span[1]}'" if span else ""
            with _seeing(connection, f"FROM ({rows}){within}" if rows else ""):
                insert_findings(connection, check)
    connection.execute("DROP TABLE changed_content")
    _take_in_figure_findings(connection, edition, apart)


def _find_changes(connection: duckdb.DuckDBPyConnection, ask: Ask) -> None:
    """Collect the content of partitions that the last edition did not have, and of those that are gone."""
    connection.execute("CREATE TEMP TABLE changed_content AS FROM partition_content LIMIT 0")
    now, before = connection.sql("FROM partition_content").pl(), ask("FROM partition_content")
    before = before if before.height else now.clear()
    for some, others in ((now, before), (before, now)):
        take_over(connection, "changed_content", some.join(others, on="file", how="anti"))


def _changed(
    connection: duckdb.DuckDBPyConnection, check: str, apart: list[str]
) -> tuple[set[str], tuple[date, date] | None]:
    """Tables of which something changed that a check reads, and for one that does not look beyond a span its days."""
    reach = _REACH.get(check, "day")
    found = connection.execute(
        f"""SELECT i.table_name, date_trunc('{reach}', min(c.first_period))::DATE,
                   (date_trunc('{reach}', max(c.last_period)) + INTERVAL 1 {reach} - INTERVAL 1 DAY)::DATE
            FROM changed_content c JOIN indicator i ON i.id = c.indicator WHERE {_READS[check]} GROUP BY ALL""",
        _given(check, apart),
    ).fetchall()
    tables = {table for table, _, _ in found}
    if not tables or check not in _REACH:
        return tables, None
    return tables, (min(first for _, first, _ in found), max(last for _, _, last in found))


def _keep_findings(
    connection: duckdb.DuckDBPyConnection, check: str, ask: Ask, looked_at: set[str], again: set[str],
    span: tuple[date, date] | None,
) -> None:  # fmt: skip
    """Take over what a check found in what is not looked at again."""
    if _READS[check] == "false":
        return
    of_table = dict(connection.execute("SELECT id, table_name FROM indicator").fetchall())
    stands = pl.col("table").is_in(looked_at - again)
    if span is not None:
        stands |= pl.col("table").is_in(looked_at & again) & ~pl.col("period").is_between(*span)
    found = ask(f"FROM finding WHERE \"check\" = '{check}'")
    if found.height:
        table = pl.col("indicator").replace_strict(of_table, default=None, return_dtype=pl.String)
        take_over(connection, "finding", found.with_columns(table=table).filter(stands).drop("table"))


def _given(check: str, apart: list[str]) -> dict[str, list[str]]:
    return {"apart": apart} if "$apart" in _READS[check] else {}


def _apart(connection: duckdb.DuckDBPyConnection, edition: Edition) -> tuple[list[str], bool]:
    """Tables of which a partition does not have all that is compared: totals and their parts, a port and its parts.

    Either they are parted by it, or it spans tables, which is told apart.
    """
    spanning = connection.execute(
        f"""WITH compared AS (
                SELECT id AS what, unnest([total, part]) AS indicator FROM identity WHERE over = 'indicators'
                UNION ALL SELECT '' AS what, id FROM indicator i WHERE {_PORTS}),
            tables AS (SELECT what, list(DISTINCT table_name) AS names
                       FROM compared c JOIN indicator i ON i.id = c.indicator GROUP BY what)
            SELECT DISTINCT unnest(names) FROM tables WHERE len(names) > 1"""
    ).fetchall()
    across = {table for (table,) in spanning} & set(edition.tables)
    parted = {partition.table for partition in edition.files if _PARTING & {key for key, _ in partition.keys}}
    return sorted(parted | across), bool(across)


def _files(
    connection: duckdb.DuckDBPyConnection, check: str, apart: list[str], tables: set[str],
    span: tuple[date, date] | None,
) -> list[str]:  # fmt: skip
    """Files of the partitions of some tables that a check reads."""
    first, last = span or (date.min, date.max)
    found = connection.execute(
        f"""SELECT DISTINCT c.file FROM partition_content c JOIN indicator i ON i.id = c.indicator
            WHERE ({_READS[check]}) AND list_contains($tables, i.table_name)
              AND c.last_period >= $first AND c.first_period <= $last ORDER BY c.file""",
        _given(check, apart) | {"tables": sorted(tables), "first": first, "last": last},
    ).fetchall()
    return [file for (file,) in found]


@contextlib.contextmanager
def _seeing(connection: duckdb.DuckDBPyConnection, rows: str) -> Iterator[None]:
    """Let ``observation``, and the views that are made of it, have more rows within the block."""
    if not rows:
        yield
        return
    connection.execute(
        f"""ALTER TABLE observation RENAME TO inner_observation;
            CREATE VIEW observation AS FROM inner_observation UNION ALL BY NAME {rows}"""
    )
    try:
        yield
    finally:
        connection.execute("DROP VIEW observation; ALTER TABLE inner_observation RENAME TO observation")


def _take_in_figure_findings(
    connection: duckdb.DuckDBPyConnection, edition: Edition, apart: list[str]
) -> None:
    """Take in what was found when partitions were written, but for comparisons that look beyond a partition."""
    files = list(edition.files.values())
    beside = [findings_beside(edition.folder / file) for file in files if (edition.folder / file).exists()]
    there = ", ".join(quoted(path) for path in beside if path.exists())
    elsewhere = [file for file in files if not (edition.folder / file).exists()]
    parts = [f"FROM read_parquet([{there}], hive_partitioning = false)"] if there else []
    if elsewhere and edition.base is not None:
        parts.append(edition.base.findings(elsewhere))
    for rows in parts:
        connection.execute(
            f"""INSERT INTO finding BY NAME FROM ({rows}) WHERE NOT (
                    list_contains($comparing, "check")
                    AND indicator IN (SELECT id FROM indicator WHERE list_contains($apart, table_name)))""",
            {"comparing": list(_COMPARING), "apart": apart},
        )
