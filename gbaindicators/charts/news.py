"""What moved a nowcast: from the earlier one by release to the later one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import fsum
from typing import TYPE_CHECKING, Final

import polars as pl

from gbaindicators.catalog import parse_period, period_text
from gbaindicators.charts.canvas import redrawable
from gbaindicators.charts.labels import name_of, number_text, period_label, title_of
from gbaindicators.charts.series import drawing
from gbaindicators.charts.theme import GREY, INK, LABEL_SIZE, as_text, on_white, text_width, wrap
from gbaindicators.charts.wording import phrase
from gbaindicators.errors import UsageError

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from gbaindicators.forecasting import Nowcast

__all__ = ["waterfall"]

#: Rises and falls: apart for all eyes, and neither the colour of an area.
_UP, _DOWN = "#2470B3", "#D9852B"
_MOST_STEPS: Final = 12
_NAME_WIDTH: Final = 320
#: Height of a row in pixels, and size of the figures beside it.
_ROW, _DETAIL = 38, 12


@dataclass(frozen=True)
class _Step:
    """One row between the two nowcasts: what was released, and by how much it moved the nowcast."""

    name: str
    detail: str
    impact: float


@redrawable
def waterfall(
    nowcast: Nowcast,
    previous: Nowcast,
    *,
    period: str | None = None,
    title: str | None = None,
    subtitle: str | None = None,
    lang: str = "en",
) -> go.Figure:
    """Draw the news between two nowcasts: from the earlier one, by the impact of each release, to the later one.

    Several figures of one series are one row, largest impact first; of more than twelve rows the smallest are taken
    together. The rows add up to the change exactly; the last of them is what new estimates of the parameters did.

    Parameters
    ----------
    nowcast, previous
        Two results of `gba.nowcast` for one target, as for `Nowcast.news`.
    period
        The quarter as text (``"2026-Q2"``); by default the first that both nowcasts leave open.
    title, subtitle, lang
        As for `line`.

    Returns
    -------
    plotly.graph_objects.Figure
        The two nowcasts as dots, and bars of the impacts between them from the top down.

    Raises
    ------
    UsageError
        When the targets differ, no quarter is open in both, or `period` is none of them.

    Examples
    --------
    >>> import math
    >>> from gbaindicators.forecasting import nowcast
    >>> months = pl.date_range(pl.date(2010, 1, 1), pl.date(2020, 5, 1), "1mo", eager=True)
    >>> wave = [math.sin(i / 9) + math.cos(i / 5) / 9 for i in range(125)]
    >>> trade = pl.DataFrame({"indicator": "trade", "period": months, "unit": "percent", "value": wave})
    >>> quarters = trade.pipe(lambda f: f.group_by_dynamic("period", every="1q").agg(pl.col("value").mean()))
    >>> gdp = quarters.filter(pl.col("period") < pl.date(2020, 4, 1)).with_columns(pl.col("value") * 2 + 3)
    >>> figure = waterfall(nowcast(gdp, trade), nowcast(gdp, trade.head(124)))
    >>> figure.layout.yaxis.ticktext
    ('<b>Earlier nowcast</b>', 'trade', 'Parameters estimated again', '<b>Nowcast</b>')
    """
    import plotly.graph_objects as go

    news = nowcast.news(previous)
    quarter = _quarter(news, period)
    news = news.filter(pl.col("quarter") == quarter)
    now, before = (n.frame.filter(pl.col("period") == quarter) for n in (nowcast, previous))
    drawn = drawing(now, lang, kind="a waterfall chart")
    steps = _steps(news, lang)
    start, end = before["value"].item(), now["value"].item()
    reached = [start + fsum(s.impact for s in steps[:i]) for i in range(len(steps) + 1)]
    names = [
        _dated(previous, "nowcast_before", lang),
        *(s.name for s in steps),
        _dated(nowcast, "nowcast_after", lang),
    ]
    texts = [number_text(start, 2), *(_signed(s.impact) for s in steps), number_text(end, 2)]
    lines = [
        [f"<b>{as_text(n)}</b>"]
        if i in (0, len(names) - 1)
        else list(map(as_text, wrap(n, _NAME_WIDTH, LABEL_SIZE)))
        for i, n in enumerate(names)
    ]
    widths = [text_width(t, LABEL_SIZE) for n in names[1:-1] for t in wrap(n, _NAME_WIDTH, LABEL_SIZE)]
    widths += [text_width(n, LABEL_SIZE, bold=True) for n in (names[0], names[-1])]
    dated = period_label("Q", quarter, lang)
    page = drawn.page(
        "waterfall",
        title,
        subtitle,
        what=phrase("news_on", lang, title_of(now, lang) + (", " if lang == "en" else "，") + dated),
        body=[phrase("at", lang, n, t) for n, t in zip(names, texts, strict=True)],
        span=dated,
        notes=[phrase("news_values", lang)],
        others=[before.select(pl.col("^sources$"))],
        left=max(widths) + 12,
        right=max((text_width(s.detail, _DETAIL) for s in steps), default=0) + 12,
        below=4,
    )
    height = page.top + page.bottom + _ROW * len(names)
    page = replace(page, height=height, frames=(pl.concat([before, now]), news))
    figure = page.figure()
    figure.add_trace(_connectors(reached))
    figure.add_trace(
        go.Bar(
            orientation="h", x=[s.impact for s in steps], base=reached[:-1], y=list(range(1, len(steps) + 1)), width=0.62,
            text=texts[1:-1], textposition="outside", textfont={"size": 12, "color": INK}, cliponaxis=False,
            marker={"color": [_UP if s.impact >= 0 else _DOWN for s in steps], "line": {"width": 0}}, name="impact",
            hovertext=[as_text(f"{s.name}: {_signed(s.impact)}") + f"<br>{as_text(s.detail)}" for s in steps],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    )  # fmt: skip
    colour = drawn.series[0].colour
    figure.add_trace(
        go.Scatter(
            x=[start, end], y=[0, len(steps) + 1], mode="markers+text", text=[f"<b>{texts[0]}</b>", f"<b>{texts[-1]}</b>"],
            textposition="middle right", textfont={"size": LABEL_SIZE, "color": on_white(colour)}, cliponaxis=False,
            marker={"size": 13, "color": colour}, name="nowcast", hoverinfo="skip",
        )
    )  # fmt: skip
    for row, step in enumerate(steps, start=1):
        figure.add_annotation(
            x=1, xref="paper", xanchor="left", xshift=8, y=row, text=as_text(step.detail), showarrow=False, borderpad=0,
            font={"size": _DETAIL, "color": GREY}, name="detail",
        )  # fmt: skip
    # the numbers beyond the bars need room at both ends
    room = max(max(reached) - min(reached), 1e-9) * 0.2
    figure.update_xaxes(range=[min(*reached, end) - room, max(*reached, end) + room], showticklabels=False)
    figure.update_yaxes(
        range=[len(names) - 0.5, -0.5], tickvals=list(range(len(names))), ticktext=["<br>".join(each) for each in lines],
        tickfont={"size": LABEL_SIZE, "color": INK}, ticklabelstandoff=6,
    )  # fmt: skip
    return figure


def _quarter(news: pl.DataFrame, period: str | None) -> date:
    open_ = news["quarter"].unique().sort().to_list()
    if period is None:
        return open_[0]  # type: ignore[no-any-return]
    wanted = parse_period(period)
    if wanted.frequency != "Q" or wanted.start not in open_:
        raise UsageError(
            f"{period!r} is not open in both nowcasts: there are {', '.join(period_text('Q', q) for q in open_)}"
        )
    return wanted.start


def _dated(nowcast: Nowcast, otherwise: str, lang: str) -> str:
    if nowcast.as_of is None:
        return phrase(otherwise, lang)
    return phrase("nowcast_of", lang, period_label("D", nowcast.as_of, lang))


def _steps(news: pl.DataFrame, lang: str) -> list[_Step]:
    """Rows between the nowcasts: each series once, the largest impact first, the smallest together, the model last."""
    comma = ", " if lang == "en" else "，"
    keys = ["kind", "indicator", "area", "name"]
    steps = []
    for held in news.filter(pl.col("kind") != "model").partition_by(keys, maintain_order=True):
        row = held.row(0, named=True)
        name = name_of("indicator", row["indicator"], lang) or row["name"]
        if news["area"].drop_nulls().n_unique() > 1:
            name = comma.join(filter(None, (name, name_of("area", row["area"], lang))))
        months = [period_label("M", p, lang) for p in held["period"].sort().unique(maintain_order=True)]
        when = months[0] if len(months) == 1 else phrase("to", lang, months[0], months[-1])
        if row["kind"] == "revision":
            name = phrase("revised", lang, name)
        elif held.height == 1:
            when = phrase("expected", lang, when, number_text(row["value"]), number_text(row["expected"]))
        steps.append(_Step(name, when, fsum(held["impact"])))
    steps.sort(key=lambda s: -abs(s.impact))
    if len(steps) > _MOST_STEPS:
        small = steps[_MOST_STEPS - 1 :]
        steps[_MOST_STEPS - 1 :] = [
            _Step(phrase("other_news", lang, len(small)), "", fsum(s.impact for s in small))
        ]
    model = fsum(news.filter(kind="model")["impact"])
    return [*steps, _Step(phrase("parameters", lang), "", model)]


def _signed(impact: float) -> str:
    """Write an impact with its sign."""
    text = number_text(impact, 2)
    return text if text.startswith("−") else f"+{text}"


def _connectors(reached: Sequence[float]) -> go.Scatter:
    """Thin lines from where one row ends down to the next."""
    import plotly.graph_objects as go

    last = len(reached) - 1
    points = [
        (x, y)
        for row, x in enumerate(reached)
        for y in (row + 0.31 * (row > 0), row + 1 - 0.31 * (row < last), None)
    ]
    return go.Scatter(
        x=[x for x, _ in points], y=[y for _, y in points], mode="lines", line={"color": GREY, "width": 1}, hoverinfo="skip",
        name="connectors",
    )  # fmt: skip
