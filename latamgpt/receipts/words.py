"""The words of a receipt in the languages of the partners, from words.yaml."""

from functools import cache
from pathlib import Path

import yaml

from latamgpt.pages import Language
from latamgpt.records import Frozen
from latamgpt.registry.duties import DutyKind

WORDS_PATH = Path(__file__).parent / "words.yaml"


class Catalogue(Frozen):
    """Words by key and language: what stands on the page, what each duty asks, and what each reason code means."""

    page: dict[str, dict[Language, str]]
    duties: dict[DutyKind, dict[Language, str]]
    reasons: dict[str, dict[Language, str]]

    def on_page(self, language: Language) -> dict[str, str]:
        """The page's words in one language."""
        return {key: words[language] for key, words in self.page.items()}

    def duty(self, kind: DutyKind, language: Language) -> str:
        """What a duty asks, in a few words."""
        return self.duties[kind][language]

    def reason(self, code: str, language: Language) -> str:
        """A reason in plain words; a code that the catalogue lacks stands for itself."""
        return self.reasons[code][language] if code in self.reasons else code


@cache
def catalogue() -> Catalogue:
    """The catalogue."""
    return Catalogue.model_validate(yaml.safe_load(WORDS_PATH.read_text(encoding="utf-8")))
