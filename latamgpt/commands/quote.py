"""`latamgpt quote` and `latamgpt ledger`: what a training would take on a site, and what trainings took of whose credits."""

import argparse
from pathlib import Path

from latamgpt.commands.parsers import Parsers
from latamgpt.commands.tables import table_lines, terminal_width
from latamgpt.records import Table
from latamgpt.store import find_workspace

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
        description="Verify the ledger of a site line by line, and print credits and trainings.",
    )
    ledger.add_argument("--site", default="", help="a file of sites/, without .yaml; LATAMGPT_SITE's if not given")
    ledger.add_argument("--plot", type=Path, metavar="FILE", help="draw the burn-down too: FILE.svg, .png or .pdf")
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
    from latamgpt.budget.burn_down import burn_down, draw, left_table, trainings_table
    from latamgpt.budget.funders import read_funders
    from latamgpt.budget.ledger import read_ledger
    from latamgpt.launch.site import read_site

    root = find_workspace(Path.cwd()).root
    site = read_site(root, options.site)
    entries, funders = read_ledger(root, site), read_funders(root)
    for table in (left_table(funders, entries), trainings_table(entries)):
        _show(table)
    if options.plot:
        draw(burn_down(funders, entries), options.plot)
        print(f"the burn-down lies in {options.plot}")
    head = f" Head: {entries[-1].sha256}" if entries else ""
    print(f"{site.ledger}: {len(entries):,} lines, each follows from the one before it.{head}")
    return 0


def _show(table: Table) -> None:
    print(f"{table.name}:")
    for line in table_lines(table, terminal_width()) if table.rows else ["none"]:
        print(f"  {line}")
    print()
