"""Citing a source: one line that says who printed a figure, where, and when."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["citation"]


def citation(source: Mapping[str, str]) -> str:
    """Name producer, title and vintage of a source; a title that begins with its producer does not say it twice.

    Parameters
    ----------
    source
        ``producer, title, vintage, mirror``, as the catalogue and a database have them.

    Examples
    --------
    >>> citation({"producer": "World Bank", "title": "World Bank: Population", "vintage": "2024", "mirror": "owid"})
    'World Bank: Population (2024), via owid'
    """
    via = f", via {source['mirror']}" if source["mirror"] else ""
    when = f" ({source['vintage']})" if source["vintage"] else ""
    title = source["title"].removeprefix(source["producer"].partition(" (")[0] + ": ")
    return f"{source['producer']}: {title}{when}{via}"
