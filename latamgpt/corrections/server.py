"""The correction page on a port of this machine.

Python's own http.server: a handful of people, one request at a time, no dependency to keep; only 127.0.0.1 is listened on.
"""

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from latamgpt.corrections.desk import HTML, Answer, Desk
from latamgpt.corrections.queue import Queue
from latamgpt.corrections.requests import ACCESS_FIELD, Request
from latamgpt.corrections.scan_page import State
from latamgpt.corrections.views import Problem, Reader, message_page
from latamgpt.errors import OperatorError
from latamgpt.governance.audit import git_user
from latamgpt.store import Workspace

HOST = "127.0.0.1"
MAX_POST_BYTES = 2 << 20  # a page of saving.MAX_TEXT_CHARS letters, each percent-encoded from three bytes
DRAINED_BYTES = 32 << 20  # of a post above that: a browser shows our answer only when all was taken
CHUNK_BYTES = 1 << 16
SECONDS_TO_WAIT = 60  # for a browser that says nothing
HEADERS = (
    ("Content-Security-Policy", "default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; "
     "frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),  # with 'no-referrer' a browser would not name the origin of a post
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cache-Control", "private, no-cache"),  # not no-store, which would empty the form on the way back
)  # fmt: skip


class Server(ThreadingHTTPServer):
    """Listens on 127.0.0.1; threads only so that a browser's idle connection keeps nobody waiting."""

    def __init__(self, desk: Desk, port: int) -> None:
        self.desk = desk
        super().__init__((HOST, port), Handler)


class Handler(BaseHTTPRequestHandler):
    """Turns bytes into a request and an answer into bytes."""

    server: Server  # pyright: ignore[reportIncompatibleVariableOverride]  (the base class declares the general type)
    timeout = SECONDS_TO_WAIT

    def do_GET(self) -> None:
        """Answer a GET."""
        self._send(self.server.desk.answer(Request("GET", self.path, self._heard())))

    def do_POST(self) -> None:
        """Answer a POST."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or "Transfer-Encoding" in self.headers:
            return self._refuse(411)
        if int(length) > MAX_POST_BYTES:
            self._drain(min(int(length), DRAINED_BYTES))
            return self._refuse(413)
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            return None  # the browser went away in the middle: nothing is saved, and nobody hears an answer
        return self._send(self.server.desk.answer(Request("POST", self.path, self._heard(), body)))

    def version_string(self) -> str:
        """What the header Server says."""
        return "latamgpt"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: what is saved, and what fails, is said by the desk."""

    def _heard(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def _drain(self, num_bytes: int) -> None:
        while num_bytes > 0 and (piece := self.rfile.read(min(CHUNK_BYTES, num_bytes))):
            num_bytes -= len(piece)

    def _refuse(self, status: int) -> None:
        request = Request("POST", self.path, self._heard())
        page = message_page(Reader(request.language, "/"), Problem("too_large"))
        self._send(Answer(status, page.encode("utf-8"), HTML))

    def _send(self, answer: Answer) -> None:
        try:
            self.send_response(answer.status)
            lengths = (("Content-Type", answer.kind), ("Content-Length", str(len(answer.content))))
            for name, value in (*HEADERS, *lengths, *answer.headers):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.content)
        except ConnectionError:
            self.close_connection = True  # the browser did not wait for the answer


def open_server(workspace: Workspace, port: int, actor: str, say: Callable[[str], None]) -> Server:
    """A server that listens and has not begun to serve.

    Raises:
        OperatorError: the port is in use, or nobody says who acts.
    """
    desk = Desk(Queue(workspace), actor.strip() or git_user(workspace), say)
    try:
        return Server(desk, port)
    except (OSError, OverflowError) as error:
        raise OperatorError(
            f"port {port} on {HOST} cannot be listened on ({error}). Stop the other program (perhaps another `latamgpt "
            "corrections serve`), or choose a port: --port 5010"
        ) from error


def serve(workspace: Workspace, port: int, actor: str, say: Callable[[str], None]) -> None:
    """Serve the correction page until Ctrl-C; what is being saved then is saved first.

    Raises:
        OperatorError: as for `open_server`, or the queue cannot be read.
    """
    with open_server(workspace, port, actor, say) as server:
        say("asking intake about the deliveries that hold scans ...")
        look = server.desk.queue.look()
        open_pages = len(look.pages) - look.count(State.CORRECTED)
        say(f"{open_pages:,} pages wait for people, {look.count(State.CORRECTED):,} are corrected")
        for one in look.not_shown:
            say(f"not shown: {one.partner}/{one.delivery}: {one.reason}: {one.detail}")
        say(f"http://{HOST}:{server.server_port}/?{ACCESS_FIELD}={server.desk.access}")
        say("Whoever has this address may correct; it holds until this stops.\nCtrl-C stops it")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            with server.desk.at_work:
                say("stopped")
