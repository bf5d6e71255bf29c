"""Series without gaps as plain arrays, for methods that need every period, and back into frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from gbaindicators.catalog import period_text, step
from gbaindicators.errors import FrameError, SeriesTooShortError, UsageError
from gbaindicators.tables.series_frame import (
    append_method,
    check_unique_periods,
    combine_status,
    series_keys,
    series_name,
)
from gbaindicators.transforms.frequencies import with_frequency
from gbaindicators.transforms.inputs import read_series
from gbaindicators.transforms.provenance import collapsed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["RegularSeries", "columns_of_one_row", "estimated", "one_row", "regular_series", "with_components"]


class RegularSeries(NamedTuple):
    """One series from its first to its last value, with a value in every period.

    Attributes
    ----------
    name
        Readable name, for messages.
    frequency
        Its frequency code.
    rows
        Its observations in order of time, with the column ``__row``, their row in the frame they came from.
    values
        Their values.
    """

    name: str
    frequency: str
    rows: pl.DataFrame
    values: NDArray[np.float64]


def regular_series(frame: pl.DataFrame, doing: str, least: int) -> Iterator[RegularSeries]:
    """Give the series of a frame one by one, in order of first appearance.

    Nulls before the first and after the last value are left out.

    Raises
    ------
    SeriesTooShortError
        When a series has fewer than `least` values.
    FrameError
        When a period between the first and the last value is missing or null.
    UsageError
        When figures are accumulated since January.

    Examples
    --------
    >>> from datetime import date
    >>> years = pl.DataFrame({"period": [date(y, 1, 1) for y in (2022, 2020, 2021)], "value": [3.0, None, 2.0]})
    >>> [s.values.tolist() for s in regular_series(years, "an example", 1)]
    [[2.0, 3.0]]
    """
    frame = read_series(frame, doing)
    told = series_keys(frame)
    frame = with_frequency(frame)
    _refuse_ytd(frame, doing)
    check_unique_periods(frame)
    keys = series_keys(frame)
    for _, rows in frame.with_row_index("__row").group_by(keys, maintain_order=True):
        name, frequency = series_name({k: rows[k][0] for k in told}), str(rows["frequency"][0])
        known = rows.filter(pl.col("value").is_not_null()).sort("period")
        if known.height < least:
            raise SeriesTooShortError(
                f"{doing} needs {least} values, {name} has {known.height}: "
                "load a longer series or filter this one out"
            )
        _check_gaps(known["period"], frequency, doing, name)
        yield RegularSeries(name, frequency, known, known["value"].to_numpy())


def _refuse_ytd(frame: pl.DataFrame, doing: str) -> None:
    if "adjustment" not in frame.columns:
        return
    years = pl.col("frequency").cast(pl.String) == "A"
    if frame.filter(~years, pl.col("adjustment").cast(pl.String) == "ytd").height:
        raise UsageError(
            f"{doing} of figures accumulated since January, which start over each year, has no meaning: "
            "make single periods of them first, frame.pipe(gba.from_ytd)"
        )


def _check_gaps(periods: pl.Series, frequency: str, doing: str, name: str) -> None:
    expected = periods.dt.offset_by(step(frequency)).head(-1)
    gaps = expected.filter(expected != periods.tail(-1))
    if gaps.len():
        raise FrameError(
            f"{doing} needs a value in every period; {name} has none for {period_text(frequency, gaps[0])}: "
            "fill the gap, or filter the frame to one side of it"
        )


def one_row(series: RegularSeries) -> pl.DataFrame:
    """Give the keys of a series, with its unit and the provenance of all its values, in one row."""
    return _in_one_row(series.rows)


def columns_of_one_row(frame: pl.DataFrame) -> pl.Schema:
    """Columns that `one_row` makes of a frame's series."""
    return _in_one_row(frame.clear()).schema


def _in_one_row(rows: pl.DataFrame) -> pl.DataFrame:
    rows = rows.drop("__row", "method", "note", strict=False)
    keys = pl.col(series_keys(rows)).first()
    return rows.group_by(pl.lit(0).alias("__all")).agg(keys, *collapsed(rows)).drop("__all")


def with_components(
    frame: pl.DataFrame,
    doing: str,
    least: Callable[[str], int],
    split: Callable[[RegularSeries], Mapping[str, NDArray[np.float64]]],
    method: str,
) -> pl.DataFrame:
    """Give the rows of a frame once for each component that `split` makes of a series.

    `least` tells for a frequency how many values are needed. Where a component is NaN, and where the series has
    no value, the result is null.
    """
    import numpy as np

    frame = with_frequency(read_series(frame, doing))
    found: dict[str, NDArray[np.float64]] = {}
    for series in regular_series(frame, doing, 1):
        needed = least(series.frequency)
        if len(series.values) < needed:
            raise SeriesTooShortError(
                f"{doing} needs {needed} values of frequency {series.frequency!r}, {series.name} has "
                f"{len(series.values)}: load a longer series or filter this one out"
            )
        at = series.rows["__row"].to_numpy()
        for name, values in split(series).items():
            found.setdefault(name, np.full(frame.height, np.nan))[at] = values
    pieces = [
        frame.with_columns(pl.Series("value", values, nan_to_null=True), component=pl.lit(name))
        for name, values in found.items()
    ]
    whole = pl.concat(pieces) if pieces else frame.with_columns(component=pl.lit(None, pl.String))
    return append_method(estimated(whole), method)


def estimated(frame: pl.DataFrame) -> pl.DataFrame:
    """Give status E, or the worse one that was there."""
    if "status" not in frame.columns:
        return frame.with_columns(status=pl.lit("E"))
    return frame.with_columns(combine_status([pl.col("status"), pl.lit("E")]))
