"""The look of every chart: fonts, colours, and where title, subtitle, plot and footer stand on the page."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from gbaindicators.charts.canvas import canvas

if TYPE_CHECKING:
    import plotly.graph_objects as go
    import polars as pl

__all__ = [
    "AREA_COLOURS",
    "EDGE",
    "FAINT",
    "FONTS",
    "GREY",
    "INK",
    "LABEL_SIZE",
    "OTHER_COLOURS",
    "RULE",
    "Page",
    "area_colour",
    "as_text",
    "blend",
    "contrast_on_white",
    "on_white",
    "spread",
    "text_width",
    "tint",
    "wrap",
]

#: Free space between the edge of the picture and anything printed on it, in pixels.
EDGE: Final = 24
INK: Final = "#1F2328"
GREY: Final = "#5F6670"
RULE: Final = "#E3E6EA"
#: Lines of series that are too many to colour.
FAINT: Final = "#C9CED6"
LABEL_SIZE: Final = 13
_TITLE_SIZE, _SUBTITLE_SIZE, _FOOTER_SIZE, _TICK_SIZE = 20, 14, 11, 12

_LATIN: Final = "Inter, 'Source Sans 3', 'Helvetica Neue', Arial, 'Liberation Sans', 'DejaVu Sans'"
#: Font stack per language. Simplified and traditional glyphs of one character differ, so each language asks
#: for a font of its own region first.
FONTS: Final = {
    "en": f"{_LATIN}, 'Noto Sans CJK SC', sans-serif",
    "zh-Hans": "'Noto Sans CJK SC', 'Noto Sans SC', 'Source Han Sans SC', 'PingFang SC', 'Microsoft YaHei', "
    f"'WenQuanYi Micro Hei', {_LATIN}, sans-serif",
    "zh-Hant": "'Noto Sans CJK HK', 'Noto Sans HK', 'Noto Sans CJK TC', 'Noto Sans TC', 'Source Han Sans HC', "
    f"'PingFang HK', 'PingFang TC', 'Microsoft JhengHei', {_LATIN}, sans-serif",
}

#: One fixed colour per area. The bay areas, and the cities among themselves, were chosen to stay apart for
#: protan, deutan and tritan eyes (Machado, Oliveira and Fernandes 2009) at a contrast of 3:1 or more on white.
AREA_COLOURS: Final = {
    "greater_bay_area": "#E35413",
    "new_york_bay_area": "#155ED0",
    "tokyo_bay_area": "#219BA1",
    "san_francisco_bay_area": "#681978",
    "hong_kong": "#B01003",
    "macao": "#2F6770",
    "guangzhou": "#8C8D1F",
    "shenzhen": "#126DF5",
    "zhuhai": "#359BD9",
    "foshan": "#7525A1",
    "huizhou": "#8E7150",
    "dongguan": "#472027",
    "zhongshan": "#C47890",
    "jiangmen": "#0B2B5F",
    "zhaoqing": "#776CAE",
}
#: Colours of all other areas, taken by a hash of the id.
OTHER_COLOURS: Final = (
    "#B3566A", "#332288", "#117733", "#A14E9A", "#882255", "#2E8C7C", "#4F7FB5", "#7A4B00", "#666666", "#B85C00",
)  # fmt: skip


def area_colour(area: str | None) -> str:
    """Return the colour of an area, the same in every chart.

    >>> area_colour("hong_kong"), area_colour("nowhere") == area_colour("nowhere")
    ('#B01003', True)
    """
    if area is None:
        return AREA_COLOURS["new_york_bay_area"]
    if area in AREA_COLOURS:
        return AREA_COLOURS[area]
    digest = blake2b(area.encode(), digest_size=4).digest()
    return OTHER_COLOURS[int.from_bytes(digest, "big") % len(OTHER_COLOURS)]


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def tint(colour: str, share: float) -> str:
    """Mix a colour with white; `share` is how much of the colour stays.

    >>> tint("#000000", 0.2)
    '#CCCCCC'
    """
    return blend("#FFFFFF", colour, share)


def blend(first: str, second: str, share: float) -> str:
    """Mix two colours; `share` is how much of the second there is.

    >>> blend("#000000", "#FF8000", 0.5)
    '#804000'
    """
    parts = zip(_rgb(first), _rgb(second), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in parts)


def contrast_on_white(colour: str) -> float:
    """Contrast of a colour with white (WCAG 2.2), from 1 to 21."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (p / 255 for p in _rgb(colour))
    ]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)


def on_white(colour: str) -> str:
    """Darken a colour until text in it is readable on white (contrast of 4.5:1, WCAG 2.2 AA).

    >>> on_white("#219BA1") < "#219BA1", on_white("#0B2B5F")
    (True, '#0B2B5F')
    """
    while contrast_on_white(colour) < 4.5:
        colour = "#" + "".join(f"{int(part * 0.95):02X}" for part in _rgb(colour))
    return colour


def as_text(text: str) -> str:
    """Escape text so that Plotly prints it as it is.

    Plotly reads a small HTML, MathJax between dollar signs, and ``%{...}`` templates in labels.

    >>> as_text("<b>a</b> & US$")
    '&lt;b&gt;a&lt;/b&gt; &amp; US&#36;'
    """
    escaped = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("$", "&#36;").replace("%{", "%&#123;")


@cache
def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


@cache
def _em(character: str) -> float:
    """Width of a character in ems: a little more than the sans-serif fonts of the stacks need."""
    if _is_wide(character):
        return 1.0
    if character in " .,:;'|!()[]ijlftrI-":
        return 0.34
    return 0.86 if character in "mwMW%@" else 0.70 if character.isupper() else 0.57


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Estimate the width of printed text in pixels, on the safe side.

    >>> text_width("香港", 10), text_width("ab", 10) < 12
    (20.0, True)
    """
    return size * sum(map(_em, text)) * (1.05 if bold and text.isascii() else 1.0)


def _words(text: str) -> list[str]:
    """Cut text where a line may break: after spaces, and around East Asian characters but not before a stop."""
    words: list[str] = []
    for character in text:
        previous = words[-1][-1] if words else " "
        breaks = previous == " " or _is_wide(previous) or _is_wide(character)
        if words and (not breaks or character in " ，。；：、）》”,.;:)" or previous in "（《“("):
            words[-1] += character
        else:
            words.append(character)
    return words


def wrap(text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
    """Break text into lines no wider than `width` pixels.

    >>> wrap("Greater Bay Area", 65, 13)
    ['Greater', 'Bay Area']
    """
    lines: list[str] = []
    for word in _words(" ".join(text.split())):
        if lines and text_width((lines[-1] + word).rstrip(), size, bold=bold) <= width:
            lines[-1] += word
            continue
        while text_width(word, size, bold=bold) > width and len(word) > 1:
            cut = next(
                i
                for i in range(len(word) - 1, 0, -1)
                if i == 1 or text_width(word[:i], size, bold=bold) <= width
            )
            lines.append(word[:cut])
            word = word[cut:]
        lines.append(word)
    return [line.rstrip() for line in lines]


def spread(wanted: Sequence[float], heights: Sequence[float], low: float, high: float) -> list[float]:
    """Move labels as little as possible so that none covers another.

    Least squares under the order constraint (pool adjacent violators), then pushed inside the bounds.

    Parameters
    ----------
    wanted
        Where the centre of each label would best stand.
    heights
        Height of each label.
    low, high
        Bounds within which the centres must stay, as far as there is room.

    Examples
    --------
    >>> spread([50, 52, 90], [10, 10, 10], 0, 100)
    [46.0, 56.0, 90.0]
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    offsets, offset = [0.0], 0.0
    for before, after in pairwise(order):
        offset += (heights[before] + heights[after]) / 2
        offsets.append(offset)
    pools: list[tuple[float, int]] = []
    for i, gap in zip(order, offsets, strict=False):
        mean, size = wanted[i] - gap, 1
        while pools and pools[-1][0] > mean:
            other, n = pools.pop()
            mean, size = (mean * size + other * n) / (size + n), size + n
        pools.append((mean, size))
    levels = [mean for mean, size in pools for _ in range(size)]
    placed = [0.0] * len(wanted)
    for i, level, gap in zip(order, levels, offsets, strict=False):
        placed[i] = max(min(level, high - offset), low) + gap
    return placed


@dataclass(frozen=True)
class Page:
    """Title, subtitle and footer of a chart, and the room they leave for the plot.

    Parameters
    ----------
    title, subtitle
        Plain text; wrapped and escaped here.
    footer
        Paragraphs under the plot, such as note and source.
    lang
        Language, for the fonts.
    left, right
        Room for axis labels and direct labels beside the plot, in pixels.
    above, below
        Room for the ticks of the horizontal axis, in pixels.
    height, width
        Size of the picture in pixels, by default that of the canvas.
    frames
        The data behind the chart, which the figure carries for `gba.export`.
    """

    title: str
    subtitle: str
    footer: Sequence[str]
    lang: str
    left: float = 0
    right: float = 0
    above: float = 0
    below: float = 28
    height: float = field(default_factory=lambda: canvas().height)
    width: float = field(default_factory=lambda: canvas().width)
    meta: dict[str, Any] = field(default_factory=dict)
    frames: Sequence[pl.DataFrame] = ()

    @cached_property
    def _title_lines(self) -> list[str]:
        return wrap(self.title, self.width - 2 * EDGE, _TITLE_SIZE, bold=True)

    @cached_property
    def _subtitle_lines(self) -> list[str]:
        return wrap(self.subtitle, self.width - 2 * EDGE, _SUBTITLE_SIZE)

    @cached_property
    def _footer_lines(self) -> list[str]:
        return [line for text in self.footer for line in wrap(text, self.width - 2 * EDGE, _FOOTER_SIZE)]

    @property
    def top(self) -> float:
        """Height of title and subtitle."""
        return 22 + 26 * len(self._title_lines) + 19 * len(self._subtitle_lines) + 18 + self.above

    @property
    def bottom(self) -> float:
        """Height of axis labels and footer."""
        return self.below + 16 * len(self._footer_lines) + 26

    @property
    def plot_width(self) -> float:
        """Width of the plot in pixels."""
        return self.width - 2 * EDGE - self.left - self.right

    @property
    def plot_height(self) -> float:
        """Height of the plot in pixels."""
        return self.height - self.top - self.bottom

    def _annotation(self, lines: list[str], size: int, **place: Any) -> dict[str, Any]:
        return {
            "text": "<br>".join(map(as_text, lines)),
            "font": {"size": size, "color": GREY},
            "xref": "paper", "yref": "paper", "x": 0, "xanchor": "left", "xshift": -self.left,
            "align": "left", "showarrow": False, "borderpad": 0, **place,
        }  # fmt: skip

    def figure(self) -> go.Figure:
        """Make an empty figure with all that surrounds the plot."""
        import plotly.graph_objects as go

        axis = {
            "showgrid": False, "zeroline": False, "showline": False, "ticks": "", "automargin": False, "title": {"text": ""},
            "tickfont": {"size": _TICK_SIZE, "color": GREY}, "separatethousands": True, "exponentformat": "none",
        }  # fmt: skip
        template = go.layout.Template(
            layout={
                "font": {"family": FONTS[self.lang], "size": LABEL_SIZE, "color": INK},
                "paper_bgcolor": "white", "plot_bgcolor": "white", "showlegend": False, "hovermode": "closest",
                "hoverlabel": {"font": {"family": FONTS[self.lang]}, "bgcolor": "white"},
                "xaxis": axis, "yaxis": axis, "separators": ".,", "dragmode": False,
            }
        )  # fmt: skip
        figure = go.Figure()
        figure._gba_frames = tuple(self.frames)
        figure.update_layout(
            template=template,
            width=self.width,
            height=self.height,
            margin={"l": EDGE + self.left, "r": EDGE + self.right, "t": self.top, "b": self.bottom, "pad": 0},
            title={
                "text": "<b>" + "<br>".join(map(as_text, self._title_lines)) + "</b>",
                "font": {"size": _TITLE_SIZE, "color": INK},
                "x": 0, "xref": "container", "xanchor": "left", "y": 1, "yref": "container", "yanchor": "top",
                # plotly places the middle of the lines where one line would stand
                "pad": {"l": EDGE, "t": 18 + 13 * (len(self._title_lines) - 1)}, "automargin": False,
            },
            meta={"lang": self.lang, **self.meta},
        )  # fmt: skip
        if self.subtitle:
            shift = self.top - 22 - 26 * len(self._title_lines)
            figure.add_annotation(
                **self._annotation(self._subtitle_lines, _SUBTITLE_SIZE, y=1, yanchor="top", yshift=shift),
                name="subtitle",
            )
        if self._footer_lines:
            shift = 14 - self.bottom
            figure.add_annotation(
                **self._annotation(self._footer_lines, _FOOTER_SIZE, y=0, yanchor="bottom", yshift=shift),
                name="footer",
            )
        return figure
