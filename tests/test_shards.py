"""Shards on disk: what is written is read, by plain tools too, and tokens never pass for another document's."""

from pathlib import Path

import numpy as np
import pytest

from latamgpt.errors import InputDamagedError
from latamgpt.records import TOKEN_SHARD_SCHEMA
from latamgpt.shards import TOKEN_TYPES, read_shard, token_type, write_shard
from latamgpt.store import Workspace
from tests.builders import publish_shards, read_pieces, shard_row

PIECES = [[5, 6, 7], [], [9, 65_535]]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    write(tmp_path / "00000.parquet", PIECES, 65_536)
    return tmp_path / "00000.parquet"


def write(table: Path, pieces: list[list[int]], vocab_size: int) -> None:
    rows = [shard_row(f"d{number}", tokens) for number, tokens in enumerate(pieces)]
    write_shard(table, rows, TOKEN_SHARD_SCHEMA, token_type(vocab_size))


def test_every_piece_reads_as_it_was_written(table: Path) -> None:
    shard = read_shard(table, ["doc_id"])
    assert [shard.piece(row).tolist() for row in range(3)] == PIECES
    assert shard.pieces.to_pylist() == [{"doc_id": f"d{n}"} for n in range(3)]


def test_tokens_are_a_plain_array_for_any_tool(table: Path) -> None:
    assert np.fromfile(table.with_suffix(".uint16"), "<u2").tolist() == [5, 6, 7, 9, 65_535]
    assert [(row["first_token"], row["num_tokens"]) for row in read_pieces(table)] == [(0, 3), (3, 0), (3, 2)]


def test_a_larger_vocabulary_takes_four_bytes_a_token(tmp_path: Path) -> None:
    write(tmp_path / "00000.parquet", [[65_536]], 65_537)
    assert np.fromfile(tmp_path / "00000.uint32", "<u4").tolist() == [65_536]
    assert read_shard(tmp_path / "00000.parquet").piece(0).tolist() == [65_536]


def test_a_token_that_does_not_fit_is_never_cut_down_in_silence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="token 65536 does not fit into uint16"):
        write(tmp_path / "00000.parquet", [[65_536]], 65_536)


def test_a_shard_without_a_piece_reads_as_empty(tmp_path: Path) -> None:
    write(tmp_path / "00000.parquet", [], 300)
    assert read_shard(tmp_path / "00000.parquet").tokens.tolist() == []


def test_an_array_of_another_table_is_refused(table: Path) -> None:
    np.array([5, 6, 7, 9], "<u2").tofile(table.with_suffix(".uint16"))
    with pytest.raises(InputDamagedError, match="describes 5 tokens one after the other, and the array beside it holds 4"):
        read_shard(table)


@pytest.mark.parametrize("kept", [(), TOKEN_TYPES], ids=["none", "two"])
def test_a_table_needs_one_array_of_tokens(table: Path, kept: tuple["np.dtype[np.uint16]", ...]) -> None:
    table.with_suffix(".uint16").unlink()
    for kind in kept:
        np.zeros(5, kind).tofile(table.with_suffix(f".{kind.name}"))
    with pytest.raises(InputDamagedError, match=f"has {len(kept)} arrays of tokens beside it"):
        read_shard(table)


def test_a_flipped_bit_in_published_tokens_is_found_where_they_are_read(workspace: Workspace) -> None:
    publish_shards(workspace, [shard_row("d0", [5, 6, 7])])
    path = workspace.place("token_shards") / "train" / "00000.uint16"
    content = bytearray(path.read_bytes())
    content[2] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputDamagedError, match=r"train/00000\.uint16: sha256 is"):
        workspace.read("token_shards")
