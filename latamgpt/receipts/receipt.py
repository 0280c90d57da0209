"""A partner's receipt: the record that is shown as a page and checked by verify_receipt.py."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from latamgpt.errors import OperatorError
from latamgpt.params import Params
from latamgpt.receipts.anchor import Anchor, find_anchor
from latamgpt.receipts.deposit import Deposit, Item, read_deposit
from latamgpt.receipts.releases import HeldBy, releases_of
from latamgpt.receipts.use import DocumentUse, find_use
from latamgpt.records import Frozen
from latamgpt.registry.duties import Duty, duties_of
from latamgpt.registry.partners import Institution, read_institution
from latamgpt.release.merkle import Exclusion, Inclusion
from latamgpt.store import Workspace

MAX_EXAMPLES = 3


class Place(Frozen):
    """A leaf of the corpus' tree with the path that proves it."""

    doc_id: str
    index: int
    path: tuple[str, ...]


class Absence(Frozen):
    """The neighbours between which a document would stand, if it were in the corpus."""

    before: Place | None
    after: Place | None


class Reason(Frozen):
    """How much of a delivery was set aside under one code, with examples."""

    reason: str
    num_items: int
    examples: tuple[str, ...]


class DeliveryOutcome(Frozen):
    """What became of one delivery: given = kept + dropped."""

    delivery: str
    date: str
    agreement: str
    licence: str
    num_given: int
    num_kept: int
    num_dropped: int
    reasons: tuple[Reason, ...]


class DocumentOutcome(Frozen):
    """What became of one document; `reason` is '' where it is in the corpus, `doc_id` is '' where nothing was read."""

    doc_id: str
    delivery: str
    path: str
    title: str
    reason: str
    detail: str
    num_bytes: int
    num_tokens: int
    num_tokens_seen: int
    num_epochs: int
    steps: tuple[int, ...]
    held_out: bool
    included: Place | None
    excluded: Absence | None


class AgreementDuties(Frozen):
    """What whoever passes a release on owes for a partner's documents that came under one agreement."""

    agreement: str
    licences: tuple[str, ...]  # of the documents in the corpus, SPDX
    valid_until: str  # '' without an end
    duties: tuple[Duty, ...]


class Receipt(Frozen):
    """All that a partner is told."""

    partner: str
    name: str
    country: str
    sample: bool
    as_of: str
    release: str
    corpus_root: str
    num_steps: int  # of the training
    deliveries: tuple[DeliveryOutcome, ...]
    documents: tuple[DocumentOutcome, ...]
    releases: tuple[HeldBy, ...]
    duties: tuple[AgreementDuties, ...]


def make_receipt(workspace: Workspace, params: Params, partner: str) -> tuple[Receipt, Anchor]:
    """A partner's receipt, and what its proofs are held against.

    Raises:
        OperatorError: the partner or an agreement of its documents is not in the registry, a stage was not run, or there is no
            corpus root to prove against.
    """
    institution = read_institution(workspace.root, partner)
    anchor = find_anchor(workspace)
    deposit = read_deposit(workspace, params, partner)
    use = find_use(workspace, {item.doc_id for item in deposit.items if item.doc_id})
    documents = tuple(_document(item, _use_of(item, use), anchor) for item in deposit.items)
    receipt = Receipt(
        partner=partner,
        name=institution.name,
        country=institution.country,
        sample=institution.sample,
        as_of=params.rights.as_of.isoformat(),
        release=anchor.root.release,
        corpus_root=anchor.root.root,
        num_steps=workspace.report("checkpoint").counts["num_steps"],
        deliveries=tuple(_deliveries(deposit)),
        documents=documents,
        releases=releases_of(workspace, anchor),
        duties=tuple(_duties(institution, deposit)),
    )
    return receipt, anchor


def _use_of(item: Item, use: Mapping[str, DocumentUse]) -> DocumentUse:
    """What intake set aside was never used; where it is a copy, the use is that of the one which was kept."""
    return use.get(item.doc_id, DocumentUse()) if item.stage != "documents" else DocumentUse()


def _document(item: Item, use: DocumentUse, anchor: Anchor) -> DocumentOutcome:
    tree = anchor.tree
    stands = bool(item.doc_id) and tree.contains(item.doc_id)
    absent = bool(item.doc_id) and not stands
    return DocumentOutcome(
        doc_id=item.doc_id,
        delivery=item.delivery,
        path=item.path,
        title=item.title,
        reason=item.reason,
        detail=item.detail,
        num_bytes=item.num_bytes,
        num_tokens=use.num_tokens,
        num_tokens_seen=use.num_tokens_seen,
        num_epochs=use.num_epochs,
        steps=tuple(use.steps),
        held_out=use.held_out,
        included=_place(tree.prove_inclusion(item.doc_id)) if stands else None,
        excluded=_absence(tree.prove_exclusion(item.doc_id)) if absent else None,
    )


def _place(proof: Inclusion) -> Place:
    return Place(doc_id=proof.name, index=proof.index, path=proof.path)


def _absence(proof: Exclusion) -> Absence:
    before, after = (_place(side) if side else None for side in (proof.before, proof.after))
    return Absence(before=before, after=after)


def _deliveries(deposit: Deposit) -> Iterable[DeliveryOutcome]:
    items: defaultdict[str, list[Item]] = defaultdict(list)
    for item in deposit.items:
        items[item.delivery].append(item)
    described = {given.delivery: given for given in deposit.deliveries}
    for name in sorted(items.keys() | described.keys()):
        given = described.get(name)
        kept = sum(item.kept for item in items[name])
        yield DeliveryOutcome(
            delivery=name,
            date=given.date if given else "",
            agreement=given.agreement if given else "",
            licence=given.licence if given else "",
            num_given=len(items[name]),
            num_kept=kept,
            num_dropped=len(items[name]) - kept,
            reasons=_reasons(items[name]),
        )


def _duties(institution: Institution, deposit: Deposit) -> Iterable[AgreementDuties]:
    licences: defaultdict[str, set[str]] = defaultdict(set)
    for item in deposit.items:
        if item.kept:
            licences[item.agreement].add(item.licence)
    for name, carried in sorted(licences.items()):
        agreement = institution.agreement(name)
        if agreement is None:
            raise OperatorError(
                f"partners/{institution.id}.yaml has no agreement {name!r}, and documents in the corpus came under it. A receipt "
                "would not say what is owed for them. Restore the agreement, or run the stages from documents on again."
            )
        yield AgreementDuties(
            agreement=name,
            licences=tuple(sorted(carried)),
            valid_until=agreement.valid_until.isoformat() if agreement.valid_until else "",
            duties=duties_of(agreement, carried),
        )


def _reasons(items: Iterable[Item]) -> tuple[Reason, ...]:
    counts: Counter[str] = Counter()
    examples: defaultdict[str, list[str]] = defaultdict(list)
    for item in items:
        if not item.kept:
            counts[item.reason] += 1
            examples[item.reason].append(f"{item.path} ({item.title})" if item.title else item.path)
    return tuple(
        Reason(reason=reason, num_items=number, examples=tuple(filter(None, examples[reason][:MAX_EXAMPLES])))
        for reason, number in sorted(counts.items())
    )


def totals(receipt: Receipt) -> Mapping[str, int]:
    """The sums that the page and the command line show."""
    documents = receipt.documents
    return {
        "given": len(documents),
        "kept": sum(not document.reason for document in documents),
        "dropped": sum(bool(document.reason) for document in documents),
        "trained": sum(document.num_tokens_seen > 0 for document in documents),
        "held_out": sum(document.held_out for document in documents),
        "not_seen": sum(not d.reason and not d.held_out and not d.num_tokens_seen for d in documents),
        "tokens_available": sum(document.num_tokens for document in documents),
        "tokens_seen": sum(document.num_tokens_seen for document in documents),
        "times": max((document.num_epochs for document in documents), default=0),
        "steps": len({step for document in documents for step in document.steps}),
    }
