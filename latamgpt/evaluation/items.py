"""What is asked of both models: tasks of this repository, and held-out passages of the run's own token shards."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import orjson
import pyarrow.parquet as pq
import yaml
from pydantic import Field, ValidationError

from latamgpt.errors import OperatorError
from latamgpt.params import ScorecardParams
from latamgpt.records import Frozen
from latamgpt.yaml_files import explain_validation

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TASKS_FOLDER = Path(__file__).parent / "tasks"
PASSAGES_FILE = "bits_per_byte.yaml"
FEWEST_PASSAGES = 2
REPLAY_SUFFIX = "-replay"
SEVERAL_LANGUAGES = "mul"  # ISO 639-2


class Measure(StrEnum):
    """What a task yields: fewer bits per byte are better, more right answers are better."""

    BITS_PER_BYTE = "bits_per_byte"
    ACCURACY = "accuracy"


class Question(Frozen):
    """A beginning and four ways to end it, one of them right."""

    id: str
    language: str
    country: str  # ISO 3166-1 alpha-2; '' where it is of no country
    theme: str
    prompt: str = Field(min_length=1)
    choices: tuple[str, str, str, str]
    answer: int = Field(ge=0, le=3)
    author: str
    licence: str


class Source(Frozen):
    """A text on which abilities are scored: not of any partner, and not of the replay's source."""

    id: str
    text: str = Field(min_length=1)
    source: str
    licence: str


@dataclass(frozen=True)
class Document:
    """A held-out text, whole or a piece of it."""

    id: str
    text: str


@dataclass(frozen=True)
class Passage:
    """As much of a document as one training sequence holds."""

    text: str
    num_tokens: int


Asked = TypeVar("Asked", Question, Document)
Record = TypeVar("Record", bound=Frozen)


@dataclass(frozen=True)
class Item:
    """One thing that is asked: what lm-evaluation-harness reads as a document of its task."""

    id: str
    fields: dict[str, object]


@dataclass(frozen=True)
class Task:
    """Items of one measure and language, with the harness's own configuration of the task."""

    name: str  # bits_per_byte/gug, accuracy/culture_es: the name of its metrics too
    measure: Measure
    language: str
    settings: dict[str, object]
    items: tuple[Item, ...]


def question_tasks(params: ScorecardParams) -> list[Task]:
    """Every multiple-choice task that lies in the repository, with at most `max_items` of its items, chosen by hash."""
    tasks: list[Task] = []
    for path in sorted(TASKS_FOLDER.glob("*/*.yaml")):
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
        questions = read_questions(path.with_suffix(".jsonl"))
        chosen = sorted(by_hash(questions, params.seed)[: params.max_items], key=lambda q: q.id)
        items = tuple(Item(q.id, {"prompt": q.prompt, "choices": list(q.choices), "answer": q.answer}) for q in chosen)
        languages = {q.language for q in questions}
        language = languages.pop() if len(languages) == 1 else SEVERAL_LANGUAGES
        tasks.append(Task(f"{Measure.ACCURACY}/{settings['task']}", Measure.ACCURACY, language, settings, items))
    return tasks


def passage_tasks(held_out: Path, ability_text: Path, tokenizer_file: Path, params: ScorecardParams) -> list[Task]:
    """Bits per byte for every language that has held-out text, and for every language of the ability text.

    A language of the ability text is scored there, on text outside the replay; its held-out documents, which are of the
    replay's own kind, are scored under 'LANGUAGE-replay'. A language with one passage only is left out: of a single item
    nobody can say how sure it is.
    """
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    abilities = read_ability_text(ability_text)
    texts = {f"{name}{REPLAY_SUFFIX}" if name in abilities else name: found for name, found in read_held_out(held_out).items()}
    texts.update(abilities)
    settings = yaml.safe_load((TASKS_FOLDER / PASSAGES_FILE).read_text(encoding="utf-8"))
    tasks: list[Task] = []
    for language in sorted(texts):
        items = _choose_passages(texts[language], tokenizer, params)
        if len(items) >= FEWEST_PASSAGES:
            tasks.append(Task(f"{Measure.BITS_PER_BYTE}/{language}", Measure.BITS_PER_BYTE, language, settings, items))
    if not tasks:
        raise OperatorError(
            f"{held_out} and {ability_text} hold no text to score. Bits per byte per language are what the gates decide on. "
            "Raise token_shards.held_out_share in params.yaml, or look at what the corpus kept."
        )
    return tasks


def read_questions(path: Path) -> list[Question]:
    """The questions of one file, in its order."""
    return _read_lines(path, Question)


def read_ability_text(folder: Path) -> dict[str, list[Document]]:
    """LANGUAGE.jsonl files of texts outside the replay."""
    found = {
        path.stem: [Document(source.id, source.text) for source in _read_lines(path, Source)]
        for path in sorted(folder.glob("*.jsonl"))
    }
    if not found:
        raise OperatorError(
            f"{folder} holds no LANGUAGE.jsonl. Without text outside the replay nobody sees what the model forgot. "
            f"Restore it with `git checkout {folder.name}`."
        )
    return found


def read_held_out(folder: Path) -> dict[str, list[Document]]:
    """The held-out pieces of token_shards, by language."""
    found: dict[str, list[Document]] = {}
    for path in sorted(folder.glob("*.parquet")):
        for row in pq.read_table(path, columns=["doc_id", "piece", "language", "text"]).to_pylist():
            found.setdefault(row["language"], []).append(Document(f"{row['doc_id']}-{row['piece']}", row["text"]))
    return found


def by_hash(things: Sequence[Asked], seed: int) -> list[Asked]:
    """The same order on every machine, whatever the order in which they came."""
    return sorted(things, key=lambda thing: sha256(f"{seed} {thing.id}".encode()).digest())


def cut_passages(text: str, ends: Sequence[int], passage_tokens: int) -> list[Passage]:
    """A text in passages of at most `passage_tokens` tokens, cut back to the last white space where there is one.

    `ends` holds, for each token, where its characters end in the text.
    """
    passages: list[Passage] = []
    start = first = 0
    while first < len(ends):
        behind = min(first + passage_tokens, len(ends))
        end = ends[behind - 1]
        if behind < len(ends) and not text[end].isspace():
            space = max(text.rfind(" ", start + 1, end), text.rfind("\n", start + 1, end))
            end = space if space > start else end
        behind = bisect_right(ends, end)
        if passage := text[start:end].strip():
            passages.append(Passage(passage, behind - first))
        start, first = end, behind
    return passages


def _choose_passages(documents: Sequence[Document], tokenizer: "Tokenizer", params: ScorecardParams) -> tuple[Item, ...]:
    """The first passage of every document, then the second of every one that has it, and so on up to the limit."""
    cut: dict[str, list[Passage]] = {}
    items: list[Item] = []
    num_tokens = 0
    ordered = by_hash(documents, params.seed)
    turn = 0
    found = True
    while found:
        found = False
        for document in ordered:
            if document.id not in cut:
                ends = [end for _, end in tokenizer.encode(document.text, add_special_tokens=False).offsets]
                cut[document.id] = cut_passages(document.text, ends, params.passage_tokens)
            if turn >= len(cut[document.id]):
                continue
            found = True
            passage = cut[document.id][turn]
            num_tokens += passage.num_tokens
            if items and num_tokens > params.held_out_tokens:
                return tuple(items)
            items.append(Item(f"{document.id}-{turn}", {"text": passage.text}))
        turn += 1
    return tuple(items)


def _read_lines(path: Path, kind: type[Record]) -> list[Record]:
    if not path.is_file():
        raise OperatorError(f"{path} is missing: it holds what both models are asked. Restore it with `git checkout {path}`.")
    records: list[Record] = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            records.append(kind.model_validate(orjson.loads(line)))
        except orjson.JSONDecodeError as error:
            raise OperatorError(f"{path}, line {number} is not JSON: {error}. Mend the line, then run again.") from error
        except ValidationError as error:
            raise OperatorError(explain_validation(f"{path}, line {number}", error)) from error
    return records
