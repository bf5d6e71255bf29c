"""The table of Hong Kong's daily boundary crossings, columns as the Immigration Department publishes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from gbaindicators.catalog import Catalog
from gbaindicators.tables.validation import rule

if TYPE_CHECKING:
    import pandera.polars as pa

__all__ = ["COLUMNS", "crossings_schema", "normalise_crossings"]

#: Header of the crossings file, in order.
COLUMNS: Final = (
    "Date", "Control Point", "Arrival / Departure", "Hong Kong Residents", "Mainland Visitors", "Other Visitors",
    "Total", "source",
)  # fmt: skip
_COUNTS: Final = {
    "Hong Kong Residents": "residents", "Mainland Visitors": "mainland", "Other Visitors": "other", "Total": "total",
}  # fmt: skip


def normalise_crossings(batch: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    """Add ``date``, ``area`` (the control point under any of its published names) and the counts as integers."""
    points = {
        alias: area.id
        for area in catalog.areas.values()
        if area.level == "control_point"
        for alias in area.aliases
    }
    return batch.with_columns(
        pl.col("Date").str.to_date("%d-%m-%Y", strict=False).alias("date"),
        pl.col("Control Point").replace_strict(points, default=None, return_dtype=pl.String).alias("area"),
        *(pl.col(column).cast(pl.Int64, strict=False).alias(name) for column, name in _COUNTS.items()),
    )


def crossings_schema(catalog: Catalog) -> pa.DataFrameSchema:
    """Pandera schema of a normalised batch."""
    import pandera.polars as pa

    parts = pl.col("residents") + pl.col("mainland") + pl.col("other")
    columns = {
        "Date": pa.Column(str, rule("is a day written dd-mm-YYYY", lambda: pl.col("date").is_not_null())),
        "Control Point": pa.Column(
            str, rule("is a control point in the catalogue", lambda: pl.col("area").is_not_null())
        ),
        "Arrival / Departure": pa.Column(
            str,
            rule(
                "is Arrival or Departure",
                lambda: pl.col("Arrival / Departure").is_in(["Arrival", "Departure"]),
            ),
        ),
        "source": pa.Column(
            str, rule("is a source in the catalogue", lambda: pl.col("source").is_in(list(catalog.sources)))
        ),
        "Total": pa.Column(
            str,
            [
                _is_count("total"),
                rule(
                    "is the sum of residents, mainland and other visitors", lambda: pl.col("total") == parts
                ),
            ],
        ),
    }
    for column, name in _COUNTS.items():
        if column != "Total":
            columns[column] = pa.Column(str, _is_count(name))
    return pa.DataFrameSchema(columns)


def _is_count(name: str) -> pa.Check:
    return rule("is a count of at least 0", lambda: pl.col(name).fill_null(-1) >= 0)
