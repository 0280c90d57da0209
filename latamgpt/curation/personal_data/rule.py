"""What one rule of the table is: how a kind of identifier is printed, how it is checked, which word has to name it."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

CONTEXT_CHARS = 40  # how far before a number the word that names it may stand
TO_THE_NUMBER = re.compile(r"\(\?=\\W.*?\$\)")  # a word's condition that only the number follows
BACK_REFERENCE = re.compile(r"\\[1-9]")
NO_WORDS = re.compile(r"(?!)")
LOOKAROUND = re.compile(r"\(\?<?[=!](?:[^()\\]|\\.)*\)")
DIGIT_FIRST = re.compile(r"(?:[0-9]\?)*(?:\\d|\[[0-9]+(?:-[0-9])?\]|[0-9])(?![?*|]|\{[0,])")


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
    starts_with_digit: bool  # so that it can begin at the first digit of a number only

    def is_named(self, before: str) -> bool:
        """Whether a word that names this kind stands shortly before the number."""
        return self.words.search(before) is not None


def starts_with_digit(pattern: str) -> bool:
    """Whether each alternative of a pattern begins with a digit; False where that is not seen at once."""
    depth, alternatives = 0, [""]
    for char in LOOKAROUND.sub("", pattern):
        depth += (char == "(") - (char == ")")
        if char == "|" and depth == 0:
            alternatives.append("")
        else:
            alternatives[-1] += char
    return all(DIGIT_FIRST.match(alternative) for alternative in alternatives)


def words_before(words: str) -> re.Pattern[str]:
    """A pattern for the text before a number: one of these words, then at most `CONTEXT_CHARS` characters."""
    return re.compile(rf"(?<![\w\[])(?:{words})(?!\w).{{0,{CONTEXT_CHARS}}}$", re.IGNORECASE | re.DOTALL) if words else NO_WORDS


def any_word(rules: tuple[Rule, ...]) -> re.Pattern[str]:
    """One quick pattern for all words that name a rule: where it finds none, no rule that needs its word can hold."""
    anywhere = {TO_THE_NUMBER.sub("", rule.named_by) for rule in rules if rule.named_by}
    return re.compile(rf"(?<![\w\[])(?:{'|'.join(sorted(anywhere))})", re.IGNORECASE)


def any_form(rules: Iterable[Rule]) -> re.Pattern[str]:
    """One pattern that matches wherever one of these rules does, and a little more: a part that must come again may be any."""
    return _compiled("|".join(f"(?:{BACK_REFERENCE.sub('.', rule.pattern.pattern)})" for rule in rules))


def printed(country: str, tag: str, pattern: str, is_valid: Callable[[str], bool], words: str = "") -> Rule:
    """A form whose dots and dashes show what it is, even glued to a word."""
    compiled = _compiled(rf"(?<!\d)(?<!\d[.-])(?:{pattern})(?!\d)")
    return Rule(country, tag, compiled, is_valid, Proof.FORM, words, words_before(words), starts_with_digit(pattern))


def checked(country: str, tag: str, pattern: str, is_valid: Callable[[str], bool], words: str = "") -> Rule:
    """Bare digits that stand alone: not a part of a longer number, word or decimal."""
    return Rule(country, tag, _alone(pattern), is_valid, Proof.CHECK, words, words_before(words), starts_with_digit(pattern))


def named(country: str, tag: str, pattern: str, is_valid: Callable[[str], bool], words: str) -> Rule:
    """A number that only the word before it makes an identifier."""
    return Rule(country, tag, _alone(pattern), is_valid, Proof.WORD, words, words_before(words), starts_with_digit(pattern))


def _alone(pattern: str) -> re.Pattern[str]:
    return _compiled(rf"(?<![\w-])(?<!\d\.)(?:{pattern})(?![\w-]|\.\d)")


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)
