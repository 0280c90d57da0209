"""The words of a scorecard's page, from words.yaml, and what its groups are called in each language."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from pydantic import TypeAdapter

from latamgpt.evaluation.passages import REPLAY_SUFFIX
from latamgpt.evaluation.score import Cell
from latamgpt.pages import Language

WORDS_PATH = Path(__file__).parent / "words.yaml"
PASSAGES = "bits_per_byte"
TRANSLATION = "translation"
COUNTRY_CHARS = 2
PAIR = "-"  # between the two languages of a translation, or of a task


@dataclass(frozen=True)
class Words:
    """All words in one language."""

    language: Language
    sections: dict[str, dict[str, str]]

    def __getitem__(self, key: str) -> str:
        """A sentence of the page."""
        return self.sections["page"][key]

    def model(self, name: str) -> str:
        """What a model is called: its role where it has one, else its name."""
        return self._name("roles", name)

    def subject(self, name: str) -> str:
        """The same inside a sentence."""
        return self.sections["subjects"].get(name) or self["quoted"].format(name=name)

    def measure(self, name: str) -> str:
        """What is measured."""
        return self._name("measures", name)

    def battery(self, name: str) -> str:
        """What a battery is called."""
        return self._name("batteries", name)

    def about(self, battery: str) -> str:
        """What a battery asks, in a sentence; '' of one that the words do not know."""
        return self.sections["about"].get(battery, "")

    def country(self, code: str) -> str:
        """A country by its code."""
        return self._name("countries", code)

    def group(self, cell: Cell) -> str:
        """Which items a comparison is of, inside its battery; '' where it is of all of them."""
        part = cell.group.removeprefix(f"{battery_of(cell)}/")
        return "" if part == battery_of(cell) else self._part(part)

    def headline(self, cell: Cell) -> str:
        """The same outside of its battery."""
        part, battery = self.group(cell), battery_of(cell)
        if battery in ("", "ability"):
            return part
        return f"{self.battery(battery)}: {part}" if part else self.battery(battery)

    def place(self, group: str) -> str:
        """Any group of questions, with its battery."""
        battery, _, part = group.partition("/")
        return f"{self.battery(battery)}: {self._part(part)}" if part else self.battery(battery)

    def inside(self, name: str) -> str:
        """A name inside a sentence: Spanish and Portuguese write languages and subjects small, English does not."""
        return name if self.language is Language.ENGLISH else name[:1].lower() + name[1:]

    def _part(self, part: str) -> str:
        if part.endswith(REPLAY_SUFFIX):
            return self["replay"].format(name=self._part(part.removesuffix(REPLAY_SUFFIX)))
        for section in ("countries", "groups", "languages"):
            if part in self.sections[section]:
                return self.sections[section][part]
        first, _, second = part.partition(PAIR)
        return f"{self._part(first)} → {self._part(second)}" if first and second else part

    def _name(self, section: str, key: str) -> str:
        return self.sections[section].get(key, key)


def battery_of(cell: Cell) -> str:
    """The battery of a comparison; '' of passages."""
    if cell.measure == PASSAGES:
        return ""
    return TRANSLATION if cell.measure == "chrf" else cell.group.partition("/")[0]


def is_country(cell: Cell) -> bool:
    """Whether a comparison is of one country's items: its group ends with a code in capitals."""
    code = cell.group.rpartition("/")[2]
    return len(code) == COUNTRY_CHARS and code.isupper()


@cache
def catalogue() -> dict[str, dict[str, dict[Language, str]]]:
    """All words by section, key and language."""
    values = yaml.safe_load(WORDS_PATH.read_text(encoding="utf-8"))
    return TypeAdapter(dict[str, dict[str, dict[Language, str]]]).validate_python(values)


@cache
def words(language: Language) -> Words:
    """All words in one language."""
    return Words(language, {s: {key: texts[language] for key, texts in keys.items()} for s, keys in catalogue().items()})
