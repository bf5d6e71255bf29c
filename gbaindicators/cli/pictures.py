"""The command chart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gbaindicators.catalog import parse_period
from gbaindicators.cli import options
from gbaindicators.cli.figures import announce_first_build, read, transformed
from gbaindicators.cli.logs import log
from gbaindicators.errors import ExportError, GbaError, UsageError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["chart"]

#: Frequency that a chart is drawn from where none is named.
_USUAL = {"calendar": "D", "decomposition": "M", "seasonal": "M"}


def chart(
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="A .png, .svg, .pdf, .html or .json file to write; with --all a folder.",
        ),
    ],
    indicator: Annotated[
        str | None, typer.Argument(metavar="INDICATOR", help="Indicator or table; gba indicators lists them.")
    ] = None,
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
    every: Annotated[
        bool,
        typer.Option(
            "--all", help="Draw every kind of chart, a subject each, into a folder, with one browser."
        ),
    ] = False,
    form: Annotated[
        Literal["png", "svg", "pdf", "html", "json"] | None,
        typer.Option(
            "--format",
            help="What --all writes; png by default. Of a single chart the name of the file says it.",
        ),
    ] = None,
    preset: Annotated[
        Literal["report", "slide", "social", "print"] | None,
        typer.Option(
            help="What the picture is for: report 900 by 540 pixels, slide 1280 by 720 with larger text, social a square of "
            "1080, print 170 by 102 mm at 600 dots per inch."
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", help="How long drawing a picture may take.")
    ] = 60,
    database: options.Database = None,
) -> None:
    """Draw an indicator, with its sources under it; or every kind of chart there is.

    For example:

        gba chart gdp --area guangzhou --area shenzhen --out gdp.png
        gba chart gdp --area macao --kind fan --lang zh-Hant --out macao.svg
        gba chart gdp --kind sensitivity --out ranks.png
        gba chart crossings --area hong_kong --kind calendar --out days.png
        gba chart port_cargo_with_hong_kong --frequency A --kind flow --out cargo.png
        gba chart --all --lang zh-Hans --preset slide --out slides
    """
    if every:
        if indicator is not None:
            raise UsageError(f"--all draws subjects of its own: leave out {indicator!r}")
        _draw_all(out, form or "png", lang, preset, timeout, data, database)
        return
    if indicator is None:
        raise UsageError(
            "name an indicator (gba indicators lists them), or draw every kind of chart with --all"
        )
    if form is not None:
        raise UsageError(f"--format belongs to --all: name the file {out.with_suffix(f'.{form}')} instead")
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
        charts.export(figure, out, data=data, preset=preset, timeout=timeout)
    beside = "" if data is None else f" and {out.with_suffix(f'.{data}')}"
    log.done("written", f"wrote {out}{beside}", path=out)


def _draw_all(
    folder: Path, form: str, lang: str, preset: Any, timeout: float, data: str | None, database: str | None
) -> None:
    """Draw the subjects of the gallery; those that cannot be drawn are named after the others are written."""
    from gbaindicators import charts, store
    from gbaindicators.cli.gallery import gallery

    announce_first_build(database)
    folder.mkdir(parents=True, exist_ok=True)
    figures: dict[str | Path, Any] = {}
    failed = []
    with log.working("drawing") as progress:
        with store.using_database(database):
            for name, drawn in gallery(lang):
                progress(f"reading {name}")
                if isinstance(drawn, GbaError):
                    failed.append(f"{name}: {drawn}")
                    continue
                figures |= {folder / f"{name}.{suffix}": drawn for suffix in (form, data) if suffix}
        try:
            charts.export_many(figures, preset=preset, timeout=timeout, progress=progress)
        except ExportError as error:
            failed.append(str(error))
    if failed:
        raise ExportError("; ".join(failed))
    log.done("written", f"wrote {len(figures)} files to {folder}", folder=folder, files=list(figures))


def _ranked(
    indicator: str, bays: list[str] | None, start: str | None, end: str | None, database: str | None
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
