"""`latamgpt dsr`: a person asks what is held of them, or that it leave; the clock runs until the case is closed."""

import argparse
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from latamgpt.commands.parsers import Parsers, add_actor, add_dry_run, country, day
from latamgpt.errors import OperatorError
from latamgpt.store import find_workspace

KINDS = ("access", "erasure", "rectification", "opposition")


def add(parsers: Parsers) -> None:
    """Add `dsr open`, `dsr list` and `dsr close`."""
    dsr = parsers.add_parser("dsr", help="a data subject's request: where a string stands, and the clock")
    verbs = dsr.add_subparsers(required=True, metavar="VERB")

    opening = verbs.add_parser(
        "open",
        help="look for a person's string everywhere and start the clock",
        description="Look for a string in deliveries, documents, clean documents, corpus, token shards and the release, and open "
        "a case under var/dsr. The string itself is written nowhere.",
    )
    opening.add_argument("--string", required=True, help="a name, number or address; '-' reads it from standard input")
    opening.add_argument("--kind", required=True, choices=KINDS, help="what the person asks for")
    opening.add_argument(
        "--country", required=True, type=country, metavar="CC", help="whose law sets the clock: CL 30 days, BR 15, others 15"
    )
    opening.add_argument("--days", type=int, help="another clock, from counsel")
    opening.add_argument("--received", type=day, metavar="DAY", help="when the request came; today if not given")
    opening.add_argument("--recipient", action="append", default=[], help="who else got the data, such as a mirror; repeatable")
    add_dry_run(opening)
    add_actor(opening)
    opening.set_defaults(command=_open)

    listing = verbs.add_parser("list", help="open cases and the days left, the most urgent first")
    listing.add_argument("--all", action="store_true", help="closed ones too")
    listing.set_defaults(command=_list)

    closing = verbs.add_parser("close", help="write down how a case ended")
    closing.add_argument("case", help="its number, as in dsr-20261201-0a1b2c3d")
    closing.add_argument("--outcome", required=True, help="what was answered, without the person's name or numbers")
    add_dry_run(closing)
    add_actor(closing)
    closing.set_defaults(command=_close)


def _open(options: argparse.Namespace) -> int:
    from latamgpt.custody.request_answers import describe
    from latamgpt.custody.subject_requests import Kind, Request, open_case

    received = options.received or _today()
    if received > _today():
        raise OperatorError(f"--received {received} lies in the future: the clock starts when a request came. Mend the day.")
    if options.days is not None and not 1 <= options.days <= 90:
        raise OperatorError(f"--days {options.days} is no clock that a law gives; it lies between 1 and 90.")
    request = Request(
        string=sys.stdin.readline().strip() if options.string == "-" else options.string,
        kind=Kind(options.kind),
        country=options.country,
        received_on=received,
        days=options.days,
        recipients=tuple(options.recipient),
        actor=options.actor,
        dry_run=options.dry_run,
    )
    case = open_case(find_workspace(Path.cwd()), request)
    print(("Nothing was written: --dry-run.\n" if options.dry_run else "") + describe(case))
    return 0


def _list(options: argparse.Namespace) -> int:
    from latamgpt.custody.deeds import finish_cut_off
    from latamgpt.custody.subject_requests import read_cases

    workspace = find_workspace(Path.cwd())
    finish_cut_off(workspace)  # the clock of a case that a kill left to be written runs too
    cases = [case for case in read_cases(workspace) if options.all or case.closed_on is None]
    for case in cases:
        left = case.days_left(_today())
        state = f"closed on {case.closed_on}" if case.closed_on else f"{left} days left" if left >= 0 else f"{-left} days LATE"
        unsearched = f", {len(case.unsearched)} files not searched" if case.unsearched else ""
        print(f"{case.case}  {case.kind:13}  {case.country}  due {case.due_on}  {state}  {len(case.traces)} places{unsearched}")
    print(f"{len(cases)} cases" if options.all else f"{len(cases)} open cases")
    return 0


def _close(options: argparse.Namespace) -> int:
    from latamgpt.custody.request_answers import describe
    from latamgpt.custody.subject_requests import close_case, open_case_of

    workspace = find_workspace(Path.cwd())
    if options.dry_run:
        case = open_case_of(workspace, options.case, options.outcome)
        print(f"{describe(case)}\nwould close {case.case} on {_today()}: {options.outcome}\nNothing was written: --dry-run.")
        return 0
    case = close_case(workspace, options.case, options.outcome, _today(), options.actor)
    print(f"{case.case} is closed: {case.outcome}")
    return 0


def _today() -> date:
    return datetime.now(UTC).date()
