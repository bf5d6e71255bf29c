"""Axes of time and of values, with the room that their ticks need."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from gbaindicators.catalog import period_end
from gbaindicators.charts.labels import number_text
from gbaindicators.charts.series import Series
from gbaindicators.charts.theme import GREY, INK, RULE, text_width

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = [
    "add_value_axis",
    "date_axis",
    "log_ticks",
    "range_of_bars",
    "thinned",
    "tick_room",
    "value_axis",
    "value_range",
]

_FEWEST_YEARLY_TICKS = 4
_TICKS = 7
#: Room for a tick of a narrow time axis in pixels, and months from one to the next.
_TICK_ROOM = {"%Y": 42, "%-d %b": 56}
_TICK_STEPS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 12000)


def value_range(values: Sequence[float], *, log: bool = False) -> tuple[float, float]:
    """Range of a value axis: from zero where the values come near it, with room above."""
    low, high = min(values), max(values)
    if log:
        return low / 1.15, high * 1.15
    if low >= 0 and low < 0.6 * high:
        return 0.0, high * 1.05
    room = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    return low - room, high + room


def tick_room(low: float, high: float, *, log: bool = False) -> float:
    """Width that the numbers of a value axis need."""
    texts = (
        log_ticks(low, high).values()
        if log
        else [number_text(v, _tick_decimals(low, high)) for v in (low, high)]
    )
    return max(text_width(t, 12) for t in texts) + 12


def _tick_decimals(low: float, high: float) -> int:
    """Decimals that ticks at round steps need."""
    return max(0, -math.floor(math.log10((high - low) / _TICKS * 1.999)))


def log_ticks(low: float, high: float) -> dict[float, str]:
    """Ticks of a logarithmic axis: 1, 2 and 5 of each decade, or the decades alone where there are many.

    >>> log_ticks(3, 120)
    {5.0: '5', 10.0: '10', 20.0: '20', 50.0: '50', 100.0: '100'}
    """
    leads = (1, 2, 5) if high / low < 1e3 else (1,)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [float(f"{lead}e{decade}") for decade in decades for lead in leads]
    # values so near each other that no round number lies between have one in their middle
    shown = [t for t in ticks if low <= t <= high] or [float(f"{math.sqrt(low * high):.2g}")]
    return {t: f"{t:,.{max(0, -math.floor(math.log10(t)))}f}" for t in shown}


def value_axis(low: float, high: float, *, log: bool = False) -> dict[str, Any]:
    """Describe an axis of values: light rules, and a dark one at zero."""
    axis: dict[str, Any] = {"showgrid": True, "gridcolor": RULE, "gridwidth": 1, "ticklabelstandoff": 6}
    if log:
        ticks = log_ticks(low, high)
        return axis | {
            "type": "log", "range": [math.log10(low), math.log10(high)], "tickvals": list(ticks), "ticktext": list(ticks.values()),
        }  # fmt: skip
    axis |= {"range": [low, high], "nticks": _TICKS, "tickformat": f",.{_tick_decimals(low, high)}f"}
    if low <= 0 <= high:
        axis |= {"zeroline": True, "zerolinecolor": INK, "zerolinewidth": 1}
    return axis


def add_value_axis(figure: go.Figure, low: float, high: float, *, log: bool = False) -> None:
    """Give a figure its vertical axis of values."""
    figure.update_yaxes(**value_axis(low, high, log=log))


def date_axis(periods: Sequence[date], series: Iterable[Series], lang: str) -> dict[str, Any]:
    """Describe a time axis whose ticks are whole years, or months where it is short."""
    first, last = periods[0], periods[-1]
    if first == last:
        first, last = date(first.year - 1, first.month, 1), date(last.year + 1, last.month, 1)
    axis: dict[str, Any] = {
        "type": "date", "range": [first.isoformat(), last.isoformat()], "ticks": "outside", "ticklen": 5,
        "tickcolor": GREY, "showline": True, "linecolor": GREY, "hoverformat": "%Y",
    }  # fmt: skip
    frequencies = {s.frequency for s in series}
    years = last.year - first.year
    if frequencies != {"A"}:
        axis["hoverformat"] = (
            {"en": "%-d %b %Y"}.get(lang, "%Y年%-m月%-d日")
            if frequencies & {"D", "W"}
            else {"en": "%b %Y"}.get(lang, "%Y年%-m月")
        )
    if frequencies == {"A"} or years >= _FEWEST_YEARLY_TICKS:
        step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 1000) if years / s <= 10)
        month, day = (
            (first.month, first.day)
            if frequencies == {"A"} and len({(p.month, p.day) for p in periods}) == 1
            else (1, 1)
        )
        start = date(max(first.year - first.year % step, 1), month, day)
        return axis | {"tick0": start.isoformat(), "dtick": f"M{12 * step}", "tickformat": "%Y"}
    months = years * 12 + last.month - first.month
    if months < 3:
        return axis | {"nticks": 8, "tickformat": "%-d %b" if lang == "en" else "%-m月%-d日"}
    step = next(s for s in (1, 2, 3, 6) if months / s <= 8)
    return axis | {
        "tick0": f"{first.year}-01-01", "dtick": f"M{step}", "tickformat": "%b %Y" if lang == "en" else "%Y年%-m月",
    }  # fmt: skip


def range_of_bars(periods: Sequence[date], frequency: str) -> list[str]:
    """Range of a time axis on which the bars of the first and the last period are whole.

    >>> range_of_bars([date(2023, 1, 1), date(2024, 1, 1)], "M")
    ['2022-12-14', '2024-01-18']
    """
    half = (period_end(frequency, periods[-1]) - periods[-1]).days * 0.55 + 0.6
    return [
        (day + timedelta(days=days)).isoformat() for day, days in ((periods[0], -half), (periods[-1], half))
    ]


def thinned(axis: dict[str, Any], width: float) -> dict[str, Any]:
    """Give a time axis as few ticks as a narrow plot has room for.

    >>> years = {"dtick": "M12", "tick0": "2005-01-01", "tickformat": "%Y", "range": ["2005-01-01", "2024-01-01"]}
    >>> thinned(years, 180)["dtick"], thinned(years, 180)["tick0"]
    ('M60', '2005-01-01')
    """
    if "dtick" not in axis:
        return axis | {"nticks": max(2, int(width // _TICK_ROOM["%-d %b"]))}
    first, last = map(date.fromisoformat, axis["range"])
    fewest, room = int(axis["dtick"][1:]), _TICK_ROOM.get(axis["tickformat"], 68)
    months = (last - first).days / 30.4
    step = next((s for s in _TICK_STEPS if s >= fewest and months / s * room <= width), _TICK_STEPS[-1])
    start = date.fromisoformat(axis["tick0"])
    start = start.replace(year=max(start.year - start.year % max(step // 12, 1), 1))
    return axis | {"dtick": f"M{step}", "tick0": start.isoformat()}
