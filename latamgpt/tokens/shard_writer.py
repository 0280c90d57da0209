"""Shards of at most so many tokens, numbered, written as they fill."""

from pathlib import Path

import pyarrow as pa

from latamgpt.shards import TokenType, write_shard
from latamgpt.tokens.pieces import TokenisedDocument


class ShardWriter:
    """Writes folder/00000.parquet with its tokens and so on; a shard is full when the next piece would not fit."""

    def __init__(self, folder: Path, schema: pa.Schema, kind: TokenType, max_tokens: int) -> None:
        self.folder = folder
        self.schema = schema
        self.kind = kind
        self.max_tokens = max_tokens
        self.num_shards = 0
        self._rows: list[dict[str, object]] = []
        self._num_tokens = 0

    def add(self, document: TokenisedDocument) -> None:
        """Append a document's pieces; they may come to lie in two shards."""
        for row, piece in zip(document.rows(), document.pieces, strict=True):
            if self._rows and self._num_tokens + len(piece.tokens) > self.max_tokens:
                self._write()
            self._rows.append(row)
            self._num_tokens += len(piece.tokens)

    def close(self) -> None:
        """Write what is left. A side without a document still gets one shard, empty, so that every reader finds the schema."""
        if self._rows or self.num_shards == 0:
            self._write()

    def _write(self) -> None:
        write_shard(self.folder / f"{self.num_shards:05}.parquet", self._rows, self.schema, self.kind)
        self.num_shards += 1
        self._rows = []
        self._num_tokens = 0
