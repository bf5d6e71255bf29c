"""The map of the eleven cities: one tile for each, placed as the cities lie, so that no boundary file is needed."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from gbaindicators.charts.across import COLOUR_BAR, chosen_periods, colours_of, common_periods
from gbaindicators.charts.canvas import redrawable
from gbaindicators.charts.labels import name_of, period_label
from gbaindicators.charts.series import drawing
from gbaindicators.charts.theme import GREY, INK, LABEL_SIZE, as_text, blend, contrast_on_white
from gbaindicators.charts.wording import listing, phrase
from gbaindicators.errors import FrameError

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["TILES", "map"]

#: Column from the west and row from the north of each city. Tiles that touch are cities that do, by land or, for Macao
#: and Hong Kong, by the bridge.
TILES: Final = {
    "zhaoqing": (0, 0), "foshan": (1, 0), "guangzhou": (2, 0), "dongguan": (3, 0), "huizhou": (4, 0),
    "jiangmen": (1, 1), "zhongshan": (2, 1), "shenzhen": (4, 1),
    "zhuhai": (2, 2), "macao": (3, 2), "hong_kong": (4, 2),
}  # fmt: skip
#: The water between the two banks.
_ESTUARY: Final = (3, 1)
#: Tile of a city without a figure.
_BLANK: Final = "#F1F3F5"


@redrawable
def map(
    frame: pl.DataFrame,
    *,
    period: str | None = None,
    title: str | None = None,
    subtitle: str | None = None,
    lang: str = "en",
) -> go.Figure:
    """Draw the eleven cities of the Greater Bay Area as tiles in their places, coloured by value, with each value printed.

    Values on both sides of zero get two colours that meet at zero. A city without a figure is a grey tile, named in
    the note.

    Parameters
    ----------
    frame
        Series frame of one unit and one frequency, with ``area``: one series of each city.
    period
        Period as text; by default the latest in which every city of the frame has a value.
    title, subtitle, lang
        As for `line`.

    Returns
    -------
    plotly.graph_objects.Figure
        One heatmap trace, the colour scale beside it.

    Raises
    ------
    FrameError
        When there is nothing to draw, units or frequencies are mixed, an area is none of the eleven cities, one has
        several series, or no period is common to all.
    UsageError
        When the period is not in the frame.

    Examples
    --------
    >>> from datetime import date
    >>> frame = pl.DataFrame({"area": ["macao", "hong_kong"], "period": [date(2024, 1, 1)] * 2, "value": [2.0, 3.0]})
    >>> list(map(frame).data[0].z[2])
    [None, None, None, 2.0, 3.0]
    """
    import plotly.graph_objects as go

    drawn = drawing(_of_cities(frame), lang, kind="a map")
    day = chosen_periods(drawn, [period])[0] if period is not None else common_periods(drawn)[-1]
    values = _values(drawn.frame, day)
    scale = drawn.scale
    names = {city: name_of("area", city, lang) for city in TILES}
    texts = {city: scale.text(value) for city, value in values.items()}
    dated = period_label(drawn.frequency, day, lang)
    absent = [names[city] for city in TILES if city not in values]
    page = drawn.page(
        "map",
        title,
        subtitle,
        body=[
            phrase("at", lang, names[c], texts[c])
            for c in sorted(values, key=lambda c: values[c], reverse=True)
        ],
        span=dated,
        says=[dated, phrase("map_read", lang)],
        notes=[phrase("no_figures", lang, listing(absent, lang))] if absent else (),
        right=64,
        below=8,
    )
    figure = page.figure()
    scaled = [v / scale.factor for v in values.values()]
    columns, rows = (max(place[i] for place in TILES.values()) + 1 for i in (0, 1))
    cells: list[list[float | None]] = [[None] * columns for _ in range(rows)]
    hover = [[""] * columns for _ in range(rows)]
    for city, value in values.items():
        x, y = TILES[city]
        cells[y][x] = value / scale.factor
        hover[y][x] = as_text(f"{names[city]}: {texts[city]} {scale.unit}".rstrip())
    colours = colours_of(scaled)
    figure.add_trace(
        go.Heatmap(
            z=cells, x=list(range(columns)), y=list(range(rows)), **colours, xgap=4, ygap=4, text=hover,
            hovertemplate="%{text}<extra></extra>", hoverongaps=False, colorbar=COLOUR_BAR,
        )
    )  # fmt: skip
    for city, (x, y) in TILES.items():
        if city not in values:
            figure.add_shape(
                type="rect", x0=x - 0.486, x1=x + 0.486, y0=y - 0.48, y1=y + 0.48, fillcolor=_BLANK, line={"width": 0},
                layer="below",
            )  # fmt: skip
        printed = f"<br><span style='font-size:15px'>{as_text(texts[city])}</span>" if city in values else ""
        ink = _ink(cells[y][x], colours)
        _print(figure, f"<b>{as_text(names[city])}</b>{printed}", (x, y), ink, name="tile")
    _print(figure, f"<i>{as_text(phrase('estuary', lang))}</i>", _ESTUARY, GREY, name="water")
    figure.update_xaxes(visible=False, range=[-0.5, columns - 0.5])
    figure.update_yaxes(visible=False, range=[rows - 0.5, -0.5])
    return figure


def _of_cities(frame: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    """Check that a frame is about the eleven cities and nothing else."""
    frame = frame.collect() if isinstance(frame, pl.LazyFrame) else frame
    areas = frame["area"].unique().to_list() if "area" in frame.columns else [None]
    if others := sorted(str(a) for a in areas if a not in TILES):
        raise FrameError(
            f"the map has the eleven cities of the Greater Bay Area, the frame has {', '.join(others[:5])}: filter it "
            "with pl.col('area').is_in(gba.members('greater_bay_area'))"
        )
    return frame


def _values(frame: pl.DataFrame, day: date) -> dict[str, float]:
    """Value of each city in a period."""
    rows = frame.filter(pl.col("period") == day).drop_nulls("value")
    if rows["area"].is_duplicated().any():
        twice = rows.filter(pl.col("area").is_duplicated())["area"][0]
        raise FrameError(
            f"the frame has several series of {twice} and a tile holds one value: filter it to one"
        )
    return dict(rows.select(pl.col("area").cast(pl.String), "value").iter_rows())


def _ink(value: float | None, colours: dict[str, Any]) -> str:
    """Colour of the words on a tile: white where that is readable."""
    if value is None:
        return GREY
    low, high = colours["zmin"], colours["zmax"]
    place = (value - low) / (high - low) if high > low else 0.5
    stops = colours["colorscale"]
    before, after = next(pair for pair in pairwise(stops) if place <= pair[1][0] + 1e-9)
    share = (place - before[0]) / (after[0] - before[0])
    return "white" if contrast_on_white(blend(before[1], after[1], share)) >= 3.4 else INK


def _print(figure: go.Figure, text: str, place: tuple[int, int], colour: str, *, name: str) -> None:
    figure.add_annotation(
        text=text, x=place[0], y=place[1], showarrow=False, name=name, font={"color": colour, "size": LABEL_SIZE},
    )  # fmt: skip
