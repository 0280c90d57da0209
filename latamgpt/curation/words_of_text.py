"""A text's words as filters read them: how many repeat what stood before, how many differ, how many chunks of text are noise.

A word is a run of letters and digits, compared without case, accents and apostrophes. A chunk is what stands between blanks. It
is noise, as machines leave it that read paper badly, where

- digits or signs that nobody writes there stand between small letters, or small letters between digits: c0sa, pa|abra, 1l9;
  small digits above the line, and single digits of 1 to 5 between syllables, are tones: a³ne³, na2ko3;
- an upper-case letter follows a lower-case one: paLabra;
- six small consonants follow each other, or a small letter stands three times before two others that differ: tlmnrsd, iiiglesia;
  voices (nooo, eeeh, aaahhh) and numerals (xviii, xxxiv) do not;
- it is one of three letters or more that stand alone in a row: p a l a b r a.

Honest words do so as well (H2O, OpenOffice), in one language more often than in another: how many are too many is learned.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from latamgpt.curation.characters import within_table
from latamgpt.curation.kernels import BASE, code_points, mixed
from latamgpt.curation.matched_words import fold
from latamgpt.curation.word_kernels import (
    BEGINS,
    BLANK,
    CONSONANT,
    DIGIT,
    ENDS,
    LETTER,
    LOWER,
    MIN_SPELT,
    NUM_TRAITS,
    OTHER,
    PASSED_OVER,
    ROMAN,
    SUPERSCRIPT,
    SYMBOL,
    TONE,
    UPPER,
    WINDOW_WORDS,
    Hashes,
    count_distinct,
    count_repeated,
    read_words,
)

RUN_WORDS = 10  # sayings and names come again; ten words in the same order seldom do
CONSONANTS = frozenset("bcdfghjklmnpqrstxz")  # v, w and y are vowels in some of our alphabets
TONES, SUPERSCRIPTS = frozenset("12345"), frozenset("⁰¹²³⁴⁵⁶⁷⁸⁹")
ENDINGS = frozenset("hmn")  # consonants that end a syllable before its tone
BEGINNINGS = CONSONANTS | frozenset("vwy")
ROMANS = frozenset("ivxlcdm")
SIGNS = frozenset("|^*§•¬{}<>=\\¦£¢¥©®°¤$#%")
NOISE = re.compile(r"[abX]0+[ab]|0[abX]*[ab]0|[abX]~+[ab]|[ab]X|b{6}")
ALIKE = re.compile(r"([^-])\1\1(?!\1)([^-])(?!\2)[^-]")
SPELT = re.compile(r"-*[abX]")


@dataclass(frozen=True)
class Words:
    """A text's words, and what was counted of them."""

    hashes_W: Hashes
    num_chunks: int  # with a letter or a digit
    num_noisy: int  # chunks
    num_repeated: int  # words in runs of ten that stood before
    num_distinct: int  # words of each full window of 128, added up
    num_windowed: int  # words in full windows


@lru_cache(maxsize=2)
def words_of(text: str) -> Words:
    """The words of a text; kept for the text asked last, which several filters read one after the other."""
    codes = code_points(text)
    if not within_table(codes):
        return plain_words_of(text)
    hashes_W, num_chunks, num_noisy = read_words(codes, _traits())
    return Words(hashes_W, num_chunks, num_noisy, count_repeated(hashes_W, RUN_WORDS), *count_distinct(hashes_W))


def plain_words_of(text: str) -> Words:
    """The reference for the compiled kernels: the same numbers, by expressions and sets."""
    words = words_in(text)
    shapes = [_shape(chunk) for chunk in text.split()]
    solid = [shape for shape in shapes if re.search("[abX0]", shape.kinds)]
    num_noisy = num_spelt = 0
    for shape in solid:
        num_spelt = num_spelt + 1 if SPELT.fullmatch(shape.kinds) else 0
        is_noisy = bool(NOISE.search(shape.kinds) or (ALIKE.search(shape.small_letters) and not shape.is_numeral))
        num_noisy += MIN_SPELT if num_spelt == MIN_SPELT else is_noisy or num_spelt > MIN_SPELT
    windows = [words[at : at + WINDOW_WORDS] for at in range(0, len(words) - WINDOW_WORDS + 1, WINDOW_WORDS)]
    return Words(
        hashes_W=np.array([_hash(word) for word in words], np.uint64),
        num_chunks=len(solid),
        num_noisy=num_noisy,
        num_repeated=_num_repeated(words),
        num_distinct=sum(len(set(window)) for window in windows),
        num_windowed=sum(map(len, windows)),
    )


def words_in(text: str) -> list[str]:
    """Runs of letters and digits in lower case, without accents and apostrophes."""
    folded = map(_fold, text)
    return "".join(folded).split()


def _fold(char: str) -> str:
    folded = fold(char)
    return folded if folded.isalnum() or not folded else " "


@dataclass(frozen=True)
class _Shape:
    """A chunk, a sign for each character but those that are passed over."""

    kinds: str  # a b: small vowel, consonant; X: upper case; 0: digit; ~: a sign that nobody writes; -: another
    small_letters: str  # as they are compared; - for all others

    @property
    def is_numeral(self) -> bool:
        """Whether all of its letters are those of a Roman numeral in small letters."""
        return "X" not in self.kinds and set(self.small_letters) - {"-"} <= ROMANS


def _shape(chunk: str) -> _Shape:
    chars = [(char, folded) for char in chunk if (folded := _fold(char))]
    kinds = [_kind(char, folded) for char, folded in chars]
    small = [folded if kind in "ab" else "-" for (_, folded), kind in zip(chars, kinds, strict=True)]
    for at in range(1, len(chars) - 1):
        if chars[at][1] in TONES and _ends(small[at - 1]) and small[at + 1] in BEGINNINGS:
            kinds[at] = "-"
    return _Shape("".join(kinds), "".join(small))


def _ends(small: str) -> bool:
    return small != "-" and (small in ENDINGS or small not in CONSONANTS)


def _kind(char: str, folded: str) -> str:
    if folded == " ":
        return "~" if char in SIGNS else "-"
    if not char.isalpha():
        return "-" if char in SUPERSCRIPTS else "0"
    return "X" if char.isupper() else "b" if folded in CONSONANTS else "a"


def _num_repeated(words: list[str]) -> int:
    seen: set[tuple[str, ...]] = set()
    repeated: set[int] = set()
    for start in range(len(words) - RUN_WORDS + 1):
        run = tuple(words[start : start + RUN_WORDS])
        if run in seen:
            repeated.update(range(start, start + RUN_WORDS))
        seen.add(run)
    return len(repeated)


def _hash(word: str) -> int:
    hashed = 0
    for char in word:
        hashed = ((hashed ^ ord(char)) * int(BASE)) % (1 << 64)
    return int(mixed(np.uint64(hashed)))


@cache
def _traits() -> NDArray[np.uint32]:
    """Per code point of the basic plane, what it is to a word."""
    kinds = {"a": LETTER | LOWER, "b": LETTER | LOWER | CONSONANT, "X": LETTER | UPPER, "0": DIGIT, "~": SYMBOL, "-": OTHER}
    traits = np.empty(NUM_TRAITS, np.uint32)
    for code in range(NUM_TRAITS):
        char = chr(code)
        folded = _fold(char)
        if char.isspace():
            traits[code] = BLANK
        elif not folded:
            traits[code] = PASSED_OVER
        else:
            traits[code] = kinds[_kind(char, folded)] | _more(char, folded) | (ord(folded) if folded != " " else 0)
    return traits


def _more(char: str, folded: str) -> np.uint32:
    """What tones and numerals are told by."""
    if not char.isalpha():
        return TONE * np.uint32(folded in TONES) | SUPERSCRIPT * np.uint32(char in SUPERSCRIPTS)
    if char.isupper():
        return OTHER
    more = ENDS * np.uint32(_ends(folded)) | BEGINS * np.uint32(folded in BEGINNINGS)
    return more | ROMAN * np.uint32(folded in ROMANS)
