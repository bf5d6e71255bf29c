"""Reading the body of an answer: whole, unpacked, and never more than allowed."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from gbaindicators.ingest.failures import AttemptError

if TYPE_CHECKING:
    import urllib3

__all__ = ["beginning", "whole"]

_CHUNK: Final = 1 << 16


def whole(response: urllib3.BaseHTTPResponse, largest: int, at: str) -> bytes:
    """Read a body and unpack it; at most `largest` bytes of it are ever held.

    Unpacked here rather than by `urllib3`, which takes a packed body that is cut for a whole one.

    Raises
    ------
    AttemptError
        When the body is larger, or cut, or packed in a way that was not asked for.
    """
    if (response.length_remaining or 0) > largest:
        raise _too_large(largest, at)
    gathered = io.BytesIO()
    for piece in _unpacked(_pieces(response, largest, at), _packing(response, at), at):
        if gathered.tell() + len(piece) > largest:
            raise _too_large(largest, at)
        gathered.write(piece)
    return gathered.getvalue()


def beginning(response: urllib3.BaseHTTPResponse, at: str) -> bytes:
    """As much of a body as comes at once, for an error message; nothing where it cannot be read."""
    import urllib3

    gathered = io.BytesIO()
    with suppress(AttemptError, urllib3.exceptions.HTTPError, OSError):
        for piece in _unpacked(_pieces(response, _CHUNK, at), _packing(response, at), at):
            gathered.write(piece)
            if gathered.tell() >= _CHUNK:
                break
    return gathered.getvalue()


def _pieces(response: urllib3.BaseHTTPResponse, largest: int, at: str) -> Iterator[bytes]:
    came = 0
    while piece := response.read1(_CHUNK, decode_content=False):
        # a packed body can go on for ever without holding anything
        if (came := came + len(piece)) > largest + _CHUNK:
            raise _too_large(largest, at)
        yield piece


def _packing(response: urllib3.BaseHTTPResponse, at: str) -> str:
    packing = response.headers.get("Content-Encoding", "").strip().lower().removeprefix("x-")
    if packing not in ("", "identity", "gzip"):
        raise AttemptError(
            f"{at} sent an answer packed as {packing[:20]!r}, which was not asked for",
            "see whether something stands between this machine and the service, such as a proxy",
        )
    return packing


def _unpacked(pieces: Iterable[bytes], packing: str, at: str) -> Iterator[bytes]:
    if packing != "gzip":
        yield from pieces
        return
    member, begun = zlib.decompressobj(wbits=31), False
    for piece in pieces:
        rest = piece
        while rest:
            if member.eof:
                member = zlib.decompressobj(wbits=31)
            try:
                yield member.decompress(rest, _CHUNK)
            except zlib.error:
                raise AttemptError(f"the answer of {at} is packed (gzip) and damaged", again=True) from None
            begun = True
            rest = member.unused_data if member.eof else member.unconsumed_tail
    if begun and not member.eof:
        raise AttemptError(f"the answer of {at} is packed (gzip) and was cut", again=True)


def _too_large(largest: int, at: str) -> AttemptError:
    return AttemptError(
        f"the answer of {at} is larger than {largest:,} bytes and was not read on",
        "ask for less at once, or raise `largest` in the connector if the service has so much to say",
    )
