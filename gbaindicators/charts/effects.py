"""What a policy did: the area with the policy and without it, and the difference below."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from gbaindicators.charts.axes import date_axis, tick_room, value_range
from gbaindicators.charts.canvas import redrawable
from gbaindicators.charts.labels import number_text, period_label
from gbaindicators.charts.over_time import add_end_labels, trace_of
from gbaindicators.charts.series import Drawing, drawing
from gbaindicators.charts.theme import GREY, INK, LABEL_SIZE, RULE, as_text, on_white, text_width, tint, wrap
from gbaindicators.charts.wording import phrase

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from gbaindicators.comparison import PolicyEffect

__all__ = ["effect"]

_HEIGHT: Final = 620
#: Share of the plot that each panel takes, and room for labels beside them.
_UPPER, _LOWER, _LABEL_WIDTH = (0.42, 1.0), (0.0, 0.34), 150
_KEYS: Final = ("indicator", "area", "frequency", "period", "unit", "sources", "status", "method")


@redrawable
def effect(
    result: PolicyEffect,
    *,
    title: str | None = None,
    subtitle: str | None = None,
    lang: str = "en",
) -> go.Figure:
    """Draw what a policy did: actual and counterfactual figures over their difference, with the date of the policy.

    Parameters
    ----------
    result
        What `gba.policy_effect` gives.
    title, subtitle, lang
        As for `line`.

    Returns
    -------
    plotly.graph_objects.Figure
        Above, the actual figures solid and those without the policy dashed; below, the effect with its 95 percent
        interval, where the method has one. A vertical line stands at the first period with the policy.

    Raises
    ------
    FrameError
        When the result holds no figures.

    Examples
    --------
    >>> from datetime import date
    >>> from types import SimpleNamespace
    >>> frame = pl.DataFrame({"period": [date(y, 1, 1) for y in (2020, 2021, 2022)], "actual": [1.0, 2.0, 4.0],
    ...     "counterfactual": [1.0, 2.0, 3.0], "effect": [0.0, 0.0, 1.0], "lower_95": [None, None, 0.5], "upper_95": [None, None, 1.5]})
    >>> result = SimpleNamespace(frame=frame, start=date(2022, 1, 1), fit={"mean_effect": 1.0}, note="")
    >>> [trace.name for trace in effect(result).data]
    ['95%', 'Actual', 'Without the policy', 'Effect']
    """
    import plotly.graph_objects as go

    frame = result.frame.sort("period")
    drawn = drawing(_as_series(frame, "actual"), lang, kind="an effect chart")
    without = drawing(_as_series(frame, "counterfactual"), lang, kind="an effect chart").series[0]
    gap = drawing(_as_series(frame, "effect"), lang, kind="an effect chart").series[0]
    actual, factor = drawn.series[0], drawn.scale.factor
    band = frame.drop_nulls(["lower_95", "upper_95"])
    bounds = [v / factor for c in ("lower_95", "upper_95") for v in band[c]]
    upper = value_range([v / factor for s in (actual, without) for v in s.values])
    lower = value_range([*(v / factor for v in gap.values), *bounds, 0.0])
    words = {s: phrase(key, lang) for s, key in ((actual, "actual"), (without, "without"), (gap, "effect"))}
    lines = {s: wrap(text, _LABEL_WIDTH, LABEL_SIZE, bold=True) for s, text in words.items()}
    since = period_label(actual.frequency, result.start, lang)
    page = drawn.page(
        "effect", title, subtitle,
        body=[drawn.told(actual, drawn.periods[0], drawn.periods[-1]), _mean(result, drawn, since)],
        span=drawn.span(), says=[_mean(result, drawn, since), phrase("band", lang) if bounds else ""],
        notes=[result.note] if result.note else [], height=_HEIGHT, above=18,
        left=max(tick_room(*upper), tick_room(*lower)),
        right=max(text_width(t, LABEL_SIZE, bold=True) for each in lines.values() for t in each) + 12,
    )  # fmt: skip
    figure = replace(page, frames=(frame,)).figure()
    figure.update_layout(hovermode="x unified")
    if bounds:
        days = band["period"].to_list()
        figure.add_trace(
            go.Scatter(
                x=days + days[::-1], y=bounds[len(days) :] + bounds[: len(days)][::-1], name="95%", yaxis="y2", mode="lines",
                line={"width": 0}, fill="toself", fillcolor=tint(actual.colour, 0.2), hoverinfo="skip",
            )
        )  # fmt: skip
    dashes = {actual: "solid", without: "dash", gap: "solid"}
    for series, text in words.items():
        trace = trace_of(series, drawn, dashes[series])
        trace.update(name=as_text(text), yaxis="y2" if series is gap else "y")
        if series is without:
            trace.update(line={"color": GREY, "width": 1.8, "dash": "5px,3px"})
        figure.add_trace(trace)
    figure.update_layout(yaxis=_axis(upper, _UPPER), yaxis2=_axis(lower, _LOWER) | {"anchor": "x"})
    figure.update_xaxes(**date_axis(drawn.periods, drawn.series, lang), anchor="y2")
    start = result.start.isoformat()
    figure.add_shape(
        type="line", x0=start, x1=start, y0=0, y1=1, yref="paper", line={"color": INK, "width": 1, "dash": "dot"}, layer="below",
    )  # fmt: skip
    figure.add_annotation(
        x=start, y=1, yref="paper", yanchor="bottom", yshift=2, text=as_text(since), showarrow=False,
        font={"color": INK, "size": 12}, name="policy",
    )  # fmt: skip
    for axis, share, span, shown in (
        ("y", _UPPER, upper, (actual, without)), ("y2", _LOWER, lower, (gap,)),
    ):  # fmt: skip
        labels = [(lines[s], GREY if s is without else on_white(s.colour), s.last / factor) for s in shown]
        add_end_labels(figure, page, labels, *span, axis=axis, share=share[1] - share[0])
    return figure


def _as_series(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    keys = [c for c in _KEYS if c in frame.columns]
    return frame.select(*keys, pl.col(column).alias("value"))


def _mean(result: PolicyEffect, drawn: Drawing, since: str) -> str:
    """Say how large the effect is on average, with its standard error where there is one."""
    said = phrase(
        "mean_effect", drawn.lang, since, number_text(result.fit["mean_effect"] / drawn.scale.factor)
    )
    if "standard_error" in result.fit:
        error = number_text(result.fit["standard_error"] / drawn.scale.factor)
        said += phrase("with_error", drawn.lang, error)
    return said


def _axis(span: tuple[float, float], domain: tuple[float, float]) -> dict[str, Any]:
    low, high = span
    axis: dict[str, Any] = {
        "range": [low, high], "domain": list(domain), "nticks": 6, "showgrid": True, "gridcolor": RULE, "gridwidth": 1,
        "ticklabelstandoff": 6,
    }  # fmt: skip
    return axis | {"zeroline": low <= 0 <= high, "zerolinecolor": INK, "zerolinewidth": 1}
