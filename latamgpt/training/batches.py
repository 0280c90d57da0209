"""Sequences as batches, where no token sees another document and what fills a row up is never learned."""
# B sequences of a batch  T tokens of a sequence

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from latamgpt.shards import Tokens
from latamgpt.training.best_fit import IntArray


@dataclass(frozen=True)
class Batch:
    """Rows of tokens and where a document begins in them; all else that a model asks for follows from that.

    `edges` are places in the rows laid end to end: where each segment begins, and the end of the last (what variable-length
    attention calls cu_seqlens). What fills a row up is a segment at its end.
    """

    input_ids_BT: Tokens  # noqa: N815
    edges: IntArray
    num_tokens_B: IntArray  # noqa: N815  (of each row, without what fills it up)

    @property
    def num_targets(self) -> int:
        """How many tokens are predicted: all but the first of each document."""
        num_documents = len(self.edges) - 1 - len(self._short())
        return int(self.num_tokens_B.sum()) - num_documents

    @property
    def is_target_BT(self) -> npt.NDArray[np.bool_]:  # noqa: N802
        """The loss mask: which tokens are predicted. Nothing predicts the first of a document, nor what fills a row up."""
        num_rows, width = self.input_ids_BT.shape
        is_target_BT = np.ones((num_rows, width), np.bool_)
        is_target_BT.reshape(-1)[self.edges[:-1]] = False
        for row in self._short().tolist():
            is_target_BT[row, self.num_tokens_B[row] :] = False
        return is_target_BT

    @property
    def position_ids_BT(self) -> npt.NDArray[np.int32]:  # noqa: N802
        """From 0 in every segment."""
        width = self.input_ids_BT.shape[1]
        begins = (self.edges[:-1] % width).astype(np.int32)
        positions_BT = np.repeat(begins, np.diff(self.edges)).reshape(self.input_ids_BT.shape)
        return np.subtract(np.arange(width, dtype=np.int32), positions_BT, out=positions_BT)  # in place: memory costs most here

    @property
    def segments_BT(self) -> npt.NDArray[np.int32]:  # noqa: N802
        """Which segment a token is of, counted over all rows."""
        numbers = np.arange(len(self.edges) - 1, dtype=np.int32)
        return np.repeat(numbers, np.diff(self.edges)).reshape(self.input_ids_BT.shape)

    def _short(self) -> npt.NDArray[np.intp]:
        return np.flatnonzero(self.num_tokens_B < self.input_ids_BT.shape[1])


def make_batch(sequences: Sequence[Sequence[Tokens]], width: int) -> Batch:
    """Sequences, each given as its parts, as rows of `width`; what is short is filled up at the end."""
    filler = np.zeros(width, np.uint16)
    parts: list[Tokens] = []
    num_tokens_B = np.array([sum(map(len, row)) for row in sequences], np.int64)
    for row, num_tokens in zip(sequences, num_tokens_B.tolist(), strict=True):
        parts += row
        if num_tokens < width:
            parts.append(filler[num_tokens:])
    edges = np.concatenate([[0], np.cumsum([len(part) for part in parts], dtype=np.int64)])
    return Batch(np.concatenate(parts).reshape(len(sequences), width), edges, num_tokens_B)


def attention_mask(segments_BT: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Which token may look at which, as (B, 1, T, T): at itself and what stands before it in its own segment."""
    same = segments_BT[:, :, None] == segments_BT[:, None, :]
    return (same & np.tri(segments_BT.shape[1], dtype=np.bool_))[:, None]
