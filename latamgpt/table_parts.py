"""Several sorted tables, larger than memory, read as one, some rows at a time; and rows chosen by their key."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from latamgpt.pandas_later import put_off_pandas

put_off_pandas()

ROWS_AT_ONCE = 1024  # of a file, or that are Python values
READ_BYTES = 1 << 18  # of a column that are read from a disk at a time: else a row group's, of each file


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
