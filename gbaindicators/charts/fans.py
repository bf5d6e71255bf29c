"""Forecasts as fans: the history, and a band for each interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from gbaindicators.charts.axes import add_value_axis, date_axis, tick_room, value_range
from gbaindicators.charts.canvas import redrawable
from gbaindicators.charts.labels import period_label
from gbaindicators.charts.markers import MARKER_ROOM, add_markers, key_to, policies_of
from gbaindicators.charts.over_time import add_end_labels, hover_of, trace_of
from gbaindicators.charts.series import Drawing, drawing
from gbaindicators.charts.theme import GREY, LABEL_SIZE, as_text, on_white, text_width, tint
from gbaindicators.charts.wording import listing, phrase
from gbaindicators.errors import FrameError
from gbaindicators.tables.intervals import interval_levels

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["fan"]

#: Periods of a forecast from which its line is dotted.
_DENSE = 40


@redrawable
def fan(
    history: pl.DataFrame,
    forecast: pl.DataFrame,
    *,
    title: str | None = None,
    subtitle: str | None = None,
    lang: str = "en",
    policies: bool | Sequence[str] = False,
) -> go.Figure:
    """Draw a series and its forecast, with one band for each interval.

    Parameters
    ----------
    history
        Series frame of one series.
    forecast
        Forecast of the same series: ``period``, ``value`` and the bounds of each interval in ``lower_80``,
        ``upper_80`` and so on. With ``skill``, as `forecast` gives it, the subtitle tells the model's record.
    title, subtitle, lang, policies
        As for `line`.

    Returns
    -------
    plotly.graph_objects.Figure
        Bands first (the widest below), then history solid and forecast dashed.

    Raises
    ------
    FrameError
        When a frame holds several series, the units differ, there is no interval, or a bound is null.

    Examples
    --------
    >>> from datetime import date
    >>> history = pl.DataFrame({"period": [date(2023, 1, 1), date(2024, 1, 1)], "value": [1.0, 2.0]})
    >>> ahead = pl.DataFrame({"period": [date(2025, 1, 1)], "value": [3.0], "lower_80": [2.5], "upper_80": [3.5]})
    >>> [trace.name for trace in fan(history, ahead).data]
    ['80%', 'Value', 'Forecast']
    """
    import plotly.graph_objects as go

    history, forecast = _with_unit_of(history, forecast), _with_unit_of(forecast, history)
    known, ahead = drawing(history, lang, kind="a fan chart"), drawing(forecast, lang, kind="a fan chart")
    levels = _levels(ahead.frame)
    _check_fan(known, ahead, levels)
    past, future, rows = known.series[0], ahead.series[0], ahead.frame.sort("period")
    factor, colour = known.scale.factor, past.colour
    bounds = {column: [v / factor for v in rows[column]] for level in levels for column in _bounds(level)}
    low, high = value_range([v / factor for v in past.values] + [v for each in bounds.values() for v in each])
    # the fan opens where the history ends, unless periods lie between
    joined = past.follows(past.periods[-1], future.periods[0])
    dates = [past.periods[-1], *future.periods] if joined else list(future.periods)
    start = [past.last / factor] if joined else []

    first, last = (period_label(s.frequency, s.periods[i], lang) for s, i in ((past, 0), (future, -1)))
    ending = f"{last}{phrase('colon', lang)}{known.scale.text(future.last)}"
    labels = [([ending], on_white(colour), future.last / factor)]
    labels += [([f"{level}%"], GREY, bounds[f"upper_{level}"][-1]) for level in levels]
    word = phrase("forecast", lang)
    marked = policies_of(policies, known.frame, past.periods[0], future.periods[-1])
    page = known.page(
        "fan",
        title,
        subtitle,
        body=[known.told(past, past.periods[0], past.periods[-1]), f"{word} {ending}"],
        span=phrase("to", lang, first, last),
        says=[_fan_words(ahead.frame, levels, lang), _record_words(ahead.frame, past.frequency, lang)],
        others=[ahead.frame],
        key=key_to(marked, lang),
        above=MARKER_ROOM if marked else 0,
        left=tick_room(low, high),
        right=text_width(ending, LABEL_SIZE, bold=True) + 12,
    )
    figure = page.figure()
    figure.update_layout(hovermode="x unified")
    for place, level in enumerate(levels):
        lower, upper = (start + bounds[column] for column in _bounds(level))
        figure.add_trace(
            go.Scatter(
                x=dates + dates[::-1],
                y=upper + lower[::-1],
                mode="lines",
                line={"width": 0},
                fill="toself",
                fillcolor=tint(colour, 0.16 + 0.16 * place),
                hoverinfo="skip",
                name=f"{level}%",
            )
        )
    figure.add_trace(trace_of(past, known))
    figure.add_trace(
        go.Scatter(
            x=dates,
            y=start + [v / factor for v in future.values],
            name=as_text(word),
            mode="lines" if len(dates) > 1 else "markers",
            line=_ahead_line(colour, ahead.frame.height),
            hovertemplate=hover_of(known),
        )
    )
    add_value_axis(figure, low, high)
    figure.update_xaxes(**date_axis([*past.periods, *future.periods], known.series, lang))
    add_markers(figure, page, marked)
    border = past.periods[-1].isoformat()
    figure.add_vline(x=border, line={"color": GREY, "width": 1, "dash": "dot"}, layer="below")
    figure.add_annotation(
        x=border, y=1, yref="paper", text=as_text(word), showarrow=False, name="forecast",
        xanchor="left", yanchor="top", xshift=6, font={"color": GREY, "size": 12},
    )  # fmt: skip
    add_end_labels(figure, page, labels, low, high)
    return figure


def _bounds(level: str) -> tuple[str, str]:
    return f"lower_{level}", f"upper_{level}"


def _levels(forecast: pl.DataFrame) -> list[str]:
    """Levels of the intervals, the widest first."""
    levels = interval_levels(forecast)
    if not levels:
        raise FrameError(
            "the forecast has no interval: a fan needs columns such as 'lower_80' and 'upper_80', "
            "as gba.forecast gives"
        )
    return levels[::-1]


def _with_unit_of(frame: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """Take the other frame's unit where this one states none."""
    stated = [
        f["unit"].drop_nulls().unique().to_list() if "unit" in f.columns else [] for f in (frame, other)
    ]
    return frame if stated[0] or len(stated[1]) != 1 else frame.with_columns(unit=pl.lit(stated[1][0]))


def _check_fan(known: Drawing, ahead: Drawing, levels: Sequence[str]) -> None:
    for drawn, what in ((known, "history"), (ahead, "forecast")):
        if (count := len(drawn.series) + len(drawn.silent)) > 1:
            raise FrameError(
                f"a fan chart shows one series, the {what} has {count}: filter it by area, indicator or model"
            )
    history, forecast = known.frame, ahead.frame
    for column in ("indicator", "area", "unit", "frequency", "adjustment", "prices"):
        if column in history.columns and column in forecast.columns:
            before, after = (f[column].drop_nulls().unique().to_list() for f in (history, forecast))
            if before and after and before != after:
                raise FrameError(f"history and forecast differ in {column!r}: {before[0]!r} and {after[0]!r}")
    columns = ["value", *(column for level in levels for column in _bounds(level))]
    if missing := [c for c in columns if forecast[c].has_nulls()]:
        raise FrameError(f"the forecast has nulls in {', '.join(missing)}: it needs a value in every period")
    end, begin = known.series[0].periods[-1], ahead.series[0].periods[0]
    if end >= begin:
        raise FrameError(
            f"the forecast begins {begin}, not after the last period of the history ({end}): cut the history there"
        )


def _fan_words(forecast: pl.DataFrame, levels: Sequence[str], lang: str) -> str:
    """Say which model, and what the bands mean."""
    bands = phrase("bands", lang, listing([f"{level}%" for level in reversed(levels)], lang))
    models = forecast["model"].drop_nulls().unique().to_list() if "model" in forecast.columns else []
    if not models:
        return bands
    model = (
        phrase("forecast", lang)
        + phrase("colon", lang)
        + phrase("model", lang, phrase("auto", lang) if models[0] == "auto" else models[0])
    )
    return model + (", " if lang == "en" else "，") + bands


def _record_words(forecast: pl.DataFrame, frequency: str, lang: str) -> str:
    """Say how the model did in the past against a simple one, where the forecast has one such record."""
    found = forecast["skill"].drop_nulls().unique().to_list() if "skill" in forecast.columns else []
    if len(found) != 1 or not isinstance(found[0], float) or not math.isfinite(found[0]):
        return ""
    share = f"{abs(found[0]):.0%}"
    key = "errors_like" if share == "0%" else "errors_below" if found[0] > 0 else "errors_above"
    return phrase(key, lang, share, phrase("drift" if frequency == "A" else "season_before", lang))


def _ahead_line(colour: str, periods: int) -> dict[str, Any]:
    """Line of a forecast: dashed, and dotted where dashes would be longer than a week's ups and downs."""
    dense = periods > _DENSE
    return {"color": colour, "width": 1.8 if dense else 2.4, "dash": "dot" if dense else "dash"}
