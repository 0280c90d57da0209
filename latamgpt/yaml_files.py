"""Files that people write: YAML as plain values, and what a record refuses of them, in sentences."""

from collections.abc import Hashable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from latamgpt.errors import OperatorError, quoted
from latamgpt.field_words import wrong_value

Record = TypeVar("Record", bound=BaseModel)


class RepeatedKeyError(yaml.YAMLError):
    """A key stands twice in one mapping: YAML forbids it, and PyYAML takes the last of them without a word."""


class _EachKeyOnce:
    """Has a loader refuse a mapping in which a key stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:  # noqa: FBT001, FBT002
        first: dict[str, int] = {}
        for key, _ in node.value:
            name, line = str(key.value), int(key.start_mark.line) + 1
            if isinstance(key, yaml.ScalarNode) and name in first:
                raise RepeatedKeyError(
                    f"line {line}: the key {name!r} stands in line {first[name]} already, and only one can hold"
                )
            first[name] = line
        return super().construct_mapping(node, deep)  # pyright: ignore[reportAttributeAccessIssue]


class _Loader(_EachKeyOnce, yaml.SafeLoader):
    pass


class _FastLoader(_EachKeyOnce, yaml.CSafeLoader):
    pass


def load_yaml(text: str, *, ours: bool = False) -> Any:
    """YAML that people write, as plain values.

    Args:
        text: the file's text.
        ours: whether one of our own commands writes the file. Then it is read six times as fast, by a parser that a text with
            brackets nested in thousands would crash.

    Raises:
        yaml.YAMLError: it is not YAML, or a key stands twice in one mapping; the message names the line.
    """
    try:
        return yaml.load(text, Loader=_FastLoader if ours else _Loader)
    except RecursionError as error:
        raise yaml.YAMLError("it is nested too deeply to be read") from error


def read_named(path: Path, kind: type[Record]) -> Record:
    """A record from a file that people write, named as its file is.

    Raises:
        OperatorError: the file is no YAML, or a field is unknown or wrong; file, line or key are named.
    """
    try:
        return kind.model_validate({**(load_yaml(path.read_text(encoding="utf-8")) or {}), "name": path.stem})
    except yaml.YAMLError as error:
        raise OperatorError(f"{path} is not valid YAML: {error}. Mend the line it names and run the command again.") from error
    except ValidationError as error:
        raise OperatorError(explain_validation(str(path), error)) from error


def explain_validation(where: str, error: ValidationError) -> str:
    """A pydantic error as sentences: where, which key, what was found, what to do."""
    lines: list[str] = []
    for item in error.errors():
        key = _place(item["loc"]) or "the whole file"
        if item["type"] == "extra_forbidden":
            lines.append(f"{key}: there is no such key")
        elif item["type"] == "missing":
            lines.append(f"{key}: is missing")
        else:
            found = "" if isinstance(item["input"], dict) else f", found {_written(item['input'])}"
            lines.append(f"{key}: {wrong_value(item['type'], item.get('ctx', {}), item['msg'])}{found}")
    return f"{where}: {'; '.join(lines)}. Nothing was run. Mend the file and run the command again."


def _place(parts: Sequence[int | str]) -> str:
    """Where a value stands: keys joined by dots, and entries of a list counted from one."""
    words = ""
    for part in parts:
        words += f" (number {part + 1})" if isinstance(part, int) else f".{part}" if words else part
    return words


def _written(value: object) -> str:
    """A value as a person would write it."""
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    if isinstance(value, date):
        return value.isoformat()
    return quoted(value) if isinstance(value, str) else repr(value)
