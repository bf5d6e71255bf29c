"""The report as a workbook: one sheet an exhibit, with its sources, and sheets of indicators, definitions and sources."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from gbaindicators.catalog import catalog
from gbaindicators.reporting.exhibits import Section
from gbaindicators.tables import spreadsheets

__all__ = ["flat", "write_csv", "write_workbook"]

_WIDEST = 60


def flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Make a frame fit for CSV and cells: periods as SDMX text beside their dates, lists joined by semicolons."""
    return spreadsheets.flat(spreadsheets.with_time_period(frame))


def write_csv(frame: pl.DataFrame, path: Path) -> None:
    """Write a frame as CSV in which no text cell can be taken for a formula."""
    path.write_bytes(spreadsheets.csv_bytes(flat(frame)))


def write_workbook(sections: Sequence[Section], path: Path) -> None:
    """Write the report's exhibits and the catalogue behind them as XLSX."""
    names = catalog()
    exhibits = [e for s in sections for e in s.exhibits]
    used = {
        i
        for e in exhibits
        if "indicator" in e.data.columns
        for i in e.data["indicator"].drop_nulls().unique()
    }
    with spreadsheets.new_workbook(str(path)) as book:
        formats = {
            "title": book.add_format({"bold": True, "font_size": 14}),
            "head": book.add_format(
                {"bold": True, "bottom": 1, "bg_color": "#eef2f6", "text_wrap": True, "valign": "top"}
            ),
            "note": book.add_format({"font_color": "#5b6876", "text_wrap": False}),
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
            "number": book.add_format({"num_format": "#,##0.########"}),
            "link": book.add_format({"font_color": "#0b5cad", "underline": 1}),
        }
        contents = book.add_worksheet("Contents")
        taken: dict[str, str] = {}
        for exhibit in exhibits:
            taken[exhibit.id] = _sheet_name(exhibit.id, taken.values())
        contents.write_string(
            0, 0, "The Greater Bay Area beside New York, Tokyo and San Francisco", formats["title"]
        )
        row = 2
        for section in sections:
            contents.write_string(row, 0, section.title, formats["head"])
            row += 1
            for exhibit in section.exhibits:
                contents.write_url(
                    row, 0, f"internal:'{taken[exhibit.id]}'!A1", formats["link"], exhibit.title
                )
                row += 1
        for name in ("Indicators", "Definitions", "Sources"):
            contents.write_url(row, 0, f"internal:'{name}'!A1", formats["link"], name)
            row += 1
        contents.set_column(0, 0, 70)
        for exhibit in exhibits:
            cited = names.cite(exhibit.sources)
            below = [exhibit.notes, *(f"Source: {c}" for c in cited)]
            _sheet(
                book, taken[exhibit.id], exhibit.title, flat(exhibit.data), [b for b in below if b], formats
            )
        indicators = pl.DataFrame([
            {"id": i.id, **{f"name {language}": n for language, n in i.names.items()}, "table": i.table, "unit": i.unit, "kind": i.kind, "description": i.description}
            for i in names.indicators.values() if i.id in used
        ])  # fmt: skip
        definitions = pl.DataFrame([
            {"area": d.area, "subject": d.subject, "definition": d.id, "name": d.names["en"], "default": d.default, "members": "; ".join(d.members), "source": d.source, "note": d.note}
            for d in names.definitions
        ])  # fmt: skip
        behind = {s for e in exhibits for s in e.sources} | {d.source for d in names.definitions}
        ids = sorted(behind & names.sources.keys())
        listed = pl.DataFrame(
            [{f: getattr(names.sources[i], f) for f in names.sources[i].__slots__} for i in ids]
        )
        _sheet(book, "Indicators", "Indicators in this report", indicators, [], formats)
        _sheet(book, "Definitions", "Definitions of the bay areas", definitions, [], formats)
        _sheet(book, "Sources", "Sources behind the figures", listed, [], formats)


def _sheet_name(id_: str, taken: Any) -> str:
    """Sheet name of at most 31 characters, unique in any case."""
    name = id_.replace("-", " ").capitalize()[:31]
    used = {t.casefold() for t in taken}
    number = 2
    while name.casefold() in used:
        name = f"{name[:28]} {number}"
        number += 1
    return name


def _sheet(
    book: Any, name: str, title: str, frame: pl.DataFrame, below: Sequence[str], formats: dict[str, Any]
) -> None:
    sheet = book.add_worksheet(name)
    sheet.write_string(0, 0, title, formats["title"])
    top = 2
    for column, label in enumerate(frame.columns):
        sheet.write_string(top, column, label, formats["head"])
        values = frame.get_column(label)
        for offset, value in enumerate(values, start=1):
            _cell(sheet, top + offset, column, value, formats)
        texts = [str(v) for v in values.head(200) if v is not None]
        sheet.set_column(column, column, min(_WIDEST, max([len(label), *map(len, texts)], default=8) + 2))
    if frame.height:
        sheet.autofilter(top, 0, top + frame.height, len(frame.columns) - 1)
    sheet.freeze_panes(top + 1, 0)
    for offset, line in enumerate(below, start=2):
        sheet.write_string(top + frame.height + offset, 0, line, formats["note"])


def _cell(sheet: Any, row: int, column: int, value: Any, formats: dict[str, Any]) -> None:
    from datetime import date

    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value, formats["number"])
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, formats["date"])
    else:
        sheet.write_string(row, column, str(value))
