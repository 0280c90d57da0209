"""Parquet: a row a record, under the columns that delivery.yaml names; read apart, since its footer may lie about anything."""

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from latamgpt.errors import quoted
from latamgpt.intake.answers import checked
from latamgpt.intake.delivery import Fields
from latamgpt.intake.found import Found
from latamgpt.intake.licences import FIELDS
from latamgpt.intake.limited import run_limited
from latamgpt.intake.quarantine import Reason, Rejected, SetAside
from latamgpt.intake.records_files import document_of
from latamgpt.intake.source import Source
from latamgpt.intake.stated import is_stated_in

ROWS_AT_ONCE = 64
ROW_BYTES = 16  # that the smallest row is counted as: a file of a billion empty ones ends too
OBJECT_BYTES = 256  # that a row takes beside its bytes once it is read
PAGE_BYTES = 8 << 20  # that are handed back at a time


def read_parquet(source: Source, name: str) -> Iterator[Found | SetAside]:
    """Every row a document; one without a text, or above the cap of a record, is set aside by its number."""
    fields, budget = source.delivery.fields, source.budget
    path = str(source.place(name))
    ends = checked(
        list[int], _apart(find_pages, name, path, name, fields.named, budget.max_file_bytes), name, Reason.PARQUET_INVALID
    )
    for first, end in pairwise([0, *ends]):
        answer = _apart(read_page, name, path, fields.named, first, end, budget.max_record_bytes)
        rows = checked(list[dict[str, str | None] | int], answer, name, Reason.PARQUET_INVALID)
        for number, values in enumerate(rows, start=first + 1):
            yield _row(fields, f"{name}#{number}", values)


def _apart(function: Callable[..., object], name: str, *args: object) -> object:
    return run_limited(function, args, name=name, reason=Reason.PARQUET_INVALID)


def _row(fields: Fields, path: str, values: Mapping[str, str | None] | int) -> Found | SetAside:
    if isinstance(values, int):
        return SetAside(path, Reason.TOO_LARGE, f"the row holds {values:,} bytes, above the cap", values)
    try:
        return document_of(fields, path, values)
    except Rejected as rejected:
        return SetAside(path, rejected.reason, rejected.detail, _num_bytes(values))


def _num_bytes(values: Mapping[str, str | None]) -> int:
    return sum(len(value.encode("utf-8")) for value in values.values() if value is not None)


def find_pages(path: str, name: str, named: list[str], max_file_bytes: int) -> list[int]:
    """Where the pages of a file end, in rows, after all of it was read once; for a limited process.

    Raises:
        Rejected: parquet_invalid, too_large.
    """
    with _opened(path) as file:
        columns = file.schema_arrow.names
        missing = [column for column in named if column not in columns]
        if missing or len(set(columns)) < len(columns):
            what = f"has no column {quoted(missing[0])}" if missing else "names a column twice"
            raise Rejected(Reason.PARQUET_INVALID, f"{name} {what}: it holds {len(columns)} columns")
        num_rows = num_bytes = page_bytes = 0
        ends: list[int] = []
        for batch in _batches(file, named):
            num_bytes += batch.nbytes + ROW_BYTES * batch.num_rows
            if num_bytes > max_file_bytes:
                raise Rejected(Reason.TOO_LARGE, f"{name} holds more than {max_file_bytes:,} bytes, reading stopped")
            for part in _parts(batch):
                part_bytes = part.nbytes + OBJECT_BYTES * part.num_rows
                page_bytes += part_bytes
                if num_rows and page_bytes > PAGE_BYTES:
                    ends.append(num_rows)
                    page_bytes = part_bytes
                num_rows += part.num_rows
        if num_rows != file.metadata.num_rows:
            detail = f"the footer of {name} promises {file.metadata.num_rows:,} rows and {num_rows:,} were read: ask for it anew"
            raise Rejected(Reason.PARQUET_INVALID, detail)
    return [*ends, num_rows]


def read_page(path: str, named: list[str], first: int, end: int, cap: int) -> list[dict[str, str | None] | int]:
    """The rows from one number to before another: the named columns, and those that hold a licence by their name.

    Of a row above the cap there is only its size in bytes.
    """
    rows: list[dict[str, str | None] | int] = []
    number = 0
    with _opened(path) as file:
        for part in (part for batch in _batches(file, named) for part in _parts(batch)):
            if first <= number < end:
                rows += [_within(row, cap) for row in part.to_pylist()]
            number += part.num_rows
            if number >= end:
                break
    return rows


def _within(row: Mapping[str, object], cap: int) -> dict[str, str | None] | int:
    values = {key: value if isinstance(value, str) else None if value is None else str(value) for key, value in row.items()}
    num_bytes = _num_bytes(values)
    return num_bytes if num_bytes > cap else values


def _parts(batch: pa.RecordBatch) -> list[pa.RecordBatch]:
    """A batch whole, or row by row where it is a page and more."""
    return [batch] if batch.nbytes <= PAGE_BYTES else [batch.slice(number, 1) for number in range(batch.num_rows)]


def _opened(path: str) -> pq.ParquetFile:
    return pq.ParquetFile(Path(path), memory_map=False, pre_buffer=False, page_checksum_verification=True)


def _batches(file: pq.ParquetFile, named: list[str]) -> Iterator[pa.RecordBatch]:
    """All rows, cut in the same places each time."""
    columns = [column for column in file.schema_arrow.names if column in named or _is_asked_for(column)]
    for batch in file.iter_batches(ROWS_AT_ONCE, columns=columns, use_threads=False):
        yield _in_words(batch, named)


def _is_asked_for(column: str) -> bool:
    return column.strip().casefold() in FIELDS or is_stated_in(column)


def _in_words(batch: pa.RecordBatch, named: list[str]) -> pa.RecordBatch:
    """Days and times as text: Arrow holds some that no calendar has, and reading one as a day would refuse the file.

    A column that only its name asks for and that is of no plain type stays unread: it holds no date and no word for a kind.
    """
    kept: dict[str, pa.Array] = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if pa.types.is_timestamp(column.type):
            kept[name] = column.cast(pa.timestamp(column.type.unit)).cast(pa.string())  # a zone that is not known is no fault
        elif pa.types.is_date(column.type):
            kept[name] = column.cast(pa.string())
        elif name in named or not is_stated_in(name) or not pa.types.is_nested(column.type):
            kept[name] = column
    return pa.RecordBatch.from_pydict(kept)
