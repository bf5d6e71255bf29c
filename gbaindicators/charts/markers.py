"""Policies on a time axis: which of the register concern what is drawn, their dated lines, and the key to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

import polars as pl

from gbaindicators.catalog import Policy, catalog, parse_period
from gbaindicators.charts.labels import period_label, phrase
from gbaindicators.charts.theme import GREY, Page, as_text, spread
from gbaindicators.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["MARKER_ROOM", "add_markers", "key_to", "policies_of"]

#: Height over the plot for the numbers of the markers, and the width of one.
MARKER_ROOM: Final = 18
_NUMBER: Final = 16.0


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
