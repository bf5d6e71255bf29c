"""The series in partitions: who prints them, how well sources agree, and where one passes to another.

A series runs through many partitions, which are never changed. So what is known of it stands in the database, and goes
from edition to edition: a build adds what new partitions say and takes away what lost ones said, whose files stay for a
day. What was largest or last in a lost one is looked for again, near to where it was; only of a table that lost most of
its partitions, or one that cannot be read any more, all files are read.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from gbaindicators.store.last_edition import Ask, take_over
from gbaindicators.store.partition_files import quoted
from gbaindicators.store.partition_neighbours import SERIES, files_of, find_nearest, same
from gbaindicators.store.partition_switches import record_switches

if TYPE_CHECKING:
    import duckdb

    from gbaindicators.store.edition import Edition

__all__ = ["join_series", "record_series"]

_PAIR: Final = f"{SERIES}, source_a, source_b"
#: Where the series ended that were known.
_ENDED: Final = f"""
    CREATE TEMP TABLE ended AS
    SELECT {SERIES}, max(last_preferred) AS period, arg_max(source, last_preferred) AS source
    FROM partition_series WHERE last_preferred IS NOT NULL GROUP BY ALL"""


class _Changes(NamedTuple):
    """What an edition changes: tables that are taken over, and files that these lost and that are added."""

    kept: list[str]
    lost: list[str]
    added: list[str]


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
    changes = _changes(edition, ask)
    if changes.kept:
        names = ", ".join(map(quoted, changes.kept))
        for table in ("partition_series", "partition_agreement", "partition_switch"):
            take_over(connection, table, ask(f"FROM {table} WHERE table_name IN ({names})"))
    if changes.lost or changes.added:
        connection.execute(_ENDED)
        _find_series(connection, edition, changes)
        _agree(connection, edition, changes)
        record_switches(connection, edition, changes.lost, changes.added)
        connection.execute("DROP TABLE ended")
    join_series(connection)


def join_series(connection: duckdb.DuckDBPyConnection) -> None:
    """Add what is written down of the series in partitions to ``agreement`` and ``splice`` of the rows within a database."""
    connection.execute(
        """INSERT INTO agreement BY NAME SELECT * EXCLUDE (table_name) FROM partition_agreement;
           INSERT INTO splice BY NAME FROM splices_at('partition_switch')"""
    )


def _changes(edition: Edition, ask: Ask) -> _Changes:
    """Compare an edition with the last one; a table that lost most of its partitions is read anew, which costs less."""
    before = dict(ask("SELECT file, table_name FROM partition").rows())
    now = set(edition.files.values())
    lost = [file for file in before if file not in now]
    had, loses = Counter(before.values()), Counter(before[file] for file in lost)
    anew = {table for table, number in loses.items() if 2 * number > had[table]}
    anew |= {before[file] for file in lost if not edition.has(file)}
    return _Changes(
        sorted(had.keys() - anew),
        [file for file in lost if before[file] not in anew],
        [file for p, file in edition.files.items() if file not in before or p.table in anew],
    )


def _find_series(connection: duckdb.DuckDBPyConnection, edition: Edition, changes: _Changes) -> None:
    """Add the series of new files and take away those of lost ones.

    Where the last preferred figure of a source is lost, it is looked for again.
    """
    connection.execute("CREATE TEMP TABLE said AS SELECT *, 'known' AS origin FROM partition_series")
    for origin, files in (("lost", changes.lost), ("added", changes.added)):
        if files:
            connection.execute(
                f"""INSERT INTO said BY NAME
                    SELECT {SERIES}, source, count(*) AS rows, max(period) FILTER (preferred) AS last_preferred, '{origin}' AS origin
                    FROM ({edition.rows(files)}) GROUP BY ALL"""
            )
    connection.execute(
        f"""CREATE TEMP TABLE every_series AS
            SELECT {SERIES}, source, sum(CASE origin WHEN 'lost' THEN -rows ELSE rows END)::BIGINT AS number,
                   max(last_preferred) FILTER (origin = 'known') AS known, max(last_preferred) FILTER (origin = 'lost') AS lost,
                   max(last_preferred) FILTER (origin = 'added') AS added, lost = known AND coalesce(added < known, true) AS lapsed
            FROM said GROUP BY ALL HAVING number > 0;
            TRUNCATE partition_series;
            INSERT INTO partition_series BY NAME
            SELECT {SERIES}, source, number AS rows, CASE WHEN lapsed THEN added ELSE greatest(known, added) END AS last_preferred
            FROM every_series;
            CREATE TEMP TABLE sought AS SELECT {SERIES}, source, known AS edge FROM every_series WHERE lapsed;
            DROP TABLE every_series;
            DROP TABLE said"""
    )
    find_nearest(connection, edition, "source", before=True)
    connection.execute(
        f"""UPDATE partition_series AS o SET last_preferred = greatest(o.last_preferred, t.period)
            FROM nearest t WHERE {same("o", "t")} AND o.source = t.source;
            DROP TABLE nearest"""
    )


def _agree(connection: duckdb.DuckDBPyConnection, edition: Edition, changes: _Changes) -> None:
    """Add to `agreement` what new files say and take away what lost ones said.

    That is asked of one file at a time, as all sources of a figure lie in one. Of a series of which the largest difference
    is lost, all figures that are printed twice are compared again.
    """
    connection.execute("CREATE TEMP TABLE said AS SELECT *, 'known' AS origin FROM partition_agreement")
    for origin, files in (("lost", changes.lost), ("added", changes.added)):
        for file in _of_several_sources(connection, files):
            _compare(connection, f"FROM ({edition.rows([file])})", "said", origin)
    connection.execute(
        f"""CREATE TEMP TABLE every_agreement AS
            SELECT {_PAIR}, sum(CASE origin WHEN 'lost' THEN -shared ELSE shared END)::BIGINT AS number,
                   max(largest_difference) FILTER (origin <> 'lost') AS largest,
                   max(largest_difference) FILTER (origin = 'lost') AS lost, max(largest_difference) FILTER (origin = 'added') AS added,
                   lost = largest AND coalesce(added < lost, true) AS lapsed
            FROM said GROUP BY ALL HAVING number > 0;
            CREATE TEMP TABLE sought AS SELECT DISTINCT {SERIES} FROM every_agreement WHERE lapsed;
            TRUNCATE partition_agreement;
            INSERT INTO partition_agreement BY NAME
            SELECT {_PAIR}, number AS shared, largest AS largest_difference FROM every_agreement o ANTI JOIN sought t ON {same("o", "t")};
            DROP TABLE every_agreement;
            DROP TABLE said"""
    )
    if files := files_of(connection, "sought"):
        rows = f"FROM ({edition.rows(files)}) o SEMI JOIN sought t ON {same('o', 't')}"
        _compare(connection, rows, "partition_agreement")
    connection.execute("DROP TABLE sought")


def _of_several_sources(connection: duckdb.DuckDBPyConnection, files: list[str]) -> list[str]:
    """Those files whose tables have several sources, or had."""
    found = connection.execute(
        """SELECT table_name FROM partition_series GROUP BY table_name HAVING count(DISTINCT source) > 1
           UNION SELECT table_name FROM partition_agreement"""
    ).fetchall()
    tables = {table for (table,) in found}
    return [file for file in files if file.partition("/")[0] in tables]


def _compare(connection: duckdb.DuckDBPyConnection, rows: str, into: str, origin: str = "") -> None:
    """Insert how well the sources agree of those rows that are printed twice."""
    column = f", '{origin}' AS origin" if origin else ""
    connection.execute(
        f"""CREATE TEMP TABLE printed_twice AS
            SELECT {SERIES}, series_period, source, value, unit, status, superseded {rows} WHERE series_period IS NOT NULL;
            INSERT INTO {into} BY NAME SELECT *{column} FROM agreement_among('printed_twice');
            DROP TABLE printed_twice"""
    )
