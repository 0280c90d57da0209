"""How tables are written: the same rows give the same bytes, and how they were cut into parts does not show in them.

Every stage that publishes a table names this file in dvc.yaml: a change here changes the bytes of all of them.
"""

from collections.abc import Generator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from latamgpt.pandas_later import put_off_pandas

put_off_pandas()

# R rows

PARQUET_ROWS_PER_GROUP = 4096
MAX_GROUP_BYTES = 12 << 20
"""Of strings and lists, below the 16 MiB at which pyarrow's buffer for a page of large texts doubles. A group of 4,096 documents
of common length is smaller and ends by its number of rows."""


class Packing(StrEnum):
    """How a table is written."""

    PUBLISHED = "published"
    PASSING = "passing"  # larger, and several times as quick to write and read: for what this machine alone reads again


def write_table(path: Path, table: pa.Table) -> None:
    """Write Parquet with pinned options, so that the same rows give the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = table.replace_schema_metadata(None).combine_chunks()
    with parquet_writer(path, plain.schema) as writer:
        writer.write_table(plain, row_group_size=PARQUET_ROWS_PER_GROUP)


def parquet_writer(path: Path, schema: pa.Schema, packing: Packing = Packing.PUBLISHED) -> pq.ParquetWriter:
    """What writes Parquet with those options, for a table that comes in parts.

    Without dictionaries, which zstd makes superfluous: of texts and MinHash signatures no two are the same, and a seventh more
    bytes and a third more time went into tables of them. Level 2: a third less time than 3 for a seventh more bytes of text.
    """
    if packing is Packing.PASSING:
        return pq.ParquetWriter(path, schema, compression="lz4", use_dictionary=False, write_statistics=False, store_schema=False)
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=2,
        use_dictionary=False,
        write_statistics=[name for name in schema.names if name != "text"],  # pyright: ignore[reportArgumentType]
        version="2.6",
        data_page_version="1.0",
        store_schema=False,
    )


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
    """A file with the bytes that `write_table` gives for the same rows, wherever no group is cut by its size."""
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
    return pc.call_function(function, [column]).fill_null(0).to_numpy().astype(np.int64)
