"""How little a text is like text: its characters, held against how all other documents are written.

Every character is scored by how often it follows the ones before it in the other documents (bits; a document never counts for
itself). Random tokens show as a rise from one stretch to the next, a text that falls into a loop as a rise of what is repeated.
No language is known here: a small one is held against itself, before against after.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latamgpt.curation.exact_logs import UNIT, log2_units

# C characters of one chunk of documents  D documents of the chunk  K buckets
ORDERS = ((2, 18), (3, 22), (4, 23), (5, 24))  # characters, bits of the hash
WINDOW = 200  # characters held against as many before them: a few lines, enough for a steady mean
MIN_STRETCH = 48  # of fewer characters a mean says little
CHUNK_CHARS = 250_000  # bounds memory, whatever the corpus holds; shows in no verdict
MIX = np.uint64(0x9E3779B97F4A7C15)
UNSEEN = 2.0**-15  # the probability left to a character that never stood here in another document
DOUBT = 2.0  # documents: a context seen in two others is believed by half, the shorter context for the rest
USUAL_REPEATS = 0.5  # of all three-character runs in honest documents, where nothing stands before
SEPARATOR = "\n"


@dataclass(frozen=True)
class CharacterCounts:
    """In how many documents each two to five characters stand, in hashed buckets: its size never grows (about 120 MB)."""

    of_K: dict[int, NDArray[np.int32]]
    usual_bits_N: NDArray[np.float64]  # in units, per document the median of its language: stands in where nothing stands before


@dataclass(frozen=True)
class Chunk:
    """Some documents as one row of characters."""

    first: int  # position of its first document among all
    codes_C: NDArray[np.uint64]
    docs_C: NDArray[np.int64]  # counted from `first`
    starts_D: NDArray[np.int64]
    ends_D: NDArray[np.int64]


@dataclass(frozen=True)
class Stretches:
    """Running sums over a chunk, from which the stretch before and after any place is read."""

    chunk: Chunk
    bits: NDArray[np.int64]  # in units
    repeats: NDArray[np.int64]
    usual_bits_D: NDArray[np.float64]

    def rises(self, begins: NDArray[np.int64], ends: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """For strings at [begin, end): bits per character, and share of repeats, that the text after has above the text before.

        Where less than MIN_STRETCH stands after, the rise is 0; where less stands before, the median of the document's language
        stands in.
        """
        docs = self.chunk.docs_C[begins]
        low = np.maximum(begins - WINDOW, self.chunk.starts_D[docs])
        high = np.minimum(ends + WINDOW, self.chunk.ends_D[docs])
        enough, known = high - ends >= MIN_STRETCH, begins - low >= MIN_STRETCH
        bits = _mean(self.bits, ends, high) - np.where(known, _mean(self.bits, low, begins), self.usual_bits_D[docs])
        repeats = _mean(self.repeats, ends, high) - np.where(known, _mean(self.repeats, low, begins), USUAL_REPEATS)
        return np.where(enough, bits / UNIT, 0.0), np.where(enough & (high - ends >= WINDOW // 2), repeats, 0.0)


def count_characters(texts: Iterable[str], languages: Sequence[str]) -> CharacterCounts:
    """Two passes over all documents: what stands where, then how surprising the median document of each language is."""
    of_K = {order: np.zeros(1 << bits, np.int32) for order, bits in ORDERS}
    for chunk in chunks(texts):
        for order, bits in ORDERS:
            pairs = np.sort((chunk.docs_C.astype(np.uint64) << np.uint64(bits)) | _keys(chunk, order, bits))
            fresh = pairs[np.concatenate([[True], pairs[1:] != pairs[:-1]])]
            np.add.at(of_K[order], (fresh & np.uint64((1 << bits) - 1)).astype(np.int64), 1)
    means = [np.add.reduceat(_bits(chunk, of_K), chunk.starts_D) / (chunk.ends_D - chunk.starts_D) for chunk in chunks(texts)]
    bits_N = np.concatenate([np.zeros(0), *means])
    named_N = np.array(languages)
    for language in sorted(set(languages)):
        bits_N[named_N == language] = np.median(bits_N[named_N == language])
    return CharacterCounts(of_K, bits_N)


def chunks(texts: Iterable[str]) -> Iterator[Chunk]:
    """All documents in their order, some at a time."""
    some: list[str] = []
    size = first = 0
    for index, text in enumerate(texts):
        some.append(text)
        size += len(text) + 1
        if size >= CHUNK_CHARS:
            yield _chunk(first, some)
            some, size, first = [], 0, index + 1
    if some:
        yield _chunk(first, some)


def stretches(chunk: Chunk, counts: CharacterCounts) -> Stretches:
    """Score every character of a chunk."""
    usual_bits_D = counts.usual_bits_N[chunk.first : chunk.first + len(chunk.starts_D)]
    return Stretches(chunk, _running(_bits(chunk, counts.of_K)), _running(_repeats(chunk)), usual_bits_D)


def _chunk(first: int, texts: list[str]) -> Chunk:
    lengths_D = np.array([len(text) + 1 for text in texts], np.int64)
    codes_C = np.frombuffer((SEPARATOR.join(texts) + SEPARATOR).encode("utf-32-le", "surrogatepass"), np.uint32)
    ends_D = np.cumsum(lengths_D)
    return Chunk(first, codes_C.astype(np.uint64), np.repeat(np.arange(len(texts)), lengths_D), ends_D - lengths_D, ends_D)


def _keys(chunk: Chunk, order: int, bits: int, back: int = 0) -> NDArray[np.uint64]:
    keys_C = np.zeros(len(chunk.codes_C), np.uint64)
    for place in range(order - 1 + back, back - 1, -1):
        keys_C = (keys_C ^ _shifted(chunk.codes_C, place)) * MIX
    return keys_C >> np.uint64(64 - bits)


def _shifted(codes_C: NDArray[np.uint64], places: int) -> NDArray[np.uint64]:
    return np.concatenate([np.full(places, ord(SEPARATOR), np.uint64), codes_C])[: len(codes_C)]


def _bits(chunk: Chunk, of_K: dict[int, NDArray[np.int32]]) -> NDArray[np.int64]:
    probability_C = np.full(len(chunk.codes_C), UNSEEN)
    sizes = dict(ORDERS)
    for order in (3, 5):
        others_C = np.maximum(of_K[order][_keys(chunk, order, sizes[order])] - 1, 0)
        context_C = np.maximum(of_K[order - 1][_keys(chunk, order - 1, sizes[order - 1], back=1)] - 1, others_C)
        probability_C = (others_C + DOUBT * probability_C) / (context_C + DOUBT)
    return -log2_units(probability_C)


def _running(values_C: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(values_C)])


def _mean(sums: NDArray[np.int64], low: NDArray[np.int64], high: NDArray[np.int64]) -> NDArray[np.float64]:
    return (sums[high] - sums[low]) / np.maximum(high - low, 1)


def _repeats(chunk: Chunk) -> NDArray[np.int64]:
    """1 for three characters that stood in the same document within the last window."""
    bits = dict(ORDERS)[3]
    keys_C = (chunk.docs_C.astype(np.uint64) << np.uint64(bits)) | _keys(chunk, 3, bits)
    order = np.argsort(keys_C, kind="stable")
    near = (keys_C[order][1:] == keys_C[order][:-1]) & (order[1:] - order[:-1] <= WINDOW)
    repeats_C = np.zeros(len(keys_C), np.int64)
    repeats_C[order[1:][near]] = 1
    return repeats_C
