"""What a shell completes the values of an option or an argument to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

__all__ = ["areas", "currencies", "files", "indicators", "one_of", "services"]

Completions = list["CompletionItem"]


def one_of(*values: str) -> Callable[[click.Context, click.Parameter, str], Completions]:
    """Complete to the values that the package knows: it says itself what is wrong with another."""
    return lambda _context, _parameter, incomplete: _items(((v, None) for v in values), incomplete)


def indicators(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> Completions:
    """Complete to indicators with their names, and to tables."""
    from gbaindicators.catalog import catalog

    names = catalog()
    named = {id_: one.names["en"] for id_, one in names.indicators.items()}
    return _items({**dict.fromkeys(names.tables, "table"), **named}.items(), incomplete)


def areas(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> Completions:
    """Complete to areas with their names."""
    from gbaindicators.catalog import catalog

    return _items(((id_, area.names["en"]) for id_, area in catalog().areas.items()), incomplete)


def currencies(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> Completions:
    """Complete to the currencies that there are rates of."""
    from gbaindicators.catalog import catalog

    return _items(((code, None) for code in catalog().currencies), incomplete)


def services(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> Completions:
    """Complete to the statistical services, with what each of them gives."""
    from gbaindicators.catalog import catalog

    return _items(((id_, one.title) for id_, one in catalog().services.items()), incomplete)


def files(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> Completions:
    """Leave it to the shell to complete the name of a file."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def _items(known: Iterable[tuple[str, str | None]], incomplete: str) -> Completions:
    from click.shell_completion import CompletionItem

    return [CompletionItem(value, help=about) for value, about in known if value.startswith(incomplete)]
