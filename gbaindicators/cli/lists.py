"""Commands that list what there is: indicators, areas, sources, disagreements, and query for anything else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gbaindicators.cli import options
from gbaindicators.cli.figures import announce_first_build
from gbaindicators.cli.printing import cited_sources, make_table, plain_table, references, shortened, value_texts
from gbaindicators.cli.results import deliver

if TYPE_CHECKING:
    import polars as pl

__all__ = ["areas", "disagreements", "indicators", "query", "sources"]

Text = Annotated[str | None, typer.Argument(help="Only those whose id, names or description hold this text.")]


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
    import polars as pl

    from gbaindicators import store

    announce_first_build(database)
    frame = store.indicators(text, database=database)
    years = pl.format(
        "{} {}-{}", pl.col("frequencies").list.join(" "), pl.col("first").dt.year(), pl.col("last").dt.year()
    )
    _deliver(
        frame, frame.select("id", pl.col("name_en").alias("name"), "unit", years.alias("published"), "areas"),
        form, out, database,
    )  # fmt: skip


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
    import polars as pl

    from gbaindicators import store

    announce_first_build(database)
    frame = store.areas(text, database=database)
    shown = frame.select("id", pl.col("name_en").alias("name"), "level", "currency", "indicators", "figures")
    _deliver(frame, shown, form, out, database)


def sources(
    text: Text = None,
    form: options.Output = "table",
    out: options.Out = None,
    database: options.Database = None,
) -> None:
    """List the sources of the figures.

    For example:

        gba sources customs
        gba sources --format csv --out sources.csv
    """
    from gbaindicators import store

    announce_first_build(database)
    frame = store.sources(text, database=database)
    _deliver(frame, frame.select("id", "producer", "title", "vintage", "grade"), form, out, database)


def disagreements(
    indicator: Annotated[str | None, typer.Argument(help="Only this indicator or table.")] = None,
    area: options.Areas = None,
    at_least: Annotated[float, typer.Option(help="Smallest relative difference: 0.01 is one percent.")] = 0.0,
    form: options.Output = "table",
    out: options.Out = None,
    database: options.Database = None,
) -> None:
    """List where sources print one figure differently, and by how much.

    For example:

        gba disagreements container_throughput --area shenzhen
        gba disagreements --at-least 0.05 --format csv
    """
    import polars as pl

    from gbaindicators import store
    from gbaindicators.catalog import period_text_expr

    announce_first_build(database)
    frame = store.disagreements(indicator, area, at_least=at_least, database=database)
    shown = frame.select(
        pl.concat_str("indicator", "area", period_text_expr(), "unit", separator=" ").alias("figure"),
        pl.format("{} [{}]", pl.col("value"), "source").alias("preferred"),
        pl.format("{} [{}]", pl.col("other_value"), "other_source").alias("other"),
        (pl.col("relative_difference") * 100).round(2).alias("percent"),
    )
    _deliver(frame, shown, form, out, database)


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
    deliver(store.query(sql, database=database), form, out)


def _deliver(
    frame: pl.DataFrame, shown: pl.DataFrame, form: str, out: Path | None, database: Path | None
) -> None:
    """Deliver the whole frame to a program, its few readable columns to a reader."""
    deliver(shown if form == "table" and out is None else frame, form, out, database=database)
