"""`latamgpt stage` and `latamgpt profile`: run one stage, choose the parameters that it runs with."""

import argparse
import sys
from pathlib import Path

from latamgpt.commands.parsers import Parsers
from latamgpt.errors import OperatorError
from latamgpt.params import read_params, use_profile
from latamgpt.stages import STAGES, find_stage, run_stage
from latamgpt.store import find_workspace


def add(parsers: Parsers) -> None:
    """Add `stage` and `profile`."""
    names = "\n".join(f"  {s.name:18} {s.purpose}" for s in STAGES)
    stage = parsers.add_parser(
        "stage",
        help="run one stage of the pipeline",
        epilog=f"stages:\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    stage.add_argument("name", metavar="NAME")
    stage.add_argument("key", metavar="KEY", nargs="?", default="", help="the partner, for a stage that runs per partner")
    stage.add_argument("--dry-run", action="store_true", help="read and check the parameters, say what would run, run nothing")
    stage.add_argument("--profile", default="", help="with --dry-run: the parameters of profiles/PROFILE.yaml instead")
    stage.set_defaults(command=_stage)

    profile = parsers.add_parser("profile", help="write a profile's values into params.yaml")
    profile.add_argument("name", help="a file of profiles/, without .yaml")
    profile.set_defaults(command=_profile)


def _stage(options: argparse.Namespace) -> int:
    workspace = find_workspace(Path.cwd())
    if options.dry_run:
        from latamgpt.launch.site import read_site
        from latamgpt.training.plan import explain_plan

        find_stage(options.name)
        params = read_params(workspace.root, options.profile)
        print(explain_plan(params, options.name, read_site(workspace.root)))
        return 0
    if options.profile:
        raise OperatorError(
            "--profile goes with --dry-run. To run a profile, write it first: latamgpt profile " + options.profile
        )
    report = run_stage(workspace, read_params(workspace.root), options.name, options.key)
    print(f"{options.name} {options.key}".strip() + f": {report.summary}", file=sys.stderr)
    return 0


def _profile(options: argparse.Namespace) -> int:
    workspace = find_workspace(Path.cwd())
    changed = use_profile(workspace.root, options.name)
    print(
        f"params.yaml now follows profiles/{options.name}.yaml: {changed} values changed. `git checkout params.yaml` undoes it."
    )
    return 0
