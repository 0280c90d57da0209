"""Which words of a page the machine was unsure of, as pieces of its text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from latamgpt.intake.ocr_record import OcrPage


@dataclass(frozen=True)
class Piece:
    """A word, or the blanks between two."""

    text: str
    doubtful: bool = False


def marked(page: OcrPage) -> list[Piece]:
    """The page's text in pieces that give it back when joined; doubtful words are marked.

    The OCR record names doubtful words in their order, not their places. Where a word stands twice and either may be meant, both
    are marked; words that cannot be placed in that order are marked wherever they stand.
    """
    pieces = re.findall(r"\s+|\S+", page.text)
    places = [at for at, piece in enumerate(pieces) if not piece.isspace()]
    words = [pieces[at] for at in places]
    doubtful = {places[at] for at in _doubtful(words, page.doubtful)}
    return [Piece(piece, at in doubtful) for at, piece in enumerate(pieces)]


def _doubtful(words: Sequence[str], named: Sequence[str]) -> set[int]:
    earliest = _matched(words, named)
    latest = _matched(words[::-1], named[::-1])
    if earliest is None or latest is None:
        return {at for at, word in enumerate(words) if word in set(named)}
    spans = zip(named, earliest, (len(words) - 1 - at for at in reversed(latest)), strict=True)
    return {at for name, first, last in spans for at in range(first, last + 1) if words[at] == name}


def _matched(words: Sequence[str], named: Sequence[str]) -> list[int] | None:
    """The earliest place of each named word after that of the one before; None where there is none for one of them."""
    places: list[int] = []
    at = -1
    for name in named:
        at = next((place for place in range(at + 1, len(words)) if words[place] == name), -1)
        if at < 0:
            return None
        places.append(at)
    return places
