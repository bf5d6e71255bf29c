"""When a snapshot was published: by one clock for all writers, and on one day.

DuckLake dates a snapshot by the beginning of its transaction. What begins before midnight and ends after it would be in the
past of a day on which nobody could have read it.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from gbaindicators.store.lake.attaching import TURNS
from gbaindicators.store.lake.location import Lake

if TYPE_CHECKING:
    import duckdb

__all__ = ["publication_time"]

#: What a commit may take: within this time of midnight (UTC) it waits for the next day.
_COMMIT: Final = timedelta(minutes=1)


def publication_time(connection: duckdb.DuckDBPyConnection, lake: Lake) -> datetime:
    """Time in UTC at which a writer that has its turn commits; just before midnight, once that is over.

    It is that of PostgreSQL, for a catalogue in a file that of this machine.
    """
    while True:
        now = _now(connection, lake)
        midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time())
        if midnight - now > _COMMIT:
            return now
        time.sleep((midnight - now).total_seconds())


def _now(connection: duckdb.DuckDBPyConnection, lake: Lake) -> datetime:
    if lake.postgres is None:
        return datetime.now(UTC).replace(tzinfo=None)
    ((now,),) = connection.execute(
        f"FROM postgres_query('{TURNS}', 'SELECT clock_timestamp() AT TIME ZONE ''UTC'' AS now')"
    ).fetchall()
    assert isinstance(now, datetime)
    return now
