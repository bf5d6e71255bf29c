"""Charts of points: two indicators across areas, and growth against where areas began."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from gbaindicators.catalog import parse_period, period_text
from gbaindicators.charts.across import common_periods
from gbaindicators.charts.axes import add_value_axis, tick_room, value_axis
from gbaindicators.charts.canvas import redrawable
from gbaindicators.charts.labels import name_of, number_text, period_label, sentences, title_of
from gbaindicators.charts.placing import Box, label_boxes
from gbaindicators.charts.series import Drawing, drawing
from gbaindicators.charts.theme import GREY, LABEL_SIZE, Page, area_colour, as_text, on_white, text_width
from gbaindicators.charts.wording import listing, phrase
from gbaindicators.errors import FrameError, UsageError
from gbaindicators.tables.series_frame import check_series_frame

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["convergence", "scatter"]

_POINT: Final = 11
_LINE: Final = 17
#: Room for the names of the axes, over the plot and under it, and for the last number of the lower one.
_ABOVE, _BELOW, _RIGHT = 26, 46, 12
#: Distance in pixels from which a thin line leads from a name to its point.
_FAR: Final = 14.0


@dataclass(frozen=True, slots=True)
class _Point:
    """One area: where it stands, in the numbers printed on the axes."""

    name: str
    colour: str
    x: float
    y: float


@redrawable
def scatter(
    x: pl.DataFrame,
    y: pl.DataFrame | None = None,
    *,
    period: str | None = None,
    log_x: bool = False,
    log_y: bool = False,
    title: str | None = None,
    subtitle: str | None = None,
    lang: str = "en",
) -> go.Figure:
    """Draw two indicators against each other, one labelled point for each area.

    Parameters
    ----------
    x
        Series frame of the horizontal indicator, with ``area``; or of two indicators, the first of which is that.
    y
        Series frame of the vertical indicator; left out where `x` holds both.
    period
        Period as text; by default the latest in which the most areas have both values.
    log_x, log_y
        Whether an axis is logarithmic.
    title, subtitle, lang
        As for `line`.

    Returns
    -------
    plotly.graph_objects.Figure
        One trace per area. An area that lacks one of the two is named in the note; a label for which no free place
        is left shows on hover.

    Raises
    ------
    FrameError
        When there is nothing to draw, an indicator has several units or an area several series, or the two have no
        area or no period in common.
    UsageError
        When the period is not one that both have, or a logarithmic axis meets a value of zero or less.

    Examples
    --------
    >>> from datetime import date
    >>> people = pl.DataFrame({"area": ["macao", "zhuhai"], "period": [date(2024, 1, 1)] * 2, "value": [0.7e6, 2.5e6]})
    >>> heads = people.with_columns(value=pl.Series([70_000.0, 25_000.0]))
    >>> [(trace.name, trace.x[0], trace.y[0]) for trace in scatter(people, heads).data]
    [('Macao', 0.7, 70000.0), ('Zhuhai', 2.5, 25000.0)]
    """
    sides = [drawing(_of_areas(f), lang, kind="each axis of a scatter chart") for f in _both(x, y)]
    day = _day(sides, period)
    values = [_values(d, day) for d in sides]
    shared = [a for a in values[0] if a in values[1]]
    if not shared:
        raise FrameError(f"no area has both values in the period that begins {day}: name another period")
    for drawn, given, log in zip(sides, values, (log_x, log_y), strict=True):
        if log and (low := min(shared, key=lambda a: given[a])) and given[low] <= 0:
            raise UsageError(
                f"a logarithmic axis shows only values above zero, and {title_of(drawn.frame, 'en')} of {low} is "
                f"{given[low]:g}: leave log_x and log_y out"
            )
    factors = [d.scale.factor for d in sides]
    points = [
        _Point(name_of("area", a, lang), area_colour(a), values[0][a] / factors[0], values[1][a] / factors[1])
        for a in shared
    ]
    absent = [a for a in dict.fromkeys([*_areas(sides[0]), *_areas(sides[1])]) if a not in shared]
    dated = period_label(sides[1].frequency, day, lang)
    names = [title_of(d.frame.drop("area"), lang) for d in sides]
    axes = [_axis_name(n, d, lang, log=log) for n, d, log in zip(names, sides, (log_x, log_y), strict=True)]
    what = phrase(
        "against", lang, names[1], names[0][:1].lower() + names[0][1:] if lang == "en" else names[0]
    )
    page = _without_unit(sides[1]).page(
        "scatter",
        title,
        sentences([what, dated] if title else [dated], lang) if subtitle is None else subtitle,
        body=[
            phrase("at", lang, p.name, f"{number_text(p.x)}, {number_text(p.y)}") for p in _ordered(points)
        ],
        span=dated,
        notes=[phrase("no_figures", lang, listing([name_of("area", a, lang) for a in absent], lang))]
        if absent
        else (),
        others=[sides[0].frame],
        what=what,
        left=_left([p.y for p in points], log=log_y),
        right=_RIGHT,
        above=_ABOVE,
        below=_BELOW,
    )
    return _drawn(page, points, axes, log_x=log_x, log_y=log_y)


@redrawable
def convergence(
    frame: pl.DataFrame,
    start: str | None = None,
    end: str | None = None,
    *,
    title: str | None = None,
    subtitle: str | None = None,
    lang: str = "en",
) -> go.Figure:
    """Draw average growth against the initial level on a logarithmic axis, with the line that `gba.convergence` fits.

    A line that falls means convergence: areas that began low grew faster.

    Parameters
    ----------
    frame
        Series frame of one indicator over areas, such as GDP per head, in one unit, all values positive.
    start, end
        The two periods as text; by default the first and the last in which every area has a value.
    title, subtitle
        By default the indicator, and what the fitted line says.
    lang
        As for `line`.

    Returns
    -------
    plotly.graph_objects.Figure
        The fitted line first, then one trace per area; growth is the log change a year, in percent.

    Raises
    ------
    FrameError, UsageError, SeriesTooShortError
        As `gba.convergence` does.

    Examples
    --------
    >>> from datetime import date
    >>> heads = pl.DataFrame({
    ...     "area": ["a", "b", "c", "d"] * 2,
    ...     "period": [date(2010, 1, 1)] * 4 + [date(2020, 1, 1)] * 4,
    ...     "value": [1.0, 2.0, 4.0, 8.0, 2.0, 3.0, 4.2, 5.6],
    ... })
    >>> [(trace.name, round(trace.y[0], 2)) for trace in convergence(heads).data[1:3]]
    [('a', 6.93), ('b', 4.06)]
    """
    from gbaindicators import comparison

    drawn = drawing(_of_areas(frame), lang, kind="a convergence chart")
    if start is None or end is None:
        common = common_periods(drawn)
    begin = period_text(drawn.frequency, common[0]) if start is None else start
    finish = period_text(drawn.frequency, common[-1]) if end is None else end
    found = comparison.convergence(drawn.frame, begin, finish)
    fit = found.row(0, named=True)
    first, last = (parse_period(str(text)).start for text in (begin, finish))
    initial, later = _values(drawn, first), _values(drawn, last)
    years = (last - first).days / 365.25
    factor = drawn.scale.factor
    points = [
        _Point(name_of("area", a, lang), area_colour(a), v / factor, 100 * math.log(later[a] / v) / years)
        for a, v in initial.items()
    ]
    slope = 100 * fit["estimate"]
    middle = [sum(v) / len(points) for v in ([math.log(p.x) for p in points], [p.y for p in points])]
    ends = min(p.x for p in points), max(p.x for p in points)
    fitted = [(v, middle[1] + slope * (math.log(v) - middle[0])) for v in ends]
    labels = [period_label(drawn.frequency, day, lang) for day in (first, last)]
    span = phrase("to", lang, *labels)
    name = title_of(drawn.frame.drop("area"), lang)
    axes = [
        _axis_name(phrase("in_period", lang, name, labels[0]), drawn, lang, log=True),
        phrase("growth_a_year", lang, span),
    ]
    said = sentences(_fit_words(fit, lang), lang)
    what = phrase("convergence_of", lang, name)
    status = found["status"][0] if "status" in found.columns else None
    page = _without_unit(drawn).page(
        "convergence",
        title,
        sentences([what if title else "", span, said], lang) if subtitle is None else subtitle,
        body=[said, *(phrase("at", lang, p.name, number_text(p.y)) for p in _ordered(points))],
        span=span,
        notes=[phrase("break_between", lang) if status == "B" else "", fit["note"] or ""],
        others=[found],
        what=what,
        left=_left([*(p.y for p in points), *(y for _, y in fitted)], log=False),
        right=_RIGHT,
        above=_ABOVE,
        below=_BELOW,
    )
    # The data behind the chart are the figures, not the fit to them.
    page = replace(page, frames=(frame,))
    return _drawn(page, points, axes, log_x=True, log_y=False, line=fitted)


def _fit_words(fit: dict[str, Any], lang: str) -> list[str]:
    """Say what the fitted line means: growth at twice the initial level, and how fast the gap closes."""
    twice = 100 * fit["estimate"] * math.log(2)
    words = [
        phrase(
            "fit_slower" if twice < 0 else "fit_faster", lang, number_text(abs(twice)),
            number_text(100 * fit["se"] * math.log(2)), number_text(fit["r2"], 2),
        )
    ]  # fmt: skip
    if fit["half_life"] is not None:
        words.append(phrase("half_life", lang, number_text(fit["half_life"], 0)))
    return words


def _both(x: pl.DataFrame, y: pl.DataFrame | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Frames of the two axes."""
    if y is not None:
        return x, y
    x = check_series_frame(x, "indicator")
    indicators = x["indicator"].unique(maintain_order=True).to_list()
    if len(indicators) != 2:
        raise FrameError(
            f"a scatter chart sets two indicators against each other, the frame has {len(indicators)} "
            f"({', '.join(map(str, indicators[:4]))}): filter it to two, or give two frames"
        )
    return x.filter(indicator=indicators[0]), x.filter(indicator=indicators[1])


def _of_areas(frame: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    frame = check_series_frame(frame.collect() if isinstance(frame, pl.LazyFrame) else frame, "area")
    return frame.with_columns(pl.col("area").cast(pl.String))


def _areas(drawn: Drawing) -> list[str]:
    return drawn.frame["area"].unique(maintain_order=True).drop_nulls().to_list()


def _day(sides: Sequence[Drawing], period: str | None) -> date:
    """Choose the period: the one named, or the latest in which the most areas have both values."""
    if len({d.frequency for d in sides}) > 1:
        raise FrameError(
            f"the axes have the frequencies {sides[0].frequency} and {sides[1].frequency}: bring both to one with "
            "gba.to_frequency"
        )
    held = [d.frame.drop_nulls("value").select("area", "period").unique() for d in sides]
    both = held[0].join(held[1], on=["area", "period"])
    if both.is_empty():
        raise FrameError("the two indicators have no area with values of both in one period: load others")
    if period is not None:
        wanted = parse_period(str(period))
        days = both["period"].to_list()
        if wanted.frequency != sides[0].frequency or wanted.start not in days:
            raise UsageError(
                f"no area has both values in {period!r}: they have them from {min(days)} to {max(days)}"
            )
        return wanted.start
    counts = both.group_by("period").agg(pl.len().alias("areas"))
    best = counts.filter(pl.col("areas") == pl.col("areas").max())["period"].max()
    assert isinstance(best, date)
    return best


def _values(drawn: Drawing, day: date) -> dict[str, float]:
    """Value of each area in a period."""
    rows = drawn.frame.filter(pl.col("period") == day).drop_nulls("value")
    if rows["area"].is_duplicated().any():
        twice = rows.filter(pl.col("area").is_duplicated())["area"][0]
        raise FrameError(
            f"the frame has several series of {twice} and a point has one value: filter it to one"
        )
    return dict(rows.select("area", "value").iter_rows())


def _without_unit(drawn: Drawing) -> Drawing:
    """Drawing whose page does not name the unit: the axes do."""
    return replace(drawn, scale=replace(drawn.scale, unit=""))


def _axis_name(name: str, drawn: Drawing, lang: str, *, log: bool) -> str:
    parts = [name, drawn.scale.unit, phrase("log_scale", lang) if log else ""]
    return (", " if lang == "en" else "，").join(p for p in parts if p)


def _ordered(points: Sequence[_Point]) -> list[_Point]:
    return sorted(points, key=lambda p: p.y, reverse=True)


def _span(values: Sequence[float], *, log: bool) -> tuple[float, float]:
    """Range of an axis of points: room on both sides, but none below zero for what is never negative."""
    if log:
        room = max(max(values) / min(values), 1.5) ** 0.08
        return min(values) / room, max(values) * room
    low, high = min(values), max(values)
    room = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    return (0.0 if low >= 0 and low < 0.25 * high else low - room), high + room


def _left(values: Sequence[float], *, log: bool) -> float:
    """Room for the numbers of the vertical axis."""
    return tick_room(*_span(values, log=log), log=log)


def _drawn(
    page: Page,
    points: Sequence[_Point],
    axes: Sequence[str],
    *,
    log_x: bool,
    log_y: bool,
    line: Sequence[tuple[float, float]] = (),
) -> go.Figure:
    """Draw points with their labels, the names of both axes, and under them a line between two places."""
    import plotly.graph_objects as go

    figure = page.figure()
    ys = [*(p.y for p in points), *(y for _, y in line)]
    spans = _span([p.x for p in points], log=log_x), _span(ys, log=log_y)

    def place(x: float, y: float) -> tuple[float, float]:
        right, up = _share(x, spans[0], log=log_x), _share(y, spans[1], log=log_y)
        return right * page.plot_width, (1 - up) * page.plot_height

    if line:
        x, y = zip(*line, strict=True)
        figure.add_trace(
            go.Scatter(
                x=x, y=y, mode="lines", hoverinfo="skip", name="fit", line={"color": GREY, "width": 1.6, "dash": "dash"},
            )
        )  # fmt: skip
    for point in points:
        figure.add_trace(
            go.Scatter(
                x=[point.x], y=[point.y], mode="markers", name=as_text(point.name), cliponaxis=False,
                marker={"size": _POINT, "color": point.colour, "line": {"color": "white", "width": 1}},
                hovertemplate="%{fullData.name}: %{x:,.3~f}, %{y:,.3~f}<extra></extra>",
            )
        )  # fmt: skip
    figure.update_xaxes(**value_axis(*spans[0], log=log_x))
    add_value_axis(figure, *spans[1], log=log_y)
    places = [place(p.x, p.y) for p in points]
    sizes = [(text_width(p.name, LABEL_SIZE, bold=True), _LINE) for p in points]
    on_line = _along([place(*end) for end in line])
    boxes = label_boxes(places, sizes, page.plot_width, page.plot_height, line=on_line)
    for point, at, box in zip(points, places, boxes, strict=True):
        if box is not None:
            _add_label(figure, page, point, at, box)
    below = {"x": 1, "y": 0, "xanchor": "right", "yanchor": "top", "yshift": -26}
    above = {"x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "xshift": -page.left, "yshift": 8}
    for name, where in zip(axes, (below, above), strict=True):
        figure.add_annotation(
            text=as_text(name), xref="paper", yref="paper", showarrow=False, name="axis", borderpad=0,
            font={"color": GREY, "size": 12}, **where,
        )  # fmt: skip
    return figure


def _along(ends: Sequence[tuple[float, float]]) -> list[Box]:
    """Small boxes along a straight line."""
    if not ends:
        return []
    (x0, y0), (x1, y1) = ends
    steps = max(int(math.dist(*ends) / 4), 1)
    middles = ((x0 + (x1 - x0) * i / steps, y0 + (y1 - y0) * i / steps) for i in range(steps + 1))
    return [Box(x - 1, y - 1, x + 1, y + 1) for x, y in middles]


def _share(value: float, span: tuple[float, float], *, log: bool) -> float:
    low, high, at = (math.log(v) if log else v for v in (*span, value))
    return (at - low) / (high - low)


def _add_label(figure: go.Figure, page: Page, point: _Point, place: tuple[float, float], box: Box) -> None:
    """Print a name in its box; a thin line leads to the point where it stands far off."""

    def on_page(x: float, y: float) -> tuple[float, float]:
        return x / page.plot_width, 1 - y / page.plot_height

    near = box.nearest(*place)
    if math.dist(near, place) > _FAR:
        (x0, y0), (x1, y1) = on_page(*place), on_page(*near)
        figure.add_shape(
            type="line", xref="paper", yref="paper", x0=x0, y0=y0, x1=x1, y1=y1, layer="below", name="leader",
            line={"color": GREY, "width": 1},
        )  # fmt: skip
    x, y = on_page((box.left + box.right) / 2, (box.top + box.bottom) / 2)
    figure.add_annotation(
        x=x, y=y, xref="paper", yref="paper", xanchor="center", yanchor="middle", text=f"<b>{as_text(point.name)}</b>",
        showarrow=False, borderpad=0, name="label", font={"color": on_white(point.colour), "size": LABEL_SIZE},
    )  # fmt: skip
