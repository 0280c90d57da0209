"""Names that the tagger sees, masked where the text around them, or the kind of document, makes them personal data."""

import math
import re
from collections import Counter
from collections.abc import Iterable

from latamgpt.curation.name_tagger.cues import is_in_context, is_introduced, passages, pieces
from latamgpt.curation.name_tagger.paragraphs import Person
from latamgpt.curation.name_tagger.tagger import TaggedName, Tagger
from latamgpt.curation.personal_data.names import NOT_A_PERSON, TAG, replace_names
from latamgpt.params import NameMaskingParams, NameScope

ALSO = re.compile(r",? (?:y|e|con|com|,)(?: (?:a|de|don|doña|dona))? ?|, ?(?:y |e )?(?:de |a )?|\n(?:\d+[.)-]* )?")
"""Between two names of which the first is in context, and so the second."""
DECADE, CENTURY = re.compile(r"(\d+)0s"), re.compile(r"(\d+)(?:st|nd|rd|th) century")
MARK = re.compile(r"[\[\]{}]|\n\n")


def scope_of(kind: str, period: str, asked: NameMaskingParams) -> NameScope | None:
    """How far masking goes in a document of this kind and period ('1890s', '19th century', 'unknown'); None: not at all."""
    if kind in asked.spared_kinds:
        return None
    is_private = kind in asked.everywhere_kinds and _last_year(period) >= asked.everywhere_from_year
    return NameScope.EVERYWHERE if is_private else asked.scope


def _last_year(period: str) -> float:
    if found := DECADE.fullmatch(period):
        return int(found[1]) * 10 + 9
    found = CENTURY.fullmatch(period)
    return int(found[1]) * 100 if found else math.inf


def mask_tagged(text: str, tagger: Tagger, scope: NameScope, counts: Counter[str]) -> str:
    """Replace private persons' names that the tagger is sure of.

    In context, full names are replaced behind a title or an introduction, before what is said of a person, and near personal data
    that was masked. Everywhere, all full names are, and a single name behind a title or an introduction. A full name that is
    replaced is, in the whole text; one that the tagger calls a public person's somewhere in it, or a known person's, is not.
    """
    everywhere = scope is NameScope.EVERYWHERE
    found = [
        TaggedName(start + one.start, start + one.end, one.person, one.confidence)
        for start, end in (pieces(text) if everywhere else passages(text))
        for one in tagger.read(text[start:end])
    ]
    if not found:
        return text
    public = {text[one.start : one.end] for one in found if one.person is Person.PUBLIC}
    private = [one for one in found if one.person is Person.PRIVATE]
    wanted = [
        one
        for one in (private if everywhere else _in_context(text, private))
        if (name := text[one.start : one.end]) not in public and not MARK.search(name) and NOT_A_PERSON.search(name) is None
    ]
    full = {text[one.start : one.end] for one in wanted if is_full(text[one.start : one.end])}
    single = [one for one in wanted if everywhere and text[one.start : one.end] not in full and is_introduced(text, one.start)]
    for one in reversed(single):
        text = text[: one.start] + TAG + text[one.end :]
    counts.update({"NAME": len(single)} if single else {})
    return replace_names(text, full, counts)


def _in_context(text: str, names: Iterable[TaggedName]) -> list[TaggedName]:
    """Those in context, and those that are named with one: `hija de X y de Y`, a list of witnesses."""
    found: list[TaggedName] = []
    for one in names:
        beside = found and ALSO.fullmatch(text, found[-1].end, one.start)
        if beside or is_in_context(text, one.start, one.end):
            found.append(one)
    return found


def is_full(name: str) -> bool:
    """Whether a name has two words of letters; a single one names nobody alone."""
    return len(re.findall(r"[^\W\d_]{2,}", name)) > 1
