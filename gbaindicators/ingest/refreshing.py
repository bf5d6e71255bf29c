"""The refresh: ask what is due, take over what is sound, hold back what is not, and publish."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import polars as pl

from gbaindicators.catalog import Catalog, Service, catalog, datasets_dir, parse_period
from gbaindicators.errors import DatabaseError, GbaError, UsageError
from gbaindicators.ingest.collecting import Collected, collect
from gbaindicators.ingest.comparing import CHANGES, Comparison, compare
from gbaindicators.ingest.fetching import Client
from gbaindicators.ingest.memory import Memory
from gbaindicators.ingest.planning import services_of, turns_of
from gbaindicators.ingest.sources import connector
from gbaindicators.store.archive import Archive, Batch
from gbaindicators.store.connection import connect
from gbaindicators.store.fingerprint import fingerprint
from gbaindicators.store.home import Place, database_place, home
from gbaindicators.store.lake.snapshots import archives
from gbaindicators.store.publishing import build

__all__ = ["Outcome", "Refresh", "accept_held", "held_changes", "refresh", "refresh_plan"]

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one service.

    Attributes
    ----------
    service
        Its id.
    state
        ``accepted``, ``unchanged``, ``held`` (some figures wait for a person), ``failed`` (some or all series have no
        answer), ``no key`` or ``not due``.
    asked
        Series asked.
    requests
        Requests sent.
    new, revised, withdrawn
        Figures taken over.
    held
        Figures held back.
    reasons
        Why it failed, what was objected to, and what else the log should say.
    """

    service: str
    state: str
    asked: int = 0
    requests: int = 0
    new: int = 0
    revised: int = 0
    withdrawn: int = 0
    held: int = 0
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refresh:
    """What a refresh did.

    Attributes
    ----------
    outcomes
        One for each service.
    published
        Whether a new database was published.
    database
        Its path, or where it is shared.
    problem
        Why it could not be built, empty if it could; the last good one stands then.
    """

    outcomes: tuple[Outcome, ...]
    published: bool
    database: Place
    problem: str = ""

    @property
    def well(self) -> bool:
        """Whether nothing failed and nothing waits for a person."""
        return not self.problem and not any(one.state in ("failed", "held") for one in self.outcomes)

    def services(self) -> pl.DataFrame:
        """Outcomes as a frame, one row for each service."""
        schema: dict[str, Any] = {
            "service": pl.String, "state": pl.String, "asked": pl.Int64, "requests": pl.Int64, "new": pl.Int64,
            "revised": pl.Int64, "withdrawn": pl.Int64, "held": pl.Int64, "reasons": pl.List(pl.String),
        }  # fmt: skip
        rows = [{name: getattr(one, name) for name in schema} for one in self.outcomes]
        return pl.DataFrame(rows, schema=pl.Schema(schema))


def refresh_plan(sources: str | Sequence[str] | None = None, *, now: datetime | None = None) -> pl.DataFrame:
    """Say which series are due to be asked, and why.

    Parameters
    ----------
    sources
        Id of a service or ids of several, by default all of the catalogue.
    now
        The time (with its zone), by default that of the clock.

    Returns
    -------
    polars.DataFrame
        One row for each series: ``service, indicator, area, frequency, due, why, latest`` (first day of the last period
        known from the service), ``expected`` (day from which the next figure is expected), ``asked`` (when the service
        last answered for it) and ``late`` (days by which the next figure is late).

    Raises
    ------
    UnknownNameError
        For a service that the catalogue does not know.

    Examples
    --------
    >>> refresh_plan(["worldbank"])["service"].unique().to_list()
    ['worldbank']
    """
    names, archive, clock = catalog(), Archive(), now or datetime.now(UTC)
    rows = [
        {
            "service": service.id, "indicator": turn.feed.indicator, "area": turn.feed.area, "frequency": turn.feed.frequency,
            "due": turn.due, "why": turn.why, "latest": turn.latest, "expected": turn.expected,
            "asked": turn.asked, "late": turn.late(clock.date()),
        }
        for service in services_of(names, sources)
        for turn in turns_of(service, archive.known(service.id), Memory(archive.root, service.id), clock)
    ]  # fmt: skip
    schema: dict[str, Any] = {
        "service": pl.String, "indicator": pl.String, "area": pl.String, "frequency": pl.String, "due": pl.Boolean,
        "why": pl.String, "latest": pl.Date, "expected": pl.Date, "asked": pl.Datetime("us", "UTC"), "late": pl.Int64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=pl.Schema(schema))


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
    names, clock, say = catalog(), now or datetime.now(UTC), progress or (lambda _: None)
    first = parse_period(since).start if isinstance(since, str) else since
    chosen = services_of(names, sources)
    with _only_one():
        archive = Archive()
        archive.tidy()

        def one(service: Service) -> Outcome:
            try:
                return _refresh_one(
                    service, archive, names, clock, since=first, force=force or first is not None, named=sources is not None,
                    environment=environment, say=say,
                )  # fmt: skip
            except GbaError as error:
                return Outcome(service.id, "failed", reasons=(str(error),))
            except Exception as error:  # noqa: BLE001 - one broken connector must not take the others down
                return Outcome(service.id, "failed", reasons=(f"unexpected {type(error).__name__}: {error}",))

        outcomes = _side_by_side(one, chosen)
        published, problem = _publish(archive, say, _message("refresh", outcomes))
    return Refresh(outcomes, published, database_place(), problem)


def accept_held(held: Sequence[str], *, progress: Progress | None = None) -> Refresh:
    """Take over figures that a refresh held back.

    Parameters
    ----------
    held
        Services, or ``SERVICE:SERIES`` such as ``"worldbank:gdp/macao"`` for the series that begin so.
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
    say = progress or (lambda _: None)
    with _only_one():
        archive = Archive()
        named = [one.partition(":")[::2] for one in held]
        for service, series in named:
            _figures_held(archive, service, series)
        outcomes = [_accept_one(archive, service, series) for service, series in named]
        published, problem = _publish(archive, say, _message("taken over by hand", outcomes))
    return Refresh(tuple(outcomes), published, database_place(), problem)


def held_changes() -> pl.DataFrame:
    """List what refreshes held back, figure by figure, with the reason.

    Returns
    -------
    polars.DataFrame
        ``service, feed, indicator, area, frequency, period, change, known_value, value, unit, status, vintage`` (as
        published), ``known_amount, amount, base`` (in base units) and ``reason``; empty when nothing waits.

    Examples
    --------
    >>> "reason" in held_changes().columns
    True
    """
    archive = Archive()
    found = []
    for path in sorted((archive.root / "held").glob("*")):
        if held := archive.held(path.name):
            reasons = {feed: "; ".join(texts) for feed, texts in held.manifest()["objections"].items()}
            reason = (
                pl.col("feed").replace_strict(reasons, default="", return_dtype=pl.String).alias("reason")
            )
            found.append(held.other("changes").with_columns(reason, service=pl.lit(path.name)))
    if not found:
        amounts = dict.fromkeys(("known_amount", "amount"), pl.Float64)
        return pl.DataFrame(schema={**dict.fromkeys(_HELD, pl.String), **amounts})
    return pl.concat(found).select(_HELD)


_HELD: Final = ("service", *CHANGES, "reason")


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    """Hold the lock of the data home: one refresh at a time."""
    from filelock import FileLock, Timeout

    path = home() / "refresh.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path, timeout=0):
            yield
    except Timeout:
        raise DatabaseError(
            f"another refresh runs in {path.parent} (it holds {path.name}); let it end"
        ) from None
    except OSError as error:
        raise DatabaseError(f"{path.parent} cannot be written: {error.strerror or error}") from None


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


def _refresh_one(
    service: Service, archive: Archive, names: Catalog, now: datetime, *, since: date | None, force: bool, named: bool,
    environment: Mapping[str, str], say: Progress,
) -> Outcome:  # fmt: skip
    if service.key_needed and not environment.get(service.key) and not named:
        return Outcome(service.id, "no key", reasons=(f"set {service.key} to ask {service.id}",))
    memory, known = Memory(archive.root, service.id), archive.known(service.id)
    due = [turn.feed for turn in turns_of(service, known, memory, now) if turn.due or force]
    if not due:
        return _waiting(Outcome(service.id, "not due"), archive.held(service.id))

    def tell(text: str) -> None:
        say(f"{service.id}: {text.removeprefix(f'{service.id}: ')}")

    with Client(service, environment=environment, report=tell) as client:
        # Who forces a refresh may have lost figures: every answer is read again then.
        found = collect(
            service, connector(service.id), due, since, client, archive, None if force else memory, tell
        )
    comparison = compare(service, found.answered, found.frame(), known, names, since=since, today=now.date())
    if found.objections:
        doubts = {
            feed.id: [*found.objections, *comparison.objections.get(feed.id, ())] for feed in found.answered
        }
        comparison = replace(comparison, objections=doubts)
    batch = _take_over(service, archive, comparison, found, now)
    held = _hold_back(service, archive, comparison, found, now)
    # Answers are remembered only when all that was in them was taken over: else they must be read again.
    all_taken = not (comparison.held().height or found.failures)
    memory.keep([*found.answered, *found.unchanged], found.answers if all_taken else {}, now, found.failed)
    state = "failed" if found.failures else "accepted" if batch else "unchanged"
    reasons = (*found.failures, *_told(comparison.objections), *found.notes)
    outcome = Outcome(service.id, state, len(due), found.sent, reasons=reasons)
    taken = comparison.changes.filter(~pl.col("feed").is_in(list(comparison.objections)))
    return _waiting(_counted(outcome, taken), held)


def _manifest(found: Collected, now: datetime, **more: Any) -> dict[str, Any]:
    return {"at": now.isoformat(timespec="seconds"), "answers": found.addresses, **more}


def _take_over(
    service: Service, archive: Archive, comparison: Comparison, found: Collected, now: datetime
) -> Batch | None:
    figures = comparison.allowed()
    if not figures.height:
        return None
    return archive.add(service.id, "accepted", _stamp(now), figures, _manifest(found, now, by="rule"))


def _hold_back(
    service: Service, archive: Archive, comparison: Comparison, found: Collected, now: datetime
) -> Batch | None:
    """Hold the figures of the series that something speaks against, in place of what was held of them before."""
    before = archive.held(service.id)
    if not found.answered:
        return before
    figures = comparison.held()
    changes = comparison.changes.filter(pl.col("feed").is_in(list(comparison.objections)))
    objections = dict(comparison.objections)
    if before is not None:
        answered = [feed.id for feed in found.answered]
        others = ~pl.col("feed").is_in(answered)
        figures = pl.concat([before.other("series").filter(others), figures])
        changes = pl.concat([before.other("changes").filter(others), changes])
        objections |= {f: texts for f, texts in before.manifest()["objections"].items() if f not in answered}
    return _held_instead(archive, service.id, figures, changes, objections, _manifest(found, now))


def _held_instead(
    archive: Archive, service: str, figures: pl.DataFrame, changes: pl.DataFrame,
    objections: Mapping[str, Sequence[str]], manifest: Mapping[str, Any],
) -> Batch | None:  # fmt: skip
    """Hold these figures in place of all that was held of the service."""
    held = None
    if figures.height:
        series = set(figures["feed"])
        why = {feed: texts for feed, texts in objections.items() if feed in series}
        held = archive.add(
            service, "held", _stamp(datetime.fromisoformat(manifest["at"])), figures, {**manifest, "objections": why},
            series=figures, changes=changes,
        )  # fmt: skip
    archive.drop_held(service, but=held)
    return held


def _waiting(outcome: Outcome, held: Batch | None) -> Outcome:
    """Say in an outcome what is held back of the service, now or since an earlier refresh."""
    if held is None:
        return outcome
    reasons = (*outcome.reasons, *_told(held.manifest()["objections"]))
    return replace(
        outcome,
        state="failed" if outcome.state == "failed" else "held",
        held=held.other("series").height,
        reasons=tuple(dict.fromkeys(reasons)),
    )


def _told(objections: Mapping[str, Sequence[str]]) -> list[str]:
    """Objections as lines; what is said against several series is said once."""
    series: dict[str, list[str]] = {}
    for feed, texts in objections.items():
        for text in texts:
            series.setdefault(text, []).append(feed)
    return [
        f"{', '.join(feeds[:2])}{f' and {len(feeds) - 2:,} more' if len(feeds) > 2 else ''}: {text}"
        for text, feeds in series.items()
    ]


def _figures_held(archive: Archive, service: str, series: str) -> tuple[Batch, pl.DataFrame]:
    """What is held back of the series of a service whose ids begin so."""
    held = archive.held(service)
    if held is not None:
        figures = held.other("series").filter(pl.col("feed").str.starts_with(series))
        if figures.height:
            return held, figures
    waiting = held_changes().select(pl.concat_str("service", "feed", separator=":")).to_series().unique()
    raise UsageError(
        f"nothing is held back of {service}{':' + series if series else ''}; held back: "
        f"{', '.join(waiting.sort()) or 'nothing'}"
    )


def _accept_one(archive: Archive, service: str, series: str) -> Outcome:
    held, figures = _figures_held(archive, service, series)
    manifest, changes, every = held.manifest(), held.other("changes"), held.other("series")
    taken = pl.col("feed").is_in(figures["feed"].unique().implode())
    archive.add(service, "accepted", _stamp(datetime.now(UTC)), figures, {**manifest, "by": "hand"})
    rest = every.filter(~taken)
    _held_instead(archive, service, rest, changes.filter(~taken), manifest["objections"], manifest)
    return replace(_counted(Outcome(service, "accepted"), changes.filter(taken)), held=rest.height)


def _counted(outcome: Outcome, changes: pl.DataFrame) -> Outcome:
    kinds = changes["change"].to_list()
    return replace(
        outcome,
        new=kinds.count("new"),
        revised=kinds.count("revised") + kinds.count("restated"),
        withdrawn=kinds.count("withdrawn") + kinds.count("gone"),
    )


def _stamp(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def _message(what: str, outcomes: Sequence[Outcome]) -> str:
    """What a snapshot of a shared database says of the figures that were taken over."""
    services = []
    for one in outcomes:
        counts = [
            f"{getattr(one, kind)} {kind}" for kind in ("new", "revised", "withdrawn") if getattr(one, kind)
        ]
        services += [f"{one.service} {', '.join(counts)}"] if counts else []
    return f"{what}: {'; '.join(services) or 'what was accepted before'}"


def _publish(archive: Archive, say: Progress, message: str) -> tuple[bool, str]:
    """Build a database if the published one is not of the shipped and the accepted figures that there are."""
    place = database_place()
    try:
        if not isinstance(place, Path) or (place.exists() and place.stat().st_size):
            of, made, taken_in = _made_of(place)
            if of != "shipped":
                raise DatabaseError(
                    f"{place} was built from {of}: it is left alone, what was accepted is kept. To publish it: gba build"
                )
            if made == fingerprint(datasets_dir()) and archive.fingerprint() in taken_in:
                return False, ""
        build(progress=say, message=message)
    except GbaError as error:
        return False, str(error)
    return True, ""


def _made_of(place: Place) -> tuple[str, str, Collection[str | None]]:
    """Which datasets a database was made of, their hash, and those of the archives whose figures it took in."""
    with connect(place) as connection:
        row = connection.execute("SELECT datasets, fingerprint, archive FROM build").fetchone()
    of, made, archive = row or ("", "", None)
    # A shared database keeps what the refreshes of other machines accepted too.
    return of, made, {archive} if isinstance(place, Path) else archives(place)
