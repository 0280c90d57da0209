"""Readers of files that are one document each: plain text, Markdown with its sidecar and print, HTML."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

import lxml.etree
import lxml.html
import orjson

from latamgpt.intake.encoding import decode
from latamgpt.intake.found import Found, Reading
from latamgpt.intake.licences import stated_in_fields
from latamgpt.intake.menus import without_menus
from latamgpt.intake.page_licences import page_statements
from latamgpt.intake.pdf import pdf_statements
from latamgpt.intake.quarantine import Reason, Rejected
from latamgpt.intake.source import Source
from latamgpt.intake.strict_json import refuse_repeated_keys

ENCODING_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


def read_text(source: Source, name: str) -> Reading:
    """A text file is a document; its title is its file name."""
    return [Found(name, source.text(name), PurePosixPath(name).stem)]


def read_markdown(source: Source, name: str) -> Reading:
    """NAME.md is the text; NAME.json says what it is; NAME.pdf is only asked for a licence that contradicts."""
    base = name[: -len(".md")]
    text = source.text(name)
    described, printed = source.beside(base, ".json"), source.beside(base, ".pdf")
    sidecar = _sidecar(source, described) if described else {}
    statements = stated_in_fields(sidecar, lambda _: described)
    if printed:
        statements += pdf_statements(source.place(printed), printed)
    title = _string(sidecar, "title") or _first_heading(text) or PurePosixPath(base).name
    return [Found(name, text, title, _string(sidecar, "language"), tuple(statements))]


def read_html(source: Source, name: str) -> Reading:
    """The main text of a page, without menus and footers; the page's own title, language and licence."""
    html = ENCODING_DECLARATION.sub("", source.text(name))
    page = _parse_page(html, name)
    title = " ".join((page.findtext(".//title") or "").split())
    language = page.get("lang") or page.get("{http://www.w3.org/XML/1998/namespace}lang") or ""
    return [Found(name, _main_text(without_menus(page), name), title, language, tuple(page_statements(page)))]


def _string(values: Mapping[str, object], key: str) -> str:
    value = values.get(key)
    return value if isinstance(value, str) else ""


def _sidecar(source: Source, name: str) -> dict[str, object]:
    try:
        text = decode(source.read(name), "utf-8", name)
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


def _parse_page(html: str, name: str) -> lxml.html.HtmlElement:
    try:
        return lxml.html.document_fromstring(html)
    except (lxml.etree.LxmlError, ValueError) as error:
        raise Rejected(Reason.HTML_UNREADABLE, f"{name} is not HTML: {error}") from error


def _main_text(html: str, name: str) -> str:
    import trafilatura

    try:
        return trafilatura.extract(html, include_comments=False, include_tables=True, deduplicate=False) or ""
    except Exception as error:  # noqa: BLE001  (as with PDF: any failure of the parser is the file's)
        raise Rejected(Reason.HTML_UNREADABLE, f"{name}: the main text cannot be taken out ({type(error).__name__})") from error
