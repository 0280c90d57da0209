"""Which Spanish or Portuguese a text is in by its own words, for where neither its partner nor a country says. It may abstain.

The markers are in variety_markers.yaml. Each counts once, however often it stands in the text, singular or plural: a long text
about one thing says no more than a short one. A variety is named from MIN_POINTS on, which no marker has alone, and only where it
has TIMES_OTHERS as many as all others together.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field

from latamgpt.curation.variety import has_voseo
from latamgpt.records import Frozen
from latamgpt.yaml_files import load_yaml

MARKERS = Path(__file__).parent / "variety_markers.yaml"
MIN_POINTS = 3
TIMES_OTHERS = 3  # as many points as all other varieties together, at least
STRONG, WEAK = 2, 1
VOSEO = "(voseo)"  # stands among the words of a variety that has it, and is no word of a text
MAX_CHARS = 100_000  # of a text, from its beginning: a book says it before


class Pattern(Frozen):
    """What no list of words can say."""

    weight: int = Field(gt=0)
    pattern: str
    unless: str = ""


class Variety(Frozen):
    """The markers of one variety."""

    tag: str = Field(
        pattern=r"^[a-z]{2}-[A-Za-z]{2,8}$"
    )  # of the form of BCP 47; with a region where the variety is one country's
    countries: tuple[str, ...]
    strong: str  # words and phrases of at most three words
    weak: str
    patterns: tuple[Pattern, ...] = ()


@dataclass(frozen=True)
class Lists:
    """The markers of a language's varieties."""

    tags: dict[str, str]  # per variety
    countries: dict[str, str]  # to varieties
    words: dict[str, tuple[tuple[str, int], ...]]  # to varieties and weights
    patterns: tuple[tuple[str, int, re.Pattern[str], re.Pattern[str] | None], ...]  # variety, weight, pattern, unless


@cache
def _markers() -> dict[str, Any]:
    return load_yaml(MARKERS.read_text(encoding="utf-8"))


@cache
def lists_of(language: str) -> Lists | None:
    """The markers of a language, read once; none where its varieties have none."""
    found = _markers().get(language)
    if found is None:
        return None
    varieties = {name: Variety.model_validate(fields) for name, fields in found.items()}
    words: dict[str, list[tuple[str, int]]] = {}
    for name, variety in varieties.items():
        for listed, weight in ((variety.strong, STRONG), (variety.weak, WEAK)):
            for word in listed.split(","):
                words.setdefault(word.strip(), []).append((name, weight))
    return Lists(
        {name: variety.tag for name, variety in varieties.items()},
        {country: name for name, variety in varieties.items() for country in variety.countries},
        {word: tuple(counted) for word, counted in words.items()},
        tuple(
            (name, one.weight, re.compile(one.pattern), re.compile(one.unless) if one.unless else None)
            for name, variety in varieties.items()
            for one in variety.patterns
        ),
    )


def variety_by_words(language: str, text: str) -> str:
    """The name of the variety that a text's own words give away, such as 'rioplatense'; nothing where they do not."""
    lists = lists_of(language)
    if lists is None:
        return ""
    points = dict.fromkeys(lists.tags, 0)
    for name, weight in _found(lists, text[:MAX_CHARS]):
        points[name] += weight
    best = max(points, key=lambda name: points[name])
    others = sum(points.values()) - points[best]
    return best if points[best] >= max(MIN_POINTS, TIMES_OTHERS * others) else ""


def tag_by_words(language: str, text: str) -> str:
    """The tag of that variety, such as 'es-rioplat'; the language itself where the text does not give it away."""
    name = variety_by_words(language, text)
    lists = lists_of(language)
    return lists.tags[name] if lists and name else language


def _found(lists: Lists, text: str) -> Iterator[tuple[str, int]]:
    lower = text.lower()
    words = re.findall(r"\w+", lower)
    pairs, threes = zip(words, words[1:], strict=False), zip(words, words[1:], words[2:], strict=False)
    phrases = {*words, *map(" ".join, pairs), *map(" ".join, threes)} & lists.words.keys()
    if VOSEO in lists.words and has_voseo(text):
        phrases.add(VOSEO)
    one_of_each = {phrase.removesuffix("s"): phrase for phrase in sorted(phrases)}
    for phrase in one_of_each.values():
        yield from lists.words[phrase]
    for name, weight, pattern, unless in lists.patterns:
        if pattern.search(lower) and not (unless and unless.search(lower)):
            yield name, weight
