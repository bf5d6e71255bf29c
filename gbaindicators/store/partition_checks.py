"""The checks across tables where tables are in partitions: each reads the partitions that hold what it looks at.

What concerns single figures was found when a partition was written. The other checks look at slow frequencies, at
year-to-date figures, at odd units and at totals whose parts lie elsewhere; a table of daily counts has none of them,
and nothing of it is read. What they found in a table that did not change since the last edition is taken over.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import polars as pl

from gbaindicators.catalog import sql_dir
from gbaindicators.store.last_edition import Ask, last_edition, take_over
from gbaindicators.store.names import fetch
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
#: The check that reads several tables, and what it reads.
_ACROSS: Final = "per_head"
_HEADS: Final = {"gdp", "gdp_per_capita", "population"}
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
    "per_head": f"c.frequency = 'A' AND i.id IN ({', '.join(map(quoted, sorted(_HEADS)))})",
    "renamed_place": "false",
    "sources_disagree": "false",
    "spliced": "false",
    "too_smooth": "c.frequency IN ('Q', 'M') AND c.adjustment IN ('nsa', 'sa')",
    "year_and_parts": "c.frequency IN ('A', 'Q', 'M') AND i.over_time = 'sum' AND "
    "i.id IN (SELECT indicator FROM (FROM partition_content UNION ALL FROM changed_content) WHERE frequency = 'A')",
}


class _Reach(NamedTuple):
    """Which findings a change of figures touches, of periods from one day to another, and how far on these read."""

    first: str
    last: str
    on: str = "0 DAY"


_SAME_PERIOD: Final = _Reach("first", "last")
#: The checks that do not look at a whole series.
_REACH: Final[Mapping[str, _Reach]] = {
    "cumulative_falls": _Reach("date_trunc('year', first)", "date_trunc('year', last) + INTERVAL '1 YEAR' - INTERVAL '1 DAY'"),
    "part_as_whole": _SAME_PERIOD,
    "parts_and_total": _SAME_PERIOD,
    "year_and_parts": _Reach("first - INTERVAL '1 YEAR'", "last", "1 YEAR"),
}  # fmt: skip


class _Again(NamedTuple):
    """What a check looks at again: the rows of some indicators, findings of periods between two days, rows up to a third."""

    indicators: set[str]
    first: date = date.min
    last: date = date.max
    until: date = date.max

    def concerns(self) -> pl.Expr:
        """Tell whether a finding is of what is looked at again."""
        return pl.col("indicator").is_in(self.indicators) & pl.col("period").is_between(self.first, self.last)


def insert_findings(connection: duckdb.DuckDBPyConnection, check: str, where: str = "true") -> None:
    """Write down what a check finds."""
    text = (sql_dir() / "checks" / f"{check}.sql").read_text(encoding="utf-8")
    connection.execute(
        f"INSERT INTO finding BY NAME SELECT '{check}' AS \"check\", * FROM ({text}) WHERE {where}"
    )


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
    if not edition.files:
        for check in _READS:
            insert_findings(connection, check)
        return
    apart, spanning = _apart(connection, edition)
    with last_edition(database) as ask:
        _find_changes(connection, ask)
        for check in _READS:
            again = _again(connection, check, apart)
            looked_at = _indicators(connection, apart if check in _COMPARING else edition.tables)
            if check == _ACROSS and looked_at & _HEADS:
                looked_at |= _HEADS
                if again.indicators or _changed_within(connection, ask):
                    again = _Again(looked_at)
            elif check in _COMPARING and spanning:
                again = _Again(_indicators(connection, edition.tables))
            _keep_findings(connection, check, ask, looked_at, again)
            with _seeing(connection, _rows(connection, edition, check, apart, again)):
                insert_findings(connection, check, _within(again))
    connection.execute("DROP TABLE changed_content")
    _take_in_figure_findings(connection, edition, apart)


def _find_changes(connection: duckdb.DuckDBPyConnection, ask: Ask) -> None:
    """Collect the content of partitions that the last edition did not have, and of those that are gone."""
    connection.execute("CREATE TEMP TABLE changed_content AS FROM partition_content LIMIT 0")
    now, before = fetch(connection, "FROM partition_content"), ask("FROM partition_content")
    before = before if before.height else now.clear()
    for some, others in ((now, before), (before, now)):
        take_over(connection, "changed_content", some.join(others, on="file", how="anti"))


def _again(connection: duckdb.DuckDBPyConnection, check: str, apart: list[str]) -> _Again:
    """What of partitions a check looks at again, as something changed there that it reads."""
    reach = _REACH.get(check, _SAME_PERIOD)
    found = connection.execute(
        f"""WITH changed AS (
                SELECT list(DISTINCT c.indicator) AS indicators, list(DISTINCT i.table_name) AS tables,
                       min(c.first_period) AS first, max(c.last_period) AS last
                FROM changed_content c JOIN indicator i ON i.id = c.indicator WHERE {_READS[check]})
            SELECT indicators, tables, ({reach.first})::DATE, ({reach.last})::DATE,
                   ({reach.last} + INTERVAL '{reach.on}')::DATE FROM changed""",
        _given(check, apart),
    ).fetchall()
    ((indicators, tables, *days),) = found
    if indicators is None:
        return _Again(set())
    again = _indicators(connection, tables) if check in _COMPARING else set(indicators)
    return _Again(again, *days) if check in _REACH else _Again(again)


def _indicators(connection: duckdb.DuckDBPyConnection, tables: Collection[str]) -> set[str]:
    found = connection.execute(
        "SELECT id FROM indicator WHERE list_contains(?, table_name)", [sorted(tables)]
    ).fetchall()
    return {indicator for (indicator,) in found}


def _changed_within(connection: duckdb.DuckDBPyConnection, ask: Ask) -> bool:
    """Tell whether something changed in the rows within the database that the check across tables reads."""
    sql = (
        f"SELECT c.* FROM {{}} c JOIN indicator i ON i.id = c.indicator WHERE {_READS[_ACROSS]} ORDER BY ALL"
    )
    now, before = fetch(connection, sql.format("observation")), ask(sql.format("inner_observation"))
    return bool(now.height or before.height) and not now.equals(before)


def _within(again: _Again) -> str:
    """Condition on findings: of what is looked at again those within its days, and all of the rest, which is not in partitions."""
    names = ", ".join(map(quoted, sorted(again.indicators)))
    days = f"period BETWEEN DATE '{again.first}' AND DATE '{again.last}'"
    return f"({days} OR indicator NOT IN ({names}))" if names else "true"


def _keep_findings(
    connection: duckdb.DuckDBPyConnection, check: str, ask: Ask, looked_at: set[str], again: _Again
) -> None:
    """Take over what a check found in what is not looked at again."""
    if _READS[check] == "false":
        return
    found = ask(f"FROM finding WHERE \"check\" = '{check}'")
    if found.height:
        take_over(
            connection, "finding", found.filter(pl.col("indicator").is_in(looked_at), ~again.concerns())
        )


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


def _rows(
    connection: duckdb.DuckDBPyConnection, edition: Edition, check: str, apart: list[str], again: _Again
) -> str:
    """SQL that reads the rows of partitions which a check looks at again."""
    found = connection.execute(
        f"""SELECT DISTINCT c.file FROM partition_content c JOIN indicator i ON i.id = c.indicator
            WHERE ({_READS[check]}) AND list_contains($again, c.indicator)
              AND c.last_period >= $first AND c.first_period <= $until ORDER BY c.file""",
        _given(check, apart)
        | {"again": sorted(again.indicators), "first": again.first, "until": again.until},
    ).fetchall()
    if not found:
        return ""
    names = ", ".join(map(quoted, sorted(again.indicators)))
    days = f"period BETWEEN DATE '{again.first}' AND DATE '{again.until}'"
    return f"FROM ({edition.rows([file for (file,) in found])}) WHERE {days} AND indicator IN ({names})"


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
