"""Statistical services that figures can be refreshed from, read from ``datasets/catalog/services``: one file each."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from gbaindicators.errors import DatasetError

__all__ = ["Feed", "Service", "read_service"]

Code = str | tuple[str, ...]
_OF_SERVICE: Final = (
    "producer", "title", "url", "licence", "grade", "base", "checked", "pause", "key", "key_needed", "only_named", "note",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Feed:
    """One series of a service, and the series of the catalogue that it feeds.

    Attributes
    ----------
    service
        Id of the service.
    indicator, area, frequency, adjustment, prices, unit, scale
        As in an observation: what the figures become. `scale` is the power of ten that the service counts in.
    code
        What the service calls the series, by its own names.
    start, end
        First period to ask for and the last that there is, as SDMX text; empty for all, and for no end.
    lag
        Days from the end of a period to the day on which its figure is expected.
    recheck
        Days after which it is asked again for revisions, whether or not a new period is expected.
    most_revised
        Share of the known figures that a refresh may change before it is held back.
    largest_move
        A new figure may be so many times the last one, or its inverse, before it is held back.
    """

    service: str
    indicator: str
    area: str
    frequency: str
    unit: str
    code: Mapping[str, Code]
    scale: int = 0
    adjustment: str = "nsa"
    prices: str = ""
    start: str = ""
    end: str = ""
    lag: int = 60
    recheck: int = 30
    most_revised: float = 0.25
    largest_move: float = 10.0

    @property
    def id(self) -> str:
        """What identifies the series within its service."""
        parts = (self.indicator, self.area, self.frequency, self.adjustment, self.prices)
        return "/".join(part.replace(" ", "_") for part in parts if part)


@dataclass(frozen=True, slots=True)
class Service:
    """A statistical service: where it answers, under what terms, and the series it feeds.

    Its figures have it as their source, under its own id.

    Attributes
    ----------
    producer, title, url, licence, grade
        As of a source: who publishes, what, the page for people, under what terms, official or mirror.
    base
        Address that requests begin with.
    checked
        What the connector was checked against: ``recorded`` (whole recorded answers), ``fragments`` (parts of
        answers) or ``described`` (its documentation only).
    pause
        Seconds between two requests.
    key
        Environment variable that holds the user's key; empty where none is used. `key_needed` says whether the
        service answers without one.
    only_named
        Whether it fills the past rather than follows the present: it is asked only when it is named.
    """

    id: str
    producer: str
    title: str
    url: str
    licence: str
    base: str
    checked: str
    grade: str = "official"
    pause: float = 1.0
    key: str = ""
    key_needed: bool = False
    only_named: bool = False
    note: str = ""
    feeds: tuple[Feed, ...] = field(default=(), repr=False)

    def feed(self, id_: str) -> Feed:
        """Feed of this id."""
        return next(one for one in self.feeds if one.id == id_)


def read_service(id_: str, entries: dict[str, Any], where: str) -> Service:
    """Service of a TOML file; each of its feeds may stand for several areas and indicators.

    ``areas = { hong_kong = "HKG", macao = "MAC" }`` in a feed makes one feed for each area, with the service's word
    for it as ``code.area``; ``indicators = { ... }`` does the same for ``code.indicator``. ``ends = { ... }`` gives the last
    period of areas that have ended.

    Raises
    ------
    DatasetError
        When a word is unknown or missing, or two feeds are the same series.
    """
    feeds, defaults = entries.pop("feed", []), entries.pop("defaults", {})
    if unknown := set(entries) - set(_OF_SERVICE):
        raise DatasetError(
            f"{where}: unknown {', '.join(sorted(unknown))}; a service has {', '.join(_OF_SERVICE)}, defaults and feed"
        )
    try:
        service = Service(id=id_, **entries)
        made = tuple(one for entry in feeds for one in _feeds(id_, {**defaults, **entry}))
    except TypeError as error:
        raise DatasetError(f"{where}: {error}") from None
    ids = [one.id for one in made]
    if twice := {one for one in ids if ids.count(one) > 1}:
        raise DatasetError(f"{where}: more than one feed for {', '.join(sorted(twice))}")
    return replace(service, feeds=made)


def _feeds(service: str, entry: dict[str, Any]) -> Iterator[Feed]:
    code = {name: _code(value) for name, value in entry.pop("code", {}).items()}
    ends, end = entry.pop("ends", {}), entry.pop("end", "")
    named: list[list[tuple[str, Code | None]]] = []
    for one, several in (("indicator", "indicators"), ("area", "areas")):
        words = entry.pop(several, None)
        named.append(
            [(entry.pop(one), None)] if words is None else [(id_, _code(word)) for id_, word in words.items()]
        )
    for (indicator, its_word), (area, its_name) in itertools.product(*named):
        own = {"indicator": its_word, "area": its_name}
        yield Feed(
            service=service,
            indicator=indicator,
            area=area,
            code={**code, **{name: word for name, word in own.items() if word is not None}},
            end=ends.get(area, end),
            **entry,
        )


def _code(value: Any) -> Code:
    return tuple(str(one) for one in value) if isinstance(value, list) else str(value)
