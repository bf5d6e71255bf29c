"""From period text to the dates that a series frame carries."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

import polars as pl

from gbaindicators.catalog import parse_period
from gbaindicators.errors import FrameError, PeriodError
from gbaindicators.tables.series_frame import FREQUENCY

if TYPE_CHECKING:
    from polars._typing import PolarsDataType

__all__ = ["parse_periods"]


@overload
def parse_periods(frame: pl.DataFrame, column: str = "period") -> pl.DataFrame: ...
@overload
def parse_periods(frame: pl.LazyFrame, column: str = "period") -> pl.LazyFrame: ...
def parse_periods(frame: pl.DataFrame | pl.LazyFrame, column: str = "period") -> pl.DataFrame | pl.LazyFrame:
    """Turn a column of SDMX time period text into ``frequency`` and ``period``.

    Parameters
    ----------
    frame
        Any frame (polars.DataFrame or LazyFrame) with the column; whole numbers are read as years.
    column
        Name of the text column.

    Returns
    -------
    polars.DataFrame or LazyFrame
        The frame with ``frequency`` (Enum of A S Q M W D) and ``period`` (Date of the first day) in the place
        of the text column.

    Raises
    ------
    PeriodError
        When a text is no period; the message names the first one and its row, counted from 0 (a lazy frame, which is
        read in parts when it is collected, knows no rows).
    FrameError
        When the column is missing or holds no text, or ``frequency`` or ``period`` is there already.

    Examples
    --------
    >>> import polars as pl
    >>> parse_periods(pl.DataFrame({"period": ["2023", "2023-Q2"], "value": [4.0, 1.0]})).rows()
    [('A', datetime.date(2023, 1, 1), 4.0), ('Q', datetime.date(2023, 4, 1), 1.0)]
    """
    schema = _parsed_schema(frame.collect_schema(), column)
    if isinstance(frame, pl.DataFrame):
        return _parsed(frame, column)
    return frame.map_batches(
        lambda part: _parsed(part, column, numbered=False), schema=schema, streamable=True
    )


def _parsed_schema(schema: pl.Schema, column: str) -> pl.Schema:
    """Check that the column can be parsed, and give the columns of the result."""
    if column not in schema:
        raise FrameError(f"the frame has no column {column!r} (it has {', '.join(map(repr, schema))})")
    taken = [c for c in ("frequency", "period") if c in schema and c != column]
    if taken:
        raise FrameError(f"the frame has {', '.join(map(repr, taken))} already: drop or rename it first")
    dtype = schema[column]
    if not (
        dtype in (pl.String, pl.Categorical, pl.Null) or isinstance(dtype, pl.Enum) or dtype.is_integer()
    ):
        raise FrameError(f"{column!r} holds {dtype}, not text of periods such as 2023, 2023-Q2 or 2023-05")
    types: list[tuple[str, PolarsDataType]] = []
    for name, kind in schema.items():
        types += [("frequency", FREQUENCY), ("period", pl.Date())] if name == column else [(name, kind)]
    return pl.Schema(types)


def _parsed(frame: pl.DataFrame, column: str, *, numbered: bool = True) -> pl.DataFrame:
    texts = frame[column].cast(pl.String)
    # in order of appearance, so that the first wrong text is the one that is named
    distinct = texts.unique(maintain_order=True).to_list()
    parsed = [_parse(text, texts, column, numbered=numbered) for text in distinct]
    table = pl.DataFrame(
        [distinct, [p[0] for p in parsed], [p[1] for p in parsed]],
        schema={"__text": pl.String, "frequency": FREQUENCY, "period": pl.Date},
    )
    found = texts.alias("__text").to_frame().join(table, on="__text", how="left", maintain_order="left")
    place = frame.columns.index(column)
    before, after = frame.columns[:place], frame.columns[place + 1 :]
    return pl.concat([frame.select(before), found.drop("__text"), frame.select(after)], how="horizontal")


def _parse(text: str | None, texts: pl.Series, column: str, *, numbered: bool) -> tuple[str, object]:
    row = texts.index_of(text) if numbered else None
    if text is None:
        where = "" if row is None else f" in row {row}"
        raise PeriodError(f"{column!r} is null{where}: every observation needs its period")
    try:
        return parse_period(text)
    except PeriodError as error:
        where = "" if row is None else f"row {row} of "
        raise PeriodError(f"{where}{column!r}: {error}") from None
