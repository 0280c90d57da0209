"""What each code point of the basic plane is, as a bit for each question that a kernel asks; asked of Python, not typed."""

import re
import unicodedata
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from latamgpt.curation.kernels import (
    ALPHABETIC,
    BLANK,
    COMPOSES,
    IN_WORD,
    IN_WORD_BEHIND,
    INVISIBLE,
    LETTER,
    NOT_ONE_TO_ONE,
    NUM_FLAGS,
    SPEAKS,
    SPEAKS_BEHIND,
    SYMBOL,
    CodePoints,
    code_points,
    highest,
    lowered,
    marks_of,
)

APOSTROPHES = frozenset("'’‘ʼʻ`´ꞌꞋ")
INVISIBLE_CHARACTERS = "\u200b\u2060\ufeff\u00ad\u200e\u200f\u202a-\u202e\u2066-\u2069\x00-\x08\x0b\x0e-\x1f\x7f"
BEHIND = r"'’ʼꞌ\u0300-\u036f"
BEHIND_LETTERS = r"\u0300-\u036f'’ʼ`´"
SYMBOL_CHARACTERS = r"#…|{}<>=\\"
FIRST_THAT_COMPOSES = 0x300
STANDS_ALONE = ((0x2010, 0x2028), (0x2030, 0x205F), (0xA78B, 0xA78D))
"""Dashes, quotation marks, ellipses, saltillos: the characters above 0x300 of most texts that no normalisation changes."""


@cache
def flags() -> NDArray[np.uint16]:
    """Bits per code point up to 0xFFFF; the last entry stands for all beyond, of which little is asked."""
    chars = "".join(map(chr, range(NUM_FLAGS - 1)))
    found = np.zeros(NUM_FLAGS, np.uint16)
    questions = (
        (IN_WORD, _matching(chars, r"\w")),
        (IN_WORD_BEHIND, _matching(chars, f"[{BEHIND}]")),
        (LETTER, np.fromiter(map(is_letter, chars), np.bool_)),
        (BLANK, np.fromiter(map(str.isspace, chars), np.bool_)),
        (SYMBOL, _matching(chars, f"[{SYMBOL_CHARACTERS}]")),
        (ALPHABETIC, np.fromiter(map(str.isalpha, chars), np.bool_)),
        (SPEAKS, _matching(chars, r"[^\W\d_]")),
        (SPEAKS_BEHIND, _matching(chars, f"[{BEHIND_LETTERS}]")),
        (INVISIBLE, _matching(chars, f"[{INVISIBLE_CHARACTERS}]")),
        (COMPOSES, _composing()),
    )
    for flag, holds in questions:
        found[:-1][holds] |= flag
    found[-1] = COMPOSES  # some of them do
    return found


def is_letter(char: str) -> bool:
    """Letters, marks and apostrophes."""
    return unicodedata.category(char)[0] in "LM" or char in APOSTROPHES


def within_table(codes: CodePoints) -> bool:
    """Whether the table knows every character: it does, but for letters of rare scripts and emoji."""
    return highest(codes) < NUM_FLAGS - 1


@lru_cache(maxsize=2)
def lower_codes(text: str) -> CodePoints:
    """The code points of a text in lower case, as `str.lower` writes it; kept for the text asked last."""
    codes = code_points(text)
    found = lowered(codes, _lower_table())
    return found if len(found) == len(codes) else code_points(text.lower())


@cache
def _lower_table() -> NDArray[np.uint32]:
    """Of each character of the basic plane the one in lower case; NOT_ONE_TO_ONE where that is several or depends on others."""
    small = [chr(code).lower() for code in range(NUM_FLAGS - 2)]
    table = np.fromiter((ord(char) if len(char) == 1 else NOT_ONE_TO_ONE for char in small), np.uint32, len(small))
    table[ord("Σ")] = NOT_ONE_TO_ONE  # at the end of a word it becomes another letter
    return np.append(table, NOT_ONE_TO_ONE)  # all beyond


def _matching(chars: str, pattern: str) -> NDArray[np.bool_]:
    found = np.zeros(len(chars), np.bool_)
    for match in re.finditer(f"(?:{pattern})+", chars):
        found[match.start() : match.end()] = True
    return found


def _composing() -> NDArray[np.bool_]:
    found = np.arange(NUM_FLAGS - 1) >= FIRST_THAT_COMPOSES
    for start, end in STANDS_ALONE:
        found[start:end] = False
    return found


def in_nfc(text: str) -> str:
    """A text in NFC; most texts are, which a look at their code points says sooner than the standard library does."""
    return unicodedata.normalize("NFC", text) if marks_of(code_points(text), flags()) & COMPOSES else text
