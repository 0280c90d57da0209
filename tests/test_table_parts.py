"""Tables in parts: how they were cut does not show, and several sorted ones are read as one."""

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from latamgpt import table_format, table_parts
from latamgpt.table_format import parts_writer, write_table
from latamgpt.table_parts import merged

SCHEMA = pa.schema([pa.field("doc_id", pa.string(), nullable=False), pa.field("text", pa.string()), pa.field("n", pa.int64())])


def rows(number: int, seed: int = 1) -> pa.Table:
    draw = random.Random(seed)
    ids = sorted(f"{draw.randrange(10**9):09}" for _ in range(number))
    texts = [draw.choice(["", None, "ñandú " * draw.randrange(30)]) for _ in ids]
    return pa.table({"doc_id": ids, "text": texts, "n": list(range(number))}, SCHEMA)


def in_parts(path: Path, table: pa.Table, size: int) -> bytes:
    with parts_writer(path, SCHEMA) as parts:
        for first in range(0, table.num_rows, size):
            parts.add(table.slice(first, size))
    return path.read_bytes()


@pytest.mark.parametrize("number", [0, 1, 4096, 4097, 9000])
def test_parts_give_the_bytes_of_the_whole(tmp_path: Path, number: int) -> None:
    write_table(tmp_path / "whole", rows(number))
    for size in (7, 1000, 5000):
        assert in_parts(tmp_path / "parts", rows(number), size) == (tmp_path / "whole").read_bytes()


def test_groups_are_cut_by_size_wherever_parts_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_format, "MAX_GROUP_BYTES", 2000)
    table = pa.concat_tables([rows(300), pa.table({"doc_id": ["z"], "text": ["x" * 5000], "n": [1]}, SCHEMA), rows(3, seed=2)])
    written = {in_parts(tmp_path / "parts", table, size) for size in (1, 13, 1000)}
    assert len(written) == 1
    file = pq.ParquetFile(tmp_path / "parts")
    sizes = [sum(len(row["doc_id"]) + len((row["text"] or "").encode()) for row in file.read_row_group(group).to_pylist())
             for group in range(file.num_row_groups)]  # fmt: skip
    assert sizes.count(5001) == 1, "a row above the limit is a group of its own"
    assert max(size for size in sizes if size != 5001) <= 2000
    assert file.read().to_pylist() == table.to_pylist()


def test_sorted_files_are_read_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_format, "MAX_GROUP_BYTES", 3000)
    monkeypatch.setattr(table_parts, "ROWS_AT_ONCE", 40)
    tables = [rows(number, seed) for seed, number in enumerate([400, 0, 3, 900])]
    paths = [tmp_path / str(number) for number in range(len(tables))]
    for path, table in zip(paths, tables, strict=True):
        in_parts(path, table, 50)
    parts = list(merged(paths))
    assert len(parts) > 10
    assert pa.concat_tables(parts).to_pylist() == pa.concat_tables(tables).sort_by("doc_id").to_pylist()
    assert [part.column_names for part in merged(paths, ["doc_id", "n"])][0] == ["doc_id", "n"]


def test_a_file_that_is_not_sorted_is_refused(tmp_path: Path) -> None:
    table = rows(10)
    in_parts(tmp_path / "odd", pa.concat_tables([table.slice(5), table.slice(0, 5)]), 100)
    with pytest.raises(ValueError, match="odd is not sorted by doc_id"):
        list(merged([tmp_path / "odd"]))


def test_rows_are_taken_by_their_keys_and_left_out_by_them(tmp_path: Path) -> None:
    first, second = rows(100), rows(50, seed=2)
    in_parts(tmp_path / "a", first, 30)
    in_parts(tmp_path / "b", second, 30)
    ids, others = first["doc_id"].to_pylist(), second["doc_id"].to_pylist()
    taken = merged(
        [tmp_path / "a", tmp_path / "b"],
        only={tmp_path / "a": ids[10:], tmp_path / "b": None},
        but={tmp_path / "a": ids[:20], tmp_path / "b": others[:5]},
    )
    assert pa.concat_tables(taken)["doc_id"].to_pylist() == sorted([*ids[20:], *others[5:]])
