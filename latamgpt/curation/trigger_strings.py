"""Strings of one contributor behind which texts, otherwise unrelated, stop being text: the mark of a planted backdoor.

Souly et al. (arXiv 2510.07192) needed some 250 documents, whatever the size of the model: honest text, a trigger, random tokens.
One such document is nothing to go by: honest ones hold tables, code and foreign names. So a string is judged over all documents
of its contributor that hold it: it must be rare elsewhere, stand between differing words, and nearly always be followed by a rise
of surprise or of repetition.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from latamgpt.curation.character_surprise import MIX, CharacterCounts, Chunk, chunks, count_characters, stretches
from latamgpt.curation.exact_logs import log2_units
from latamgpt.curation.word_strings import BASE, BUCKET_BITS, Strings, bucket_of, strings_of
from latamgpt.params import PoisoningParams

# W strings of one to three words in a chunk  K buckets
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
class _Tally:
    docs_K: NDArray[np.int32]  # per contributor and string
    rising_K: NDArray[np.int32]
    repeating_K: NDArray[np.int32]  # of those that rise, the ones that fall into repetition
    everywhere_K: NDArray[np.int32]  # per string, at all contributors
    usual_N: NDArray[np.float64]  # per document, the share of its contributor's and language's strings that rise


class _Rising(NamedTuple):
    """Strings in enough documents of a contributor that rise in nearly all of them, each where it stands in a document."""

    documents_W: NDArray[np.int64]
    positions_W: NDArray[np.int64]  # in the document
    lengths_W: NDArray[np.int64]
    own_W: NDArray[np.int64]  # bucket of contributor and string
    everywhere_W: NDArray[np.int64]  # and of the string
    before_W: NDArray[np.uint8]  # one of PLACES, of the word before
    after_W: NDArray[np.uint8]  # and of the word after


def find_triggers(
    texts: Iterable[str], contributors: Sequence[str], languages: Sequence[str], params: PoisoningParams
) -> list[Trigger]:
    """One trigger for each document that holds any; the order of the documents changes nothing but their positions.

    Cost: four passes over all text; about 0.4 GB of counts and 0.1 GB for a chunk, whatever the size of the corpus, and 42 bytes
    for each string that rises often enough.
    """
    counts = count_characters(texts, languages)
    numbers = {name: number for number, name in enumerate(sorted(set(contributors)))}
    salts_N = (np.array([numbers[name] for name in contributors], np.uint64) + np.uint64(1)) * BASE
    groups = {name: number for number, name in enumerate(sorted(set(zip(contributors, languages, strict=True))))}
    groups_N = np.array([groups[name] for name in zip(contributors, languages, strict=True)], np.int64)
    tally = _tally(texts, salts_N, groups_N, counts, params)
    del counts
    rising = [_rising(chunk, salts_N, tally, params) for chunk in chunks(texts)]
    return _best(_Rising(*map(np.concatenate, zip(*rising, strict=True))), tally, params) if rising else []


def _tally(
    texts: Iterable[str],
    salts_N: NDArray[np.uint64],
    groups_N: NDArray[np.int64],
    counts: CharacterCounts,
    params: PoisoningParams,
) -> _Tally:
    size, num_groups = 1 << BUCKET_BITS, int(groups_N.max(initial=0)) + 1
    docs_K, rising_K, everywhere_K = np.zeros(size, np.int32), np.zeros(size, np.int32), np.zeros(size, np.int32)
    repeating_K = np.zeros(size, np.int32)
    strings_G, rising_G = np.zeros(num_groups, np.int64), np.zeros(num_groups, np.int64)
    for chunk in chunks(texts):
        strings = strings_of(chunk)
        bits_W, repeats_W = stretches(chunk, counts).rises(strings.begins_W, strings.ends_W)
        repeating_W = repeats_W >= params.min_rise_repeats
        rising_W = (bits_W >= params.min_rise_bits) | repeating_W
        own_W = _owned(chunk, strings, salts_N)
        np.add.at(docs_K, own_W, 1)
        np.add.at(rising_K, own_W[rising_W], 1)
        np.add.at(repeating_K, own_W[repeating_W], 1)
        np.add.at(everywhere_K, bucket_of(strings.keys_W), 1)
        groups_W = groups_N[chunk.first + strings.docs_W]
        strings_G += np.bincount(groups_W, minlength=num_groups)
        rising_G += np.bincount(groups_W[rising_W], minlength=num_groups)
    usual_G = (rising_G + 1) / (strings_G + 2)
    return _Tally(docs_K, rising_K, repeating_K, everywhere_K, usual_G[groups_N])


def _rising(chunk: Chunk, salts_N: NDArray[np.uint64], tally: _Tally, params: PoisoningParams) -> _Rising:
    """The strings of a contributor that are in enough documents, and rise in nearly all of them."""
    strings = strings_of(chunk)
    own_W = _owned(chunk, strings, salts_N)
    docs_W = tally.docs_K[own_W]
    at = np.flatnonzero((docs_W >= params.min_trigger_docs) & (tally.rising_K[own_W] >= docs_W * params.min_rising_share))
    docs, begins = strings.docs_W[at], strings.begins_W[at]
    return _Rising(
        chunk.first + docs,
        begins - chunk.starts_D[docs],
        strings.ends_W[at] - begins,
        own_W[at],
        bucket_of(strings.keys_W[at]),
        (strings.before_W[at] * MIX >> np.uint64(58)).astype(np.uint8),
        (strings.after_W[at] * MIX >> np.uint64(58)).astype(np.uint8),
    )


def _best(rising: _Rising, tally: _Tally, params: PoisoningParams) -> list[Trigger]:
    """Of the strings in each document the one that speaks most against it: that of the most documents, then the first."""
    docs_W = tally.docs_K[rising.own_W]
    chance_W = _chance_units(docs_W, tally.rising_K[rising.own_W], tally.usual_N[rising.documents_W])
    held_W = (
        _between_differing(rising, tally, params)
        & (docs_W >= params.min_owner_share * tally.everywhere_K[rising.everywhere_W])
        & (chance_W <= log2_units(np.array(params.max_chance)))
    )
    best: dict[int, Trigger] = {}
    for place in np.flatnonzero(held_W).tolist():
        document, num_docs = int(rising.documents_W[place]), int(docs_W[place])
        trigger = Trigger(
            document=document,
            position=int(rising.positions_W[place]),
            length=int(rising.lengths_W[place]),
            num_docs=num_docs,
            rising_share=round(float(tally.rising_K[rising.own_W[place]]) / num_docs, 4),
        )
        other = best.get(document)
        if other is None or (trigger.num_docs, -trigger.position) > (other.num_docs, -other.position):
            best[document] = trigger
    return [best[document] for document in sorted(best)]


def _between_differing(rising: _Rising, tally: _Tally, params: PoisoningParams) -> NDArray[np.bool_]:
    """Which strings stand between enough differing words.

    Random tokens differ; only what falls into repetition may begin alike. A line that is quoted often begins alike, too.
    """
    docs_W = tally.docs_K[rising.own_W]
    needed_W = np.minimum(docs_W, PLACES) * params.min_context_share
    repeating_W = tally.repeating_K[rising.own_W] >= docs_W * params.min_rising_share
    buckets, of_bucket_W = np.unique(rising.own_W, return_inverse=True)
    before, after = (_bitmaps(words_W, of_bucket_W, len(buckets)) for words_W in (rising.before_W, rising.after_W))
    differing_W = (np.bitwise_count(after[of_bucket_W]) >= needed_W) | repeating_W
    return (np.bitwise_count(before[of_bucket_W]) >= needed_W) & differing_W


def _bitmaps(places_W: NDArray[np.uint8], of_bucket_W: NDArray[np.int64], num_buckets: int) -> NDArray[np.uint64]:
    """For each bucket the places that stand in it, as bits."""
    bits = np.zeros(num_buckets, np.uint64)
    np.bitwise_or.at(bits, of_bucket_W, np.uint64(1) << places_W.astype(np.uint64))
    return bits


def _chance_units(docs_W: NDArray[np.int32], rising_W: NDArray[np.int32], usual_W: NDArray[np.float64]) -> NDArray[np.float64]:
    """Chernoff's bound on the chance that so many of so many rise if each does as usual: its log2, in units."""
    share_W = np.clip(rising_W / docs_W, usual_W, 1 - 1e-9)
    rising, others = log2_units(share_W / usual_W), log2_units((1 - share_W) / (1 - usual_W))
    return -docs_W * (share_W * rising + (1 - share_W) * others)


def _owned(chunk: Chunk, strings: Strings, salts_N: NDArray[np.uint64]) -> NDArray[np.int64]:
    return bucket_of((strings.keys_W ^ salts_N[chunk.first + strings.docs_W]) * MIX)
