"""Readers of files that hold many documents: JSON Lines and CSV. A bad record is set aside alone, by its number."""

import csv
import io
from collections.abc import Mapping

import orjson

from latamgpt.errors import quoted
from latamgpt.intake.delivery import Fields
from latamgpt.intake.encoding import decode, refuse_no_text
from latamgpt.intake.found import Found, Reading
from latamgpt.intake.licences import stated_in_fields
from latamgpt.intake.quarantine import Reason, Rejected, SetAside
from latamgpt.intake.source import Source
from latamgpt.intake.strict_json import refuse_repeated_keys


def read_json_lines(source: Source, name: str) -> Reading:
    """A record a line, strictly JSON: no NaN, no key twice, no line above the cap."""
    reading: Reading = []
    lines = source.read(name).split(b"\n")
    for number, line in enumerate(lines, start=1):
        if line.strip():
            reading.append(_one(source, f"{name}#{number}", line, last=number == len(lines)))
    return reading


def read_csv(source: Source, name: str) -> Reading:
    """A row a record, under a header that holds the columns that delivery.yaml names."""
    return _read_rows(source, name, ",")


def read_tsv(source: Source, name: str) -> Reading:
    """As CSV, with tabs between the cells."""
    return _read_rows(source, name, "\t")


def _read_rows(source: Source, name: str, delimiter: str) -> Reading:
    cap = source.budget.max_record_bytes
    csv.field_size_limit(source.budget.max_file_bytes)  # a row above the record's cap is set aside; it must not end the file
    rows = csv.reader(io.StringIO(source.text(name), newline=""), delimiter=delimiter, strict=True)
    reading: Reading = []
    try:
        header = next(rows, [])
        _refuse_header(header, source.delivery.fields, name)
        for number, row in enumerate(rows, start=1):
            if row:
                reading.append(_row(source, f"{name}#{number}", header, row, cap))
    except csv.Error as error:
        raise Rejected(Reason.CSV_INVALID, f"{name}, line {rows.line_num}: {error}") from error
    return reading


def _one(source: Source, path: str, line: bytes, *, last: bool) -> Found | SetAside:
    if len(line) > source.budget.max_record_bytes:
        return SetAside(path, Reason.TOO_LARGE, f"the record holds {len(line):,} bytes, above the cap", len(line))
    try:
        values = _parse(decode(line, source.delivery.encoding, path))
        return document_of(source.delivery.fields, path, values)
    except Rejected as rejected:
        return SetAside(path, rejected.reason, rejected.detail, len(line))
    except orjson.JSONDecodeError as error:
        cut = ": the file's last line, perhaps cut short" if last else ""
        return SetAside(path, Reason.JSON_INVALID, f"{path} is not JSON ({error}){cut}", len(line))


def _parse(line: str) -> Mapping[str, object]:
    values = orjson.loads(line)
    if not isinstance(values, dict):
        raise Rejected(Reason.JSON_INVALID, f"the record is {type(values).__name__}, not an object of keys and values")
    refuse_repeated_keys(line, "the record", Reason.JSON_INVALID)
    return values


def _refuse_header(header: list[str], fields: Fields, name: str) -> None:
    wanted = [column for column in (fields.text, fields.title, fields.language, fields.id) if column is not None]
    missing = [column for column in wanted if column not in header]
    if missing or len(set(header)) < len(header):
        what = f"has no column {quoted(missing[0])}" if missing else "names a column twice"
        raise Rejected(Reason.CSV_INVALID, f"the header of {name} {what}: it holds {len(header)} columns")


def _row(source: Source, path: str, header: list[str], row: list[str], cap: int) -> Found | SetAside:
    num_bytes = sum(len(cell.encode("utf-8")) for cell in row)
    if num_bytes > cap:
        return SetAside(path, Reason.TOO_LARGE, f"the row holds {num_bytes:,} bytes, above the cap", num_bytes)
    if len(row) != len(header):
        return SetAside(path, Reason.CSV_INVALID, f"the row has {len(row)} cells, the header {len(header)}", num_bytes)
    try:
        return document_of(source.delivery.fields, path, dict(zip(header, row, strict=True)))
    except Rejected as rejected:
        return SetAside(path, rejected.reason, rejected.detail, num_bytes)


def document_of(fields: Fields, path: str, values: Mapping[str, object]) -> Found:
    """The document in one record.

    Raises:
        Rejected: record_invalid, encoding.
    """
    text = values.get(fields.text)
    if not isinstance(text, str):
        raise Rejected(Reason.RECORD_INVALID, f"{quoted(fields.text)} is {type(text).__name__}, not a text")
    refuse_no_text(text, path)  # an escape in JSON can stand for what no bytes in UTF-8 can
    statements = stated_in_fields(values, lambda key: f"{quoted(key)} of {path}")
    title = _string(values, fields.title) or _string(values, fields.id)
    return Found(path, text, title, _string(values, fields.language), tuple(statements), record_id=_string(values, fields.id))


def _string(values: Mapping[str, object], key: str | None) -> str:
    value = values.get(key) if key is not None else None
    return value if isinstance(value, str) else ""
