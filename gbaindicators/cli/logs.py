"""What the command line says beside its results, on stderr: lines for people, JSON lines for schedulers."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import click

__all__ = ["Log", "log"]


class Log:
    """Messages of one run of the command line.

    Attributes
    ----------
    as_json
        Write one JSON object a line, with ``time`` (UTC), ``level`` (info, warning or error), ``event``, ``message`` and further fields.
    quiet
        Say nothing but errors.
    """

    def __init__(self) -> None:
        self.as_json = False
        self.quiet = False

    def configure(self, *, as_json: bool, quiet: bool) -> None:
        """Choose how to speak."""
        self.as_json, self.quiet = as_json, quiet

    def _record(self, level: str, event: str, message: str, fields: dict[str, Any]) -> None:
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        record = {"time": time, "level": level, "event": event, "message": message, **fields}
        sys.stderr.write(json.dumps(record, ensure_ascii=False, default=str) + "\n")
        sys.stderr.flush()

    def error(self, event: str, message: str, **fields: Any) -> None:
        """Say what went wrong."""
        if self.as_json:
            self._record("error", event, message, fields)
        else:
            click.echo(
                click.style("Error:", fg="red", bold=True) + f" {message}".replace("\n\n", "\n"), err=True
            )

    def warning(self, event: str, message: str, **fields: Any) -> None:
        """Say what does not stop a command but puts its result in doubt, or leaves something out of it."""
        if self.as_json:
            self._record("warning", event, message, fields)
        elif not self.quiet:
            click.echo(click.style("Warning:", fg="yellow", bold=True) + f" {message}", err=True)

    def note(self, event: str, message: str, **fields: Any) -> None:
        """Say something worth knowing that is not the result."""
        if self.as_json:
            self._record("info", event, message, fields)
        elif not self.quiet:
            click.echo(message, err=True)

    def done(self, event: str, message: str, **fields: Any) -> None:
        """Say what a command made: on stdout, and in the JSON log with its fields."""
        if self.as_json:
            self._record("info", event, message, fields)
        if not self.quiet:
            click.echo(message)

    @contextlib.contextmanager
    def working(self, message: str) -> Iterator[Callable[[str], None]]:
        """Show that long work goes on, and give a function that says at which step it is.

        A spinner on a terminal, otherwise a line a step.
        """
        if not self.as_json and not self.quiet and sys.stderr.isatty():
            from rich.console import Console

            with Console(stderr=True).status(message) as status:
                yield lambda text: status.update(text)
        else:
            yield lambda text: self.note("progress", text)


#: The log of this process.
log: Final = Log()
