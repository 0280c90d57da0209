"""A text cut into words, signs and line breaks, and the labels of persons on them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from latamgpt.curation.name_tagger.paragraphs import Name, Person

WORD = re.compile(r"\[[A-Z]{2,9}\]|[^\W_]+(?:['’ʼ`´-][^\W_]+)*|\n+|[^\w\s]|_+")  # a tag of what was masked is one word
OTHER = "O"
LABELS = (OTHER, *(f"{place}-{person}" for person in Person for place in ("B", "I")))


@dataclass(frozen=True)
class Word:
    """A piece of a text."""

    text: str
    start: int
    end: int


def cut(text: str) -> list[Word]:
    """Words with their apostrophes and hyphens, single signs, line breaks; blanks are left out."""
    return [Word(match[0], *match.span()) for match in WORD.finditer(text)]


def label(words: Sequence[Word], names: Sequence[Name]) -> list[str]:
    """B-PRIVATE on the first word of a private person's name, I-PRIVATE on its others, the same for PUBLIC, and O elsewhere."""
    labels = [OTHER] * len(words)
    for name in names:
        inside = [number for number, word in enumerate(words) if word.start < name.end and word.end > name.start]
        for number in inside:
            labels[number] = f"{'B' if number == inside[0] else 'I'}-{name.person}"
    return labels


def runs(labels: Sequence[str]) -> list[tuple[int, int, Person]]:
    """First and last word (exclusive) of each name that the labels say, and whose."""
    found: list[tuple[int, int, Person]] = []
    for number, one in enumerate(labels):
        if one == OTHER:
            continue
        place, _, person = one.partition("-")
        if place == "I" and found and found[-1][1] == number and found[-1][2] == person:
            found[-1] = (found[-1][0], number + 1, found[-1][2])
        else:
            found.append((number, number + 1, Person(person)))
    return found
