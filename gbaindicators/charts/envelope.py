"""Long series by the few of their values that a picture can show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

__all__ = ["MOST_LINES", "envelope", "spans_for"]

#: Values that a page draws without delay, and lines.
_MOST_VALUES: Final = 40_000
MOST_LINES: Final = 500
#: Spans of time that a line is cut into: two pixels each on a page of the usual width, or as few as still show a course.
_MOST_SPANS, _FEWEST_SPANS = 450, 12


def spans_for(values: int, lines: int) -> int | None:
    """Into how many spans to cut the time of each line; None where all values can be drawn.

    >>> spans_for(5_000, 10), spans_for(2_000_000, 1), spans_for(2_000_000, 200)
    (None, 450, 50)
    """
    if values <= _MOST_VALUES:
        return None
    return max(_FEWEST_SPANS, min(_MOST_SPANS, _MOST_VALUES // (4 * lines)))


def envelope(
    periods: Sequence[date], values: Sequence[float | None], spans: int
) -> tuple[list[date], list[float | None]]:
    """Keep of each span of time the first, last, highest and lowest value, so that the line looks the same.

    As M4 of Jugel, Jerzak, Hackenbroich and Markl (2014). A gap stays where it is wider than a span.

    Parameters
    ----------
    periods, values
        The line in order of time, null in gaps.
    spans
        Equal spans that its time is cut into.

    Examples
    --------
    >>> days = [date(2024, 1, day) for day in range(1, 9)]
    >>> envelope(days, [1, 5, 2, 3, 4, 0, 9, 7], 1)[1]
    [1, 0, 9, 7]
    """
    first = periods[0].toordinal()
    width = (periods[-1].toordinal() - first + 1) / spans
    kept: list[int] = []
    group: list[int] = []
    place = 0
    for i, (period, value) in enumerate(zip(periods, values, strict=True)):
        span = int((period.toordinal() - first) / width)
        if span != place:
            kept += _of_span(group, values)
            group, place = [], span
        if value is not None:
            group.append(i)
        elif _is_wide(periods, i, width):
            kept += _of_span(group, values)
            kept.append(i)
            group = []
    kept += _of_span(group, values)
    return [periods[i] for i in kept], [values[i] for i in kept]


def _of_span(group: Sequence[int], values: Sequence[float | None]) -> list[int]:
    if not group:
        return []
    ends = {end(group, key=lambda i: values[i]) for end in (min, max)}  # type: ignore[arg-type, return-value]
    return sorted({group[0], group[-1], *ends})


def _is_wide(periods: Sequence[date], place: int, width: float) -> bool:
    """Whether the gap at a null is wider than a span."""
    before, after = periods[max(place - 1, 0)], periods[min(place + 1, len(periods) - 1)]
    return (after - before).days > width
