"""Tokens laid out plainly: each row of each shard, as it is in Parquet."""

from pathlib import Path

import numpy as np
import pytest

from latamgpt.records import TOKEN_SHARD_SCHEMA
from latamgpt.store import rows_to_table, write_table
from latamgpt.training.plain_tokens import PlainTokens, lay_out
from tests.builders import shard_row

SHARDS = {"train/00000.parquet": [[5, 6, 7], [], [9]], "train/00001.parquet": [[70_000], [1, 2]]}


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    for name, pieces in SHARDS.items():
        rows = [shard_row(f"d{number}", tokens) for number, tokens in enumerate(pieces)]
        write_table(tmp_path / "shards" / name, rows_to_table(rows, TOKEN_SHARD_SCHEMA))
    return tmp_path / "shards"


def test_every_piece_reads_as_its_row_of_the_shard(shards: Path, tmp_path: Path) -> None:
    lay_out(shards, SHARDS, tmp_path / "plain")
    tokens = PlainTokens(tmp_path / "plain")
    for name, pieces in SHARDS.items():
        assert [tokens.piece(name, row, 0, len(piece)).tolist() for row, piece in enumerate(pieces)] == pieces
    assert tokens.piece("train/00000.parquet", 0, 1, 3).tolist() == [6, 7]


def test_tokens_take_two_bytes_where_a_shard_allows_it(shards: Path, tmp_path: Path) -> None:
    lay_out(shards, SHARDS, tmp_path)
    tokens = PlainTokens(tmp_path)
    assert [tokens.piece(name, 0, 0, 1).dtype for name in SHARDS] == [np.uint16, np.uint32]


def test_laid_out_again_leaves_a_reader_what_it_had(shards: Path, tmp_path: Path) -> None:
    lay_out(shards, SHARDS, tmp_path)
    read = PlainTokens(tmp_path).piece("train/00000.parquet", 0, 0, 3)
    write_table(shards / "train/00000.parquet", rows_to_table([shard_row("d0", [1, 1, 1])], TOKEN_SHARD_SCHEMA))
    lay_out(shards, SHARDS, tmp_path)
    assert read.tolist() == [5, 6, 7]
    assert PlainTokens(tmp_path).piece("train/00000.parquet", 0, 0, 3).tolist() == [1, 1, 1]
