"""Connectors, one file for each statistical service, all with the same two pure steps.

``request(feeds, since)`` says what to ask for; ``parse(body, request)`` makes observations of the bytes that came.
Neither touches the network, the clock, a file or a key. A connector has the name of its file in
``datasets/catalog/services``, which lists the series.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from importlib import import_module
from typing import Protocol, cast

from gbaindicators.catalog import Feed
from gbaindicators.ingest.exchange import Page, Request

__all__ = ["Connector", "connector"]


class Connector(Protocol):
    """The two steps of a connector."""

    def request(self, feeds: Sequence[Feed], since: date | None) -> list[Request]:
        """Requests that together ask for these series, from the period with `since` on (None: from their start)."""
        ...

    def parse(self, body: bytes, request: Request) -> Page:
        """Observations in an answer, and the request for its next page if there is one."""
        ...


def connector(service: str) -> Connector:
    """Connector of a service of the catalogue."""
    return cast(Connector, import_module(f"gbaindicators.ingest.sources.{service}"))
