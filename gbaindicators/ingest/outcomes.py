"""What became of a refresh: service by service, and of the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from gbaindicators.store.home import Place

__all__ = ["Outcome", "Refresh", "counted", "message", "told"]


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


def counted(outcome: Outcome, changes: pl.DataFrame) -> Outcome:
    """Count in an outcome the changes that were taken over."""
    kinds = changes["change"].to_list()
    return replace(
        outcome,
        new=kinds.count("new"),
        revised=kinds.count("revised") + kinds.count("restated"),
        withdrawn=kinds.count("withdrawn") + kinds.count("gone"),
    )


def told(objections: Mapping[str, Sequence[str]]) -> list[str]:
    """Objections as lines; what is said against several series is said once."""
    series: dict[str, list[str]] = {}
    for feed, texts in objections.items():
        for text in texts:
            series.setdefault(text, []).append(feed)
    return [
        f"{', '.join(feeds[:2])}{f' and {len(feeds) - 2:,} more' if len(feeds) > 2 else ''}: {text}"
        for text, feeds in series.items()
    ]


def message(what: str, outcomes: Sequence[Outcome]) -> str:
    """What a snapshot of a shared database says of the figures that were taken over."""
    services = []
    for one in outcomes:
        counts = [
            f"{getattr(one, kind)} {kind}" for kind in ("new", "revised", "withdrawn") if getattr(one, kind)
        ]
        services += [f"{one.service} {', '.join(counts)}"] if counts else []
    return f"{what}: {'; '.join(services) or 'what was accepted before'}"
