"""Writers of a shared database take turns: each reads what the one before it wrote."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from gbaindicators.errors import DatabaseError
from gbaindicators.store.lake.attaching import TURNS, attach_turns, complaints
from gbaindicators.store.lake.location import Lake

if TYPE_CHECKING:
    import duckdb

__all__ = ["take_turn"]

#: Number of the lock that writers of this package hold in the PostgreSQL database of the catalogue.
_LOCK: Final = 0x6762616C616B65
#: A writer that ends, however it does, gives its turn away; the first build of a large table may well take half an hour.
_PATIENCE: Final = 3600.0


@contextlib.contextmanager
def take_turn(connection: duckdb.DuckDBPyConnection, lake: Lake) -> Iterator[None]:
    """Be the only writer of a lake within the block; a writer that dies gives its turn away.

    Parameters
    ----------
    connection
        To the DuckDB of the writer.
    lake
        Where it writes.

    Raises
    ------
    DatabaseError
        When another writer holds the turn for an hour.
    """
    with _postgres_turn(connection.cursor(), lake) if lake.postgres is not None else _file_turn(lake):
        yield


def _too_long(lake: Lake) -> DatabaseError:
    return DatabaseError(
        f"another writer has held {lake} for an hour; is it still running? Nothing was written"
    )


@contextlib.contextmanager
def _postgres_turn(connection: duckdb.DuckDBPyConnection, lake: Lake) -> Iterator[None]:
    try:
        attach_turns(connection, lake)
        until = time.monotonic() + _PATIENCE
        # The lock ends with the transaction, and the transaction with the process, however that ends.
        connection.execute("BEGIN")
        ask = f"FROM postgres_query('{TURNS}', 'SELECT pg_try_advisory_xact_lock({_LOCK}) AS mine')"
        with complaints(lake):
            while not connection.execute(ask).fetchall()[0][0]:
                if time.monotonic() > until:
                    raise _too_long(lake)
                time.sleep(0.1)
        yield
    finally:
        connection.close()


@contextlib.contextmanager
def _file_turn(lake: Lake) -> Iterator[None]:
    from filelock import FileLock, Timeout

    held = lake.file.with_name(lake.file.name + ".lock")
    try:
        held.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(held, timeout=_PATIENCE):
            yield
    except Timeout:
        raise _too_long(lake) from None
