"""The table of policy statements: every quantity that the founding documents state, with the words that state it."""

from __future__ import annotations

from typing import Final

import polars as pl

from gbaindicators.catalog import Catalog
from gbaindicators.tables.validation import Rule, TableSchema

__all__ = ["COLUMNS", "normalise_policy", "policy_schema"]

#: Header of the policy file, in order. Areas and counterpart areas are separated by semicolons.
COLUMNS: Final = (
    "indicator", "area", "counterpart_area", "as_of", "value", "unit", "qualifier", "source", "quote", "note",
)  # fmt: skip
#: How the text hedges its number.
QUALIFIERS: Final = ("exact", "about", "nearly", "more_than", "rank")


def normalise_policy(batch: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    """Add ``amount``, the value as a number; an unstated value stays null."""
    return batch.with_columns(pl.col("value").cast(pl.Float64, strict=False).alias("amount"))


def policy_schema(catalog: Catalog) -> TableSchema:
    """Rules of a normalised batch."""
    areas = list(catalog.areas)

    def known_areas(column: str) -> pl.Expr:
        return (pl.col(column) == "") | pl.col(column).str.split(";").list.eval(
            pl.element().is_in(areas)
        ).list.all()

    return TableSchema(
        {
            "indicator": [Rule("is an indicator in the catalogue", pl.col("indicator").is_in(list(catalog.indicators)))],
            "area": [Rule("lists areas in the catalogue", known_areas("area") & (pl.col("area") != ""))],
            "counterpart_area": [Rule("lists areas in the catalogue", known_areas("counterpart_area"))],
            "as_of": [Rule("is empty, 2024, 2024-12, 2024-01-09 or 2022/2023", pl.col("as_of").str.contains(r"^(\d{4}(-\d{2}(-\d{2})?)?|\d{4}/\d{4})?$"))],
            "value": [Rule("is a number or empty", (pl.col("value") == "") | pl.col("amount").is_finite().fill_null(False))],
            "unit": [Rule("is stated", pl.col("unit") != "")],
            "qualifier": [Rule("is one of " + ", ".join(QUALIFIERS), pl.col("qualifier").is_in(QUALIFIERS))],
            "source": [Rule("is a source in the catalogue", pl.col("source").is_in(list(catalog.sources)))],
            "quote": [Rule("gives the words", pl.col("quote") != "")],
        }
    )  # fmt: skip
