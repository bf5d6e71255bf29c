"""Neighbours of figures in other partitions: the nearest preferred one before or after a day, looked for outwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import duckdb

    from gbaindicators.store.edition import Edition

__all__ = ["BEGINS", "SERIES", "files_of", "find_nearest", "same", "series_of"]

#: What a series is. Calendar and fiscal years of an indicator are series apart, told by the month they begin in.
SERIES: Final = "table_name, indicator, area, frequency, adjustment, prices"
BEGINS: Final = "month(period) * (frequency = 'A')::INTEGER AS begins"


def series_of(row: str) -> str:
    """SQL that names the series of a row.

    >>> series_of("o")
    'o.table_name, o.indicator, o.area, o.frequency, o.adjustment, o.prices'
    """
    return ", ".join(f"{row}.{column}" for column in SERIES.split(", "))


def same(one: str, other: str) -> str:
    """SQL condition that two rows are of one series."""
    return (
        " AND ".join(f"{one}.{c} = {other}.{c}" for c in ("indicator", "area", "frequency", "adjustment"))
        + f" AND {one}.prices IS NOT DISTINCT FROM {other}.prices"
    )


def files_of(
    connection: duckdb.DuckDBPyConnection, table: str, condition: str = "true", order: str = "file"
) -> list[str]:
    """Files of the partitions that hold indicators which a table names, and keep a condition, in some order."""
    found = connection.execute(
        f"""SELECT file FROM partition WHERE {condition} AND file IN (
                SELECT file FROM partition_content WHERE indicator IN (SELECT indicator FROM {table})) ORDER BY {order}"""
    ).fetchall()
    return [file for (file,) in found]


def find_nearest(connection: duckdb.DuckDBPyConnection, edition: Edition, key: str, *, before: bool) -> None:
    """Make of the table ``sought`` one ``nearest``: the nearest preferred figures before or after the days ``edge``.

    The partitions are read outwards from there, each time twice as many, until every figure is found. Who speaks stands
    in the column ``speaker``.

    Parameters
    ----------
    connection
        To the database that is being built, with its partitions written down.
    edition
        The partitions.
    key
        Column that is sought by beside those of a series: ``source``, or ``begins``.
    before
        Whether to look before the day or after it.
    """
    side, beyond, far, order, best = (
        ("first_period", "<", "last_period", "DESC", "max")
        if before
        else ("last_period", ">", "first_period", "ASC", "min")
    )
    found = f"""SELECT {series_of("o")}, o.{key}, {best}(o.period) AS period,
                       arg_{best}(o.source, o.period) AS speaker, arg_{best}(o.file, o.period) AS file, arg_{best}(o.row, o.period) AS row
                FROM (SELECT *, {BEGINS} FROM ({{}})) o
                JOIN sought t ON {same("o", "t")} AND o.{key} = t.{key} AND o.period {beyond} t.edge
                WHERE o.preferred GROUP BY ALL"""
    connection.execute(f"CREATE TEMP TABLE found AS {found.format('FROM observation LIMIT 0')}")
    files = files_of(
        connection, "sought", f"{side} {beyond} (SELECT {best}(edge) FROM sought)", f"{far} {order}, file"
    )
    number = 1
    while files:
        connection.execute(f"INSERT INTO found {found.format(edition.rows(files[:number]))}")
        files, number = files[number:], 2 * number
        if files:
            connection.execute(
                f"""DELETE FROM sought o USING found t
                    WHERE {same("o", "t")} AND o.{key} = t.{key}
                      AND NOT (SELECT {far} FROM partition WHERE file = ?) {">" if before else "<"} t.period""",
                files[:1],
            )
            if not connection.execute("FROM sought LIMIT 1").fetchall():
                break
    connection.execute(
        f"""CREATE TEMP TABLE nearest AS
            SELECT * FROM found
            QUALIFY row_number() OVER (PARTITION BY {SERIES}, {key} ORDER BY period {order}) = 1;
            DROP TABLE found;
            DROP TABLE sought"""
    )
