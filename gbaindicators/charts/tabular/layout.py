"""From columns of values to a great-tables table: numbers aligned, marks that hang beside them, notes and sources below."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, Literal

import polars as pl

from gbaindicators.charts.labels import Scale, number_text, sentences, source_line
from gbaindicators.charts.phrasebook import said, said_each
from gbaindicators.charts.tabular.words import STATUS_MARKS, word
from gbaindicators.charts.theme import FONTS, GREY, INK
from gbaindicators.charts.wording import phrase
from gbaindicators.errors import ExportError, FrameError

if TYPE_CHECKING:
    from great_tables import GT

__all__ = [
    "Column",
    "Marks",
    "Sheet",
    "build",
    "fixed",
    "latex_text",
    "scaled",
    "status_column",
    "unique_id",
    "written",
]

#: More cells than these are no table that anybody prints, and take great-tables many seconds.
_MOST_CELLS: Final = 20_000
#: Characters that LaTeX reads as commands, and two that its standard fonts lack.
_LATEX: Final = str.maketrans(
    {c: f"\\{c}" for c in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}"}
    | {">": r"\textgreater{}", "−": "$-$", "–": "--", "●": r"$\bullet$"}
)


@dataclass(frozen=True)
class Column:
    """A column: its values as files hold them, how they are printed, and a mark for each row that has one.

    Parameters
    ----------
    id
        Name in the data and in files.
    label
        Heading as printed.
    values
        One for each row; numbers in the units of `scale`.
    write
        Prints a value that is not null; by default as text.
    marks
        What stands raised behind a cell, such as ``"p"`` or ``"p 1"``, empty for none.
    align
        Numbers stand to the right; behind what is not on the left a mark takes no room.
    spanner
        Heading above this and neighbouring columns of the same.
    absent
        Stands for null: a dash, which the key below explains, or nothing.
    """

    id: str
    label: str
    values: Sequence[Any]
    write: Callable[[Any], str] = str
    marks: Sequence[str] = ()
    align: Literal["left", "center", "right"] = "left"
    spanner: str = ""
    absent: Literal["–", ""] = "–"


class Marks:
    """Footnotes that are numbered in the order they come up, each text once, and the letters of statuses in use."""

    def __init__(self) -> None:
        self.texts: dict[str, int] = {}
        self.letters: dict[str, None] = {}

    def note(self, text: str | None) -> str:
        """Number of a footnote, empty for no text."""
        return str(self.texts.setdefault(text, len(self.texts) + 1)) if text else ""

    def status(self, status: str | None) -> str:
        """Letter of a status, empty for a normal value."""
        letter = STATUS_MARKS.get(status or "", "")
        if letter:
            self.letters[status or ""] = None
        return letter

    def lines(self, lang: str, *, missing: bool, more: Sequence[tuple[str, str]] = ()) -> list[Any]:
        """Print footnotes, then the key to the letters, with `more` of them."""
        from great_tables import html as as_html

        stop = phrase("stop", lang).strip()
        notes = [
            f"{_html_mark(str(number))} {_html(_sentence(said(text, lang)))}{stop}"
            for text, number in self.texts.items()
        ]
        key = [(mark, word(status, lang)) for status, mark in STATUS_MARKS.items() if status in self.letters]
        keys = [f"{_html_mark(mark)} {_html(text)}" for mark, text in [*key, *more]]
        keys += [f"– {_html(word('none', lang))}"] * missing
        if keys:
            notes.append(word("key", lang, phrase("semicolon", lang).join(keys)) + stop)
        return [as_html(note) for note in notes]


@dataclass(frozen=True)
class Sheet:
    """All that a table shows: its heading, columns (the first names the rows) and what stands below.

    `groups` puts rows under headings; `beside` are columns of the data that are not printed but go into files; `key`
    explains further marks.
    """

    title: str
    subtitle: str
    columns: Sequence[Column]
    lang: str
    marks: Marks
    notes: Sequence[str] = ()
    frames: Sequence[pl.DataFrame] = ()
    groups: Sequence[str] | None = None
    beside: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    key: Sequence[tuple[str, str]] = ()


def _require_great_tables() -> None:
    """Raise ExportError where great-tables is not installed."""
    try:
        import great_tables  # noqa: F401
    except ImportError:
        raise ExportError(
            "tables for publication need great-tables: pip install 'gbaindicators[tables]'"
        ) from None


def build(sheet: Sheet) -> GT:
    """Make the table."""
    _require_great_tables()
    from great_tables import GT
    from great_tables import html as as_html

    columns = sheet.columns
    height = len(columns[0].values)
    if height * len(columns) > _MOST_CELLS:
        raise FrameError(
            f"the table would have {height * len(columns):,} cells: filter the frame to fewer periods or series, at "
            f"most {_MOST_CELLS:,} cells, or write it whole as CSV"
        )
    data = pl.DataFrame(
        [pl.Series(c.id, c.values, strict=False) for c in columns]
        + [pl.Series(name, values, strict=False) for name, values in sheet.beside.items()]
        + ([pl.Series("group", sheet.groups)] if sheet.groups is not None else [])
    )
    identity = blake2b(repr((sheet.title, sheet.subtitle, data.rows())).encode(), digest_size=6).hexdigest()
    table = GT(
        data,
        rowname_col=columns[0].id,
        groupname_col=None if sheet.groups is None else "group",
        id=f"gba-{identity}",
    )
    table = table.tab_header(title=sheet.title, subtitle=sheet.subtitle or None)
    # as html, because great-tables reads {{...}} in a plain label as units, without escaping the rest
    table = table.tab_stubhead(label=as_html(_html(columns[0].label)))
    table = table.cols_label({c.id: as_html(_html(c.label)) for c in columns[1:]})
    for align in dict.fromkeys(c.align for c in columns):
        table = table.cols_align(align=align, columns=[c.id for c in columns if c.align == align])
    if sheet.beside:
        table = table.cols_hide(columns=list(sheet.beside))
    for spanner in dict.fromkeys(c.spanner for c in columns if c.spanner):
        table = table.tab_spanner(
            label=as_html(_html(spanner)), columns=[c.id for c in columns if c.spanner == spanner]
        )
    for column in columns:
        table = _printed(table, column)
    missing = any(v is None for c in columns if c.absent for v in c.values)
    lines = sheet.marks.lines(sheet.lang, missing=missing, more=sheet.key)
    if note := sentences(said_each(sheet.notes, sheet.lang), sheet.lang):
        lines.append(phrase("note", sheet.lang, note) + phrase("stop", sheet.lang).strip())
    if source := source_line(sheet.lang, *sheet.frames):
        lines.append(source)
    for line in lines:
        table = table.tab_source_note(line)
    return _dressed(table, sheet.lang, f"gba-{identity}")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".")


def _html(text: str) -> str:
    """Escape text for HTML; braces too, which great-tables reads as units."""
    return html.escape(" ".join(text.split())).replace("{", "&#123;").replace("}", "&#125;")


def latex_text(text: str) -> str:
    r"""Escape text for LaTeX.

    >>> latex_text("R&D_1 −2")
    'R\\&D\\_1 $-$2'
    """
    return " ".join(text.split()).translate(_LATEX)


def _printed(table: GT, column: Column) -> GT:
    """Print a column, its cells in as many goes as there are different marks."""
    from great_tables._gt_data import FormatFns  # what GT.fmt takes to write HTML and LaTeX differently

    marks = column.marks or [""] * len(column.values)
    rows: dict[str, list[int]] = {}
    for row, mark in enumerate(marks):
        rows.setdefault(mark, []).append(row)
    for mark, own in rows.items():
        formats: Any = FormatFns(
            html=partial(_html_cell, column, mark),
            latex=partial(_latex_cell, column, mark),
            default=partial(_plain_cell, column, mark),
        )
        table = table.fmt(formats, columns=[column.id], rows=own)
    return table


def _html_cell(column: Column, mark: str, value: Any) -> str:
    return _html(_text(value, column)) + _html_mark(mark, hanging=column.align != "left")


def _latex_cell(column: Column, mark: str, value: Any) -> str:
    return latex_text(_text(value, column)) + _latex_mark(mark, hanging=column.align != "left")


def _plain_cell(column: Column, mark: str, value: Any) -> str:
    return _text(value, column) + mark


def _text(value: Any, column: Column) -> str:
    return column.absent if value is None else column.write(value)


def _html_mark(mark: str, *, hanging: bool = False) -> str:
    """Raise a mark; a hanging one takes no room, so that digits stay under digits."""
    if not mark:
        return ""
    style = "font-size:72%;line-height:0" + ";display:inline-block;width:0;white-space:nowrap" * hanging
    return f'<sup style="{style}">{_html(mark)}</sup>'


def _latex_mark(mark: str, *, hanging: bool) -> str:
    if not mark:
        return ""
    raised = f"\\textsuperscript{{{latex_text(mark)}}}"
    return f"\\rlap{{{raised}}}" if hanging else raised


def _dressed(table: GT, lang: str, id_: str) -> GT:
    """Give the table the look of the charts."""
    return table.tab_options(
        # great-tables makes the title normal, whatever its option says
        table_additional_css=[
            f"#{id_} td.gt_title {{ font-weight: 600 !important }}",
            f"#{id_} td.gt_right, #{id_} td.gt_center {{ white-space: nowrap }}",
        ],
        table_font_names=[name.strip(" '") for name in FONTS[lang].split(",")],
        table_font_size="14px", table_font_color=INK, table_background_color="#FFFFFF", table_layout="auto",
        heading_align="left", heading_title_font_size="20px",
        heading_subtitle_font_size="14px", heading_border_bottom_style="none", heading_padding="3px",
        heading_padding_horizontal="12px",
        table_border_top_style="none", table_border_bottom_style="none",
        column_labels_font_weight="bold", column_labels_border_top_style="none",
        column_labels_border_bottom_color=INK, column_labels_border_bottom_width="1px",
        column_labels_padding_horizontal="12px", column_labels_vlines_style="none",
        table_body_border_top_color=INK, table_body_border_top_width="1px", table_body_hlines_color="#E3E6EA",
        table_body_border_bottom_color=INK, table_body_border_bottom_width="1px",
        data_row_padding="5px", data_row_padding_horizontal="12px", stub_border_style="none",
        row_group_font_weight="bold", row_group_border_top_color=GREY, row_group_border_top_width="1px",
        row_group_border_bottom_color="#E3E6EA", row_group_border_bottom_width="1px", row_group_padding="6px",
        row_group_padding_horizontal="12px",
        source_notes_font_size="11px", source_notes_padding="3px", source_notes_padding_horizontal="12px",
        source_notes_border_lr_style="none",
    )  # fmt: skip


def status_column(frame: pl.DataFrame) -> list[str | None]:
    """Status of each row of a frame, null where it says none."""
    return frame["status"].to_list() if "status" in frame.columns else [None] * frame.height


def unique_id(wanted: str, taken: Iterable[str]) -> str:
    """Name that no other column has.

    >>> unique_id("a", ["a", "a 2"])
    'a 3'
    """
    used, name, number = set(taken), wanted, 2
    while name in used:
        name = f"{wanted} {number}"
        number += 1
    return name


def scaled(values: Iterable[float | None], scale: Scale) -> list[float | None]:
    """Divide values by the factor of a scale."""
    return [None if v is None else v / scale.factor for v in values]


def written(scale: Scale) -> Callable[[float], str]:
    """Print numbers that are in the units of a scale already."""
    return Scale(1.0, scale.unit, scale.decimals).text


def fixed(decimals: int) -> Callable[[float], str]:
    """Print numbers with so many decimals."""
    return lambda value: number_text(value, decimals)
