"""ALFRED: the series of FRED with every figure that they ever held, each from the day on which it did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from gbaindicators.catalog import Feed
from gbaindicators.ingest.exchange import Page, Request
from gbaindicators.ingest.sources import fred

__all__ = ["parse", "request"]

# The whole of time: with any later start, figures that held already then would be dated by that start.
_ALWAYS: Final = {"realtime_start": "1776-07-04", "realtime_end": "9999-12-31"}


def request(feeds: Sequence[Feed], since: date | None) -> list[Request]:
    """Ask for the description of each series; all vintages of its observations follow."""
    return fred.requests(feeds, since, _ALWAYS)


def parse(body: bytes, request: Request) -> Page:
    """Read a description or a page of observations; the vintage of a figure is the day from which it held.

    A figure that was withdrawn has status M from that day.

    Raises
    ------
    AnswerError
        When the service refuses, a series is no longer what its feed says, or the answer is not whole.
    """
    return fred.observations(body, request, vintages=True)
