"""`latamgpt deliver`: what a partner sent becomes a delivery of the run."""

import argparse
from pathlib import Path

from latamgpt.commands.parsers import Parsers, add_actor, add_dry_run
from latamgpt.store import find_workspace


def add(parsers: Parsers) -> None:
    """Add `deliver`."""
    from latamgpt.commands.form import add_fields
    from latamgpt.intake.delivery import Delivery

    deliver = parsers.add_parser(
        "deliver",
        help="enter a folder, or an archive of one, that a partner sent",
        description="Show what intake would say of what a partner sent, and put a copy of it where the run reads "
        "deliveries: whole or not at all. A folder with a delivery.yaml says what it is; of plain files the options say it.",
    )
    deliver.add_argument("path", metavar="PATH", type=Path, help="the folder, or one archive of it: .zip, .tar, .tar.gz ...")
    deliver.add_argument("--partner", required=True, help="an institution of the registry")
    deliver.add_argument("--quarantine", action="store_true", help="enter it also where nothing of it would be used")
    add_dry_run(deliver)
    add_actor(deliver)
    add_fields(deliver, Delivery, filled=["format"])
    deliver.set_defaults(command=_deliver)


def _deliver(options: argparse.Namespace) -> int:
    from latamgpt.commands.form import given_fields
    from latamgpt.custody.deliver import Order, deliver
    from latamgpt.errors import OperatorError
    from latamgpt.intake.delivery import Delivery

    given = given_fields(options, Delivery)
    if "agreement" not in given:
        raise OperatorError(
            "no agreement is named. Texts without one are not used. Give --agreement ID, also where delivery.yaml names one: the "
            "two are held against each other, before anything is copied. See latamgpt agreement list"
        )
    order = Order(
        source=options.path,
        partner=options.partner,
        given=given,
        quarantine=options.quarantine,
        dry_run=options.dry_run,
        actor=options.actor,
    )
    print(deliver(find_workspace(Path.cwd()), order))
    return 0
