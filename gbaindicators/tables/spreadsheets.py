"""Frames as CSV and as Excel sheets, in which no text can become a formula: the one guard for every file written."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from gbaindicators.catalog import period_text_expr

__all__ = ["csv_bytes", "flat", "new_workbook", "with_time_period", "without_formulas", "workbook_bytes"]

#: A spreadsheet takes a text cell that begins so for a formula (OWASP, CSV injection; the wide signs count too).
_FORMULA: Final = r"^[=+\-@\t\r\n＝＋－＠]"
_NUMBER: Final = r"^[+-]?[0-9.]+([eE][+-]?[0-9]+)?$"


def flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Make a frame fit for cells: lists joined with ``"; "``, anything nested more deeply as JSON, enums as text.

    >>> flat(pl.DataFrame({"sources": [["a", "b"], None]}))["sources"].to_list()
    ['a; b', None]
    """
    columns: list[pl.Expr | pl.Series] = []
    for name, dtype in frame.schema.items():
        if isinstance(dtype, pl.List) and not dtype.inner.is_nested():
            columns.append(pl.col(name).cast(pl.List(pl.String)).list.join("; "))
        elif dtype.is_nested():
            texts = (
                None if v is None else json.dumps(v, default=str, ensure_ascii=False)
                for v in frame[name].to_list()
            )
            columns.append(pl.Series(name, list(texts), dtype=pl.String))
        elif isinstance(dtype, pl.Enum | pl.Categorical):
            columns.append(pl.col(name).cast(pl.String))
    return frame.with_columns(columns)


def with_time_period(frame: pl.DataFrame) -> pl.DataFrame:
    """Write the periods of a series frame as SDMX text too, in ``time_period`` before the dates.

    >>> from datetime import date
    >>> with_time_period(pl.DataFrame({"frequency": ["Q"], "period": [date(2023, 4, 1)]})).row(0)
    ('Q', '2023-Q2', datetime.date(2023, 4, 1))
    """
    if "frequency" not in frame.columns or frame.schema.get("period") != pl.Date:
        return frame
    columns = [c for c in frame.columns if c != "time_period"]
    place = columns.index("period")
    return frame.select(*columns[:place], period_text_expr().alias("time_period"), *columns[place:])


def without_formulas(frame: pl.DataFrame) -> pl.DataFrame:
    """Put an apostrophe before every text that a spreadsheet would take for a formula, headings too.

    Numbers written as text stay as they are.

    >>> without_formulas(pl.DataFrame({"=a": ["=1+1", "-2.5", "@x", "a-b"]})).to_dict(as_series=False)
    {"'=a": ["'=1+1", '-2.5', "'@x", 'a-b']}
    """
    text = pl.col(pl.String)
    formula = text.str.contains(_FORMULA) & ~text.str.contains(_NUMBER)
    guarded = frame.with_columns(pl.when(formula).then(pl.lit("'") + text).otherwise(text).name.keep())
    names = pl.Series(frame.columns, dtype=pl.String)
    return guarded.rename({name: f"'{name}" for name in names.filter(names.str.contains(_FORMULA))})


def csv_bytes(frame: pl.DataFrame) -> bytes:
    """Write a frame as CSV.

    >>> csv_bytes(pl.DataFrame({"value": [-1.5], "note": ["=1+1"]})).decode().splitlines()
    ['value,note', "-1.5,'=1+1"]
    """
    buffer = io.BytesIO()
    without_formulas(flat(frame)).write_csv(buffer)
    return buffer.getvalue()


def workbook_bytes(sheets: Mapping[str, pl.DataFrame]) -> bytes:
    """Write frames as the sheets of an Excel workbook, text always as text."""
    buffer = io.BytesIO()
    with new_workbook(buffer) as book:
        for name, frame in sheets.items():
            flat(frame).write_excel(book, name, freeze_panes=(1, 0), autofit=True)
    return buffer.getvalue()


def new_workbook(file: Any) -> Any:
    """Open a workbook in which text stays text, and whose bytes depend on its cells only."""
    from datetime import datetime

    import xlsxwriter

    book = xlsxwriter.Workbook(
        file,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "nan_inf_to_errors": False,
        },
    )
    book.set_properties({"created": datetime(2000, 1, 1)})
    return book
