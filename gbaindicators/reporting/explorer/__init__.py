"""The explorer: every shipped figure in the reader's choice of indicator, areas and unit, on a page without network."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Final

from gbaindicators.charts.labels import check_language
from gbaindicators.reporting.explorer.encoding import encode
from gbaindicators.reporting.explorer.gathering import published
from gbaindicators.reporting.explorer.shown import Figures, Series, shown_series
from gbaindicators.reporting.explorer.words import WORDS
from gbaindicators.store import query

__all__ = ["Explorer", "explorer"]

#: Parts of the script, in the order in which they are joined.
_SCRIPTS: Final = ("figures.js", "state.js", "chart.js", "table.js", "controls.js", "explorer.js")


@dataclass(frozen=True)
class Explorer:
    """The parts of the explorer that a page puts together.

    Parameters
    ----------
    html
        A ``<section id="explorer">``.
    style
        Style sheet, under ``#explorer``; uses the page's ``--ink --soft --line --paper --tint --mark``.
    script
        Script to run after plotly.js and after the section. It follows ``themechange`` on the document.
    data
        JSON for ``<script type="application/json" id="explorer-data">``, safe to stand there as it is.
    """

    html: str
    style: str
    script: str
    data: str


def explorer(lang: str = "en", as_of: date | None = None) -> Explorer:
    """Make the explorer of the shipped figures.

    Parameters
    ----------
    lang
        ``en``, ``zh-Hans`` or ``zh-Hant``.
    as_of
        Show what was known at the end of this day; by default the latest.

    Returns
    -------
    Explorer
        Markup, style, script and data.

    Raises
    ------
    UnknownNameError
        For a language that nothing is named in.
    """
    check_language(lang)
    figures, series = _figures(as_of, str(query("FROM build").rows()))
    return Explorer(_markup(lang), _text("explorer.css"), _script(), encode(figures, series, lang, as_of))


@lru_cache(maxsize=1)
def _figures(as_of: date | None, build: str) -> tuple[Figures, list[Series]]:
    """Figures of a day in one build of the database, made once for all languages."""
    figures = Figures(published(as_of))
    return figures, shown_series(figures)


def _text(name: str) -> str:
    return files("gbaindicators.reporting.explorer").joinpath(name).read_text(encoding="utf-8")


def _script() -> str:
    """The parts of the script as one, with names of their own."""
    return '(() => {\n"use strict";\n' + "\n".join(map(_text, _SCRIPTS)) + "})();\n"


def _markup(lang: str) -> str:
    import jinja2

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(_text("explorer.html.j2")).render(words=WORDS[lang])
