"""The command line: its commands, its global options, and what becomes of an error."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from gbaindicators.cli import database, figures, lists, models, pictures, refreshing
from gbaindicators.cli.logs import log
from gbaindicators.errors import GbaError

__all__ = ["app", "main"]

_ANYWHERE: Final = ("--json", "--quiet", "-q")
_INTERRUPTED: Final = 130


class _Commands(TyperGroup):
    """Commands whose global options may also stand behind the command: ``gba build --json``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        moved = [a for a in args[:end] if a in _ANYWHERE]
        rest = [a for a in args[:end] if a not in _ANYWHERE]
        return super().parse_args(ctx, [*moved, *rest, *args[end:]])


app: Final = typer.Typer(
    name="gba",
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gbaindicators {version('gbaindicators')}")
        raise typer.Exit


@app.callback()
def _options(
    as_json: Annotated[
        bool, typer.Option("--json", help="Log one JSON object a line on stderr; results stay on stdout.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but results and errors.")] = False,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Sourced, comparable indicators of the Greater Bay Area and the bay areas it is compared with.

    For example:

        gba load gdp --area guangzhou --start 2010
        gba benchmark gdp --basis ppp
        gba report

    Ends with 0 when done, 1 when the job failed (the last good state stands), 2 for wrong usage.
    The data home is GBA_HOME, or the platform's data folder.
    """
    log.configure(as_json=as_json, quiet=quiet)


for _panel, _functions in {
    "Figures": (
        figures.load,
        figures.benchmark,
        figures.export,
        pictures.chart,
        pictures.report,
    ),
    "What may come": (models.forecast, models.backtest, models.nowcast, models.overtake),
    "What there is": (
        lists.indicators,
        lists.areas,
        lists.sources,
        lists.disagreements,
        lists.revisions,
        lists.query,
    ),
    "Database": (refreshing.refresh, database.build, database.validate, database.status),
}.items():
    for _function in _functions:
        app.command(rich_help_panel=_panel)(_function)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 done, 1 the job failed, 2 wrong usage, 130 interrupted.

    Parameters
    ----------
    arguments
        Words after ``gba``, by default those of the process.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    log.configure(as_json="--json" in words, quiet=False)
    began = time.monotonic()
    try:
        code = app(words, prog_name="gba", standalone_mode=False) or 0
    except typer.TyperException as error:
        code = _report(error, error.format_message() + _see_help(error), error.exit_code)
    except GbaError as error:
        code = _report(error, str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        code = _INTERRUPTED
    except RuntimeError as error:
        code = _INTERRUPTED if str(error) == "Query interrupted" else _unexpected(error)  # as DuckDB says it
    except Exception as error:  # noqa: BLE001 - the last stop: nobody should meet a traceback unasked
        code = _unexpected(error)
    if code == _INTERRUPTED:
        log.error("interrupted", "interrupted", exit_code=code)
    if log.as_json:
        log.note(
            "end",
            "done" if code == 0 else "failed",
            exit_code=code,
            seconds=round(time.monotonic() - began, 3),
        )
    return int(code)


def _report(error: Exception, message: str, code: int) -> int:
    log.error(type(error).__name__, message, exit_code=code)
    return code


def _unexpected(error: Exception) -> int:
    """Report an error that is nobody's mistake but the package's."""
    if os.environ.get("GBA_DEBUG"):
        raise error
    text = f"{type(error).__name__}: {error}".rstrip(": ")
    return _report(error, f"this is a bug, please report it with what GBA_DEBUG=1 shows ({text})", 1)


def _see_help(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    return f" See: {context.command_path} --help" if context is not None else ""
