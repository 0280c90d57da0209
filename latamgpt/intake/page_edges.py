"""What stands at the top and foot of every page and is no text: running heads, footers, page numbers; found by repetition."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

EDGE_LINES = 2  # at each end of a page that are looked at
MIN_PAGES = 3  # on which a line must repeat to be a running head
MIN_SHARE = 0.25  # of the pages: heads differ on left and right pages, and by chapter
ALIKE = 0.82  # of the letters, for a head that OCR read differently on two pages
MIN_ALIKE_CHARS = 6  # of what is compared letter by letter; shorter texts must be the same
RECENT_HEADS = 64  # that a line is held against, the last ones seen: an unbounded number would take the square of the pages
MAX_HEAD_CHARS = 120
NAMED_NUMBER = re.compile(
    r"(?:p[áa]g(?:ina)?s?\.?|page|p\.|folio|fol\.|hoja|folha)\s*\d{1,4}(?:\s*(?:de|of|/)\s*\d{1,4})?", re.IGNORECASE
)
BARE_NUMBER = re.compile(
    r"[\s|\[(<~.·•*_–—-]*(\d{1,4}|[ivxlc]{1,8})(?:\s*(?:/|de|of)\s*\d{1,4})?[\s|\])>~.·•*_–—-]*", re.IGNORECASE
)
ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}


@dataclass(frozen=True)
class Edge:
    """One line near the top or foot of a page."""

    page: int
    line: int  # in the page
    place: int  # 0, 1: counted from the top; -1, -2: from the foot
    text: str


def trim_edges(pages: Sequence[str]) -> list[str]:
    """The pages without running heads, footers and page numbers.

    A number goes where it counts with the pages ('11', '12', '13'), or says itself what it is ('Página 3 de 40'); a line goes
    where nearly the same line stands at the same end of at least three pages, and of a quarter of all. A lone year or verse at
    a page's end stays.
    """
    lines = [page.split("\n") for page in pages]
    edges = [edge for number, page in enumerate(lines) for edge in _edges(number, page)]
    numbers = _page_numbers(edges)
    heads = _running_heads([edge for edge in edges if edge not in numbers], len(pages))
    gone = {(edge.page, edge.line) for edge in numbers | heads}
    return ["\n".join(text for n, text in enumerate(page) if (number, n) not in gone) for number, page in enumerate(lines)]


def _edges(page: int, lines: Sequence[str]) -> list[Edge]:
    filled = [n for n, line in enumerate(lines) if line.strip()]
    top = [Edge(page, n, place, lines[n].strip()) for place, n in enumerate(filled[:EDGE_LINES])]
    foot_lines = filled[max(EDGE_LINES, len(filled) - EDGE_LINES) :]
    foot = [Edge(page, n, place, lines[n].strip()) for place, n in enumerate(foot_lines, start=-len(foot_lines))]
    return top + foot


def _page_numbers(edges: Sequence[Edge]) -> set[Edge]:
    found = {edge for edge in edges if NAMED_NUMBER.fullmatch(edge.text)}
    offsets: dict[tuple[bool, int], list[Edge]] = defaultdict(list)
    for edge in edges:
        match = BARE_NUMBER.fullmatch(edge.text)
        if match and edge not in found:
            value = int(match[1]) if match[1].isdigit() else _roman(match[1])
            offsets[(edge.place < 0, value - edge.page)].append(edge)
    for counting in offsets.values():
        if len({edge.page for edge in counting}) > 1:
            found |= set(counting)
    return found


def _roman(numeral: str) -> int:
    values = [ROMAN[letter] for letter in numeral.lower()]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))


def _running_heads(edges: Sequence[Edge], num_pages: int) -> set[Edge]:
    wanted = max(MIN_PAGES, round(MIN_SHARE * num_pages))
    found: set[Edge] = set()
    for at_foot in (False, True):
        heads = _Heads()
        for edge in (e for e in edges if (e.place < 0) == at_foot and len(e.text) <= MAX_HEAD_CHARS):
            heads.add(edge)
        for group in heads.groups:
            if len({edge.page for edge in group}) >= wanted:
                found |= group
    return found


def _plain(text: str) -> str:
    """A head as it repeats: page numbers and white space in it do not count."""
    return " ".join(re.sub(r"\d+", "#", text.casefold()).split())


class _Heads:
    """Lines that are nearly the same, each under the first of its kind."""

    def __init__(self) -> None:
        self.groups: list[set[Edge]] = []
        self._group_of: dict[str, int] = {}  # of every text seen
        self._letters: list[dict[str, int]] = []  # per group, where each letter stands in its first text, as bits
        self._lengths: list[int] = []
        self._recent: dict[int, None] = {}  # groups, the last used at the end

    def add(self, edge: Edge) -> None:
        """Put a line to those that it is like, else under itself."""
        text = _plain(edge.text)
        group = self._group_of.get(text)
        if group is None:
            group = self._group_of[text] = self._alike(text)
        self._recent.pop(group, None)
        self._recent[group] = None
        if len(self._recent) > RECENT_HEADS:
            del self._recent[next(iter(self._recent))]
        self.groups[group].add(edge)

    def _alike(self, text: str) -> int:
        for group in sorted(self._recent):
            total = len(text) + self._lengths[group]
            longest = max(len(text), self._lengths[group])
            near = longest >= MIN_ALIKE_CHARS and total - longest >= ALIKE * longest
            if near and 2 * _common_letters(text, self._letters[group]) >= ALIKE * total:
                return group
        self.groups.append(set())
        self._letters.append(_places(text))
        self._lengths.append(len(text))
        return len(self.groups) - 1


def _places(text: str) -> dict[str, int]:
    places: dict[str, int] = defaultdict(int)
    for place, letter in enumerate(text):
        places[letter] |= 1 << place
    return places


def _common_letters(text: str, places: dict[str, int]) -> int:
    """How many letters two texts have in common in one order (their longest common subsequence).

    One step a letter, all places of the other text at once: Hyyrö, Bit-Parallel LCS-length Computation Revisited, 2004.
    """
    row = 0
    for letter in text:
        both = row | places.get(letter, 0)
        row = both & ~(both - (row << 1 | 1))
    return row.bit_count()
