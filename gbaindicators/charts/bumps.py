"""Who is first, second and last, year after year: the bump chart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

import polars as pl

from gbaindicators.charts.across import common_periods
from gbaindicators.charts.axes import date_axis
from gbaindicators.charts.canvas import canvas, redrawable
from gbaindicators.charts.labels import title_of
from gbaindicators.charts.over_time import add_end_labels, dashes_of, trace_of
from gbaindicators.charts.series import MOST_COLOURED, MOST_SERIES, Drawing, Series, drawing
from gbaindicators.charts.theme import LABEL_SIZE, as_text, on_white, text_width, wrap
from gbaindicators.charts.wording import listing, phrase
from gbaindicators.errors import FrameError

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["bump"]

_LABEL_WIDTH: Final = 170
_ROW: Final = 30
#: Periods up to which every rank is a point on the line.
_POINTS: Final = 40


@redrawable
def bump(
    frame: pl.DataFrame,
    *,
    title: str | None = None,
    subtitle: str | None = None,
    lang: str = "en",
) -> go.Figure:
    """Draw the rank of every series over time, labelled at both ends; 1, the largest value, on top.

    Ranks mean something only among the same series, so those periods are drawn in which every series has a value; a
    gap between them breaks the lines. Equal values share the better rank. Of more than twelve series the seven that
    are first in the end keep colour and label.

    Parameters
    ----------
    frame
        Series frame of one unit and one frequency.
    title, subtitle, lang
        As for `line`.

    Returns
    -------
    plotly.graph_objects.Figure
        One trace per series; the values stand beside the ranks on hover.

    Raises
    ------
    FrameError
        When there is nothing to draw, units or frequencies are mixed, the frame has one series only, or fewer than
        two periods are common to all.

    Examples
    --------
    >>> from datetime import date
    >>> days = [date(2014, 1, 1), date(2024, 1, 1)]
    >>> frame = pl.DataFrame({"area": ["macao"] * 2 + ["foshan"] * 2, "period": days * 2, "value": [3.0, 4.0, 2.0, 5.0]})
    >>> {trace.name: [rank for rank in trace.y if rank] for trace in bump(frame).data}
    {'Macao': [1.0, 2.0], 'Foshan': [2.0, 1.0]}
    """
    sizes = drawing(frame, lang, kind="a bump chart")
    periods = _ranked_periods(sizes)
    drawn = drawing(_ranks(sizes, periods), lang)
    left_out = len(periods) < len(sizes.periods)
    name = title_of(sizes.frame, lang)
    what = phrase("rank_by", lang, name[:1].lower() + name[1:] if lang == "en" else name)
    shown = sorted(drawn.series, key=lambda s: s.last)
    coloured = shown if len(shown) <= MOST_SERIES else shown[:MOST_COLOURED]
    hidden = len(shown) - len(coloured)
    left = [_lines(f"{s.label}  {s.values[0]:.0f}") for s in coloured]
    right = [_lines(f"{s.last:.0f}  {s.label}") for s in coloured]
    page = drawn.page(
        "bump",
        title,
        subtitle,
        body=[drawn.told(s, periods[0], periods[-1]) for s in shown],
        span=drawn.span(),
        says=[phrase("bump_read", lang), phrase("grey", lang, hidden) if hidden else ""],
        notes=[
            phrase("bump_left_out", lang) if left_out else "",
            phrase("no_figures", lang, listing(sizes.silent, lang)) if sizes.silent else "",
        ],
        what=what,
        left=_widest(left) + 16,
        right=_widest(right) + 16,
        height=max(canvas().height, 150 + canvas().rows(_ROW, 17) * len(shown)),
    )
    figure = page.figure()
    figure.update_layout(hovermode="x unified" if len(shown) <= MOST_SERIES else "closest")
    dashes = dashes_of(coloured)
    # the first over the others, and colour over grey
    for series in reversed(shown):
        figure.add_trace(_trace(series, drawn, sizes, dashes.get(series)))
    low, high = len(shown) + 0.5, 0.5
    figure.update_yaxes(range=[low, high], showticklabels=False)
    figure.update_xaxes(**date_axis(periods, drawn.series, lang))
    for side, lines in (("left", left), ("right", right)):
        ends = [s.values[0] if side == "left" else s.last for s in coloured]
        labels = [(t, on_white(s.colour), v) for t, s, v in zip(lines, coloured, ends, strict=True)]
        add_end_labels(figure, page, labels, low, high, side="left" if side == "left" else "right")
    return figure


def _ranked_periods(sizes: Drawing) -> list[date]:
    """Periods to rank in: those in which every series has a value."""
    if len(sizes.series) < 2:
        raise FrameError("a bump chart ranks series against one another, the frame has one: load more areas")
    periods = common_periods(sizes, "filter out the series that are short")
    if len(periods) < 2:
        raise FrameError(
            f"every series has a value in {periods[0]} only, and ranks over time need two periods: use bars, or "
            "filter out the series that are short"
        )
    return periods


def _ranks(sizes: Drawing, periods: Sequence[date]) -> pl.DataFrame:
    """Put the rank in the place of the value; a rank has no unit."""
    held = sizes.frame.filter(pl.col("period").is_in(list(periods)), pl.col("value").is_not_null())
    ranks = held.with_columns(pl.col("value").rank("min", descending=True).cast(pl.Float64).over("period"))
    return ranks.drop("unit", strict=False)


def _trace(series: Series, drawn: Drawing, sizes: Drawing, dash: str | None) -> go.Scatter:
    """Line of the ranks of a series, with its values on hover."""
    trace = trace_of(series, drawn, dash)
    values = next(s for s in sizes.series if s.name == series.name)
    told = ["" if (v := values.at(p)) is None else sizes.scale.text(v) for p in series.with_gaps()[0]]
    unit = as_text(f" {sizes.scale.unit}".rstrip())
    trace.update(customdata=told, hovertemplate=f"%{{y:.0f}} (%{{customdata}}{unit})")
    if len(series.periods) <= _POINTS:
        trace.update(mode="lines+markers", marker={"size": 8 if dash else 4})
    return trace


def _lines(text: str) -> list[str]:
    return wrap(text, _LABEL_WIDTH, LABEL_SIZE, bold=True)


def _widest(labels: Sequence[list[str]]) -> float:
    return max(text_width(line, LABEL_SIZE, bold=True) for lines in labels for line in lines)
