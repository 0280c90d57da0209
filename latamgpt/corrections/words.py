"""The words of the correction page in the languages of the partners, from words.yaml."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import yaml
from pydantic import TypeAdapter

from latamgpt.pages import Language

WORDS_PATH = Path(__file__).parent / "words.yaml"


@cache
def _catalogue() -> dict[str, dict[Language, str]]:
    values = yaml.safe_load(WORDS_PATH.read_text(encoding="utf-8"))
    return TypeAdapter(dict[str, dict[Language, str]]).validate_python(values)


@cache
def words(language: Language) -> dict[str, str]:
    """All words in one language, by key."""
    return {key: texts[language] for key, texts in _catalogue().items()}


def choose(wishes: Iterable[str]) -> Language:
    """The first language of some wishes that we have, Spanish otherwise.

    Args:
        wishes: tags such as 'pt-BR'; what is none counts for nothing.
    """
    known = {language.value: language for language in Language}
    return next((known[tag] for wish in wishes if (tag := wish.strip().partition("-")[0].lower()) in known), Language.SPANISH)
