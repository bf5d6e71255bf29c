"""Tables for reading: cells as text, numbers to the right, sources cited below."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from gbaindicators.cli.layout import Column, Paragraph, Part, Table
from gbaindicators.cli.logs import log
from gbaindicators.cli.numbers import number_texts

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "cell_texts",
    "cited_sources",
    "make_entries",
    "make_table",
    "plain_table",
    "references",
    "shortened",
    "value_texts",
]

_MOST_ROWS: Final = 100
#: Longest first column that is never broken: the ids that a reader may want to copy.
_WHOLE: Final = 32


def plain_table(frame: pl.DataFrame) -> list[Part]:
    """Any frame as a table; columns that are empty throughout are left out."""
    if frame.is_empty():
        return ["no rows"]
    shown = shortened(frame)
    columns = {name: cell_texts(shown[name].to_list()) for name in shown.columns if shown[name].count()}
    return [make_table(columns, [n for n, dtype in shown.schema.items() if dtype.is_numeric()], frame.height)]


def shortened(frame: pl.DataFrame) -> pl.DataFrame:
    """First and last rows of a long frame, with a word on how to see the others."""
    import polars as pl

    if frame.height <= _MOST_ROWS:
        return frame
    log.note(
        "shortened",
        f"showing {_MOST_ROWS} of {frame.height:,} rows; --format csv and --out give them all",
        rows=frame.height,
    )
    return pl.concat([frame.head(_MOST_ROWS // 2), frame.tail(_MOST_ROWS // 2)])


def make_table(columns: Mapping[str, Sequence[str]], right: Collection[str], rows: int) -> Table:
    """Table of text cells, with a row of dots where a frame of so many rows was shortened."""

    def cells(texts: Sequence[str]) -> list[str]:
        half = _MOST_ROWS // 2
        return [*texts[:half], "...", *texts[half:]] if rows > _MOST_ROWS else list(texts)

    return Table(
        [
            Column(
                name.replace("_", " "),
                cells(texts),
                right=name in right,
                whole=i == 0 and max(map(len, texts), default=0) <= _WHOLE,
            )
            for i, (name, texts) in enumerate(columns.items())
        ]
    )


def make_entries(entries: Sequence[tuple[str, str]]) -> list[Part]:
    """Ids, each with what it is indented below it: nothing is cut, whatever its length."""
    return [part for id_, about in entries for part in (f"  {id_}", Paragraph(about, indent=6))]


def cell_texts(values: Sequence[Any]) -> list[str]:
    """Text of each cell of a column; integers below 10,000, which may be years, without separators."""
    numbers = [v for v in values if isinstance(v, int | float | Decimal) and not isinstance(v, bool)]
    if not numbers:
        return [_text(v) for v in values]
    if all(isinstance(v, int) and abs(v) < 10_000 for v in numbers):
        return ["" if v is None else str(v) for v in values]
    return number_texts([None if v is None else float(v) for v in values])


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value.isoformat(" ", "seconds") if isinstance(value, datetime) else str(value)


def value_texts(frame: pl.DataFrame, column: str = "value") -> list[str]:
    """Values as text, those of each indicator and unit with their own number of decimals."""
    keys = [c for c in ("indicator", "unit") if c in frame.columns]
    if not keys:
        return number_texts(frame[column].to_list())
    texts = [""] * frame.height
    for _, rows in frame.with_row_index("_row").group_by(keys):
        for row, text in zip(rows["_row"], number_texts(rows[column].to_list()), strict=True):
            texts[row] = text
    return texts


def cited_sources(lists: Sequence[Sequence[str] | None]) -> tuple[list[str], list[str]]:
    """Sources in order of first appearance, and the numbers of each row's.

    Examples
    --------
    >>> cited_sources([["a", "b", "c"], None, ["c"]])
    (['a', 'b', 'c'], ['1-3', '', '3'])
    """
    place: dict[str, int] = {}
    for row in lists:
        for source in row or ():
            place.setdefault(source, len(place) + 1)
    return list(place), [_spans(sorted(place[s] for s in row or ())) for row in lists]


def _spans(numbers: Sequence[int]) -> str:
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][-1] + 1:
            spans[-1].append(number)
        else:
            spans.append([number])
    return ",".join(str(s[0]) if len(s) == 1 else f"{s[0]}-{s[-1]}" for s in spans)


def references(ids: Sequence[str], database: str | None) -> list[Part]:
    """Numbered citations of sources, one below the other."""
    from gbaindicators import store
    from gbaindicators.catalog import citation

    if not ids:
        return []
    rows = store.sources(ids, database=database).iter_rows(named=True)
    known = {row["id"]: citation(row) for row in rows}
    indent = len(f"[{len(ids)}] ")
    return [
        "",
        "Sources",
        *(Paragraph(known.get(id_, id_), indent, mark=f"[{i}]") for i, id_ in enumerate(ids, 1)),
    ]
