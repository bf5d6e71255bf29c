"""The command line: its commands, its global options, and what becomes of an error."""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from gbaindicators.cli.logs import log
from gbaindicators.errors import GbaError

__all__ = ["app", "main"]

#: All commands. It is made when asked for: `main` reads only the command that it runs.
app: typer.Typer

_ANYWHERE: Final = ("--json", "--quiet", "-q")
_INTERRUPTED: Final = 130
#: Commands by panel of the help, and the modules that they are in.
_PANELS: Final = {
    "Figures": {"load": "figures", "benchmark": "figures", "export": "figures", "chart": "pictures", "report": "reporting"},
    "What may come": dict.fromkeys(("forecast", "backtest", "nowcast", "overtake"), "models"),
    "What there is": dict.fromkeys(
        ("indicators", "areas", "sources", "disagreements", "revisions", "query"), "lists"
    ),
    "Database": {"refresh": "refreshing", "build": "database", "validate": "database", "status": "database"},
    "Shared database": dict.fromkeys(("contribute", "withdraw", "snapshots"), "sharing"),
}  # fmt: skip


class _Commands(TyperGroup):
    """Commands whose global options may also stand behind the command: ``gba build --json``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        moved = [a for a in args[:end] if a in _ANYWHERE]
        rest = [a for a in args[:end] if a not in _ANYWHERE]
        return super().parse_args(ctx, [*moved, *rest, *args[end:]])


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"gbaindicators {version('gbaindicators')}")
        raise typer.Exit


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


@cache
def _application(only: str | None = None) -> typer.Typer:
    """Make the command line, with one command or with all; to read the others takes longer than most of them run."""
    made = typer.Typer(
        name="gba",
        cls=_Commands,
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    made.callback()(_options)
    for panel, commands in _PANELS.items():
        for name, module in commands.items():
            if only in (None, name):
                function = getattr(importlib.import_module(f"gbaindicators.cli.{module}"), name)
                made.command(rich_help_panel=panel)(function)
    return made


def _command_of(words: Sequence[str]) -> str | None:
    """Name of the command that the words ask for; None where they are not sure to name one."""
    named = next((word for word in words if word not in _ANYWHERE), "")
    return next((named for commands in _PANELS.values() if named in commands), None)


def __getattr__(name: str) -> Any:
    if name == "app":
        return _application()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


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
        code = _application(_command_of(words))(words, prog_name="gba", standalone_mode=False) or 0
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
