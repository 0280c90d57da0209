"""Tables that are written while their rows come: a row group at a time, so that memory holds one of them."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from latamgpt.store import PARQUET_ROWS_PER_GROUP, parquet_writer, rows_to_table

MAX_GROUP_BYTES = 16 << 20
"""Of texts and other strings. A group of 4,096 documents of common length is smaller and ends by its number of rows."""


def write_rows(path: Path, rows: Iterable[Mapping[str, object]], schema: pa.Schema) -> None:
    """Write rows as Parquet: the bytes that `store.write_table` gives for them, wherever no group is cut by its size."""
    with parquet_writer(path, schema) as writer:
        num_groups = 0
        for group in _groups(rows):
            writer.write_table(rows_to_table(group, schema), row_group_size=PARQUET_ROWS_PER_GROUP)
            num_groups += 1
        if not num_groups:
            writer.write_table(schema.empty_table(), row_group_size=PARQUET_ROWS_PER_GROUP)


def _groups(rows: Iterable[Mapping[str, object]]) -> Iterator[list[dict[str, object]]]:
    group: list[dict[str, object]] = []
    num_bytes = 0
    for row in rows:
        size = sum(len(value) for value in row.values() if isinstance(value, str | bytes))
        if group and (len(group) == PARQUET_ROWS_PER_GROUP or num_bytes + size > MAX_GROUP_BYTES):
            yield group
            group, num_bytes = [], 0
        group.append(dict(row))
        num_bytes += size
    if group:
        yield group
