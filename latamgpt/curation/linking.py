"""Which documents are alike, a band of their signatures at a time: memory for one key a document, and no list of pairs.

Documents with a key in common are candidates; each is held against those shortly before it by its whole signature, unless the two
are linked already, and linked where they are alike enough. The groups are the same whatever the order of bands. `plain_groups`,
the reference, lists all candidate pairs, holds every one against the signatures and floods the groups.
"""
# N documents  P permutations  R of them in a band

import numpy as np
from numpy.typing import NDArray

from latamgpt.curation.compiled import njit

MAX_NEIGHBOURS = 64
"""A document is held against this many before it that share a band's key: keeps a key shared by thousands linear."""

MIX = 0x9E3779B97F4A7C15
ROWS_AT_ONCE = 1 << 20  # of signatures that lie on a disk


def groups(signatures_NP: NDArray[np.uint32], num_bands: int, min_similarity: float) -> NDArray[np.int64]:
    """For every document the first one of its group: itself, where it is linked to none before it.

    Args:
        signatures_NP: may be memory-mapped: it is read once for each band, and where candidates are held against each other.
        num_bands: must divide the number of permutations.
        min_similarity: the share of permutations on which two signatures have to agree.
    """
    num_documents, num_permutations = signatures_NP.shape
    parents_N = np.arange(num_documents)
    if num_documents < 2:
        return parents_N
    least = next(count for count in range(num_permutations + 1) if count / num_permutations >= min_similarity)
    for band in range(num_bands):
        keys_N = band_keys(signatures_NP, band, num_bands)
        link_band(np.argsort(keys_N, kind="stable"), keys_N, signatures_NP, parents_N, least)
    return roots(parents_N)


def band_keys(signatures_NP: NDArray[np.uint32], band: int, num_bands: int) -> NDArray[np.uint64]:
    """One 64-bit key per document, of the permutations of one band."""
    num_rows = signatures_NP.shape[1] // num_bands
    keys_N = np.zeros(len(signatures_NP), np.uint64)
    for start in range(0, len(keys_N), ROWS_AT_ONCE):
        here = slice(start, start + ROWS_AT_ONCE)
        rows_NR = np.asarray(signatures_NP[here, band * num_rows : (band + 1) * num_rows]).astype(np.uint64)
        for row in range(num_rows):
            keys_N[here] = (keys_N[here] ^ rows_NR[:, row]) * np.uint64(MIX)
            keys_N[here] ^= keys_N[here] >> np.uint64(32)
    return keys_N


@njit(cache=True, nogil=True)
def link_band(
    order_N: NDArray[np.int64],
    keys_N: NDArray[np.uint64],
    signatures_NP: NDArray[np.uint32],
    parents_N: NDArray[np.int64],
    least: int,
) -> None:
    """Link documents that share a key of this band and agree on at least `least` permutations; changes `parents_N`.

    Args:
        order_N: the documents by rising key, those of one key in their own order.
        keys_N: of this band.
        signatures_NP: whole.
        parents_N: of each document one before it in its group, or itself.
        least: permutations on which two signatures have to agree.
    """
    for place in range(1, len(order_N)):
        later = order_N[place]
        for back in range(1, min(MAX_NEIGHBOURS, place) + 1):
            earlier = order_N[place - back]
            if keys_N[earlier] != keys_N[later]:
                break
            first, second = _root(parents_N, earlier), _root(parents_N, later)
            if first == second:
                continue
            agreeing = 0
            for p in range(signatures_NP.shape[1]):
                agreeing += signatures_NP[earlier, p] == signatures_NP[later, p]
            if agreeing >= least:
                parents_N[max(first, second)] = min(first, second)


@njit(cache=True, nogil=True)
def roots(parents_N: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first document of each one's group."""
    found = np.empty_like(parents_N)
    for index in range(len(parents_N)):
        found[index] = _root(parents_N, index)
    return found


@njit(cache=True, nogil=True)
def _root(parents_N: NDArray[np.int64], index: int) -> int:
    while parents_N[index] != index:
        parents_N[index] = parents_N[parents_N[index]]
        index = parents_N[index]
    return index


def plain_groups(signatures_NP: NDArray[np.uint32], num_bands: int, min_similarity: float) -> NDArray[np.int64]:
    """The reference for `groups`: every pair that shares a key, by comparing lists."""
    count = len(signatures_NP)
    group = list(range(count))
    linked: list[tuple[int, int]] = []
    for band in range(num_bands):
        by_key: dict[int, list[int]] = {}
        for index, key in enumerate(band_keys(signatures_NP, band, num_bands).tolist()):
            near = by_key.setdefault(key, [])
            linked += [
                (other, index)
                for other in near[-MAX_NEIGHBOURS:]
                if (signatures_NP[other] == signatures_NP[index]).mean() >= min_similarity
            ]
            near.append(index)
    while any(group[a] != group[b] for a, b in linked):
        for a, b in linked:
            group[a] = group[b] = min(group[a], group[b])
    return np.array(group, np.int64)
