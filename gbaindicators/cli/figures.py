"""Commands that give figures: load, benchmark and export."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from gbaindicators.cli import completing, options
from gbaindicators.cli.files import encode, format_of, write_file
from gbaindicators.cli.logs import log
from gbaindicators.cli.results import deliver, publication
from gbaindicators.cli.series import series_table
from gbaindicators.errors import MissingRateError, UsageError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["benchmark", "export", "load", "transformed"]

#: Advice in words of Python for a bay area, whose figures are those of its members.
_BY_MEMBERS: Final = re.compile(r" with gba\.benchmark\('(\w+)'\), or add the members up: .*$")


@click.command()
@options.indicator
@options.area
@options.start
@options.end
@options.frequency
@options.as_of
@options.adjustment
@options.all_sources
@options.to
@options.basis
@options.growth
@options.form
@options.table_out
@options.table_lang
@options.database
@options.verbosity
def load(
    indicator: str,
    area: list[str] | None,
    start: str | None,
    end: str | None,
    frequency: str | None,
    as_of: str | None,
    adjustment: str | None,
    all_sources: bool,
    to: str | None,
    basis: str,
    growth: str | None,
    form: str,
    out: Path | None,
    lang: str,
    database: str | None,
) -> None:
    """Print published figures with their sources.

    \b
    For example:
      gba load gdp --area guangzhou --area shenzhen --start 2010
      gba load gdp -a macao -f A --end 2024 --to USD --growth 1y --format csv
      gba load gdp -a macao -a hong_kong -f A --end 2024 --to USD --out gdp.html
    """
    from gbaindicators import store

    announce_first_build(database)
    with store.held_open(database):
        frame = read(
            indicator, area, start=start, end=end, frequency=frequency, as_of=as_of, adjustment=adjustment,
            all_sources=all_sources, database=database,
        )  # fmt: skip
        frame = transformed(frame, to, basis, growth, database)
        deliver(
            frame, form, out, lambda: series_table(frame, database), publication("series", frame, lang=lang)
        )


@click.command()
@click.argument(
    "indicator",
    default="gdp",
    shell_complete=completing.indicators,
    help="Indicator, such as gdp, gdp_per_capita or population; gdp by default.",
)
@click.option(
    "--bay",
    "-b",
    metavar="BAY",
    multiple=True,
    callback=options.listed,
    shell_complete=completing.areas,
    help="Bay area. May be repeated; all four by default.",
)
@click.option(
    "--definition",
    metavar="BAY=NAME",
    multiple=True,
    help="Which definition of a bay area to use. May be repeated.",
)
@click.option(
    "--currency",
    "--to",
    "currency",
    metavar="CURRENCY",
    default="USD",
    shell_complete=completing.currencies,
    help="Currency to compare money in.",
)
@options.basis
@click.option(
    "--prices",
    metavar="PRICES",
    default="current",
    shell_complete=completing.one_of("current"),
    help="current, or a base year such as 2015 for real growth.",
)
@click.option(
    "--years",
    metavar="YEARS",
    default="calendar",
    shell_complete=completing.one_of("calendar", "published"),
    help="calendar, or published for fiscal years as they are.",
)
@click.option(
    "--year",
    metavar="YEAR",
    default="latest",
    shell_complete=completing.one_of("latest", "all"),
    help="A year, the latest in common, or all.",
)
@click.option(
    "--mixed",
    metavar="MIXED",
    default="refuse",
    shell_complete=completing.one_of("refuse", "mark"),
    help="refuse what does not measure the same, or mark it in the notes.",
)
@options.form
@options.table_out
@options.table_lang
@options.database
@options.verbosity
def benchmark(
    indicator: str,
    bay: list[str] | None,
    definition: tuple[str, ...],
    currency: str,
    basis: str,
    prices: str,
    years: str,
    year: str,
    mixed: str,
    form: str,
    out: Path | None,
    lang: str,
    database: str | None,
) -> None:
    """Compare the bay areas on one indicator.

    \b
    For example:
      gba benchmark gdp --basis ppp
      gba benchmark gdp --prices 2015 --year all
      gba benchmark population --definition new_york_bay_area=three_states
      gba benchmark gdp --lang zh-Hant --out gdp.png
    """
    from gbaindicators import comparison, store

    given: dict[str, Any] = {"bays": bay} if bay else {}
    announce_first_build(database)
    with store.using_database(database), store.held_open():
        frame = comparison.benchmark(
            indicator, definition=_definitions(definition), currency=currency, basis=basis,  # type: ignore[arg-type]
            prices=prices, years=years, year=None if year == "all" else year, mixed=mixed, **given,  # type: ignore[arg-type]
        )  # fmt: skip
    deliver(
        frame, form, out, lambda: series_table(frame, database), publication("benchmark", frame, lang=lang)
    )


@click.command()
@options.indicator
@click.option(
    "--out",
    "-o",
    type=options.path,
    metavar="FILE",
    required=True,
    help="A .csv, .xlsx, .parquet or .json file to write.",
)
@options.area
@options.start
@options.end
@options.frequency
@options.adjustment
@options.all_sources
@options.database
@options.verbosity
def export(
    indicator: str,
    out: Path,
    area: list[str] | None,
    start: str | None,
    end: str | None,
    frequency: str | None,
    adjustment: str | None,
    all_sources: bool,
    database: str | None,
) -> None:
    """Write an indicator or a table to a file, with its sources beside it.

    A workbook has the sources on a sheet of their own; beside any other file stands one with the same name and
    the ending .sources.csv.

    \b
    For example:
      gba export gdp --out gdp.xlsx
      gba export port_throughput --out ports.csv
    """
    from gbaindicators import store
    from gbaindicators.tables.spreadsheets import workbook_bytes

    form = format_of(out)
    frame = read(
        indicator, area, start=start, end=end, frequency=frequency, adjustment=adjustment, all_sources=all_sources,
        database=database,
    )  # fmt: skip
    sources = store.sources(frame, database=database)
    written = [out]
    if form == "xlsx":
        write_file(out, workbook_bytes({"figures": frame, "sources": sources}))
    else:
        written.append(out.with_suffix(".sources.csv"))
        write_file(written[1], encode(sources, "csv"))
        write_file(out, encode(frame, form))
    names = " and ".join(str(p) for p in written)
    log.done("written", f"wrote {names} ({frame.height:,} rows)", files=written, rows=frame.height)


def read(indicator: str, areas: list[str] | None, *, database: str | None, **selection: Any) -> pl.DataFrame:
    """Load figures, and say so where that builds the database first."""
    from gbaindicators import store

    announce_first_build(database)
    try:
        return store.load(indicator, areas, database=database, **selection)
    except UsageError as error:
        error.args = (_BY_MEMBERS.sub(r": gba benchmark \1 --year all", str(error)),)
        raise


def announce_first_build(database: str | None) -> None:
    """Say that there is no database yet, where the first read is going to build it."""
    from gbaindicators import store

    if database is None and store.chosen_database() is None and not store.database_path().exists():
        log.note(
            "first_build",
            f"building the database at {store.database_path()}, once",
            database=store.database_path(),
        )


def transformed(
    frame: pl.DataFrame, to: str | None, basis: str, growth: str | None, database: str | None
) -> pl.DataFrame:
    """Convert figures and take their growth, as far as asked for."""
    if to is None and growth is None and basis == "market":
        return frame  # the transforms take longer to import than most figures to read
    from gbaindicators import store, transforms

    if to is not None:
        rates = store.load("ppp" if basis == "ppp" else "fx_rate", database=database) if database else None
        try:
            frame = transforms.convert(frame, to, basis=basis, rates=rates)  # type: ignore[call-overload]
        except MissingRateError as error:
            raise MissingRateError(f"{error}. Here --start, --end and --frequency leave rows out") from None
    elif basis != "market":
        raise UsageError("--basis says how to convert money: name the currency with --to")
    return frame if growth is None else transforms.growth(frame, growth)


def _definitions(given: Sequence[str]) -> dict[str, str]:
    """Read ``BAY=NAME`` pairs."""
    from gbaindicators.catalog import catalog

    pairs = [text.partition("=") for text in given]
    for bay, equals, name in pairs:
        if not (bay and equals and name):
            raise UsageError(
                f"--definition is written BAY=NAME, such as greater_bay_area=eleven_cities, not '{bay}{equals}{name}'"
            )
    return {catalog().area(bay).id: name for bay, _, name in pairs}
