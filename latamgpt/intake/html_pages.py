"""A page in HTML as a document: its main text without menus and footers, its own title and language, the licences it states."""

import re
from dataclasses import replace
from pathlib import Path
from typing import cast

import lxml.etree
import lxml.html

from latamgpt.intake.encoding import decode
from latamgpt.intake.found import Found
from latamgpt.intake.hidden_markup import take_out_hidden
from latamgpt.intake.menus import without_menus
from latamgpt.intake.page_descriptions import page_dates, page_kinds
from latamgpt.intake.page_licences import page_statements
from latamgpt.intake.quarantine import Reason, Rejected
from latamgpt.intake.style_sheets import TooManyRulesError
from latamgpt.intake.whole_page import whole_page

IMPORTED_AHEAD = ("trafilatura",)
ENCODING_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


def parse_html(path: str, name: str, encoding: str) -> list[Found]:
    """The document in a file; for a limited process."""
    return [page_in(decode(Path(path).read_bytes(), encoding, name), name)]


def page_in(text: str, name: str) -> Found:
    """The document in a page. It takes up to 400 times the page's bytes in memory.

    Raises:
        Rejected: html_unreadable.
    """
    page = _parse_page(ENCODING_DECLARATION.sub("", text), name)
    title = " ".join((page.findtext(".//title") or "").split())
    language = page.get("lang") or page.get("{http://www.w3.org/XML/1998/namespace}lang") or ""
    dates, kinds = page_dates(page), page_kinds(page)
    body = without_menus(page)
    num_unread_sheets = 0
    try:
        num_hidden_chars = take_out_hidden(body)
    except TooManyRulesError:
        num_hidden_chars, num_unread_sheets = take_out_hidden(body, with_sheets=False), 1
    main = _main_text(cast("str", lxml.html.tostring(body, encoding="unicode")), name)
    stated = tuple(page_statements(page))
    found = Found(name, main, title, language, stated, dates=dates, kinds=kinds, num_hidden_chars=num_hidden_chars)
    return replace(found, num_unread_sheets=num_unread_sheets)


def _parse_page(html: str, name: str) -> lxml.html.HtmlElement:
    try:
        return whole_page(html)
    except (lxml.etree.LxmlError, ValueError) as error:
        raise Rejected(Reason.HTML_UNREADABLE, f"{name} cannot be read: {error}") from error


def _main_text(html: str, name: str) -> str:
    import trafilatura

    try:
        return trafilatura.extract(html, include_comments=False, include_tables=True, deduplicate=False) or ""
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  (as with PDF: any failure of the parser is the file's)
        raise Rejected(Reason.HTML_UNREADABLE, f"{name}: the main text cannot be taken out ({type(error).__name__})") from error
