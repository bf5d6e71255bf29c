"""What goes between areas: the flow diagram, as Sankey drew it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

import polars as pl

from gbaindicators.catalog import catalog
from gbaindicators.charts.across import chosen_periods, common_periods
from gbaindicators.charts.canvas import canvas, redrawable
from gbaindicators.charts.labels import name_of, period_label
from gbaindicators.charts.series import Drawing, drawing
from gbaindicators.charts.theme import (
    LABEL_SIZE,
    Page,
    area_colour,
    as_text,
    on_white,
    spread,
    text_width,
    tint,
    wrap,
)
from gbaindicators.charts.wording import listing, phrase
from gbaindicators.errors import FrameError
from gbaindicators.tables.series_frame import check_series_frame
from gbaindicators.transforms.contributions import check_parts

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["flow"]

#: Sizes on the page in pixels.
_LABEL_WIDTH, _LINE, _SPACE, _NODE = 210, 17, 20, 14
#: From the end of the plot, which is the middle of a node, to a label.
_OFF: Final = _NODE / 2 + 7
_SIDES: Final = ("area", "counterpart_area")


@redrawable
def flow(
    frame: pl.DataFrame,
    *,
    counterpart: str | None = None,
    period: str | None = None,
    title: str | None = None,
    subtitle: str | None = None,
    lang: str = "en",
) -> go.Figure:
    """Draw what passes between areas as ribbons, the wider the more: areas left, their counterparts right.

    The largest is on top on both sides. An area that is the total of others of the frame is left out, and the note
    says so; so are flows of zero.

    Parameters
    ----------
    frame
        Series frame of one indicator and one frequency with ``area`` and ``counterpart_area``, no value below zero.
    counterpart
        For a frame without ``counterpart_area``: the other end of all flows. Cargo and trade with Hong Kong
        (``port_cargo_with_hong_kong``, ``merchandise_trade_with_hong_kong``) need none.
    period
        Period as text; by default the latest in which every flow has a value.
    title, subtitle, lang
        As for `line`.

    Returns
    -------
    plotly.graph_objects.Figure
        One Sankey trace; a node for each area on each side, labelled with its total.

    Raises
    ------
    FrameError
        When there is nothing to draw, units or frequencies are mixed, there is no counterpart, a value is negative, a
        flow is there twice, or an area contains another.
    UsageError
        When the period is not in the frame.

    Examples
    --------
    >>> from datetime import date
    >>> frame = pl.DataFrame({"area": ["macao", "zhuhai"], "period": [date(2024, 1, 1)] * 2, "value": [2.0, 3.0]})
    >>> list(flow(frame, counterpart="hong_kong").data[0].link.value)
    [3.0, 2.0]
    """
    import plotly.graph_objects as go

    frame, wholes = _without_totals(_both_ends(frame, counterpart))
    drawn = drawing(frame, lang, kind="a flow diagram")
    day = chosen_periods(drawn, [period])[0] if period is not None else common_periods(drawn)[-1]
    links, none = _links(drawn, day)
    dated = period_label(drawn.frequency, day, lang)
    totals_of = {side: _totals(links, side) for side in _SIDES}
    lines = [_labelled(totals, drawn) for totals in totals_of.values()]
    widths = [max(text_width(t, LABEL_SIZE, bold=True) for ls in side.values() for t in ls) for side in lines]
    most = max(map(len, lines))
    page = drawn.page(
        "flow",
        title,
        subtitle,
        body=[f"{_ends(a, b, lang)} {drawn.scale.text(value)}" for a, b, value in links.iter_rows()],
        span=dated,
        says=[dated],
        notes=[
            phrase(key, lang, listing([name_of("area", a, lang) for a in areas], lang))
            for key, areas in (("total_left_out", wholes), ("nothing_flows", none))
            if areas
        ],
        left=widths[0] + 18,
        right=widths[1] + 18,
        below=4,
        height=max(canvas().height, 170 + most * (_SPACE + _LINE)),
    )
    # as Plotly lays nodes out: one scale for both sides, and the space between the nodes of the fuller one
    scale = (page.plot_height - _SPACE * (most - 1)) / sum(links["value"].to_list())
    middles = [_placed(totals, scale, _SPACE, page) for totals in totals_of.values()]
    first, second = ({area: i for i, area in enumerate(totals)} for totals in totals_of.values())
    unit = as_text(f" {drawn.scale.unit}".rstrip())
    figure = page.figure()
    figure.add_trace(
        go.Sankey(
            arrangement="fixed",
            node={
                # plotly takes 0 and 1 for unset
                "x": [1e-9] * len(first) + [1 - 1e-9] * len(second),
                "y": [y / page.plot_height for side in middles for y in side.values()],
                "color": [area_colour(area) for totals in totals_of.values() for area in totals],
                "label": [""] * (len(first) + len(second)),
                "customdata": [as_text(" ".join(ls)) for side in lines for ls in side.values()],
                "hovertemplate": f"%{{customdata}}{unit}<extra></extra>",
                "line": {"width": 0},
                "thickness": _NODE,
                "pad": _SPACE,
            },
            link={
                "source": [first[area] for area in links["area"]],
                "target": [len(first) + second[area] for area in links["counterpart_area"]],
                "value": (links["value"] / drawn.scale.factor).to_list(),
                "color": [tint(area_colour(area), 0.4) for area in links["area"]],
                "customdata": [
                    as_text(f"{_ends(a, b, lang)} {drawn.scale.text(v)}") for a, b, v in links.iter_rows()
                ],
                "hovertemplate": f"%{{customdata}}{unit}<extra></extra>",
            },
        )
    )
    for right, (side, places) in enumerate(zip(lines, middles, strict=True)):
        wanted = list(places.values())
        placed = spread(wanted, [_LINE * len(ls) for ls in side.values()], 0, page.plot_height)
        for (area, words), y in zip(side.items(), placed, strict=True):
            figure.add_annotation(
                x=right, xref="paper", xanchor="left" if right else "right", xshift=_OFF if right else -_OFF,
                y=1 - y / page.plot_height, yref="paper", yanchor="middle", align="left" if right else "right",
                text="<b>" + "<br>".join(map(as_text, words)) + "</b>", showarrow=False, name="label",
                font={"color": on_white(area_colour(area)), "size": LABEL_SIZE},
            )  # fmt: skip
    return figure


def _ends(area: str, other: str, lang: str) -> str:
    return f"{name_of('area', area, lang)}–{name_of('area', other, lang)}"


def _both_ends(frame: pl.DataFrame | pl.LazyFrame, counterpart: str | None) -> pl.DataFrame:
    """Frame with the column of counterparts."""
    frame = check_series_frame(frame.collect() if isinstance(frame, pl.LazyFrame) else frame, "area")
    if "counterpart_area" in frame.columns:
        return frame
    if counterpart is None and "indicator" in frame.columns:
        indicators = frame["indicator"].unique().to_list()
        known = catalog().indicators.get(str(indicators[0])) if len(indicators) == 1 else None
        counterpart = None if known is None else known.counterpart
    if counterpart is None:
        raise FrameError(
            "a flow goes between two areas, and the frame has no column 'counterpart_area': add it, or name the other "
            "end of all flows with counterpart='hong_kong'"
        )
    return frame.with_columns(counterpart_area=pl.lit(catalog().area(counterpart).id))


def _without_totals(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Leave out areas that are the sum of others of the frame, and say which."""
    areas = set(frame["area"].drop_nulls().cast(pl.String))
    totals = [
        one.total
        for one in catalog().identities
        if one.over == "areas" and one.total in areas and areas & {*one.parts}
    ]
    parts = frame.filter(~pl.col("area").is_in(totals))
    check_parts(parts.select("area", "period"), "area")
    return parts, totals


def _links(drawn: Drawing, day: date) -> tuple[pl.DataFrame, list[str]]:
    """Flows of a period, the largest first, and the areas of those of zero."""
    ends = list(_SIDES)
    rows = drawn.frame.filter(pl.col("period") == day).drop_nulls("value").select(*ends, "value")
    if rows.select(ends).is_duplicated().any():
        twice = rows.filter(rows.select(ends).is_duplicated()).row(0)
        raise FrameError(
            f"the flow between {twice[0]} and {twice[1]} is there twice: filter the frame to one series"
        )
    if (rows["value"] < 0).any():
        area, other, value = rows.filter(pl.col("value") < 0).row(0)
        raise FrameError(
            f"a ribbon has no negative width, and the flow between {area} and {other} is {value:g}: draw net flows as bars"
        )
    none = rows.filter(pl.col("value") == 0)["area"].to_list()
    links = rows.filter(pl.col("value") > 0).sort("value", descending=True, maintain_order=True)
    if links.is_empty():
        raise FrameError(f"all flows in the period that begins {day} are zero, so there is nothing to draw")
    return links, none


def _totals(links: pl.DataFrame, side: str) -> dict[str, float]:
    sums = links.group_by(side, maintain_order=True).agg(pl.col("value").sum())
    return dict(sums.sort("value", descending=True, maintain_order=True).iter_rows())


def _labelled(totals: dict[str, float], drawn: Drawing) -> dict[str, list[str]]:
    """Lines of the label of each area: its name and what passes in all."""
    texts = {a: f"{name_of('area', a, drawn.lang)} {drawn.scale.text(total)}" for a, total in totals.items()}
    return {area: wrap(text, _LABEL_WIDTH, LABEL_SIZE, bold=True) for area, text in texts.items()}


def _placed(totals: dict[str, float], scale: float, space: float, page: Page) -> dict[str, float]:
    """Middle of each area of a side in pixels from the top; the side as a whole stands in the middle."""
    heights = [total * scale for total in totals.values()]
    top = (page.plot_height - sum(heights) - space * (len(heights) - 1)) / 2
    middles = {}
    for area, height in zip(totals, heights, strict=True):
        middles[area] = top + height / 2
        top += height + space
    return middles
