"""The sections of the report: functions from words and the database to statements and exhibits, and how they are chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from gbaindicators.errors import GbaError, UnknownNameError, UsageError
from gbaindicators.reporting.exhibits import Note, Section
from gbaindicators.reporting.numbers import day_text
from gbaindicators.reporting.sections.bay_areas import headline, history, ranking
from gbaindicators.reporting.sections.cities import cities, converging
from gbaindicators.reporting.sections.gateways import boundary, gateways
from gbaindicators.reporting.sections.integration import flows, integration
from gbaindicators.reporting.sections.outlook import outlook
from gbaindicators.reporting.sections.quality import quality
from gbaindicators.reporting.words import Words
from gbaindicators.store import known_day

__all__ = ["ALL", "MADE", "chosen", "make"]

#: The sections that are made of figures, in order.
MADE: Final[dict[str, Callable[[Words], Section]]] = {
    "headline": headline, "ranking": ranking, "history": history, "cities": cities, "convergence": converging, "gateways": gateways,
    "boundary": boundary, "flows": flows, "integration": integration, "outlook": outlook, "quality": quality,
}  # fmt: skip
#: All that may be named: the summary and the explorer stand before them.
ALL: Final = ("summary", "explorer", *MADE)


def chosen(names: Sequence[str] | None) -> tuple[str, ...]:
    """Sections that are asked for, in the order of the report; all if none are named.

    Raises
    ------
    UnknownNameError
        For a section that there is not, with those that there are.

    Examples
    --------
    >>> chosen(["history", "headline"])
    ('headline', 'history')
    """
    if names is None:
        return ALL
    if not names:
        raise UsageError(f"no section is named: name some of {', '.join(ALL)}, or leave sections out for all")
    for name in names:
        if name not in ALL:
            raise UnknownNameError("section", name, ALL, f"The sections are {', '.join(ALL)}")
    return tuple(name for name in ALL if name in names)


def make(name: str, words: Words) -> Section:
    """Make a section; one that lacks figures as of a day says so in its place.

    Raises
    ------
    GbaError
        When a section of what is known today cannot be made: then something is wrong with the database.
    """
    day = known_day()
    try:
        return MADE[name](words)
    except GbaError as error:
        if day is None:
            raise
        reason = words("page.missing_as_of", day=day_text(day, words.lang))
        return Section(name, words(f"{name}.title"), missing=(Note(reason), Note(str(error), "en")))
