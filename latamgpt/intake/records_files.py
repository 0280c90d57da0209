"""Readers of files that hold many documents: JSON Lines and CSV. A bad record is set aside alone, by its number."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TextIO

import orjson

from latamgpt.errors import quoted
from latamgpt.intake.delivery import Fields
from latamgpt.intake.encoding import decode, refuse_no_text, refuse_other_encoding
from latamgpt.intake.found import Found
from latamgpt.intake.licences import stated_in_fields
from latamgpt.intake.quarantine import Reason, Rejected, SetAside
from latamgpt.intake.source import Source
from latamgpt.intake.stated import dates_in, kinds_in
from latamgpt.intake.strict_json import refuse_repeated_keys
from latamgpt.intake.wrapped_text import join_wrapped_words

MAX_ROW_CHARS = 6 << 20  # of a row of CSV; longer than a record may be, so that one above the cap is named with its length
MAX_COLUMNS = 10_000
NO_NUMBER = re.compile(rb"[:\[,]\s*-?(?:NaN|Infinity)\b")


def read_json_lines(source: Source, name: str) -> Iterator[Found | SetAside]:
    """A record a line, strictly JSON: no NaN, no key twice, no line above the cap."""
    cap = source.budget.max_record_bytes
    for number, line in enumerate(_lines(source.pieces(name), cap), start=1):
        if line.num_bytes > cap:
            detail = f"the record holds {line.num_bytes:,} bytes, above the cap"
            yield SetAside(f"{name}#{number}", Reason.TOO_LARGE, detail, line.num_bytes)
        elif line.begin.strip():
            yield _one(source, f"{name}#{number}", line.begin, last=line.is_last)


def read_csv(source: Source, name: str) -> Iterator[Found | SetAside]:
    """A row a record, under a header that holds the columns that delivery.yaml names.

    Cells are parted by commas; by semicolons, as Excel writes them in Spanish and Portuguese, where only so the header holds
    those columns.
    """
    return _read_rows(source, name, ",", ";")


def read_tsv(source: Source, name: str) -> Iterator[Found | SetAside]:
    """As CSV, with tabs between the cells."""
    return _read_rows(source, name, "\t")


def _read_rows(source: Source, name: str, *delimiters: str) -> Iterator[Found | SetAside]:
    path = source.folder / name
    codec = refuse_other_encoding(source.pieces(name), source.delivery.encoding, name)
    headers = {delimiter: _header(path, name, codec, delimiter) for delimiter in delimiters}
    fitting = (delimiter for delimiter in delimiters if set(source.delivery.fields.named) <= headers[delimiter])
    delimiter = next(fitting, max(delimiters, key=lambda one: len(headers[one])))
    for _ in _numbered_rows(path, name, codec, delimiter):
        pass  # a file that ends in the middle of a row is no CSV, and gives none of its rows
    header: list[str] = []
    for number, row in _numbered_rows(path, name, codec, delimiter):
        if number == 0:
            header = row
            _refuse_header(header, source.delivery.fields, name)
        elif row:
            yield _row(source, f"{name}#{number}", header, row, source.budget.max_record_bytes)


def _header(path: Path, name: str, codec: str, delimiter: str) -> set[str]:
    """The columns that a header holds if its cells are parted so; none, where it is no header then."""
    try:
        return set(next(_numbered_rows(path, name, codec, delimiter))[1])
    except Rejected:
        return set()


def _numbered_rows(path: Path, name: str, codec: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The header as number 0, then the rows.

    Raises:
        Rejected: csv_invalid; too_large, where a row is so long that not even its length is found out.
    """
    csv.field_size_limit(MAX_ROW_CHARS)
    with path.open(encoding=codec, newline="") as file:
        lines = _Lines(file, name)
        rows = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            header = next(rows, [])
            lines.num_chars = 0
            yield 0, header
            for number, row in enumerate(rows, start=1):
                lines.num_chars = 0
                yield number, row
        except csv.Error as error:
            quotes = ": a quotation mark is not closed, or stands once in a cell where it has to stand twice"
            why = quotes if "expected after" in str(error) or "end of data" in str(error) else ""
            raise Rejected(Reason.CSV_INVALID, f"{name}, line {rows.line_num}: {error}{why}") from error


class _Lines:
    """A file's lines for a reader of rows, which may ask for no more of them than a row may take."""

    def __init__(self, file: TextIO, name: str) -> None:
        self._file = file
        self._name = name
        self._is_first = True
        self.num_chars = 0  # since the last row

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._file.readline(MAX_ROW_CHARS + 1)
        self.num_chars += len(line)
        if self.num_chars > MAX_ROW_CHARS:
            detail = (
                f"{self._name} holds a row of more than {MAX_ROW_CHARS:,} characters, reading stopped: a quotation mark that is "
                "never closed? Ask the partner to export it anew, or in parts"
            )
            raise Rejected(Reason.TOO_LARGE, detail)
        if not line:
            raise StopIteration
        if self._is_first:
            self._is_first, line = False, line.removeprefix("\ufeff")
        return line


@dataclass(frozen=True)
class _Line:
    begin: bytes  # all of it, unless it is above the cap
    num_bytes: int
    is_last: bool = False  # with no line's end behind it


def _lines(pieces: Iterable[bytes], cap: int) -> Iterator[_Line]:
    """The lines of a file; of one above the cap only the length is kept."""
    begin, num_bytes = bytearray(), 0
    for piece in pieces:
        start = 0
        while start < len(piece):
            end = piece.find(b"\n", start)
            stop = len(piece) if end < 0 else end
            num_bytes += stop - start
            if num_bytes <= cap:
                begin += memoryview(piece)[start:stop]
            if end >= 0:
                yield _Line(bytes(begin), num_bytes)
                begin, num_bytes = bytearray(), 0
            start = stop + 1
    yield _Line(bytes(begin), num_bytes, is_last=True)


def _one(source: Source, path: str, line: bytes, *, last: bool) -> Found | SetAside:
    try:
        values = _parse(decode(line, source.delivery.encoding, path))
        return document_of(source.delivery.fields, path, values)
    except Rejected as rejected:
        return SetAside(path, rejected.reason, rejected.detail, len(line))
    except orjson.JSONDecodeError as error:
        cut = ": the file's last line, perhaps cut short" if last else ""
        number = ": NaN and Infinity are no JSON, null is what says that nothing is known" if NO_NUMBER.search(line) else ""
        return SetAside(path, Reason.JSON_INVALID, f"{path} is not JSON ({error}){number}{cut}", len(line))


def _parse(line: str) -> Mapping[str, object]:
    values = orjson.loads(line)
    if not isinstance(values, dict):
        raise Rejected(Reason.JSON_INVALID, f"the record is {_kind_of(values)}, not an object of keys and values")
    refuse_repeated_keys(line, "the record", Reason.JSON_INVALID)
    return values


def _refuse_header(header: list[str], fields: Fields, name: str) -> None:
    if len(header) > MAX_COLUMNS:
        raise Rejected(Reason.CSV_INVALID, f"the header of {name} names {len(header):,} columns, above {MAX_COLUMNS:,}")
    missing = [column for column in fields.named if column not in header]
    if missing or len(set(header)) < len(header):
        what = f"has no column {quoted(missing[0])}" if missing else "names a column twice"
        raise Rejected(
            Reason.CSV_INVALID,
            f"the header of {name}, its first line, {what}; number of columns: {len(header)}. Correct it, or name under `fields` "
            "in delivery.yaml which column holds what",
        )


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
        raise Rejected(Reason.RECORD_INVALID, f"{quoted(fields.text)} is {_kind_of(text)}, not a text")
    refuse_no_text(text, path)  # an escape in JSON can stand for what no bytes in UTF-8 can
    others = {name: values.get(column) for name, column in fields.orthographies.items()}
    return Found(
        path,
        join_wrapped_words(text),
        title=_string(values, fields.title) or _string(values, fields.id),
        language=_string(values, fields.language),
        statements=tuple(stated_in_fields(values, lambda key: f"{quoted(key)} of {path}")),
        dates=dates_in(values, fields.date, fields.named),
        kinds=kinds_in(values, fields.kind, fields.named),
        record_id=_string(values, fields.id),
        orthographies=tuple((name, _spelling(other, name, path)) for name, other in others.items() if other),
    )


def _spelling(other: object, name: str, path: str) -> str:
    if not isinstance(other, str):
        raise Rejected(Reason.RECORD_INVALID, f"the text in the orthography {name} is {_kind_of(other)}, not a text")
    refuse_no_text(other, path)
    return other


def _kind_of(value: object) -> str:
    """What a value of JSON or a table is, in words for the partner."""
    match value:
        case None:
            return "missing or empty"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "an object"


def _string(values: Mapping[str, object], key: str | None) -> str:
    value = values.get(key) if key is not None else None
    return value if isinstance(value, str) else ""
