"""A web server on this machine that answers as told, or goes wrong as told."""

from __future__ import annotations

import itertools
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

Reply = Callable[["Handler"], None]
#: Pieces after which a reply counts as one that drips.
_DRIPPED = 5


@dataclass
class Asked:
    """A request that came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        turn = len(self.server.asked)
        self.server.asked.append(Asked(self.command, self.path, dict(self.headers), body))
        replies = self.server.replies
        with suppress(OSError):  # whoever asked has had enough
            replies[min(turn, len(replies) - 1)](self)

    do_POST = do_GET

    def log_message(self, *_: Any) -> None:
        pass

    def raw(self, data: bytes) -> None:
        """Write bytes as they are, and end the connection after the answer."""
        self.close_connection = True
        self.wfile.write(data)
        self.wfile.flush()


class Server(ThreadingHTTPServer):
    """Gives the replies in turn, the last one for ever.

    `asked` holds the requests; `dripping` is set once a reply has dripped for a while.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, *replies: Reply, certificate: Path | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies = replies
        self.asked: list[Asked] = []
        self.ending = threading.Event()
        self.dripping = threading.Event()
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def handle_error(self, *_: Any) -> None:
        pass

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        self.shutdown()
        self.server_close()


def reply(body: bytes = b"", status: int = 200, **headers: str) -> Reply:
    """Whole answer; underscores in the names of headers stand for hyphens."""

    def send(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        if status != 304:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return send


def redirect(location: str, status: int = 302, **headers: str) -> Reply:
    return reply(b"moved", status, Location=location, **headers)


def raw(*pieces: bytes) -> Reply:
    """Bytes of a whole HTTP answer, right or wrong, then the end of the connection."""

    def send(handler: Handler) -> None:
        for piece in pieces:
            handler.raw(piece)

    return send


def hang_up(handler: Handler) -> None:
    """End the connection without a word."""
    handler.close_connection = True


def silence(handler: Handler) -> None:
    """Say nothing until the server ends."""
    handler.close_connection = True
    handler.server.ending.wait(30)


def drip(start: bytes, piece: bytes, every: float = 0.02) -> Reply:
    """Send `start` at once, then a piece from time to time for ever."""

    def send(handler: Handler) -> None:
        handler.raw(start)
        for sent in itertools.count(1):
            if handler.server.ending.wait(every):
                return
            handler.raw(piece)
            if sent == _DRIPPED:
                handler.server.dripping.set()

    return send


def flood(start: bytes, pieces: Iterable[bytes]) -> Reply:
    """Send as fast as it is taken."""

    def send(handler: Handler) -> None:
        handler.raw(start)
        for piece in pieces:
            handler.raw(piece)

    return send
