"""Commands that look ahead: forecast, backtest, nowcast and overtake."""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from gbaindicators.cli import completing, options
from gbaindicators.cli.figures import announce_first_build, read, transformed
from gbaindicators.cli.logs import log
from gbaindicators.cli.model_tables import chances, news_table, nowcast_table, records
from gbaindicators.cli.results import deliver, publication
from gbaindicators.cli.series import series_table
from gbaindicators.errors import ForecastWarning, UsageError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import polars as pl

__all__ = ["backtest", "forecast", "nowcast", "overtake"]

#: Advice in words of Python to cut a frame at a period.
_CUT: Final = re.compile(r"frame\.filter\(pl\.col\('period'\) (<|>=) pl\.date\((\d+), (\d+), (\d+)\)\)")
#: What other advice in words of Python comes to here.
_HERE: Final = "On the command line --start and --end cut the figures"


@click.command()
@options.indicator
@options.area
@options.horizon
@options.model
@click.option(
    "--level",
    type=float,
    metavar="PERCENT",
    multiple=True,
    default=(80, 95),
    help="Level of an interval in percent. May be repeated.",
)
@options.start
@options.end
@options.frequency
@options.jobs
@options.form
@options.table_out
@options.table_lang
@options.database
@options.verbosity
def forecast(
    indicator: str,
    area: list[str] | None,
    horizon: int,
    model: str,
    level: tuple[float, ...],
    start: str | None,
    end: str | None,
    frequency: str | None,
    jobs: int,
    form: str,
    out: Path | None,
    lang: str,
    database: str | None,
) -> None:
    """Forecast an indicator, with prediction intervals and the model's record.

    Series that cannot be forecast are named and left out; it fails only if none is left.

    \b
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


@click.command()
@options.indicator
@options.area
@options.horizon
@options.models
@click.option("--windows", type=int, help="Origins to forecast from, at most; 12 by default.")
@click.option(
    "--first-origin",
    metavar="PERIOD",
    help="Earliest origin, by default in the later half of a series.",
)
@options.start
@options.end
@options.frequency
@click.option(
    "--by",
    type=click.Choice(("series", "step", "model")),
    default="series",
    help="A row for each series and model, for each step ahead too, or for each model.",
)
@click.option("--errors", is_flag=True, help="Print every forecast beside the actual figure.")
@options.jobs
@options.form
@options.out
@options.database
@options.verbosity
def backtest(
    indicator: str,
    area: list[str] | None,
    horizon: int,
    models: list[str] | None,
    windows: int | None,
    first_origin: str | None,
    start: str | None,
    end: str | None,
    frequency: str | None,
    by: Literal["series", "step", "model"],
    errors: bool,
    jobs: int,
    form: str,
    out: Path | None,
    database: str | None,
) -> None:
    """Forecast the past from several origins and say how accurate models were.

    \b
    For example:
      gba backtest gdp --area macao --frequency A --horizon 3
      gba backtest gaming_revenue_gross --area macao --frequency M --by step
    """
    from gbaindicators import forecasting

    frame = read(indicator, area, start=start, end=end, frequency=frequency, database=database)
    asked: dict[str, Any] = {"models": models} if models else {}
    with _in_words_of_the_shell(), _processes(jobs) as executor, log.working("forecasting the past"):
        past = forecasting.backtest(
            frame, horizon, windows=windows, start=first_origin, executor=executor, **asked
        )
    if errors:
        bare = past.select(c for c in past.columns if not c.startswith(("lower_", "upper_")))
        deliver(past, form, out, lambda: series_table(bare, database))
    else:
        measured = forecasting.accuracy(past, by=None if by == "series" else by)
        deliver(measured, form, out, lambda: records(measured, past, database))


@click.command()
@click.argument(
    "area",
    shell_complete=completing.one_of("hong_kong", "macao", "guangdong"),
    help="hong_kong, macao or guangdong.",
)
@click.option("--as-of", metavar="DATE", help="Use what was known on this day: 2024-03-31.")
@click.option("--since", metavar="DATE", help="Show which releases moved it since this day.")
@options.form
@options.out
@options.database
@options.verbosity
def nowcast(
    area: str,
    as_of: str | None,
    since: str | None,
    form: str,
    out: Path | None,
    database: str | None,
) -> None:
    """Nowcast the growth of real GDP in the quarters that are not published yet.

    With --since, it adds the news: each release with its impact in percentage points. --format and --out then write
    the news alone.

    \b
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
        deliver(now.frame, form, out, lambda: nowcast_table(now, database))
    else:
        news = now.news(earlier)
        deliver(news, form, out, lambda: [*nowcast_table(now, database), *news_table(news, earlier, now)])


@click.command()
@options.indicator
@click.argument("area", shell_complete=completing.areas, help="Area that may pass the other.")
@click.argument("other", shell_complete=completing.areas, help="Area that it may pass.")
@click.option("--horizon", type=int, default=10, help="How many years ahead.")
@click.option(
    "--currency",
    "--to",
    "currency",
    metavar="CURRENCY",
    shell_complete=completing.currencies,
    help="Currency to compare money in, USD by default.",
)
@options.basis
@click.option("--paths", type=int, default=1000, help="How many futures to draw.")
@options.start
@options.end
@options.form
@options.out
@options.database
@options.verbosity
def overtake(
    indicator: str,
    area: str,
    other: str,
    horizon: int,
    currency: str | None,
    basis: str,
    paths: int,
    start: str | None,
    end: str | None,
    form: str,
    out: Path | None,
    database: str | None,
) -> None:
    """Give the probability that one area's annual figure passes another's.

    \b
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
    deliver(made, form, out, lambda: chances(made, frame, database))


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
                text = _translated(message)
                log.warning(event, text if log.as_json else text.replace("; ", "\n  "))  # a series a line


def _translated(message: str) -> str:
    message = _CUT.sub(_as_option, message)
    return f"{message.rstrip('.')}. {_HERE}" if "frame." in message else message


def _as_option(cut: re.Match[str]) -> str:
    """Write a cut at the first day of a period as --start, or as --end of the period before."""
    day = date(*map(int, cut.groups()[1:]))
    form = "%Y" if (day.month, day.day) == (1, 1) else "%Y-%m" if day.day == 1 else "%Y-%m-%d"
    return f"--start {day:{form}}" if cut[1] == ">=" else f"--end {day - timedelta(days=1):{form}}"


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
