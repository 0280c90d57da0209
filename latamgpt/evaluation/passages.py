"""Held-out passages of the run's own token shards and of the ability text, as long as one training sequence."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import yaml
from pydantic import Field

from latamgpt.errors import OperatorError
from latamgpt.evaluation.items import TASKS_FOLDER, Item, Measure, Task, by_hash, read_lines
from latamgpt.params import ScorecardParams
from latamgpt.records import Frozen

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PASSAGES_FILE = "bits_per_byte.yaml"
FEWEST_PASSAGES = 2
REPLAY_SUFFIX = "-replay"


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
    whole: str = ""  # the document that it is a piece of, which its passages are counted as


@dataclass(frozen=True)
class Passage:
    """As much of a document as one training sequence holds."""

    text: str
    num_tokens: int


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
        items = _choose_passages(language, texts[language], tokenizer, params)
        if len(items) >= FEWEST_PASSAGES:
            tasks.append(Task(f"{Measure.BITS_PER_BYTE}/{language}", Measure.BITS_PER_BYTE, "", settings, items))
    if not tasks:
        raise OperatorError(
            f"{held_out} and {ability_text} hold no text to score. Bits per byte per language are what the gates decide on. "
            "Raise token_shards.held_out_share in params.yaml, or look at what the corpus kept."
        )
    return tasks


def read_ability_text(folder: Path) -> dict[str, list[Document]]:
    """LANGUAGE.jsonl files of texts outside the replay."""
    found = {
        path.stem: [Document(source.id, source.text) for source in read_lines(path, Source)]
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
            found.setdefault(row["language"], []).append(Document(f"{row['doc_id']}-{row['piece']}", row["text"], row["doc_id"]))
    return found


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


def _choose_passages(
    language: str, documents: Sequence[Document], tokenizer: "Tokenizer", params: ScorecardParams
) -> tuple[Item, ...]:
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
            cluster = document.whole or document.id
            items.append(Item(f"{document.id}-{turn}", {"text": passage.text}, cluster, {"language": language}))
        turn += 1
    return tuple(items)
