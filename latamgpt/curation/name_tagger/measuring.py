"""How well a tagger finds the names of paragraphs that it never saw, by language, genre and what stands around a name."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

from latamgpt.curation.name_tagger.cues import is_in_context, is_introduced
from latamgpt.curation.name_tagger.masking import is_full, mask_tagged
from latamgpt.curation.name_tagger.paragraphs import Name, Paragraph, Person
from latamgpt.curation.name_tagger.tagger import Tagger
from latamgpt.curation.personal_data.masking import mask
from latamgpt.params import NameScope
from latamgpt.records import Table

CONFIDENCE = 0.95
IN_LINES = "list"
"""A genre, and the class of the names in it that nothing introduces."""


@dataclass
class Tally:
    """Names that are there, and how many of them are gone."""

    num_names: int = 0
    num_gone: int = 0

    def add(self, *, is_gone: bool) -> None:
        """Count one name."""
        self.num_names += 1
        self.num_gone += is_gone

    def row(self) -> tuple[int, int, float, float, float]:
        """Names, those gone, their share and its interval."""
        low, high = wilson(self.num_gone, self.num_names)
        return self.num_names, self.num_gone, share(self.num_gone, self.num_names), low, high


@dataclass
class Measured:
    """What masking with a scope did to paragraphs."""

    private: dict[tuple[str, str], Tally] = field(default_factory=dict[tuple[str, str], Tally])  # full names, by what and which
    public: Tally = field(default_factory=Tally)
    num_tagged: int = 0  # full names that the tagger calls a private person's
    num_right: int = 0  # of them, those that touch one
    no_name: Counter[str] = field(default_factory=Counter[str])  # genres of those that touch no person's name at all

    @property
    def recall(self) -> Tally:
        """Of all full names of private persons."""
        return self.private.get(("all", "all"), Tally())

    @property
    def precision(self) -> float:
        """Of the full names that the tagger calls private."""
        return share(self.num_right, self.num_tagged)


def measure(paragraphs: Iterable[Paragraph], tagger: Tagger, scope: NameScope) -> Measured:
    """Mask each paragraph as curation would, by the rules and then by the tagger, and look at what is left of its names.

    A full name is one of two words and more. It is gone where none of its words stands in its place any more.
    """
    measured = Measured()
    for paragraph in paragraphs:
        masked = mask_tagged(mask(paragraph.text).text, tagger, scope, Counter())
        for name in filter(lambda one: is_full(paragraph.text[one.start : one.end]), paragraph.names):
            is_gone = _is_gone(paragraph, name, masked)
            if name.person is Person.PUBLIC:
                measured.public.add(is_gone=is_gone)
                continue
            for group in _groups(paragraph, name):
                measured.private.setdefault(group, Tally()).add(is_gone=is_gone)
        _count_tagged(paragraph, tagger, measured)
    return measured


def context_of(paragraph: Paragraph, name: Name) -> str:
    """What makes a name personal data: a title or introduction, what is said of the person, a list; or nothing."""
    if is_introduced(paragraph.text, name.start):
        return "behind a title or an introduction"
    if is_in_context(paragraph.text, name.start, name.end):
        return "before what is said of the person"
    return "list" if paragraph.genre == IN_LINES else "running text"


def tables(scope: NameScope, measured: Measured) -> tuple[Table, ...]:
    """For a report: recall per group, with its interval of 95%."""
    columns = ("group", "which", "full names", "masked", "recall", "low", "high")
    rows = [(*group, *tally.row()) for group, tally in sorted(measured.private.items())]
    rows.append(("public persons", "all", *measured.public.row()))
    return (Table(name=f"names held out, {scope}", columns=columns, rows=tuple(rows)),)


def share(part: int, whole: int) -> float:
    """A share, rounded; 0 of nothing."""
    return round(part / whole, 4) if whole else 0.0


def wilson(part: int, whole: int) -> tuple[float, float]:
    """The interval in which a share lies with 95% confidence (Wilson 1927, https://doi.org/10.1080/01621459.1927.10502953)."""
    if not whole:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    observed, spread = part / whole, z * z / whole
    middle = (observed + spread / 2) / (1 + spread)
    half = z * math.sqrt(observed * (1 - observed) / whole + spread / (4 * whole)) / (1 + spread)
    return round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)


def _groups(paragraph: Paragraph, name: Name) -> Sequence[tuple[str, str]]:
    return (
        ("all", "all"),
        ("context", context_of(paragraph, name)),
        ("genre", paragraph.genre),
        ("language", paragraph.language),
    )


def _is_gone(paragraph: Paragraph, name: Name, masked: str) -> bool:
    """By how often the name's words stand in the text before and after: all of each name's words have to be fewer."""
    words = re.findall(r"\w{2,}", paragraph.text[name.start : name.end])
    before, after = Counter(re.findall(r"\w+", paragraph.text)), Counter(re.findall(r"\w+", masked))
    return all(after[word] < before[word] for word in words if word[0].isupper())


def _count_tagged(paragraph: Paragraph, tagger: Tagger, measured: Measured) -> None:
    for found in tagger.find(paragraph.text):
        if not is_full(paragraph.text[found.start : found.end]):
            continue
        touched = [name for name in paragraph.names if name.start < found.end and name.end > found.start]
        measured.num_tagged += 1
        measured.num_right += any(name.person is Person.PRIVATE for name in touched)
        if not touched:
            measured.no_name[paragraph.genre] += 1
