"""MinHash signatures of texts: how alike two texts are can be read from 112 numbers each, without the texts.

Shingles are runs of words (five by default), without case and punctuation. Words are hashed by a polynomial over their
characters, a shingle by one over its words, which splitmix64's finaliser mixes to 32 bits. Permutations are linear ones of the
32-bit numbers, an odd multiplier and an offset: estimates spread as those of independent hashes do, which a test holds them to.
The same text gives the same signature on every machine.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from latamgpt.curation import kernels, minhash_kernels
from latamgpt.curation.characters import lower_codes
from latamgpt.curation.kernels import code_points

# S shingles  P permutations
BASE, GOLDEN, MIX_1, MIX_2 = map(int, (kernels.BASE, kernels.GOLDEN, kernels.MIX_1, kernels.MIX_2))
EMPTY = int(minhash_kernels.EMPTY)
SHINGLES_PER_STEP = 4096  # keeps the S x P products in the processor's cache

Hashes = NDArray[np.uint64]
Shingles = NDArray[np.uint32]
Signature = NDArray[np.uint32]


def signature(text: str, num_permutations: int, shingle_words: int, seed: int) -> Signature:
    """The MinHash signature of a text: for each permutation, the smallest hash of its shingles."""
    drawn = permutations(num_permutations, seed)
    return minhash_kernels.minhash(lower_codes(text), _is_word_character(), *drawn, shingle_words)


def plain_signature(text: str, num_permutations: int, shingle_words: int, seed: int) -> Signature:
    """The reference for the compiled kernel: the same numbers, by whole arrays."""
    multipliers_P, offsets_P = permutations(num_permutations, seed)
    smallest_P = np.full(num_permutations, EMPTY, np.uint32)
    shingles_S = shingle_hashes(text, shingle_words)
    for start in range(0, len(shingles_S), SHINGLES_PER_STEP):
        block_S = shingles_S[start : start + SHINGLES_PER_STEP]
        hashes_PS = multipliers_P[:, None] * block_S[None, :] + offsets_P[:, None]
        smallest_P = np.minimum(smallest_P, hashes_PS.min(axis=1))
    return smallest_P


def shingle_hashes(text: str, shingle_words: int) -> Shingles:
    """The hashes of all runs of `shingle_words` words, each once, sorted; of the whole text where it is shorter."""
    words = word_hashes(text)
    if len(words) == 0:
        return words.astype(np.uint32)
    width = min(shingle_words, len(words))
    count = len(words) - width + 1
    hashes = np.zeros(count, np.uint64)
    for offset in range(width):
        hashes = hashes * np.uint64(GOLDEN) + words[offset : offset + count]
    return np.unique((_mix(hashes) >> np.uint64(32)).astype(np.uint32))


def word_hashes(text: str) -> Hashes:
    """The hash of every word, in order: a word is a run of letters and digits in lower case."""
    codes = code_points(text.lower())
    inside = _is_word_character()[np.minimum(codes, 0xFFFF)]
    edges = np.flatnonzero(np.diff(inside, prepend=False, append=False))
    starts, ends = edges[0::2], edges[1::2]
    powers, inverse_powers = _powers(len(codes))
    prefix = np.concatenate([np.zeros(1, np.uint64), np.cumsum(codes.astype(np.uint64) * powers, dtype=np.uint64)])
    return _mix((prefix[ends] - prefix[starts]) * inverse_powers[starts])


@cache
def permutations(count: int, seed: int) -> tuple[Shingles, Shingles]:
    """Odd multipliers and offsets of the permutations: PCG64's raw stream, which numpy promises to keep."""
    raw = (np.random.PCG64(seed).random_raw(2 * count) >> np.uint64(32)).astype(np.uint32)
    return raw[:count] | np.uint32(1), raw[count:]


def similarity(first: Signature, second: Signature) -> float:
    """The estimated Jaccard similarity of two texts' shingles: the share of permutations on which they agree."""
    return round(float(np.mean(first == second)), 4)


@cache
def _is_word_character() -> NDArray[np.bool_]:
    table = np.fromiter((chr(code).isalnum() for code in range(0x10000)), np.bool_, 0x10000)
    table[0xFFFF] = True  # stands for all beyond the basic plane: letters of rare scripts
    return table


def _powers(count: int) -> tuple[Hashes, Hashes]:
    room = 1 << max(12, (count - 1).bit_length())  # few sizes, so that the cache is hit
    powers, inverse_powers = _power_tables(room)
    return powers[:count], inverse_powers[:count]


@cache
def _power_tables(count: int) -> tuple[Hashes, Hashes]:
    inverse = pow(BASE, -1, 1 << 64)
    return _power_table(BASE, count), _power_table(inverse, count)


def _power_table(base: int, count: int) -> Hashes:
    factors = np.full(count, base, np.uint64)
    factors[0] = 1
    return np.cumprod(factors, dtype=np.uint64)


def _mix(hashes: Hashes) -> Hashes:
    hashes = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(MIX_1)
    hashes = (hashes ^ (hashes >> np.uint64(27))) * np.uint64(MIX_2)
    return hashes ^ (hashes >> np.uint64(31))
