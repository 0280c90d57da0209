"""Documents as training sequences of one length, where no token sees another document.

The pieces of the mixture, in its order, make one long row of tokens; sequence i is tokens i*T to (i+1)*T of it. So which document
a step sees is a pure function of the mixture and an index, whatever the number of ranks, and after every resume.
"""
# B sequences of a batch  T tokens of a sequence

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from latamgpt.records import MIXTURE_SCHEMA
from latamgpt.store import read_table

IGNORED_LABEL = -100  # what torch's cross entropy leaves out
SHARDS_IN_MEMORY = 4

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Segment:
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

    def __init__(self, mixture: Path, seq_len_tokens: int):
        table = read_table(mixture / "mixture.parquet", MIXTURE_SCHEMA).sort_by("position")
        self.seq_len_tokens = seq_len_tokens
        self.doc_ids: list[str] = table["doc_id"].to_pylist()
        self.shards: list[str] = table["shard"].to_pylist()
        self.rows: list[int] = table["row"].to_pylist()
        self.epochs: list[int] = table["epoch"].to_pylist()
        self._ends = np.cumsum(table["num_tokens"].to_numpy(), dtype=np.int64)

    @property
    def num_sequences(self) -> int:
        """Whole sequences; what is left at the end is not trained on."""
        return int(self._ends[-1]) // self.seq_len_tokens if len(self._ends) else 0

    def segments(self, index: int) -> list[Segment]:
        """The segments of sequence `index`, in order."""
        first, last = index * self.seq_len_tokens, (index + 1) * self.seq_len_tokens
        found: list[Segment] = []
        position = int(np.searchsorted(self._ends, first, side="right"))
        while first < last:
            end = int(self._ends[position])
            begin = int(self._ends[position - 1]) if position else 0
            until = min(end, last)
            if until > first:
                found.append(Segment(position, first - begin, until - begin))
            first, position = until, position + 1
        return found


class ShardTokens:
    """Tokens of pieces, with the shards read last kept in memory."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._open: OrderedDict[str, tuple[IntArray, npt.NDArray[np.uint32]]] = OrderedDict()

    def piece(self, shard: str, row: int) -> npt.NDArray[np.uint32]:
        """The tokens of one row of a shard."""
        if shard not in self._open:
            column = pq.read_table(self._folder / shard, columns=["tokens"])["tokens"].combine_chunks()
            lists = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
            self._open[shard] = (lists.offsets.to_numpy().astype(np.int64), lists.values.to_numpy())
            if len(self._open) > SHARDS_IN_MEMORY:
                self._open.popitem(last=False)
        self._open.move_to_end(shard)
        offsets, values = self._open[shard]
        return values[offsets[row] : offsets[row + 1]]


def read_sequence(order: PackedOrder, tokens: ShardTokens, index: int) -> list[npt.NDArray[np.uint32]]:
    """The tokens of sequence `index`, a part for each segment."""
    return [tokens.piece(order.shards[s.position], order.rows[s.position])[s.start : s.end] for s in order.segments(index)]


def make_batch(sequences: Sequence[Sequence[npt.NDArray[np.uint32]]], width: int) -> Batch:
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
