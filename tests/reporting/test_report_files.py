"""The report's files: which are written, that the same figures give the same bytes, and what a past day changes."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import polars as pl
import pytest

from gbaindicators.catalog import catalog
from gbaindicators.charts.browser import find_browser
from gbaindicators.comparison import benchmark
from gbaindicators.errors import ExportError, PeriodError, UnknownNameError, UsageError
from gbaindicators.reporting import SECTIONS, ReportSummary, report
from gbaindicators.reporting.exhibits import Exhibit, Note, Section
from gbaindicators.reporting.sections import MADE
from gbaindicators.reporting.tracing import Trails
from gbaindicators.reporting.words import words_of
from gbaindicators.reporting.workbook import csv_of, workbook
from gbaindicators.store import load
from gbaindicators.transforms import members

#: Sections that are quick to make.
QUICK = ["summary", "cities", "quality"]
pytestmark = pytest.mark.usefixtures("shipped")


@pytest.fixture(scope="module")
def book(summary: ReportSummary) -> openpyxl.Workbook:
    return openpyxl.load_workbook(summary.folder / "gba-report.xlsx")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file() and p.suffix != ".duckdb"
    }


@pytest.fixture
def elsewhere() -> Iterator[None]:
    """Another time zone for what is written meanwhile."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Pacific/Kiritimati"
    time.tzset()
    yield
    if before is None:
        os.environ.pop("TZ")
    else:
        os.environ["TZ"] = before
    time.tzset()


def test_every_file_named_is_there_and_none_else(summary: ReportSummary) -> None:
    there = {p for p in summary.folder.rglob("*") if p.is_file()}
    assert set(summary.files) == there == set(summary.changed)
    assert {"index.html", "gba-report.xlsx", "gba.duckdb"} <= {p.name for p in there}
    assert all(p.stat().st_size for p in there)
    assert summary.pictures_missing is None
    assert re.fullmatch("[0-9a-f]{64}", summary.digest)
    assert summary.edition in (summary.folder / "index.html").read_text(encoding="utf-8")


def test_the_same_figures_give_the_same_bytes(tmp_path: Path, elsewhere: None) -> None:
    first = report(tmp_path / "one", sections=QUICK, images=False)
    there = contents(tmp_path / "one")
    times = {p: p.stat().st_mtime_ns for p in first.files}
    again = report(tmp_path / "one", sections=QUICK, images=False)
    assert again.changed == ()
    assert {p: p.stat().st_mtime_ns for p in again.files} == times, "what would not change is not written"
    os.environ["TZ"] = "America/New_York"
    time.tzset()
    other = report(tmp_path / "other" / "place", sections=QUICK, images=False)
    assert contents(tmp_path / "other" / "place") == there
    assert first.digest == again.digest == other.digest
    (tmp_path / "one" / "index.html").write_text("changed")
    mended = report(tmp_path / "one", sections=QUICK, images=False)
    assert [p.name for p in mended.changed] == ["index.html"]
    assert mended.digest == first.digest


def test_no_time_of_day_stands_on_the_page(summary: ReportSummary) -> None:
    text = (summary.folder / "index.html").read_text(encoding="utf-8")
    told = re.sub(r"<script.*?</script>", "", text, flags=re.S)
    assert not re.search(r"\b\d{1,2}:\d\d(:\d\d)?\b", told)


@pytest.mark.parametrize(
    ("form", "files"),
    [("html", {"index.html", "data/cities.csv"}), ("xlsx", {"gba-report.xlsx"})],
    ids=["page", "workbook"],
)
def test_a_format_writes_its_files_and_links_to_no_others(
    tmp_path: Path, form: Any, files: set[str], read: Callable[[str], Any]
) -> None:
    report(tmp_path, sections=["cities"], format=form)
    assert set(contents(tmp_path)) == files
    assert not list(tmp_path.rglob("*.duckdb"))
    if form == "html":
        links = read((tmp_path / "index.html").read_text(encoding="utf-8")).links
        assert all((tmp_path / link).exists() for link in links if not link.startswith(("#", "http")))


@pytest.mark.browser
def test_the_print_has_pages_and_the_same_bytes_each_time(tmp_path: Path) -> None:
    try:
        find_browser()
    except ExportError as error:  # what goes wrong with a browser that is there is a failure
        pytest.skip(str(error))
    first = report(tmp_path / "a", sections=["cities"], format="pdf", lang="zh-Hans")
    again = report(tmp_path / "b", sections=["cities"], format="pdf", lang="zh-Hans")
    pdf = first.files[0].read_bytes()
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) >= 2
    assert again.files[0].read_bytes() == pdf


def test_sections_are_chosen_and_an_unknown_one_is_named(tmp_path: Path, read: Callable[[str], Any]) -> None:
    report(tmp_path, sections=["quality", "cities"], format="html")
    page = read((tmp_path / "index.html").read_text(encoding="utf-8"))
    assert [s for s in page.sections if s.startswith("section-")] == ["section-cities", "section-quality"]
    assert "explorer" not in page.ids
    with pytest.raises(UnknownNameError, match=r"'citys'.*") as error:
        report(tmp_path, sections=["citys"])
    assert "cities" in str(error.value)
    with pytest.raises(UsageError, match="headline"):
        report(tmp_path, sections=[])
    assert list(MADE) == [s for s in SECTIONS if s not in ("summary", "explorer")]


def test_wrong_words_are_named_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="html, pdf, xlsx, all"):
        report(tmp_path, format="docx")  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="zh-Hant"):
        report(tmp_path, lang="de")
    with pytest.raises(PeriodError):
        report(tmp_path, as_of="yesterday")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lang", ["zh-Hans", "zh-Hant"])
def test_in_chinese_the_page_is_chinese_and_the_numbers_are_the_same(
    tmp_path: Path, lang: str, summary: ReportSummary, read: Callable[[str], Any]
) -> None:
    made = report(
        tmp_path,
        lang=lang,
        sections=["summary", "cities", "boundary", "integration", "outlook", "quality"],
        format="html",
    )
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    page = read(text)
    assert page.languages[0] == lang
    for path in made.files[1:]:
        assert pl.read_csv(path).columns == pl.read_csv(summary.folder / "data" / path.name).columns
        assert path.read_bytes() == (summary.folder / "data" / path.name).read_bytes(), path.name
    # what stays English says that it is, and is data
    assert set(page.languages[1:]) <= {"en"}
    told = " ".join(
        w for s in ("section-summary", "section-cities", "section-boundary") for w in page.sections[s]
    )
    rest = re.sub(
        r"World Bank.*|Statistics and Census.*|Immigration.*|data/[\w.-]+|GDP|CSV|US|[A-Z]{3}|T\b", "", told
    )
    assert not re.search(r"\b[a-z]{4,}\b \b[a-z]{4,}\b", rest), "no English sentence"


def test_as_of_a_day_gives_what_was_known_and_says_what_was_not(
    tmp_path: Path, read: Callable[[str], Any]
) -> None:
    day = "2026-06-30"
    report(tmp_path / "then", sections=["summary", "headline", "cities"], format="html", as_of=day)
    report(tmp_path / "now", sections=["cities"], format="html")
    page = read((tmp_path / "then" / "index.html").read_text(encoding="utf-8"))
    assert "As known at the end of 30 Jun 2026" in page.text
    headline = " ".join(page.sections["section-headline"])
    assert "This section cannot be made" in headline
    assert "it lacks figures" in headline
    assert "tokyo_bay_area" in headline, "and why"
    then, now = (pl.read_csv(tmp_path / which / "data" / "cities.csv") for which in ("then", "now"))
    assert then["vintage"].max() <= day
    # the same vintage of the cities was known then: the levels are the same, apart from nothing
    assert then.select("area", "value").equals(now.select("area", "value"))
    truth = load("gdp", members("greater_bay_area"), frequency="A", as_of=day)
    assert set(truth.filter(pl.col("period").dt.year() == 2023)["area"]) == set(then["area"])


def test_as_of_a_day_before_all_figures_every_section_says_so(
    tmp_path: Path, read: Callable[[str], Any]
) -> None:
    made = report(
        tmp_path,
        sections=[s for s in SECTIONS if s != "explorer"],
        format="all",
        images=False,
        as_of="1990-01-01",
    )
    page = read((tmp_path / "index.html").read_text(encoding="utf-8"))
    for name in MADE:
        if name not in ("quality", "gateways"):
            assert "This section cannot be made" in " ".join(page.sections[f"section-{name}"]), name
    assert "findings of today's" in " ".join(page.sections["section-quality"])
    assert "section-summary" not in page.sections, "nothing is known, so nothing is said"
    assert {p.name for p in made.files} >= {"index.html", "gba-report.xlsx"}


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


def made_up(**changes: Any) -> Exhibit:
    given = {"id": "made-up", "title": "Made up", "data": benchmark("gdp", year=2022)} | changes
    return Exhibit(**given)


def test_text_that_looks_like_a_formula_stays_text(tmp_path: Path) -> None:
    attack = '=HYPERLINK("https://example.org","x")'
    frame = benchmark("gdp", year=2022).with_columns(note=pl.lit(attack), value=-pl.col("value"))
    (tmp_path / "x.csv").write_bytes(csv_of(frame))
    back = pl.read_csv(tmp_path / "x.csv")
    assert back["note"].unique().to_list() == ["'" + attack]
    assert back["value"].to_list() == frame["value"].to_list(), "a negative number is no formula"
    sections = [Section("s", "S", (), (made_up(title=attack, notes=(Note(attack),), data=frame),))]
    (tmp_path / "x.xlsx").write_bytes(workbook(sections, Trails(pl.DataFrame(), {}), words_of("en")))
    cells = [c for sheet in openpyxl.load_workbook(tmp_path / "x.xlsx") for row in sheet for c in row]
    assert sum(c.value == attack for c in cells) >= 4
    assert not [c for c in cells if c.data_type == "f"]


def test_the_workbook_has_a_sheet_an_exhibit_and_says_what_stands_in_them(
    book: openpyxl.Workbook, summary: ReportSummary
) -> None:
    exhibits = len(list((summary.folder / "data").iterdir()))
    after = ["Data", "Indicators", "Areas", "Units", "Definitions", "Terms", "Published figures", "Sources"]
    assert book.sheetnames[0] == "Contents"
    assert book.sheetnames[-len(after) :] == after
    assert len(book.sheetnames) == exhibits + len(after) + 1
    assert not [c for sheet in book for row in sheet for c in row if c.data_type in ("f", "e")]
    linked = {c.hyperlink.location for row in book["Contents"] for c in row if c.hyperlink}
    assert {re.match(r"'(.*)'!A1", place)[1] for place in linked} == set(book.sheetnames[1:])  # type: ignore[index]

    def column(sheet: str, name: str) -> list[Any]:
        rows = list(book[sheet].iter_rows(min_row=3, values_only=True))
        place = rows[0].index(name)
        return [row[place] for row in rows[1:] if row[0] is not None]

    data = {name: set(column("Data", name)) for name in ("indicator", "area", "unit", "exhibit")}
    assert {"gdp-market", "crossings", "outlook"} <= data["exhibit"]
    assert data["area"] - {None} <= set(column("Areas", "id"))
    assert data["unit"] & catalog().units.keys() <= set(column("Units", "id"))
    assert data["indicator"] & catalog().indicators.keys() <= set(column("Indicators", "id"))
    assert {"vintage", "purchasing_power_parity"} <= set(column("Terms", "term"))
    assert set(column("Published figures", "source")) <= set(column("Sources", "id"))
    assert {"name en", "name zh-Hans", "name zh-Hant"} <= {c.value for c in book["Definitions"][3]}


def test_the_workbook_holds_the_numbers(book: openpyxl.Workbook) -> None:
    sheet = book["Gdp market"]
    columns = [c.value for c in sheet[3]]
    values = [row[columns.index("value")].value for row in sheet.iter_rows(min_row=4, max_row=7)]
    assert values == pytest.approx(benchmark("gdp")["value"].to_list(), rel=1e-15)
    said = " ".join(str(c.value) for row in sheet for c in row)
    for source in benchmark("gdp")["sources"].explode().unique():
        assert catalog().sources[source].title in said


def test_the_database_answers_with_bare_duckdb(summary: ReportSummary) -> None:
    with duckdb.connect(str(summary.folder / "gba.duckdb"), read_only=True) as connection:
        rows = connection.sql(
            "SELECT value FROM gdp_usd WHERE area = 'greater_bay_area' AND year(period) = 2022"
        ).fetchall()
        assert connection.sql("FROM as_of(DATE '2024-03-31')").limit(1).fetchall()
    assert rows[0][0] == pytest.approx(
        benchmark("gdp").filter(area="greater_bay_area")["value"].item(), rel=1e-12
    )


def test_a_folder_that_cannot_be_written_is_a_named_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ExportError, match=r"file.* cannot be written"):
        report(tmp_path / "file", images=False)
    assert (tmp_path / "file").read_text() == "mine"
    (tmp_path / "out" / "index.html").mkdir(parents=True)
    with pytest.raises(ExportError, match=r"could not be written to .*out"):
        report(tmp_path / "out", sections=["quality"], images=False)
    with pytest.raises(ExportError, match="cannot be written"):
        report("/dev/null/out", images=False)


def test_without_a_browser_all_else_is_written_and_one_line_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_none() -> Path:
        raise ExportError(
            "PNG, SVG and PDF need Chrome or Chromium and none is found: install one (apt install chromium)"
        )

    monkeypatch.setattr("gbaindicators.charts.exporting.find_browser", find_none)
    told: list[str] = []
    summary = report(tmp_path / "out", sections=["cities"], progress=told.append)
    assert summary.pictures_missing is not None
    assert "\n" not in summary.pictures_missing
    assert "apt install chromium" in summary.pictures_missing
    assert {p.name for p in summary.files} == {"index.html", "gba-report.xlsx", "cities.csv", "gba.duckdb"}
    assert all(p.exists() for p in summary.files)
    assert told[0] == "the eleven cities"


def test_an_older_report_is_replaced_and_other_files_stay(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("old")
    (tmp_path / "mine.txt").write_text("mine")
    report(tmp_path, sections=["cities"], format="html")
    assert "The eleven cities" in (tmp_path / "index.html").read_text(encoding="utf-8")
    assert (tmp_path / "mine.txt").read_text() == "mine"
    shutil.rmtree(tmp_path / "data")
    assert [p.name for p in report(tmp_path, sections=["cities"], format="html").changed] == ["cities.csv"]
