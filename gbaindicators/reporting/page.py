"""The report as one HTML page that needs no network."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from gbaindicators.catalog import catalog
from gbaindicators.reporting.exhibits import Exhibit, Section

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["render_page"]

TITLE = "The Greater Bay Area beside New York, Tokyo and San Francisco"
SUBTITLE = (
    "GDP, people, ports, airports, the boundary and what the policy documents count: comparable, sourced, each figure "
    "with its definition and its year."
)


def render_page(sections: Sequence[Section], observations: int) -> str:
    """Write the sections as a page; text from data is escaped."""
    import jinja2
    from markupsafe import Markup
    from plotly.offline import get_plotlyjs

    names = catalog()
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = (
        files("gbaindicators.reporting").joinpath("templates/report.html.j2").read_text(encoding="utf-8")
    )
    exhibits = [e for s in sections for e in s.exhibits]
    used = sorted({id_ for e in exhibits for id_ in e.sources} & names.sources.keys())
    figures = {e.id: _bare(e.figure) for e in exhibits if e.figure is not None}
    return environment.from_string(template).render(
        title=TITLE, subtitle=SUBTITLE, sections=sections, sources=[names.sources[id_] for id_ in used],
        version=version("gbaindicators"), observations=f"{observations:,}",
        cite=lambda id_: names.cite([id_])[0], alt=_alt, subtitle_of=_subtitle,
        plotly_js=Markup(get_plotlyjs().replace("</script", "<\\/script")),  # noqa: S704
        charts_json=Markup(_script_safe(json.dumps(figures, separators=(",", ":")))),  # noqa: S704
    )  # fmt: skip


def _script_safe(text: str) -> str:
    """Make JSON safe inside a script element: markup in a label cannot end it."""
    return (
        text.replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )


def _bare(figure: go.Figure) -> dict[str, Any]:
    """Make a figure for a page that prints title, unit, notes and sources itself, as wide as the page is.

    A chart laid out to the pixel (``fixed`` in its meta) keeps its width, and scrolls where the screen is narrower.
    """
    bare: dict[str, Any] = json.loads(figure.to_json())
    layout = bare["layout"]
    spare = {side: layout["margin"][side] - room for side, room in (("t", 16), ("b", 36))}
    layout["margin"] |= {"t": 16, "b": 36}
    layout["height"] -= sum(spare.values())
    layout["annotations"] = [
        a for a in layout.get("annotations", ()) if a.get("name") not in ("subtitle", "footer")
    ]
    del layout["title"]
    if not layout["meta"].get("fixed"):
        del layout["width"]
    return bare


def _subtitle(exhibit: Exhibit) -> str:
    """What and in which unit a chart shows, as plain text."""
    assert exhibit.figure is not None
    found = (a.text for a in exhibit.figure.layout.annotations if a.name == "subtitle")
    return html.unescape(next(found, "").replace("<br>", " "))


def _alt(exhibit: Exhibit) -> str:
    assert exhibit.figure is not None
    meta = exhibit.figure.layout.meta or {}
    return str(meta.get("alt", exhibit.title))
