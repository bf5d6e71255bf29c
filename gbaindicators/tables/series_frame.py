"""The series frame: the one shape that flows through the package.

One row per observation. ``period`` (the first day of the period) and ``value`` are needed; ``indicator``,
``area``, ``frequency``, ``unit`` and ``sources`` are there when the frame was loaded, and ``adjustment``,
``prices``, ``status``, ``vintage`` and ``method`` ride along. A series is one combination of the columns that
are no property of a single observation.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from typing import Any, Final, TypeVar

import polars as pl

from gbaindicators.catalog import FREQUENCIES
from gbaindicators.errors import FrameError
from gbaindicators.tables.combinations import combinations

__all__ = [
    "FREQUENCY",
    "OF_OBSERVATION",
    "STATUSES",
    "append_method",
    "check_series_frame",
    "check_unique_periods",
    "combine_status",
    "is_unique_in_series",
    "merge_sources",
    "moments",
    "one_unit",
    "series_keys",
    "series_name",
]

#: Polars type of the frequency column.
FREQUENCY: Final = pl.Enum(FREQUENCIES)
#: SDMX OBS_STATUS codes in use, from the best to the worst: a value made from several takes the worst of them.
STATUSES: Final = ("A", "P", "E", "F", "B", "U", "M")
#: Columns that belong to an observation, not to its series.
OF_OBSERVATION: Final = frozenset(
    {
        "period",
        "value",
        "unit",
        "sources",
        "status",
        "vintage",
        "method",
        "note",
        "members",
        "source",
        "rank",
        "se",
        "skill",
        "periods",
        "vintages",
        "rates",
        "mixed",
        "days",
        "revision",
        "revision_from_first",
        "rounding",
    }
)
_MEASURES: Final = ("lower_", "upper_", "value_")
#: Dates are 32-bit numbers of days, so a series number above them keeps both apart in one integer.
_SERIES: Final = 2**32
F = TypeVar("F", pl.DataFrame, pl.LazyFrame)


def series_keys(frame: pl.DataFrame | pl.LazyFrame) -> list[str]:
    """Columns that tell the series of a frame apart.

    >>> series_keys(pl.DataFrame({"area": ["macao"], "period": [None], "value": [1.0]}))
    ['area']
    """
    names = frame.collect_schema().names()
    return [n for n in names if n not in OF_OBSERVATION and not n.startswith(_MEASURES)]


def series_name(row: dict[str, Any]) -> str:
    """Readable name of a series from a row of its keys, for messages."""
    parts = [str(v) for k, v in row.items() if v is not None and k not in ("adjustment", "prices")]
    parts += [str(row[k]) for k in ("adjustment", "prices") if row.get(k) not in (None, "nsa", "current")]
    return ", ".join(parts) or "the series"


def check_series_frame(frame: F, *needs: str) -> F:
    """Check that a frame has ``period``, ``value`` and the columns in `needs`, of the right types.

    Datetimes at midnight become dates (of the day in their own time zone) and integers become floats; anything else
    is an error.

    Raises
    ------
    FrameError
        Says which column is missing or of a wrong type, and how to mend it.
    """
    if not isinstance(frame, pl.DataFrame | pl.LazyFrame):
        raise FrameError(
            f"expected a Polars frame with the columns 'period' and 'value', got {type(frame).__name__}; "
            "pl.from_pandas(...) makes one from pandas"
        )
    schema = frame.collect_schema()
    missing = [c for c in ("period", "value", *needs) if c not in schema]
    if missing:
        near = {c.casefold().strip(): c for c in schema.names()}
        renames = {near[m]: m for m in missing if m in near}
        mend = f"; rename it: frame.rename({renames!r})" if renames else ""
        raise FrameError(
            f"the frame lacks the column{'s' * (len(missing) > 1)} {', '.join(map(repr, missing))} "
            f"(it has {', '.join(map(repr, schema.names()))}){mend}"
        )
    changes: list[pl.Expr] = []
    if schema["period"] != pl.Date:
        if not isinstance(schema["period"], pl.Datetime):
            raise FrameError(
                f"'period' must hold dates (the first day of each period), not {schema['period']}; "
                "text becomes dates with gba.parse_periods(frame)"
            )
        if isinstance(frame, pl.DataFrame) and not frame["period"].dt.time().eq(time()).all():
            raise FrameError(
                "'period' has times of the day, and a period is the date of its first day: add days up first, "
                "frame.group_by(pl.col('period').dt.date(), ...), or, where the times say nothing, take the dates, "
                "frame.with_columns(pl.col('period').dt.date())"
            )
        # the day on the clock of the frame: midnight in Hong Kong is the day before in UTC
        changes.append(pl.col("period").dt.replace_time_zone(None).cast(pl.Date))
    if schema["value"] != pl.Float64:
        if not (schema["value"].is_numeric() or schema["value"] == pl.Null):
            raise FrameError(
                f"'value' must hold numbers, not {schema['value']}; cast it with .cast(pl.Float64)"
            )
        changes.append(pl.col("value").cast(pl.Float64))
    if changes:
        frame = frame.with_columns(changes)
    if isinstance(frame, pl.DataFrame):
        if frame["period"].has_nulls():
            raise FrameError("'period' is null in some rows: every observation needs its period")
        if not frame["value"].is_finite().all(ignore_nulls=True):
            raise FrameError(
                "'value' holds NaN or infinite numbers: a missing value is null "
                "(frame.with_columns(pl.col('value').fill_nan(None)))"
            )
    return frame


def check_unique_periods(frame: pl.DataFrame) -> None:
    """Raise FrameError when a series has two values for one period; the message names the first."""
    if is_unique_in_series(frame, pl.col("period")):
        return
    keys = [*series_keys(frame), "period"]
    if frame.select(pl.struct(keys).is_duplicated().any()).item():
        row = frame.filter(pl.struct(keys).is_duplicated()).select(keys).row(0, named=True)
        period = row.pop("period")
        raise FrameError(
            f"two values for {series_name(row)} in the period that begins {period}: keep one of them, or add a "
            "column that tells the two series apart"
        )


def is_unique_in_series(frame: pl.DataFrame, date: pl.Expr) -> bool:
    """Whether no two observations of one series share a date (or another property of time, such as the year)."""
    (now,) = moments(frame, date)
    return bool((now.diff() > 0).all()) or now.n_unique() == frame.height


def moments(frame: pl.DataFrame, *dates: pl.Expr) -> list[pl.Series]:
    """Put the series of each row and a date into one integer, for each of several dates.

    The integers ascend where the rows come series by series and in order of time.
    """
    series = combinations(frame, series_keys(frame)).rows.cast(pl.Int64) * _SERIES
    return [
        series + days for days in frame.select(d.to_physical().alias(str(i)) for i, d in enumerate(dates))
    ]


def one_unit(frame: pl.DataFrame, doing: str) -> str | None:
    """Return the one unit of a frame, None where it has no unit column; raise FrameError for several."""
    if "unit" not in frame.columns:
        return None
    units = frame["unit"].unique().drop_nulls().sort().to_list()
    if len(units) > 1:
        mend = (
            "convert them first: frame.pipe(gba.convert, 'USD')"
            if all(len(u) == 3 and u.isupper() for u in units)
            else "filter or convert them first"
        )
        raise FrameError(f"{doing} needs one unit, the frame has {', '.join(map(repr, units))}: {mend}")
    return units[0] if units else None


def merge_sources(*columns: str) -> pl.Expr:
    """Union of several columns of source lists, sorted, as ``sources``."""
    none = pl.lit([], dtype=pl.List(pl.String))
    # list.eval sorts about twenty times as fast as list.sort does
    union = pl.concat_list(pl.col(c).fill_null(none) for c in columns)
    return union.list.eval(pl.element().unique().sort()).alias("sources")


def combine_status(columns: Sequence[pl.Expr]) -> pl.Expr:
    """Worst of several status columns, as ``status``."""
    order = pl.Enum(STATUSES)
    worst = pl.max_horizontal(c.cast(order).to_physical() for c in columns)
    return worst.replace_strict(range(len(STATUSES)), STATUSES, return_dtype=pl.String).alias("status")


def append_method(frame: pl.DataFrame, method: str | pl.Expr) -> pl.DataFrame:
    """Say in ``method`` what was done to the values, after what was done before."""
    step = pl.lit(method) if isinstance(method, str) else method
    if "method" not in frame.columns:
        return frame.with_columns(step.alias("method"))
    before = pl.col("method")
    joined = pl.when(before.is_null() | (before == "")).then(step).otherwise(before + "; " + step)
    return frame.with_columns(joined.alias("method"))
