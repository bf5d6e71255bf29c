"""Asking one service for what is due: every request, every page, each answer kept and parsed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

import polars as pl

from gbaindicators.catalog import Feed, Service
from gbaindicators.errors import AnswerError, FetchError, GbaError
from gbaindicators.ingest.exchange import PAGE, Page, Request
from gbaindicators.ingest.fetching import Client
from gbaindicators.ingest.memory import Memory, key_of
from gbaindicators.ingest.sources import Connector
from gbaindicators.store.archive import Archive

__all__ = ["Collected", "collect"]

_MOST_PAGES: Final = 10_000
_SAID: Final = ["feed", "period", "value", "unit", "scale", "status"]


@dataclass(slots=True)
class Collected:
    """What a service answered.

    Attributes
    ----------
    rows
        Observations in the columns of `PAGE`, of the series that answered anew and whole.
    answered, unchanged
        Series with new answers, and those whose answers are what they were.
    failures
        What went wrong, request by request, and which series it concerns.
    failed
        The same by id of the series.
    notes, objections
        As in the pages.
    answers
        Marks of the answers by request, for the next refresh; addresses and hashes, for the manifest.
    sent
        How many requests were sent.
    """

    rows: list[pl.DataFrame] = field(default_factory=list)
    answered: list[Feed] = field(default_factory=list)
    unchanged: list[Feed] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    objections: list[str] = field(default_factory=list)
    answers: dict[str, dict[str, str]] = field(default_factory=dict)
    addresses: list[dict[str, str]] = field(default_factory=list)
    sent: int = 0

    def frame(self) -> pl.DataFrame:
        """All rows."""
        return pl.concat([pl.DataFrame(schema=PAGE), *self.rows])


def collect(
    service: Service,
    connector: Connector,
    feeds: Sequence[Feed],
    since: date | None,
    client: Client,
    archive: Archive,
    memory: Memory | None,
    say: Callable[[str], None],
) -> Collected:
    """Ask a service for some of its series; what `memory` knows of its last answers need not be sent or read again.

    An answer that is not what it should be costs the series that it was for. A service that cannot be reached is not
    asked on: what is left counts as failed too.
    """
    found = Collected()
    asked = connector.request(feeds, since)
    for number, request in enumerate(asked, start=1):
        say(f"asking for {_series(request.feeds)} ({number} of {len(asked)})")
        try:
            pages = _pages(connector, request, client, archive, memory, found)
        except AnswerError as error:
            found.failures.append(str(error))
            found.failed |= {feed.id: str(error) for feed in request.feeds}
            continue
        except FetchError as error:
            found.failures.append(str(error))
            found.failed |= {feed.id: str(error) for one in asked[number - 1 :] for feed in one.feeds}
            if left := asked[number:]:
                series = _series([feed for one in left for feed in one.feeds])
                found.failures.append(f"not asked any more: {series}")
            break
        if pages is None:
            found.unchanged += request.feeds
            continue
        found.answered += request.feeds
        found.rows += [page.rows for page in pages]
        found.notes += [note for page in pages for note in page.notes]
        found.objections += [objection for page in pages for objection in page.objections]
    return found


def _pages(
    connector: Connector,
    first: Request,
    client: Client,
    archive: Archive,
    memory: Memory | None,
    found: Collected,
) -> list[Page] | None:
    """Pages of the answer to a request; None where they are what they were the last time."""
    pages: list[Page] = []
    said: pl.DataFrame | None = None
    marks: dict[str, dict[str, str]] = {}
    request: Request | None = first
    same = True
    while request is not None:
        known = memory.answer(request) if memory else {}
        # Only the first page may be asked conditionally: were a later one unchanged, its figures would be missing.
        given = known if request is first else {}
        found.sent += 1
        answer = client.fetch(request, etag=given.get("etag", ""), modified=given.get("modified", ""))
        if answer.unchanged:
            return None
        archive.keep_answer(answer.body, answer.sha256)
        marks[key_of(request)] = {"etag": answer.etag, "modified": answer.modified, "sha256": answer.sha256}
        found.addresses.append({"address": answer.address, "sha256": answer.sha256})
        same = same and known.get("sha256") == answer.sha256
        page = _parsed(connector, answer.body, request)
        rows, said = _said_anew(page.rows, said)
        pages.append(replace(page, rows=rows))
        request = page.following
        if len(pages) > _MOST_PAGES:
            raise AnswerError(
                f"more than {_MOST_PAGES} pages for {_series(first.feeds)}: the paging does not end"
            )
    found.answers |= marks
    return None if same else pages


def _said_anew(rows: pl.DataFrame, said: pl.DataFrame | None) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """Rows of a dated page that say otherwise than the pages before, and what is said by now.

    States of a whole history, one after the other, repeat nearly all of it: kept whole they would fill the memory.
    """
    if not rows.height or (rows["vintage"] == "").any():
        return rows, said
    last = rows.sort("vintage", maintain_order=True).unique(["feed", "period"], keep="last").select(_SAID)
    if said is None:
        return rows, last
    return rows.join(said, on=_SAID, how="anti", maintain_order="left"), pl.concat(
        [said.join(last, on=["feed", "period"], how="anti"), last]
    )


def _parsed(connector: Connector, body: bytes, request: Request) -> Page:
    try:
        return connector.parse(body, request)
    except GbaError:
        raise
    except Exception as error:  # an answer of a shape that nobody thought of costs its own series only
        raise AnswerError(
            f"the answer for {_series(request.feeds)} could not be read ({type(error).__name__}: {error}); it is kept, "
            "look at it and mend the connector"
        ) from error


def _series(feeds: Sequence[Feed]) -> str:
    ids = [feed.id for feed in feeds[:3]]
    return ", ".join(ids) + (f" and {len(feeds) - 3} more" if len(feeds) > len(ids) else "")
