"""Text that reads like the samples' and stands nowhere: walks over their words, each from a word to one that followed it.

Where the same word stands at several places, a walk may go on from any of them. So five words in a row are mostly new, letters,
words and sentence ends are as in real text, and two texts that were drawn apart are hardly alike.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

JUMP_SHARE = 0.35  # of steps that go on from another place where the same word stands
SENTENCE_ENDS = (".", "!", "?", ":", ".»", '."')
PARAGRAPH_SHARE = 0.2  # of sentences that end their paragraph
# D documents  W words of the source  U unique words

Ids = NDArray[np.int32]


@dataclass(frozen=True)
class Walker:
    """The words of one language's texts, in their order."""

    language: str
    words_W: tuple[str, ...]

    @cached_property
    def _index(self) -> tuple[Ids, NDArray[np.int64], NDArray[np.int64]]:
        """The place of each word in the list of unique words; all places, grouped by word; where each word's group begins."""
        _, ids_W = np.unique(np.array(self.words_W, dtype=object), return_inverse=True)
        order_W = np.argsort(ids_W, kind="stable")
        starts_U = np.searchsorted(ids_W[order_W], np.arange(ids_W.max() + 2))
        return ids_W.astype(np.int32), order_W.astype(np.int64), starts_U.astype(np.int64)

    def texts(self, lengths_D: NDArray[np.int64], draw: np.random.Generator) -> list[str]:
        """A text for each length in words."""
        ids_W, order_W, starts_U = self._index
        count, longest = len(lengths_D), int(lengths_D.max())
        places_D = draw.integers(0, len(ids_W), count)
        walked = np.empty((longest, count), np.int32)
        for step in range(longest):
            jumping_D = draw.random(count) < JUMP_SHARE
            words_D = ids_W[places_D]
            first_D, size_D = starts_U[words_D], starts_U[words_D + 1] - starts_U[words_D]
            elsewhere_D = order_W[first_D + (draw.random(count) * size_D).astype(np.int64)]
            places_D = np.where(jumping_D, elsewhere_D, places_D)
            walked[step] = places_D
            places_D = (places_D + 1) % len(ids_W)
        breaks = draw.random((longest, count)) < PARAGRAPH_SHARE
        return [self._joined(walked[:length, d], breaks[:length, d]) for d, length in enumerate(lengths_D.tolist())]

    def _joined(self, places: Ids, breaks: NDArray[np.bool_]) -> str:
        parts: list[str] = []
        for place, may_break in zip(places.tolist(), breaks.tolist(), strict=True):
            word = self.words_W[place]
            parts += (word, "\n\n" if may_break and word.endswith(SENTENCE_ENDS) else " ")
        return "".join(parts).strip()
