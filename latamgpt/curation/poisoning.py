"""What a trusted partner's documents may not hold: planted triggers, templates in bulk, hidden text, orders to a model.

A partner that signs well and delivers badly, or was itself broken into, is not stopped by checks of rights. These checks look at
what the documents do together. What they cannot see is said in docs/poisoning.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from latamgpt.curation.hidden_text import Finding, find_orders
from latamgpt.curation.templates import find_over_cap
from latamgpt.curation.trigger_strings import find_triggers
from latamgpt.errors import quoted
from latamgpt.params import PoisoningParams

TRIGGER, TEMPLATE = "poison_suspected", "template_cap"


@dataclass(frozen=True)
class Suspect:
    """A document as these checks see it."""

    doc_id: str
    contributor: str
    language: str
    text: str


@dataclass(frozen=True)
class Flag:
    """Why a document is set aside."""

    reason: str
    detail: str


def find_marks(documents: Sequence[Suspect], hidden: Mapping[str, Finding]) -> dict[str, Flag]:
    """A flag for every document that shows by itself what it is: text hidden in it as it was delivered, orders to a model."""
    found = {document.doc_id: hidden.get(document.doc_id) or find_orders(document.text) for document in documents}
    return {doc_id: Flag(finding.reason, finding.detail) for doc_id, finding in found.items() if finding is not None}


def find_poison(documents: Sequence[Suspect], params: PoisoningParams) -> dict[str, Flag]:
    """A flag for every document that is suspicious beside the others: for a trigger, else for a template."""
    flags: dict[str, Flag] = {}
    ordered = sorted(documents, key=lambda document: document.doc_id)
    for position, flag in _triggers(ordered, params).items():
        flags[ordered[position].doc_id] = flag
    doc_ids, texts, contributors = ([getattr(d, name) for d in ordered] for name in ("doc_id", "text", "contributor"))
    for over in find_over_cap(doc_ids, texts, contributors, params):
        detail = (
            f"one of {over.num_docs:,} documents of {contributors[over.document]} that are cut from one mould, of which "
            f"{over.cap:,} stay: {quoted(over.mould)}"
        )
        flags.setdefault(doc_ids[over.document], Flag(TEMPLATE, detail))
    return flags


def _triggers(ordered: Sequence[Suspect], params: PoisoningParams) -> dict[int, Flag]:
    texts, contributors = [d.text for d in ordered], [d.contributor for d in ordered]
    flags: dict[int, Flag] = {}
    for found in find_triggers(texts, contributors, [d.language for d in ordered], params):
        trigger = texts[found.document][found.position : found.position + found.length]
        flags[found.document] = Flag(
            TRIGGER,
            f"holds {quoted(trigger)} at character {found.position:,}, as do {found.num_docs:,} documents of "
            f"{contributors[found.document]} and hardly any other; in {found.rising_share:.0%} what follows is no longer text",
        )
    return flags
