"""The command line: its commands, its global options, and what becomes of an error."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from itertools import takewhile
from typing import Final

import click
from click.exceptions import NoArgsIsHelpError

from gbaindicators.cli import options
from gbaindicators.cli.logs import log
from gbaindicators.cli.panels import Panels
from gbaindicators.errors import GbaError
from gbaindicators.version import __version__

__all__ = ["app", "main"]

_INTERRUPTED: Final = 130
#: Commands by panel of the help, and the modules that they are in.
_PANELS: Final = {
    "Figures": {"load": "figures", "benchmark": "figures", "export": "figures", "chart": "pictures", "report": "reporting"},
    "Forecasts": dict.fromkeys(("forecast", "backtest", "nowcast", "overtake"), "models"),
    "Lists and queries": dict.fromkeys(
        ("indicators", "areas", "sources", "disagreements", "revisions", "query"), "lists"
    ),
    "Database": {"refresh": "refreshing", "build": "database", "validate": "database", "status": "database"},
    "Shared database": dict.fromkeys(("contribute", "withdraw", "snapshots"), "sharing"),
}  # fmt: skip


@click.group(
    "gba",
    cls=Panels,
    panels=_PANELS,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "show_default": True,
    },
)
@options.verbosity
@click.version_option(__version__, message="gbaindicators %(version)s")
def app() -> None:
    """Sourced, comparable indicators of the Greater Bay Area and the bay areas it is compared with.

    \b
    For example:
      gba load gdp --area guangzhou --start 2010
      gba benchmark gdp --basis ppp
      gba report

    Ends with 0 when done, 1 when the job failed (the last good state stands), 2 for wrong usage.
    The data home is GBA_HOME, or the platform's data folder.

    \b
    To have bash complete commands, options and names, add to ~/.bashrc:
      eval "$(_GBA_COMPLETE=bash_source gba)"
    For zsh and fish likewise, with zsh_source and fish_source.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 done, 1 the job failed, 2 wrong usage, 130 interrupted.

    Parameters
    ----------
    arguments
        Words after ``gba``, by default those of the process.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    log.configure(as_json="--json" in takewhile(lambda word: word != "--", words), quiet=False)
    began = time.monotonic()
    code = _run(words)
    if code == _INTERRUPTED:
        log.error("interrupted", "interrupted", exit_code=code)
    if log.as_json:
        log.note(
            "end",
            "done" if code == 0 else "failed",
            exit_code=code,
            seconds=round(time.monotonic() - began, 3),
        )
    return code


def _run(words: list[str]) -> int:
    """Run a command, and report the error that it ended with."""
    try:
        return app(words, prog_name="gba", standalone_mode=False) or 0
    except NoArgsIsHelpError as shown:
        click.echo(shown.format_message())
        return shown.exit_code
    except click.ClickException as error:
        return _report(error, _with_help(error), error.exit_code)
    except GbaError as error:
        return _report(error, str(error), error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        return _INTERRUPTED
    except RuntimeError as error:
        return _INTERRUPTED if str(error) == "Query interrupted" else _unexpected(error)  # as DuckDB says it
    except Exception as error:  # noqa: BLE001 - the last stop: nobody should meet a traceback unasked
        return _unexpected(error)


def _report(error: Exception, message: str, code: int) -> int:
    log.error(type(error).__name__, message, exit_code=code)
    return code


def _unexpected(error: Exception) -> int:
    """Report an error that is nobody's mistake but the package's."""
    if os.environ.get("GBA_DEBUG"):
        raise error
    text = f"{type(error).__name__}: {error}".rstrip(": ")
    return _report(error, f"this is a bug, please report it with what GBA_DEBUG=1 shows ({text})", 1)


def _with_help(error: click.ClickException) -> str:
    """What was wrong with the words, and the help that says what is right."""
    message, context = error.format_message(), getattr(error, "ctx", None)
    if context is None:
        return message
    end = "" if message.endswith((".", "?", "?)")) else "."
    return f"{message}{end} See: {context.command_path} --help"
