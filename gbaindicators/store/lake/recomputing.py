"""Making a database anew of the figures that stand in one already, and of some more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gbaindicators.catalog import sql_dir
from gbaindicators.store.building import count_all, raise_failures
from gbaindicators.store.edition import Edition
from gbaindicators.store.filling import repeated
from gbaindicators.store.lake.partitions import in_no_partition, take_over_partitions, write_down
from gbaindicators.store.lake.session import define_views
from gbaindicators.store.partition_checks import check_partitions
from gbaindicators.store.partition_series import join_series

if TYPE_CHECKING:
    import duckdb

__all__ = ["add_figures", "add_names", "recompute"]

#: What of each table is not made from other tables.
_GIVEN: Final = {
    "indicator": "true",
    "area": "true",
    "unit": "true",
    "source": "true",
    "definition": "true",
    "preference": "true",
    "identity": "true",
    "crossing_daily": "true",
    "policy_statement": "true",
    "finding": "\"check\" IN ('archive', 'contribution')",
}
#: Observations that `derive.sql` makes.
_DERIVED: Final = "(method IS NOT NULL OR file LIKE 'crossings/%' OR file LIKE 'policy/%')"
_AS_READ: Final = "0 AS standing, true AS preferred, NULL::DATE AS superseded, NULL::UBIGINT AS series_period"
#: What identifies a figure of a source.
_SAME: Final = ("indicator", "area", "frequency", "period", "adjustment", "prices", "source", "vintage")
#: Names that figures refer to: the column of a figure, and the table that explains it.
_NAMES: Final = {
    "indicator": "indicator",
    "area": "area",
    "unit": "unit",
    "published_unit": "unit",
    "source": "source",
}


def recompute(
    connection: duckdb.DuckDBPyConnection,
    base: str,
    insert: Callable[[], None],
    edition: Edition,
    aside: Path,
    *,
    without: str = "false",
) -> None:
    """Fill an empty database with the figures of an attached one and with more, and choose and check as a build does.

    Parameters
    ----------
    connection
        To the empty database.
    base
        Name of the attached one.
    insert
        Adds what is new.
    edition
        The partitions of the attached one.
    aside
        Path of a file to work with.
    without
        Condition on observations that are not taken over.

    Raises
    ------
    ValidationError
        When a figure stands twice.
    """
    connection.execute((sql_dir() / "schema.sql").read_text(encoding="utf-8"))
    for table, condition in _GIVEN.items():
        connection.execute(f"INSERT INTO {table} BY NAME FROM {base}.main.{table} WHERE {condition}")
    connection.execute(
        f"INSERT INTO observation BY NAME SELECT * REPLACE ({_AS_READ}) FROM {base}.main.observation "
        f"WHERE NOT {_DERIVED} AND NOT ({without}) AND {in_no_partition(connection, base)}"
    )
    insert()
    take_over_partitions(connection, base)
    for name in ("derive", "prefer", "agree"):
        connection.execute((sql_dir() / f"{name}.sql").read_text(encoding="utf-8"))
    join_series(connection)
    raise_failures(repeated(connection))
    define_views(connection)
    write_down(connection, base, aside)
    check_partitions(connection, edition, aside)
    observations, _, _, findings = count_all(connection)
    connection.execute(
        f"""INSERT INTO build BY NAME SELECT * REPLACE (version() AS duckdb_version, ? AS built_at,
            ? AS observations, ? AS findings) FROM {base}.main.build""",
        [datetime.now(UTC).replace(tzinfo=None), observations, findings],
    )


def add_figures(connection: duckdb.DuckDBPyConnection, origin: str, condition: str) -> None:
    """Add figures of an attached database that this one does not have; one that says otherwise becomes a finding."""
    same = " AND ".join(f"o.{c} IS NOT DISTINCT FROM k.{c}" for c in _SAME)
    offered = f"(FROM {origin}.main.observation WHERE NOT {_DERIVED} AND {condition}) k"
    connection.execute(f"""
        INSERT INTO finding BY NAME
        SELECT 'contribution' AS "check", k.indicator, k.area, k.frequency, k.period, k.file, k.row, 'value' AS "column",
               k.published_value AS value, 'a contribution says what the datasets say' AS rule,
               'the datasets print ' || coalesce(o.value::VARCHAR, 'nothing') || ' for the same figure, source and vintage; it stands' AS detail
        FROM {offered} JOIN observation o ON {same} WHERE k.value IS DISTINCT FROM o.value;
        INSERT INTO observation BY NAME
        SELECT * REPLACE ({_AS_READ}) FROM {offered} WHERE NOT EXISTS (FROM observation o WHERE {same});
    """)
    add_names(connection, origin)


def add_names(connection: duckdb.DuckDBPyConnection, origin: str) -> None:
    """Add what an attached database says of indicators, areas, units and sources that figures here refer to."""
    for column, table in _NAMES.items():
        connection.execute(
            f"""INSERT INTO {table} BY NAME FROM {origin}.main.{table}
                WHERE id NOT IN (SELECT id FROM {table}) AND id IN (SELECT {column} FROM observation)"""
        )
