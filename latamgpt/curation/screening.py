"""Quick looks that say that a text holds nothing of a kind, so that the slow patterns are not tried on it.

RE2 reads a text once, whatever the number of patterns, where Python's `re` tries each at every place. It knows no lookarounds and
no references to groups, and only ASCII as digits and letters. So a screen is made of patterns that match wherever the exact ones
do, and a little more. It never decides: where it sees something, the exact patterns are asked.
"""

import re
from collections.abc import Callable, Iterable
from functools import cached_property

import re2

BACK_REFERENCE = re.compile(r"\\[1-9]")
LOOKAROUND = re.compile(r"\(\?<?[=!](?:[^()\\\[]|\\.|\[(?:[^\]\\]|\\.)*\]|\((?:[^()\\]|\\.)*\))*\)")
BEYOND_ASCII = r"\x{80}-\x{10FFFF}"
STANDS_FOR_ALL = "?"  # for any character beyond ASCII where a text is read as ASCII: RE2's automaton is then a third as large
WIDER = {r"\d": "0-9", r"\w": "0-9A-Za-z_", r"\s": r"\s\x0b\x1c-\x1f"}
NOT_FOLDED_BY_RE2 = str.maketrans("\u0130\u0131", "ii")  # for Python's IGNORECASE the Turkish letters are an i too
FOLDED_TO_ASCII = re.compile("[\u0130\u0131\u017f\u212a]")
TO_ASCII = str.maketrans("\u0130\u0131\u017f\u212a", "iisk")  # a long s and the sign of kelvin as well
MAX_MEMORY_BYTES = 1 << 26  # of RE2's automaton, which it builds as it reads; too little makes it slower


def as_read_by_re2(text: str) -> bytes:
    """A text as a screen reads it."""
    return text.translate(NOT_FOLDED_BY_RE2).encode() if "\u0130" in text or "\u0131" in text else text.encode()


def in_ascii(text: str) -> bytes:
    """A text as screens of many patterns read it: a question mark for each character that is not in ASCII."""
    return (text.translate(TO_ASCII) if FOLDED_TO_ASCII.search(text) else text).encode("ascii", "replace")


def wider(pattern: str, beyond: str = BEYOND_ASCII) -> str:
    """A pattern for RE2 that matches wherever a pattern of Python's does: without lookarounds, any character for a reference.

    Args:
        pattern: as Python's `re` has it, without regard to case.
        beyond: what characters beyond ASCII are to RE2: STANDS_FOR_ALL where it reads them `in_ascii`.

    Raises:
        ValueError: the pattern has a class that this cannot widen: its complement would become narrower.
    """
    pattern = BACK_REFERENCE.sub(".", LOOKAROUND.sub("", pattern))
    found: list[str] = []
    in_class = False
    for part in re.findall(r"\\.|.", pattern, re.DOTALL):
        if part in (r"\W", r"\D", r"\S", r"\b", r"\B"):
            raise ValueError(f"{part} in {pattern!r} cannot be widened. Write the characters that are meant.")
        ranges = f"{WIDER[part]}{beyond}" if part in WIDER else part
        if beyond == STANDS_FOR_ALL and not part.isascii():
            ranges = STANDS_FOR_ALL
        found.append(ranges if in_class or ranges == part else f"[{ranges}]")
        in_class = (in_class or part == "[") and part != "]"
    if re.search(rf"\[\^[^\]]*{re.escape(beyond)}", joined := "".join(found)):
        raise ValueError(f"A class that leaves out letters, digits or blanks cannot be widened: {pattern!r}.")
    return joined


class Screen:
    """Says of a text that none of some patterns matches anywhere in it."""

    def __init__(self, patterns: Iterable[str]):
        self._patterns = tuple(patterns)

    def may_match(self, text: str) -> bool:
        """False only where none of the patterns matches; True says nothing."""
        return self._search(as_read_by_re2(text)) is not None

    @cached_property
    def _search(self) -> Callable[[bytes], object]:
        return re2.compile("|".join(f"(?:{wider(pattern)})" for pattern in self._patterns), _options()).search


class Screens:
    """Says which of some patterns may match in a text, in one look for all of them."""

    def __init__(self, patterns: Iterable[str]):
        self._patterns = tuple(patterns)

    def may_hold(self, text: str) -> set[int]:
        """The numbers of the patterns that may match; no other does."""
        return set(self._compiled.Match(in_ascii(text)) or ())

    @cached_property
    def _compiled(self) -> re2.Set:
        compiled = re2.Set.SearchSet(_options())
        for pattern in self._patterns:
            compiled.Add(wider(pattern, STANDS_FOR_ALL))
        compiled.Compile()
        return compiled


class WordScreen(Screens):
    """Says which of some lists of words may stand in a text: those of which a word may."""

    def __init__(self, lists: Iterable[str]):
        super().__init__(rf"(?:\A|[^A-Za-z])(?:{words})(?:[^A-Za-z]|\z)" for words in lists)


def _options() -> re2.Options:
    options = re2.Options()
    options.case_sensitive = False
    options.never_capture = True
    options.max_mem = MAX_MEMORY_BYTES
    return options
