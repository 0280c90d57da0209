"""What a word is in a search: found however its accents, its case and its glottal stops are written.

A glottal stop is a letter in Guarani, Aymara and the Mayan languages, and keyboards give it a dozen shapes: mba'e, mba’e, mbaʼe.
As a mark of its own it would cut words in two; as a letter it would stick to a word in quotes. So it is left out, here and in the
index, and the word stays whole: k'iche' is kiche. What this costs: two words that differ in nothing else are one to a search.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator

APOSTROPHES = "'’‘‛`´′＇ʼʻʹʽʾʿˈꞌꞋ"
MARKS = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"  # combine with a letter: accents, the tilde of g̃
LEFT_OUT = re.compile(f"[{APOSTROPHES}{MARKS}]+")
WORD = re.compile(r"[^\W_]+")
WRITTEN = re.compile(rf"(?:[^\W_]|[{APOSTROPHES}{MARKS}])+")

EXCERPT_CHARS = 160
LEAD_CHARS = 40  # of an excerpt, before the first word that was searched for
EDGE_CHARS = 20  # in which an excerpt looks for a space to begin or end at


def words_of(text: str) -> list[str]:
    """The words of a text as a search compares them: small letters without accents or glottal stops."""
    return WORD.findall(_folded(text))


def excerpt(text: str, wanted: Collection[str] = ()) -> str:
    """A part of a text on one line, where most of the wanted words stand; its beginning where none does.

    It has at most 160 characters and at most half of the text's: who may quote from a text may not hand it on whole.
    """
    line = plain(text)
    size = min(EXCERPT_CHARS, len(line) // 2)
    start = min(_best_start(line, frozenset(wanted), size), len(line) - size) if wanted else 0
    end = start + size
    if start:
        start = line.find(" ", start, min(start + EDGE_CHARS, end)) + 1 or start
    space = line.rfind(" ", max(start + 1, end - EDGE_CHARS), end + 1)
    if end < len(line) and space > 0:
        end = space
    return f"{'…' if start else ''}{line[start:end]}{'…' if end < len(line) else ''}"


def plain(text: str) -> str:
    """A text on one line, without controls and what cannot be seen: nothing in it moves a cursor or turns letters around."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def _best_start(line: str, wanted: frozenset[str], size: int) -> int:
    lead = min(LEAD_CHARS, size // 4)
    places = [(place, word) for place, word in _written(line) if word in wanted]
    best, most, last = 0, 0, 0
    for first, (place, _) in enumerate(places):
        last = max(last, first)
        while last < len(places) and places[last][0] < place + size - lead:
            last += 1
        different = len({word for _, word in places[first:last]})
        if different > most:
            best, most = place, different
    return max(0, best - lead)


def _written(text: str) -> Iterator[tuple[int, str]]:
    for match in WRITTEN.finditer(text):
        for word in words_of(match[0]):
            yield match.start(), word


def _folded(text: str) -> str:
    return LEFT_OUT.sub("", unicodedata.normalize("NFD", text.casefold()))
