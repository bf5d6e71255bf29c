"""The table of Hong Kong's daily boundary crossings, columns as the Immigration Department publishes them."""

from __future__ import annotations

from typing import Final

import polars as pl

from gbaindicators.catalog import Catalog
from gbaindicators.tables.validation import Rule, TableSchema

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


def crossings_schema(catalog: Catalog) -> TableSchema:
    """Rules of a normalised batch."""
    counts = {
        column: Rule("is a count of at least 0", pl.col(name).fill_null(-1) >= 0)
        for column, name in _COUNTS.items()
    }
    parts = pl.col("residents") + pl.col("mainland") + pl.col("other")
    direction, sources = pl.col("Arrival / Departure"), list(catalog.sources)
    return TableSchema(
        {
            "Date": [Rule("is a day written dd-mm-YYYY", pl.col("date").is_not_null())],
            "Control Point": [Rule("is a control point in the catalogue", pl.col("area").is_not_null())],
            "Arrival / Departure": [
                Rule("is Arrival or Departure", direction.is_in(["Arrival", "Departure"]))
            ],
            "source": [Rule("is a source in the catalogue", pl.col("source").is_in(sources))],
            **{column: [count] for column, count in counts.items()},
            "Total": [
                counts["Total"],
                Rule("is the sum of residents, mainland and other visitors", pl.col("total") == parts),
            ],
        }
    )
