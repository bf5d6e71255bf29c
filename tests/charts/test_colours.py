"""Colours of areas that appear together stay apart for colour-blind eyes."""

from itertools import combinations

import numpy as np
import pytest

from gbaindicators.charts.across import _DIVERGING, _SEQUENTIAL
from gbaindicators.charts.theme import AREA_COLOURS, OTHER_COLOURS, contrast_on_white

#: Machado, Oliveira and Fernandes (2009), severity 1, in linear RGB.
EYES = {
    "usual": np.eye(3),
    "protan": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deutan": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "tritan": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}  # fmt: skip
BAYS = ("greater_bay_area", "new_york_bay_area", "tokyo_bay_area", "san_francisco_bay_area")
CITIES = tuple(area for area in AREA_COLOURS if area not in BAYS)
#: Sharma, Wu and Dalal's page of test data, to check the measure itself: pairs in CIELAB and their difference.
KNOWN = (((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425), ((50, 2.5, 0), (73, 25, -18), 27.1492), ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373))  # fmt: skip


def lab(colour, eye):
    """A colour as an eye sees it, in CIELAB under D65."""
    srgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(eye @ linear, 0, 1)
    matrix = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    x, y, z = (
        np.cbrt(t) if t > (6 / 29) ** 3 else t / (3 * (6 / 29) ** 2) + 4 / 29
        for t in matrix @ seen / (0.95047, 1, 1.08883)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def difference(one, other):
    """CIEDE2000."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * np.sqrt(mean**7 / (mean**7 + 25.0**7))
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    wide = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2)
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    hue = h1 + h2 if c1 * c2 == 0 else (h1 + turn / 2) % 360
    t = (
        1 - 0.17 * np.cos(np.radians(hue - 30)) + 0.24 * np.cos(np.radians(2 * hue))
        + 0.32 * np.cos(np.radians(3 * hue + 6)) - 0.20 * np.cos(np.radians(4 * hue - 63))
    )  # fmt: skip
    s_l = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    s_c, s_h = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t
    twist = (
        -2
        * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
        * np.sin(np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2))))
    )
    parts = (l2 - l1) / s_l, (c2 - c1) / s_c, wide / s_h
    return float(np.sqrt(sum(p**2 for p in parts) + twist * parts[1] * parts[2]))


@pytest.mark.parametrize("one, other, known", KNOWN)
def test_the_measure_is_the_published_one(one, other, known):
    assert difference(one, other) == pytest.approx(known, abs=1e-4)


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("areas, least", [(BAYS, 12), (CITIES, 7)], ids=["bay areas", "cities"])
def test_areas_that_appear_together_are_told_apart(areas, least, eye):
    seen = {area: lab(AREA_COLOURS[area], EYES[eye]) for area in areas}
    nearest = min(combinations(areas, 2), key=lambda pair: difference(seen[pair[0]], seen[pair[1]]))
    assert difference(seen[nearest[0]], seen[nearest[1]]) >= least, nearest


def test_every_colour_of_a_line_stands_out_from_white():
    assert all(contrast_on_white(colour) >= 2.9 for colour in (*AREA_COLOURS.values(), *OTHER_COLOURS))
    assert len(set(AREA_COLOURS.values())) == len(AREA_COLOURS)


@pytest.mark.parametrize("eye", EYES)
def test_scales_of_cells_go_one_way_in_lightness(eye):
    def lightness(scale):
        return [lab(colour, EYES[eye])[0] for colour in scale]

    assert lightness(_SEQUENTIAL) == sorted(lightness(_SEQUENTIAL), reverse=True)
    middle = len(_DIVERGING) // 2
    assert lightness(_DIVERGING[: middle + 1]) == sorted(lightness(_DIVERGING[: middle + 1]))
    # the palest cell of a scale is still seen on paper
    assert lightness(_SEQUENTIAL)[0] < 92
