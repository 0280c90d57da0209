"""Parquet: a row a record, under the columns that delivery.yaml names; read apart, since its footer may lie about anything."""

from pathlib import Path

import pyarrow.parquet as pq

from latamgpt.errors import quoted
from latamgpt.intake.answers import checked
from latamgpt.intake.found import Reading
from latamgpt.intake.licences import FIELDS
from latamgpt.intake.limited import run_limited
from latamgpt.intake.quarantine import Reason, Rejected, SetAside
from latamgpt.intake.records_files import document_of
from latamgpt.intake.source import Source

ROWS_AT_ONCE = 64
ROW_BYTES = 16  # that the smallest row is counted as: a file of a billion empty ones ends too
MAX_BYTES = 1 << 30  # of address space: Arrow's libraries alone map 400 MB


def read_parquet(source: Source, name: str) -> Reading:
    """Every row a document; one without a text, or above the cap of a record, is set aside by its number."""
    fields, budget = source.delivery.fields, source.budget
    named = [column for column in (fields.text, fields.title, fields.language, fields.id) if column is not None]
    answer = run_limited(
        parse_parquet,
        [str(source.place(name)), name, named, budget.max_file_bytes],
        name=name,
        reason=Reason.PARQUET_INVALID,
        max_bytes=MAX_BYTES,
    )
    rows = checked(list[dict[str, str | None]], answer, name, Reason.PARQUET_INVALID)
    reading: Reading = []
    for number, values in enumerate(rows, start=1):
        path = f"{name}#{number}"
        num_bytes = sum(len(value.encode("utf-8")) for value in values.values() if value is not None)
        if num_bytes > budget.max_record_bytes:
            reading.append(SetAside(path, Reason.TOO_LARGE, f"the row holds {num_bytes:,} bytes, above the cap", num_bytes))
            continue
        try:
            reading.append(document_of(fields, path, values))
        except Rejected as rejected:
            reading.append(SetAside(path, rejected.reason, rejected.detail, num_bytes))
    return reading


def parse_parquet(path: str, name: str, named: list[str], max_file_bytes: int) -> list[dict[str, object]]:
    """The rows of a file: the named columns, and those that hold a licence by their name."""
    with pq.ParquetFile(Path(path), memory_map=False, pre_buffer=False, page_checksum_verification=True) as file:
        columns = file.schema_arrow.names
        missing = [column for column in named if column not in columns]
        if missing or len(set(columns)) < len(columns):
            what = f"has no column {quoted(missing[0])}" if missing else "names a column twice"
            raise Rejected(Reason.PARQUET_INVALID, f"{name} {what}: it holds {len(columns)} columns")
        wanted = [column for column in columns if column in named or column.strip().casefold() in FIELDS]
        rows: list[dict[str, object]] = []
        num_bytes = 0
        for batch in file.iter_batches(ROWS_AT_ONCE, columns=wanted, use_threads=False):
            num_bytes += batch.nbytes + ROW_BYTES * batch.num_rows
            if num_bytes > max_file_bytes:
                raise Rejected(Reason.TOO_LARGE, f"{name} holds more than {max_file_bytes:,} bytes, reading stopped")
            rows += batch.to_pylist()
        if len(rows) != file.metadata.num_rows:
            detail = f"the footer of {name} promises {file.metadata.num_rows:,} rows and {len(rows):,} were read: ask for it anew"
            raise Rejected(Reason.PARQUET_INVALID, detail)
    return [
        {key: value if isinstance(value, str) else None if value is None else str(value) for key, value in row.items()}
        for row in rows
    ]
