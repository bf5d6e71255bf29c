"""The page as a browser shows it: every chart drawn, nothing fetched, fit for a phone, for the dark and for paper."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gbaindicators.reporting import ReportSummary

pytestmark = pytest.mark.browser

CHARTS = "[...document.querySelectorAll('.chart')].map(c => [c.id || c.firstElementChild.id, c.querySelectorAll('svg.main-svg').length])"
TEXTS = "[...document.querySelectorAll('.chart svg text')].map(t => t.textContent).join('\\n')"
#: How far the page is wider than the screen, and what sticks out without a box that scrolls.
WIDTH = "document.documentElement.scrollWidth - innerWidth"
#: Labels of the charts that the picture cuts off.
CUT = """[...document.querySelectorAll('.chart')].flatMap(c => { const box = c.getBoundingClientRect();
  return [...c.querySelectorAll('svg text')].filter(t => { const b = t.getBoundingClientRect();
    return b.width && (b.right > box.left + c.scrollWidth + 1 || b.left < box.left - 1); }).map(t => t.textContent); })"""
#: Smallest contrast (WCAG 2.2) of text on its background, over everything outside the charts, and whose it is.
CONTRAST = """(() => {
  const numbers = c => c.match(/[\\d.]+/g).map(Number);
  const light = c => numbers(c).slice(0, 3).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if (numbers(c)[3] !== 0) return c; } return 'rgb(255, 255, 255)'; };
  let worst = [21, ''];
  for (const e of document.querySelectorAll('body *:not(script)')) {
    if (e.closest('.chart') || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < worst[0]) worst = [ratio, e.tagName + ' ' + e.textContent.trim().slice(0, 40)];
  }
  return worst; })()"""
PAPER = "getComputedStyle(document.body).backgroundColor"

Look = Callable[..., Any]


@pytest.fixture(scope="module")
def page(summary: ReportSummary) -> Path:
    return summary.folder / "index.html"


def test_every_chart_is_drawn_and_nothing_is_fetched(page: Path, look: Look) -> None:
    seen = look(page, CHARTS, TEXTS)
    charts, texts = seen.answers
    assert len(charts) >= 12
    assert [id_ for id_, drawn in charts if not drawn] == []
    assert "Greater Bay Area" in texts
    assert seen.console == []
    assert seen.requests == [page.as_uri()]


def test_the_policy_of_the_page_stops_a_request(page: Path, look: Look) -> None:
    """Were there a script that asks the network, it would not get through."""
    seen = look(page, "fetch('https://example.org/').then(() => 'reached', () => 'stopped')")
    assert seen.answers == ["stopped"]
    assert any("Content Security Policy" in line for line in seen.console)


@pytest.mark.parametrize("width", [390, 768, 1200])
def test_the_page_is_no_wider_than_the_screen(page: Path, look: Look, width: int) -> None:
    wider, cut, charts = look(page, WIDTH, CUT, CHARTS, width=width).answers
    assert wider <= 0
    assert cut == []
    assert all(drawn for _, drawn in charts)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_in_both_schemes(page: Path, look: Look, scheme: str) -> None:
    (ratio, whose), paper = look(page, CONTRAST, PAPER, scheme=scheme).answers
    assert ratio >= 4.5, whose
    brightness = sum(map(int, re.findall(r"\d+", paper)[:3])) / 3
    assert (brightness > 200) == (scheme == "light")


def test_it_prints_on_pages(page: Path, look: Look) -> None:
    pdf = look(page, pdf=True).pdf
    assert pdf.startswith(b"%PDF")
    assert 10 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 60
