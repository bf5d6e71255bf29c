"""Where the preferred figures of a series in partitions pass from one source to another.

Such a switch lies between two neighbouring figures. So a build looks at the figures that changed, and at those before and
after them, wherever these lie; the switches elsewhere stand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gbaindicators.store.partition_neighbours import BEGINS, SERIES, files_of, find_nearest, same, series_of

if TYPE_CHECKING:
    import duckdb

    from gbaindicators.store.edition import Edition

__all__ = ["record_switches"]

#: A series that one source alone speaks for has no switches.
_TURNING: Final = f"""
    CREATE TEMP TABLE turning AS
    SELECT {SERIES} FROM partition_series GROUP BY ALL HAVING count(last_preferred) > 1;
    DELETE FROM partition_switch o WHERE NOT EXISTS (FROM turning t WHERE {same("o", "t")})"""
_SPEAK: Final = f"""
    INSERT INTO speaking BY NAME SELECT {SERIES}, period, speaker AS source, file, row FROM nearest;
    DROP TABLE nearest"""


def record_switches(
    connection: duckdb.DuckDBPyConnection, edition: Edition, lost: list[str], added: list[str]
) -> None:
    """Find anew the switches at the figures that lost and added files print, and those next to them.

    Parameters
    ----------
    connection
        To the database that is being built, with the series written down, and in ``ended`` where they ended before.
    edition
        Its partitions.
    lost, added
        Files of partitions that the last edition had, and that it did not have.
    """
    connection.execute(_TURNING)
    connection.execute(
        f"""CREATE TEMP TABLE touched AS
            SELECT {SERIES}, {BEGINS}, min(period) AS first, max(period) AS last
            FROM ({edition.rows([*lost, *added])}) o SEMI JOIN turning t ON {same("o", "t")}
            WHERE preferred GROUP BY ALL"""
    )
    if connection.execute("FROM touched LIMIT 1").fetchall():
        connection.execute(
            f"""CREATE TEMP TABLE speaking AS
                SELECT {SERIES}, period, source, file, row FROM partition_switch LIMIT 0"""
        )
        _find_before(connection, edition)
        _find_after(connection, edition)
        _find_between(connection, edition)
        connection.execute(
            """INSERT INTO partition_switch BY NAME FROM switches_of('speaking');
               DROP TABLE speaking"""
        )
    connection.execute("DROP TABLE turning; DROP TABLE touched")


def _find_before(connection: duckdb.DuckDBPyConnection, edition: Edition) -> None:
    """Find who spoke before: of a series that only goes on that is known, but for years, which may end apart."""
    connection.execute(
        f"""INSERT INTO speaking BY NAME
            SELECT {series_of("o")}, t.period, t.source FROM touched o JOIN ended t ON {same("o", "t")}
            WHERE o.frequency <> 'A' AND t.period < o.first;
            CREATE TEMP TABLE sought AS
            SELECT {series_of("o")}, o.begins, o.first AS edge FROM touched o JOIN ended t ON {same("o", "t")}
            WHERE o.frequency = 'A' OR t.period >= o.first"""
    )
    find_nearest(connection, edition, "begins", before=True)
    connection.execute(_SPEAK)


def _find_after(connection: duckdb.DuckDBPyConnection, edition: Edition) -> None:
    """Find who speaks next, and forget the switches from the first figure that changed to there."""
    connection.execute(
        f"""CREATE TEMP TABLE sought AS
            SELECT {series_of("o")}, o.begins, o.last AS edge FROM touched o JOIN ended t ON {same("o", "t")}
            WHERE t.period > o.last"""
    )
    find_nearest(connection, edition, "begins", before=False)
    connection.execute(
        f"""DELETE FROM partition_switch s USING (
                SELECT o.*, t.period AS next
                FROM touched o LEFT JOIN nearest t ON {same("o", "t")} AND o.begins = t.begins) o
            WHERE {same("s", "o")} AND (s.frequency <> 'A' OR month(s.period) = o.begins)
              AND s.period >= o.first AND (o.next IS NULL OR s.period <= o.next);
            {_SPEAK}"""
    )


def _find_between(connection: duckdb.DuckDBPyConnection, edition: Edition) -> None:
    """Find who speaks from the first figure that changed to the last."""
    within = (
        "first_period <= (SELECT max(last) FROM touched) AND last_period >= (SELECT min(first) FROM touched)"
    )
    if files := files_of(connection, "touched", within):
        connection.execute(
            f"""INSERT INTO speaking BY NAME
                SELECT {series_of("o")}, o.period, o.source, o.file, o.row
                FROM (SELECT *, {BEGINS} FROM ({edition.rows(files)})) o
                JOIN touched t ON {same("o", "t")} AND o.begins = t.begins AND o.period BETWEEN t.first AND t.last
                WHERE o.preferred"""
        )
