"""The words on a chart, in three languages, taken from the frame and the catalogue: nobody types a source."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from gbaindicators.catalog import catalog, period_text
from gbaindicators.charts.phrasebook import said
from gbaindicators.charts.wording import check_language, has_phrase, listing, phrase
from gbaindicators.errors import FrameError

__all__ = [
    "Scale",
    "check_language",
    "choose_scale",
    "listing",
    "methods_of",
    "month_name",
    "name_of",
    "number_text",
    "period_label",
    "phrase",
    "say_alt",
    "sentences",
    "source_ids",
    "source_line",
    "subtitle_of",
    "title_of",
    "weekday_name",
]

#: Most producers cited under a chart, and most titles of one; the others are counted, and all stand in the figure's
#: ``layout.meta``.
_MOST_CITED: Final = 4
_MOST_TITLES: Final = 2


_SCALES: Final[dict[str, tuple[tuple[float, str], ...]]] = {
    "en": ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")),
    "zh-Hans": ((1e12, "万亿"), (1e8, "亿"), (1e4, "万")),
    "zh-Hant": ((1e12, "萬億"), (1e8, "億"), (1e4, "萬")),
}
#: Below this nothing is scaled: 98,000 persons read better than 9.8万.
_UNSCALED: Final = 1e5
#: From here on nobody reads a number.
_BEYOND: Final = 1e24
#: What the catalogue says of sources without a licence.
_UNLICENSED: Final = ("", "none stated", "not checked")
#: A user's unit that already says its scale, or has none.
_SCALED_WORDS: Final = (
    "thousand",
    "million",
    "billion",
    "trillion",
    "千",
    "万",
    "亿",
    "萬",
    "億",
    "%",
    "index",
    "ratio",
)
_NEVER_SCALED: Final = {"ratio", "index", "exchange_rate", "ppp_rate"}
_MONEY: Final = {"USD": "US$", "HKD": "HK$", "CNY": "CNY", "MOP": "MOP", "JPY": "JPY"}
_PER: Final = {
    "person": {"zh-Hans": "人", "zh-Hant": "人"},
    "day": {"zh-Hans": "日", "zh-Hant": "日"},
    "km2": {"zh-Hans": "平方公里", "zh-Hant": "平方公里"},
}


def number_text(value: float, decimals: int | None = None) -> str:
    """Write a number with three significant digits, or with so many decimals.

    >>> number_text(2.7138), number_text(-45.03), number_text(1234.6)
    ('2.71', '−45.0', '1,235')
    """
    if decimals is None:
        size = abs(value)
        # three digits from the first that is not zero on
        decimals = max(0, 2 - math.floor(math.log10(size))) if size else 2
        decimals = 2 if 0.1 <= size < 1 else decimals
    return f"{value:z,.{decimals}f}".replace("-", "−")


@dataclass(frozen=True, slots=True)
class Scale:
    """How the values of a chart are printed: divided by `factor`, in `unit` (words), with so many `decimals`."""

    factor: float
    unit: str
    decimals: int

    def text(self, value: float) -> str:
        """Write a value that is in base units; one that would round to zero gets the digits it needs."""
        scaled = value / self.factor
        return number_text(scaled, None if 0 < abs(scaled) < 0.5 * 10**-self.decimals else self.decimals)


def _unit_name(unit: str, lang: str) -> str:
    known = catalog().units
    if unit == "percent":
        return "%" if lang != "en" else "percent"
    if unit in _MONEY and lang == "en":
        return _MONEY[unit]
    if unit in ("TEU", "tonnes", "kWh") and lang == "en":
        return unit
    if unit in known:
        return known[unit].names[lang]
    head, per, tail = unit.partition(" per ")
    if per:
        return (
            f"{_unit_name(head, lang)} per {tail}"
            if lang == "en"
            else f"{_unit_name(head, lang)}/{_PER.get(tail, {}).get(lang, tail)}"
        )
    return unit


def choose_scale(unit: str | None, values: Iterable[float], lang: str) -> Scale:
    """Choose scale word and unit phrase for the largest value.

    Parameters
    ----------
    unit
        Unit of the values, a catalogue id or a user's own text; None for none.
    values
        The values in base units, not empty.
    lang
        Language of the words.

    Examples
    --------
    >>> choose_scale("USD", [2.7e12], "en").unit, choose_scale("USD", [2.7e12], "zh-Hans").unit
    ('US$ trillion', '万亿美元')
    >>> choose_scale("TEU", [36.0e6], "en").unit, choose_scale("TEU", [36.0e6], "zh-Hant").unit
    ('million TEU', '萬標準箱')
    >>> choose_scale("persons", [98_000.0], "en").unit
    'persons'
    """
    sizes = [abs(v) for v in values]
    largest = max(sizes)
    if largest >= _BEYOND:
        raise FrameError(
            f"the value {largest:g} has more digits than a chart can print: divide by a power of ten"
        )
    name = _unit_name(unit, lang) if unit else ""
    entry = catalog().units.get(unit or "")
    scalable = (
        entry.kind not in _NEVER_SCALED
        if entry
        else not any(w in (unit or "").casefold() for w in _SCALED_WORDS)
    )
    factor, word = 1.0, ""
    if scalable and largest >= _UNSCALED:
        factor, word = next(((f, w) for f, w in _SCALES[lang] if largest >= f), (1.0, ""))
    if lang != "en":
        words = word + name
    elif name.startswith(tuple(_MONEY.values())) and word:
        money, per, tail = name.partition(" per ")
        words = f"{money} {word}{per}{tail}"
    else:
        words = f"{word} {name}".strip()
    scaled = largest / factor
    if unit == "percent" and largest >= 1:
        return Scale(1.0, words, 1)
    decimals = (
        0 if scaled >= 1000 or (factor == 1 and all(v == int(v) for v in sizes)) else 1 if scaled >= 10 else 2
    )
    return Scale(factor, words, decimals if scaled >= 0.1 or scaled == 0 else 4)


def period_label(frequency: str, day: date, lang: str) -> str:
    """Name a period as readers write it.

    >>> period_label("A", date(2022, 4, 1), "en"), period_label("Q", date(2023, 4, 1), "zh-Hans")
    ('FY2022', '2023年第2季度')
    >>> period_label("M", date(2023, 5, 1), "en"), period_label("S", date(2023, 7, 1), "zh-Hant")
    ('May 2023', '2023年下半年')
    """
    year, chinese = day.year, lang != "en"
    match frequency:
        case "A" if day.month == day.day == 1:
            return str(year)
        case "A":
            return {"en": f"FY{year}", "zh-Hans": f"{year}财年"}.get(lang, f"{year}財年")
        case "S":
            half = (day.month + 5) // 6
            return f"{year}年{'上下'[half - 1]}半年" if chinese else f"{year} H{half}"
        case "Q":
            quarter = (day.month + 2) // 3
            return {"en": f"{year} Q{quarter}", "zh-Hans": f"{year}年第{quarter}季度"}.get(
                lang, f"{year}年第{quarter}季"
            )
        case "M":
            return f"{year}年{day.month}月" if chinese else f"{_MONTHS[day.month - 1]} {year}"
        case "D":
            return (
                f"{year}年{day.month}月{day.day}日"
                if chinese
                else f"{day.day} {_MONTHS[day.month - 1]} {year}"
            )
        case "W":
            week = period_label("D", day, lang)
            return {"en": f"week of {week}", "zh-Hans": f"{week}当周"}.get(lang, f"{week}當周")
        case _:
            return period_text(frequency, day)


def month_name(month: int, lang: str) -> str:
    """Short name of a month.

    >>> month_name(2, "en"), month_name(2, "zh-Hans")
    ('Feb', '2月')
    """
    return _MONTHS[month - 1] if lang == "en" else f"{month}月"


def weekday_name(weekday: int, lang: str) -> str:
    """Short name of a day of the week, Monday being 0.

    >>> weekday_name(6, "en"), weekday_name(6, "zh-Hant")
    ('Sun', '日')
    """
    return (("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun") if lang == "en" else "一二三四五六日")[weekday]


_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def name_of(column: str, value: Any, lang: str) -> str:
    """Name a value of a key column: an area, an indicator, an adjustment; others stand for themselves."""
    if value is None:
        return ""
    text = str(value)
    match column:
        case "area" if text in catalog().areas:
            return catalog().areas[text].names[lang]
        case "indicator" if text in catalog().indicators:
            return catalog().indicators[text].names[lang]
        case "adjustment" if has_phrase(text):
            return phrase(text, lang)
        case "prices":
            return phrase(text, lang) if text in ("current", "constant") else phrase("prices", lang, text)
        case "frequency":
            return text
        case _:
            return text


def _distinct(frame: pl.DataFrame, column: str) -> list[Any]:
    if column not in frame.columns:
        return []
    return frame[column].unique(maintain_order=True).drop_nulls().to_list()


def title_of(frame: pl.DataFrame, lang: str) -> str:
    """Say what is shown: the indicator, and the area where there is only one."""
    indicators = [name_of("indicator", i, lang) for i in _distinct(frame, "indicator")]
    areas = [name_of("area", a, lang) for a in _distinct(frame, "area")]
    what = phrase("many", lang) if len(indicators) > 2 else listing(indicators, lang)
    where = areas[0] if len(areas) == 1 else ""
    if not what:
        return where or phrase("series", lang)
    if not where:
        return what
    return f"{what}, {where}" if lang == "en" else f"{where}{what}"


def subtitle_of(frame: pl.DataFrame, scale: Scale, lang: str, *, lead: str = "") -> str:
    """Say unit, prices and adjustment.

    `lead` is what is shown, given where the title states a finding instead.
    """
    parts = [lead, scale.unit]
    for column, ordinary in (("prices", None), ("adjustment", "nsa")):
        kinds = _distinct(frame, column)
        if len(kinds) == 1 and kinds[0] != ordinary:
            parts.append(name_of(column, kinds[0], lang))
    return (", " if lang == "en" else "，").join(p for p in parts if p)


def sentences(texts: Iterable[str], lang: str) -> str:
    """Join sentences with the language's full stop between them.

    >>> sentences(["US$ trillion", "", "converted at market rates."], "en")
    'US$ trillion. Converted at market rates'
    """
    return phrase("stop", lang).join(t[:1].upper() + t[1:].rstrip(". 。") for t in texts if t)


def methods_of(lang: str, *frames: pl.DataFrame) -> str:
    """Say how the values were made, from the column ``method``: every step once."""
    steps = (step for frame in frames for m in _distinct(frame, "method") for step in str(m).split("; "))
    return said("; ".join(dict.fromkeys(steps)), lang)


def source_ids(*frames: pl.DataFrame) -> list[str]:
    """List the ids of all sources of some frames, in order of first use."""
    found: dict[str, None] = {}
    for frame in frames:
        if "sources" not in frame.columns:
            continue
        ids = frame["sources"].drop_nulls()
        found |= dict.fromkeys(
            ids.explode().drop_nulls().to_list() if ids.dtype == pl.List else map(str, ids)
        )
    return list(found)


def source_line(lang: str, *frames: pl.DataFrame) -> str:
    """Cite the sources of some frames, each producer once, with the newest vintage and the licences.

    Empty where the frames name no source. A producer's titles beyond the first few are counted.
    """
    ids = source_ids(*frames)
    cited = _by_producer(ids, lang)
    shown = cited[:_MOST_CITED]
    if len(cited) > _MOST_CITED:
        shown.append(phrase("more_producers", lang, len(cited) - _MOST_CITED))
    parts = []
    if shown:
        parts = [
            phrase("source", lang, phrase("semicolon", lang).join(shown)).rstrip(".") + phrase("stop", lang)
        ]
    vintages = [v for frame in frames for v in _distinct(frame, "vintage")]
    if vintages:
        parts.append(phrase("as_of", lang, max(map(str, vintages))) + (" " if lang == "en" else ""))
    if licences := _licences(ids, lang):
        parts.append(phrase("licences", lang, licences))
    return "".join(parts).strip()


def _by_producer(ids: Sequence[str], lang: str) -> list[str]:
    """Citations, those of one producer joined: ``IMF: A (2024), B (2025)`` without the producer said again."""
    known = catalog().sources
    titles: dict[str, list[str]] = {}
    for id_ in ids:
        producer = known[id_].producer if id_ in known else id_
        own = known[id_].citation().removeprefix(f"{producer}: ") if id_ in known else ""
        titles.setdefault(producer, []).append(own)
    comma = ", " if lang == "en" else "、"
    cited = []
    for producer, all_titles in titles.items():
        each = list(dict.fromkeys(filter(None, all_titles)))
        told = each[:_MOST_TITLES]
        if len(each) > _MOST_TITLES:
            told.append(phrase("more", lang, len(each) - _MOST_TITLES))
        cited.append(f"{producer}: {comma.join(told)}" if told else producer)
    return cited


def _licences(ids: Sequence[str], lang: str) -> str:
    """Licences of sources as the catalogue has them, each once; at last, that others state none."""
    known = catalog().sources
    texts = dict.fromkeys(_short(known[i].licence) for i in ids if i in known)
    named = [said(text, lang) for text in texts if text not in _UNLICENSED]
    if len(named) < len(texts):
        named.append(phrase("others_unlicensed" if named else "no_licence", lang))
    return phrase("semicolon", lang).join(named)


def _short(licence: str) -> str:
    """A licence without what explains it in the catalogue, in brackets or behind a semicolon."""
    return licence.partition(" (")[0].partition(";")[0]


def say_alt(kind: str, what: str, unit: str, span: str, body: Sequence[str], lang: str) -> str:
    """Write the one sentence that stands for the picture where it cannot be seen."""
    most = 5
    told = list(body[:most])
    if len(body) > most:
        told.append(phrase("others", lang, len(body) - most))
    return phrase(
        "alt",
        lang,
        kind=phrase(kind, lang),
        what=what,
        unit=phrase("in", lang, unit) if unit else "",
        span=span,
        body=phrase("semicolon", lang).join(told),
    )
