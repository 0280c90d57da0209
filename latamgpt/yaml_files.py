"""Files that people write: YAML as plain values, and what a record refuses of them, in sentences."""

from collections.abc import Hashable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml
from pydantic import BaseModel, ValidationError

from latamgpt.errors import OperatorError, harmless, quoted
from latamgpt.field_words import wrong_value

Record = TypeVar("Record", bound=BaseModel)


MAX_QUOTED_CHARS = 100
MAX_MERGED = 10_000
MAX_REPEATED = 100_000  # values that aliases stand for, each as often as it is named


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

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        super().flatten_mapping(node)  # pyright: ignore[reportAttributeAccessIssue]
        if len(node.value) > MAX_MERGED:
            raise yaml.YAMLError(f"its merges (<<) make more than {MAX_MERGED:,} values")


class _Loader(_EachKeyOnce, yaml.SafeLoader):
    pass


class _FastLoader(_EachKeyOnce, yaml.CSafeLoader):
    pass


class _WordsLoader(_EachKeyOnce, yaml.BaseLoader):
    pass


def load_words(text: str) -> object:
    """YAML from anywhere, each value as the words that stand there: 1890 is no number, 2026-02-30 no day, and nothing is merged.

    Raises:
        yaml.YAMLError: it is not YAML, a key stands twice in one mapping, or its aliases stand for far more than is written.
    """
    return _load(text, _WordsLoader)


def load_yaml(text: str, *, ours: bool = False) -> Any:
    """YAML that people write, as plain values.

    Args:
        text: the file's text.
        ours: whether one of our own commands writes the file. Then it is read six times as fast, by a parser that a text with
            brackets nested in thousands would crash.

    Raises:
        yaml.YAMLError: it is not YAML, a key stands twice in one mapping (the message names the line), a value is not what its
            form or its tag says, or its aliases stand for far more than is written.
    """
    return _load(text, _FastLoader if ours else _Loader)


def _load(text: str, loader: type[_Loader | _FastLoader | _WordsLoader]) -> Any:
    try:
        loaded = yaml.load(text, Loader=loader)
    except RecursionError as error:
        raise yaml.YAMLError("it is nested too deeply to be read") from error
    except ValueError as error:  # of PyYAML's own making, as are those below
        raise yaml.YAMLError(harmless(str(error), MAX_QUOTED_CHARS)) from error
    except (OverflowError, IndexError, KeyError, AttributeError, TypeError) as error:
        raise yaml.YAMLError(f"a value is not what its tag or its escapes say, such as !!bool x: {quoted(str(error))}") from error
    if "&" in text and "*" in text:
        _refuse_bomb(loaded)
    return loaded


def _refuse_bomb(loaded: object) -> None:
    """Refuse what a few aliases of aliases make gigabytes of, as soon as anybody writes it down."""
    waiting, num_values = [loaded], 0
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict | list):
            inside = cast("list[object]", [*value.values()] if isinstance(value, dict) else value)
            num_values += len(inside)
            if num_values > MAX_REPEATED:
                raise yaml.YAMLError(f"its aliases stand for more than {MAX_REPEATED:,} values")
            waiting += inside


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
    wrong = error.errors()
    inside = {item["loc"][:-1] for item in wrong}
    for item in wrong:
        if item["type"] == "too_short" and item["loc"] in inside:
            continue  # what stands in it is wrong: that it is then too little says nothing more
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
