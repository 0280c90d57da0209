"""Lists of phrases, and how many of them stand in a text: without case, accents and punctuation, whole words only."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from latamgpt.curation.word_kernels import FIRST_SHIFT, Hashes, count_phrases, hash_phrase
from latamgpt.curation.words_of_text import Words, words_in, words_of

PER_THOUSAND = 1000


class PhraseTable(NamedTuple):
    """A list of phrases, so that a text's words can be looked up in it."""

    first: NDArray[np.bool_]  # per first bits of a hash, whether it may be that of a phrase's first word
    grams: Hashes  # of the phrases, sorted
    max_words: int


def phrase_table(phrases: Iterable[str]) -> PhraseTable:
    """The table of some phrases; of two that are the same when compared, one."""
    hashed = [words_of(phrase).hashes_W for phrase in phrases]
    first = np.zeros(1 << (64 - int(FIRST_SHIFT)), np.bool_)
    for words_W in hashed:
        first[words_W[0] >> FIRST_SHIFT] = True
    grams = np.unique(np.array([hash_phrase(words_W) for words_W in hashed], np.uint64))
    return PhraseTable(first, grams, max(map(len, hashed), default=0))


def num_phrases(words: Words, table: PhraseTable) -> int:
    """How many phrases stand in a text; of those that overlap the first, and of those that begin together the longest."""
    return count_phrases(words.hashes_W, *table)


def plain_num_phrases(text: str, phrases: Iterable[str]) -> int:
    """The reference for the compiled kernel."""
    return _count(words_in(text), {tuple(words_in(phrase)) for phrase in phrases})


def _count(words: Sequence[str], listed: Collection[tuple[str, ...]]) -> int:
    count = start = 0
    while start < len(words):
        longest = max((len(one) for one in listed if tuple(words[start : start + len(one)]) == one), default=0)
        count += longest > 0
        start += max(longest, 1)
    return count


def per_thousand(count: int, words: Words) -> float:
    """So many of a thousand words, to a tenth."""
    return round(PER_THOUSAND * count / len(words.hashes_W), 1) if len(words.hashes_W) else 0.0
