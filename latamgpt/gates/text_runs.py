"""How much of the held-out texts also stands in training texts: a look that shares no code with the holding out."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

RUN_BYTES = 64  # about nine words; a power of two, since a run's hash is made of its halves'
FACTOR = 0x9E3779B97F4A7C15  # odd, so that no digit of a hash is lost in the product

Runs = NDArray[np.uint64]


def share_seen(held_out: Iterable[str], train: Iterable[str]) -> float:
    """Of the runs of 64 bytes in held-out texts, those that also stand in a text that is trained on.

    Bytes, and not tokens: the share is the same whichever tokenizer made the shards. Only the held-out runs are kept, eight bytes
    for each byte of text; of the training texts there is one in memory at a time.
    """
    found = [runs_of(text) for text in held_out]
    known, times = np.unique(np.concatenate([np.zeros(0, dtype=np.uint64), *found]), return_counts=True)
    if not len(known):
        return 0.0
    seen = np.zeros(len(known), dtype=np.bool_)
    for text in train:
        trained = runs_of(text)
        places = np.minimum(np.searchsorted(known, trained), len(known) - 1)
        seen[places[known[places] == trained]] = True
    return float(times[seen].sum() / times.sum())


def runs_of(text: str) -> Runs:
    """A hash for every 64 bytes of UTF-8 that follow each other; a shorter text has none."""
    hashes = np.frombuffer(text.encode(), dtype=np.uint8).astype(np.uint64) + np.uint64(1)
    num_bytes, factor = 1, FACTOR
    while num_bytes < RUN_BYTES:
        hashes = hashes[:-num_bytes] * np.uint64(factor) + hashes[num_bytes:]
        num_bytes, factor = 2 * num_bytes, factor * factor % 2**64
    return hashes
