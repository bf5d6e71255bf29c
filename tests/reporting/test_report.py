"""The report's files: a page that needs no network, a workbook without formulas, data that read back, a database."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import openpyxl
import polars as pl
import pytest

from gbaindicators import charts
from gbaindicators.catalog import catalog
from gbaindicators.comparison import BAYS, benchmark, convergence, dispersion, integration_index
from gbaindicators.errors import ExportError
from gbaindicators.reporting import ReportSummary, report
from gbaindicators.reporting.exhibits import Exhibit, Section, Table, money, people
from gbaindicators.reporting.page import render_page
from gbaindicators.reporting.workbook import write_csv, write_workbook
from gbaindicators.store import load
from gbaindicators.transforms import convert, members

_VOID = {"meta", "link", "br", "img", "input", "hr", "col", "base", "source"}


class Reader(HTMLParser):
    """What a page loads, links to and says, and whether every element is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.figures: dict[str, dict[str, list[str]]] = {}
        self.figure = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {k: v or "" for k, v in attrs}
        if tag not in _VOID:
            self.open.append(tag)
        if tag == "figure":
            self.figure = given["id"]
            self.figures[self.figure] = {"links": [], "words": []}
        if "id" in given:
            self.ids.append(given["id"])
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


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert not reader.open
    return reader


@pytest.fixture(scope="module")
def page(summary: ReportSummary) -> Reader:
    return read((summary.folder / "index.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def book(summary: ReportSummary) -> openpyxl.Workbook:
    return openpyxl.load_workbook(summary.folder / "gba-report.xlsx")


def made_up(**changes: object) -> Exhibit:
    frame = benchmark("gdp", year=2022)
    exhibit = Exhibit("made-up", "Made up", frame, figure=charts.bars(frame, title="Made up"))
    return replace(exhibit, **changes)  # type: ignore[arg-type]


def test_every_file_named_is_there_and_none_else(summary: ReportSummary) -> None:
    there = {p for p in summary.folder.rglob("*") if p.is_file()}
    assert set(summary.files) == there
    assert {"index.html", "gba-report.xlsx", "gba.duckdb"} <= {p.name for p in there}
    assert all(p.stat().st_size for p in there)
    assert summary.pictures_missing is None


def test_the_page_loads_nothing_from_elsewhere(page: Reader) -> None:
    assert page.loads == []
    assert len(page.ids) == len(set(page.ids))


def test_links_lead_somewhere(page: Reader, summary: ReportSummary) -> None:
    for link in page.links:
        if link.startswith("#"):
            assert link[1:] in page.ids
        elif not link.startswith(("http://", "https://")):
            assert (summary.folder / link).exists(), link


def test_every_exhibit_has_sources_words_and_data(page: Reader, summary: ReportSummary) -> None:
    assert len(page.figures) >= 15
    for id_, found in page.figures.items():
        assert f"data/{id_}.csv" in found["links"]
        # the findings are the project's own: they are about sources, not from one
        if id_ != "findings":
            assert any(link.startswith("#source-") for link in found["links"]), id_
        assert (summary.folder / "data" / f"{id_}.csv").exists()
    assert {f"source-{s}" for s in catalog().sources} >= {i for i in page.ids if i.startswith("source-")}


def test_the_headline_says_what_benchmark_says(page: Reader) -> None:
    said = " ".join(page.figures["headline"]["words"])
    for basis in ("market", "ppp"):
        for indicator in ("gdp", "gdp_per_capita"):
            for row in benchmark(indicator, basis=basis).iter_rows(named=True):  # type: ignore[arg-type]
                assert money(row["value"], row["unit"]) in said
    for row in benchmark("population").iter_rows(named=True):
        assert people(row["value"]) in said
    for bay in BAYS:
        assert catalog().definition(bay).names["en"] in said
    assert str(benchmark("gdp")["period"][0].year) in said


def test_convergence_is_that_of_the_cities_at_both_rates(page: Reader, summary: ReportSummary) -> None:
    local = load("gdp_per_capita", members("greater_bay_area"), frequency="A", start="2000", end="2023")
    heads = convert(local, "USD", basis="ppp")
    spread = dispersion(heads).filter(measure="sd_log")["value"]
    words = " ".join(" ".join(page.words).split())
    assert f"went from {spread[0]:.2f} to {spread[-1]:.2f} at purchasing power parity" in words
    betas = [
        convergence(frame, "2000", "2023")["estimate"][0]
        for frame in (heads, heads.filter(~pl.col("area").is_in(["hong_kong", "macao"])))
    ]
    assert re.search(rf"\(beta\) {betas[0]:.3f} .* and {betas[1]:.3f} .* without Hong Kong and Macao", words)
    table = page.figures["beta"]["words"]
    assert all(f"{b:.4f}" in table for b in betas)
    data = pl.read_csv(summary.folder / "data" / "dispersion.csv")
    assert data["measure"].n_unique() == 4
    assert set(data["time_period"]) == set(range(2000, 2024))
    assert data["value"].null_count() == 0


def test_flows_without_figures_are_named_and_not_scored(page: Reader, summary: ReportSummary) -> None:
    known = integration_index().drop_nulls("value")
    assert set(known["flow"]) == {"people", "goods", "index"}
    words = " ".join(" ".join(page.words).split())
    assert "6 factor flows. Only 2 of them can be scored, people and goods" in words
    assert "for services, capital, data and technology no figure" in words
    shown = page.figures["integration-index"]["words"]
    assert all(f"{value:,.1f}" in shown for value in known["value"])
    assert {"Services", "Data"} <= set(page.figures["integration-coverage"]["words"])
    data = pl.read_csv(summary.folder / "data" / "integration-coverage.csv")
    assert data["flow"].n_unique() == 6
    assert data.filter("used")["flow"].unique().sort().to_list() == ["goods", "people"]


def test_breaks_are_named_beside_a_history_but_not_its_first_year(page: Reader) -> None:
    said = " ".join(" ".join(page.figures["history-market"]["words"]).split())
    assert re.search(r"Greater Bay Area: Nine mainland cities[^.]*breaks[^.]*\b2024", said)
    assert not re.search(r"Tokyo Bay Area:[^.]*breaks[^.]*\b2012", said)


def test_no_id_of_the_catalogue_is_read_aloud(page: Reader) -> None:
    """Definitions and members are named in words, apart from the column of source ids."""
    known = {d.id for d in catalog().definitions if "_" in d.id} | {
        m for d in catalog().definitions for m in d.members
    }
    words = " ".join(
        w for id_, f in page.figures.items() if id_ not in ("policy", "cards-enrolments") for w in f["words"]
    )
    assert {k for k in known if "_" in k and re.search(rf"\b{k}\b", words)} == set()


def test_markup_in_a_source_is_shown_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    attack = '<script>alert(1)</script><img src="https://example.org/x.png">'
    exhibit = made_up()
    id_ = exhibit.sources[0]
    bad = replace(
        catalog().sources[id_], title=attack, producer="A & B", url="javascript:alert(1)", note=attack
    )
    monkeypatch.setitem(catalog().sources, id_, bad)
    exhibit = made_up(title=attack, notes=attack, table=Table((attack,), ((attack,),)))
    found = read(render_page([Section("s", attack, (attack,), (exhibit,))], 1))
    assert found.loads == []
    assert not any(link.startswith("javascript") for link in found.links)
    assert sum(attack in word for word in found.words) >= 6


def test_a_chart_cannot_end_the_script_it_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    attack = "</script><script>alert(1)</script>"
    area = catalog().areas["greater_bay_area"]
    monkeypatch.setitem(catalog().areas, area.id, replace(area, names=dict.fromkeys(area.names, attack)))
    text = render_page([Section("s", "S", (), (made_up(),))], 1)
    assert "\\u003c/script" in text or "&lt;/script" in text
    assert text.count("</script>") == 2
    read(text)


def test_data_read_back_with_their_sources(summary: ReportSummary) -> None:
    for path in (summary.folder / "data").glob("*.csv"):
        frame = pl.read_csv(path, infer_schema_length=None)
        assert frame.height, path.name
        assert {"sources", "source", "file"} & set(frame.columns), path.name
    frame = pl.read_csv(summary.folder / "data" / "gdp-market.csv")
    truth = benchmark("gdp")
    assert frame["value"].to_list() == truth["value"].to_list()
    assert frame["sources"].str.split("; ").to_list() == truth["sources"].to_list()
    assert frame["time_period"].cast(pl.String).to_list() == ["2022"] * 4


def test_text_that_looks_like_a_formula_stays_text(tmp_path: Path) -> None:
    attack = '=HYPERLINK("https://example.org","x")'
    frame = benchmark("gdp", year=2022).with_columns(note=pl.lit(attack), value=-pl.col("value"))
    write_csv(frame, tmp_path / "x.csv")
    back = pl.read_csv(tmp_path / "x.csv")
    assert back["note"].unique().to_list() == ["'" + attack]
    assert back["value"].to_list() == frame["value"].to_list(), "a negative number is no formula"
    write_workbook(
        [Section("s", "S", (), (made_up(title=attack, notes=attack, data=frame),))], tmp_path / "x.xlsx"
    )
    cells = [c for sheet in openpyxl.load_workbook(tmp_path / "x.xlsx") for row in sheet for c in row]
    assert sum(c.value == attack for c in cells) >= 4
    assert not [c for c in cells if c.data_type == "f"]


def test_the_workbook_has_a_sheet_an_exhibit_and_no_formulas(book: openpyxl.Workbook, page: Reader) -> None:
    assert book.sheetnames[0] == "Contents"
    assert book.sheetnames[-3:] == ["Indicators", "Definitions", "Sources"]
    assert len(book.sheetnames) == len(page.figures) + 4
    assert not [c for sheet in book for row in sheet for c in row if c.data_type in ("f", "e")]
    linked = {c.hyperlink.location for row in book["Contents"] for c in row if c.hyperlink}
    assert {re.match(r"'(.*)'!A1", place)[1] for place in linked} == set(book.sheetnames[1:])  # type: ignore[index]


def test_the_workbook_holds_the_numbers_and_what_is_behind_them(
    book: openpyxl.Workbook, page: Reader
) -> None:
    sheet = book["Gdp market"]
    columns = [c.value for c in sheet[3]]
    values = [row[columns.index("value")].value for row in sheet.iter_rows(min_row=4, max_row=7)]
    assert values == pytest.approx(benchmark("gdp")["value"].to_list(), rel=1e-15)
    said = " ".join(str(c.value) for row in sheet for c in row)
    for source in benchmark("gdp")["sources"].explode().unique():
        assert catalog().sources[source].title in said
    ids = {row[0].value for row in book["Sources"].iter_rows(min_row=4)}
    assert {i.removeprefix("source-") for i in page.ids if i.startswith("source-")} <= ids
    names = [c.value for c in book["Indicators"][3]]
    assert {"name en", "name zh-Hans", "name zh-Hant"} <= set(names)


def test_the_database_answers_with_bare_duckdb(summary: ReportSummary) -> None:
    with duckdb.connect(str(summary.folder / "gba.duckdb"), read_only=True) as connection:
        rows = connection.sql(
            "SELECT value FROM gdp_usd WHERE area = 'greater_bay_area' AND year(period) = 2022"
        ).fetchall()
        assert connection.sql("FROM as_of(DATE '2024-03-31')").limit(1).fetchall()
    assert rows[0][0] == pytest.approx(
        benchmark("gdp").filter(area="greater_bay_area")["value"].item(), rel=1e-12
    )


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A report of one exhibit."""
    module = sys.modules[report.__module__]
    monkeypatch.setattr(module, "SECTIONS", (("one", lambda: Section("s", "S", (), (made_up(),))),))


@pytest.mark.usefixtures("short", "shipped")
def test_a_folder_that_cannot_be_written_is_a_named_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ExportError, match=r"file.* cannot be written"):
        report(tmp_path / "file", images=False)
    assert (tmp_path / "file").read_text() == "mine"
    (tmp_path / "out" / "index.html").mkdir(parents=True)
    with pytest.raises(ExportError, match=r"could not be written to .*out"):
        report(tmp_path / "out", images=False)
    with pytest.raises(ExportError, match="cannot be written"):
        report("/dev/null/out", images=False)


@pytest.mark.usefixtures("short", "shipped")
def test_without_a_browser_all_else_is_written_and_one_line_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_none() -> Path:
        raise ExportError(
            "PNG, SVG and PDF need Chrome or Chromium and none is found: install one (apt install chromium)"
        )

    monkeypatch.setattr("gbaindicators.charts.exporting.find_browser", find_none)
    told: list[str] = []
    summary = report(tmp_path / "out", progress=told.append)
    assert summary.pictures_missing is not None
    assert "\n" not in summary.pictures_missing
    assert "apt install chromium" in summary.pictures_missing
    assert {p.name for p in summary.files} == {"index.html", "gba-report.xlsx", "made-up.csv", "gba.duckdb"}
    assert all(p.exists() for p in summary.files)
    assert told[0] == "one"


@pytest.mark.usefixtures("short", "shipped")
def test_an_older_report_is_replaced_and_other_files_stay(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("old")
    (tmp_path / "mine.txt").write_text("mine")
    report(tmp_path, images=False)
    assert "Made up" in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert (tmp_path / "mine.txt").read_text() == "mine"
