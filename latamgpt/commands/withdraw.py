"""`latamgpt withdraw`: an agreement, a delivery or a document leaves, and never comes back."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from latamgpt.commands.parsers import Parsers, add_actor, add_dry_run, day
from latamgpt.store import find_workspace


def add(parsers: Parsers) -> None:
    """Add `withdraw`."""
    withdraw = parsers.add_parser(
        "withdraw",
        help="take back an agreement, a delivery or a document",
        description="Say what leaves and which stages become stale, and mark it as withdrawn in the registry. A withdrawal is "
        "final: the next run holds none of it, and what is delivered again is known by its content.",
    )
    withdraw.add_argument("--partner", required=True, help="whose it is")
    what = withdraw.add_mutually_exclusive_group(required=True)
    what.add_argument("--agreement", default="", help="all deliveries under it leave")
    what.add_argument("--delivery", default="", help="all documents of it leave")
    what.add_argument("--document", metavar="DOC_ID", default="", help="its id, or the start of it")
    withdraw.add_argument("--reason", required=True, help="why, in words that may be published: no person's name")
    withdraw.add_argument("--on", metavar="DAY", type=day, help="the day of the withdrawal; today if not given")
    add_dry_run(withdraw)
    add_actor(withdraw)
    withdraw.set_defaults(command=_withdraw)


def _withdraw(options: argparse.Namespace) -> int:
    from latamgpt.custody.withdraw import Order, withdraw

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
    print(withdraw(find_workspace(Path.cwd()), order))
    return 0
