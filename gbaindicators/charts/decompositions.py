"""What a seasonal adjustment took apart: one panel for each part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from gbaindicators.charts.axes import date_axis, tick_room, value_axis, value_range
from gbaindicators.charts.canvas import redrawable
from gbaindicators.charts.over_time import trace_of
from gbaindicators.charts.series import Drawing, Series, drawing
from gbaindicators.charts.theme import GREY, INK, as_text, on_white
from gbaindicators.charts.wording import phrase
from gbaindicators.errors import FrameError

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from gbaindicators.charts.theme import Page
    from gbaindicators.transforms import SeasonalAdjustment

__all__ = ["decomposition"]

#: Parts beside the trend, from the top, and what each is called.
_PARTS: Final = {
    "seasonal": "season", "trading_days": "trading_days", "holidays": "holidays", "transitory": "transitory",
    "irregular": "irregular",
}  # fmt: skip
#: Heights on the page in pixels: of a panel in the unit of the series, of one with a part, and of the heading of each.
_LEVEL, _PART, _HEAD = 130, 78, 34


@dataclass(frozen=True)
class _Panel:
    """Some series on one scale: what they are divided by, and the value that a part without any effect has."""

    head: str
    series: Mapping[str, Series]
    factor: float
    neutral: float | None
    height: float

    @property
    def range(self) -> tuple[float, float]:
        values = [v / self.factor for s in self.series.values() for v in s.values]
        if self.neutral is None:
            return value_range(values)
        room = (max(values) - min(values)) * 0.08 or 0.1
        return min(*values, self.neutral) - room, max(*values, self.neutral) + room


@redrawable
def decomposition(
    adjustment: SeasonalAdjustment,
    *,
    title: str | None = None,
    subtitle: str | None = None,
    lang: str = "en",
) -> go.Figure:
    """Draw what a seasonal adjustment took apart: observed and adjusted figures, trend, season and what is irregular.

    Trading days, holidays and transitory movements have panels of their own where the adjustment has them. Factors
    stand around 1, the parts of an additive adjustment around 0. Each panel has a scale of its own.

    Parameters
    ----------
    adjustment
        What `gba.seasonal_adjustment` gives, of one series.
    title, subtitle, lang
        As for `line`.

    Returns
    -------
    plotly.graph_objects.Figure
        Panels below one another on one axis of time: observed (grey) and adjusted, trend, and the other parts, the
        irregular one as bars.

    Raises
    ------
    FrameError
        When the adjustment holds no series, or several.

    Examples
    --------
    >>> from gbaindicators.transforms import seasonal_adjustment
    >>> quarters = pl.date_range(pl.date(2015, 1, 1), pl.date(2020, 10, 1), "3mo", eager=True)
    >>> cargo = pl.DataFrame({"period": quarters, "value": [8.0, 9.0, 11.0, 12.0] * 6})
    >>> figure = decomposition(seasonal_adjustment(cargo, "stl", transform="none"))
    >>> [trace.name for trace in figure.data], [round(v, 3) for v in figure.data[0].y[:4]]
    (['Observed', 'Seasonally adjusted', 'Trend', 'Season', 'Irregular'], [8.0, 9.0, 11.0, 12.0])
    """
    if (count := adjustment.models.height) != 1:
        raise FrameError(
            f"a decomposition shows one series, the adjustment has {count}: adjust the rows of one"
            if count
            else "the adjustment holds no series, so there is nothing to draw"
        )
    multiplicative = adjustment.models["transform"][0] == "log"
    values = {
        name: part["value"].to_list()
        for (name,), part in adjustment.components.sort("period").partition_by("component", as_dict=True).items()
    }  # fmt: skip
    parts = [name for name in _PARTS if name in values]
    together = prod if multiplicative else sum
    observed = [together(each) for each in zip(*(values[n] for n in ("trend", *parts)), strict=True)]
    # the adjusted frame has sources and method of the whole; its values stand beside the observed ones
    frame = adjustment.adjusted.drop_nulls("value").sort("period").drop("adjustment")
    drawn = drawing(frame.with_columns(value=pl.Series(observed)), lang, kind="a decomposition")
    panels = _panels(drawn.series[0], values, parts, multiplicative, drawn.scale.factor, lang)

    page = drawn.page(
        "decomposition",
        title,
        subtitle,
        body=[drawn.told(drawn.series[0], drawn.periods[0], drawn.periods[-1])],
        span=drawn.span(),
        left=max(tick_room(*panel.range) for panel in panels),
        right=14,
    )
    height = page.top + page.bottom + sum(p.height + _HEAD for p in panels) - _HEAD / 2
    page = replace(page, height=height, frames=(_with_sources(adjustment.components, frame),))
    figure = page.figure()
    figure.update_layout(hovermode="x unified")
    down = -_HEAD / 2
    for number, panel in enumerate(panels, start=1):
        down += _HEAD
        _head(figure, page, panel, down)
        axis = value_axis(*panel.range) | {
            "domain": [max(0.0, 1 - (down + panel.height) / page.plot_height), 1 - down / page.plot_height],
            "nticks": 5, "anchor": "x", "zeroline": panel.neutral == 0,
        }  # fmt: skip
        figure.update_layout({f"yaxis{number}": axis})
        for trace in _traces(panel, drawn):
            figure.add_trace(trace.update(yaxis=f"y{number}"))
        if panel.neutral:
            figure.add_hline(
                y=panel.neutral, yref=f"y{number}", line={"color": INK, "width": 1}, layer="below"
            )
        down += panel.height
    figure.update_xaxes(**date_axis(drawn.periods, drawn.series, lang), anchor=f"y{len(panels)}")
    return figure


def _with_sources(components: pl.DataFrame, adjusted: pl.DataFrame) -> pl.DataFrame:
    """Name the sources beside the components, too: every figure of the series goes into each."""
    if "sources" not in adjusted.columns:
        return components
    return components.join(
        adjusted.select("period", "sources"), on="period", how="left", maintain_order="left"
    )


def _panels(
    observed: Series, values: Mapping[str, list[float]], parts: list[str], multiplicative: bool, factor: float, lang: str
) -> list[_Panel]:  # fmt: skip
    def series(key: str, these: list[float]) -> Series:
        return replace(observed, name=phrase(key, lang), values=tuple(these))

    before = replace(observed, name=phrase("observed", lang), colour=GREY)
    top = {"observed": before, "adjusted": series("adjusted", values["adjusted"])}
    panels = [_Panel("", top, factor, None, _LEVEL)]
    panels.append(
        _Panel(phrase("trend", lang), {"trend": series("trend", values["trend"])}, factor, None, _LEVEL)
    )
    for part in parts:
        key = _PARTS[part]
        head = phrase("as_factor", lang, phrase(key, lang)) if multiplicative else phrase(key, lang)
        one, neutral = (1.0, 1.0) if multiplicative else (factor, 0.0)
        panels.append(_Panel(head, {part: series(key, values[part])}, one, neutral, _PART))
    return panels


def _head(figure: go.Figure, page: Page, panel: _Panel, down: float) -> None:
    """Print the name of a panel over it; over the first, the names of its two lines in their colours."""
    text = f"<b>{as_text(panel.head)}</b>" if panel.head else "  ".join(
        f'<b><span style="color:{on_white(s.colour)}">{as_text(s.name)}</span></b>' for s in panel.series.values()
    )  # fmt: skip
    figure.add_annotation(
        x=0, y=1 - down / page.plot_height, xref="paper", yref="paper", xanchor="left", yanchor="bottom", yshift=3,
        text=text, font={"color": INK, "size": 12}, showarrow=False, borderpad=0, name="panel",
    )  # fmt: skip


def _traces(panel: _Panel, drawn: Drawing) -> Iterator[Any]:
    import plotly.graph_objects as go

    for part, series in panel.series.items():
        if part == "irregular":
            base = panel.neutral or 0.0
            yield go.Bar(
                x=list(series.periods), y=[v / panel.factor - base for v in series.values], base=base,
                customdata=[v / panel.factor for v in series.values], hovertemplate="%{customdata:,.4~f}", name=as_text(series.name),
                marker={"color": series.colour, "line": {"width": 0}},
            )  # fmt: skip
            continue
        scale = replace(
            drawn.scale, factor=panel.factor, decimals=drawn.scale.decimals if panel.neutral is None else 4
        )
        trace = trace_of(series, replace(drawn, scale=scale))
        yield trace.update(line={"width": 1.6}, name=as_text(series.name))
