"""Executed notebooks as pages: prose, code, tables, and charts that can be asked."""

from __future__ import annotations

import copy
import json
import re
from html import escape

import nbformat
import plotly.io
from executing import Run
from nbconvert import HTMLExporter
from pages import Page

_FIGURE = "application/vnd.plotly.v1+json"
_CLASSES = {"number": r"[fiu]\d+", "date": r"date(time.*)?"}
_CONFIG = {"displaylogo": False, "responsive": True, "showSendToCloud": False, "displayModeBar": False}


def notebook_page(run: Run) -> Page:
    """Render an executed notebook."""
    first = next(c.source for c in run.notebook.cells if c.cell_type == "markdown")
    heading, _, rest = first.partition("\n")
    summary = re.sub(r"\s+", " ", rest.strip().split("\n\n")[0])
    body, _ = HTMLExporter(template_name="basic", anchor_link_text="").from_notebook_node(
        _with_figures(run.notebook)
    )
    away = (
        f'<p class="download">Run it yourself: <a href="notebooks/{run.name}.ipynb" download>{run.name}.ipynb</a>'
        "</p>"
    )
    return Page(
        file=f"{run.name}.html",
        title=heading.lstrip("# "),
        body=_readable(body) + away,
        summary=summary,
        number=run.name.split("-")[0],
        script=any(_FIGURE in o.get("data", {}) for o in _outputs(run.notebook)),
    )


def _with_figures(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    shown = copy.deepcopy(notebook)
    for output in _outputs(shown):
        figure = output.get("data", {}).get(_FIGURE)
        if figure is not None:
            output["data"] = {"text/html": _drawn(figure)}
    return shown


def _drawn(figure: dict) -> str:
    """Give a figure as a piece of a page, with its alt text for those who do not see it."""
    drawn = plotly.io.to_html(
        plotly.io.from_json(json.dumps({k: figure[k] for k in ("data", "layout")}), skip_invalid=True),
        full_html=False,
        include_plotlyjs=False,
        config=_CONFIG,
    )
    alt = (figure["layout"].get("meta") or {}).get("alt", "Chart")
    return f'<figure class="chart" aria-label="{escape(alt)}">{drawn}</figure>'


def _outputs(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [o for c in notebook.cells if c.cell_type == "code" for o in c.outputs]


def _readable(body: str) -> str:
    """Let a keyboard reach what is wider than the page, and set columns by what they hold."""
    body = re.sub(r'<div class="(output_subarea|output_html)', r'<div tabindex="0" class="\1', body)
    return re.sub(r'<table border="1" class="dataframe">.*?</table>', _set_columns, body, flags=re.S)


def _set_columns(found: re.Match[str]) -> str:
    """Give each cell of a Polars frame the class of its column; the second row holds the types."""
    rows = found[0].split("<tr>")
    types = re.findall(r"<td>(.*?)</td>", rows[2])
    classes = [next((c for c, t in _CLASSES.items() if re.fullmatch(t, kind)), "text") for kind in types]
    return "<tr>".join([rows[0], *(_classed(row, classes) for row in rows[1:])])


def _classed(row: str, classes: list[str]) -> str:
    columns = iter(classes)
    return re.sub(r"<(t[dh])>", lambda cell: f'<{cell[1]} class="{next(columns)}">', row)
