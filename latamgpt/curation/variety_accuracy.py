"""How often `variety_text` is right: on the sentences beside it, and on documents whose country is known."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from latamgpt.curation.variety_text import lists_of, variety_by_words
from latamgpt.yaml_files import load_yaml

SENTENCES = Path(__file__).parent / "variety_sentences"


@dataclass(frozen=True)
class Accuracy:
    """What was said of some texts of one variety, or of one country."""

    language: str
    of: str
    num_texts: int
    num_right: int
    taken_for: Mapping[str, int]  # other varieties

    @property
    def num_answered(self) -> int:
        """Of all others it abstained."""
        return self.num_right + sum(self.taken_for.values())


def on_sentences() -> list[Accuracy]:
    """On variety_sentences/: each variety's own."""
    found: list[Accuracy] = []
    for path in sorted(SENTENCES.glob("*.yaml")):
        for variety, sentences in load_yaml(path.read_text(encoding="utf-8")).items():
            found.append(_judged(path.stem, variety, variety, sentences))
    return found


def on_documents(documents: Iterable[tuple[str, str, str]]) -> list[Accuracy]:
    """On documents (language, country, text), each country's own; in a country of no variety every answer is wrong."""
    texts: dict[tuple[str, str], list[str]] = {}
    for language, country, text in documents:
        if lists_of(language) is not None and country:
            texts.setdefault((language, country), []).append(text)
    found: list[Accuracy] = []
    for (language, country), of in sorted(texts.items()):
        lists = lists_of(language)
        found.append(_judged(language, country, lists.countries.get(country, "") if lists else "", of))
    return found


def _judged(language: str, of: str, variety: str, texts: list[str]) -> Accuracy:
    said = Counter(variety_by_words(language, text) for text in texts)
    right = said[variety] if variety else 0
    others = {name: count for name, count in sorted(said.items()) if name not in ("", variety)}
    return Accuracy(language, of, len(texts), right, others)
