"""Batches straight from the published shards, which are mapped into memory: no copy is laid out, nothing is decoded."""

from pathlib import Path

import numpy as np

from latamgpt.errors import InputDamagedError
from latamgpt.shards import read_shard
from latamgpt.training.batches import Batch
from latamgpt.training.packing import PackedOrder


class Loader:
    """Any sequences of a packed order, as a batch.

    Where each run of tokens lies (shard, first, last) is worked out once for the whole order, what fills a row up among it, as
    ranges of an array of zeros. A batch is then one copy of ranges that follow each other in that list. All shards are mapped at
    the beginning, so that a publication in the meantime does not pull the tokens from under a training.

    Raises:
        InputDamagedError: a shard's table and array are not of each other, or the shards are not of one vocabulary.
    """

    def __init__(self, order: PackedOrder, shards: Path, width: int):
        names = sorted(set(order.shards))
        number_of = {name: number for number, name in enumerate(names)}
        read = [read_shard(shards / name) for name in names]
        self.width = width
        self.num_sequences = order.num_sequences
        self._type = read[0].tokens.dtype
        if any(shard.tokens.dtype != self._type for shard in read):
            raise InputDamagedError(
                f"{shards}: some shards have two bytes a token and some four, so they are not of one vocabulary, and a number "
                "would stand for two tokens. Run `latamgpt stage token_shards` again."
            )
        arrays = [*(shard.tokens for shard in read), np.zeros(width, self._type)]
        self._views = [array.data for array in arrays]

        shard_of = np.array([number_of[name] for name in order.shards], np.int32)
        edges_before = np.cumsum([0, *(len(shard.edges) for shard in read)])
        begins = np.concatenate([shard.edges for shard in read])[edges_before[shard_of] + np.array(order.rows, np.int64)]

        packed = order.packed
        runs_begin = begins[packed.positions]
        self._tokens_of = np.diff(np.concatenate([[0], np.cumsum(packed.ends - packed.starts)])[packed.edges])
        short = np.flatnonzero(self._tokens_of < width)
        behind = packed.edges[short + 1]  # a row's filler stands behind its last run
        self._files = np.insert(shard_of[packed.positions], behind, len(read))
        self._firsts = np.insert(runs_begin + packed.starts, behind, self._tokens_of[short])
        self._lasts = np.insert(runs_begin + packed.ends, behind, width)
        self._edges = packed.edges + np.concatenate([[0], np.cumsum(self._tokens_of < width)])

    def batch(self, first: int, last: int, end: int | None = None) -> Batch:
        """Sequences `first` to `last`; a row at `end` or behind the last sequence of the order is filler from end to end."""
        num_rows, behind = last - first, min(last, self.num_sequences, last if end is None else end)
        runs = slice(*self._edges[[min(first, behind), behind]].tolist())
        firsts, lasts = self._firsts[runs], self._lasts[runs]
        num_empty = num_rows - max(behind - first, 0)
        views = self._views
        ranges = zip(self._files[runs].tolist(), firsts.tolist(), lasts.tolist(), strict=True)
        parts = [views[file][a:b] for file, a, b in ranges] + num_empty * [views[-1]]
        ids_BT = np.frombuffer(bytearray().join(parts), self._type).reshape(
            num_rows, self.width
        )  # 2.7 times np.concatenate's speed
        lengths = np.concatenate([lasts - firsts, np.full(num_empty, self.width)])
        num_tokens_B = np.concatenate([self._tokens_of[first:behind], np.zeros(num_empty, np.int64)])
        return Batch(ids_BT, np.concatenate([[0], np.cumsum(lengths)]), num_tokens_B)
