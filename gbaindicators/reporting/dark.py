"""The colours of the charts on a dark page: the same hues, with the lightness turned round."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any, Final

__all__ = ["DARK_PAPER", "dark", "dark_colours"]

#: What white becomes, the paper of the dark page; and how light the darkest colours become there.
DARK_PAPER: Final = "#141B22"
_DARKEST, _LIGHTEST = 0.24, 0.94
_HEX: Final = re.compile(r"#[0-9a-fA-F]{6}")
_RGBA: Final = re.compile(r"rgba\((\d+), *(\d+), *(\d+), *([0-9.]+)\)")


def dark(colour: str) -> str:
    """Give a colour for a dark page, of the same hue: what was dark on white is light on dark.

    Lightness, chroma and hue are those of Oklab (Ottosson 2020), in which equal steps look equal.

    >>> dark("#FFFFFF"), dark("white")
    ('#141B22', '#141B22')
    """
    if colour == "white" or colour.upper() == "#FFFFFF":
        return DARK_PAPER
    if alpha := _RGBA.fullmatch(colour):
        r, g, b = (int(alpha[i]) for i in (1, 2, 3))
        opaque = dark(f"#{r:02X}{g:02X}{b:02X}")
        parts = ", ".join(str(int(opaque[i : i + 2], 16)) for i in (1, 3, 5))
        return f"rgba({parts}, {alpha[4]})"
    lightness, a, b_ = _oklab(colour)
    base = _oklab(DARK_PAPER)[0]
    share = min(max((1 - lightness) / (1 - _DARKEST), 0.0), 1.0)
    turned = base + (_LIGHTEST - base) * share
    # colours that are no grey stay as strong as the screen can show them
    for strength in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0):
        linear = _linear(turned, a * strength, b_ * strength)
        if all(-0.001 <= c <= 1.001 for c in linear):
            break
    return "#" + "".join(f"{round(255 * _gamma(min(max(c, 0.0), 1.0))):02X}" for c in linear)


def dark_colours(figures: Iterable[Any]) -> dict[str, str]:
    """Give the dark colour of every colour that stands in some figures, by the colour as it is written.

    >>> dark_colours([{"line": {"color": "white"}, "text": "#1F2328"}])
    {'#1F2328': '#E2E7EE', 'white': '#141B22'}
    """
    found: set[str] = set()

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)
        elif isinstance(node, str) and (node == "white" or _HEX.fullmatch(node) or _RGBA.fullmatch(node)):
            found.add(node)

    for figure in figures:
        walk(figure)
    return {colour: dark(colour) for colour in sorted(found)}


def _linear_of(channel: int) -> float:
    c = channel / 255
    return c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4


def _gamma(linear: float) -> float:
    return 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055


def _oklab(colour: str) -> tuple[float, float, float]:
    r, g, b = (_linear_of(int(colour[i : i + 2], 16)) for i in (1, 3, 5))
    long = math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
    middle = math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
    short = math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


def _linear(lightness: float, a: float, b: float) -> tuple[float, float, float]:
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
