"""TEI, as libraries and scholars encode texts: the text as its author wrote it, without page furniture, and its header."""

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

import lxml.etree

from latamgpt.intake.found import Found
from latamgpt.intake.licences import Statement, statements_in
from latamgpt.intake.line_ends import join_broken_words
from latamgpt.intake.metadata import language_of, licence_elements
from latamgpt.intake.paragraphs import BROKEN_LINE, Paragraphs
from latamgpt.intake.stated import brief
from latamgpt.intake.xml_files import XML_LANG, children, local_name, words_of

REGULARISED_NAME = "reg"
MAX_REGULARISED_CHARS = 2 << 20
MAX_MENDED_CHARS = 4 << 20  # joining asks for every word of the text, which takes memory
VERSE_END = "\x02"
BLANKS = re.compile(" {2,}")
MAX_FORMS = 16  # that one <choice> is asked for; a real one offers two
ROOTS = frozenset({"TEI", "TEI.2"})
LEFT_OUT = frozenset({"teiHeader", "fw", "del", "figDesc", "facsimile", "sourceDoc", "standOff", "desc"})
EXACT = ("when", "when-iso")
SPANS = (("from", "notBefore"), ("to", "notAfter"))
PARAGRAPHS = frozenset({
    "p", "ab", "head", "div", "lg", "sp", "speaker", "stage", "list", "item", "label", "table", "figure", "quote", "epigraph",
    "argument", "opener", "closer", "signed", "salute", "dateline", "trailer", "byline", "docTitle", "docAuthor", "docDate",
    "docImprint", "titlePart", "titlePage", "front", "body", "back", "group", "floatingText", "castItem", "q", "cit",
})  # fmt: skip
AS_WRITTEN = {"sic": "corr", "reg": "orig", "abbr": "expan"}
"""Left out where <choice> offers the other: errors of print are mended, the author's spelling stays."""
REGULARISED = {"sic": "corr", "orig": "reg", "abbr": "expan"}
"""The same, for the spelling that the editors put beside the author's; kept as another orthography of the text."""


def parse_tei(root: lxml.etree._Element, name: str) -> list[Found]:
    """Each text of a TEI file (a teiCorpus holds several): title, language and licence come from its header."""
    texts = [root] if local_name(root) in ROOTS else [one for one in root if local_name(one) in ROOTS]
    several = len(texts) > 1
    shared = _statements(root, name) if several else []
    return [_one(text, f"{name}#{number}" if several else name, shared) for number, text in enumerate(texts, start=1)]


def _one(tei: lxml.etree._Element, name: str, shared: list[Statement]) -> Found:
    text = next((child for child in tei if local_name(child) == "text"), None)
    titles = [title for statement in children(tei, "titleStmt") for title in children(statement, "title")]
    language = (text.get(XML_LANG) if text is not None else None) or next(
        (one.get("ident") or "" for one in children(tei, "language")), tei.get(XML_LANG) or ""
    )
    title = words_of(titles[0]) if titles else ""
    stated = (*_statements(tei, name), *shared)
    if text is None:
        return Found(name, "", title, language_of(language), stated)
    written = _with_words_whole(_text(text, AS_WRITTEN))
    others = _other_spelling(text, len(written))
    found = Found(name, written, title, language_of(language), stated, orthographies=others)
    return replace(found, dates=_dates(tei), kinds=_kinds(tei))


def _dates(tei: lxml.etree._Element) -> tuple[str, ...]:
    """When the text was written, or its source published: publicationStmt says when the file was."""
    created = [date for part in children(tei, "creation") for date in children(part, "date", "origDate")]
    sources = [date for part in children(tei, "sourceDesc") for date in children(part, "date", "origDate")]
    return brief(_date(one) for one in (*created, *sources))


def _date(element: lxml.etree._Element) -> str:
    """By its attributes where it has them: when, or the first and the last day that it can be."""
    first, last = (next((element.get(name) for name in names if element.get(name)), "") for names in SPANS)
    whole = next((element.get(name) for name in EXACT if element.get(name)), "")
    return whole or (f"{first}/{last}" if first and last else words_of(element) or first or last or "")


def _kinds(tei: lxml.etree._Element) -> tuple[str, ...]:
    classes = [one for part in children(tei, "textClass") for one in children(part, "term", "classCode", "catRef", "item")]
    return brief(words_of(one) or word for one in classes for word in (one.get("target") or "").split() or [""])


def _other_spelling(text: lxml.etree._Element, num_chars: int) -> tuple[tuple[str, str], ...]:
    """The text as its editors regularised it, where they did; a very long one only as it was written."""
    mended = next((one for one in text.iter("{*}reg") if _is_left_out(one, AS_WRITTEN)), None)
    if mended is None or num_chars > MAX_REGULARISED_CHARS // 2:
        return ()
    regularised = _with_words_whole(_text(text, REGULARISED))
    return ((REGULARISED_NAME, regularised),) if len(regularised) <= MAX_REGULARISED_CHARS else ()


def _statements(tei: lxml.etree._Element, name: str) -> list[Statement]:
    where = f"the TEI header of {name}"
    header = next((child for child in tei if local_name(child) == "teiHeader"), None)
    if header is None:
        return []
    return [*licence_elements(header, ("licence", "availability"), where), *statements_in(words_of(header), where)]


def _text(root: lxml.etree._Element, forms: Mapping[str, str]) -> str:
    text = Paragraphs()
    walk = lxml.etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        tag = local_name(element)
        if event == "end":
            if element is not root:
                _finish(text, tag)
                text.words(element.tail)
        elif _is_left_out(element, forms):
            walk.skip_subtree()
        elif tag == "note" and element is not root:
            text.note(element.get("n") or "", _text(element, forms).replace("\n\n", "\n"))
            walk.skip_subtree()
        else:
            _begin(text, element, tag)
            text.words(element.text)
    return text.text()


def _is_left_out(element: lxml.etree._Element, forms: Mapping[str, str]) -> bool:
    tag, parent = local_name(element), element.getparent()
    if tag in LEFT_OUT:
        return True
    chosen = forms.get(tag)
    if chosen is None or parent is None or local_name(parent) != "choice":
        return False
    return any(local_name(other) == chosen for other in islice(parent, MAX_FORMS))


def _begin(text: Paragraphs, element: lxml.etree._Element, tag: str) -> None:
    if tag in ("lb", "pb", "cb"):
        _end_line(text, element.get("break"))
    elif tag == "l":
        text.new_line()
    elif tag == "cell":
        text.begin_cell()
    elif tag == "gap":
        text.words("[…]")
    elif tag in PARAGRAPHS:
        text.end()


def _end_line(text: Paragraphs, is_word_end: str | None) -> None:
    match is_word_end:
        case "no":
            text.join()
        case "yes":
            text.words(" ")
        case _:
            text.end_printed_line()


def _with_words_whole(text: str) -> str:
    """Join the words that the print's line ends break, as on a printed page, where no encoder says it; verses stay lines."""
    if BROKEN_LINE not in text or len(text) > MAX_MENDED_CHARS:
        return text.replace(BROKEN_LINE, " ")
    printed = text.replace("\n", VERSE_END).replace(BROKEN_LINE, "\n")
    lines = join_broken_words(printed).replace("\n", " ").split(VERSE_END)
    return "\n".join(BLANKS.sub(" ", line).rstrip() for line in lines)


def _finish(text: Paragraphs, tag: str) -> None:
    match tag:
        case "cell":
            text.end_cell()
        case "row":
            text.end_row()
        case "table":
            text.end_table()
        case _ if tag in PARAGRAPHS:
            text.end()
        case _:
            pass
