"""The HTML of the correction pages, made on the server: no script, and nothing from elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from latamgpt.corrections.marks import marked
from latamgpt.corrections.queue import Look
from latamgpt.corrections.saving import ANONYMOUS
from latamgpt.corrections.scan_page import ScanPage, State
from latamgpt.corrections.words import words
from latamgpt.intake.ocr_record import Correction
from latamgpt.pages import Language

TEMPLATES = Path(__file__).parent / "templates"
STYLE = TEMPLATES / "style.css"
PAGES_AT_ONCE = 50
FEWEST_ROWS, CHARS_PER_ROW = 10, 70


@dataclass(frozen=True)
class Typed:
    """What stands in the form of a page."""

    seen: str
    text: str
    corrector: str = ""
    blank: bool = False
    anonymous: bool = False


@dataclass(frozen=True)
class Problem:
    """Why something was not done: a key of words.yaml, and a sentence for whoever runs the server."""

    word: str
    detail: str = ""


@dataclass(frozen=True)
class Reader:
    """Who reads the page: in which language, at which address."""

    language: Language
    here: str


def queue_page(look: Look, reader: Reader, first: int, partner: str, saved: str) -> str:
    """The queue, a part of it at a time; `saved` is the id of a page that was just saved."""
    shown = look.pages[first : first + PAGES_AT_ONCE]
    done = look.find(saved)
    waiting = [page for page in look.pages if page.state is not State.CORRECTED]
    values: dict[str, object] = {
        "groups": [(state, list(pages)) for state, pages in groupby(shown, lambda page: page.state)],
        "counts": {state: look.count(state) for state in State},
        "num_open": len(waiting),
        "saved": done is not None and done.state is State.CORRECTED,
        "next": waiting[0] if waiting else None,
        "before": _turn(first - PAGES_AT_ONCE, partner) if first else "",
        "after": _turn(first + PAGES_AT_ONCE, partner) if first + PAGES_AT_ONCE < len(look.pages) else "",
    }
    return _render("queue.html.jinja", reader, values)


@dataclass(frozen=True)
class Shown:
    """A page as it is shown; `no_picture` says why its scan cannot be, and is '' otherwise."""

    page: ScanPage
    no_picture: str


def correct_page(shown: Shown, reader: Reader, typed: Typed, token: str, problem: Problem | None = None) -> str:
    """The scan of a page beside what was read, and the form to correct it."""
    page = shown.page
    rows = sum(1 + len(line) // CHARS_PER_ROW for line in typed.text.split("\n")) + 2
    values: dict[str, object] = {
        **vars(typed),
        **vars(shown),
        "pieces": marked(page.read),
        "tag": "" if page.language == "und" else page.language,
        "rows": max(FEWEST_ROWS, rows),
        "token": token,
        "problem": problem.word if problem else "",
        "detail": problem.detail if problem else "",
    }
    return _render("page.html.jinja", reader, values)


def message_page(reader: Reader, problem: Problem, text: str = "") -> str:
    """A page that says what is wrong, and gives a text back that could not be saved."""
    return _render("message.html.jinja", reader, {"problem": problem.word, "detail": problem.detail, "text": text})


def _turn(first: int, partner: str) -> str:
    asked = {"from": str(max(first, 0)), **({"partner": partner} if partner else {})}
    return f"/?{urlencode(asked)}"


def _render(template: str, reader: Reader, values: Mapping[str, object]) -> str:
    spoken = words(reader.language)

    def credit(correction: Correction) -> str:
        return spoken["anonymous_name"] if correction.corrector == ANONYMOUS else correction.corrector

    common = {"w": spoken, "language": reader.language.value, "here": reader.here, "credit": credit}
    return _environment().get_template(template).render({**common, **values})


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
