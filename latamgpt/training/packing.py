"""Documents as training sequences of one length, where no token sees another document.

The pieces of the mixture are packed by `best_fit`; what is left of a sequence is filled with what nothing predicts. So which
document a step sees is a pure function of the mixture and an index, whatever the number of ranks, and after every resume.
"""
# B sequences of a batch  T tokens of a sequence

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from latamgpt.errors import OperatorError
from latamgpt.params import CheckpointParams
from latamgpt.records import MIXTURE_SCHEMA
from latamgpt.store import read_table
from latamgpt.training.best_fit import IntArray, pack
from latamgpt.training.plain_tokens import PlainTokens, Tokens

IGNORED_LABEL = -100  # what torch's cross entropy leaves out


class Segment(NamedTuple):
    """A run of tokens of one piece: tokens `start` to `end` of the piece in mixture row `position`."""

    position: int
    start: int
    end: int


@dataclass(frozen=True)
class Batch:
    """Sequences ready for the model; `segments_BT` numbers the documents of a sequence 0, 1, ..."""

    input_ids_BT: IntArray  # noqa: N815
    position_ids_BT: IntArray  # noqa: N815  (from 0 in every segment)
    segments_BT: IntArray  # noqa: N815
    labels_BT: IntArray  # noqa: N815  (the token itself; IGNORED_LABEL for the first of a segment, which nothing predicts)

    @property
    def num_targets(self) -> int:
        """How many tokens are predicted."""
        return int((self.labels_BT != IGNORED_LABEL).sum())


class PackedOrder:
    """Which segments make sequence i; reads the mixture's table, no tokens."""

    def __init__(self, mixture: Path, params: CheckpointParams):
        table = read_table(mixture / "mixture.parquet", MIXTURE_SCHEMA).sort_by("position")
        self.doc_ids: list[str] = table["doc_id"].to_pylist()
        self.shards: list[str] = table["shard"].to_pylist()
        self.rows: list[int] = table["row"].to_pylist()
        self.epochs: list[int] = table["epoch"].to_pylist()
        self._lengths: IntArray = table["num_tokens"].to_numpy().astype(np.int64)
        self._packed = pack(self._lengths, params.seq_len_tokens, params.packing_window_sequences)
        self._tokens_before = np.concatenate([[0], np.cumsum(self._packed.ends - self._packed.starts)])[self._packed.edges]

    @property
    def num_sequences(self) -> int:
        """How many sequences the whole mixture makes."""
        return len(self._packed.edges) - 1

    def num_tokens(self, num_sequences: int) -> int:
        """Tokens of the first so many sequences, without what fills them up."""
        return int(self._tokens_before[num_sequences])

    def cut_documents(self, num_sequences: int) -> set[str]:
        """Documents of which the first so many sequences hold a part of a piece: those with a piece longer than a sequence."""
        runs = slice(self._packed.edges[num_sequences])
        positions = self._packed.positions[runs]
        is_part = self._packed.ends[runs] - self._packed.starts[runs] < self._lengths[positions]
        return {self.doc_ids[position] for position in np.unique(positions[is_part]).tolist()}

    def segments(self, index: int) -> list[Segment]:
        """The segments of sequence `index`, in the mixture's order."""
        first, last = self._packed.edges[index : index + 2].tolist()
        columns = (self._packed.positions[first:last], self._packed.starts[first:last], self._packed.ends[first:last])
        return list(map(Segment, *(column.tolist() for column in columns)))


def count_steps(order: PackedOrder, params: CheckpointParams) -> int:
    """Whole optimizer steps that the mixture holds; the few sequences left over are not trained on.

    Raises:
        OperatorError: not even one.
    """
    num_steps = order.num_sequences // params.batch_sequences
    if num_steps == 0:
        raise OperatorError(
            f"checkpoint: the mixture holds {order.num_sequences} sequences of {params.seq_len_tokens} tokens, and one "
            f"step takes {params.batch_sequences}. Nothing could be trained. Raise mixture.num_tokens, take in more texts, or "
            "lower checkpoint.batch_sequences."
        )
    return num_steps


def read_sequence(order: PackedOrder, tokens: PlainTokens, index: int) -> list[Tokens]:
    """The tokens of sequence `index`, a part for each segment."""
    return [tokens.piece(order.shards[at], order.rows[at], start, end) for at, start, end in order.segments(index)]


def make_batch(sequences: Sequence[Sequence[Tokens]], width: int) -> Batch:
    """Sequences, each given as its parts, as rows of `width`; what is short is filled at the end with a segment of no targets."""
    shape = (len(sequences), width)
    zeros, ignored = np.zeros(shape, np.int64), np.full(shape, IGNORED_LABEL, np.int64)
    batch = Batch(zeros, zeros.copy(), zeros.copy(), ignored)
    for b, parts in enumerate(sequences):
        at = 0
        for number, part in enumerate(parts):
            here = slice(at, at + len(part))
            batch.input_ids_BT[b, here] = part
            batch.position_ids_BT[b, here] = np.arange(len(part))
            batch.segments_BT[b, here] = number
            batch.labels_BT[b, at + 1 : at + len(part)] = part[1:]
            at += len(part)
        batch.segments_BT[b, at:] = len(parts)
        batch.position_ids_BT[b, at:] = np.arange(width - at)
    return batch


def attention_mask(segments_BT: IntArray) -> npt.NDArray[np.bool_]:
    """Which token may look at which, as (B, 1, T, T): at itself and what stands before it in its own segment."""
    same = segments_BT[:, :, None] == segments_BT[:, None, :]
    return (same & np.tri(segments_BT.shape[1], dtype=np.bool_))[:, None]
