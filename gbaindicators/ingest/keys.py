"""A user's key for a service: read from the environment, put in on the wire only, struck out everywhere else."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import AnyStr, Final
from urllib.parse import quote

from gbaindicators.catalog import Service
from gbaindicators.errors import FetchError

__all__ = ["HIDDEN", "Key", "read_key"]

#: What stands for a key wherever one would be seen.
HIDDEN: Final = "***"

_SHORTEST: Final = 6
_SHORTEST_NUMBER: Final = 16
_PIECE: Final = 1 << 20


class Key:
    """A key that does not show itself.

    Addresses and headers are made with `HIDDEN` in its place; the connection puts the key in as it sends them, so that
    no address, log record or error of the libraries in between ever holds it.

    Examples
    --------
    >>> key = Key("0f1e2d3c4b5a")
    >>> key
    Key(***)
    >>> key.scrub("UserID=0F1E2D3C4B5A"), key.scrub(b'{"api_key": "0f1e2d3c4b5a"}')
    ('UserID=***', b'{"api_key": "***"}')
    """

    __slots__ = ("_encoded", "_in_bytes", "_in_text", "_plain", "_value")

    def __init__(self, value: str) -> None:
        pattern = "".join(_character(one) for one in value)
        self._value = value
        self._plain = value.lower().encode()
        self._in_text = re.compile(pattern, re.IGNORECASE)
        self._in_bytes = re.compile(pattern.encode(), re.IGNORECASE)
        only_percent = re.fullmatch(r"[\w.~-]+", value)
        self._encoded = re.compile(rb"%[0-9A-Fa-f]{2}" if only_percent else rb"%[0-9A-Fa-f]{2}|\\|&")

    def __repr__(self) -> str:
        return f"Key({HIDDEN})"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a key is not pickled: read it from the environment where it is used")

    def scrub(self, text: AnyStr) -> AnyStr:
        """Strike the key out, in small or capital letters (a service may echo it in either), plain or encoded."""
        if isinstance(text, str):
            return self._in_text.sub(HIDDEN, text)
        return self._in_bytes.sub(HIDDEN.encode(), text) if self._may_be_in(text) else text

    def revealed_target(self, target: str) -> str:
        """Path and query to send, the key in its place."""
        path, mark, query = target.partition("?")
        return path + mark + query.replace(f"={HIDDEN}", f"={quote(self._value, safe='')}")

    def revealed_header(self, value: str) -> str:
        """Value of a header to send, the key in its place."""
        return self._value if value == HIDDEN else value

    def _may_be_in(self, body: bytes) -> bool:
        # The pattern takes a second for 50 MB; most answers are known in a tenth of it to need none.
        if self._encoded.search(body):
            return True
        step = _PIECE + len(self._plain)
        return any(self._plain in body[at : at + step].lower() for at in range(0, len(body), _PIECE))


def read_key(service: Service, environment: Mapping[str, str]) -> Key | None:
    """Key of a service, None where it has none or the user has none and none is needed.

    Raises
    ------
    FetchError
        When a key is needed and not there, or what is there cannot be one.
    """
    value = environment.get(service.key, "").strip() if service.key else ""
    if not value and service.key_needed:
        raise FetchError(
            f"{service.id}: needs a key; get one at {service.url} and put it in the environment variable {service.key}"
        )
    if not value:
        return None
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise FetchError(
            f"{service.id}: the environment variable {service.key} holds blanks or signs that no key has;"
            f" set it to the key from {service.url}, nothing around it"
        )
    # Struck out of an answer, anything as short as this would take figures with it.
    if len(value) < (_SHORTEST_NUMBER if value.isdigit() else _SHORTEST):
        raise FetchError(
            f"{service.id}: the environment variable {service.key} holds {len(value)} characters, too few for a key;"
            f" set it to the key from {service.url}"
        )
    return Key(value)


def _character(one: str) -> str:
    """Pattern of a character as it is, percent-encoded once or more often, or escaped in JSON or HTML."""
    ways = [re.escape(one), f"%(?:25)*{ord(one):02x}"]
    if not one.isalnum():
        ways += [
            rf"\\u00{ord(one):02x}",
            re.escape(html.escape(one)),
            f"&#0*{ord(one)};",
            f"&#x0*{ord(one):x};",
        ]
    if one in '/"\\':
        ways.append(re.escape("\\" + one))
    # the longest way first, or only a part of it would be struck out
    return "(?:" + "|".join(sorted(set(ways), key=len, reverse=True)) + ")"
