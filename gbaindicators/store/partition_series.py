"""The series in partitions: who prints them, how well sources agree, and where one passes to another.

A series runs through many partitions, which are never changed. So what is known of it stands in the database, and goes
from edition to edition: a build adds what the new partitions say. Of a table that lost or replaced a partition it reads
all files again, and of a series that got earlier periods than it ended with all figures of that series.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gbaindicators.store.last_edition import Ask, take_over
from gbaindicators.store.partition_files import quoted

if TYPE_CHECKING:
    import duckdb

    from gbaindicators.store.edition import Edition

__all__ = ["join_series", "record_series"]

_SERIES: Final = "table_name, indicator, area, frequency, adjustment, prices"
_SAME: Final = (
    "t.indicator = o.indicator AND t.area = o.area AND t.frequency = o.frequency AND t.adjustment = o.adjustment "
    "AND t.prices IS NOT DISTINCT FROM o.prices"
)


def record_series(connection: duckdb.DuckDBPyConnection, edition: Edition, ask: Ask) -> None:
    """Write down the series of an edition, how well their sources agree and where these take turns.

    Parameters
    ----------
    connection
        To the database that is being built, with ``agreement`` and ``splice`` of the rows within it.
    edition
        The partitions of the database.
    ask
        Answers from the last edition.
    """
    kept, added = _kept_and_added(edition, ask)
    if kept:
        names = ", ".join(map(quoted, kept))
        for table in ("partition_series", "partition_agreement", "partition_switch"):
            take_over(connection, table, ask(f"FROM {table} WHERE table_name IN ({names})"))
    if added:
        _find_series(connection, edition.rows(added))
        _agree(connection, edition, added)
        _switch(connection, edition, added)
        connection.execute("DROP TABLE found_series; DROP TABLE ended")
    join_series(connection)


def join_series(connection: duckdb.DuckDBPyConnection) -> None:
    """Add what is written down of the series in partitions to ``agreement`` and ``splice`` of the rows within a database."""
    connection.execute(
        """INSERT INTO agreement BY NAME SELECT * EXCLUDE (table_name) FROM partition_agreement;
           INSERT INTO splice BY NAME FROM splices_at('partition_switch')"""
    )


def _kept_and_added(edition: Edition, ask: Ask) -> tuple[list[str], set[str]]:
    """Tables of which all partitions of the last edition stand, and the files that are new to the others or to them."""
    before = dict(ask("SELECT file, table_name FROM partition").rows())
    lost = {table for file, table in before.items() if file not in set(edition.files.values())}
    kept = set(before.values()) - lost
    added = {
        file for partition, file in edition.files.items() if partition.table not in kept or file not in before
    }
    return sorted(kept), added


def _find_series(connection: duckdb.DuckDBPyConnection, added: str) -> None:
    """Add the series of new files; remember where those that were known ended."""
    connection.execute(
        f"""CREATE TEMP TABLE ended AS
            SELECT {_SERIES}, max(last_preferred) AS period, arg_max(source, last_preferred) AS source
            FROM partition_series WHERE last_preferred IS NOT NULL GROUP BY ALL"""
    )
    connection.execute(
        f"""CREATE TEMP TABLE found_series AS
            SELECT {_SERIES}, source, min(period) FILTER (preferred) AS first_preferred,
                   max(period) FILTER (preferred) AS last_preferred
            FROM ({added}) GROUP BY ALL"""
    )
    connection.execute(
        f"""CREATE TEMP TABLE every_series AS
            SELECT {_SERIES}, source, max(last_preferred) AS last_preferred
            FROM (FROM partition_series UNION ALL BY NAME SELECT * EXCLUDE (first_preferred) FROM found_series)
            GROUP BY ALL;
            TRUNCATE partition_series;
            INSERT INTO partition_series BY NAME FROM every_series;
            DROP TABLE every_series"""
    )


def _agree(connection: duckdb.DuckDBPyConnection, edition: Edition, added: set[str]) -> None:
    """Add to `agreement` what new files say: one by one, as all sources of a figure lie in one."""
    several = connection.execute(
        "SELECT table_name FROM partition_series GROUP BY table_name HAVING count(DISTINCT source) > 1"
    ).fetchall()
    tables = {table for (table,) in several}
    for partition, file in edition.files.items():
        if file in added and partition.table in tables:
            connection.execute(
                f"""CREATE OR REPLACE TEMP VIEW printed_twice AS
                    FROM ({edition.rows([file])}) WHERE series_period IS NOT NULL;
                    INSERT INTO partition_agreement BY NAME FROM agreement_among('printed_twice')"""
            )
    connection.execute(
        """CREATE TEMP TABLE every_agreement AS
           SELECT * REPLACE (sum(shared)::BIGINT AS shared, max(largest_difference) AS largest_difference)
           FROM partition_agreement GROUP BY ALL;
           TRUNCATE partition_agreement;
           INSERT INTO partition_agreement FROM every_agreement;
           DROP TABLE every_agreement;
           DROP VIEW IF EXISTS printed_twice"""
    )


def _switch(connection: duckdb.DuckDBPyConnection, edition: Edition, added: set[str]) -> None:
    """Find where sources take turns in the series that new files touch.

    What only continues a series is compared with its end. Where something came earlier, and where calendar and fiscal
    years end apart, the switches of the series are found anew.
    """
    connection.execute(
        f"""CREATE TEMP TABLE touched AS
            WITH turns AS (SELECT {_SERIES} FROM partition_series GROUP BY ALL HAVING count(last_preferred) > 1),
            came AS (SELECT {_SERIES}, min(first_preferred) AS first FROM found_series GROUP BY ALL HAVING first IS NOT NULL)
            SELECT o.*, t.period AS last_period, t.source AS last_source,
                   coalesce(o.first <= t.period OR o.frequency = 'A', false) AS late
            FROM (FROM came o SEMI JOIN turns t ON {_SAME}) o LEFT JOIN ended t ON {_SAME}"""
    )
    late = connection.execute("SELECT DISTINCT table_name FROM touched WHERE late").fetchall()
    tables = {table for (table,) in late}
    everywhere = [file for partition, file in edition.files.items() if partition.table in tables]
    columns = f"{_SERIES}, period, source, file, row"
    connection.execute(
        f"""CREATE TEMP TABLE speaking AS
            SELECT {_SERIES}, last_period AS period, last_source AS source, NULL::VARCHAR AS file, NULL::BIGINT AS row
            FROM touched WHERE NOT late AND last_period IS NOT NULL"""
    )
    for condition, files in (("NOT late", added), ("late", everywhere)):
        if connection.execute(f"FROM touched WHERE {condition} LIMIT 1").fetchall():
            connection.execute(
                f"""INSERT INTO speaking BY NAME SELECT {columns} FROM ({edition.rows(files)}) o
                    SEMI JOIN (FROM touched WHERE {condition}) t ON {_SAME} WHERE preferred"""
            )
    connection.execute(
        f"""DELETE FROM partition_switch o WHERE EXISTS (FROM touched t WHERE late AND {_SAME});
            INSERT INTO partition_switch BY NAME FROM switches_of('speaking');
            DROP TABLE speaking;
            DROP TABLE touched"""
    )
