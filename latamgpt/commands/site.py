"""`latamgpt site check`: what a machine or cluster lacks before work is begun there."""

import argparse
from pathlib import Path

from latamgpt.commands.parsers import Parsers
from latamgpt.store import find_workspace

SOMETHING_IS_MISSING = 1


def add(parsers: Parsers) -> None:
    """Add `site`."""
    site = parsers.add_parser("site", help="what a machine or cluster lacks before work is begun there")
    verbs = site.add_subparsers(required=True, metavar="VERB")
    check = verbs.add_parser(
        "check",
        help="look for everything that the site's file names",
        description="Look, from here and without starting a job, for everything that sites/NAME.yaml names: a line for each, "
        "with what to do where it is missing. The exit code is 1 then.",
    )
    check.add_argument(
        "name", metavar="NAME", nargs="?", default="", help="a file of sites/; the one of LATAMGPT_SITE if not given"
    )
    check.set_defaults(command=_check)


def _check(options: argparse.Namespace) -> int:
    from latamgpt.launch.site import read_site
    from latamgpt.launch.site_check import check_site
    from latamgpt.params import read_params

    workspace = find_workspace(Path.cwd())
    site = read_site(workspace.root, options.name)
    findings = check_site(workspace, site, read_params(workspace.root).base_model)
    for finding in findings:
        print(finding.line())
    missing = sum(bool(finding.remedy) for finding in findings)
    print(
        f"site {site.name}: {missing} of {len(findings)} things are missing"
        if missing
        else f"site {site.name}: nothing is missing"
    )
    return SOMETHING_IS_MISSING if missing else 0
