"""What is marked on a time axis: policies of the register as dated lines with their key, and shaded times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import polars as pl

from gbaindicators.catalog import Policy, catalog, parse_period, period_end
from gbaindicators.charts.labels import period_label
from gbaindicators.charts.theme import GREY, Page, as_text, spread, text_width
from gbaindicators.charts.wording import phrase
from gbaindicators.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["MARKER_ROOM", "Shade", "add_markers", "add_shades", "key_to", "policies_of", "shades_of"]

#: Height over the plot for the numbers of the markers, and the width of one.
MARKER_ROOM: Final = 18
_NUMBER: Final = 16.0
#: Policies at which the boundary of Hong Kong with the mainland was closed, and opened again.
_CLOSED: Final = ("land_points_closed_lo_wu", "reopening_first_points")
_SHADE: Final = "#F0F1F3"


class Shade(NamedTuple):
    """A time to shade, cut to the axis: its first day, the day after its last, and what it is."""

    start: date
    end: date
    label: str


def policies_of(policies: bool | Sequence[str], frame: pl.DataFrame, first: date, last: date) -> list[Policy]:
    """Choose the policies to mark between two dates, in order of time.

    Parameters
    ----------
    policies
        True for those of the catalogue that concern the areas of the frame, or ids of policies.
    frame
        What is drawn.
    first, last
        Ends of the time axis.

    Raises
    ------
    UnknownNameError
        For an id that no policy has.
    UsageError
        When a policy asked for lies outside the time drawn.

    Examples
    --------
    >>> frame = pl.DataFrame({"area": ["hong_kong"]})
    >>> [p.id for p in policies_of(True, frame, date(2000, 1, 1), date(2010, 1, 1))]
    ['cepa']
    """
    register = catalog().policies
    if isinstance(policies, bool):
        areas = set(frame["area"].drop_nulls()) if policies and "area" in frame.columns else set()
        found = [p for p in register.values() if areas & _touched(p) and first <= p.start <= last]
        return sorted(found, key=lambda p: p.start)
    if isinstance(policies, str):
        raise UsageError(f"policies is a list of ids: policies=[{policies!r}]")
    for id_ in policies:
        if id_ not in register:
            raise UnknownNameError("policy", id_, register)
        if not first <= register[id_].start <= last:
            raise UsageError(
                f"{id_} begins on {register[id_].start}, and the chart runs from {first} to {last}: leave it out"
            )
    return sorted((register[id_] for id_ in dict.fromkeys(policies)), key=lambda p: p.start)


def _touched(policy: Policy) -> set[str]:
    """Areas that a policy concerns: those it names, and the usual members of a bay area among them."""
    members = {
        m for d in catalog().definitions if d.default and d.subject == "economy" and d.area in policy.areas
        for m in d.members
    }  # fmt: skip
    return {*policy.areas, *members}


def key_to(found: Sequence[Policy], lang: str) -> str:
    """Write what the numbers of the markers stand for; empty without any.

    >>> key_to([catalog().policies["cepa"]], "zh-Hans")
    '政策：(1) 内地与香港关于建立更紧密经贸关系的安排，2004年第1季度'
    """
    comma = ", " if lang == "en" else "，"
    told = (
        f"({n}) {p.names[lang]}{comma}{period_label(parse_period(p.start_text).frequency, p.start, lang)}"
        for n, p in enumerate(found, start=1)
    )
    return phrase("policies", lang) + phrase("semicolon", lang).join(told) if found else ""


def add_markers(figure: go.Figure, page: Page, found: Sequence[Policy]) -> None:
    """Draw a thin line at the date of each policy, and its number over the plot, moved apart where they would touch."""
    if not found:
        return
    first, last = (date.fromisoformat(str(day)[:10]) for day in figure.layout.xaxis.range)
    wanted = [(p.start - first).days / (last - first).days * page.plot_width for p in found]
    placed = spread(wanted, [_NUMBER] * len(found), 0, page.plot_width)
    for number, (policy, want, got) in enumerate(zip(found, wanted, placed, strict=True), start=1):
        day = policy.start.isoformat()
        figure.add_vline(x=day, line={"color": GREY, "width": 1, "dash": "dot"}, layer="below")
        figure.add_annotation(
            x=day, xshift=got - want, xanchor="center", y=1, yref="paper", yanchor="bottom", yshift=2, text=f"<b>{number}</b>",
            font={"color": GREY, "size": 11}, showarrow=False, borderpad=1, name="policy",
            hovertext=as_text(policy.names[page.lang]),
        )  # fmt: skip


def shades_of(
    shade: bool | Sequence[tuple[str, str, str]], first: date, last: date, lang: str
) -> list[Shade]:
    """Choose the times to shade between two dates, in order of time.

    Parameters
    ----------
    shade
        True for the time in which the boundary of Hong Kong with the mainland was mostly closed, or first period, last
        period and label of each time.
    first, last
        Ends of the time axis.
    lang
        Language of the label.

    Raises
    ------
    UsageError
        When a time asked for lies outside the time drawn, ends before it begins, or is no such triple.

    Examples
    --------
    >>> [(str(s.start), str(s.end)) for s in shades_of(True, date(2000, 1, 1), date(2024, 1, 1), "en")]
    [('2020-02-04', '2023-01-08')]
    >>> shades_of([("2008-07", "2009-03", "Recession")], date(2000, 1, 1), date(2024, 1, 1), "en")[0].end
    datetime.date(2009, 4, 1)
    """
    if isinstance(shade, bool):
        register = catalog().policies
        closed, opened = (register[id_].start for id_ in _CLOSED)
        found = [Shade(closed, opened, phrase("boundary_closed", lang))] if shade else []
        found = [s for s in found if s.start < last and s.end > first]
    else:
        found = [_shade(each) for each in shade]
    for each in found:
        if each.start >= last or each.end <= first:
            raise UsageError(
                f"{each.label!r} runs from {each.start} to {each.end}, and the chart from {first} to {last}: leave it out"
            )
    return sorted(Shade(max(s.start, first), min(s.end, last), s.label) for s in found)


def _shade(given: tuple[str, str, str]) -> Shade:
    if isinstance(given, str) or len(given) != 3:
        raise UsageError(
            f"a time to shade is its first period, its last period and a label: ('2008-07', '2009-03', 'Recession'), not {given!r}"
        )
    begin, finish = (parse_period(str(text)) for text in given[:2])
    end = period_end(finish.frequency, finish.start) + timedelta(days=1)
    if end <= begin.start:
        raise UsageError(
            f"the time to shade ends in {given[1]}, before it begins in {given[0]}: swap the two"
        )
    return Shade(begin.start, end, str(given[2]))


def add_shades(figure: go.Figure, page: Page, shades: Sequence[Shade], *, lift: float = 0) -> None:
    """Shade times behind the lines, each named over the plot, `lift` pixels up; names are moved apart where they touch."""
    if not shades:
        return
    first, last = (date.fromisoformat(str(day)[:10]) for day in figure.layout.xaxis.range)
    days = (last - first).days
    wanted = [((s.start - first).days + (s.end - first).days) / 2 / days * page.plot_width for s in shades]
    placed = spread(wanted, [text_width(s.label, 11) + 8 for s in shades], 0, page.plot_width)
    for one, place in zip(shades, placed, strict=True):
        figure.add_vrect(
            x0=one.start.isoformat(), x1=one.end.isoformat(), fillcolor=_SHADE, line={"width": 0}, layer="below",
            name="shade",
        )  # fmt: skip
        figure.add_annotation(
            x=place / page.plot_width, xref="paper", xanchor="center", y=1, yref="paper", yanchor="bottom", yshift=2 + lift,
            text=as_text(one.label), font={"color": GREY, "size": 11}, showarrow=False, borderpad=1, name="shade",
        )  # fmt: skip
