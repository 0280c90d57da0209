"""What a trusted partner's documents may not hold: planted triggers, templates in bulk, hidden text, orders to a model.

A partner that signs well and delivers badly, or was itself broken into, is not stopped by checks of rights. These checks look at
what the documents do together. What they cannot see is said in docs/poisoning.md.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from latamgpt.curation.hidden_text import Finding, find_orders
from latamgpt.curation.templates import find_over_cap
from latamgpt.curation.trigger_strings import find_triggers
from latamgpt.errors import quoted
from latamgpt.params import PoisoningParams

TRIGGER, TEMPLATE = "poison_suspected", "template_cap"


@dataclass(frozen=True)
class Suspects:
    """Documents as these checks see them, sorted by id, one place in each list."""

    doc_ids: Sequence[str]
    contributors: Sequence[str]
    languages: Sequence[str]
    texts: Iterable[str]  # gone through several times: each pass may read them anew


@dataclass(frozen=True)
class Flag:
    """Why a document is set aside."""

    reason: str
    detail: str


def find_marks(documents: Suspects, hidden: Mapping[str, Finding]) -> dict[str, Flag]:
    """A flag for every document that shows by itself what it is: text hidden in it as it was delivered, orders to a model."""
    found = ((doc_id, hidden.get(doc_id) or find_orders(text)) for doc_id, text in _with_ids(documents))
    return {doc_id: Flag(finding.reason, finding.detail) for doc_id, finding in found if finding is not None}


def find_poison(documents: Suspects, params: PoisoningParams) -> dict[str, Flag]:
    """A flag for every document that is suspicious beside the others: for a trigger, else for a template."""
    flags = _triggers(documents, params)
    for over in find_over_cap(documents.texts, documents.contributors, params):
        detail = (
            f"one of {over.num_docs:,} documents of {documents.contributors[over.document]} that are cut from one mould, of "
            f"which {over.cap:,} stay: {quoted(over.mould)}"
        )
        flags.setdefault(documents.doc_ids[over.document], Flag(TEMPLATE, detail))
    return flags


def _triggers(documents: Suspects, params: PoisoningParams) -> dict[str, Flag]:
    found = find_triggers(documents.texts, documents.contributors, documents.languages, params)
    triggers = {documents.doc_ids[one.document]: one for one in found}
    if not triggers:
        return {}
    flags: dict[str, Flag] = {}
    for contributor, (doc_id, text) in zip(documents.contributors, _with_ids(documents), strict=True):
        if (one := triggers.get(doc_id)) is not None:
            flags[doc_id] = Flag(
                TRIGGER,
                f"holds {quoted(text[one.position : one.position + one.length])} at character {one.position:,}, as do "
                f"{one.num_docs:,} documents of {contributor} and hardly any other; in {one.rising_share:.0%} what follows is no "
                "longer text",
            )
    return flags


def _with_ids(documents: Suspects) -> Iterator[tuple[str, str]]:
    yield from zip(documents.doc_ids, documents.texts, strict=True)
