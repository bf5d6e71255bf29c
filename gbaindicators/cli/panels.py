"""A group of commands in panels, each of which is read when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Final

import click

__all__ = ["Panels"]

#: Longer than the first sentence of any command: overviews fold it, and cut nothing.
_SENTENCE: Final = 400


class Panels(click.Group):
    """Commands by panel of the help; to read all of them takes longer than most of them run.

    Parameters
    ----------
    panels
        Names of commands by panel, and the modules of this package that they are in.
    """

    def __init__(self, *args: Any, panels: Mapping[str, Mapping[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._panels = panels
        self._modules = {name: module for commands in panels.values() for name, module in commands.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands, in the order of their panels."""
        return list(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Read a command from its module."""
        if cmd_name not in self._modules:
            return None
        module = importlib.import_module(f"gbaindicators.cli.{self._modules[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the words ask for; one that there is not ends with the nearest there is."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            raise click.NoSuchCommand(
                error.command_name, possibilities=self._modules, ctx=error.ctx
            ) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; Ctrl-C aborts it without the empty line of click's, which is no line of a JSON log."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise click.Abort from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, a section for each panel, one below the other in the same column."""
        widest = max(map(len, self._modules))
        for panel, names in self._panels.items():
            commands = {name: self.get_command(ctx, name) for name in names}
            with formatter.section(panel):
                formatter.write_dl(
                    [
                        (name.ljust(widest), command.get_short_help_str(_SENTENCE))
                        for name, command in commands.items()
                        if command is not None
                    ]
                )
