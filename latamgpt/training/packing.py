"""Documents as training sequences of one length: which tokens of which piece make sequence i.

The pieces of the mixture are packed by `best_fit`. So which document a step sees is a pure function of the mixture and an index,
whatever the number of ranks, and after every resume.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from latamgpt.errors import OperatorError
from latamgpt.params import CheckpointParams
from latamgpt.records import MIXTURE_SCHEMA
from latamgpt.store import read_table
from latamgpt.training.best_fit import IntArray, pack


class Segment(NamedTuple):
    """A run of tokens of one piece: tokens `start` to `end` of the piece in mixture row `position`."""

    position: int
    start: int
    end: int


class PackedOrder:
    """Which segments make sequence i; reads the mixture's table, no tokens."""

    def __init__(self, mixture: Path, params: CheckpointParams):
        table = read_table(mixture / "mixture.parquet", MIXTURE_SCHEMA).sort_by("position")
        self.doc_ids: list[str] = table["doc_id"].to_pylist()
        self.shards: list[str] = table["shard"].to_pylist()
        self.rows: list[int] = table["row"].to_pylist()
        self.epochs: list[int] = table["epoch"].to_pylist()
        self._lengths: IntArray = table["num_tokens"].to_numpy().astype(np.int64)
        self.packed = pack(self._lengths, params.seq_len_tokens, params.packing_window_sequences)
        self._tokens_before = np.concatenate([[0], np.cumsum(self.packed.ends - self.packed.starts)])[self.packed.edges]

    @property
    def num_sequences(self) -> int:
        """How many sequences the whole mixture makes."""
        return len(self.packed.edges) - 1

    def num_tokens(self, num_sequences: int) -> int:
        """Tokens of the first so many sequences, without what fills them up."""
        return int(self._tokens_before[min(num_sequences, self.num_sequences)])

    def num_targets(self, first: int, last: int) -> int:
        """Tokens of sequences `first` to `last` that are predicted: all but the first of every segment."""
        first, last = min(first, self.num_sequences), min(last, self.num_sequences)
        return self.num_tokens(last) - self.num_tokens(first) - int(self.packed.edges[last] - self.packed.edges[first])

    def cut_documents(self, num_sequences: int) -> set[str]:
        """Documents of which the first so many sequences hold a part of a piece: those with a piece longer than a sequence."""
        runs = slice(self.packed.edges[min(num_sequences, self.num_sequences)])
        positions = self.packed.positions[runs]
        is_part = self.packed.ends[runs] - self.packed.starts[runs] < self._lengths[positions]
        return {self.doc_ids[position] for position in np.unique(positions[is_part]).tolist()}

    def segments(self, index: int) -> list[Segment]:
        """The segments of sequence `index`, in the mixture's order; none behind the last sequence."""
        if index >= self.num_sequences:
            return []
        first, last = self.packed.edges[index : index + 2].tolist()
        columns = (self.packed.positions[first:last], self.packed.starts[first:last], self.packed.ends[first:last])
        return list(map(Segment, *(column.tolist() for column in columns)))


def count_steps(order: PackedOrder, params: CheckpointParams) -> int:
    """Optimizer steps in which every sequence of the mixture is trained on once; of the last step's batch a part may be empty.

    Raises:
        OperatorError: not even one batch is full.
    """
    if order.num_sequences < params.batch_sequences:
        raise OperatorError(
            f"checkpoint: the mixture holds {order.num_sequences} sequences of {params.seq_len_tokens} tokens, and one "
            f"step takes {params.batch_sequences}. Most of it would be empty. Raise mixture.num_tokens, take in more texts, or "
            "lower checkpoint.batch_sequences."
        )
    return -(-order.num_sequences // params.batch_sequences)
