"""The report as one HTML page that needs no network and runs nothing but its own scripts."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from gbaindicators.catalog import catalog
from gbaindicators.reporting.dark import dark_colours
from gbaindicators.reporting.exhibits import Cell, Exhibit, Section, Statement
from gbaindicators.reporting.figures_behind import SOURCE_COLUMN, WORDS_COLUMNS, coded, ranges
from gbaindicators.reporting.tracing import Trails
from gbaindicators.reporting.words import Words
from gbaindicators.version import __version__

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from gbaindicators.reporting.explorer import Explorer

__all__ = ["PAPER_WIDTH", "Edition", "Page", "render_page", "script_safe"]

#: Width of the text on A4 paper, in pixels of the page.
PAPER_WIDTH: Final = 680
#: Characters of a cell that is better not broken.
_SHORT: Final = 12
#: plotly.js makes style elements that are empty, and fills them rule by rule.
_EMPTY: Final = ""


@dataclass(frozen=True)
class Edition:
    """What the report is made of: an id of the database's content, its figures, and the newest of them."""

    id: str
    observations: str
    newest: str


@dataclass(frozen=True)
class Page:
    """All that a page shows, and the files that stand beside it."""

    words: Words
    sections: Sequence[Section]
    trails: Trails
    edition: Edition
    as_of: str | None = None
    summary: bool = True
    explorer: Explorer | None = None
    beside: Mapping[str, str] | None = None


def render_page(page: Page) -> str:
    """Write a page; text from data is escaped."""
    import jinja2
    from markupsafe import Markup
    from plotly.offline import get_plotlyjs

    words, names = page.words, catalog()
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    exhibits = [e for s in page.sections for e in s.exhibits]
    plotly = get_plotlyjs().replace("</script", "<\\/script")
    style, script = _asset("page.css"), _asset("page.js")
    explorer = page.explorer
    used = {id_ for e in exhibits for id_ in e.sources}
    if page.trails.figures.height:
        used |= set(page.trails.figures["source"])
    findings = [(s, t) for s in page.sections for t in s.text if t.summary] if page.summary else []
    beside = page.beside or {}
    scripts = [plotly, script, *([explorer.script] if explorer else [])]
    styles = [style, _EMPTY, *([explorer.style] if explorer else [])]
    return environment.from_string(_asset("page.html.j2")).render(
        lang=words.lang, w=words, policy=Markup(_policy(scripts, styles)), style=Markup(style), script=Markup(script),  # noqa: S704
        plotly=Markup(plotly), foreign_styles=_foreign_styles(plotly), data=Markup(_data(page, exhibits)),  # noqa: S704
        explorer=explorer is not None, explorer_html=Markup(explorer.html if explorer else ""),  # noqa: S704
        explorer_style=Markup(explorer.style if explorer else ""), explorer_script=Markup(explorer.script if explorer else ""),  # noqa: S704
        explorer_data=Markup(explorer.data if explorer else ""),  # noqa: S704
        as_of=page.as_of, edition=page.edition, contents=_contents(page, bool(findings)), findings=findings, sections=page.sections,
        sources=[names.sources[id_] for id_ in sorted(used & names.sources.keys())], version=__version__,
        cite=lambda id_: names.cite([id_])[0], alt=_alt, subtitle_of=_subtitle, is_fixed=_is_fixed,
        grade=lambda g: words(f"page.grade_{g}") if f"grade_{g}" in words.section("page") else g,
        in_language=lambda lang: Markup(f' lang="{lang}"') if lang and lang != words.lang else "",  # noqa: S704
        figures_behind=lambda statement: _behind(statement, page), table_cell=lambda e, c, i: _cell(e, c, i, page),
        files={"data": "data/" in beside, "any": bool(beside), "links": list(beside.items())},
        comma=", " if words.lang == "en" else "、", stop="." if words.lang == "en" else "。",
    )  # fmt: skip


def _asset(name: str) -> str:
    return files("gbaindicators.reporting").joinpath(f"templates/{name}").read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Name a script or style in a Content-Security-Policy by its content."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _policy(scripts: Sequence[str], styles: Sequence[str]) -> str:
    """Allow the page's own scripts and styles, pictures written into it, and nothing else."""
    return (
        f"default-src 'none'; script-src {' '.join(map(_hash, scripts))}; style-src {' '.join(map(_hash, styles))}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _foreign_styles(plotly: str) -> list[str]:
    """Ids of style elements that libraries within plotly.js would add for charts that this page has none of.

    Where an element of that id stands already they add nothing, and the policy has nothing to refuse.
    """
    return sorted(set(re.findall(r'getElementById\("([0-9a-f]{64})"\)', plotly)))


def script_safe(text: str) -> str:
    r"""Make JSON safe inside a script element: markup in a label cannot end it.

    >>> print(script_safe("</script>"))
    \u003c/script\u003e
    """
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _data(page: Page, exhibits: Sequence[Exhibit]) -> str:
    """What the page's script reads: charts, colours, and the figures behind every number."""
    words = page.words
    charts = {e.id: _bare(e.figure) for e in exhibits if e.figure is not None}
    texts, rows = coded(page.trails.figures, words)
    trails = {
        exhibit: {str(row): ranges(places) for row, places in of_rows.items()}
        for exhibit, of_rows in sorted(page.trails.places.items())
    }
    content = {
        "charts": charts, "dark": dark_colours(charts.values()), "paper_width": PAPER_WIDTH, "texts": texts, "figures": rows, "trails": trails,
        "source_column": SOURCE_COLUMN, "foreign_columns": list(WORDS_COLUMNS),
        "words": {key: words.section("page")[key] for key in ("theme_dark", "theme_light")}
        | {key: words.section("dialog")[key] for key in ("count", "one", "none")},
    }  # fmt: skip
    return script_safe(json.dumps(content, separators=(",", ":"), ensure_ascii=False))


def _contents(page: Page, summary: bool) -> list[tuple[str, str]]:
    words = page.words
    return [
        *([("section-summary", words("summary.title"))] if summary else []),
        *([("explorer", words("explorer.title"))] if page.explorer else []),
        *((f"section-{s.id}", s.title) for s in page.sections),
        ("sources", words("page.sources")),
    ]


def _behind(statement: Statement, page: Page) -> Any:
    """Button that opens the figures behind a sentence."""
    from markupsafe import Markup

    rows: dict[str, list[str]] = {}
    for exhibit, row in statement.rows:
        rows.setdefault(exhibit, []).append(str(row))
    references = ";".join(f"{exhibit}:{','.join(places)}" for exhibit, places in rows.items())
    label = page.words("page.figures_short")
    full = page.words("page.figures_behind", what=statement.text)
    markup = Markup(
        '<button type="button" class="behind" data-r="{}" aria-haspopup="dialog" aria-label="{}">{}</button>'
    )
    return markup.format(references, full, label)


def _cell(exhibit: Exhibit, cell: Cell, column: int, page: Page) -> Any:
    """Write a table cell: a number opens the figures behind it."""
    from markupsafe import Markup

    assert exhibit.table is not None
    numeric = column in exhibit.table.numeric
    short = len(cell.text) <= _SHORT or bool(cell.rows)
    kind = (
        ' class="n"'
        if numeric and short
        else ' class="long"'
        if numeric
        else ' class="short"'
        if short
        else ""
    )
    lang = f' lang="{cell.lang}"' if cell.lang and cell.lang != page.words.lang and cell.text else ""
    if cell.rows and any(page.trails.behind(exhibit.id, row) for row in cell.rows):
        text = Markup('<button type="button" data-r="{}:{}" aria-haspopup="dialog">{}</button>').format(
            exhibit.id, ",".join(map(str, cell.rows)), cell.text
        )
    elif cell.source is not None:
        text = Markup('<a href="#source-{}">{}</a>').format(cell.source, cell.text)
    else:
        text = Markup.escape(cell.text)
    return Markup(f"<td{kind}{lang}>") + text + Markup("</td>")  # noqa: S704


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


def _is_fixed(exhibit: Exhibit) -> bool:
    assert exhibit.figure is not None
    return bool((exhibit.figure.layout.meta or {}).get("fixed"))


def _subtitle(exhibit: Exhibit) -> str:
    """What and in which unit a chart shows, as plain text."""
    assert exhibit.figure is not None
    found = (a.text for a in exhibit.figure.layout.annotations if a.name == "subtitle")
    space = " " if (exhibit.figure.layout.meta or {}).get("lang") == "en" else ""
    return html.unescape(next(found, "").replace("<br>", space))


def _alt(exhibit: Exhibit) -> str:
    assert exhibit.figure is not None
    meta = exhibit.figure.layout.meta or {}
    return str(meta.get("alt", exhibit.title))
