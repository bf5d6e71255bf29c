"""The six factor flows and the figures that measure them, read from ``datasets/catalog/flows.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from gbaindicators.catalog import LANGUAGES, datasets_dir
from gbaindicators.errors import DatasetError

__all__ = ["Flow", "FlowIndicator", "factor_flows", "flow_indicators"]


@dataclass(frozen=True, slots=True)
class Flow:
    """A factor that moves within the bay area."""

    id: str
    names: Mapping[str, str]
    source: str
    needed: str
    caveat: str = ""


@dataclass(frozen=True, slots=True)
class FlowIndicator:
    """A figure that measures a flow in one area: its own, or the sum of those of `points`."""

    flow: str
    indicator: str
    area: str
    direction: str
    treatment: str
    source: str
    why: str
    points: tuple[str, ...] = ()
    excluded: str = ""

    @property
    def name(self) -> str:
        """Name of the figure in the index: indicator and area."""
        return f"{self.indicator}, {self.area}"


@cache
def _entries() -> dict[str, Any]:
    path = datasets_dir() / "catalog" / "flows.toml"
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        raise DatasetError(f"{path} is missing: reinstall the package") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: not a TOML file: {error}") from None


@cache
def factor_flows() -> tuple[Flow, ...]:
    """Give the flows, in the order of the catalogue.

    >>> [flow.id for flow in factor_flows()]
    ['people', 'goods', 'services', 'capital', 'data', 'technology']
    """
    flows = []
    for entry in _entries()["flow"]:
        rest = {k: v for k, v in entry.items() if k not in LANGUAGES}
        flows.append(Flow(names={language: entry[language] for language in LANGUAGES}, **rest))
    return tuple(flows)


@cache
def flow_indicators() -> tuple[FlowIndicator, ...]:
    """Give the figures that measure the flows, one for each indicator and area."""
    return tuple(
        FlowIndicator(
            area=area,
            points=tuple(entry.get("points", ())),
            **{k: v for k, v in entry.items() if k not in ("areas", "points")},
        )
        for entry in _entries()["indicator"]
        for area in entry["areas"]
    )
