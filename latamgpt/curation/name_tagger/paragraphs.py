"""Paragraphs in which persons are marked: `[[...]]` around a private person's name, `{{...}}` around a public one's."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import orjson
from pydantic import ValidationError

from latamgpt.errors import OperatorError
from latamgpt.records import Frozen

FOLDER = Path(__file__).parent / "paragraphs"
HELD_OUT = "held_out"
MARKED = re.compile(r"\[\[(.+?)\]\]|\{\{(.+?)\}\}", re.DOTALL)
LEFT_OVER = re.compile(r"\[\[|\]\]|\{\{|\}\}")


class Person(StrEnum):
    """Whose name it is."""

    PRIVATE = "PRIVATE"
    PUBLIC = "PUBLIC"  # a figure of public life or history, an author, a saint, a character of fiction


class Line(Frozen):
    """A line of a file of paragraphs."""

    id: str
    language: str  # BCP 47 without a region
    country: str  # ISO 3166-1 alpha-2
    genre: str
    text: str  # with its marks
    source: str = ""  # of a passage that was not written for this
    licence: str = "CC0-1.0"  # SPDX; another only of a passage with a source


@dataclass(frozen=True)
class Name:
    """A person's name in a text."""

    start: int
    end: int
    person: Person


@dataclass(frozen=True)
class Paragraph:
    """A text without its marks, and the names that they were around, in the order of the text."""

    id: str
    language: str
    country: str
    genre: str
    text: str
    names: tuple[Name, ...]


def read_paragraphs(folder: Path = FOLDER) -> dict[str, tuple[Paragraph, ...]]:
    """The paragraphs of each file, by its name without `.jsonl`, in the order of the files' names.

    Raises:
        OperatorError: a line is no such paragraph, an id or a text stands twice, or nobody is held out.
    """
    found = {path.stem: tuple(_read(path)) for path in sorted(folder.glob("*.jsonl"))}
    if not found.get(HELD_OUT) or len(found) == 1:
        raise OperatorError(
            f"{folder} needs paragraphs to learn from, and {HELD_OUT}.jsonl, which is only measured on: without either nobody "
            "knows which names are found. Restore the folder with `git checkout`."
        )
    everything = [one for paragraphs in found.values() for one in paragraphs]
    for field in ("id", "text"):
        _refuse_twice([str(getattr(one, field)) for one in everything], field)
    return found


def parse(line: Line) -> Paragraph:
    """A line without its marks.

    Raises:
        ValueError: a mark has no other half.
    """
    names: list[Name] = []
    done: list[str] = []
    length = end = 0
    for match in MARKED.finditer(line.text):
        before, name = line.text[end : match.start()], match[1] or match[2]
        start = length + len(before)
        names.append(Name(start, start + len(name), Person.PRIVATE if match[1] else Person.PUBLIC))
        done += [before, name]
        length, end = start + len(name), match.end()
    text = "".join([*done, line.text[end:]])
    if LEFT_OVER.search(text):
        raise ValueError(f"{line.id}: a mark stands alone, or inside of another")
    return Paragraph(line.id, line.language, line.country, line.genre, text, tuple(names))


def _read(path: Path) -> Iterable[Paragraph]:
    for number, raw in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            yield parse(Line.model_validate(orjson.loads(raw)))
        except (ValidationError, ValueError) as error:
            raise OperatorError(
                f"{path}, line {number}: {error}. The tagger would learn from, or be measured on, what is no paragraph. Mend "
                "the line; README.md beside it says what one holds."
            ) from error


def _refuse_twice(values: list[str], field: str) -> None:
    if twice := sorted(value for value, number in Counter(values).items() if number > 1):
        raise OperatorError(
            f"{len(twice)} paragraphs have the same {field} as another: {twice[0][:60]!r}. What is learned from must not be "
            "measured on. Remove one of each."
        )
