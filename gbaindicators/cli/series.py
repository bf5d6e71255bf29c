"""Series frames as tables: what all rows share in the heading, methods, members and sources below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from gbaindicators.cli.layout import Part
from gbaindicators.cli.numbers import number_texts, scale
from gbaindicators.cli.printing import (
    cell_texts,
    cited_sources,
    make_table,
    references,
    shortened,
    value_texts,
)

if TYPE_CHECKING:
    import polars as pl

__all__ = ["heading", "in_common", "scaled_texts", "series_table"]

_FREQUENCIES: Final = {
    "A": "annual",
    "S": "half-yearly",
    "Q": "quarterly",
    "M": "monthly",
    "W": "weekly",
    "D": "daily",
}
_STATUSES: Final = {
    "A": "normal", "P": "provisional", "E": "estimated", "F": "forecast", "B": "break", "U": "low reliability", "M": "missing",
}  # fmt: skip
#: What tells series apart: a column each, or a word in the heading where it is the same in every row.
_KEYS: Final = ("indicator", "area", "source", "adjustment", "prices", "model")
_MOST_REMARKS: Final = 5


def series_table(frame: pl.DataFrame, database: str | None = None) -> list[Part]:
    """Make the parts of the table of a series frame, of a forecast or of a backtest.

    Values stand in full; beside intervals or what came they are scaled, for want of room.
    """
    from gbaindicators.catalog import period_text_expr

    shown = shortened(frame)
    same = in_common(frame)
    numbers, word = _numbers(shown)
    columns: dict[str, list[str]] = {
        **{c: cell_texts(shown[c].to_list()) for c in _KEYS if c in frame.columns and c not in same},
        **(
            {"origin": shown.select(period_text_expr(period="origin")).to_series().to_list()}
            if "origin" in frame.columns
            else {}
        ),
        "period": shown.select(period_text_expr()).to_series().to_list(),
        **numbers,
    }
    for name in ("unit", "rank", "vintage", "status"):
        if name in frame.columns and name not in same and _worth(frame, name):
            columns[name] = cell_texts(shown[name].to_list())
    cited, marks = cited_sources(shown["sources"].to_list() if "sources" in frame.columns else [])
    if cited:
        columns["sources"] = marks
    table = make_table(columns, {*numbers, "rank"}, frame.height)
    legend = f"Status: {_legend(frame)}" if "status" in columns else ""
    remarks = [r for r in (legend, *_remarks(frame)) if r]
    return [
        heading(same, word, database),
        "",
        table,
        *([""] if remarks else []),
        *remarks,
        *references(cited, database),
    ]


def in_common(frame: pl.DataFrame) -> dict[str, Any]:
    """Give what all rows of a frame share of what tells series apart, their unit and frequency."""
    return {
        c: frame[c][0]
        for c in (*_KEYS, "unit", "frequency")
        if c in frame.columns and frame[c].n_unique() == 1
    }


def _numbers(frame: pl.DataFrame) -> tuple[dict[str, list[str]], str]:
    """Values, with what came and their intervals in a word's units where there are any."""
    beside = [c for c in frame.columns if c == "actual" or c.startswith(("lower_", "upper_"))]
    return scaled_texts(frame, ["value", *beside]) if beside else ({"value": value_texts(frame)}, "")


def scaled_texts(frame: pl.DataFrame, names: Sequence[str]) -> tuple[dict[str, list[str]], str]:
    """Write some columns in the units of one word, with one number of decimals."""
    factor, word = scale([v for name in names for v in frame[name].to_list()])
    texts = number_texts([v for name in names for v in (frame[name] / factor).to_list()])
    return {name: texts[i * frame.height : (i + 1) * frame.height] for i, name in enumerate(names)}, word


def _worth(frame: pl.DataFrame, name: str) -> bool:
    """Whether a column says something here: vintages tell sources apart, all normal is nothing to say."""
    if name == "vintage":
        return "source" in frame.columns
    return name != "status" or bool(set(frame["status"]) - {"A", "F"})


def heading(same: Mapping[str, Any], word: str, database: str | None = None) -> str:
    """One line: ``Gross domestic product (gdp), Guangzhou, annual, CNY billion, current prices``."""
    from gbaindicators.store.listing import title

    parts = []
    indicator, area = same.get("indicator"), same.get("area")
    if indicator and (named := title("indicator", indicator, database=database)):
        parts.append(f"{named} ({indicator})")
    if area and (named := title("area", area, database=database)):
        parts.append(named)
    parts.append(_FREQUENCIES.get(same.get("frequency", ""), ""))
    parts.append(f"{same.get('unit') or ''} {word}".strip())
    if same.get("prices"):
        parts.append(f"{same['prices']} prices")
    if same.get("adjustment") != "nsa":
        parts.append(same.get("adjustment") or "")
    parts += [f"{k} {same[k]}" for k in ("source", "model") if same.get(k)]
    return ", ".join(p for p in parts if p)


def _legend(frame: pl.DataFrame) -> str:
    return ", ".join(
        f"{code} {_STATUSES.get(code, '')}" for code in sorted(frame["status"].drop_nulls().unique())
    )


def _remarks(frame: pl.DataFrame) -> list[str]:
    """Which members the values have, what limits them, and what was done to them."""
    lines = []
    if {"area", "members"} <= set(frame.columns):
        composites = frame.select("area", "definition", "members").unique(maintain_order=True)
        lines += [
            f"{area} ({definition}): {', '.join(members or ())}"
            for area, definition, members in composites.iter_rows()
        ]
    for title, column in (("Note", "note"), ("Method", "method")):
        if column in frame.columns:
            lines += _said(frame, title, column)
    return lines


def _said(frame: pl.DataFrame, title: str, column: str) -> list[str]:
    """Each different text of a column, and of which areas it holds where there are several."""
    import polars as pl

    area = pl.col("area") if "area" in frame.columns else pl.lit("")
    texts = (
        frame.filter(pl.col(column) != "")
        .group_by(column, maintain_order=True)
        .agg(area.unique(maintain_order=True).alias("of"))
    )
    lines = []
    for text, areas in texts.head(_MOST_REMARKS).iter_rows():
        of = (
            f" ({', '.join(areas)})"
            if texts.height > 1 and len(areas) <= 3 and frame["area"].n_unique() > 1
            else ""
        )
        lines.append(f"{title}{of}: {text}")
    if texts.height > _MOST_REMARKS:
        lines.append(f"... and {texts.height - _MOST_REMARKS} more in the column {column!r} of --format csv")
    return lines
