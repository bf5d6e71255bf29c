"""Fetching through a proxy, as behind the walls of an office: the way is another, the answer and the secrets the same."""

from __future__ import annotations

import base64
import selectors
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from faulty_server import Server, reply
from test_fetching import KEY, Request, self_signed, service

from gbaindicators.errors import FetchError, UsageError
from gbaindicators.ingest.connections import proxy_for
from gbaindicators.ingest.fetching import Client

PASSWORD = "p%40ss:word"
HTTP_PASSWORD = "p@ss:word"


class Tunnel(socketserver.StreamRequestHandler):
    """Connects whoever names the user, and passes bytes to and fro."""

    def handle(self) -> None:
        assert isinstance(self.server, Proxy)
        lines = [line for line in iter(self.rfile.readline, b"\r\n") if line]
        self.server.seen.append(b"".join(lines))
        wanted = b"Basic " + base64.b64encode(f"user:{HTTP_PASSWORD}".encode())
        if not any(line.lower().startswith(b"proxy-authorization:") and wanted in line for line in lines):
            self.wfile.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return
        host, _, port = lines[0].split()[1].decode().partition(":")
        with socket.create_connection((host, int(port))) as there, selectors.DefaultSelector() as both:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            for one, other in ((self.connection, there), (there, self.connection)):
                both.register(one, selectors.EVENT_READ, other)
            while True:
                for ready, _ in both.select(5):
                    data = ready.fileobj.recv(65536)  # type: ignore[union-attr]
                    if not data:
                        return
                    self.server.seen.append(data)
                    ready.data.sendall(data)


class Proxy(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Tunnel)
        self.seen: list[bytes] = []


@contextmanager
def running() -> Iterator[Proxy]:
    with Proxy() as proxy:
        threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield proxy
        finally:
            proxy.shutdown()


def test_an_answer_comes_through_the_proxy_which_sees_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = self_signed(tmp_path)
    monkeypatch.setattr(
        "gbaindicators.ingest.connections._trusted", lambda: ssl.create_default_context(cafile=made)
    )
    with Server(reply(b'{"ok": 1}'), certificate=made) as server, running() as proxy:
        environment = {
            "HTTPS_PROXY": f"http://user:{PASSWORD}@127.0.0.1:{proxy.server_address[1]}",
            "EXAMPLE_KEY": KEY,
        }
        asked = Request(f"https://localhost:{server.port}/data", (), key="api_key", seconds=10.0)
        with Client(service(), environment=environment, backoff=0.001) as client:
            assert client.fetch(asked).body == b'{"ok": 1}'
        assert len(server.asked) == 1
    assert proxy.seen[0].startswith(f"CONNECT localhost:{server.port} ".encode())
    assert len(proxy.seen) > 1
    assert KEY[:8].encode() not in b"".join(proxy.seen)


@pytest.mark.parametrize("told", ["", "user:wrong@"])
def test_a_proxy_that_wants_another_password_is_named_and_the_password_is_not(told: str) -> None:
    with running() as proxy:
        environment = {"HTTPS_PROXY": f"http://{told}127.0.0.1:{proxy.server_address[1]}"}
        with (
            Client(service(), environment=environment, backoff=0.001) as client,
            pytest.raises(FetchError, match=r"proxy that HTTPS_PROXY names: Tunnel .* 407") as caught,
        ):
            client.fetch(Request("https://localhost:1/data", (), seconds=10.0))
    assert "wrong" not in str(caught.value)


def test_a_proxy_that_is_not_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://user:{PASSWORD}@127.0.0.1:{free.getsockname()[1]}"
        with (
            Client(service(), environment={"https_proxy": nobody}, backoff=0.001) as client,
            pytest.raises(
                FetchError, match=r"HTTPS_PROXY names: it cannot be reached \(tried 4 times\)"
            ) as caught,
        ):
            client.fetch(Request("https://localhost:1/data", (), seconds=10.0))
    assert "ss:word" not in str(caught.value) and "%40" not in str(caught.value)


@pytest.mark.parametrize(
    ("environment", "goes_through"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://proxy.example:3128/"}, "http://proxy.example:3128"),
        ({"https_proxy": "proxy.example:3128"}, "http://proxy.example:3128"),
        ({"HTTPS_PROXY": "http://a.example", "https_proxy": "http://b.example"}, "http://a.example"),
        ({"HTTPS_PROXY": "http://a.example", "NO_PROXY": "api.example.org"}, None),
        ({"HTTPS_PROXY": "http://a.example", "no_proxy": "other.org, .example.org"}, None),
        ({"HTTPS_PROXY": "http://a.example", "NO_PROXY": "*"}, None),
        ({"HTTPS_PROXY": "http://a.example", "NO_PROXY": "example.com"}, "http://a.example"),
    ],
)
def test_which_proxy(environment: dict[str, str], goes_through: str | None) -> None:
    found = proxy_for("api.example.org", environment)
    assert (found.url if found else None) == goes_through


@pytest.mark.parametrize(
    "named", ["socks5://proxy.example:1080", "http://", "ftp://x:secret@proxy", "http://[::"]
)
def test_what_is_no_proxy_is_refused_without_its_text(named: str) -> None:
    with pytest.raises(UsageError, match="HTTPS_PROXY is not the address") as caught:
        proxy_for("api.example.org", {"HTTPS_PROXY": named})
    assert "secret" not in str(caught.value)


def test_headers_with_the_password_are_not_shown() -> None:
    proxy = proxy_for("api.example.org", {"HTTPS_PROXY": f"http://user:{PASSWORD}@proxy.example"})
    assert proxy is not None and "word" not in repr(proxy)
    assert (
        base64.b64decode(proxy.headers["proxy-authorization"].removeprefix("Basic ")).decode()
        == f"user:{HTTP_PASSWORD}"
    )
