"""Plant every evaluation item of the repository in real documents, whole and changed, and count what decontamination finds.

Hosts are runs of lines of the shipped samples; an item stands somewhere between two words of its host. Prints a Markdown table:
recall per style (the item is named), documents without an item that were set aside, and the speed.
"""

import math
import random
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson

from latamgpt.curation.decontamination import Finder, Match
from latamgpt.curation.evaluation_sets import FEWEST_WORDS, FOLDERS, TASKS, asked, read_items
from latamgpt.curation.matched_words import words
from latamgpt.params import read_params
from scripts.bench_poisoning import read_sources

ROOT = Path(__file__).resolve().parent.parent
SEED = 7
HOST_LINES = 12
LEAST_WORDS = 5  # of a copy: what is cut to fewer is no longer anybody's question ('The capital of')
TABLE_HEAD = (
    "| planted | copies | found | recall | with five words or more | found | recall |",
    "| --- | --- | --- | --- | --- | --- | --- |",
)
SPEED_ROUNDS = 3

ALL_PERTURBED = "all perturbed"

Change = Callable[[str, random.Random], str]


class Form(StrEnum):
    """How a page shows a question: with its answer behind it, or with all its choices under it."""

    ANSWERED = "answered"
    ASKED = "asked"


@dataclass(frozen=True)
class Written:
    """An item in both forms; a text has one."""

    set: str
    id: str
    answered: str
    asked: str


@dataclass(frozen=True)
class Planted:
    """A host with an item in it."""

    style: str
    item: Written
    copy: str
    text: str


def read_written() -> list[Written]:
    """Every item of the repository's sets, as text; of a question in two forms both."""
    found: list[Written] = []
    for folder in (TASKS, *FOLDERS):
        for path in sorted((ROOT / folder).rglob("*.jsonl")):
            rows = [orjson.loads(line) for line in path.read_bytes().splitlines()]
            found += [one for row in rows for one in _written(path.relative_to(ROOT).as_posix(), row)]
    return found


def _written(name: str, row: dict[str, Any]) -> Iterator[Written]:
    for letter, form in zip("ab", row.get("forms", ()), strict=False):
        answer = form["choices"][form["answer"]]
        prompt = asked(form["prompt"])
        if words(answer) and words(prompt):
            letters = "".join(f"\n{letter}) {choice}" for letter, choice in zip("abcde", form["choices"], strict=False))
            yield Written(name, f"{row['id']}/{letter}", f"{prompt} {answer}.", f"{prompt}{letters}\n")
    if "other_text" in row:
        for letter, text in zip("ab", (row["text"], row["other_text"]), strict=True):
            if len(words(text)) >= FEWEST_WORDS:
                yield Written(name, f"{row['id']}/{letter}", text, text)
    elif "text" in row:
        yield Written(name, row["id"], row["text"], row["text"])


def read_hosts() -> list[str]:
    """Documents of a dozen lines each, of all contributors and languages."""
    return [
        "\n".join(source.lines[start : start + HOST_LINES])
        for source in read_sources(ROOT / "samples")
        for start in range(0, len(source.lines), HOST_LINES)
    ]


def as_it_is(text: str, _: random.Random) -> str:
    """The copy itself."""
    return text


def upper(text: str, _: random.Random) -> str:
    """In capitals."""
    return text.upper()


def without_accents(text: str, _: random.Random) -> str:
    """Every letter without its marks."""
    return "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))


def other_punctuation(text: str, draw: random.Random) -> str:
    """Every mark that separates replaced, and lines broken elsewhere."""
    marked = "".join(draw.choice(";—…!") if char in '.,;:?¿!¡«»"()' else char for char in text)
    return "".join(draw.choice("  \n") if char.isspace() else char for char in marked)


def other_words(text: str, draw: random.Random) -> str:
    """One word of each twenty replaced: at least one."""
    parts = text.split(" ")
    for start in range(0, len(parts), 20):
        parts[draw.randrange(start, min(start + 20, len(parts)))] = "xilófono"
    return " ".join(parts)


def first_half(text: str, _: random.Random) -> str:
    """Cut in the middle."""
    parts = text.split()
    return " ".join(parts[: len(parts) // 2])


def most_of_it(text: str, _: random.Random) -> str:
    """Without its last tenth."""
    parts = text.split()
    return " ".join(parts[: len(parts) - max(1, len(parts) // 10)])


def all_at_once(text: str, draw: random.Random) -> str:
    """Capitals without accents, with other punctuation."""
    return other_punctuation(without_accents(upper(text, draw), draw), draw)


EXACT: dict[str, tuple[Form, Change]] = {
    "exact, with its answer": (Form.ANSWERED, as_it_is),
    "exact, with all choices": (Form.ASKED, as_it_is),
}
PERTURBED: dict[str, tuple[Form, Change]] = {
    "in capitals": (Form.ANSWERED, upper),
    "without accents": (Form.ANSWERED, without_accents),
    "other punctuation and line breaks": (Form.ANSWERED, other_punctuation),
    "capitals, no accents, other punctuation": (Form.ASKED, all_at_once),
    "one word of each twenty replaced": (Form.ANSWERED, other_words),
    "without its last tenth": (Form.ANSWERED, most_of_it),
    "first half": (Form.ANSWERED, first_half),
    "first half, with all choices": (Form.ASKED, first_half),
}


def plant(written: Sequence[Written], hosts: Sequence[str], seed: int = SEED) -> list[Planted]:
    """Each item once in each style, in a host that is drawn for it."""
    draw = random.Random(seed)
    planted: list[Planted] = []
    for style, (form, change) in (EXACT | PERTURBED).items():
        for item in written:
            text = change(item.asked if form is Form.ASKED else item.answered, draw)
            planted.append(Planted(style, item, text, _within(text, draw.choice(hosts), draw)))
    return planted


def _within(text: str, host: str, draw: random.Random) -> str:
    parts = host.split(" ")
    at = draw.randrange(len(parts) + 1)
    return "\n".join((" ".join(parts[:at]), text, " ".join(parts[at:])))


def names_it(one: Planted, matches: Sequence[Match]) -> bool:
    """Whether the item that was planted is among those that are named."""
    return any((match.item.set, match.item.id) == (one.item.set, one.item.id) for match in matches)


def table(planted: Sequence[Planted], hits: Sequence[bool]) -> str:
    """Recall per style, and of all perturbed copies together: of each copy, and of those with five words or more."""
    styles = [*dict.fromkeys(one.style for one in planted), ALL_PERTURBED]
    counts: dict[tuple[str, bool], list[bool]] = {(style, long): [] for style in styles for long in (False, True)}
    for one, hit in zip(planted, hits, strict=True):
        for style in (one.style, ALL_PERTURBED) if one.style in PERTURBED else (one.style,):
            counts[style, False].append(hit)
            if len(words(one.copy)) >= LEAST_WORDS:
                counts[style, True].append(hit)
    rows = [f"| {style} | {_recall(counts[style, False])} | {_recall(counts[style, True])} |" for style in styles]
    return "\n".join([*TABLE_HEAD, *rows])


def _recall(hits: Sequence[bool]) -> str:
    return f"{len(hits)} | {sum(hits)} | {sum(hits) / len(hits):.1%}"


def main() -> None:
    """Command line."""
    finder = Finder(read_items(ROOT), read_params(ROOT).corpus.decontamination)
    hosts = read_hosts()
    planted = plant(read_written(), hosts)
    finder.find("", hosts[0])  # compiles
    seconds = math.inf
    alarms: list[Match] = []
    for _ in range(SPEED_ROUNDS):
        begin = time.perf_counter()
        alarms = [match for number, host in enumerate(hosts) for match in finder.find(str(number), host)]
        seconds = min(seconds, time.perf_counter() - begin)
    hits = [names_it(one, finder.find("", one.text)) for one in planted]
    characters = sum(map(len, hosts))
    sys.stdout.write(f"{table(planted, hits)}\n\n{len(hosts):,} documents of {characters:,} characters without an item: ")
    sys.stdout.write(
        f"{len({match.doc_id for match in alarms})} set aside; {characters / seconds / 1e6:,.1f} million characters/s\n"
    )
    for match in alarms:
        sys.stdout.write(f"{match.explain()}\n")


if __name__ == "__main__":
    main()
