"""Small multiples: one small panel for each series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from gbaindicators.charts.axes import date_axis, thinned, tick_room, value_axis, value_range
from gbaindicators.charts.canvas import redrawable
from gbaindicators.charts.over_time import trace_of
from gbaindicators.charts.series import Drawing, Series, drawing
from gbaindicators.charts.theme import INK, Page, as_text, on_white, text_width, wrap
from gbaindicators.charts.wording import phrase
from gbaindicators.errors import FrameError

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["small_multiples"]

_MOST_PANELS: Final = 60
#: Panels beside one another, and the height of each in pixels, by the number of panels up to which they hold.
_GRID: Final = ((1, 1, 300), (4, 2, 150), (9, 3, 130), (_MOST_PANELS, 4, 104))
#: Sizes on the page in pixels: a line of a heading, the ticks under a column, and the space between panels.
_LINE, _TICKS, _ACROSS, _DOWN = 17, 24, 30, 18
_HEAD_SIZE: Final = 13


@redrawable
def small_multiples(
    frame: pl.DataFrame,
    *,
    own_scales: bool = False,
    title: str | None = None,
    subtitle: str | None = None,
    lang: str = "en",
) -> go.Figure:
    """Draw every series of a frame in a small panel of its own, the largest latest value first.

    Parameters
    ----------
    frame
        Series frame of one unit, up to 60 series.
    own_scales
        Whether each panel has its own scale, to compare movements; by default one scale for all compares sizes.
    title, subtitle, lang
        As for `line`.

    Returns
    -------
    plotly.graph_objects.Figure
        One trace per series on axes of its own; all panels share the axis of time.

    Raises
    ------
    FrameError
        When there is nothing to draw, units are mixed, or there are more than 60 series.

    Examples
    --------
    >>> from datetime import date
    >>> frame = pl.DataFrame({"area": ["macao", "foshan"], "period": [date(2024, 1, 1)] * 2, "value": [2.0, 3.0]})
    >>> [(trace.name, trace.yaxis) for trace in small_multiples(frame).data]
    [('Foshan', 'y'), ('Macao', 'y2')]
    """
    drawn = drawing(frame, lang, kind="small multiples")
    order = drawn.ranked()
    if len(order) > _MOST_PANELS:
        raise FrameError(
            f"small multiples show up to {_MOST_PANELS} series, the frame has {len(order)}: filter it, or use gba.chart.heatmap"
        )
    across, tall = next((across, tall) for most, across, tall in _GRID if len(order) <= most)
    ranges = _ranges(order, drawn.scale.factor, own_scales=own_scales)
    ticks = max(tick_room(*each) for each in ranges)
    # shared numbers stand beside the first column only
    beside = ticks if own_scales else 0.0
    page = drawn.page(
        "small_multiples",
        title,
        subtitle,
        body=[drawn.told(s, drawn.periods[0], drawn.periods[-1]) for s in order],
        span=drawn.span(),
        says=[phrase("own_scales", lang)] if own_scales and len(order) > 1 else (),
        left=ticks,
        right=16,
        below=_TICKS,
    )
    wide = (page.plot_width - (across - 1) * (_ACROSS + beside)) / across
    heads = [_head(s, drawn, wide) for s in order]
    rows = [range(i, min(i + across, len(order))) for i in range(0, len(order), across)]
    tops, down = [], 0.0
    for row in rows:
        down += max(len(heads[i]) for i in row) * _LINE + 6
        tops.append(down)
        # the last panel of a column has the ticks, which may stand in the last row but one
        ends = row.start + across < len(order) < row.stop + across and len(order) % across
        down += tall + _DOWN + (_TICKS if ends else 0)
    page = replace(page, height=page.top + page.bottom + down - _DOWN)
    layout: dict[str, Any] = {}
    traces, names = [], []
    for i, (series, span, head) in enumerate(zip(order, ranges, heads, strict=True)):
        left, top = (i % across) * (wide + _ACROSS + beside), tops[i // across]
        axes = _axes(i, span, page, (left, top, wide, tall))
        axes[f"xaxis{i + 1}"] |= thinned(date_axis(drawn.periods, drawn.series, lang), wide)
        axes[f"xaxis{i + 1}"]["showticklabels"] = i + across >= len(order)
        axes[f"yaxis{i + 1}"]["showticklabels"] = own_scales or i % across == 0
        layout |= axes
        trace = trace_of(series, drawn)
        traces.append(trace.update(xaxis=f"x{i + 1}", yaxis=f"y{i + 1}", line={"width": 2}))
        names.append({
            "x": left / page.plot_width, "y": 1 - top / page.plot_height, "xref": "paper", "yref": "paper", "xanchor": "left",
            "yanchor": "bottom", "yshift": 4, "text": "<br>".join(head), "align": "left", "showarrow": False, "borderpad": 0,
            "font": {"color": on_white(series.colour), "size": _HEAD_SIZE}, "name": "panel", "hovertext": as_text(series.name),
        })  # fmt: skip
    figure = page.figure()
    figure.add_traces(traces)
    # all at once: one by one, each is checked against all before it
    figure.update_layout(layout, annotations=[*figure.layout.annotations, *names])
    return figure


def _ranges(order: Sequence[Series], factor: float, *, own_scales: bool) -> list[tuple[float, float]]:
    values = [[v / factor for v in s.values] for s in order]
    if own_scales:
        return [value_range(each) for each in values]
    return [value_range([v for each in values for v in each])] * len(order)


def _head(series: Series, drawn: Drawing, width: float) -> list[str]:
    """Name of a panel, and its latest value behind it where there is room."""
    lines = wrap(series.label or drawn.called(series), width, _HEAD_SIZE, bold=True)
    value = drawn.scale.text(series.last)
    bold = [f"<b>{as_text(line)}</b>" for line in lines]
    if text_width(f"{lines[-1]}  {value}", _HEAD_SIZE, bold=True) <= width:
        bold[-1] += f'  <span style="color:{INK}">{as_text(value)}</span>'
    return bold


def _axes(
    i: int, span: tuple[float, float], page: Page, box: tuple[float, float, float, float]
) -> dict[str, Any]:
    """Axes of a panel in a box of pixels: left, top, width and height."""
    left, top, wide, tall = box
    across, down = page.plot_width, page.plot_height
    return {
        f"xaxis{i + 1}": {"domain": [left / across, min(1.0, (left + wide) / across)], "anchor": f"y{i + 1}"},
        f"yaxis{i + 1}": value_axis(*span)
        | {"domain": [max(0.0, 1 - (top + tall) / down), 1 - top / down], "anchor": f"x{i + 1}", "nticks": 4},
    }
