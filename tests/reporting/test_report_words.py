"""The words of the report: the same keys and placeholders in all languages, and numbers written as each writes them."""

from __future__ import annotations

import re
import string
from importlib.resources import files

import polars as pl
import pytest

from gbaindicators.catalog import LANGUAGES, sql_dir
from gbaindicators.errors import UnknownNameError
from gbaindicators.reporting.numbers import amount
from gbaindicators.reporting.sections import MADE
from gbaindicators.reporting.sections.telling import limits
from gbaindicators.reporting.words import words_of

_SECTIONS = (
    "page", "dialog", "table", "summary", "explorer", *MADE, "check", "limit", "workbook", "term",
)  # fmt: skip


def texts(lang: str) -> dict[str, str]:
    words = words_of(lang)
    return {f"{name}.{key}": text for name in _SECTIONS for key, text in words.section(name).items()}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("lang", [lang for lang in LANGUAGES if lang != "en"])
def test_languages_have_the_same_keys_and_placeholders(lang: str) -> None:
    english, other = texts("en"), texts(lang)
    assert list(other) == list(english)
    assert {k for k in english if placeholders(english[k]) != placeholders(other[k])} == set()
    assert [
        k for k in english if k.endswith(("columns",)) and english[k].count("|") != other[k].count("|")
    ] == []


def test_chinese_is_written_in_the_characters_of_its_region() -> None:
    simplified, traditional = "".join(texts("zh-Hans").values()), "".join(texts("zh-Hant").values())
    # characters that only one of the two scripts has
    assert not re.search("[國灣數據實際們會後來這與區價匯貨櫃機場總圖標準]", simplified)
    assert not re.search("[国湾数据实际们会这与区价汇货机场总图标准]", traditional)
    assert "本地生產總值" in traditional
    assert "地区生产总值" in simplified


def test_no_text_is_left_in_english_or_empty() -> None:
    allowed = {"table.none", "convergence.p", "convergence.beta_column"}
    for lang in ("zh-Hans", "zh-Hant"):
        for key, text in texts(lang).items():
            assert text.strip(), key
            bare = re.sub(r"\{\w+\}", "", text)
            assert key in allowed or not bare.strip() or re.search("[\u4e00-\u9fff–：]", bare), (lang, key)


def test_every_check_of_the_build_has_its_words() -> None:
    checks = {p.stem for p in (sql_dir() / "checks").glob("*.sql")}
    assert checks == set(words_of("en").section("check"))


def test_an_unknown_language_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownNameError, match="zh-Hans"):
        words_of("fr")


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (1.9419e12, "USD", ("US$1.94 trillion", "1.94万亿美元", "1.94萬億美元")),
        (17_104_000, "TEU", ("17.1 million TEU", "1,710万标准箱", "1,710萬標準箱")),
        (22_433.4, "USD", ("US$22,433", "22,433美元", "22,433美元")),
        (3.31e12, "international dollars", ("3.31 trillion international dollars", "3.31万亿国际元", "3.31萬億國際元")),
        (297.0e9, "CNY", ("CNY 297.0 billion", "2,970亿元", "2,970億元")),
        (None, "USD", ("–", "–", "–")),
    ],
    ids=["trillion", "containers", "per head", "international", "yuan", "none"],
)  # fmt: skip
def test_amounts_are_written_as_the_language_does(
    value: float | None, unit: str, written: tuple[str, ...]
) -> None:
    said = [amount(value, unit, lang) for lang in LANGUAGES]
    assert [s.replace("人民币", "").replace("人民幣", "") for s in said] == list(written)


def test_limits_are_told_in_the_language_with_breaks_after_the_first_year() -> None:
    from datetime import date

    note = "Nine mainland cities, Hong Kong and Macao; secondary sources only for zhaoqing"
    table = pl.DataFrame({
        "area": ["greater_bay_area"] * 3, "definition": ["eleven_cities"] * 3, "note": [note] * 3, "status": ["B", "A", "B"],
        "period": [date(y, 1, 1) for y in (2020, 2021, 2022)],
    })  # fmt: skip
    (english,), (chinese,) = (limits(table, words_of(lang)) for lang in ("en", "zh-Hans"))
    assert english.text == (
        "Greater Bay Area: Nine mainland cities, Hong Kong and Macao; secondary sources only for Zhaoqing; breaks, where "
        "source or vintage changes and growth must not be read, in 2022."
    )
    assert (
        chinese.text == "粤港澳大湾区：九市二区；肇庆仅有二手来源；2022年来源或数据版本有变，不可计算增速。"
    )


def test_the_words_stand_in_one_file_a_language() -> None:
    there = {p.name for p in files("gbaindicators.reporting.words").iterdir() if p.name.endswith(".toml")}
    assert there == {f"{lang}.toml" for lang in LANGUAGES}
