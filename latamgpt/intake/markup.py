"""HTML that is all main text, as in a book: its paragraphs, headings, lists, verses, tables and notes in their order."""

import lxml.etree
import lxml.html

from latamgpt.intake.paragraphs import Paragraphs
from latamgpt.intake.whole_page import whole_page
from latamgpt.intake.xml_files import local_name

LEFT_OUT = frozenset({"script", "style", "head", "template", "noscript", "svg", "math", "rp", "rt", "object", "audio", "video"})
BLOCKS = frozenset({
    "p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "blockquote", "pre", "section", "article", "header", "footer",
    "figure", "figcaption", "table", "ul", "ol", "dl", "dt", "dd", "hr", "body", "aside", "nav", "address", "caption", "main",
    "td", "th", "tr",
})  # fmt: skip


def text_of_html(html: str) -> str:
    """The text of a page of a book.

    Raises:
        lxml.etree.LxmlError, ValueError: it is no HTML.
    """
    return text_of_page(whole_page(html))


def text_of_page(page: lxml.html.HtmlElement) -> str:
    """The text of a page of a book that is parsed already."""
    text = Paragraphs()
    num_notes = 0
    walk = lxml.etree.iterwalk(page, events=("start", "end"))
    for event, element in walk:
        tag = local_name(element)
        if event == "start":
            if tag in LEFT_OUT or _is_way_back(element):
                walk.skip_subtree()
                continue
            _begin(text, tag)
            num_notes += _is_note(element)
            if tag == "li":
                text.label(f"[{num_notes}] " if _is_note(element) else "- ")
            text.words(element.text)
        else:
            if tag in BLOCKS:
                _finish(text, tag)
            text.words(element.tail)
    return text.text()


def _begin(text: Paragraphs, tag: str) -> None:
    if tag == "br":
        text.new_line()
    elif tag in ("td", "th"):
        text.begin_cell()
    elif tag in BLOCKS:
        text.end()


def _finish(text: Paragraphs, tag: str) -> None:
    match tag:
        case "td" | "th":
            text.end_cell()
        case "tr":
            text.end_row()
        case "table":
            text.end_table()
        case _:
            text.end()


def _is_note(element: lxml.etree._Element) -> bool:
    """Whether an item is a footnote, as the converter from DOCX writes them: in the order of their marks in the text."""
    return element.tag == "li" and (element.get("id") or "").startswith(("footnote-", "endnote-"))


def _is_way_back(element: lxml.etree._Element) -> bool:
    """The arrow from a footnote to where it stands is no text."""
    return element.tag == "a" and (element.get("href") or "").startswith(("#footnote-ref-", "#endnote-ref-"))
