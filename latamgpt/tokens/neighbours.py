"""Which tokens stand side by side in some texts, and how often: what a merge would find there."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from latamgpt.tokens.encoder import Ids
from latamgpt.tokens.merges import Pair

FEWEST_PENDING = 1 << 22
PLACES_OF_SECOND = np.uint64(32)  # a pair is its first id, shifted by so many bits, plus its second

Packed = NDArray[np.uint64]


class Neighbours:
    """The pairs of neighbours in the encodings that were added, each once and with its number.

    Two tokens are counted as neighbours across the border between two words too, where no merge reaches. Memory grows with the
    number of distinct pairs.
    """

    def __init__(self) -> None:
        self.num_tokens = 0
        self._pairs: Packed = np.zeros(0, np.uint64)
        self._counts: NDArray[np.int64] = np.zeros(0, np.int64)
        self._pending: list[Packed] = []
        self._num_pending = 0

    def add(self, ids: Ids) -> None:
        """Count the neighbours of one encoding."""
        self.num_tokens += len(ids)
        wide = ids.astype(np.uint64)
        self._pending.append((wide[:-1] << PLACES_OF_SECOND) | wide[1:])
        self._num_pending += len(self._pending[-1])
        if self._num_pending > max(FEWEST_PENDING, len(self._pairs)):
            self._settle()

    def __contains__(self, pair: Pair) -> bool:
        """Whether the pair stands anywhere."""
        return self.count([pair]) > 0

    def count(self, pairs: Iterable[Pair]) -> int:
        """How often one of these pairs stands in the encodings."""
        self._settle()
        wanted = np.array([(first << int(PLACES_OF_SECOND)) | second for first, second in pairs], np.uint64)
        at = np.searchsorted(self._pairs, wanted)
        found = at < len(self._pairs)
        found[found] = self._pairs[at[found]] == wanted[found]
        return int(self._counts[at[found]].sum())

    def _settle(self) -> None:
        if not self._pending:
            return
        new, counts = np.unique(np.concatenate(self._pending), return_counts=True)
        pairs, places = np.unique(np.concatenate([self._pairs, new]), return_inverse=True)
        totals = np.zeros(len(pairs), np.int64)
        np.add.at(totals, places, np.concatenate([self._counts, counts]))
        self._pairs, self._counts, self._pending, self._num_pending = pairs, totals, [], 0
