"""The numbers that Word puts before paragraphs: no text of the document, but what its readers see, and refer to."""

import re
from collections.abc import Iterator

import lxml.etree

from latamgpt.intake.list_numbers import MAX_LEVELS, MAX_NUMBER, in_letters, in_roman, whole_number
from latamgpt.intake.word_lists import NO_LIST, Level, ListOfParagraphs, Lists, is_on
from latamgpt.intake.xml_files import attribute, child, local_name

PLACE = re.compile(r"%([1-9])")
MAX_LABEL_CHARS = 60
XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


def number_paragraphs(document: lxml.etree._Element, lists: Lists) -> int:
    """Write the number of each numbered paragraph before its words, and take it out of its list; how many were written.

    Left as they are: bullets, and numbers that are written in a form that is not known ('primero').
    """
    if not lists.named:
        return 0
    count = _Count()
    num_numbered = 0
    for paragraph in [*_paragraphs(document)]:
        place = _place(paragraph, lists)
        if place is None:
            continue
        label = count.next(*place)
        if label and _has_words(paragraph):
            _write(paragraph, label)
            num_numbered += 1
    return num_numbered


class _Count:
    """How far each kind of list has been counted, level by level."""

    def __init__(self) -> None:
        self._numbers: dict[str, list[int | None]] = {}
        self._begun: set[int] = set()

    def next(self, one: ListOfParagraphs, level: int) -> str:
        """The label of the next paragraph on a level; '' where it has none, or none that is known."""
        numbers = self._numbers.setdefault(one.kind, [None] * MAX_LEVELS)
        if id(one) not in self._begun:
            self._begun.add(id(one))
            for at in one.starts:
                if at < MAX_LEVELS:
                    numbers[at] = None
        before = numbers[level]
        numbers[level] = _start(one, level) if before is None else min(before + 1, MAX_NUMBER)
        for deeper in range(level + 1, MAX_LEVELS):
            restart = one.levels.get(deeper, Level()).restart
            if level < (deeper if restart is None else restart):
                numbers[deeper] = None
        return _label(one, level, numbers)


def _start(one: ListOfParagraphs, level: int) -> int:
    return one.starts.get(level, one.levels.get(level, Level()).start)


def _label(one: ListOfParagraphs, level: int, numbers: list[int | None]) -> str:
    own = one.levels.get(level)
    if own is None or own.form == "bullet":
        return ""
    words: list[str] = []
    for part, is_place in _parts(own.text[:MAX_LABEL_CHARS]):
        if not is_place:
            words.append(part)
            continue
        at = int(part) - 1
        number = numbers[at]
        form = one.levels.get(at, Level()).form
        written = _written(_start(one, at) if number is None else number, "decimal" if own.is_all_decimal else form)
        if not written and form != "none":
            return ""
        words.append(written)
    return "".join(words).strip()


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """The parts of '%1.%2)', and whether each is the place of a number."""
    for n, part in enumerate(PLACE.split(text)):
        yield part, n % 2 == 1


def _written(number: int, form: str) -> str:
    match form:
        case "decimal":
            return str(number)
        case "decimalZero":
            return f"{number:02d}"
        case "upperLetter":
            return in_letters(number, doubled=True)
        case "lowerLetter":
            return in_letters(number, doubled=True).lower()
        case "upperRoman":
            return in_roman(number)
        case "lowerRoman":
            return in_roman(number).lower()
        case _:
            return ""


def _place(paragraph: lxml.etree._Element, lists: Lists) -> tuple[ListOfParagraphs, int] | None:
    """The list and the level that a paragraph is on; None where it is on none, or its end is hidden or deleted."""
    look = child(paragraph, "pPr")
    mark = child(look, "rPr")
    if child(mark, "del") is not None or is_on(child(mark, "vanish")):
        return None
    own, style = child(look, "numPr"), attribute(child(look, "pStyle"), "val")
    by_style, level_of_style = lists.of_style.get(style, (NO_LIST, None))
    one = lists.named.get(attribute(child(own, "numId"), "val") or by_style)
    if one is None:
        return None
    level = attribute(child(own, "ilvl"), "val")
    if level or child(own, "numId") is not None:
        at = whole_number(level, 0)
    else:
        at = next((n for n, other in one.levels.items() if style and other.style == style), level_of_style or 0)
    return (one, at) if at < MAX_LEVELS else None


def _paragraphs(document: lxml.etree._Element) -> Iterator[lxml.etree._Element]:
    """All paragraphs in their order; of what is there twice, for old and new programs, only that for the old, which is read."""
    walk = lxml.etree.iterwalk(document, events=("start",))
    for _, element in walk:
        match local_name(element):
            case "Choice":
                walk.skip_subtree()
            case "p":
                yield element
            case _:
                pass


def _has_words(paragraph: lxml.etree._Element) -> bool:
    return any((one.text or "").strip() for one in paragraph.iter("{*}t"))


def _write(paragraph: lxml.etree._Element, label: str) -> None:
    space = lxml.etree.QName(paragraph).namespace
    look = child(paragraph, "pPr")
    if look is None:
        look = lxml.etree.Element(f"{{{space}}}pPr")
        paragraph.insert(0, look)
    listed = child(look, "numPr")
    if listed is None:
        listed = lxml.etree.SubElement(look, f"{{{space}}}numPr")
    listed[:] = []
    for name in ("ilvl", "numId"):
        lxml.etree.SubElement(listed, f"{{{space}}}{name}", {f"{{{space}}}val": NO_LIST})
    run = lxml.etree.Element(f"{{{space}}}r")
    words = lxml.etree.SubElement(run, f"{{{space}}}t", {XML_SPACE: "preserve"})
    words.text = f"{label} "
    paragraph.insert(paragraph.index(look) + 1, run)
