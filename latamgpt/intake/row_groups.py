"""Tables whose rows come one by one: memory holds a row group of them."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from latamgpt.store import rows_to_table
from latamgpt.table_format import parts_writer

ROWS_AT_ONCE = 256
BYTES_AT_ONCE = 1 << 20  # of strings


def write_rows(path: Path, rows: Iterable[Mapping[str, object]], schema: pa.Schema) -> None:
    """Write rows as Parquet: the bytes that `store.write_table` gives for them, wherever no group is cut by its size."""
    with parts_writer(path, schema) as parts:
        for some in _parts(rows):
            parts.add(rows_to_table(some, schema))


def _parts(rows: Iterable[Mapping[str, object]]) -> Iterator[list[dict[str, object]]]:
    part: list[dict[str, object]] = []
    num_bytes = 0
    for row in rows:
        part.append(dict(row))
        num_bytes += sum(len(value) for value in row.values() if isinstance(value, str | bytes))
        if len(part) == ROWS_AT_ONCE or num_bytes > BYTES_AT_ONCE:
            yield part
            part, num_bytes = [], 0
    if part:
        yield part
