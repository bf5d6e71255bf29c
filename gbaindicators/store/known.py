"""What was known on a day: a day that every reader within a block looks back from."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from gbaindicators.catalog import parse_period, period_end

if TYPE_CHECKING:
    import duckdb

__all__ = ["known_by", "known_day", "last_day", "look_back"]

_DAY: Final[ContextVar[date | None]] = ContextVar("known_day", default=None)

#: The tables and views that readers ask, as they were on a day. A source speaks with what it had said by then, and a
#: statement is known from the vintage of the document that holds it.
_AS_IT_WAS: Final = """
CREATE TEMP VIEW observation AS
SELECT * REPLACE (
    CASE WHEN superseded <= DATE '{day}' THEN superseded END AS superseded,
    coalesce((superseded IS NULL OR superseded > DATE '{day}') AND status <> 'U' AND row_number() OVER (
        PARTITION BY indicator, area, frequency, period, adjustment, prices
        ORDER BY superseded IS NOT NULL AND superseded <= DATE '{day}', status = 'U', standing, vintage DESC,
                 length(published_value) - published_scale DESC, source, file, row) = 1, false) AS preferred
) FROM "{database}".main.observation WHERE vintage <= DATE '{day}';
CREATE TEMP VIEW latest AS FROM as_of(DATE '{day}');
CREATE TEMP VIEW policy_statement AS
SELECT p.* FROM "{database}".main.policy_statement p LEFT JOIN source s ON s.id = p.source
WHERE coalesce(stated_day(s.vintage), make_date(try_cast(s.vintage AS INTEGER), 12, 31), first_seen()) <= DATE '{day}';
"""


def known_day() -> date | None:
    """Day that `known_by` names, None outside of it."""
    return _DAY.get()


def last_day(given: str | date) -> date:
    """Last day of a date or of a period in SDMX text.

    >>> last_day("2024-02"), last_day(date(2024, 3, 31))
    (datetime.date(2024, 2, 29), datetime.date(2024, 3, 31))
    """
    if isinstance(given, datetime):
        return given.date()
    return given if isinstance(given, date) else period_end(*parse_period(str(given)))


@contextlib.contextmanager
def known_by(day: str | date | None) -> Iterator[None]:
    """Read what was known at the end of a day, in everything that runs within the block.

    Every read, by `load`, `query` or `connect`, then finds the figures that were published, or first seen, by then:
    so does every model that reads. An ``as_of`` of its own, or a block within the block, goes back further, never forward.
    Threads that are started within the block are outside of it (as of any context variable): name the day there again.

    Parameters
    ----------
    day
        The day, as a date or SDMX text; None leaves things as they are.

    Yields
    ------
    None
        Within the block the day holds; after it, reads are as before.

    Raises
    ------
    PeriodError
        For a date that cannot be read.

    Examples
    --------
    >>> with known_by("2024-03-31"):
    ...     print(known_day())
    2024-03-31
    """
    if day is None:
        yield
        return
    outer, asked = known_day(), last_day(day)
    token = _DAY.set(asked if outer is None else min(asked, outer))
    try:
        yield
    finally:
        _DAY.reset(token)


def look_back(connection: duckdb.DuckDBPyConnection) -> None:
    """Let a connection see the database as it was on the day of `known_by`, if there is one."""
    day = known_day()
    if day is None:
        return
    row = connection.execute("SELECT current_database()").fetchone()
    assert row is not None
    connection.execute(_AS_IT_WAS.format(day=day.isoformat(), database=str(row[0]).replace('"', '""')))
