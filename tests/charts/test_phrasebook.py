"""Chinese for all that the package writes in the columns method and note."""

import ast
import re
from itertools import product
from pathlib import Path

import polars as pl
import pytest

import gbaindicators as gba
from gbaindicators.charts.labels import methods_of
from gbaindicators.charts.phrasebook import _book, said, untold

PACKAGE = Path(gba.__file__).parent
FLOORS = ("transforms", "forecasting", "comparison")
CHINESE = ("zh-Hans", "zh-Hant")


# --- the sources: every text that is handed to append_method or add_note


class Module:
    """What the texts of a module can be, as far as they stand in it; a part that is computed is the number 7."""

    def __init__(self, path):
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.assigned = {}
        for node in ast.walk(self.tree):
            targets = (
                node.targets
                if isinstance(node, ast.Assign)
                else [node.target]
                if isinstance(node, ast.AnnAssign)
                else []
            )
            for target in targets:
                if isinstance(target, ast.Name) and node.value is not None:
                    self.assigned.setdefault(target.id, []).append(node.value)

    def texts(self, node, depth=0):
        if depth > 6:
            return {"7"}
        inner = lambda child: self.texts(child, depth + 1)  # noqa: E731
        match node:
            case ast.Constant(value=str() as text):
                return {text}
            case ast.Constant():
                return {"7"}
            case ast.JoinedStr(values=values):
                return {"".join(p) for p in product(*map(inner, values))}
            case ast.FormattedValue(value=ast.Constant() | ast.IfExp() | ast.JoinedStr() as value):
                return inner(value)
            case ast.IfExp(body=body, orelse=orelse):
                return inner(body) | inner(orelse)
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                return {a + b for a, b in product(inner(left), inner(right))}
            case ast.BinOp(op=ast.Mult(), left=ast.Constant(value=str() as text)):
                return {"", text}
            case ast.Call(func=ast.Attribute(attr="format", value=ast.Name(id="pl")), args=[first, *_]):
                return {t.replace("{}", "7") for t in inner(first)}
            case ast.Call(func=ast.Attribute(attr="lit"), args=[first, *_]):
                return inner(first)
            case ast.Call(func=ast.Attribute(attr="then" | "otherwise", value=before), args=[first, *_]):
                return (inner(before) - {"7"} if isinstance(before, ast.Call) else set()) | inner(first)
            case ast.Name(id=name) if name in self.assigned:
                return set().union(*map(inner, self.assigned[name]))
        return {"7"}

    def written(self):
        """Texts of the calls of append_method and add_note."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("append_method", "add_note"):
                yield from self.texts(node.args[1])


def written():
    found = {}
    for floor in FLOORS:
        for path in sorted((PACKAGE / floor).rglob("*.py")):
            for text in Module(path).written():
                found[text] = path.name
    # a text that begins with what is computed is known in part only
    return {t: name for t, name in found.items() if any(c.isalpha() for c in t) and not t.startswith("7")}


WRITTEN = written()


def test_the_scan_finds_what_is_written():
    assert len(WRITTEN) > 30
    assert {"carry-over to annual growth", "January and February together", "output gap"} <= set(WRITTEN)


@pytest.mark.parametrize("lang", CHINESE)
def test_every_text_in_the_sources_is_in_the_book(lang):
    # a whole text that is computed elsewhere is caught by the figures below
    missing = {text: name for text, name in WRITTEN.items() if untold(text, lang)}
    assert not missing


# --- the shipped figures, put through what writes methods and notes


@pytest.fixture(scope="module")
def figures(shipped):
    members = gba.members("greater_bay_area")
    home = gba.load("gdp", members, frequency="A", start="2005", end="2023", database=shipped)
    usd = gba.convert(home, "USD")
    heads = gba.convert(
        gba.load("gdp_per_capita", members, frequency="A", start="2005", end="2023", database=shipped), "USD"
    )
    months = gba.load("visitor_arrivals", "macao", frequency="M", end="2018-08", database=shipped)
    alone = gba.load("gdp", "hong_kong", frequency="A", start="1990", end="2019", database=shipped)
    weeks = gba.load("crossings", "hong_kong", frequency="D", start="2022-01-01", database=shipped).pipe(
        gba.to_frequency, "W"
    )
    return {
        "home": home,
        "usd": usd,
        "heads": heads,
        "months": months,
        "alone": alone,
        "weeks": weeks.drop_nulls("value"),
    }


MADE = {
    "convert": lambda f: f["usd"],
    "convert at PPP": lambda f: gba.convert(f["home"], "international dollars", basis="ppp"),
    "deflate": lambda f: gba.deflate(f["alone"].filter(pl.col("period").dt.year() >= 2000), "2015"),
    "growth": lambda f: gba.growth(f["usd"]),
    "growth on the month": lambda f: gba.growth(f["months"], "1mo"),
    "index": lambda f: gba.index(f["usd"], "2015"),
    "shares": lambda f: gba.shares(f["usd"]),
    "share changes": lambda f: gba.share_changes(f["usd"]),
    "contributions": lambda f: gba.contributions(f["usd"]),
    "cagr": lambda f: gba.cagr(f["usd"], "2010", "2020"),
    "trend growth": lambda f: gba.trend_growth(f["usd"]),
    "per head": lambda f: gba.per_capita(f["home"].filter(pl.col("period").dt.year() >= 2010)),
    "to years": lambda f: gba.to_frequency(f["months"], "A"),
    "adjustment by X-13 or STL": lambda f: gba.seasonal_adjust(f["months"], method="stl"),
    "filter": lambda f: pl.concat([g(f["alone"]) for g in (gba.hp_filter, gba.hamilton_filter, gba.cf_filter)], how="diagonal"),
    "output gap": lambda f: gba.output_gap(f["alone"]),
    "aggregate": lambda f: gba.aggregate(f["usd"], "greater_bay_area"),
    "disaggregate": lambda f: gba.disaggregate(f["alone"], "Q"),
    "benchmark": lambda f: gba.benchmark("gdp", year=None),
    "benchmark at PPP": lambda f: gba.benchmark("gdp", basis="ppp"),
    "gap": lambda f: gba.gap("gdp", "greater_bay_area", "new_york_bay_area").drop("note"),
    "convergence": lambda f: gba.convergence(f["heads"], "2005", "2023"),
    "dispersion": lambda f: gba.dispersion(f["heads"]),
    "clubs": lambda f: gba.convergence_clubs(f["heads"]),
    "concentration": lambda f: gba.concentration(f["usd"]),
    "mobility": lambda f: gba.mobility(f["heads"], "2005", "2023"),
    "rank changes": lambda f: gba.rank_changes(f["usd"], "2010", "2020"),
    "interrupted": lambda f: gba.policy_effect(f["weeks"], "hong_kong", "2023-01-08", method="interrupted", placebo=None, log=True).frame,
    "synthetic": lambda f: gba.policy_effect(f["heads"], "zhuhai", "2018", method="synthetic", placebo=None).frame,
    **{
        f"forecast by {model}": lambda f, model=model: gba.forecast(f["alone"], 2, model=model)
        for model in ("auto", "theta", "ets", "ar", "ari2", "arima", "components", "regression", "drift", "naive")
    },
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("way", MADE)
def test_every_step_of_the_shipped_figures_is_told_in_chinese(way, figures):
    frame = MADE[way](figures)
    methods = frame["method"].drop_nulls().unique().sort().to_list()
    assert methods
    for lang, method in product(CHINESE, methods):
        assert untold(method, lang) == [], method
        told = methods_of(lang, frame)
        assert any("\u4e00" <= c <= "\u9fff" for c in told)


def test_what_the_book_lacks_stays_english_and_is_marked():
    frame = gba.load("gdp", "macao", frequency="A", start="2020", end="2022").with_columns(
        method=pl.lit("growth over 1y; turned round twice")
    )
    figure = gba.chart.line(frame, lang="zh-Hant")
    texts = " ".join(a.text for a in figure.layout.annotations)
    assert "turned round twice" in texts and "按年增長率" in texts
    assert figure.layout.meta["english"] == ["turned round twice"]


# --- the book itself


@pytest.mark.parametrize("entry", _book(), ids=lambda entry: entry.told[0])
def test_a_phrase_says_the_same_in_both_scripts(entry):
    _, simplified, traditional = entry.told
    places = [set(re.findall(r"\{(\d)!?\}", text)) for text in entry.told]
    assert places[1] == places[2] and places[1] <= places[0]
    # characters that exist only in the other script
    assert not set(simplified) & set("為數據預測與無轉換區佔總對齊單價來個項時點圖線種")
    assert not set(traditional) & set("为数据预测与无转换区总对齐单价来个项时点图线种") - set("据"), (
        traditional
    )


def test_no_phrase_stands_twice():
    texts = [entry.told[0] for entry in _book()]
    assert sorted(texts) == sorted(set(texts))


def test_english_is_as_it_was():
    assert said("growth over 1y; anything", "en") == "growth over 1y; anything"
