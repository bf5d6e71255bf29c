"""Which areas a bay area is made of: its definition by id, or the members themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gbaindicators.catalog import Definition, catalog
from gbaindicators.comparison.bays.choices import Choice
from gbaindicators.errors import UsageError

__all__ = ["chosen_for", "definition_of", "definitions_of"]


def chosen_for(areas: Sequence[str], choices: Mapping[str, Choice]) -> dict[str, Choice]:
    """Definitions chosen for some of the areas compared, by their ids.

    Raises
    ------
    UnknownNameError
        When there is no such area.
    UsageError
        When no area is named with a choice, or one that is not compared.
    """
    if not isinstance(choices, Mapping):
        raise UsageError(
            f"definition names each area: definition={{{areas[-1]!r}: {choices!r}}}, or leave it out for the default ones"
        )
    chosen = {catalog().area(area).id: choice for area, choice in choices.items()}
    if unused := chosen.keys() - set(areas):
        raise UsageError(
            f"a definition is given for {', '.join(sorted(unused))}, which is not among the areas compared, "
            f"{', '.join(areas)}"
        )
    return chosen


def definition_of(area: str, subject: str = "economy", choice: Choice | None = None) -> Definition:
    """Definition of a bay area by its id or by a list of members; of another area, itself as its one member.

    Raises
    ------
    UnknownNameError
        When there is no such area, definition or member.
    UsageError
        When the list of members is empty or names one twice.
    """
    names = catalog()
    found = names.area(area)
    if choice is not None and not isinstance(choice, str):
        if not isinstance(choice, Sequence):
            raise UsageError(f"the definition of {found.id} is {choice!r}: give its id, or a list of members")
        members = tuple(names.area(member).id for member in choice)
        if not members or len(set(members)) < len(members):
            raise UsageError(f"the members of {found.id} must be named once each, not {list(choice)!r}")
        label = {"en": "Members given: " + ", ".join(names.areas[m].names["en"] for m in members)}
        return Definition("given", found.id, subject, label, members, default=False, note="")
    if choice is not None or any(d.area == found.id and d.subject == subject for d in names.definitions):
        return names.definition(area, subject, choice)
    return Definition("itself", found.id, subject, found.names, (found.id,), default=True, note="")


def definitions_of(indicator: str, areas: Sequence[str], choices: Mapping[str, Choice]) -> list[Definition]:
    """Definitions of areas for an indicator, as chosen; of an area without one, itself as its one member."""
    chosen, subject = chosen_for(areas, choices), catalog().subject(indicator)
    return [definition_of(one, subject, chosen.get(one)) for one in dict.fromkeys(areas)]
