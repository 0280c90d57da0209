"""A text's words as they are compared with evaluation items: a copy in other case, without accents, or with other punctuation is
the same words. For the comparison only; no text is changed.
"""

import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

from latamgpt.curation.characters import APOSTROPHES
from latamgpt.curation.item_kernels import ALONE, APART, LEFT_OUT, NUM_FOLDED, hash_words
from latamgpt.curation.kernels import code_points

OF_SUMS = frozenset("+=×÷")
"""Each a word by itself: '2 + 3 = 5' is five words, while '2, 3, 5' is three."""


class _Folds(dict[int, str]):
    """`fold` of every character that was met, as `str.translate` asks for it."""

    def __missing__(self, code: int) -> str:
        folded = fold(chr(code))
        self[code] = f" {folded} " if folded in OF_SUMS else folded
        return self[code]


_FOLDS = _Folds()


def words(text: str) -> list[str]:
    """Runs of letters and digits in lower case, without accents and apostrophes; the plain form of `word_hashes`."""
    return text.translate(_FOLDS).split()


def word_hashes(text: str) -> NDArray[np.uint64]:
    """A hash for each word of a text, in order."""
    return hash_words(code_points(text), _table())


def fold(char: str) -> str:
    """A character as it is compared: one letter or digit, a space where words end, or nothing. Ideographs stay."""
    if ord(char) >= NUM_FOLDED:
        return char
    if char in APOSTROPHES or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return ""
    if char in OF_SUMS:
        return char
    plain = unicodedata.normalize("NFKD", char.lower())[0]
    return plain.lower() if plain.isalnum() else " "


@cache
def _table() -> NDArray[np.uint32]:
    """Per code point, what it is folded to."""
    table = np.empty(NUM_FOLDED, np.uint32)
    for code in range(NUM_FOLDED):
        folded = fold(chr(code))
        value = LEFT_OUT if not folded else APART if folded == " " else ord(folded)
        table[code] = value | ALONE if folded in OF_SUMS else value
    return table
