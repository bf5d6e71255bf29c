"""Options and arguments that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from gbaindicators.cli import completing
from gbaindicators.cli.files import FORMATS
from gbaindicators.cli.logs import log

__all__ = [
    "adjustment",
    "all_sources",
    "area",
    "as_of",
    "basis",
    "database",
    "end",
    "form",
    "frequency",
    "growth",
    "horizon",
    "indicator",
    "jobs",
    "lang",
    "listed",
    "model",
    "models",
    "out",
    "path",
    "start",
    "table_lang",
    "table_out",
    "to",
    "verbosity",
]

_F = TypeVar("_F", bound=Callable[..., Any])


def listed(_context: click.Context, _parameter: click.Parameter, given: tuple[Any, ...]) -> list[Any] | None:
    """Values of an option that may be repeated; None where it is not given, which functions take for all."""
    return list(given) or None


def _speak(_context: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        setattr(log, parameter.name, True)


def verbosity(command: _F) -> _F:
    """Give a command the options of the log; those of `gba` itself hold for the command behind it."""
    as_json = click.option(
        "--json",
        "as_json",
        is_flag=True,
        expose_value=False,
        callback=_speak,
        help="Log one JSON object per line on stderr; results stay on stdout.",
    )
    quiet = click.option(
        "--quiet",
        "-q",
        is_flag=True,
        expose_value=False,
        callback=_speak,
        help="Say nothing but results and errors.",
    )
    return as_json(quiet(command))


#: A file or folder: what is wrong with it the commands say themselves.
path: Final = click.Path(path_type=Path)

indicator: Final = click.argument(
    "indicator", shell_complete=completing.indicators, help="Indicator or table; gba indicators lists them."
)
area: Final = click.option(
    "--area", "-a", metavar="AREA", multiple=True, callback=listed, shell_complete=completing.areas,
    help="Area: id, name or alias. May be repeated; all areas by default.",
)  # fmt: skip
start: Final = click.option("--start", metavar="PERIOD", help="First period: 2010, 2023-Q2 or 2023-05.")
end: Final = click.option("--end", metavar="PERIOD", help="Last period.")
frequency: Final = click.option(
    "--frequency", "-f", metavar="CODE", shell_complete=completing.one_of(*"ASQMWD"),
    help="A, S, Q, M, W or D: annual, half-yearly, quarterly, monthly, weekly or daily."
)  # fmt: skip
as_of: Final = click.option(
    "--as-of", metavar="DATE", help="Show what was known on this day, such as 2024-03-31."
)
adjustment: Final = click.option(
    "--adjustment", metavar="KIND", shell_complete=completing.one_of("nsa", "sa", "ytd", "cumulative"),
    help="nsa (not adjusted), sa (seasonally adjusted), ytd (since January) or cumulative; by default all but ytd.",
)  # fmt: skip
all_sources: Final = click.option(
    "--all-sources", is_flag=True, help="Every source's figure in every vintage, not only the preferred one."
)
to: Final = click.option(
    "--to", "--currency", "to", metavar="CURRENCY", shell_complete=completing.currencies,
    help="Convert money into this currency, such as USD.",
)  # fmt: skip
basis: Final = click.option(
    "--basis", metavar="BASIS", default="market", shell_complete=completing.one_of("market", "ppp"),
    help="Convert at market rates or at purchasing power parity: market or ppp.",
)  # fmt: skip
growth: Final = click.option(
    "--growth", metavar="SPAN", shell_complete=completing.one_of("1y", "1q", "1mo"),
    help="Growth in percent over a span: 1y, 1q or 1mo.",
)  # fmt: skip

#: As `forecast` has them; written out here, so that help needs no Polars.
_MODELS: Final = (
    "auto", "theta", "dynamic_theta", "ets", "ces", "ar", "ar_level", "ari2", "ses", "median_drift", "arima", "components",
    "regression", "daily", "drift", "naive", "seasonal_naive",
)  # fmt: skip
_NAMED: Final = f"{', '.join(_MODELS[:-1])} or {_MODELS[-1]}"
model: Final = click.option(
    "--model", metavar="NAME", default="auto", shell_complete=completing.one_of(*_MODELS),
    help=f"Forecasting model: {_NAMED}.",
)  # fmt: skip
models: Final = click.option(
    "--model", "models", metavar="NAME", multiple=True, callback=listed, shell_complete=completing.one_of(*_MODELS),
    help=f"Model to judge: {_NAMED}. May be repeated; auto, drift and seasonal_naive by default. The last two are what "
    "others are held against.",
)  # fmt: skip
horizon: Final = click.option("--horizon", type=int, default=5, help="How many periods ahead.")
jobs: Final = click.option(
    "--jobs", type=click.IntRange(min=1), metavar="N", default=1,
    help="Processes to spread many series over; the figures do not depend on it.",
)  # fmt: skip

_LANGUAGES: Final = completing.one_of("en", "zh-Hans", "zh-Hant")
lang: Final = click.option(
    "--lang", metavar="LANG", default="en", shell_complete=_LANGUAGES, help="en, zh-Hans or zh-Hant."
)
table_lang: Final = click.option(
    "--lang", metavar="LANG", default="en", shell_complete=_LANGUAGES,
    help="en, zh-Hans or zh-Hant: language of a table in HTML, LaTeX or PNG.",
)  # fmt: skip
form: Final = click.option(
    "--format", "form", type=click.Choice(FORMATS), default="table", help="How to print the result."
)
out: Final = click.option(
    "--out", "-o", type=path, metavar="FILE",
    help="Write to a .csv, .json, .parquet or .xlsx file instead of printing.",
)  # fmt: skip
table_out: Final = click.option(
    "--out", "-o", type=path, metavar="FILE",
    help="Write to a .csv, .json, .parquet or .xlsx file, or as a table for publication to .html, .tex or .png, instead of "
    "printing.",
)  # fmt: skip
database: Final = click.option(
    "--database", metavar="DATABASE", shell_complete=completing.files,
    help="Database to use instead of GBA_DATABASE or the one in the data home: a file, or one that a team shares, "
    "ducklake:postgres:dbname=gba host=db.example.org.",
)  # fmt: skip
