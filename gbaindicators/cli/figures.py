"""Commands that give figures: load, benchmark and export."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gbaindicators.cli import options
from gbaindicators.cli.files import encode, format_of, write_file
from gbaindicators.cli.logs import log
from gbaindicators.cli.results import deliver, publication
from gbaindicators.cli.series import series_table
from gbaindicators.errors import MissingRateError, UsageError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["benchmark", "export", "load", "transformed"]


def load(
    indicator: options.Indicator,
    area: options.Areas = None,
    start: options.Start = None,
    end: options.End = None,
    frequency: options.Frequency = None,
    as_of: options.AsOf = None,
    adjustment: options.Adjustment = None,
    all_sources: Annotated[
        bool, typer.Option("--all-sources", help="Every source's figure, not only the preferred one.")
    ] = False,
    to: options.Currency = None,
    basis: options.Basis = "market",
    growth: options.Growth = None,
    form: options.Output = "table",
    out: options.TableOut = None,
    lang: options.TableLanguage = "en",
    database: options.Database = None,
) -> None:
    """Print published figures with their sources.

    For example:

        gba load gdp --area guangzhou --area shenzhen --start 2010
        gba load gdp --area macao --end 2024 --frequency A --to USD --growth 1y --format csv
        gba load gdp -a macao -a hong_kong --frequency A --end 2024 --to USD --out gdp.html
    """
    announce_first_build(database)
    with held_open(database):
        frame = read(
            indicator, area, start=start, end=end, frequency=frequency, as_of=as_of, adjustment=adjustment,
            all_sources=all_sources, database=database,
        )  # fmt: skip
        frame = transformed(frame, to, basis, growth, database)
        deliver(
            frame, form, out, lambda: series_table(frame, database), publication("series", frame, lang=lang)
        )


def benchmark(
    indicator: Annotated[
        str, typer.Argument(help="Indicator, such as gdp, gdp_per_capita or population.")
    ] = "gdp",
    bay: Annotated[
        list[str] | None, typer.Option("--bay", "-b", help="Bay area. May be repeated; all four by default.")
    ] = None,
    definition: Annotated[
        list[str] | None,
        typer.Option(metavar="BAY=NAME", help="Which definition of a bay area to use. May be repeated."),
    ] = None,
    currency: Annotated[str, typer.Option(help="Currency to compare money in.")] = "USD",
    basis: options.Basis = "market",
    prices: Annotated[
        str, typer.Option(metavar="PRICES", help="current, or a base year such as 2015 for real growth.")
    ] = "current",
    years: Annotated[
        str, typer.Option(metavar="YEARS", help="calendar, or published for fiscal years as they are.")
    ] = "calendar",
    year: Annotated[str, typer.Option(help="A year, the latest in common, or all.")] = "latest",
    mixed: Annotated[
        str,
        typer.Option(metavar="MIXED", help="refuse what does not measure the same, or mark it in the notes."),
    ] = "refuse",
    form: options.Output = "table",
    out: options.TableOut = None,
    lang: options.TableLanguage = "en",
    database: options.Database = None,
) -> None:
    """Compare the bay areas on one indicator.

    For example:

        gba benchmark gdp --basis ppp
        gba benchmark gdp --prices 2015 --year all
        gba benchmark population --definition new_york_bay_area=three_states
        gba benchmark gdp --lang zh-Hant --out gdp.png
    """
    from gbaindicators import comparison, store

    given: dict[str, Any] = {"bays": bay} if bay else {}
    announce_first_build(database)
    with store.using_database(database):
        frame = comparison.benchmark(
            indicator, definition=_definitions(definition or []), currency=currency, basis=basis,  # type: ignore[arg-type]
            prices=prices, years=years, year=None if year == "all" else year, mixed=mixed, **given,  # type: ignore[arg-type]
        )  # fmt: skip
    deliver(
        frame, form, out, lambda: series_table(frame, database), publication("benchmark", frame, lang=lang)
    )


def export(
    indicator: options.Indicator,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="FILE", help="A .csv, .xlsx, .parquet or .json file to write."),
    ],
    area: options.Areas = None,
    start: options.Start = None,
    end: options.End = None,
    frequency: options.Frequency = None,
    adjustment: options.Adjustment = None,
    all_sources: Annotated[
        bool, typer.Option("--all-sources", help="Every source's figure, not only the preferred one.")
    ] = False,
    database: options.Database = None,
) -> None:
    """Write an indicator or a table to a file, with its sources beside it.

    A workbook has the sources on a sheet of their own; beside any other file stands one with the same name and
    the ending .sources.csv.

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
    return store.load(indicator, areas, database=database, **selection)


def held_open(database: str | None) -> contextlib.AbstractContextManager[object]:
    """Keep the database file open while a command reads it piece by piece: only the first opening takes time."""
    from gbaindicators import store
    from gbaindicators.store.home import database_place

    held = isinstance(database_place(database), Path)
    return store.connect(database) if held else contextlib.nullcontext()


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


def _definitions(given: list[str]) -> dict[str, str]:
    """Read ``BAY=NAME`` pairs."""
    from gbaindicators.catalog import catalog

    pairs = [text.partition("=") for text in given]
    for bay, equals, name in pairs:
        if not (bay and equals and name):
            raise UsageError(
                f"--definition is written BAY=NAME, such as greater_bay_area=eleven_cities, not '{bay}{equals}{name}'"
            )
    return {catalog().area(bay).id: name for bay, _, name in pairs}
