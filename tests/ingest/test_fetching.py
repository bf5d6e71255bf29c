"""Fetching against a server that goes wrong in every way that a service has."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import logging
import pickle
import shutil
import socket
import ssl
import subprocess
import threading
import time
import traceback
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from faulty_server import Server, drip, flood, hang_up, raw, redirect, reply, silence
from hypothesis import given
from hypothesis import strategies as st

from gbaindicators.catalog import Service
from gbaindicators.errors import FetchError, UsageError
from gbaindicators.ingest.connections import Deadline
from gbaindicators.ingest.exchange import Request
from gbaindicators.ingest.fetching import Client
from gbaindicators.ingest.keys import Key, read_key

KEY = "0f1e2d3c-4B5A/6978+a=&b"
OK = reply(b'{"ok": 1}')
HOST = "https://api.example.org"
CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"x" * 40


def service(**changes: Any) -> Service:
    own = {"key": "EXAMPLE_KEY", "pause": 0.0, **changes}
    return Service(
        "example", "Example", "Example statistics", "https://example.org/terms", "", HOST, "described", **own
    )


def client(server: Server | None, *, key: str = "", to: Service | None = None, **changes: Any) -> Client:
    environment = {"GBA_REPLAY": server.address} if server else {}
    if key:
        environment["EXAMPLE_KEY"] = key
    return Client(to or service(), environment=environment, **{"backoff": 0.001, **changes})


def ask(path: str = "/data", **changes: Any) -> Request:
    return Request(HOST + path, (), **{"seconds": 10.0, **changes})


def failed(server: Server | None, request: Request | None = None, **changes: Any) -> str:
    """Message of the failure."""
    with client(server, **changes) as one, pytest.raises(FetchError) as caught:
        one.fetch(request or ask())
    message = str(caught.value)
    assert message.startswith("example: ")
    assert "(tried " in message
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return message


@pytest.fixture
def time_over_on(monkeypatch: pytest.MonkeyPatch) -> Callable[[threading.Event], list[float]]:
    """Let the time for an answer be over when an event comes, not by a clock; give the seconds that were allowed."""

    def patch(event: threading.Event) -> list[float]:
        allowed: list[float] = []

        class Awaiting:
            def __init__(self, seconds: float, end: Callable[[], None]) -> None:
                allowed.append(seconds)
                self._end, self._cancelled = end, threading.Event()

            def start(self) -> None:
                threading.Thread(target=self._wait, daemon=True).start()

            def _wait(self) -> None:
                while not self._cancelled.wait(0.005):
                    if event.is_set():
                        self._end()
                        return

            def cancel(self) -> None:
                self._cancelled.set()

        monkeypatch.setattr("gbaindicators.ingest.connections.Timer", Awaiting)
        return allowed

    return patch


class TestRequests:
    def test_get(self) -> None:
        with Server(reply(b"figures", ETag='"a"', Last_Modified="Tue, 03 Feb 2026 00:00:00 GMT")) as server:
            with client(server) as one:
                answer = one.fetch(ask("/data?lang=en", query={"series": "GDP a+b", "中": "文"}))
            asked = server.asked[0]
        assert answer.body == b"figures"
        assert answer.sha256 == hashlib.sha256(b"figures").hexdigest()
        assert (answer.status, answer.unchanged, answer.etag) == (200, False, '"a"')
        assert answer.modified == "Tue, 03 Feb 2026 00:00:00 GMT"
        assert answer.address == f"{HOST}/data?lang=en&series=GDP%20a%2Bb&%E4%B8%AD=%E6%96%87"
        assert urlsplit(asked.path).path == "/api.example.org/data"
        assert parse_qs(urlsplit(asked.path).query) == {"lang": ["en"], "series": ["GDP a+b"], "中": ["文"]}
        assert asked.headers["User-Agent"].startswith("gbaindicators/")
        assert asked.headers["User-Agent"].endswith("(+statistics refresh)")
        assert asked.headers["Accept-Encoding"] == "gzip"
        assert "figures" not in repr(answer)

    def test_headers_of_the_request_go_before_ours(self) -> None:
        with Server(OK) as server, client(server) as one:
            one.fetch(ask(headers={"user-agent": "Mozilla/5.0", "Referer": "https://example.org/"}))
            asked = server.asked[0]
        assert asked.headers["user-agent"] == "Mozilla/5.0"
        assert "User-Agent" not in asked.headers
        assert asked.headers["Referer"] == "https://example.org/"

    def test_form(self) -> None:
        with Server(reply(b"made", 201)) as server, client(server) as one:
            assert one.fetch(ask(form={"query": '{"a": "中"}', "b": "1 2"})).status == 201
            asked = server.asked[0]
        assert asked.method == "POST"
        assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert parse_qs(asked.body.decode()) == {"query": ['{"a": "中"}'], "b": ["1 2"]}

    def test_json(self) -> None:
        with Server(OK) as server, client(server) as one:
            one.fetch(ask(json={"ids": ["中"]}))
            asked = server.asked[0]
        assert (asked.method, asked.headers["Content-Type"]) == ("POST", "application/json")
        assert asked.body.decode() == '{"ids": ["中"]}'

    def test_packed(self) -> None:
        body = b"figures " * 50_000
        for packed in (gzip.compress(body), gzip.compress(body[:100]) + gzip.compress(body[100:])):
            with Server(reply(packed, Content_Encoding="gzip")) as server, client(server) as one:
                assert one.fetch(ask()).body == body

    def test_empty(self) -> None:
        with Server(reply(b"", Content_Encoding="gzip")) as server, client(server) as one:
            assert one.fetch(ask()).body == b""

    def test_in_pieces(self) -> None:
        pieces = (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"3\r\nabc\r\n",
            b"2\r\nde\r\n0\r\n\r\n",
        )
        with Server(raw(*pieces)) as server, client(server) as one:
            assert one.fetch(ask()).body == b"abcde"

    def test_unchanged(self) -> None:
        day = "Tue, 03 Feb 2026 00:00:00 GMT"
        with Server(reply(b"", 304)) as server, client(server) as one:
            answer = one.fetch(ask(), etag='"a"', modified=day)
            asked = server.asked[0]
        assert (asked.headers["If-None-Match"], asked.headers["If-Modified-Since"]) == ('"a"', day)
        assert (answer.unchanged, answer.body, answer.etag, answer.modified) == (True, b"", '"a"', day)

    def test_unchanged_without_being_asked(self) -> None:
        with Server(reply(b"", 304)) as server:
            assert "answered 304 Not Modified" in failed(server)

    def test_before_is_visited_once_and_its_cookies_are_kept(self) -> None:
        request = ask(before=HOST + "/page")
        with (
            Server(reply(b"<html>", Set_Cookie="session=abc; Path=/; Secure"), OK) as server,
            client(server) as one,
        ):
            one.fetch(request)
            one.fetch(request)
            paths = [asked.path for asked in server.asked]
            cookies = [asked.headers.get("Cookie") for asked in server.asked]
        assert paths == ["/api.example.org/page", "/api.example.org/data", "/api.example.org/data"]
        assert cookies == [None, "session=abc", "session=abc"]

    def test_cookies_are_for_the_host_that_set_them(self) -> None:
        with Server(reply(b"", Set_Cookie="session=abc; Path=/"), OK) as server, client(server) as one:
            one.fetch(ask())
            one.fetch(Request("https://elsewhere.example.com/", ()))
            assert "Cookie" not in server.asked[1].headers

    def test_pause(self) -> None:
        began = time.monotonic()
        with Server(OK) as server, client(server, to=service(pause=0.4), pause=0.5) as one:
            for _ in range(3):
                one.fetch(ask())
        assert time.monotonic() - began >= 0.4

    @pytest.mark.parametrize(
        "url", ["http://api.example.org/", "file:///etc/passwd", "https://", "https://me@host/"]
    )
    def test_only_https(self, url: str) -> None:
        with client(None) as one, pytest.raises(UsageError, match="https://"):
            one.fetch(Request(url, ()))


class TestReplay:
    @pytest.mark.parametrize(
        "value",
        [
            "https://127.0.0.1:8000", "http://10.0.0.1:80", "http://example.org:80", "http://127.0.0.1",
            "http://127.0.0.1:80@example.org:80", "http://127.0.0.1:80\\@example.org", "http://127.0.0.1.example.org:80",
            "127.0.0.1:8000", "http://127.0.0.1:99999", "http://127.0.0.1:80/path", "http://[::1",
        ],
    )  # fmt: skip
    def test_nothing_but_this_machine(self, value: str) -> None:
        with pytest.raises(UsageError, match="only a local address"):
            Client(service(), environment={"GBA_REPLAY": value})

    @pytest.mark.parametrize("value", ["http://127.0.0.1:80", "http://localhost:80/", "http://[::1]:80"])
    def test_this_machine(self, value: str) -> None:
        Client(service(), environment={"GBA_REPLAY": value})


class TestConnections:
    def test_refused(self) -> None:
        said: list[str] = []
        with Server(OK) as server:
            pass
        message = failed(server, report=said.append)
        assert "api.example.org (replayed by http://127.0.0.1:" in message
        assert ") refused the connection (tried 4 times); the service may be down: try again later" in message
        assert len(said) == 3
        assert "refused the connection; again in 0.0 s, try 2 of 4" in said[0]

    def test_name_not_known(self) -> None:
        message = failed(None, Request("https://nowhere.invalid/data", ()))
        assert "the name nowhere.invalid is not known (DNS) (tried 4 times)" in message

    def test_certificate(self, tmp_path: Path) -> None:
        with Server(OK, certificate=self_signed(tmp_path)) as server:
            message = failed(None, Request(f"https://localhost:{server.port}/", ()))
            assert not server.asked
        assert f"certificate of localhost:{server.port} (TLS) is not to be trusted: self-signed" in message
        assert "(tried once)" in message

    def test_tls(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        time_over_on: Callable[[threading.Event], list[float]],
    ) -> None:
        made = self_signed(tmp_path)
        trusting = ssl.create_default_context(cafile=made)
        monkeypatch.setattr("gbaindicators.ingest.connections._trusted", lambda: trusting)
        dripping = drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x")
        with Server(OK, OK, dripping, certificate=made) as server, client(None, key=KEY) as one:
            request = Request(f"https://localhost:{server.port}/data", (), key="api_key", seconds=20.0)
            answer = one.fetch(request)
            assert one.fetch(request).body == answer.body == b'{"ok": 1}'
            time_over_on(server.dripping)
            with pytest.raises(FetchError, match="after 30 s"):
                one.fetch(replace(request, seconds=30.0))
            assert parse_qs(urlsplit(server.asked[0].path).query) == {"api_key": [KEY]}
        assert answer.address == f"https://localhost:{server.port}/data"

    def test_no_tls(self) -> None:
        with Server(OK) as server:
            message = failed(None, Request(f"https://127.0.0.1:{server.port}/", ()))
        assert f"no safe connection (TLS) with 127.0.0.1:{server.port}: " in message
        assert "(tried 4 times)" in message

    def test_hung_up(self) -> None:
        with Server(hang_up, hang_up, OK) as server, client(server) as one:
            assert one.fetch(ask()).body == b'{"ok": 1}'
        with Server(hang_up) as server:
            assert "broke off (tried 4 times)" in failed(server)

    def test_not_http(self) -> None:
        with Server(raw(b"220 smtp ready\r\n\r\n")) as server:
            assert "tried 4 times" in failed(server)

    def test_certificates_of_services_are_checked(self) -> None:
        with client(None) as one:
            with pytest.raises(FetchError):
                one.fetch(Request("https://nowhere.invalid/", ()))
            assert one._pools is not None
            context = one._pools.connection_pool_kw["ssl_context"]
        assert context.verify_mode == ssl.CERT_REQUIRED
        assert context.check_hostname


class TestStatus:
    def test_gateway_page(self) -> None:
        page = (
            b"<!DOCTYPE html><html><title>403 Forbidden</title>Microsoft-Azure-Application-Gateway/v2</html>"
        )
        with Server(reply(page, 403, Content_Type="text/html")) as server:
            message = failed(server)
            assert len(server.asked) == 1
        assert "blocked (403), not 'no data'" in message
        assert "Azure" not in message

    def test_refused_with_a_reason(self) -> None:
        body = b'{"error_code":400,"error_message":"Bad Request.  The series does not exist."}' + b"x" * 500
        with Server(reply(body, 400, Content_Type="text/xml")) as server:
            message = failed(server)
            assert len(server.asked) == 1
        assert "answered 400 Bad Request" in message
        assert "The series does not exist" in message
        assert "x" * 250 not in message
        assert "https://example.org/terms" in message

    def test_reason_that_is_packed_or_cannot_be_read(self) -> None:
        with Server(reply(gzip.compress(b"no such\x1b[31m series"), 404, Content_Encoding="gzip")) as server:
            assert "(no such[31m series)" in failed(server)
        with Server(raw(b"HTTP/1.1 404 \r\nContent-Length: 9\r\nContent-Encoding: gzip\r\n\r\nno")) as server:
            assert "answered 404 Not Found (tried once); the series or the address is gone" in failed(server)

    @pytest.mark.parametrize("status", [401, 403])
    def test_key_that_is_not_good(self, status: int) -> None:
        with Server(reply(b"no", status)) as server:
            assert "EXAMPLE_KEY" in failed(server)

    def test_too_many_then_enough(self) -> None:
        said: list[str] = []
        with Server(reply(b"", 429), OK) as server, client(server, report=said.append) as one:
            assert one.fetch(ask()).status == 200
        assert "429 Too Many Requests" in said[0]

    def test_too_many_for_good(self) -> None:
        with Server(reply(b"", 429)) as server:
            assert "(tried 4 times); it had too many requests" in failed(server)

    def test_retry_after_seconds(self) -> None:
        began = time.monotonic()
        with Server(reply(b"", 429, Retry_After="1"), OK) as server, client(server) as one:
            one.fetch(ask())
        assert time.monotonic() - began >= 1

    def test_retry_after_date(self) -> None:
        date = int(time.time()) + 2
        with (
            Server(reply(b"", 503, Retry_After=formatdate(date, usegmt=True)), OK) as server,
            client(server) as one,
        ):
            one.fetch(ask())
        assert time.time() > date - 0.1

    @pytest.mark.parametrize("as_date", [False, True])
    def test_retry_after_too_long(self, as_date: bool) -> None:
        after = formatdate(time.time() + 86_400, usegmt=True) if as_date else "86400"
        with Server(reply(b"", 503, Retry_After=after)) as server:
            message = failed(server)
        tomorrow = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 86_400))
        assert f"come back after {tomorrow}" in message
        assert "(tried once)" in message

    @pytest.mark.parametrize("after", ["9" * 400, "9" * 20])
    def test_retry_after_never(self, after: str) -> None:
        with Server(reply(b"", 503, Retry_After=after)) as server:
            assert "come back at no time that there is" in failed(server)

    @pytest.mark.parametrize("after", ["soon", "-5", "", "Mon, 99 Foo 99999999 00:00:00 GMT", "²"])
    def test_retry_after_that_says_nothing(self, after: str) -> None:
        with Server(reply(b"", 503, Retry_After=after), OK) as server, client(server) as one:
            assert one.fetch(ask()).status == 200

    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    def test_down_then_up(self, status: int) -> None:
        with Server(reply(b"<html>", status), OK) as server, client(server) as one:
            assert one.fetch(ask()).body == b'{"ok": 1}'

    def test_down_for_good(self) -> None:
        with Server(reply(b"<html>", 500)) as server:
            assert "answered 500 Internal Server Error (tried 4 times); the service may be down" in failed(
                server
            )
            assert len(server.asked) == 4

    def test_waits_longer_each_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        waits: list[float] = []
        monkeypatch.setattr("gbaindicators.ingest.fetching.time.sleep", waits.append)
        with Server(reply(b"", 500)) as server:
            failed(server, backoff=8.0, attempts=6)
        waits = [one for one in waits if one]
        assert [4 * 2**turn <= one <= 12 * 2**turn for turn, one in enumerate(waits[:4])] == [True] * 4
        assert 64 <= waits[4] <= 120


class TestRedirects:
    def test_followed(self) -> None:
        with Server(redirect("/new?b=2"), OK) as server, client(server) as one:
            answer = one.fetch(ask())
            assert server.asked[1].path == "/api.example.org/new?b=2"
        assert answer.address == f"{HOST}/new?b=2"

    @pytest.mark.parametrize(
        ("status", "method"), [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")]
    )
    def test_posted(self, status: int, method: str) -> None:
        with Server(redirect("/new", status), OK) as server, client(server) as one:
            one.fetch(ask(form={"a": "1"}))
            asked = server.asked[1]
        assert (asked.method, bool(asked.body), "Content-Type" in asked.headers) == (
            method,
            *[method == "POST"] * 2,
        )

    def test_other_host_by_replay_address(self) -> None:
        with Server(OK) as server:
            server.replies = (redirect(f"{server.address}/other.example.com/x"), OK)
            with client(server) as one:
                assert one.fetch(ask()).address == "https://other.example.com/x"

    def test_loop(self) -> None:
        with Server(redirect("/a"), redirect("/b"), redirect("/a"), redirect("/b")) as server:
            server.replies = tuple(redirect(f"/{'ab'[turn % 2]}") for turn in range(9))
            message = failed(server)
            assert len(server.asked) == 6
        assert f"a redirect loop: {HOST}/a -> {HOST}/b -> {HOST}/a -> {HOST}/b (tried once)" in message

    def test_too_many(self) -> None:
        with Server(*(redirect(f"/{turn}") for turn in range(9))) as server:
            assert "more than 5 redirects" in failed(server)

    def test_same_address_after_a_cookie(self) -> None:
        with Server(redirect("/data", Set_Cookie="seen=1; Path=/"), OK) as server, client(server) as one:
            assert one.fetch(ask()).status == 200
            assert server.asked[1].headers["Cookie"] == "seen=1"

    @pytest.mark.parametrize(
        "place", ["http://api.example.org/", "ftp://a/", "https://a@b/", "http://[", "file:///x"]
    )
    def test_nowhere_unsafe(self, place: str) -> None:
        with Server(redirect(place), OK) as server:
            assert "no https address" in failed(server, ask(key="key"), key=KEY)
            assert len(server.asked) == 1


class TestTime:
    @pytest.mark.parametrize(
        ("start", "piece"),
        [
            (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x"),
            (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1"),
            (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
            (b"HTTP/1.1 500 Oh\r\nContent-Length: 1000000\r\n\r\n", b"x"),
            (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        ],
    )
    def test_drip(
        self, start: bytes, piece: bytes, time_over_on: Callable[[threading.Event], list[float]]
    ) -> None:
        with Server(drip(start, piece)) as server:
            allowed = time_over_on(server.dripping)
            assert "not sent the whole answer after 30 s (tried once)" in failed(server, ask(seconds=30.0))
        assert allowed == [30.0]

    def test_the_clock_ends_the_wait_for_more(self) -> None:
        deadline = Deadline()
        ours, theirs = socket.socketpair()
        with ours, theirs:
            deadline.allow(0.05)
            with deadline:
                deadline.watch(ours)
                assert ours.recv(1) == b""  # shut from this side: the other one keeps silent
            assert deadline.over
            assert deadline.left == 0.0
            deadline.allow(60.0)
            with deadline:
                deadline.watch(theirs)
            assert not deadline.over
            assert 0.0 < deadline.left <= 60.0

    def test_silence(self) -> None:
        began = time.monotonic()
        with Server(silence) as server:
            message = failed(server, ask(seconds=0.4))
        assert "api.example.org" in message
        assert "(tried 2 times)" in message
        assert time.monotonic() - began < 10

    def test_silence_then_an_answer(self) -> None:
        with Server(silence, OK) as server, client(server) as one:
            assert one.fetch(ask(seconds=1.0)).status == 200

    def test_connection_after_a_time_out_is_good(
        self, time_over_on: Callable[[threading.Event], list[float]]
    ) -> None:
        with Server(drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x"), OK) as server, client(server) as one:
            time_over_on(server.dripping)
            with pytest.raises(FetchError):
                one.fetch(ask(seconds=30.0))
            server.dripping.clear()
            assert one.fetch(ask()).status == 200


class TestBodies:
    def test_cut_then_whole(self) -> None:
        with Server(raw(CUT), OK) as server, client(server) as one:
            assert one.fetch(ask()).body == b'{"ok": 1}'

    def test_cut_for_good(self) -> None:
        with Server(raw(CUT)) as server:
            assert "was cut, 60 bytes missing (tried 4 times)" in failed(server)

    def test_cut_in_pieces(self) -> None:
        start = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
        for rest in (b"", b"5\r\nab", b"zz\r\n"):
            with Server(raw(start + rest)) as server:
                assert "(tried 4 times)" in failed(server)

    def test_cut_when_packed(self) -> None:
        packed = gzip.compress(b"figures" * 1000)
        for damaged in (
            packed[:-1],
            packed[: len(packed) // 2],
            packed[:-8] + b"12345678",
            b"no gzip at all",
        ):
            with Server(raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + damaged)) as server:
                assert "packed (gzip) and" in failed(server)

    def test_content_length_too_small_for_what_is_packed(self) -> None:
        packed = gzip.compress(b"figures" * 1000)
        start = (
            f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed) - 9}\r\n\r\n".encode()
        )
        with (
            Server(raw(start + packed), reply(packed, Content_Encoding="gzip")) as server,
            client(server) as one,
        ):
            assert one.fetch(ask()).body == b"figures" * 1000

    def test_content_length_that_contradicts_itself(self) -> None:
        with Server(
            raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef")
        ) as server:
            assert "not HTTP" in failed(server)

    def test_packed_otherwise(self) -> None:
        with Server(reply(b"..", Content_Encoding="br")) as server:
            assert "packed as 'br', which was not asked for (tried once)" in failed(server)

    def test_gzip_bomb(self) -> None:
        bomb = gzip.compress(bytes(128 << 20))
        assert len(bomb) < 200_000
        with Server(reply(bomb, Content_Encoding="gzip")) as server, client(server) as one:
            tracemalloc.start()
            with pytest.raises(FetchError, match=r"larger than 1,048,576 bytes .*\(tried once\)"):
                one.fetch(ask(largest=1 << 20))
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert peak < 4 << 20

    def test_bomb_of_nothing(self) -> None:
        nothing = gzip.compress(b"") * 3000
        with Server(
            flood(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", itertools.repeat(nothing))
        ) as server:
            assert "larger than" in failed(server, ask(largest=1 << 18))

    def test_two_gigabytes_announced(self) -> None:
        with Server(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2147483648\r\n\r\n")) as server:
            assert "larger than" in failed(server)

    @pytest.mark.parametrize("chunked", [False, True])
    def test_two_gigabytes_unannounced(self, chunked: bool) -> None:
        sent = 0

        def pieces() -> Iterator[bytes]:
            nonlocal sent
            for _ in range(2 << 14):
                sent += 1 << 16
                yield b"10000\r\n" + bytes(1 << 16) + b"\r\n" if chunked else bytes(1 << 16)

        start = b"HTTP/1.1 200 OK\r\n" + (b"Transfer-Encoding: chunked\r\n" if chunked else b"") + b"\r\n"
        with Server(flood(start, pieces())) as server:
            assert "larger than 4,194,304 bytes" in failed(server, ask(largest=4 << 20))
        assert sent < 64 << 20

    def test_just_as_large_as_allowed(self) -> None:
        with Server(reply(b"x" * 1000)) as server, client(server) as one:
            assert len(one.fetch(ask(largest=1000)).body) == 1000
            with pytest.raises(FetchError, match="larger than 999"):
                one.fetch(ask(largest=999))


class TestKeys:
    def test_sent_in_the_query(self) -> None:
        with Server(OK) as server, client(server, key=KEY) as one:
            answer = one.fetch(ask(query={"a": "***"}, key="api_key"))
            asked = parse_qs(urlsplit(server.asked[0].path).query)
        assert asked == {"a": ["***"], "api_key": [KEY]}
        assert answer.address == f"{HOST}/data?a=%2A%2A%2A"

    def test_sent_in_a_header(self) -> None:
        with Server(redirect("/again"), redirect("https://other.example.com/"), OK) as server:
            with client(server, key=KEY) as one:
                one.fetch(ask(key="header:X-App-Token"))
            sent = [asked.headers.get("X-App-Token") for asked in server.asked]
        assert sent == [KEY, KEY, None]

    def test_not_sent_where_the_request_has_no_place_for_it(self) -> None:
        with Server(OK) as server, client(server, key=KEY) as one:
            one.fetch(ask(before=HOST + "/page"))
            one.fetch(ask("/data?next=***&b=1"))
        assert not any(Key(KEY).scrub(str(asked)) != str(asked) for asked in server.asked)

    def test_not_needed(self) -> None:
        with Server(OK) as server, client(server) as one:
            one.fetch(ask(key="api_key"))
            assert server.asked[0].path == "/api.example.org/data"

    @pytest.mark.parametrize("value", ["", "  ", None])
    def test_needed(self, value: str | None) -> None:
        environment = {} if value is None else {"EXAMPLE_KEY": value}
        with (
            Client(service(key_needed=True), environment=environment) as one,
            pytest.raises(FetchError) as caught,
        ):
            one.fetch(ask(key="api_key"))
        where = "get one at https://example.org/terms and put it in the environment variable EXAMPLE_KEY"
        assert str(caught.value) == f"example: needs a key; {where}"

    @pytest.mark.parametrize(
        "value", ["two words in it", "kéyéyéyé", "line\r\nInjected: 1", "abc", "123456789"]
    )
    def test_what_cannot_be_a_key(self, value: str) -> None:
        with pytest.raises(FetchError, match="EXAMPLE_KEY") as caught:
            read_key(service(), {"EXAMPLE_KEY": value})
        assert value not in str(caught.value)

    @pytest.mark.parametrize(
        "location",
        [
            "https://other.example.com/x?b=1",
            "https://other.example.com/x?b=1&api_key=" + quote(KEY, safe=""),
            "https://other.example.com/x?b=1&next=https%3A%2F%2Fa%2F%3Fk%3D"
            + quote(quote(KEY, safe=""), safe=""),
            "https://other.example.com/x?b=1&api_key=***",
            "https://api.example.org:8443/x?b=1&api_key=" + KEY,
        ],
    )
    def test_never_to_another_host(self, location: str) -> None:
        with Server(redirect(location, 307), OK) as server, client(server, key=KEY) as one:
            one.fetch(ask(key="api_key"))
            path = server.asked[1].path
        assert path.endswith("/x?b=1") or path.endswith("/x?b=1&b=")
        assert KEY not in path

    def test_kept_in_a_redirect_of_the_same_host(self) -> None:
        with (
            Server(redirect("/x?api_key=" + quote(KEY, safe="")), OK) as server,
            client(server, key=KEY) as one,
        ):
            answer = one.fetch(ask(key="api_key"))
            assert parse_qs(urlsplit(server.asked[1].path).query) == {"api_key": [KEY]}
        assert answer.address == f"{HOST}/x"

    def test_next_page_out_of_an_answer(self) -> None:
        """The connector finds the address with the key struck out, and the key is put in once."""
        with Server(OK) as server, client(server, key=KEY) as one:
            one.fetch(ask("/data?api_key=***&page=2", key="api_key"))
            assert parse_qs(urlsplit(server.asked[0].path).query) == {"api_key": [KEY], "page": ["2"]}

    def test_struck_out_of_the_body(self) -> None:
        echoes = [KEY, KEY.upper(), quote(KEY, safe=""), quote(KEY), quote(quote(KEY, safe=""), safe="")]
        echoes += [
            quote(KEY, safe="").lower(),
            KEY.replace("/", "\\/").replace("&", "\\u0026"),
            KEY.replace("&", "&amp;"),
        ]
        body = "|".join(echoes).encode()
        sent = reply(gzip.compress(body), Content_Encoding="gzip", ETag=f'"{KEY}"')
        with Server(sent) as server, client(server, key=KEY) as one:
            answer = one.fetch(ask(key="api_key"))
        assert answer.body == b"|".join([b"***"] * len(echoes))
        assert answer.sha256 == hashlib.sha256(answer.body).hexdigest()
        assert KEY not in repr(answer) + answer.etag

    def test_struck_out_where_pieces_meet(self) -> None:
        key = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
        for before in range((1 << 20) - 40, (1 << 20) + 8, 7):
            assert Key(key).scrub(b" " * before + key.encode() + b" ") == b" " * before + b"*** "

    @given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=40))
    def test_struck_out_whatever_it_is(self, value: str) -> None:
        key = Key(value)
        everywhere = "".join(f"%{ord(one):02X}" for one in value)
        for echo in (value, quote(value), quote(value, safe=""), everywhere, value.swapcase()):
            assert key.scrub(f"<{echo}>") == "<***>"
            assert key.scrub(f"<{echo}>".encode()) == b"<***>"

    def test_does_not_show_itself(self) -> None:
        key = Key(KEY)
        assert f"{key} {key!r} {[key]}".count("Key(***)") == 3
        with pytest.raises(TypeError):
            pickle.dumps(key)

    @pytest.mark.parametrize(
        "fault", ["refused", "400", "503", "cut", "loop", "unsafe", "late", "whole", "headers"]
    )
    @pytest.mark.parametrize("place", ["api_key", "header:Authorization"])
    def test_appears_nowhere(
        self, fault: str, place: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch, time_over_on: Callable[[threading.Event], list[float]],
    ) -> None:  # fmt: skip
        caplog.set_level(logging.DEBUG)
        monkeypatch.setattr("http.client.HTTPConnection.debuglevel", 1)
        echo = f"{KEY} {quote(KEY, safe='')}".encode()
        location = f"/data?api_key={quote(KEY, safe='')}"
        faults = {
            "refused": hang_up,
            "400": reply(b'{"you sent": "' + echo + b'"}', 400),
            "503": reply(echo, 503, Retry_After="0"),
            "cut": raw(CUT),
            "loop": redirect(location),
            "unsafe": redirect("http://other.example.com" + location),
            "late": drip(b"HTTP/1.1 200 OK\r\n\r\n", echo),
            "whole": reply(echo),
            "headers": raw(b"HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 2\r\n\r\nab"),
        }
        seen: list[str] = []
        with Server(faults[fault]) as server, client(server, key=KEY, report=seen.append) as one:
            seen.append(repr(one))
            time_over_on(server.dripping)
            try:
                seen.append(repr(one.fetch(ask(key=place, seconds=30.0))))
            except FetchError as error:
                below = error.__traceback__.tb_next if error.__traceback__ else None  # the test knows the key
                told = traceback.TracebackException(type(error), error, below, capture_locals=True)
                seen.append("".join(told.format()))
                assert "_tried" in seen[-1]
                assert error.__context__ is None
                assert error.__cause__ is None
            assert server.asked
            assert any(KEY in (value, parse_qs(urlsplit(asked.path).query).get(place, [""])[0])
                       for asked in server.asked for value in asked.headers.values())  # fmt: skip
        printed = capfd.readouterr()
        everything = "\n".join([*seen, caplog.text, printed.out, printed.err])
        assert "urllib3" in caplog.text
        assert (
            place != "api_key"
            or fault == "refused"
            or "GET /api.example.org/data?api_key=*** HTTP" in caplog.text
        )
        assert "0f1e2d3c" not in everything.lower()


def self_signed(folder: Path) -> Path:
    """Certificate for localhost that nobody vouches for, with its key, in one file."""
    program = shutil.which("openssl")
    if not program:
        pytest.skip("needs the openssl program to make a certificate")
    made = folder / "certificate.pem"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost"
    command = [
        program,
        *words.split(),
        "-addext",
        "subjectAltName=DNS:localhost",
        "-keyout",
        made,
        "-out",
        folder / "c",
    ]
    subprocess.run(command, check=True, capture_output=True)
    made.write_bytes(made.read_bytes() + (folder / "c").read_bytes())
    return made
