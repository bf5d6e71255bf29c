"""`freshness`: how current each indicator is by its calendar of publication, and why it is not where it is not."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import polars as pl

from gbaindicators.catalog import Service, catalog, period_text
from gbaindicators.ingest.accepting import held_changes
from gbaindicators.ingest.comparing import feed_of
from gbaindicators.ingest.memory import Memory
from gbaindicators.ingest.planning import Turn, following_period, services_of, turns_of
from gbaindicators.store.archive import Archive

__all__ = ["freshness"]

#: The worst first: what a person should look at, then what the next refresh mends.
_STATES: Final = ("failed", "held back", "no key", "never asked", "late", "due", "current")
_SCHEMA: Final[dict[str, Any]] = {
    "service": pl.String, "indicator": pl.String, "frequency": pl.String, "areas": pl.Int64, "last_period": pl.String,
    "newest_vintage": pl.String, "last_asked": pl.Datetime("us", "UTC"), "next_expected": pl.Date, "late_days": pl.Int64,
    "state": pl.String, "why": pl.String,
}  # fmt: skip


def freshness(
    sources: str | Sequence[str] | None = None,
    *,
    environment: Mapping[str, str] = os.environ,
    now: datetime | None = None,
) -> pl.DataFrame:
    """Say how fresh each indicator is against the calendar of its service, and why it is stale.

    What refreshes took over is looked at, not the figures that the package ships with; nothing is asked or built.

    Parameters
    ----------
    sources
        Id of a service or ids of several, by default all of the catalogue.
    environment
        Where keys are looked for.
    now
        The time (with its zone), by default that of the clock.

    Returns
    -------
    polars.DataFrame
        One row for each service, indicator and frequency: ``areas`` (how many), ``last_period``, ``next_expected`` and
        ``late_days`` (of the area that is furthest behind), ``newest_vintage`` and ``last_asked`` (when the service last
        answered; both of any area), ``state`` and ``why`` (null where current). The state is that of the area that is
        worst off: ``failed`` (no sound answer the last time), ``held back`` (figures wait for `accept_held`), ``no key``,
        ``never asked``, ``late`` (a figure is expected and not there), ``due`` (asked by the next refresh) or ``current``.

    Raises
    ------
    UnknownNameError
        For a service that the catalogue does not know.
    DatabaseError
        When what was archived is damaged.

    Examples
    --------
    >>> freshness(["fred"], environment={}).select("state", "why").row(0)
    ('no key', 'FRED_API_KEY is not set; never asked')
    """
    archive, clock = Archive(), now or datetime.now(UTC)
    reasons = {
        (service, feed): f"{figures} figure(s) held back: {reason}"
        for service, feed, reason, figures in held_changes().group_by("service", "feed", "reason").len().iter_rows()
    }  # fmt: skip
    rows = []
    for service in services_of(catalog(), sources):
        keyless = bool(service.key_needed and not environment.get(service.key))
        series: dict[tuple[str, str], list[_Series]] = {}
        for one in _series_of(service, archive, reasons, keyless=keyless, now=clock):
            series.setdefault((one.turn.feed.indicator, one.turn.feed.frequency), []).append(one)
        rows += [_row(service.id, together, clock) for together in series.values()]
    return pl.DataFrame(rows, schema=pl.Schema(_SCHEMA))


@dataclass(frozen=True, slots=True)
class _Series:
    """How fresh one series is."""

    turn: Turn
    vintage: str | None
    state: str
    why: str


def _series_of(
    service: Service,
    archive: Archive,
    reasons: Mapping[tuple[str, str], str],
    *,
    keyless: bool,
    now: datetime,
) -> Iterator[_Series]:
    known, memory = archive.known(service.id), Memory(archive.root, service.id)
    newest = known.group_by(feed_of({feed.id: feed for feed in service.feeds})).agg(pl.col("vintage").max())
    vintages: dict[str, str] = dict(newest.iter_rows())
    for turn in turns_of(service, known, memory, now):
        feed = turn.feed
        held = reasons.get((service.id, feed.id), "")
        state, why = _judged(turn, held, memory.failure(feed), service.key if keyless else "", now)
        yield _Series(turn, vintages.get(feed.id), state, why)


def _judged(turn: Turn, held: str, failure: str, key: str, now: datetime) -> tuple[str, str]:
    """State of a series, and why it is not current."""
    if held:
        return "held back", held
    if key and turn.due:
        return "no key", f"{key} is not set; {turn.why}"
    if failure:
        return "failed", failure
    if turn.asked is None:
        return "never asked", turn.why
    if turn.latest is None:
        return "late", f"asked {turn.asked:%Y-%m-%d}, but no figure came"
    if turn.expected and turn.late(now.date()):
        period = period_text(turn.feed.frequency, following_period(turn.feed, turn.latest))
        asked_since = turn.asked.date() > turn.expected
        told = "the service had none when asked" if asked_since else "not asked since"
        return "late", f"{period} expected since {turn.expected}; {told} {turn.asked:%Y-%m-%d}"
    return ("due", turn.why) if turn.due else ("current", "")


def _row(service: str, series: Sequence[_Series], now: datetime) -> dict[str, Any]:
    """Freshness of an indicator: of all its areas together, and why of the worst."""
    turns = [one.turn for one in series]
    worst = min(series, key=lambda one: (_STATES.index(one.state), -one.turn.late(now.date())))
    alike = [one for one in series if one.state == worst.state]
    feed = worst.turn.feed
    which = f" ({len(alike)} of {len(series)} series, first {feed.area})" if len(alike) < len(series) else ""
    going_on = [turn for turn in turns if turn.expected] or turns
    latest = min((turn.latest for turn in going_on if turn.latest), default=None)
    return {
        "service": service,
        "indicator": feed.indicator,
        "frequency": feed.frequency,
        "areas": len({turn.feed.area for turn in turns}),
        "last_period": None if latest is None else period_text(feed.frequency, latest),
        "newest_vintage": max((one.vintage for one in series if one.vintage), default=None),
        "last_asked": max((turn.asked for turn in turns if turn.asked), default=None),
        "next_expected": min((turn.expected for turn in turns if turn.expected), default=None),
        "late_days": max(turn.late(now.date()) for turn in turns),
        "state": worst.state,
        "why": worst.why + which or None,
    }
