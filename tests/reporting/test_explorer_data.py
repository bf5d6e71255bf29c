"""What travels with the explorer: the package's own numbers, each with the rows of its sources."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import gbaindicators as gba
from gbaindicators.catalog import LANGUAGES, catalog
from gbaindicators.errors import UnknownNameError
from gbaindicators.reporting.explorer import explorer
from gbaindicators.reporting.explorer.encoding import script_safe
from gbaindicators.reporting.explorer.gathering import number_of
from gbaindicators.reporting.explorer.words import WORDS

Key = tuple[str, str, str, str | None]
Numbers = dict[int, tuple[float, str]]


@pytest.fixture(scope="module")
def data(shipped: Path) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(explorer("en").data)
    return made


def cell(column: Any, i: int) -> Any:
    return column[i] if isinstance(column, list) else column


def figures(coded: dict[str, Any]) -> Numbers:
    """Value and status of each period of a coded series."""
    there = [(coded["from"] + i, v) for i, v in enumerate(coded["v"]) if v is not None]
    return {number: (value, cell(coded["st"], i)) for i, (number, value) in enumerate(there)}


def measure(data: dict[str, Any], series: dict[str, Any], unit: str) -> Numbers:
    coded = series["m"][unit]
    return figures(data["rows"][coded] if isinstance(coded, int) else coded)


def find(
    data: dict[str, Any], indicator: str, area: str, kind: str = "A", definition: str | None = None
) -> Any:
    found = [
        s
        for s in data["series"]
        if (s["i"], s["a"], s["k"], s.get("d")) == (indicator, area, kind, definition)
    ]
    (one,) = [s for s in found if "j" not in s]
    return one


def numbers(frame: pl.DataFrame, kind: str) -> Numbers:
    known = frame.filter(pl.col("value").is_not_null())
    return {number_of(kind, p): (v, s) for p, v, s in known.select("period", "value", "status").rows()}


def same(ours: Numbers, theirs: Numbers) -> None:
    assert {n: s for n, (_, s) in ours.items()} == {n: s for n, (_, s) in theirs.items()}
    assert {n: v for n, (v, _) in ours.items()} == pytest.approx(
        {n: v for n, (v, _) in theirs.items()}, rel=1e-11
    )


@pytest.mark.parametrize(
    ("indicator", "area", "kind"),
    [("gdp", "guangzhou", "A"), ("population", "macao", "A"), ("unemployment_rate", "hong_kong", "A"), ("fx_rate", "china", "M"),
     ("air_passengers", "jfk", "M"), ("gdp", "hong_kong", "Q"), ("retail_sales_value", "hong_kong", "M")],
)  # fmt: skip
def test_published_figures_are_those_of_load(
    data: dict[str, Any], indicator: str, area: str, kind: str
) -> None:
    loaded = gba.load(indicator, area, frequency=kind, adjustment="nsa")
    same(measure(data, find(data, indicator, area, kind), "own"), numbers(loaded, kind))


def test_days_become_whole_months(data: dict[str, Any]) -> None:
    days = gba.load("crossings_arrivals", "hk_lo_wu", frequency="D")
    months = gba.to_frequency(days, "M")
    ours = measure(data, find(data, "crossings_arrivals", "hk_lo_wu", "M"), "own")
    same(ours, numbers(months, "M"))
    assert ours


@pytest.mark.parametrize("area", ["hong_kong", "shenzhen", "macao", "new_york_msa"])
def test_units_of_money_are_those_of_convert_and_per_capita(data: dict[str, Any], area: str) -> None:
    gdp = gba.load("gdp", area, frequency="A", start="2012", end="2022")
    series = find(data, "gdp", area)
    expected = {
        "usd": gba.convert(gdp, "USD"),
        "ppp": gba.convert(gdp, "USD", basis="ppp"),
        "own_head": gba.per_capita(gdp),
        "usd_head": gba.per_capita(gba.convert(gdp, "USD")),
        "ppp_head": gba.per_capita(gba.convert(gdp, "USD", basis="ppp")),
    }
    for unit, frame in expected.items():
        theirs = numbers(frame, "A")
        ours = measure(data, series, unit)
        assert theirs, unit
        same({n: ours[n] for n in theirs}, theirs)


def test_months_take_the_rate_of_their_month(data: dict[str, Any]) -> None:
    found = [
        s for s in data["series"] if s["k"] in "MQ" and "usd" in s["m"] and "d" not in s and "j" not in s
    ]
    assert found
    for s in found:
        loaded = gba.load(s["i"], s["a"], frequency=s["k"], adjustment="nsa")
        ours = measure(data, s, "usd")
        loaded = loaded.filter(prices_of(s))
        frame = loaded.filter([number_of(s["k"], p) in ours for p in loaded["period"]])
        same(ours, numbers(gba.convert(frame, "USD"), s["k"]))


def rows_behind(data: dict[str, Any], coded: Any, number: int) -> list[tuple[int, int]]:
    """Published rows behind a figure, as the page finds them."""
    if isinstance(coded, int):
        return [(coded, number)]
    behind: list[tuple[int, int]] = []
    for alternatives in coded["in"]:
        for series, ratio, shift, count in alternatives:
            wanted = [(series, ratio * number + shift + i) for i in range(count)]
            there = [(r, n) for r, n in wanted if n in KNOWN[r]]
            if there:
                behind += there
                break
    return behind


KNOWN: list[dict[int, str]] = []


@pytest.fixture(scope="module")
def sources(data: dict[str, Any]) -> list[dict[int, str]]:
    """Source of every published figure."""
    KNOWN[:] = [
        {n: data["sources"][cell(rows["source"], i)][0] for i, n in enumerate(figures(rows))}
        for rows in data["rows"]
    ]
    return KNOWN


@pytest.mark.parametrize(
    "indicator",
    ["gdp", "gdp_per_capita", "population", "container_throughput", "air_passengers", "employment"],
)
def test_bay_areas_are_those_of_benchmark_by_every_definition(
    data: dict[str, Any], sources: list[dict[int, str]], indicator: str
) -> None:
    """The figures are the same, and the rows that a reader is led to are of the same sources, no more and no fewer."""
    lines = [s for s in data["series"] if s["i"] == indicator and s.get("d") and s["k"] == "A"]
    assert lines
    for s in lines:
        for unit, basis in (("usd", "market"), ("ppp", "ppp")) if "usd" in s["m"] else (("own", "market"),):
            table = gba.benchmark(
                indicator, s["a"], definition={s["a"]: s["d"]}, basis=basis, year=None, mixed="mark"
            )
            same(measure(data, s, unit), numbers(table, "A"))
            for period, ids in table.select("period", "sources").rows():
                behind = rows_behind(data, s["m"][unit], period.year)
                assert sorted({sources[r][n] for r, n in behind}) == ids, (s["a"], s["d"], unit, period)


def test_every_figure_leads_to_rows(data: dict[str, Any], sources: list[dict[int, str]]) -> None:
    for s in data["series"]:
        for unit, coded in s["m"].items():
            lonely = [n for n in measure(data, s, unit) if not rows_behind(data, coded, n)]
            assert lonely == [], (s["i"], s["a"], unit)


def test_a_figure_in_dollars_leads_to_its_rate(data: dict[str, Any], sources: list[dict[int, str]]) -> None:
    coded = find(data, "gdp", "guangzhou")["m"]["usd"]
    behind = [data["rows"][r] for r, _ in rows_behind(data, coded, 2010)]
    assert [(r["i"], r["a"]) for r in behind] == [("gdp", "guangzhou"), ("fx_rate", "china")]
    (gdp, rate) = (figures(r)[2010][0] for r in behind)
    assert figures(coded)[2010][0] == pytest.approx(gdp / rate, rel=1e-11)


def test_a_published_figure_is_told_as_it_is_printed(data: dict[str, Any]) -> None:
    """Text, scale and unit as printed make the value wherever the unit is the base unit."""
    checked = 0
    for rows in data["rows"]:
        for i, (value, _) in enumerate(figures(rows).values()):
            text, unit = cell(rows.get("text"), i), cell(rows.get("of"), i)
            if text is None or unit != data["units"][rows["u"]][0]:
                continue
            plain = re.sub(r"[, \u00a0]", "", text)
            assert float(plain) * 10 ** cell(rows["scale"], i) == pytest.approx(value, rel=1e-9), (
                rows["i"],
                text,
            )
            checked += 1
    assert checked > 5000


def test_calendar_and_fiscal_years_are_apart(data: dict[str, Any]) -> None:
    fiscal = data["rows"][find(data, "gdp", "tokyo", "F")["m"]["own"]]
    assert fiscal["month"] == 4
    assert find(data, "gdp", "tokyo")["m"]["own"]["how"] == ["calendar_of_fiscal"]
    assert all(rows["k"] == "F" or "month" not in rows for rows in data["rows"])


def test_only_units_that_make_sense(data: dict[str, Any]) -> None:
    units = {i: {u for s in data["series"] if s["i"] == i for u in s["m"]} for i in data["indicators"]}
    assert units["unemployment_rate"] == {"own"}
    assert units["population"] == {"own"}
    assert "own_head" in units["container_throughput"]
    assert {"own", "usd", "ppp"} == units["gdp_per_capita"]
    assert not data["indicators"]["unemployment_rate"]["changes"]
    assert data["indicators"]["gdp"]["changes"]


def test_what_was_known_on_a_day(shipped: Path) -> None:
    day = date(2024, 6, 30)
    known = json.loads(explorer("en", day).data)
    assert known["asOf"] == "2024-06-30"
    assert known["vintages"]
    assert max(known["vintages"]) <= "2024-06-30"
    for s in [s for s in known["series"] if s["m"].get("own").__class__ is int][:40]:
        loaded = gba.load(
            s["i"], s["a"], frequency={"F": "A"}.get(s["k"], s["k"]), as_of=day, adjustment=s.get("j", "nsa")
        )
        theirs = numbers(
            loaded.filter((pl.col("period").dt.month() == 1) | (s["k"] != "A"), prices_of(s)), s["k"]
        )
        ours = measure(known, s, "own")
        assert ours.items() <= theirs.items() or s["k"] == "F"


def prices_of(series: dict[str, Any]) -> pl.Expr:
    wanted = series.get("p")
    prices = pl.col("prices").fill_null("current")
    return prices == wanted if wanted else prices == "current"


def test_the_data_are_small_and_safe(data: dict[str, Any]) -> None:
    text = explorer("zh-Hant").data
    assert len(text.encode()) < 3e6
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(script_safe(json.dumps("</script><!-- & \u2028"))) == "</script><!-- & \u2028"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_everything_is_named_in_the_readers_language(shipped: Path, lang: str) -> None:
    made = json.loads(explorer(lang).data)
    assert {i: e["name"] for i, e in made["indicators"].items()} == {
        i: catalog().indicators[i].names[lang] for i in made["indicators"]
    }
    assert all(a["group"] in WORDS[lang] for a in made["areas"].values())
    assert all(e["table"] in WORDS[lang] for e in made["indicators"].values())
    steps = {
        step for s in made["series"] for m in s["m"].values() if isinstance(m, dict) for step in m["how"]
    }
    assert steps <= WORDS[lang].keys()


def test_the_languages_have_the_same_words() -> None:
    parts = {
        lang: {k: sorted(re.findall(r"\{\d\}", w)) for k, w in words.items()} for lang, words in WORDS.items()
    }
    assert parts["zh-Hans"].keys() == parts["zh-Hant"].keys() == parts["en"].keys()
    assert parts["zh-Hans"] == parts["zh-Hant"] == parts["en"]


def test_the_same_figures_give_the_same_bytes(shipped: Path) -> None:
    assert explorer("en") == explorer("en")


def test_an_unknown_language_is_refused(shipped: Path) -> None:
    with pytest.raises(UnknownNameError):
        explorer("fr")
