"""Data Docs, receipts and the scorecard's page, served as pages."""

import functools
import http
import http.server
import io
import re
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, BinaryIO

from assets.links import receipt_command
from dagster_project.home import Address
from dagster_project.ports import in_use
from latamgpt.receipts.freshness import page_now
from latamgpt.store import Workspace

RECEIPTS = "receipts"  # under var/, and in an address
SCORECARD = "scorecard"  # a stage, and in an address
RECEIPT_PAGE = re.compile(rf"/{RECEIPTS}/([a-z0-9-]+)/receipt\.html")


@contextmanager
def data_docs(workspace: Workspace, address: Address) -> Generator[None]:
    """Great Expectations' static pages, receipts and scorecard; a browser refuses file:// links from http pages."""
    folder = workspace.root / "var" / "data_docs"
    folder.mkdir(parents=True, exist_ok=True)
    handler = functools.partial(Pages, directory=str(folder), workspace=workspace)
    try:
        server = http.server.ThreadingHTTPServer((address.host, address.port), handler)
    except OSError as error:  # taken since it was looked at
        raise in_use(address, error) from error
    with server as pages:
        threading.Thread(target=pages.serve_forever, daemon=True, name="data-docs").start()
        try:
            yield
        finally:
            pages.shutdown()


class Pages(http.server.SimpleHTTPRequestHandler):
    """Serves Data Docs, receipts under /receipts, with a note where one is older than the release, and the scorecard under
    /scorecard; keeps no log.
    """

    def __init__(self, *args: Any, directory: str, workspace: Workspace) -> None:
        """Serve one request, from this folder and what lies beside it."""
        self._workspace = workspace
        self._beside = {RECEIPTS: str(workspace.root / "var" / RECEIPTS), SCORECARD: str(workspace.place(SCORECARD))}
        super().__init__(*args, directory=directory)

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        """A receipt's page as it is now; any other file as it lies there."""
        asked = RECEIPT_PAGE.fullmatch(self.path)
        page = page_now(self._workspace, asked[1]) if asked else None
        if page is None:
            return super().send_head()
        body = page.encode()
        self.send_response(http.HTTPStatus.OK)
        for name, value in (("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        return io.BytesIO(body)

    def translate_path(self, path: str) -> str:
        """Where a page lies."""
        first, _, rest = path.lstrip("/").partition("/")
        if first not in self._beside:
            return super().translate_path(path)
        docs, self.directory = self.directory, self._beside[first]
        try:
            return super().translate_path(f"/{rest}")
        finally:
            self.directory = docs

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Say of a receipt that is not there yet how it is made."""
        asked = RECEIPT_PAGE.fullmatch(self.path)
        if code == http.HTTPStatus.NOT_FOUND and asked:
            message = f"there is no receipt of {asked[1]} here yet"
            explain = f"Once there is a release, it is made by: {receipt_command(asked[1])}"
        super().send_error(code, message, explain)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name is the base class's)
        """Say nothing."""
