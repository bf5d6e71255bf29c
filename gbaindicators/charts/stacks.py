"""Parts stacked to their total: contributions to growth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import fsum
from typing import TYPE_CHECKING, Final

import polars as pl

from gbaindicators.charts.axes import date_axis, range_of_bars, tick_room, value_axis, value_range
from gbaindicators.charts.canvas import redrawable
from gbaindicators.charts.labels import period_label, title_of
from gbaindicators.charts.over_time import add_end_labels
from gbaindicators.charts.series import MOST_COLOURED, MOST_SERIES, Drawing, Series, drawing
from gbaindicators.charts.theme import (
    FAINT,
    GREY,
    INK,
    LABEL_SIZE,
    as_text,
    on_white,
    text_width,
    wrap,
)
from gbaindicators.charts.wording import phrase
from gbaindicators.errors import FrameError

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["contributions"]

_TOTAL: Final = "total"
_LABEL_WIDTH: Final = 185


@redrawable
def contributions(
    frame: pl.DataFrame,
    by: str = "area",
    *,
    title: str | None = None,
    subtitle: str | None = None,
    lang: str = "en",
) -> go.Figure:
    """Draw contributions to growth as stacked bars, and the growth of the total that they add up to as dots.

    What lowers the total hangs below zero. The largest parts lie next to zero; of more than twelve, the seven largest
    keep their colour and the others are one grey part.

    Parameters
    ----------
    frame
        What `gba.contributions` gives: the parts, and rows whose `by` column is ``total``.
    by
        Column that tells the parts apart.
    title, subtitle, lang
        As for `line`.

    Returns
    -------
    plotly.graph_objects.Figure
        One trace of bars per part, then the total.

    Raises
    ------
    FrameError
        When there is no such column, no total or several, nothing to draw, or a frequency or unit is mixed.

    Examples
    --------
    >>> from datetime import date
    >>> frame = pl.DataFrame({
    ...     "area": ["hong_kong", "macao", "total"], "period": [date(2023, 1, 1)] * 3, "value": [9.0, -1.0, 8.0],
    ... })
    >>> [(trace.name, trace.y) for trace in contributions(frame).data]
    [('Hong Kong', (9.0,)), ('Macao', (-1.0,)), ('Total', (8.0,))]
    """
    import plotly.graph_objects as go

    if by not in frame.columns:
        raise FrameError(
            f"the frame has no column {by!r} that tells the parts apart: draw what gba.contributions(frame, by) gives"
        )
    is_total = pl.col(by).cast(pl.String).eq_missing(pl.lit(_TOTAL))
    whole = frame.filter(is_total)
    drawn = drawing(frame.filter(~is_total), lang, kind="a chart of contributions")
    total, parts = _total(whole, by, lang), _parts(drawn)
    periods = sorted({*drawn.periods, *total.periods})
    latest, frequency = periods[-1], drawn.frequency
    tops = [fsum(max(part.values.get(p, 0.0), 0.0) for part in parts) for p in periods]
    feet = [fsum(min(part.values.get(p, 0.0), 0.0) for part in parts) for p in periods]
    low, high = value_range([*tops, *feet, *total.values, 0.0])
    last = {part.name: part.values[latest] for part in parts if latest in part.values}
    last |= {} if total.at(latest) is None else {phrase("total", lang): total.last}
    labels = {
        name: wrap(f"{name} {drawn.scale.text(v)}", _LABEL_WIDTH, LABEL_SIZE, bold=True)
        for name, v in last.items()
    }
    page = drawn.page(
        "contributions",
        title,
        subtitle,
        what=_what(drawn, lang),
        body=[
            phrase("at", lang, name, drawn.scale.text(v)) for name, v in sorted(last.items(), key=_largest)
        ],
        span=period_label(frequency, latest, lang),
        says=[phrase("with_total", lang)],
        others=[whole.select(pl.col("^(sources|vintage)$"))],
        left=tick_room(low, high),
        right=max(text_width(t, LABEL_SIZE, bold=True) for lines in labels.values() for t in lines) + 12,
    )
    figure = replace(page, frames=(frame,)).figure()
    figure.update_layout(barmode="relative", bargap=0.28, hovermode="x unified")
    hover = f"%{{y:,.{max(drawn.scale.decimals, 2)}~f}}"
    for part in parts:
        figure.add_trace(
            go.Bar(
                x=list(part.values), y=list(part.values.values()), name=as_text(part.name), hovertemplate=hover,
                marker={"color": part.colour, "line": {"width": 0.5, "color": "white"}},
            )
        )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=list(total.periods), y=list(total.values), name=as_text(phrase("total", lang)), mode="markers", hovertemplate=hover,
            marker={"size": 8, "color": INK, "line": {"color": "white", "width": 1.5}, "opacity": 1}, cliponaxis=False,
        )
    )  # fmt: skip
    figure.update_yaxes(**value_axis(low, high))
    figure.update_xaxes(
        **date_axis(periods, drawn.series, lang) | {"range": range_of_bars(periods, frequency)}
    )
    middles = _middles(parts, latest) | {phrase("total", lang): (total.last, INK)}
    ends = [(lines, middles[name][1], middles[name][0]) for name, lines in labels.items()]
    add_end_labels(figure, page, ends, low, high)
    return figure


@dataclass(frozen=True)
class _Part:
    """One part of the total, or several small ones taken together."""

    name: str
    colour: str
    values: dict[date, float]


def _parts(drawn: Drawing) -> list[_Part]:
    """Parts from the one that lies next to zero outwards: the largest first."""
    order = sorted(drawn.series, key=lambda s: -fsum(map(abs, s.values)))
    shown = order if len(order) <= MOST_SERIES else order[:MOST_COLOURED]
    parts = [_Part(drawn.called(s), s.colour, dict(zip(s.periods, s.values, strict=True))) for s in shown]
    rest = [dict(zip(s.periods, s.values, strict=True)) for s in order[len(shown) :]]
    if not rest:
        return parts
    sums = {
        p: fsum(held.get(p, 0.0) for held in rest) for p in drawn.periods if any(p in held for held in rest)
    }
    return [*parts, _Part(phrase("other_parts", drawn.lang, len(rest)), FAINT, sums)]


def _total(whole: pl.DataFrame, by: str, lang: str) -> Series:
    if whole.is_empty():
        raise FrameError(
            f"no row has {_TOTAL!r} in {by!r}, so there is no total to add up to: draw what gba.contributions gives"
        )
    return drawing(whole, lang, kind="a chart of contributions").only("a chart of contributions")


def _what(drawn: Drawing, lang: str) -> str:
    what = phrase("contributions_to", lang)
    told = title_of(drawn.frame, lang)
    return what if told == phrase("series", lang) else what + phrase("colon", lang) + told


def _largest(told: tuple[str, float]) -> float:
    return -abs(told[1])


def _middles(parts: Sequence[_Part], period: date) -> dict[str, tuple[float, str]]:
    """Middle of each part's bar in a period, and the colour of its label."""
    ends = {True: 0.0, False: 0.0}
    found = {}
    for part in parts:
        value = part.values.get(period, 0.0)
        start = ends[value >= 0]
        ends[value >= 0] = start + value
        found[part.name] = (start + value / 2, GREY if part.colour == FAINT else on_white(part.colour))
    return found
