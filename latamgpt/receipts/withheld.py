"""The documents of a delivery that may no longer be used: read from its files again, so that each can be proved absent."""

from dataclasses import dataclass
from datetime import timedelta

from latamgpt.governance.withdrawals import REASON
from latamgpt.intake.documents import DELIVERIES
from latamgpt.intake.quarantine import Rejected
from latamgpt.intake.taking_in import MAX_DAYS_AHEAD, documents_in
from latamgpt.params import Params
from latamgpt.store import Workspace

WITHHELD = frozenset({REASON, "agreement_withdrawn", "agreement_expired"})
"""Reasons for which intake opens no file of a delivery that it could read."""


@dataclass(frozen=True)
class WithheldDocument:
    """A document that nobody uses, by the id that intake would give it."""

    doc_id: str
    path: str
    title: str
    num_bytes: int  # of its text in UTF-8


def documents_of(workspace: Workspace, params: Params, partner: str, delivery: str) -> list[WithheldDocument]:
    """What a delivery's files hold, each document once; nothing where they were deleted or do not read.

    Costs what intake costs for this delivery.
    """
    folder = workspace.root / DELIVERIES / partner / delivery
    if not folder.is_dir():
        return []
    last_day = params.rights.as_of + timedelta(days=MAX_DAYS_AHEAD)
    found: dict[str, WithheldDocument] = {}
    try:
        for doc_id, one in documents_in(folder, partner, params.documents, last_day):
            size = len(one.text.encode("utf-8"))
            found.setdefault(doc_id, WithheldDocument(doc_id, one.path, one.title, size))
    except Rejected:  # the delivery stays one item of the receipt, with its reason and without proofs
        return []
    return sorted(found.values(), key=lambda one: one.path)
