"""Validation: a frame against its Pandera schema, with a report that names every cell that breaks a rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import polars as pl

from gbaindicators.catalog import parse_period
from gbaindicators.errors import PeriodError

if TYPE_CHECKING:
    import pandera.polars as pa

    from gbaindicators.catalog import Catalog

__all__ = ["FAILURES", "rule", "validate"]

#: Columns of a validation report.
FAILURES: Final = {
    "file": pl.String,
    "row": pl.Int64,
    "column": pl.String,
    "value": pl.String,
    "rule": pl.String,
}


def rule(text: str, expression: Callable[[], pl.Expr]) -> pa.Check:
    """Make a Pandera check of a Polars expression over the whole row; null passes (another rule speaks of it)."""
    import pandera.polars as pa

    return pa.Check(
        lambda data: data.lazyframe.select(expression().fill_null(True)),
        name=text,
        error=text,
        ignore_na=False,
    )


def _suggest(column: str, value: str, catalog: Catalog) -> str:
    from difflib import get_close_matches

    known: dict[str, list[str]] = {
        "indicator": list(catalog.indicators),
        "area": list(catalog.areas),
        "unit": list(catalog.units),
        "source": list(catalog.sources),
    }
    near = get_close_matches(value, known.get(column, []), n=2, cutoff=0.6)
    if column == "period":
        try:
            parse_period(value)
        except PeriodError as error:
            return f" ({error})"
    return f" (did you mean {' or '.join(near)}?)" if near and value not in near else ""


def validate(
    frame: pl.DataFrame | pl.LazyFrame, schema: pa.DataFrameSchema, file: str, catalog: Catalog
) -> pl.DataFrame:
    """Validate a normalised batch and return the cells that break a rule, none when all is well.

    A lazy frame is collected first: Pandera would check nothing of it but the names of its columns.

    Returns
    -------
    polars.DataFrame
        ``file, row, column, value, rule``.
    """
    import pandera.errors

    frame = frame.lazy().collect()
    try:
        schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as found:
        cases = found.failure_cases
    else:
        return pl.DataFrame(schema=FAILURES)
    rows = []
    for case in cases.iter_rows(named=True):
        column, index, check = case["column"], case["index"], case["check"]
        value = None if index is None else frame[column][int(index)]
        rows.append({
            "file": file,
            "row": None if index is None else int(frame["row"][int(index)]),
            "column": column,
            "value": value,
            "rule": str(check) + ("" if value is None else _suggest(column, value, catalog)),
        })  # fmt: skip
    return pl.DataFrame(rows, schema=FAILURES).sort("row", "column")
