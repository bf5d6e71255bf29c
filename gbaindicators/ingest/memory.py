"""What is remembered of a service between refreshes: when it answered for each series, and which answers it gave."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from gbaindicators.catalog import Feed
from gbaindicators.errors import DatabaseError
from gbaindicators.ingest.exchange import Request
from gbaindicators.store.archive import write_atomically

__all__ = ["Memory", "key_of"]


def key_of(request: Request) -> str:
    """What identifies a request: all that it asks, for which series and how its answer is read; but no key.

    The same file is another answer for a series that was added, or for a connector that reads more of it.
    """
    asked = [request.url, sorted(request.query.items()), sorted((request.form or {}).items()), request.json]
    read = [sorted(map(repr, request.feeds)), repr(request.about)]
    return hashlib.sha256(json.dumps([asked, read], sort_keys=True).encode()).hexdigest()[:24]


class Memory:
    """Memory of one service, in a file of the archive; nothing in it is needed to build a database.

    Parameters
    ----------
    root
        Folder of the archive.
    service
        Id of the service.
    """

    def __init__(self, root: Path, service: str) -> None:
        self._path = root / "asked" / f"{service}.json"
        self._asked: dict[str, str] = {}
        self._answers: dict[str, dict[str, str]] = {}
        self._failed: dict[str, str] = {}
        if not self._path.exists():
            return
        try:
            kept: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
            self._asked, self._answers = dict(kept["asked"]), dict(kept["answers"])
            self._failed = dict(kept.get("failed", {}))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DatabaseError(
                f"{self._path} is damaged ({error}): delete it, and everything is asked again"
            ) from None

    def asked(self, feed: Feed) -> datetime | None:
        """When the service last answered for a series."""
        text = self._asked.get(feed.id)
        return None if text is None else datetime.fromisoformat(text)

    def answer(self, request: Request) -> Mapping[str, str]:
        """Marks (``etag, modified, sha256``) of the last answer to a request, empty for none."""
        return self._answers.get(key_of(request), {})

    def failure(self, feed: Feed) -> str:
        """Why the service gave no answer for a series when it was last asked, empty if it gave one."""
        return self._failed.get(feed.id, "")

    def keep(
        self,
        feeds: Iterable[Feed],
        answers: Mapping[str, Mapping[str, str]],
        when: datetime,
        failed: Mapping[str, str],
    ) -> None:
        """Remember that the service answered for these series, and how; and why it did not for others."""
        feeds = list(feeds)
        self._failed = {k: v for k, v in self._failed.items() if k not in {f.id for f in feeds}} | dict(
            failed
        )
        self._asked |= {feed.id: when.isoformat(timespec="seconds") for feed in feeds}
        self._answers |= {key: dict(marks) for key, marks in answers.items()}
        kept = {"asked": self._asked, "answers": self._answers, "failed": self._failed}
        write_atomically(self._path, json.dumps(kept, indent=1, sort_keys=True).encode())
