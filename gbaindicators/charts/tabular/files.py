"""Tables to files: a page, LaTeX, CSV, and a workbook with heading, notes and numbers that stay numbers."""

from __future__ import annotations

import html
import io
import re
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from gbaindicators.charts.tabular.layout import latex_text
from gbaindicators.tables.spreadsheets import csv_bytes, new_workbook

if TYPE_CHECKING:
    from great_tables import GT

__all__ = ["table_csv", "table_latex", "table_page", "table_workbook"]

#: The page asks nothing of the network and runs nothing.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_CHINESE: Final = re.compile("[\u4e00-\u9fff]")
_TRADITIONAL: Final = "Noto Sans CJK HK"
_WIDEST: Final = 60
#: Rows that a page of LaTeX holds, and characters that a column holds on one line.
_PAGE_ROWS: Final = 40
_LONG: Final = 30
#: Characters of a heading that stands on one line in a wide table.
_HEADING: Final = 11
#: Type sizes of LaTeX by the characters of a row from which on they are needed on a page of A4.
_SIZES: Final = ((105, r"\scriptsize"), (80, r"\footnotesize"))
_OWN_SIZE: Final = re.compile(r"\\fontsize\{[^}]*\}\{[^}]*\}\\selectfont")
_BEGIN: Final = re.compile(
    r"(\\begin\{(?:longtable|tabular\*\}\{\\linewidth)\}\{(?:@\{\\extracolsep\{\\fill\}\})?)([lrc|]+)\}"
)


def table_page(table: GT) -> str:
    """Write a table as a page that needs no network."""
    title = html.escape(_plain(table._heading.title))
    return (
        f'<!DOCTYPE html>\n<html lang="{_language(table)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n'
        "<style>body { margin: 16px; background: #fff } main { overflow-x: auto; max-width: 900px }</style>\n"
        f"</head>\n<body>\n<main>\n{table.as_raw_html()}\n</main>\n</body>\n</html>\n"
    )


def table_latex(table: GT) -> str:
    r"""Write a table as LaTeX for ``\input``; the first lines say which packages it needs."""
    body = table.as_latex(use_longtable=_data(table).height > _PAGE_ROWS)
    body = _BEGIN.sub(lambda m: f"{m[1]}{_columns(table, m[2])}}}", body, count=1)
    body = body.replace("−", "$-$").replace("●", r"$\bullet$")
    engine = "% Chinese text: XeLaTeX or LuaLaTeX with \\usepackage{ctex}\n" if _CHINESE.search(body) else ""
    size = next((name for least, name in _SIZES if _characters(table) >= least), "")
    if size:
        # great-tables sets a size of its own within
        body = _stacked(table, _OWN_SIZE.sub(lambda _: size, body.strip()))
        body = f"{{{size}\\setlength{{\\tabcolsep}}{{3pt}}\n{body}\n}}"
    return f"% needs \\usepackage{{array,booktabs,caption,longtable}}\n{engine}{body.strip()}\n"


def _stacked(table: GT, body: str) -> str:
    """Break long headings of columns in two lines."""
    head, rule, rest = body.partition("\\midrule")
    for column in table._boxhead:
        label = _plain(column.column_label)
        cuts = [i for i, character in enumerate(label) if character == " "]
        if len(label) > _HEADING and cuts:
            cut = min((abs(i - len(label) / 2), i) for i in cuts)[1]
            first, second = (latex_text(part) for part in (label[:cut], label[cut + 1 :]))
            head = head.replace(latex_text(label), f"\\shortstack[r]{{{first}\\\\{second}}}", 1)
    return head + rule + rest


def _characters(table: GT) -> int:
    """Width of a table in characters, long texts as the lines that they are broken into."""
    data = _data(table)
    labels = {c.var: _plain(c.column_label) for c in table._boxhead if c.type.name in ("stub", "default")}
    printed = {
        name: max([_width(label), *(min(_width(_number(v)), _LONG) for v in data[name])])
        for name, label in labels.items()
    }
    return sum(width + 2 for width in printed.values())


def _width(text: str) -> int:
    """Width of a text in Latin characters, of which a Chinese one takes two."""
    return len(text) + len(_CHINESE.findall(text))


def _number(value: Any) -> str:
    """A cell about as long as it is printed."""
    return "" if value is None else f"{value:,.2f}" if isinstance(value, float) else str(value)


def _columns(table: GT, drawn: str) -> str:
    """Column types of LaTeX: no vertical rules, and long texts in lines of a share of the page."""
    data = _data(table)
    shown = [c.var for kind in ("stub", "default") for c in table._boxhead if c.type.name == kind]
    longest = [max((len(str(v)) for v in data[name]), default=0) for name in shown]
    kinds = list(drawn.replace("|", ""))
    long = [
        i
        for i, (kind, length) in enumerate(zip(kinds, longest, strict=True))
        if kind == "l" and length > _LONG
    ]
    for i in long:
        kinds[i] = f">{{\\raggedright\\arraybackslash}}p{{{0.45 / len(long):.2f}\\linewidth}}"
    return "".join(kinds)


def table_csv(table: GT) -> bytes:
    """Write the data of a table, with statuses, unit and all that is not printed."""
    return csv_bytes(_data(table))


def table_workbook(table: GT) -> bytes:
    """Write a table as a workbook: heading, numbers as numbers, notes and sources below."""
    data = _data(table)
    buffer = io.BytesIO()
    with new_workbook(buffer) as book:
        sheet = book.add_worksheet("table")
        bold, head, note, number = (
            book.add_format(properties)
            for properties in (
                {"bold": True, "font_size": 14}, {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"},
                {"font_color": "#5F6670"}, {"num_format": "#,##0.########"},
            )
        )  # fmt: skip
        sheet.write_string(0, 0, _plain(table._heading.title), bold)
        sheet.write_string(1, 0, _plain(table._heading.subtitle))
        labels = {
            c.var: _plain(table._stubhead if c.type.name == "stub" and table._stubhead else c.column_label)
            for c in table._boxhead
        }
        above = {id_: _plain(s.spanner_label) for s in table._spanners for id_ in s.vars}
        top = 3
        for place, name in enumerate(data.columns):
            label = " ".join(t for t in (above.get(name, ""), labels.get(name) or name) if t)
            sheet.write_string(top, place, label, head)
            for row, value in enumerate(data[name], start=top + 1):
                _write_cell(sheet, row, place, value, number)
            texts = [str(v) for v in data[name] if v is not None]
            sheet.set_column(place, place, min(_WIDEST, max(map(len, [label, *texts]))) + 2)
        sheet.freeze_panes(top + 1, 1)
        for row, line in enumerate(table._source_notes, start=top + data.height + 2):
            sheet.write_string(row, 0, _plain(line), note)
    return buffer.getvalue()


def _data(table: GT) -> pl.DataFrame:
    """The data of a table, which great-tables keeps as it was given."""
    data = table._tbl_data
    return data if isinstance(data, pl.DataFrame) else pl.DataFrame(data)


def _write_cell(sheet: Any, row: int, place: int, value: Any, number: Any) -> None:
    if isinstance(value, bool):
        sheet.write_boolean(row, place, value)
    elif isinstance(value, int | float):
        sheet.write_number(row, place, value, number)
    elif value is not None:
        # as a string, so never a formula
        sheet.write_string(row, place, str(value))


def _plain(text: Any) -> str:
    """Text without markup, of what great-tables takes for a label: text, or text marked as HTML."""
    if text is None:
        return ""
    if isinstance(text, str):
        return text
    return html.unescape(re.sub("<[^>]*>", "", str(getattr(text, "text", text))))


def _language(table: GT) -> str:
    """Language of a table, by the fonts it asks for first."""
    fonts = table._options.table_font_names.value or [""]
    first = fonts[0]
    return {"Noto Sans CJK SC": "zh-Hans", _TRADITIONAL: "zh-Hant"}.get(first, "en")
