"""Readers of files that are one document each: plain text, Markdown with its sidecar and print, HTML."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

import orjson

from latamgpt.intake.apart import documents
from latamgpt.intake.encoding import decode
from latamgpt.intake.found import Found, Reading
from latamgpt.intake.front_matter import LANGUAGES, TITLES, Headed, without_front_matter
from latamgpt.intake.html_pages import page_in, parse_html
from latamgpt.intake.licences import Statement, stated_in_fields, statements_in
from latamgpt.intake.limited import run_limited
from latamgpt.intake.pdf import pdf_statements
from latamgpt.intake.quarantine import Reason, Rejected
from latamgpt.intake.source import MAX_TEXT_BYTES, Source
from latamgpt.intake.stated import dates_in, kinds_in
from latamgpt.intake.strict_json import refuse_repeated_keys
from latamgpt.intake.wrapped_text import join_wrapped_words

MAX_BYTES_IN_PROCESS = 1 << 18  # of a page of HTML: 400 times as much memory is 100 MiB
MAX_SIDECAR_BYTES = 1 << 20


def read_text(source: Source, name: str) -> Reading:
    """A text file is a document; its title is its file name."""
    return [Found(name, join_wrapped_words(source.text(name)), PurePosixPath(name).stem)]


def read_markdown(source: Source, name: str) -> Reading:
    """NAME.md is the text; NAME.json, or else its front matter, says what it is; NAME.pdf is only asked for its licence.

    A licence that contradicts is looked for in all three.
    """
    base = name[: -len(".md")]
    headed = without_front_matter(source.text(name))
    text = join_wrapped_words(headed.text)
    described, printed = source.beside(base, ".json"), source.beside(base, ".pdf")
    sidecar = _sidecar(source, described) if described else {}
    statements = [*stated_in_fields(sidecar, lambda _: described), *_stated_in_head(headed, name)]
    if printed:
        statements += pdf_statements(source.place(printed), printed)
    title = _string(sidecar, "title") or headed.named(TITLES) or _first_heading(text) or PurePosixPath(base).name
    language = _string(sidecar, "language") or headed.named(LANGUAGES)
    dates, kinds = (under(sidecar) or under(headed.fields) for under in (dates_in, kinds_in))
    return [Found(name, text, title, language, tuple(statements), dates=dates, kinds=kinds)]


def _stated_in_head(headed: Headed, name: str) -> list[Statement]:
    """By the fields that are meant for it, and in any other words of a head, as in the first part of a text."""
    where = f"the front matter of {name}"
    return [*stated_in_fields(headed.fields, lambda _: where), *statements_in(headed.head, where)]


def read_html(source: Source, name: str) -> Reading:
    """The main text of a page; a large one is parsed apart, where its memory has a limit."""
    path = source.place(name, MAX_TEXT_BYTES)
    if path.stat().st_size <= MAX_BYTES_IN_PROCESS:
        return [page_in(decode(path.read_bytes(), source.delivery.encoding, name), name)]
    answer = run_limited(parse_html, [str(path), name, source.delivery.encoding], name=name, reason=Reason.HTML_UNREADABLE)
    return [*documents(answer, name, Reason.HTML_UNREADABLE)]


def _string(values: Mapping[str, object], key: str) -> str:
    value = values.get(key)
    return value if isinstance(value, str) else ""


def _sidecar(source: Source, name: str) -> dict[str, object]:
    try:
        text = decode(source.read(name, MAX_SIDECAR_BYTES), "utf-8", name)
        values = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Rejected(Reason.SIDECAR_INVALID, f"{name} is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise Rejected(Reason.SIDECAR_INVALID, f"{name} holds {type(values).__name__}, not an object of keys and values")
    refuse_repeated_keys(text, name, Reason.SIDECAR_INVALID)
    return values


def _first_heading(text: str) -> str:
    match = re.search(r"^#+\s+(.+)$", text, re.MULTILINE)
    return match[1].strip() if match else ""
