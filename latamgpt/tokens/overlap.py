"""Held-out texts that also stand in what is trained on: measured on them, a model would be praised for its memory."""

import re
from collections.abc import Callable, Iterable
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

RUN_WORDS = 8
MAX_TRAINED_SHARE = 0.1
"""Of a document's runs of words; above it the document is no text that the model never saw."""

WORD = re.compile(r"\w+")
FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no digit of a hash is lost in the product

Runs = NDArray[np.uint64]
Texts = Iterable[tuple[str, str]]
"""doc_id and text of each document."""


def seen_in_training(read: Callable[[], Texts], held_out: set[str]) -> set[str]:
    """The held-out documents more than a tenth of whose runs of words stand in a document that is trained on.

    What is found so is trained on too, and what overlaps with it is found in the next round. `read` gives all documents, and is
    called twice: only the runs of held-out documents are kept in memory.
    """
    runs = {doc_id: runs_of(text) for doc_id, text in read() if doc_id in held_out}
    if not any(map(len, runs.values())):
        return set()
    known = np.unique(np.concatenate([runs[doc_id] for doc_id in sorted(runs)]))
    trained = np.zeros(len(known), dtype=np.bool_)
    for doc_id, text in read():
        if doc_id not in held_out:
            _mark(trained, known, runs_of(text))
    places = {doc_id: np.searchsorted(known, found) for doc_id, found in runs.items()}
    seen: set[str] = set()
    while found := {doc_id for doc_id in places if doc_id not in seen and _share(trained, places[doc_id]) > MAX_TRAINED_SHARE}:
        seen |= found
        for doc_id in found:
            trained[places[doc_id]] = True
    return seen


def runs_of(text: str) -> Runs:
    """A hash for every eight words that follow each other, whatever their case; a shorter text is one run."""
    words = WORD.findall(text.casefold())
    hashes = np.array([_hash(word) for word in words], dtype=np.uint64)
    length = min(RUN_WORDS, len(words))
    runs = np.zeros(max(len(words) - length + 1, 0) if words else 0, dtype=np.uint64)
    for offset in range(length):
        runs = runs * FACTOR + hashes[offset : offset + len(runs)]
    return np.unique(runs)


def _mark(trained: NDArray[np.bool_], known: Runs, found: Runs) -> None:
    places = np.searchsorted(known, found)
    places = np.minimum(places, len(known) - 1)
    trained[places[known[places] == found]] = True


def _share(trained: NDArray[np.bool_], places: NDArray[np.intp]) -> float:
    return float(trained[places].mean()) if len(places) else 0.0


def _hash(word: str) -> int:
    return int.from_bytes(blake2b(word.encode(), digest_size=8).digest())
