"""`latamgpt quote` and `latamgpt ledger`: what a training would take on a site, and what trainings took of whose credits."""

import argparse
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from latamgpt.commands.parsers import Parsers, add_actor, add_dry_run
from latamgpt.commands.tables import table_lines, terminal_width
from latamgpt.errors import OperatorError
from latamgpt.governance.audit import git_user
from latamgpt.records import Table
from latamgpt.store import Workspace, find_workspace

if TYPE_CHECKING:
    from latamgpt.launch.site import Site

REFUSED = 1
"""The exit code of a quote by which no training would start: not a mistake in the command."""


def add(parsers: Parsers) -> None:
    """Add `quote` and `ledger`."""
    quote = parsers.add_parser(
        "quote",
        help="what the training would take on a site: hours, money, energy, carbon, water, memory, and who pays",
        description=f"Quote the training of params.yaml, or of a profile. Enters nothing. Ends with {REFUSED} where it would be "
        "refused.",
    )
    quote.add_argument("--site", default="", help="a file of sites/, without .yaml; LATAMGPT_SITE's if not given")
    quote.add_argument("--profile", default="", help="a file of profiles/, without .yaml: its parameters instead")
    quote.set_defaults(command=_quote)

    ledger = parsers.add_parser(
        "ledger",
        help="what trainings were quoted and took on a site, and what is left of every funder's credits",
        description="Verify the ledger of a site line by line, and print credits, trainings, and what is reserved for those that "
        "have not ended. With --release, give back what is reserved for one that was killed and given up.",
    )
    ledger.add_argument("--site", default="", help="a file of sites/, without .yaml; LATAMGPT_SITE's if not given")
    ledger.add_argument("--plot", type=Path, metavar="FILE", help="draw the burn-down too: FILE.svg, .png or .pdf")
    ledger.add_argument("--release", metavar="TRAINING", help="an open reservation, or how its name begins; needs --because")
    ledger.add_argument("--because", default="", metavar="REASON", help="why nobody goes on with it")
    add_actor(ledger)
    add_dry_run(ledger)
    ledger.set_defaults(command=_ledger)


def _quote(options: argparse.Namespace) -> int:
    from latamgpt.budget.standing import site_report
    from latamgpt.launch.site import read_site
    from latamgpt.params import read_params

    root = find_workspace(Path.cwd()).root
    report = site_report(root, read_params(root, options.profile), {}, read_site(root, options.site))
    for table in report.tables[:4]:
        _show(table)
    print(report.summary)
    for each in report.expectations:
        print(f"{'holds  ' if each.passed else 'REFUSED'}  {each.kind.replace('_', ' ')}: {each.observed}")
    return 0 if report.passed else REFUSED


def _ledger(options: argparse.Namespace) -> int:
    from latamgpt.budget.burn_down import burn_down, draw, left_table, reservations_table, trainings_table
    from latamgpt.budget.funders import read_funders
    from latamgpt.budget.ledger import read_ledger
    from latamgpt.launch.site import read_site

    root = find_workspace(Path.cwd()).root
    site = read_site(root, options.site)
    if options.release is not None:
        print(_release(root, site, options))
        return 0
    entries, funders = read_ledger(root, site), read_funders(root)
    for table in (left_table(funders, entries), trainings_table(entries), reservations_table(entries, datetime.now(UTC))):
        _show(table)
    if options.plot:
        draw(burn_down(funders, entries), options.plot)
        print(f"the burn-down lies in {options.plot}")
    head = f" Head: {entries[-1].sha256}" if entries else ""
    print(f"{site.ledger}: {len(entries):,} lines, each follows from the one before it.{head}")
    return 0


def _release(root: Path, site: "Site", options: argparse.Namespace) -> str:
    from latamgpt.budget.releasing import release
    from latamgpt.training.job import resume_folder

    if not options.because.strip():
        raise OperatorError(
            "--release needs --because REASON: the ledger says of every line why it is there. Nothing was released."
        )
    actor = options.actor.strip() or git_user(Workspace(root))
    said = release(
        root, site, options.release, options.because.strip(), actor, partial(resume_folder, root), dry_run=options.dry_run
    )
    return f"{said}\nNothing was written: --dry-run." if options.dry_run else said


def _show(table: Table) -> None:
    print(f"{table.name}:")
    for line in table_lines(table, terminal_width()) if table.rows else ["none"]:
        print(f"  {line}")
    print()
