"""What is known of words: in how many paragraphs they stand in names, which are ordinary, which are a known person's."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from latamgpt.curation.name_tagger.paragraphs import Paragraph, Person
from latamgpt.curation.name_tagger.words import WORD, Word, cut, label, runs
from latamgpt.records import Frozen

LEXICON_NAME = "lexicon.json"
PERSONS_FILE = Path(__file__).parent / "known_persons.txt"
GIVEN, FAMILY = "given", "family"
ENOUGH = 3  # paragraphs: more say no more
MIN_LINES = 2  # of the ordinary text that has a word in small letters
Places = frozenset[tuple[str, str]]
"""Words in small letters, each with a place such as 'given-PRIVATE'."""


class Lexicon(Frozen):
    """What the tagger knows beside its weights, and how sure it has to be; published with them."""

    min_confidence: float = 0.0
    places: dict[str, dict[str, int]]  # 'given-PRIVATE': in how many paragraphs a word stands there
    ordinary: tuple[str, ...]  # words that stand in small letters somewhere, sorted
    persons: tuple[str, ...]  # known ones, their words plain, sorted


@dataclass(frozen=True)
class Known:
    """A lexicon, as it is asked."""

    places: Mapping[str, Mapping[str, int]]
    ordinary: frozenset[str]
    persons: Mapping[str, tuple[tuple[str, ...], ...]]  # by their first word, the longest first

    def said(self, text: str, is_person: bool, but: Places = frozenset()) -> list[str]:  # noqa: FBT001
        """What is known of a word, as features; not what only its own paragraph says of it."""
        word = text.lower()
        said: list[str] = []
        for place, counts in self.places.items():
            number = counts.get(word, 0) - ((place, word) in but)
            if number > 0:
                said.append(f"{place}={min(number, ENOUGH)}")
        if is_person:
            said.append("known")
        elif text[0].isupper() and word in self.ordinary:
            said.append("ordinary")
        return said

    def persons_in(self, words: Sequence[Word]) -> set[int]:
        """Which words stand in the name of a person whom everybody may know."""
        found: set[int] = set()
        for number, word in enumerate(words):
            names = self.persons.get(plain(word.text), ()) if word.text[0].isupper() else ()
            for name in names:
                if tuple(plain(one.text) for one in words[number : number + len(name)]) == name:
                    found.update(range(number, number + len(name)))
                    break
        return found

    def is_person(self, name: str) -> bool:
        """Whether a full name is a known person's."""
        words = tuple(plain(match[0]) for match in WORD.finditer(name))
        return len(words) > 1 and words in self.persons.get(words[0], ())


def known_of(lexicon: Lexicon) -> Known:
    """The lexicon as it is asked."""
    persons: dict[str, list[tuple[str, ...]]] = {}
    for name in lexicon.persons:
        words = tuple(name.split(" "))
        persons.setdefault(words[0], []).append(words)
    longest_first = {first: tuple(sorted(names, key=lambda one: (-len(one), one))) for first, names in persons.items()}
    return Known(lexicon.places, frozenset(lexicon.ordinary), longest_first)


def learn_words(
    paragraphs: Iterable[Paragraph], ordinary_lines: Iterable[str], persons: Iterable[str], min_confidence: float = 0.0
) -> Lexicon:
    """The lexicon of some paragraphs, some lines of ordinary text and some names of known persons."""
    counts: dict[str, Counter[str]] = {f"{place}-{person}": Counter() for place in (GIVEN, FAMILY) for person in Person}
    for paragraph in paragraphs:
        for place, word in words_of_names(cut(paragraph.text), paragraph):
            counts[place][word] += 1
    ordinary: Counter[str] = Counter()
    for line in ordinary_lines:
        ordinary.update({word for word in WORD.findall(line) if len(word) > 2 and word.islower()})
    return Lexicon(
        min_confidence=min_confidence,
        places={place: dict(sorted(found.items())) for place, found in counts.items()},
        ordinary=tuple(sorted(word for word, number in ordinary.items() if number >= MIN_LINES)),
        persons=tuple(sorted({" ".join(plain(match[0]) for match in WORD.finditer(name)) for name in persons})),
    )


def read_persons() -> list[str]:
    """The persons whom everybody may know."""
    lines = PERSONS_FILE.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def words_of_names(words: Sequence[Word], paragraph: Paragraph) -> Places:
    """Each word of a paragraph's names with its place: the first is the given name, or what stands behind a comma."""
    found: set[tuple[str, str]] = set()
    for start, end, person in runs(label(words, paragraph.names)):
        inside = [word.text.lower() for word in words[start:end]]
        comma = inside.index(",") if "," in inside else -1
        letters = [number for number, text in enumerate(inside) if text[0].isalpha() and len(text) > 2]
        for number in letters:
            is_given = number > comma if comma >= 0 else number == letters[0]
            found.add((f"{GIVEN if is_given else FAMILY}-{person}", inside[number]))
    return frozenset(found)


@lru_cache(maxsize=1 << 16)
def plain(word: str) -> str:
    """In small letters without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", word.casefold()) if not unicodedata.combining(c))
