"""Numbers as the report writes them, in three languages; scale words and units are those of the charts."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Final

import polars as pl

from gbaindicators.catalog import catalog
from gbaindicators.charts.labels import Scale, choose_scale, number_text, period_label
from gbaindicators.tables.series_frame import one_unit

__all__ = ["amount", "column_scale", "day_text", "percent", "share", "unit_name", "writer"]

_NONE: Final = "–"
_BRACKETS: Final = re.compile(r" \(.*?\)|（.*?）")
#: Signs that stand before the number in English: US$1.94 trillion.
_SIGNS: Final = ("US$", "HK$", "CNY", "MOP", "JPY")


def amount(value: float | None, unit: str, lang: str) -> str:
    """Write an amount with its scale word and unit.

    >>> amount(1.9419e12, "USD", "en"), amount(17104000, "TEU", "en"), amount(22433.4, "USD", "en")
    ('US$1.94 trillion', '17.1 million TEU', 'US$22,433')
    >>> amount(1.9419e12, "USD", "zh-Hans"), amount(17104000, "TEU", "zh-Hant")
    ('1.94万亿美元', '1,710萬標準箱')
    """
    if value is None:
        return _NONE
    scale = _plain_words(choose_scale(unit, [value], lang))
    number = scale.text(value)
    if lang != "en":
        return number + scale.unit
    sign = next((s for s in _SIGNS if scale.unit.startswith(s)), "")
    rest = scale.unit.removeprefix(sign).strip()
    space = " " if sign.isalpha() else ""
    return f"{sign}{space}{number} {rest}".strip()


def column_scale(frame: pl.DataFrame, lang: str) -> Scale:
    """Scale of a table column: that of its largest value."""
    values = frame["value"].drop_nulls().to_list() or [0.0]
    return _plain_words(choose_scale(one_unit(frame, "a column"), values, lang))


def _plain_words(scale: Scale) -> Scale:
    """Leave out what the name of a unit explains in brackets: the report's sentences and headings say it."""
    return replace(scale, unit=_BRACKETS.sub("", scale.unit))


def writer(scale: Scale) -> Callable[[float | None], str]:
    """Write the numbers of a column whose heading says the unit.

    >>> writer(Scale(1e12, "US$ trillion", 2))(1.9419e12), writer(Scale(1.0, "", 0))(None)
    ('1.94', '–')
    """
    return lambda value: _NONE if value is None else scale.text(value)


def percent(value: float | None) -> str:
    """Write a rate without its sign, for a column that is headed so.

    >>> percent(4.256), percent(None), percent(-1.0)
    ('4.3', '–', '−1.0')
    """
    return _NONE if value is None else number_text(value, 1)


def share(value: float) -> str:
    """Write a ratio as a percentage.

    >>> share(0.8991)
    '90%'
    """
    return f"{number_text(100 * value, 0)}%"


def day_text(day: date, lang: str) -> str:
    """Write a day.

    >>> day_text(date(2024, 3, 31), "en"), day_text(date(2024, 3, 31), "zh-Hans")
    ('31 Mar 2024', '2024年3月31日')
    """
    return period_label("D", day, lang)


def unit_name(unit: str, lang: str) -> str:
    """Name a unit, or give it as it is where the catalogue has no name for it.

    >>> unit_name("TEU", "en"), unit_name("something", "zh-Hans")
    ('TEU', 'something')
    """
    known = catalog().units.get(unit)
    if known is None:
        return unit
    return unit if lang == "en" and unit in ("TEU", "kWh") else known.names[lang]
