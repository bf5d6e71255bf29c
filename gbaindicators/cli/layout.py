"""Text laid out for a terminal: lines of a width, paragraphs with an indent, and tables.

Wide characters (Chinese) take two columns. Nothing is cut: what does not fit goes on in the next line.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Final, NamedTuple
from unicodedata import combining, east_asian_width

__all__ = ["Column", "Paragraph", "Part", "Table", "lay_out", "text_width", "wrap"]

_GAP: Final = "   "
_RULE: Final = "─"
#: No column of text gets narrower than this.
_NARROWEST: Final = 8
#: Where a line may be broken: at spaces, and before and after any wide character.
_WORD: Final = re.compile(
    r"[ \t]+|[\u2e80-\u9fff\uf900-\ufaff\ufe30-\uffee]|[^ \t\u2e80-\u9fff\uf900-\ufaff\ufe30-\uffee]+"
)


class Paragraph(NamedTuple):
    """Text that is wrapped within its indent, which may lead in with a mark."""

    text: str
    indent: int = 0
    mark: str = ""

    def lines(self, width: int) -> Iterator[str]:
        """Set it in lines of a width."""
        for i, line in enumerate(wrap(self.text, max(width - self.indent, _NARROWEST))):
            yield ("" if i else self.mark).ljust(self.indent) + line


class Column(NamedTuple):
    """Column of a table: numbers stand to the right and stay whole, text may be wrapped unless it is `whole`."""

    title: str
    cells: Sequence[str]
    right: bool = False
    whole: bool = False


class Table(NamedTuple):
    """Columns under their titles."""

    columns: Sequence[Column]

    def lines(self, width: int) -> Iterator[str]:
        """Set it in lines of a width; wider where columns that stay whole need more."""
        widths = _fitted(self.columns, width)
        yield from _row([c.title for c in self.columns], self.columns, widths, on_rule=True)
        yield _RULE * (sum(widths) + len(_GAP) * (len(widths) - 1))
        for cells in zip(*(c.cells for c in self.columns), strict=True):
            yield from _row(cells, self.columns, widths)


#: What a result is printed as, part below part.
Part = str | Paragraph | Table


def lay_out(parts: Iterable[Part], width: int | None = None) -> str:
    """Set parts below each other, by default in the width of the terminal, or 80 columns where stdout is none."""
    room = width or (shutil.get_terminal_size().columns if sys.stdout.isatty() else 80)
    set_ = (Paragraph(part) if isinstance(part, str) else part for part in parts)
    return "".join(line.rstrip() + "\n" for part in set_ for line in part.lines(room))


def text_width(text: str) -> int:
    """Columns that a text takes on a terminal.

    >>> text_width("gdp"), text_width("广州")
    (3, 4)
    """
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    return 0 if combining(character) else 2 if east_asian_width(character) in "WF" else 1


def wrap(text: str, width: int) -> list[str]:
    """Break a text into lines of a width, at spaces where there are any.

    >>> wrap("GDP of the Greater Bay Area", 12)
    ['GDP of the', 'Greater Bay', 'Area']
    >>> wrap("粤港澳大湾区", 6)
    ['粤港澳', '大湾区']
    """
    return [line for paragraph in text.split("\n") for line in _wrapped(paragraph, width)]


def _wrapped(text: str, width: int) -> list[str]:
    if text_width(text) <= width:
        return [text]
    lines = [""]
    for word in _WORD.findall(text):
        if text_width(lines[-1]) + text_width(word) <= width:
            lines[-1] += word
        elif not word.isspace():
            lines += _pieces(word, width)
    return [stripped for line in lines if (stripped := line.rstrip())]


def _pieces(word: str, width: int) -> list[str]:
    """Cut a word that is wider than a line."""
    pieces = [""]
    for character in word:
        if text_width(pieces[-1]) + _columns(character) > width:
            pieces.append("")
        pieces[-1] += character
    return pieces


def _fitted(columns: Sequence[Column], width: int) -> list[int]:
    """Widths of columns: as wide as their text, the widest of those that may be wrapped narrower until all fit."""
    widths = [
        max(text_width(line) for text in (c.title, *c.cells) for line in text.split("\n")) for c in columns
    ]
    excess = sum(widths) + len(_GAP) * (len(widths) - 1) - width
    while excess > 0:
        soft = [i for i, c in enumerate(columns) if not (c.right or c.whole) and widths[i] > _NARROWEST]
        if not soft:
            break
        widest = max(soft, key=widths.__getitem__)
        next_ = max([widths[i] for i in soft if widths[i] < widths[widest]], default=_NARROWEST)
        less = min(excess, max(widths[widest] - max(next_, _NARROWEST), 1))
        widths[widest] -= less
        excess -= less
    return widths


def _row(
    cells: Sequence[str], columns: Sequence[Column], widths: Sequence[int], *, on_rule: bool = False
) -> Iterator[str]:
    """Lines of one row, whose cells take a line or more; those of the head stand on the rule below it."""
    broken = [wrap(cell, room) for cell, room in zip(cells, widths, strict=True)]
    if on_rule:
        height = max(map(len, broken), default=0)
        broken = [[""] * (height - len(lines)) + lines for lines in broken]
    for lines in zip_longest(*broken, fillvalue=""):
        set_ = []
        for line, column, room in zip(lines, columns, widths, strict=True):
            space = " " * (room - text_width(line))
            set_.append(space + line if column.right else line + space)
        yield _GAP.join(set_)
