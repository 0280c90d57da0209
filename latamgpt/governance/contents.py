"""When two texts are the same one: what a document's id is made of, and what a tombstone knows a text again by."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator

PIECE_CHARS = 1 << 16
"""A long text is worked on in pieces of about so many characters: a list of all its lines can take fifty times its bytes."""

LINE_END = re.compile("\r\n|[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")
BEFORE_STARTER = re.compile("(?=[\x00-\x7f\u3300-\u33ff\u4e00-\u9fff\ufdf0-\ufdfd])")
"""Before these letters composition never reaches back, so that the parts compose as the whole does."""


def normal(text: str) -> str:
    """A text, the same however its lines end and its accents are composed."""
    pieces = (unicodedata.normalize("NFC", piece).splitlines() for piece in _pieces(text, LINE_END))
    return "\n".join("\n".join(line.rstrip() for line in lines) for lines in pieces).strip()


def lines_of(text: str) -> Iterator[str]:
    """The lines of a text, as `splitlines` gives them, and never all of them at once."""
    for piece in _pieces(text, LINE_END):
        yield from piece.splitlines()


def content_id(text: str) -> str:
    """The sha256 of a text's letters and digits: it names the same document in whatever delivery, spacing or case it comes."""
    digest, is_blank = hashlib.sha256(), True
    for piece in _pieces(text, BEFORE_STARTER):
        folded = unicodedata.normalize("NFKC", piece).casefold()
        for start in range(0, len(folded), PIECE_CHARS):
            kept = "".join(filter(str.isalnum, folded[start : start + PIECE_CHARS]))
            digest.update(kept.encode())
            is_blank = is_blank and not kept
    return hashlib.sha256(normal(text).encode()).hexdigest() if is_blank else digest.hexdigest()


def _pieces(text: str, cut: re.Pattern[str]) -> Iterator[str]:
    """The text in order, cut behind what the pattern finds."""
    start = 0
    while start < len(text):
        found = cut.search(text, start + PIECE_CHARS)
        stop = found.end() if found else len(text)
        yield text[start:stop]
        start = stop
