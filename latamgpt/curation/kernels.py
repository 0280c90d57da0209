"""The inner loops of curation, compiled: one pass over a text's code points instead of a Python step for each.

Each serves a module that has the plain reference (`language`, `masking`, `normalise`, `quality`, `variety`), which
says what is meant and with which the tests hold it equal, number for number. Only whole numbers are computed here: no machine
rounds them differently. Numba compiles a kernel when it is first called in a checkout (a few seconds) and keeps the code beside
this file, or where NUMBA_CACHE_DIR says.
"""
# C code points

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from latamgpt.curation.compiled import njit

CodePoints = NDArray[np.uint32]

SPACE = np.uint32(32)
WANTED_BITS = 16
WANTED_MASK = np.uint64((1 << WANTED_BITS) - 1)

BASE = np.uint64(0x100000001B3)  # FNV's prime: odd, so that it has an inverse modulo 2^64
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_1, MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)  # splitmix64's finaliser (Steele, Lea, Flood 2014)
LAST_OF_TABLE = np.uint32(0xFFFF)
NOT_ONE_TO_ONE = np.uint32(0)  # in the table of lower case: no character becomes NUL but NUL, which no text holds any more
DIGIT_0, DIGIT_9 = np.uint32(ord("0")), np.uint32(ord("9"))

NUM_FLAGS = 0x10001  # of the basic plane, and one for all beyond
(IN_WORD, IN_WORD_BEHIND, LETTER, BLANK, SYMBOL, ALPHABETIC, SPEAKS, SPEAKS_BEHIND, INVISIBLE, COMPOSES) = (
    np.uint16(1 << bit) for bit in range(10)
)
"""What a code point is; `characters` says which are what."""
ODD_SPACE, MOJIBAKE = np.uint16(1 << 10), np.uint16(1 << 11)  # what a text shows, beside the flags of its characters
DOT, LINE_END = np.uint32(ord(".")), np.uint32(ord("\n"))
LEADS = (0xC2, 0xC3, 0xD0, 0xE2, 0xEF)  # what the first byte of UTF-8 looks like when it was read as Latin-1
REPLACEMENT, FIRST_CONTROL, LAST_CONTROL = np.uint32(0xFFFD), np.uint32(0x80), np.uint32(0x9F)


@lru_cache(maxsize=2)
def code_points(text: str) -> CodePoints:
    """The code points of a text, four bytes each; kept for the text asked last, which several steps read one after the other."""
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


@njit(cache=True, nogil=True)
def highest(codes_C: CodePoints) -> int:
    """The highest code point of a text; 0 where it is empty."""
    found = np.uint32(0)
    for code in codes_C:
        found = max(found, code)
    return int(found)


@njit(cache=True, nogil=True)
def lowered(codes_C: CodePoints, lower: NDArray[np.uint32]) -> CodePoints:
    """The characters of a text in lower case, by a table; empty where one is not in it. See `characters.lower_codes`."""
    found = np.empty(len(codes_C), np.uint32)
    for place in range(len(codes_C)):
        code = codes_C[place]
        small = lower[min(code, LAST_OF_TABLE)]
        if small == NOT_ONE_TO_ONE:
            return found[:0]
        found[place] = small
    return found


@njit(cache=True, nogil=True)
def digit_spans(codes_C: CodePoints, gap: int, least: int) -> NDArray[np.int64]:
    """Begin and end of each run of at least `least` ASCII digits in a line with at most `gap` other characters between two.

    See `masking.DIGITS`, which says the same as an expression.
    """
    spans = np.empty((len(codes_C) // least + 1, 2), np.int64)
    num_spans = num_digits = begin = last = 0
    for place in range(len(codes_C) + 1):
        code = codes_C[place] if place < len(codes_C) else LINE_END
        is_digit = DIGIT_0 <= code <= DIGIT_9
        if num_digits and (code == LINE_END or (is_digit and place - last - 1 > gap)):
            if num_digits >= least:
                spans[num_spans, 0], spans[num_spans, 1] = begin, last + 1
                num_spans += 1
            num_digits = 0
        if is_digit:
            begin = begin if num_digits else place
            num_digits, last = num_digits + 1, place
    return spans[:num_spans]


@njit(cache=True, nogil=True, inline="always")
def mixed(value: np.uint64) -> np.uint64:
    """A hash of which every bit hangs on every bit of the value: splitmix64's finaliser."""
    value = (value ^ (value >> np.uint64(30))) * MIX_1
    value = (value ^ (value >> np.uint64(27))) * MIX_2
    return value ^ (value >> np.uint64(31))


@njit(cache=True, nogil=True)
def marks_of(codes_C: CodePoints, flags: NDArray[np.uint16]) -> int:
    """All flags of a text's characters together; ODD_SPACE where its blanks are not single spaces inside lines; MOJIBAKE where a
    character stands that may be the trace of a wrong encoding. See `normalise`.
    """
    marks = 0
    before = LINE_END
    for code in codes_C:
        flag = flags[min(code, np.uint32(NUM_FLAGS - 1))]
        marks |= int(flag)
        if flag & BLANK:
            if code == LINE_END:
                if before == SPACE:
                    marks |= int(ODD_SPACE)
            elif code != SPACE or before in (SPACE, LINE_END):
                marks |= int(ODD_SPACE)
        if code >= FIRST_CONTROL and (code <= LAST_CONTROL or code == REPLACEMENT or before in LEADS):
            marks |= int(MOJIBAKE)
        before = code
    if before == SPACE:
        marks |= int(ODD_SPACE)
    return marks


@njit(cache=True, nogil=True)
def spoken(codes_C: CodePoints, flags: NDArray[np.uint16]) -> CodePoints:
    """Letters, marks and apostrophes of a text in lower case, one space between words; see `language.letters`.

    Args:
        codes_C: the text's code points, all within the table.
        flags: per code point, what it is.
    """
    kept = np.empty(len(codes_C) + 1, np.uint32)
    count, inside = 0, False
    for code in codes_C:
        flag = flags[code]
        if flag & SPEAKS or (inside and flag & SPEAKS_BEHIND):
            if not inside and count:
                kept[count] = SPACE
                count += 1
            kept[count] = code
            count += 1
            inside = True
        else:
            inside = False
    return kept[:count]


@njit(cache=True, nogil=True)
def find_word(codes_C: CodePoints, flags: NDArray[np.uint16], wanted: NDArray[np.uint64], start: int) -> tuple[int, int]:
    """Begin and end of the first word at or behind `start` whose hash is wanted; (-1, -1) where none is.

    Args:
        codes_C: the text's code points, all within the table.
        flags: per code point, what it is.
        wanted: a table of 2^WANTED_BITS places, each hash at the place that its last bits name; 0 where none is.
        start: where to begin; not inside a word.
    """
    hashed, power, begin = np.uint64(0), np.uint64(1), -1
    for place in range(start, len(codes_C) + 1):
        if place < len(codes_C) and flags[codes_C[place]] & IN_WORD:
            if begin < 0:
                hashed, power, begin = np.uint64(0), np.uint64(1), place
            hashed += np.uint64(codes_C[place]) * power
            power *= BASE
        elif begin >= 0:
            value = mixed(hashed)
            if wanted[value & WANTED_MASK] == value:
                return begin, place
            begin = -1
    return -1, -1


@njit(cache=True, nogil=True)
def count_characters(codes_C: CodePoints, flags: NDArray[np.uint16]) -> tuple[int, int, int, int, int, int]:
    """Words, characters in words, letters, characters that are not blank, symbols and alphabetic characters; see `quality`.

    Args:
        codes_C: the text's code points, all within the table.
        flags: per code point, what it is.
    """
    num_words = num_word_chars = num_letters = num_solid = num_symbols = num_alphabetic = 0
    inside, num_dots = False, 0
    for code in codes_C:
        flag = flags[code]
        if inside:
            inside = (flag & (IN_WORD | IN_WORD_BEHIND)) != 0
        elif flag & IN_WORD:
            inside = True
            num_words += 1
        num_word_chars += inside
        num_letters += (flag & LETTER) != 0
        num_solid += (flag & BLANK) == 0
        num_symbols += (flag & SYMBOL) != 0
        num_alphabetic += (flag & ALPHABETIC) != 0
        num_dots = num_dots + 1 if code == DOT else 0
        if num_dots == 3:
            num_symbols += 1
            num_dots = 0
    return num_words, num_word_chars, num_letters, num_solid, num_symbols, num_alphabetic
