"""The size that a chart is laid out for, and laying it out again for another one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial, wraps
from typing import TYPE_CHECKING, Final, ParamSpec

from gbaindicators.errors import UnknownNameError

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["PRESETS", "Canvas", "Preset", "canvas", "fitted", "preset_named", "redrawable"]

P = ParamSpec("P")


@dataclass(frozen=True)
class Canvas:
    """Room for a chart in its own pixels, in which titles are 20 and labels 13 high.

    A chart of many rows may be higher; where the shape is `exact` its rows are set closer first.
    """

    width: float = 900
    height: float = 540
    exact: bool = False

    def rows(self, usual: float, closest: float) -> float:
        """Height of a row: the usual one, or the closest that can be read where the shape is exact."""
        return closest if self.exact else usual


@dataclass(frozen=True)
class Preset:
    """What a picture is for: its size, how much larger than usual its text is, and how fine it is.

    Parameters
    ----------
    width, height
        Size of the picture in CSS pixels (96 an inch).
    font
        Size of the text against that of a report.
    scale
        Pixels of a PNG per CSS pixel.
    """

    width: int
    height: int
    font: float
    scale: float

    @property
    def canvas(self) -> Canvas:
        """Room that the chart is laid out in: larger text leaves less of it."""
        return Canvas(self.width / self.font, self.height / self.font, exact=True)


#: By name: a page of a report or the web, a slide of 16:9 (1920 by 1080 pixels), a square for a feed (1080 by 1080),
#: and 170 by 102 millimetres at 600 dots per inch.
PRESETS: Final = {
    "report": Preset(900, 540, 1.0, 2.0),
    "slide": Preset(1280, 720, 1.4, 1.5),
    "social": Preset(1080, 1080, 1.5, 1.0),
    "print": Preset(642, 386, 0.75, 6.25),
}

_CURRENT: ContextVar[Canvas] = ContextVar("canvas", default=Canvas())  # noqa: B039  (it is frozen)
#: Height that a plot must have.
_LEAST: Final = 190
#: How often a chart that needs more room than there is gets it.
_TRIES: Final = 4


def canvas() -> Canvas:
    """Return the canvas that charts are laid out for now."""
    return _CURRENT.get()


@contextmanager
def _on(wanted: Canvas) -> Iterator[None]:
    token = _CURRENT.set(wanted)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def preset_named(name: str) -> Preset:
    """Return a preset, or raise UnknownNameError.

    >>> preset_named("slide").canvas
    Canvas(width=914.2857142857143, height=514.2857142857143, exact=True)
    """
    if name not in PRESETS:
        raise UnknownNameError("preset", name, PRESETS)
    return PRESETS[name]


def redrawable(verb: Callable[P, go.Figure]) -> Callable[P, go.Figure]:
    """Let the figures of a chart verb remember how they were drawn."""

    @wraps(verb)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> go.Figure:
        figure = verb(*args, **kwargs)
        figure._gba_again = partial(verb, *args, **kwargs)
        figure._gba_canvas = canvas()
        return figure

    return drawn


def fitted(figure: go.Figure, width: float, height: float) -> go.Figure:
    """Lay a chart out again for a canvas, so that its picture has exactly that shape.

    A chart that needs more height than there is gets a larger canvas of the same shape, so all of it comes out smaller;
    one that needs less keeps its footer at the bottom. A figure that `gba.chart` did not draw, or that was changed
    since, keeps its own layout.

    Parameters
    ----------
    figure
        Figure of a chart verb.
    width, height
        Shape wanted.
    """
    again: Callable[[], go.Figure] | None = getattr(figure, "_gba_again", None)
    if again is None:
        return figure
    with _on(figure._gba_canvas):
        if again().to_json() != figure.to_json():
            return figure
    wanted = Canvas(width, height, exact=True)
    for _ in range(_TRIES):
        with _on(wanted):
            found = again()
        margin = found.layout.margin
        needed = max(found.layout.height, margin.t + margin.b + _LEAST)
        if needed <= wanted.height + 0.5:
            break
        grown = needed / wanted.height
        wanted = Canvas(wanted.width * grown, wanted.height * grown, exact=True)
    _lower_the_footer(found, wanted.height - found.layout.height)
    return found


def _lower_the_footer(figure: go.Figure, room: float) -> None:
    """Give a low chart the height of its canvas."""
    if room <= 0.5:
        return
    figure.update_layout(height=figure.layout.height + room, margin_b=figure.layout.margin.b + room)
    for footer in figure.select_annotations(selector={"name": "footer"}):
        footer.update(yshift=footer.yshift - room)
