"""The fields of a record as options of a command: a field that is added to the record is an option at once."""

import argparse
from collections.abc import Collection
from datetime import date
from enum import StrEnum
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from latamgpt.commands.field_help import FIELD_HELP
from latamgpt.errors import OperatorError
from latamgpt.yaml_files import explain_validation, load_yaml

Record = type[BaseModel]


def add_fields(
    parser: argparse.ArgumentParser, record: Record, without: Collection[str] = (), filled: Collection[str] = ()
) -> None:
    """Give a command one option for each field of a record; those that are `filled` the command knows how to fill in itself."""
    group = parser.add_argument_group(f"what the {record.__name__.lower()} says")
    for name, field in record.model_fields.items():
        if name in without:
            continue
        option = "--" + name.replace("_", "-")
        said = FIELD_HELP[record.__name__][name]
        words = f"{said} ({'needed' if field.is_required() and name not in filled else 'may be left out'})"
        types = _types(field.annotation)
        choices = next((list(one) for one in types if issubclass(one, StrEnum)), [])
        if choices:
            words = f"{words}; one of: {', '.join(choices)}"
        if bool in types:
            group.add_argument(option, dest=f"field_{name}", action="store_true", default=None, help=words)
        else:
            several = get_origin(field.annotation) is tuple
            metavar = "YAML" if any(issubclass(one, BaseModel) for one in types) else "DAY" if date in types else "TEXT"
            group.add_argument(option, dest=f"field_{name}", nargs="+" if several else None, metavar=metavar, help=words)


def given_fields(options: argparse.Namespace, record: Record) -> dict[str, object]:
    """The fields that the command line gives, as it gives them."""
    given: dict[str, object] = {}
    for name, field in record.model_fields.items():
        value = getattr(options, f"field_{name}", None)
        if value is None:
            continue
        nested = any(issubclass(one, BaseModel) for one in _types(field.annotation))
        given[name] = _read_yaml(name, value) if nested else value
    return given


def checked_fields(values: dict[str, object], record: Record) -> dict[str, object]:
    """The same fields as plain values for a YAML file, once the record accepts them.

    Raises:
        OperatorError: a field is missing or wrong; all of them are named at once.
    """
    try:
        return _plain(record.model_validate(values).model_dump(exclude_unset=True))
    except ValidationError as error:
        words = explain_validation("the options", error).replace("Mend the file", "Give or mend these options")
        raise OperatorError(words) from error


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items() if one is not None}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, StrEnum) else value


def _read_yaml(name: str, text: str) -> object:
    try:
        return load_yaml(text)
    except yaml.YAMLError as error:
        option = "--" + name.replace("_", "-")
        raise OperatorError(f"{option} {text!r} is not valid YAML: {error}. Write it as {{key: value, key: value}}.") from error


def _types(annotation: object) -> list[type]:
    """The classes that a field's annotation speaks of: `tuple[Purpose, ...]` -> Purpose."""
    if get_origin(annotation) is Annotated:
        return _types(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType, tuple):
        return [one for part in get_args(annotation) for one in _types(part)]
    return [annotation] if isinstance(annotation, type) and annotation is not type(None) else []
