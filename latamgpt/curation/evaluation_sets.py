"""Every evaluation item that the corpus may not hold: the tasks of this repository, the ability text, and what a site adds."""

import re
from collections.abc import Iterator
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
FRAME = re.compile(
    r"^(?:pregunta|pergunta|question|usuario|usuário)\s*:|(?:respuesta|resposta|answer|asistente|assistente)\s*:$", re.I
)
"""What a question is framed with when a model is asked: a text that holds the question may do without."""


class Form(Frozen):
    """One wording of a question; what is not compared is kept for people."""

    prompt: str = ""
    choices: tuple[str, ...] = ()
    answer: int | None = None
    abstain: int | None = None
    stereotype: int | None = None


class Record(Form):
    """One line of a set: a text, a question with its choices, or one in several forms, or a translation's two texts."""

    id: str = Field(min_length=1)
    licence: str = Field(min_length=1)
    text: str = ""
    other_text: str = ""
    forms: tuple[Form, ...] = ()
    language: str = ""
    other: str = ""
    variety: str = ""
    country: str = ""
    theme: str = ""
    group: str = ""
    author: str = ""
    source: str = ""
    canary: str = ""  # a sentence that stands nowhere else: a document that holds it holds the file


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
    """The items of one file: each form of a question, both texts of a translation, and once the file's canary."""
    items: list[Item] = []
    line_of: dict[str, int] = {}
    canaries: dict[str, Item] = {}
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        where = f"{name}, line {number}"
        try:
            record = Record.model_validate(orjson.loads(line))
        except orjson.JSONDecodeError as error:
            raise OperatorError(f"{where} is not JSON: {error}. Mend the line, then run again.") from error
        except ValidationError as error:
            raise OperatorError(explain_validation(where, error)) from error
        found = list(_as_items(record, name))
        amiss = _what_is_amiss(record, found)
        if record.id in line_of:
            amiss = f"id: {record.id!r} stands in line {line_of[record.id]} already"
        if amiss:
            raise OperatorError(f"{where}: {amiss}. evaluation_sets/README.md has the fields. Mend the line, then run again.")
        line_of[record.id] = number
        items += found
        if record.canary and record.canary not in canaries:
            canaries[record.canary] = Item(name, f"canary-{number}", tuple(words(record.canary)))
    return [*items, *canaries.values()]


def asked(prompt: str) -> str:
    """A prompt without the words that frame it."""
    return FRAME.sub("", FRAME.sub("", prompt.strip()).strip()).strip()


def _as_items(record: Record, name: str) -> Iterator[Item]:
    """The items of a record. A form of which no word is left to compare, such as a line of brackets, is none."""
    if record.forms:
        for letter, form in zip("abcdefgh", record.forms, strict=False):
            if (item := _as_words(form, name, f"{record.id}/{letter}")).answer and item.prompt:
                yield item
    elif record.other_text:
        for letter, text in zip("ab", (record.text, record.other_text), strict=True):
            if len(found := tuple(words(text))) >= FEWEST_WORDS:
                yield Item(name, f"{record.id}/{letter}", found)
    elif record.text:
        yield Item(name, record.id, tuple(words(record.text)))
    else:
        yield _as_words(record, name, record.id)


def _as_words(form: Form, name: str, identity: str) -> Item:
    choices = [tuple(words(choice)) for choice in form.choices]
    right = form.answer if form.answer is not None and 0 <= form.answer < len(choices) else None
    wrong = tuple(choice for number, choice in enumerate(choices) if number != right and choice)
    return Item(name, identity, tuple(words(asked(form.prompt))), choices[right] if right is not None else (), wrong)


def _what_is_amiss(record: Record, items: list[Item]) -> str:
    if sum(map(bool, (record.text, record.prompt, record.forms))) != 1:
        return "text, prompt or forms: an item has one of the three"
    for number, form in enumerate(record.forms):
        if amiss := _what_is_amiss_in(form):
            return f"forms, number {number}: {amiss}"
    if record.forms or record.other_text:
        return ""
    if not items[0].prompt:
        return f"{'text' if record.text else 'prompt'}: holds no word"
    if record.text:
        if record.choices or record.answer is not None:
            return "choices and answer: they belong to a prompt, and this item has a text"
        if len(items[0].prompt) < FEWEST_WORDS:
            return f"text: has {len(items[0].prompt)} words, and with fewer than {FEWEST_WORDS} it stands in honest documents too"
        return ""
    return _what_is_amiss_in(record) or ("" if items[0].answer else f"choices: the right one, {_right(record)!r}, holds no word")


def _what_is_amiss_in(form: Form) -> str:
    if not form.choices:
        return "choices: is missing"
    if form.answer is None or not 0 <= form.answer < len(form.choices):
        return f"answer: must be the number of one of the {len(form.choices)} choices, from 0, found {form.answer}"
    return ""


def _right(form: Form) -> str:
    return form.choices[form.answer or 0]
