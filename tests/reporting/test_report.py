"""The report's page and data: what they say is what the frames say, and every number names where it comes from."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from gbaindicators import charts
from gbaindicators.catalog import catalog
from gbaindicators.comparison import (
    BAYS,
    benchmark,
    convergence,
    dispersion,
    integration_index,
    sensitivity,
)
from gbaindicators.forecasting import forecast
from gbaindicators.reporting import SECTIONS, ReportSummary
from gbaindicators.reporting.exhibits import Exhibit, Note, Section, Statement, Table, plain
from gbaindicators.reporting.figures_behind import coded
from gbaindicators.reporting.page import Edition, Page, render_page
from gbaindicators.reporting.sections import make
from gbaindicators.reporting.tracing import Trails
from gbaindicators.reporting.words import words_of
from gbaindicators.store import load
from gbaindicators.transforms import aggregate, convert, members, to_frequency

GBA = "greater_bay_area"
EN = words_of("en")


@pytest.fixture(scope="module")
def text(summary: ReportSummary) -> str:
    return (summary.folder / "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(text: str, read: Callable[[str], Any]) -> Any:
    return read(text)


@pytest.fixture(scope="module")
def data(text: str) -> Any:
    found = re.search(r'id="report-data">(.*?)</script>', text, re.S)
    assert found is not None
    return json.loads(found[1])


@pytest.fixture(scope="module")
def said(page: Any) -> str:
    return " ".join(" ".join(page.sections["section-summary"]).split())


def made_up(**changes: Any) -> Exhibit:
    frame = benchmark("gdp", year=2022)
    exhibit = Exhibit("made-up", "Made up", frame, figure=charts.bars(frame, title="Made up"))
    return replace(exhibit, **changes)


def rendered(*sections: Section) -> str:
    trails = Trails(pl.DataFrame(), {})
    return render_page(Page(EN, sections, trails, Edition("e", "1", "2026")))


def test_the_page_loads_nothing_and_has_no_handlers_or_styles_of_its_own(page: Any) -> None:
    assert page.loads == []
    assert len(page.ids) == len(set(page.ids))
    assert not [a for a in page.attributes if a.startswith("on") or a == "style"]
    assert page.languages[0] == "en"


def test_the_policy_names_every_script_and_style_by_its_hash(text: str) -> None:
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert "unsafe" not in policy[1]
    assert "http:" not in policy[1]
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        found = re.findall(rf"<{tag}(?: id=[^>]*)?>(.*?)</{tag}>", text, re.S)
        assert found
        for content in found:
            digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in rules[rule]


def test_links_lead_somewhere(page: Any, summary: ReportSummary) -> None:
    for link in page.links:
        if link.startswith("#"):
            assert link[1:] in page.ids
        elif not link.startswith(("http://", "https://")):
            assert (summary.folder / link).exists(), link


def test_every_section_and_exhibit_is_there_with_sources_and_data(page: Any, summary: ReportSummary) -> None:
    assert {f"section-{s}" for s in SECTIONS if s != "explorer"} <= set(page.sections)
    assert "explorer" in page.sections
    assert len(page.figures) >= 15
    for id_, found in page.figures.items():
        assert f"data/{id_}.csv" in found["links"]
        # the findings are the project's own: they are about sources, not from one
        if id_ != "findings":
            assert any(link.startswith("#source-") for link in found["links"]), id_
        assert (summary.folder / "data" / f"{id_}.csv").exists()
    assert {f"source-{s}" for s in catalog().sources} >= {i for i in page.ids if i.startswith("source-")}


def test_the_summary_says_what_benchmark_says(said: str) -> None:
    for indicator, basis, scale in (
        ("gdp", "market", (1e12, "US${:.2f} trillion")), ("gdp", "ppp", (1e12, "{:.2f} trillion international dollars")),
        ("gdp_per_capita", "market", (1, "US${:,.0f}")), ("gdp_per_capita", "ppp", (1, "{:,.0f} international dollars")),
        ("population", "market", (1e6, "{:.1f} million persons")), ("container_throughput", "market", (1e6, "{:.1f} million TEU")),
        ("air_passengers", "market", (1e6, "{:.1f} million persons")),
    ):  # fmt: skip
        row = benchmark(indicator, basis=basis).row(by_predicate=pl.col("area") == GBA, named=True)  # type: ignore[arg-type]
        written = scale[1].format(row["value"] / scale[0])
        assert written in said, (indicator, basis)
        assert re.search(rf"{re.escape(written)}[^.]*rank {row['rank']}\b", said), (indicator, basis)
        assert str(row["period"].year) in said
        assert catalog().definition(GBA, catalog().subject(indicator), row["definition"]).names["en"] in said
    here, there = (
        {r["area"]: r["value"] for r in benchmark("gdp", basis=b).iter_rows(named=True)}  # type: ignore[arg-type]
        for b in ("market", "ppp")
    )
    for bay in (b for b in BAYS if b != GBA):
        name = catalog().areas[bay].names["en"]
        shares = [f"{100 * values[GBA] / values[bay]:.0f}%" for values in (here, there)]
        assert f"{shares[0]} of the {name} ({shares[1]} at purchasing power parity)" in said


def test_the_summary_says_what_the_cities_the_boundary_and_the_models_say(said: str) -> None:
    gdp = load("gdp", members(GBA), frequency="A", start="2000", end="2023").pipe(convert, "USD")
    latest = gdp.filter(pl.col("period").dt.year() == 2023).sort("value", descending=True)
    shares = (100 * latest["value"] / latest["value"].sum()).to_list()
    assert f"Shenzhen made {shares[0]:.0f}%, the largest share" in said
    assert f"made {sum(shares[:3]):.0f}%." in said
    months = to_frequency(load("crossings", "hong_kong", frequency="D"), "M").drop_nulls("value")
    year = months.filter(pl.col("period").dt.year() == 2025)["value"].sum()
    peak = months.sort("value", descending=True).row(0, named=True)
    assert f"In 2025 the control points of Hong Kong counted {year / 1e6:.1f} million crossings" in said
    assert f"was {peak['period']:%b %Y}, with {peak['value'] / 1e6:.1f} million" in said
    ranks = sensitivity("gdp").filter(area=GBA, definition="eleven_cities")
    best = {r["basis"]: (r["best"], r["worst"]) for r in ranks.iter_rows(named=True)}
    assert best == {"market": (2, 2), "ppp": (1, 1)}
    assert "ranks 2 at market rates and 1 at purchasing power parity" in said
    end = forecast(gdp.pipe(aggregate, GBA), 5).row(-1, named=True)
    low, mid, high = (f"US${end[c] / 1e12:.2f} trillion" for c in ("lower_80", "value", "upper_80"))
    assert (
        f"gives {mid} for {end['period'].year}, with 80% of outcomes expected between {low} and {high}"
        in said
    )


def test_convergence_is_that_of_the_cities_at_both_rates(page: Any, summary: ReportSummary) -> None:
    local = load("gdp_per_capita", members(GBA), frequency="A", start="2000", end="2023")
    heads = convert(local, "USD", basis="ppp")
    spread = dispersion(heads).filter(measure="sd_log")["value"]
    assert f"went from {spread[0]:.2f} to {spread[-1]:.2f} at purchasing power parity" in page.text
    betas = [
        convergence(frame, "2000", "2023")["estimate"][0]
        for frame in (heads, heads.filter(~pl.col("area").is_in(["hong_kong", "macao"])))
    ]
    short = [f"{b:.3f}".replace("-", "−") for b in betas]
    assert re.search(rf"\(beta\) {short[0]} .* and {short[1]} .* without Hong Kong and Macao", page.text)
    assert all(f"{b:.4f}".replace("-", "−") in page.figures["beta"]["words"] for b in betas)
    frame = pl.read_csv(summary.folder / "data" / "dispersion.csv")
    assert frame["measure"].n_unique() == 4
    assert set(frame["time_period"]) == set(range(2000, 2024))
    assert frame["value"].null_count() == 0


def test_flows_without_figures_are_named_and_not_scored(page: Any, summary: ReportSummary) -> None:
    known = integration_index().drop_nulls("value")
    assert set(known["flow"]) == {"people", "goods", "index"}
    assert "6 factor flows. Of these, 2 can be scored: people and goods" in page.text
    assert "For services, capital, data and technology and innovation no figure" in page.text
    shown = page.figures["integration-index"]["words"]
    assert all(f"{value:,.1f}" in shown for value in known["value"])
    frame = pl.read_csv(summary.folder / "data" / "integration-coverage.csv")
    assert frame["flow"].n_unique() == 6
    assert frame.filter("used")["flow"].unique().sort().to_list() == ["goods", "people"]


def test_no_id_of_the_catalogue_is_read_aloud(page: Any) -> None:
    """Definitions and members are named in words, apart from the column of source ids."""
    known = {d.id for d in catalog().definitions if "_" in d.id} | {
        m for d in catalog().definitions for m in d.members
    }
    words = " ".join(
        w for id_, f in page.figures.items() if id_ not in ("policy", "cards-enrolments") for w in f["words"]
    )
    assert {k for k in known if "_" in k and re.search(rf"\b{k}\b", words)} == set()


def _behind(data: Any, exhibit: str, row: int) -> list[list[str]]:
    """Rows of texts that the page shows for a row of an exhibit."""
    spans = [[int(n) for n in part.split("-")] for part in data["trails"][exhibit][str(row)].split(",")]
    places = [p for span in spans for p in range(span[0], span[-1] + 1)]
    return [[data["texts"][code] for code in data["figures"][place]] for place in places]


def test_the_figures_behind_a_total_make_the_total(data: Any) -> None:
    """Recomputed from the texts that the page shows: eleven cities over three rates."""
    table = benchmark("gdp")
    row = table["area"].to_list().index(GBA)
    rates, sums = {}, []
    for indicator, area, period, published, *_ in _behind(data, "gdp-market", row):
        assert period == "2022"
        number = float(published.split(" ")[0].replace(",", ""))
        if indicator.startswith("Exchange rate"):
            rates[area] = number
        else:
            assert indicator.startswith("Gross domestic product")
            scale = re.search("10([⁰¹²³⁴⁵⁶⁷⁸⁹]+)", published)
            power = int(scale[1].translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789"))) if scale else 0
            sums.append((area, number * 10**power))
    assert len(sums) == 11
    economy = {"Hong Kong": "Hong Kong", "Macao": "Macao"}
    mainland = next(rate for area, rate in rates.items() if area not in economy)
    total = sum(value / rates.get(economy.get(area, ""), mainland) for area, value in sums)
    assert total == pytest.approx(table["value"][row], rel=1e-9)


def test_every_row_of_data_with_a_number_has_figures_behind_it(data: Any, summary: ReportSummary) -> None:
    for id_ in (
        "headline",
        "history-head",
        "containers-history",
        "air",
        "cities",
        "crossings",
        "ranking-grid",
        "outlook",
        "dispersion",
    ):
        frame = pl.read_csv(summary.folder / "data" / f"{id_}.csv", infer_schema_length=None)
        assert set(data["trails"][id_]) == {str(i) for i in range(frame.height)}, id_
    monthly = pl.read_csv(summary.folder / "data" / "crossings.csv")
    for row in (0, monthly.height - 1):
        days = [float(r[3].split(" ")[0].replace(",", "")) for r in _behind(data, "crossings", row)]
        assert sum(days) == monthly["value"][row]


def test_figures_are_shown_with_their_place_in_the_source(data: Any) -> None:
    shown = _behind(data, "gdp-market", 1)
    assert {len(row) for row in shown} == {9}
    assert all(row[data["source_column"]] in catalog().sources for row in shown)
    assert all(row[7] for row in shown), "every figure has its place in the source"


def test_a_text_is_held_once() -> None:
    section = make("cities", EN)
    texts, rows = coded(Trails.of(section.exhibits).figures, EN)
    assert len(texts) == len(set(texts))
    assert {code for row in rows for code in row} == set(range(len(texts)))


def test_markup_in_a_source_is_shown_not_run(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[str], Any]
) -> None:
    attack = '<script>alert(1)</script><img src="https://example.org/x.png">'
    id_ = made_up().sources[0]
    bad = replace(
        catalog().sources[id_], title=attack, producer="A & B", url="javascript:alert(1)", note=attack
    )
    monkeypatch.setitem(catalog().sources, id_, bad)
    exhibit = made_up(title=attack, notes=(Note(attack),), table=Table((attack,), (plain(attack),)))
    found = read(
        rendered(Section("s", attack, (Statement(attack, summary=True),), (exhibit,), (Note(attack, "en"),)))
    )
    assert found.loads == []
    assert not any(link.startswith("javascript") for link in found.links)
    assert sum(attack in word for word in found.words) >= 8


def test_a_chart_cannot_end_the_script_it_stands_in(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[str], Any]
) -> None:
    attack = "</script><script>alert(1)</script>"
    area = catalog().areas[GBA]
    plain_page = rendered(Section("s", "S", (), (made_up(),)))
    monkeypatch.setitem(catalog().areas, area.id, replace(area, names=dict.fromkeys(area.names, attack)))
    text = rendered(Section("s", "S", (), (made_up(),)))
    assert "\\u003c/script" in text or "&lt;/script" in text
    assert text.count("</script>") == plain_page.count("</script>")
    read(text)
