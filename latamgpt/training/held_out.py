"""Bits per byte of held-out text per language, for the curve during training; the scorecard measures in full."""

import math
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from latamgpt.shards import Tokens, read_shard
from latamgpt.training.batches import Batch, make_batch


@dataclass(frozen=True)
class HeldOut:
    """Held-out text of one language as batches, and what turns its nats into bits per byte."""

    language: str
    batches: tuple[Batch, ...]
    tokens_per_byte: float

    def bits_per_byte(self, nats: list[float]) -> float:
        """Nats of all batches as bits per byte: the mean over predicted tokens, times tokens per byte."""
        num_targets = sum(batch.num_targets for batch in self.batches)
        return math.fsum(nats) / num_targets / math.log(2) * self.tokens_per_byte


def read_held_out(shards: Path, max_tokens: int, width: int, batch_sequences: int) -> list[HeldOut]:
    """Up to `max_tokens` tokens of every language that has held-out text, in the order of the shards."""
    parts: dict[str, list[Tokens]] = defaultdict(list)
    num_tokens: dict[str, int] = defaultdict(int)
    num_bytes: dict[str, int] = defaultdict(int)
    for path in sorted((shards / "held_out").glob("*.parquet")):
        shard = read_shard(path, ["language", "num_bytes"])
        for row, (language, size) in enumerate(zip(*(column.to_pylist() for column in shard.pieces.columns), strict=True)):
            piece = shard.piece(row)
            if num_tokens[language] < max_tokens and len(piece) > 1:
                room = max_tokens - sum(len(part) for part in parts[language])
                parts[language] += cut(piece[:room], width)
                num_tokens[language] += len(piece)
                num_bytes[language] += size
    return [
        HeldOut(language, tuple(_batches(parts[language], width, batch_sequences)), num_tokens[language] / num_bytes[language])
        for language in sorted(parts)
        if any(len(part) > 1 for part in parts[language])
    ]


def cut(piece: Tokens, width: int) -> list[Tokens]:
    """A piece in parts of at most `width` tokens."""
    return [piece[start : start + width] for start in range(0, len(piece), width)]


def _batches(parts: list[Tokens], width: int, batch_sequences: int) -> list[Batch]:
    rows: list[list[Tokens]] = [[]]
    for part in parts:
        if sum(len(other) for other in rows[-1]) + len(part) > width:
            rows.append([])
        rows[-1].append(part)
    return [make_batch(rows[start : start + batch_sequences], width) for start in range(0, len(rows), batch_sequences)]
