"""What went wrong in one try to fetch an answer, in words, and whether to try again."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import urllib3

__all__ = ["LONGEST_WAIT", "AttemptError", "broken_off", "refused"]

#: Seconds that are waited for the next try; a service that asks for more is left for a later refresh.
LONGEST_WAIT: Final = 120.0

_AGAIN: Final = frozenset({429, 500, 502, 503, 504})
_LATER: Final = "the service may be down: try again later"
_EXCERPT: Final = 200


class AttemptError(Exception):
    """A try that failed.

    Parameters
    ----------
    what, mend
        What happened, and what the user can do.
    again
        Whether another try may succeed.
    wait
        Seconds that the service asks to wait before it.
    """

    def __init__(self, what: str, mend: str = _LATER, *, again: bool = False, wait: float = 0.0) -> None:
        super().__init__(what)
        self.what, self.mend, self.again, self.wait = what, mend, again, wait


def broken_off(error: Exception, at: str, silence: float) -> AttemptError:
    """Put an error of the network or of `urllib3` in words; its own text is not used, as it may hold an address.

    Parameters
    ----------
    error
        The error.
    at
        The host.
    silence
        Seconds without a byte after which the connection was given up.
    """
    from http.client import IncompleteRead

    from urllib3 import exceptions

    if isinstance(error, exceptions.NameResolutionError):
        mend = "see whether this machine is on the network, and whether the host in `base` is still right"
        return AttemptError(f"the name {at} is not known (DNS)", mend, again=True)
    if isinstance(error, exceptions.ProxyError):
        said = str(error.original_error)
        why = said if said.startswith("Tunnel") else "it cannot be reached"
        return AttemptError(
            f"no way to {at} through the proxy that HTTPS_PROXY names: {why}",
            "see whether its address, and the name and password in it, are right, or except the host in NO_PROXY",
            again=True,
        )
    if isinstance(error, exceptions.NewConnectionError):
        cause = error.__cause__
        if isinstance(cause, ConnectionRefusedError):
            return AttemptError(f"{at} refused the connection", again=True)
        why = (cause.strerror or type(cause).__name__) if isinstance(cause, OSError) else "no connection"
        return AttemptError(
            f"{at} cannot be reached: {why}", "see whether this machine is on the network", again=True
        )
    if isinstance(error, exceptions.ConnectTimeoutError):
        return AttemptError(f"no connection with {at}: it did not answer in time", again=True)
    if isinstance(error, exceptions.ReadTimeoutError):
        return AttemptError(f"{at} sent nothing for {silence:.3g} s", again=True)
    if isinstance(error, exceptions.SSLError):
        return _untrusted(error, at)
    inner = error.args[-1] if error.args else None
    if isinstance(inner, IncompleteRead):
        # an answer in chunks does not say how much is still to come
        missing = f", {inner.expected:,} bytes missing" if inner.expected else ""
        return AttemptError(f"the answer of {at} was cut{missing}", again=True)
    if isinstance(error, exceptions.ProtocolError | OSError):
        return AttemptError(f"the connection with {at} broke off", again=True)
    mend = "see whether something stands between this machine and the service, such as a proxy"
    return AttemptError(f"{at} sent what is not HTTP ({type(error).__name__})", mend, again=True)


def _untrusted(error: Exception, at: str) -> AttemptError:
    import ssl

    cause = error.args[0] if error.args else None
    if not isinstance(cause, ssl.SSLCertVerificationError):
        reason = getattr(cause, "reason", None) or type(cause).__name__
        return AttemptError(f"no safe connection (TLS) with {at}: {reason}", again=True)
    return AttemptError(
        f"the certificate of {at} (TLS) is not to be trusted: {cause.verify_message.lower()}",
        "nothing was sent; see whether the clock and the certificates of this machine are up to date,"
        " or whether something stands between it and the service",
    )


def refused(
    response: urllib3.BaseHTTPResponse, said: bytes, at: str, *, key: str = "", page: str = ""
) -> AttemptError:
    """Put an answer that is none, by its status, in words.

    Parameters
    ----------
    response
        The response.
    said
        Beginning of its body, without key.
    at
        The host.
    key
        Environment variable of the user's key, empty where none is used.
    page
        The service's page for people.
    """
    status = response.status
    html = "html" in response.headers.get("Content-Type", "").lower() or b"<html" in said[:2000].lower()
    if status == HTTPStatus.FORBIDDEN and html:
        return AttemptError(
            f"blocked (403), not 'no data': {at}, or a gateway before it, sent a page instead of an answer",
            "it may not serve this network, or have had too many requests: wait, or ask from another network",
        )
    what = f"{at} answered {status} {_phrase(status)}".rstrip()
    if text := "" if html else _readable(said):
        what += f" ({text})"
    if status in _AGAIN:
        return _for_now(status, what, _asked_to_wait(response.headers.get("Retry-After", "")))
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        mend = f"see whether the key in {key} is still good" if key else f"see its terms of use, {page}"
    elif status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        mend = f"the series or the address is gone: see {page}"
    else:
        mend = f"the service does not take this request: see {page} for whether its interface has changed"
    return AttemptError(what, mend)


def _for_now(status: int, what: str, wait: float) -> AttemptError:
    if wait > LONGEST_WAIT:
        try:
            back = f"after {datetime.fromtimestamp(time.time() + wait, UTC):%Y-%m-%d %H:%M} UTC"
        except (ValueError, OverflowError, OSError):
            back = "at no time that there is"
        return AttemptError(what, f"it asks to come back {back}: refresh again then")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        mend = "it had too many requests: try again later, and raise `pause` of the service if it lasts"
        return AttemptError(what, mend, again=True, wait=wait)
    return AttemptError(what, again=True, wait=wait)


def _asked_to_wait(text: str) -> float:
    """Seconds of a Retry-After, given in seconds or as a date; 0 where it is neither."""
    from email.utils import mktime_tz, parsedate_tz

    if text.strip().isdecimal():
        return float(text)
    try:
        date = parsedate_tz(text)
        return max(0.0, mktime_tz(date) - time.time()) if date else 0.0
    except (ValueError, OverflowError):
        return 0.0


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _readable(said: bytes) -> str:
    text = " ".join(said.decode(errors="replace").split())
    text = "".join(one for one in text if one.isprintable())
    return text if len(text) <= _EXCERPT else text[:_EXCERPT] + " ..."
