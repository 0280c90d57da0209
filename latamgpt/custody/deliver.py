"""Enter a delivery: whole or not at all, once, after a look at what intake would say."""

from dataclasses import dataclass
from pathlib import Path

from latamgpt.custody.deeds import at_work, carry_out, finish_cut_off
from latamgpt.custody.edits import Deed, FileEdit, Move
from latamgpt.custody.places import delivery_place, tree_digest
from latamgpt.custody.receiving import Given, Received, described_before, receive, refuse_address
from latamgpt.custody.registry_edits import find_agreement
from latamgpt.custody.run_lists import enter_run
from latamgpt.errors import NotPermittedError, OperatorError
from latamgpt.governance.audit import Action
from latamgpt.intake.quarantine import Reason
from latamgpt.launch.site import read_site
from latamgpt.params import read_params
from latamgpt.registry.partners import read_institution
from latamgpt.registry.rights import Place
from latamgpt.store import Workspace


@dataclass(frozen=True)
class Order:
    """What the operator asks for."""

    source: Path
    partner: str
    given: Given  # what is said about the delivery; `agreement` at least
    quarantine: bool = False  # enter it also where intake would use nothing of it
    dry_run: bool = False
    actor: str = ""


def deliver(workspace: Workspace, order: Order) -> str:
    """Enter a delivery, and say what intake makes of it and what was done.

    Raises:
        OperatorError: it cannot be a delivery, or its id lies in place with other bytes.
        NotPermittedError: its agreement does not let the texts lie on this machine; or the rights refuse it, and it was not said
            to be entered all the same.
    """
    refuse_address(order.source)
    must_lie_here(workspace.root, order.partner, str(order.given["agreement"]))
    if not order.dry_run:
        finish_cut_off(workspace)
    given = described_before(workspace, order.partner, order.given)
    params = read_params(workspace.root)
    with receive(workspace, order.source, order.partner, given, params, quarantine=order.quarantine) as received:
        words = preview(order.partner, received)
        place = delivery_place(order.partner, received.delivery.id)
        edits = enter_run(workspace.root, order.partner)
        there = _already_there(workspace, place, received)
        if not there:
            _refuse_useless(order, received, words)
        if order.dry_run:
            happens = f"{place} holds the same bytes already." if there else f"would enter it as {place}."
            return f"{words}\n{happens}{_run_words(edits)}Nothing was changed."
        if there and not edits:
            return f"{words}\n{place} is already there, byte for byte. Nothing was changed."
        return f"{words}\n{_enter(workspace, order, received)}"


def must_lie_here(root: Path, partner: str, agreement_id: str) -> None:
    """Refuse texts whose agreement names where they may lie, where this machine's site is no such place: before any copy.

    Raises:
        OperatorError: there is no such partner, agreement or site.
        NotPermittedError: names the agreement's residency, and the site with its country.
    """
    institution = read_institution(root, partner)
    agreement = find_agreement(institution, agreement_id)
    if not agreement.residency:
        return
    site = read_site(root)
    place = Place(site.country, site.name, site.is_guess).held_for(institution)
    if not place.lies_in(agreement.residency):
        raise NotPermittedError(
            f"{partner}/{agreement.id} lets its texts lie in {', '.join(agreement.residency)}, and this machine is {place} "
            f"(sites/{site.name}.yaml). Nothing was copied, and --quarantine does not change it: a copy in quarantine lies here "
            "as well. Run the command on a machine that stands there, with LATAMGPT_SITE naming its site; take what the partner "
            "sent away from this one."
        )


def preview(partner: str, received: Received) -> str:
    """What intake would say of a delivery."""
    taken, delivery = received.taken, received.delivery
    head = (
        f"{partner}/{delivery.id}: {delivery.format}, {delivery.licence}, under {delivery.agreement}, {taken.num_bytes:,} bytes"
    )
    listed = ", ".join(f"{tag} {count:,}" for tag, count in sorted(taken.tally.languages.items()))
    packed = [f"  {received.packed.in_words()}"] if received.packed else []
    lines = [head, *packed, f"  documents that intake keeps: {taken.tally.num_documents:,}" + (f" ({listed})" if listed else "")]
    if taken.refused:
        lines.append(f"  set aside whole: {taken.quarantined_for}: {taken.refused.detail}")
        return "\n".join(lines)
    for reason, count in sorted(taken.tally.num_aside.items()):
        lines.append(f"  set aside, {reason}: {count:,}")
        lines += [f"    {one.path}: {one.detail}" for one in taken.tally.examples[reason]]
    return "\n".join(lines)


def _already_there(workspace: Workspace, place: str, received: Received) -> bool:
    folder = workspace.root / place
    if not folder.exists():
        return False
    if tree_digest(folder) == received.digest:
        return True
    raise OperatorError(
        f"{place} is in place with other bytes, or was described in other words, and what a partner delivered is never written "
        "over. If this is a new version, give it an id of its own (--id, or id in its delivery.yaml); if the old one must go, "
        f"withdraw it: latamgpt withdraw --delivery {received.delivery.id} ..."
    )


def _refuse_useless(order: Order, received: Received, words: str) -> None:
    """Refuse what intake would use nothing of: it is better put right with the partner first."""
    reason = received.taken.quarantined_for
    if received.taken.tally.num_documents or order.quarantine:
        return
    intake_s = set(Reason) - {Reason.LICENCE_CONTRADICTION, Reason.WITHDRAWN}
    kind = NotPermittedError if reason and reason not in intake_s else OperatorError
    raise kind(
        f"{words}\nNothing of it would be used, so it was not entered. Settle it with the partner; or keep it in quarantine, "
        "where the partner's receipt will say why: --quarantine"
    )


def _enter(workspace: Workspace, order: Order, received: Received) -> str:
    """Enter it into the log, rename it into its place, and list its partner in the run."""
    delivery, taken = received.delivery, received.taken
    place = delivery_place(order.partner, delivery.id)
    with at_work(workspace, order.actor) as log:
        there = _already_there(workspace, place, received)
        edits = enter_run(workspace.root, order.partner)
        if there and not edits:
            return f"{place} was entered meanwhile, byte for byte. Nothing was changed."
        verdict = (
            f"set aside whole: {taken.quarantined_for}"
            if taken.quarantined_for
            else f"{taken.tally.num_documents:,} documents kept"
        )
        detail = f"under {delivery.agreement}, {taken.num_bytes:,} bytes, {verdict} by intake"
        detail += f", {received.packed.in_words()}" if received.packed else ""
        deed = Deed(Action.DELIVERY_ENTERED, f"{order.partner}/{delivery.id}", detail, edits)
        waiting = received.folder.relative_to(workspace.root).as_posix()
        entry = carry_out(log, workspace.root, deed, None if there else Move(waiting, place, received.digest))
    listed = f" {order.partner} is now listed in {' and '.join(edit.path for edit in edits)}." if edits else ""
    return (
        f"Entered as {place}, number {entry.sequence} of the audit log.{listed} Next: latamgpt stage documents {order.partner}, "
        f"or materialize documents/{order.partner}."
    )


def _run_words(edits: tuple[FileEdit, ...]) -> str:
    return f"\n{''.join(edit.diff() for edit in edits)}" if edits else " "
