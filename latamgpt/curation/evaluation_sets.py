"""Every evaluation item that the corpus may not hold: the tasks of this repository, the ability text, and what a site adds."""

from dataclasses import dataclass
from pathlib import Path

import orjson
from pydantic import Field, ValidationError

from latamgpt.curation.matched_words import words
from latamgpt.errors import OperatorError
from latamgpt.records import Frozen
from latamgpt.yaml_files import explain_validation

CODE = Path(__file__).parents[2]  # the tasks stand beside the code that asks them
TASKS = Path("latamgpt") / "evaluation" / "tasks"
FOLDERS = (Path("samples") / "ability_text", Path("evaluation_sets"))
"""Of a workspace; a site's own are the files of the last. All three are inputs of the stage in dvc.yaml."""

FEWEST_WORDS = 8  # of a text without an answer: what is shorter stands in honest documents too


class Record(Frozen):
    """One line of a set: a text, or a question with its choices. What is not compared is kept for people."""

    id: str = Field(min_length=1)
    licence: str = Field(min_length=1)
    text: str = ""
    prompt: str = ""
    choices: tuple[str, ...] = ()
    answer: int | None = None
    language: str = ""
    country: str = ""
    theme: str = ""
    author: str = ""
    source: str = ""


@dataclass(frozen=True)
class Item:
    """An evaluation item as words: a question, its right answer and the wrong ones; a text is all question."""

    set: str  # the file, as seen from the repository's root
    id: str
    prompt: tuple[str, ...]
    answer: tuple[str, ...] = ()
    wrong: tuple[tuple[str, ...], ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The question with its right answer behind it."""
        return self.prompt + self.answer


def read_items(root: Path) -> list[Item]:
    """Every item of every set, in an order that no file system decides.

    Raises:
        OperatorError: a folder is missing, or a line is no item; file, line and field are named.
    """
    items: list[Item] = []
    for base, folder in ((CODE, TASKS), *((root, folder) for folder in FOLDERS)):
        place = base / folder
        if not place.is_dir():
            raise OperatorError(
                f"{place} is missing: documents that hold evaluation items could not be told from others, and the scores would "
                f"praise the model for its memory. Restore it with `git checkout {folder.as_posix()}`."
            )
        for path in sorted(place.rglob("*.jsonl"), key=lambda path: path.relative_to(base).as_posix()):
            items += read_set(path, path.relative_to(base).as_posix())
    return items


def read_set(path: Path, name: str) -> list[Item]:
    """The items of one file."""
    items: list[Item] = []
    line_of: dict[str, int] = {}
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        where = f"{name}, line {number}"
        try:
            record = Record.model_validate(orjson.loads(line))
        except orjson.JSONDecodeError as error:
            raise OperatorError(f"{where} is not JSON: {error}. Mend the line, then run again.") from error
        except ValidationError as error:
            raise OperatorError(explain_validation(where, error)) from error
        item = _as_words(record, name)
        amiss = _what_is_amiss(record, item)
        if record.id in line_of:
            amiss = f"id: {record.id!r} stands in line {line_of[record.id]} already"
        if amiss:
            raise OperatorError(f"{where}: {amiss}. evaluation_sets/README.md has the fields. Mend the line, then run again.")
        line_of[record.id] = number
        items.append(item)
    return items


def _as_words(record: Record, name: str) -> Item:
    choices = [tuple(words(choice)) for choice in record.choices]
    right = record.answer if record.answer is not None and 0 <= record.answer < len(choices) else None
    wrong = tuple(choice for number, choice in enumerate(choices) if number != right and choice)
    return Item(name, record.id, tuple(words(record.text or record.prompt)), choices[right] if right is not None else (), wrong)


def _what_is_amiss(record: Record, item: Item) -> str:
    if bool(record.text) == bool(record.prompt):
        return "text or prompt: an item has one of the two"
    if not item.prompt:
        return f"{'text' if record.text else 'prompt'}: holds no word"
    if record.text:
        if record.choices or record.answer is not None:
            return "choices and answer: they belong to a prompt, and this item has a text"
        if len(item.prompt) < FEWEST_WORDS:
            return f"text: has {len(item.prompt)} words, and with fewer than {FEWEST_WORDS} it stands in honest documents too"
        return ""
    if not record.choices:
        return "choices: is missing"
    if record.answer is None or not 0 <= record.answer < len(record.choices):
        return f"answer: must be the number of one of the {len(record.choices)} choices, from 0, found {record.answer}"
    return "" if item.answer else f"choices: the right one, {record.choices[record.answer]!r}, holds no word"
