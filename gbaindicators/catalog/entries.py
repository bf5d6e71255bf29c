"""The catalogue: what the indicators, areas, units, definitions and sources are, read from ``datasets/catalog``."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final, Literal

from gbaindicators.catalog.citing import citation
from gbaindicators.catalog.folders import datasets_dir
from gbaindicators.catalog.periods import parse_period
from gbaindicators.catalog.services import Service, read_service
from gbaindicators.errors import DatasetError, UnknownNameError, UsageError

__all__ = [
    "LANGUAGES",
    "Area",
    "Catalog",
    "Definition",
    "Identity",
    "Indicator",
    "Nearest",
    "Policy",
    "Preference",
    "Published",
    "Source",
    "Unit",
    "catalog",
]

Language = Literal["en", "zh-Hans", "zh-Hant"]
#: Languages in which everything is named.
LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh-Hans", "zh-Hant")


@dataclass(frozen=True, slots=True)
class Indicator:
    """What is measured. A flow between two areas names the other one as its `counterpart`."""

    id: str
    names: Mapping[str, str]
    table: str
    unit: str
    kind: str
    over_time: str
    over_areas: str
    description: str
    minimum: float | None = None
    maximum: float | None = None
    counterpart: str | None = None


@dataclass(frozen=True, slots=True)
class Area:
    """Where it is measured: a city, a state, an airport, a bay area."""

    id: str
    names: Mapping[str, str]
    level: str
    parent: str | None = None
    currency: str | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unit:
    """In what it is measured. `factor` of `base` make one of it; money and bare units are their own base."""

    id: str
    names: Mapping[str, str]
    kind: str
    base: str
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Definition:
    """Which members make up a bay area, for a subject (economy, ports or airports)."""

    id: str
    area: str
    subject: str
    names: Mapping[str, str]
    members: tuple[str, ...]
    default: bool
    note: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Preference:
    """An explicit choice among sources for some series, with its reason."""

    indicators: tuple[str, ...]
    areas: tuple[str, ...]
    sources: tuple[str, ...]
    why: str
    frequencies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """A total and the parts that add up to it, over indicators or over areas."""

    id: str
    total: str
    parts: tuple[str, ...]
    over: str
    indicators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy or an opening and the first period with it, as precise as its source. `stated` says how it is known."""

    id: str
    start: date
    start_text: str
    names: Mapping[str, str]
    areas: tuple[str, ...]
    indicators: tuple[str, ...]
    stated: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Nearest:
    """What comes nearest to a published total that the package cannot make: other members, or another year."""

    members: tuple[str, ...]
    reason: str
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """A total that others publish for a bay area, and the members that make the package's own number of it.

    `area` is what the figure stands under among the observations (and `sources`, where given, by whom); a policy
    statement has the `year` that it is compared with instead. `reason` says why the two numbers differ. `definition`
    is the one by which a member that is itself a bay area is made, by default its usual one.
    """

    id: str
    indicator: str
    area: str
    bay: str
    stated: str
    members: tuple[str, ...]
    reason: str
    sources: tuple[str, ...] = ()
    frequency: str = "A"
    adjustment: str = "nsa"
    year: int | None = None
    definition: str | None = None
    nearest: tuple[Nearest, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Where figures were read."""

    id: str
    producer: str
    title: str
    url: str
    mirror: str
    licence: str
    grade: str
    vintage: str
    vintage_basis: str
    note: str

    def citation(self) -> str:
        """One line that names producer, title and vintage; a title that begins with its producer does not say it twice."""
        return citation(
            {"producer": self.producer, "title": self.title, "vintage": self.vintage, "mirror": self.mirror}
        )


def _toml(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        raise DatasetError(f"{path} is missing: a datasets folder needs catalog/{path.name}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: not a TOML file: {error}") from None


def _frozen(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}


def _names(entry: dict[str, Any]) -> dict[str, str]:
    return {language: entry.pop(language) for language in LANGUAGES}


def _policy(id_: str, entry: dict[str, Any]) -> Policy:
    text = entry.pop("start")
    return Policy(
        id=id_, start=parse_period(text).start, start_text=text, names=_names(entry), **_frozen(entry)
    )


def _source_of(service: Service) -> Source:
    """Source that the figures of a service have. Each figure has a vintage: as the service states it, else the day it was accepted."""
    return Source(
        id=service.id, producer=service.producer, title=service.title, url=service.url, mirror="",
        licence=service.licence, grade=service.grade, vintage="", vintage_basis="figure", note=service.note,
    )  # fmt: skip


def _published(id_: str, entry: dict[str, Any]) -> Published:
    nearest = tuple(Nearest(**_frozen(e)) for e in entry.pop("nearest", ()))
    return Published(id=id_, nearest=nearest, **_frozen(entry))


@dataclass(frozen=True)
class Catalog:
    """All that ``datasets/catalog`` says, loaded part by part when asked for.

    Parameters
    ----------
    folder
        The folder ``catalog`` of a datasets folder.
    """

    folder: Path
    _lookup: dict[str, dict[str, str]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def indicators(self) -> dict[str, Indicator]:
        """Indicators by id."""
        entries = _toml(self.folder / "indicators.toml")
        return {id_: Indicator(id=id_, names=_names(e), **e) for id_, e in entries.items()}

    @cached_property
    def areas(self) -> dict[str, Area]:
        """Areas by id."""
        entries = _toml(self.folder / "areas.toml")
        return {
            id_: Area(id=id_, names=_names(e), aliases=tuple(e.pop("aliases", ())), **e)
            for id_, e in entries.items()
        }

    @cached_property
    def units(self) -> dict[str, Unit]:
        """Units by id."""
        entries = _toml(self.folder / "units.toml")
        return {
            id_: Unit(
                id=id_, names=_names(e), base=e.pop("base", id_), factor=float(e.pop("factor", 1.0)), **e
            )
            for id_, e in entries.items()
        }

    @cached_property
    def definitions(self) -> tuple[Definition, ...]:
        """Definitions of the bay areas."""
        return tuple(
            Definition(names=_names(e), members=tuple(e.pop("members")), default=e.pop("default", False), **e)
            for e in _toml(self.folder / "definitions.toml")["definition"]
        )

    @cached_property
    def preferences(self) -> tuple[Preference, ...]:
        """Explicit choices among sources."""
        return tuple(Preference(**_frozen(e)) for e in _toml(self.folder / "preferences.toml")["prefer"])

    @cached_property
    def identities(self) -> tuple[Identity, ...]:
        """Totals and their parts."""
        return tuple(Identity(**_frozen(e)) for e in _toml(self.folder / "identities.toml")["identity"])

    @cached_property
    def policies(self) -> dict[str, Policy]:
        """Policies and openings by id."""
        entries = _toml(self.folder / "policies.toml")
        return {id_: _policy(id_, e) for id_, e in entries.items()}

    @cached_property
    def services(self) -> dict[str, Service]:
        """Services that figures are refreshed from, by id."""
        files = sorted((self.folder / "services").glob("*.toml"))
        return {path.stem: read_service(path.stem, _toml(path), f"services/{path.name}") for path in files}

    @cached_property
    def published(self) -> dict[str, Published]:
        """Totals that others publish for the bay areas, by id."""
        entries = _toml(self.folder / "published.toml")
        return {id_: _published(id_, e) for id_, e in entries.items()}

    @cached_property
    def sources(self) -> dict[str, Source]:
        """Sources by id: those of the shipped figures, and the services."""
        path = self.folder / "sources.csv"
        try:
            with path.open(encoding="utf-8", newline="") as file:
                found = {row["id"]: Source(**row) for row in csv.DictReader(file)}
        except FileNotFoundError:
            raise DatasetError(f"{path} is missing: a datasets folder needs catalog/sources.csv") from None
        if twice := found.keys() & self.services.keys():
            raise DatasetError(
                f"services/: {', '.join(sorted(twice))} is the id of a source too; rename the file"
            )
        return found | {id_: _source_of(service) for id_, service in self.services.items()}

    @cached_property
    def tables(self) -> tuple[str, ...]:
        """Names of the observation tables."""
        return tuple(
            dict.fromkeys(i.table for i in self.indicators.values() if i.table != "policy_statements")
        )

    @cached_property
    def currencies(self) -> dict[str, str]:
        """Home area of each currency: the area whose exchange rate, PPP and price indices it is converted with."""
        homes = {"USD": "united_states", "CNY": "china", "HKD": "hong_kong", "MOP": "macao", "JPY": "japan"}
        return {code: area for code, area in homes.items() if code in self.units}

    def indicator(self, name: str) -> Indicator:
        """Indicator of this id, or an error with the nearest ids."""
        try:
            return self.indicators[name]
        except KeyError:
            raise UnknownNameError("indicator", name, self.indicators) from None

    def area(self, name: str) -> Area:
        """Area of this id, English name or alias (in any case), or an error with the nearest ids."""
        if name in self.areas:
            return self.areas[name]
        if "area" not in self._lookup:
            self._lookup["area"] = {
                label.casefold(): area.id
                for area in self.areas.values()
                for label in (*area.names.values(), area.id, area.id.replace("_", "-"), *area.aliases)
            }
        try:
            return self.areas[self._lookup["area"][str(name).casefold()]]
        except KeyError:
            raise UnknownNameError("area", name, self.areas) from None

    def unit(self, name: str) -> Unit:
        """Unit of this id, or an error with the nearest ids."""
        try:
            return self.units[name]
        except KeyError:
            raise UnknownNameError("unit", name, self.units) from None

    def definition(self, area: str, subject: str = "economy", name: str | None = None) -> Definition:
        """Definition of a bay area: the named one, or the default of the subject."""
        id_ = self.area(area).id
        choices = [d for d in self.definitions if d.area == id_ and d.subject == subject]
        if not choices:
            raise UsageError(
                f"{id_!r} has no definition by members for {subject}: composites are "
                + ", ".join(sorted({d.area for d in self.definitions if d.subject == subject}))
            )
        for choice in choices:
            if choice.id == name or (name is None and choice.default):
                return choice
        raise UnknownNameError(f"definition of {id_} ({subject})", name, (d.id for d in choices))

    def subject(self, indicator: str) -> str:
        """Which kind of member a bay area has for an indicator: economy, ports or airports."""
        entry = self.indicator(indicator)
        if entry.table == "port_throughput":
            return "ports"
        return "airports" if entry.id.startswith(("air_", "aircraft_")) else "economy"

    def currency_of(self, unit: str) -> str | None:
        """Currency code that a unit is in, or None: ``"CNY"`` for ``CNY``, None for ``TEU``.

        Unknown units (a user's own) are no money.
        """
        return unit if unit in self.units and self.units[unit].kind == "money" else None

    def cite(self, sources: Iterable[str]) -> list[str]:
        """Citations of source ids; an id that the catalogue lacks stands for itself."""
        return [self.sources[s].citation() if s in self.sources else s for s in sources]


@cache
def _shipped_catalog() -> Catalog:
    return Catalog((datasets_dir() / "catalog").resolve())


def catalog(datasets: Path | str | None = None) -> Catalog:
    """Catalogue of a datasets folder, by default the shipped one.

    A datasets folder without a ``catalog`` of its own uses the shipped catalogue.

    Examples
    --------
    >>> catalog().indicator("gdp").unit
    'currency'
    >>> catalog().area("Canton").id
    'guangzhou'
    """
    own = None if datasets is None else Path(datasets) / "catalog"
    if own is not None and own.is_dir() and own.resolve() != (datasets_dir() / "catalog").resolve():
        return Catalog(own.resolve())
    return _shipped_catalog()
