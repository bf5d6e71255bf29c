"""How figures were revised: first print, latest and the range of all, for each period."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import polars as pl

from gbaindicators.catalog import period_end
from gbaindicators.charts.axes import date_axis, range_of_bars, tick_room, value_axis, value_range
from gbaindicators.charts.canvas import redrawable
from gbaindicators.charts.labels import period_label, title_of
from gbaindicators.charts.series import Drawing, Series, drawing
from gbaindicators.charts.theme import GREY, as_text, tint
from gbaindicators.charts.wording import phrase
from gbaindicators.errors import FrameError

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from gbaindicators.transforms import Revisions

__all__ = ["revisions"]

#: Columns of a release that are no key of the series.
_OF_RELEASE: Final = ("release", "days", "revision", "revision_from_first", "rounding")
#: Periods from which the marks are drawn smaller.
_MANY: Final = 60
#: Width of a bar as a share of its period.
_BAR: Final = 0.5


@redrawable
def revisions(
    revisions: Revisions,
    *,
    title: str | None = None,
    subtitle: str | None = None,
    lang: str = "en",
) -> go.Figure:
    """Draw how the figures of a series were revised: first print, latest, and the range of all, for each period.

    Periods that were published only once are left out, and the note counts them.

    Parameters
    ----------
    revisions
        What `gba.revisions` gives.
    title, subtitle, lang
        As for `line`.

    Returns
    -------
    plotly.graph_objects.Figure
        Bars from the lowest to the highest print, hollow dots for the first, full ones for the latest.

    Raises
    ------
    FrameError
        When no period has two figures.

    Examples
    --------
    >>> from datetime import date
    >>> from types import SimpleNamespace
    >>> frame = pl.DataFrame({"period": [date(2023, 1, 1)] * 3, "value": [2.9, 2.7, 2.8], "release": [1, 2, 3]})
    >>> prints, first, latest = revisions(SimpleNamespace(frame=frame)).data
    >>> prints.base[0], round(prints.y[0], 9), first.y, latest.y
    (2.7, 0.2, (2.9,), (2.8,))
    """
    import plotly.graph_objects as go

    releases = revisions.frame.drop_nulls("value").sort("period", "release")
    several = releases.filter(pl.len().over("period") > 1)
    if several.is_empty():
        raise FrameError("no period has figures of two releases, so there is no revision to draw")
    once = releases["period"].n_unique() - several["period"].n_unique()
    columns = [c for c in several.columns if c not in _OF_RELEASE]
    kind = "a chart of revisions"
    drawn = drawing(
        several.unique("period", keep="last", maintain_order=True).select(columns), lang, kind=kind
    )
    before = drawing(
        several.unique("period", keep="first", maintain_order=True).select(columns), lang, kind=kind
    )
    latest, first = drawn.only(kind), before.only(kind)
    factor = drawn.scale.factor
    spans = several.group_by("period", maintain_order=True).agg(
        pl.col("value").min().alias("low"), pl.col("value").max().alias("high")
    )
    low, high = value_range([v / factor for v in (*spans["low"], *spans["high"])])
    page = drawn.page(
        "revisions",
        title,
        subtitle,
        what=phrase("revisions_of", lang, title_of(drawn.frame, lang)),
        body=_told(first, latest, drawn),
        span=drawn.span(),
        says=[phrase("prints_read", lang)],
        notes=[phrase("printed_once", lang, once)] if once else (),
        others=[several.select(pl.col("^(sources|vintage)$"))],
        left=tick_room(low, high),
        right=16,
    )
    figure = replace(page, frames=(several,)).figure()
    figure.update_layout(hovermode="x unified")
    colour, size = latest.colour, 5 if len(latest.periods) > _MANY else 7
    hover = f"%{{y:,.{max(drawn.scale.decimals, 2)}~f}}"
    days = (period_end(drawn.frequency, latest.periods[-1]) - latest.periods[-1]).days + 1
    figure.add_trace(
        go.Bar(
            x=list(latest.periods), base=[v / factor for v in spans["low"]], y=[v / factor for v in spans["high"] - spans["low"]],
            width=days * _BAR * 86_400_000, marker={"color": tint(colour, 0.4), "line": {"width": 0}}, hoverinfo="skip", name="range",
        )
    )  # fmt: skip
    for key, series, look in (
        (
            "first_print",
            first,
            {"size": size + 4, "color": "rgba(0,0,0,0)", "line": {"color": GREY, "width": 1.6}},
        ),
        ("latest_print", latest, {"size": size, "color": colour, "line": {"width": 0}}),
    ):
        figure.add_trace(
            go.Scatter(
                x=list(series.periods), y=[v / factor for v in series.values], mode="markers", marker={"opacity": 1, **look},
                name=as_text(phrase(key, lang)), hovertemplate=hover, cliponaxis=False,
            )
        )  # fmt: skip
    figure.update_yaxes(**value_axis(low, high))
    periods = list(latest.periods)
    figure.update_xaxes(
        **date_axis(periods, drawn.series, lang) | {"range": range_of_bars(periods, drawn.frequency)}
    )
    return figure


def _told(first: Series, latest: Series, drawn: Drawing) -> list[str]:
    """Say what was revised, the most first."""
    revised = [
        (p, a, b) for p, a, b in zip(latest.periods, first.values, latest.values, strict=True) if a != b
    ]
    return [
        phrase("from_to", drawn.lang, period_label(latest.frequency, p, drawn.lang), drawn.scale.text(a), drawn.scale.text(b))
        for p, a, b in sorted(revised, key=lambda each: -abs(each[2] - each[1]))
    ]  # fmt: skip
