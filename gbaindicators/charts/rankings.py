"""The grid of ranks: what definitions, rates, prices and years do to the ranking of some areas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from gbaindicators.catalog import catalog
from gbaindicators.charts.canvas import canvas, redrawable
from gbaindicators.charts.labels import (
    Scale,
    choose_scale,
    name_of,
    period_label,
    say_alt,
    sentences,
    source_ids,
    source_line,
)
from gbaindicators.charts.theme import (
    EDGE,
    GREY,
    INK,
    LABEL_SIZE,
    Page,
    area_colour,
    as_text,
    contrast_on_white,
    on_white,
    text_width,
    tint,
    wrap,
)
from gbaindicators.charts.wording import check_language, listing, phrase
from gbaindicators.errors import FrameError

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["sensitivity"]

_COLUMNS: Final = (
    "basis", "prices", "area", "definition", "value", "unit", "period", "rank", "best", "worst", "mixed",
)  # fmt: skip
#: Sizes on the page in pixels.
_LABELS, _INDENT, _BETWEEN, _YEARS, _LINE, _GROUP, _BLOCK = 252, 10, 20, 18, 15, 10, 22
_TEXT: Final = 11
#: How strong the colour of the last rank in the frame is; the first has all of it.
_LAST: Final = 0.16


@dataclass(frozen=True)
class _Row:
    """One definition in one block of the grid: its place from the top, and its tiles."""

    area: str
    label: list[str]
    top: float
    height: float


@redrawable
def sensitivity(
    frame: pl.DataFrame,
    *,
    title: str | None = None,
    subtitle: str | None = None,
    lang: str = "en",
) -> go.Figure:
    """Draw what `gba.sensitivity` finds as a grid of ranks: the whole of it on one page.

    One row per definition under the name of its area, one column per year, one panel for each exchange rate (side by
    side) and each kind of prices (below one another). A tile holds the rank, or the range of ranks where it depends
    on the definition that the others go by; where there is room, the value too. The higher the rank, the stronger
    the colour of the area.

    Parameters
    ----------
    frame
        What `gba.sensitivity` returns, or part of it.
    title, subtitle
        By default that ranks are shown, and how they read.
    lang
        ``en``, ``zh-Hans`` or ``zh-Hant``.

    Returns
    -------
    plotly.graph_objects.Figure
        One trace per area, a tile for each row of the frame; with a sentence that stands for the picture in
        ``layout.meta["alt"]``.

    Raises
    ------
    FrameError
        When the frame is not one that `gba.sensitivity` gives, or is empty.

    Examples
    --------
    >>> from datetime import date
    >>> frame = pl.DataFrame({
    ...     "basis": ["market"] * 2, "prices": ["current"] * 2, "area": ["macao", "foshan"], "definition": ["itself"] * 2,
    ...     "value": [2e11, 3e11], "unit": ["USD"] * 2, "period": [date(2024, 1, 1)] * 2, "rank": [2, 1],
    ...     "best": [2, 1], "worst": [2, 1], "mixed": [[], []],
    ... }, schema_overrides={"mixed": pl.List(pl.String)})
    >>> [tile for trace in sensitivity(frame).data for tile in trace.text]
    ['<b>2</b>  200.0', '<b>1</b>  300.0']
    """
    import plotly.graph_objects as go

    check_language(lang)
    _check(frame)
    drawn = frame.drop_nulls("value")
    if drawn.is_empty():
        raise FrameError(f"all {frame.height} values of the frame are null, so there is nothing to draw")
    scales = {
        unit: choose_scale(unit, drawn.filter(pl.col("unit").eq_missing(unit))["value"].to_list(), lang)
        for unit in frame["unit"].unique()
    }
    bases, kinds = (frame[c].unique(maintain_order=True).to_list() for c in ("basis", "prices"))
    years = sorted(frame["period"].unique())
    panel = (canvas().width - 2 * EDGE - _LABELS - _BETWEEN * (len(bases) - 1)) / len(bases)
    step = panel / len(years)
    heads = {
        (b, k): wrap(_way(b, k, unit, scales[unit], lang), panel, 12, bold=True)
        for b, k, unit in frame.select("basis", "prices", "unit").unique(maintain_order=True).iter_rows()
    }
    above = _LINE * max(map(len, heads.values())) + 4.0
    rows = _rows(frame, lang, above + _YEARS)
    block = rows[-1].top + rows[-1].height
    page = _page(frame, title, subtitle, lang, height=len(kinds) * block + (len(kinds) - 1) * _BLOCK)
    lefts = {basis: _LABELS + place * (panel + _BETWEEN) for place, basis in enumerate(bases)}
    tops = {kind: place * (block + _BLOCK) for place, kind in enumerate(kinds)}

    figure = page.figure()
    for area, cells in frame.partition_by("area", maintain_order=True, as_dict=True).items():
        own = {row.label[0]: row for row in rows if row.area == area[0]}
        tiles = [
            _tile(cell, own[cell["definition"]], lefts, tops, years, step, scales[cell["unit"]], frame["worst"].max(), lang)
            for cell in cells.iter_rows(named=True)
        ]  # fmt: skip
        figure.add_trace(
            go.Bar(
                x=[t["x"] for t in tiles], base=[t["top"] for t in tiles], y=[t["height"] for t in tiles], width=step - 1.5,
                name=as_text(name_of("area", area[0], lang)), text=[t["text"] for t in tiles],
                textposition="inside", insidetextanchor="middle", textangle=0, constraintext="none",
                textfont={"size": _TEXT, "color": [t["ink"] for t in tiles]},
                marker={"color": [t["colour"] for t in tiles], "line": {"width": 0}},
                hovertext=[t["hover"] for t in tiles], hovertemplate="%{hovertext}<extra></extra>", cliponaxis=False,
            )
        )  # fmt: skip
    words: list[dict[str, Any]] = []
    for kind, top in tops.items():
        words += _row_labels(rows, top, lang)
        for basis, left in lefts.items():
            if (basis, kind) in heads:
                words += _head(heads[basis, kind], years, left, top, above, step, lang)
    # All at once: for one more, Plotly checks and copies those that are there.
    figure.layout.annotations = (*figure.layout.annotations, *words)
    figure.update_layout(barmode="overlay", bargap=0)
    figure.update_xaxes(range=[0, page.plot_width], visible=False)
    figure.update_yaxes(range=[page.plot_height, 0], visible=False)
    return figure


def _check(frame: pl.DataFrame) -> None:
    if missing := [c for c in _COLUMNS if c not in frame.columns]:
        raise FrameError(
            f"a grid of ranks draws what gba.sensitivity gives; this frame lacks {', '.join(missing)}"
        )
    if frame.is_empty():
        raise FrameError("the frame has no rows, so there is nothing to draw: check how it was filtered")


def _rows(frame: pl.DataFrame, lang: str, top: float) -> list[_Row]:
    """Rows of one block: under each area's name its definitions, in the order of the catalogue."""
    names = {(d.area, d.id): d.names[lang] for d in catalog().definitions}
    rows: list[_Row] = []
    for area, cells in frame.partition_by("area", maintain_order=True, as_dict=True).items():
        top += _GROUP / 2 if rows else 0
        # the area's name stands above its first definition
        top += _LINE + 5
        there = cells["definition"].unique(maintain_order=True).to_list()
        known = [id_ for of, id_ in names if of == area[0] and id_ in there]
        for definition in dict.fromkeys([*known, *there]):
            text = names.get((str(area[0]), definition), definition)
            lines = wrap(text, _LABELS - _INDENT - 14, 12)
            height = max(22.0, _LINE * len(lines) + 4)
            rows.append(_Row(str(area[0]), [definition, *lines], top, height))
            top += height + 2
        top += _GROUP / 2
    return rows


def _page(frame: pl.DataFrame, title: str | None, subtitle: str | None, lang: str, *, height: float) -> Page:
    what = phrase("ranks", lang)
    mixtures = sorted({text for texts in frame["mixed"].drop_nulls() for text in texts})
    note = phrase("note", lang, "* " + "; ".join(mixtures)) + phrase("stop", lang).strip() if mixtures else ""
    ids = source_ids(frame)
    spans = frame.group_by("area", maintain_order=True).agg(pl.col("best").min(), pl.col("worst").max())
    ends = [period_label("A", p, lang) for p in (frame["period"].min(), frame["period"].max())]  # type: ignore[arg-type]
    page = Page(
        title=what if title is None else title,
        subtitle=sentences([phrase("ranks_read", lang)], lang) if subtitle is None else subtitle,
        footer=[line for line in (note, source_line(lang, frame)) if line],
        lang=lang,
        below=4,
        meta={
            "fixed": True,
            "alt": say_alt(
                "sensitivity", phrase("areas_ranked", lang), "", ends[0] if ends[0] == ends[1] else phrase("to", lang, *ends),
                [phrase("at", lang, name_of("area", a, lang), _range(b, w)) for a, b, w in spans.iter_rows()], lang,
            ),
            "sources": dict(zip(ids, catalog().cite(ids), strict=True)),
            "unit": listing([choose_scale(u, [1.0], lang).unit for u in frame["unit"].unique(maintain_order=True)], lang),
        },
        frames=(frame,),
    )  # fmt: skip
    return replace(page, height=page.top + page.bottom + height)


def _range(best: int, worst: int) -> str:
    return f"{best}" if best == worst else f"{best}–{worst}"


def _way(basis: str, kind: str | None, unit: str | None, scale: Scale, lang: str) -> str:
    """Name a panel: exchange rate, prices and unit."""
    base = (kind or "").removeprefix("constant ")
    prices = (
        phrase("prices_of", lang, base) if base != (kind or "") else name_of("prices", kind, lang) if kind else ""
    )  # fmt: skip
    rate = phrase(basis, lang) if kind else ""
    return (", " if lang == "en" else "，").join(part for part in (rate, prices, scale.unit) if part)


def _tile(
    cell: Mapping[str, Any], row: _Row, lefts: Mapping[str, float], tops: Mapping[str | None, float], years: Sequence[Any],
    step: float, scale: Scale, last: Any, lang: str,
) -> dict[str, Any]:  # fmt: skip
    """One tile: where it stands, its colour and its words."""
    ranks = _range(cell["best"], cell["worst"]) + ("*" if cell["mixed"] else "")
    share = 1 - (1 - _LAST) * ((cell["best"] + cell["worst"]) / 2 - 1) / max(last - 1, 1)
    colour = tint(area_colour(cell["area"]), share)
    value = scale.text(cell["value"])
    long = f"{ranks}  {value}"
    text = f"<b>{as_text(ranks)}</b>"
    if text_width(long, _TEXT) + 8 <= step:
        text += "  " + as_text(value)
    elif text_width(ranks, _TEXT) > step - 1:
        text = ""
    when = period_label("A", cell["period"], lang)
    label = ("" if lang != "en" else " ").join(row.label[1:])
    return {
        "x": lefts[cell["basis"]] + (years.index(cell["period"]) + 0.5) * step,
        "top": tops[cell["prices"]] + row.top, "height": row.height, "colour": colour, "text": text,
        "ink": "white" if contrast_on_white(colour) >= 3.4 else INK,
        "hover": as_text(f"{name_of('area', cell['area'], lang)} {when}: {ranks}")
        + f"<br>{as_text(label)}<br>{as_text(f'{value} {scale.unit}')}",
    }  # fmt: skip


def _row_labels(rows: Sequence[_Row], top: float, lang: str) -> Iterator[dict[str, Any]]:
    """Area names in their colours, and under them the definitions."""
    before = ""
    for row in rows:
        if row.area != before:
            name = f"<b>{as_text(name_of('area', row.area, lang))}</b>"
            style = {"color": on_white(area_colour(row.area)), "size": LABEL_SIZE}
            yield _words(name, 0, top + row.top - 10, style, name="area")
            before = row.area
        lines = "<br>".join(map(as_text, row.label[1:]))
        middle = top + row.top + row.height / 2
        yield _words(lines, _INDENT, middle, {"color": INK, "size": 12}, name="definition")


def _head(
    way: Sequence[str], years: Sequence[Any], left: float, top: float, above: float, step: float, lang: str
) -> Iterator[dict[str, Any]]:
    """What a panel measures by, and its years."""
    text = "<b>" + "<br>".join(map(as_text, way)) + "</b>"
    yield _words(text, left, top, {"color": INK, "size": 12}, name="way", yanchor="top")
    for place, label in _fitting([period_label("A", y, lang) for y in years], step):
        yield _words(
            as_text(label), left + (place + 0.5) * step, top + above + _YEARS + 4, {"color": GREY, "size": _TEXT},
            name="year", xanchor="center",
        )  # fmt: skip


def _fitting(labels: Sequence[str], step: float) -> Iterator[tuple[int, str]]:
    """Labels that fit beside one another, counted back from the last."""
    every = -(-max(text_width(label, _TEXT) + 6 for label in labels) // step)
    return ((i, label) for i, label in enumerate(labels) if (len(labels) - 1 - i) % every == 0)


def _words(text: str, x: float, y: float, font: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Annotation that prints some words on the plot."""
    return {
        "text": text, "x": x, "y": y, "xref": "x", "yref": "y", "xanchor": "left", "yanchor": "middle",
        "align": "left", "font": font, "showarrow": False, "borderpad": 0, **more,
    }  # fmt: skip
