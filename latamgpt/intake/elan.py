"""Reader of ELAN's annotation files (.eaf): the transcript is a document, and so is a translation that goes along with it.

A tier that hangs on none holds what a speaker said; where it holds only numbers ('ref@ROSA' with 'R.001'), the tier below it
does. A tier that is joined to it one to one and is named or typed as a translation is the translation, in a language of its
own. Words, morphemes, glosses and notes are no text of a document: they are named as not read, and stay in the delivery.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import lxml.etree

from latamgpt.errors import QUOTED_CHARS, harmless, quoted
from latamgpt.intake.answers import checked
from latamgpt.intake.found import Found, Reading
from latamgpt.intake.licences import stated_as
from latamgpt.intake.limited import run_limited
from latamgpt.intake.metadata import language_of
from latamgpt.intake.quarantine import Reason, Rejected, SetAside
from latamgpt.intake.source import Source
from latamgpt.intake.transcripts import MAX_TRANSCRIPT_BYTES, Utterance, as_text, title_of
from latamgpt.intake.xml_files import parse_xml
from latamgpt.records import Frozen

TRANSLATION = re.compile(
    r"(?:^|[^a-z])(?:ft|fte|free|trad\w*|transl\w*|tradu\w*)(?:[^a-z]|$)|espa[nñ]ol|castellano|portugu", re.IGNORECASE
)
NUMBER_ONLY = re.compile(r"[^\s\d]*\d\S*|")
ONE_TO_ONE = "Symbolic_Association"
Key = TypeVar("Key", bound=Hashable)
MAX_DEPTH = 20  # of annotations that hang on annotations


class Tier(Frozen):
    """One tier, with what was said in it."""

    name: str
    kind: str  # its linguistic type
    constraint: str  # how it is joined to its parent: '' for a tier of its own times
    parent: str
    speaker: str
    language: str  # as the file has it, ISO 639-3 or BCP 47; '' where it says none
    said: tuple[tuple[int, int, str], ...]  # start, end in milliseconds, words

    @property
    def holds_text(self) -> bool:
        """Whether anything stands in it."""
        return any(words.strip() for _, _, words in self.said)

    @property
    def code(self) -> str:
        """Its language in BCP 47."""
        return language_of(self.language)


class Record(Frozen):
    """An .eaf file: its tiers in the order of the file, and the licences that it states."""

    tiers: tuple[Tier, ...]
    licences: tuple[str, ...]


def read_elan(source: Source, name: str) -> Reading:
    """The transcript, the translations ('a.eaf#translation-es'), and each tier that is neither, by name."""
    answer = run_limited(
        parse_elan, [str(source.place(name, 2 * MAX_TRANSCRIPT_BYTES))], name=name, reason=Reason.TRANSCRIPT_INVALID
    )
    record = checked(Record, answer, name, Reason.TRANSCRIPT_INVALID)
    statements = tuple(s for value in record.licences for s in stated_as(value, f"the header of {name}"))
    spoken, translated, others = _sorted_tiers(record.tiers)
    language = next((tier.code for tier in spoken if tier.code), "")
    reading: Reading = [Found(name, _text(spoken), title_of(name), language, statements)]
    for code, tiers in sorted(_grouped(translated, lambda tier: tier.code).items()):
        path = f"{name}#translation-{harmless(code, QUOTED_CHARS) or 'und'}"
        reading.append(Found(path, _text(tiers), title_of(name), code or "und", statements))
    for tier in others:
        which = f"tier {quoted(tier.name)} (type {quoted(tier.kind)})"
        detail = f"{which} holds words, glosses or notes, no running text: it stays in {name}"
        num_bytes = sum(len(words.encode()) for _, _, words in tier.said)
        reading.append(SetAside(f"{name}#{harmless(tier.name, QUOTED_CHARS)}", Reason.NOT_READ, detail, num_bytes))
    return reading


def parse_elan(path: str) -> dict[str, object]:
    """An .eaf file as JSON values; runs in a limited process. No entity is expanded and nothing is fetched.

    Raises:
        Rejected: transcript_invalid, for XML that is broken, has a document type, or is no annotation document.
    """
    try:
        root = parse_xml(Path(path).read_bytes(), "the file")
    except Rejected as rejected:
        raise Rejected(Reason.TRANSCRIPT_INVALID, rejected.detail) from rejected
    doctype = root.getroottree().docinfo.doctype
    if doctype or root.tag != "ANNOTATION_DOCUMENT":
        what = "has a document type (DOCTYPE), which ELAN never writes" if doctype else f"is {quoted(root.tag)}"
        raise Rejected(Reason.TRANSCRIPT_INVALID, f"the file {what}: it is no ELAN annotation document")
    times, speakers = _times(root), _speakers(root)
    kinds = {e.get("LINGUISTIC_TYPE_ID", ""): e.get("CONSTRAINTS", "") for e in root.iter("LINGUISTIC_TYPE")}
    spans = _spans(root, times)
    tiers = [
        {
            "name": e.get("TIER_ID", ""),
            "kind": e.get("LINGUISTIC_TYPE_REF", ""),
            "constraint": kinds.get(e.get("LINGUISTIC_TYPE_REF", ""), ""),
            "parent": e.get("PARENT_REF", ""),
            "speaker": speakers.get(e.get("TIER_ID", ""), ""),
            "language": e.get("LANG_REF", ""),
            "said": [
                (*spans.get(a.get("ANNOTATION_ID", ""), (0, 0)), a.findtext("ANNOTATION_VALUE") or "") for a in _annotations(e)
            ],
        }
        for e in root.iter("TIER")
    ]
    licences = [value for e in root.iter("LICENSE") for value in (e.get("LICENSE_URL", ""), e.text or "") if value.strip()]
    return {"tiers": tiers, "licences": licences}


def _annotations(element: "lxml.etree._Element") -> "list[lxml.etree._Element]":
    return [a for a in element.iter("ALIGNABLE_ANNOTATION", "REF_ANNOTATION")]


def _times(root: "lxml.etree._Element") -> dict[str, int]:
    """Slot -> milliseconds; a slot that was never aligned has the time of the one before it."""
    times: dict[str, int] = {}
    last = 0
    for slot in root.iter("TIME_SLOT"):
        value = slot.get("TIME_VALUE", "")
        last = int(value) if value.isdecimal() and len(value) < 16 else last
        times[slot.get("TIME_SLOT_ID", "")] = last
    return times


def _speakers(root: "lxml.etree._Element") -> dict[str, str]:
    """Tier -> its participant; one that names none has that of the nearest tier above it that does."""
    tiers = {e.get("TIER_ID", ""): (e.get("PARTICIPANT", ""), e.get("PARENT_REF", "")) for e in root.iter("TIER")}
    speakers: dict[str, str] = {}
    for name in tiers:
        (speaker, above), depth = tiers[name], 0
        while not speaker and above in tiers and depth < MAX_DEPTH:
            (speaker, above), depth = tiers[above], depth + 1
        speakers[name] = speaker
    return speakers


def _spans(root: "lxml.etree._Element", times: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """Annotation -> start and end; one that refers to another has that one's."""
    spans: dict[str, tuple[int, int]] = {}
    refers: dict[str, str] = {}
    for a in _annotations(root):
        key = a.get("ANNOTATION_ID", "")
        if a.tag == "ALIGNABLE_ANNOTATION":
            spans[key] = (times.get(a.get("TIME_SLOT_REF1", ""), 0), times.get(a.get("TIME_SLOT_REF2", ""), 0))
        else:
            refers[key] = a.get("ANNOTATION_REF", "")
    for key in refers:
        at, depth = key, 0
        while at in refers and depth < MAX_DEPTH:
            at, depth = refers[at], depth + 1
        spans[key] = spans.get(at, (0, 0))
    return spans


def _sorted_tiers(tiers: Sequence[Tier]) -> tuple[list[Tier], list[Tier], list[Tier]]:
    """Transcript, translations, all others that hold text."""
    below = _grouped(tiers, lambda tier: tier.parent)
    spoken = [_spoken(tier, below.get(tier.name, [])) for tier in tiers if not tier.parent]
    names = {tier.name for tier in spoken}
    rest = _grouped([tier for tier in tiers if tier.name not in names and not _only_numbers(tier)], _is_joined_translation)
    return spoken, rest.get(True, []), rest.get(False, [])


def _grouped(tiers: Iterable[Tier], key: Callable[[Tier], Key]) -> dict[Key, list[Tier]]:
    groups: dict[Key, list[Tier]] = defaultdict(list)
    for tier in tiers:
        groups[key(tier)].append(tier)
    return groups


def _spoken(root: Tier, below: Sequence[Tier]) -> Tier:
    """The first tier below a tier of mere numbers that holds text and is no translation, where there is one."""
    if not _only_numbers(root):
        return root
    joined = (tier for tier in below if tier.constraint == ONE_TO_ONE and tier.holds_text)
    return next((tier for tier in joined if not _is_translation(tier)), root)


def _only_numbers(tier: Tier) -> bool:
    return all(NUMBER_ONLY.fullmatch(words.strip()) for _, _, words in tier.said)


def _is_joined_translation(tier: Tier) -> bool:
    return tier.constraint == ONE_TO_ONE and _is_translation(tier)


def _is_translation(tier: Tier) -> bool:
    return TRANSLATION.search(f"{tier.name} {tier.kind}") is not None


def _text(tiers: Iterable[Tier]) -> str:
    return as_text(Utterance(a, b, _named(tier), words) for tier in tiers for a, b, words in tier.said)


def _named(tier: Tier) -> str:
    """Who speaks; where no participant is named, the tier of the transcript, also before a translation of it."""
    return tier.speaker or (tier.parent if _is_joined_translation(tier) else tier.name)
