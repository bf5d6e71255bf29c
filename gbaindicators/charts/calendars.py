"""Daily figures as a calendar: weeks by weekdays, a block for each year."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from gbaindicators.catalog import period_end
from gbaindicators.charts.across import COLOUR_BAR, colours_of
from gbaindicators.charts.canvas import canvas, redrawable
from gbaindicators.charts.labels import month_name, period_label, weekday_name
from gbaindicators.charts.series import Drawing, Series, drawing
from gbaindicators.charts.theme import EDGE, GREY, INK, RULE, as_text, text_width
from gbaindicators.charts.wording import phrase
from gbaindicators.errors import FrameError, UsageError
from gbaindicators.transforms.seasonal.holidays import (
    FIRST_YEAR,
    LAST_YEAR,
    ching_ming,
    easter,
    holidays_of,
    lunar_new_year,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["calendar"]

#: Columns of a year: 366 days that begin on a Sunday reach into a 54th week.
_WEEKS: Final = 54
_MOST_YEARS: Final = 20
#: Rows between two years; width and height of the scale of colours in pixels.
_BETWEEN, _BAR, _BAR_HEIGHT = 2, 70, 260
#: Height of a day in pixels where the shape of the picture is exact and the days would be higher than there is room for.
_LOWEST: Final = 8.0
_DAY: Final[Mapping[str, Callable[[int], date]]] = {
    "lunar_new_year": lunar_new_year,
    "easter": easter,
    "ching_ming": ching_ming,
    "golden_week": lambda year: date(year, 10, 1),
    "golden_week_japan": lambda year: date(year, 4, 29),
}


@redrawable
def calendar(
    frame: pl.DataFrame,
    *,
    holidays: str | Sequence[str] | None = None,
    title: str | None = None,
    subtitle: str | None = None,
    lang: str = "en",
) -> go.Figure:
    """Draw a daily series as a calendar: a cell for each day, weeks by weekdays, a block for each year.

    Values on both sides of zero get two colours that meet at zero. Days without a figure between the first and the
    last are grey, and the note counts them.

    Parameters
    ----------
    frame
        Series frame of one daily series, up to 20 years of it.
    holidays
        Mark moving holidays by numbers: names as for `gba.seasonal_adjustment` (``"lunar_new_year"``, ``"easter"``,
        ``"ching_ming"``, ``"golden_week"``, ``"golden_week_japan"``), or ``"auto"`` for those of the area.
    title, subtitle, lang
        As for `line`.

    Returns
    -------
    plotly.graph_objects.Figure
        One heatmap trace, seven rows a year from Monday to Sunday and two empty rows between years; its ``customdata``
        name the days.

    Raises
    ------
    FrameError
        When there is nothing to draw, several series, figures that are not daily, or more than 20 years.
    UnknownNameError, UsageError
        When there is no such holiday, or ``"auto"`` meets an area without a calendar.

    Examples
    --------
    >>> days = pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 1, 9), eager=True)
    >>> figure = calendar(pl.DataFrame({"period": days, "value": range(9)}))
    >>> [list(row[:2]) for row in figure.data[0].z][:3]
    [[0.0, 7.0], [1.0, 8.0], [2.0, None]]
    """
    import plotly.graph_objects as go

    drawn = drawing(frame, lang, kind="a calendar")
    series = drawn.only("a calendar")
    if series.frequency != "D":
        raise FrameError(
            f"a calendar needs daily figures, the frame has the frequency {series.frequency}: "
            "months are drawn by gba.chart.seasonal and gba.chart.heatmap"
        )
    years = range(series.periods[0].year, series.periods[-1].year + 1)
    if len(years) > _MOST_YEARS:
        raise FrameError(f"a calendar shows up to {_MOST_YEARS} years, the frame has {len(years)}: filter it")
    marked = _marked(drawn, holidays, years)
    known = {p: v / drawn.scale.factor for p, v in zip(series.periods, series.values, strict=True)}
    absent = [day for day in _days(series.periods[0], series.periods[-1]) if day not in known]

    left = max(text_width(weekday_name(day, lang), 11) for day in range(7)) + 52
    cell = (canvas().width - 2 * EDGE - left - _BAR) / _WEEKS
    rows = len(years) * (7 + _BETWEEN) - _BETWEEN
    page = drawn.page(
        "calendar",
        title,
        subtitle,
        body=_told(drawn, series),
        span=drawn.span(),
        notes=[phrase("no_days", lang, len(absent))] if absent else (),
        key=_key(marked, lang),
        left=left,
        right=_BAR,
        above=20,
        below=4,
    )
    if canvas().exact:
        cell = max(min(cell, (canvas().height - page.top - page.bottom) / rows), _LOWEST)
    page = replace(page, height=page.top + page.bottom + rows * cell)
    figure = page.figure()
    values, names = _grid(years, rows, known), _grid(years, rows, {d: _name(d, drawn) for d in known})
    shared: dict[str, Any] = {"xgap": 1, "ygap": 1, "x": list(range(_WEEKS)), "y": list(range(rows))}
    figure.add_trace(
        go.Heatmap(
            z=values, customdata=names, hoverongaps=False, hovertemplate=f"%{{customdata}}: %{{z:,.{max(drawn.scale.decimals, 2)}~f}}<extra></extra>",
            colorbar=COLOUR_BAR | {"lenmode": "pixels", "len": min(_BAR_HEIGHT, rows * cell), "y": 1, "yanchor": "top"}, **colours_of(list(known.values())), **shared,
        )
    )  # fmt: skip
    if absent:
        figure.add_trace(
            go.Heatmap(
                z=_grid(years, rows, dict.fromkeys(absent, 0.0)), colorscale=[[0, RULE], [1, RULE]], showscale=False,
                hoverinfo="skip", **shared,
            )
        )  # fmt: skip
    _add_months(figure, years, series.periods[0], series.periods[-1], lang)
    if marked:
        _add_marks(figure, marked, known, years)
    figure.update_xaxes(range=[-0.5, _WEEKS - 0.5], visible=False)
    figure.update_yaxes(
        range=[rows - 0.5, -0.5], tickfont={"size": 10, "color": GREY}, ticklabelstandoff=4,
        tickvals=[top + day for top in _tops(years) for day in (0, 2, 4, 6)],
        ticktext=[weekday_name(day, lang) for _ in years for day in (0, 2, 4, 6)],
    )  # fmt: skip
    return figure


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _place(day: date, years: range) -> tuple[int, int]:
    """Column and row of a day: its week of the year, and its weekday below the top of the year."""
    week = (day.timetuple().tm_yday - 1 + date(day.year, 1, 1).weekday()) // 7
    return week, (day.year - years[0]) * (7 + _BETWEEN) + day.weekday()


def _tops(years: range) -> list[int]:
    return [place * (7 + _BETWEEN) for place in range(len(years))]


def _grid(years: range, rows: int, held: Mapping[date, Any]) -> list[list[Any]]:
    cells: list[list[Any]] = [[None] * _WEEKS for _ in range(rows)]
    for day, value in held.items():
        week, row = _place(day, years)
        cells[row][week] = value
    return cells


def _name(day: date, drawn: Drawing) -> str:
    return as_text(f"{weekday_name(day.weekday(), drawn.lang)} {period_label('D', day, drawn.lang)}")


def _told(drawn: Drawing, series: Series) -> list[str]:
    """Say the highest and the lowest day."""
    days = dict.fromkeys(end(zip(series.values, series.periods, strict=True)) for end in (max, min))
    return [phrase("at", drawn.lang, period_label("D", p, drawn.lang), drawn.scale.text(v)) for v, p in days]


def _marked(drawn: Drawing, holidays: str | Sequence[str] | None, years: range) -> dict[str, list[date]]:
    """Days to mark by name of the holiday."""
    areas = drawn.frame["area"].drop_nulls().to_list() if "area" in drawn.frame.columns else []
    names = holidays_of(holidays, areas[0] if areas else None)
    if names and not (years[0] >= FIRST_YEAR and years[-1] <= LAST_YEAR):
        raise UsageError(
            f"holidays are known from {FIRST_YEAR} to {LAST_YEAR}: leave holidays out, or filter the frame"
        )
    return {name: [_DAY[name](year) for year in years] for name in names}


def _key(marked: Mapping[str, object], lang: str) -> str:
    told = [f"({n}) {phrase(name, lang)}" for n, name in enumerate(marked, start=1)]
    return phrase("marked_days", lang) + phrase("semicolon", lang).join(told) if told else ""


def _add_months(figure: go.Figure, years: range, first: date, last: date, lang: str) -> None:
    """Print each year beside its block and the months over it, with lines between the months."""
    import plotly.graph_objects as go

    edges: list[tuple[float | None, float | None]] = []
    names: list[dict[str, Any]] = []
    for year, top in zip(years, _tops(years), strict=True):
        names.append({
            "x": -0.5, "xanchor": "right", "xshift": -34, "y": top + 3, "text": f"<b>{year}</b>", "showarrow": False,
            "name": "year", "font": {"size": 13, "color": INK},
        })  # fmt: skip
        for begin in (date(year, month, 1) for month in range(1, 13)):
            if period_end("M", begin) < first or begin > last:
                continue
            week, row = _place(begin, years)
            # the name stands over the first whole week
            names.append({
                "x": week + (row > top) - 0.5, "xanchor": "left", "y": top - 0.5, "yanchor": "bottom", "borderpad": 0,
                "text": month_name(begin.month, lang), "showarrow": False, "font": {"size": 10, "color": GREY}, "name": "month",
            })  # fmt: skip
            if begin > first and begin.month > 1:
                left, down = week - 0.5, row - 0.5
                step = [(left + 1, top - 0.5), (left + 1, down)] if row > top else []
                edges += [*step, (left, down), (left, top + 6.5), (None, None)]
    figure.update_layout(annotations=[*figure.layout.annotations, *names])
    figure.add_trace(
        go.Scatter(
            x=[x for x, _ in edges], y=[y for _, y in edges], mode="lines", line={"color": INK, "width": 1}, hoverinfo="skip",
            name="months", cliponaxis=False,
        )
    )  # fmt: skip


def _add_marks(
    figure: go.Figure, marked: Mapping[str, Sequence[date]], known: Mapping[date, float], years: range
) -> None:
    """Print the numbers of the holidays on their days, dark on pale cells and white on dark ones."""
    import plotly.graph_objects as go

    numbers: dict[date, list[str]] = {}
    for number, days in enumerate(marked.values(), start=1):
        for day in days:
            if min(known) <= day <= max(known):
                numbers.setdefault(day, []).append(str(number))
    low, high = min(known.values()), max(known.values())
    signed = low < 0 < high
    reach = max(-low, high) if signed else high - low or 1.0
    depth = [abs(known.get(day, low) - (0 if signed else low)) / reach for day in numbers]
    places = [_place(day, years) for day in numbers]
    figure.add_trace(
        go.Scatter(
            x=[week for week, _ in places], y=[row for _, row in places], mode="text", hoverinfo="skip", name="holidays",
            text=[f"<b>{','.join(each)}</b>" for each in numbers.values()],
            textfont={"size": [10 if len(each) == 1 else 8 for each in numbers.values()], "color": ["white" if d > 0.55 else INK for d in depth]},
        )
    )  # fmt: skip
