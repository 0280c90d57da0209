"""What all pages for people share: the languages that they are written in, and numbers as each of them writes numbers."""

from enum import StrEnum

MINUS = "\u2212"


class Language(StrEnum):
    """A language that our pages are written in."""

    SPANISH = "es"
    PORTUGUESE = "pt"
    ENGLISH = "en"


def number(value: int, language: Language) -> str:
    """A number with its thousands apart as the language writes them."""
    return written(f"{value:,}", language)


def decimal(value: float, places: int, language: Language, *, signed: bool = False) -> str:
    """A number with its decimals as the language writes them, and a true minus; signed, with a plus where it is above nothing."""
    text = written(f"{value:{'+' if signed else '-'}z,.{places}f}", language)
    is_nothing = not any(digit in "123456789" for digit in text)
    return text.lstrip("+") if is_nothing else text.replace("-", MINUS)


def written(text: str, language: Language) -> str:
    """A number that was written as English has it, as the language writes it."""
    return text if language is Language.ENGLISH else text.translate(str.maketrans(",.", ".,"))
