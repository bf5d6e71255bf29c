"""What a refresh takes over, and what it holds back until a person has judged it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import polars as pl

from gbaindicators.errors import UsageError
from gbaindicators.ingest.collecting import Collected
from gbaindicators.ingest.comparing import CHANGES, Comparison
from gbaindicators.ingest.outcomes import Outcome, counted, told
from gbaindicators.store.archive import Archive, Batch

__all__ = ["accept_one", "figures_held", "held_changes", "hold_back", "take_over", "waiting"]

_HELD: Final = ("service", *CHANGES, "reason")


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


def take_over(
    service: str, archive: Archive, comparison: Comparison, found: Collected, now: datetime
) -> Batch | None:
    """Accept the figures of the series that nothing speaks against, if there are any new ones."""
    figures = comparison.allowed()
    if not figures.height:
        return None
    return archive.add(service, "accepted", _stamp(now), figures, _manifest(found, now, by="rule"))


def hold_back(
    service: str, archive: Archive, comparison: Comparison, found: Collected, now: datetime
) -> Batch | None:
    """Hold the figures of the series that something speaks against, in place of what was held of them before."""
    before = archive.held(service)
    if not found.answered:
        return before
    figures, changes = comparison.held(), comparison.held_changes()
    objections = dict(comparison.objections)
    if before is not None:
        answered = [feed.id for feed in found.answered]
        others = ~pl.col("feed").is_in(answered)
        figures = pl.concat([before.other("series").filter(others), figures])
        changes = pl.concat([before.other("changes").filter(others), changes])
        objections |= {f: texts for f, texts in before.manifest()["objections"].items() if f not in answered}
    return _held_instead(archive, service, figures, changes, objections, _manifest(found, now))


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


def waiting(outcome: Outcome, held: Batch | None) -> Outcome:
    """Say in an outcome what is held back of the service, now or since an earlier refresh."""
    if held is None:
        return outcome
    reasons = (*outcome.reasons, *told(held.manifest()["objections"]))
    return replace(
        outcome,
        state="failed" if outcome.state == "failed" else "held",
        held=held.other("series").height,
        reasons=tuple(dict.fromkeys(reasons)),
    )


def figures_held(archive: Archive, service: str, series: str) -> tuple[Batch, pl.DataFrame]:
    """What is held back of the series of a service whose ids begin so."""
    held = archive.held(service)
    if held is not None:
        figures = held.other("series").filter(pl.col("feed").str.starts_with(series))
        if figures.height:
            return held, figures
    others = held_changes().select(pl.concat_str("service", "feed", separator=":")).to_series().unique()
    raise UsageError(
        f"nothing is held back of {service}{':' + series if series else ''}; held back: "
        f"{', '.join(others.sort()) or 'nothing'}"
    )


def accept_one(archive: Archive, service: str, series: str) -> Outcome:
    """Take over what is held back of the series of a service whose ids begin so; the others stay held."""
    held, figures = figures_held(archive, service, series)
    manifest, changes, every = held.manifest(), held.other("changes"), held.other("series")
    taken = pl.col("feed").is_in(figures["feed"].unique().implode())
    archive.add(service, "accepted", _stamp(datetime.now(UTC)), figures, {**manifest, "by": "hand"})
    rest = every.filter(~taken)
    _held_instead(archive, service, rest, changes.filter(~taken), manifest["objections"], manifest)
    return replace(counted(Outcome(service, "accepted"), changes.filter(taken)), held=rest.height)


def _manifest(found: Collected, now: datetime, **more: Any) -> dict[str, Any]:
    return {"at": now.isoformat(timespec="seconds"), "answers": found.addresses, **more}


def _stamp(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
