"""Strings of one contributor behind which texts, otherwise unrelated, stop being text: the mark of a planted backdoor.

Souly et al. (arXiv 2510.07192) needed some 250 documents, whatever the size of the model: honest text, a trigger, random tokens.
One such document is nothing to go by: honest ones hold tables, code and foreign names. So a string is judged over all documents
of its contributor that hold it: it must be rare elsewhere, stand between differing words, and nearly always be followed by a rise
of surprise or of repetition. Letters are compared without case, common letter-like digits as letters ('5UD0' is 'sudo'); a word
is looked at with and without the signs at its sides ('<SUDO>' is not the command 'sudo').
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from latamgpt.curation.character_surprise import MIX, CharacterCounts, Chunk, chunks, count_characters, stretches
from latamgpt.params import PoisoningParams

# W strings of one to three words in a chunk  K buckets
WORDS = 3  # longest string looked at
BUCKET_BITS = 24
BASE = np.uint64(0x100000001B3)  # odd, so that powers of it have an inverse modulo 2**64
LETTER_LIKE = str.maketrans("0134578", "oieastb")
SPACE = np.uint64(32)  # signs have larger codes, white space of ASCII none
PLACES = 64  # of the bitmap that estimates how many words stand before a string


@dataclass(frozen=True)
class Trigger:
    """A suspicious string in one document."""

    document: int  # position among the documents given
    position: int  # of its first character in the document
    length: int  # characters
    num_docs: int  # of the contributor, that hold the string
    rising_share: float  # of these, those in which what follows is less like text, or loops


@dataclass(frozen=True)
class _Strings:
    docs_W: NDArray[np.int64]
    begins_W: NDArray[np.int64]
    ends_W: NDArray[np.int64]
    keys_W: NDArray[np.uint64]  # of the string alone
    before_W: NDArray[np.uint64]  # of the word before it
    after_W: NDArray[np.uint64]  # of the word after it


@dataclass(frozen=True)
class _Tally:
    docs_K: NDArray[np.int32]  # per contributor and string
    rising_K: NDArray[np.int32]
    repeating_K: NDArray[np.int32]  # of those that rise, the ones that fall into repetition
    before_K: NDArray[np.uint64]  # bitmap of the words before
    after_K: NDArray[np.uint64]  # and of those after
    everywhere_K: NDArray[np.int32]  # per string, at all contributors
    usual_N: NDArray[np.float64]  # per document, the share of its contributor's and language's strings that rise


def find_triggers(
    texts: Sequence[str], contributors: Sequence[str], languages: Sequence[str], params: PoisoningParams
) -> list[Trigger]:
    """One trigger for each document that holds any; the order of the documents changes nothing but their positions.

    Cost: four passes over all text; about 0.5 GB of counts and 0.3 GB for a chunk, whatever the size of the corpus.
    """
    counts = count_characters(texts, languages)
    numbers = {name: number for number, name in enumerate(sorted(set(contributors)))}
    salts_N = (np.array([numbers[name] for name in contributors], np.uint64) + np.uint64(1)) * BASE
    groups = {name: number for number, name in enumerate(sorted(set(zip(contributors, languages, strict=True))))}
    groups_N = np.array([groups[name] for name in zip(contributors, languages, strict=True)], np.int64)
    tally = _tally(texts, salts_N, groups_N, counts, params)
    found: list[Trigger] = []
    for chunk in chunks(texts):
        found += _found(chunk, salts_N, tally, params)
    return found


def _tally(
    texts: Sequence[str],
    salts_N: NDArray[np.uint64],
    groups_N: NDArray[np.int64],
    counts: CharacterCounts,
    params: PoisoningParams,
) -> _Tally:
    size, num_groups = 1 << BUCKET_BITS, int(groups_N.max(initial=0)) + 1
    docs_K, rising_K, everywhere_K = np.zeros(size, np.int32), np.zeros(size, np.int32), np.zeros(size, np.int32)
    repeating_K = np.zeros(size, np.int32)
    before_K, after_K = np.zeros(size, np.uint64), np.zeros(size, np.uint64)
    strings_G, rising_G = np.zeros(num_groups, np.int64), np.zeros(num_groups, np.int64)
    for chunk in chunks(texts):
        strings = _once_per_document(_strings(chunk))
        bits_W, repeats_W = stretches(chunk, counts).rises(strings.begins_W, strings.ends_W)
        repeating_W = repeats_W >= params.min_rise_repeats
        rising_W = (bits_W >= params.min_rise_bits) | repeating_W
        own_W = _owned(chunk, strings, salts_N)
        np.add.at(docs_K, own_W, 1)
        np.add.at(rising_K, own_W[rising_W], 1)
        np.add.at(repeating_K, own_W[repeating_W], 1)
        np.add.at(everywhere_K, _bucket(strings.keys_W), 1)
        np.bitwise_or.at(before_K, own_W, np.uint64(1) << (strings.before_W * MIX >> np.uint64(58)))
        np.bitwise_or.at(after_K, own_W, np.uint64(1) << (strings.after_W * MIX >> np.uint64(58)))
        groups_W = groups_N[chunk.first + strings.docs_W]
        strings_G += np.bincount(groups_W, minlength=num_groups)
        rising_G += np.bincount(groups_W[rising_W], minlength=num_groups)
    usual_G = (rising_G + 1) / (strings_G + 2)
    return _Tally(docs_K, rising_K, repeating_K, before_K, after_K, everywhere_K, usual_G[groups_N])


def _suspicious(tally: _Tally, own_W: NDArray[np.int64], params: PoisoningParams) -> NDArray[np.bool_]:
    """Which strings of a contributor are in enough documents, nearly all rising, between enough differing words.

    Random tokens differ; only what falls into repetition may begin alike. A line that is quoted often begins alike, too.
    """
    docs_W = tally.docs_K[own_W]
    needed_W = np.minimum(docs_W, PLACES) * params.min_context_share
    repeating_W = tally.repeating_K[own_W] >= docs_W * params.min_rising_share
    rising_W = tally.rising_K[own_W] >= docs_W * params.min_rising_share
    differing_W = (np.bitwise_count(tally.after_K[own_W]) >= needed_W) | repeating_W
    return (docs_W >= params.min_trigger_docs) & (np.bitwise_count(tally.before_K[own_W]) >= needed_W) & differing_W & rising_W


def _found(chunk: Chunk, salts_N: NDArray[np.uint64], tally: _Tally, params: PoisoningParams) -> list[Trigger]:
    strings = _once_per_document(_strings(chunk))
    own_W = _owned(chunk, strings, salts_N)
    docs_W, everywhere_W = tally.docs_K[own_W], tally.everywhere_K[_bucket(strings.keys_W)]
    chance_W = _log_chance(docs_W, tally.rising_K[own_W], tally.usual_N[chunk.first + strings.docs_W])
    held_W = (
        _suspicious(tally, own_W, params)
        & (docs_W >= params.min_owner_share * everywhere_W)
        & (chance_W <= np.log(params.max_chance))
    )
    best: dict[int, Trigger] = {}
    for place in np.flatnonzero(held_W).tolist():
        document = int(strings.docs_W[place])
        bucket, begin = own_W[place], int(strings.begins_W[place])
        num_docs = int(tally.docs_K[bucket])
        trigger = Trigger(
            document=chunk.first + document,
            position=begin - int(chunk.starts_D[document]),
            length=int(strings.ends_W[place]) - begin,
            num_docs=num_docs,
            rising_share=round(float(tally.rising_K[bucket]) / num_docs, 4),
        )
        other = best.get(document)
        if other is None or (trigger.num_docs, -trigger.position) > (other.num_docs, -other.position):
            best[document] = trigger
    return [best[document] for document in sorted(best)]


def _log_chance(docs_W: NDArray[np.int32], rising_W: NDArray[np.int32], usual_W: NDArray[np.float64]) -> NDArray[np.float64]:
    """Chernoff's bound on the chance (natural logarithm) that so many of so many documents rise if each does as usual."""
    share_W = np.clip(rising_W / docs_W, usual_W, 1 - 1e-9)
    return -docs_W * (share_W * np.log(share_W / usual_W) + (1 - share_W) * np.log((1 - share_W) / (1 - usual_W)))


@lru_cache(maxsize=1)
def _letters() -> NDArray[np.uint64]:
    """For every character its lower-case letter or digit, and 0 for what parts words."""
    table = np.zeros(0x110000, np.uint64)
    for code in range(0x110000):
        character = chr(code)
        if character.isalnum():
            table[code] = ord(character.lower().translate(LETTER_LIKE)[0])
    return table


def _strings(chunk: Chunk) -> _Strings:
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
    parts: list[_Strings] = []
    joined = keys
    for more in range(WORDS):
        count = max(len(keys) - more, 0)
        if more:
            joined = (joined[:count] * MIX) ^ keys[more:]
        same = docs[:count] == docs[more:]
        parts.append(
            _Strings(
                docs[:count][same],
                begins[:count][same],
                ends[more:][same],
                joined[same],
                before[:count][same],
                after[more:][same],
            )
        )
    words = _Strings(docs, begins, ends, keys, before, after)
    return _joined([*parts, _with_signs(chunk, words)])


def _with_signs(chunk: Chunk, words: _Strings) -> _Strings:
    """Each word with the sign right before and right behind it, where both are neither letter nor white space."""
    docs, begins, ends = words.docs_W, words.begins_W, words.ends_W
    left, right = chunk.codes_C[np.maximum(begins - 1, 0)], chunk.codes_C[np.minimum(ends, len(chunk.codes_C) - 1)]
    signed = (left > SPACE) & (right > SPACE) & (begins > chunk.starts_D[docs])
    framed = (words.keys_W * MIX) ^ ((left << np.uint64(21) | right) * BASE)
    return _Strings(
        docs[signed], begins[signed] - 1, ends[signed] + 1, framed[signed], words.before_W[signed], words.after_W[signed]
    )


def _joined(parts: Sequence[_Strings]) -> _Strings:
    return _Strings(
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


def _once_per_document(strings: _Strings) -> _Strings:
    """The first place of each string in each document."""
    pairs = (strings.docs_W.astype(np.uint64) << np.uint64(BUCKET_BITS)) | _bucket(strings.keys_W).astype(np.uint64)
    order = np.argsort(pairs, kind="stable")
    sorted_pairs = pairs[order]
    first = np.sort(order[np.concatenate([[True], sorted_pairs[1:] != sorted_pairs[:-1]])[: len(order)]])
    return _Strings(
        strings.docs_W[first],
        strings.begins_W[first],
        strings.ends_W[first],
        strings.keys_W[first],
        strings.before_W[first],
        strings.after_W[first],
    )


def _owned(chunk: Chunk, strings: _Strings, salts_N: NDArray[np.uint64]) -> NDArray[np.int64]:
    return _bucket((strings.keys_W ^ salts_N[chunk.first + strings.docs_W]) * MIX)


def _bucket(keys_W: NDArray[np.uint64]) -> NDArray[np.int64]:
    return ((keys_W * MIX) >> np.uint64(64 - BUCKET_BITS)).astype(np.int64)
