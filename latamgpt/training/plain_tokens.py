"""The shards' tokens as plain files that are mapped into memory, so that any piece is read without its neighbours.

A training reads pieces in the mixture's order, which jumps from shard to shard; out of Parquet each jump decodes a shard.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

Tokens = npt.NDArray[np.uint16] | npt.NDArray[np.uint32]


def lay_out(shards: Path, names: Iterable[str], folder: Path) -> None:
    """Write the tokens of these shards as two arrays each, of tokens and of where each row begins, over what is there.

    A token takes two bytes where all of its shard fit into them. Each file is replaced whole: its readers keep what they had.
    """
    for name in names:
        chunks = pq.read_table(shards / name, columns=["tokens"])["tokens"].chunks
        tokens = np.concatenate([chunk.flatten().to_numpy() for chunk in chunks])
        lengths = np.concatenate([chunk.value_lengths().to_numpy() for chunk in chunks])
        is_small = int(tokens.max(initial=0)) <= np.iinfo(np.uint16).max
        _save(_tokens_path(folder, name), tokens.astype(np.uint16) if is_small else tokens)
        _save(_edges_path(folder, name), np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]))


class PlainTokens:
    """Tokens of pieces, out of what `lay_out` wrote; a shard is mapped when it is first asked for."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._mapped: dict[str, tuple[Tokens, memoryview]] = {}

    def piece(self, shard: str, row: int, start: int, end: int) -> Tokens:
        """Tokens `start` to `end` of one row of a shard."""
        if shard not in self._mapped:
            tokens, edges = (
                np.load(at, mmap_mode="r") for at in (_tokens_path(self._folder, shard), _edges_path(self._folder, shard))
            )
            self._mapped[shard] = (np.asarray(tokens), memoryview(edges))  # out of a memoryview a number comes five times faster
        tokens, edges = self._mapped[shard]
        first = edges[row]
        return tokens[first + start : first + end]


def _tokens_path(folder: Path, shard: str) -> Path:
    return folder / f"{shard}.tokens.npy"


def _edges_path(folder: Path, shard: str) -> Path:
    return folder / f"{shard}.edges.npy"


def _save(path: Path, array: npt.NDArray[np.generic]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"draft-{path.name}")
    np.save(draft, array)
    draft.replace(path)
