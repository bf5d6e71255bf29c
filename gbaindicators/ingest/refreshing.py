"""The refresh: ask what is due, take over what is sound, hold back what is not, and publish."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import polars as pl

from gbaindicators.catalog import Catalog, Feed, Service, catalog, parse_period
from gbaindicators.errors import DatabaseError, GbaError, UnknownNameError, UsageError
from gbaindicators.ingest.collecting import Collected, collect
from gbaindicators.ingest.comparing import Comparison, compare
from gbaindicators.ingest.fetching import Client
from gbaindicators.ingest.memory import Memory
from gbaindicators.ingest.planning import Turn, turn_of
from gbaindicators.ingest.sources import connector
from gbaindicators.store.archive import Archive, Batch
from gbaindicators.store.building import build
from gbaindicators.store.home import database_path, home
from gbaindicators.store.opening import open_database
from gbaindicators.tables.observations import COLUMNS

__all__ = ["Outcome", "Refresh", "accept", "held_changes", "plan", "refresh"]

Progress = Callable[[str], None]
#: Services asked at the same time. Each is asked in one thread, at its own pace.
_AT_ONCE: Final = 16


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
        Its path.
    problem
        Why it could not be built, empty if it could; the last good one stands then.
    """

    outcomes: tuple[Outcome, ...]
    published: bool
    database: Path
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


def plan(sources: Sequence[str] | None = None, *, now: datetime | None = None) -> pl.DataFrame:
    """Say which series are due to be asked, and why.

    Parameters
    ----------
    sources
        Ids of services, by default all of the catalogue.
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
    >>> plan(["worldbank"])["service"].unique().to_list()
    ['worldbank']
    """
    names, archive, clock = catalog(), Archive(), now or datetime.now(UTC)
    rows = [
        {
            "service": service.id, "indicator": turn.feed.indicator, "area": turn.feed.area, "frequency": turn.feed.frequency,
            "due": turn.due, "why": turn.why, "latest": turn.latest, "expected": turn.expected,
            "asked": turn.asked, "late": turn.late(clock.date()),
        }
        for service in _services(names, sources)
        for turn in _turns(service, archive, clock)
    ]  # fmt: skip
    schema: dict[str, Any] = {
        "service": pl.String, "indicator": pl.String, "area": pl.String, "frequency": pl.String, "due": pl.Boolean,
        "why": pl.String, "latest": pl.Date, "expected": pl.Date, "asked": pl.Datetime("us", "UTC"), "late": pl.Int64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=pl.Schema(schema))


def refresh(
    sources: Sequence[str] | None = None,
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
    for `accept`. A service that fails leaves the others' work standing. Asked again, nothing that is not due is fetched.

    Parameters
    ----------
    sources
        Ids of services, by default all of the catalogue; those that need a key that is not set are passed over, unless
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
    >>> refresh([]).services().height  # doctest: +SKIP
    0
    """
    names, clock, say = catalog(), now or datetime.now(UTC), progress or (lambda _: None)
    first = parse_period(since).start if isinstance(since, str) else since
    chosen = _services(names, sources)
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

        with ThreadPoolExecutor(min(max(len(chosen), 1), _AT_ONCE)) as pool:
            outcomes = tuple(pool.map(one, chosen))
        published, problem = _publish(archive, say)
    return Refresh(outcomes, published, database_path(), problem)


def accept(held: Sequence[str], *, progress: Progress | None = None) -> Refresh:
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
    """
    say = progress or (lambda _: None)
    with _only_one():
        archive = Archive()
        outcomes = [_accept_one(archive, *one.partition(":")[::2]) for one in held]
        published, problem = _publish(archive, say)
    return Refresh(tuple(outcomes), published, database_path(), problem)


def held_changes() -> pl.DataFrame:
    """List what refreshes held back, figure by figure, with the reason.

    Returns
    -------
    polars.DataFrame
        ``service, feed, indicator, area, frequency, period, change, known_value, value, unit, status, vintage, reason``;
        empty when nothing waits.

    Examples
    --------
    >>> "reason" in held_changes().columns
    True
    """
    archive = Archive()
    found = []
    for path in sorted((archive.root / "held").glob("*")):
        for batch in archive.batches(path.name, "held"):
            reasons = {feed: "; ".join(texts) for feed, texts in batch.manifest()["objections"].items()}
            every = reasons.pop("", "")
            found.append(
                batch.other("changes").with_columns(
                    pl.lit(path.name).alias("service"),
                    pl.col("feed")
                    .replace_strict(reasons, default=every, return_dtype=pl.String)
                    .alias("reason"),
                )
            )
    columns = ("service", *_HELD, "reason")
    if not found:
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    return pl.concat(found, how="diagonal").select(columns)


_HELD: Final = ("feed", "indicator", "area", "frequency", "period", "change", "known_value", "value", "unit", "status", "vintage")  # fmt: skip


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


def _services(names: Catalog, ids: Sequence[str] | None) -> list[Service]:
    if ids is None:
        return [service for service in names.services.values() if service.feeds]
    if unknown := [one for one in ids if one not in names.services]:
        raise UnknownNameError("service", unknown[0], names.services)
    return [names.services[one] for one in dict.fromkeys(ids)]


def _turns(service: Service, archive: Archive, now: datetime) -> list[Turn]:
    memory = Memory(archive.root, service.id)
    latest = _latest_periods(archive.known(service.id), service)
    return [turn_of(feed, latest.get(feed.id), memory.asked(feed), now) for feed in service.feeds]


def _latest_periods(known: pl.DataFrame, service: Service) -> dict[str, date]:
    from gbaindicators.ingest.comparing import feed_of

    last = (
        known.filter(pl.col("value") != "")
        .with_columns(feed_of({feed.id: feed for feed in service.feeds}))
        .group_by("feed")
        .agg(pl.col("period").max())
    )
    return {feed: parse_period(period).start for feed, period in last.iter_rows() if feed is not None}


def _refresh_one(
    service: Service, archive: Archive, names: Catalog, now: datetime, *, since: date | None, force: bool, named: bool,
    environment: Mapping[str, str], say: Progress,
) -> Outcome:  # fmt: skip
    if service.key_needed and not environment.get(service.key) and not named:
        return Outcome(service.id, "no key", reasons=(f"set {service.key} to ask {service.id}",))
    memory = Memory(archive.root, service.id)
    due = [turn.feed for turn in _turns(service, archive, now) if turn.due or force]
    if not due:
        return Outcome(service.id, "not due")
    with Client(service, environment=environment, report=lambda text: say(f"{service.id}: {text}")) as client:
        found = collect(
            service,
            connector(service.id),
            due,
            since,
            client,
            archive,
            memory,
            lambda text: say(f"{service.id}: {text}"),
        )
    comparison = compare(
        service,
        found.answered,
        found.frame(),
        archive.known(service.id),
        names,
        since=since,
        today=now.date(),
    )
    if found.objections:
        everything = {feed.id: list(found.objections) for feed in found.answered}
        comparison = Comparison(comparison.figures, comparison.changes, everything | comparison.objections)
    batch = _take_over(service, archive, comparison, found, now)
    held = _hold_back(service, archive, comparison, found, now)
    answered = [feed for feed in (*found.answered, *found.unchanged) if feed.id not in comparison.objections]
    # Answers are remembered only when all that was in them was taken over: else they must be read again.
    memory.keep(answered, {} if held or found.failures else found.answers, now)
    return _outcome(service, due, comparison, found, batch, held)


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
    answered = {feed.id for feed in found.answered}
    figures, changes = (
        comparison.held(),
        comparison.changes.filter(pl.col("feed").is_in(list(comparison.objections))),
    )
    objections = dict(comparison.objections)
    for batch in archive.batches(service.id, "held"):
        kept = pl.col("feed").is_in(list(answered)).not_()
        before = batch.other("changes").filter(kept)
        figures = pl.concat([batch.other("series").filter(kept), figures])
        changes = pl.concat([before, changes], how="diagonal")
        objections |= {f: t for f, t in batch.manifest()["objections"].items() if f not in answered and f}
    if not figures.height:
        archive.drop_held(service.id)
        return None
    batch = archive.add(
        service.id, "held", _stamp(now), figures, _manifest(found, now, objections=objections), changes=changes,
        series=figures,
    )  # fmt: skip
    archive.drop_held(service.id, but=batch)
    return batch


def _accept_one(archive: Archive, service: str, series: str) -> Outcome:
    batches = archive.batches(service, "held")
    chosen = pl.col("feed").str.starts_with(series)
    if not batches or not (figures := batches[-1].other("series").filter(chosen)).height:
        waiting = (
            held_changes().select(pl.concat_str("service", "feed", separator=":")).to_series().unique().sort()
        )
        there = ", ".join(waiting) or "nothing"
        raise UsageError(
            f"nothing is held back of {service}{':' + series if series else ''}; held back: {there}"
        )
    batch = batches[-1]
    changes, manifest = batch.other("changes"), batch.manifest()
    archive.add(
        service, "accepted", _stamp(datetime.now(UTC)), figures.select(COLUMNS),
        {"at": manifest["at"], "answers": manifest["answers"], "by": "hand", "objections": manifest["objections"]},
    )  # fmt: skip
    left = batch.other("series").filter(~chosen)
    if left.height:
        rest = archive.add(
            service, "held", _stamp(datetime.now(UTC)), left, {k: manifest[k] for k in ("at", "answers", "objections")},
            changes=changes.filter(~chosen), series=left,
        )  # fmt: skip
        archive.drop_held(service, but=rest)
    else:
        archive.drop_held(service)
    return _counted(Outcome(service, "accepted", held=left.height), changes.filter(chosen))


def _counted(outcome: Outcome, changes: pl.DataFrame) -> Outcome:
    kinds = changes["change"].to_list()
    return replace(
        outcome,
        new=kinds.count("new"),
        revised=kinds.count("revised") + kinds.count("restated"),
        withdrawn=kinds.count("withdrawn") + kinds.count("gone"),
    )


def _outcome(
    service: Service, due: Sequence[Feed], comparison: Comparison, found: Collected, batch: Batch | None, held: Batch | None
) -> Outcome:  # fmt: skip
    taken = comparison.changes.filter(~pl.col("feed").is_in(list(comparison.objections)))
    state = "failed" if found.failures else "held" if held else "accepted" if batch else "unchanged"
    objections = [
        f"{feed or service.id}: {text}" for feed, texts in comparison.objections.items() for text in texts
    ]
    reasons = (*found.failures, *objections, *found.notes)
    outcome = Outcome(service.id, state, len(due), found.sent, held=comparison.held().height, reasons=reasons)
    return _counted(outcome, taken)


def _stamp(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def _publish(archive: Archive, say: Progress) -> tuple[bool, str]:
    """Build a database if what was accepted is not what the published one holds."""
    path = database_path()
    try:
        if path.exists() and _archive_of(path) == archive.fingerprint():
            return False, ""
        build(progress=say)
    except GbaError as error:
        return False, str(error)
    return True, ""


def _archive_of(path: Path) -> str | None:
    connection = open_database(path)
    try:
        row = connection.execute("SELECT archive FROM build").fetchone()
    finally:
        connection.close()
    return row[0] if row else None
