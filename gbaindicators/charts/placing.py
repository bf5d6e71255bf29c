"""Where the names of points stand, so that none covers another name or a point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import Final, NamedTuple

__all__ = ["Box", "label_boxes"]

#: How far a name may stand from its point in pixels: the nearest free place is taken.
_DISTANCES: Final = (9.0, 24.0, 40.0, 60.0, 85.0)
#: Distance up to which a name stands further off to leave a line free.
_NEAR: Final = 24.0
#: Directions in the order in which they are tried: right, left, above, below, then between.
_DIRECTIONS: Final = ((1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (1, 1), (-1, -1), (-1, 1))
#: Half the width of a point with the free space around it, and free space around a name.
_POINT, _FREE = 8.0, 2.0


class Box(NamedTuple):
    """Edges of a name in pixels from the upper left corner of the plot."""

    left: float
    top: float
    right: float
    bottom: float

    def covers(self, other: Box) -> bool:
        """Whether two boxes share some of the plane."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def nearest(self, x: float, y: float) -> tuple[float, float]:
        """Nearest place of the box to a point."""
        return min(max(x, self.left), self.right), min(max(y, self.top), self.bottom)


def label_boxes(
    points: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    width: float,
    height: float,
    *,
    line: Sequence[Box] = (),
) -> list[Box | None]:
    """Find a free place for the name of each point; None where there is none.

    Points in a crowd choose first, each the nearest free place inside the plot.

    Parameters
    ----------
    points
        Points in pixels from the upper left corner.
    sizes
        Width and height of each name.
    width, height
        Size of the plot.
    line
        What names keep off where they can, but cover rather than stand far away.

    Examples
    --------
    >>> label_boxes([(50, 50), (60, 50)], [(40, 12), (40, 12)], 200, 100)
    [Box(left=1.0, top=44.0, right=41.0, bottom=56.0), Box(left=69.0, top=44.0, right=109.0, bottom=56.0)]
    """
    taken = [Box(x - _POINT, y - _POINT, x + _POINT, y + _POINT) for x, y in points]
    found: list[Box | None] = [None] * len(points)

    def loneliness(i: int) -> float:
        return min((math.dist(points[i], other) for j, other in enumerate(points) if j != i), default=0.0)

    for i in sorted(range(len(points)), key=loneliness):
        others = [box for j, box in enumerate(taken) if j != i]
        for avoided, (distance, (right, down)) in _tries(line):
            box = _box(points[i], sizes[i], distance, right, down)
            inside = box.left >= 0 and box.top >= 0 and box.right <= width and box.bottom <= height
            room = Box(box.left - _FREE, box.top - _FREE, box.right + _FREE, box.bottom + _FREE)
            if inside and not any(room.covers(other) for other in (*others, *avoided)):
                found[i] = box
                taken.append(box)
                break
    return found


def _tries(line: Sequence[Box]) -> list[tuple[Sequence[Box], tuple[float, tuple[int, int]]]]:
    """Places in the order in which they are tried: near and off the line, then any."""
    places = list(product(_DISTANCES, _DIRECTIONS))
    near = [(line, place) for place in places if line and place[0] <= _NEAR]
    return [*near, *(((), place) for place in places)]


def _box(
    point: tuple[float, float], size: tuple[float, float], distance: float, right: int, down: int
) -> Box:
    """Box of a name at a distance from its point: beside it, over or under it, or at a corner."""
    (x, y), (width, height) = point, size
    reach = distance if not (right and down) else distance * 0.7
    left = x + right * (reach + width / 2) - width / 2
    top = y + down * (reach + height / 2) - height / 2
    return Box(left, top, left + width, top + height)
