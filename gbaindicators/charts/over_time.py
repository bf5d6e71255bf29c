"""Series over time as lines, and the labels at their ends."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from gbaindicators.charts.axes import add_value_axis, date_axis, tick_room, value_range
from gbaindicators.charts.canvas import redrawable
from gbaindicators.charts.envelope import MOST_LINES, envelope, spans_for
from gbaindicators.charts.labels import period_label, sentences
from gbaindicators.charts.markers import MARKER_ROOM, add_markers, add_shades, key_to, policies_of, shades_of
from gbaindicators.charts.series import MOST_SERIES, Drawing, Series, drawing, lonely
from gbaindicators.charts.theme import (
    FAINT,
    LABEL_SIZE,
    Page,
    as_text,
    on_white,
    spread,
    text_width,
    wrap,
)
from gbaindicators.charts.wording import phrase
from gbaindicators.errors import FrameError, UsageError

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["line"]

_LABEL_WIDTH = 185
_LINE_HEIGHT = 17


@redrawable
def line(
    frame: pl.DataFrame,
    *,
    title: str | None = None,
    subtitle: str | None = None,
    lang: str = "en",
    log: bool = False,
    policies: bool | Sequence[str] = False,
    shade: bool | Sequence[tuple[str, str, str]] = False,
) -> go.Figure:
    """Draw every series of a frame as a line over time, labelled at its end.

    A gap breaks the line; a circle marks where the figures break (status B), across which growth is not to be read; a value with gaps on both sides is a dot. Of more than twelve series the seven with the
    largest latest value keep colour and label, the others are grey. Of very many values those that shape the lines are
    drawn, and the note says so.

    Parameters
    ----------
    frame
        Series frame of one unit, in base units; scaled for print here.
    title
        What the chart shows or finds; by default indicator and area.
    subtitle
        By default unit, prices, adjustment and method.
    lang
        ``en``, ``zh-Hans`` or ``zh-Hant``.
    log
        Whether the value axis is logarithmic.
    policies
        Mark policies with dated lines, numbered as under the plot: True for those of `gba.policies` that concern the
        areas drawn, or their ids.
    shade
        Shade times of the axis: True for those in which the boundary of Hong Kong with the mainland was mostly
        closed, as `gba.policies` dates it, or a list of first period, last period and label
        (``("2008-07", "2009-03", "Recession")``).

    Returns
    -------
    plotly.graph_objects.Figure
        With a sentence that stands for the picture in ``layout.meta["alt"]``.

    Raises
    ------
    FrameError
        When there is nothing to draw, units are mixed, or there are more than 500 series.
    UsageError
        When a logarithmic axis meets a value of zero or less, or a policy named or a time to shade lies outside the
        time drawn.
    UnknownNameError
        For an id that no policy has.

    Examples
    --------
    >>> from datetime import date
    >>> frame = pl.DataFrame({"period": [date(2023, 1, 1), date(2024, 1, 1)], "value": [1.5e12, 2.5e12]})
    >>> figure = line(frame.with_columns(area=pl.lit("macao"), unit=pl.lit("MOP")))
    >>> figure.layout.title.text, list(figure.data[0].y)
    ('<b>Macao</b>', [1.5, 2.5])
    """
    drawn = drawing(frame, lang, kind="a line chart", most=None)
    if log:
        _refuse_log(drawn)
    if len(drawn.series) > MOST_LINES:
        raise FrameError(
            f"a line chart shows up to {MOST_LINES} series, the frame has {len(drawn.series):,}: filter it by area or "
            "indicator, or add them up"
        )
    count = sum(len(s.values) for s in drawn.series)
    spans = spans_for(count, len(drawn.series))
    periods = drawn.periods
    coloured = drawn.coloured()
    hidden = len(drawn.series) - len(coloured)
    end = periods[-1]
    lines = {s: wrap(_end_label(s, end, drawn), _LABEL_WIDTH, LABEL_SIZE, bold=True) for s in coloured}
    low, high = value_range([v / drawn.scale.factor for s in drawn.series for v in s.values], log=log)
    broken = any(s.breaks for s in coloured)
    marked = policies_of(policies, drawn.frame, periods[0], end)
    shaded = shades_of(shade, periods[0], end, lang)
    page = drawn.page(
        "line",
        title,
        subtitle,
        body=[drawn.told(s, periods[0], end) for s in drawn.ranked()],
        span=drawn.span(),
        says=[phrase("grey", lang, hidden)] if hidden else (),
        notes=[phrase("envelope", lang, f"{count:,}", spans)] if spans else (),
        key=sentences([key_to(marked, lang), phrase("line_breaks", lang) if broken else ""], lang),
        above=MARKER_ROOM * (bool(marked) + bool(shaded)),
        left=tick_room(low, high, log=log),
        right=max(text_width(t, LABEL_SIZE, bold=True) for ls in lines.values() for t in ls) + 12,
    )
    figure = page.figure()
    figure.update_layout(hovermode="x unified" if len(drawn.series) <= MOST_SERIES else "closest")
    # grey first, so that colour lies over it
    dashes = dashes_of(coloured)
    for series in sorted(drawn.series, key=lambda s: s in lines):
        figure.add_trace(trace_of(series, drawn, dashes.get(series), spans=spans))
    add_breaks(figure, coloured, drawn)
    add_value_axis(figure, low, high, log=log)
    figure.update_xaxes(**date_axis(periods, drawn.series, lang))
    add_markers(figure, page, marked)
    add_shades(figure, page, shaded, lift=MARKER_ROOM if marked else 0)
    ends = [(lines[s], on_white(s.colour), s.last / drawn.scale.factor) for s in coloured]
    add_end_labels(figure, page, ends, low, high, log=log)
    return figure


def _refuse_log(drawn: Drawing) -> None:
    for series in drawn.series:
        for period, value in zip(series.periods, series.values, strict=True):
            if value <= 0:
                raise UsageError(
                    f"a logarithmic axis shows only values above zero, and {series.name or 'the series'} is {value:g} "
                    f"in the period that begins {period}: use log=False"
                )


def _end_label(series: Series, end: date, drawn: Drawing) -> str:
    """Name at the end of a line, with its last period where it ends early; the value for a single line."""
    text = series.label or drawn.scale.text(series.last)
    early = (end - series.periods[-1]).days > 0.04 * (end - drawn.periods[0]).days
    return f"{text} ({period_label(series.frequency, series.periods[-1], drawn.lang)})" if early else text


def dashes_of(series: Sequence[Series]) -> dict[Series, str]:
    """Give series of one colour different dashes: two indicators of an area, or two areas with one hash."""
    styles = ("solid", "dash", "dot", "dashdot")
    uses: dict[str, int] = {}
    dashes = {}
    for one in series:
        dashes[one] = styles[uses.get(one.colour, 0) % len(styles)]
        uses[one.colour] = uses.get(one.colour, 0) + 1
    return dashes


def trace_of(
    series: Series, drawn: Drawing, dash: str | None = "solid", *, spans: int | None = None
) -> go.Scatter:
    """Make the line of a series, in thin grey without a dash style; values with gaps on both sides are dots."""
    import plotly.graph_objects as go

    periods, values = series.with_gaps()
    if spans is not None:
        periods, values = envelope(periods, values, spans)
    alone = lonely(values)
    marks: dict[str, Any] = {"mode": "lines"}
    if any(alone):
        marks = {"mode": "lines+markers", "marker": {"size": [7 if a else 0 for a in alone], "opacity": 1}}
    return go.Scatter(
        x=periods,
        y=[None if v is None else v / drawn.scale.factor for v in values],
        name=as_text(drawn.called(series)),
        line={"color": series.colour, "width": 2.4, "dash": dash} if dash else {"color": FAINT, "width": 1},
        connectgaps=False,
        cliponaxis=False,
        hovertemplate=hover_of(drawn),
        **marks,
    )


def add_breaks(figure: go.Figure, series: Sequence[Series], drawn: Drawing) -> None:
    """Mark with circles where the figures of lines break."""
    import plotly.graph_objects as go

    broken = [(s, i) for s in series for i in s.breaks]
    if broken:
        figure.add_trace(
            go.Scatter(
                x=[s.periods[i] for s, i in broken], y=[s.values[i] / drawn.scale.factor for s, i in broken],
                mode="markers", hoverinfo="skip", name="○", cliponaxis=False,
                marker={"size": 8, "color": "white", "line": {"width": 2, "color": [s.colour for s, _ in broken]}},
            )
        )  # fmt: skip


def hover_of(drawn: Drawing) -> str:
    value = f"%{{y:,.{max(drawn.scale.decimals, 2)}~f}}"
    # one box for all lines names the period itself
    return value if len(drawn.series) <= MOST_SERIES else f"{value}<br>%{{x}}"


def add_end_labels(
    figure: go.Figure,
    page: Page,
    labels: Sequence[tuple[list[str], str, float]],
    low: float,
    high: float,
    *,
    log: bool = False,
    axis: str = "y",
    share: float = 1.0,
    side: Literal["left", "right"] = "right",
) -> None:
    """Print labels (lines, colour, value) beside one end of the plot, moved apart where they would touch.

    `axis` is the value axis they belong to, `share` the part of the plot's height that it takes.
    """
    height = page.plot_height * share

    def place(value: float) -> float:
        return math.log10(value) if log else value

    bottom, top = place(low), place(high)
    wanted = [(1 - (place(value) - bottom) / (top - bottom)) * height for _, _, value in labels]
    heights = [_LINE_HEIGHT * len(lines) + 2 for lines, _, _ in labels]
    placed = spread(wanted, heights, 0, height)
    for (lines, colour, value), want, got in zip(labels, wanted, placed, strict=True):
        figure.add_annotation(
            x=int(side == "right"), xref="paper", xanchor="left" if side == "right" else "right",
            xshift=8 if side == "right" else -8, y=place(value), yref=axis, yanchor="middle", yshift=want - got,
            text="<b>" + "<br>".join(map(as_text, lines)) + "</b>", align="left" if side == "right" else "right",
            font={"color": colour, "size": LABEL_SIZE}, showarrow=False, name="label",
        )  # fmt: skip
