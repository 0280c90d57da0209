"""Rows of a published file: CSV, TSV, JSON Lines, JSON or Parquet, as they are."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import orjson

from latamgpt.errors import OperatorError
from latamgpt.store import read_table

Row = Mapping[str, object]
SEPARATORS = {".csv": ",", ".tsv": "\t"}
MAX_FIELD_CHARS = 1 << 24


def read_rows(path: Path) -> list[Row]:
    """The rows of a file, by column.

    Raises:
        OperatorError: the file is missing, of a kind that is not read, or damaged.
    """
    if not path.is_file():
        raise OperatorError(f"{path}: there is no such file, so there is nothing to ask. Fetch the set, or correct the path.")
    kind = path.suffix.lower()
    try:
        if kind in SEPARATORS:
            return _separated(path, SEPARATORS[kind])
        if kind == ".jsonl":
            return [_row(path, orjson.loads(line)) for line in path.read_bytes().splitlines() if line.strip()]
        if kind == ".json":
            return [_row(path, row) for row in cast("list[object]", orjson.loads(path.read_bytes()))]
        if kind == ".parquet":
            return cast("list[Row]", read_table(path).to_pylist())
    except (ValueError, csv.Error, OSError) as error:
        raise OperatorError(f"{path} cannot be read ({error}). Nothing was asked. Fetch the file again.") from error
    raise OperatorError(f"{path} is no .csv, .tsv, .jsonl, .json or .parquet file, and only these are read. Convert it to one.")


def _separated(path: Path, separator: str) -> list[Row]:
    csv.field_size_limit(MAX_FIELD_CHARS)
    quoting = csv.QUOTE_NONE if separator == "\t" else csv.QUOTE_MINIMAL
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=separator, quoting=quoting))


def _row(path: Path, value: object) -> Row:
    if not isinstance(value, dict):
        raise OperatorError(f"{path} holds what is no record with columns. Nothing was asked. Look at the file, or convert it.")
    return cast("Row", value)
