"""What every page has: head, navigation, style; and the list of notebooks on the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
import plotly.offline
from pygments.formatters import HtmlFormatter

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes
    ----------
    file
        Its name in the folder.
    title
        Its title.
    body
        HTML of what stands between navigation and foot.
    summary
        A sentence on it, for the first page.
    number
        That of a notebook.
    script
        Whether it holds charts.
    """

    file: str
    title: str
    body: str
    summary: str = ""
    number: str = ""
    script: bool = False


def write_pages(pages: Sequence[Page], out: Path) -> None:
    """Write the pages with what they share."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE), autoescape=True, undefined=jinja2.StrictUndefined
    )
    template = environment.get_template("page.html")
    for page in pages:
        (out / page.file).write_text(template.render(page=page, pages=pages), encoding="utf-8")
    colours = HtmlFormatter(style="default").get_style_defs(".highlight")
    style = (_HERE / "style.css").read_text(encoding="utf-8")
    (out / "style.css").write_text(f"{style}\n{colours}\n", encoding="utf-8")
    (out / "plotly.min.js").write_text(plotly.offline.get_plotlyjs(), encoding="utf-8")
