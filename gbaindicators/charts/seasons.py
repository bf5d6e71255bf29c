"""The season of a series: its months (or quarters), year upon year."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import polars as pl

from gbaindicators.charts.axes import tick_room, value_axis, value_range
from gbaindicators.charts.canvas import redrawable
from gbaindicators.charts.labels import month_name, period_label
from gbaindicators.charts.over_time import add_end_labels
from gbaindicators.charts.series import Drawing, Series, drawing
from gbaindicators.charts.theme import (
    FAINT,
    GREY,
    INK,
    LABEL_SIZE,
    as_text,
    on_white,
    text_width,
    tint,
    wrap,
)
from gbaindicators.charts.wording import listing, phrase
from gbaindicators.errors import FrameError, UnknownNameError, UsageError
from gbaindicators.transforms.seasonal.holidays import (
    FIRST_YEAR,
    LAST_YEAR,
    holidays_of,
    lunar_new_year,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["seasonal"]

_MONTHS: Final = {"M": 1, "Q": 3}
#: Up to so many earlier years are labelled one by one; of more, the year before.
_MOST_LABELLED: Final = 5
_LABEL_WIDTH: Final = 150


@redrawable
def seasonal(
    frame: pl.DataFrame,
    *,
    title: str | None = None,
    subtitle: str | None = None,
    lang: str = "en",
) -> go.Figure:
    """Draw the months (or quarters) of a series year upon year: the latest strong, earlier ones grey.

    Dashed is the mean of the earlier years that are complete, where there are two of them. Where the area keeps Lunar
    New Year, a dot on each year's line marks the month it began in.

    Parameters
    ----------
    frame
        Series frame of one series, monthly or quarterly.
    title, subtitle, lang
        As for `line`.

    Returns
    -------
    plotly.graph_objects.Figure
        One trace per year in order, named by it, then the mean; the periods of the year along the bottom.

    Raises
    ------
    FrameError
        When there is nothing to draw, several series, or neither months nor quarters.

    Examples
    --------
    >>> months = pl.date_range(pl.date(2022, 1, 1), pl.date(2024, 2, 1), "1mo", eager=True)
    >>> frame = pl.DataFrame({"period": months, "value": range(26)}).with_columns(frequency=pl.lit("M"))
    >>> figure = seasonal(frame)
    >>> [trace.name for trace in figure.data], list(figure.data[2].y), figure.data[3].y[0]
    (['2022', '2023', '2024', 'Mean 2022 to 2023'], [24.0, 25.0], 6.0)
    """
    import plotly.graph_objects as go

    drawn = drawing(frame, lang, kind="a seasonal chart")
    series = drawn.only("a seasonal chart")
    if series.frequency not in _MONTHS:
        raise FrameError(
            f"a seasonal chart needs months or quarters, the frame has the frequency {series.frequency}: "
            "filter it, or bring it to months with gba.to_frequency"
        )
    length = _MONTHS[series.frequency]
    steps = range(1, 13, length)
    by_year = _by_year(series, drawn.scale.factor)
    years = sorted(by_year)
    latest, earlier = years[-1], years[:-1]
    complete = [y for y in earlier if len(by_year[y]) == len(steps)]
    mean_name = phrase("mean_years", lang, _span(complete, lang)) if len(complete) > 1 else ""
    mean = {m: sum(by_year[y][m] for y in complete) / len(complete) for m in steps} if mean_name else {}
    low, high = value_range([v for held in by_year.values() for v in held.values()])

    shown = earlier if len(earlier) <= _MOST_LABELLED else earlier[-1:]
    ends = [(wrap(mean_name, _LABEL_WIDTH, LABEL_SIZE, bold=True), INK, mean[steps[-1]])] if mean else []
    # a line that ends early is labelled where it ends
    at_end = [y for y in (*shown, latest) if steps[-1] in by_year[y]]
    colour = on_white(series.colour)
    ends += [
        ([str(y)], colour if y == latest else GREY, by_year[y][steps[-1]])
        for y in at_end
    ]  # fmt: skip
    marked = {y: m for y in years if (m := _new_year(drawn.frame, y, length)) in by_year[y]}
    page = drawn.page(
        "seasonal",
        title,
        subtitle,
        body=_told(drawn, series),
        span=drawn.span(),
        says=[phrase("grey_years", lang, _span(earlier, lang)) if len(earlier) > _MOST_LABELLED else ""],
        key=phrase("new_year_dots", lang) if marked else "",
        left=tick_room(low, high),
        right=max((text_width(t, LABEL_SIZE, bold=True) for ls, _, _ in ends for t in ls), default=0) + 12,
    )
    figure = page.figure()
    figure.update_layout(hovermode="x unified")
    for place, year in enumerate(years):
        look = (_faded(place, len(earlier)), 1.4, 5) if year != latest else (series.colour, 3.0, 9)
        figure.add_trace(_year_trace(str(year), by_year[year], steps, marked.get(year), look, drawn))
    if mean:
        figure.add_trace(
            go.Scatter(
                x=list(steps), y=list(mean.values()), name=as_text(mean_name), mode="lines", cliponaxis=False,
                line={"color": INK, "width": 1.8, "dash": "5px,4px"}, hovertemplate=_hover(drawn),
            )
        )  # fmt: skip
    figure.update_yaxes(**value_axis(low, high))
    figure.update_xaxes(
        range=[1, steps[-1]], tickvals=list(steps), ticktext=[_step_name(m, length, lang) for m in steps],
        ticks="outside", ticklen=5, tickcolor=GREY, showline=True, linecolor=GREY,
    )  # fmt: skip
    add_end_labels(figure, page, ends, low, high)
    if latest not in at_end:
        _label_early_end(figure, str(latest), by_year[latest], mean, colour)
    return figure


def _by_year(series: Series, factor: float) -> dict[int, dict[int, float]]:
    """Printed values by year and first month of the period."""
    found: dict[int, dict[int, float]] = {}
    for period, value in zip(series.periods, series.values, strict=True):
        found.setdefault(period.year, {})[period.month] = value / factor
    return found


def _year_trace(
    name: str, held: dict[int, float], steps: Sequence[int], marked: int | None, look: tuple[str, float, float], drawn: Drawing
) -> go.Scatter:  # fmt: skip
    """Line of a year up to its last period that is known; a value with gaps on both sides is a dot, too."""
    import plotly.graph_objects as go

    colour, width, dot = look
    months = [m for m in steps if m <= max(held)]
    values = [None, *(held.get(m) for m in months), None]
    alone = [values[i - 1] is None and values[i + 1] is None for i in range(1, len(values) - 1)]
    sizes = [dot if m == marked or single else 0 for m, single in zip(months, alone, strict=True)]
    return go.Scatter(
        x=months, y=values[1:-1], name=name, mode="lines+markers", line={"color": colour, "width": width}, connectgaps=False,
        cliponaxis=False, hovertemplate=_hover(drawn), marker={"opacity": 1, "color": colour, "size": sizes},
    )  # fmt: skip


def _span(years: Sequence[int], lang: str) -> str:
    """Write years: as a range where none is missing."""
    if len(years) > 1 and years[-1] - years[0] == len(years) - 1:
        return phrase("to", lang, years[0], years[-1])
    runs: list[list[int]] = []
    for year in sorted(years):
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    # a run of two is two years
    told = (t for run in runs for t in ([f"{run[0]}–{run[-1]}"] if len(run) > 2 else map(str, run)))
    return listing(list(told), lang)


def _step_name(month: int, length: int, lang: str) -> str:
    if length == 1:
        return month_name(month, lang)
    quarter = (month + 2) // 3
    return f"Q{quarter}" if lang == "en" else f"{quarter}季"


def _faded(place: int, earlier: int) -> str:
    """Grey of an earlier year: the longer ago, the paler."""
    return (
        FAINT
        if earlier > _MOST_LABELLED and place < earlier - 1
        else tint(GREY, 0.35 + 0.5 * (place + 1) / earlier)
    )


def _new_year(frame: pl.DataFrame, year: int, length: int) -> int | None:
    """First month of the period in which Lunar New Year begins, where the area keeps it."""
    areas = frame["area"].unique().drop_nulls().to_list() if "area" in frame.columns else []
    if length > 1 or len(areas) != 1 or not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        kept = holidays_of("auto", areas[0])
    except (UnknownNameError, UsageError):
        return None
    return lunar_new_year(year).month if "lunar_new_year" in kept else None


def _told(drawn: Drawing, series: Series) -> list[str]:
    """Say the highest and the lowest period of the latest year."""
    latest = [
        (v, p)
        for p, v in zip(series.periods, series.values, strict=True)
        if p.year == series.periods[-1].year
    ]
    ends = dict.fromkeys(sorted(latest)[i] for i in (0, -1))
    return [
        phrase("at", drawn.lang, period_label(series.frequency, p, drawn.lang), drawn.scale.text(v)) for v, p in ends
    ]  # fmt: skip


def _hover(drawn: Drawing) -> str:
    return f"%{{y:,.{max(drawn.scale.decimals, 2)}~f}}"


def _label_early_end(
    figure: go.Figure, text: str, held: dict[int, float], mean: dict[int, float], colour: str
) -> None:
    """Name the latest year at its last point, on the side away from the mean."""
    month = max(held)
    above = held[month] >= mean.get(month, held[month])
    figure.add_annotation(
        x=month, y=held[month], text=f"<b>{text}</b>", showarrow=False, name="label", xanchor="left", xshift=4,
        yanchor="bottom" if above else "top", yshift=4 if above else -4, font={"color": colour, "size": LABEL_SIZE},
        bgcolor="rgba(255,255,255,0.75)", borderpad=1,
    )  # fmt: skip
