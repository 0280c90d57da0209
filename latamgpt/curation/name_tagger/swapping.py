"""More paragraphs from those that were written: the same with other names, so that contexts are learned and not names."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from latamgpt.curation.name_tagger.lexicon import Places, words_of_names
from latamgpt.curation.name_tagger.paragraphs import Name, Paragraph, Person
from latamgpt.curation.name_tagger.words import Word, cut, label


@dataclass(frozen=True)
class Example:
    """A paragraph cut and labelled, and of each word what its own paragraph alone knows of it."""

    words: list[Word]
    labels: list[str]
    own: list[Places]


@dataclass(frozen=True)
class Given:
    """A name that another paragraph gives away."""

    text: str
    person: Person
    own: Places


def as_written(paragraph: Paragraph) -> Example:
    """A paragraph as it is."""
    words = cut(paragraph.text)
    own = words_of_names(words, paragraph)
    return Example(words, label(words, paragraph.names), [own] * len(words))


def swapped(paragraphs: Sequence[Paragraph], copies: int, seed: int) -> list[Example]:
    """Of each paragraph with names so many copies, each name in them one of another paragraph, of the same form.

    A private person's place may get the name of any: what is said around it makes it private. A public person's place gets a
    public one's or, as often, a private person's, so that `the novel by ...` is known to be followed by an author.
    """
    draw = random.Random(seed)
    pool: dict[tuple[Person, str], list[Given]] = {}
    for paragraph in paragraphs:
        own = words_of_names(cut(paragraph.text), paragraph)
        for name in paragraph.names:
            text = paragraph.text[name.start : name.end]
            pool.setdefault((name.person, form_of(text)), []).append(Given(text, name.person, own))
    named = [paragraph for paragraph in paragraphs if paragraph.names]
    return [_with_others(paragraph, pool, draw) for _ in range(copies) for paragraph in named]


def form_of(name: str) -> str:
    """What a name may stand in for: a single word, a full name, one in capitals, one turned round."""
    if "\n" in name or '"' in name or "“" in name:
        return "odd"
    size = "one" if " " not in name else "full"
    return f"{size}{' capitals' if name.isupper() else ''}{' turned' if ',' in name else ''}"


def _with_others(paragraph: Paragraph, pool: dict[tuple[Person, str], list[Given]], draw: random.Random) -> Example:
    mine = words_of_names(cut(paragraph.text), paragraph)
    done: list[str] = []
    names: list[Name] = []
    givers: list[tuple[int, int, Places]] = []
    length = end = 0
    taken: dict[str, Given] = {}  # one who is named twice stays one
    for name in paragraph.names:
        old = paragraph.text[name.start : name.end]
        kind = Person.PRIVATE if name.person is Person.PUBLIC and draw.random() < 0.5 else name.person
        choice = pool.get((kind, form_of(old)), [Given(old, name.person, mine)])
        new = taken.setdefault(old, draw.choice(choice))
        before = paragraph.text[end : name.start]
        start = length + len(before)
        length, end = start + len(new.text), name.end
        names.append(Name(start, length, name.person))
        givers.append((start, length, new.own))
        done += [before, new.text]
    words = cut("".join([*done, paragraph.text[end:]]))
    own = [next((places for start, stop, places in givers if start <= word.start < stop), mine) for word in words]
    return Example(words, label(words, names), own)
