"""What each request to the correction page is answered with, without a socket in sight.

GET /            the queue          GET /page/ID   a page and its form      GET /scan/ID   its picture
POST /page/ID    a correction       GET /style.css
GET /?access=    lets a browser in, with what was printed at this start; without it nothing above is answered
"""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from latamgpt.corrections.picture import Picture, draw
from latamgpt.corrections.queue import Queue
from latamgpt.corrections.requests import LANGUAGE_COOKIE, NAME_COOKIE, Form, Request, read_form, same, set_cookie
from latamgpt.corrections.saving import (
    ANONYMOUS,
    MAX_NAME_CHARS,
    EditedMeanwhileError,
    GoneError,
    Said,
    as_typed,
    save,
)
from latamgpt.corrections.scan_page import ScanPage
from latamgpt.corrections.views import STYLE, Problem, Reader, Shown, Typed, correct_page, message_page, queue_page
from latamgpt.custody.additions import refuse_changed_files
from latamgpt.custody.places import delivery_place
from latamgpt.custody.registry_edits import known_partners
from latamgpt.errors import OperatorError

HTML, CSS = "text/html; charset=utf-8", "text/css; charset=utf-8"
PICTURES_KEPT = 16


@dataclass(frozen=True)
class Answer:
    """What is sent back."""

    status: int
    content: bytes = b""
    kind: str = HTML
    headers: tuple[tuple[str, str], ...] = ()


@dataclass
class Desk:
    """The queue, who answers for it, who is let in, and what proves that a form is ours. It serves one request at a time."""

    queue: Queue
    actor: str
    say: Callable[[str], None]
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    access: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    at_work: threading.Lock = field(default_factory=threading.Lock)
    _drawn: OrderedDict[tuple[str, int], Picture] = field(default_factory=OrderedDict[tuple[str, int], Picture])

    def answer(self, request: Request) -> Answer:
        """The answer to one request."""
        reader = Reader(request.language, request.here)
        if not request.is_local or (request.method == "POST" and not request.is_ours):
            return _message(403, reader, Problem("refused"))
        if request.method == "GET" and request.brings(self.access):
            let_in = ("Set-Cookie", set_cookie(request.access_cookie, self.access))
            return Answer(303, headers=(("Location", request.here), let_in))
        if not request.was_let_in(self.access):
            return _message(403, reader, Problem("no_access"), _typed(request))
        try:
            with self.at_work:
                answer = self._route(request, reader)
        except OperatorError as error:
            self.say(f"{request.method} {request.path}: {error}")
            return _message(500, reader, Problem("broken", str(error)))
        asked = request.query.get("lang")
        kept = (("Set-Cookie", set_cookie(LANGUAGE_COOKIE, reader.language)),) if asked else ()
        return Answer(answer.status, answer.content, answer.kind, answer.headers + kept)

    def _route(self, request: Request, reader: Reader) -> Answer:
        kind, _, page_id = request.path.strip("/").partition("/")
        match request.method, kind:
            case "GET", "":
                return self._queue(request, reader)
            case "GET", "style.css":
                return Answer(200, STYLE.read_bytes(), CSS)
            case "GET", "page":
                return self._page(page_id, request, reader)
            case "GET", "scan":
                return self._scan(page_id, reader)
            case "POST", "page":
                return self._correct(page_id, request, reader)
            case _:
                return _message(404, reader, Problem("not_found"))

    def _queue(self, request: Request, reader: Reader) -> Answer:
        partner, first = request.query.get("partner", ""), request.query.get("from", "0")
        if partner and partner not in known_partners(self.queue.workspace.root):
            return _message(404, reader, Problem("not_found"))
        start = int(first) if first.isdecimal() and len(first) < 9 else 0
        return _html(200, queue_page(self.queue.look(partner), reader, start, partner, request.query.get("saved", "")))

    def _page(self, page_id: str, request: Request, reader: Reader) -> Answer:
        page = self.queue.look().find(page_id)
        if page is None:
            return _message(404, reader, Problem("gone"))
        name = request.cookie(NAME_COOKIE)
        anonymous = name == ANONYMOUS
        blank = bool(page.corrections) and not page.text
        typed = Typed(page.version, page.text, "" if anonymous else name, blank=blank, anonymous=anonymous)
        return _html(200, correct_page(self._shown(page), reader, typed, self.token))

    def _scan(self, page_id: str, reader: Reader) -> Answer:
        page = self.queue.look().find(page_id)
        if page is None:
            return _message(404, reader, Problem("not_found"))
        shown = self._shown(page)
        if shown.no_picture:
            return _message(404, reader, Problem("no_picture", shown.no_picture))
        picture = self._picture(page)
        return Answer(200, picture.content, picture.kind)

    def _shown(self, page: ScanPage) -> Shown:
        try:
            self._picture(page)
        except OperatorError as error:
            self.say(f"{page.partner}/{page.delivery}/{page.scan}: {error}")
            return Shown(page, str(error))
        return Shown(page, "")

    def _picture(self, page: ScanPage) -> Picture:
        folder = self.queue.workspace.root / delivery_place(page.partner, page.delivery)
        refuse_changed_files(folder, [page.scan])
        key = (page.scan_sha256, page.read.number)
        if key not in self._drawn:
            self._drawn[key] = draw(folder, page.scan, page.read.number)
        self._drawn.move_to_end(key)
        while len(self._drawn) > PICTURES_KEPT:
            self._drawn.popitem(last=False)
        return self._drawn[key]

    def _correct(self, page_id: str, request: Request, reader: Reader) -> Answer:
        try:
            form = read_form(request)
        except OperatorError as error:
            return _message(400, reader, Problem("text_odd", str(error)))
        page = self.queue.look().find(page_id)
        if page is None:
            return _message(410, reader, Problem("gone"), form.text)
        typed = Typed(form.seen, form.text, form.corrector, form.blank, form.anonymous)
        if not same(form.token, self.token):
            return _html(409, correct_page(self._shown(page), reader, typed, self.token, Problem("restarted")))
        try:
            text, corrector, problem = _said(form)
        except OperatorError as error:
            text, corrector, problem = "", "", Problem("text_odd", str(error))
        if problem is not None:
            return _html(422, correct_page(self._shown(page), reader, typed, self.token, problem))
        return self._save(page, reader, typed, Said(page_id, form.seen, text, corrector))

    def _save(self, page: ScanPage, reader: Reader, typed: Typed, said: Said) -> Answer:
        try:
            self.say(save(self.queue, said, self.actor))
        except GoneError:
            return _message(410, reader, Problem("gone"), typed.text)
        except EditedMeanwhileError as told:
            both = Typed(told.page.version, typed.text, typed.corrector, typed.blank, typed.anonymous)
            return _html(409, correct_page(self._shown(told.page), reader, both, self.token, Problem("meanwhile")))
        except OperatorError as error:
            self.say(f"not saved: {error}")
            return _html(503, correct_page(self._shown(page), reader, typed, self.token, Problem("failed", str(error))))
        headers = (("Location", f"/?saved={page.id}"), ("Set-Cookie", set_cookie(NAME_COOKIE, said.corrector)))
        return Answer(303, b"", HTML, headers)


def _typed(request: Request) -> str:
    """What a person typed into the form of an earlier start: it is theirs, and given back."""
    try:
        return read_form(request).text
    except OperatorError:
        return ""


def _said(form: Form) -> tuple[str, str, Problem | None]:
    """Text and name as they are kept, or what is missing.

    Raises:
        OperatorError: the text or the name holds what no text holds.
    """
    text, name = as_typed(form.text), " ".join(as_typed(form.corrector).split())
    if form.blank and text.strip():
        return text, name, Problem("text_not_blank")
    if not form.blank and not text.strip():
        return text, name, Problem("text_missing")
    if not form.anonymous and not name:
        return text, name, Problem("name_missing")
    if len(name) > MAX_NAME_CHARS:
        raise OperatorError(f"the name has {len(name)} characters, more than {MAX_NAME_CHARS}. Shorten it and save again.")
    return "" if form.blank else text, ANONYMOUS if form.anonymous else name, None


def _html(status: int, page: str) -> Answer:
    return Answer(status, page.encode("utf-8"))


def _message(status: int, reader: Reader, problem: Problem, text: str = "") -> Answer:
    return _html(status, message_page(reader, problem, text))
