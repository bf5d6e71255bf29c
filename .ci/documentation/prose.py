"""Markdown files of the project as pages; what they link to comes along."""

from __future__ import annotations

import re
import shutil
from html import unescape
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from pages import Page
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name


def prose_page(path: Path, root: Path, out: Path) -> Page:
    """Render a Markdown file; the README becomes the first page."""
    reader = MarkdownIt("commonmark", {"highlight": _coloured}).enable(["table", "strikethrough"])
    tokens = reader.parse(path.read_text(encoding="utf-8"))
    for number, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", _slug(tokens[number + 1].content))
        for child in token.children or []:
            _bring(child, root, out)
    body = reader.renderer.render(tokens, reader.options, {})
    title = next(tokens[i + 1].content for i, t in enumerate(tokens) if t.type == "heading_open")
    body = re.sub(r"<table>.*?</table>", r'<div class="wide" tabindex="0">\g<0></div>', body, flags=re.S)
    return Page(_file(path.name), title, body)


def _file(name: str) -> str:
    return "index.html" if name == "README.md" else f"{Path(name).stem.lower()}.html"


def _bring(token: Token, root: Path, out: Path) -> None:
    """Point a link or picture to its page or its copy."""
    attribute = {"link_open": "href", "image": "src"}.get(token.type)
    target = str(token.attrGet(attribute)) if attribute else ""
    name, mark, anchor = target.partition("#")
    if not name or "://" in name or not (root / name).is_file():
        return
    if name.endswith(".md"):
        token.attrSet(attribute or "", _file(name) + mark + anchor)
        return
    # a file without a suffix would be offered as a download
    copied = out / (name if Path(name).suffix else f"{name}.txt")
    copied.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(root / name, copied)
    token.attrSet(attribute or "", copied.relative_to(out).as_posix())


def _coloured(code: str, language: str, _: Any) -> str:
    names = {"python": "pycon"} if code.startswith(">>>") else {}
    lexer = get_lexer_by_name(names.get(language, language or "text"))
    # the renderer takes what begins with <pre as it is
    return f'<pre class="highlight"><code>{highlight(code, lexer, HtmlFormatter(nowrap=True))}</code></pre>'


def _slug(heading: str) -> str:
    return re.sub(r"[^\w]+", "-", unescape(heading).lower()).strip("-")
