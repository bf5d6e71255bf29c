"""What a refresh held back, beside what is known: a small chart for each series, with the reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from gbaindicators.catalog import parse_period
from gbaindicators.charts.axes import date_axis, thinned, tick_room, value_range
from gbaindicators.charts.canvas import canvas, redrawable
from gbaindicators.charts.labels import Scale, choose_scale, period_label, say_alt, sentences, title_of
from gbaindicators.charts.series import Series
from gbaindicators.charts.theme import (
    EDGE,
    GREY,
    INK,
    RULE,
    Page,
    area_colour,
    as_text,
    on_white,
    wrap,
)
from gbaindicators.charts.wording import check_language, phrase
from gbaindicators.errors import FrameError

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["held_back"]

_COLUMNS: Final = (
    "service", "feed", "indicator", "area", "frequency", "period", "change", "known_amount", "amount", "base", "reason",
)  # fmt: skip
_MOST_PANELS: Final = 12
#: Lines of the reason that are printed; all of it shows on hover.
_MOST_LINES: Final = 4
#: Sizes on the page in pixels.
_PLOT, _TICKS, _LINE, _REASON, _BETWEEN, _BELOW, _RIGHT = 130, 24, 18, 15, 36, 26, 14
#: Figures from which they are drawn without a point each.
_DENSE: Final = 60


@dataclass(frozen=True)
class _Panel:
    """One series: what is known, what the service says now, and known figures that it does not give any more."""

    name: str
    reason: str
    known: Series
    told: Series
    gone: tuple[tuple[date, float], ...]
    scale: Scale

    @property
    def periods(self) -> list[date]:
        return sorted({*self.known.periods, *self.told.periods, *(period for period, _ in self.gone)})

    @property
    def values(self) -> list[float]:
        every = [*self.known.values, *self.told.values, *(value for _, value in self.gone)]
        return [value / self.scale.factor for value in every]


@redrawable
def held_back(
    held: pl.DataFrame,
    known: pl.DataFrame | None = None,
    *,
    title: str | None = None,
    subtitle: str | None = None,
    lang: str = "en",
) -> go.Figure:
    """Draw what a refresh held back, one panel for each series, at most twelve.

    Parameters
    ----------
    held
        What `gba.held_changes` gives, or part of it.
    known
        All known figures of these series, in base units: columns ``service, feed, period`` (first day) and ``value``.
        Without it only known figures that would change are drawn.
    title, subtitle
        By default how many series are held back, and how the panels read.
    lang
        ``en``, ``zh-Hans`` or ``zh-Hant``. Reasons are in English.

    Returns
    -------
    plotly.graph_objects.Figure
        Known figures grey, those of the service dashed with points in the colour of the area, crosses on known figures
        that it no longer gives; the reason under the name of each series. ``layout.meta["alt"]`` stands for the picture.

    Raises
    ------
    FrameError
        When the frame is not one that `gba.held_changes` gives, or holds no figure.

    Examples
    --------
    >>> held = pl.DataFrame({
    ...     "service": ["made_up"] * 2, "feed": ["gdp/macao/A/nsa/current"] * 2, "indicator": ["gdp"] * 2, "area": ["macao"] * 2,
    ...     "frequency": ["A"] * 2, "period": ["2022", "2023"], "change": ["revised", "gone"], "known_amount": [2e11, 3e11],
    ...     "amount": [2e14, None], "base": ["MOP"] * 2, "reason": ["2022: more than 10 times apart"] * 2,
    ... })
    >>> [(trace.name, trace.y) for trace in held_back(held).data]
    [('Known', (0.2, 0.3)), ('The service now', (200.0,)), ('No longer given', (0.3,))]
    """
    import plotly.graph_objects as go

    check_language(lang)
    series = _checked(held).partition_by(["service", "feed"], maintain_order=True)
    panels = [panel for rows in series if (panel := _panel(rows, known, lang))]
    if not panels:
        raise FrameError("none of the figures held back is a number, so there is nothing to draw")
    drawn = panels[:_MOST_PANELS]
    across = min(len(drawn), 2)
    width = (canvas().width - 2 * EDGE - _BETWEEN * (across - 1)) / across
    heads = [_lines(panel, width) for panel in drawn]
    rows = [range(i, min(i + across, len(drawn))) for i in range(0, len(drawn), across)]
    headings = [max(_head_height(heads[i]) for i in row) for row in rows]
    height = sum(headings) + len(rows) * (_PLOT + _TICKS) + (len(rows) - 1) * _BELOW
    page = _page(drawn, len(series), title, subtitle, lang)
    page = replace(page, height=page.top + page.bottom + height, frames=(held,))
    figure = page.figure()
    top = 0.0
    for row, heading in zip(rows, headings, strict=True):
        for i in row:
            left = (i - row.start) * (width + _BETWEEN)
            _head(figure, page, drawn[i], heads[i], left, top)
            axes = "" if i == 0 else str(i + 1)
            figure.update_layout(_axes(drawn[i], page, axes, left, top + heading, width, lang))
            for trace in _traces(drawn[i], lang):
                figure.add_trace(go.Scatter(trace, xaxis=f"x{axes}", yaxis=f"y{axes}"))
        top += heading + _PLOT + _TICKS + _BELOW
    return figure


def _checked(held: pl.DataFrame) -> pl.DataFrame:
    if missing := [column for column in _COLUMNS if column not in held.columns]:
        raise FrameError(
            f"this chart draws what gba.held_changes gives; this frame lacks {', '.join(missing)}"
        )
    if held.is_empty():
        raise FrameError("nothing is held back, so there is nothing to draw")
    return held


def _panel(rows: pl.DataFrame, known: pl.DataFrame | None, lang: str) -> _Panel | None:
    first = rows.row(0, named=True)
    frequency = first["frequency"]
    dated = rows.with_columns(
        pl.Series("period", [parse_period(text).start for text in rows["period"]], dtype=pl.Date)
    ).sort("period")
    told = dated.drop_nulls("amount").select("period", pl.col("amount").alias("value"))
    gone = (
        dated.filter(pl.col("amount").is_null()).drop_nulls("known_amount").select("period", "known_amount")
    )
    before = dated.drop_nulls("known_amount").select("period", pl.col("known_amount").alias("value"))
    if known is not None:
        own = known.filter(service=first["service"], feed=first["feed"]).select("period", "value")
        before = pl.concat([own, before]).unique("period", keep="first").sort("period")
    values = [*told["value"], *before["value"]]
    if not values:
        return None
    name = f"{title_of(rows, lang)} ({first['service']})"
    colour = on_white(area_colour(first["area"]))
    return _Panel(
        name=name,
        reason=first["reason"] or "",
        known=Series(name, GREY, frequency, tuple(before["period"]), tuple(before["value"])),
        told=Series(name, colour, frequency, tuple(told["period"]), tuple(told["value"])),
        gone=tuple(gone.iter_rows()),
        scale=choose_scale(first["base"], values, lang),
    )


def _page(panels: Sequence[_Panel], series: int, title: str | None, subtitle: str | None, lang: str) -> Page:
    left_out = phrase("held_more", lang, series - len(panels)) if series > len(panels) else ""
    what = phrase("held_title", lang, series)
    ends = min(p.periods[0] for p in panels), max(p.periods[-1] for p in panels)
    span = phrase("to", lang, *(period_label("D", day, lang) for day in ends))
    body = [phrase("at", lang, panel.name, f"({panel.reason})") for panel in panels]
    return Page(
        title=what if title is None else title,
        subtitle=sentences([phrase("held_read", lang), left_out], lang) if subtitle is None else subtitle,
        footer=[],
        lang=lang,
        below=0,
        meta={
            "fixed": True,
            "alt": say_alt("held_back", what, "", span, body, lang),
            "sources": {},
            "unit": "",
        },
    )


def _lines(panel: _Panel, width: float) -> tuple[list[str], list[str]]:
    """Name, and unit and reason, as lines; a reason that is too long is cut."""
    name = wrap(panel.name, width, 13, bold=True)
    reason = wrap(sentences([panel.scale.unit, panel.reason], "en"), width, 12)
    if len(reason) > _MOST_LINES:
        reason = [*reason[: _MOST_LINES - 1], reason[_MOST_LINES - 1][:-1] + "…"]
    return name, reason


def _head_height(lines: tuple[list[str], list[str]]) -> float:
    return _LINE * len(lines[0]) + _REASON * len(lines[1]) + 8


def _head(
    figure: go.Figure, page: Page, panel: _Panel, lines: tuple[list[str], list[str]], left: float, top: float
) -> None:
    for name, texts, down, font in (
        ("series", lines[0], 0.0, {"color": panel.told.colour, "size": 13}),
        ("reason", lines[1], float(_LINE * len(lines[0])), {"color": GREY, "size": 12}),
    ):
        text = "<br>".join(map(as_text, texts))
        figure.add_annotation(
            x=left / page.plot_width, y=1 - (top + down) / page.plot_height, xref="paper", yref="paper", xanchor="left",
            yanchor="top", align="left", borderpad=0, showarrow=False, font=font, name=name,
            text=f"<b>{text}</b>" if name == "series" else text, hovertext=as_text(panel.reason),
        )  # fmt: skip


def _axes(
    panel: _Panel, page: Page, number: str, left: float, top: float, width: float, lang: str
) -> dict[str, Any]:
    low, high = value_range(panel.values)
    room = tick_room(low, high)
    wide, tall = page.plot_width, page.plot_height
    across = thinned(date_axis(panel.periods, (panel.known,), lang), width - room - _RIGHT)
    down = {
        "range": [low, high], "nticks": 5, "tickformat": f",.{panel.scale.decimals}~f", "showgrid": True, "gridcolor": RULE,
        "gridwidth": 1, "ticklabelstandoff": 6, "zeroline": low <= 0 <= high, "zerolinecolor": INK, "zerolinewidth": 1,
    }  # fmt: skip
    return {
        f"xaxis{number}": across
        | {"domain": [(left + room) / wide, (left + width - _RIGHT) / wide], "anchor": f"y{number}"},
        f"yaxis{number}": down
        | {"domain": [1 - (top + _PLOT) / tall, 1 - top / tall], "anchor": f"x{number}"},
    }


def _traces(panel: _Panel, lang: str) -> Iterator[dict[str, Any]]:
    factor = panel.scale.factor
    hover = f"%{{y:,.{max(panel.scale.decimals, 2)}~f}}<br>%{{x}}"
    common = {"hovertemplate": hover, "cliponaxis": False}
    for key, series, width, dash in (
        ("known", panel.known, 1.8, "solid"),
        ("told", panel.told, 2.0, "5px,3px"),
    ):
        periods, values = series.with_gaps()
        dots = [True] * len(values) if key == "told" and len(values) <= _DENSE else series.alone()
        if not periods:
            continue
        yield common | {
            "name": as_text(phrase(f"held_{key}", lang)), "x": periods, "y": [None if v is None else v / factor for v in values],
            "mode": "lines+markers", "line": {"color": series.colour, "width": width, "dash": dash}, "connectgaps": False,
            "marker": {"size": [7 if dot else 0 for dot in dots], "color": series.colour, "opacity": 1},
        }  # fmt: skip
    if panel.gone:
        yield common | {
            "name": as_text(phrase("held_gone", lang)), "x": [period for period, _ in panel.gone], "mode": "markers",
            "y": [value / factor for _, value in panel.gone],
            "marker": {"symbol": "x-thin", "size": 8, "line": {"color": INK, "width": 2}},
        }  # fmt: skip
