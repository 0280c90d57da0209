"""Withdraw an agreement, a delivery or a document: what leaves and what becomes stale is said before it is done."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial

from latamgpt.cache import forget
from latamgpt.custody.days import must_have_come
from latamgpt.custody.deeds import do
from latamgpt.custody.edits import Deed
from latamgpt.custody.effect import (
    Leaving,
    copies_elsewhere,
    documents_of,
    gave_way,
    in_corpus,
    is_published,
    leaving,
    other_spellings,
    own_near_copies,
)
from latamgpt.custody.places import delivery_names, delivery_place
from latamgpt.custody.registry_edits import every_partner, registry_path, withdraw_agreement
from latamgpt.custody.stale import stale_stages
from latamgpt.custody.tombstones import add_tombstone
from latamgpt.errors import OperatorError
from latamgpt.governance.contents import content_id
from latamgpt.governance.recipients import read_recipients
from latamgpt.governance.withdrawals import Tombstone, read_withdrawn, withdrawals_path
from latamgpt.intake.quarantine import Rejected
from latamgpt.intake.taking_in import contents_of
from latamgpt.params import read_params
from latamgpt.registry.partners import read_institution
from latamgpt.store import Workspace

MAX_COPIES = 10
"""How many copies at other partners are named."""

MIN_ID_CHARS = 12
"""The start of a document's id that is enough to name it."""


@dataclass(frozen=True)
class Order:
    """What the operator asks for: one of agreement, delivery and document."""

    partner: str
    reason: str
    on: date
    agreement: str = ""
    delivery: str = ""
    document: str = ""
    dry_run: bool = False
    actor: str = ""


Follow = Callable[[Collection[str]], list[str]]
"""Says of documents that leave the corpus, by doc_id, what training did with them: lines for a terminal."""


def withdraw(workspace: Workspace, order: Order, follow: Follow = lambda _: []) -> str:
    """Withdraw, and say what leaves, which stages become stale, and what a withdrawal does not reach.

    Args:
        workspace: the checkout.
        order: what is to be withdrawn.
        follow: asked before anything is changed, since the next corpus no longer holds what could be followed.

    Raises:
        OperatorError: what is to be withdrawn is unknown or was withdrawn before, no reason is given, or the day lies ahead.
    """
    if not order.reason.strip():
        raise OperatorError("the reason is empty. The registry says why a text left. Give --reason some words, no person's name.")
    read_institution(workspace.root, order.partner)
    advice = "A withdrawal holds from when it is entered: leave --on out to withdraw now, or run the command on that day."
    must_have_come(workspace.root, order.on, "the withdrawal is dated", advice)
    meant = _find(workspace, order)
    changed = registry_path(order.partner) if order.agreement else withdrawals_path(order.partner)
    stages = stale_stages(workspace.root, {changed})
    lines = [
        *meant.notes,
        *_effect(workspace, order, meant.found),
        *follow(in_corpus(workspace, meant.found.doc_ids).doc_ids),
        *_holders(workspace),
        f"Stages that become stale ({len(stages)}): {', '.join(stages) or f'none, {order.partner} is not in the run'}",
    ]

    def prepare() -> Deed:
        deed = meant.prepare()
        if not order.dry_run:
            forget(workspace.root, order.partner)  # before the deed: a kill in between leaves nothing that nobody asks for again
        return deed

    return "\n".join([*lines, do(workspace, order.actor, prepare, dry_run=order.dry_run)])


@dataclass(frozen=True)
class _Meant:
    """What the order means: the deed, the documents, and what the operator must know besides."""

    prepare: Callable[[], Deed]
    found: Leaving
    notes: tuple[str, ...] = ()


def _find(workspace: Workspace, order: Order) -> _Meant:
    if order.agreement:
        found = leaving(workspace, order.partner, agreement=order.agreement)
        reason = order.reason.strip()
        return _Meant(partial(withdraw_agreement, workspace.root, order.partner, order.agreement, reason, order.on), found)
    return _delivery(workspace, order) if order.delivery else _document(workspace, order)


def _delivery(workspace: Workspace, order: Order) -> _Meant:
    partner, delivery = order.partner, order.delivery
    known = delivery_names(workspace, partner)
    published = leaving(workspace, partner, delivery=delivery)
    if delivery not in known and not published.doc_ids and read_withdrawn(workspace.root, partner).delivery(delivery) is None:
        raise OperatorError(
            f"{partner} delivered nothing under the id {delivery!r} (it delivered: {', '.join(known) or 'nothing'}). What was "
            "never taken in cannot leave. Check the spelling."
        )
    place = delivery_place(partner, delivery)
    contents, notes = set(published.contents), tuple[str, ...]()
    try:
        if delivery in known:
            contents |= contents_of(workspace.root / place, read_params(workspace.root).documents)
    except Rejected as rejected:
        known_again = f"{len(contents):,} contents that intake published would be known again under another name"
        notes = (f"The files in {place} do not read ({rejected.reason}: {rejected.detail}), so only the {known_again}.",)
    found = leaving(workspace, partner, delivery=delivery, contents=contents)
    return _Meant(partial(add_tombstone, workspace.root, partner, _tombstone(order, delivery, "", contents)), found, notes)


def _document(workspace: Workspace, order: Order) -> _Meant:
    partner, asked = order.partner, order.document.lower()
    rows = [row for row in documents_of(workspace, partner) if row["doc_id"].startswith(asked)]
    if len(asked) < MIN_ID_CHARS or len(rows) != 1:
        raise OperatorError(
            f"{asked!r} names {len(rows)} documents that intake took from {partner}"
            + ("" if is_published(workspace, "documents", partner) else " (its stage `documents` has not run here)")
            + f". A document is named by its doc_id, or the first {MIN_ID_CHARS} characters of it or more: see the column doc_id "
            f"of data/documents/{partner}/documents.parquet, or withdraw the delivery that it came in."
        )
    row = rows[0]
    contents = {content_id(row["text"]), *other_spellings(workspace, partner).get(row["doc_id"], ())}
    tombstone = _tombstone(order, row["delivery"], row["doc_id"], contents)
    return _Meant(partial(add_tombstone, workspace.root, partner, tombstone), leaving(workspace, partner, contents=contents))


def _tombstone(order: Order, delivery: str, document: str, contents: Iterable[str]) -> Tombstone:
    return Tombstone(
        withdrawn_on=order.on,
        reason=order.reason.strip(),
        delivery=delivery,
        document=document,
        contents=tuple(sorted(contents)),
    )


def _effect(workspace: Workspace, order: Order, found: Leaving) -> list[str]:
    if not is_published(workspace, "documents", order.partner):
        return [f"What leaves cannot be counted: `latamgpt stage documents {order.partner}` has not run here."]
    lines = [f"Leaves intake: {found}"]
    if not is_published(workspace, "corpus"):
        lines.append("No corpus is published here, so nothing leaves one.")
    else:
        lines.append(f"Leaves the corpus: {in_corpus(workspace, found.doc_ids)}")
        returning = gave_way(workspace, found.doc_ids)
        named = ", ".join(f"{partner} {count:,}" for partner, count in sorted(returning.items()))
        if named:
            lines.append(f"Duplicates that gave way to them and may take their place: {named}")
    near = own_near_copies(workspace, order.partner, found.doc_ids)
    if near:
        lines.append(
            f"{order.partner}'s own documents that say nearly the same stay, and may be in the next corpus ({len(near):,}):"
        )
        lines += [f"  {one}" for one in near[:MAX_COPIES]]
        lines.append(
            "  Ask the partner about them. If they must go too, withdraw each: "
            f"latamgpt withdraw --partner {order.partner} --document DOC_ID --reason ..."
        )
    others = [one for one in every_partner(workspace) if one != order.partner]
    copies = copies_elsewhere(workspace, others, found.contents)
    if copies:
        lines.append(f"The same texts stay where other partners delivered them under agreements of their own ({len(copies):,}):")
        lines += [f"  {copy}" for copy in copies[:MAX_COPIES]]
        lines.append(
            "  If they must go too, withdraw them there: latamgpt withdraw --partner PARTNER --document DOC_ID --reason ..."
        )
    return lines


def _holders(workspace: Workspace) -> list[str]:
    """Who is on record as having a release: a withdrawal takes nothing away from them."""
    known = read_recipients(workspace.root).recipients
    if not known:
        return []
    return [
        f"Copies of releases on record stay as they are; make the withdrawal known to those who hold one ({len(known):,}):",
        *(f"  {one.name} ({one.address}), release {one.release[:12]}" for one in known[-MAX_COPIES:]),
    ]
