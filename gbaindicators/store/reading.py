"""Reading figures from the published database: `load` and `query`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

import polars as pl

from gbaindicators.catalog import FREQUENCIES, frequency_code, parse_period, period_end, step
from gbaindicators.errors import DatabaseError, UnknownNameError, UsageError
from gbaindicators.store.connection import connect, connect_sealed
from gbaindicators.store.home import database_place
from gbaindicators.store.known import known_day, last_day
from gbaindicators.store.lake.location import Lake
from gbaindicators.store.names import Database, area_ids, fetch, kind_of
from gbaindicators.tables.observations import ADJUSTMENTS

if TYPE_CHECKING:
    import duckdb

__all__ = [
    "checked_adjustment",
    "ended_by",
    "first_or_last_day",
    "load",
    "nothing_found",
    "one_kind_of_year",
    "query",
    "select_figures",
]

_COLUMNS: Final = (
    "indicator, area, frequency, period, value, unit, sources, adjustment, prices, status, vintage, method"
)
F = TypeVar("F", pl.DataFrame, pl.LazyFrame)
_SORT: Final = ("indicator", "area", "frequency", "adjustment", "prices", "period")


def load(
    indicator: str,
    areas: str | Sequence[str] | None = None,
    *,
    start: str | date | None = None,
    end: str | date | None = None,
    frequency: str | None = None,
    as_of: str | date | None = None,
    adjustment: str | None = None,
    all_sources: bool = False,
    database: Database = None,
) -> pl.DataFrame:
    """Load published figures as a series frame.

    Parameters
    ----------
    indicator
        Id of an indicator (``"gdp"``: nominal GDP at current prices in the area's own currency) or name of a table
        (``"port_throughput"``: all its indicators). A name that is both is the indicator.
    areas
        One or several area ids, English names or aliases; by default every area.
    start, end
        First and last period to include, as SDMX text (``"2010"``, ``"2023-Q2"``) or dates. A period is included
        when it begins on or after `start` and ends by the end of `end`.
    frequency
        ``"A" "S" "Q" "M" "W" "D"`` or the word; by default every published frequency.
    as_of
        Give what was known at the end of this day: figures published, or first seen, later are left out. By default
        the day of ``store.known_by``, if the call stands within one. A shared database is then read as it stood at
        the end of that day (UTC), so that the answer never changes once the day is over; from before its first
        snapshot, the newest is read.
    adjustment
        ``"nsa"``, ``"sa"``, ``"ytd"`` or ``"cumulative"``; by default all but year-to-date figures. Year-to-date
        figures become single periods with `from_ytd`.
    all_sources
        Give every figure of every source, not only the preferred one, with a column ``source``: in every vintage (up
        to `as_of`, if it is given), so that what a source revised has several rows, and with doubtful figures (status
        U) and withdrawn ones (M).
    database
        Path of a database or connection string of a shared one, by default that of ``GBA_DATABASE`` or the one in the
        data home.

    Returns
    -------
    polars.DataFrame
        ``indicator, area, frequency, period, value, unit, sources, adjustment, prices, status, vintage, method``,
        sorted; values in base units. Where an area is printed by calendar and by fiscal year, the calendar years
        are given (all with `all_sources`). ``method`` is null for published figures. Status B marks the first
        figure of a source that disagrees with the one before it in the series.

    Raises
    ------
    UnknownNameError
        For an unknown indicator, area or frequency, with the nearest names.
    UsageError
        When the figures asked for are not there: which areas, periods and frequencies are.
    PeriodError
        For a date that cannot be read.

    Examples
    --------
    >>> gdp = load("gdp", "macao", start="2018", end="2019")
    >>> gdp.select("period", "value", "unit").rows()
    [(datetime.date(2018, 1, 1), 445527000000.0, 'MOP'), (datetime.date(2019, 1, 1), 444540000000.0, 'MOP')]
    """
    code = frequency_code(frequency) if frequency is not None else None
    wanted = [areas] if isinstance(areas, str) else None if areas is None else list(areas)
    until = None if end is None else first_or_last_day(end, last=True)
    known = None if as_of is None else last_day(as_of)
    with connect(database, as_of=known) as connection:
        column = kind_of(connection, indicator)
        ids = area_ids(connection, wanted)
        asked = {
            f"{column} = ?": indicator,
            f"area IN ({', '.join('?' * len(ids or ())) or 'NULL'})": ids,
            "frequency = ?": code,
            "period >= ?": None if start is None else first_or_last_day(start, last=False),
            "adjustment = ?": checked_adjustment(adjustment),
        }
        conditions = {text: value for text, value in asked.items() if value is not None}
        if adjustment is None:
            conditions["adjustment <> ?"] = "ytd"
        frame = _frame(connection, select_figures(all_sources, known), known, conditions)
        if until is not None:
            frame = frame.filter(ended_by(until))
        if frame.is_empty():
            raise nothing_found(
                connection, column, indicator, ids, start, end, code, as_of or known_day(), adjustment
            )
    if not all_sources:
        frame = one_kind_of_year(frame)
    order = [*_SORT, "source", "vintage"] if all_sources else _SORT
    return frame.with_columns(pl.col("frequency").cast(pl.Enum(FREQUENCIES))).sort(order, nulls_last=True)


def select_figures(all_sources: bool, known: date | None) -> str:
    """SQL of the figures, in the columns of `load`; of what was known on a day, which is its first parameter."""
    if all_sources:
        vintage = "" if known is None else " WHERE vintage <= ?"
        columns = _COLUMNS.replace("sources", "[source] AS sources")
        return f"SELECT {columns}, source FROM (FROM observation{vintage})"
    return f"SELECT {_COLUMNS} FROM " + ("latest" if known is None else "as_of(?)")


def _frame(
    connection: duckdb.DuckDBPyConnection, select: str, known: date | None, conditions: dict[str, Any]
) -> pl.DataFrame:
    where = " AND ".join(conditions)
    values = [] if known is None else [known]
    for value in conditions.values():
        values += value if isinstance(value, list) else [value]
    return fetch(connection, f"{select} WHERE {where}", values)


def checked_adjustment(name: str | None) -> str | None:
    """Return the name of an adjustment, or raise UnknownNameError."""
    if name is not None and name not in ADJUSTMENTS:
        raise UnknownNameError("adjustment", name, ADJUSTMENTS)
    return name


def first_or_last_day(given: str | date, *, last: bool) -> date:
    """Return a date as it is, of a period in SDMX text its first or last day."""
    if isinstance(given, date):
        return given
    frequency, first = parse_period(str(given))
    return period_end(frequency, first) if last else first


def ended_by(last: date) -> pl.Expr:
    """Whether a period has ended by a day."""
    after = pl.coalesce(
        pl.when(pl.col("frequency") == code).then(pl.col("period").dt.offset_by(step(code)))
        for code in FREQUENCIES
    )
    return after <= last + timedelta(days=1)


def one_kind_of_year(frame: F) -> F:
    """Leave fiscal years out where an area has calendar years too."""
    fiscal = (pl.col("frequency") == "A") & (pl.col("period").dt.month() != 1)
    if isinstance(frame, pl.DataFrame) and not frame.select(fiscal.any()).item():
        return frame
    calendar = (pl.col("frequency") == "A") & (pl.col("period").dt.month() == 1)
    return frame.filter(~(fiscal & calendar.any().over("indicator", "area")))


def nothing_found(
    connection: duckdb.DuckDBPyConnection, column: str, name: str, ids: list[str] | None, start: Any, end: Any,
    frequency: str | None, as_of: Any, adjustment: str | None,
) -> UsageError:  # fmt: skip
    """Say what there is, since what was asked for is not."""
    composite = set(ids or ()) & {
        row[0] for row in connection.execute("SELECT DISTINCT area FROM definition").fetchall()
    }
    have = connection.execute(
        f"SELECT area, frequency, adjustment, min(period), max(period), min(vintage) FROM observation WHERE {column} = ? GROUP BY ALL ORDER BY count(*) DESC, area, frequency, adjustment",
        [name],
    ).fetchall()
    if not have:
        return UsageError(f"{name!r} is in the catalogue, but no figure of it is among the datasets")
    if composite:
        area = sorted(composite)[0]
        return UsageError(
            f"no figure of {name!r} is published for {area!r}, which is made of members. Compare bay areas with "
            f"gba.benchmark({name!r}), or add the members up: gba.load({name!r}, gba.members({area!r}))"
            f".pipe(gba.convert, 'USD').pipe(gba.aggregate, {area!r})"
        )
    if start is not None and end is not None:
        first, last = first_or_last_day(start, last=False), first_or_last_day(end, last=True)
        if first > last:
            return UsageError(f"start {start} lies after end {end}: exchange them")
    there = [h for h in have if ids is None or h[0] in ids]
    if not there:
        some = ", ".join(sorted({h[0] for h in have})[:12])
        return UsageError(
            f"{name!r} has no figures for {', '.join(ids or ()) or 'an empty list of areas'}; it has them for {some}"
            + (" ..." if len({h[0] for h in have}) > 12 else "")
        )
    spans = "; ".join(f"{h[0]} {h[1]} {h[2]} {h[3]} to {h[4]}" for h in there[:5])
    asked = ", ".join(
        f"{k} {v}"
        for k, v in (
            ("from", start),
            ("to", end),
            ("at frequency", frequency),
            ("as of", as_of),
            ("with adjustment", adjustment),
        )
        if v is not None
    )
    hint = f" (earliest vintage {min(h[5] for h in there)})" if as_of is not None else ""
    ytd = (
        " Year-to-date figures need adjustment='ytd'."
        if adjustment is None and {h[2] for h in there} == {"ytd"}
        else ""
    )
    return UsageError(f"no figures of {name!r} {asked}; there are: {spans}{hint}.{ytd}")


def _refuse_commands(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Let SQL do nothing to a shared database but read: its folder of figures is open to the reader's own DuckDB."""
    # DuckDB makes a type of its own (CREATE) and a SELECT of a PIVOT.
    if {s.type.name for s in connection.extract_statements(sql)} - {"SELECT", "EXPLAIN", "CREATE"}:
        raise UsageError("the SQL does more than read: write a SELECT")


def query(sql: str, *, database: Database = None) -> pl.DataFrame:
    """Run read-only SQL on the published database.

    Parameters
    ----------
    sql
        One DuckDB query. Tables and views are described in ``sql/``: ``observation``, ``latest``, ``gdp``,
        ``gdp_usd``, ``disagreements``, the macro ``as_of(DATE '2024-03-31')`` and the catalogue's tables.
    database
        Path of a database or connection string of a shared one, by default that of ``GBA_DATABASE`` or the one in the
        data home.

    Returns
    -------
    polars.DataFrame
        The result.

    Raises
    ------
    UsageError
        When the SQL is wrong; the message is DuckDB's.

    Examples
    --------
    >>> query("SELECT count(*) AS bays FROM gdp_usd WHERE area LIKE '%bay_area' AND period = DATE '2022-01-01'").item()
    4
    """
    import duckdb

    with connect_sealed(database) as connection:
        try:
            if isinstance(database_place(database), Lake):
                _refuse_commands(connection, sql)
            result = connection.sql(sql)
            found: pl.DataFrame | None = None if result is None else result.pl()
        except (
            duckdb.BinderException, duckdb.CatalogException, duckdb.ConversionException, duckdb.InvalidInputException,
            duckdb.ParserException, duckdb.PermissionException,
        ) as error:  # fmt: skip
            raise UsageError(f"the query cannot run: {error}") from None
        except duckdb.Error as error:
            raise DatabaseError(f"the query failed: {error}") from None
        except pl.exceptions.PolarsError as error:
            raise UsageError(
                f"a column of the result has no Polars type ({error}); cast it in the SQL"
            ) from None
    if found is None:
        raise UsageError("the SQL returns no rows: write a SELECT")
    return found
