"""Token shards on disk: the tokens as one plain array that any tool can map into memory, beside a table of whose they are.

NNNNN.uint16 (or .uint32) holds little-endian numbers and nothing else: numpy.memmap(path, "<u2") reads it, as do the tools that
train on flat files of tokens. NNNNN.parquet has a row per piece of a document: where its tokens begin, and how many they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from latamgpt.errors import InputDamagedError
from latamgpt.table_format import write_table

Tokens = npt.NDArray[np.uint16 | np.uint32]
TokenType = np.dtype[np.uint16 | np.uint32]

TOKEN_TYPES: tuple[TokenType, ...] = (np.dtype("<u2"), np.dtype("<u4"))
RANGES = ("first_token", "num_tokens")


@dataclass(frozen=True)
class Shard:
    """The pieces of a shard, and its tokens, which are read from the disk when they are looked at."""

    pieces: pa.Table
    tokens: Tokens
    edges: npt.NDArray[np.int64]  # piece n is tokens edges[n] to edges[n + 1]

    def piece(self, row: int) -> Tokens:
        """The tokens of one row."""
        return self.tokens[self.edges[row] : self.edges[row + 1]]


def token_type(vocab_size: int) -> TokenType:
    """Two bytes a token where the vocabulary allows, else four."""
    return next(kind for kind in TOKEN_TYPES if vocab_size - 1 <= np.iinfo(kind).max)


def write_shard(table: Path, rows: Sequence[Mapping[str, object]], schema: pa.Schema, kind: TokenType) -> None:
    """Write pieces, each a row of the schema with its `tokens` instead of where they lie, as a table and an array."""
    parts = [np.asarray(row["tokens"], np.uint32) for row in rows]
    tokens = np.concatenate([np.zeros(0, np.uint32), *parts])
    if tokens.max(initial=0) > np.iinfo(kind).max:
        raise ValueError(f"{table}: token {tokens.max()} does not fit into {kind}")
    lengths = np.array([len(part) for part in parts], np.int64)
    ranges = {"first_token": np.cumsum(lengths) - lengths, "num_tokens": lengths}
    columns = {name: ranges[name] if name in ranges else [row[name] for row in rows] for name in schema.names}
    write_table(table, pa.table(columns, schema=schema))
    tokens.astype(kind).tofile(tokens_path(table, kind))


def read_shard(table: Path, columns: Sequence[str] = ()) -> Shard:
    """A shard with these columns of its pieces.

    Raises:
        InputDamagedError: its array of tokens is missing, or the table and the array are not of each other.
    """
    with pq.ParquetFile(table) as file:
        pieces = file.read(columns=[*columns, *RANGES])
    first, lengths = (pieces[name].to_numpy() for name in RANGES)
    edges = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    tokens = map_tokens(table)
    if len(tokens) != edges[-1] or not np.array_equal(first, edges[:-1]):
        raise InputDamagedError(
            f"{table} describes {edges[-1]:,} tokens one after the other, and the array beside it holds {len(tokens):,}, or "
            "their places differ. Tokens would be taken for another document's. Run `latamgpt stage token_shards` again."
        )
    return Shard(pieces.select(list(columns)), tokens, edges)


def map_tokens(table: Path) -> Tokens:
    """The tokens that lie beside a shard's table, mapped into memory."""
    found = [(path, kind) for kind in TOKEN_TYPES if (path := tokens_path(table, kind)).is_file()]
    if len(found) != 1:
        raise InputDamagedError(
            f"{table} has {len(found)} arrays of tokens beside it, and one is needed: of {TOKEN_TYPES[0].name} or of "
            f"{TOKEN_TYPES[1].name}. What the pieces hold cannot be read. Run `latamgpt stage token_shards` again."
        )
    [(path, kind)] = found
    if path.stat().st_size == 0:  # which cannot be mapped
        return np.zeros(0, kind)
    return np.asarray(np.memmap(path, kind, "r"))


def tokens_path(table: Path, kind: TokenType) -> Path:
    """Where the tokens of a shard lie, given its table."""
    return table.with_suffix(f".{kind.name}")
