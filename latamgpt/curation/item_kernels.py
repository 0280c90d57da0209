"""The inner loops of decontamination, compiled: a text as hashes of words, and the items that it may hold.

What they name is verified word by word in `decontamination`, so that a collision of hashes convicts no document.
"""
# C code points  W words of a document  N items

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from latamgpt.curation.compiled import njit
from latamgpt.curation.kernels import BASE, GOLDEN, CodePoints, mixed

NUM_FOLDED = 0x20000
APART, LEFT_OUT, ALONE = np.uint32(0), np.uint32(1), np.uint32(1 << 31)
"""What a code point does, where it is no letter of a word: it ends one, is passed over, or is a word by itself."""

SEED_WORDS, RUN_WORDS = 3, 8
FILTER_SHIFT = np.uint64(64 - 20)
FOUND = np.int64(1 << 40)

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]


class ItemTable(NamedTuple):
    """All items, so that a document's words can be looked up in them."""

    wanted: NDArray[np.bool_]  # per number of words up to RUN_WORDS, whether there are runs so long
    passing: NDArray[np.bool_]  # per first bits of a hash, whether it may be a run's
    grams: Hashes  # of runs of the items' words, sorted, each once
    edges: Places  # where the entries of each run begin, and the last end
    items: Places  # of each entry, the item
    offsets: Places  # of each entry, where in the item the run begins
    item_words: Hashes  # of all items, one after the other
    item_edges: Places  # where the words of each item begin, and the last end
    is_short_N: NDArray[np.bool_]  # looked at word by word; of a long item runs are counted
    needed_N: Places  # how many words of a short item must stand in their places
    beginnings_N: Places  # or how many in a row from its beginning


@njit(cache=True, nogil=True)
def hash_words(codes_C: CodePoints, folded: NDArray[np.uint32]) -> Hashes:
    """A hash for each word, in order; see `matched_words.words`.

    Args:
        codes_C: the text's code points.
        folded: per code point up to NUM_FOLDED, the one it is compared as, or what it does.
    """
    words = np.empty(len(codes_C) + 1, np.uint64)
    count, inside = 0, False
    hashed, power = np.uint64(0), np.uint64(1)
    for code in codes_C:
        plain = folded[code] if code < NUM_FOLDED else code
        if plain == LEFT_OUT:
            continue
        if inside and (plain == APART or plain & ALONE):
            words[count] = mixed(hashed)
            count, inside = count + 1, False
        if plain & ALONE:
            words[count] = mixed(np.uint64(plain & ~ALONE))
            count += 1
        elif plain != APART:
            if not inside:
                inside, hashed, power = True, np.uint64(0), np.uint64(1)
            hashed += np.uint64(plain) * power
            power *= BASE
    if inside:
        words[count] = mixed(hashed)
        count += 1
    return words[:count]


@njit(cache=True, nogil=True)
def hash_grams(words_W: Hashes, num_words: int) -> Hashes:
    """A hash for each run of `num_words` words."""
    grams = np.zeros(max(len(words_W) - num_words + 1, 0), np.uint64)
    for start in range(len(grams)):
        for place in range(start, start + num_words):
            grams[start] = mixed(grams[start] * GOLDEN + words_W[place])
    return grams


@njit(cache=True, nogil=True)
def count_runs(words_W: Hashes, table: ItemTable) -> Places:
    """Per item, how many runs of eight words of it a document holds; FOUND for a short one that seems to stand there."""
    counts_N = np.zeros(len(table.is_short_N), np.int64)
    for start in range(len(words_W)):
        hashed = np.uint64(0)
        for length in range(1, min(RUN_WORDS, len(words_W) - start) + 1):
            hashed = mixed(hashed * GOLDEN + words_W[start + length - 1])
            if not table.wanted[length] or not table.passing[hashed >> FILTER_SHIFT]:
                continue
            gram = np.searchsorted(table.grams, hashed)
            if gram == len(table.grams) or table.grams[gram] != hashed:
                continue
            for entry in range(table.edges[gram], table.edges[gram + 1]):
                item = table.items[entry]
                if not table.is_short_N[item]:
                    counts_N[item] += 1
                elif _stands_there(words_W, start - table.offsets[entry], item, table):
                    counts_N[item] = FOUND
    return counts_N


@njit(cache=True, nogil=True)
def _stands_there(words_W: Hashes, begin: int, item: int, table: ItemTable) -> bool:
    """Whether enough words of a short item stand in their places, or eight in a row, or enough of its beginning."""
    first, last = table.item_edges[item], table.item_edges[item + 1]
    alike = run = longest = leading = 0
    for place in range(max(0, -begin), min(last - first, len(words_W) - begin)):
        if table.item_words[first + place] == words_W[begin + place]:
            alike, run = alike + 1, run + 1
            longest = max(longest, run)
            leading += leading == place
        else:
            run = 0
    return alike >= table.needed_N[item] or longest >= RUN_WORDS or leading >= table.beginnings_N[item]
