"""A fitted tagger: which words of a passage are persons' names, private or public, and how sure it is."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from latamgpt.curation.name_tagger.lexicon import LEXICON_NAME, Lexicon, known_of
from latamgpt.curation.name_tagger.paragraphs import Person
from latamgpt.curation.name_tagger.scoring import WEIGHTS_NAME, WEIGHTS_SCHEMA, Scorer
from latamgpt.curation.name_tagger.words import LABELS, cut, runs
from latamgpt.curation.personal_data.recogniser import PersonSpan
from latamgpt.errors import OperatorError
from latamgpt.store import digest_of, read_table


@dataclass(frozen=True)
class TaggedName:
    """A name in a text, whose it is, and the tagger's probability for its least sure word."""

    start: int
    end: int
    person: Person
    confidence: float


@dataclass(frozen=True)
class TaggerPlace:
    """Where a run's tagger lies, and the sha256 of its manifest: which one it is."""

    folder: str
    digest: str


class Tagger:
    """A folder that the stage `name_tagger` published. Some 200 kB of text a second on one processor."""

    def __init__(self, folder: Path) -> None:
        lexicon = Lexicon.model_validate_json((folder / LEXICON_NAME).read_bytes())
        self._known = known_of(lexicon)
        self._min_confidence = lexicon.min_confidence
        self._scorer = Scorer(read_table(folder / WEIGHTS_NAME, WEIGHTS_SCHEMA), self._known)

    def read(self, text: str) -> list[TaggedName]:
        """The names in a passage, in its order: the private ones of which the tagger is sure enough, and all public ones.

        One that everybody may know is a public person's, whatever is said around it.
        """
        words = cut(text)
        if not words:
            return []
        found: list[TaggedName] = []
        labels_T, chances_TL = self._scorer.read(words)
        for first, end, person in runs([LABELS[label] for label in labels_T]):
            start, stop = words[first].start, words[end - 1].end
            if self._known.is_person(text[start:stop]):
                person = Person.PUBLIC
            sure = float(chances_TL[first:end, [LABELS.index(f"{place}-{person}") for place in "BI"]].sum(axis=1).min())
            if person is Person.PUBLIC or sure >= self._min_confidence:
                found.append(TaggedName(start, stop, person, sure))
        return found

    def find(self, text: str) -> list[PersonSpan]:
        """See NameRecogniser: the private persons' names."""
        return [PersonSpan(one.start, one.end, one.confidence) for one in self.read(text) if one.person is Person.PRIVATE]


@cache
def open_tagger(place: TaggerPlace) -> Tagger:
    """The tagger of a run, opened once in a process.

    Raises:
        OperatorError: another one lies there by now.
    """
    folder = Path(place.folder)
    if (found := digest_of(folder)) != place.digest:
        raise OperatorError(
            f"{folder} holds the name tagger {found[:12]}..., and this run began with {place.digest[:12]}...: it would mask "
            "other names from here on. Let one run at a time publish name_tagger, and run this stage again."
        )
    return Tagger(folder)
