"""`latamgpt withdraw`: an agreement, a delivery or a document leaves, and never comes back."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from latamgpt.commands.parsers import Parsers, add_actor, add_dry_run, day
from latamgpt.errors import OperatorError
from latamgpt.params import read_params
from latamgpt.store import find_workspace


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
    print(withdraw(workspace, order))
    if not order.dry_run:
        number = number_of(workspace, order.partner, order.agreement or order.delivery, order.document)
        try:
            print(write_withdrawal_receipt(workspace, read_params(workspace.root), order.partner, number, options.out))
        except OperatorError as error:
            raise OperatorError(
                f"{error} The withdrawal holds: it is number {number} of the audit log. Only its receipt is missing; write it "
                f"with: latamgpt receipt {order.partner} --withdrawal {number}"
            ) from error
    return 0
