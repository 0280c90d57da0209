"""The command line: `latamgpt stage NAME [KEY]` is what a person, DVC, Dagster and a cluster all run."""

import argparse
import sys
from pathlib import Path

from latamgpt.errors import OperatorError
from latamgpt.params import read_params, use_profile
from latamgpt.stages import STAGES, find_stage, run_stage
from latamgpt.store import find_workspace


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code; a person's mistake is explained in plain words on standard error."""
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except OperatorError as error:
        print(f"latamgpt: {error}", file=sys.stderr)
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="latamgpt", description="From partners' texts to a language model of their own.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    names = "\n".join(f"  {s.name:18} {s.purpose}" for s in STAGES)
    stage = commands.add_parser(
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

    profile = commands.add_parser("profile", help="write a profile's values into params.yaml")
    profile.add_argument("name", help="a file of profiles/, without .yaml")
    profile.set_defaults(command=_profile)

    approve = commands.add_parser("approve", help="approve the release candidate as a named reviewer")
    approve.add_argument("--reviewer", required=True, help="your name, as the release will show it")
    approve.add_argument("--role", required=True, help="in what capacity you review")
    approve.add_argument("--statement", required=True, help="what you looked at and why it may be released")
    approve.add_argument("--sample", action="store_true", help="mark this as a sample approval, not a person's")
    approve.set_defaults(command=_approve)

    mirror = commands.add_parser("mirror", help="copy the release to an object store, verified, manifest last")
    mirror.add_argument("target", help="s3://BUCKET/PREFIX; keys and AWS_ENDPOINT_URL come from the environment")
    mirror.set_defaults(command=_mirror)

    verify = commands.add_parser("verify", help="hold a release folder against its manifest and its approval")
    verify.add_argument("folder", type=Path, help="the folder of a release, such as data/release")
    verify.set_defaults(command=_verify)
    return parser


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


def _approve(options: argparse.Namespace) -> int:
    from latamgpt.release.approval import approve

    workspace = find_workspace(Path.cwd())
    print(approve(workspace, options.reviewer, options.role, options.statement, sample=options.sample))
    return 0


def _mirror(options: argparse.Namespace) -> int:
    from latamgpt.release.mirror import mirror

    print(mirror(find_workspace(Path.cwd()), options.target))
    return 0


def _verify(options: argparse.Namespace) -> int:
    from latamgpt.release.verify import verify_release

    print(verify_release(options.folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
