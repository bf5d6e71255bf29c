"""The words of the report, one file a language beside this module."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from gbaindicators.charts.labels import check_language

__all__ = ["Words", "words_of"]


class Words:
    """The words of one language, by section and key."""

    def __init__(self, lang: str, texts: dict[str, dict[str, str]]) -> None:
        self.lang = lang
        self._texts = texts

    def __call__(self, key: str, **parts: Any) -> str:
        """Give a text with its parts filled in.

        >>> words_of("en")("table.range", low=1, high=2)
        '1 to 2'
        """
        section, _, name = key.partition(".")
        return self._texts[section][name].format(**parts)

    def section(self, name: str) -> dict[str, str]:
        """Give all texts of a section as they stand, by key."""
        return self._texts[name]


@cache
def words_of(lang: str) -> Words:
    """Read the words of a language.

    Raises
    ------
    UnknownNameError
        For a language that the report is not written in.

    Examples
    --------
    >>> words_of("zh-Hant")("page.sources"), words_of("zh-Hans")("dialog.close")
    ('資料來源', '关闭')
    """
    text = files(__name__).joinpath(f"{check_language(lang)}.toml").read_text(encoding="utf-8")
    return Words(lang, tomllib.loads(text))
