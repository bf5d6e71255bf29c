"""The published figures that the explorer shows, each with where it stands in its source."""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from gbaindicators.catalog import catalog
from gbaindicators.store import query
from gbaindicators.transforms import to_frequency

__all__ = ["FISCAL", "KEYS", "number_of", "published"]

#: Kind of period of a year that does not begin in January. The other kinds are the codes of frequencies.
FISCAL: Final = "F"
#: Columns that tell one published series from another.
KEYS: Final = ("indicator", "area", "kind", "adjustment", "prices", "unit")

_COLUMNS: Final = "indicator, area, frequency, period, value, unit, sources, adjustment, prices, status, vintage, method, locator, note"
_IDENTITY: Final = (
    "indicator", "area", "frequency", "period", "value", "adjustment", "prices", "source", "vintage", "locator",
)  # fmt: skip
#: Periods in a year, by kind.
_A_YEAR: Final = {"A": 1, FISCAL: 1, "S": 2, "Q": 4, "M": 12}


def number_of(kind: str, period: date) -> int:
    """Number of a period: consecutive periods of one kind have consecutive numbers.

    >>> number_of("A", date(2022, 1, 1)), number_of("Q", date(2022, 4, 1)), number_of("M", date(2022, 12, 1))
    (2022, 8089, 24275)
    """
    each = _A_YEAR[kind]
    return period.year * each + (period.month - 1) * each // 12 * (kind != FISCAL)


def published(as_of: date | None) -> pl.DataFrame:
    """Read annual, half-yearly, quarterly and monthly figures, and daily counts as sums of months.

    Parameters
    ----------
    as_of
        Take what was known at the end of this day; None for the latest.

    Returns
    -------
    polars.DataFrame
        The preferred figures, with the columns of `load` but year-to-date figures, and ``kind`` (of period),
        ``source``, ``locator``, ``note`` and the figure as published.
    """
    view = "latest" if as_of is None else f"as_of(DATE '{as_of.isoformat()}')"
    known = query(f"SELECT {_COLUMNS}, sources[1] AS source FROM {view} WHERE adjustment <> 'ytd'")
    kept = _with_details(
        known.filter(pl.col("frequency").is_in(list(_A_YEAR)), pl.col("value").is_not_null())
    )
    months = _months_of(known.filter(pl.col("frequency") == "D").drop("locator", "note", "method"))
    printed = kept.filter(pl.col("frequency") == "M")
    months = months.join(printed, on=["indicator", "area", "period"], how="anti")
    fiscal = (pl.col("frequency") == "A") & (pl.col("period").dt.ordinal_day() != 1)
    kind = pl.when(fiscal).then(pl.lit(FISCAL)).otherwise("frequency")
    found = pl.concat([kept, months], how="diagonal_relaxed").with_columns(kind=kind)
    return found.sort(*KEYS, "period", nulls_last=True)


def _with_details(rows: pl.DataFrame) -> pl.DataFrame:
    """Join the figure as it is printed in its source."""
    details = query(
        f"SELECT {', '.join(_IDENTITY)}, published_value, published_unit, published_scale FROM observation "
        "WHERE frequency <> 'D' ORDER BY preferred DESC, file, row"
    )
    details = details.unique(_IDENTITY, keep="first", maintain_order=True)
    return rows.join(details, on=list(_IDENTITY), how="left", nulls_equal=True, maintain_order="left")


def _months_of(days: pl.DataFrame) -> pl.DataFrame:
    """Add up the days of each whole month, for what may be added up over time."""
    flows = [i.id for i in catalog().indicators.values() if (i.kind, i.over_time) == ("flow", "sum")]
    days = days.filter(pl.col("indicator").is_in(flows), pl.col("adjustment") == "nsa")
    if days.is_empty():
        return days.clear()
    months = to_frequency(days.drop("source"), "M").filter(pl.col("value").is_not_null())
    return months.with_columns(pl.col("frequency").cast(pl.String), source=pl.col("sources").list.join("; "))
