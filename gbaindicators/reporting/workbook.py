"""The report as a workbook: a sheet an exhibit, all figures together, and what the names in them mean."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from gbaindicators.catalog import LANGUAGES, catalog
from gbaindicators.reporting.exhibits import Exhibit, Section
from gbaindicators.reporting.tracing import Trails
from gbaindicators.reporting.words import Words
from gbaindicators.tables import spreadsheets

__all__ = ["csv_of", "flat", "workbook"]

_WIDEST: Final = 60
#: Columns of the sheet of all figures.
_DATA: Final = (
    "indicator", "area", "frequency", "period", "value", "unit", "definition", "adjustment", "prices", "status", "vintage", "members",
    "rates", "method", "sources",
)  # fmt: skip


def flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Make a frame fit for CSV and cells: periods as SDMX text beside their dates, lists joined by semicolons."""
    return spreadsheets.flat(spreadsheets.with_time_period(frame))


def csv_of(frame: pl.DataFrame) -> bytes:
    """Write a frame as CSV in which no text cell can be taken for a formula."""
    return spreadsheets.csv_bytes(flat(frame))


@dataclass(frozen=True)
class _Sheet:
    """A sheet before it is written: what it is called, its heading, its cells and the lines below them."""

    name: str
    title: str
    frame: pl.DataFrame
    below: Sequence[str] = ()


def workbook(sections: Sequence[Section], trails: Trails, words: Words) -> bytes:
    """Write the report's exhibits, their figures and the catalogue behind them as XLSX."""
    exhibits = [e for s in sections for e in s.exhibits]
    taken = [words(f"workbook.{key}") for key in ("contents", *_AFTER)]
    sheets = {}
    for exhibit in exhibits:
        name = _sheet_name(exhibit.id, taken)
        taken.append(name)
        below = [n.text for n in exhibit.notes]
        below += [words("workbook.source", source=c) for c in catalog().cite(exhibit.sources)]
        sheets[exhibit.id] = _Sheet(name, exhibit.title, flat(exhibit.data), [b for b in below if b])
    after = [
        _Sheet(words(f"workbook.{key}"), words(f"workbook.{key}_title"), frame)
        for key, frame in _explaining(exhibits, trails, words).items()
    ]
    buffer = io.BytesIO()
    with spreadsheets.new_workbook(buffer) as book:
        formats = _formats(book)
        _contents(book, sections, sheets, after, words, formats)
        for sheet in (*sheets.values(), *after):
            _write(book, sheet, formats)
    return buffer.getvalue()


#: Sheets behind those of the exhibits, in order.
_AFTER: Final = ("data", "indicators", "areas", "units", "definitions", "terms", "published", "sources")


def _explaining(exhibits: Sequence[Exhibit], trails: Trails, words: Words) -> dict[str, pl.DataFrame]:
    """Frames of the sheets behind the exhibits: all figures, and what stands in them."""
    names, published = catalog(), trails.figures
    frames = [e.data for e in exhibits] + [published]
    indicators, units = (_used(frames, column) for column in ("indicator", "unit"))
    areas = _used(frames, "area") | _used(frames, "members")
    sources = (
        {s for e in exhibits for s in e.sources}
        | {d.source for d in names.definitions}
        | _used([published], "source")
    )
    made = {
        "data": _together(exhibits),
        "indicators": pl.DataFrame([
            {"id": i.id, **_named(i.names), "table": i.table, "unit": i.unit, "kind": i.kind, "description": i.description}
            for i in names.indicators.values() if i.id in indicators
        ]),
        "areas": pl.DataFrame([
            {"id": a.id, **_named(a.names), "level": a.level, "parent": a.parent, "currency": a.currency}
            for a in names.areas.values() if a.id in areas
        ]),
        "units": pl.DataFrame([{"id": u, **_named(names.units[u].names), "kind": names.units[u].kind} for u in sorted(units & names.units.keys())]),
        "definitions": pl.DataFrame([
            {"area": d.area, "subject": d.subject, "definition": d.id, **_named(d.names), "default": d.default,
             "members": "; ".join(d.members), "source": d.source, "note": d.note}
            for d in names.definitions
        ]),
        "terms": pl.DataFrame([{"term": key, "meaning": text} for key, text in words.section("term").items()]),
        "published": flat(published),
        "sources": pl.DataFrame([
            {f: getattr(names.sources[i], f) for f in names.sources[i].__slots__} for i in sorted(sources & names.sources.keys())
        ]),
    }  # fmt: skip
    return {key: made[key] for key in _AFTER}


def _used(frames: Sequence[pl.DataFrame], column: str) -> set[str]:
    found: set[str] = set()
    for frame in frames:
        if column in frame.columns:
            values = frame[column].explode() if isinstance(frame.schema[column], pl.List) else frame[column]
            found |= set(values.drop_nulls().cast(pl.String))
    return found


def _named(names: Mapping[str, str]) -> dict[str, str]:
    return {f"name {language}": names.get(language, "") for language in LANGUAGES}


def _together(exhibits: Sequence[Exhibit]) -> pl.DataFrame:
    """All figures of the exhibits, one row each."""
    frames = [
        flat(e.data.select(pl.lit(e.id).alias("exhibit"), *(c for c in _DATA if c in e.data.columns)))
        for e in exhibits
        if {"period", "value", "unit"} <= set(e.data.columns) and e.data.schema["value"] == pl.Float64
    ]
    if not frames:
        return pl.DataFrame(schema={"exhibit": pl.String})
    order = ["exhibit", "indicator", "area", "frequency", "time_period", *_DATA[3:]]
    whole = pl.concat(frames, how="diagonal_relaxed")
    return whole.select(c for c in order if c in whole.columns)


def _formats(book: Any) -> dict[str, Any]:
    head = {"bold": True, "bottom": 1, "bg_color": "#eef2f6", "text_wrap": True, "valign": "top"}
    return {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "head": book.add_format(head),
        "note": book.add_format({"font_color": "#5b6876"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "number": book.add_format({"num_format": "#,##0.########"}),
        "link": book.add_format({"font_color": "#0b5cad", "underline": 1}),
    }


def _contents(
    book: Any, sections: Sequence[Section], sheets: Mapping[str, _Sheet], after: Sequence[_Sheet], words: Words, formats: dict[str, Any]
) -> None:  # fmt: skip
    """Write the first sheet: what there is, with links, and why a section is missing."""
    page = book.add_worksheet(words("workbook.contents"))
    page.set_column(0, 0, 90)
    page.write_string(0, 0, words("page.title"), formats["title"])
    row = 2
    for section in sections:
        page.write_string(row, 0, section.title, formats["head"])
        for note in section.missing:
            row += 1
            page.write_string(row, 0, note.text, formats["note"])
        for exhibit in section.exhibits:
            row += 1
            _link(page, row, sheets[exhibit.id], exhibit.title, formats)
        row += 1
    for sheet in after:
        _link(page, row, sheet, sheet.title, formats)
        row += 1


def _link(page: Any, row: int, sheet: _Sheet, text: str, formats: dict[str, Any]) -> None:
    page.write_url(row, 0, f"internal:'{sheet.name}'!A1", formats["link"], text)


def _sheet_name(id_: str, taken: Sequence[str]) -> str:
    """Sheet name of at most 31 characters, unique in any case."""
    name = id_.replace("-", " ").capitalize()[:31]
    used = {t.casefold() for t in taken}
    number = 2
    while name.casefold() in used:
        name = f"{name[:28]} {number}"
        number += 1
    return name


def _write(book: Any, sheet: _Sheet, formats: dict[str, Any]) -> None:
    page, frame, top = book.add_worksheet(sheet.name), sheet.frame, 2
    page.write_string(0, 0, sheet.title, formats["title"])
    for column, label in enumerate(frame.columns):
        page.write_string(top, column, label, formats["head"])
        values = frame.get_column(label).to_list()
        write = _writer(page, frame.schema[label], formats)
        for row, value in enumerate(values, start=top + 1):
            if value is not None:
                write(row, column, value)
        texts = [str(v) for v in values[:200] if v is not None]
        page.set_column(column, column, min(_WIDEST, max([len(label), *map(len, texts)], default=8) + 2))
    if frame.height:
        page.autofilter(top, 0, top + frame.height, len(frame.columns) - 1)
    page.freeze_panes(top + 1, 0)
    for offset, line in enumerate(sheet.below, start=2):
        page.write_string(top + frame.height + offset, 0, line, formats["note"])


def _writer(page: Any, dtype: pl.DataType, formats: dict[str, Any]) -> Callable[[int, int, Any], object]:
    """Give what writes the values of a column into cells."""
    if dtype == pl.Boolean:
        return page.write_boolean  # type: ignore[no-any-return]
    if dtype.is_integer() or dtype.is_float():
        return lambda row, column, value: page.write_number(row, column, value, formats["number"])
    if dtype in (pl.Date, pl.Datetime):
        return lambda row, column, value: page.write_datetime(row, column, value, formats["date"])
    return lambda row, column, value: page.write_string(row, column, str(value))
