"""Commands that draw: chart and report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from gbaindicators.catalog import parse_period
from gbaindicators.cli import options
from gbaindicators.cli.figures import announce_first_build, read, transformed
from gbaindicators.cli.logs import log
from gbaindicators.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["chart", "report"]

#: Frequency that a chart is drawn from where none is named.
_USUAL = {"calendar": "D", "decomposition": "M", "seasonal": "M"}


def chart(
    indicator: options.Indicator,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="A .png, .svg, .pdf or .html file to write.")
    ],
    area: options.Areas = None,
    kind: Annotated[
        Literal[
            "line",
            "bars",
            "bump",
            "calendar",
            "contributions",
            "convergence",
            "decomposition",
            "fan",
            "flow",
            "map",
            "seasonal",
            "sensitivity",
            "small-multiples",
        ],
        typer.Option(
            help="What to draw: bump is ranks over time, calendar days, contributions those of the areas to the growth of "
            "their sum, convergence growth against the initial level, decomposition a seasonal adjustment, fan a forecast, "
            "flow what passes between areas, map the eleven cities, seasonal months year upon year, sensitivity the ranks of "
            "the bay areas (or of those named) by every definition, small-multiples a panel for each series."
        ),
    ] = "line",
    start: options.Start = None,
    end: options.End = None,
    frequency: options.Frequency = None,
    to: options.Currency = None,
    basis: options.Basis = "market",
    growth: options.Growth = None,
    horizon: Annotated[int, typer.Option(help="How many periods ahead a fan looks.")] = 5,
    policies: Annotated[
        bool, typer.Option("--policies", help="Mark the policies that concern the areas, on a line or a fan.")
    ] = False,
    lang: options.Language = "en",
    title: Annotated[str | None, typer.Option(help="What the chart shows or finds.")] = None,
    data: Annotated[
        Literal["csv", "xlsx"] | None,
        typer.Option(help="Also write the data behind the chart, beside it under the same name."),
    ] = None,
    database: options.Database = None,
) -> None:
    """Draw an indicator, with its sources under it.

    For example:

        gba chart gdp --area guangzhou --area shenzhen --out gdp.png
        gba chart gdp --area macao --kind fan --lang zh-Hant --out macao.svg
        gba chart gdp --kind sensitivity --out ranks.png
        gba chart crossings --area hong_kong --kind calendar --out days.png
        gba chart port_cargo_with_hong_kong --frequency A --kind flow --out cargo.png
    """
    from gbaindicators import charts, forecasting, transforms

    if policies and kind not in ("line", "fan"):
        raise UsageError(
            f"--policies marks dates on a time axis: --kind line or fan has one, {kind} has none"
        )
    if kind == "sensitivity":
        if to or growth or frequency or basis != "market":
            raise UsageError(
                "--kind sensitivity ranks years in dollars at both rates: leave out --to, --basis, --growth and --frequency"
            )
        figure = charts.sensitivity(_ranked(indicator, area, start, end, database), title=title, lang=lang)
    else:
        wanted = frequency or _USUAL.get(kind)
        frame = read(indicator, area, start=start, end=end, frequency=wanted, database=database)
        frame = transformed(_one_frequency(frame), to, basis, growth, database)
        if kind == "fan":
            ahead = forecasting.forecast(frame, horizon)
            figure = charts.fan(frame, ahead, title=title, lang=lang, policies=policies)
        elif kind == "line":
            figure = charts.line(frame, title=title, lang=lang, policies=policies)
        elif kind == "contributions":
            figure = charts.contributions(transforms.contributions(frame), title=title, lang=lang)
        elif kind == "decomposition":
            figure = charts.decomposition(transforms.seasonal_adjustment(frame), title=title, lang=lang)
        else:
            draw = {
                "bars": charts.bars, "bump": charts.bump, "calendar": charts.calendar, "convergence": charts.convergence,
                "flow": charts.flow, "map": charts.map, "seasonal": charts.seasonal,
                "small-multiples": charts.small_multiples,
            }[kind]  # fmt: skip
            figure = draw(frame, title=title, lang=lang)
    with log.working("drawing"):
        charts.export(figure, out, data=data)
    beside = "" if data is None else f" and {out.with_suffix(f'.{data}')}"
    log.done("written", f"wrote {out}{beside}", path=out)


def _ranked(
    indicator: str, bays: list[str] | None, start: str | None, end: str | None, database: Path | None
) -> pl.DataFrame:
    """Ranks of the bay areas in the latest year, or in every year from `start` to `end`."""
    from gbaindicators import comparison, store

    announce_first_build(database)
    with store.using_database(database):
        if start is None and end is None:
            return comparison.sensitivity(indicator, bays or comparison.BAYS)
        ranks = comparison.sensitivity(indicator, bays or comparison.BAYS, year=None)
    first, last = (None if text is None else parse_period(text).start.year for text in (start, end))
    year = ranks["period"].dt.year()
    return ranks.filter((year >= (first or year.min())) & (year <= (last or year.max())))


def _one_frequency(frame: pl.DataFrame) -> pl.DataFrame:
    """Keep the longest periods of figures published at several frequencies, and say so."""
    codes = frame["frequency"].unique().sort().to_list()
    if len(codes) > 1:
        others = " or ".join(f"--frequency {code}" for code in codes[1:])
        log.note(
            "frequency", f"drawing the {codes[0]} figures of {', '.join(codes)}; {others} draws the others"
        )
    return frame.filter(frame["frequency"] == codes[0])


def report(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Folder to write.")] = Path(
        "gba-report"
    ),
    images: Annotated[
        bool, typer.Option(help="Also write every chart as PNG, which needs Chrome or Chromium.")
    ] = True,
    database: options.Database = None,
) -> None:
    """Write the report: a page for the browser, a workbook, CSV files and the database.

    For example:

        gba report
        gba report --out today --no-images
    """
    from gbaindicators import reporting, store

    announce_first_build(database)
    with store.using_database(database), log.working("writing the report") as progress:
        made = reporting.report(out, images=images, progress=progress)
    if made.pictures_missing:
        log.warning("pictures_missing", made.pictures_missing)
    log.done(
        "written", f"wrote {made.folder} ({len(made.files)} files): open {made.folder / 'index.html'}",
        folder=made.folder, files=made.files,
    )  # fmt: skip
