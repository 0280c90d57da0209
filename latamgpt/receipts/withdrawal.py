"""The receipt of a withdrawal: what left, by the line of the audit log that says so, signed, for the partner to keep."""

from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from latamgpt.errors import OperatorError
from latamgpt.governance.audit import Action, sound
from latamgpt.governance.chain import Entry
from latamgpt.governance.contents import content_id
from latamgpt.governance.withdrawals import read_withdrawn
from latamgpt.intake.delivery import read_delivery
from latamgpt.intake.documents import DELIVERIES
from latamgpt.params import Params
from latamgpt.receipts.publish import CHECKER_NAME, SUMS_NAME, add_checker, must_be_ours, put_in_place, refusals_explained
from latamgpt.receipts.withheld import documents_of
from latamgpt.records import MANIFEST_NAME, Frozen
from latamgpt.registry.partners import read_institution
from latamgpt.release.signature import KEY_VARIABLE, public_pem, sign, signing_key
from latamgpt.store import Workspace, write_json

PLACE = "var/withdrawal_receipts"
NAME, SIGNATURE_NAME, KEY_NAME = "withdrawal.json", "withdrawal.sig", "withdrawal.pem"
FILES = {NAME, SIGNATURE_NAME, KEY_NAME, CHECKER_NAME, SUMS_NAME}
ACTIONS = (Action.AGREEMENT_WITHDRAWN, Action.DELIVERY_WITHDRAWN, Action.DOCUMENT_WITHDRAWN)
ROWS_PER_BATCH = 512


class WithdrawnDocument(Frozen):
    """A document that left; `path` is '' where nothing here says any more where it lay."""

    doc_id: str
    delivery: str
    path: str


class WithdrawalReceipt(Frozen):
    """What a partner keeps of a withdrawal."""

    partner: str
    name: str
    sample: bool  # signed with a key that proves nothing of who signed
    entry: Entry  # the line of the audit log, with its seal
    documents: tuple[WithdrawnDocument, ...]


def must_be_able_to_give(workspace: Workspace, partner: str, out: Path | None) -> None:
    """Refuse before anything is withdrawn, where its receipt could not be given.

    Raises:
        OperatorError: the partner is unknown, the key that is named cannot sign, or `out` holds other things.
    """
    if not read_institution(workspace.root, partner).sample:
        signing_key(workspace, sample=False)
    if out is not None:
        with refusals_explained(out.resolve()):
            must_be_ours(out.resolve(), FILES)


def number_of(workspace: Workspace, partner: str, what: str, document: str) -> int:
    """Which line of the audit log, from 1, entered the withdrawal of an agreement, a delivery or a document.

    Args:
        workspace: the checkout.
        partner: whose it was.
        what: the agreement or the delivery.
        document: its id or the start of it; '' where it was no document.

    Raises:
        OperatorError: no line does, or the log is not whole.
    """
    for entry in reversed(sound(workspace).entries):
        partner_found, *names = entry.subject.split("/")
        meant = names[-1].startswith(document.lower()) if document and names else names == [what]
        if entry.action in ACTIONS and partner_found == partner and meant:
            return entry.sequence
    raise OperatorError(f"the audit log names no withdrawal of {document or what} by {partner}. See `latamgpt audit`.")


def write_withdrawal_receipt(workspace: Workspace, params: Params, partner: str, number: int, out: Path | None = None) -> str:
    """Write the receipt of a withdrawal, signed where there is a key, into var/withdrawal_receipts, or `out`; says where it lies.

    Raises:
        OperatorError: line `number` is no withdrawal of this partner, the key does not read, or the folder takes no files.
    """
    target = (out or workspace.root / PLACE / f"{partner}-{number}").resolve()
    with refusals_explained(target):
        must_be_ours(target, FILES)
    receipt = make_withdrawal_receipt(workspace, params, partner, number)
    key = signing_key(workspace, sample=receipt.sample)

    def fill(folder: Path) -> None:
        write_json(folder / NAME, receipt)
        if key is not None:
            (folder / SIGNATURE_NAME).write_bytes(b64decode(sign((folder / NAME).read_bytes(), key)))
            (folder / KEY_NAME).write_text(public_pem(key), encoding="utf-8")
        add_checker(folder)

    with refusals_explained(target):
        put_in_place(target, fill)
    by = "signed with the samples' key, which proves nothing of who signed" if receipt.sample else "signed"
    signed = by if key is not None else f"NOT signed, since {KEY_VARIABLE} names no key"
    return (
        f"The receipt of the withdrawal names {len(receipt.documents):,} documents and is {signed}. It lies in {target}: give it "
        f"to {partner}, who checks it offline with `python3 verify_receipt.py .`"
    )


def make_withdrawal_receipt(workspace: Workspace, params: Params, partner: str, number: int) -> WithdrawalReceipt:
    """What a line of the audit log withdrew.

    Raises:
        OperatorError: the log has no such line, it is no withdrawal of this partner, or the log is not whole.
    """
    institution = read_institution(workspace.root, partner)
    entries = sound(workspace).entries
    entry = entries[number - 1] if 0 < number <= len(entries) else None
    if entry is None or entry.action not in ACTIONS or entry.subject.split("/")[0] != partner:
        own = [str(one.sequence) for one in entries if one.action in ACTIONS and one.subject.split("/")[0] == partner]
        raise OperatorError(
            f"number {number} of the audit log is no withdrawal by {partner} (its withdrawals: {', '.join(own) or 'none'}). A "
            "receipt is given of what was withdrawn. See `latamgpt audit`."
        )
    found = {one.doc_id: one for one in _documents(workspace, params, partner, entry)}
    documents = tuple(sorted(found.values(), key=lambda one: (one.delivery, one.path, one.doc_id)))
    return WithdrawalReceipt(partner=partner, name=institution.name, sample=institution.sample, entry=entry, documents=documents)


def _documents(workspace: Workspace, params: Params, partner: str, entry: Entry) -> Iterator[WithdrawnDocument]:
    """From the deliveries' files, and from what intake published: the same texts in other deliveries of the partner left too."""
    what, _, document = entry.subject.removeprefix(f"{partner}/").partition("/")
    of_agreement = entry.action == Action.AGREEMENT_WITHDRAWN
    if document:
        yield WithdrawnDocument(doc_id=document, delivery=what, path="")
    for delivery in _under(workspace, partner, what) if of_agreement else [] if document else [what]:
        for one in documents_of(workspace, params, partner, delivery):
            yield WithdrawnDocument(doc_id=one.doc_id, delivery=delivery, path=one.path)
    tombstones = () if of_agreement else read_withdrawn(workspace.root, partner).tombstones
    meant = (one for one in tombstones if (one.delivery, one.document) == (what, document))
    contents = {content for one in meant for content in one.contents}
    if (workspace.place("documents", partner) / MANIFEST_NAME).is_file():
        table = pq.ParquetFile(workspace.read("documents", partner) / "documents.parquet")
        for batch in table.iter_batches(ROWS_PER_BATCH, columns=["doc_id", "delivery", "agreement", "path", "text"]):
            for row in batch.to_pylist():
                own = row["agreement"] == what if of_agreement else row["delivery"] == what and not document
                if own or content_id(row["text"]) in contents:
                    yield WithdrawnDocument(doc_id=row["doc_id"], delivery=row["delivery"], path=row["path"])


def _under(workspace: Workspace, partner: str, agreement: str) -> Iterator[str]:
    """The partner's deliveries under an agreement; of one whose description does not read, nobody can say."""
    folder = workspace.root / DELIVERIES / partner
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        try:
            if place.is_dir() and read_delivery(place).agreement == agreement:
                yield place.name
        except OperatorError:
            continue
