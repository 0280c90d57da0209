"""A person's string as it is looked for: without case, accents and spacing, whole words only; a number also by its digits."""

import re
import unicodedata
from dataclasses import dataclass

from latamgpt.errors import OperatorError

FEWEST_DIGITS = 5  # a shorter number is everybody's
FEWEST_LETTERS = 5
BETWEEN_DIGITS = r"[^0-9a-z\n]{0,3}"
WITHHELD = "(its name holds the string)"


@dataclass(frozen=True)
class Needle:
    """A string that is looked for, as patterns over folded text."""

    patterns: tuple[re.Pattern[str], ...]
    in_words: re.Pattern[str] | None = None  # over text whose numbers are 0; None where too little of it is words

    def count_without_numbers(self, text: str) -> int:
        """How often its words stand in a text that keeps 0 in place of every number."""
        return 0 if self.in_words is None else sum(1 for _ in self.in_words.finditer(fold(text)))

    def count(self, text: str) -> int:
        """How often it stands in a text, by the pattern that finds it most often."""
        folded = fold(text)
        return max(sum(1 for _ in pattern.finditer(folded)) for pattern in self.patterns)

    def harmless(self, name: str) -> str:
        """A name that may be shown and kept: itself, or `WITHHELD` where it holds the string."""
        return WITHHELD if self.count(name) else name


def fold(text: str) -> str:
    """Small letters without accents; dashes and spaces of every kind as typed ones."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    return re.sub("[\u2010-\u2014\u2212]", "-", plain)


def needle(string: str) -> Needle:
    """What to look for.

    Raises:
        OperatorError: the string is too short to be one person's.
    """
    words = fold(string).split()
    compact = "".join(char for char in "".join(words) if char.isascii() and char.isalnum())
    digits = re.sub(r"\D", "", compact)
    patterns: list[re.Pattern[str]] = []
    if len("".join(words)) >= FEWEST_LETTERS:
        patterns.append(_whole(words))
    if len(digits) >= FEWEST_DIGITS:
        number = compact if len(digits) * 2 > len(compact) else digits
        patterns.append(re.compile(r"(?<![0-9a-z])" + BETWEEN_DIGITS.join(number) + r"(?![0-9a-z])"))
    if not patterns:
        raise OperatorError(
            f"the string has {len(''.join(words))} characters: that stands in every text and leads to nobody. Give a full name, "
            "an address, a telephone or an identity number."
        )
    is_worded = sum(map(str.isalpha, "".join(words))) >= FEWEST_LETTERS
    return Needle(tuple(patterns), _whole([re.sub("[0-9]+", "0", word) for word in words]) if is_worded else None)


def _whole(words: list[str]) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)" + r"\s+".join(map(re.escape, words)) + r"(?!\w)")
