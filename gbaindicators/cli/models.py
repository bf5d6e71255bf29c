"""Commands that look ahead: forecast, backtest, nowcast and overtake."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from gbaindicators.cli import options
from gbaindicators.cli.figures import announce_first_build, read, transformed
from gbaindicators.cli.logs import log
from gbaindicators.cli.printing import (
    cell_texts,
    cited_sources,
    make_entries,
    make_table,
    references,
)
from gbaindicators.cli.results import deliver, publication
from gbaindicators.cli.series import heading, in_common, scaled_texts, series_table
from gbaindicators.errors import ForecastWarning, UsageError

if TYPE_CHECKING:
    import polars as pl
    from rich.console import RenderableType

    from gbaindicators.forecasting import Nowcast

__all__ = ["backtest", "forecast", "nowcast", "overtake"]

#: What a message in words of Python comes to here.
_HERE: Final = "On the command line --start and --end cut the figures"
_MEASURES: Final = (
    "mae: mean absolute error, in the unit above; mase: in units of the mean change over a season (a year for annual "
    "figures) before; vs drift, vs season: the share of the mean absolute error of drift and of the value a season "
    "before that the model saved (+) or added (-); in 80, in 95: share of the actuals inside the interval"
)
#: Records of more series than this are not all printed.
_MOST_RECORDS: Final = 10
#: More releases than this are summed in one line.
_MOST_NEWS: Final = 10
#: More sources than this are counted under a nowcast; its file names them all.
_MOST_SOURCES: Final = 12


def forecast(
    indicator: options.Indicator,
    area: options.Areas = None,
    horizon: options.Horizon = 5,
    model: options.Model = "auto",
    level: options.Level = [80, 95],  # noqa: B006 - Typer copies it
    start: options.Start = None,
    end: options.End = None,
    frequency: options.Frequency = None,
    jobs: options.Jobs = 1,
    form: options.Output = "table",
    out: options.TableOut = None,
    lang: options.TableLanguage = "en",
    database: options.Database = None,
) -> None:
    """Forecast an indicator, with prediction intervals and the model's record.

    Series that cannot be forecast are named and left out; it fails only if none is left.

    For example:

        gba forecast gdp --area shenzhen --frequency A --end 2023 --horizon 5
        gba forecast gaming_revenue_gross --area macao --frequency M --start 2010
        gba forecast gdp --area macao --frequency A --out macao.tex
    """
    from gbaindicators import forecasting

    frame = read(indicator, area, start=start, end=end, frequency=frequency, database=database)
    with _in_words_of_the_shell(), _processes(jobs) as executor, log.working("forecasting"):
        ahead = forecasting.forecast(frame, horizon, model=model, level=level, executor=executor)
    deliver(
        ahead, form, out, lambda: series_table(ahead, database), publication("forecast", ahead, lang=lang)
    )


def backtest(
    indicator: options.Indicator,
    area: options.Areas = None,
    horizon: options.Horizon = 5,
    model: options.Models = None,
    windows: Annotated[
        int | None, typer.Option(help="Most origins to forecast from, 12 by default.", show_default=False)
    ] = None,
    first_origin: Annotated[
        str | None,
        typer.Option(metavar="PERIOD", help="Earliest origin, by default in the later half of a series."),
    ] = None,
    start: options.Start = None,
    end: options.End = None,
    frequency: options.Frequency = None,
    by: Annotated[
        Literal["series", "step", "model"],
        typer.Option(help="A row for each series and model, for each step ahead too, or for each model."),
    ] = "series",
    errors: Annotated[
        bool, typer.Option("--errors", help="Give every forecast beside what came instead.")
    ] = False,
    jobs: options.Jobs = 1,
    form: options.Output = "table",
    out: options.Out = None,
    database: options.Database = None,
) -> None:
    """Forecast the past from several origins and say how accurate models were.

    For example:

        gba backtest gdp --area macao --frequency A --horizon 3
        gba backtest gaming_revenue_gross --area macao --frequency M --by step
    """
    from gbaindicators import forecasting

    frame = read(indicator, area, start=start, end=end, frequency=frequency, database=database)
    asked: dict[str, Any] = {"models": model} if model else {}
    with _in_words_of_the_shell(), _processes(jobs) as executor, log.working("forecasting the past"):
        past = forecasting.backtest(
            frame, horizon, windows=windows, start=first_origin, executor=executor, **asked
        )
    if errors:
        bare = past.select(c for c in past.columns if not c.startswith(("lower_", "upper_")))
        deliver(past, form, out, lambda: series_table(bare, database))
    else:
        measured = forecasting.accuracy(past, by=None if by == "series" else by)
        deliver(measured, form, out, lambda: _records(measured, past, database))


def nowcast(
    area: Annotated[str, typer.Argument(metavar="AREA", help="hong_kong, macao or guangdong.")],
    as_of: Annotated[
        str | None, typer.Option(metavar="DATE", help="Use what was known on this day: 2024-03-31.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="Say which releases moved it since this day.")
    ] = None,
    form: options.Output = "table",
    out: options.Out = None,
    database: options.Database = None,
) -> None:
    """Nowcast the growth of real GDP in the quarters that are not published yet.

    With --since, --format and --out give the news instead: each release with its impact in points.

    For example:

        gba nowcast macao
        gba nowcast hong_kong --as-of 2024-05-15 --since 2024-04-15
    """
    from gbaindicators import forecasting
    from gbaindicators.catalog import catalog

    day, before = (None if text is None else _day(text) for text in (as_of, since))
    if day is not None and before is not None and before >= day:
        raise UsageError(f"--since is a day before --as-of, and {before} is not before {day}")
    announce_first_build(database)
    target, monthly = forecasting.nowcast_inputs(catalog().area(area).id, database=database)
    with _in_words_of_the_shell(), log.working("nowcasting"):
        now = forecasting.nowcast(target, monthly, as_of=day)
        earlier = None if before is None else forecasting.nowcast(target, monthly, as_of=before)
    if earlier is None:
        deliver(now.frame, form, out, lambda: _nowcast_table(now, database))
    else:
        news = now.news(earlier)
        deliver(news, form, out, lambda: [*_nowcast_table(now, database), *_news(news, earlier, now)])


def overtake(
    indicator: options.Indicator,
    area: Annotated[str, typer.Argument(metavar="AREA", help="Area that may pass the other.")],
    other: Annotated[str, typer.Argument(metavar="OTHER", help="Area that it may pass.")],
    horizon: Annotated[int, typer.Option(help="How many years ahead.")] = 10,
    currency: Annotated[
        str | None, typer.Option(help="Currency to compare money in, USD by default.", show_default=False)
    ] = None,
    basis: options.Basis = "market",
    paths: Annotated[int, typer.Option(help="How many futures to draw.")] = 1000,
    start: options.Start = None,
    end: options.End = None,
    form: options.Output = "table",
    out: options.Out = None,
    database: options.Database = None,
) -> None:
    """Give the probability that one area's annual figure passes another's.

    For example:

        gba overtake gdp shenzhen hong_kong --end 2017 --horizon 10
        gba overtake gdp guangzhou hong_kong --end 2023 --basis ppp
    """
    from gbaindicators import comparison, forecasting
    from gbaindicators.catalog import catalog

    one, two = (catalog().area(name).id for name in (area, other))
    frame = read(indicator, [one, two], start=start, end=end, frequency="A", database=database)
    frame = _comparable(frame, catalog().indicator(indicator).unit, currency, basis, database)
    with _in_words_of_the_shell(), log.working("drawing paths"):
        made = comparison.overtake(_drawn(forecasting.simulate, frame, horizon, paths), one, two)
    deliver(made, form, out, lambda: _chances(made, frame, database))


# --- how it is done


@contextlib.contextmanager
def _in_words_of_the_shell() -> Iterator[None]:
    """Print warnings as lines of the log, and say what advice in Python means on the command line."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", ForecastWarning)
        warnings.simplefilter("always", RuntimeWarning)
        try:
            yield
        except UsageError as error:
            error.args = (_translated(str(error)),)
            raise
        finally:
            for event, message in dict.fromkeys((w.category.__name__, str(w.message)) for w in said):
                log.warning(event, _translated(message))


def _translated(message: str) -> str:
    return f"{message.rstrip('.')}. {_HERE}" if "frame." in message else message


@contextlib.contextmanager
def _processes(jobs: int) -> Iterator[Executor | None]:
    """Open so many processes, none for one: begun afresh, since Polars does not survive a fork."""
    if jobs == 1:
        yield None
        return
    import multiprocessing
    import signal
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(
        jobs,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=signal.signal,  # Ctrl-C is for this process: it ends the others
        initargs=(signal.SIGINT, signal.SIG_IGN),
    ) as executor:
        yield executor


def _day(text: str) -> date:
    from gbaindicators.catalog import parse_period, period_end

    return period_end(*parse_period(text))


def _drawn(simulate: Any, frame: pl.DataFrame, horizon: int, paths: int) -> pl.DataFrame:
    """Draw joint paths; an area that cannot be forecast leaves nothing to compare."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", ForecastWarning)
        try:
            return simulate(frame, horizon, paths=paths)  # type: ignore[no-any-return]
        except ForecastWarning as left_out:
            raise UsageError(str(left_out).removeprefix("left out: ")) from None


def _comparable(
    frame: pl.DataFrame, unit: str, currency: str | None, basis: str, database: str | None
) -> pl.DataFrame:
    """Bring money into one currency, in the years that have a rate."""
    if not unit.startswith("currency"):
        if currency is not None or basis != "market":
            raise UsageError("this indicator is no money: --currency and --basis have nothing to convert")
        return frame
    known = _with_rates(frame, basis, database)
    gone = frame.join(known, on=["area", "period"], how="anti").group_by("area").agg("period").sort("area")
    if gone.height:
        spans = (f"{area} {_span([day.year for day in days])}" for area, days in gone.iter_rows())
        log.warning("without_rates", f"left out for want of a conversion rate: {', '.join(spans)}")
    return transformed(known, currency or "USD", basis, None, database)


def _span(years: Sequence[int]) -> str:
    first, last = min(years), max(years)
    return str(first) if first == last else f"{first} to {last}"


def _with_rates(frame: pl.DataFrame, basis: str, database: str | None) -> pl.DataFrame:
    """Keep the years that the currency of a figure has a rate in."""
    import polars as pl

    from gbaindicators import store

    rates = store.load("ppp" if basis == "ppp" else "fx_rate", frequency="A", database=database)
    money, year = pl.col("unit").str.split(" ").list.first(), pl.col("period").dt.year()
    dated = frame.with_columns(money.alias("_money"), year.alias("_year"))
    dollars = dated.filter(pl.col("_money") == "USD").select("_money", "_year")
    known = pl.concat([rates.select(money.alias("_money"), year.alias("_year")), dollars])
    kept = dated.join(known, on=["_money", "_year"], how="semi", maintain_order="left")
    return frame if kept.is_empty() else kept.drop("_money", "_year")


# --- how it is shown


def _records(measured: pl.DataFrame, past: pl.DataFrame, database: str | None) -> list[RenderableType]:
    """Make the parts of the tables of an accuracy frame: a table and the verdicts for each series."""
    keys = [c for c in measured.columns[: measured.columns.index("model")] if c != "step"]
    series = measured.partition_by(keys, maintain_order=True) if keys else [measured]
    if len(series) > _MOST_RECORDS:
        log.note(
            "shortened",
            f"showing {_MOST_RECORDS} of {len(series)} series; --by model sums them up, --format csv gives them all",
            series=len(series),
        )
    shown = series[:_MOST_RECORDS]
    cited, _ = cited_sources([ids for one in shown for ids in _lists(one, "sources")])
    same = in_common(past)
    parts = [part for one in shown for part in _record(one, in_common(one) if keys else same)]
    return [*parts, _MEASURES, *references(cited, database)]


def _lists(frame: pl.DataFrame, column: str) -> list[Any]:
    return frame[column].to_list() if column in frame.columns else []


def _record(measured: pl.DataFrame, same: Mapping[str, Any]) -> list[RenderableType]:
    """Make the parts of the table of one series, or of the means over several."""
    names = {"model": measured["model"].to_list()}
    texts, word = scaled_texts(measured, ["mae"]) if same.get("unit") else ({}, "")
    numbers = {
        **{
            c: cell_texts(measured[c].to_list())
            for c in ("step", "series", "origins")
            if c in measured.columns
        },
        **texts,
        "mase": ["" if v is None else f"{v:.2f}" for v in measured["mase"]],
        # a break in the header keeps the table within 80 columns
        "vs\ndrift": _skills(measured, "drift"),
        "vs\nseason": _skills(measured, "seasonal_naive"),
        **{
            f"in\n{c.removeprefix('coverage_')}": [f"{v:.0f}%" for v in measured[c]]
            for c in measured.columns
            if c.startswith("coverage_")
        },
    }
    steps = [f", step {step}" for step in _lists(measured, "step")] or [""] * measured.height
    verdicts = zip(names["model"], steps, measured["verdict"], strict=True)
    return [
        heading({**same, "model": None}, word),
        "",
        make_table({**names, **numbers}, numbers, 0),
        "",
        *make_entries([(model + step, verdict) for model, step, verdict in verdicts]),
        "",
    ]


def _skills(shown: pl.DataFrame, rival: str) -> list[str]:
    """How much smaller the error of each model is than that of a simple one, which itself has none."""
    pairs = zip(shown["model"], shown[f"skill_{rival}"], strict=True)
    return ["" if skill is None or model == rival else f"{skill:+z.0%}" for model, skill in pairs]


def _nowcast_table(now: Nowcast, database: str | None) -> list[RenderableType]:
    """Make the parts of the table of a nowcast: the quarters, and the series they stand on."""
    sources = now.frame["sources"][0].to_list()
    many = len(sources) > _MOST_SOURCES
    shown = now.frame.drop("sources") if many else now.frame
    inputs = {
        "series": now.inputs["name"].to_list(),
        "transform": now.inputs["transform"].to_list(),
        "last_month": [f"{day:%Y-%m}" for day in now.inputs["last"]],
        "figures": cell_texts(now.inputs["figures"].to_list()),
        "loading": [f"{loading:.2f}" for loading in now.inputs["loading_1"]],
    }
    return [
        *series_table(shown, database),
        *(["", f"Sources: {len(sources)}, in the column 'sources' of --format csv"] if many else []),
        "",
        "Stands on",
        make_table(inputs, ("figures", "loading"), now.inputs.height),
        *(f"left out: {name}, {why}" for name, why in now.left_out.items()),
    ]


def _news(news: pl.DataFrame, earlier: Nowcast, now: Nowcast) -> list[RenderableType]:
    """Make a table of the releases that moved each quarter, with the sum of their impacts."""
    from gbaindicators.catalog import period_text

    parts: list[RenderableType] = []
    for (quarter,), rows in news.group_by("quarter", maintain_order=True):
        before, after = (n.frame.filter(period=quarter)["value"].item() for n in (earlier, now))
        releases = [r for r in rows.to_dicts() if r["kind"] != "model"]
        rest = releases[_MOST_NEWS:]
        lines = [_release(r) for r in releases[:_MOST_NEWS]]
        if rest:
            lines.append((f"{len(rest)} smaller ones", "", "", "", _points(sum(r["impact"] for r in rest))))
        model = sum(r["impact"] for r in rows.to_dicts() if r["kind"] == "model")
        lines.append(("parameters estimated again", "", "", "", _points(model)))
        lines.append(("sum", "", "", "", _points(after - before)))
        columns = ("figure", "month", "value", "expected", "impact")
        table = {name: [line[i] for line in lines] for i, name in enumerate(columns)}
        parts += [
            "",
            f"News for {period_text('Q', quarter)} since {earlier.as_of}: from {before:.2f} to {after:.2f} percent",
            "",
            make_table(table, columns[2:], 0),
        ]
    return [*parts, "", "Values are as they enter the model: growth, change or level of three months."]


def _release(row: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    name = row["name"] + (" (revised)" if row["kind"] == "revision" else "")
    return (
        name,
        f"{row['period']:%Y-%m}",
        f"{row['value']:.2f}",
        f"{row['expected']:.2f}",
        _points(row["impact"]),
    )


def _points(impact: float) -> str:
    return f"{impact:+z.2f}" if abs(impact) >= 0.005 else "0.00"


def _chances(made: pl.DataFrame, frame: pl.DataFrame, database: str | None) -> list[RenderableType]:
    """Make the parts of the table of probabilities, with what they assume."""
    from gbaindicators.catalog import catalog, period_text_expr

    areas = catalog().areas
    one, two = (areas[made[c][0]].names["en"] for c in ("area", "other"))
    columns = {
        "period": made.select(period_text_expr()).to_series().to_list(),
        **{
            name: [f"{value:.1%}" for value in made[column]]
            for name, column in (
                ("probability", "probability"),
                ("at_least_once_by_then", "probability_by"),
                ("standard_error", "standard_error"),
            )
        },
    }
    cited, _ = cited_sources(frame["sources"].to_list())
    return [
        f"{one} above {two}: {heading(in_common(frame), '')}",
        "",
        make_table(columns, [c for c in columns if c != "period"], made.height),
        "",
        "Assumptions",
        *make_entries([*_spans(frame), *_ways(made)]),
        *references(cited, database),
    ]


def _ways(made: pl.DataFrame) -> list[tuple[str, str]]:
    return [
        (
            "paths",
            "each area goes on as in these years, off by as much as the intervals of gba forecast say, and both err "
            "together as far as their past growth moved together",
        ),
        ("probability", made["method"][0]),
    ]


def _spans(frame: pl.DataFrame) -> list[tuple[str, str]]:
    """Years that each area's paths go on from, with the last figure."""
    from gbaindicators.catalog import period_text

    known = frame.drop_nulls("value").sort("area", "period")
    last = known.group_by("area", maintain_order=True).last()
    texts, word = scaled_texts(last, ["value"])
    entries = []
    for row, value in zip(last.to_dicts(), texts["value"], strict=True):
        years = known.filter(area=row["area"])
        first, end = (period_text(row["frequency"], years["period"][i]) for i in (0, -1))
        said = f"{years.height} figures from {first} to {end}, the last {value} {word} {row['unit']}".replace(
            "  ", " "
        )
        entries.append((row["area"], f"{said}; {row['method']}" if row["method"] else said))
    return entries
