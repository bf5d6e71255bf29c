"""What the checks found and could not decide, and where sources disagree."""

from __future__ import annotations

from typing import Final

import polars as pl

from gbaindicators.catalog import catalog
from gbaindicators.charts.labels import name_of, period_label
from gbaindicators.reporting import tracing
from gbaindicators.reporting.exhibits import Cell, Exhibit, Note, Section, Statement, Table
from gbaindicators.reporting.numbers import amount, day_text, percent
from gbaindicators.reporting.sections.telling import area_name
from gbaindicators.reporting.words import Words
from gbaindicators.store import disagreements, findings, known_day

__all__ = ["quality"]

_SHOWN: Final = 25


def quality(words: Words) -> Section:
    """What the checks found and could not decide."""
    found = findings()
    levels = [i.id for i in catalog().indicators.values() if i.kind in ("flow", "stock")]
    large = (
        disagreements(at_least=0.05)
        .filter(pl.col("frequency") == "A", pl.col("indicator").is_in(levels))
        .sort(
            pl.col("relative_difference").abs(), "indicator", "area", "period", "source", "other_source",
            descending=[True, *[False] * 5],
        )
    )  # fmt: skip
    notes = [Note(words("quality.findings_note"))]
    if (day := known_day()) is not None:
        notes.append(Note(words("quality.findings_as_of", day=day_text(day, words.lang))))
    shown = large.head(_SHOWN)
    said = words("quality.disagreements_note", shown=shown.height, count=large.height)
    return Section("quality", words("quality.title"), (Statement(words("quality.said")),), (
        Exhibit("findings", words("quality.findings"), found, tuple(notes), table=_rules(found, words), open_table=True),
        Exhibit("disagreements", words("quality.disagreements"), large, (Note(said),), table=_apart(shown, words),
                trail=tracing.by_source(large, "source", "other_source"), open_table=True),
    ))  # fmt: skip


def _rules(found: pl.DataFrame, words: Words) -> Table:
    """One row a check: its rule and what it found."""
    rules = found.group_by("check").agg(
        pl.col("rule").sort().first(),
        pl.len().alias("n"),
        pl.struct("indicator", "area").n_unique().alias("series"),
    )
    known = words.section("check")
    body = [
        [Cell(known[r["check"]]) if r["check"] in known else Cell(r["rule"].split(" (")[0], lang="en"), Cell(f"{r['n']:,}"), Cell(f"{r['series']:,}")]
        for r in rules.sort("check").iter_rows(named=True)
    ]  # fmt: skip
    return Table([words(f"quality.{key}") for key in ("rule", "number", "series")], body, frozenset({1, 2}))


def _apart(shown: pl.DataFrame, words: Words) -> Table:
    """One row a pair of figures: the preferred one first."""
    producers = {id_: source.producer for id_, source in catalog().sources.items()}
    body = []
    for i, r in enumerate(shown.iter_rows(named=True)):
        body.append([
            Cell(name_of("indicator", r["indicator"], words.lang)), Cell(area_name(r["area"], words)), Cell(period_label("A", r["period"], words.lang)),
            Cell(amount(r["value"], r["unit"], words.lang), (i,)), Cell(producers.get(r["source"], r["source"]), lang="en"),
            Cell(amount(r["other_value"], r["unit"], words.lang), (i,)), Cell(producers.get(r["other_source"], r["other_source"]), lang="en"),
            Cell(percent(100 * r["relative_difference"]), (i,)),
        ])  # fmt: skip
    keys = ("indicator", "area", None, "preferred", "source", "other", "source", "difference")
    columns = [words("table.year") if key is None else words(f"quality.{key}") for key in keys]
    return Table(columns, body, frozenset({3, 5, 7}))
