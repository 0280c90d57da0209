"""EC2's metadata service (IMDSv2) as far as spot's notice goes: a token first, 404 until there is something to say."""

import http.server
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

TOKEN = "token"
NOTICE = '{"action": "terminate", "time": "2026-11-23T12:02:00Z"}'


@dataclass
class Told:
    """What the service says, and what it was asked."""

    url: str = ""
    says: dict[str, str] = field(default_factory=dict[str, str])  # path -> text
    token: str = TOKEN  # the one that is good now
    asked: list[str] = field(default_factory=list[str])


@contextmanager
def metadata_service() -> Generator[Told]:
    """One that runs, on this machine."""
    told = Told()

    class Service(http.server.BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            is_right = self.path == "/latest/api/token" and self.headers["X-aws-ec2-metadata-token-ttl-seconds"].isdecimal()
            self.answer(HTTPStatus.OK if is_right else HTTPStatus.BAD_REQUEST, told.token)

        def do_GET(self) -> None:
            told.asked.append(self.path)
            if self.headers["X-aws-ec2-metadata-token"] != told.token:
                self.answer(HTTPStatus.UNAUTHORIZED, "")
            elif self.path not in told.says:
                self.answer(HTTPStatus.NOT_FOUND, "")
            else:
                self.answer(HTTPStatus.OK, told.says[self.path])

        def answer(self, code: HTTPStatus, text: str) -> None:
            self.send_response(code)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        told.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield told
        server.shutdown()
