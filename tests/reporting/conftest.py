"""One report for all tests of this folder, and a browser to look at it with."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock

from gbaindicators.charts.browser import find_browser
from gbaindicators.errors import ExportError
from gbaindicators.reporting import ReportSummary, report

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_VOID = {"meta", "link", "br", "img", "input", "hr", "col", "base", "source", "wbr"}


@pytest.fixture(scope="session")
def summary(shipped: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> ReportSummary:
    """Report of the shipped figures without pictures, made once for all processes; tests only read it."""
    root = tmp_path_factory.getbasetemp()
    shared = root if worker_id == "master" else root.parent
    kept = shared / "report.pickle"
    with FileLock(f"{kept}.lock"):
        if not kept.exists():
            kept.write_bytes(pickle.dumps(report(shared / "report", images=False)))
    made: ReportSummary = pickle.loads(kept.read_bytes())
    return made


class Reader(HTMLParser):
    """What a page loads, links to and says, and whether every element is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.attributes: set[str] = set()
        self.languages: list[str] = []
        self.figures: dict[str, dict[str, list[str]]] = {}
        self.sections: dict[str, list[str]] = {}
        self.figure = self.section = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {k: v or "" for k, v in attrs}
        self.attributes |= set(given)
        if tag not in _VOID:
            self.open.append(tag)
        if tag == "figure":
            self.figure = given["id"]
            self.figures[self.figure] = {"links": [], "words": []}
        if tag == "section":
            self.section = given["id"]
            self.sections[self.section] = []
        if "id" in given:
            self.ids.append(given["id"])
        if "lang" in given:
            self.languages.append(given["lang"])
        if tag == "a":
            self.links.append(given["href"])
            if self.figure:
                self.figures[self.figure]["links"].append(given["href"])
        else:
            self.loads += [
                given[k] for k in ("src", "href", "srcset", "data", "poster", "action") if k in given
            ]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        if tag == "figure":
            self.figure = ""

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.words.append(data)
            if self.figure:
                self.figures[self.figure]["words"].append(data)
            if self.section:
                self.sections[self.section].append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="session")
def read() -> Callable[[str], Reader]:
    """Read a page as a browser without scripts would."""

    def read(page: str) -> Reader:
        reader = Reader()
        reader.feed(page)
        reader.close()
        assert not reader.open
        return reader

    return read


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    try:
        program = find_browser()
    except ExportError as error:
        # Without a browser there is no page to look at; the error says how to install one.
        pytest.skip(str(error))
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        yield browser
        browser.close()


@dataclass
class Opened:
    """A page in a browser, with what it logged and asked for."""

    page: Page
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def ask(self, expression: str) -> Any:
        return self.page.evaluate(expression)


@pytest.fixture
def look(chromium: Browser) -> Iterator[Callable[..., Opened]]:
    """Open a page as a phone or a desk would."""
    contexts = []

    def look(file: Path, width: int = 1280, scheme: str = "light") -> Opened:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            is_mobile=width < 600,
            reduced_motion="reduce",
        )
        contexts.append(context)
        seen = Opened(context.new_page())
        seen.page.on("console", lambda m: m.type in ("error", "warning") and seen.console.append(m.text))
        seen.page.on("pageerror", lambda error: seen.console.append(str(error)))
        seen.page.on("request", lambda request: seen.requests.append(request.url))
        seen.page.goto(file.as_uri())
        seen.page.locator("html[data-ready=yes]").wait_for(state="attached")
        return seen

    yield look
    for context in contexts:
        context.close()
