"""Tables larger than memory: written while their rows come, and several sorted ones read as one, some rows at a time."""

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from latamgpt.store import PARQUET_ROWS_PER_GROUP, Packing, parquet_writer

# R rows

ROWS_AT_ONCE = 1024  # of a file, or that are Python values
READ_BYTES = 1 << 18  # of a column that are read from a disk at a time: else a row group's, of each file
MAX_GROUP_BYTES = 12 << 20
"""Of strings and lists, below the 16 MiB at which pyarrow's buffer for a page of large texts doubles. A group of 4,096 documents
of common length is smaller and ends by its number of rows."""


class PartsWriter:
    """Writes a Parquet file from parts. How the rows were cut into parts does not show in its bytes."""

    def __init__(self, writer: pq.ParquetWriter, schema: pa.Schema) -> None:
        self._writer = writer
        self._schema = schema
        self._waiting = schema.empty_table()
        self._sizes_R = np.zeros(0, np.int64)  # in bytes, of the rows that wait
        self._num_groups = 0

    def add(self, part: pa.Table) -> None:
        """Put rows behind those that are there."""
        self._waiting = pa.concat_tables([self._waiting, part])
        self._sizes_R = np.concatenate([self._sizes_R, _sizes(part)])
        while (num_rows := _rows_of_a_group(self._sizes_R)) < self._waiting.num_rows:
            self._write(num_rows)

    def close(self) -> None:
        """Write what still waits; a table without rows is one group without rows."""
        if self._waiting.num_rows or not self._num_groups:
            self._write(self._waiting.num_rows)

    def _write(self, num_rows: int) -> None:
        group = self._waiting.slice(0, num_rows).replace_schema_metadata(None).combine_chunks()
        self._writer.write_table(group, row_group_size=PARQUET_ROWS_PER_GROUP)
        self._waiting, self._sizes_R = self._waiting.slice(num_rows).combine_chunks(), self._sizes_R[num_rows:]
        self._num_groups += 1


@contextmanager
def parts_writer(path: Path, schema: pa.Schema, packing: Packing = Packing.PUBLISHED) -> Generator[PartsWriter]:
    """A file with the bytes that `store.write_table` gives for the same rows, wherever no group is cut by its size."""
    with parquet_writer(path, schema, packing) as writer:
        parts = PartsWriter(writer, schema)
        yield parts
        parts.close()


def _rows_of_a_group(sizes_R: NDArray[np.int64]) -> int:
    """How many rows the next group has: all of them, where more could still join it."""
    fitting = int(np.searchsorted(np.cumsum(sizes_R), MAX_GROUP_BYTES, side="right"))
    return min(max(fitting, 1), PARQUET_ROWS_PER_GROUP, len(sizes_R))


def _sizes(table: pa.Table) -> NDArray[np.int64]:
    """How many bytes of strings and lists each row has."""
    sizes_R = np.zeros(table.num_rows, np.int64)
    for column in table.columns:
        if pa.types.is_string(column.type) or pa.types.is_binary(column.type):
            sizes_R += _lengths("binary_length", column)
        elif pa.types.is_list(column.type):
            sizes_R += _lengths("list_value_length", column) * (column.type.value_type.bit_width // 8)
    return sizes_R


def _lengths(function: str, column: pa.ChunkedArray) -> NDArray[np.int64]:
    return _call(function, column).fill_null(0).to_numpy().astype(np.int64)


def merged(
    paths: Sequence[Path],
    columns: list[str] | None = None,
    key: str = "doc_id",
    only: Mapping[Path, Collection[str] | None] | None = None,
    but: Mapping[Path, Collection[str]] | None = None,
) -> Iterator[pa.Table]:
    """The rows of several files, each sorted by the key, as one sorted table in parts; memory holds ROWS_AT_ONCE rows of each.

    Args:
        paths: no key stands in two of them.
        columns: all, where none are named.
        key: the column by which each is sorted.
        only: for a file, the keys of the rows that are taken from it; all where it has none here, or None.
        but: for a file, keys of rows that are left out.

    Raises:
        ValueError: a file is not sorted.
    """
    sources = [_Sorted(path, columns, key, (only or {}).get(path), (but or {}).get(path, ())) for path in paths]
    while sources := [source for source in sources if source.has_rows()]:
        bound = min(source.last_key() for source in sources)
        ready = [rows for rows in (source.up_to(bound) for source in sources) if rows.num_rows]
        yield ready[0] if len(ready) == 1 else pa.concat_tables(ready).sort_by(key)


def rows_of(table: pa.Table) -> Iterator[dict[str, Any]]:
    """The rows of a table as Python values, some at a time."""
    for batch in table.to_batches(ROWS_AT_ONCE):
        yield from batch.to_pylist()


def having(table: pa.Table, keys: Collection[object], key: str = "doc_id") -> pa.Table:
    """The rows whose key is among these."""
    return table.filter(_are_among(table[key], keys))


def without(table: pa.Table, keys: Collection[object], key: str = "doc_id") -> pa.Table:
    """The rows whose key is not among these."""
    if not keys:
        return table
    return table.filter(_call("invert", _are_among(table[key], keys)))


def _are_among(column: pa.ChunkedArray, keys: Collection[object]) -> pa.ChunkedArray:
    """For each value whether it is one of the keys, which are many more where a table is read in parts."""
    if len(keys) <= len(column):
        return pc.call_function("is_in", [column], pc.SetLookupOptions(pa.array(list(keys), column.type)))
    return pa.chunked_array([[one in keys for one in column.to_pylist()]], pa.bool_())


def _batches(path: Path, columns: list[str] | None) -> Iterator[pa.RecordBatch]:
    """A file's rows, ROWS_AT_ONCE at a time; pyarrow lets go of what it has read when a reader ends, so each reads one group."""
    with pq.ParquetFile(path, buffer_size=READ_BYTES) as file:
        for group in range(file.num_row_groups):
            yield from file.iter_batches(ROWS_AT_ONCE, row_groups=[group], columns=columns)


class _Sorted:
    """One sorted file: the rows that are being read, without those that were taken."""

    def __init__(
        self, path: Path, columns: list[str] | None, key: str, only: Collection[str] | None, but: Collection[str]
    ) -> None:
        self._path, self._key, self._only, self._but = path, key, only, but
        self._batches = _batches(path, columns)
        self._rows: pa.Table | None = None
        self._before = ""

    def has_rows(self) -> bool:
        while self._rows is None or not self._rows.num_rows:
            batch = next(self._batches, None)
            if batch is None:
                return False
            rows = pa.Table.from_batches([batch])
            self._check(rows[self._key])
            mine = rows if self._only is None else having(rows, self._only, self._key)
            self._rows = without(mine, self._but, self._key)
        return True

    def _check(self, keys: pa.ChunkedArray) -> None:
        if not len(keys):
            return
        falling = _call("greater", keys[:-1], keys[1:])
        if self._before > keys[0].as_py() or _call("any", falling).as_py():
            raise ValueError(f"{self._path} is not sorted by {self._key}")
        self._before = keys[-1].as_py()

    def last_key(self) -> str:
        assert self._rows is not None
        return str(self._rows[self._key][-1])

    def up_to(self, bound: str) -> pa.Table:
        """Take the rows whose key is not above the bound."""
        assert self._rows is not None
        number = _call("sum", _call("less_equal", self._rows[self._key], pa.scalar(bound))).as_py()
        taken, self._rows = self._rows.slice(0, number), self._rows.slice(number)
        return taken


def _call(function: str, *columns: pa.ChunkedArray | pa.Scalar) -> Any:
    return pc.call_function(function, list(columns))
