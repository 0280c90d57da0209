"""The inner loops of MinHash, compiled; `minhash` has the plain reference."""
# C code points  W words  S shingles  P permutations

import numpy as np
from numpy.typing import NDArray

from latamgpt.curation.compiled import njit
from latamgpt.curation.kernels import BASE, GOLDEN, LAST_OF_TABLE, CodePoints, mixed

EMPTY = np.uint32(0xFFFFFFFF)
NONE, ONE = np.uint64(0), np.uint64(1)
NUM_POWERS = np.uint64(256)
POWERS = np.array([pow(int(BASE), place, 1 << 64) for place in range(int(NUM_POWERS))], np.uint64)
"""Of BASE, for all words but the longest: each number from the one before it would wait for a multiplication."""
SHINGLES_AT_ONCE = 4  # for each permutation that is read


@njit(cache=True, nogil=True)
def minhash(
    codes_C: CodePoints,
    in_word: NDArray[np.bool_],
    multipliers_P: NDArray[np.uint32],
    offsets_P: NDArray[np.uint32],
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
    smallest_P = np.full(len(multipliers_P), EMPTY, np.uint32)
    words_W = hash_words(codes_C, in_word)
    if len(words_W) == 0:
        return smallest_P
    shingles_S = hash_shingles(words_W, min(shingle_words, len(words_W)))
    for start in range(0, len(shingles_S), SHINGLES_AT_ONCE):
        first, second, third, fourth = shingles_S[start : start + SHINGLES_AT_ONCE]
        for p in range(len(multipliers_P)):  # in 32 bits, so that eight fit a register: four times as quick as in 64
            multiplier, offset = multipliers_P[p], offsets_P[p]
            one = min(np.uint32(multiplier * first + offset), np.uint32(multiplier * second + offset))
            other = min(np.uint32(multiplier * third + offset), np.uint32(multiplier * fourth + offset))
            smallest_P[p] = min(smallest_P[p], one, other)
    return smallest_P


@njit(cache=True, nogil=True)
def hash_words(codes_C: CodePoints, in_word: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """The hash of every word, in order; see `minhash.word_hashes`.

    No step asks whether a word has ended: processors guess it wrong at each. What was hashed so far is written at every
    character, and stays where the next is of no word.
    """
    words_W = np.empty(len(codes_C) // 2 + 2, np.uint64)
    num_words, hashed, length, power = 0, NONE, NONE, ONE
    for code in codes_C:
        inside = np.uint64(in_word[min(code, LAST_OF_TABLE)])
        kept = NONE - inside  # all bits, or none
        words_W[num_words] = hashed
        num_words += (length != NONE) & (inside == NONE)
        power = POWERS[length] if length < NUM_POWERS else power * BASE
        hashed = (hashed + np.uint64(code) * power) & kept
        length = (length + ONE) & kept
    words_W[num_words] = hashed
    num_words += length != NONE
    for word in range(num_words):
        words_W[word] = mixed(words_W[word])
    return words_W[:num_words]


@njit(cache=True, nogil=True)
def hash_shingles(words_W: NDArray[np.uint64], width: int) -> NDArray[np.uint32]:
    """The hashes of all runs of `width` words; the first again at the end, until their number is one of SHINGLES_AT_ONCE."""
    num_shingles = len(words_W) - width + 1
    shingles_S = np.empty(-(-num_shingles // SHINGLES_AT_ONCE) * SHINGLES_AT_ONCE, np.uint32)
    for start in range(num_shingles):
        combined = NONE
        for word in range(start, start + width):
            combined = combined * GOLDEN + words_W[word]
        shingles_S[start] = np.uint32(mixed(combined) >> np.uint64(32))
    shingles_S[num_shingles:] = shingles_S[0]
    return shingles_S
