"""The page as a browser shows it: every chart drawn, nothing fetched, every number leads to its rows, for all readers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from gbaindicators.reporting import ReportSummary
from gbaindicators.reporting.page import PAPER_WIDTH
from gbaindicators.store import query

pytestmark = pytest.mark.browser
pytest.importorskip("playwright", reason="pip install 'gbaindicators[test]'")

CHARTS = "[...document.querySelectorAll('figure .chart')].map(c => [c.firstElementChild.id, c.querySelectorAll('svg.main-svg').length])"
TEXTS = "[...document.querySelectorAll('figure .chart svg text')].map(t => t.textContent).join('\\n')"
#: How far the page is wider than the screen.
WIDTH = "document.documentElement.scrollWidth - innerWidth"
#: Labels of the charts that the picture cuts off.
CUT = """[...document.querySelectorAll('figure .chart')].flatMap(c => { const box = c.getBoundingClientRect();
  return [...c.querySelectorAll('svg text')].filter(t => { const b = t.getBoundingClientRect();
    return b.width && (b.right > box.left + c.scrollWidth + 1 || b.left < box.left - 1); }).map(t => t.textContent); })"""
PAPER = "getComputedStyle(document.body).backgroundColor"
#: Colours of the bars of a chart, and of its labels.
BARS = "[...document.querySelectorAll('#chart-gdp-market .point path')].map(p => getComputedStyle(p).fill)"
INK = "getComputedStyle(document.querySelector('#chart-gdp-market .ytick text')).fill"
#: Charts on paper: width and height of each picture, and whether it may be cut between pages.
ON_PAPER = """[...document.querySelectorAll('figure .picture')].filter(p => p.querySelector('.chart')).map(p => {
  const box = p.querySelector('.chart svg.main-svg').getBoundingClientRect();
  return [p.parentElement.id, box.width, p.getBoundingClientRect().height, getComputedStyle(p).breakInside]; })"""

Look = Callable[..., Any]


@pytest.fixture(scope="module")
def page(summary: ReportSummary) -> Path:
    return summary.folder / "index.html"


def test_every_chart_is_drawn_and_nothing_is_fetched(page: Path, look: Look) -> None:
    seen = look(page)
    charts = seen.ask(CHARTS)
    assert len(charts) >= 12
    assert [id_ for id_, drawn in charts if not drawn] == []
    assert "Greater Bay Area" in seen.ask(TEXTS)
    assert seen.console == []
    assert seen.requests == [page.as_uri()]


def test_the_policy_of_the_page_stops_requests_and_foreign_scripts(page: Path, look: Look) -> None:
    """Were there a script that asks the network, or markup that runs one, it would not get through."""
    seen = look(page)
    assert seen.ask("fetch('https://example.org/').then(() => 'reached', () => 'stopped')") == "stopped"
    seen.ask("document.body.insertAdjacentHTML('beforeend', '<p id=x onclick=\"window.ran=1\">x</p>')")
    seen.ask("document.getElementById('x').click()")
    seen.ask(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran=1'}))"
    )
    assert seen.ask("window.ran") is None
    assert sum("Content Security Policy" in line for line in seen.console) >= 3


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_the_page_is_no_wider_than_the_screen(page: Path, look: Look, width: int) -> None:
    seen = look(page, width=width)
    assert seen.ask(WIDTH) <= 0
    assert seen.ask(CUT) == []
    assert all(drawn for _, drawn in seen.ask(CHARTS))


def test_the_switch_changes_the_colours_of_page_and_charts(page: Path, look: Look) -> None:
    seen = look(page)
    light = [seen.ask(q) for q in (PAPER, BARS, INK)]
    seen.ask("document.addEventListener('themechange', () => { window.heard = (window.heard || 0) + 1; })")
    switch = seen.page.locator("#theme")
    assert switch.text_content() == "Dark colours"
    switch.click()
    dark = [seen.ask(q) for q in (PAPER, BARS, INK)]
    assert all(a != b for a, b in zip(light, dark, strict=True))
    assert _lightness(dark[0]) < 60 < 200 < _lightness(light[0])
    assert _lightness(dark[2]) > 200, "labels are light on the dark page"
    assert len(set(dark[1])) == len(set(light[1])) == 4, "four bays, four colours"
    assert switch.text_content() == "Light colours"
    switch.click()
    assert [seen.ask(q) for q in (PAPER, BARS, INK)] == light
    assert seen.ask("window.heard") == 2
    assert seen.console == []


def test_the_page_follows_the_scheme_of_the_system(page: Path, look: Look) -> None:
    seen = look(page, scheme="dark")
    assert _lightness(seen.ask(PAPER)) < 60
    seen.page.emulate_media(color_scheme="light")
    assert _lightness(seen.ask(PAPER)) > 200
    assert _lightness(seen.ask(INK)) < 100


def _lightness(colour: str) -> float:
    return sum(map(float, re.findall(r"[\d.]+", colour)[:3])) / 3


def test_a_number_opens_the_published_figures_behind_it(page: Path, look: Look) -> None:
    """GDP of the Greater Bay Area: eleven cities and the rates of the year, each with its place in its source."""
    seen = look(page)
    opener = seen.page.locator("#headline button[data-r]").first
    opener.focus()
    seen.page.keyboard.press("Enter")
    dialog = seen.page.locator("dialog#figures")
    assert dialog.is_visible()
    rows = [
        [c.strip() for c in r.locator("td").all_text_contents()] for r in dialog.locator("tbody tr").all()
    ]
    assert {r[1] for r in rows if r[0].startswith("Gross domestic product")} >= {
        "Shenzhen",
        "Hong Kong",
        "Macao",
    }
    assert sum(r[0].startswith("Gross domestic product") for r in rows) == 11
    rates = {r[1] for r in rows if "Exchange rate" in r[0]}
    assert rates == {"China", "Hong Kong", "Macao"}, "the rates that went in, and no others"
    assert len(rows) == 14
    known = query("SELECT published_value, source, locator FROM observation WHERE year(period) = 2022").rows()
    for row in rows:
        assert any(
            row[3].startswith(value or "\0") and row[6] == source and row[7] == locator
            for value, source, locator in known
        ), row
    assert f"{len(rows)} published figures" in (dialog.text_content() or "")
    seen.page.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert seen.ask("document.activeElement.dataset.r") == opener.get_attribute("data-r"), "the focus returns"


def test_every_button_leads_to_rows_and_every_row_to_its_source(page: Path, look: Look) -> None:
    data = json.loads(
        re.search(r'id="report-data">(.*?)</script>', page.read_text(encoding="utf-8"), re.S)[1]
    )  # type: ignore[index]
    seen = look(page)
    asked = seen.ask("[...document.querySelectorAll('button[data-r]')].map(b => b.dataset.r)")
    assert len(asked) > 1000
    for reference in asked:
        parts = (part.split(":") for part in reference.split(";"))
        assert any(
            data["trails"].get(exhibit, {}).get(row) for exhibit, rows in parts for row in rows.split(",")
        ), reference
    ids = set(seen.ask("[...document.querySelectorAll('[id^=source-]')].map(e => e.id)"))
    column = data["source_column"]
    assert {f"source-{data['texts'][row[column]]}" for row in data["figures"]} <= ids
    seen.page.locator("#section-summary .behind").first.click()
    link = seen.page.locator("dialog#figures tbody a").first
    target = (link.get_attribute("href") or "")[1:]
    link.click()
    assert not seen.page.locator("dialog#figures").is_visible()
    assert seen.ask(f"document.getElementById('{target}').getBoundingClientRect().top < innerHeight")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(page: Path, look: Look, scheme: str) -> None:
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    seen = look(page, scheme=scheme)
    seen.ask(axe)
    # the insides of charts are pictures with a text of their own
    found = seen.ask(
        "axe.run({exclude: ['.js-plotly-plot']}, {resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})"
    )["violations"]
    bad = {
        v["id"]: [n["html"][:120] for n in v["nodes"][:3]]
        for v in found
        if v["impact"] in ("serious", "critical")
    }
    assert bad == {}


def test_it_can_be_read_without_a_mouse(page: Path, look: Look) -> None:
    seen = look(page)
    seen.page.keyboard.press("Tab")
    assert seen.ask("document.activeElement.className") == "skip"
    assert seen.ask("document.activeElement.getBoundingClientRect().left") >= 0
    seen.page.keyboard.press("Enter")
    assert seen.ask("document.activeElement.id") == "main"
    levels = seen.ask(
        "[...document.querySelectorAll('body > header h1, main h2, main h3')].map(h => +h.tagName[1])"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_it_prints_on_pages_and_cuts_no_chart(page: Path, look: Look) -> None:
    seen = look(page, width=PAPER_WIDTH + 40)
    pdf = seen.page.pdf(prefer_css_page_size=True)
    assert 10 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 70
    seen.page.emulate_media(media="print")
    seen.ask("window.dispatchEvent(new Event('beforeprint'))")
    charts = seen.ask(ON_PAPER)
    assert len(charts) >= 12
    for id_, width, height, inside in charts:
        assert width <= PAPER_WIDTH + 1, id_
        assert height < 980, id_
        assert inside == "avoid", id_
    assert seen.ask("getComputedStyle(document.querySelector('thead')).display") == "table-header-group"
    assert _lightness(seen.ask(INK)) < 100
