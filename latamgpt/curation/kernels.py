"""The inner loops of curation, compiled: one pass over a text's code points instead of a Python step for each.

Each serves a module that has the plain reference (`language`, `minhash`, `normalise`, `quality`, `variety`), which says what is
meant and with which the tests hold it equal, number for number. Only whole numbers are computed here: no machine rounds them
differently. Numba compiles a kernel when it is first called in a checkout (a few seconds) and keeps the code beside this file, or
where NUMBA_CACHE_DIR says.
"""
# C code points  W windows  L languages  P permutations

import numpy as np
from numba import njit
from numpy.typing import NDArray

CodePoints = NDArray[np.uint32]

SPACE = np.uint32(32)
FIRST_FACTOR, SECOND_FACTOR = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)
BUCKET_SHIFT, MIDDLE_SHIFT = np.uint64(64 - 18), np.uint64(29)
MAX_NGRAM = 4

BASE = np.uint64(0x100000001B3)  # FNV's prime: odd, so that it has an inverse modulo 2^64
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_1, MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)  # splitmix64's finaliser (Steele, Lea, Flood 2014)
EMPTY = np.uint32(0xFFFFFFFF)
LAST_OF_TABLE = np.uint32(0xFFFF)

NUM_FLAGS = 0x10001  # of the basic plane, and one for all beyond
(IN_WORD, IN_WORD_BEHIND, LETTER, BLANK, SYMBOL, ALPHABETIC, SPEAKS, SPEAKS_BEHIND, INVISIBLE, COMPOSES) = (
    np.uint16(1 << bit) for bit in range(10)
)
"""What a code point is; `characters` says which are what."""
ODD_SPACE, MOJIBAKE = np.uint16(1 << 10), np.uint16(1 << 11)  # what a text shows, beside the flags of its characters
DOT, LINE_END = np.uint32(ord(".")), np.uint32(ord("\n"))
LEADS = (0xC2, 0xC3, 0xD0, 0xE2, 0xEF)  # what the first byte of UTF-8 looks like when it was read as Latin-1
REPLACEMENT, FIRST_CONTROL, LAST_CONTROL = np.uint32(0xFFFD), np.uint32(0x80), np.uint32(0x9F)


def code_points(text: str) -> CodePoints:
    """The code points of a text, four bytes each."""
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


@njit(cache=True, nogil=True)
def window_scores(codes_C: CodePoints, edges_W: NDArray[np.int64], table: NDArray[np.int16]) -> NDArray[np.int32]:
    """Per window of a text and language, the summed log-probabilities of the window's n-grams; see `language`.

    Args:
        codes_C: the text's code points.
        edges_W: begin and end of each window, two numbers each.
        table: per bucket and language, thousandths of a nat.
    """
    num_windows, num_languages = len(edges_W) // 2, table.shape[1]
    scores = np.zeros((num_windows, num_languages), np.int32)
    for window in range(num_windows):
        start, end = edges_W[2 * window], edges_W[2 * window + 1]
        length = end - start + 2  # with a space at either end
        sums = scores[window]
        for first in range(length):
            hashed = np.uint64(0)
            for n in range(min(MAX_NGRAM, length - first)):
                place = first + n
                code = SPACE if place == 0 or place == length - 1 else codes_C[start + place - 1]
                hashed = (hashed + np.uint64(code)) * FIRST_FACTOR
                hashed ^= hashed >> MIDDLE_SHIFT
                bucket = (hashed * SECOND_FACTOR) >> BUCKET_SHIFT
                for language in range(num_languages):
                    sums[language] += table[bucket, language]
                if n > 0 and code == SPACE:  # it would stand in the middle of the next one
                    break
    return scores


@njit(cache=True, nogil=True)
def minhash(
    codes_C: CodePoints,
    in_word: NDArray[np.bool_],
    multipliers_P: NDArray[np.uint64],
    offsets_P: NDArray[np.uint64],
    shingle_words: int,
) -> NDArray[np.uint32]:
    """The MinHash signature of a text in lower case; see `minhash.plain_signature`.

    Args:
        codes_C: the text's code points.
        in_word: per code point up to 0xFFFF, whether it belongs to a word; the last stands for all beyond.
        multipliers_P: of the permutations.
        offsets_P: of the permutations.
        shingle_words: how many words make a shingle.
    """
    words = np.empty(len(codes_C) // 2 + 1, np.uint64)
    num_words, inside = 0, False
    hashed, power = np.uint64(0), np.uint64(1)
    for code in codes_C:
        if in_word[min(code, LAST_OF_TABLE)]:
            if not inside:
                inside, hashed, power = True, np.uint64(0), np.uint64(1)
            hashed += np.uint64(code) * power
            power *= BASE
        elif inside:
            words[num_words] = _mixed(hashed)
            num_words, inside = num_words + 1, False
    if inside:
        words[num_words] = _mixed(hashed)
        num_words += 1
    smallest_P = np.full(len(multipliers_P), EMPTY, np.uint32)
    if num_words == 0:
        return smallest_P
    width = min(shingle_words, num_words)
    for start in range(num_words - width + 1):
        shingle = np.uint64(0)
        for word in range(start, start + width):
            shingle = _mixed(shingle * GOLDEN + words[word])
        for p in range(len(multipliers_P)):
            value = np.uint32((multipliers_P[p] * shingle + offsets_P[p]) >> np.uint64(32))
            smallest_P[p] = min(smallest_P[p], value)
    return smallest_P


@njit(cache=True, nogil=True, inline="always")
def _mixed(value: np.uint64) -> np.uint64:
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
def holds_word(codes_C: CodePoints, flags: NDArray[np.uint16], wanted: NDArray[np.uint64]) -> bool:
    """Whether one of some words stands in a text.

    Args:
        codes_C: the text's code points, all within the table.
        flags: per code point, what it is.
        wanted: the words' hashes, sorted.
    """
    hashed, power, inside = np.uint64(0), np.uint64(1), False
    for code in codes_C:
        if flags[code] & IN_WORD:
            hashed = hashed + np.uint64(code) * power if inside else np.uint64(code)
            power = power * BASE if inside else BASE
            inside = True
        elif inside:
            if _is_among(_mixed(hashed), wanted):
                return True
            inside = False
    return bool(inside and _is_among(_mixed(hashed), wanted))


@njit(cache=True, nogil=True, inline="always")
def _is_among(value: np.uint64, wanted: NDArray[np.uint64]) -> bool:
    place = np.searchsorted(wanted, value)
    return bool(place < len(wanted) and wanted[place] == value)


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
