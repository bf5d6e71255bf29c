"""Commands that list what there is: indicators, areas, sources, disagreements, revisions, and query for the rest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from gbaindicators.cli import completing, options
from gbaindicators.cli.figures import announce_first_build
from gbaindicators.cli.numbers import counted
from gbaindicators.cli.printing import (
    cell_texts,
    cited_sources,
    make_entries,
    make_table,
    plain_table,
    references,
    shortened,
    value_texts,
)
from gbaindicators.cli.results import deliver, publication
from gbaindicators.cli.series import heading, in_common, scaled_texts

if TYPE_CHECKING:
    import polars as pl

    from gbaindicators.cli.layout import Part
    from gbaindicators.transforms import Revisions

__all__ = ["areas", "disagreements", "indicators", "query", "revisions", "sources"]

#: Vintages of eleven characters that a line of 80 holds.
_MOST_VINTAGES: Final = 5

_TEXT = "Only those that hold this text in their id or names."


@click.command()
@click.argument("text", required=False, shell_complete=completing.indicators, help=_TEXT)
@options.form
@options.out
@options.database
@options.verbosity
def indicators(text: str | None, form: str, out: Path | None, database: str | None) -> None:
    """List the indicators, and what figures there are of each.

    \b
    For example:
      gba indicators
      gba indicators passengers --format csv
    """
    from gbaindicators import store

    announce_first_build(database)
    frame = store.indicators(text, database=database)
    deliver(frame, form, out, lambda: _indicator_entries(frame))


def _indicator_entries(frame: pl.DataFrame) -> list[Part]:
    """Indicators, table by table."""
    parts: list[Part] = []
    for (table,), rows in frame.group_by("table_name", maintain_order=True):
        parts += [
            f"Table {table}",
            *make_entries([(row["id"], _about(row)) for row in rows.iter_rows(named=True)]),
            "",
        ]
    return [*parts, counted(frame.height, "indicator")]


def _about(row: dict[str, Any]) -> str:
    if not row["figures"]:
        return f"{row['name_en']}; {row['unit']}; no figures"
    first, last = row["first"].year, row["last"].year
    years = f"{first}" if first == last else f"{first}-{last}"
    areas = counted(row["areas"], "area")
    return f"{row['name_en']}; {row['unit']}; {' '.join(row['frequencies'])} {years}; {areas}"


@click.command()
@click.argument("text", required=False, shell_complete=completing.areas, help=_TEXT)
@options.form
@options.out
@options.database
@options.verbosity
def areas(text: str | None, form: str, out: Path | None, database: str | None) -> None:
    """List the areas, and how many figures there are of each.

    \b
    For example:
      gba areas
      gba areas Canton
    """
    from gbaindicators import store

    announce_first_build(database)
    frame = store.areas(text, database=database)
    deliver(frame, form, out, lambda: _area_entries(frame))


def _area_entries(frame: pl.DataFrame) -> list[Part]:
    """Areas, level by level."""
    parts: list[Part] = []
    for (level,), rows in frame.group_by("level", maintain_order=True):
        about = (
            (row["id"], f"{row['name_en']}, {row['name_zh_hans']}; {counted(row['figures'], 'figure')}")
            for row in rows.iter_rows(named=True)
        )
        parts += [f"Level {level}", *make_entries(list(about)), ""]
    return [*parts, counted(frame.height, "area")]


@click.command()
@click.argument("text", required=False, help=_TEXT)
@options.form
@options.out
@options.database
@options.verbosity
def sources(text: str | None, form: str, out: Path | None, database: str | None) -> None:
    """List the sources of the figures, with their addresses.

    \b
    For example:
      gba sources "World Bank"
      gba sources --format csv --out sources.csv
    """
    from gbaindicators import store
    from gbaindicators.catalog import Source

    announce_first_build(database)
    frame = store.sources(text, database=database)

    def entries() -> list[Part]:
        rows = [Source(**row) for row in frame.iter_rows(named=True)]
        return [
            *make_entries([(s.id, f"{s.citation()}\n{s.url}") for s in rows]),
            "",
            counted(len(rows), "source"),
        ]

    deliver(frame, form, out, entries)


@click.command()
@click.argument(
    "indicator",
    required=False,
    shell_complete=completing.indicators,
    help="Only this indicator or table.",
)
@options.area
@click.option(
    "--at-least",
    type=float,
    metavar="SHARE",
    default=0.0,
    help="Smallest difference: 0.01 is one percent.",
)
@options.form
@options.out
@options.database
@options.verbosity
def disagreements(
    indicator: str | None,
    area: list[str] | None,
    at_least: float,
    form: str,
    out: Path | None,
    database: str | None,
) -> None:
    """List where sources print one figure differently, and by how much.

    The first value and source are the preferred ones.

    \b
    For example:
      gba disagreements container_throughput --area shenzhen
      gba disagreements --at-least 0.05 --format csv
    """
    from gbaindicators import store

    announce_first_build(database)
    frame = store.disagreements(indicator, area, at_least=at_least, database=database)
    deliver(frame, form, out, lambda: _disagreement_table(frame, database))


def _disagreement_table(frame: pl.DataFrame, database: str | None) -> list[Part]:
    import polars as pl

    from gbaindicators.catalog import period_text_expr

    if frame.is_empty():
        return ["no disagreements"]
    shown = shortened(frame)
    figure = pl.concat_str("indicator", "area", period_text_expr(), "unit", separator=" ")
    pairs = shown.select("source", "other_source").rows()
    cited = list(dict.fromkeys(source for pair in pairs for source in pair))
    place = {source: str(i) for i, source in enumerate(cited, 1)}
    columns = {
        "figure": shown.select(figure).to_series().to_list(),
        "value": value_texts(shown),
        "other_value": value_texts(shown, "other_value"),
        "percent": [f"{share * 100:+.2f}" for share in shown["relative_difference"]],
        "sources": [", ".join(place[s] for s in pair) for pair in pairs],
    }
    table = make_table(columns, {"value", "other_value", "percent"}, frame.height)
    return [table, *references(cited, database)]


@click.command()
@click.argument(
    "indicator", shell_complete=completing.indicators, help="Indicator; gba indicators lists them."
)
@click.option(
    "--area",
    "-a",
    metavar="AREA",
    required=True,
    shell_complete=completing.areas,
    help="Area: id, name or alias.",
)
@options.frequency
@options.adjustment
@click.option("--prices", metavar="PRICES", help="Prices of the figures: current, or 'chained 2022'.")
@click.option(
    "--source",
    metavar="SOURCE",
    multiple=True,
    callback=options.listed,
    help="Source or producer to compare, or all. May be repeated; one producer by default.",
)
@click.option(
    "--show",
    type=click.Choice(("releases", "triangle", "statistics")),
    default="releases",
    help="Every release, periods by vintages, or measures of the revisions.",
)
@options.form
@options.table_out
@options.table_lang
@options.database
@options.verbosity
def revisions(
    indicator: str,
    area: str,
    frequency: str | None,
    adjustment: str | None,
    prices: str | None,
    source: list[str] | None,
    show: Literal["releases", "triangle", "statistics"],
    form: str,
    out: Path | None,
    lang: str,
    database: str | None,
) -> None:
    """Follow figures from release to release, and measure how they were revised.

    \b
    For example:
      gba revisions gdp_real_growth --area hong_kong --frequency Q
      gba revisions property_price_index -a hong_kong --show triangle --format csv
      gba revisions gdp_real_growth -a hong_kong -f Q --show triangle -o gdp.html
    """
    from gbaindicators import transforms

    announce_first_build(database)
    found = transforms.revisions(
        indicator, area, frequency=frequency, adjustment=adjustment, prices=prices,
        sources="all" if source == ["all"] else source, database=database,
    )  # fmt: skip
    if show == "releases":
        deliver(found.frame, form, out, lambda: _revision_table(found, database))
    elif show == "triangle":
        deliver(
            found.triangle,
            form,
            out,
            lambda: _triangle(found, database),
            publication("revisions", found, lang=lang),
        )
    else:
        deliver(
            found.statistics, form, out, lambda: _measures(found.statistics),
            publication("revisions", found, show="statistics", lang=lang),
        )  # fmt: skip


def _revision_table(found: Revisions, database: str | None) -> list[Part]:
    """First and latest release of each period that has several, and what the revisions amount to."""
    import polars as pl

    from gbaindicators.catalog import period_text_expr

    ends = (
        found.frame.group_by("frequency", "period", maintain_order=True)
        .agg(
            pl.col("value", "vintage").first().name.prefix("first_"),
            pl.col("value", "vintage").last().name.prefix("latest_"),
            pl.col("revision_from_first").last(),
            pl.len().alias("releases"),
            pl.col("sources").list.explode(keep_nulls=False, empty_as_null=False).unique(maintain_order=True),
        )
        .filter(pl.col("releases") > 1)
    )
    shown = shortened(ends)
    numbers, word = scaled_texts(shown, ["first_value", "latest_value", "revision_from_first"])
    cited, marks = cited_sources(shown["sources"].to_list())
    columns = {
        "period": shown.select(period_text_expr()).to_series().to_list(),
        "first": numbers["first_value"],
        "on": cell_texts(shown["first_vintage"].to_list()),
        "latest": numbers["latest_value"],
        "on_": cell_texts(shown["latest_vintage"].to_list()),
        "revision": numbers["revision_from_first"],
        "prints": cell_texts(shown["releases"].to_list()),
        "sources": marks,
    }
    table = make_table(columns, set(columns) - {"period", "sources"}, ends.height)
    same = in_common(found.frame)
    return [
        heading(same, word, database),
        "",
        table,
        "",
        *found.summary().splitlines()[1:],
        *references(cited, database),
    ]


def _triangle(found: Revisions, database: str | None) -> list[Part]:
    """Make the table of the latest vintages, as many as a line holds."""
    import polars as pl

    from gbaindicators.catalog import period_text_expr
    from gbaindicators.cli.logs import log

    wide = found.triangle
    vintages = wide.columns[1:]
    last = vintages[-_MOST_VINTAGES:]
    if len(vintages) > len(last):
        log.note(
            "shortened",
            f"showing the last {len(last)} of {len(vintages)} vintages; --format csv and --out give them all",
            vintages=len(vintages),
        )
    rows = shortened(wide.filter(pl.any_horizontal(pl.col(last).is_not_null())))
    texts, word = scaled_texts(rows, last)
    frequency = pl.lit(found.frame["frequency"][0]).alias("frequency")
    periods = rows.with_columns(frequency).select(period_text_expr()).to_series().to_list()
    table = make_table({"period": periods, **texts}, last, rows.height)
    return [heading(in_common(found.frame), word, database), "", table]


def _measures(statistics: pl.DataFrame) -> list[Part]:
    """Statistics with a column for each step: there are more measures than steps."""
    measures = [c for c in statistics.columns if c not in ("step", "remark")]
    columns = {
        row["step"].removeprefix("release "): [cell_texts([row[m]])[0] for m in measures]
        for row in statistics.iter_rows(named=True)
    }
    table = make_table(
        {"measure": [m.replace("_", " ") for m in measures], **columns}, columns, len(measures)
    )
    remarks = [f"{row['step']}: {row['remark']}" for row in statistics.iter_rows(named=True) if row["remark"]]
    return [table, *([""] if remarks else []), *remarks]


@click.command()
@click.argument("sql", help="One SELECT in DuckDB's SQL.")
@options.form
@options.out
@options.database
@options.verbosity
def query(sql: str, form: str, out: Path | None, database: str | None) -> None:
    """Run read-only SQL on the database.

    \b
    For example:
      gba query "SELECT * FROM gdp_usd WHERE area = 'greater_bay_area'"
      gba query "FROM as_of(DATE '2024-03-31') LIMIT 10" --format csv
    """
    from gbaindicators import store

    announce_first_build(database)
    frame = store.query(sql, database=database)
    deliver(frame, form, out, lambda: plain_table(frame))
