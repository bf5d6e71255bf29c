"""Commands that list what there is: indicators, areas, sources, disagreements, and query for anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gbaindicators.cli import options
from gbaindicators.cli.figures import announce_first_build
from gbaindicators.cli.printing import (
    make_entries,
    make_table,
    plain_table,
    references,
    shortened,
    value_texts,
)
from gbaindicators.cli.results import deliver

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl
    from rich.console import RenderableType

__all__ = ["areas", "disagreements", "indicators", "query", "sources"]

Text = Annotated[
    str | None, typer.Argument(metavar="TEXT", help="Only those that hold this text in their id or names.")
]


def indicators(
    text: Text = None,
    form: options.Output = "table",
    out: options.Out = None,
    database: options.Database = None,
) -> None:
    """List the indicators, and what figures there are of each.

    For example:

        gba indicators
        gba indicators passengers --format csv
    """
    from gbaindicators import store

    announce_first_build(database)
    frame = store.indicators(text, database=database)
    deliver(frame, form, out, lambda: _indicator_entries(frame))


def _indicator_entries(frame: pl.DataFrame) -> list[RenderableType]:
    """Indicators, table by table."""
    parts: list[RenderableType] = []
    for (table,), rows in frame.group_by("table_name", maintain_order=True):
        parts += [
            f"Table {table}",
            *make_entries([(row["id"], _about(row)) for row in rows.iter_rows(named=True)]),
            "",
        ]
    return [*parts, f"{frame.height:,} indicators"]


def _about(row: dict[str, Any]) -> str:
    if not row["figures"]:
        return f"{row['name_en']}; {row['unit']}; no figures"
    first, last = row["first"].year, row["last"].year
    years = f"{first}" if first == last else f"{first}-{last}"
    areas = f"{row['areas']} area{'s' if row['areas'] != 1 else ''}"
    return f"{row['name_en']}; {row['unit']}; {' '.join(row['frequencies'])} {years}; {areas}"


def areas(
    text: Text = None,
    form: options.Output = "table",
    out: options.Out = None,
    database: options.Database = None,
) -> None:
    """List the areas, and how many figures there are of each.

    For example:

        gba areas
        gba areas Canton
    """
    from gbaindicators import store

    announce_first_build(database)
    frame = store.areas(text, database=database)
    deliver(frame, form, out, lambda: _area_entries(frame))


def _area_entries(frame: pl.DataFrame) -> list[RenderableType]:
    """Areas, level by level."""
    parts: list[RenderableType] = []
    for (level,), rows in frame.group_by("level", maintain_order=True):
        about = (
            (row["id"], f"{row['name_en']}, {row['name_zh_hans']}; {row['figures']:,} figures")
            for row in rows.iter_rows(named=True)
        )
        parts += [f"Level {level}", *make_entries(list(about)), ""]
    return [*parts, f"{frame.height:,} areas"]


def sources(
    text: Text = None,
    form: options.Output = "table",
    out: options.Out = None,
    database: options.Database = None,
) -> None:
    """List the sources of the figures, with their addresses.

    For example:

        gba sources "World Bank"
        gba sources --format csv --out sources.csv
    """
    from gbaindicators import store
    from gbaindicators.catalog import Source

    announce_first_build(database)
    frame = store.sources(text, database=database)

    def entries() -> list[RenderableType]:
        rows = [Source(**row) for row in frame.iter_rows(named=True)]
        return [
            *make_entries([(s.id, f"{s.citation()}\n{s.url}") for s in rows]),
            "",
            f"{len(rows):,} sources",
        ]

    deliver(frame, form, out, entries)


def disagreements(
    indicator: Annotated[
        str | None, typer.Argument(metavar="INDICATOR", help="Only this indicator or table.")
    ] = None,
    area: options.Areas = None,
    at_least: Annotated[
        float, typer.Option(metavar="SHARE", help="Smallest difference: 0.01 is one percent.")
    ] = 0.0,
    form: options.Output = "table",
    out: options.Out = None,
    database: options.Database = None,
) -> None:
    """List where sources print one figure differently, and by how much.

    The first value and source are the preferred ones.

    For example:

        gba disagreements container_throughput --area shenzhen
        gba disagreements --at-least 0.05 --format csv
    """
    from gbaindicators import store

    announce_first_build(database)
    frame = store.disagreements(indicator, area, at_least=at_least, database=database)
    deliver(frame, form, out, lambda: _disagreement_table(frame, database))


def _disagreement_table(frame: pl.DataFrame, database: Path | None) -> list[RenderableType]:
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


def query(
    sql: Annotated[str, typer.Argument(help="One SELECT in DuckDB's SQL.", metavar="SQL")],
    form: options.Output = "table",
    out: options.Out = None,
    database: options.Database = None,
) -> None:
    """Run read-only SQL on the database.

    For example:

        gba query "SELECT * FROM gdp_usd WHERE area = 'greater_bay_area'"
        gba query "FROM as_of(DATE '2024-03-31') LIMIT 10" --format csv
    """
    from gbaindicators import store

    announce_first_build(database)
    frame = store.query(sql, database=database)
    deliver(frame, form, out, lambda: plain_table(frame))
