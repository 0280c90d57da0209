"""The strings of one to three words in documents, as numbers: hashed, so that a corpus's strings need no memory of their own.

Letters are compared without case, common letter-like digits as letters ('5UD0' is 'sudo'); a word is looked at with and without
the signs at its sides ('<SUDO>' is not the command 'sudo').
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from latamgpt.curation.character_surprise import MIX, Chunk

# C characters of a chunk  W strings of one to three words in it
WORDS = 3  # longest string looked at
BUCKET_BITS = 24
BASE = np.uint64(0x100000001B3)  # odd, so that powers of it have an inverse modulo 2**64
LETTER_LIKE = str.maketrans("0134578", "oieastb")
SPACE = np.uint64(32)  # signs have larger codes, white space of ASCII none


@dataclass(frozen=True)
class Strings:
    """Strings of some documents, each with its place and its neighbours."""

    docs_W: NDArray[np.int64]
    begins_W: NDArray[np.int64]
    ends_W: NDArray[np.int64]
    keys_W: NDArray[np.uint64]  # of the string alone
    before_W: NDArray[np.uint64]  # of the word before it
    after_W: NDArray[np.uint64]  # of the word after it


def strings_of(chunk: Chunk) -> Strings:
    """The strings of a chunk: each where it first stands in each document that holds it."""
    return _once_per_document(_strings(chunk))


@lru_cache(maxsize=1)
def _letters() -> NDArray[np.uint64]:
    """For every character its lower-case letter or digit, and 0 for what parts words."""
    table = np.zeros(0x110000, np.uint64)
    for code in range(0x110000):
        character = chr(code)
        if character.isalnum():
            table[code] = ord(character.lower().translate(LETTER_LIKE)[0])
    return table


def _strings(chunk: Chunk) -> Strings:
    """Every string of one to three words within a document, and every word between two signs."""
    folded_C = _letters()[chunk.codes_C]
    inside_C = np.concatenate([[False], folded_C > 0, [False]])
    begins = np.flatnonzero(inside_C[1:] & ~inside_C[:-1])
    ends = np.flatnonzero(inside_C[:-1] & ~inside_C[1:])
    powers = np.cumprod(np.concatenate([[np.uint64(1)], np.full(int((ends - begins).max(initial=0)), BASE)]))
    keys = _word_keys(folded_C, begins, ends, powers)
    docs = chunk.docs_C[begins]
    before = np.concatenate([[np.uint64(0)], keys])[: len(keys)]
    before[np.concatenate([[True], docs[1:] != docs[:-1]])[: len(keys)]] = 0
    after = np.concatenate([keys[1:], [np.uint64(0)]])[: len(keys)]
    after[np.concatenate([docs[1:] != docs[:-1], [True]])[: len(keys)]] = 0
    parts: list[Strings] = []
    joined = keys
    for more in range(WORDS):
        count = max(len(keys) - more, 0)
        if more:
            joined = (joined[:count] * MIX) ^ keys[more:]
        same = docs[:count] == docs[more:]
        parts.append(
            Strings(
                docs[:count][same],
                begins[:count][same],
                ends[more:][same],
                joined[same],
                before[:count][same],
                after[more:][same],
            )
        )
    words = Strings(docs, begins, ends, keys, before, after)
    return _joined([*parts, _with_signs(chunk, words)])


def _with_signs(chunk: Chunk, words: Strings) -> Strings:
    """Each word with the sign right before and right behind it, where both are neither letter nor white space."""
    docs, begins, ends = words.docs_W, words.begins_W, words.ends_W
    left, right = chunk.codes_C[np.maximum(begins - 1, 0)], chunk.codes_C[np.minimum(ends, len(chunk.codes_C) - 1)]
    signed = (left > SPACE) & (right > SPACE) & (begins > chunk.starts_D[docs])
    framed = (words.keys_W * MIX) ^ ((left << np.uint64(21) | right) * BASE)
    return Strings(
        docs[signed], begins[signed] - 1, ends[signed] + 1, framed[signed], words.before_W[signed], words.after_W[signed]
    )


def _joined(parts: Sequence[Strings]) -> Strings:
    return Strings(
        np.concatenate([part.docs_W for part in parts]),
        np.concatenate([part.begins_W for part in parts]),
        np.concatenate([part.ends_W for part in parts]),
        np.concatenate([part.keys_W for part in parts]),
        np.concatenate([part.before_W for part in parts]),
        np.concatenate([part.after_W for part in parts]),
    )


def _word_keys(
    folded_C: NDArray[np.uint64], begins: NDArray[np.int64], ends: NDArray[np.int64], powers: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    places = np.arange(len(folded_C))
    word_C = np.cumsum(np.bincount(begins, minlength=len(folded_C))) - 1
    solid = folded_C > 0
    terms = folded_C[solid] * powers[places[solid] - begins[word_C[solid]]]
    sums = np.concatenate([[np.uint64(0)], np.cumsum(terms, dtype=np.uint64)])
    stops = np.cumsum(ends - begins)
    return (sums[stops] - sums[stops - (ends - begins)]) * MIX


def _once_per_document(strings: Strings) -> Strings:
    """The first place of each string in each document."""
    pairs = (strings.docs_W.astype(np.uint64) << np.uint64(BUCKET_BITS)) | bucket_of(strings.keys_W).astype(np.uint64)
    order = np.argsort(pairs, kind="stable")
    sorted_pairs = pairs[order]
    first = np.sort(order[np.concatenate([[True], sorted_pairs[1:] != sorted_pairs[:-1]])[: len(order)]])
    return Strings(
        strings.docs_W[first],
        strings.begins_W[first],
        strings.ends_W[first],
        strings.keys_W[first],
        strings.before_W[first],
        strings.after_W[first],
    )


def bucket_of(keys_W: NDArray[np.uint64]) -> NDArray[np.int64]:
    """In which of 2^24 counters each key is counted."""
    return ((keys_W * MIX) >> np.uint64(64 - BUCKET_BITS)).astype(np.int64)
