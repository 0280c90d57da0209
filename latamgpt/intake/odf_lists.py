"""The marks of an OpenDocument's lists, which are no text of its paragraphs: numbers by its list styles, dashes for bullets.

OpenDocument 1.3, part 3, `text:list` and `text:list-style`; `num-list-format` is what LibreOffice writes beside them since 7.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import lxml.etree

from latamgpt.intake.list_numbers import MAX_LEVELS, MAX_NUMBER, in_letters, in_roman, whole_number
from latamgpt.intake.xml_files import attribute, children, local_name

NUMBER, BULLETS = "list-level-style-number", ("list-level-style-bullet", "list-level-style-image")
PLACE = re.compile(r"%(\d{1,2})%")
MAX_LABEL_CHARS = 60
MAX_PARENTS = 32


@dataclass(frozen=True)
class _Level:
    """How one level of a list looks."""

    is_bullet: bool
    form: str = ""  # '1', 'a', 'A', 'i' or 'I'; '' for none
    is_doubled: bool = False  # of letters: 'bb' follows 'aa'
    text: str = ""  # '%1%.%2%)'
    start: int = 1


@dataclass(frozen=True)
class ListStyles:
    """The list styles of a document by their names, and which of them styles of paragraphs name."""

    levels: Mapping[str, Mapping[int, _Level]]
    of_paragraphs: Mapping[str, str]


@dataclass
class _Open:
    """A list that is being walked through, and how far its levels, and those of the lists around it, are counted."""

    style: str
    numbers: list[int | None] = field(default_factory=lambda: [None] * MAX_LEVELS)


def read_list_styles(*files: lxml.etree._Element) -> ListStyles:
    """The list styles of styles.xml and content.xml, in this order: of two of one name the last holds."""
    levels: dict[str, Mapping[int, _Level]] = {}
    named: dict[str, tuple[str, str]] = {}
    for file in files:
        for style in children(file, "list-style"):
            levels[attribute(style, "name")] = dict(_level(one) for one in style if local_name(one) in (NUMBER, *BULLETS))
        for style in children(file, "style"):
            if attribute(style, "family") == "paragraph":
                parent, own = attribute(style, "parent-style-name"), attribute(style, "list-style-name")
                named[attribute(style, "name")] = parent, own
    return ListStyles(levels, {name: found for name in named if (found := _list_style(name, named))})


class ListMarks:
    """Walks along with a document's body and says which mark stands before a paragraph."""

    def __init__(self, styles: ListStyles) -> None:
        self._styles = styles
        self._open: list[_Open] = []
        self._by_id: dict[str, _Open] = {}
        self._last: dict[str, _Open] = {}

    def begin(self, element: lxml.etree._Element) -> str:
        """An element begins: the mark before its words, '1. ' or '- '; '' for all but an item's first paragraph."""
        match local_name(element):
            case "list":
                self._begin_list(element)
                return ""
            case "p" | "h":
                return self._mark(element)
            case _:
                return ""

    def end(self, element: lxml.etree._Element) -> None:
        """An element ends."""
        if local_name(element) == "list" and self._open:
            self._open.pop()

    def _begin_list(self, element: lxml.etree._Element) -> None:
        style = attribute(element, "style-name")
        if self._open:
            around = self._open[-1]
            self._open.append(_Open(style or around.style, around.numbers))
            return
        before = self._by_id.get(attribute(element, "continue-list"))
        if before is None and attribute(element, "continue-numbering") == "true":
            before = self._last.get(style)
        one = _Open(style or (before.style if before else ""), before.numbers) if before else _Open(style)
        self._open.append(one)
        self._last[style] = one
        if name := attribute(element, "id"):
            self._by_id[name] = one

    def _mark(self, paragraph: lxml.etree._Element) -> str:
        item = paragraph.getparent()
        if not self._open or item is None or local_name(item) != "list-item" or not _is_first(paragraph):
            return ""
        one, at = self._open[-1], len(self._open) - 1
        style = one.style or self._styles.of_paragraphs.get(attribute(paragraph, "style-name"), "")
        levels = self._styles.levels.get(style, {})
        if at >= MAX_LEVELS or at not in levels:
            return ""
        before = one.numbers[at]
        following = levels[at].start if before is None else min(before + 1, MAX_NUMBER)
        one.numbers[at] = whole_number(attribute(item, "start-value"), following)
        one.numbers[at + 1 :] = [None] * (MAX_LEVELS - at - 1)
        label = "-" if levels[at].is_bullet else _label(levels, at, one.numbers)
        return f"{label} " if label and any(words.strip() for words in paragraph.itertext()) else ""


def _is_first(paragraph: lxml.etree._Element) -> bool:
    """Whether nothing stands before it in its item but where a page ends."""
    return all(local_name(one) == "soft-page-break" for one in paragraph.itersiblings(preceding=True))


def _list_style(name: str, named: Mapping[str, tuple[str, str]]) -> str:
    for _ in range(MAX_PARENTS):
        name, own = named.get(name, ("", ""))
        if own or not name:
            return own
    return ""


def _level(element: lxml.etree._Element) -> tuple[int, _Level]:
    at = whole_number(attribute(element, "level"), 1) - 1
    if local_name(element) != NUMBER:
        return at, _Level(is_bullet=True)
    first = max(0, at - whole_number(attribute(element, "display-levels"), 1) + 1)
    places = ".".join(f"%{n + 1}%" for n in range(first, min(at, MAX_LEVELS) + 1))
    parts = f"{attribute(element, 'num-prefix')}{places}{attribute(element, 'num-suffix')}"
    text = attribute(element, "num-list-format") or parts
    is_doubled = attribute(element, "num-letter-sync") == "true"
    start = whole_number(attribute(element, "start-value"), 1)
    return at, _Level(False, attribute(element, "num-format"), is_doubled, text[:MAX_LABEL_CHARS], start)


def _label(levels: Mapping[int, _Level], at: int, numbers: list[int | None]) -> str:
    if not levels[at].form:
        return ""

    def written(match: re.Match[str]) -> str:
        place = int(match[1]) - 1
        level, number = levels.get(place), numbers[place] if 0 <= place < MAX_LEVELS else None
        return "" if level is None else _written(level.start if number is None else number, level)

    return PLACE.sub(written, levels[at].text).strip()


def _written(number: int, level: _Level) -> str:
    match level.form:
        case "1":
            return str(number)
        case "a":
            return in_letters(number, doubled=level.is_doubled).lower()
        case "A":
            return in_letters(number, doubled=level.is_doubled)
        case "i":
            return in_roman(number).lower()
        case "I":
            return in_roman(number)
        case _:
            return ""
