"""The explorer as a reader uses it, in a real browser, under a policy that lets nothing but its own script run."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import gbaindicators as gba
from gbaindicators.charts.exporting import find_browser
from gbaindicators.errors import ExportError
from gbaindicators.reporting.explorer import Explorer, explorer
from gbaindicators.reporting.explorer.encoding import script_safe
from gbaindicators.reporting.explorer.gathering import number_of

pytestmark = pytest.mark.browser

#: Style elements that plotly makes for itself: one that is empty until it adds rules, and that of its maps.
PLOTLY_STYLES = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' 'sha256-ji27qzEtxXZW+7dun6UwjHXJ18e6WAin1VvNtkzIE/o='"
PAGE_STYLE = """
:root { --ink:#1d2733; --soft:#5b6876; --line:#dde3e9; --paper:#fff; --tint:#f5f7f9; --mark:#0b5cad; }
:root[data-theme=dark] { --ink:#e8edf2; --soft:#a5b1bd; --line:#33404d; --paper:#141b22; --tint:#1b242d; --mark:#7db7f0; }
* { box-sizing:border-box; }
body { margin:0; background:var(--paper); color:var(--ink); font:16px/1.55 sans-serif; }
main { max-width:66rem; margin:0 auto; padding:0 1.25rem; }
a { color:var(--mark); }
"""
BAYS = "greater_bay_area,new_york_bay_area,tokyo_bay_area,san_francisco_bay_area"
#: Every figure of the table: series, period, value and status.
CELLS = "[...document.querySelectorAll('#explorer button.figure')].map(b => [+b.dataset.line, +b.dataset.number, +b.dataset.value, b.dataset.status])"
#: Go to a fragment as a link does, and wait until it is followed.
GO = """hash => new Promise(done => { if (location.hash === hash) return done();
  addEventListener('hashchange', () => setTimeout(done), { once: true }); location.hash = hash; })"""
DARK = "theme => { document.documentElement.dataset.theme = theme; document.dispatchEvent(new Event('themechange')); }"
WIDER = "document.documentElement.scrollWidth - innerWidth"


def allowed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def page_of(made: Explorer, lang: str = "en") -> str:
    """Write the smallest page that holds an explorer, with a policy as strict as a page can have."""
    from plotly.offline import get_plotlyjs

    plotly, style = get_plotlyjs(), PAGE_STYLE + made.style
    policy = (
        f"default-src 'none'; script-src {allowed(plotly)} {allowed(made.script)}; style-src {allowed(style)} {PLOTLY_STYLES}; "
        "img-src data:; connect-src 'none'; base-uri 'none'; form-action 'none'"
    )
    return (
        f'<!doctype html><html lang="{lang}" data-theme="light"><head><meta charset="utf-8"><title>Explorer</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><style>{style}</style><script>{plotly}</script></head>'
        f"<body><main><h1>A page</h1>{made.html}</main>"
        f'<script type="application/json" id="explorer-data">{made.data}</script><script>{made.script}</script></body></html>'
    )


@dataclass
class Reader:
    """A browser with one page open, and all that went wrong on it."""

    browser: Any
    page: Any
    folder: Path
    wrong: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def go(self, fragment: str = "") -> None:
        self.page.evaluate(GO, fragment and f"#explorer?{fragment}")

    def text(self, place: str) -> str:
        return str(self.page.text_content(f"#explorer-{place}"))

    def status(self) -> str:
        return self.text("status")

    def watch(self, page: Any) -> Any:
        page.on("console", lambda m: self.wrong.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: self.wrong.append(str(e)))
        page.on("request", lambda r: self.requests.append(r.url))
        return page

    def open(self, html: str, name: str, fragment: str = "", **context: Any) -> Any:
        """Open another page, such as in another language or on a phone."""
        file = self.folder / f"{name}.html"
        file.write_text(html, encoding="utf-8", newline="")
        page = self.watch(self.browser.new_page(**context))
        page.goto(file.as_uri() + (fragment and f"#explorer?{fragment}"))
        return page


@pytest.fixture(scope="module")
def made(shipped: Path) -> Explorer:
    return explorer("en")


@pytest.fixture(scope="module")
def window(made: Explorer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="pip install gbaindicators[test]")
    try:
        program = find_browser()
    except ExportError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("explorer")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(program), args=["--no-sandbox"])
        reader = Reader(browser, None, folder)
        reader.page = reader.open(page_of(made), "page", viewport={"width": 1280, "height": 900})
        yield reader
        browser.close()


@pytest.fixture
def reader(window: Reader) -> Iterator[Reader]:
    """The page as it is first opened; nothing may go wrong on it, and nothing may leave it."""
    window.wrong.clear()
    window.requests.clear()
    window.page.set_viewport_size({"width": 1280, "height": 900})
    window.go(f"indicator=gdp&areas={BAYS}")
    yield window
    assert window.wrong == []
    assert [url for url in window.requests if not url.startswith(("file:", "data:", "blob:"))] == []


def shown(reader: Reader) -> dict[int, dict[int, tuple[float, str]]]:
    """Figures of the table by line and period."""
    found: dict[int, dict[int, tuple[float, str]]] = {}
    for line, number, value, status in reader.page.evaluate(CELLS):
        found.setdefault(line, {})[number] = (value, status)
    return dict(sorted(found.items()))


def same(ours: dict[int, tuple[float, str]], frame: pl.DataFrame, kind: str) -> None:
    rows = frame.filter(pl.col("value").is_not_null()).select("period", "value", "status").rows()
    theirs = {number_of(kind, p): (v, s) for p, v, s in rows}
    assert theirs
    assert {n: s for n, (_, s) in ours.items()} == {n: s for n, (_, s) in theirs.items()}
    assert {n: v for n, (v, _) in ours.items()} == pytest.approx(
        {n: v for n, (v, _) in theirs.items()}, rel=1e-9, abs=1e-9
    )


def test_it_first_shows_the_bay_areas(reader: Reader) -> None:
    reader.page.evaluate(GO, "#explorer")
    assert (
        reader.status()
        == "Gross domestic product, 4 areas, 2000–2024, US$ trillion, at market exchange rates, annual"
    )
    table = gba.benchmark("gdp", year=None, mixed="mark")
    for line, area in enumerate(BAYS.split(",")):
        same(shown(reader)[line], table.filter(area=area), "A")
    assert reader.page.locator("#explorer-chart .scatterlayer .trace").count() == 4


CHANGED = [
    ("gdp", "guangzhou,hong_kong,macao,tokyo", "A"), ("gdp", "hong_kong", "Q"), ("population", "shenzhen,new_york_msa", "A"),
    ("container_throughput", "hong_kong,shenzhen", "A"), ("container_throughput", "hong_kong", "M"), ("air_passengers", "jfk,hkg", "M"),
    ("fx_rate", "china,japan,hong_kong", "M"), ("cpi", "hong_kong,macao", "A"),
]  # fmt: skip


def own_figures(indicator: str, area: str, kind: str) -> pl.DataFrame:
    """What the explorer shows as published, made by the package: calendar years, and sums of months where a year lacks."""
    rows = gba.load(indicator, area, adjustment="nsa")
    found = rows.filter(frequency=kind)
    if kind == "A":
        found = (
            gba.to_calendar_year(found).filter(pl.col("value").is_not_null())
            if (found["period"].dt.month() != 1).any()
            else found
        )
        months = rows.filter(frequency="M")
        if months.height and gba.catalog.catalog().indicator(indicator).over_time == "sum":
            sums = gba.to_frequency(months, "A").filter(pl.col("value").is_not_null())
            found = pl.concat([found, sums.join(found, on="period", how="anti")], how="diagonal_relaxed")
    return found


@pytest.mark.parametrize(("indicator", "areas", "kind"), CHANGED)
def test_growth_is_that_of_the_package(reader: Reader, indicator: str, areas: str, kind: str) -> None:
    reader.go(f"indicator={indicator}&areas={areas}&unit=own&show=growth&frequency={kind}")
    lines = shown(reader)
    assert len(lines) == len(areas.split(","))
    for line, area in enumerate(areas.split(",")):
        same(lines[line], gba.growth(own_figures(indicator, area, kind)), kind)


@pytest.mark.parametrize(("indicator", "areas", "kind"), CHANGED)
def test_an_index_is_that_of_the_package(reader: Reader, indicator: str, areas: str, kind: str) -> None:
    reader.go(f"indicator={indicator}&areas={areas}&unit=own&show=index&base=2018&frequency={kind}")
    lines = iter(shown(reader).values())
    for area in areas.split(","):
        try:
            indexed = gba.index(own_figures(indicator, area, kind), "2018")
        except gba.errors.FrameError:
            assert "No index for" in reader.text("remarks")
            continue
        same(next(lines), indexed, kind)
    assert next(lines, None) is None


def test_growth_of_dollars_and_of_figures_per_head(reader: Reader) -> None:
    gdp = gba.load("gdp", "shenzhen", frequency="A")
    dollars = gba.convert(gdp.filter(pl.col("period").dt.year() >= 2000), "USD", basis="ppp")
    reader.go("indicator=gdp&areas=shenzhen&unit=ppp&show=growth&from=2002")
    same(shown(reader)[0], gba.growth(dollars).filter(pl.col("period").dt.year() >= 2002), "A")


def test_every_control_changes_what_it_says(reader: Reader) -> None:
    page, before = reader.page, reader.status()

    def says(*parts: str) -> None:
        nonlocal before
        now = reader.status()
        assert now != before, parts
        assert all(p in now for p in parts), (now, parts)
        before = now

    page.select_option("#explorer-unit", "ppp")
    says("international dollars")
    page.select_option("#explorer-show", "growth")
    says("percent, change over a year")
    page.select_option("#explorer-show", "index")
    says("index, 2017 = 100")
    page.select_option("#explorer-base", "2018")
    says("index, 2018 = 100")
    page.select_option("#explorer-from", "2015")
    says("2015–")
    page.select_option("#explorer-to", "2020")
    says("2015–2020")
    page.click("#explorer-areas input[value=tokyo_bay_area]")
    says("3 areas")
    page.click("#explorer-clear")
    says("0 areas")
    assert "Nothing is chosen" in reader.text("remarks")
    page.fill("#explorer-find-area", "zhuhai")
    page.click("#explorer-all")
    says("1 area")
    page.fill("#explorer-find-area", "")
    page.fill("#explorer-find-indicator", "crossings arrivals resid")
    assert page.locator("#explorer-indicator option").count() < 6
    page.fill("#explorer-find-indicator", "")
    page.select_option("#explorer-indicator", "container_throughput")
    says("Container throughput")
    page.select_option("#explorer-frequency", "M")
    says("monthly")


def test_a_definition_changes_the_bay_area(reader: Reader) -> None:
    before = shown(reader)[1][2022][0]
    reader.page.select_option("#explorer-definition-new_york_bay_area", "three_states")
    after = shown(reader)[1][2022][0]
    table = gba.benchmark(
        "gdp", "new_york_bay_area", definition={"new_york_bay_area": "three_states"}, year=2022
    )
    assert after == pytest.approx(table["value"][0]) != before
    assert "States of New York, New Jersey and Connecticut" in reader.text("remarks")
    assert "definition=new_york_bay_area:three_states" in reader.page.url


def test_a_link_restores_the_state_and_back_undoes_a_choice(reader: Reader) -> None:
    link = "indicator=gdp&areas=hong_kong,macao&unit=usd&frequency=A&show=index&base=2010&from=2005&to=2020"
    reader.go(link)
    first = reader.status()
    assert first.startswith("Gross domestic product, 2 areas, 2005–2020, index, 2010 = 100")
    assert reader.page.input_value("#explorer-base") == "2010"
    reader.page.select_option("#explorer-show", "level")
    second, url = reader.status(), reader.page.url
    reader.page.go_back()
    assert reader.status() == first
    reader.page.go_forward()
    assert reader.status() == second
    other = reader.browser.new_page()
    other.goto(url)
    assert other.text_content("#explorer-status") == second
    other.close()


def test_a_figure_opens_its_rows_by_keyboard(reader: Reader) -> None:
    """Arrows lead through the table, Enter opens, Escape closes, and the focus comes back."""
    page = reader.page
    reader.go("indicator=gdp&areas=hong_kong,guangzhou&unit=usd&from=2010&to=2012")
    page.focus("#explorer-figures")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    for key in ("ArrowDown", "ArrowRight", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    assert page.locator("dialog[open]").count() == 1
    said = reader.text("rows")
    gdp = gba.query(
        "SELECT * FROM observation WHERE indicator = 'gdp' AND area = 'guangzhou' AND period = DATE '2010-01-01' AND preferred"
    ).row(0, named=True)
    rate = gba.query(
        "SELECT * FROM observation WHERE indicator = 'fx_rate' AND area = 'china' AND frequency = 'A' AND period = DATE '2010-01-01' AND preferred"
    ).row(0, named=True)
    assert "Gross domestic product, Guangzhou, 2010" in said
    for row in (gdp, rate):
        assert row["published_value"] in said
        assert row["locator"] in said
        assert str(row["vintage"]) in said
        assert gba.catalog.catalog().cite([row["source"]])[0] in said
    assert page.locator("dialog ol.rows > li").count() == 2
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0
    assert page.evaluate("[document.activeElement.dataset.line, document.activeElement.dataset.number]") == [
        "1",
        "2010",
    ]


def test_growth_opens_both_ends(reader: Reader) -> None:
    reader.go("indicator=population&areas=macao&unit=own&show=growth&from=2015&to=2015")
    reader.page.click("#explorer button.figure")
    said = reader.page.locator("dialog ol.rows strong").all_text_contents()
    assert said == ["Population, Macao, 2015", "Population, Macao, 2014"]
    reader.page.click("dialog .close")


@pytest.mark.parametrize(
    ("fragment", "told"),
    [("indicator=<img src=x onerror=alert(1)>", "“<img src=x onerror=alert(1)>”"), ("areas=hong_kong,__proto__", "Areas “__proto__”"),
     ("unit=constructor", "Unit “constructor”"), ("from=2020&to=2010", "2020–2010"), ("from=12e3", "From “12e3”"), ("%E0%A4%A", "could not be read"),
     ("areas=" + "x" * 5000, "could not be read"), ("nonsense=1", "nonsense “1”"), ("definition=a:b", "“a:b”"), ("show=growth&indicator=unemployment_rate", "Show “growth”")],
)  # fmt: skip
def test_a_hostile_link_is_ignored_and_told(reader: Reader, fragment: str, told: str) -> None:
    reader.go(fragment)
    assert told in reader.text("notice")
    assert reader.page.locator("#explorer-notice").is_visible()
    assert reader.page.locator("#explorer img").count() == 0
    assert reader.status()


def test_another_part_of_the_page_leaves_it_alone(reader: Reader) -> None:
    reader.go("indicator=population&areas=macao")
    before = reader.status()
    reader.page.evaluate(GO, "#somewhere-else")
    assert reader.status() == before


def test_markup_in_names_is_text(reader: Reader, made: Explorer) -> None:
    """Names from a reader's own datasets can hold anything."""
    evil = '<img/src=x/onerror="document.title=1">%{y}$x$'
    data = json.loads(made.data)
    data["indicators"]["gdp"]["name"] = evil
    data["areas"]["greater_bay_area"]["name"] = f"=cmd|'{evil}'"
    page = reader.open(page_of(replace(made, data=script_safe(json.dumps(data)))), "evil")
    assert page.text_content("#explorer-what") == evil
    assert page.locator("#explorer img").count() == 0
    assert f"=cmd|'{evil}'" in "".join(page.locator("#explorer-chart svg text").all_text_contents())
    with page.expect_download() as waiting:
        page.click("#explorer-csv")
    lines = Path(waiting.value.path()).read_text("utf-8-sig").splitlines()
    assert lines[1].startswith("gdp,greater_bay_area,\"'=cmd|")
    assert page.title() == "Explorer"
    page.click("#explorer button.figure")
    assert evil in str(page.text_content("dialog h3"))
    page.close()


def test_what_is_shown_can_be_taken_away(reader: Reader) -> None:
    page = reader.page
    with page.expect_download() as waiting:
        page.click("#explorer-csv")
    file = Path(waiting.value.path())
    frame = pl.read_csv(file, schema_overrides={"time_period": pl.String})
    table = gba.benchmark("gdp", year=None, mixed="mark")
    assert waiting.value.suggested_filename == "explorer-gdp.csv"
    assert frame["value"].sum() == pytest.approx(table["value"].sum())
    ours = frame.filter(area="tokyo_bay_area", time_period="2022").row(0, named=True)
    theirs = table.filter(pl.col("period").dt.year() == 2022, area="tokyo_bay_area").row(0, named=True)
    assert ours["sources"].split("; ") == theirs["sources"]
    assert (ours["status"], ours["unit"]) == (theirs["status"], "USD")
    for kind, start in (("svg", b"<svg"), ("png", b"\x89PNG")):
        with page.expect_download() as waiting:
            page.click(f"#explorer-{kind}")
        assert Path(waiting.value.path()).read_bytes().startswith(start)
        assert waiting.value.suggested_filename == f"explorer-gdp.{kind}"


def test_a_link_is_copied_or_shown_to_copy(reader: Reader) -> None:
    page = reader.page
    reader.go("indicator=population&areas=macao&unit=own&frequency=A")
    page.click("#explorer-copy")
    # a locator waits without evaluating text, which the page's policy forbids
    page.locator("#explorer-done:not(:empty), #explorer-by-hand:not([hidden])").wait_for(state="attached")
    if page.locator("#explorer-by-hand").is_visible():
        assert "#explorer?indicator=population&areas=macao" in page.input_value("#explorer-link")


@pytest.mark.parametrize(
    ("fragment", "remark"),
    [("indicator=gdp&areas=", "Nothing is chosen"), ("indicator=gdp&areas=hkg", "No figures for"), ("indicator=gdp&areas=macao&from=1900&to=1901", "no figures from 1900 to 1901"),
     ("indicator=gdp&areas=macao&show=index&base=1900", "No index for Macao")],
)  # fmt: skip
def test_nothing_to_show_is_said(reader: Reader, fragment: str, remark: str) -> None:
    reader.go(fragment)
    assert remark in reader.text("remarks")
    assert reader.page.locator("#explorer-chart").is_hidden()
    assert reader.page.is_disabled("#explorer-csv")


def test_forty_areas_one_point_and_negative_values(reader: Reader) -> None:
    listed = "JSON.parse(document.getElementById('explorer-data').textContent).series"
    areas = reader.page.evaluate(
        f"{listed}.filter(s => s.i === 'population' && s.k === 'A' && !s.d).map(s => s.a)"
    )[:40]
    reader.go(f"indicator=population&areas={','.join(areas)}&unit=own")
    assert "40 areas" in reader.status()
    assert "Grey: 33 of 40 lines" in reader.text("remarks")
    reader.go("indicator=gdp&areas=macao&unit=usd&from=2010&to=2010")
    assert reader.page.locator("#explorer-chart .point").count() == 1
    assert reader.status().startswith("Gross domestic product, 1 area, 2010, ")
    reader.go("indicator=gdp&areas=macao&unit=own&show=growth&from=2019&to=2021")
    assert min(v for v, _ in shown(reader)[0].values()) < -40
    assert "−" in str(reader.page.text_content("#explorer-table tbody"))


def test_a_break_is_marked(reader: Reader) -> None:
    reader.go("indicator=gdp&areas=greater_bay_area&unit=usd")
    assert "B break in the series" in reader.text("letters")
    assert {s for _, s in shown(reader)[0].values()} >= {"A", "B"}


def test_the_table_sorts_by_period(reader: Reader) -> None:
    years = reader.page.locator("#explorer-table tbody th")
    assert years.first.text_content() == "2024"
    reader.page.click("#explorer-table .sort")
    assert years.first.text_content() == "2000"
    assert reader.page.get_attribute("#explorer-table thead th", "aria-sort") == "ascending"
    assert reader.page.evaluate("document.activeElement.className") == "sort"
    reader.page.click("#explorer-table .sort")


@pytest.mark.parametrize("lang", ["en", "zh-Hant"])
def test_a_phone_needs_no_scrolling_sideways(reader: Reader, lang: str) -> None:
    fragment = "indicator=gdp_real&areas=hong_kong,new_york_bay_area,ny_new_york_county&unit=own"
    page = reader.open(
        page_of(explorer(lang), lang), f"phone-{lang}", fragment, viewport={"width": 360, "height": 740}
    )
    assert page.evaluate(WIDER) <= 0
    assert page.locator("#explorer-key li").count() >= 3
    page.click("#explorer-choices > summary")
    assert page.locator("#explorer-unit").is_visible()
    assert page.evaluate(WIDER) <= 0
    page.click("#explorer button.figure")
    assert page.evaluate(WIDER) <= 0
    page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(reader: Reader, theme: str) -> None:
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="pip install gbaindicators[test]"
    ).Axe()
    reader.page.evaluate(DARK, theme)
    reader.go("indicator=gdp&areas=hong_kong,macao,greater_bay_area&unit=usd&from=2018&nonsense=1")
    found = serious(axe.run(reader.page, context="#explorer"))
    reader.page.click("#explorer button.figure")
    found += serious(axe.run(reader.page, context="#explorer dialog"))
    reader.page.keyboard.press("Escape")
    reader.page.evaluate(DARK, "light")
    assert found == []


def serious(results: Any) -> list[str]:
    """Rules that are broken, with the element that breaks them."""
    bad = [v for v in results.response["violations"] if v["impact"] in ("serious", "critical")]
    return [f"{v['id']}: {v['nodes'][0]['html']}" for v in bad]


def test_the_chart_follows_the_theme(reader: Reader) -> None:
    paper = "getComputedStyle(document.querySelector('#explorer-chart .main-svg')).backgroundColor"
    reader.page.evaluate(DARK, "dark")
    dark = reader.page.evaluate(paper)
    reader.page.evaluate(DARK, "light")
    assert (dark, reader.page.evaluate(paper)) == ("rgb(20, 27, 34)", "rgb(255, 255, 255)")


def test_without_script_it_points_to_the_tables(reader: Reader, made: Explorer) -> None:
    page = reader.open(page_of(made), "plain", java_script_enabled=False)
    assert page.locator("#explorer noscript p").is_visible()
    assert page.locator("#explorer-form").is_hidden()
    page.close()


def test_it_speaks_simplified_chinese(reader: Reader) -> None:
    page = reader.open(
        page_of(explorer("zh-Hans"), "zh-Hans"),
        "hans",
        "indicator=gdp&areas=shenzhen,macao&unit=usd&from=2010&to=2020",
    )
    assert (
        page.text_content("#explorer-status") == "地区生产总值，2个地区，2010–2020，亿美元，按市场汇率，年度"
    )
    assert page.text_content("#explorer-table thead") == "时期 ↓深圳澳门"
    page.close()
