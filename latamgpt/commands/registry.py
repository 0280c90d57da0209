"""`latamgpt partner` and `latamgpt agreement`: who deposits texts, and on what terms."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from latamgpt.commands.form import add_fields, checked_fields, given_fields
from latamgpt.commands.parsers import Parsers, add_actor, add_dry_run, day
from latamgpt.registry.partners import Agreement, Institution
from latamgpt.store import find_workspace


def add(parsers: Parsers) -> None:
    """Add `partner` and `agreement`."""
    partner = parsers.add_parser("partner", help="list, show or register institutions").add_subparsers(
        required=True, metavar="WHAT"
    )
    partner.add_parser("list", help="all institutions of the registry").set_defaults(command=_list_partners)
    show = partner.add_parser("show", help="one institution: its registry file and its deliveries")
    show.add_argument("partner", metavar="PARTNER")
    show.set_defaults(command=_show_partner)
    new = partner.add_parser("add", help="register an institution; its agreements follow with `latamgpt agreement add`")
    add_fields(new, Institution, without=("agreements",))
    _writes(new, _add_partner)

    agreement = parsers.add_parser("agreement", help="list, show, enter or extend agreements").add_subparsers(
        required=True, metavar="WHAT"
    )
    listing = agreement.add_parser("list", help="agreements, and whether they permit training on the day of the run")
    listing.add_argument("partner", metavar="PARTNER", nargs="?", default="", help="only this institution's")
    listing.set_defaults(command=_list_agreements)
    one = agreement.add_parser("show", help="all terms of one agreement")
    _names(one)
    one.set_defaults(command=_show_agreement)
    entered = agreement.add_parser("add", help="enter an agreement of a registered institution")
    entered.add_argument("partner", metavar="PARTNER")
    add_fields(entered, Agreement, without=("withdrawn_on",))
    _writes(entered, _add_agreement)
    extended = agreement.add_parser("extend", help="move an agreement's last day to a later one")
    _names(extended)
    extended.add_argument("--until", metavar="DAY", required=True, type=day, help="the new last day, such as 2028-12-31")
    _writes(extended, _extend_agreement)


def _names(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("partner", metavar="PARTNER")
    parser.add_argument("agreement", metavar="AGREEMENT")


def _writes(parser: argparse.ArgumentParser, command: Callable[[argparse.Namespace], int]) -> None:
    add_dry_run(parser)
    add_actor(parser)
    parser.set_defaults(command=command)


def _list_partners(_: argparse.Namespace) -> int:
    from latamgpt.custody.listing import partner_lines

    print("\n".join(partner_lines(find_workspace(Path.cwd()))))
    return 0


def _show_partner(options: argparse.Namespace) -> int:
    from latamgpt.custody.listing import show_partner

    print(show_partner(find_workspace(Path.cwd()), options.partner))
    return 0


def _list_agreements(options: argparse.Namespace) -> int:
    from latamgpt.custody.listing import agreement_lines

    print("\n".join(agreement_lines(find_workspace(Path.cwd()), options.partner)))
    return 0


def _show_agreement(options: argparse.Namespace) -> int:
    from latamgpt.custody.listing import show_agreement

    print(show_agreement(find_workspace(Path.cwd()), options.partner, options.agreement))
    return 0


def _add_partner(options: argparse.Namespace) -> int:
    from latamgpt.custody.deeds import do
    from latamgpt.custody.registry_edits import add_partner

    values = checked_fields({**given_fields(options, Institution), "agreements": []}, Institution)
    del values["agreements"]
    workspace = find_workspace(Path.cwd())
    print(do(workspace, options.actor, partial(add_partner, workspace.root, values), dry_run=options.dry_run))
    print(f"Next: latamgpt agreement add {values['id']} --id ...")
    return 0


def _add_agreement(options: argparse.Namespace) -> int:
    from latamgpt.custody.deeds import do
    from latamgpt.custody.listing import ruling_words
    from latamgpt.custody.registry_edits import add_agreement

    values = checked_fields(given_fields(options, Agreement), Agreement)
    workspace = find_workspace(Path.cwd())
    prepared = partial(add_agreement, workspace.root, options.partner, values)
    print(do(workspace, options.actor, prepared, dry_run=options.dry_run))
    if not options.dry_run:
        print(ruling_words(workspace, options.partner, str(values["id"])))
    print(f"Next: latamgpt deliver PATH --partner {options.partner} --agreement {values['id']}")
    return 0


def _extend_agreement(options: argparse.Namespace) -> int:
    from latamgpt.custody.deeds import do
    from latamgpt.custody.registry_edits import extend_agreement

    workspace = find_workspace(Path.cwd())
    prepared = partial(extend_agreement, workspace.root, options.partner, options.agreement, options.until)
    print(do(workspace, options.actor, prepared, dry_run=options.dry_run))
    return 0
