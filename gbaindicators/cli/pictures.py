"""The command chart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from gbaindicators.cli import completing, options
from gbaindicators.cli.figures import announce_first_build, read, transformed
from gbaindicators.cli.logs import log
from gbaindicators.errors import ExportError, GbaError, UsageError

if TYPE_CHECKING:
    import plotly.graph_objects as go
    import polars as pl

__all__ = ["chart"]

#: Frequency that a chart is drawn from where none is named.
_USUAL: Final = {"calendar": "D", "decomposition": "M", "seasonal": "M"}
_KINDS: Final = (
    "line", "bars", "bump", "calendar", "contributions", "convergence", "decomposition", "fan", "flow", "map", "seasonal",
    "sensitivity", "small-multiples",
)  # fmt: skip


@click.command()
@click.argument(
    "indicator",
    required=False,
    shell_complete=completing.indicators,
    help="Indicator or table; gba indicators lists them.",
)
@click.option(
    "--out",
    "-o",
    type=options.path,
    metavar="FILE",
    required=True,
    help="A .png, .svg, .pdf, .html or .json file to write; with --all a folder.",
)
@options.area
@click.option(
    "--kind",
    type=click.Choice(_KINDS),
    metavar="KIND",
    default="line",
    help="What to draw: line; bars; bump, ranks over time; calendar, days; contributions, those of the areas to the growth "
    "of their sum; convergence, growth against the initial level; decomposition, a seasonal adjustment; fan, a forecast; "
    "flow, what passes between areas; map, the eleven cities; seasonal, months year upon year; sensitivity, the ranks of "
    "the bay areas (or of those named) by every definition; small-multiples, a panel for each series.",
)
@options.start
@options.end
@options.frequency
@options.to
@options.basis
@options.growth
@click.option("--horizon", type=int, default=5, help="How many periods ahead a fan looks.")
@click.option(
    "--policies",
    is_flag=True,
    help="Mark the policies that concern the areas, on a line or a fan.",
)
@options.lang
@click.option("--title", metavar="TEXT", help="Title of the chart: what it shows, or finds.")
@click.option(
    "--data",
    type=click.Choice(("csv", "xlsx")),
    help="Also write the data behind the chart, beside it under the same name.",
)
@click.option(
    "--all",
    "every",
    is_flag=True,
    help="Draw every kind of chart, a subject each, into a folder, with one browser.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(("png", "svg", "pdf", "html", "json")),
    help="What --all writes; png by default. Of a single chart the name of the file says it.",
)
@click.option(
    "--preset",
    type=click.Choice(("report", "slide", "social", "print")),
    help="What the picture is for: report 900 by 540 pixels, slide 1280 by 720 with larger text, social a square of 1080, "
    "print 170 by 102 mm at 600 dots per inch.",
)
@click.option(
    "--timeout",
    type=float,
    metavar="SECONDS",
    default=60,
    help="How long drawing a picture may take.",
)
@options.database
@options.verbosity
def chart(
    indicator: str | None,
    out: Path,
    area: list[str] | None,
    kind: str,
    start: str | None,
    end: str | None,
    frequency: str | None,
    to: str | None,
    basis: str,
    growth: str | None,
    horizon: int,
    policies: bool,
    lang: str,
    title: str | None,
    data: Literal["csv", "xlsx"] | None,
    every: bool,
    form: str | None,
    preset: Literal["report", "slide", "social", "print"] | None,
    timeout: float,
    database: str | None,
) -> None:
    """Draw an indicator, with its sources under it; or every kind of chart there is.

    \b
    For example:
      gba chart gdp --area guangzhou --area shenzhen --out gdp.png
      gba chart gdp --area macao --kind fan --lang zh-Hant --out macao.svg
      gba chart gdp --kind sensitivity --out ranks.png
      gba chart crossings --area hong_kong --kind calendar --out days.png
      gba chart port_cargo_with_hong_kong -f A --kind flow --out cargo.png
      gba chart --all --lang zh-Hans --preset slide --out slides
    """
    if every:
        if indicator is not None:
            raise UsageError(f"--all draws subjects of its own: leave out {indicator!r}")
        _draw_all(out, form or "png", lang, preset, timeout, data, database)
        return
    named = _single(indicator, out, form)
    _check_kind(kind, policies=policies, converted=bool(to or growth or frequency or basis != "market"))
    words: dict[str, Any] = {"title": title, "lang": lang}
    if kind == "sensitivity":
        from gbaindicators import charts

        figure = charts.sensitivity(_ranked(named, area, start, end, database), **words)
    else:
        wanted = frequency or _USUAL.get(kind)
        frame = read(named, area, start=start, end=end, frequency=wanted, database=database)
        frame = transformed(_one_frequency(frame), to, basis, growth, database)
        figure = _drawn(kind, frame, horizon, policies=policies, **words)
    _write(figure, out, data, preset, timeout)


def _single(indicator: str | None, out: Path, form: str | None) -> str:
    """The indicator of a single chart, whose file says its format."""
    if indicator is None:
        raise UsageError(
            "name an indicator (gba indicators lists them), or draw every kind of chart with --all"
        )
    if form is not None:
        raise UsageError(f"--format belongs to --all: name the file {out.with_suffix(f'.{form}')} instead")
    return indicator


def _check_kind(kind: str, *, policies: bool, converted: bool) -> None:
    if policies and kind not in ("line", "fan"):
        raise UsageError(
            f"--policies marks dates on a time axis: --kind line or fan has one, {kind} has none"
        )
    if kind == "sensitivity" and converted:
        raise UsageError(
            "--kind sensitivity ranks years in dollars at both rates: leave out --to, --basis, --growth and --frequency"
        )


def _drawn(kind: str, frame: pl.DataFrame, horizon: int, *, policies: bool, **words: Any) -> go.Figure:
    """Figure of a kind, with what the kind draws computed from the figures first."""
    from gbaindicators import charts, forecasting, transforms

    match kind:
        case "line":
            return charts.line(frame, policies=policies, **words)
        case "fan":
            return charts.fan(frame, forecasting.forecast(frame, horizon), policies=policies, **words)
        case "contributions":
            return charts.contributions(transforms.contributions(frame), **words)
        case "decomposition":
            return charts.decomposition(transforms.seasonal_adjustment(frame), **words)
        case _:
            return getattr(charts, kind.replace("-", "_"))(frame, **words)


def _write(figure: go.Figure, out: Path, data: Any, preset: Any, timeout: float) -> None:
    from gbaindicators import charts

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
        with store.using_database(database), store.held_open():
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
    from gbaindicators.catalog import parse_period

    announce_first_build(database)
    with store.using_database(database), store.held_open():
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
