"""The inner loops over a text's words, compiled: their hashes, how many are noise, what repeats, how many phrases they hold.

`words_of_text` and `phrases` have the plain references, with which the tests hold each equal, number for number.
"""
# C code points  W words of a text

import numpy as np
from numpy.typing import NDArray

from latamgpt.curation.compiled import njit
from latamgpt.curation.kernels import BASE, GOLDEN, CodePoints, mixed

NUM_TRAITS = 0x10000  # of the basic plane
CODE_BITS = np.uint32(0xFFFF)  # the letter or digit as it is compared
LETTER, DIGIT, SYMBOL, LOWER, UPPER, CONSONANT, BLANK, PASSED_OVER = (np.uint32(1 << bit) for bit in range(16, 24))
TONE, SUPERSCRIPT, ENDS, BEGINS, ROMAN = (np.uint32(1 << bit) for bit in range(24, 29))
OTHER, ONE, LOWER_BIT, CONSONANT_BIT = np.uint32(0), np.uint32(1), np.uint32(19), np.uint32(21)
"""What a code point is to a word, in one number; `words_of_text` says which are what."""

MAX_CONSONANTS, MAX_ALIKE, MIN_SPELT = 5, 1, 3
FIRST_SHIFT = np.uint64(64 - 16)
WINDOW_WORDS, WINDOW_PLACES = 128, 512

Hashes = NDArray[np.uint64]


@njit(cache=True, nogil=True)
def read_words(codes_C: CodePoints, traits: NDArray[np.uint32]) -> tuple[Hashes, int, int]:  # noqa: PLR0915 - one pass
    """A hash for each word; how many chunks between blanks hold a letter or digit; and how many of these are noise.

    Letters, which are four of five characters, are read without a branch that hangs on what they are.

    Args:
        codes_C: the text's code points, all within the table.
        traits: per code point, what it is.
    """
    words = np.empty(len(codes_C) // 2 + 2, np.uint64)
    num_words = num_chunks = num_noisy = num_spelt = 0
    hashed = np.uint64(0)
    run, before = OTHER, OTHER  # what stands here, and what stood before it in the chunk
    num_solid = num_signs = noise = consonants = alike = 0
    is_tone = False  # a digit that may be one, behind what may end a syllable
    enclosed = False  # between digits stood small letters: noise, unless the second digit is a tone
    armed = tripled = 0  # a letter stood three times and another behind it; and a third that differs
    romans = ROMAN
    last = np.uint32(0)  # letter of the chunk, unless something else stood behind it
    for place in range(len(codes_C) + 1):
        trait = traits[codes_C[place]] if place < len(codes_C) else BLANK
        if trait & LETTER:
            hashed = (hashed ^ np.uint64(trait & CODE_BITS)) * BASE
            if run != LETTER:
                is_tone = is_tone and trait & BEGINS != 0
                noise |= enclosed and not is_tone
                enclosed = False
                noise |= before == LETTER and run != OTHER and trait & LOWER != 0 and not is_tone
                before, run = OTHER if is_tone else run, LETTER
                is_tone = False
            num_solid += 1
            consonants = (consonants + 1) * int((trait >> CONSONANT_BIT) & ONE)
            small = int((trait >> LOWER_BIT) & ONE)
            same = small * int(trait == last)
            tripled |= armed * (small - same)
            armed = int(alike > MAX_ALIKE) * (small - same)
            alike = (alike + 1) * same
            romans &= trait
            noise |= int(consonants > MAX_CONSONANTS) | int((last << ONE) & trait & UPPER)
            last = trait
            continue
        if trait & PASSED_OVER:
            continue
        noise |= enclosed
        enclosed = False
        if trait & (DIGIT | SUPERSCRIPT):
            hashed = (hashed ^ np.uint64(trait & CODE_BITS)) * BASE
        elif hashed:
            words[num_words] = mixed(hashed)
            num_words += 1
            hashed = np.uint64(0)
        if trait & BLANK:
            if num_solid:
                num_spelt = num_spelt + 1 if num_solid == 1 and run == LETTER and num_signs == 0 else 0
                num_chunks += 1
                noise |= tripled != 0 and romans == OTHER
                num_noisy += MIN_SPELT if num_spelt == MIN_SPELT else noise != 0 or num_spelt > MIN_SPELT
            run = before = OTHER
            num_solid = num_signs = noise = tripled = 0
            romans, is_tone = ROMAN, False
        else:
            sort = trait & (DIGIT | SYMBOL)
            num_solid += sort == DIGIT
            num_signs += sort == SYMBOL
            if sort != run:
                enclosed = sort == DIGIT and before == DIGIT and run == LETTER and last & LOWER != 0
                before, run = run, sort
                is_tone = trait & TONE != 0 and last & ENDS != 0
            else:
                is_tone = False
        consonants = alike = armed = 0
        last = np.uint32(0)
    return words[:num_words], num_chunks, num_noisy


@njit(cache=True, nogil=True)
def count_repeated(words_W: Hashes, run_words: int) -> int:
    """Words inside runs that stood before."""
    num_words = len(words_W)
    size = 16
    while size < 2 * num_words:
        size *= 2
    mask = np.uint64(size - 1)
    seen = np.zeros(size, np.uint64)
    leaving = np.uint64(1)
    for _ in range(run_words):
        leaving *= GOLDEN
    hashed = np.uint64(0)
    covered = num_covered = 0
    for end in range(num_words):
        hashed = hashed * GOLDEN + words_W[end]
        if end >= run_words:
            hashed -= words_W[end - run_words] * leaving
        if end < run_words - 1:
            continue
        value = mixed(hashed) | np.uint64(1)
        place = value >> np.uint64(32) & mask
        while seen[place] != 0 and seen[place] != value:
            place = (place + np.uint64(1)) & mask
        if seen[place] == value:
            num_covered += end + 1 - max(covered, end + 1 - run_words)
            covered = end + 1
        seen[place] = value
    return num_covered


@njit(cache=True, nogil=True)
def count_distinct(words_W: Hashes) -> tuple[int, int]:
    """Distinct words of each full window, added up; and the words of these windows."""
    stamps = np.zeros(WINDOW_PLACES, np.int64)
    values = np.zeros(WINDOW_PLACES, np.uint64)
    num_windows = len(words_W) // WINDOW_WORDS
    num_distinct = 0
    for window in range(num_windows):
        for word in range(window * WINDOW_WORDS, (window + 1) * WINDOW_WORDS):
            value = words_W[word]
            slot = value & np.uint64(WINDOW_PLACES - 1)
            while stamps[slot] == window + 1 and values[slot] != value:
                slot = (slot + np.uint64(1)) & np.uint64(WINDOW_PLACES - 1)
            if stamps[slot] != window + 1:
                stamps[slot], values[slot] = window + 1, value
                num_distinct += 1
    return num_distinct, num_windows * WINDOW_WORDS


@njit(cache=True, nogil=True)
def count_phrases(words_W: Hashes, first: NDArray[np.bool_], grams: Hashes, max_words: int) -> int:
    """How many of some phrases stand in a text; of those that overlap the first, and of those that begin together the longest.

    Args:
        words_W: the text's words.
        first: per first bits of a hash, whether it may be that of a phrase's first word.
        grams: the phrases' hashes, sorted; see `hash_phrase`.
        max_words: of the longest of them.
    """
    count = free = 0
    for start in range(len(words_W)):
        if not first[words_W[start] >> FIRST_SHIFT] or start < free:
            continue
        hashed = np.uint64(0)
        found = 0
        for length in range(1, min(max_words, len(words_W) - start) + 1):
            hashed = mixed(hashed * GOLDEN + words_W[start + length - 1])
            gram = np.searchsorted(grams, hashed)
            if gram < len(grams) and grams[gram] == hashed:
                found = length
        if found:
            count += 1
            free = start + found
    return count


@njit(cache=True, nogil=True)
def hash_phrase(words_W: Hashes) -> np.uint64:
    """The hash of a phrase, from those of its words."""
    hashed = np.uint64(0)
    for word in words_W:
        hashed = mixed(hashed * GOLDEN + word)
    return hashed
