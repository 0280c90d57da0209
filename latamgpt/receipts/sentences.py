"""What the factory wrote in English, said in the language of a receipt's reader, from sentences.yaml.

The tables and a receipt's record keep one language and the same bytes; the page alone is put into other words. A sentence that
the catalogue does not know, or that was cut short, is not guessed at: it stays the machine's, and the page says so.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import yaml

from latamgpt.evaluation.page.words import words
from latamgpt.pages import Language, written
from latamgpt.records import Frozen

SENTENCES_PATH = Path(__file__).parent / "sentences.yaml"
PLACE = re.compile(r"\{([a-z_]+)\}")
OUR, MAYBE, NUM, LANGUAGE = "our_", "may_", "num_", "lang_"
SEVERAL = {"each_": ", ", "list_": "; "}
MAX_DEPTH = 4  # of words of ours inside words of ours: our sentences go three deep, a partner's name is followed no further
SHAPES = {NUM: re.compile(r"-?[\d,]*\.?\d+(?:e[-+]\d+)?%?"), "country_": re.compile(r"[A-Z]{2}")}
"""What may stand in a place, by the beginning of its name; anything in those that have no shape."""
QUOTE = "'"
Values = dict[str, str]


class Template(Frozen):
    """One sentence: as the code writes it, and in the readers' languages; `en` is '' where readers of English get the same."""

    written: str
    es: str
    pt: str
    en: str = ""

    def to(self, language: Language) -> str:
        """The sentence in one language."""
        return {Language.SPANISH: self.es, Language.PORTUGUESE: self.pt, Language.ENGLISH: self.en or self.written}[language]


@dataclass(frozen=True)
class Pattern:
    """A template ready to be held against sentences."""

    template: Template

    @cached_property
    def places(self) -> list[str]:
        """The names of its places, in order."""
        return PLACE.findall(self.template.written)

    @cached_property
    def pieces(self) -> list[str]:
        """What stands before, between and behind them."""
        return PLACE.split(self.template.written)[::2]

    @cached_property
    def longest(self) -> str:
        """The longest of these pieces: a sentence without it is another one."""
        return max(self.pieces, key=len)

    @cached_property
    def num_own_chars(self) -> int:
        """How much of a sentence it says itself: of two that fit, the one that says more is meant."""
        return sum(map(len, self.pieces))

    def values(self, sentence: str) -> Values | None:
        """What stands in each place; None where the sentence is another one. Takes one pass, whatever a partner wrote.

        A place ends where the piece behind it is first found, the last one where the sentence's end begins.
        """
        if self.longest not in sentence:
            return None
        first, *between = self.pieces
        if not sentence.startswith(first):
            return None
        found: Values = {}
        at = len(first)
        for number, (place, piece) in enumerate(zip(self.places, between, strict=True), start=1):
            is_last = number == len(between)
            end = len(sentence) - len(piece) if is_last else sentence.find(piece, at + 1)
            if end <= at or (is_last and not sentence.endswith(piece)):
                return None
            value = sentence[at:end]
            if any(place.startswith(kind) and not shape.fullmatch(value) for kind, shape in SHAPES.items()):
                return None
            found[place], at = value, end + len(piece)
        return found if at == len(sentence) else None


class Sentences(Frozen):
    """The catalogue: reasons in detail, the words that stand in their places, and what is said of duties and approvals."""

    details: tuple[Template, ...]
    words: tuple[Template, ...]
    statements: tuple[Template, ...]

    def detail(self, sentence: str, language: Language) -> str | None:
        """Why something was set aside; None where the catalogue does not know the sentence.

        Args:
            sentence: as the exclusion table has it.
            language: the reader's.
        """
        said = _say(sentence, language, _patterns().details)
        return said and _as_sentence(said, language)

    def statement(self, words: str, language: Language) -> str | None:
        """A duty, or who approved a release; None where it is somebody's own words."""
        said = _say(words, language, _patterns().statements)
        return said and said.text


@cache
def sentences() -> Sentences:
    """The catalogue."""
    return Sentences.model_validate(yaml.safe_load(SENTENCES_PATH.read_text(encoding="utf-8")))


@dataclass(frozen=True)
class _Patterns:
    details: tuple[Pattern, ...]
    inside: tuple[Pattern, ...]  # what may stand in a place that is ours
    statements: tuple[Pattern, ...]


@cache
def _patterns() -> _Patterns:
    known = sentences()
    return _Patterns(_sorted(known.details), _sorted(known.words + known.details), _sorted(known.statements))


def _sorted(templates: Iterable[Template]) -> tuple[Pattern, ...]:
    return tuple(sorted(map(Pattern, templates), key=lambda pattern: -pattern.num_own_chars))


@dataclass(frozen=True)
class _Said:
    text: str
    is_ours: bool = False  # whether words of ours begin it, and not a name or a number


def _as_sentence(said: _Said, language: Language) -> str:
    """With a capital where our own words begin it, and with an end; in English as the machine writes."""
    if language is Language.ENGLISH:
        return said.text
    text = (said.text[:1].upper() + said.text[1:] if said.is_ours else said.text).replace("?. ", "? ")
    return text if text.endswith((".", "?", "!", "…")) else f"{text}."


def _say(sentence: str, language: Language, patterns: tuple[Pattern, ...], depth: int = 0) -> _Said | None:
    """A sentence by the first pattern that fits with all its places."""
    if depth > MAX_DEPTH:
        return None
    for pattern in patterns:
        values = pattern.values(sentence)
        said = _filled(pattern.template, values, language, depth + 1) if values is not None else None
        if said is not None:
            return said
    return None


def _filled(template: Template, values: Values, language: Language, depth: int) -> _Said | None:
    places: dict[str, _Said] = {}
    for place, value in values.items():
        said = _place(place, value, language, depth)
        if said is None:
            return None
        places[place] = said
    target = template.to(language)
    first = PLACE.match(target)
    return _Said(PLACE.sub(lambda match: places[match[1]].text, target), places[first[1]].is_ours if first else True)


def _place(place: str, value: str, language: Language, depth: int) -> _Said | None:
    """What a place says; None where it has to be ours and is not."""
    if place.startswith(NUM):
        return _Said(written(value, language))
    if place.startswith(LANGUAGE):
        return _Said(_language(value, language))
    for kind, between in SEVERAL.items():
        if place.startswith(kind):
            each = [_ours(one, language, depth) or _Said(one) for one in value.split(between)]
            return _Said(between.join(one.text for one in each))
    if place.startswith((OUR, MAYBE)):
        return _ours(value, language, depth) or (_Said(value) if place.startswith(MAYBE) else None)
    return (_ours(value, language, depth) if value.startswith(QUOTE) else None) or _Said(value)


def _ours(value: str, language: Language, depth: int) -> _Said | None:
    return _say(value, language, _patterns().inside, depth)


def _language(tag: str, language: Language) -> str:
    """A language by its name and tag; by the tag alone where the name is not known."""
    spoken = words(language)
    name = spoken.sections["languages"].get(tag.partition("-")[0])
    return f"{spoken.inside(name)} ({tag})" if name else tag
