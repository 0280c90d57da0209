"""What one rule of the table is: how a kind of identifier is printed, how it is checked, which word has to name it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

CONTEXT_CHARS = 40  # how far before a number the word that names it may stand
TO_THE_NUMBER = re.compile(r"\(\?=\\W.*?\$\)")  # a word's condition that only the number follows
NO_WORDS = re.compile(r"(?!)")


class Proof(StrEnum):
    """What makes a number that passes its check personal data, and not one of the many that pass by chance."""

    FORM = "its printed form"  # dots, dashes or letters that hardly anything else has
    CHECK = "its check digits"  # so many, or so rarely right by chance, that bare digits will do
    WORD = "a word before it"


@dataclass(frozen=True)
class Rule:
    """One written form of one kind of identifier."""

    country: str  # ISO 3166-1 alpha-2; '*' for what has no country
    tag: str
    pattern: re.Pattern[str]
    is_valid: Callable[[str], bool]
    proof: Proof
    named_by: str  # the words that name it, as a part of a regular expression
    words: re.Pattern[str]  # the same, up to the number: the text before it is searched
    words_anywhere: re.Pattern[str]  # the same, wherever they stand: without one in a line no number in it can be named

    def is_named(self, before: str) -> bool:
        """Whether a word that names this kind stands shortly before the number."""
        return self.words.search(before) is not None


def words_before(words: str) -> re.Pattern[str]:
    """A pattern for the text before a number: one of these words, then at most `CONTEXT_CHARS` characters."""
    return re.compile(rf"(?<![\w\[])(?:{words})(?!\w).{{0,{CONTEXT_CHARS}}}$", re.IGNORECASE | re.DOTALL) if words else NO_WORDS


def words_alone(words: str) -> str:
    """The words that name a rule without the condition that only the number follows."""
    return TO_THE_NUMBER.sub("", words)


def printed(country: str, tag: str, pattern: str, is_valid: Callable[[str], bool], words: str = "") -> Rule:
    """A form whose dots and dashes show what it is, even glued to a word."""
    return _rule(country, tag, rf"(?<!\d)(?<!\d[.-])(?:{pattern})(?!\d)", is_valid, Proof.FORM, words)


def checked(country: str, tag: str, pattern: str, is_valid: Callable[[str], bool], words: str = "") -> Rule:
    """Bare digits that stand alone: not a part of a longer number, word or decimal."""
    return _rule(country, tag, _alone(pattern), is_valid, Proof.CHECK, words)


def named(country: str, tag: str, pattern: str, is_valid: Callable[[str], bool], words: str) -> Rule:
    """A number that only the word before it makes an identifier."""
    return _rule(country, tag, _alone(pattern), is_valid, Proof.WORD, words)


def _rule(country: str, tag: str, pattern: str, is_valid: Callable[[str], bool], proof: Proof, words: str) -> Rule:
    # only letters end a word here: digits beside it may be a number that becomes a tag before the word is asked for
    anywhere = re.compile(rf"(?<![^\W\d_])(?:{words_alone(words)})(?![^\W\d_])", re.IGNORECASE) if words else NO_WORDS
    return Rule(country, tag, re.compile(pattern, re.IGNORECASE), is_valid, proof, words, words_before(words), anywhere)


def _alone(pattern: str) -> str:
    return rf"(?<![\w-])(?<!\d\.)(?:{pattern})(?![\w-]|\.\d)"
