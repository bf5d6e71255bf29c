"""The refresh: ask what is due, take over what is sound, hold back what is not, and publish."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from gbaindicators.catalog import Feed, Service, catalog, parse_period
from gbaindicators.errors import GbaError
from gbaindicators.ingest.accepting import accept_one, figures_held, hold_back, take_over, waiting
from gbaindicators.ingest.collecting import Collected, collect
from gbaindicators.ingest.comparing import Comparison, compare
from gbaindicators.ingest.fetching import Client
from gbaindicators.ingest.memory import Memory
from gbaindicators.ingest.outcomes import Outcome, Refresh, counted, message, told
from gbaindicators.ingest.planning import services_of, turns_of
from gbaindicators.ingest.publishing import Progress, only_one, publish
from gbaindicators.ingest.sources import connector
from gbaindicators.store.archive import Archive
from gbaindicators.store.home import database_place

__all__ = ["accept_held", "refresh"]


def refresh(
    sources: str | Sequence[str] | None = None,
    *,
    since: str | date | None = None,
    force: bool = False,
    progress: Progress | None = None,
    environment: Mapping[str, str] = os.environ,
    now: datetime | None = None,
) -> Refresh:
    """Ask the statistical services for what is due, and publish a database with it.

    Each answer is kept, validated and compared with what is known. What is sound is taken over, with the day as its
    vintage; what would delete history, change much of it, change a unit, or move a figure beyond its bounds is held back
    for `accept_held`. A service that fails leaves the others' work standing. Asked again, nothing that is not due is fetched.

    Parameters
    ----------
    sources
        Id of a service or ids of several, by default all of the catalogue; those that need a key that is not set are passed over, unless
        they are named.
    since
        Ask for periods from here on, whether due or not: SDMX text or a day. By default everything of what is due.
    force
        Ask whether due or not.
    progress
        Called with a line of text at every step, from several threads.
    environment
        Where keys are read.
    now
        The time (with its zone), by default that of the clock.

    Returns
    -------
    Refresh
        What became of each service.

    Raises
    ------
    UnknownNameError
        For a service that the catalogue does not know.
    DatabaseError
        When another refresh runs, or the data home cannot be written.

    Examples
    --------
    >>> done = refresh([])
    >>> done.well, done.services().height
    (True, 0)
    """
    first = parse_period(since).start if isinstance(since, str) else since
    chosen = services_of(catalog(), sources)
    with only_one():
        archive = Archive()
        archive.tidy()
        asking = _Asking(
            archive, now or datetime.now(UTC), first, force=force or first is not None, named=sources is not None,
            environment=environment, say=progress or _nobody,
        )  # fmt: skip
        outcomes = _side_by_side(asking.outcome, chosen)
        published, problem = publish(archive, asking.say, message("refresh", outcomes))
    return Refresh(outcomes, published, database_place(), problem)


def accept_held(held: str | Sequence[str], *, progress: Progress | None = None) -> Refresh:
    """Take over figures that a refresh held back.

    Parameters
    ----------
    held
        A service or ``SERVICE:SERIES`` such as ``"worldbank:gdp/macao"`` for the series that begin so, or several.
    progress
        Called with a line of text at every step.

    Returns
    -------
    Refresh
        What was taken over.

    Raises
    ------
    UsageError
        When nothing of the kind is held back; the message lists what is.

    Examples
    --------
    >>> accept_held(["dbnomics"])
    Traceback (most recent call last):
    gbaindicators.errors.UsageError: nothing is held back of dbnomics; held back: ...
    """
    with only_one():
        archive = Archive()
        named = _apart([one.partition(":")[::2] for one in ([held] if isinstance(held, str) else held)])
        for service, series in named:
            figures_held(archive, service, series)
        outcomes = [accept_one(archive, service, series) for service, series in named]
        published, problem = publish(archive, progress or _nobody, message("taken over by hand", outcomes))
    return Refresh(tuple(outcomes), published, database_place(), problem)


def _apart(named: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Leave out what is named twice, by itself or within another name: it can be taken over but once."""
    return [
        (service, series)
        for service, series in dict.fromkeys(named)
        if not any(
            other == service and series != whole and series.startswith(whole) for other, whole in named
        )
    ]


def _nobody(text: str) -> None:
    """Tell progress to nobody."""


def _side_by_side(one: Callable[[Service], Outcome], services: Sequence[Service]) -> tuple[Outcome, ...]:
    """Ask every service in a thread, each at its own pace.

    Daemons, so that an interrupt need not wait for a slow service: whatever they have written is whole.
    """
    outcomes: dict[str, Outcome] = {}

    def run(service: Service) -> None:
        outcomes[service.id] = one(service)

    threads = [
        threading.Thread(target=run, args=(service,), name=service.id, daemon=True) for service in services
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():  # in small steps, for a signal may come to another thread and wake nobody
            thread.join(0.2)
    return tuple(outcomes[service.id] for service in services)


@dataclass(frozen=True)
class _Asking:
    """How one refresh asks its services."""

    archive: Archive
    now: datetime
    since: date | None
    force: bool
    named: bool
    environment: Mapping[str, str]
    say: Progress

    def outcome(self, service: Service) -> Outcome:
        """Ask a service for what is due and take it over; what goes wrong is its outcome."""
        try:
            return self._asked(service)
        except GbaError as error:
            return Outcome(service.id, "failed", reasons=(str(error),))
        except Exception as error:  # noqa: BLE001 - one broken connector must not take the others down
            return Outcome(service.id, "failed", reasons=(f"unexpected {type(error).__name__}: {error}",))

    def _asked(self, service: Service) -> Outcome:
        if service.key_needed and not self.environment.get(service.key) and not self.named:
            return Outcome(service.id, "no key", reasons=(f"set {service.key} to ask {service.id}",))
        memory, known = Memory(self.archive.root, service.id), self.archive.known(service.id)
        due = [turn.feed for turn in turns_of(service, known, memory, self.now) if turn.due or self.force]
        if not due:
            return waiting(Outcome(service.id, "not due"), self.archive.held(service.id))
        found = self._collected(service, due, memory)
        comparison = _with_doubts(
            compare(
                service,
                found.answered,
                found.frame(),
                known,
                catalog(),
                since=self.since,
                today=self.now.date(),
            ),
            found,
        )
        batch = take_over(service.id, self.archive, comparison, found, self.now)
        held = hold_back(service.id, self.archive, comparison, found, self.now)
        # Answers are remembered only when all that was in them was taken over: else they must be read again.
        all_taken = not (comparison.held().height or found.failures)
        memory.keep(
            [*found.answered, *found.unchanged], found.answers if all_taken else {}, self.now, found.failed
        )
        state = "failed" if found.failures else "accepted" if batch else "unchanged"
        reasons = (*found.failures, *told(comparison.objections), *found.notes)
        outcome = Outcome(service.id, state, len(due), found.sent, reasons=reasons)
        return waiting(counted(outcome, comparison.allowed_changes()), held)

    def _collected(self, service: Service, due: Sequence[Feed], memory: Memory) -> Collected:
        """Answers of a service for some of its series."""

        def tell(text: str) -> None:
            self.say(f"{service.id}: {text.removeprefix(f'{service.id}: ')}")

        # Who forces a refresh may have lost figures: every answer is read again then.
        remembered = None if self.force else memory
        with Client(service, environment=self.environment, report=tell) as client:
            return collect(
                service, connector(service.id), due, self.since, client, self.archive, remembered, tell
            )


def _with_doubts(comparison: Comparison, found: Collected) -> Comparison:
    """Add what the pages themselves object to, which speaks against every series that answered."""
    if not found.objections:
        return comparison
    known = comparison.objections
    doubts = {feed.id: [*found.objections, *known.get(feed.id, ())] for feed in found.answered}
    return replace(comparison, objections=doubts)
