"""Fetching answers: politely, again where it helps, never more or longer than allowed, and without showing a key."""

from __future__ import annotations

import hashlib
import json
import os
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, AnyStr, Final, Self
from urllib.parse import quote, urlencode, urljoin, urlsplit

from gbaindicators.catalog import Service
from gbaindicators.errors import FetchError, UsageError
from gbaindicators.ingest.bodies import beginning, whole
from gbaindicators.ingest.connections import Deadline, Proxy, open_connections, proxy_for
from gbaindicators.ingest.exchange import Request
from gbaindicators.ingest.failures import LONGEST_WAIT, AttemptError, broken_off, refused
from gbaindicators.ingest.keys import HIDDEN, Key, read_key
from gbaindicators.version import __version__

if TYPE_CHECKING:
    import urllib.request

    import urllib3
    from urllib3.util import Url

__all__ = ["Answer", "Client"]

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS: Final = 5
_LONGEST_CONNECTING: Final = 15.0
_SHOWN: Final = 200  # characters of an address in a message


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer.

    Attributes
    ----------
    body
        Unpacked, with `HIDDEN` in place of the user's key.
    sha256
        Of the body.
    status
        Of HTTP.
    etag, modified
        What the service calls this state of the answer, to be given back with the next request; may be empty.
    unchanged
        Whether the service said that the answer is still that of the `etag` or `modified` given; the body is empty.
    address
        Where the answer came from in the end, without key.
    """

    body: bytes = field(repr=False)
    sha256: str
    status: int
    etag: str
    modified: str
    unchanged: bool
    address: str


class Client:
    """Fetches from one service, in one thread, for the time of a refresh; a context manager.

    Parameters
    ----------
    service
        The service: it gives the pause between two requests and the name of the variable that holds the key.
    environment
        Where the key is read. ``GBA_REPLAY`` there, such as ``http://127.0.0.1:8080``, sends every request for
        ``https://host/path`` to ``http://127.0.0.1:8080/host/path`` instead. ``HTTPS_PROXY`` and ``NO_PROXY`` hold.
    report
        Is told of every failed try that is followed by another.
    attempts
        How often a request is tried that fails for a reason that may pass.
    backoff
        Seconds before the second try; they double with each, more or less by half at random.
    pause
        Multiplies the pause of the service.

    Raises
    ------
    UsageError
        When ``GBA_REPLAY`` is not an address of this machine.
    """

    def __init__(
        self,
        service: Service,
        *,
        environment: Mapping[str, str] = os.environ,
        report: Callable[[str], None] | None = None,
        attempts: int = 4,
        backoff: float = 1.0,
        pause: float = 1.0,
    ) -> None:
        from http.cookiejar import CookieJar

        self._service = service
        self._environment = environment
        self._report = report
        self._attempts = attempts
        self._backoff = backoff
        self._pause = service.pause * pause
        self._replay = _replay_base(environment.get("GBA_REPLAY", ""))
        self._key: Key | None = None
        self._deadline = Deadline()
        self._pools: urllib3.PoolManager | None = None
        self._cookies = CookieJar()
        self._visited: set[str] = set()
        self._not_before = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        if self._pools:
            self._pools.clear()

    def fetch(self, request: Request, *, etag: str = "", modified: str = "") -> Answer:
        """Fetch the answer to a request.

        Parameters
        ----------
        request
            What to ask. Its `seconds` hold for all tries together, the waiting between them left out; half of them may
            pass without a byte before the connection is given up.
        etag, modified
            Of an earlier answer to the same request: the service may say that it is unchanged.

        Raises
        ------
        FetchError
            When no whole answer was had: the message says why, how often it was tried and what to do.
        UsageError
            When the address of the request does not begin with ``https://``.
        """
        if self._pools is None:
            self._key = read_key(self._service, self._environment)
            self._pools = open_connections(self._key, self._deadline, self._proxy())
        if request.before and request.before not in self._visited:
            self._tried(replace(request, url=request.before, query={}, form=None, json=None, key=""), {})
            self._visited.add(request.before)
        return self._tried(request, {"If-None-Match": etag, "If-Modified-Since": modified})

    def _proxy(self) -> Proxy | None:
        host = urlsplit(self._service.base).hostname
        return None if self._replay or not host else proxy_for(host, self._environment)

    def _tried(self, request: Request, conditions: Mapping[str, str]) -> Answer:
        first = self._first(request, {name: value for name, value in conditions.items() if value})
        self._deadline.allow(request.seconds)
        tries = 0
        while True:
            tries += 1
            try:
                return self._followed(first, request)
            except AttemptError as error:
                failure = error
            if not failure.again or tries >= self._attempts or not self._deadline.left:
                break
            self._wait(failure, tries)
        often = "tried once" if tries == 1 else f"tried {tries} times"
        # Raised outside the handler, so that no error of the layers below hangs on it.
        raise FetchError(self._scrubbed(f"{self._service.id}: {failure.what} ({often}); {failure.mend}"))

    def _wait(self, failure: AttemptError, tries: int) -> None:
        backoff = self._backoff * 2 ** (tries - 1) * random.uniform(0.5, 1.5)  # noqa: S311 - no secret
        seconds = max(failure.wait, min(backoff, LONGEST_WAIT))
        if self._report:
            said = f"{self._service.id}: {failure.what}; again in {seconds:.1f} s, try {tries + 1} of {self._attempts}"
            self._report(self._scrubbed(said))
        time.sleep(seconds)

    def _first(self, request: Request, conditions: Mapping[str, str]) -> _Hop:
        from urllib3 import HTTPHeaderDict

        url = _address(self._scrubbed(request.url))
        if url is None or url.scheme != "https":
            raise UsageError(
                f"{self._service.id}: {self._scrubbed(request.url)!r} is not an address that begins with https://"
            )
        headers = HTTPHeaderDict({"User-Agent": _agent(), "Accept-Encoding": "gzip"})
        body = None
        if request.form is not None:
            body = urlencode(request.form).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        elif request.json is not None:
            body = json.dumps(request.json, ensure_ascii=False).encode()
            headers["Content-Type"] = "application/json"
        headers.update({**request.headers, **conditions})
        # An address out of an answer has HIDDEN where the key was, and may lead anywhere.
        hop = _Hop(url, "GET" if body is None else "POST", body, dict(headers)).without_key()
        hop = hop.with_query(urlencode(request.query, quote_via=quote))
        if self._key and request.key.startswith("header:"):
            return replace(hop, headers={**hop.headers, request.key.removeprefix("header:"): HIDDEN})
        if self._key and request.key:
            return hop.with_query(f"{quote(request.key, safe='')}={HIDDEN}")
        return hop

    def _followed(self, hop: _Hop, request: Request) -> Answer:
        """Answer at the end of the redirects."""
        home, way = hop.origin, [hop.url.url]
        while True:
            answer = self._exchanged(hop, request)
            if isinstance(answer, Answer):
                return answer
            hop = self._redirected(hop, *answer, home)
            way.append(hop.url.url)
            if len(way) > _MOST_REDIRECTS + 1:
                # the same address twice is no loop yet: some set a cookie first
                loop = len(set(way)) < len(way)
                what = "a redirect loop" if loop else f"more than {_MOST_REDIRECTS} redirects"
                raise AttemptError(
                    f"{what}: {' -> '.join(one[:_SHOWN] for one in way[-4:])}",
                    "the service may have moved: look for its new address and change `base`",
                )

    def _redirected(self, hop: _Hop, status: int, location: str, home: tuple[str | None, int]) -> _Hop:
        url = _address(self._scrubbed(location), hop.url.url)
        if url and self._replay and f"{url.scheme}://{url.netloc}" == self._replay:
            url = _address(f"https:/{url.request_uri}")
        if url is None or url.scheme != "https":
            raise AttemptError(
                f"{self._at(hop)} redirects to {self._scrubbed(location)[:_SHOWN]!r}, which is no https address",
                "it was not followed: see whether the service has moved, and change `base`",
            )
        following = replace(hop, url=url)
        if status == HTTPStatus.SEE_OTHER or (status in (301, 302) and hop.method == "POST"):
            headers = {name: value for name, value in hop.headers.items() if name.lower() != "content-type"}
            following = replace(following, method="GET", body=None, headers=headers)
        return following if following.origin == home else following.without_key()

    def _exchanged(self, hop: _Hop, request: Request) -> Answer | tuple[int, str]:
        """Answer, or the status and address of a redirect, of a single request."""
        import urllib3

        time.sleep(max(0.0, self._not_before - time.monotonic()))
        self._not_before = time.monotonic() + self._pause
        assert self._pools is not None
        left = max(self._deadline.left, 0.001)
        silence = min(left, request.seconds / 2)
        try:
            with self._deadline:
                response = self._pools.urlopen(
                    hop.method,
                    self._wire_address(hop.url),
                    body=hop.body,
                    headers=self._with_cookies(hop),
                    timeout=urllib3.Timeout(connect=min(left, _LONGEST_CONNECTING), read=silence),
                    retries=False,
                    redirect=False,
                    preload_content=False,
                    decode_content=False,
                )
                try:
                    answer = self._received(response, hop, request)
                finally:
                    response.close()
        except AttemptError as error:
            failure = error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            failure = broken_off(error, self._at(hop), silence)
        else:
            if not self._deadline.over:
                return answer
        if self._deadline.over:
            failure = AttemptError(
                f"{self._at(hop)} had not sent the whole answer after {request.seconds:g} s",
                "try again later, or ask for less at once",
            )
        raise failure

    def _received(
        self, response: urllib3.BaseHTTPResponse, hop: _Hop, request: Request
    ) -> Answer | tuple[int, str]:
        self._cookies.extract_cookies(response, hop.for_cookies())  # type: ignore[arg-type]
        headers, status = response.headers, response.status
        if status in _REDIRECTS and "Location" in headers:
            return status, headers["Location"]
        at, asked = self._at(hop), {name.lower(): value for name, value in hop.headers.items()}
        unchanged = status == HTTPStatus.NOT_MODIFIED and bool(
            {"if-none-match", "if-modified-since"} & asked.keys()
        )
        if not unchanged and not 200 <= status < 300:
            said = self._scrubbed(beginning(response, at))
            raise refused(response, said, at, key=self._service.key, page=self._service.url)
        body = b"" if unchanged else self._scrubbed(whole(response, request.largest, at))
        return Answer(
            body=body,
            sha256=hashlib.sha256(body).hexdigest(),
            status=status,
            etag=self._scrubbed(headers.get("ETag", asked.get("if-none-match", "") if unchanged else "")),
            modified=self._scrubbed(
                headers.get("Last-Modified", asked.get("if-modified-since", "") if unchanged else "")
            ),
            unchanged=unchanged,
            address=self._scrubbed(hop.without_key().url.url),
        )

    def _wire_address(self, url: Url) -> str:
        return f"{self._replay}/{url.netloc}{url.request_uri}" if self._replay else url.url

    def _with_cookies(self, hop: _Hop) -> Mapping[str, str]:
        asked = hop.for_cookies()
        self._cookies.add_cookie_header(asked)
        cookie = asked.get_header("Cookie")
        return {**hop.headers, "Cookie": cookie} if cookie else hop.headers

    def _at(self, hop: _Hop) -> str:
        return f"{hop.url.netloc} (replayed by {self._replay})" if self._replay else str(hop.url.netloc)

    def _scrubbed(self, text: AnyStr) -> AnyStr:
        return self._key.scrub(text) if self._key else text


@dataclass(frozen=True, slots=True)
class _Hop:
    """One request on the way to the answer, with `HIDDEN` in place of the key."""

    url: Url
    method: str
    body: bytes | None
    headers: Mapping[str, str]

    @property
    def origin(self) -> tuple[str | None, int]:
        return self.url.host, self.url.port or 443

    def for_cookies(self) -> urllib.request.Request:
        from urllib.request import Request as Asked

        return Asked(self.url.url)  # noqa: S310 - https, and never opened

    def with_query(self, query: str) -> _Hop:
        both = "&".join(part for part in (self.url.query, query) if part)
        return replace(self, url=self.url._replace(query=both or None))

    def without_key(self) -> _Hop:
        parts = [part for part in (self.url.query or "").split("&") if HIDDEN not in part]
        headers = {name: value for name, value in self.headers.items() if value != HIDDEN}
        return replace(self, url=self.url._replace(query="&".join(parts) or None), headers=headers)


def _address(text: str, base: str = "") -> Url | None:
    """Parts of an address as they will be sent; None where it is none, or names a user."""
    from urllib3.exceptions import LocationParseError
    from urllib3.util import parse_url

    try:
        url = parse_url(urljoin(base, text))
    except (LocationParseError, ValueError):
        return None
    return None if url.auth or not url.host else url._replace(fragment=None)


def _replay_base(value: str) -> str:
    """Address of the local server that stands for all services; empty where there is none."""
    if not value:
        return ""
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    local = host in ("127.0.0.1", "localhost", "::1") and port is not None
    if not local or parts.scheme != "http" or parts.path not in ("", "/") or parts.query or parts.username:
        raise UsageError(
            f"GBA_REPLAY is {value!r}, but must be only a local address, http://127.0.0.1:PORT:"
            " with any other, keys would leave the machine"
        )
    return f"http://[::1]:{port}" if host == "::1" else f"http://{host}:{port}"


def _agent() -> str:
    return f"gbaindicators/{__version__} (+statistics refresh)"
