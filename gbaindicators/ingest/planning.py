"""What is due to be asked: each series by its own calendar of publication."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import polars as pl

from gbaindicators.catalog import Catalog, Feed, Service, catalog, parse_period, period_end, period_text
from gbaindicators.errors import UnknownNameError
from gbaindicators.ingest.comparing import feed_of
from gbaindicators.ingest.memory import Memory
from gbaindicators.store.archive import Archive

__all__ = ["Turn", "expected_day", "following_period", "refresh_plan", "services_of", "turn_of", "turns_of"]

#: What was asked so recently is not asked again, however late its figure is.
_REST: Final = timedelta(hours=20)


@dataclass(frozen=True, slots=True)
class Turn:
    """Whether a series is due to be asked, and why.

    Attributes
    ----------
    feed
        The series.
    due
        Whether it is asked now.
    why
        In words.
    latest
        First day of the last period known from its service, None for none.
    expected
        Day from which the figure of the next period is expected, None where none is known.
    asked
        When its service last answered for it, None for never.
    """

    feed: Feed
    due: bool
    why: str
    latest: date | None
    expected: date | None
    asked: datetime | None

    def late(self, today: date) -> int:
        """Days by which the next figure is late, zero if it is not."""
        return max((today - self.expected).days, 0) if self.expected else 0


def following_period(feed: Feed, latest: date) -> date:
    """First day of the period after `latest`."""
    return period_end(feed.frequency, latest) + timedelta(days=1)


def expected_day(feed: Feed, latest: date) -> date:
    """Day on which the figure of the period after `latest` is expected.

    Examples
    --------
    >>> quarterly = Feed("censtatd", "gdp", "hong_kong", "Q", "HKD", {}, lag=45)
    >>> expected_day(quarterly, date(2026, 7, 1))
    datetime.date(2027, 2, 14)
    """
    return period_end(feed.frequency, following_period(feed, latest)) + timedelta(days=feed.lag)


def turn_of(feed: Feed, latest: date | None, asked: datetime | None, now: datetime) -> Turn:
    """Say whether a series is due.

    It is when it was never asked, when the figure of the next period is expected by now, or when its figures have not
    been looked at for revisions for `Feed.recheck` days; never twice within twenty hours.

    Parameters
    ----------
    feed
        The series.
    latest
        First day of the last period known from its service.
    asked
        When its service last answered for it.
    now
        The time; both times with their zone.
    """
    ended = bool(feed.end and latest and latest >= parse_period(feed.end).start)
    expected = None if latest is None or ended else expected_day(feed, latest)

    def say(due: bool, why: str) -> Turn:
        return Turn(feed, due, why, latest, expected, asked)

    if asked is None:
        return say(True, "never asked")
    if asked > now:
        return say(True, f"the clock was set back: last asked {asked:%Y-%m-%d %H:%M}, after now")
    if now - asked < _REST:
        return say(False, f"asked {asked:%Y-%m-%d %H:%M}")
    if expected is None and not ended:
        return say(True, "asked before, but no figure came")
    if expected and now.date() >= expected:
        following = following_period(feed, latest or expected)
        return say(True, f"{period_text(feed.frequency, following)} expected since {expected}")
    if (now - asked).days >= feed.recheck:
        return say(True, f"not looked at for revisions since {asked:%Y-%m-%d}")
    return say(False, "the series has ended" if ended else f"next figure expected {expected}")


def services_of(names: Catalog, ids: str | Sequence[str] | None) -> list[Service]:
    """Services of an id or of several, by default all that feed a series and need not be named.

    Raises
    ------
    UnknownNameError
        For an id that the catalogue does not know.
    """
    if ids is None:
        return [one for one in names.services.values() if one.feeds and not one.only_named]
    wanted = [ids] if isinstance(ids, str) else ids
    if unknown := [one for one in wanted if one not in names.services]:
        raise UnknownNameError("service", unknown[0], names.services)
    return [names.services[one] for one in dict.fromkeys(wanted)]


def turns_of(service: Service, known: pl.DataFrame, memory: Memory, now: datetime) -> list[Turn]:
    """Turn of every series of a service.

    Parameters
    ----------
    service
        The service.
    known
        Every accepted figure of it, in the columns of a dataset file.
    memory
        What is remembered of it.
    now
        The time, with its zone.
    """
    last = (
        known.filter(pl.col("value") != "")
        .with_columns(feed_of({feed.id: feed for feed in service.feeds}))
        .group_by("feed")
        .agg(pl.col("period").max())
    )
    latest = {feed: parse_period(period).start for feed, period in last.iter_rows() if feed is not None}
    return [turn_of(feed, latest.get(feed.id), memory.asked(feed), now) for feed in service.feeds]


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
