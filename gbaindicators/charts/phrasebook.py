"""What the package says in the columns ``method`` and ``note``, in Chinese: a phrasebook kept as data."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from gbaindicators.catalog import catalog

__all__ = ["said", "said_each", "untold"]

_FOLDER: Final = Path(__file__).with_name("phrases")
_COLUMN: Final = {"zh-Hans": 1, "zh-Hant": 2}
_PLACE: Final = re.compile(r"\{(\d)!?\}")
#: A place whose value is a name in its own language, not looked up.
_AS_IT_IS: Final = "!"
#: English words; names of programs, methods and statistics are in capitals and stay as they are.
_ENGLISH: Final = re.compile(r"(?<![\w.])[a-z]{3,}(?![\w.])")
_DURATION: Final = re.compile(r"(\d+) ?(y|q|mo|w|d|years?|quarters?|months?|weeks?|days?)")
_UNITS: Final = {
    "y": ("年", "年"), "q": ("季", "季"), "m": ("个月", "個月"), "w": ("周", "周"), "d": ("天", "天"),
}  # fmt: skip


class _Entry(NamedTuple):
    """A phrase: what English looks like, and what Chinese says."""

    pattern: re.Pattern[str]
    told: tuple[str, str, str]


class _Told(NamedTuple):
    """A phrase in the language asked for, and what of it stayed English."""

    text: str
    english: tuple[str, ...]


def said(text: str, lang: str) -> str:
    """Say steps or notes, joined by semicolons, in a language; what the book lacks stays English.

    >>> said("to USD at the period's average market rate; growth over 1y", "zh-Hans")
    '按当期平均市场汇率折算为美元；同比增速'
    """
    return text if lang == "en" else "；".join(_step(step, lang).text for step in text.split("; "))


def said_each(texts: Iterable[str], lang: str) -> list[str]:
    """Say each of some texts in a language."""
    return [said(text, lang) for text in texts]


def untold(text: str, lang: str) -> list[str]:
    """List the parts of steps or notes that stay English in a language.

    >>> untold("growth over 1y; turned round twice", "zh-Hant")
    ['turned round twice']
    """
    return [] if lang == "en" else [part for step in text.split("; ") for part in _step(step, lang).english]


@cache
def _book() -> tuple[_Entry, ...]:
    """Every phrase, the one with the most words of its own first."""
    rows: list[Sequence[str]] = []
    for name in ("methods", "notes"):
        sections = tomllib.loads((_FOLDER / f"{name}.toml").read_text("utf-8"))
        rows += [row for section in sections.values() for row in section]
    rows.sort(key=lambda row: len(_PLACE.sub("", row[0])), reverse=True)
    return tuple(_Entry(_pattern(row[0]), (row[0], row[1], row[2])) for row in rows)


def _pattern(english: str) -> re.Pattern[str]:
    pieces = _PLACE.split(english)
    return re.compile("".join("(.*?)" if i % 2 else re.escape(piece) for i, piece in enumerate(pieces)))


@cache
def _step(text: str, lang: str) -> _Told:
    """One step or note: as the book has it, or wholly in English."""
    told = _matched(text, lang)
    if told and not told.english:
        return told
    # a name, or a note that was told in Chinese already, is nothing to translate
    return _Told(text, (text,) if _ENGLISH.search(text) else ())


@cache
def _matched(text: str, lang: str) -> _Told | None:
    """A text as the first entry says it that leaves nothing English, or the one that leaves least; None without any."""
    best: _Told | None = None
    for entry in _book():
        if match := entry.pattern.fullmatch(text):
            told = _filled(entry, match.groups(), lang)
            if not told.english:
                return told
            best = min(best or told, told, key=lambda t: sum(map(len, t.english)))
    return best


def _filled(entry: _Entry, values: Sequence[str], lang: str) -> _Told:
    """What an entry says of some values."""
    words = entry.told[_COLUMN[lang]]
    given = dict(zip(_PLACE.findall(entry.told[0]), values, strict=True))
    used = {
        place[0]: _Told(given[place[1]], ()) if _AS_IT_IS in place[0] else _value(given[place[1]], lang)
        for place in _PLACE.finditer(words)
    }
    return _Told(
        _PLACE.sub(lambda place: used[place[0]].text, words),
        tuple(part for value in used.values() for part in value.english),
    )


@cache
def _value(text: str, lang: str) -> _Told:
    """A value in a phrase: a name, a phrase of its own, a list of values, or a number or foreign name as it is."""
    if not text.strip():
        return _Told("", ())
    if name := _name(text.strip(), lang):
        return _Told(name, ())
    tries = [told for told in (_matched(text, lang), _listed(text, lang)) if told]
    return min(tries, key=lambda told: sum(map(len, told.english)))


def _listed(text: str, lang: str) -> _Told:
    """A list of values, each looked up; a number, a name or a foreign text as it is."""
    for separator, joined in ((", ", "、"), (" and ", "与" if lang == "zh-Hans" else "與")):
        if separator in text:
            values = [_value(value, lang) for value in text.split(separator)]
            return _Told(
                joined.join(v.text for v in values if v.text), tuple(p for v in values for p in v.english)
            )
    return _Told(text, (text,) if _ENGLISH.search(text) else ())


def _name(text: str, lang: str) -> str:
    """Name of an area, indicator, definition or unit that stands by its id, or of a duration; empty for another text."""
    known = catalog()
    for names in (known.areas, known.indicators, known.units):
        if text in names:
            return names[text].names[lang]
    if text in _definitions():
        return _definitions()[text][lang]
    if duration := _DURATION.fullmatch(text):
        return duration[1] + _UNITS[duration[2][0]][_COLUMN[lang] - 1]
    return ""


@cache
def _definitions() -> dict[str, dict[str, str]]:
    """Names of definitions by id, where no two of one id differ."""
    names: dict[str, list[dict[str, str]]] = {}
    for definition in catalog().definitions:
        names.setdefault(definition.id, []).append(dict(definition.names))
    return {id_: each[0] for id_, each in names.items() if all(other == each[0] for other in each)}
