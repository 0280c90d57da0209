"""`latamgpt audit`: is the audit log whole, and what was done last."""

import argparse
import re
from pathlib import Path

from latamgpt.commands.parsers import Parsers, add_actor, add_dry_run
from latamgpt.errors import InputDamagedError
from latamgpt.store import find_workspace

DIFFERS = 1
"""The exit code where a file or delivery is not as the log last said: perhaps a person's edit, so not an error of the log."""


def add(parsers: Parsers) -> None:
    """Add `audit`."""
    audit = parsers.add_parser(
        "audit",
        help="verify the audit log, line by line, and print its end",
        description="Verify every line of governance/audit.jsonl against the one before it, and print the last lines.",
    )
    audit.add_argument("--last", metavar="N", type=int, default=10, help="how many lines to print, 10 if not given")
    audit.add_argument("--expect", metavar="HASH", type=_hash, help="a head that was noted earlier: fail unless the log holds it")
    audit.add_argument(
        "--files",
        action="store_true",
        help=f"hold every file and delivery against what the log last said of it; ends with {DIFFERS} where one differs",
    )
    audit.add_argument("--repair", action="store_true", help="set aside the torn last line that a killed writer left")
    add_dry_run(audit)
    add_actor(audit)
    audit.set_defaults(command=_audit)


def _audit(options: argparse.Namespace) -> int:
    from latamgpt.custody.deeds import finish_cut_off
    from latamgpt.custody.standing import changed_since
    from latamgpt.governance.audit import LOG, repair, sound
    from latamgpt.governance.chain import FIRST_PREVIOUS, read_chain

    workspace = find_workspace(Path.cwd())
    finished = "" if options.dry_run else finish_cut_off(workspace)
    torn = read_chain(workspace.root / LOG).torn
    if options.repair and options.dry_run:
        print(f"would set aside {len(torn)} torn bytes at the end of {LOG}" if torn else f"nothing is torn in {LOG}")
        return 0
    if options.repair:
        entry = repair(workspace, options.actor)
        print(f"entered as number {entry.sequence}: {entry.detail}" if entry else f"nothing is torn in {LOG}")
        finished = finished or finish_cut_off(workspace)
    if finished:
        print(finished)
    chain = sound(workspace)
    expected = options.expect
    if expected is not None and expected not in {FIRST_PREVIOUS, *(entry.sha256 for entry in chain.entries)}:
        raise InputDamagedError(
            f"{workspace.root / LOG} holds {len(chain.entries):,} good lines and none is {expected}: lines were cut off or the "
            "log was written anew since that head was noted. Restore the file from git or from a copy that holds it."
        )
    for entry in chain.entries[max(0, len(chain.entries) - options.last) :]:
        print(f"{entry.sequence:>6}  {entry.time}  {entry.actor}  {entry.action}  {entry.subject}: {entry.detail}")
    changed = changed_since(workspace, chain) if options.files else []
    for line in changed:
        print(line)
    print(f"{LOG}: {len(chain.entries):,} lines, each follows from the one before it. Head: {chain.head}")
    return DIFFERS if changed else 0


def _hash(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", text.strip().lower()):
        raise argparse.ArgumentTypeError(f"{text!r} is no head: `latamgpt audit` prints it, 64 digits from 0 to f")
    return text.strip().lower()
