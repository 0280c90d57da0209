"""EPUB: the chapters in the order of its spine, and what its package says of title, language and rights."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote

import lxml.etree
import lxml.html

from latamgpt.errors import quoted
from latamgpt.intake.encoding import decode
from latamgpt.intake.found import Found
from latamgpt.intake.hidden_markup import take_out_hidden
from latamgpt.intake.markup import text_of_page
from latamgpt.intake.metadata import Metadata, read_metadata
from latamgpt.intake.package import Package, encrypted, open_package
from latamgpt.intake.quarantine import Reason, Rejected
from latamgpt.intake.stated import brief
from latamgpt.intake.style_sheets import TooManyRulesError, applies
from latamgpt.intake.whole_page import whole_page
from latamgpt.intake.xml_files import children, parse_xml, words_of

CONTAINER = "META-INF/container.xml"
ENCRYPTION = "META-INF/encryption.xml"
MAX_SHEET_BYTES = 1 << 20
PAGES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml"})
ORIGINAL = "original-publication"
EDITION = ("", "publication", "issued")
DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
DECLARED_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*encoding=["']([A-Za-z0-9._-]+)["']""")


def parse_epub(path: str, name: str) -> list[Found]:
    """The book in a .epub file: one document. Its table of contents, pictures and scripts are left out."""
    with open_package(path, name) as package:
        where = _package_file(package, name)
        book = parse_xml(package.read(where), f"{quoted(where)} of {name}")
        pages = _spine(book, posixpath.dirname(where), name)
        _refuse_locked(package, pages, name)
        read = [_chapter(package, page, f"{quoted(page)} of {name}") for page in pages]
    header = next(iter(children(book, "metadata")), None)
    said = read_metadata(header, f"the metadata of {name}") if header is not None else Metadata()
    text = "\n\n".join(chapter for chapter, _, _ in read if chapter)
    num_hidden_chars = sum(hidden for _, hidden, _ in read)
    dates = brief([*said.dates, *(_dates(header) if header is not None else [])])
    book = Found(name, text, said.title, said.language, said.statements, num_hidden_chars=num_hidden_chars)
    return [replace(book, dates=dates, kinds=said.kinds, num_unread_sheets=sum(unread for *_, unread in read))]


def _dates(header: lxml.etree._Element) -> list[str]:
    """Days of publication, of the original before the edition's: a date with a time of day, or another event, is the file's.

    Where the package names the source that it was made from, an edition's date is that of another book, and says nothing.
    """
    dated = [(_event(one), words_of(one)) for one in children(header, "date")]
    days = [(event, value) for event, value in dated if ":" not in value]
    original = [value for event, value in days if event == ORIGINAL]
    has_source = any(words_of(one) for one in children(header, "source"))
    return original or ([] if has_source else [value for event, value in days if event in EDITION])


def _event(date: lxml.etree._Element) -> str:
    return next((value for key, value in date.items() if lxml.etree.QName(key).localname == "event"), "").lower()


def _package_file(package: Package, name: str) -> str:
    container = parse_xml(package.read(CONTAINER), f"{CONTAINER} of {name}")
    root = next((one.get("full-path") or "" for one in children(container, "rootfile")), "")
    if not root:
        raise _damaged(name, f"its {CONTAINER} names no book")
    return root


def _spine(book: lxml.etree._Element, folder: str, name: str) -> list[str]:
    items = {item.get("id") or "": item for item in children(book, "item")}
    pages: list[str] = []
    for reference in children(book, "itemref"):
        item = items.get(reference.get("idref") or "")
        if item is None:
            raise _damaged(name, f"its spine names {quoted(reference.get('idref'))}, which its list of files lacks")
        if (item.get("media-type") or "") in PAGES and "nav" not in (item.get("properties") or "").split():
            pages.append(posixpath.normpath(posixpath.join(folder, unquote(item.get("href") or ""))))
    return pages


def _refuse_locked(package: Package, pages: list[str], name: str) -> None:
    """Fonts may be locked, as many publishers have them; chapters that are cannot be read."""
    if ENCRYPTION not in package.names:
        return
    listed = parse_xml(package.read(ENCRYPTION), f"{ENCRYPTION} of {name}")
    if {unquote(one.get("URI") or "") for one in children(listed, "CipherReference")} & set(pages):
        raise encrypted(name)


def _chapter(package: Package, page: str, name: str) -> tuple[str, int, bool]:
    """Its text, how many characters of it are hidden from readers, and whether its style sheets were too much to apply."""
    raw = package.read(page)
    declared = DECLARED_ENCODING.match(raw)
    encoding = declared[1].decode("ascii") if declared else "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    html = DECLARATION.sub("", decode(raw, encoding, name))
    if not html.strip():
        return "", 0, False
    try:
        tree = whole_page(html)
        try:
            num_hidden_chars, is_unread = take_out_hidden(tree, _linked_sheets(package, tree, posixpath.dirname(page))), False
        except TooManyRulesError:
            num_hidden_chars, is_unread = take_out_hidden(tree, with_sheets=False), True
        return text_of_page(tree), num_hidden_chars, is_unread
    except (lxml.etree.LxmlError, ValueError) as error:
        raise Rejected(Reason.HTML_UNREADABLE, f"{name} cannot be read: {error}") from error


def _linked_sheets(package: Package, tree: lxml.html.HtmlElement, folder: str) -> Iterator[str]:
    """The style sheets of the book that a chapter names."""
    for link in tree.iter("link"):
        place = posixpath.normpath(posixpath.join(folder, unquote(link.get("href") or "")))
        kinds = (link.get("rel") or "").lower().split()
        if "stylesheet" in kinds and "alternate" not in kinds and applies(link.get("media") or "") and place in package.names:
            yield package.read(place)[:MAX_SHEET_BYTES].decode("utf-8", "replace")


def _damaged(name: str, what: str) -> Rejected:
    return Rejected(Reason.DOCUMENT_UNREADABLE, f"{name} is no whole EPUB: {what}. Ask the partner to export it anew")
