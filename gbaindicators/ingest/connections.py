"""Connections that put the user's key in as they send, and that end when the time for an answer is over."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from threading import Timer
from time import monotonic
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote

from gbaindicators.errors import UsageError
from gbaindicators.ingest.keys import Key

if TYPE_CHECKING:
    import ssl

    import urllib3

__all__ = ["Deadline", "Proxy", "open_connections", "proxy_for"]


class Deadline:
    """Time for one answer, over all tries and redirects; used as a context manager around each exchange.

    A time-out of the socket starts anew with each byte, so that a server may drip for days. When the time is over this
    shuts the socket instead, and whoever reads from it is told that nothing more comes.

    Attributes
    ----------
    left
        Seconds that are left; waiting between two exchanges is not counted.
    over
        Whether the last exchange was ended.
    """

    def __init__(self) -> None:
        self.left = 0.0
        self.over = False
        self._socket: socket.socket | None = None
        self._began = 0.0
        self._timer: Timer | None = None

    def allow(self, seconds: float) -> None:
        """Begin anew."""
        self.left = seconds
        self.over = False

    def watch(self, one: socket.socket) -> None:
        """Name the socket on which the answer is awaited."""
        self._socket = one
        if self.over:
            self._shut()

    def __enter__(self) -> Self:
        self._socket = None
        self._began = monotonic()
        self._timer = Timer(self.left, self._end)
        self._timer.daemon = True
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer:
            self._timer.cancel()
        self._socket = None
        self.left = 0.0 if self.over else max(0.0, self.left - (monotonic() - self._began))

    def _end(self) -> None:
        self.over = True
        self._shut()

    def _shut(self) -> None:
        if one := self._socket:
            # past the TLS layer, which is not to be touched from another thread
            with suppress(OSError):
                socket.socket.shutdown(one, socket.SHUT_RDWR)


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy of the network, and what it wants to see of the user; TLS goes through it and is not read there."""

    url: str
    headers: Mapping[str, str] = field(repr=False)


def proxy_for(host: str, environment: Mapping[str, str]) -> Proxy | None:
    """Proxy that ``HTTPS_PROXY`` names for a host, unless ``NO_PROXY`` excepts it.

    Raises
    ------
    UsageError
        When ``HTTPS_PROXY`` is no address of an HTTP proxy.

    Examples
    --------
    >>> proxy_for("api.example.org", {"HTTPS_PROXY": "http://user:secret@proxy.example:3128"})
    Proxy(url='http://proxy.example:3128')
    >>> proxy_for("api.example.org", {"HTTPS_PROXY": "proxy.example:3128", "NO_PROXY": ".example.org"}) is None
    True
    """
    from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

    from urllib3.exceptions import LocationParseError
    from urllib3.util import make_headers, parse_url

    named, excepted = (
        environment.get(name) or environment.get(name.lower(), "") for name in ("HTTPS_PROXY", "NO_PROXY")
    )
    if not named or proxy_bypass_environment(host, {"no": excepted}):
        return None
    try:
        url = parse_url(named if "://" in named else f"http://{named}")
    except LocationParseError:
        url = None
    if url is None or url.scheme not in ("http", "https") or not url.host:
        # its text may hold a password
        raise UsageError("HTTPS_PROXY is not the address of an HTTP proxy, such as http://proxy.example:3128")
    told = make_headers(proxy_basic_auth=unquote(url.auth)) if url.auth else {}
    return Proxy(url._replace(auth=None, path=None, query=None).url, told)


def open_connections(key: Key | None, deadline: Deadline, proxy: Proxy | None = None) -> urllib3.PoolManager:
    """Pool of connections that know the key and the deadline; nothing above them sees the key.

    Certificates are checked against the system's and, where `certifi` is installed, its list.
    """
    import urllib3
    from urllib3.connection import HTTPConnection, HTTPSConnection

    class Plain(HTTPConnection):
        debuglevel = 0  # http.client prints what it sends, where a debugging user has set this for all

        def putrequest(
            self, method: str, url: str, skip_host: bool = False, skip_accept_encoding: bool = False
        ) -> None:
            super().putrequest(
                method, key.revealed_target(url) if key else url, skip_host, skip_accept_encoding
            )

        def putheader(self, header: str, *values: str) -> None:  # type: ignore[override]
            super().putheader(header, *(map(key.revealed_header, values) if key else values))

        def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]
            deadline.watch(self.sock)
            return super().getresponse()

    class Secure(Plain, HTTPSConnection):
        pass

    class PlainPool(urllib3.HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(urllib3.HTTPSConnectionPool):
        ConnectionCls = Secure

    how: dict[str, Any] = {"num_pools": 4, "maxsize": 1, "ssl_context": _trusted()}
    pools = (
        urllib3.ProxyManager(proxy.url, proxy_headers=proxy.headers, **how)
        if proxy
        else urllib3.PoolManager(**how)
    )
    pools.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
    return pools


@cache
def _trusted() -> ssl.SSLContext:
    import ssl

    context = ssl.create_default_context()
    try:
        import certifi
    except ImportError:
        return context
    context.load_verify_locations(certifi.where())
    return context
