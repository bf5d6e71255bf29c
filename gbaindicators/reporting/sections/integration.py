"""Integration: the index by factor flow, and what the policy documents count."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from gbaindicators import charts
from gbaindicators.catalog import catalog
from gbaindicators.charts.labels import listing, number_text, period_label
from gbaindicators.comparison import integration_coverage, integration_index, integration_inputs
from gbaindicators.comparison.integration.flows import Flow, factor_flows, flow_indicators
from gbaindicators.errors import UsageError
from gbaindicators.reporting import tracing
from gbaindicators.reporting.exhibits import Cell, Exhibit, Note, Section, Statement, Table, plain
from gbaindicators.reporting.numbers import amount, unit_name
from gbaindicators.reporting.sections.telling import area_name
from gbaindicators.reporting.words import Words
from gbaindicators.store import query

__all__ = ["flows", "integration"]

_TOGETHER: Final = "index"


def flows(words: Words) -> Section:
    """Integration by the six factor flows, with what there is to measure each."""
    index, coverage = integration_index(), integration_coverage()
    known = index.drop_nulls("value")
    scored = [f for f in factor_flows() if f.id in known["flow"]]
    years = known["period"].dt.year().unique().sort().to_list()
    title = words("flows.index", first=years[0], last=years[-1])
    names = {f.id: f.names[words.lang] for f in factor_flows()} | {_TOGETHER: words("flows.together")}
    shown = index.with_columns(pl.col("flow").replace_strict(names))
    chart = charts.line(
        shown.drop("indicator", "method", "note", "members", "rank"), title=title, lang=words.lang
    )
    caveats = " ".join(f"{f.names['en']}: {f.caveat}." for f in scored if f.caveat)
    return Section("flows", words("flows.title"), _said(index, scored, years, words), (
        Exhibit("integration-index", title, index, (Note(caveats, "en"),), figure=chart, table=_index_table(index, scored, names, words),
                trail=_of_flows(index), open_table=True),
        Exhibit("integration-coverage", words("flows.coverage"), coverage, (Note(words("flows.coverage_note", count=coverage.height)),),
                table=_coverage(coverage, words), open_table=True),
    ))  # fmt: skip


def _said(index: pl.DataFrame, scored: list[Flow], years: list[int], words: Words) -> tuple[Statement, ...]:
    lang, (first, last) = words.lang, (years[0], years[-1])
    lower = [_inline(f, lang) for f in scored]
    lacking = [_inline(f, lang) for f in factor_flows() if f not in scored]
    rows = {(r["flow"], r["period"].year): (i, r["value"]) for i, r in enumerate(index.iter_rows(named=True))}
    moved, ends = [], []
    for flow, name in zip(scored, lower, strict=True):
        (i, start), (j, end) = rows[flow.id, first], rows[flow.id, last]
        moved.append(words("flows.moved", flow=name, start=number_text(start, 1), end=number_text(end, 1)))
        ends += [("integration-index", i), ("integration-index", j)]
    base = str(index.drop_nulls("value")["unit"][0]).removeprefix("index ")
    return (
        Statement(words(
            "flows.scored", count=len(factor_flows()), number=len(scored), scored=listing(lower, lang), lacking=listing(lacking, lang),
            first=first, last=last,
        )),
        Statement(words("flows.said", first=first, last=last, base=base, moved=listing(moved, lang)), ends, summary=True),
        Statement(words("flows.weights")),
    )  # fmt: skip


def _inline(flow: Flow, lang: str) -> str:
    """Name of a flow within a sentence."""
    return flow.names[lang].lower() if lang == "en" else flow.names[lang]


def _index_table(index: pl.DataFrame, scored: list[Flow], names: dict[str, str], words: Words) -> Table:
    shown = [f.id for f in scored] + [_TOGETHER]
    rows = {
        (r["flow"], r["period"]): Cell(number_text(r["value"], 1), (i,))
        for i, r in enumerate(index.iter_rows(named=True))
        if r["value"] is not None
    }
    periods = sorted({period for _, period in rows})
    body = [[Cell(str(p.year)), *(rows[flow, p] for flow in shown)] for p in periods]
    return Table((words("table.year"), *(names[f] for f in shown)), body, frozenset(range(1, len(shown) + 1)))


def _of_flows(index: pl.DataFrame) -> pl.DataFrame:
    """Trail of an index: the scored figures of its flows in the year and in the base year."""
    base = int(str(index.drop_nulls("value")["unit"][0])[-8:-4])
    rows = index.with_row_index("row").filter(pl.col("value").is_not_null())
    rows = rows.select("row", "flow", "sources", year=pl.col("period").dt.year())
    used = set(integration_inputs()["indicator"])
    made = []
    for entry in flow_indicators():
        if entry.name not in used:
            continue
        mine = rows.filter(pl.col("flow").is_in([entry.flow, _TOGETHER]))
        for years in (mine, mine.with_columns(year=pl.lit(base, pl.Int32))):
            keys = years.with_columns(
                indicator=pl.lit(entry.indicator),
                area=pl.lit(list(entry.points or (entry.area,))),
            ).explode("area")
            made += [
                keys.with_columns(frequency=pl.lit(code), period=pl.date("year", 1, 1))
                for code in ("A", tracing.DAYS_OF_YEAR)
            ]
            months = pl.date_ranges(pl.date("year", 1, 1), pl.date("year", 12, 31), "1mo")
            made.append(keys.with_columns(frequency=pl.lit("M"), period=months).explode("period"))
        if entry.treatment == "per_head":
            heads = mine.with_columns(
                indicator=pl.lit("population"), area=pl.lit(entry.area), frequency=pl.lit("A")
            )
            around = pl.concat_list(pl.date(pl.col("year") - 1, 1, 1), pl.date("year", 1, 1))
            made.append(heads.with_columns(period=around).explode("period"))
    return tracing.together(*map(tracing.of_inputs, made))


def _coverage(coverage: pl.DataFrame, words: Words) -> Table:
    """One row a flow: how many figures it has, which the index uses, and what would be needed."""
    rows = []
    for flow in factor_flows():
        of_flow = coverage.filter(flow=flow.id)
        used = of_flow.filter("used").group_by("indicator", maintain_order=True).agg("area").iter_rows()
        said = [_figures_of(indicator, areas, words) for indicator, areas in used]
        longest = of_flow.sort("used", "observations")["observations"][-1]
        counts = plain(str(of_flow.height), str(of_flow["used"].sum()), str(longest))
        mark = "; " if words.lang == "en" else "；"
        rows.append(
            [Cell(flow.names[words.lang]), *counts, Cell(mark.join(said) or words("table.none")), Cell(flow.needed, lang="en")]
        )  # fmt: skip
    columns = [words(f"flows.{key}") for key in ("flow", "mapped", "used", "longest", "which", "needed")]
    return Table(columns, rows, frozenset({1, 2, 3}))


def _figures_of(indicator: str, areas: list[str], words: Words) -> str:
    where = area_name(areas[0], words) if len(areas) == 1 else words("flows.areas", count=len(areas))
    name = catalog().indicators[indicator].names[words.lang]
    return f"{name} ({where})" if words.lang == "en" else f"{name}（{where}）"


def integration(words: Words) -> Section:
    """What the policy documents count: cards, enrolments, recognitions."""
    stated = query("""
        SELECT p.indicator, p.area, p.counterpart_area, p.as_of, p.value, p.unit, p.qualifier, p.quote, p.note, p.source, i.table_name
        FROM policy_statement p JOIN indicator i ON i.id = p.indicator
        WHERE i.table_name IN ('card_transactions', 'enrolled_residents', 'integration') AND p.value IS NOT NULL
        ORDER BY i.table_name, p.as_of, i.name_en, p.area, p.source
    """)
    series = query("""
        SELECT indicator, area, frequency, period, value, unit, sources, adjustment, status, vintage, note
        FROM latest WHERE table_name IN ('card_transactions', 'enrolled_residents')
        ORDER BY indicator, area, frequency, period, adjustment
    """)
    if stated.is_empty() and series.is_empty():
        raise UsageError("no policy statement of cards, enrolments or recognitions was known")
    return Section("integration", words("integration.title"), (Statement(words("integration.said")),), (
        Exhibit("policy", words("integration.policy"), stated, table=_statements(stated, words), open_table=True),
        Exhibit("cards-enrolments", words("integration.measured"), series, (Note(words("integration.note")),), table=_measured(series, words),
                trail=tracing.published(series), open_table=True),
    ))  # fmt: skip


def _statements(stated: pl.DataFrame, words: Words) -> Table:
    rows = [
        [Cell(catalog().indicators[r["indicator"]].names[words.lang]), Cell(_stated(r, words), source=r["source"]),
         Cell(r["as_of"] or words("integration.undated")), Cell(listing([area_name(a, words) for a in r["area"].split(";")], words.lang)),
         Cell(f"“{r['quote']}”", lang="en"), Cell(r["note"] or "", lang="en")]
        for r in stated.iter_rows(named=True)
    ]  # fmt: skip
    columns = [
        words(f"integration.{key}") for key in ("what", "stated", "as_of", "where", "words", "note_column")
    ]
    return Table(columns, rows, frozenset({1}))


def _stated(row: dict[str, Any], words: Words) -> str:
    """Write a stated amount as hedged as the document has it."""
    scale, _, unit = row["unit"].rpartition("million ")
    if scale or row["unit"].startswith("million "):
        text = amount(row["value"] * 1e6, unit, words.lang)
    else:
        text = _counted(row["value"], row["unit"], words)
    return words(f"integration.{row['qualifier']}", value=text)


def _counted(value: float, unit: str, words: Words) -> str:
    """Write a count in full, as a document states it."""
    number = number_text(value, None if value != int(value) else 0)
    return (
        f"{number} {unit_name(unit, words.lang)}"
        if words.lang == "en"
        else number + unit_name(unit, words.lang)
    )


def _measured(series: pl.DataFrame, words: Words) -> Table:
    names = catalog()
    rows = [
        [Cell(names.indicators[r["indicator"]].names[words.lang]), Cell(area_name(r["area"], words)), Cell(period_label(r["frequency"], r["period"], words.lang)),
         Cell(_counted(r["value"], r["unit"], words), (i,)), Cell(r["note"] or "", lang="en"), Cell(names.sources[r["sources"][0]].producer, lang="en")]
        for i, r in enumerate(series.iter_rows(named=True))
        if r["value"] is not None
    ]  # fmt: skip
    columns = [
        words(f"integration.{key}") for key in ("what", "where", "when", "figure", "note_column", "source")
    ]
    return Table(columns, rows, frozenset({3}))
