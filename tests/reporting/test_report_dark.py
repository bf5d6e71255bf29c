"""Colours on a dark page: of the same hue as on white, and readable."""

from __future__ import annotations

import colorsys

import pytest

from gbaindicators.charts.theme import AREA_COLOURS, GREY, INK, OTHER_COLOURS, contrast_on_white
from gbaindicators.reporting.dark import DARK_PAPER, dark, dark_colours

COLOURS = sorted({*AREA_COLOURS.values(), *OTHER_COLOURS})


def on_dark(colour: str) -> float:
    """Contrast with the dark paper (WCAG 2.2): both are measured against white."""
    return contrast_on_white(DARK_PAPER) / contrast_on_white(colour)


@pytest.mark.parametrize("colour", COLOURS)
def test_a_colour_keeps_its_hue_and_stands_out(colour: str) -> None:
    turned = dark(colour)
    assert on_dark(turned) >= 3
    hues = [colorsys.rgb_to_hls(*(int(c[i : i + 2], 16) / 255 for i in (1, 3, 5))) for c in (colour, turned)]
    if hues[0][2] > 0.1:
        apart = abs(hues[0][0] - hues[1][0])
        assert min(apart, 1 - apart) < 0.06, "the same hue within a sixteenth of the circle"


def test_text_is_readable_and_areas_keep_apart() -> None:
    assert on_dark(dark(INK)) >= 7
    assert on_dark(dark(GREY)) >= 4.5
    bays = [c for name, c in AREA_COLOURS.items() if name.endswith("bay_area")]
    assert len({dark(c) for c in bays}) == 4


def test_only_colours_are_turned_wherever_they_stand() -> None:
    figure = {"a": ["white", {"b": "rgba(227, 84, 19, 0.3)"}], "text": "#1 of #123456 is white", "n": 3}
    found = dark_colours([figure])
    assert set(found) == {"white", "rgba(227, 84, 19, 0.3)"}
    assert found["rgba(227, 84, 19, 0.3)"].endswith(", 0.3)")
