"""Charts with time along the bottom: lines, and forecasts as fans."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from gbaindicators.catalog import period_end
from gbaindicators.charts.labels import listing, number_text, period_label, phrase
from gbaindicators.charts.markers import MARKER_ROOM, add_markers, add_shades, key_to, policies_of, shades_of
from gbaindicators.charts.series import MOST_SERIES, Drawing, Series, drawing
from gbaindicators.charts.theme import (
    FAINT,
    GREY,
    INK,
    LABEL_SIZE,
    RULE,
    Page,
    as_text,
    on_white,
    spread,
    text_width,
    tint,
    wrap,
)
from gbaindicators.errors import FrameError, UsageError

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["fan", "line"]

_LABEL_WIDTH = 185
_LINE_HEIGHT = 17
_FEWEST_YEARLY_TICKS = 4
_TICKS = 7
#: Room for a tick of a narrow time axis in pixels, and months from one to the next.
_TICK_ROOM = {"%Y": 42, "%-d %b": 56}
_TICK_STEPS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 12000)
#: Periods of a forecast from which its line is dotted.
_DENSE = 40


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

    A gap breaks the line; a value with gaps on both sides is a dot. Of more than twelve series the seven with the
    largest latest value keep colour and label, the others are grey.

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
        When there is nothing to draw, or units are mixed.
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
    drawn = drawing(frame, lang, kind="a line chart")
    if log:
        _refuse_log(drawn)
    periods = drawn.periods
    coloured = drawn.coloured()
    hidden = len(drawn.series) - len(coloured)
    end = periods[-1]
    lines = {s: wrap(_end_label(s, end, drawn), _LABEL_WIDTH, LABEL_SIZE, bold=True) for s in coloured}
    low, high = value_range([v / drawn.scale.factor for s in drawn.series for v in s.values], log=log)
    marked = policies_of(policies, drawn.frame, periods[0], end)
    shaded = shades_of(shade, periods[0], end, lang)
    page = drawn.page(
        "line",
        title,
        subtitle,
        body=[drawn.told(s, periods[0], end) for s in drawn.ranked()],
        span=drawn.span(),
        says=[phrase("grey", lang, hidden)] if hidden else (),
        key=key_to(marked, lang),
        above=MARKER_ROOM * (bool(marked) + bool(shaded)),
        left=tick_room(low, high, log=log),
        right=max(text_width(t, LABEL_SIZE, bold=True) for ls in lines.values() for t in ls) + 12,
    )
    figure = page.figure()
    figure.update_layout(hovermode="x unified" if len(drawn.series) <= MOST_SERIES else "closest")
    # grey first, so that colour lies over it
    dashes = dashes_of(coloured)
    for series in sorted(drawn.series, key=lambda s: s in lines):
        figure.add_trace(trace_of(series, drawn, dashes.get(series)))
    add_value_axis(figure, low, high, log=log)
    figure.update_xaxes(**date_axis(periods, drawn.series, lang))
    add_markers(figure, page, marked)
    add_shades(figure, page, shaded, lift=MARKER_ROOM if marked else 0)
    ends = [(lines[s], on_white(s.colour), s.last / drawn.scale.factor) for s in coloured]
    add_end_labels(figure, page, ends, low, high, log=log)
    return figure


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
            hovertemplate=_hover(known),
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
    names = [c.removeprefix("lower_") for c in forecast.columns if c.startswith("lower_")]
    levels = [n for n in names if f"upper_{n}" in forecast.columns and n.replace(".", "", 1).isdigit()]
    if not levels:
        raise FrameError(
            "the forecast has no interval: a fan needs columns such as 'lower_80' and 'upper_80', "
            "as gba.forecast gives"
        )
    return sorted(levels, key=float, reverse=True)


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
    model = phrase("forecast", lang) + phrase("colon", lang) + phrase("model", lang, models[0])
    return model + (", " if lang == "en" else "，") + bands


def _record_words(forecast: pl.DataFrame, frequency: str, lang: str) -> str:
    """Say how the model did in the past against a simple one, where the forecast has one such record."""
    found = forecast["skill"].drop_nulls().unique().to_list() if "skill" in forecast.columns else []
    if len(found) != 1 or not isinstance(found[0], float) or not math.isfinite(found[0]):
        return ""
    share = f"{abs(found[0]):.0%}"
    key = "errors_like" if share == "0%" else "errors_below" if found[0] > 0 else "errors_above"
    return phrase(key, lang, share, phrase("drift" if frequency == "A" else "season_before", lang))


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


def _ahead_line(colour: str, periods: int) -> dict[str, Any]:
    """Line of a forecast: dashed, and dotted where dashes would be longer than a week's ups and downs."""
    dense = periods > _DENSE
    return {"color": colour, "width": 1.8 if dense else 2.4, "dash": "dot" if dense else "dash"}


def dashes_of(series: Sequence[Series]) -> dict[Series, str]:
    """Give series of one colour different dashes: two indicators of an area, or two areas with one hash."""
    styles = ("solid", "dash", "dot", "dashdot")
    uses: dict[str, int] = {}
    dashes = {}
    for one in series:
        dashes[one] = styles[uses.get(one.colour, 0) % len(styles)]
        uses[one.colour] = uses.get(one.colour, 0) + 1
    return dashes


def trace_of(series: Series, drawn: Drawing, dash: str | None = "solid") -> go.Scatter:
    """Make the line of a series, in thin grey without a dash style; values with gaps on both sides are dots."""
    import plotly.graph_objects as go

    periods, values = series.with_gaps()
    alone = series.alone()
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
        hovertemplate=_hover(drawn),
        **marks,
    )


def _hover(drawn: Drawing) -> str:
    value = f"%{{y:,.{max(drawn.scale.decimals, 2)}~f}}"
    # one box for all lines names the period itself
    return value if len(drawn.series) <= MOST_SERIES else f"{value}<br>%{{x}}"


def value_range(values: Sequence[float], *, log: bool = False) -> tuple[float, float]:
    """Range of a value axis: from zero where the values come near it, with room above."""
    low, high = min(values), max(values)
    if log:
        return low / 1.15, high * 1.15
    if low >= 0 and low < 0.6 * high:
        return 0.0, high * 1.05
    room = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    return low - room, high + room


def tick_room(low: float, high: float, *, log: bool = False) -> float:
    """Width that the numbers of a value axis need."""
    texts = (
        log_ticks(low, high).values()
        if log
        else [number_text(v, _tick_decimals(low, high)) for v in (low, high)]
    )
    return max(text_width(t, 12) for t in texts) + 12


def _tick_decimals(low: float, high: float) -> int:
    """Decimals that ticks at round steps need."""
    return max(0, -math.floor(math.log10((high - low) / _TICKS * 1.999)))


def log_ticks(low: float, high: float) -> dict[float, str]:
    """Ticks of a logarithmic axis: 1, 2 and 5 of each decade, or the decades alone where there are many.

    >>> log_ticks(3, 120)
    {5.0: '5', 10.0: '10', 20.0: '20', 50.0: '50', 100.0: '100'}
    """
    leads = (1, 2, 5) if high / low < 1e3 else (1,)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [float(f"{lead}e{decade}") for decade in decades for lead in leads]
    return {t: f"{t:,.{max(0, -math.floor(math.log10(t)))}f}" for t in ticks if low <= t <= high}


def value_axis(low: float, high: float, *, log: bool = False) -> dict[str, Any]:
    """Describe an axis of values: light rules, and a dark one at zero."""
    axis: dict[str, Any] = {"showgrid": True, "gridcolor": RULE, "gridwidth": 1, "ticklabelstandoff": 6}
    if log:
        ticks = log_ticks(low, high)
        return axis | {
            "type": "log", "range": [math.log10(low), math.log10(high)], "tickvals": list(ticks), "ticktext": list(ticks.values()),
        }  # fmt: skip
    axis |= {"range": [low, high], "nticks": _TICKS, "tickformat": f",.{_tick_decimals(low, high)}f"}
    if low <= 0 <= high:
        axis |= {"zeroline": True, "zerolinecolor": INK, "zerolinewidth": 1}
    return axis


def add_value_axis(figure: go.Figure, low: float, high: float, *, log: bool = False) -> None:
    """Give a figure its vertical axis of values."""
    figure.update_yaxes(**value_axis(low, high, log=log))


def date_axis(periods: Sequence[date], series: Iterable[Series], lang: str) -> dict[str, Any]:
    """Describe a time axis whose ticks are whole years, or months where it is short."""
    first, last = periods[0], periods[-1]
    if first == last:
        first, last = date(first.year - 1, first.month, 1), date(last.year + 1, last.month, 1)
    axis: dict[str, Any] = {
        "type": "date", "range": [first.isoformat(), last.isoformat()], "ticks": "outside", "ticklen": 5,
        "tickcolor": GREY, "showline": True, "linecolor": GREY, "hoverformat": "%Y",
    }  # fmt: skip
    frequencies = {s.frequency for s in series}
    years = last.year - first.year
    if frequencies != {"A"}:
        axis["hoverformat"] = (
            {"en": "%-d %b %Y"}.get(lang, "%Y年%-m月%-d日")
            if frequencies & {"D", "W"}
            else {"en": "%b %Y"}.get(lang, "%Y年%-m月")
        )
    if frequencies == {"A"} or years >= _FEWEST_YEARLY_TICKS:
        step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 1000) if years / s <= 10)
        month, day = (
            (first.month, first.day)
            if frequencies == {"A"} and len({(p.month, p.day) for p in periods}) == 1
            else (1, 1)
        )
        start = date(max(first.year - first.year % step, 1), month, day)
        return axis | {"tick0": start.isoformat(), "dtick": f"M{12 * step}", "tickformat": "%Y"}
    months = years * 12 + last.month - first.month
    if months < 3:
        return axis | {"nticks": 8, "tickformat": "%-d %b" if lang == "en" else "%-m月%-d日"}
    step = next(s for s in (1, 2, 3, 6) if months / s <= 8)
    return axis | {
        "tick0": f"{first.year}-01-01", "dtick": f"M{step}", "tickformat": "%b %Y" if lang == "en" else "%Y年%-m月",
    }  # fmt: skip


def range_of_bars(periods: Sequence[date], frequency: str) -> list[str]:
    """Range of a time axis on which the bars of the first and the last period are whole.

    >>> range_of_bars([date(2023, 1, 1), date(2024, 1, 1)], "M")
    ['2022-12-14', '2024-01-18']
    """
    half = (period_end(frequency, periods[-1]) - periods[-1]).days * 0.55 + 0.6
    return [
        (day + timedelta(days=days)).isoformat() for day, days in ((periods[0], -half), (periods[-1], half))
    ]


def thinned(axis: dict[str, Any], width: float) -> dict[str, Any]:
    """Give a time axis as few ticks as a narrow plot has room for.

    >>> years = {"dtick": "M12", "tick0": "2005-01-01", "tickformat": "%Y", "range": ["2005-01-01", "2024-01-01"]}
    >>> thinned(years, 180)["dtick"], thinned(years, 180)["tick0"]
    ('M60', '2005-01-01')
    """
    if "dtick" not in axis:
        return axis | {"nticks": max(2, int(width // _TICK_ROOM["%-d %b"]))}
    first, last = map(date.fromisoformat, axis["range"])
    fewest, room = int(axis["dtick"][1:]), _TICK_ROOM.get(axis["tickformat"], 68)
    months = (last - first).days / 30.4
    step = next((s for s in _TICK_STEPS if s >= fewest and months / s * room <= width), _TICK_STEPS[-1])
    start = date.fromisoformat(axis["tick0"])
    start = start.replace(year=max(start.year - start.year % max(step // 12, 1), 1))
    return axis | {"dtick": f"M{step}", "tick0": start.isoformat()}


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
