"""`latamgpt approve`, `mirror` and `verify`: what is done with a release candidate and with a release."""

import argparse
from pathlib import Path

from latamgpt.commands.parsers import Parsers
from latamgpt.store import find_workspace


def add(parsers: Parsers) -> None:
    """Add `approve`, `mirror` and `verify`."""
    approve = parsers.add_parser("approve", help="approve the release candidate as a named reviewer")
    approve.add_argument("--reviewer", required=True, help="your name, as the release will show it")
    approve.add_argument("--role", required=True, help="in what capacity you review")
    approve.add_argument("--statement", required=True, help="what you looked at and why it may be released")
    approve.add_argument("--sample", action="store_true", help="mark this as a sample approval, not a person's")
    approve.add_argument(
        "--despite-partners",
        action="store_true",
        help="approve although a partner withdrew texts in it, or changed an agreement, since it was made; it is not released "
        "while that stands",
    )
    approve.set_defaults(command=_approve)

    mirror = parsers.add_parser("mirror", help="copy the release to an object store, verified, manifest last")
    mirror.add_argument("target", help="s3://BUCKET/PREFIX; keys and AWS_ENDPOINT_URL come from the environment")
    mirror.add_argument("--country", default="", help="where the store stands (ISO 3166-1: CL, BR), for agreements that limit it")
    mirror.set_defaults(command=_mirror)

    verify = parsers.add_parser("verify", help="hold a release folder against its manifest and its approval")
    verify.add_argument("folder", type=Path, help="the folder of a release, such as data/release")
    verify.add_argument("--key", type=Path, help="the public key, in PEM, of those who must have signed it; got from elsewhere")
    verify.set_defaults(command=_verify)


def _approve(options: argparse.Namespace) -> int:
    from latamgpt.release.approving import approve

    workspace = find_workspace(Path.cwd())
    said = (options.reviewer, options.role, options.statement)
    print(approve(workspace, *said, sample=options.sample, despite_partners=options.despite_partners))
    return 0


def _mirror(options: argparse.Namespace) -> int:
    from latamgpt.release.mirror import mirror

    print(mirror(find_workspace(Path.cwd()), options.target, options.country))
    return 0


def _verify(options: argparse.Namespace) -> int:
    from latamgpt.release.verify import verify_release

    print(verify_release(options.folder, options.key))
    return 0
