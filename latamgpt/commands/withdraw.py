"""`latamgpt withdraw`: an agreement, a delivery or a document leaves, and never comes back."""

import argparse
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from latamgpt.commands.parsers import Parsers, add_actor, add_dry_run, day
from latamgpt.commands.trace import touched
from latamgpt.errors import OperatorError
from latamgpt.params import read_params
from latamgpt.store import Workspace, find_workspace, replace_json

if TYPE_CHECKING:
    from latamgpt.receipts.trace import Trace

TRACES = "var/traces"


def add(parsers: Parsers) -> None:
    """Add `withdraw`."""
    withdraw = parsers.add_parser(
        "withdraw",
        help="take back an agreement, a delivery or a document",
        description="Say what leaves and which stages become stale, and mark it as withdrawn in the registry. A withdrawal is "
        "final: the next run holds none of it, and what is delivered again is known by its content. The partner's receipt "
        "of it is written, signed where LATAMGPT_SIGNING_KEY names a key.",
    )
    withdraw.add_argument("--partner", required=True, help="whose it is")
    what = withdraw.add_mutually_exclusive_group(required=True)
    what.add_argument("--agreement", default="", help="all deliveries under it leave")
    what.add_argument("--delivery", default="", help="all documents of it leave")
    what.add_argument("--document", metavar="DOC_ID", default="", help="its id, or the start of it")
    withdraw.add_argument("--reason", required=True, help="why, in words that may be published: no person's name")
    withdraw.add_argument("--on", metavar="DAY", type=day, help="the day of the withdrawal; today if not given")
    withdraw.add_argument(
        "--out", metavar="DIR", type=Path, help="where the partner's receipt goes; else var/withdrawal_receipts"
    )
    add_dry_run(withdraw)
    add_actor(withdraw)
    withdraw.set_defaults(command=_withdraw)


class Followed:
    """What training did with the documents that leave: found before the withdrawal, kept after it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._trace: Trace | None = None

    def lines(self, doc_ids: Collection[str]) -> list[str]:
        """What these documents of the corpus touched and what undoing it costs; a damaged artefact stops no withdrawal."""
        from latamgpt.receipts.trace import trace_documents

        if not doc_ids:
            return []
        try:
            found = trace_documents(self._workspace, read_params(self._workspace.root), doc_ids)
        except OperatorError as error:
            return [f"What training did with them cannot be followed: {error}"]
        if not found.steps:
            return ["No training published here saw any of them, so there is nothing to undo in weights."]
        self._trace = found
        return ["What they touched, and what undoing it would cost:", *(f"  {line}" for line in touched(found))]

    def save(self, name: str) -> str:
        """Keep every token range, since the next corpus no longer tells; says where. '' where there is nothing to keep."""
        if self._trace is None:
            return ""
        path = self._workspace.root / TRACES / f"{name}.json"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_json(path, self._trace)
        except OSError as error:
            return (
                f"The whole trace could not be written into {path} ({error.strerror}). `latamgpt trace --json` gives it, as long "
                "as the corpus is the one of now."
            )
        return f"The whole trace, with every token range, is kept in {path}: the next corpus no longer tells it."


def _withdraw(options: argparse.Namespace) -> int:
    from latamgpt.custody.withdraw import Order, withdraw
    from latamgpt.receipts.withdrawal import must_be_able_to_give, number_of, write_withdrawal_receipt

    workspace = find_workspace(Path.cwd())
    order = Order(
        partner=options.partner,
        reason=options.reason,
        on=options.on or datetime.now(UTC).date(),
        agreement=options.agreement,
        delivery=options.delivery,
        document=options.document,
        dry_run=options.dry_run,
        actor=options.actor,
    )
    if not order.dry_run:
        must_be_able_to_give(workspace, order.partner, options.out)
    followed = Followed(workspace)
    print(withdraw(workspace, order, followed.lines))
    if not order.dry_run:
        number = number_of(workspace, order.partner, order.agreement or order.delivery, order.document)
        if saved := followed.save(f"{order.partner}-{number}"):
            print(saved)
        try:
            print(write_withdrawal_receipt(workspace, read_params(workspace.root), order.partner, number, options.out))
        except OperatorError as error:
            raise OperatorError(
                f"{error} The withdrawal holds: it is number {number} of the audit log. Only its receipt is missing; write it "
                f"with: latamgpt receipt {order.partner} --withdrawal {number}"
            ) from error
    return 0
