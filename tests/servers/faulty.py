"""A proxy before a real server: by seeded chance it answers 503, or cuts the connection before or after the server did it."""

import http.client
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
KINDS = ("503", "cut before", "cut after")


@dataclass
class FaultyWay:
    """How often requests fail, and what came through."""

    server: str  # HOST:PORT of the real one
    share: float  # of requests that fail
    random: random.Random
    port: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)
    parts: Counter[tuple[str, int]] = field(default_factory=Counter)  # (key, number) the server took
    lock: threading.Lock = field(default_factory=threading.Lock)
    is_holding: threading.Event = field(default_factory=threading.Event)
    _released: threading.Event = field(default_factory=threading.Event)
    _held_from: float = float("inf")

    def hold(self, num_requests: int) -> None:
        """Let so many requests through in all, and hold those that follow until `let_go`, which cuts them."""
        self._held_from = num_requests

    def let_go(self) -> None:
        """Cut what is held; what comes from now on passes."""
        self._held_from = float("inf")
        self._released.set()
        self.is_holding.clear()
        self._released = threading.Event()

    def draw(self, method: str) -> str:
        """What happens to the next request; '' is nothing."""
        with self.lock:
            self.requests[method] += 1
            kind = self.random.choice(KINDS) if self.random.random() < self.share else ""
            if kind:
                self.faults[kind] += 1
            is_held, released = self.requests.total() > self._held_from, self._released
        if is_held:
            self.is_holding.set()
            released.wait()
            return "cut before"
        return kind

    def note(self, method: str, path: str, status: int) -> None:
        """Count a part that the server took."""
        number = parse_qs(urlsplit(path).query).get("partNumber")
        if method == "PUT" and number and status == http.client.OK:
            with self.lock:
                self.parts[urlsplit(path).path, int(number[0])] += 1


class _Handler(BaseHTTPRequestHandler):
    """Passes requests on, or does not."""

    protocol_version = "HTTP/1.1"
    way: FaultyWay

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:  # the client was killed, or cut
            self.close_connection = True

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kind = self.way.draw(self.command)
        if kind == "503":
            self._answer(503, {}, SLOW_DOWN)
        elif kind == "cut before":
            self._cut()
        else:
            status, headers, content = self._ask(body)
            self.way.note(self.command, self.path, status)
            if kind == "cut after":
                self._cut()
            else:
                self._answer(status, headers, content)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass  # noqa: N815

    def _ask(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        upstream = http.client.HTTPConnection(self.way.server, timeout=60)
        upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() != "expect":
                upstream.putheader(name, value)
        upstream.endheaders(body)
        answer = upstream.getresponse()
        found = answer.status, dict(answer.getheaders()), answer.read()
        upstream.close()
        return found

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        if status != http.client.NO_CONTENT:
            length = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(content))
            self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _cut(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # RST, not FIN
        self.connection.close()
        self.close_connection = True

    def log_message(self, format: str, *arguments: object) -> None:
        return


@contextmanager
def faulty_way(endpoint: str, share: float, seed: int = 1) -> Generator[FaultyWay]:
    """A proxy before `endpoint` (http://HOST:PORT); `port` says where it listens."""
    way = FaultyWay(urlsplit(endpoint).netloc, share, random.Random(seed))
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"way": way}))
    server.daemon_threads = True
    way.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield way
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
