"""Charts that set areas side by side: bars, slopes and heatmaps."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from gbaindicators.catalog import parse_period, step
from gbaindicators.charts.canvas import canvas, redrawable
from gbaindicators.charts.labels import period_label
from gbaindicators.charts.over_time import dashes_of
from gbaindicators.charts.series import MOST_COLOURED, MOST_SERIES, Drawing, Series, drawing
from gbaindicators.charts.theme import (
    FAINT,
    GREY,
    INK,
    LABEL_SIZE,
    Page,
    as_text,
    on_white,
    spread,
    text_width,
    tint,
    wrap,
)
from gbaindicators.charts.wording import listing, phrase
from gbaindicators.errors import FrameError, UsageError

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["bars", "heatmap", "slope"]

_NAME_WIDTH = 190
_SIDE_WIDTH = 230
_MOST_PERIODS = 4
_SEQUENTIAL = ("#D6E4F3", "#A6C8E6", "#64A1D3", "#2470B3", "#08306B")
_DIVERGING = ("#7F3B08", "#D9852B", "#F9E3C3", "#F7F7F7", "#CFE0EE", "#4A8FC2", "#0B3C6F")

#: The scale beside coloured cells.
COLOUR_BAR: Final[dict[str, Any]] = {
    "thickness": 10, "len": 1, "outlinewidth": 0, "x": 1, "xpad": 12, "nticks": 6, "separatethousands": True,
    "exponentformat": "none", "tickfont": {"size": 11, "color": GREY},
}  # fmt: skip


@redrawable
def bars(
    frame: pl.DataFrame,
    *,
    periods: Sequence[str] | None = None,
    title: str | None = None,
    subtitle: str | None = None,
    lang: str = "en",
) -> go.Figure:
    """Draw one horizontal bar per series and period, the largest on top, each with its number.

    Parameters
    ----------
    frame
        Series frame of one unit and one frequency.
    periods
        Up to four periods as text (``["2019", "2024"]``); by default the latest in which every series has a value.
    title, subtitle, lang
        As for `line`.

    Returns
    -------
    plotly.graph_objects.Figure
        One trace per period; a series that has no value in it is named in the note.

    Raises
    ------
    FrameError
        When there is nothing to draw, units or frequencies are mixed, or no period is common to all.
    UsageError
        When a period is not in the frame, or too many are asked for.

    Examples
    --------
    >>> from datetime import date
    >>> frame = pl.DataFrame({"area": ["macao", "foshan"], "period": [date(2024, 1, 1)] * 2, "value": [2.0, 3.0]})
    >>> list(bars(frame).data[0].text)
    ['3', '2']
    """
    import plotly.graph_objects as go

    drawn = drawing(frame, lang, kind="a bar chart")
    chosen = chosen_periods(drawn, periods) if periods is not None else [common_periods(drawn)[-1]]
    if len(chosen) > _MOST_PERIODS:
        raise UsageError(
            f"a bar chart shows up to {_MOST_PERIODS} periods, not {len(chosen)}: use line, slope or heatmap"
        )
    order = drawn.ranked(chosen[-1])
    factor, scale = drawn.scale.factor, drawn.scale
    texts = {(s, p): "" if (v := s.at(p)) is None else scale.text(v) for s in order for p in chosen}
    dated = [period_label(drawn.frequency, p, lang) for p in chosen]
    if len(chosen) > 1:
        for period, label in zip(chosen, dated, strict=True):
            first = next((s for s in order if s.at(period) is not None), order[0])
            texts[first, period] += f"  ({label})"
    rows = len(order) * len(chosen)
    page = drawn.page(
        "bars",
        title,
        subtitle,
        body=[_said(s, chosen, drawn) for s in order],
        span=listing(dated, lang),
        says=[listing(dated, lang)],
        notes=missing_notes(drawn, chosen),
        left=_names_width(order),
        right=4,
        below=8,
        height=max(canvas().height, 150 + canvas().rows(21, 15) * rows + canvas().rows(10, 6) * len(order)),
    )
    figure = page.figure()
    for place, (period, label) in enumerate(zip(chosen, dated, strict=True)):
        share = 1.0 if place == len(chosen) - 1 else 0.3 + 0.4 * place / (len(chosen) - 1)
        figure.add_trace(
            go.Bar(
                orientation="h",
                x=[None if (v := s.at(period)) is None else v / factor for s in order],
                y=list(range(len(order))),
                name=as_text(label),
                marker={"color": [tint(s.colour, share) for s in order], "line": {"width": 0}},
                text=[as_text(texts[s, period]) for s in order],
                textposition="outside",
                textfont={"size": 12, "color": INK},
                cliponaxis=False,
                hovertext=[as_text(f"{s.name} {label}") for s in order],
                hovertemplate=f"%{{hovertext}}: %{{x:,.{max(scale.decimals, 2)}~f}}<extra></extra>",
            )
        )
    values = [v / factor for s in order for p in chosen if (v := s.at(p)) is not None]
    widest = max(text_width(t, 12) for t in texts.values()) + 10
    figure.update_xaxes(range=_bar_range(values, widest, page.plot_width), showticklabels=False)
    figure.add_vline(x=0, line={"color": INK, "width": 1})
    bar = min(34.0, page.plot_height / len(order) * 0.78 / len(chosen))
    figure.update_layout(bargap=1 - bar * len(chosen) / (page.plot_height / len(order)), bargroupgap=0.06)
    # plotly stacks the bars of a group upwards, so both axes are read from the top
    figure.update_yaxes(**_name_axis(order))
    return figure


@redrawable
def slope(
    frame: pl.DataFrame,
    start: str | None = None,
    end: str | None = None,
    *,
    title: str | None = None,
    subtitle: str | None = None,
    lang: str = "en",
) -> go.Figure:
    """Draw the change of every series between two periods as a slope.

    Parameters
    ----------
    frame
        Series frame of one unit and one frequency.
    start, end
        The two periods as text; by default the first and the last in which every series has a value.
    title, subtitle, lang
        As for `line`.

    Returns
    -------
    plotly.graph_objects.Figure
        One trace per series that has both values; the others are named in the note.

    Raises
    ------
    FrameError
        When there is nothing to draw, units or frequencies are mixed, or there are no two common periods.
    UsageError
        When a period is not in the frame, or `start` is not before `end`.

    Examples
    --------
    >>> from datetime import date
    >>> frame = pl.DataFrame({"period": [date(2014, 1, 1), date(2024, 1, 1)], "value": [2.0, 3.0]})
    >>> list(slope(frame).data[0].y)
    [2.0, 3.0]
    """
    drawn = drawing(frame, lang, kind="a slope chart")
    if start is None or end is None:
        common = common_periods(drawn)
    first = chosen_periods(drawn, [start])[0] if start is not None else common[0]
    last = chosen_periods(drawn, [end])[0] if end is not None else common[-1]
    if first >= last:
        raise UsageError(f"a slope needs two periods, the first before the second, not {first} and {last}")
    ends = {
        s: (a, b)
        for s in drawn.ranked(last)
        if (a := s.at(first)) is not None and (b := s.at(last)) is not None
    }
    if not ends:
        raise FrameError(f"no series has a value both in {first} and in {last}: choose other periods")
    shown = [s for s in drawn.ranked(last) if s in ends]
    coloured = shown if len(shown) <= MOST_SERIES else shown[:MOST_COLOURED]
    scale, hidden = drawn.scale, len(shown) - len(coloured)
    left = {s: _side_lines(f"{s.label} {scale.text(ends[s][0])}") for s in coloured}
    right = {s: _side_lines(f"{scale.text(ends[s][1])} {s.label}") for s in coloured}
    dashes = dashes_of(coloured)
    dated = [period_label(drawn.frequency, p, lang) for p in (first, last)]
    page = drawn.page(
        "slope",
        title,
        subtitle,
        body=[_said(s, [first, last], drawn) for s in shown],
        span=phrase("to", lang, *dated),
        says=[phrase("grey", lang, hidden)] if hidden else (),
        notes=missing_notes(drawn, [first, last]),
        left=_widest(left.values()) + 20,
        right=_widest(right.values()) + 20,
        above=34,
        below=8,
    )
    figure = page.figure()
    for series in sorted(shown, key=lambda s: s in left):
        figure.add_trace(_slope_trace(series, ends[series], drawn, dashes.get(series)))
    values = [v / scale.factor for pair in ends.values() for v in pair]
    room = (max(values) - min(values)) * 0.06 or abs(values[0]) * 0.1 or 1.0
    low, high = min(values) - room, max(values) + room
    figure.update_yaxes(range=[low, high], showticklabels=False)
    figure.update_xaxes(
        range=[0, 1],
        tickvals=[0, 1],
        ticktext=[f"<b>{as_text(t)}</b>" for t in dated],
        side="top",
        ticklabelstandoff=8,
    )
    for x in (0, 1):
        figure.add_vline(x=x, line={"color": "#AEB5BF", "width": 1}, layer="below")
    for side, labels in ((0, left), (1, right)):
        values = [ends[s][side] / scale.factor for s in coloured]
        _add_side_labels(figure, page, side, labels, values, low, high)
    return figure


@redrawable
def heatmap(
    frame: pl.DataFrame,
    *,
    title: str | None = None,
    subtitle: str | None = None,
    lang: str = "en",
) -> go.Figure:
    """Draw series by periods as coloured cells, the largest latest value on top; a missing value is left blank.

    Values on both sides of zero get two colours that meet at zero.

    Parameters
    ----------
    frame
        Series frame of one unit and one frequency.
    title, subtitle, lang
        As for `line`.

    Returns
    -------
    plotly.graph_objects.Figure
        One heatmap trace; rows are series, columns all periods from the first to the last.

    Raises
    ------
    FrameError
        When there is nothing to draw, or units or frequencies are mixed.

    Examples
    --------
    >>> from datetime import date
    >>> frame = pl.DataFrame({"period": [date(2022, 1, 1), date(2024, 1, 1)], "value": [2.0, 3.0]})
    >>> [list(row) for row in heatmap(frame).data[0].z]
    [[2.0, None, 3.0]]
    """
    import plotly.graph_objects as go

    drawn = drawing(frame, lang, kind="a heatmap")
    order = drawn.ranked()
    columns = _columns(drawn)
    slots = [{_slot(drawn.frequency, p): v for p, v in zip(s.periods, s.values, strict=True)} for s in order]
    factor, scale = drawn.scale.factor, drawn.scale
    cells = [
        [None if (v := held.get(_slot(drawn.frequency, c))) is None else v / factor for c in columns]
        for held in slots
    ]
    dated = [period_label(drawn.frequency, c, lang) for c in columns]
    page = drawn.page(
        "heatmap",
        title,
        subtitle,
        body=[drawn.told(s, drawn.periods[0], drawn.periods[-1]) for s in order],
        span=drawn.span(),
        left=_names_width(order),
        right=64,
        height=max(canvas().height, 170 + canvas().rows(20, 17) * len(order)),
    )
    figure = page.figure()
    values = [v for row in cells for v in row if v is not None]
    texts = [["" if v is None else as_text(scale.text(v * factor)) for v in row] for row in cells]
    width = max(text_width(t, 11) for row in texts for t in row)
    shown = width + 6 <= page.plot_width / len(columns) and page.plot_height / len(order) >= 16
    figure.add_trace(
        go.Heatmap(
            z=cells,
            x=list(range(len(columns))),
            y=list(range(len(order))),
            **colours_of(values),
            # white rules between the cells would hide narrow ones
            xgap=1 if page.plot_width / len(columns) >= 8 else 0,
            ygap=1,
            text=texts,
            texttemplate="%{text}" if shown else None,
            textfont={"size": 11},
            customdata=[[as_text(f"{s.name} {d}".strip()) for d in dated] for s in order],
            hovertemplate="%{customdata}: %{text}<extra></extra>",
            hoverongaps=False,
            colorbar=COLOUR_BAR,
        )
    )
    most = page.plot_width / (max(text_width(d, 12) for d in dated) + 14)
    ticks = _column_ticks(columns, drawn.frequency, most)
    figure.update_xaxes(
        tickvals=ticks, ticktext=[as_text(dated[i]) for i in ticks], range=[-0.5, len(columns) - 0.5]
    )
    figure.update_yaxes(**_name_axis(order))
    return figure


def common_periods(drawn: Drawing, mend: str = "name the periods to show") -> list[date]:
    """Periods in which every series has a value; `mend` is what the error says to do where there is none."""
    _ = drawn.frequency
    common = set.intersection(*(set(s.periods) for s in drawn.series))
    if not common:
        spans = "; ".join(f"{s.name} {s.periods[0]} to {s.periods[-1]}" for s in drawn.series[:6])
        raise FrameError(f"no period has a value for every series ({spans}): {mend}")
    return sorted(common)


def chosen_periods(drawn: Drawing, texts: Sequence[str]) -> list[date]:
    """Dates of periods given as text; a year also finds the fiscal year that begins in it."""
    if isinstance(texts, str):
        raise UsageError(f"periods is a list of texts: periods=[{texts!r}]")
    frequency, found = drawn.frequency, []
    for text in texts:
        wanted = parse_period(str(text))
        near = [p for p in drawn.periods if _slot(frequency, p) == _slot(frequency, wanted.start)]
        if wanted.frequency != frequency or not near:
            raise UsageError(
                f"no series has a value in {text!r}: the frame runs from {drawn.periods[0]} to {drawn.periods[-1]}"
            )
        found.append(near[0])
    return sorted(set(found))


def _slot(frequency: str, period: date) -> date:
    """Column of a period: fiscal and calendar years of one number stand in one column."""
    return date(period.year, 1, 1) if frequency == "A" else period


def colours_of(values: Sequence[float]) -> dict[str, Any]:
    """Choose the colours of cells and their ends: values on both sides of zero get two, that meet there."""
    signed = min(values) < 0 < max(values)
    colours = _DIVERGING if signed else _SEQUENTIAL
    reach = max(abs(v) for v in values)
    return {
        "colorscale": [[i / (len(colours) - 1), c] for i, c in enumerate(colours)],
        "zmin": -reach if signed else min(values),
        "zmax": reach if signed else max(values),
    }


def _columns(drawn: Drawing) -> list[date]:
    """Every period from the first to the last, also those without any value."""
    held = drawn.periods
    if drawn.frequency == "A":
        by_year = {p.year: p for p in reversed(held)}
        first = held[0]
        return [by_year.get(y, date(y, first.month, first.day)) for y in range(first.year, held[-1].year + 1)]
    between = pl.date_range(held[0], held[-1], step(drawn.frequency), eager=True).to_list()
    return sorted({*between, *held})


def _column_ticks(columns: Sequence[date], frequency: str, most: float) -> list[int]:
    """Columns to label: all that fit; thinned from the last one backwards, or to those that begin a year."""
    every = math.ceil(len(columns) / most)
    in_year = {"S": 2, "Q": 4, "M": 12}.get(frequency, 1)
    starts = [i for i, day in enumerate(columns) if day.month == 1]
    if every > 1 and in_year > 1 and starts:
        return starts[:: math.ceil(every / in_year)]
    return list(range(len(columns) - 1, -1, -every))[::-1]


def missing_notes(drawn: Drawing, periods: Sequence[date]) -> list[str]:
    """Say which series lack a value in the chosen periods."""
    notes = []
    for period in periods:
        absent = [s.label for s in drawn.series if s.at(period) is None]
        if absent:
            label = period_label(drawn.frequency, period, drawn.lang)
            notes.append(phrase("no_figures", drawn.lang, f"{listing(absent, drawn.lang)} ({label})"))
    return notes


def _said(series: Series, periods: Sequence[date], drawn: Drawing) -> str:
    values = [drawn.scale.text(v) for p in periods if (v := series.at(p)) is not None]
    if len(values) == 2:
        return phrase("from_to", drawn.lang, drawn.called(series), *values)
    return (
        phrase("at", drawn.lang, drawn.called(series), listing(values, drawn.lang)) if values else series.name
    )


def _name_lines(series: Series) -> list[str]:
    return wrap(series.label, _NAME_WIDTH, LABEL_SIZE)


def _names_width(order: Sequence[Series]) -> float:
    return max((text_width(t, LABEL_SIZE) for s in order for t in _name_lines(s)), default=0) + 12


def _name_axis(order: Sequence[Series]) -> dict[str, object]:
    return {
        "tickvals": list(range(len(order))),
        "ticktext": ["<br>".join(map(as_text, _name_lines(s))) for s in order],
        "range": [len(order) - 0.5, -0.5],
        "tickfont": {"size": LABEL_SIZE, "color": INK},
        "ticklabelstandoff": 6,
    }


def _bar_range(values: Sequence[float], label: float, width: float) -> list[float]:
    """Range of a bar axis that leaves room for the numbers beyond the ends of the bars."""
    low, high = min(*values, 0.0), max(*values, 0.0)
    ends = (low < 0) + (high > 0)
    per_pixel = (high - low or 1.0) / max(width - label * ends, 100)
    return [low - label * per_pixel * (low < 0), high + label * per_pixel * (high > 0 or low == 0)]


def _side_lines(text: str) -> list[str]:
    return wrap(text.strip(), _SIDE_WIDTH, LABEL_SIZE, bold=True)


def _widest(labels: Iterable[list[str]]) -> float:
    return max(text_width(t, LABEL_SIZE, bold=True) for lines in labels for t in lines)


def _slope_trace(series: Series, ends: tuple[float, float], drawn: Drawing, dash: str | None) -> go.Scatter:
    import plotly.graph_objects as go

    colour = series.colour if dash else FAINT
    return go.Scatter(
        x=[0, 1],
        y=[v / drawn.scale.factor for v in ends],
        name=as_text(series.name),
        mode="lines+markers",
        line={"color": colour, "width": 2.4 if dash else 1, "dash": dash or "solid"},
        marker={"size": 8 if dash else 5, "color": colour},
        cliponaxis=False,
        hovertemplate=f"%{{fullData.name}}: %{{y:,.{max(drawn.scale.decimals, 2)}~f}}<extra></extra>",
    )


def _add_side_labels(
    figure: go.Figure,
    page: Page,
    side: int,
    labels: dict[Series, list[str]],
    values: Sequence[float],
    low: float,
    high: float,
) -> None:
    wanted = [(1 - (v - low) / (high - low)) * page.plot_height for v in values]
    placed = spread(wanted, [17 * len(lines) + 2 for lines in labels.values()], 0, page.plot_height)
    for (one, lines), value, want, got in zip(labels.items(), values, wanted, placed, strict=True):
        figure.add_annotation(
            x=side, xanchor="left" if side else "right", xshift=12 if side else -12, y=value, yshift=want - got,
            text="<b>" + "<br>".join(map(as_text, lines)) + "</b>", align="left" if side else "right",
            font={"color": on_white(one.colour), "size": LABEL_SIZE}, showarrow=False, name="label",
        )  # fmt: skip
